package cell_test

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
)

// deepest bounds the moves of a path.
const deepest = 15

// path is how a node is reached: its start, then the number of each move. Layers
// hold paths, not worlds: a hundred thousand worlds would be gigabytes.
type path [1 + deepest]byte

const shards = 256

// search goes through every node that can be reached, layer by layer. What it
// finds does not depend on the order in which its workers go.
type search struct {
	starts []node
	depth  int    // of the layer
	layer  []path // in order, so that neighbours share most of their way
	seen   [shards]map[fingerprint]struct{}
	next   [shards]map[fingerprint]path // the first path to each
	locks  [shards]sync.Mutex
	states int
	moves  atomic.Int64 // tried
	taken  atomic.Int64 // that the rules took

	mutex sync.Mutex
	fault string
}

func newSearch(starts ...node) *search {
	s := &search{starts: starts}
	for i := range s.seen {
		s.seen[i], s.next[i] = map[fingerprint]struct{}{}, map[fingerprint]path{}
	}
	var f former
	for i, n := range starts {
		form := f.of(n)
		s.seen[form[0]][form] = struct{}{}
		s.layer = append(s.layer, path{byte(i)})
		s.states++
	}
	return s
}

// deeper expands every node of the layer, and makes the next layer of what was
// not seen before.
func (s *search) deeper() {
	s.inParallel()
	s.layer = s.layer[:0]
	for i := range s.next {
		for form, way := range s.next[i] {
			s.seen[i][form] = struct{}{}
			s.layer = append(s.layer, way)
		}
		clear(s.next[i])
	}
	slices.SortFunc(s.layer, func(a, b path) int { return bytes.Compare(a[:], b[:]) })
	s.states += len(s.layer)
	s.depth++
}

// inParallel expands the layer with a worker for each processor.
func (s *search) inParallel() {
	const chunk = 128
	var begun atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			w := worker{search: s, known: -1}
			for {
				from := int(begun.Add(chunk)) - chunk
				if from >= len(s.layer) {
					return
				}
				for _, way := range s.layer[from:min(from+chunk, len(s.layer))] {
					w.expand(way)
				}
			}
		})
	}
	all.Wait()
}

// worker walks along paths. It keeps the worlds of the way that it came.
type worker struct {
	*search
	form  former
	way   path
	known int // depth down to which nodes and moves are of the way; -1 is none
	nodes [1 + deepest]node
	moves [1 + deepest][]move
}

// walk goes to the end of a path, from where it leaves the way of the last one.
func (w *worker) walk(way path) node {
	from := 0
	for from <= w.known && from < w.depth && w.way[from] == way[from] && w.way[from+1] == way[from+1] {
		from++
	}
	if w.known < 0 || w.way[0] != way[0] {
		from = 0
		w.nodes[0] = w.starts[way[0]]
		w.moves[0] = movesAt(w.nodes[0], w.moves[0])
	}
	for d := from; d < w.depth; d++ {
		after, _, _ := try(w.nodes[d], &w.moves[d][way[d+1]])
		w.nodes[d+1] = after
		w.moves[d+1] = movesAt(after, w.moves[d+1])
	}
	w.way, w.known = way, w.depth
	return w.nodes[w.depth]
}

// expand tries every move of a node.
func (w *worker) expand(way path) {
	n := w.walk(way)
	if fault := zeroIsNobody(n); fault != "" {
		w.blame(way, "a zero value", fault)
	}
	moves := w.moves[w.depth]
	w.search.moves.Add(int64(len(moves)))
	for i := range moves {
		after, fault, ok := try(n, &moves[i])
		if fault != "" {
			w.blame(way, moves[i].name, fault)
		}
		if ok {
			way[1+w.depth] = byte(i)
			w.reach(w.form.of(after), way)
		}
	}
}

func (w *worker) reach(form fingerprint, way path) {
	w.taken.Add(1)
	shard := int(form[0])
	if _, seen := w.seen[shard][form]; seen {
		return
	}
	w.locks[shard].Lock()
	defer w.locks[shard].Unlock()
	if first, found := w.next[shard][form]; !found || bytes.Compare(way[:], first[:]) < 0 {
		w.next[shard][form] = way
	}
}

// try makes one move and checks it against what the invariants demand.
func try(n node, m *move) (after node, fault string, ok bool) {
	c := m.command
	if c.Signed == nil && c.Effect == nil {
		return node{n.w, n.now.Add(tick)}, "", canWait(n)
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

// blame keeps the first fault, with the moves that lead to it.
func (w *worker) blame(way path, name, fault string) {
	steps := []string{fmt.Sprintf("from start %d", way[0])}
	for d := range w.depth {
		steps = append(steps, w.moves[d][way[d+1]].name)
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.fault == "" {
		w.fault = strings.Join(append(steps, name), "; ") + ": " + fault
	}
}

func TestExploreSize(t *testing.T) {
	s := newSearch(starts()...)
	for len(s.layer) > 0 {
		start := time.Now()
		s.deeper()
		t.Logf("depth %d: layer %d, states %d, moves %d, taken %d %s", s.depth, len(s.layer), s.states, s.moves.Load(), s.taken.Load(), time.Since(start))
		if s.fault != "" {
			t.Fatal(s.fault)
		}
		if s.states > 300_000 {
			break
		}
	}
}
func zeroIsNobody(node) string { return "" }
