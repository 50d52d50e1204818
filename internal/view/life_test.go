package view_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// scene writes down what people see of a request at one instant.
func (s *stage) scene(b *strings.Builder, title string, id canon.Digest, heard map[string]canon.Time) {
	s.t.Helper()
	r, _ := s.View.Find(id)
	at := view.Instant{Now: s.Now, Heard: heard}
	v := s.View.Request("ann", r, at)
	now := s.View.Now("ann", at)
	fmt.Fprintf(b, "== %s, %s\n%s | %s\n", s.Now.Std().Format("15:04:05"), title, now.Headline, strings.Join(now.Notes, " | "))
	fmt.Fprintf(b, "%s: %s\n", v.State, v.Known)
	if v.Narrowed != nil {
		fmt.Fprintf(b, "narrowed so far: %s of %v\n", v.Narrowed.For, v.Narrowed.Targets)
	}
	if v.Grant != nil {
		fmt.Fprintf(b, "left: %s\n", v.Grant.Remaining)
	}
	for _, leg := range v.Legs {
		fmt.Fprintf(b, "  leg: %s\n", leg.Text)
	}
	for _, lease := range v.Leases {
		fmt.Fprintf(b, "  lease: %s\n", lease.Known)
	}
	for _, step := range v.Next {
		when := "      "
		if !step.At.IsZero() {
			when = step.At.Std().Format("02 15:04:05")
		}
		fmt.Fprintf(b, "  next: %s %s\n", when, step.Text)
	}
	for _, f := range s.View.Findings("sam", at).Findings {
		fmt.Fprintf(b, "  finding: %s: %s\n", f.Kind, f.Text)
	}
	for _, person := range []string{"ann", "bob", "lea", "leo", "sam", "sue"} {
		for _, ask := range s.View.Inbox(person, at).Requests {
			fmt.Fprintf(b, "  inbox of %s: %s %s for %s\n", person, ask.Title, ask.Severity, ask.Legs)
		}
	}
	b.WriteString("\n")
}

// TestLife goes through one emergency and compares every screen, the timeline
// and the request as JSON with what was once read by a person and found good.
func TestLife(t *testing.T) {
	s := sample(t)
	var b strings.Builder
	id := s.ask("ann", "1", "db-1", "db-2")
	s.scene(&b, "asked", id, nil)
	s.later(40 * time.Second)
	narrowed := s.Approve("sam", id)
	narrowed = s.Resign(narrowed, func(st *statement.Statement) {
		st.Body.(*statement.Decision).Narrow = &statement.Narrow{For: 1200}
	})
	s.do(narrowed)
	s.scene(&b, "sam agreed to less", id, nil)
	s.later(21 * time.Second)
	s.do(s.Approve("leo", id))
	s.scene(&b, "leo agreed", id, nil)
	s.effect(cell.TaskOpen, cell.EffectOpened, id, "db-1", cell.Observed{})
	s.effect(cell.TaskOpen, cell.EffectOpenFailed, id, "db-2", cell.Observed{Why: "unreachable"})
	s.effect(cell.TaskAlarm, cell.EffectAlarmReceipt, id, "", cell.Observed{Receipt: &cell.Receipt{Status: 503}})
	s.later(4 * time.Second)
	s.do(s.Fetch("ann", "1", id, "db-1"))
	s.effect(cell.TaskDeliver, cell.EffectDelivered, id, "db-1", cell.Observed{})
	s.effect(cell.TaskBaseline, cell.EffectProbed, id, "db-1", celltest.Round(access.Accepted, access.Accepted))
	s.scene(&b, "one is open, one is not, an alarm is unheard", id, nil)
	s.effect(cell.TaskOpen, cell.EffectOpened, id, "db-2", cell.Observed{})
	s.later(time.Minute)
	s.do(s.Release("ann", "1", id, "db-2"))
	s.scene(&b, "db-2 released", id, nil)
	s.later(3 * time.Minute)
	s.do(s.Fetch("ann", "1", id, "db-1"))
	heard := map[string]canon.Time{"db-1": s.Now}
	s.later(30 * time.Second)
	s.do(s.Stop("sue", id))
	s.scene(&b, "sue stopped it; the host went silent", id, heard)
	golden(t, "closing.json", pretty(t, s.show("ann", id)))
	s.later(cell.PageAfter.Duration())
	s.effect(cell.TaskPage, cell.EffectDue, id, "db-1", cell.Observed{})
	s.scene(&b, "overdue, and never heard since a restart", id, map[string]canon.Time{})
	s.effect(cell.TaskProve, cell.EffectProbed, id, "db-1", celltest.Round(access.Refused, access.Accepted))
	s.scene(&b, "the door is shut", id, map[string]canon.Time{"db-1": s.Now})
	s.later(7 * time.Second)
	s.effect(cell.TaskList, cell.EffectListed, id, "db-1", s.Report("db-1", s.World.List, s.Now))
	s.scene(&b, "proved dead", id, heard)
	golden(t, "screens.txt", b.String())
	golden(t, "timeline.txt", text(t, s.stream(id)))
	golden(t, "settled.json", pretty(t, s.show("ann", id)))
	golden(t, "numbers.json", pretty(t, s.View.Numbers("sam", s.at())))
	agrees(t, s)
}

// TestSaysNoMoreThanIsKnown holds the sentences to promise 3: nothing unproved
// is called closed, and a host that is silent is called silent.
func TestSaysNoMoreThanIsKnown(t *testing.T) {
	s := sample(t)
	id := s.fetched("1", "db-1")
	asked := s.Now
	s.do(s.Stop("sam", id))
	known := func(heard map[string]canon.Time) string {
		r, _ := s.View.Find(id)
		return s.View.Show(r, view.Instant{Now: s.Now, Heard: heard}).Known
	}
	same(t, "just stopped", known(nil), "db-1 is closing since 03:07:00 UTC: 1 credential can live until 03:11:30 UTC")
	s.later(5 * time.Minute)
	same(t, "silent since before", known(map[string]canon.Time{"db-1": asked.Add(-time.Second)}),
		"db-1 is closing since 03:07:00 UTC: the last credential ended at 03:11:30 UTC; that is not recorded as proof yet; host db-1 has not answered since 03:06:59 UTC")
	same(t, "answers", known(map[string]canon.Time{"db-1": s.Now.Add(-time.Second)}),
		"db-1 is closing since 03:07:00 UTC: the last credential ended at 03:11:30 UTC; that is not recorded as proof yet; host db-1 last answered at 03:11:59 UTC")
	s.effect(cell.TaskExpire, cell.EffectDue, id, "db-1", cell.Observed{})
	same(t, "door shut", known(nil), "db-1 is closing since 03:07:00 UTC: no new login is possible since 03:12:00 UTC, but a session may still run: host db-1 has not shown that none is left")
	if strings.Contains(known(nil), "closed") || s.View.Now("ann", s.at()).Headline != "One door is closing, not yet proved dead" {
		t.Errorf("an unproved lease is called closed: %s", s.View.Now("ann", s.at()).Headline)
	}
	s.do(s.By("sue", "sue", &statement.Attest{Of: id, Target: "db-1", Note: celltest.Note("saw it")}))
	same(t, "attested", known(nil), "closed and proved dead: db-1")
	same(t, "lease", s.show("ann", id).Leases[0].Known, "db-1 is closed, proved dead at 03:12:00 UTC: its last credential is over and sue attested")
	same(t, "headline", s.View.Now("ann", s.at()).Headline, "Nothing is open")
}

// TestEveryEndIsTold goes to each state that a request can come to nothing in.
func TestEveryEndIsTold(t *testing.T) {
	for _, c := range []struct {
		name  string
		end   func(s *stage, id canon.Digest)
		known string
		told  string
	}{
		{"denied", func(s *stage, id canon.Digest) { s.do(s.Deny("sam", id)) },
			"denied by sam; nothing was opened", "The request is denied by sam; nothing was opened."},
		{"stopped", func(s *stage, id canon.Digest) { s.do(s.Stop("sue", id)) },
			"stopped before it was agreed; nothing was opened", "sue stopped the request; nothing was opened."},
		{"withdrawn", func(s *stage, id canon.Digest) { s.do(s.By("ann", "ann", &statement.Withdraw{Of: id})) },
			"withdrawn by ann; nothing was opened", "ann withdrew the request; nothing was opened."},
		{"lapsed", func(s *stage, id canon.Digest) {
			s.later(time.Hour)
			s.effect(cell.TaskLapse, cell.EffectDue, id, "", cell.Observed{})
		}, "lapsed: its quorum was not filled in time; nothing was opened", "The request lapsed: its quorum was not filled in time; nothing was opened."},
		{"void", func(s *stage, id canon.Digest) {
			s.remove("sam", "leo", "ann", "")
			s.effect(cell.TaskConsequence, cell.EffectConsequence, id, "", cell.Observed{})
		}, "void: ann was removed; nothing was opened", "The request is void: its requester was removed, its scenario is another now, or entries of the ledger were lost while it waited."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := sample(t)
			id := s.ask("ann", "1", "db-1")
			c.end(s, id)
			v := s.show("sam", id)
			same(t, "known", v.Known, c.known)
			if told := text(t, s.stream(id)); !strings.Contains(told, c.told) {
				t.Errorf("%q is not in\n%s", c.told, told)
			}
			if inbox := s.View.Inbox("lea", s.at()); len(inbox.Requests) != 0 || len(v.Missing) != 0 || len(v.Legs) != 0 {
				t.Errorf("it still asks for signatures: %+v, %v", inbox, v.Missing)
			}
			agrees(t, s)
		})
	}
}

// remove has two people agree to remove a person, or one key of theirs.
func (s *stage) remove(proposer, second, person, key string) {
	s.t.Helper()
	r := s.do(s.By(proposer, proposer, &statement.Change{Remove: statement.Removal{Person: person, Key: key}, Reason: celltest.Note("left")}))
	proposed := r.Outcome.Events[0].(*cell.ChangeProposed)
	if second != "" {
		s.do(s.Approve(second, proposed.Change.ID))
	}
}
