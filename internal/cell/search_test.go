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

	mutex  sync.Mutex
	fault  string
	events map[string]int
}

func newSearch(starts ...node) *search {
	s := &search{starts: starts, events: map[string]int{}}
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
			w := worker{search: s, known: -1, made: map[string]int{}}
			defer w.count()
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
	made  map[string]int // events
}

func (w *worker) count() {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	for name, n := range w.made {
		w.events[name] += n
	}
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
		w.nodes[d+1], _, _ = try(w.nodes[d], &w.moves[d][way[d+1]])
		w.moves[d+1] = movesAt(w.nodes[d+1], w.moves[d+1])
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
		after, events, fault := try(n, &moves[i])
		for _, e := range events {
			w.made[cell.NameOf(e)]++
		}
		if fault != "" {
			w.blame(way, moves[i].name, fault)
		}
		if fault == "" && after.w != nil {
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

// try makes one move and checks it against what the invariants demand. The node
// after it is zero if the rules refused, or if waiting would change nothing.
func try(n node, m *move) (after node, events []cell.Event, fault string) {
	c := m.command
	if c.Signed == nil && c.Effect == nil {
		if canWait(n) {
			after = node{n.w, n.now.Add(tick)}
		}
		return after, nil, ""
	}
	outcome, err := cell.Decide(n.w, c)
	switch {
	case err != nil && refusalOf(err) == nil:
		return after, nil, "a fault instead of a refusal: " + err.Error()
	case err != nil && m.may == must:
		return after, nil, "refused, and must not be: " + err.Error()
	case err != nil:
		return after, nil, ""
	case m.may == never:
		return after, nil, "taken, and must not be"
	}
	after = node{n.w.Branch(), n.now}
	if err := after.w.Advance(c, outcome); err != nil {
		return after, nil, "cannot apply: " + err.Error()
	}
	return after, outcome.Events, transition{n.w, after.w, c, outcome}.broken()
}

// canWait tells whether anything is still to come: else the clock changes nothing.
func canWait(n node) bool {
	for _, t := range n.w.Tasks {
		if t.Kind != cell.TaskReview && t.Due.After(n.now) {
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

// The search goes eight moves deep from each start, and finds so many states.
// More is progress and is written here; less is a loss and fails.
const (
	searchDepth  = 8
	searchStates = 1_151_294
	shortDepth   = 5
	shortStates  = 46_008
)

// TestSearch goes through every state of a small world that can be reached in a
// fixed number of moves, by the real Decide and the real apply, and checks every
// transition against the invariants I1 to I6 and I10.
func TestSearch(t *testing.T) {
	depth, least := searchDepth, searchStates
	if testing.Short() {
		depth, least = shortDepth, shortStates
	}
	s := newSearch(starts()...)
	for s.depth < depth {
		s.deeper()
		if s.fault != "" {
			t.Fatal(s.fault)
		}
	}
	t.Logf("%d distinct states at depth %d from %d starts; %d moves tried, %d taken; %d grants, %d credentials, %d leases closed",
		s.states, s.depth, len(s.starts), s.moves.Load(), s.taken.Load(), s.events["agreed"], s.events["credential-authorised"], s.events["lease-closed"])
	if s.states < least {
		t.Errorf("%d distinct states, at least %d are owed", s.states, least)
	}
	for _, name := range cell.EventNames() {
		if s.events[name] == 0 && !slices.Contains(notSearched, name) {
			t.Errorf("no move of the search made the event %s", name)
		}
	}
}

// notSearched are events that decide about nothing: they are left to the matrix
// and to the random sequences. The small world has no channels.
var notSearched = []string{
	"founded", "sealed", "session-opened", "refused", "refusals-counted", "alarm-answered", "open-failed", "mint-failed", "key-removed",
	"envelope-sealed", "envelope-rotated", "envelope-inspected", "envelope-owed", "envelope-overdue", "share-given", "honey-touched",
	"lease-shut",                                             // the small world has no programs: program_test.go tries every sequence of their results
	"assignment-claimed", "assignments-found", "denial-seen", // the small world has no Identity Center: assignment_test.go, and the random schedules of provider and server
	"ladder-widened", // ladder_test.go: the small world has no ladder
	// solo_test.go: every sequence of what can happen on the solo step
	"request-witnessed", "solo-offered", "solo-taken", "solo-heard", "solo-begun",
	"rules-raised", // the small world begins with the newest rules
	"witnessed", "witnesses-silent", "witnesses-overdue", "credential-witnessed", "credential-unwitnessed",
	"amended", "key-added", "user-moved", "key-vouched", "recovery-agreed", "recovery-waits", "recovery-over",
	"ledger-key-rotated", "overlap-recorded",
	"key-suspended", "suspension-opposed", "suspension-over", // suspend_test.go and the matrix: a key that is gone for a while
	// review_test.go and the random sequences: with what time is left until it is due, each review would double the states
	"review-written", "review-returned", "review-signed-off", "review-overdue",
	"symptom-looked-at", "outage-witnessed", // symptom_test.go: nothing waits for them
	"extension-asked", "extension-decided", "extended", // extend_test.go: every state of an extension, and the random sequences
	"reconciled", // offline_test.go and the matrix: it decides about nothing that is live
	"epoch-signed", "epoch-begun", "strays-found", "host-surveyed", "clock-agreed",
}
