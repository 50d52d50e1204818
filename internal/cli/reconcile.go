package cli

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/verify"
	"github.com/halligan-dev/halligan/internal/view"
)

type reconcileCommand struct {
	Files []string `arg:"" name:"file" help:"What was signed with halligan-kit while the server was down; several copies of one request are taken together."`
	Yes   bool     `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `reconcile`.
func (reconcileCommand) Help() string {
	return `Anyone of the cell may carry it back, and should as soon as the server answers. Nothing of it becomes a grant: it is recorded as a debt. The envelopes whose shares are out are broken until their secrets are changed, a review is due, and every channel hears of it. What does not count, because too few signed, or with a key that is not good, is recorded and alarmed of as well. Each offline statement is taken once; what was signed to the same request since is taken later.

Examples:

    halligan reconcile ask.json
    halligan reconcile ask-ben.json ask-cara.json`
}

// reconciled is what was carried back, as JSON.
type reconciled struct {
	Request canon.Digest `json:"request"`
	Filled  bool         `json:"filled"` // by what this machine counted
	Entries []int64      `json:"entries"`
	Known   string       `json:"known,omitempty"`
}

// Run carries back.
func (r reconcileCommand) Run(c *call) error {
	copies, err := bundlesIn(r.Files)
	if err != nil {
		return err
	}
	m, err := c.open(r.memberFlags)
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	bundle := copies[0]
	for i, more := range copies[1:] {
		if err := bundle.Add(p.world, more); err != nil {
			return uncarried(r.Files[i+1], err)
		}
	}
	counted, err := bundle.Count(p.world, canon.At(c.now()))
	if err != nil {
		return because(exitUnverified, err, "cannot carry back %s: it is forged", bundle.ID().Short()).or("keep the file, and tell security")
	}
	c.toPeople(carriedSheet(counted, bundle, m.person()))
	if err := c.confirm(r.Yes, "reconcile"); err != nil {
		return err
	}
	out := reconciled{Request: bundle.ID(), Filled: counted.Offline.Filled}
	var before error
	for _, part := range bundle.Carry() {
		var notes []client.Noted
		for _, n := range part.Notes {
			notes = append(notes, client.Noted{Salt: n.Salt[:], Text: n.Text})
		}
		a, err := m.submit(part.Body, notes)
		if refusedFor(err, string(cell.AlreadyReconciled)) {
			before = err
			continue
		}
		if err != nil {
			return err
		}
		out.Entries = append(out.Entries, a.Entry)
		if shown := a.request(); shown != nil {
			out.Known = shown.Known
		}
	}
	if len(out.Entries) == 0 {
		return before
	}
	return c.answer(out, func() {
		c.say("Carried back and recorded as %s: request %s.", entriesText(out.Entries), out.Request.Short())
		if out.Known != "" {
			c.say("Now: %s", sentence(out.Known))
		}
		c.say("Next: change the secret and sign that (halligan envelope seal, then rotate), and write the review: halligan review sign %s", out.Request.Short())
	})
}

func entriesText(entries []int64) string {
	var parts []string
	for _, entry := range entries {
		parts = append(parts, fmt.Sprintf("entry %d", entry))
	}
	return both(parts)
}

// bundlesIn reads copies of one bundle, at least one.
func bundlesIn(files []string) (all []*verify.Bundle, err error) {
	for _, file := range files {
		data, err := verify.ReadLimited(file, verify.BundleMost)
		if err != nil {
			return nil, because(exitUsage, err, "cannot read %s", file).or("name what halligan-kit wrote, such as request.json")
		}
		b, err := verify.DecodeBundle(data)
		if err != nil {
			return nil, uncarried(file, err)
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return nil, errors.New("no file is named")
	}
	return all, nil
}

func uncarried(file string, err error) error {
	return because(exitUnverified, err, "cannot use %s", file).or("it is damaged, forged, or of another request: keep it, and ask for it again")
}

// carriedSheet is what whoever carries it back reads.
func carriedSheet(r *access.Request, b *verify.Bundle, person string) string {
	s := new(sheet)
	s.say("With no server %s asked for %s at %s, on %s, by their own clock at %s.", r.Requester, r.Scenario, r.Severity, both(r.Targets), r.Offline.Signed)
	s.say("Why:")
	s.WriteString(quoted("  ", b.Text(r.Why)))
	s.say("Counted on this machine, from your own anchor: %s", sentence(view.OfflineText(r)))
	s.say("Your signature, as %s, carries this back and says nothing else: whether you took part stands in it.", person)
	return s.String()
}
