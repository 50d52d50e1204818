package cli

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// profileFlags say which cell.
type profileFlags struct {
	Profile string `help:"Profile of the cell: server, its pinned key, and the anchor. Default: halligan/profile.json in your configuration folder." env:"HALLIGAN_PROFILE" placeholder:"FILE"`
}

// memberFlags say which cell, and whose key signs.
type memberFlags struct {
	profileFlags
	Key  string `help:"Key to sign with: a private key file, or a .pub file whose key is in ssh-agent. Default: the profile's, else the one of yours that ssh-agent holds." env:"HALLIGAN_KEY" placeholder:"FILE"`
	TOTP bool   `name:"totp" help:"Sign with codes of your app, which are asked for, or come on stdin, a line each. The server's word: few things take it."`
}

// order is a statement that is to be signed and sent.
type order struct {
	body   statement.Body
	notes  []client.Noted
	files  [][]byte          // that the body names
	seen   ledger.Checkpoint // of size 0: the newest
	signer client.Signer     // instead of the member's key
	keep   *client.Holder    // keys of the request that this is, kept before it is sent
	waits  string            // for what, where it may take its time; empty: the key or the server
}

// holder is the keys of one request, on the machine that asked, and what the
// request is about.
type holder struct {
	id       canon.Digest
	scenario string
	digest   canon.Digest // of the scenario that was signed, as the server says; zero: it does not say
	targets  []string
	keys     *client.Holder
	key      ed25519.PrivateKey
	signer   client.Signer
}

// target is the one that was named, or the only one.
func (h *holder) target(named string) (string, error) {
	if named == "" && len(h.targets) == 1 {
		return h.targets[0], nil
	}
	for _, target := range h.targets {
		if target == named {
			return target, nil
		}
	}
	if named == "" {
		return "", failf(exitUsage, "the request has several targets: name one of %s", either(h.targets))
	}
	return "", failf(exitNotFound, "the request has no target %q", named).or("it has %s", both(h.targets))
}

// member is a person of a cell, at this machine.
type member struct {
	c      *call
	way    *way
	self   string        // roster id
	pinned ledger.Anchor // what the profile says
	key    string        // what names the member's key; empty if ssh-agent's only one
	book   *scenarioBook
}

func (m *member) person() string { return m.self }

// signsWith is the fingerprint of the member's key; empty if there is none here.
func (m *member) signsWith() string {
	if m.way.signer == nil {
		return ""
	}
	sum := canon.Sum(m.way.signer.Key())
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// anchor is what is pinned, with what this machine proved of the ledger's keys.
func (m *member) anchor() ledger.Anchor { return m.way.client.Anchor() }

// in is the member in another context.
func (m *member) in(ctx context.Context) *member {
	c, again := *m.c, *m
	c.ctx, again.c = ctx, &c
	return &again
}

// read gives what a path below /api/v1/ holds.
func (m *member) read(path string) ([]byte, error) {
	if !strings.Contains(path, "?wait=") {
		defer m.c.patience()()
	}
	return m.way.read(m.c.ctx, "/api/v1/"+path)
}

// readAs reads JSON. What this version does not know of it is left out.
func readAs[T any](m *member, path string) (v T, err error) {
	data, err := m.read(path)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, because(exitInternal, err, "cannot read the server's answer").or("the server may be of another version: halligan version")
	}
	return v, nil
}

// show reads and shows: as it came with --json, else in plain words.
func show[T any](m *member, path string, sheet func(T) string) error {
	data, err := m.read(path)
	if err != nil {
		return err
	}
	if m.c.flags.JSON {
		return m.c.json(jsontext.Value(data))
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		return because(exitInternal, err, "cannot read the server's answer").or("the server may be of another version: halligan version")
	}
	m.c.print(sheet(v))
	return nil
}

// id is the request that digits name.
func (m *member) id(digits string) (canon.Digest, error) {
	if id, err := canon.ParseDigest(digits); err == nil {
		return id, nil
	}
	r, err := readAs[view.Request](m, "requests/"+url.PathEscape(digits))
	if err != nil {
		return canon.Digest{}, err
	}
	if !strings.HasPrefix(r.ID.String(), digits) {
		return canon.Digest{}, unproved("the server answered with another request than " + digits)
	}
	return r.ID, nil
}

// evidence reads evidence as it came.
func (m *member) evidence(path string) ([]byte, error) { return m.read(path) }

// prove reads evidence and proves it.
func (m *member) prove(path string) (*proof, error) {
	p, err := m.replayed(path)
	if err != nil {
		return nil, err
	}
	return p, m.goesOn(p)
}

// replayed reads evidence and proves it, but for what goesOn demands of it.
func (m *member) replayed(path string) (*proof, error) {
	since, err := m.way.client.Seen()
	if err != nil {
		return nil, err
	}
	data, err := m.evidence(path)
	if err != nil {
		return nil, err
	}
	p, err := prove(m.c.ctx, m.anchor(), data)
	if err == nil {
		p.since = since
	}
	return p, err
}

// goesOn demands that evidence goes on from what this machine has seen.
func (m *member) goesOn(p *proof) error {
	if err := m.way.client.GoesOn(m.c.ctx, p.since, p.signed); err != nil {
		return because(exitUnverified, err, "nothing was signed: the evidence does not go on from what this machine has seen").
			or("sign nothing; keep what you have, and tell security")
	}
	policy := m.pinned.Policy()
	by, err := policy.Check(p.signed, ledger.Whenever)
	if err != nil {
		return unproved(err.Error())
	}
	if !policy.None() && !by.Enough() {
		m.c.tell("NOT WITNESSED: what this machine verified is not cosigned by %s, as your anchor demands. The server could have shown others something else.", witnesses(by.Need))
	}
	return nil
}

// brief proves the request that digits name. The words are worked out while the
// server is asked for what goesOn needs.
func (m *member) brief(digits string) (*brief, error) {
	go roomForWords()
	p, err := m.replayed("requests/" + url.PathEscape(digits) + "/evidence")
	if err != nil {
		return nil, err
	}
	goesOn := make(chan error, 1)
	go func() { goesOn <- m.goesOn(p) }()
	b, err := p.brief(digits)
	if failed := <-goesOn; failed != nil {
		return nil, failed
	}
	return b, err
}

// founding is what the founders signed, or what the change quorum put in its
// place: as far as the server tells, which cannot make anything up.
func (m *member) founding() (*scenarioBook, error) {
	if m.book != nil {
		return m.book, nil
	}
	document, err := m.document()
	if err != nil {
		return nil, err
	}
	m.book, err = bookOf(m.pinned, document, m.attachment, canon.At(m.c.now()))
	return m.book, err
}

// attachment reads what lies beside the ledger, unchecked, from this machine if
// it was read before.
func (m *member) attachment(digest canon.Digest) ([]byte, error) {
	if data := m.laid(digest); data != nil {
		return data, nil
	}
	data, err := m.way.read(m.c.ctx, "/ledger/"+ledger.AttachmentPath(ledger.Hash(digest)))
	if err == nil {
		m.lay(digest, data)
	}
	return data, err
}

// source is the server's ledger.
func (m *member) source() ledger.Source { return source{m} }

type source struct{ m *member }

// ReadFile does what ledger.Source says.
func (s source) ReadFile(path string) ([]byte, error) {
	return s.m.way.read(s.m.c.ctx, "/ledger/"+path)
}

// holder is the keys of the request that digits name, and what it is about.
func (m *member) holder(digits string) (*holder, error) {
	r, err := readAs[view.Request](m, "requests/"+url.PathEscape(digits))
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(r.ID.String(), digits) {
		return nil, unproved("the server answered with another request than " + digits)
	}
	keys, err := m.way.holder(r.ID, r.Holder)
	if err != nil {
		return nil, err
	}
	signer, err := keys.Signer()
	if err != nil {
		return nil, because(exitInternal, err, "cannot use the keys of the request")
	}
	h := &holder{id: r.ID, scenario: r.Scenario, digest: r.ScenarioDigest, targets: r.Targets, keys: keys, key: keys.Private(), signer: signer}
	if r.Grant != nil {
		h.targets = r.Grant.Targets
	}
	return h, nil
}

func (m *member) submit(body statement.Body, notes []client.Noted) (answer, error) {
	return m.send(order{body: body, notes: notes})
}

func (m *member) submitSeen(body statement.Body, notes []client.Noted, seen ledger.Checkpoint) (answer, error) {
	return m.send(order{body: body, notes: notes, seen: seen})
}

func (m *member) submitAs(h *holder, body statement.Body) (answer, error) {
	return m.send(order{body: body, signer: h.signer})
}

// submitRequest makes the keys of a request, and asks.
func (m *member) submitRequest(body *statement.Request, notes []client.Noted) (answer, error) {
	keys, err := client.NewHolder()
	if err != nil {
		return answer{}, because(exitInternal, err, "cannot make keys for the request")
	}
	if body.Holder, err = keys.Public(); err != nil {
		return answer{}, because(exitInternal, err, "cannot make keys for the request")
	}
	return m.send(order{body: body, notes: notes, keep: keys})
}

func (m *member) send(o order) (answer, error) {
	defer m.c.patienceFor(cmp.Or(o.waits, "the key or the server"))()
	sent, err := m.way.submit(m.c.ctx, o)
	if err != nil {
		return answer{}, err
	}
	if sent.Unkept != nil {
		m.c.tell("It is recorded, but: %v", sent.Unkept)
	}
	a := answer{Answer: sent}
	if len(sent.Request) > 0 {
		a.shown = new(view.Request)
		if err := json.Unmarshal(sent.Request, a.shown); err != nil {
			return a, because(exitInternal, err, "it is recorded as entry %d, but the server's answer cannot be read", sent.Entry)
		}
	}
	return a, nil
}

// answer is what a statement became.
type answer struct {
	client.Answer
	shown *view.Request
}

// request is the server's view of the request after the statement; nil if it
// sent none.
func (a answer) request() *view.Request { return a.shown }

// salt is the salt of the words; empty if the server sent none.
func (a answer) salt() string {
	if a.shown == nil {
		return ""
	}
	return a.shown.Salt
}
