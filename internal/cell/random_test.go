package cell_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
)

// sequence is one random life of a cell. It begins in a state of the matrix, and
// everything in it follows from its seed.
type sequence struct {
	*story
	random  *rand.Rand
	state   string
	first   deed // tried in that state
	tried   int  // commands, refused ones included
	steps   []string
	shelf   *shelf      // keeps the world along the way
	stopped int         // after so many commands the server is stopped and restored
	twin    *cell.World // the restored one, which then goes along
}

// start is a matrix state as it is kept: built once, forked for each sequence.
type start struct {
	state string
	story *story
	shelf *shelf
}

// startsOf builds the states, keeping each along the way.
func startsOf(states []state) []start {
	var all []start
	for _, from := range states {
		built := from.build()
		all = append(all, start{from.name, built, shelve(built)})
	}
	return all
}

// shelve keeps a story's world by replaying it, step by step.
func shelve(s *story) *shelf {
	kept, again := newShelf(), cell.New(s.Genesis.Origin, s.Attachments())
	for _, recorded := range s.Log {
		if recorded.Index > 0 {
			again.Publish()
			kept.published(again)
		}
		step, err := again.Step(s.Commands[recorded.Index])
		if err != nil {
			panic(err)
		}
		kept.keep(again, step.Changes)
	}
	kept.published(s.World)
	return kept
}

func (s *shelf) fork() *shelf {
	f := newShelf()
	f.moving = s.moving
	for key, stream := range s.streams {
		f.streams[key], f.live[key] = stream, s.live[key]
	}
	for key, memo := range s.memos {
		f.memos[key] = memo
	}
	for id, task := range s.tasks {
		f.tasks[id] = task
	}
	return f
}

func newSequence(seed int, from start, deeds []deed, first int) *sequence {
	random := rand.New(rand.NewPCG(uint64(seed), 1))
	return &sequence{
		story: from.story.fork(), random: random, state: from.state, first: deeds[first], shelf: from.shelf.fork(),
		tried: len(from.story.Log), stopped: len(from.story.Log) + random.IntN(40),
	}
}

// run tries commands until there were at least sixty, and then checks the whole.
func (q *sequence) run(deeds []deed) error {
	if err := q.try(q.first); err != nil {
		return err
	}
	for q.tried < 60 {
		if q.tried >= q.stopped && q.twin == nil {
			twin, err := q.shelf.restore(q.story)
			if err != nil {
				return fmt.Errorf("cannot restore: %w", err)
			}
			q.twin = twin
		}
		if q.random.IntN(6) == 0 {
			q.later(waits[q.random.IntN(len(waits))])
		}
		if err := q.try(deeds[q.random.IntN(len(deeds))]); err != nil {
			return err
		}
	}
	return q.whole()
}

var waits = []time.Duration{time.Millisecond, time.Second, 29 * time.Second, 2 * time.Minute, 5 * time.Minute, 11 * time.Minute, 16 * time.Minute, 31 * time.Minute, 25 * time.Hour}

// try makes one command, in the world and in its twin. Of the refusals some are
// recorded, as a server does.
func (q *sequence) try(d deed) error {
	c := d.make(q.story)
	q.tried++
	q.steps = append(q.steps, strings.TrimSpace(d.verb+" "+d.who))
	before := q.World.Clone()
	recorded, err := q.World.Step(c)
	refusal := refusalOf(err)
	switch {
	case err == nil:
	case refusal == nil:
		return fmt.Errorf("a fault: %w", err)
	case refusal.Person == "" || q.random.IntN(3) > 0:
		return q.agree(c, recorded, refusal, false)
	default:
		if recorded, err = q.World.StepRefused(c, refusal); err != nil {
			return fmt.Errorf("a refusal cannot be recorded: %w", err)
		}
	}
	if !q.World.CountsRight() {
		return errors.New("the world does not count its requests right")
	}
	q.Log = append(q.Log, recorded)
	q.Commands[recorded.Index] = c
	if fault := (transition{before, q.World, c, recorded.Outcome}).broken(); fault != "" {
		return errors.New(fault)
	}
	if err := q.agree(c, recorded, refusal, true); err != nil {
		return err
	}
	q.shelf.keep(q.World, recorded.Changes)
	if q.random.IntN(4) > 0 { // else the next entry comes in the same batch
		q.publish()
	}
	return nil
}

func (q *sequence) publish() {
	q.World.Publish()
	q.shelf.published(q.World)
	if q.twin != nil {
		q.twin.Publish()
	}
}

// agree demands that the restored world answers like the one that never stopped.
func (q *sequence) agree(c cell.Command, recorded cell.Recorded, refusal *cell.Refusal, written bool) error {
	if q.twin == nil {
		return nil
	}
	if err := q.shelf.recall(q.twin, c); err != nil {
		return err
	}
	again, err := q.twin.Step(c)
	if other := refusalOf(err); refusal != nil {
		if other == nil || *other != *refusal {
			return fmt.Errorf("refused (%s: %s), the restored world says %v", refusal.Reason, refusal.Detail, err)
		}
		if !written {
			return nil
		}
		again, err = q.twin.StepRefused(c, other)
	}
	if err != nil {
		return fmt.Errorf("taken, the restored world says: %w", err)
	}
	if string(again.Body) != string(recorded.Body) {
		return fmt.Errorf("the restored world writes\n%s\ninstead of\n%s", again.Body, recorded.Body)
	}
	if _, live := q.twin.KeepStream(recorded.Outcome.Stream); !live {
		q.twin.Evict(recorded.Outcome.Stream)
	}
	return nil
}

// whole checks that replaying and restoring give the world as it is.
func (q *sequence) whole() error {
	q.publish()
	again, err := replayed(q.Cell)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	again.Publish()
	if diff := differ(wholeOf(q.World), wholeOf(again)); diff != "" {
		return fmt.Errorf("replay gives another world (-live +replayed):\n%s", diff)
	}
	restored, err := q.shelf.restore(q.story)
	if err != nil {
		return fmt.Errorf("cannot restore: %w", err)
	}
	if !restored.CountsRight() || !again.CountsRight() {
		return errors.New("a world that was replayed or restored does not count its requests right")
	}
	live := q.World.Clone()
	for stream, on := range q.shelf.live {
		if !on {
			live.Evict(stream)
		}
	}
	if diff := differ(forgetful(wholeOf(live)), forgetful(wholeOf(restored))); diff != "" {
		return fmt.Errorf("restoring gives another world (-live +restored):\n%s", diff)
	}
	return nil
}

// forgetful leaves out what the one may have forgotten and the other not yet:
// nonces and revocations that are over.
func forgetful(all whole) whole {
	for key, used := range all.Used {
		if used.Expires.Before(all.LastAt) {
			delete(all.Used, key)
		}
	}
	for key, revoked := range all.Revoked {
		if revoked.Until.Before(all.LastAt) {
			delete(all.Revoked, key)
		}
	}
	return all
}

// randomDeeds are what sequences try; statements and effects of every kind.
func randomDeeds() []deed {
	all := append(requestDeeds(), effectDeeds()...)
	for i, d := range reviewDeeds() {
		if i%3 == 0 || d.verb == "due" { // enough to write, sign off, send back, be late, and ask then
			all = append(all, d)
		}
	}
	for _, d := range extendDeeds() {
		if d.verb == "extend" && strings.HasPrefix(d.who, "ann, the") || d.verb == "approve" && strings.HasSuffix(d.who, "lead, on call") || d.who == "sue, security" && d.verb == "approve" {
			all = append(all, deed{d.verb, "of an extension: " + d.who, d.make})
		}
	}
	return append(all, changeDeedsAnyTime()...)
}

// changeDeedsAnyTime are the deeds about a change, for when there is one.
func changeDeedsAnyTime() []deed {
	var all []deed
	for _, d := range changeDeeds() {
		all = append(all, deed{d.verb, "of the roster: " + d.who, func(s *story) cell.Command {
			if s.change.IsZero() {
				s.change = s.id
			}
			return d.make(s)
		}})
	}
	return all
}

// TestRandomSequences runs ten thousand lives of at least sixty commands. As the
// first of each is tried in a state of the matrix, they try together every cell
// of it, and then go on from there.
func TestRandomSequences(t *testing.T) {
	lives := 10_000
	if testing.Short() {
		lives = 500
	}
	starts, deeds := startsOf(statesOfRequest), randomDeeds()
	cells := len(starts) * len(deeds)
	var begun, commands, entries atomic.Int64
	var seen sync.Map
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := int(begun.Add(1)) - 1; seed < lives && !t.Failed(); seed = int(begun.Add(1)) - 1 {
				from, first := seed%len(starts), seed/len(starts)%len(deeds)
				q := newSequence(seed, starts[from], deeds, first)
				if err := q.run(deeds); err != nil {
					t.Errorf("seed %d, from %q: %s: %v", seed, q.state, strings.Join(q.steps, "; "), err)
				}
				seen.Store([2]int{from, first}, true)
				commands.Add(int64(q.tried))
				entries.Add(int64(len(q.Log)))
			}
		})
	}
	workers.Wait()
	tried := 0
	seen.Range(func(any, any) bool { tried++; return true })
	t.Logf("%d sequences, %d commands, %d entries; %d of %d cells of the matrix", lives, commands.Load(), entries.Load(), tried, cells)
	if want := min(lives, cells); tried < want {
		t.Errorf("%d cells of the matrix tried, want %d", tried, want)
	}
	if !testing.Short() && lives < cells {
		t.Errorf("%d sequences cannot try %d cells", lives, cells)
	}
}
