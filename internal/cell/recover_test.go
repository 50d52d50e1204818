package cell_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// days lets the days of a recovery pass, each with its reminder, and gives the
// entry of the last.
func (s *story) days(t *testing.T, n int) cell.Recorded {
	t.Helper()
	var last cell.Recorded
	for range n {
		s.later(24 * time.Hour)
		last = s.Must(s.due())
	}
	return last
}

// TestRecoveryAfterEveryKeyIsLost: nobody of the change quorum can sign any more;
// two trustees put other keys in place, everybody hears of it each day for a week,
// and then the new keys cool off as any others.
func TestRecoveryAfterEveryKeyIsLost(t *testing.T) {
	s := recoverable().recovering(func(g *cell.Genesis) {
		withoutRoy(g)
		for _, person := range []string{"sam", "sue", "lea", "leo"} {
			celltest.Rekeyed(person, person+"'s new")(g)
		}
	})
	expect(t, s.Must(s.Approve("wil", s.change)), "change-decided", "recovery-agreed")
	for day := 1; day <= 6; day++ {
		expect(t, s.days(t, 1), "recovery-waits")
		if s.World.Document != s.World.GenesisDigest {
			t.Fatalf("in force after %d days", day)
		}
		told := 0
		for _, task := range s.World.Tasks {
			if task.Kind == cell.TaskAlarm && task.Event == "recovery-waits" && task.Target == s.change.String() {
				told++
			}
		}
		if told != day {
			t.Fatalf("after %d days %d alarms", day, told)
		}
	}
	expect(t, s.days(t, 1), "change-over", "key-removed", "key-removed", "key-removed", "key-removed", "amended", "key-added", "key-added", "key-added", "key-added")
	ask := s.Must(s.Ask("ann", "late", "db-1"))
	id, _ := cell.RequestOf(ask.Outcome.Stream)
	yes := &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.InPerson}
	expectRefusal(t, s.Cell, s.By("sam", "sam", yes), cell.KeyRemovedReason)
	expectRefusal(t, s.Cell, s.By("sam", "sam's new", yes), cell.CoolingOff)
	s.later(72 * time.Hour)
	ask = s.Must(s.Ask("ann", "later", "db-1"))
	id, _ = cell.RequestOf(ask.Outcome.Stream)
	yes.Of = id
	s.Must(s.By("sam", "sam's new", yes))
	expect(t, s.Must(s.By("lea", "lea's new", yes)), "decided", "agreed")
	replays(t, s.Cell)
	restores(t, s.Cell)
	s.fromTheCellAlone(t)
}

// fromTheCellAlone replays a story from the entries of the cell, as evidence of any
// request has them.
func (s *story) fromTheCellAlone(t *testing.T) {
	t.Helper()
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	for i, recorded := range s.Log {
		if recorded.Outcome.Stream != cell.StreamCell {
			continue
		}
		if _, err := w.ReplayAt(recorded.Index, prepared(t, s, recorded)); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if w.Document != s.World.Document || len(w.Changes) != len(s.World.Changes) {
		t.Error("evidence ends elsewhere than the ledger")
	}
}

// TestT31TakeoverThroughRecovery: a recovery quorum that turned against the cell
// must say so, to everybody, for a week; those whom it would remove are enough to
// cancel it, and the very same signatures begin nothing again.
func TestT31TakeoverThroughRecovery(t *testing.T) {
	s := recoverable()
	coup := s.Recovering(func(g *cell.Genesis) {
		without("sam")(g)
		without("lea")(g)
		g.Groups["security"], g.Groups["leads"] = []string{"vic", "sue"}, []string{"wil", "zoe"}
		g.Founders = []string{"vic"}
	})
	first := s.By("vic", "vic", coup)
	r := s.Must(first)
	s.change = r.Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	second := s.Approve("wil", s.change)
	agreed := s.Must(second)
	expect(t, agreed, "change-decided", "recovery-agreed")
	if told, ok := agreed.Outcome.Events[1].(*cell.RecoveryAgreed); !ok || !slices.Equal(told.Removes, []string{"lea", "sam"}) {
		t.Fatalf("%+v", agreed.Outcome.Events[1])
	}
	s.later(notice - time.Minute)
	expectRefusal(t, s.Cell, s.By("wil", "wil", &statement.Decision{Of: s.change, Verdict: statement.Deny, Check: statement.InPerson}), cell.NotPending)
	for person, want := range map[string]cell.Reason{"ann": cell.NotApprover, "bob": cell.NotApprover, "eve": cell.UnknownKey, "roy": cell.KeyRemovedReason} {
		expectRefusal(t, s.Cell, s.Cancel(person, s.change), want)
	}
	no := s.Cancel("sam", s.change)
	expect(t, s.Must(no), "change-decided")
	expectRefusal(t, s.Cell, s.Cancel("sam", s.change), cell.AlreadyDecided)
	expectRefusal(t, s.Cell, no, cell.NonceUsed)
	over := s.Must(s.Cancel("lea", s.change))
	expect(t, over, "change-decided", "recovery-over")
	if len(s.World.Changes) != 0 || !s.World.Roster.Has("sam") {
		t.Fatal("it waits still")
	}
	expectRefusal(t, s.Cell, s.due(), cell.UnknownTask)
	expectRefusal(t, s.Cell, s.Cancel("sue", s.change), cell.UnknownSubject)
	for _, again := range []cell.Command{first, second} {
		again.At = s.Now
		expectRefusal(t, s.Cell, again, cell.StatementExpired)
	}
	replays(t, s.Cell)
	s.fromTheCellAlone(t)
}

// TestT31NobodyAloneEndsARecovery: who suspends a key that agreed has it wait, and not
// end: to cancel it takes two.
func TestT31NobodyAloneEndsARecovery(t *testing.T) {
	s := noticed().later(24*time.Hour-time.Minute).suspends("sue", "wil").later(time.Minute)
	expect(t, s.Must(s.due()), "recovery-waits")
	s.later(4 * time.Hour)
	s.Must(s.lapse("wil"))
	s.later(20 * time.Hour)
	for range 5 {
		expect(t, s.Must(s.due()), "recovery-waits")
		s.later(24 * time.Hour)
	}
	late := s.fork()
	late.suspends("sue", "wil")
	expect(t, late.Must(late.due()), "recovery-waits")
	late.later(4 * time.Hour)
	late.Must(late.lapse("wil"))
	if r := late.Must(late.due()); r.Outcome.Events[0].(*cell.ChangeOver).State != cell.ChangeDone {
		t.Errorf("%+v", r.Outcome.Events[0])
	}
	s.meanwhile(unkeyed("wil"))
	expect(t, s.Must(s.due()), "recovery-over")
	replays(t, late.Cell)
	restores(t, late.Cell)
}

// TestT22NoCancelledRecoveryTwice: while they are fresh, too, the signatures of a
// recovery that was cancelled begin and agree to nothing.
func TestT22NoCancelledRecoveryTwice(t *testing.T) {
	s := recoverable()
	first := s.By("vic", "vic", s.Recovering(leoForKim))
	s.change = s.Must(first).Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	second := s.Approve("wil", s.change)
	s.Must(second)
	s.cancels("leo", "lea")
	expectRefusal(t, s.Cell, first, cell.NonceUsed)
	expectRefusal(t, s.Cell, second, cell.NonceUsed)
	s.recovering(leoForKim) // another statement may, and needs everything anew
	if len(s.World.Changes[s.change].Decisions) != 1 {
		t.Error("what was cancelled counts again")
	}
}

// TestT10WhoRecoversMayNotAsk under what the recovery widened, before its cool-off
// is over: nobody lets themselves in.
func TestT10WhoRecoversMayNotAsk(t *testing.T) {
	s := recoverable().recovering(func(g *cell.Genesis) {
		withoutRoy(g)
		g.Groups["on-call"] = append(g.Groups["on-call"], "vic", "wil", "zoe")
	}).agrees("wil").later(notice)
	s.Must(s.due())
	expectRefusal(t, s.Cell, s.Ask("vic", "vic's", "db-1"), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.Ask("wil", "wil's", "db-1"), cell.CoolingOff)
	s.Must(s.Ask("zoe", "zoe's", "db-1")) // who signed nothing
}

// TestT10NobodyRecoversAlone, by another's name, by the wrong quorum, twice, or with
// whom it removes.
func TestT10NobodyRecoversAlone(t *testing.T) {
	s := recoverable()
	for person, want := range map[string]cell.Reason{"sam": cell.NotAllowed, "lea": cell.NotAllowed, "ann": cell.NotAllowed, "eve": cell.UnknownKey} {
		expectRefusal(t, s.Cell, s.By(person, person, s.Recovering(leoForKim)), want)
	}
	expectRefusal(t, s.Cell, s.By("wil", "vic", s.Recovering(leoForKim)), cell.NotYours)
	s.recovering(func(g *cell.Genesis) { without("wil")(g); g.Groups["trustees"] = []string{"vic", "zoe"} })
	expectRefusal(t, s.Cell, s.Approve("vic", s.change), cell.AlreadyDecided)
	expectRefusal(t, s.Cell, s.Approve("wil", s.change), cell.SelfApproval)
	expectRefusal(t, s.Cell, s.Approve("sam", s.change), cell.NotApprover)
	expectRefusal(t, s.Cell, s.Approve("lea", s.change), cell.NotApprover)
	expect(t, s.Must(s.Approve("zoe", s.change)), "change-decided", "recovery-agreed")
}

// TestT10RecoveryTouchesPeopleAlone: whatever else a document says must be what is
// in force, and the refusal replays without the files of the proposal.
func TestT10RecoveryTouchesPeopleAlone(t *testing.T) {
	for name, change := range map[string]func(*cell.Genesis){
		"change":   func(g *cell.Genesis) { g.Change = g.Change[:1] },
		"recovery": func(g *cell.Genesis) { g.Recovery = cell.Recovery{} },
		"notice":   func(g *cell.Genesis) { g.Recovery.Notice = cell.NoticeMost },
		"security": func(g *cell.Genesis) { g.Security = "group:trustees" },
		"cool_off": func(g *cell.Genesis) { g.CoolOff = 3600 },
		"pending":  func(g *cell.Genesis) { g.Pending = 60 },
		"hosts":    func(g *cell.Genesis) { g.Hosts = g.Hosts[:1] },
		"channels": func(g *cell.Genesis) { g.Channels = nil },
		"programs": func(g *cell.Genesis) { g.Programs = []cell.Program{{ID: "vpn", Opens: "the network"}} },
		"scenarios": func(g *cell.Genesis) {
			g.Scenarios = slices.DeleteFunc(g.Scenarios, func(r cell.ScenarioRef) bool { return r.ID == "guarded" })
		},
	} {
		s := recoverable()
		command := s.By("vic", "vic", s.Recovering(func(g *cell.Genesis) { withoutRoy(g); change(g) }))
		expectRefusal(t, s.Cell, command, cell.NotAmendable)
		_, err := cell.Decide(s.World, command)
		if _, err := s.Refuse(command, refusalOf(err)); err != nil {
			t.Fatal(name, err)
		}
		delete(s.Beside, command.Signed.Statement.Body.(*statement.Recover).To.Digest)
		if _, err := replayed(s.Cell); err != nil {
			t.Error(name, err)
		}
	}
	newScenario := recoverable()
	body := newScenario.Amending(withoutRoy, second()).Amend
	body.With = nil
	expectRefusal(t, newScenario.Cell, newScenario.By("vic", "vic", &statement.Recover{Amend: *body, Reason: celltest.Note("x")}), cell.NotAmendable)
}

// TestRecoveryOfACrowd tells of everybody whom it adds, in one entry.
func TestRecoveryOfACrowd(t *testing.T) {
	long := strings.Repeat("x", 60)
	s := recoverable().recovering(func(g *cell.Genesis) {
		withoutRoy(g)
		for i := range cell.AmendMost {
			g.People = append(g.People, people(fmt.Sprintf("%s%03d", long, i))...)
		}
	})
	agreed := s.Must(s.Approve("wil", s.change))
	if told := agreed.Outcome.Events[1].(*cell.RecoveryAgreed); len(told.Adds) != cell.AmendMost {
		t.Errorf("%d are told of", len(told.Adds))
	}
	s.later(notice)
	expect(t, s.Must(s.due()), slices.Concat([]string{"change-over", "amended"}, slices.Repeat([]string{"key-added"}, cell.AmendMost))...)
	replays(t, s.Cell)
}

// TestT06NoRecoveryQuorumOfNothing is in force for nobody, nor one of a single
// person, nor one that is sooner than a week.
func TestT06NoRecoveryQuorumOfNothing(t *testing.T) {
	two := access.Quorum{{From: "group:trustees", Count: 2}}
	for name, recovery := range map[string]cell.Recovery{
		"nobody":         {Notice: cell.NoticeLeast},
		"a leg of none":  {Quorum: access.Quorum{{From: "group:trustees"}, two[0]}, Notice: cell.NoticeLeast},
		"no such group":  {Quorum: access.Quorum{two[0], {From: "group:nobody", Count: 1}}, Notice: cell.NoticeLeast},
		"four of three":  {Quorum: access.Quorum{{From: "group:trustees", Count: 4}}, Notice: cell.NoticeLeast},
		"one alone":      {Quorum: access.Quorum{{From: "group:trustees", Count: 1}}, Notice: cell.NoticeLeast},
		"no notice":      {Quorum: two},
		"a shorter week": {Quorum: two, Notice: cell.NoticeLeast - 1},
		"for ever":       {Quorum: two, Notice: cell.NoticeMost + 1},
	} {
		g := celltest.Genesis()
		celltest.WithTrustees(&g)
		g.Recovery = recovery
		if _, err := g.Check(); err == nil {
			t.Errorf("%s: genesis is taken", name)
		}
		s := recoverable()
		expectRefusal(t, s.Cell, s.By("sam", "sam", s.Amending(func(g *cell.Genesis) { withoutRoy(g); g.Recovery = recovery })), cell.NotAmendable)
	}
	s := newStory()
	expectRefusal(t, s.Cell, s.By("sam", "sam", s.Recovering(leoForKim)), cell.NotAllowed)
	g := celltest.Genesis()
	celltest.WithTrustees(&g)
	g.Rules = 1
	old := &story{Cell: celltest.Unfounded(g, celltest.Scenario())}
	expectRefusal(t, old.Cell, old.Found("sam"), cell.WrongGenesis)
	raised := oldStory().raise(2)
	raised.Must(raised.Approve("lea", raised.change))
	raised.Amend(raised.Amending(celltest.WithTrustees)) // a cell that was upgraded gets one by a change
	raised.later(72 * time.Hour)
	raised.Must(raised.By("vic", "vic", raised.Recovering(without("ann"))))
	restores(t, raised.Cell)
}

// TestRecoveryCountsWhoIsThere: of what agreed to it and of what would cancel it,
// removed keys count no more; without its quorum it is void.
func TestRecoveryCountsWhoIsThere(t *testing.T) {
	trustees := func(g *cell.Genesis) { // whose keys may be removed meanwhile
		leoForKim(g)
		celltest.Rekeyed("vic", "vic's new")(g)
		celltest.Rekeyed("zoe", "zoe's new")(g)
	}
	s := recoverable().recovering(trustees).meanwhile(unkeyed("vic"))
	expect(t, s.Must(s.Approve("wil", s.change)), "change-decided")
	expect(t, s.Must(s.Approve("zoe", s.change)), "change-decided", "recovery-agreed")
	s.meanwhile(unkeyed("zoe"))
	expect(t, s.days(t, 1), "recovery-over")
	s.fromTheCellAlone(t)

	s = noticed().cancels("sue").meanwhile(unkeyed("sue"))
	expect(t, s.Must(s.Cancel("sam", s.change)), "change-decided")
	if s.World.Changes[s.change] == nil {
		t.Fatal("one and a removed key cancelled it")
	}
	s = noticed().meanwhile(removing("max")) // who stands in its document: nobody who was removed comes back
	expect(t, s.days(t, 1), "recovery-over")
	replays(t, s.Cell)
}

// TestOneRecoveryWaits at a time: nobody has to cancel a hundred; another is agreed
// to when it is over.
func TestOneRecoveryWaits(t *testing.T) {
	s := recoverable().recovering(leoForKim)
	other := s.Must(s.By("zoe", "zoe", s.Recovering(sueForMax))).Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	s.agrees("wil")
	expectRefusal(t, s.Cell, s.Approve("wil", other), cell.TooMany)
	expectRefusal(t, s.Cell, s.By("zoe", "zoe", s.Recovering(leoForKim)), cell.TooMany)
	s.cancels("sam", "leo")
	expect(t, s.Must(s.Approve("wil", other)), "change-decided", "recovery-agreed")
}

// TestRecoveryIsVoidWithAnotherDocument, at once; and one that nobody has agreed to
// is not agreed to any more.
func TestRecoveryIsVoidWithAnotherDocument(t *testing.T) {
	s := noticed()
	amend := s.Must(s.By("sam", "sam", s.Amending(withoutRoy, second())))
	done := s.Must(s.Approve("lea", amend.Outcome.Events[0].(*cell.ChangeProposed).Change.ID))
	expect(t, done, "change-decided", "change-over", "amended", "recovery-over")
	expectRefusal(t, s.Cell, s.due(), cell.UnknownTask)
	s = recoverable().recovering(leoForKim)
	recovery := s.change
	s.Amend(s.Amending(withoutRoy, second()))
	expectRefusal(t, s.Cell, s.Approve("wil", recovery), cell.NotInForce)
	replays(t, s.Cell)
}

// TestI4RecoveryWaitsForTheClock: a clock that jumped ahead has told nobody for a
// week.
func TestI4RecoveryWaitsForTheClock(t *testing.T) {
	s := noticed().later(notice).stepped(notice.Milliseconds())
	expect(t, s.Must(s.due()), "recovery-waits")
	expectRefusal(t, s.Cell, s.due(), cell.NotDue)
	s.later(24 * time.Hour)
	expect(t, s.Must(s.due()), "recovery-waits")
	s.stepped(0).later(24 * time.Hour)
	expect(t, s.Must(s.due()), "change-over", "person-removed", "key-removed", "amended", "key-added", "key-added")
}

// TestRecoveryLapsesAtAnEpoch, agreed or not: what was signed against it may be lost.
func TestRecoveryLapsesAtAnEpoch(t *testing.T) {
	s := noticed().begun()
	if len(s.World.Changes) != 0 {
		t.Error("a recovery waits on")
	}
	expectRefusal(t, s.Cell, s.due(), cell.UnknownTask)
	replays(t, s.Cell)
}

// TestT18RecoveriesOfOne keep nobody else from proposing, and not from cancelling.
func TestT18RecoveriesOfOne(t *testing.T) {
	s := recoverable()
	for range cell.ChangesEach {
		s.recovering(leoForKim)
	}
	expectRefusal(t, s.Cell, s.By("vic", "vic", s.Recovering(leoForKim)), cell.TooMany)
	s.Must(s.By("zoe", "zoe", s.Recovering(leoForKim)))
	s.cancels("leo", "zoe")
}

// TestRecoveryQuorumChangesByTheChangeQuorum alone, and the list of differences says
// so.
func TestRecoveryQuorumChangesByTheChangeQuorum(t *testing.T) {
	s := recoverable()
	s.Amend(s.Amending(func(g *cell.Genesis) { withoutRoy(g); g.Recovery.Notice *= 2 }))
	s.recovering(leoForKim).agrees("wil")
	if until := s.World.Changes[s.change].Until; until != s.Now.Add(2*notice) {
		t.Errorf("it waits until %s", until)
	}
	s.Amend(s.Amending(func(g *cell.Genesis) { withoutRoy(g); g.Recovery = cell.Recovery{} }))
	if s.World.Changes[s.change] != nil {
		t.Error("it waits without a quorum")
	}
	expectRefusal(t, s.Cell, s.By("vic", "vic", s.Recovering(leoForKim)), cell.NotAllowed)
	replays(t, s.Cell)
	for name, c := range map[string]struct {
		from, to cell.Recovery
		want     string
	}{
		"added": {
			cell.Recovery{}, cell.Recovery{Quorum: access.Quorum{{From: "group:leads", Count: 2}}, Notice: cell.NoticeLeast},
			"widens recovery.quorum: nobody becomes 2 of leads; tightens recovery.notice: 0s becomes 168h",
		},
		"removed": {
			cell.Recovery{Quorum: access.Quorum{{From: "group:leads", Count: 2}}, Notice: cell.NoticeLeast}, cell.Recovery{},
			"tightens recovery.quorum: 2 of leads becomes nobody; widens recovery.notice: 168h becomes 0s",
		},
		"sooner": {cell.Recovery{Notice: 2 * cell.NoticeLeast}, cell.Recovery{Notice: cell.NoticeLeast}, "widens recovery.notice: 336h becomes 168h"},
		"fewer": {
			cell.Recovery{Quorum: access.Quorum{{From: "group:leads", Count: 3}}}, cell.Recovery{Quorum: access.Quorum{{From: "group:leads", Count: 2}}},
			"widens recovery.quorum: 3 of leads becomes 2 of leads",
		},
	} {
		from, to := celltest.Genesis(), celltest.Genesis()
		from.Recovery, to.Recovery = c.from, c.to
		var got []string
		for _, d := range cell.Compare(cell.Document{Genesis: &from}, cell.Document{Genesis: &to}) {
			got = append(got, string(d.Bearing)+" "+d.Of+": "+d.Text)
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
