package view_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

var everybody = []string{"ann", "bob", "lea", "leo", "sam", "sue", "stranger"}

// everything is all that a view shows to everybody at an instant.
func everything(v *view.Cell, at view.Instant) map[string]any {
	all := map[string]any{"people": v.People(at), "numbers": v.Numbers("sam", at), "changes": v.Changes(), "version": v.Version()}
	all["coverage"], _ = v.Coverage("database-locked-out", "SEV1", at.Now, "sue")
	list := v.Revocations()
	all["revocations"] = fmt.Sprint(list.Number, list.KeyIDs)
	for _, person := range everybody {
		all["now "+person] = v.Now(person, at)
		all["inbox "+person] = v.Inbox(person, at)
		all["scenarios "+person] = v.Scenarios(person)
		all["findings "+person] = v.Findings(person, at)
		page := v.List(person, view.Query{}, at)
		all["list "+person] = page
		for _, row := range page.Rows {
			r, _ := v.Find(row.ID)
			all["request "+person+row.Short] = v.Request(person, r, at)
		}
		explain, _ := v.Explain("database-locked-out", "SEV1", view.Asking{Requester: person, Now: at.Now})
		all["explain "+person] = explain
	}
	return all
}

// agrees demands that the view that followed is the view of the world at the
// end, once that has learned what only entries tell.
func agrees(t testing.TB, s *stage) {
	t.Helper()
	again, err := view.FromWorld(s.World)
	if err != nil {
		t.Fatal(err)
	}
	for _, recorded := range s.Log {
		r, err := view.Recorded(recorded.Index, recorded.Body)
		if err != nil {
			t.Fatal(err)
		}
		again.Learn(r)
	}
	at := view.Instant{Now: s.Now, Heard: map[string]canon.Time{"db-1": s.Now}}
	if diff := cmp.Diff(shown(everything(again, at)), shown(everything(s.View, at))); diff != "" {
		t.Fatalf("the view that followed (+) is not the one of the world (-):\n%s", diff)
	}
	at.Now = at.Now.Add(cell.PageAfter.Duration()) // what closes is overdue by then
	n, found := s.View.Numbers("sam", at), map[view.FindingKind]int{}
	for _, f := range s.View.Findings("sam", at).Findings {
		found[f.Kind]++
	}
	counted := view.Gauges{
		Requests: n.Requests, Leases: n.Leases, Overdue: found[view.FindingOverdue], Failing: found[view.FindingOpening],
		Doubted: found[view.FindingClock] > 0, Uncosigned: found[view.FindingUnwitnessed] > 0,
	}
	if diff := cmp.Diff(counted, s.View.Gauges(at)); diff != "" {
		t.Fatalf("the gauges (+) are not what numbers and findings tell (-):\n%s", diff)
	}
}

func shown(all map[string]any) map[string]string {
	texts := map[string]string{}
	for name, v := range all {
		texts[name] = string(canon.MustEncode(v))
	}
	return texts
}

// TestFollowingIsFolding does whatever comes to mind to a cell, and demands the
// same view from following it as from folding its world at the end.
func TestFollowingIsFolding(t *testing.T) {
	reached := map[string]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		s := sample(t)
		holders := map[canon.Digest]string{}
		switch rapid.SampledFrom([]string{"nothing", "agreed", "open"}).Draw(rt, "begin with") {
		case "agreed":
			id := s.ask("ann", "start", "db-1", "db-2")
			s.do(s.Approve("sam", id))
			s.do(s.Approve("lea", id))
			holders[id] = "start"
		case "open":
			holders[s.granted("start", "db-1", "db-2")] = "start"
		}
		steps := rapid.IntRange(20, 60).Draw(rt, "steps")
		for n := range steps {
			s.later(rapid.SampledFrom([]time.Duration{0, 0, 0, time.Second, time.Minute, 5 * time.Minute, time.Hour}).Draw(rt, "later"))
			command, name, ok := s.draw(rt, n, holders)
			if !ok {
				continue
			}
			recorded, err := s.Do(command)
			if refusal := (*cell.Refusal)(nil); errors.As(err, &refusal) {
				if refusal.Person == "" {
					continue
				}
				if recorded, err = s.World.StepRefused(command, refusal); err == nil {
					s.Log = append(s.Log, recorded)
					s.World.Publish()
				}
			}
			if err != nil {
				rt.Fatal(err)
			}
			s.follow(recorded)
			for _, e := range recorded.Outcome.Events {
				if made, ok := e.(*cell.RequestMade); ok {
					holders[made.Request.ID] = name
				}
			}
		}
		agrees(t, s)
		for _, recorded := range s.Log {
			for _, e := range recorded.Outcome.Events {
				reached[cell.NameOf(e)] = true
			}
		}
		if told := text(t, s.Log); len(told) == 0 {
			rt.Fatal("the timeline is empty")
		}
	})
	if testing.Short() {
		return // too few runs to come everywhere
	}
	for _, name := range []string{"request-made", "agreed", "lease-opened", "credential-authorised", "grant-ended", "lease-closed", "refused", "change-over", "alarm-answered"} {
		if !reached[name] {
			t.Errorf("no run came to %s: the property tried too little", name)
		}
	}
}

// draw makes some command; name is that of the holder key of a new request.
func (s *stage) draw(rt *rapid.T, n int, holders map[canon.Digest]string) (c cell.Command, name string, ok bool) {
	person := rapid.SampledFrom(everybody[:6]).Draw(rt, "person")
	var ids []canon.Digest
	for _, row := range s.View.List("sam", view.Query{}, s.at()).Rows {
		ids = append(ids, row.ID)
	}
	act := rapid.SampledFrom([]string{"ask", "approve", "approve", "approve", "task", "task", "task", "task", "fetch", "fetch", "release", "stop", "deny", "withdraw", "change"}).Draw(rt, "act")
	if act == "ask" || len(ids) == 0 {
		name = fmt.Sprint("holder", n)
		return s.Ask(person, name, rapid.SampledFrom([][]string{{"db-1"}, {"db-1", "db-2"}}).Draw(rt, "targets")...), name, true
	}
	id := rapid.SampledFrom(ids).Draw(rt, "request")
	r, _ := s.View.Find(id)
	switch act {
	case "approve":
		return s.Approve(person, id), "", true
	case "deny":
		return s.Deny(person, id), "", true
	case "stop":
		return s.Stop(person, id), "", true
	case "withdraw":
		return s.By(r.Requester, r.Requester, &statement.Withdraw{Of: id}), "", true
	case "fetch":
		return s.Fetch(r.Requester, holders[id], id, "db-1"), "", true
	case "release":
		return s.Release(r.Requester, holders[id], id, "db-1"), "", true
	case "change":
		if waiting := s.View.Changes(); len(waiting) > 0 {
			return s.Approve(person, waiting[0].ID), "", true
		}
		removal := statement.Removal{Person: rapid.SampledFrom([]string{"bob", "ann"}).Draw(rt, "whom")}
		return s.By(person, person, &statement.Change{Remove: removal, Reason: celltest.Note("left")}), "", true
	}
	return s.drawEffect(rt, id)
}

func (s *stage) drawEffect(rt *rapid.T, id canon.Digest) (cell.Command, string, bool) {
	kind := rapid.SampledFrom([]cell.TaskKind{cell.TaskOpen, cell.TaskOpen, cell.TaskBaseline, cell.TaskDeliver, cell.TaskProve, cell.TaskList,
		cell.TaskExpire, cell.TaskPage, cell.TaskLapse, cell.TaskEnd, cell.TaskAlarm, cell.TaskConsequence, cell.TaskClock}).Draw(rt, "task")
	of := id
	if kind == cell.TaskClock {
		of = canon.Digest{}
	}
	task, ok := first(s.World.Tasks, kind, of, "")
	if !ok || s.Now.Before(task.Due) {
		return cell.Command{}, "", false
	}
	well := rapid.Bool().Draw(rt, "well")
	var result cell.EffectKind
	var o cell.Observed
	switch kind {
	case cell.TaskOpen:
		if result = cell.EffectOpened; !well {
			result, o.Why = cell.EffectOpenFailed, "unreachable"
		}
	case cell.TaskDeliver:
		if result = cell.EffectDelivered; !well {
			result, o.Why = cell.EffectMintFailed, "internal"
		}
	case cell.TaskBaseline:
		result, o = cell.EffectProbed, celltest.Round(access.Accepted, access.Accepted)
	case cell.TaskProve:
		result, o = cell.EffectProbed, celltest.Round(access.Refused, access.Accepted)
	case cell.TaskList:
		result, o = cell.EffectListed, s.Report(task.Target, s.World.List, s.Now)
	case cell.TaskAlarm:
		result, o = cell.EffectAlarmReceipt, cell.Observed{Receipt: &cell.Receipt{Delivered: well, Status: 200}}
	case cell.TaskConsequence:
		result = cell.EffectConsequence
	case cell.TaskClock:
		result = cell.EffectClock
		if well {
			o.Step = -2 * cell.ClockStep
		}
	default:
		result = cell.EffectDue
	}
	return s.Effect(result, task.ID, o), "", true
}

// first is the task of a kind with the least id, so that runs repeat.
func first(tasks map[string]cell.Task, kind cell.TaskKind, of canon.Digest, target string) (cell.Task, bool) {
	var found cell.Task
	for _, id := range slices.Sorted(maps.Keys(tasks)) {
		t := tasks[id]
		if t.Kind == kind && (of.IsZero() || t.Stream == cell.StreamOf(of)) && (target == "" || t.Target == target) {
			return t, true
		}
	}
	return found, false
}

// TestApplyDemandsTheNextEntry: an entry left out or given twice changes
// nothing and asks for a new view.
func TestApplyDemandsTheNextEntry(t *testing.T) {
	s := sample(t)
	before := shown(everything(s.View, s.at()))
	if err := s.View.Apply(s.Log[0], nil); !errors.Is(err, view.ErrRebuild) {
		t.Errorf("an entry given twice: got %v", err)
	}
	if _, err := s.Do(s.Ask("ann", "1", "db-1")); err != nil {
		t.Fatal(err)
	}
	second, err := s.Do(s.Ask("bob", "2", "db-1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.View.Apply(second, nil); !errors.Is(err, view.ErrRebuild) {
		t.Errorf("an entry left out: got %v", err)
	}
	alone := second
	alone.Index = s.View.Version()
	if err := s.View.Apply(alone, nil); !errors.Is(err, view.ErrRebuild) {
		t.Errorf("an entry without its request: got %v", err)
	}
	gone := second
	gone.Index = s.View.Version()
	gone.Outcome = cell.Outcome{Stream: cell.StreamCell, Events: []cell.Event{&cell.ClockDoubted{Step: 1}, &cell.PersonRemoved{Person: "nobody"}}}
	if err := s.View.Apply(gone, nil); !errors.Is(err, view.ErrRebuild) {
		t.Errorf("an impossible event: got %v", err)
	}
	same(t, "after refusing", shown(everything(s.View, s.at())), before)
}

// TestUnsealed: a server that waits for its founders shows that, and no more.
func TestUnsealed(t *testing.T) {
	v, err := view.FromWorld(cell.New(celltest.Origin, nil))
	if err != nil {
		t.Fatal(err)
	}
	at := view.Instant{Now: celltest.Start}
	same(t, "headline", v.Now("ann", at).Headline, "Nothing is open")
	same(t, "notes", v.Now("ann", at).Notes, []string{"the cell is not sealed yet: every founder must sign genesis first"})
	same(t, "people", len(v.People(view.Instant{}).People), 0)
	same(t, "security", v.Security("ann"), false)
	if err := v.Apply(sample(t).Log[0], nil); !errors.Is(err, view.ErrRebuild) {
		t.Errorf("an entry before genesis: got %v", err)
	}
	broken := celltest.Genesis()
	broken.People = append(broken.People, roster.Person{ID: "ann"})
	if _, err := view.New(view.Founding{Genesis: &broken}); err == nil {
		t.Error("a broken genesis was taken")
	}
}

// TestReadersBesideApply has readers look while entries come, for the race
// detector, and demands that they never see half an entry.
func TestReadersBesideApply(t *testing.T) {
	s := sample(t)
	done := make(chan struct{})
	var readers sync.WaitGroup
	at := s.at()
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				for _, live := range s.View.Now("sam", at).Live {
					if live.Grant == nil || len(live.Leases) == 0 {
						t.Error("a live request without its grant")
						return
					}
				}
				s.View.Numbers("sam", s.at())
				s.View.Findings("sam", at)
				s.View.Revocations()
			}
		})
	}
	for n := range 15 {
		id := s.fetched(fmt.Sprint(n), "db-1")
		s.do(s.Stop("sam", id))
	}
	close(done)
	readers.Wait()
	agrees(t, s)
}
