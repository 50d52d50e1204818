package cell_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT20ACodeIsTheServersWord: whatever a signature by a code device shows, it is
// taken where a scenario says so in its own words, and is marked wherever it is.
func TestT20ACodeIsTheServersWord(t *testing.T) {
	for _, shown := range []roster.Strength{roster.Possession, roster.UserVerified, roster.Hardware} {
		for _, mfa := range []string{"", "possession", "user-verified", "hardware"} {
			s := coded(mfa)
			asks := s.byCode("ann", s.Ask("ann", "laptop", "db-1").Signed.Statement.Body)
			asks.Signed.Signer.Strength = shown
			expectRefusal(t, s.Cell, asks, cell.TooWeak)
		}
	}
	s := coded("").ask("db-1")
	for _, verdict := range []statement.Verdict{statement.Approve, statement.Deny} {
		expectRefusal(t, s.Cell, s.byCode("lea", &statement.Decision{Of: s.id, Verdict: verdict, Check: statement.CallBack}), cell.TooWeak)
	}

	s = coded("server-attested").askedByCode().agreedByCode()
	r := s.request()
	if !r.Code || r.State != access.Granted || !r.Decisions[0].Code || !r.Decisions[1].Code {
		t.Errorf("not marked: %+v", r)
	}
	s.Must(s.byCode("sam", &statement.Stop{Of: s.id, Reason: celltest.Note("stop")}))
	if end := s.request().End; end == nil || !end.Code {
		t.Errorf("a stop that is not marked: %+v", end)
	}
	replays(t, s.Cell)
	restores(t, s.Cell)

	for name, signs := range map[string]*story{"keys": coded("server-attested").ask("db-1").approve("sam", "lea")} {
		r := signs.request()
		if r.Code || r.Decisions[0].Code {
			t.Errorf("%s: marked as codes: %+v", name, r)
		}
	}
	if device("ann").MayProve(roster.Possession) || device("ann").MayProve(roster.NoStrength) || !device("ann").MayProve(roster.ServerAttested) {
		t.Error("what a code device may prove")
	}
}

// TestT20StopByCodeAlwaysWorks: under a scenario that takes no codes too, for it ends
// things only.
func TestT20StopByCodeAlwaysWorks(t *testing.T) {
	s := coded("user-verified")
	asks := s.Ask("ann", "laptop", "db-1")
	asks.Signed.Signer.Strength = roster.UserVerified
	s.id = s.Must(asks).Outcome.Events[0].(*cell.RequestMade).Request.ID
	r := s.Must(s.byCode("lea", &statement.Stop{Of: s.id, Reason: celltest.Note("stop")}))
	expect(t, r, "request-over")
	if over := r.Outcome.Events[0].(*cell.RequestOver); !over.Code {
		t.Error("it is not marked")
	}
	replays(t, s.Cell)
}

// TestT20NoCodeTouchesTheCell: nothing of the cell itself is founded, proposed,
// agreed to or held up by codes, and no document makes a key of a device.
func TestT20NoCodeTouchesTheCell(t *testing.T) {
	g := celltest.Genesis()
	withDevices("sam")(&g)
	unfounded := celltest.Unfounded(g, celltest.Scenario())
	expectRefusal(t, unfounded, unfounded.By("sam", "sam's app", &statement.Found{Genesis: unfounded.Digest}), cell.NotFounder)

	s := coded("server-attested").propose("bob", "")
	yes := &statement.Decision{Of: s.change, Verdict: statement.Approve, Check: statement.InPerson}
	expectRefusal(t, s.Cell, s.byCode("lea", yes), cell.TooWeak)
	expectRefusal(t, s.Cell, s.byCode("lea", &statement.Decision{Of: s.change, Verdict: statement.Deny, Check: statement.InPerson}), cell.TooWeak)
	for _, rule := range cell.Rules() {
		takes := slices.Contains([]statement.Kind{statement.KindSession, statement.KindRequest, statement.KindDecision, statement.KindWithdraw, statement.KindStop, statement.KindExtend}, rule.Kind)
		if got := roster.ServerAttested.AtLeast(rule.Least); got != takes {
			t.Errorf("%s takes codes: %t", rule.Kind, got)
		}
	}

	turned := s.Amending(func(g *cell.Genesis) {
		for i, p := range g.People {
			for k := range p.Keys {
				g.People[i].Keys[k].Code = false
			}
		}
	})
	_, err := s.Do(s.By("sam", "sam", turned))
	if refusal := refusalOf(err); refusal == nil || refusal.Reason != cell.NotAmendable || !strings.Contains(refusal.Detail, "cease to be a code device") {
		t.Errorf("a device became a key: %v", err)
	}
	alone := s.Amending(func(g *cell.Genesis) {
		for i, p := range g.People {
			if p.ID == "lea" || p.ID == "leo" {
				g.People[i].Keys = []roster.Key{device(p.ID)}
			}
		}
	})
	if _, err := s.Do(s.By("sam", "sam", alone)); refusalOf(err) == nil {
		t.Error("a document whose change quorum has nothing but codes")
	}
}
