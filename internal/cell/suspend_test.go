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

// TestT46ASuspendedKeySignsNothing: of no kind, not even a stop, from the entry on
// that suspends it. Its owner's other key does.
func TestT46ASuspendedKeySignsNothing(t *testing.T) {
	s := spared().granted("db-1").opened("db-1").suspends("sue", "ann")
	for _, body := range []statement.Body{
		&statement.Session{For: 60}, &statement.Stop{Of: s.id, Reason: celltest.Note("mine")}, suspending("leo", "leo"), lifting("ann", "ann"),
		&statement.Withdraw{Of: s.id}, vouch("leo", leosSpare), s.Ask("ann", "2", "db-1").Signed.Statement.Body,
	} {
		expectRefusal(t, s.Cell, s.By("ann", "ann", body), cell.KeySuspendedReason)
	}
	expect(t, s.Must(s.By("ann", "ann's spare", s.Ask("ann", "2", "db-1").Signed.Statement.Body)), "request-made")
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT46WhatASuspendedKeyOpenedEnds: whoever has the key has the holder keys that
// its machine made, so that nothing is fetched from then on and the grant ends.
func TestT46WhatASuspendedKeyOpenedEnds(t *testing.T) {
	s := spared().granted("db-1").opened("db-1").fetched("db-1").suspends("sue", "ann")
	expectRefusal(t, s.Cell, s.Fetch("ann", "1", s.id, "db-1"), cell.NotLive)
	s.effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	if r := s.request(); r.State != access.Ended || r.End.Why != access.EndSuspended || r.Leases[0].State != access.LeaseClosing {
		t.Errorf("%+v", s.request())
	}
	if _, listed := s.World.Revoked[s.request().Leases[0].KeyID]; !listed {
		t.Error("its certificates are on no revocation list")
	}
	// What waits is void at once, and stays so when the suspension ends: it is asked
	// anew with another key.
	s = spared().ask("db-1").suspends("sue", "ann").approve("sam", "lea")
	if s.request().State != access.Pending {
		t.Fatal("it was agreed")
	}
	s.effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	if s.request() != nil && s.request().State != access.Void {
		t.Error(s.request().State)
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT46NoShareForASuspendedKey: from the very entry on, before its grant is ended.
func TestT46NoShareForASuspendedKey(t *testing.T) {
	s := custodyStory().sealed().granted("root").suspends("sue", "ann")
	expectRefusal(t, s.Cell, s.By("bob", "bob", giving(s, "root", 1, "1")), cell.NotLive)
}

// TestT07ASuspendedKeysYesDoesNotCount: what it agreed to before, neither of a
// request nor of a change, for as long as it is suspended.
func TestT07ASuspendedKeysYesDoesNotCount(t *testing.T) {
	s := spared().ask("db-1").approve("leo").suspends("sue", "leo").approve("sam")
	if s.request().State != access.Pending {
		t.Fatal("the yes of a suspended key counts")
	}
	s.lifts("leo", "sam", "lea") // the change quorum
	expect(t, s.Must(s.By("sue", "sue", &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.Video})), "decided", "agreed")

	s = spared().propose("bob", "").suspends("sue", "sam")
	r := s.Must(s.Approve("lea", s.change))
	expect(t, r, "change-decided")
	replays(t, s.Cell)
}

// TestT31ASuspensionLapses after four hours, no sooner, and not while the clock is
// in doubt.
func TestT31ASuspensionLapses(t *testing.T) {
	s := spared().suspends("sue", "ann").later(4*time.Hour - time.Millisecond)
	expectRefusal(t, s.Cell, s.lapse("ann"), cell.NotDue)
	s.later(time.Millisecond).stepped(45_000)
	expectRefusal(t, s.Cell, s.lapse("ann"), cell.ClockInDoubt)
	s.stepped(0)
	expect(t, s.Must(s.lapse("ann")), "suspension-over")
	expect(t, s.Must(s.By("ann", "ann", &statement.Session{For: 60})), "session-opened")
	if _, waits := s.Task(cell.TaskSuspension, canon.Digest{}, keyOf("ann")); waits {
		t.Error("its end is due again")
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT31NobodySuspendsForEver: one person's word is good once a day for each key,
// with whichever of their keys. It takes another for longer.
func TestT31NobodySuspendsForEver(t *testing.T) {
	s := spared().suspends("sam", "ann")
	again := func(by, key string) cell.Command { return s.By(by, key, suspending("ann", "ann")) }
	expectRefusal(t, s.Cell, again("sam", "sam's spare"), cell.AlreadySuspended)
	err := s.tried(again("sam", "sam"))
	from := s.Now.Std().Add(24 * time.Hour).Format("2006-01-02 15:04:05 UTC") // as everything shows it
	if refusal := refusalOf(err); refusal == nil || !strings.Contains(refusal.Detail, "again from "+from+" on") {
		t.Errorf("%v; want it from %s on", err, from)
	}
	s.later(3 * time.Hour)
	expect(t, s.Must(again("sue", "sue")), "key-suspended")
	s.later(2 * time.Hour) // the first is over, the second is not
	if _, due := s.Task(cell.TaskSuspension, canon.Digest{}, keyOf("ann")); !due {
		t.Fatal("nothing ends it")
	}
	expectRefusal(t, s.Cell, s.lapse("ann"), cell.NotDue)
	s.later(2 * time.Hour)
	s.Must(s.lapse("ann"))
	s.later(17*time.Hour - time.Millisecond)
	expectRefusal(t, s.Cell, again("sam", "sam"), cell.AlreadySuspended)
	s.later(time.Millisecond).stepped(45_000)
	expectRefusal(t, s.Cell, again("sam", "sam"), cell.AlreadySuspended)
	s.stepped(0)
	restores(t, s.Cell)
	expect(t, s.Must(again("sam", "sam")), "key-suspended")
	if len(s.World.Spent) != 2 {
		t.Errorf("the world remembers %v", s.World.Spent)
	}
	replays(t, s.Cell)
}

// TestT31NobodySilencesSecurity: a stolen key of security does not leave its thief
// the only one who can suspend and stop.
func TestT31NobodySilencesSecurity(t *testing.T) {
	three := storyOf(func(g *cell.Genesis) {
		g.People = append(g.People, people("tom")...)
		g.Groups["security"] = []string{"sam", "sue", "tom"}
	})
	three.suspends("sam", "sue")
	expectRefusal(t, three.Cell, three.By("sam", "sam", suspending("tom", "tom")), cell.LastOfSecurity)
	// Whoever is left suspends the stolen key, and with it what it did to the others.
	r := three.Must(three.By("tom", "tom", suspending("sam", "sam")))
	expect(t, r, "key-suspended", "suspension-over")
	if over := r.Outcome.Events[1].(*cell.SuspensionOver); over.Person != "sue" || over.Why != cell.OverFreed {
		t.Errorf("%+v", over)
	}
	expect(t, three.Must(three.By("sue", "sue", &statement.Session{For: 60})), "session-opened")
	replays(t, three.Cell)
	restores(t, three.Cell)
}

// TestT31NobodyFreesTheirOwnKey by suspending the key that suspended it; and who
// was suspended by somebody else besides stays so.
func TestT31NobodyFreesTheirOwnKey(t *testing.T) {
	s := storyOf(func(g *cell.Genesis) { withSpare("sam")(g); withSpare("sue")(g) })
	s.suspends("sue", "sam")
	expect(t, s.Must(s.By("sam", "sam's spare", suspending("sue", "sue"))), "key-suspended")
	expectRefusal(t, s.Cell, s.By("sam", "sam", &statement.Session{For: 60}), cell.KeySuspendedReason)

	s = spared().suspends("sue", "ann")
	s.Must(s.By("sam", "sam", suspending("ann", "ann")))
	expect(t, s.Must(s.By("sue", "sue", suspending("sam", "sam"))), "key-suspended")
	expectRefusal(t, s.Cell, s.By("ann", "ann", &statement.Session{For: 60}), cell.KeySuspendedReason)
}

// TestT31ALiftTakesTwoOfSecurity or the change quorum, and the owner is neither.
func TestT31ALiftTakesTwoOfSecurity(t *testing.T) {
	s := spared().suspends("sue", "leo")
	expectRefusal(t, s.Cell, s.By("leo", "leo's spare", lifting("leo", "leo")), cell.SelfApproval)
	expectRefusal(t, s.Cell, s.By("bob", "bob", lifting("leo", "leo")), cell.NotAllowed)
	expect(t, s.Must(s.By("sue", "sue", lifting("leo", "leo"))), "suspension-opposed")
	expectRefusal(t, s.Cell, s.By("sue", "sue", lifting("leo", "leo")), cell.AlreadyDecided)
	two := s.fork()
	expect(t, two.Must(two.By("sam", "sam", lifting("leo", "leo"))), "suspension-opposed", "suspension-over")
	expect(t, two.Must(two.By("leo", "leo", &statement.Session{For: 60})), "session-opened")
	replays(t, two.Cell)
	restores(t, two.Cell)
	quorum := s.fork()
	expect(t, quorum.Must(quorum.By("lea", "lea", lifting("leo", "leo"))), "suspension-opposed", "suspension-over")

	// The word of a key that is suspended itself counts no more, whoever it is of.
	s = storyOf(func(g *cell.Genesis) {
		withSpare("sam")(g)
		g.People = append(g.People, people("tom")...)
		g.Groups["security"] = []string{"sam", "sue", "tom"}
	})
	s.suspends("sue", "ann").lifts("ann", "sam").suspends("tom", "sam")
	expect(t, s.Must(s.By("tom", "tom", lifting("ann", "ann"))), "suspension-opposed")
	expect(t, s.Must(s.By("sam", "sam's spare", lifting("ann", "ann"))), "suspension-opposed", "suspension-over")
	replays(t, s.Cell)
}

// TestT31ALiftNotByWhatCoolsOff: two keys that came together free nothing.
func TestT31ALiftNotByWhatCoolsOff(t *testing.T) {
	s := spared().suspends("sam", "ann")
	s.Amend(s.Amending(func(g *cell.Genesis) { withoutRoy(g); withSpare("sue")(g) }))
	expectRefusal(t, s.Cell, s.By("sue", "sue's spare", lifting("ann", "ann")), cell.CoolingOff)
	expectRefusal(t, s.Cell, s.By("sue", "sue's spare", suspending("leo", "leo")), cell.CoolingOff)
}

// TestT31NoAmendmentFreesAKey, and a removal is for good whatever a suspension says.
func TestT31NoAmendmentFreesAKey(t *testing.T) {
	s := spared().suspends("sue", "ann")
	s.Amend(s.Amending(func(g *cell.Genesis) { withoutRoy(g); withSpare("bob")(g) }))
	expectRefusal(t, s.Cell, s.By("ann", "ann", &statement.Session{For: 60}), cell.KeySuspendedReason)
	if _, due := s.Task(cell.TaskSuspension, canon.Digest{}, keyOf("ann")); !due {
		t.Fatal("nothing ends it any more")
	}
	s.removeKey("ann")
	expectRefusal(t, s.Cell, s.By("ann", "ann", &statement.Session{For: 60}), cell.KeyRemovedReason)
	if _, due := s.Task(cell.TaskSuspension, canon.Digest{}, keyOf("ann")); due || len(s.World.Roster.Suspended) != 0 {
		t.Error("a removed key would sign again")
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestASuspensionSaysWhatItLeaves without a quorum: nobody finds that out in an
// emergency.
func TestASuspensionSaysWhatItLeaves(t *testing.T) {
	s := newStory()
	s.Must(s.By("sam", "sam", suspending("lea", "lea")))
	r := s.Must(s.By("sue", "sue", suspending("leo", "leo")))
	want := []string{cell.LeavesChange, "database-locked-out", "guarded"}
	if got := r.Outcome.Events[0].(*cell.KeySuspended).Leaves; !slices.Equal(got, want) {
		t.Errorf("it leaves %q, want %q", got, want)
	}
	s = newStory()
	r = s.Must(s.By("sue", "sue", suspending("leo", "leo")))
	if got := r.Outcome.Events[0].(*cell.KeySuspended).Leaves; got != nil {
		t.Errorf("with lea there it leaves %q", got)
	}
}

// TestT31AKeyThatIsGoneIsNoOther: whoever has none but one that cools off suspends with
// it, so that nobody who is left is silent: a key that was removed, and a code device,
// are none for that.
func TestT31AKeyThatIsGoneIsNoOther(t *testing.T) {
	s := spared()
	s.Amend(s.Amending(func(g *cell.Genesis) { withoutRoy(g); withSpare("sue")(g) }))
	s.removeKey("sue")
	expect(t, s.Must(s.By("sue", "sue's spare", suspending("leo", "leo"))), "key-suspended")
	s = storyOf(withDevices("sue"))
	s.Amend(s.Amending(func(g *cell.Genesis) {
		withoutRoy(g)
		for i, p := range g.People {
			if p.ID == "sue" {
				g.People[i].Keys = []roster.Key{device("sue"), celltest.Line("sue's spare")}
			}
		}
	}))
	expect(t, s.Must(s.By("sue", "sue's spare", suspending("leo", "leo"))), "key-suspended")
	replays(t, s.Cell)
}

// TestT31AThiefsKeyThatIsRemovedFreesWhomItSuspended: by a removal, of the key or of the
// person, and by an amendment; not what somebody else suspended besides, and not what
// goes with it.
func TestT31AThiefsKeyThatIsRemovedFreesWhomItSuspended(t *testing.T) {
	three := func() *story {
		return storyOf(func(g *cell.Genesis) {
			withSpare("sue")(g)
			g.People = append(g.People, people("tom")...)
			g.Groups["security"] = []string{"sam", "sue", "tom"}
		})
	}
	freed := func(name string, s *story, person string) {
		t.Helper()
		if _, still := s.World.Roster.Suspended[keyOf(person)]; still {
			t.Errorf("%s: the key of %s is suspended still", name, person)
		}
		if _, due := s.Task(cell.TaskSuspension, canon.Digest{}, keyOf(person)); due {
			t.Errorf("%s: the end of what is over is due", name)
		}
		expect(t, s.Must(s.By(person, person, &statement.Session{For: 60})), "session-opened")
		replays(t, s.Cell)
		restores(t, s.Cell)
	}
	s := three().suspends("sue", "tom").propose("sue", keyOf("sue"))
	r := s.Must(s.Approve("lea", s.change))
	expect(t, r, "change-decided", "change-over", "key-removed", "suspension-over")
	if over := r.Outcome.Events[3].(*cell.SuspensionOver); over.Person != "tom" || over.Key != keyOf("tom") || over.Why != cell.OverFreed {
		t.Errorf("%+v", over)
	}
	freed("a key", s, "tom")
	freed("a person", three().suspends("sue", "tom").removeBy("sue", "sam", "lea"), "tom")

	s = three().suspends("sue", "tom")
	s.Amend(s.Amending(func(g *cell.Genesis) {
		withoutRoy(g)
		for i, p := range g.People {
			if p.ID == "sue" {
				g.People[i].Keys = p.Keys[1:]
			}
		}
	}))
	freed("an amendment", s, "tom")

	s = three().suspends("sue", "ann").suspends("tom", "ann").removeKey("sue")
	expectRefusal(t, s.Cell, s.By("ann", "ann", &statement.Session{For: 60}), cell.KeySuspendedReason)
	freed("the last of two", s.removeKey("tom"), "ann")
}

// TestT07ASuspendedYesBlocksNoOtherKey: whoever agreed to a change with a key that is
// suspended agrees with another, and counts once when both sign again.
func TestT07ASuspendedYesBlocksNoOtherKey(t *testing.T) {
	yes := func(s *story, key string) cell.Command {
		return s.By("sam", key, &statement.Decision{Of: s.change, Verdict: statement.Approve, Check: statement.Video})
	}
	s := spared().propose("bob", "")
	expectRefusal(t, s.Cell, yes(s, "sam's spare"), cell.AlreadyDecided)
	s.suspends("sue", "sam")
	expect(t, s.Must(yes(s, "sam's spare")), "change-decided")
	expectRefusal(t, s.Cell, yes(s, "sam's spare"), cell.AlreadyDecided)
	once := s.fork()
	expect(t, once.Must(once.Approve("lea", once.change)), "change-decided", "change-over", "person-removed")
	replays(t, once.Cell)
	s.later(4 * time.Hour)
	s.Must(s.lapse("sam"))
	if s.World.Changes[s.change] == nil {
		t.Fatal("two keys of one person filled the quorum")
	}
	expectRefusal(t, s.Cell, yes(s, "sam"), cell.AlreadyDecided)
	expect(t, s.Must(s.Approve("lea", s.change)), "change-decided", "change-over", "person-removed")
	replays(t, s.Cell)
	restores(t, s.Cell)
}
