package cell_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// next lets a person ask once more at SEV1.
func (s *story) next(person, holder string) *story {
	r := s.Must(s.Ask(person, holder, "db-1"))
	s.id, _ = cell.RequestOf(r.Outcome.Stream)
	return s
}

// TestReviewIsWrittenByOneAndSignedOffByAnother, with a detour: it is sent back,
// and written anew. What is signed off is what was read, not what came after.
func TestReviewIsWrittenByOneAndSignedOffByAnother(t *testing.T) {
	s := reviewable()
	expectRefusal(t, s.Cell, s.By("sam", "sam", s.word(statement.Accept)), cell.WrongReview)
	s.wrote("ann")
	read := s.word(statement.Accept)
	expectRefusal(t, s.Cell, s.By("ann", "ann", read), cell.SelfReview)
	s.returned("sam")
	expectRefusal(t, s.Cell, s.By("lea", "lea", read), cell.WrongReview)
	s.wrote("sue")
	expectRefusal(t, s.Cell, s.By("lea", "lea", read), cell.WrongReview)
	expectRefusal(t, s.Cell, s.By("sue", "sue", s.word(statement.Accept)), cell.SelfReview)
	expectRefusal(t, s.Cell, s.By("ann", "ann", s.word(statement.Accept)), cell.SelfReview)
	if s.World.Evict(cell.StreamOf(s.id)); s.request() == nil {
		t.Fatal("the world let go of a request whose review is open")
	}
	s.signedOff("lea")
	if v := s.request().Review; v.Open() || v.Written.By != "sue" || v.SignedOff.By != "lea" || v.Returned != nil {
		t.Errorf("%+v", v)
	}
	expectRefusal(t, s.Cell, s.By("ann", "ann", reviewOf(s.id, statement.No)), cell.NoReview)
	if _, waits := s.Task(cell.TaskReview, s.id, ""); waits {
		t.Error("a review that is signed off can become overdue")
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestMisuseAlarms: that somebody writes of misuse is told at once, whoever it is;
// that all was well is not.
func TestMisuseAlarms(t *testing.T) {
	for misuse, want := range map[statement.Answer]bool{statement.Yes: true, statement.No: false} {
		s := reviewable()
		r := s.Must(s.By("sam", "sam", reviewOf(s.id, misuse)))
		alarmed := false
		for _, task := range r.Changes.Enqueued {
			alarmed = alarmed || task.Kind == cell.TaskAlarm && task.Event == "review-written"
		}
		if alarmed != want {
			t.Errorf("misuse %s: alarmed %v", misuse, alarmed)
		}
	}
}

// TestOverdueReviewAddsALeg: one of security more, who fills no other place;
// neither fewer approvals nor the ladder go around it.
func TestOverdueReviewAddsALeg(t *testing.T) {
	s := reviewable().late()
	reviewed := s.id
	s.next("bob", "3").approve("sam", "lea")
	late := s.request().Late
	if late == nil || late.Review != reviewed || late.Leg != (access.Leg{From: "group:security", Count: 1}) {
		t.Fatalf("%+v", late)
	}
	s.approve("leo")
	if s.request().State != access.Pending {
		t.Fatal("two leads and one of security fill what needs two of security")
	}
	s.approve("sue")
	if g := s.request().Grant; g == nil || strings.Join(g.By, " ") != "sam lea sue" {
		t.Fatalf("%+v", g)
	}
	replays(t, s.Cell)
	restores(t, s.Cell)

	// The quorum that the ladder fills is the same one.
	s = ladderStory()
	s.granted("db-1").stopped().late()
	s.next("bob", "3").approve("sam", "lea").climbed(1)
	if s.request().State != access.Pending {
		t.Error("a rung fills the quorum without the leg")
	}
	if s.approve("max"); s.request().State != access.Granted {
		t.Error("managers may sign in place of security, and that is where the leg is")
	}
	replays(t, s.Cell)
}

// TestOverdueReviewStopsAtItsScenario, and with its sign-off, late as it may be.
// What was asked before goes on as it was asked.
func TestOverdueReviewStopsAtItsScenario(t *testing.T) {
	s := reviewable()
	reviewed := s.id
	s.later(23*time.Hour+30*time.Minute).next("bob", "3")
	before := s.id
	s.id = reviewed
	s.late()
	sev2 := asking("4", func(r *statement.Request) { r.Severity = "SEV2" })
	expectRefusal(t, s.Cell, s.By("ann", "ann", sev2(s)), cell.LateReview)
	if s.World.Late("guarded") != (canon.Digest{}) {
		t.Error("another scenario is late")
	}
	s.id = before
	if s.approve("sam", "lea"); s.request().State != access.Granted {
		t.Error("a request from before the deadline needs a leg more")
	}
	s.id = reviewed
	s.wrote("ann").signedOff("sue")
	for task, ok := s.Task(cell.TaskAlarm, reviewed, ""); ok; task, ok = s.Task(cell.TaskAlarm, reviewed, "") {
		s.Must(s.Effect(cell.EffectAlarmReceipt, task.ID, cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 200}}))
	}
	if s.World.Evict(cell.StreamOf(reviewed)); s.request() != nil {
		t.Error("the world keeps a request that nothing more is owed of")
	}
	s.Must(s.By("ann", "ann", sev2(s)))
	if s.next("ann", "5"); s.request().Late != nil {
		t.Error("a leg more after the review was signed off")
	}
}

// TestTheWorldKeepsAnOverdueReview, although nothing else can follow in its
// stream: whoever asks next must find it.
func TestTheWorldKeepsAnOverdueReview(t *testing.T) {
	s := reviewable().late()
	for task, ok := s.Task(cell.TaskAlarm, s.id, ""); ok; task, ok = s.Task(cell.TaskAlarm, s.id, "") {
		s.Must(s.Effect(cell.EffectAlarmReceipt, task.ID, cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 200}}))
	}
	if _, live := s.World.KeepStream(cell.StreamOf(s.id)); !live {
		t.Error("a server that restarts would not know the review")
	}
	s.World.Evict(cell.StreamOf(s.id))
	if s.next("bob", "3").request().Late == nil {
		t.Error("the review is forgotten")
	}
	restores(t, s.Cell)
}

// TestOverdueReviewNeverBlocksTheGravest: a leg that nobody could fill is not
// added: who is needed elsewhere cannot fill it, nor who asks, nor a key that is
// cooling off, nor one that can never prove enough.
func TestOverdueReviewNeverBlocksTheGravest(t *testing.T) {
	for name, s := range map[string]*story{
		"sue is gone": reviewable().late().removeBy("sue", "sam", "lea"),
		"sue's key cools off": func() *story {
			s := reviewable().late()
			s.Amend(s.Amending(func(g *cell.Genesis) {
				withoutRoy(g)
				for i := range g.People {
					if g.People[i].ID == "sue" {
						g.People[i].Keys[0] = celltest.Line("sue again")
					}
				}
			}))
			return s
		}(),
	} {
		s.next("bob", "3")
		if late := s.request().Late; late == nil || late.Leg.Count != 0 {
			t.Fatalf("%s: %+v", name, late)
		}
		if s.approve("sam", "lea"); s.request().State != access.Granted {
			t.Errorf("%s: SEV1 is blocked", name)
		}
		replays(t, s.Cell)
	}
	g, of := celltest.Genesis(), celltest.Scenario()
	delete(of.Severities, "SEV1")
	s := &story{Cell: celltest.New(g, of)}
	ask := func(holder string) *story {
		r := s.Must(s.By("ann", "ann", asking(holder, func(r *statement.Request) { r.Severity = "SEV2" })(s)))
		s.id, _ = cell.RequestOf(r.Outcome.Stream)
		return s
	}
	ask("1").approve("sam", "sue").stopped().late()
	if ask("2").approve("sam", "sue"); s.request().State != access.Granted {
		t.Error("a scenario whose gravest severity is SEV2 is blocked")
	}
}

// TestOverdueWaitsForTheClock: a clock in doubt makes no debts.
func TestOverdueWaitsForTheClock(t *testing.T) {
	s := reviewable().later(48 * time.Hour).stepped(45_000)
	task, _ := s.Task(cell.TaskReview, s.id, "")
	expectRefusal(t, s.Cell, s.Effect(cell.EffectDue, task.ID, cell.Observed{}), cell.ClockInDoubt)
	s.stepped(0).late()
}

// TestReviewsOfOlderRulesAreNeverOverdue: they are written and signed off once
// the rules know how.
func TestReviewsOfOlderRulesAreNeverOverdue(t *testing.T) {
	s := oldStory().granted("db-1").opened("db-1").stopped()
	expectRefusal(t, s.Cell, s.By("ann", "ann", reviewOf(s.id, statement.No)), cell.RulesTooOld)
	s.raise(2)
	s.Must(s.Approve("lea", s.change))
	if _, waits := s.Task(cell.TaskReview, s.id, ""); waits {
		t.Error("a review that rules 1 opened can be overdue")
	}
	s.wrote("ann").signedOff("sam")
	replays(t, s.Cell)
}

// TestEvidenceOfOneRequestShowsTheLeg: whoever has the entries of the cell and of
// one request replays it, the leg included; and whoever has all finds out when
// an entry names no review, or another.
func TestEvidenceOfOneRequestShowsTheLeg(t *testing.T) {
	s := reviewable().late()
	reviewed := s.id
	s.next("bob", "3").approve("sam", "lea", "sue")
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	for i, recorded := range s.Log {
		if stream := recorded.Outcome.Stream; stream != cell.StreamCell && stream != cell.StreamOf(s.id) {
			continue
		}
		if _, err := w.ReplayAt(recorded.Index, prepared(t, s, recorded)); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if late := w.Requests[s.id].Late; late == nil || late.Review != reviewed || late.Leg.Count != 1 {
		t.Errorf("%+v", late)
	}

	for name, said := range map[string]canon.Digest{"none": {}, "another": canon.Sum([]byte("another"))} {
		forged := forgeLate(t, s, said)
		full := cell.New(celltest.Origin, s.Attachments())
		var err error
		for _, recorded := range s.Log {
			p := prepared(t, s, recorded)
			if recorded.Outcome.Stream == cell.StreamOf(s.id) {
				p.Body, p.Command.Observed.Late = forged, said
				_, err = full.Replay(p)
				break
			}
			if _, err := full.Replay(p); err != nil {
				t.Fatal(err)
			}
		}
		if err == nil {
			t.Errorf("a whole ledger verifies in which a request names %s as overdue", name)
		}
	}
}

func prepared(t *testing.T, s *story, recorded cell.Recorded) cell.Prepared {
	t.Helper()
	command := commandOf(t, s.Cell, recorded)
	if recorded.Entry.Observed != nil {
		if err := canon.Decode(recorded.Entry.Observed, 1<<16, &command.Observed); err != nil {
			t.Fatal(err)
		}
	}
	return cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: command}
}

// forgeLate is the entry of the newest request as a world would write it that is
// told another overdue review.
func forgeLate(t *testing.T, s *story, said canon.Digest) []byte {
	t.Helper()
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	for _, recorded := range s.Log {
		stream := recorded.Outcome.Stream
		if stream != cell.StreamCell && stream != cell.StreamOf(s.id) {
			continue
		}
		p := prepared(t, s, recorded)
		if stream == cell.StreamOf(s.id) {
			if p.Command.Observed.Late = said; p.Command.Observed.Published {
				w.Publish()
			}
			forged, err := w.Step(p.Command)
			if err != nil {
				t.Fatal(err)
			}
			return forged.Body
		}
		if _, err := w.ReplayAt(recorded.Index, p); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("no such request")
	return nil
}
