package main

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// holder is the pair of private keys that was made for one request: a secret of
// the machine that asked.
type holder struct {
	Ed25519 canon.Key32 `json:"ed25519"` // seed
	X25519  canon.Key32 `json:"x25519"`
}

func newHolder() *holder {
	h := new(holder)
	fill(h.Ed25519[:])
	fill(h.X25519[:])
	return h
}

// public are the halves that the request carries.
func (h *holder) public() (statement.Holder, error) {
	sealed, err := ecdh.X25519().NewPrivateKey(h.X25519[:])
	if err != nil {
		return statement.Holder{}, fmt.Errorf("cannot make a key: %w", err)
	}
	signs := ed25519.NewKeyFromSeed(h.Ed25519[:]).Public().(ed25519.PublicKey)
	return statement.Holder{Ed25519: canon.Key32(signs), X25519: canon.Key32(sealed.PublicKey().Bytes())}, nil
}

// request asks with no server.
func (k *kit) request(args []string) error {
	f := newFlags("request")
	why, severity, keys := f.String("why", "", ""), f.String("severity", "", ""), f.String("keys", "", "")
	only, length, incident := f.String("only", "", ""), f.Duration("for", 0, ""), f.String("incident", "", "")
	if err := f.read(args); err != nil {
		return err
	}
	if len(f.files) != 1 || *why == "" || *f.output == "" {
		return errors.New("request wants one SCENARIO, --why TEXT and --output FILE")
	}
	if *keys == "" {
		*keys = *f.output + ".keys"
	}
	p, err := k.prove(f)
	if err != nil {
		return err
	}
	s, err := k.signer(p, *f.key)
	if err != nil {
		return err
	}
	wish := wish{scenario: f.files[0], severity: *severity, only: *only, length: *length}
	body, err := wish.body(p)
	if err != nil {
		return err
	}
	text, kept, err := noted(*why)
	if err != nil {
		return err
	}
	h := newHolder()
	if body.Holder, err = h.public(); err != nil {
		return err
	}
	body.Why, body.Incident = text, *incident
	act, err := k.sign(p, s, body)
	if err != nil {
		return err
	}
	b := &verify.Bundle{Acts: []statement.Act{act}, Notes: []ledger.Note{kept}}
	c := &counted{proved: p, bundle: b}
	if c.asked, c.body, err = b.Asked(); err != nil {
		return err
	}
	if c.request, err = b.Count(p.world, p.at); err != nil {
		return err
	}
	if err := c.fits(); err != nil {
		return err
	}
	if err := writeNew(*keys, canon.MustEncode(h)); err != nil { // before anybody could sign to it
		return err
	}
	if err := k.keep(b, f, ""); err != nil {
		return err
	}
	k.asked(c, *f.output, *keys)
	return nil
}

// fits refuses to ask for what does not count, and for more than can be carried back.
func (c *counted) fits() error {
	if fault := faultOf(c.request, c.bundle.ID()); fault != "" {
		return fail(exitRefused, "with no server the same rules hold, and envelopes alone can be opened", "nothing was written: by the rules it does not count (%s)", fault)
	}
	n := verify.Awaited(c.world, c.request)
	if n <= access.ActsMost {
		return nil
	}
	some := c.body.Targets[:(len(c.body.Targets)+1)/2]
	return fail(exitUsage, "ask for some of them, and for the others in a request of its own: --only "+strings.Join(some, ","),
		"nothing was written: it takes %d statements until %s are open, and of one request %d can be taken", n, both(c.body.Targets), access.ActsMost)
}

// asked says what to do with what was asked.
func (k *kit) asked(c *counted, file, keys string) {
	id := c.bundle.ID()
	k.say("Asked, with no server, as %s: request %s.\nWords: %s\nRead them only to an approver who asks you for them.", c.request.Requester, id.Short(), words(id))
	k.say("Next: hand on %s, and nothing else. Keep %s on this machine: it alone opens what is given to you.", file, keys)
	k.say("%s must agree: halligan-kit approve. It lapses at %s.", legs(c.request, c.proved), clock(c.request.Lapses))
}

// wish is what is asked for.
type wish struct {
	scenario, severity, only string
	length                   time.Duration
}

// body is the request, with the scenario's own defaults: its gravest severity, the
// longest window, and every envelope that it opens.
func (w wish) body(p *proved) (*statement.Request, error) {
	scenario, ok := p.world.Scenarios[w.scenario]
	if !ok {
		return nil, fail(exitUsage, "by your evidence there are: "+strings.Join(scenarios(p), ", "), "there is no scenario %q", w.scenario)
	}
	severity := scenario.Gravest()
	if w.severity != "" {
		severity = access.Severity(strings.ToUpper(w.severity))
	}
	body := &statement.Request{
		Scenario: scenario.ID, ScenarioDigest: p.world.Digests[scenario.ID], Severity: string(severity), For: scenario.Severities[severity].Longest,
	}
	if w.length > 0 {
		body.For = canon.SecondsOf(w.length)
	}
	for _, open := range scenario.Opens {
		if open.Envelope != nil && !open.Envelope.Physical && !open.Envelope.Honey {
			body.Targets = append(body.Targets, open.Envelope.Name)
		}
	}
	if w.only != "" {
		body.Targets = strings.Split(w.only, ",") // the rules say whether it can be had
	}
	if len(body.Targets) == 0 {
		return nil, fail(exitUsage, "with no server nothing else can be opened; for hosts use the other way in that the cell names", "scenario %s opens no envelope", scenario.ID)
	}
	body.Targets = statement.SortTargets(body.Targets)
	return body, nil
}

func scenarios(p *proved) []string {
	var ids []string
	for id := range p.world.Scenarios {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// words are the confirmation words of an offline request.
func words(id canon.Digest) string {
	made := statement.OfflineWords(id)
	return strings.Join(made[:], " ")
}
