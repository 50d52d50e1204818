package procedure_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/procedure"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everything is a scenario that opens one of each, in a cell that has them.
func everything() (procedure.Cell, *access.Scenario) {
	c := procedure.Cell{
		Origin: "halligan.example.com", Genesis: canon.Sum([]byte("genesis")), Server: "https://halligan.example.com:7878", Security: "group:security",
		People: []procedure.Person{
			{ID: "ann", Name: "Ann Ambler", Contact: "+44 20 7946 0001"}, {ID: "ben", Name: "Ben Barlow", Contact: "+44 20 7946 0002"},
			{ID: "cara", Contact: "+44 20 7946 0003"}, {ID: "dan", Name: "Dan <Dole>"},
		},
		Groups:   map[string][]string{"on-call": {"ann"}, "security": {"ben", "dan"}, "leads": {"cara", "dan"}, "board": {"dan"}},
		Hosts:    []procedure.Host{{ID: "db1", Address: "db1.example.com:22", Other: "serial console, account in the safe"}},
		Programs: []procedure.Program{{ID: "group-file", Opens: "A membership in a group of the billing system", Other: "delete the line in /srv/billing/groups"}},
		Accounts: []procedure.Account{{ID: "prod", Number: "123456789012", ARN: "arn:aws:iam::123456789012", Regions: "eu-west-1", Other: "root of the account is in the envelope prod-root"}},
		Center:   &procedure.Center{Instance: "arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11", Region: "eu-west-1", Store: "d-1234567890", Portal: "https://example.awsapps.com/start"},
	}
	s := &access.Scenario{
		ID: "database-locked-out", Title: "The production database refuses everyone",
		UseWhen:      []string{"Customers cannot pay and the cause is in the database", "Nobody can log in the normal way"},
		DoNotUseWhen: []string{"A read-only look is enough → runbook \"read replica\""},
		MayRequest:   []string{"group:on-call"},
		Severities: map[access.Severity]access.Terms{
			"SEV1": {Longest: 3600, ReviewDue: 86400, Quorum: access.Quorum{{From: "group:security", Count: 1}, {From: "group:leads", Count: 1}}},
			"SEV2": {Longest: 7200, ReviewDue: 3 * 86400, Quorum: access.Quorum{{From: "group:leads", Count: 2}}},
		},
		Ladder: []access.Rung{
			{After: 600, Widen: "group:board", Legs: []string{"group:leads"}},
			{After: 1200, Solo: &access.SoloStep{Longest: 900, RaiseTo: "SEV1", Opens: []string{"db1"}}},
		},
		Opens: []access.Open{
			{SSH: &access.SSH{Name: "db1", Host: "db1", User: "emergency-dba"}},
			{AWS: &access.AWS{Name: "database", Account: "prod", Role: "EmergencyDatabase", Console: true, Allows: "Start, stop and change databases of prod"}},
			{Envelope: &access.Envelope{Name: "prod-root", Custodians: "group:board", Threshold: 1, SealedBy: "group:security"}},
			{Envelope: &access.Envelope{Name: "prod-key", Custodians: "group:board", Threshold: 1, SealedBy: "group:security", Contents: &access.Contents{AccessKey: &access.AWSUser{Account: "123456789012", User: "halligan-emergency"}}}},
			{Exec: &access.Exec{Name: "billing", Program: "group-file"}},
			{Automation: &access.Automation{
				Name: "members", Account: "prod", Region: "eu-west-1", Document: "Halligan-member-operators", Version: 1, Role: "halligan-member-operators", Group: "operators", Opens: "Open", Closes: "Close", Allows: "Be a member of operators",
			}},
			{Automation: &access.Automation{
				Name: "freeze", Account: "prod", Region: "eu-central-1", Document: "LiftFreeze", Version: 7, Role: "AutomationFreeze", Opens: "Lift", Closes: "Restore", Allows: "Deploy in spite of the freeze.",
			}},
			{IdentityCenter: &access.IdentityCenter{Name: "console", Account: "prod", Set: "EmergencyDatabase", ARN: "arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/ps-0011223344556677", Session: 3600, Allows: "Start, stop and change databases of prod"}},
		},
		Procedure: "Check replication lag before any failover.\n",
	}
	return c, s
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// TestGolden holds text and HTML of all pages to what is in testdata: the
// mission's second example.
func TestGolden(t *testing.T) {
	p := procedure.Write(everything())
	p.Printed = canon.At(time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC))
	if len(p.Pages) != len(procedure.Roles) {
		t.Fatalf("%d pages", len(p.Pages))
	}
	golden(t, "database-locked-out.txt", p.Text(p.Pages))
	golden(t, "database-locked-out.html", p.HTML(p.Pages))
}

// TestEveryMechanismCanBeEndedByHand: whatever a scenario opens, the pages of who
// agrees and of who reviews say how to end it without Halligan.
func TestEveryMechanismCanBeEndedByHand(t *testing.T) {
	p := procedure.Write(everything())
	for _, role := range []procedure.Role{procedure.Approver, procedure.Reviewer} {
		page, ok := p.Page(role)
		if !ok {
			t.Fatalf("no page for %s", role)
		}
		text := p.Text([]procedure.Page{page})
		for _, want := range []string{
			"pkill -KILL -u emergency-dba", "aws iam attach-role-policy --role-name EmergencyDatabase --policy-arn arn:aws:iam::123456789012:policy/halligan-stop-all",
			"--role-name EmergencyDatabase-console", "halligan-stop-slot-EmergencyDatabase-SLOT", "change the secret where it counts", "delete the line in /srv/billing/groups",
			"halligan attest ID TARGET", "aws ssm terminate-session",
		} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("the page of %s does not say %q:\n%s", role, want, text)
			}
		}
	}
}

// TestNobodyWithoutEnvelopes: a custodian's page stands only where there is an
// envelope.
func TestNobodyWithoutEnvelopes(t *testing.T) {
	c, s := everything()
	s.Opens = s.Opens[:2]
	if _, ok := procedure.Write(c, s).Page(procedure.Custodian); ok {
		t.Error("there is a page for custodians of nothing")
	}
}

// TestVersions: the version moves with everything that is said, and with nothing
// else; a print says when it is stale and which genesis it belongs to.
func TestVersions(t *testing.T) {
	c, s := everything()
	first := procedure.Write(c, s)
	if again := procedure.Write(c, s); again.Version != first.Version {
		t.Error("the same cell has two versions")
	}
	printed := first
	printed.Printed = canon.At(time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC))
	text := printed.Text(printed.Pages[:1])
	for _, want := range []string{"version " + first.Version.Short(), c.Genesis.String(), "STALE after 2027-02-21"} {
		if !strings.Contains(strings.ReplaceAll(text, "\n", " "), want) {
			t.Errorf("the print does not say %q", want)
		}
	}
	for name, change := range map[string]func(*procedure.Cell, *access.Scenario){
		"a telephone number": func(c *procedure.Cell, _ *access.Scenario) { c.People[1].Contact = "+44 20 7946 0009" },
		"a group":            func(c *procedure.Cell, _ *access.Scenario) { c.Groups["leads"] = []string{"cara"} },
		"the genesis":        func(c *procedure.Cell, _ *access.Scenario) { c.Genesis = canon.Sum([]byte("other")) },
		"a criterion":        func(_ *procedure.Cell, s *access.Scenario) { s.UseWhen = s.UseWhen[:1] },
		"the longest window": func(_ *procedure.Cell, s *access.Scenario) {
			terms := s.Severities["SEV1"]
			terms.Longest = 1800
			s.Severities["SEV1"] = terms
		},
	} {
		c, s := everything()
		change(&c, s)
		if procedure.Write(c, s).Version == first.Version {
			t.Errorf("%s changes no version", name)
		}
	}
	c.Genesis = canon.Digest{}
	if unsealed := procedure.Write(c, s); !strings.Contains(strings.ReplaceAll(unsealed.Text(unsealed.Pages[:1]), "\n", " "), "from a sealed cell") {
		t.Error("the print from files does not say so")
	}
}

// TestHTMLEscapes: a name is a name, whatever is in it.
func TestHTMLEscapes(t *testing.T) {
	p := procedure.Write(everything())
	if text := p.HTML(p.Pages); strings.Contains(text, "<Dole>") || !strings.Contains(text, "Dan &lt;Dole&gt;") {
		t.Error("a name is taken for HTML")
	}
}

// TestPrintedPageIsValidHTML has a foreign judge read the page that is printed.
func TestPrintedPageIsValidHTML(t *testing.T) {
	judge := os.Getenv("HALLIGAN_HTML_VALIDATE")
	if judge == "" {
		judge = filepath.Join("..", "..", ".tools", "html", "node_modules", ".bin", "html-validate")
	}
	if _, err := os.Stat(judge); err != nil {
		t.Skip("no html-validate in .tools: scripts/deps.sh installs it where there is npm")
	}
	dir := t.TempDir()
	p := procedure.Write(everything())
	for name, text := range map[string]string{
		"page.html":          p.HTML(p.Pages),
		"twice.html":         p.HTML(append(p.Pages[:1:1], p.Pages[0])), // an id that stands twice
		".htmlvalidate.json": `{"root": true, "extends": ["html-validate:recommended", "html-validate:a11y"], "rules": {"doctype-style": "off", "long-title": "off"}}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if said, err := exec.Command(judge, "--formatter", "text", filepath.Join(dir, "page.html")).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	if exec.Command(judge, filepath.Join(dir, "twice.html")).Run() == nil {
		t.Error("the judge finds nothing wrong with an id that stands twice")
	}
}
