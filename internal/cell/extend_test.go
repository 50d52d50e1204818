package cell_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// until demands when ann's grant ends, and that the task that ends it is due then.
func (s *story) until(t *testing.T, want canon.Time) {
	t.Helper()
	if got := s.request().Grant.Until; got != want {
		t.Fatalf("the grant ends at %s, want %s", got, want)
	}
	var due []canon.Time
	for _, id := range s.World.TasksOf(cell.StreamOf(s.id)) {
		if task := s.World.Tasks[id]; task.Kind == cell.TaskEnd {
			due = append(due, task.Due)
		}
	}
	if !slices.Equal(due, []canon.Time{want}) {
		t.Fatalf("the end is due at %v, want %s", due, want)
	}
}

// TestT44ExtendAsksTheQuorumAnew: nothing that was signed before counts, and the
// certificate is renewed past the old end.
func TestT44ExtendAsksTheQuorumAnew(t *testing.T) {
	s := extendable().extending()
	old := s.request().Grant.Until
	expectRefusal(t, s.Cell, s.Approve("ann", s.waits()), cell.SelfApproval)
	expectRefusal(t, s.Cell, s.Approve("bob", s.waits()), cell.NotApprover)
	expectRefusal(t, s.Cell, s.Approve("lea", s.id), cell.NotPending)
	expect(t, s.Must(s.Approve("lea", s.waits())), "extension-decided")
	s.until(t, old)
	expectRefusal(t, s.Cell, s.Approve("lea", s.waits()), cell.AlreadyDecided)
	s.later(time.Minute)
	end := s.Now.Add(30 * time.Minute)
	last := s.Must(s.Approve("sue", s.waits()))
	expect(t, last, "extension-decided", "extended")
	if by := last.Outcome.Events[1].(*cell.Extended).By; !slices.Equal(by, []string{"lea", "sue"}) {
		t.Errorf("extended by %v", by)
	}
	s.until(t, end)
	s.later(15 * time.Minute) // the old end is past
	authorised := s.Must(s.fetch("db-1")).Outcome.Events[0].(*cell.CredentialAuthorised)
	if !authorised.Before.After(old) {
		t.Errorf("the certificate ends at %s, within the old window", authorised.Before)
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT44ExtendNeverWithoutANewQuorum: one of the two legs, the same person twice
// and who agreed to the request are not enough.
func TestT44ExtendNeverWithoutANewQuorum(t *testing.T) {
	s := extendable().extending().longer("sam")
	old := s.request().Grant.Until
	expect(t, s.Must(s.Approve("sue", s.waits())), "extension-decided")
	expectRefusal(t, s.Cell, s.Approve("sam", s.waits()), cell.AlreadyDecided)
	s.until(t, old)
	s.later(10 * time.Minute)
	expectRefusal(t, s.Cell, s.Approve("lea", s.waits()), cell.NotPending)
	s.effect(cell.EffectDue, cell.TaskEnd, "", cell.Observed{})
	expectRefusal(t, s.Cell, s.Approve("lea", s.waits()), cell.UnknownSubject)
	if e := s.request().Extensions[0]; e.State != access.Lapsed || s.request().State != access.Ended {
		t.Errorf("the extension is %s, the request %s", e.State, s.request().State)
	}
	expectRefusal(t, s.Cell, s.By("ann", "ann", extension(s.id, 1800)), cell.NotLive)
}

// TestT44ExtendByWhoeverAsked alone: not by an approver, and not by the holder key.
func TestT44ExtendByWhoeverAsked(t *testing.T) {
	s := extendable()
	for _, person := range []string{"bob", "sam", "lea"} {
		expectRefusal(t, s.Cell, s.By(person, person, extension(s.id, 1800)), cell.NotAllowed)
	}
	expectRefusal(t, s.Cell, s.By("ann", "holder 1", extension(s.id, 1800)), cell.UnknownKey)
}

// TestT05ExtendThenAskForAnother: what agrees to one extension is no agreement to
// another.
func TestT05ExtendThenAskForAnother(t *testing.T) {
	s := extendable().extending().longer("sam")
	first := s.waits()
	s.extending()
	expectRefusal(t, s.Cell, s.Approve("lea", first), cell.UnknownSubject)
	expect(t, s.Must(s.Approve("lea", s.waits())), "extension-decided")
	expect(t, s.Must(s.Approve("sam", s.waits())), "extension-decided", "extended")
}

// TestExtendDenied: a no leaves the grant as it is; no to the request vetoes it.
func TestExtendDenied(t *testing.T) {
	s := extendable().extending().longer("sam")
	expect(t, s.Must(s.Deny("leo", s.waits())), "extension-decided")
	expectRefusal(t, s.Cell, s.Approve("lea", s.waits()), cell.UnknownSubject)
	expect(t, s.Must(s.fetch("db-1")), "credential-authorised")
	s.extending()
	if r := s.Must(s.Deny("leo", s.id)); names(r)[1] != "grant-ended" {
		t.Errorf("events %v", names(r))
	}
	if e := s.request().Extensions[1]; e.State != access.Lapsed {
		t.Errorf("the extension is %s", e.State)
	}
}

// TestI4ExtendHasCeilings: the scenario's from the agreement, half a day in all,
// and the shortest window while the clock is in doubt.
func TestI4ExtendHasCeilings(t *testing.T) {
	s := extendable()
	body := extension(s.id, 1800)
	body.For = 3601
	expectRefusal(t, s.Cell, s.By("ann", "ann", body), cell.TooLong)
	body.For = 600 // ends when the grant does
	expectRefusal(t, s.Cell, s.By("ann", "ann", body), cell.NotLonger)
	body.For = 3600
	begun := s.request().Grant.From
	for range 11 {
		s.Must(s.By("ann", "ann", body))
		s.longer("sam", "lea").until(t, s.Now.Add(time.Hour))
		s.later(59 * time.Minute)
	}
	s.Must(s.By("ann", "ann", body))
	s.longer("sam", "lea").until(t, begun.Add(12*time.Hour))
	expectRefusal(t, s.Cell, s.By("ann", "ann", body), cell.NotLonger)

	s = extendable().extending().longer("sam").stepped(45_000)
	s.longer("lea").until(t, s.Now.Add(15*time.Minute))
	expectRefusal(t, s.Cell, s.By("ann", "ann", extension(s.id, 1800)), cell.NotLonger)
}

// TestT18ExtendIsAskedForSoOften and no more.
func TestT18ExtendIsAskedForSoOften(t *testing.T) {
	s := extendable()
	for range access.ExtensionsMost {
		s.extending()
	}
	expectRefusal(t, s.Cell, s.By("ann", "ann", extension(s.id, 1800)), cell.TooMany)
}

// TestI5ExtendNarrows: approvers leave out a target, and it closes; none comes in.
func TestI5ExtendNarrows(t *testing.T) {
	s := newStory().granted("db-1", "db-2").opened("db-1", "db-2").fetched("db-1").later(20 * time.Minute)
	expectRefusal(t, s.Cell, s.By("ann", "ann", extension(s.id, 1800, "db-3")), cell.UnknownTarget)
	s.extending()
	expectRefusal(t, s.Cell, s.By("sam", "sam", narrowing(s.waits(), statement.Narrow{Targets: []string{"db-3"}})), cell.Widening)
	expectRefusal(t, s.Cell, s.By("sam", "sam", narrowing(s.waits(), statement.Narrow{For: 3600})), cell.Widening)
	s.Must(s.By("sam", "sam", narrowing(s.waits(), statement.Narrow{For: 1200, Targets: []string{"db-1"}})))
	expect(t, s.Must(s.Approve("lea", s.waits())), "extension-decided", "extended", "lease-closing", "lease-proved", "lease-closed")
	s.until(t, s.Now.Add(20*time.Minute))
	expectRefusal(t, s.Cell, s.By("ann", "ann", extension(s.id, 1800, "db-2")), cell.UnknownTarget)
	expect(t, s.Must(s.fetch("db-1")), "credential-authorised")
	replays(t, s.Cell)
}

// withSpare gives a person another key.
func withSpare(person string) func(*cell.Genesis) {
	return func(g *cell.Genesis) {
		i := slices.IndexFunc(g.People, func(p roster.Person) bool { return p.ID == person })
		g.People[i].Keys = append(slices.Clip(g.People[i].Keys), celltest.Line(person+"'s spare"))
	}
}

// TestT31ExtendNotByWhatWasRemoved: neither by a key that asked and is gone, nor
// by one that was added lately, of either side.
func TestT31ExtendNotByWhatWasRemoved(t *testing.T) {
	s := newStory().granted("db-1").opened("db-1")
	s.Amend(s.Amending(lets("bob", withSpare("ann"), withSpare("lea"))))
	s.later(20 * time.Minute)
	s.extending()
	expectRefusal(t, s.Cell, s.By("ann", "ann's spare", extension(s.id, 1800)), cell.CoolingOff)
	d := &statement.Decision{Of: s.waits(), Verdict: statement.Approve, Check: statement.Video}
	expectRefusal(t, s.Cell, s.By("lea", "lea's spare", d), cell.CoolingOff)
	old := s.request().Grant.Until
	s.longer("sam").removeKey("ann")
	expect(t, s.Must(s.Approve("leo", s.waits())), "extension-decided")
	s.until(t, old)
}

// TestT14ExtendNotByWhoWidened: lea, who agreed to what widened the scenario, asks
// for no more time under it, and what she asked before is not agreed to.
func TestT14ExtendNotByWhoWidened(t *testing.T) {
	s := newStory()
	ask := s.Must(s.Ask("lea", "9", "db-1"))
	s.id, _ = cell.RequestOf(ask.Outcome.Stream)
	s.approve("sam", "leo")
	s.Must(s.By("lea", "lea", extension(s.id, 2400)))
	s.Amend(s.Amending(lets("bob")))
	expectRefusal(t, s.Cell, s.Approve("sue", s.waits()), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.By("lea", "lea", extension(s.id, 2400)), cell.CoolingOff)
	expect(t, s.Must(s.Deny("sue", s.waits())), "extension-decided")
}

// TestExtendOwesTheReview: while a review of the scenario is overdue, more time is
// given like new access: at its gravest severity, with one more of security.
func TestExtendOwesTheReview(t *testing.T) {
	s := reviewable()
	due, _ := s.Task(cell.TaskReview, s.id, "")
	s.Now = canon.Later(s.Now, due.Due)
	first := s.id
	ask := s.Must(s.Ask("ann", "2", "db-1"))
	s.id, _ = cell.RequestOf(ask.Outcome.Stream)
	s.approve("sam", "lea").later(20 * time.Minute)
	s.Must(s.Effect(cell.EffectDue, due.ID, cell.Observed{}))
	s.extending()
	e := s.request().Extensions[0]
	if e.Late == nil || e.Late.Review != first || e.Late.Leg.Count != 1 {
		t.Fatalf("asked in spite of %+v", e.Late)
	}
	old := s.request().Grant.Until
	s.longer("sam", "lea").until(t, old)
	expect(t, s.Must(s.Approve("sue", s.waits())), "extension-decided", "extended")
	replays(t, s.Cell)
	restores(t, s.Cell)

	s = reviewable()
	due, _ = s.Task(cell.TaskReview, s.id, "")
	s.Now = canon.Later(s.Now, due.Due)
	minor := asking("3", func(r *statement.Request) { r.Severity, r.For = "SEV3", 900 })(s)
	ask = s.Must(s.By("ann", "ann", minor))
	s.id, _ = cell.RequestOf(ask.Outcome.Stream)
	s.approve("max")
	s.Must(s.Effect(cell.EffectDue, due.ID, cell.Observed{}))
	body := extension(s.id, 1800)
	body.For = 900
	s.later(5 * time.Minute)
	expectRefusal(t, s.Cell, s.By("ann", "ann", body), cell.LateReview)
}

// TestI3ExtendRevivesNothingAfterAnEpoch: what was granted in entries before some
// were lost is not extended, though nobody has ended it yet.
func TestI3ExtendRevivesNothingAfterAnEpoch(t *testing.T) {
	s := extendable().extending().longer("sam")
	begun := s.begun()
	expectRefusal(t, begun.Cell, begun.By("ann", "ann", extension(s.id, 1800)), cell.NotLive)
	old := begun.request().Grant.Until
	expect(t, begun.Must(begun.Approve("lea", begun.waits())), "extension-decided")
	begun.until(t, old)
}

// TestExtendTellsPrograms: what a program opened with the old end is opened with
// the new one.
func TestExtendTellsPrograms(t *testing.T) {
	s := programStory().granted("db-1", "lists").opened("db-1", "lists").later(20 * time.Minute)
	s.Must(s.By("ann", "ann", extension(s.id, 3600)))
	if _, waits := s.Task(cell.TaskOpen, s.id, "lists"); waits {
		t.Fatal("it is being opened before the extension")
	}
	s.longer("sam", "lea")
	if _, waits := s.Task(cell.TaskOpen, s.id, "lists"); !waits {
		t.Error("the program is not told of the new end")
	}
}

// TestRandomExtensions lives on at random from every state of an extension.
func TestRandomExtensions(t *testing.T) {
	lives := 1500
	if testing.Short() {
		lives = 150
	}
	starts, deeds := startsOf(statesOfExtension), append(extendDeeds(), effectDeeds()...)
	for seed := range lives {
		q := newSequence(seed, starts[seed%len(starts)], deeds, seed/len(starts)%len(deeds))
		if err := q.run(deeds); err != nil {
			t.Fatalf("seed %d, from %q: %s: %v", seed, q.state, strings.Join(q.steps, "; "), err)
		}
	}
}
