package view_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

// twoScenarios is Genesis with eve, who is only an approver of another
// scenario, and kim, who is in no group.
func twoScenarios(t *testing.T) *stage {
	g := celltest.Genesis()
	for _, person := range []string{"eve", "kim"} {
		g.People = append(g.People, roster.Person{ID: person, Keys: []roster.Key{celltest.Line(person)}})
	}
	g.Groups["others"] = []string{"eve", "lea"}
	one, other := celltest.Scenario(), celltest.Scenario()
	one.Procedure = "Check replication lag before any failover."
	other.ID, other.Title, other.MayRequest = "other", "Another", []string{"group:on-call"}
	other.Severities = map[access.Severity]access.Terms{"SEV1": {Longest: 900, ReviewDue: 3600, Quorum: access.Quorum{{From: "group:others", Count: 1}}}}
	return newStage(t, g, one, other)
}

// TestMaySee is the rule: requester, approvers of the scenario at any severity,
// security; nobody else, and nobody who was removed.
func TestMaySee(t *testing.T) {
	s := twoScenarios(t)
	id := s.ask("ann", "1", "db-1")
	r, _ := s.View.Find(id)
	may := map[string]bool{"ann": true, "sam": true, "sue": true, "lea": true, "leo": true,
		"bob": false, "eve": false, "kim": false, "": false, "group:security": false}
	for person, want := range may {
		if got := s.View.MaySee(person, r); got != want {
			t.Errorf("%q may see: %v, want %v", person, got, want)
		}
		v := s.View.Request(person, r, s.at())
		if v.Limited == want {
			t.Errorf("%q: limited is %v", person, v.Limited)
		}
		if !want {
			same(t, "what "+person+" sees", v, view.Request{ID: id, Short: id.Short(), Scenario: "database-locked-out", State: access.Pending, Limited: true})
		}
	}
	s.remove("sam", "lea", "ann", "")
	s.remove("sam", "lea", "leo", "")
	for _, person := range []string{"ann", "leo"} {
		if s.View.MaySee(person, r) {
			t.Errorf("%s may see after being removed", person)
		}
	}
}

// TestNobodyLearnsMore looks for words of a request in everything that is shown
// to people who may not see it.
func TestNobodyLearnsMore(t *testing.T) {
	s := twoScenarios(t)
	id := s.fetched("1", "db-1")
	s.do(s.Stop("sam", id))
	s.ask("ann", "2", "db-2")
	s.heard()
	s.later(1 << 40)
	for _, person := range []string{"bob", "eve", "kim", ""} {
		at := s.at()
		shown := map[string]any{
			"now": s.View.Now(person, at), "list": s.View.List(person, view.Query{}, at),
			"inbox": s.View.Inbox(person, at), "findings": s.View.Findings(person, at),
			"by person": s.View.List(person, view.Query{Person: "ann"}, at),
		}
		for what, v := range shown {
			for _, secret := range []string{"ann", "sam", "db-1", "db-2", "INC-1", "192.0.2.7", "credential"} {
				if strings.Contains(string(canon.MustEncode(v)), secret) {
					t.Errorf("%s shows %q to %q:\n%s", what, secret, person, canon.MustEncode(v))
				}
			}
		}
		same(t, "rows by person", len(s.View.List(person, view.Query{Person: "ann"}, at).Rows), 0)
		same(t, "rows", len(s.View.List(person, view.Query{}, at).Rows), 2)
		same(t, "closing", len(s.View.Now(person, at).Closing), 1)
		same(t, "findings", len(s.View.Findings(person, at).Findings), 1)
	}
}

func TestProcedureIsForThoseWhoUseIt(t *testing.T) {
	s := twoScenarios(t)
	for person, want := range map[string]bool{"ann": true, "bob": true, "lea": true, "leo": true, "sam": true, "eve": false, "kim": false, "": false} {
		v, ok := s.View.Scenario(person, "database-locked-out")
		if !ok || (v.Procedure != "") != want || s.View.MayRead(person, "database-locked-out") != want {
			t.Errorf("%q reads the procedure: %v, want %v", person, v.Procedure != "", want)
		}
	}
	if _, ok := s.View.Scenario("sam", "unknown"); ok || s.View.MayRead("sam", "unknown") {
		t.Error("an unknown scenario was shown")
	}
}
