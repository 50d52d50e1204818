package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
	"github.com/halligan-dev/halligan/internal/view"
)

// proof is what this machine worked out from evidence that verified from the
// person's own anchor. Nothing in it is a server's rendering.
type proof struct {
	checkpoint ledger.Checkpoint
	signed     []byte            // the checkpoint as it was signed
	since      ledger.Checkpoint // what this machine had seen when the evidence was asked for
	world      *cell.World
	view       *view.Cell
	statements map[canon.Digest]statement.Statement // of the evidence, by digest
	observed   map[canon.Digest]cell.Observed       // beside each of them
	notes      map[canon.Digest]ledger.Note
	newest     int64      // index of the newest entry
	at         canon.Time // its recorded time
}

// errUnproved says that evidence does not show what it should: nothing may be
// signed on it.
var errUnproved = errors.New("the evidence does not verify on this machine")

// prove verifies partial evidence from an anchor and replays it.
func prove(ctx context.Context, anchor ledger.Anchor, data []byte) (*proof, error) {
	report, err := verify.Partial(ctx, anchor, data, verify.Options{})
	if err != nil {
		return nil, err
	}
	if !report.Good() {
		return nil, unproved(judged(report).Error())
	}
	anchor.Successors = report.Successors()
	partial, err := ledger.OpenPartial(anchor, data)
	if err != nil {
		return nil, unproved(err.Error())
	}
	p := &proof{
		checkpoint: partial.Checkpoint(), signed: partial.Signed, notes: map[canon.Digest]ledger.Note{},
		statements: map[canon.Digest]statement.Statement{}, observed: map[canon.Digest]cell.Observed{},
	}
	for _, n := range partial.Notes {
		p.notes[canon.Digest(n.Hash())] = n
	}
	p.world = cell.NewPartial(anchor.Origin, func(digest canon.Digest) ([]byte, bool) {
		attachment, ok := partial.Attachments[ledger.Hash(digest)]
		return attachment, ok
	})
	return p, p.replay(partial.Entries)
}

// unproved is the failure of evidence that must not be signed on.
func unproved(why string) *failure {
	return because(exitUnverified, errUnproved, "nothing was signed: %s", why).
		or("do not sign; tell security, and ask the requester on a known number what they asked for")
}

// replay makes the world and its view.
func (p *proof) replay(entries []ledger.ProvedEntry) error {
	var recorded []cell.Recorded
	for _, e := range entries {
		prepared, err := cell.Prepare(e.Body, verify.Signatures{})
		if err != nil {
			return unproved(err.Error())
		}
		r, err := p.world.ReplayAt(e.Index, prepared)
		if err != nil {
			return unproved(err.Error())
		}
		if s := prepared.Command.Signed; s != nil {
			p.statements[s.Statement.Digest], p.observed[s.Statement.Digest] = s.Statement, prepared.Command.Observed
			for _, act := range s.Acts {
				p.statements[act.Statement.Digest] = act.Statement
			}
		}
		p.newest, p.at = e.Index, prepared.Entry.At
		recorded = append(recorded, r)
	}
	made, err := view.FromWorld(p.world)
	if err != nil {
		return unproved(err.Error())
	}
	for _, r := range recorded {
		made.Learn(r)
	}
	p.view = made
	return nil
}

// request is the proved request of an id, and what was signed.
func (p *proof) request(id canon.Digest) (*access.Request, *statement.Request, error) {
	r, ok := p.world.Requests[id]
	body, asked := p.statements[id].Body.(*statement.Request)
	if !ok || !asked {
		return nil, nil, unproved(fmt.Sprintf("the evidence is not of the request %s", id.Short()))
	}
	return r, body, nil
}

// change is the proved change of an id, and what was signed.
func (p *proof) change(id canon.Digest) (*cell.Change, statement.Body, error) {
	change, ok := p.world.Changes[id]
	body := p.statements[id].Body
	if !ok || body == nil {
		return nil, nil, unproved(fmt.Sprintf("the evidence is not of the change %s, or it waits no more", id.Short()))
	}
	return change, body, nil
}

// text is the text of a note, if the evidence has it. What it has was checked
// against its hash.
func (p *proof) text(hash canon.Digest) (string, bool) {
	n, ok := p.notes[hash]
	return n.Text, ok && !hash.IsZero()
}

// words are the confirmation words of a statement, worked out here.
func (p *proof) words(id canon.Digest) (string, error) {
	if p.statements[id].Offline {
		words := statement.OfflineWords(id)
		return strings.Join(words[:], " "), nil
	}
	return wordsOf(id, p.observed[id].Salt)
}

// wordsOf works out the words of a digest from the salt that was recorded.
func wordsOf(id canon.Digest, salt string) (string, error) {
	raw, err := hex.DecodeString(salt)
	if err != nil || len(raw) != 16 {
		return "", failf(exitUnverified, "there is no salt of the words of %s", id.Short())
	}
	words := statement.Words(id, [16]byte(raw))
	return strings.Join(words[:], " "), nil
}
