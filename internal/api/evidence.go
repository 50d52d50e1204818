package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// evidenceMost bounds the entries of one piece of evidence, evidenceBytes their
// bytes. Beyond that the whole ledger is the better evidence.
const (
	evidenceMost  = 20_000
	evidenceBytes = 32 << 20
)

// evidence is everything by which one request can be replayed and checked
// offline: the entries of the cell and of the request, each with its proof.
func (s *service) evidence(c *call) error {
	f, err := s.visible(c)
	if err != nil {
		return err
	}
	return s.pack(c, cell.StreamOf(f.request.ID))
}

// changeEvidence is the same for a waiting change, which is of the cell itself.
func (s *service) changeEvidence(c *call) error {
	if _, err := s.changeOf(c); err != nil {
		return err
	}
	return s.pack(c)
}

// cellEvidence is by which the cell itself can be replayed: who its people are
// now, and how its envelopes stand.
func (s *service) cellEvidence(c *call) error { return s.pack(c) }

// pack sends partial evidence of the cell's stream and some more. The places
// for making it are given back before it is sent: whoever reads slowly keeps
// nobody else from the evidence that they must see before they sign.
func (s *service) pack(c *call, streams ...string) error {
	if !s.sendings.take(c.who.Person) {
		return busy("you are being sent evidence already")
	}
	defer s.sendings.leave(c.who.Person)
	data, err := s.packed(c, streams...)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, "application/json", data)
}

func (s *service) packed(c *call, streams ...string) ([]byte, error) {
	if !s.packs.take(c.who.Person) {
		return nil, busy("evidence is being made for others")
	}
	defer s.packs.leave(c.who.Person)
	ctx := c.r.Context()
	var indices []int64
	for _, stream := range streams {
		more, err := s.Read.StreamEntries(ctx, stream)
		if err != nil {
			return nil, err
		}
		indices = append(indices, more...)
	}
	head, err := s.Read.Head(ctx) // after the indices: it covers them all
	if err != nil {
		return nil, err
	}
	size, signed := s.cosigned(ctx, head)
	// Of the cell all that it covers: which key signed it may stand in the newest.
	ofCell, err := s.Read.StreamEntries(ctx, cell.StreamCell)
	if err != nil {
		return nil, err
	}
	indices = append(indices, slices.DeleteFunc(ofCell, func(index int64) bool { return index >= size })...)
	slices.Sort(indices)
	if len(indices) > evidenceMost {
		return nil, tooMuch()
	}
	p := ledger.Partial{Signed: signed, Attachments: map[ledger.Hash][]byte{}}
	if err := s.prove(ctx, &p, size, indices); err != nil {
		return nil, err
	}
	genesis, err := s.attach(ctx, &p)
	if err != nil {
		return nil, err
	}
	if err := s.annotate(ctx, &p, genesis, s.Live.Oversees(c.who.Person, genesis)); err != nil {
		return nil, err
	}
	anchor := s.Anchor
	anchor.Deferred = true // it is our own: whoever reads it works out which key was in force
	return ledger.EncodePartial(anchor, p)
}

func tooMuch() *Problem {
	return problem(http.StatusRequestEntityTooLarge, reasonTooMuch, "too much evidence",
		fmt.Sprintf("it would be over %d entries or %d bytes", evidenceMost, evidenceBytes), "export the whole ledger instead")
}

// prove adds entries with their proofs.
func (s *service) prove(ctx context.Context, p *ledger.Partial, size int64, indices []int64) error {
	var nodes ledger.Nodes
	total, tiles := 0, s.tiles(ctx)
	for _, index := range indices {
		body, err := s.body(ctx, index)
		if err != nil {
			return err
		}
		if total += len(body); total > evidenceBytes {
			return tooMuch()
		}
		proof, err := nodes.InclusionProof(size, index, tiles)
		if err != nil {
			return err
		}
		p.Entries = append(p.Entries, ledger.ProvedEntry{Index: index, Body: body, Proof: proof})
	}
	return nil
}

// tiles reads stored tiles, each once: those that prove one entry prove its
// neighbours.
func (s *service) tiles(ctx context.Context) ledger.TileReader {
	type place struct {
		level int
		index int64
	}
	read := map[place][]byte{}
	return func(level int, index int64) ([]byte, error) {
		at := place{level, index}
		if data, ok := read[at]; ok {
			return data, nil
		}
		data, err := s.Read.Tile(ctx, level, index)
		if err == nil {
			read[at] = data
		}
		return data, err
	}
}

// attach adds what rules read: genesis and every scenario that it names, and
// each document that was proposed in its place, with its own. It gives the
// document that is in force after the entries.
func (s *service) attach(ctx context.Context, p *ledger.Partial) (*cell.Genesis, error) {
	documents := []canon.Digest{canon.Digest(s.Anchor.Genesis)}
	inForce := documents[0]
	for _, e := range p.Entries {
		entry, err := ledger.DecodeEntry(e.Body)
		if err != nil {
			return nil, err
		}
		if entry.Stream != cell.StreamCell {
			continue
		}
		events, err := cell.DecodeEvents(entry.Events)
		if err != nil {
			return nil, err
		}
		for _, event := range events {
			switch event := event.(type) {
			case *cell.ChangeProposed:
				if event.Change.Amends() {
					documents = append(documents, event.Change.To)
				}
			case *cell.Amended:
				inForce = event.To
			}
		}
	}
	genesis := map[canon.Digest]*cell.Genesis{}
	for _, digest := range documents {
		var err error
		if genesis[digest], err = s.attachDocument(ctx, p, digest); err != nil {
			return nil, fmt.Errorf("document %s: %w", digest.Short(), err)
		}
	}
	return genesis[inForce], nil
}

// attachDocument adds a document and the scenarios and policies that it names.
func (s *service) attachDocument(ctx context.Context, p *ledger.Partial, digest canon.Digest) (*cell.Genesis, error) {
	data, err := s.Read.Attachment(ctx, digest)
	if err != nil {
		return nil, err
	}
	p.Attachments[ledger.Hash(digest)] = data
	genesis, err := cell.DecodeGenesis(data)
	if err != nil {
		return nil, err
	}
	for _, file := range genesis.Files() {
		if _, there := p.Attachments[ledger.Hash(file)]; there {
			continue
		}
		data, err := s.Read.Attachment(ctx, file)
		if err != nil {
			return nil, fmt.Errorf("%s, which it names: %w", file.Short(), err)
		}
		p.Attachments[ledger.Hash(file)] = data
	}
	return genesis, nil
}

// annotate adds the texts that the entries' statements speak of. Whoever may
// see a request may read what was written to it, and the names and contacts of
// those who act in it; why people were removed, only those may read who decide
// on it; why a cell is recovered, or is not, everybody.
func (s *service) annotate(ctx context.Context, p *ledger.Partial, genesis *cell.Genesis, reasons bool) error {
	notes := noted{read: s.Read, added: map[canon.Digest]bool{}}
	for _, e := range p.Entries {
		entry, err := ledger.DecodeEntry(e.Body)
		if err != nil {
			return err
		}
		if entry.Cause.Statement == nil {
			continue
		}
		of, err := statement.Decode(entry.Cause.Statement)
		if err != nil {
			return err
		}
		if entry.Stream == cell.StreamCell && !reasons && !everybodys(of.Body) {
			continue
		}
		for _, due := range statement.Notes(of.Body) {
			if err := notes.add(ctx, p, due.Hash); err != nil {
				return err
			}
		}
		i := slices.IndexFunc(genesis.People, func(known roster.Person) bool { return known.ID == of.Actor })
		if i < 0 || entry.Stream == cell.StreamCell {
			continue
		}
		if err := errors.Join(notes.add(ctx, p, genesis.People[i].Name), notes.add(ctx, p, genesis.People[i].Contact)); err != nil {
			return err
		}
	}
	return nil
}

// everybodys tells whether anybody of the cell may read what a statement says: a
// recovery is everybody's business.
func everybodys(body statement.Body) bool {
	switch body.(type) {
	case *statement.Recover, *statement.Cancel:
		return true
	}
	return false
}

// noted adds notes to evidence, each once: one may stand in several statements.
type noted struct {
	read  broker.BesideReader
	added map[canon.Digest]bool
}

// add adds a note; one that was erased is left out.
func (n *noted) add(ctx context.Context, p *ledger.Partial, hash canon.Digest) error {
	if hash.IsZero() || n.added[hash] {
		return nil
	}
	n.added[hash] = true
	note, err := n.read.Note(ctx, hash)
	if errors.Is(err, broker.ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	p.Notes = append(p.Notes, note)
	return nil
}
