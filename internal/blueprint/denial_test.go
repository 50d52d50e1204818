package blueprint_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
)

const denialARN = "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1"

const cellOrigin = "halligan.example.com"

// withDenial is withCenter with a policy of denials.
func withDenial() blueprint.Cell {
	c := withCenter()
	c.Center.Denial = denialARN
	return c
}

func deniedUser(n int) blueprint.Denied {
	return blueprint.Denied{Partition: "aws", Account: "123456789012", Set: "EmergencyDatabase", User: fmt.Sprintf("00000000-0000-4000-8000-%012d", n+1)}
}

// TestDenialRole: the account that administers Identity Center gets a role that reads and
// writes one policy, only where the cell names one; and the organisation's files are
// there before its ARN is known.
func TestDenialRole(t *testing.T) {
	c := withDenial()
	for i := range c.Accounts {
		if c.Accounts[i].ID == "identity" {
			c.Accounts[i].ID = "denial" // a folder of its own among the golden files
		}
	}
	c.Center.Account = "denial"
	b, err := blueprint.Of(c, "denial")
	if err != nil {
		t.Fatal(err)
	}
	made, err := b.CloudFormation()
	goldens(t, "cloudformation", files(t, made, err))
	goldens(t, "terraform", b.Terraform())
	goldens(t, "denial", slices.DeleteFunc(blueprint.Organization([]*blueprint.Blueprint{b}, nil), func(f blueprint.File) bool { return !strings.HasPrefix(f.Name, "halligan-denial") }))
	if policy := string(b.DenialPolicy()); strings.ContainsAny(policy, "*?") || strings.Count(policy, `"organizations:`) != 2 || !strings.Contains(policy, denialARN) {
		t.Errorf("the policy is %s", policy)
	}
	if trust := string(b.DenialTrust()); strings.Count(trust, `"halligan.example.com/denial"`) != 2 || strings.Contains(trust, "identity-center") {
		t.Errorf("the trust is %s", trust)
	}
	without, err := blueprint.Of(withCenter(), "identity")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range without.Documents() {
		if strings.HasPrefix(d.Name, "denial/") {
			t.Error("a cell that denies nothing has the role")
		}
	}
	names := []string{}
	for _, f := range blueprint.Organization([]*blueprint.Blueprint{without}, nil) {
		names = append(names, f.Name)
	}
	if got := strings.Join(names, " "); got != "halligan-guard.json halligan-cut-off.json halligan-denial.json" {
		t.Errorf("the organisation's files are %s", got)
	}
}

// TestDenialIsReadBack: a policy of denials is the same whatever the order, and known
// again with other white space; anything else that is changed in it shows.
func TestDenialIsReadBack(t *testing.T) {
	three := []blueprint.Denied{deniedUser(2), deniedUser(0), deniedUser(1)}
	three[0].Set = "Another"
	content, fits := blueprint.Denial(cellOrigin, three)
	if fits != 3 || !canon.Canonical(content) {
		t.Fatalf("%d fit: %s", fits, content)
	}
	if other, _ := blueprint.Denial(cellOrigin, []blueprint.Denied{three[2], three[0], three[1], three[0]}); string(other) != string(content) {
		t.Errorf("another order: %s", other)
	}
	for _, text := range []string{string(content), "\n" + strings.ReplaceAll(string(content), ",", " ,\n\t")} {
		if line, ours := blueprint.ReadDenial(cellOrigin, text); !ours || string(line) != string(content) {
			t.Errorf("%q is read as %q, ours: %v", text, line, ours)
		}
	}
	if empty, fits := blueprint.Denial(cellOrigin, nil); fits != 0 || len(empty) < 20 {
		t.Errorf("nobody is denied: %s", empty)
	} else if _, ours := blueprint.ReadDenial(cellOrigin, string(empty)); !ours {
		t.Error("a policy that denies nobody is not known")
	}
	for _, change := range [][2]string{
		{`"Effect":"Deny"`, `"Effect":"Allow"`}, {"000000000001", "000000000009"}, {"Another", "Othr"}, {`"2012-10-17"`, `"2008-10-17"`},
		{"HalliganDenial", "HalliganDenia1"}, {`"Version"`, `"Id":"x","Version"`}, {"Statement", "statement"},
		{`"Sid":"HalliganDenial`, `"Sid":"HalliganDenial0`}, {"]", `,{"Action":"*","Effect":"Deny","Resource":"*"}]`},
	} {
		text := strings.Replace(string(content), change[0], change[1], 1)
		if text == string(content) {
			t.Fatalf("%q is not in it", change[0])
		}
		if _, ours := blueprint.ReadDenial(cellOrigin, text); ours {
			t.Errorf("%q for %q is taken for ours", change[1], change[0])
		}
	}
	for _, origin := range []string{"other.example.com", "", cellOrigin + "\n"} {
		for _, of := range [][]blueprint.Denied{nil, three} {
			theirs, _ := blueprint.Denial(origin, of)
			if line, ours := blueprint.ReadDenial(cellOrigin, string(theirs)); ours || string(line) != string(theirs) {
				t.Errorf("what the cell %q wrote is taken for ours: %s", origin, line)
			}
		}
	}
	for _, text := range []string{"", "{}", "null", `"Sid":"HalliganDenial`, string(content) + "{}", strings.Repeat("[", 20000)} {
		if _, ours := blueprint.ReadDenial(cellOrigin, text); ours {
			t.Errorf("%.40q is taken for ours", text)
		}
	}
}

// TestDenialHasRoom: a policy never passes the limit of AWS. Who does not fit is told,
// and those who came first stay.
func TestDenialHasRoom(t *testing.T) {
	var all []blueprint.Denied
	for n := range 200 {
		one := deniedUser(n)
		one.Set = fmt.Sprintf("Emergency%023d", n%7) // the longest name
		all = append(all, one)
	}
	content, fits := blueprint.Denial(cellOrigin, all)
	if fits < 40 || fits == len(all) || len(content) > 5120 || len(content) < 5000 {
		t.Errorf("%d fit, in %d characters", fits, len(content))
	}
	if fewer, n := blueprint.Denial(cellOrigin, all[:fits]); n != fits || string(fewer) != string(content) {
		t.Errorf("without the others %d fit", n)
	}
	apart := make([]blueprint.Denied, 100)
	for n := range apart {
		apart[n] = deniedUser(n)
		apart[n].Set = fmt.Sprintf("Emergency%023d", n)
	}
	if _, fits := blueprint.Denial(cellOrigin, apart); fits < 15 {
		t.Errorf("of permission sets of their own only %d fit", fits)
	}
}

// FuzzReadDenial: what is read as ours is what Denial could have sealed, and nothing
// panics.
func FuzzReadDenial(f *testing.F) {
	content, _ := blueprint.Denial(cellOrigin, []blueprint.Denied{deniedUser(0)})
	f.Add(string(content))
	f.Add(`{"Version":"2012-10-17","Statement":[]}`)
	f.Add(`{"Statement":[{"Sid":"HalliganDenial0123456789abcdef"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if line, ours := blueprint.ReadDenial(cellOrigin, text); ours {
			if again, still := blueprint.ReadDenial(cellOrigin, string(line)); !still || string(again) != string(line) {
				t.Errorf("%q is ours, and read again as %q", line, again)
			}
		}
	})
}
