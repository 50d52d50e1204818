package verify_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

var errNoTile = errors.New("there is no such tile")

// tiles are those of the log that bodies are.
func tiles(bodies [][]byte) (*ledger.Tiles, ledger.TileReader) {
	var all ledger.Tiles
	for _, body := range bodies {
		all.Append(ledger.LeafHash(body))
	}
	return &all, func(level int, index int64) ([]byte, error) {
		for _, tile := range all.Dirty() {
			if tile.Level == level && tile.Index == index {
				return tile.Data, nil
			}
		}
		return nil, errNoTile
	}
}

// exchanging is a proposal of the ledger key that follows from a byte.
func (c *cellOf) exchanging(key byte) *statement.Change {
	signer, vkey := keyPair(key)
	if c.keys == nil {
		c.keys = map[string]note.Signer{}
	}
	c.keys[vkey] = signer
	return &statement.Change{LedgerKey: vkey, Reason: c.note("it is old")}
}

// overlap is the newest checkpoint, with the proof that it counts an entry.
func (c *cellOf) overlap(entry int64) *cell.Overlap {
	c.World.Publish()
	all, read := tiles(c.bodies)
	return &cell.Overlap{Checkpoint: string(c.signed(c.bodies)), Proof: must(ledger.InclusionProof(all.Size(), entry, read))}
}

// exchange has sam and lea put another ledger key in force; both is whether the
// ledger holds a checkpoint of both already.
func (c *cellOf) exchange(key byte, both bool) {
	held := func(command cell.Command) cell.Command {
		command.Observed.Held = true
		return command
	}
	c.World.Publish()
	proposed := c.must(held(c.By("sam", "sam", c.exchanging(key))))
	c.World.Publish()
	c.must(held(c.By("lea", "lea", &statement.Decision{Of: canon.Sum(proposed.Entry.Cause.Statement), Verdict: statement.Approve, Check: statement.InPerson})))
	if both {
		task := c.tasks(canon.Digest{}, cell.TaskOverlap)[0]
		c.must(c.result(task))
	}
	c.World.Publish()
}

// rotating is a cell whose ledger key was exchanged twice, with requests before,
// between and after.
func rotating() *cellOf {
	c := newCell(7, 1, nil)
	c.World.Publish()
	for _, key := range []byte{2, 3} {
		c.must(c.ask("ann", "db-1"))
		c.exchange(key, false)
		c.must(c.ask("bob", "db-2"))
		c.World.Publish()
		c.must(c.result(c.tasks(canon.Digest{}, cell.TaskOverlap)[0]))
	}
	c.World.Publish()
	c.must(c.ask("ann", "db-2"))
	c.World.Publish()
	return c
}

// under has the log of bodies signed by keys.
func (c *cellOf) under(bodies [][]byte, keys ...string) files {
	src, cp := c.export(bodies)
	var signers []note.Signer
	for _, vkey := range keys {
		signers = append(signers, c.signer(vkey))
	}
	src[ledger.CheckpointPath] = must(ledger.SignCheckpoint(cp, signers...))
	return src
}

// part is evidence of the cell and of a request, from a whole log.
func (c *cellOf) part(src ledger.Source, id canon.Digest) []byte {
	anchor := c.anchor
	anchor.Deferred = true
	log := must(ledger.OpenLog(src, anchor))
	p := ledger.Partial{Signed: log.Signed(), Notes: c.notes, Attachments: map[ledger.Hash][]byte{}}
	for digest, data := range c.Beside {
		p.Attachments[ledger.Hash(digest)] = data
	}
	for i, body := range c.bodies[:log.Checkpoint().Size] {
		if stream := must(ledger.DecodeEntry(body)).Stream; stream == cell.StreamCell || stream == cell.StreamOf(id) {
			proof := must(ledger.InclusionProof(log.Checkpoint().Size, int64(i), log.Tiles()))
			p.Entries = append(p.Entries, ledger.ProvedEntry{Index: int64(i), Body: body, Proof: proof})
		}
	}
	return must(ledger.EncodePartial(anchor, p))
}

// TestRotationFromTheFirstAnchor: whoever pins the founders' key alone verifies the
// ledger at every size, whole and in part, before, in and after two exchanges.
func TestRotationFromTheFirstAnchor(t *testing.T) {
	c := rotating()
	for size := 2; size <= len(c.bodies); size++ {
		src, cp := c.export(c.bodies[:size])
		report := check(t, src, c.anchor, ledger.Checkpoint{})
		want := 0
		for _, r := range c.World.Rotations {
			if r.Entry < cp.Size {
				want++
			}
		}
		if !report.Good() || len(report.Rotations) != want || len(report.Successors()) != want {
			t.Fatalf("%d entries, %d rotations: %s", size, want, report.Text())
		}
		if part := checkPartial(t, c.anchor, c.part(src, c.asked[0].id), ledger.Checkpoint{}); !part.Good() || len(part.Rotations) != want {
			t.Fatalf("%d entries, in part: %s", size, part.Text())
		}
		if report := check(t, src, ledger.Anchor{}, ledger.Checkpoint{}); report.Verdict != verify.SelfConsistent {
			t.Errorf("%d entries, without an anchor: %s", size, report.Text())
		}
	}
	src, _ := c.export(c.bodies)
	if text := check(t, src, c.anchor, ledger.Checkpoint{}).Text(); !strings.Contains(text, "exchanged by the change quorum, 2 times") {
		t.Errorf("the report does not tell of it: %s", text)
	}
}

// TestT64WhoHasAnotherKey: the ledger is refused at every size when anybody signs it
// but the key in force, with the one before it while both must.
func TestT64WhoHasAnotherKey(t *testing.T) {
	c := rotating()
	thief, stranger := keyPair(99)
	c.keys[stranger] = thief
	all := []string{c.anchor.LedgerKeys[0], c.World.Rotations[0].To, c.World.Rotations[1].To, stranger}
	refused := 0
	for size := 2; size <= len(c.bodies); size++ {
		bodies := c.bodies[:size]
		need := c.signedBy(int64(size))
		for _, one := range all {
			if len(need) == 1 && need[0] == one {
				continue
			}
			src := c.under(bodies, one)
			report := check(t, src, c.anchor, ledger.Checkpoint{})
			part := checkPartial(t, c.anchor, c.part(src, c.asked[0].id), ledger.Checkpoint{})
			for scope, report := range map[string]*verify.Report{"whole": report, "part": part} {
				if report.Verdict != verify.Refused || report.Faults[0].Class != verify.ClassCheckpointSignature {
					t.Errorf("%s of %d entries, signed with %s, where %v must: %s", scope, size, one, need, report.Text())
				}
				refused++
			}
		}
	}
	if refused < 80 {
		t.Errorf("only %d were tried", refused)
	}
}

// TestT64RotationWithoutQuorum: whoever has the server, and so the old key, writes an
// exchange into the ledger that nobody agreed to.
func TestT64RotationWithoutQuorum(t *testing.T) {
	c := rotating()
	at := int(c.World.Rotations[0].Entry)
	agreed, err := ledger.DecodeEntry(c.bodies[at])
	if err != nil {
		t.Fatal(err)
	}
	thief, stranger := keyPair(99)
	c.keys[stranger] = thief
	for name, forge := range map[string]func(ledger.Entry, []byte) []byte{
		"to another key than was agreed": func(_ ledger.Entry, body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"to":"`+c.World.Rotations[0].To), []byte(`"to":"`+stranger))
		},
		"without the second signature": func(proposed ledger.Entry, _ []byte) []byte {
			proposed.Events = append(proposed.Events, agreed.Events[len(agreed.Events)-2:]...)
			return must(ledger.EncodeEntry(proposed))
		},
	} {
		bodies := append([][]byte{}, c.bodies[:at+1]...)
		if name == "without the second signature" {
			bodies = bodies[:at]
		}
		proposed, err := ledger.DecodeEntry(c.bodies[at-1])
		if err != nil {
			t.Fatal(err)
		}
		forged := forge(proposed, c.bodies[at])
		if bytes.Equal(forged, bodies[len(bodies)-1]) {
			t.Fatalf("%s: nothing is forged", name)
		}
		bodies[len(bodies)-1] = forged
		src := c.under(bodies, stranger, c.anchor.LedgerKeys[0])
		if report := check(t, src, c.anchor, ledger.Checkpoint{}); report.Verdict != verify.Refused {
			t.Errorf("%s: %s", name, report.Text())
		}
	}
}

// TestSeenUnderALaterKey: a reader who kept a checkpoint that a later key signed pins
// the founders' key all the same.
func TestSeenUnderALaterKey(t *testing.T) {
	c := rotating()
	src, _ := c.export(c.bodies)
	kept := c.bodies[:len(c.bodies)-1]
	for name, who := range map[string]string{"the key in force": c.World.Rotations[1].To, "a former key": c.World.Rotations[0].To} {
		var opts verify.Options
		signed := c.under(kept, who)[ledger.CheckpointPath]
		if err := opts.See(c.anchor, signed); err != nil {
			t.Fatal(err)
		}
		report, err := verify.Log(context.Background(), src, c.anchor, opts)
		if err != nil {
			t.Fatal(err)
		}
		if good := name == "the key in force"; report.Good() != good {
			t.Errorf("signed with %s: %s", name, report.Text())
		}
	}
}
