package cell_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

func TestWindowBeginsAtAgreement(t *testing.T) {
	s := newStory().ask("db-1").approve("sam").later(20 * time.Minute).approve("lea")
	g := s.request().Grant
	if g.From != s.Now || g.Until.Sub(s.Now) != 30*time.Minute {
		t.Errorf("from %s until %s, agreed at %s", g.From, g.Until, s.Now)
	}
}

// TestWhoeverIsEligibleStops: I6, also after approval, also their own.
func TestWhoeverIsEligibleStops(t *testing.T) {
	for name, build := range map[string]func() *story{
		"pending": func() *story { return newStory().ask("db-1") },
		"opening": func() *story { return newStory().granted("db-1") },
		"open":    working,
		"over but not ended": func() *story {
			return working().later(time.Hour)
		},
		"approver removed": func() *story { return working().removeBy("leo", "sue", "lea") },
		"clock in doubt": func() *story {
			return working().stepped(60_000)
		},
	} {
		for _, person := range []string{"ann", "sam", "sue", "lea", "max"} {
			s := build()
			s.Must(s.Stop(person, s.id))
			if r := s.request(); r.State != access.Ended && r.State != access.Denied {
				t.Errorf("%s, stopped by %s: %s", name, person, r.State)
			}
		}
		for _, person := range []string{"bob", "roy", "eve"} {
			s := build()
			if _, err := s.Do(s.Stop(person, s.id)); refusalOf(err) == nil {
				t.Errorf("%s: %s could stop it", name, person)
			}
		}
	}
}

func TestFetchNeedsTheHolderKey(t *testing.T) {
	s := working()
	for _, key := range []string{"ann", "sam", "bob", "eve", "holder other", "holder 2", "authority"} {
		expectRefusal(t, s.Cell, s.By("ann", key, fetch("db-1")(s)), cell.NotHolder)
	}
	expect(t, s.Must(s.By("ann", "holder 1", fetch("db-1")(s))), "credential-authorised")
}

func TestRemovedRequesterIsNotGranted(t *testing.T) {
	s := newStory().ask("db-1").approve("sam").remove("ann")
	expect(t, s.Must(s.Approve("leo", s.id)), "decided")
	s.effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	if s.request().State != access.Void {
		t.Errorf("the request is %s", s.request().State)
	}
}

// TestRemovedKeyEndsWhatItAskedFor: whoever stole a key and asked with it keeps
// nothing once the key is removed, though its owner stays.
func TestRemovedKeyEndsWhatItAskedFor(t *testing.T) {
	s := newStory().ask("db-1").approve("sam").removeKey("ann")
	expect(t, s.Must(s.Approve("leo", s.id)), "decided")
	s.effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	if s.request().State != access.Void {
		t.Errorf("a waiting request is %s", s.request().State)
	}
	s = working().removeKey("ann")
	expectRefusal(t, s.Cell, s.Fetch("ann", "1", s.id, "db-1"), cell.NotLive)
	s.effect(cell.EffectConsequence, cell.TaskConsequence, "", cell.Observed{})
	if r := s.request(); r.State != access.Ended || r.End.Why != access.EndKeyGone || r.Leases[0].State != access.LeaseClosing {
		t.Errorf("a grant is %s (%+v), its lease %s", r.State, r.End, r.Leases[0].State)
	}
}

func TestRemovedKeysApprovalDoesNotCount(t *testing.T) {
	s := newStory().ask("db-1").approve("leo")
	s.propose("leo", celltest.Line("leo").Fingerprint)
	s.Must(s.Approve("lea", s.change))
	expect(t, s.Must(s.Approve("sam", s.id)), "decided")
	expect(t, s.Must(s.Approve("lea", s.id)), "decided", "agreed")
	if by := s.request().Grant.By; slices.Contains(by, "leo") {
		t.Errorf("agreed by %v", by)
	}
}

func TestDoubtShortensTheWindow(t *testing.T) {
	for _, step := range []int64{30_001, -30_001} {
		s := newStory().stepped(step)
		s.granted("db-1")
		if length := s.request().Grant.Until.Sub(s.Now); length != 15*time.Minute {
			t.Errorf("a window of %s while the clock is %d ms off", length, step)
		}
	}
	s := newStory()
	s.granted("db-1")
	until := s.request().Grant.Until
	s.stepped(-3_600_000)
	if s.request().Grant.Until != until {
		t.Error("a step of the clock moved the end of a grant")
	}
}

// TestClockSetBackRevivesNothing: while the wall clock is known to be behind
// recorded time, people whose clocks go with it may act; a statement that was
// over and is young again by that clock does not count twice.
func TestClockSetBackRevivesNothing(t *testing.T) {
	session := func(s *story, expires canon.Time) cell.Command {
		c := s.By("ann", "ann", &statement.Session{For: 300})
		return s.Resign(c, func(s *statement.Statement) { s.Expires = expires })
	}
	s := newStory()
	short := session(s, s.Now.Add(5*time.Second))
	expect(t, s.Must(short), "session-opened")
	s.Now = s.Now.Add(time.Minute)
	refused(t, s, session(s, s.Now.Add(-30*time.Second)), cell.StatementExpired)
	s.stepped(-3_600_000)
	expect(t, s.Must(session(s, s.Now.Add(-30*time.Second))), "session-opened")
	expect(t, s.Must(session(s, s.Now.Add(-time.Hour))), "session-opened")
	refused(t, s, session(s, s.Now.Add(-time.Hour-time.Second)), cell.StatementExpired)
	short.At = s.Now
	refused(t, s, short, cell.NonceUsed)
	s.Now = s.Now.Add(10 * time.Minute) // still young by that clock, but it saw what nobody sees any more
	short.At = s.Now
	refused(t, s, short, cell.NonceUsed)
	s.Now = s.Now.Add(10 * time.Minute)
	short.At = s.Now
	refused(t, s, short, cell.SeenStale, cell.SeenUnknown)

	s.stepped(-7_200_000) // set back once more
	expect(t, s.Must(session(s, s.Now.Add(-2*time.Hour))), "session-opened")
	s.stepped(0)
	refused(t, s, session(s, s.Now.Add(-time.Second)), cell.StatementExpired)

	old := oldStory()
	old.stepped(-3_600_000)
	refused(t, old, session(old, old.Now.Add(-time.Second)), cell.StatementExpired)
}

func refused(t *testing.T, s *story, c cell.Command, want ...cell.Reason) {
	t.Helper()
	_, err := cell.Decide(s.World, c)
	var refusal *cell.Refusal
	if !errors.As(err, &refusal) || !slices.Contains(want, refusal.Reason) {
		t.Errorf("decided %v, want one of %v", err, want)
	}
}

// TestCountsLeaveTheCellAlone: whoever knocks every minute for years does not
// make the stream longer that every start replays and all evidence holds. By the
// first rules it was so.
func TestCountsLeaveTheCellAlone(t *testing.T) {
	for want, s := range map[string]*story{cell.StreamRefused: newStory(), cell.StreamCell: oldStory()} {
		task, _ := s.Task(cell.TaskCount, canon.Digest{}, "")
		got := s.Must(s.Effect(cell.EffectRefusedCount, task.ID, cell.Observed{Counts: map[string]int64{"unknown-key": 3}}))
		if got.Outcome.Stream != want {
			t.Errorf("by rules %d the count stands in %s", s.World.Rules, got.Outcome.Stream)
		}
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	s := newStory()
	c := s.Ask("ann", "2", "db-1")
	c.At = s.World.LastAt.Add(-time.Millisecond)
	if _, err := s.Do(c); !errors.Is(err, cell.ErrTimeWentBack) {
		t.Errorf("a command before the newest entry: %v", err)
	}
	c.At = s.World.LastAt
	expect(t, s.Must(c), "request-made")
}

// TestRestoredCellKnowsWhatWasPublished: the first entry after a restart says,
// as it would have without, that its tree was published, and replays.
func TestRestoredCellKnowsWhatWasPublished(t *testing.T) {
	s := newStory().ask("db-1")
	kept := shelve(s)
	w, err := kept.restore(s)
	if err != nil {
		t.Fatal(err)
	}
	s.World = w
	s.approve("sam", "lea")
	if _, err := replayed(s.Cell); err != nil {
		t.Error(err)
	}
}

// TestSeenIsForgottenAlike: which checkpoints may be named follows from the
// newest entry's time, whether or not a new one was published since.
func TestSeenIsForgottenAlike(t *testing.T) {
	s := newStory()
	old := s.World.Newest()
	s.Must(s.By("bob", "bob", session(s)))
	s.later(5 * time.Minute).Must(s.By("bob", "bob", session(s)))
	kept := shelve(s)
	s.later(6 * time.Minute)
	late := s.By("bob", "bob", session(s))
	recorded, err := s.World.Step(late) // and no checkpoint after it
	if err != nil {
		t.Fatal(err)
	}
	s.Log, s.Commands[recorded.Index] = append(s.Log, recorded), late
	kept.keep(s.World, recorded.Changes)
	restored, err := kept.restore(s)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Resign(s.By("ann", "ann", session(s)), func(st *statement.Statement) { st.Seen = statement.Seen{Size: old.Size, Root: old.Root} })
	_, live := cell.Decide(s.World, c)
	_, again := cell.Decide(restored, c)
	if a, b := refusalOf(live), refusalOf(again); a == nil || b == nil || a.Reason != b.Reason {
		t.Errorf("the running cell says %v, the restored one %v", live, again)
	}
}

func TestRemovalNeverLeavesTheChangeQuorumUnfillable(t *testing.T) {
	s := newStory().remove("leo").removeBy("bob", "sue", "lea")
	_, err := s.Do(s.By("sam", "sam", removal("lea", "")(s)))
	if refusal := refusalOf(err); refusal == nil || refusal.Reason != cell.NotRemovable {
		t.Errorf("the last lead could be removed: %v", err)
	}
	s.removeBy("sue", "sam", "lea")
	_, err = s.Do(s.By("lea", "lea", removal("sam", celltest.Line("sam").Fingerprint)(s)))
	if refusal := refusalOf(err); refusal == nil || refusal.Reason != cell.NotRemovable {
		t.Errorf("the last key of the last of security could be removed: %v", err)
	}
}

// TestRevocationOutlivesEveryCertificate: a key id is on the list for as long as
// any certificate that bears it could be valid.
func TestRevocationOutlivesEveryCertificate(t *testing.T) {
	s := closing()
	r := s.request()
	revoked, number := s.World.Revocations()
	entry, listed := revoked[r.Leases[0].KeyID]
	if !listed || entry.List != number || entry.List != r.Leases[0].Closing.List {
		t.Fatalf("list %d: %+v; closing on %d", number, entry, r.Leases[0].Closing.List)
	}
	if entry.Until.Before(r.Grant.Until) || entry.Until.Before(r.Leases[0].NotAfter) {
		t.Errorf("on the list until %s, the grant ends %s", entry.Until, r.Grant.Until)
	}
	delete(revoked, r.Leases[0].KeyID)
	if again, _ := s.World.Revocations(); len(again) != 1 {
		t.Error("whoever reads the list can change it")
	}
}

// TestRevokedLeaveWithANewNumber: a list of one number never changes. What is over
// leaves it with the next entry that closes something, once, however many leases
// that closes, and nothing leaves before.
func TestRevokedLeaveWithANewNumber(t *testing.T) {
	c := celltest.Sample()
	stop := func(name string) cell.Recorded {
		id := c.Granted(name, "db-1", "db-2")
		return c.Must(c.Stop("sam", id))
	}
	stop("1")
	stop("2")
	listed, number := c.World.Revocations()
	if len(listed) != 4 {
		t.Fatalf("%d key ids are listed, want the four that may still be valid", len(listed))
	}
	c.Now = c.Now.Add(4 * time.Hour)
	c.Must(c.Ask("bob", "3", "db-1"))
	if now, same := c.World.Revocations(); len(now) != 4 || same != number {
		t.Errorf("list %d has %d key ids, and had 4 as number %d", same, len(now), number)
	}
	closed := stop("4")
	now, next := c.World.Revocations()
	if len(now) != 2 || next <= number {
		t.Errorf("list %d after %d has %d key ids, want the two that it names first", next, number, len(now))
	}
	if changed := closed.Changes.Revoked; len(changed) != 6 || len(slices.Compact(slices.Sorted(slices.Values(changed)))) != 6 {
		t.Errorf("an entry that adds two key ids and takes four off the list changes %v", changed)
	}
}

// TestRevokedLeaveOneByOne: key ids leave the list as each is over, in whatever order
// they came, and none before.
func TestRevokedLeaveOneByOne(t *testing.T) {
	c := celltest.Sample()
	early := c.Granted("1", "db-1")
	c.Now = c.Now.Add(30 * time.Minute)
	late := c.Granted("2", "db-1")
	c.Must(c.Stop("sam", late))
	c.Must(c.Stop("sam", early))
	c.Now = c.World.Requests[early].Grant.Until.Add(cell.RevokedFor.Duration() + time.Minute)
	last := c.Granted("3", "db-1")
	c.Must(c.Stop("sam", last))
	listed, _ := c.World.Revocations()
	for id, due := range map[canon.Digest]bool{early: false, late: true, last: true} {
		if _, on := listed[c.World.Requests[id].Leases[0].KeyID]; on != due {
			t.Errorf("%s is on the list: %v, want %v", id.Short(), on, due)
		}
	}
}

func TestAlarmsGoWhereTheScenarioSays(t *testing.T) {
	g, sc := celltest.Genesis(), celltest.Scenario()
	g.Channels = append(g.Channels, cell.Channel{ID: "mail", Kind: "webhook"})
	sc.Alarms.To = []string{"mail"}
	s := &story{Cell: celltest.New(g, sc)}
	r := s.Must(s.Ask("ann", "1", "db-1"))
	if heard := channels(r); !slices.Equal(heard, []string{"mail"}) {
		t.Errorf("a request is told to %v", heard)
	}
	change := s.Must(s.By("sam", "sam", removal("bob", "")(s)))
	if heard := channels(change); !slices.Equal(heard, []string{"mail", "pager"}) {
		t.Errorf("a change of the roster is told to %v", heard)
	}
}

func channels(r cell.Recorded) []string {
	var all []string
	for _, task := range r.Changes.Enqueued {
		if task.Kind == cell.TaskAlarm {
			all = append(all, task.Channel)
		}
	}
	slices.Sort(all)
	return all
}

// TestOverdueAlarmNamesItsTarget: whoever is paged must know what to close.
func TestOverdueAlarmNamesItsTarget(t *testing.T) {
	s := closing().later(2 * time.Minute)
	page, _ := s.Task(cell.TaskPage, s.id, "db-1")
	r := s.Must(s.Effect(cell.EffectDue, page.ID, cell.Observed{}))
	expect(t, r, "closing-overdue")
	for _, task := range r.Changes.Enqueued {
		if task.Target != "db-1" {
			t.Errorf("task %s names the target %q", task.ID, task.Target)
		}
	}
	if len(channels(r)) == 0 {
		t.Error("no channel hears of it")
	}
}
