package verify_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// seeds is how many mutations there are of each class.
const seeds = 50

// spoiled is evidence after a mutation, and what the reader holds.
type spoiled struct {
	src    files
	anchor ledger.Anchor
	seen   ledger.Checkpoint
}

// mutation is a class of mutations: what it is called, what the fault must be
// called, and how one is made of a good ledger.
type mutation struct {
	name   string
	want   []verify.Class
	reason string // of the fault; empty: any
	make   func(*subject) spoiled
}

// subject is a good ledger, to be spoiled. Cell is a copy and may be driven on.
type subject struct {
	*cellOf
	id    canon.Digest // of the request that the ledger is about
	src   files
	cp    ledger.Checkpoint
	rand  *rand.Rand
	other *cellOf // another cell
}

// good is what subjects are copied from.
type good struct {
	c   *cellOf
	id  canon.Digest
	src files
	cp  ledger.Checkpoint
}

func goods(make func(uint64) (*cellOf, canon.Digest)) func() []good {
	return sync.OnceValue(func() (all []good) {
		for seed := range uint64(10) {
			c, id := make(seed)
			src, cp := c.export(c.bodies)
			all = append(all, good{c, id, src, cp})
		}
		return all
	})
}

var (
	lives    = goods(wholeLife)
	pendings = goods(pendingCell)
	strange  = sync.OnceValue(func() *cellOf {
		c := newCell(77, 9, nil)
		for len(c.bodies) < 40 {
			c.act()
		}
		return c
	})
)

func (g good) subject(seed uint64) *subject {
	c := g.c.fork(rand.New(rand.NewPCG(seed, 11)))
	return &subject{cellOf: c, id: g.id, src: maps.Clone(g.src), cp: g.cp, rand: c.rand, other: strange()}
}

// fork is a copy that may be driven on without the other's notice.
func (c *cellOf) fork(r *rand.Rand) *cellOf {
	driven, f := *c.Cell, *c
	driven.World = c.World.Clone()
	f.Cell, f.rand = &driven, r
	f.bodies, f.notes, f.asked = slices.Clip(c.bodies), slices.Clip(c.notes), slices.Clip(c.asked)
	return &f
}

func (s *subject) copy() *subject {
	again := *s
	again.cellOf = s.fork(rand.New(rand.NewPCG(1, 2)))
	return &again
}

// runMutations makes every mutation of every class and demands that each is
// refused under its name.
func runMutations(t *testing.T, from func() []good, classes []mutation) {
	for _, m := range classes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			all := from()
			for seed := range uint64(seeds) {
				s := m.make(all[int(seed)%len(all)].subject(seed))
				report := check(t, s.src, s.anchor, s.seen)
				if report.Verdict != verify.Refused || len(report.Faults) != 1 {
					t.Fatalf("seed %d: %s\n%s", seed, report.Verdict, report.Text())
				}
				f := report.Faults[0]
				if !slices.Contains(m.want, f.Class) || m.reason != "" && f.Reason != m.reason {
					t.Fatalf("seed %d: got %v, want %v %s", seed, f, m.want, m.reason)
				}
				if len(report.Grants)+len(report.Requests) > 0 {
					t.Fatalf("seed %d: refused evidence is told of", seed)
				}
			}
		})
	}
}

// as is the subject's evidence with the reader's own checkpoint.
func (s *subject) as(src files) spoiled { return spoiled{src, s.anchor, s.cp} }

// resealed is a whole log of other entries, hashed and signed with the real key:
// what a dishonest administrator can make. The reader has no checkpoint, so that
// only replay can find it.
func (s *subject) resealed(bodies [][]byte) spoiled {
	src, _ := s.export(bodies)
	return spoiled{src, s.anchor, ledger.Checkpoint{}}
}

// edited is resealed with one entry changed.
func (s *subject) edited(index int, change func(*ledger.Entry)) spoiled {
	entry := s.entry(index)
	change(&entry)
	return s.replaced(index, canon.MustEncode(entry))
}

func (s *subject) replaced(index int, body []byte) spoiled {
	bodies := slices.Clone(s.bodies)
	bodies[index] = body
	return s.resealed(bodies)
}

// appended is resealed with one more entry, whose pointers are made right.
func (s *subject) appended(entry ledger.Entry) spoiled {
	entry.Prev, entry.Cell = ledger.None, ledger.None
	for i := range s.bodies {
		switch before := s.entry(i); before.Stream {
		case entry.Stream:
			entry.Prev = int64(i)
			fallthrough
		case cell.StreamCell:
			if before.Stream == cell.StreamCell {
				entry.Cell = int64(i)
			}
		}
	}
	return s.resealed(append(slices.Clip(s.bodies), canon.MustEncode(entry)))
}

func (s *subject) entry(index int) ledger.Entry { return must(ledger.DecodeEntry(s.bodies[index])) }

// any is a random entry of those that fit.
func (s *subject) any(fits func(int, ledger.Entry) bool) int {
	var found []int
	for i := range s.bodies {
		if fits(i, s.entry(i)) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		panic("no entry of the ledger fits")
	}
	return found[s.rand.IntN(len(found))]
}

func signedEntry(_ int, e ledger.Entry) bool { return e.Cause.Statement != nil }
func effectEntry(_ int, e ledger.Entry) bool { return e.Cause.Effect != "" }

func ofKind(kind statement.Kind) func(int, ledger.Entry) bool {
	return func(_ int, e ledger.Entry) bool {
		return e.Cause.Statement != nil && e.Stream != cell.StreamRefused && body(e).Body.Kind() == kind
	}
}

func body(e ledger.Entry) statement.Statement { return must(statement.Decode(e.Cause.Statement)) }

func withEvent(name string) func(int, ledger.Entry) bool {
	return func(_ int, e ledger.Entry) bool { return eventAt(e, name) >= 0 }
}

func eventAt(e ledger.Entry, name string) int {
	return slices.IndexFunc(e.Events, func(v jsontext.Value) bool {
		var named map[string]jsontext.Value
		return json.Unmarshal(v, &named) == nil && named[name] != nil
	})
}

// event changes one event of an entry.
func event[E cell.Event](e *ledger.Entry, change func(E)) {
	events := must(cell.DecodeEvents(e.Events))
	for _, made := range events {
		if typed, ok := made.(E); ok {
			change(typed)
			e.Events = must(cell.EncodeEvents(events))
			return
		}
	}
	panic(fmt.Sprintf("the entry has no %T", *new(E)))
}

func flip(r *rand.Rand, data []byte) []byte {
	out := slices.Clone(data)
	out[r.IntN(len(out))] ^= 1 << r.IntN(8)
	return out
}
