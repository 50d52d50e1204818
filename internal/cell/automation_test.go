package cell_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

func automationStory() *story {
	return &story{Cell: celltest.New(celltest.AWSGenesis(), celltest.AutomationScenario())}
}

// statesOfAutomation are all the places where a lease of an execution can stand.
var statesOfAutomation = func() []state {
	const target = "run-1"
	opened := func() *story { return automationStory().granted(target).opened(target) }
	shut := func(s *story, listed access.Listing) *story {
		return s.effect(cell.EffectShut, cell.TaskShut, target, shutting(nil, listed))
	}
	return []state{
		{"granted, opening", func() *story { return automationStory().granted(target) }},
		{"stopped before it was known to be open", func() *story { return automationStory().granted(target).stopped() }},
		{"open", opened},
		{"stopped", func() *story { return opened().stopped() }},
		{"stopped, and it closed, and one still stands", func() *story { return shut(opened().stopped(), access.ListedStands) }},
		{"stopped, and attested", func() *story { return opened().stopped().attested("lea", target) }},
	}
}()

// TestExecutionClosesByItsStep (T48): a lease that an execution opens gives nothing to
// fetch, is not closed for want of a credential, and is closed when Systems Manager
// shows that it is over and closed, or a person attests: by nothing else.
func TestExecutionClosesByItsStep(t *testing.T) {
	const target = "run-1"
	s := automationStory().granted(target)
	if l := s.request().Leases[0]; l.Automation != "prod" || l.Host != "" || l.Account != "" || !l.Driven() || l.Driver() != "aws:prod" {
		t.Fatalf("the lease is %+v", l)
	}
	s.opened(target)
	if !s.request().Leases[0].Worked {
		t.Error("nobody knows afterwards that it was open")
	}
	if _, baseline := s.Task(cell.TaskBaseline, s.id, target); baseline {
		t.Error("an execution has no twin to be probed")
	}
	expectRefusal(t, s.Cell, s.Fetch("ann", "1", s.id, target), cell.NothingToFetch)
	s.stopped()
	if l := s.request().Leases[0]; l.State != access.LeaseClosing || len(l.Proofs) > 0 {
		t.Fatalf("stopped, the lease is %+v", l)
	}
	for _, seen := range []cell.Observed{{}, {Shut: &cell.Shut{Listed: access.ListedGone}}} {
		task, _ := s.Task(cell.TaskShut, s.id, target)
		if refusal := refusalOf(s.tried(s.Effect(cell.EffectShut, task.ID, seen))); refusal == nil || refusal.Reason != cell.NothingNew {
			t.Errorf("what did not say that it closed: %v", refusal)
		}
	}
	for _, listed := range []access.Listing{"", access.ListedStands} {
		s := s.fork()
		s.effect(cell.EffectShut, cell.TaskShut, target, shutting(nil, listed))
		if l := s.request().Leases[0]; l.State != access.LeaseClosing || l.Shut.IsZero() {
			t.Errorf("it said that it closed, and %q is listed: %+v", listed, l)
		}
		s.attested("lea", target)
		if l := s.request().Leases[0]; l.State != access.LeaseClosed {
			t.Errorf("a person attested: %+v", l)
		}
	}
	s.effect(cell.EffectShut, cell.TaskShut, target, shutting(nil, access.ListedGone))
	if l := s.request().Leases[0]; l.State != access.LeaseClosed || l.Proofs[0].By != "aws:prod" || l.Proofs[0].Kind != access.ProofEnded {
		t.Errorf("it is over and closed: %+v", l)
	}
}

// TestExecutionsOfTheSameFollowEachOther: the end of an execution takes away what another
// opened that puts the same person into the same group. The second is not taken for open
// before the first is closed, by its step or by a person; another person's, and that of
// another group, wait for nobody.
func TestExecutionsOfTheSameFollowEachOther(t *testing.T) {
	const target = "run-1"
	opens := func(s *story, id canon.Digest, target string) *cell.Refusal {
		task, _ := s.Task(cell.TaskOpen, id, target)
		return refusalOf(s.tried(s.Effect(cell.EffectOpened, task.ID, cell.Observed{})))
	}
	waits := func(s *story, id canon.Digest, what string) {
		t.Helper()
		if refusal := opens(s, id, target); refusal == nil || refusal.Reason != cell.NotDue {
			t.Errorf("%s, the second was taken for open: %v", what, refusal)
		}
	}
	grants := func(s *story, person, name string) canon.Digest {
		s.later(time.Second)
		id, _ := cell.RequestOf(s.Must(s.Ask(person, name, target)).Outcome.Stream)
		s.Must(s.Approve("sam", id))
		s.Must(s.Approve("lea", id))
		return id
	}
	s := automationStory().granted(target, "run-2")
	first, second, third := s.id, grants(s, "ann", "second"), grants(s, "ann", "third")
	task, _ := s.Task(cell.TaskOpen, second, target)
	s.Must(s.Effect(cell.EffectOpenFailed, task.ID, cell.Observed{Why: access.TroubleWaits}))
	waits(s, second, "the first is being opened")
	waits(s, third, "two are before it")
	s.opened(target)
	waits(s, second, "the first is open")
	if refusal := opens(s, first, "run-2"); refusal != nil {
		t.Errorf("another group waits: %v", refusal)
	}
	if refusal := opens(s, grants(s, "bob", "bob's"), target); refusal != nil {
		t.Errorf("another person waits: %v", refusal)
	}
	s.stopped()
	waits(s, second, "the first is closing")
	byHand := s.fork().attested("lea", target)
	if refusal := opens(byHand, second, target); refusal != nil {
		t.Errorf("a person attested the end of the first: %v", refusal)
	}
	s.effect(cell.EffectShut, cell.TaskShut, target, shutting(nil, access.ListedGone))
	waits(s, third, "the second is before it")
	if refusal := opens(s, second, target); refusal != nil {
		t.Errorf("the first is closed: %v", refusal)
	}
}

// TestExecutionIsNotExtended: an execution was told when to end. Who extends a grant
// names the other targets.
func TestExecutionIsNotExtended(t *testing.T) {
	s := automationStory().granted("db-1", "run-1").opened("run-1").later(10 * time.Minute)
	for _, targets := range [][]string{nil, {"run-1"}, {"db-1", "run-1"}} {
		if refusal := refusalOf(s.tried(s.By("ann", "ann", extension(s.id, 1800, targets...)))); refusal == nil || refusal.Reason != cell.NotLonger || !strings.Contains(refusal.Detail, "the execution of run-1") {
			t.Errorf("%v: %v", targets, refusal)
		}
	}
	if err := s.tried(s.By("ann", "ann", extension(s.id, 1800, "db-1"))); err != nil {
		t.Errorf("the others: %v", err)
	}
}

// TestAccountOfAnExecutionStays: no amendment takes the account away in which something
// runs.
func TestAccountOfAnExecutionStays(t *testing.T) {
	st := automationStory().granted("run-1").opened("run-1")
	for name, change := range map[string]func(*cell.Genesis){
		"gone":           func(g *cell.Genesis) { g.AWS.Accounts = g.AWS.Accounts[1:] },
		"another number": func(g *cell.Genesis) { g.AWS.Accounts[0].Account = "999999999999" },
	} {
		if refusal := refusalOf(st.tried(st.By("sam", "sam", st.Amending(change, celltest.Scenario())))); refusal == nil || !strings.Contains(refusal.Detail, "AWS account prod") {
			t.Errorf("%s under a lease: %v", name, refusal)
		}
	}
}

// TestDocumentsAreChecked: what could not be started as it stands, or would start
// something else, is no scenario.
func TestDocumentsAreChecked(t *testing.T) {
	g := celltest.AWSGenesis()
	g.AWS.Accounts[1].Management = true
	r, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	many := map[string]string{}
	for _, c := range "abcdefghijklmnopqrst" {
		many[string(c)] = "x"
	}
	for name, change := range map[string]func(*access.Automation){
		"account: \"other\" is no AWS account": func(a *access.Automation) { a.Account = "other" },
		"account: stage is the management":     func(a *access.Automation) { a.Account = "stage" },
		"region: \"here\"":                     func(a *access.Automation) { a.Region = "here" },
		"document: \"AWS-Run":                  func(a *access.Automation) { a.Document = "AWS-RunShellScript" },
		"document: \"arn:":                     func(a *access.Automation) { a.Document = "arn:aws:ssm:eu-west-1:1:document/x" },
		"version: must be":                     func(a *access.Automation) { a.Version = 0 },
		"opens: \"a b\"":                       func(a *access.Automation) { a.Opens = "a b" },
		"closes: \"Open\" is not":              func(a *access.Automation) { a.Closes = "Open" },
		"role: \"halligan-executor\"":          func(a *access.Automation) { a.Role = "halligan-executor" },
		"allows: must":                         func(a *access.Automation) { a.Allows = "" },
		"parameters: \"Group\" must":           func(a *access.Automation) { a.Parameters = map[string]string{"Group": "{{ Person }}"} },
		"parameters: \"Long\" must":            func(a *access.Automation) { a.Parameters = map[string]string{"Long": strings.Repeat("x", 513)} },
		"parameters: \"Line\" must":            func(a *access.Automation) { a.Parameters = map[string]string{"Line": "a\nb"} },
		"parameters: at most 20":               func(a *access.Automation) { a.Parameters = many },
		"tells: \"Person\" must":               func(a *access.Automation) { a.Tells = map[string]string{"Person": "password"} },
		"tells: \"Group\" must":                func(a *access.Automation) { a.Tells = map[string]string{"Group": access.FactPerson} },
		"group: \"operators\" is not":          func(a *access.Automation) { a.Group = "operators" },
	} {
		a := celltest.AutomationTarget("run-1")
		change(&a)
		s := celltest.Scenario()
		s.Opens = []access.Open{{Automation: &a}}
		if err := cell.CheckScenario(&s, &g, &r); err == nil || !strings.Contains(err.Error(), "automation."+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	made := access.Automation{Name: "run", Account: "prod", Region: "eu-west-1", Version: 1, Group: "operators", Allows: "Be a member of operators"}
	made.MemberOf()
	s := celltest.Scenario()
	s.Opens = []access.Open{{Automation: &made}}
	if _, err := cell.DecodeScenario(canon.MustEncode(s), &g, &r); err != nil {
		t.Errorf("the document of a blueprint: %v", err)
	}
}
