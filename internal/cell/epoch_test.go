package cell_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestEpochNeedsItsQuorum: nobody alone begins an epoch, and what came between two
// signatures undoes the first.
func TestEpochNeedsItsQuorum(t *testing.T) {
	s := newStory().granted("db-1").opened("db-1")
	body, base := s.epoch(), s.base()
	expect(t, s.Must(s.signEpoch("sam", body, base)), "epoch-signed")
	if _, err := s.Do(s.signEpoch("sue", &statement.Epoch{
		Number: body.Number, Lost: body.Lost, Salt: canon.Key32{9}, Reason: body.Reason,
	}, base)); err == nil {
		t.Fatal("two who signed different things are counted together")
	}
	expect(t, s.Must(s.signEpoch("sue", body, base)), "epoch-signed") // both are of one leg
	if s.World.Origin != s.World.Name || s.World.EpochNow() != 1 {
		t.Fatalf("half of a quorum began %s", s.World.Origin)
	}
	expect(t, s.Must(s.signEpoch("lea", body, base)), "epoch-signed", "epoch-begun")
	begun := s.World.Epochs[0]
	if cellOf, number, ok := canon.CellOf(s.World.Origin); !ok || cellOf != s.World.Name || number != 2 || begun.Origin != s.World.Origin {
		t.Fatalf("the epoch's origin is %s", s.World.Origin)
	}
	if !slices.Equal(begun.By, []string{"sam", "sue", "lea"}) || begun.Base != base || begun.Lost != body.Lost {
		t.Fatalf("the epoch is %+v", begun)
	}
	fork := newStory().granted("db-1").opened("db-1") // somebody brings the same copy back again
	other := fork.epoch()
	other.Salt[0]++
	fork.Must(fork.signEpoch("sam", other, base))
	fork.Must(fork.signEpoch("lea", other, base))
	if fork.World.Origin == s.World.Origin {
		t.Fatal("two beginnings from one copy make one ledger")
	}
}

// TestEpochEndsWhatWasOpen (I3, story 13): of what was open when entries were lost
// nothing is issued any more, it closes, and that the ledger knows of no credential
// proves nothing.
func TestEpochEndsWhatWasOpen(t *testing.T) {
	s := newStory().granted("db-1").opened("db-1")
	fetch := s.fetch("db-1")
	s.begun()
	if _, err := s.Do(s.Resign(fetch, func(h *statement.Statement) { h.Ledger = s.World.Origin })); err == nil {
		t.Fatal("a credential was issued under a grant from before the epoch")
	}
	if _, err := s.Do(fetch); err == nil {
		t.Fatal("a statement for the ledger before was taken")
	}
	r := s.Must(s.Effect(cell.EffectConsequence, mustTask(t, s, cell.TaskConsequence).ID, cell.Observed{}))
	expect(t, r, "grant-ended", "lease-closing", "review-opened")
	lease := s.request().Leases[0]
	if lease.State != access.LeaseClosing || !lease.Closing.Lost || lease.Issued == 0 || lease.NotAfter != s.request().Grant.Until {
		t.Fatalf("the lease is %+v", lease)
	}
	if lease.Closing.List <= s.World.Epochs[0].Lost.Size {
		t.Fatalf("its revocation list is %d; the lost entries had lists up to %d", lease.Closing.List, s.World.Epochs[0].Lost.Size)
	}
	if s.request().End.Why != access.EndEpoch {
		t.Fatalf("it ended because: %s", s.request().End.Why)
	}
	s.later(time.Second) // what is asked for now lives
	id := s.Granted("afterwards", "db-2")
	s.Must(s.Fetch("ann", "afterwards", id, "db-2"))
}

// TestEpochWaitsForNobody: a request that waited came to its end in entries that
// nobody has; it is void, and nobody's yes makes a grant of it.
func TestEpochWaitsForNobody(t *testing.T) {
	s := newStory().ask("db-1").begun().approve("sam", "lea")
	if s.request().State != access.Pending {
		t.Fatalf("the request is %s", s.request().State)
	}
	for _, task := range s.World.Tasks {
		if task.Kind == cell.TaskConsequence {
			expect(t, s.Must(s.Effect(cell.EffectConsequence, task.ID, cell.Observed{})), "request-over")
		}
	}
	if s.request().State != access.Void {
		t.Fatalf("the request is %s", s.request().State)
	}
}

// TestEpochSurveysEveryHost: a session that only lost entries opened is found where
// it is, revoked, and reported until it is gone.
func TestEpochSurveysEveryHost(t *testing.T) {
	s := newStory().granted("db-1").opened("db-1").begun()
	task, _ := s.Task(cell.TaskSurvey, canon.Digest{}, "db-1")
	own := cell.KeyID(s.id, "db-1")
	if _, err := s.Do(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List-1, s.Now, stray))); err == nil {
		t.Fatal("a host that had a list of before the epoch was taken for surveyed")
	}
	found := s.Must(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List, s.Now, own, stray)))
	expect(t, found, "strays-found")
	if strays := found.Outcome.Events[0].(*cell.StraysFound); !slices.Equal(strays.KeyIDs, []string{stray}) || strays.List <= s.World.Epochs[0].List {
		t.Fatalf("found %+v", strays)
	}
	if _, listed := s.World.Revoked[stray]; !listed {
		t.Fatal("the stray is not on the revocation list")
	}
	if _, err := s.Do(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List, s.Now, own, stray))); err == nil {
		t.Fatal("a stray that is known made an entry again")
	}
	// What was stopped in lost entries is on no list any more: its certificate opens
	// again until it ends (I3).
	if _, err := s.Do(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List, s.Now, own))); err == nil {
		t.Fatal("a host was surveyed while certificates of lost entries could be valid")
	}
	s.later(time.Hour)
	back := "halligan:fedcba9876543210:db-1"
	expect(t, s.Must(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List, s.Now, own, back))), "strays-found")
	s.later(12 * time.Hour)
	if _, err := s.Do(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List, s.Now.Add(-time.Second), own))); err == nil {
		t.Fatal("a host was surveyed by a report of before")
	}
	expect(t, s.Must(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List, s.Now, own))), "host-surveyed")
	if _, waits := s.Task(cell.TaskSurvey, canon.Digest{}, "db-1"); waits {
		t.Fatal("a host that was surveyed is asked again")
	}
}

// TestEvidenceShowsWhatASurveyFound: whoever has the entries of the cell alone, as
// the evidence of any request does, replays a survey that other requests decided.
func TestEvidenceShowsWhatASurveyFound(t *testing.T) {
	s := newStory().granted("db-1").opened("db-1").begun()
	own := cell.KeyID(s.id, "db-1")
	s.surveyed("db-1", own, stray).later(13 * time.Hour)
	s.surveyed("db-1", own).surveyed("db-2")
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	for i, recorded := range s.Log {
		if recorded.Outcome.Stream != cell.StreamCell {
			continue
		}
		if _, err := w.ReplayAt(recorded.Index, prepared(t, s, recorded)); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if _, listed := w.Revoked[stray]; !listed || len(w.Revoked) != 1 {
		t.Fatalf("evidence has %v revoked", w.Revoked)
	}
}

// TestEpochLosesNoMoreThanALedgerHas (T69): numbers of revocation lists leap by what
// is said to be lost, and stay numbers that JSON and hosts can read.
func TestEpochLosesNoMoreThanALedgerHas(t *testing.T) {
	for _, lost := range []int64{cell.LostMost, cell.LostMost + 1, 1<<53 - 1} {
		s := newStory()
		body, base := s.epoch(), s.base()
		body.Lost.Size = base.Size + lost
		if body.Lost.Size > 1<<53-1 {
			body.Lost.Size = 1<<53 - 1
		}
		_, err := s.Do(s.signEpoch("sam", body, base))
		if lost > cell.LostMost != (err != nil) {
			t.Errorf("%d entries are lost: %v", lost, err)
		}
		if err == nil {
			s.Must(s.signEpoch("lea", body, base))
			if list := s.World.List; list*statement.EpochsMost >= 1<<53 {
				t.Errorf("the list has number %d", list)
			}
		}
	}
}

// TestEpochOfACellAheadOfTime (I4): where recorded time is ahead of people's clocks,
// and that is agreed, they can still sign an epoch.
func TestEpochOfACellAheadOfTime(t *testing.T) {
	s := newStory().doubted(-30 * day).agreedClock(-30 * day)
	body, base := s.epoch(), s.base()
	by := func(person string, expires time.Duration) cell.Command {
		return s.Resign(s.signEpoch(person, body, base), func(h *statement.Statement) { h.Expires = s.Now.Add(expires - 30*24*time.Hour) })
	}
	if _, err := s.Do(by("sam", -time.Second)); err == nil {
		t.Fatal("a statement was taken that was over by its signer's clock")
	}
	s.Must(by("sam", 12*time.Hour))
	s.Must(by("lea", 12*time.Hour))
	if s.World.EpochNow() != 2 {
		t.Fatal("no epoch began")
	}
}

// TestStraysFillNoList (T69): a host that lists sessions which never were does not
// make the revocation list longer than hosts can read.
func TestStraysFillNoList(t *testing.T) {
	s := newStory().begun()
	for i := range cell.StraysMost {
		s.World.Revoked[fmt.Sprintf("halligan:%016x:db-1", i)] = cell.Revoked{List: 1, Until: s.Now.Add(time.Hour)}
	}
	task, _ := s.Task(cell.TaskSurvey, canon.Digest{}, "db-1")
	if _, err := s.Do(s.Effect(cell.EffectListed, task.ID, s.Report("db-1", s.World.List, s.Now, stray))); err == nil {
		t.Fatalf("%d key ids are on the list", len(s.World.Revoked))
	}
}

// TestEpochOwesFreshContent: whether an envelope was opened in what is lost, nobody
// knows.
func TestEpochOwesFreshContent(t *testing.T) {
	s := custodyStory().sealed().begun()
	if owed := s.World.Envelopes["root"].Owed; owed == nil || owed.Why != "epoch" {
		t.Fatalf("the envelope owes %+v", owed)
	}
}

// TestClockNeedsTwoSources (I4, story 14): a doubt ends by two witnesses, or by the
// change quorum, for the very step that the clock made.
func TestClockNeedsTwoSources(t *testing.T) {
	s := witnessStory().cosigned().doubted(hour)
	task, _ := s.Task(cell.TaskClock, canon.Digest{}, "")
	wall := s.Now.Add(time.Hour)
	seen := func(off time.Duration) cell.Command {
		o := cosigned(celltest.Signed(s.World.Newest(), wall.Add(off), "w1", "w2")) // w2 a second after w1
		o.Step = hour
		return s.Effect(cell.EffectClock, task.ID, o)
	}
	for _, off := range []time.Duration{30 * time.Second, time.Minute, -time.Minute, time.Hour, -time.Hour, -32 * time.Second} {
		if _, err := s.Do(seen(off)); err == nil {
			t.Fatalf("witnesses whose clocks are %v off ended the doubt", off)
		}
	}
	expect(t, s.Must(seen(-10*time.Second)), "clock-agreed")
	if s.World.Doubted {
		t.Fatal("the clock is in doubt")
	}
}

// TestClockAgreedByPeople: the quorum agrees to one step and to no other, and a
// clock that is agreed to be behind is doubted again when it moves on.
func TestClockAgreedByPeople(t *testing.T) {
	s := newStory().doubted(-day)
	body := &statement.Clock{Step: -day, Reason: celltest.Note("looked")}
	change := s.Must(s.By("sam", "sam", body)).Outcome.Events[0].(*cell.ChangeProposed).Change.ID
	s.doubted(-2 * day)
	yes := &statement.Decision{Of: change, Verdict: statement.Approve, Check: statement.CallBack}
	if _, err := s.Do(s.By("lea", "lea", yes)); err == nil {
		t.Fatal("a step was agreed to that the clock does not have")
	}
	s.doubted(-day)
	expect(t, s.Must(s.By("lea", "lea", yes)), "change-decided", "change-over", "clock-agreed")
	if s.World.Doubted || s.World.Behind != day {
		t.Fatalf("doubted %v, behind %d", s.World.Doubted, s.World.Behind)
	}
	task, _ := s.Task(cell.TaskClock, canon.Digest{}, "")
	if _, err := s.Do(s.Effect(cell.EffectClock, task.ID, cell.Observed{Step: -day - 10})); err == nil {
		t.Fatal("what was agreed is recorded again")
	}
	if s.doubted(-day - hour); !s.World.Doubted {
		t.Fatal("a clock that moved on is trusted")
	}
	if s.doubted(0); s.World.Doubted || s.World.Behind != 0 || s.World.Agreed != 0 {
		t.Fatalf("the clock is right, and %+v", s.World.Behind)
	}
}

func mustTask(t *testing.T, s *story, kind cell.TaskKind) cell.Task {
	t.Helper()
	task, ok := s.Task(kind, s.id, "")
	if !ok {
		t.Fatalf("no task %s waits", kind)
	}
	return task
}
