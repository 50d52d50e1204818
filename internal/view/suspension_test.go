package view_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestASuspendedKeyIsSeen: on whose page, as a finding with what it leaves, and in who
// could agree; and it is gone when the suspension is over.
func TestASuspendedKeyIsSeen(t *testing.T) {
	s := sample(t)
	id := s.ask("ann", "1", "db-1")
	suspend := func(person string) *statement.Suspend {
		return &statement.Suspend{Person: person, Key: celltest.Line(person).Fingerprint, Reason: celltest.Note("lost")}
	}
	s.do(s.By("sue", "sue", suspend("leo")))
	s.do(s.By("sam", "sam", suspend("lea")))
	key := func(person string) view.Key {
		people := s.View.People(s.at()).People
		return people[slices.IndexFunc(people, func(p view.Person) bool { return p.ID == person })].Keys[0]
	}
	if got := key("leo").Suspended; got == nil || !slices.Equal(got.By, []string{"sue"}) || !got.Weak || got.Until != s.Log[len(s.Log)-2].Entry.At.Add(4*time.Hour) {
		t.Errorf("leo's key is shown as %+v", got)
	}
	found := s.View.Findings("ann", s.at()).Findings
	at := slices.IndexFunc(found, func(f view.Finding) bool { return f.Kind == view.FindingSuspended })
	if at < 0 || found[at].Urgency != view.UrgencyNow || !strings.Contains(found[at].Text, "nobody can agree by the change quorum and database-locked-out") {
		t.Errorf("%+v", found)
	}
	if c, _ := s.View.Coverage("database-locked-out", "SEV1", s.Now); c.Steps[0].Spare >= 0 {
		t.Errorf("coverage counts suspended keys: %+v", c.Steps[0])
	}
	if known := s.show("ann", id).Known; !strings.Contains(known, "waiting for 2 of 2 signatures") {
		t.Errorf("known: %s", known)
	}
	for range 2 {
		s.later(4 * time.Hour)
		for _, person := range []string{"leo", "lea"} {
			if task, ok := s.Task(cell.TaskSuspension, [32]byte{}, celltest.Line(person).Fingerprint); ok {
				s.do(s.Effect(cell.EffectDue, task.ID, cell.Observed{}))
			}
		}
	}
	if key("leo").Suspended != nil || key("lea").Suspended != nil {
		t.Error("what is over is shown")
	}

	s = sample(t)
	id = s.ask("ann", "1", "db-1")
	s.do(s.By("sue", "sue", suspend("ann")))
	task, ok := s.Task(cell.TaskConsequence, id, "")
	if !ok {
		t.Fatal("ann's request goes on")
	}
	s.do(s.Effect(cell.EffectConsequence, task.ID, cell.Observed{}))
	same(t, "known", s.show("sam", id).Known, "void: the key that asked is suspended; nothing was opened")
}
