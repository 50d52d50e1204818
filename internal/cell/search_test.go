package cell_test

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell"
)

// origin tells how a node was first reached: by which move of which node of the
// layer before.
type origin struct {
	parent int32
	move   int32
}

func before(a, b origin) int { return cmp.Or(cmp.Compare(a.parent, b.parent), cmp.Compare(a.move, b.move)) }

const shards = 256

// search goes through every node that can be reached, layer by layer.
type search struct {
	seen   [shards]map[fingerprint]struct{}
	next   [shards]map[fingerprint]origin
	locks  [shards]sync.Mutex
	layer  []node
	trail  [][]origin // of every layer but the first
	moves  atomic.Int64
	taken  atomic.Int64
	states int
	mutex  sync.Mutex
	fault  string
}

func newSearch(first node) *search {
	s := &search{layer: []node{first}, states: 1}
	for i := range s.seen {
		s.seen[i], s.next[i] = map[fingerprint]struct{}{}, map[fingerprint]origin{}
	}
	var f former
	form := f.of(first)
	s.seen[form[0]][form] = struct{}{}
	return s
}

// inParallel calls work for every index below n, from as many goroutines as
// there are processors, each with a worker of its own.
func inParallel(n int, work func(*worker, int)) {
	const chunk = 64
	var done atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			var w worker
			for {
				from := int(done.Add(chunk)) - chunk
				for i := from; i < min(from+chunk, n); i++ {
					work(&w, i)
				}
				if from >= n {
					return
				}
			}
		})
	}
	all.Wait()
}

// worker is what one goroutine uses again and again.
type worker struct {
	moves []move
	form  former
}

// deeper expands every node of the layer, and makes the next layer of what was
// not seen before. What it finds does not depend on the order of the work.
func (s *search) deeper(last bool) {
	inParallel(len(s.layer), s.expand)
	var reached []origin
	for i := range s.next {
		for form, from := range s.next[i] {
			s.seen[i][form] = struct{}{}
			reached = append(reached, from)
		}
		clear(s.next[i])
	}
	s.states += len(reached)
	if last {
		s.layer = s.layer[:0]
		return
	}
	slices.SortFunc(reached, before)
	layer := make([]node, len(reached))
	inParallel(len(reached), func(w *worker, i int) {
		parent := s.layer[reached[i].parent]
		w.moves = movesAt(parent, w.moves)
		layer[i], _ = follow(parent, w.moves[reached[i].move].command)
	})
	s.layer, s.trail = layer, append(s.trail, reached)
}

// follow makes a command that the rules take, or lets the clock go on.
func follow(n node, c cell.Command) (node, error) {
	if c.Signed == nil && c.Effect == nil {
		return node{n.w, n.now.Add(tick)}, nil
	}
	outcome, err := cell.Decide(n.w, c)
	if err != nil {
		return n, err
	}
	after := node{n.w.Branch(), n.now}
	if err := after.w.Advance(c, outcome); err != nil {
		panic(err)
	}
	return after, nil
}

func (s *search) expand(w *worker, index int) {
	n := s.layer[index]
	if fault := zeroIsNobody(n); fault != "" {
		s.blame(index, "a zero value", fault)
	}
	w.moves = movesAt(n, w.moves)
	s.moves.Add(int64(len(w.moves)))
	for i := range w.moves {
		m := &w.moves[i]
		after, fault, ok := s.try(n, m)
		if fault != "" {
			s.blame(index, m.name, fault)
		}
		if !ok {
			continue
		}
		s.taken.Add(1)
		form := w.form.of(after)
		shard := int(form[0])
		if _, seen := s.seen[shard][form]; seen {
			continue
		}
		from := origin{int32(index), int32(i)}
		s.locks[shard].Lock()
		if first, found := s.next[shard][form]; !found || before(from, first) < 0 {
			s.next[shard][form] = from
		}
		s.locks[shard].Unlock()
	}
}

// try makes one move and checks it against what the invariants demand.
func (s *search) try(n node, m *move) (after node, fault string, ok bool) {
	c := m.command
	if c.Signed == nil && c.Effect == nil {
		after, _ = follow(n, c)
		return after, "", canWait(n)
	}
	outcome, err := cell.Decide(n.w, c)
	switch {
	case err != nil && refusalOf(err) == nil:
		return n, "a fault instead of a refusal: " + err.Error(), false
	case err != nil && m.may == must:
		return n, "refused, and must not be: " + err.Error(), false
	case err != nil:
		return n, "", false
	case m.may == never:
		return n, "taken, and must not be", false
	}
	after = node{n.w.Branch(), n.now}
	if err := after.w.Advance(c, outcome); err != nil {
		return n, "cannot apply: " + err.Error(), false
	}
	return after, transition{n.w, after.w, c, outcome}.broken(), true
}

// canWait tells whether anything is still to come: else the clock changes nothing.
func canWait(n node) bool {
	for _, t := range n.w.Tasks {
		if t.Due.After(n.now) {
			return true
		}
	}
	return false
}

func (s *search) blame(index int, name, fault string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.fault == "" {
		s.fault = fmt.Sprintf("%s: %s", strings.Join(append(s.path(index), name), "; "), fault)
	}
}

// path names the moves that lead to a node of the present layer, newest first:
// parents are known by their index only, so it replays from the first node.
func (s *search) path(index int) []string {
	var steps []string
	at := int32(index)
	for depth := len(s.trail) - 1; depth >= 0; depth-- {
		from := s.trail[depth][at]
		steps = append(steps, fmt.Sprintf("move %d", from.move))
		at = from.parent
	}
	slices.Reverse(steps)
	return steps
}

func TestExploreSize(t *testing.T) {
	c := smallWorld()
	s := newSearch(node{c.World.Lean(), c.Now})
	for depth := 1; depth <= 12 && len(s.layer) > 0; depth++ {
		s.deeper(false)
		t.Logf("depth %d: layer %d, states %d, moves %d, taken %d", depth, len(s.layer), s.states, s.moves.Load(), s.taken.Load())
		if s.fault != "" {
			t.Fatal(s.fault)
		}
		if s.states > 600_000 {
			break
		}
	}
}
func zeroIsNobody(node) string { return "" }
