package cell_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT31VouchTakesTwoOfOneLeg: who sits with the owner in a leg, twice over, and
// then it is an hour still.
func TestT31VouchTakesTwoOfOneLeg(t *testing.T) {
	s := keyed()
	old := s.World.Cooling[leosSpare]
	for _, person := range []string{"ann", "sam", "max"} {
		expectRefusal(t, s.Cell, s.By(person, person, vouch("leo", leosSpare)), cell.NotAllowed)
	}
	s.vouched("bob")
	expectRefusal(t, s.Cell, s.By("bob", "bob", vouch("leo", leosSpare)), cell.AlreadyDecided)
	if s.World.Cooling[leosSpare] != old {
		t.Fatal("one was enough")
	}
	s.vouched("lea")
	if got, want := s.World.Cooling[leosSpare], s.Now.Add(time.Hour); got != want {
		t.Fatalf("it cools off until %s, want %s", got, want)
	}
	s.later(59 * time.Minute).ask("db-1")
	yes := &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.Video}
	expectRefusal(t, s.Cell, s.By("leo", "leo's spare", yes), cell.CoolingOff)
	s.later(time.Minute)
	expect(t, s.Must(s.By("leo", "leo's spare", yes)), "decided")
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT31VouchNotByWhatCoolsOff: keys that came together do not lift one another.
func TestT31VouchNotByWhatCoolsOff(t *testing.T) {
	s := keyed()
	expectRefusal(t, s.Cell, s.By("leo", "leo's spare", vouch("leo", leosSpare)), cell.CoolingOff)
	s.Amend(s.Amending(withSpare("bob")))
	expectRefusal(t, s.Cell, s.By("bob", "bob's spare", vouch("leo", leosSpare)), cell.CoolingOff)
}

// TestT31VouchOfWhoIsRemoved counts no more, nor one by a key that is gone.
func TestT31VouchOfWhoIsRemoved(t *testing.T) {
	for _, s := range []*story{keyed().vouched("bob").removeBy("bob", "sam", "lea"), keyed().vouched("bob").removeKey("bob")} {
		old := s.World.Cooling[leosSpare]
		s.vouched("lea")
		if s.World.Cooling[leosSpare] != old {
			t.Error("the word of what was removed counts")
		}
		replays(t, s.Cell)
		restores(t, s.Cell)
	}
}

// TestT31VouchByAnOlderKey of the owner is enough, unless the new one can prove
// more than it.
func TestT31VouchByAnOlderKey(t *testing.T) {
	s := keyed().vouched("leo")
	if got, want := s.World.Cooling[leosSpare], s.Now.Add(time.Hour); got != want {
		t.Errorf("it cools off until %s, want %s", got, want)
	}
	body := vouch("sue", authenticator().Fingerprint)
	expectRefusal(t, s.Cell, s.By("sue", "sue", body), cell.TooWeak)
	verified := s.By("sue", "sue", body)
	verified.Signed.Signer.Strength = roster.UserVerified
	expect(t, s.Must(verified), "key-vouched")
}

// TestI4VouchWaitsForTheClock, and never makes a cool-off longer.
func TestI4VouchWaitsForTheClock(t *testing.T) {
	s := keyed().vouched("bob").stepped(45_000)
	expectRefusal(t, s.Cell, s.By("lea", "lea", vouch("leo", leosSpare)), cell.ClockInDoubt)
	s = keyed().vouched("bob").later(70*time.Hour + 30*time.Minute)
	old := s.World.Cooling[leosSpare]
	expectRefusal(t, s.Cell, s.By("lea", "lea", vouch("leo", leosSpare)), cell.NothingNew)
	if s.World.Cooling[leosSpare] != old {
		t.Error("the cool-off moved")
	}
}
