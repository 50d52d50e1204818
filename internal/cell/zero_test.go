package cell_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// zeroBodies say nothing: every member that matters is zero.
var zeroBodies = []statement.Body{
	&statement.Found{}, &statement.Request{}, &statement.Decision{}, &statement.Decision{Verdict: statement.Approve},
	&statement.Withdraw{}, &statement.Fetch{}, &statement.Release{}, &statement.Stop{}, &statement.Attest{}, &statement.Change{},
	&statement.Upgrade{},
}

// zeroIsNobody tries what is not there on a node: I10. It tells what was taken.
func zeroIsNobody(n node) string {
	refuse := func(what string, c cell.Command) string {
		if outcome, err := cell.Decide(n.w, c); err == nil {
			return fmt.Sprintf("I10: %s became %s", what, tellAll(n.now, outcome, nil))
		}
		return ""
	}
	by := func(actor string, key cell.Signer, body statement.Body) cell.Command {
		return cell.Command{At: n.now, Signed: &cell.Signed{Signer: key, Statement: statement.Statement{Body: body, Header: statement.Header{
			Actor: actor, Expires: n.now.Add(time.Minute), Ledger: n.w.Origin, Nonce: canon.Key32{31: 1}, Digest: canon.Digest{31: 1},
		}}}}
	}
	for _, body := range zeroBodies {
		if fault := refuse(fmt.Sprintf("a %s statement that says nothing", body.Kind()), by("fay", signer["fay"], body)); fault != "" {
			return fault
		}
	}
	for what, c := range map[string]cell.Command{
		"a command of nothing": {At: n.now}, "an effect of nothing": {At: n.now, Effect: &cell.Effect{}},
		"a statement of nothing": {At: n.now, Signed: &cell.Signed{}}, "both": {At: n.now, Signed: &cell.Signed{}, Effect: &cell.Effect{}},
		"an effect of no task": {At: n.now, Effect: &cell.Effect{Kind: cell.EffectDue}},
	} {
		if fault := refuse(what, c); fault != "" {
			return fault
		}
	}
	weak := signer["fay"]
	weak.Strength = roster.NoStrength
	for id, r := range n.w.Requests {
		stop := &statement.Stop{Of: id}
		for what, c := range map[string]cell.Command{
			"a stop by nobody": by("", cell.Signer{}, stop), "a stop by nobody's key": by("fay", cell.Signer{}, stop),
			"a stop of no strength":   by("fay", weak, stop),
			"a fetch by no key":       by(r.Requester, cell.Signer{}, &statement.Fetch{Of: id, Target: "db-1"}),
			"a fetch at no target":    by(r.Requester, cell.Signer{Ed25519: r.Holder}, &statement.Fetch{Of: id}),
			"a stop without a ledger": withoutLedger(by("fay", signer["fay"], stop)),
		} {
			if fault := refuse(what, c); fault != "" {
				return fault
			}
		}
	}
	return ""
}

func withoutLedger(c cell.Command) cell.Command {
	c.Signed.Statement.Ledger = ""
	return c
}

// TestZeroWorldTakesNothing: before genesis there is nobody at all.
func TestZeroWorldTakesNothing(t *testing.T) {
	for _, w := range []*cell.World{new(cell.World), cell.New("", nil), cell.New(celltest.Origin, nil)} {
		n := node{w, celltest.Start}
		if fault := zeroIsNobody(n); fault != "" {
			t.Error(fault)
		}
		c := celltest.Sample()
		for _, command := range []cell.Command{c.Ask("ann", "1", "db-1"), c.Stop("sam", canon.Sum(nil)), c.Found("sam")} {
			if _, err := cell.Decide(w, command); refusalOf(err) == nil {
				t.Errorf("%s: %v, want a refusal", command.Signed.Statement.Body.Kind(), err)
			}
		}
	}
}

// TestZeroQuorumIsRefused: no genesis and no scenario in which a zero value would
// stand for everybody is taken.
func TestZeroQuorumIsRefused(t *testing.T) {
	for name, change := range map[string]func(*cell.Genesis){
		"no change quorum":        func(g *cell.Genesis) { g.Change = nil },
		"a change leg of zero":    func(g *cell.Genesis) { g.Change = access.Quorum{{From: "group:security"}} },
		"a change leg below zero": func(g *cell.Genesis) { g.Change = append(g.Change, access.Leg{From: "group:leads", Count: -1}) },
		"a change leg of nobody":  func(g *cell.Genesis) { g.Change = access.Quorum{{From: "group:none", Count: 1}} },
		"a change leg of no name": func(g *cell.Genesis) { g.Change = access.Quorum{{Count: 1}} },
		"no founders":             func(g *cell.Genesis) { g.Founders = nil },
		"a founder twice":         func(g *cell.Genesis) { g.Founders = []string{"sam", "sam"} },
		"a founder who is nobody": func(g *cell.Genesis) { g.Founders = []string{""} },
		"no security":             func(g *cell.Genesis) { g.Security = "" },
		"an empty security":       func(g *cell.Genesis) { g.Groups["security"] = nil },
		"no waiting time":         func(g *cell.Genesis) { g.Pending = 0 },
		"no people":               func(g *cell.Genesis) { g.People, g.Groups = nil, nil },
		"no origin":               func(g *cell.Genesis) { g.Origin = "" },
		"no rules":                func(g *cell.Genesis) { g.Rules = 0 },
		"no version":              func(g *cell.Genesis) { g.Version = "" },
		"no ledger key":           func(g *cell.Genesis) { g.Ledger = "" },
		"one key for two things":  func(g *cell.Genesis) { g.Revocations = g.Ledger },
		"no authority":            func(g *cell.Genesis) { g.Authority = roster.Key{} },
		"a host without a report": func(g *cell.Genesis) { g.Hosts[0].Report = roster.Key{} },
		"a host without an id":    func(g *cell.Genesis) { g.Hosts[0].ID = "" },
		"a nameless witness":      func(g *cell.Genesis) { g.Witnesses = "" },
	} {
		g := celltest.Genesis()
		change(&g)
		if _, err := g.Check(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	g := celltest.Genesis()
	r, err := g.Check()
	if err != nil {
		t.Fatalf("the genesis that these were made of is refused: %v", err)
	}
	for name, change := range map[string]func(*access.Scenario){
		"nobody may request": func(s *access.Scenario) { s.MayRequest = nil },
		"an empty group may": func(s *access.Scenario) { s.MayRequest = []string{"group:none"} },
		"no severities":      func(s *access.Scenario) { s.Severities = nil },
		"no quorum":          func(s *access.Scenario) { change1(s, func(t *access.Terms) { t.Quorum = nil }) },
		"a leg of zero": func(s *access.Scenario) {
			change1(s, func(t *access.Terms) { t.Quorum = access.Quorum{{From: "group:security"}} })
		},
		"no window":             func(s *access.Scenario) { change1(s, func(t *access.Terms) { t.Longest = 0 }) },
		"no review":             func(s *access.Scenario) { change1(s, func(t *access.Terms) { t.ReviewDue = 0 }) },
		"opens nothing":         func(s *access.Scenario) { s.Opens = nil },
		"opens an unset target": func(s *access.Scenario) { s.Opens = []access.Open{{}} },
		"no id":                 func(s *access.Scenario) { s.ID = "" },
		"no criteria":           func(s *access.Scenario) { s.UseWhen = nil },
		"a quorum that one requester alone could fill": func(s *access.Scenario) {
			change1(s, func(t *access.Terms) { t.Quorum = access.Quorum{{From: "group:on-call", Count: 3}} })
		},
	} {
		s := celltest.Scenario()
		change(&s)
		if err := cell.CheckScenario(&s, &g, &r); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	s := celltest.Scenario()
	if err := cell.CheckScenario(&s, &g, &r); err != nil {
		t.Fatalf("the scenario that these were made of is refused: %v", err)
	}
}

func change1(s *access.Scenario, change func(*access.Terms)) {
	terms := s.Severities["SEV1"]
	change(&terms)
	s.Severities["SEV1"] = terms
}
