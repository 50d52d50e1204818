package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/view"
)

// awsCell is the folder of a cell with two accounts, one of which a scenario opens
// a role in.
func awsCell(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "cell")
	begunAt(t, folder)
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("issuer/current.jwk", celltest.IssuerKey("current").Public)
	write("issuer/next.jwk", celltest.IssuerKey("next").Public)
	write("policies/rds.json", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["rds:Describe*", "rds:StartDBInstance"], "Resource": "*"}}`)
	write("scenarios/aws-database.yaml", `scenario: aws-database
title: The database of prod does not start
owner: group:leads
use_when: [Customers cannot pay]
do_not_use_when: ["A look is enough → the read-only role"]
may_request: [group:on-call]
severities:
  SEV1: { longest: 1h, quorum: [{ from: group:leads, count: 1 }], review_due: 24h }
opens:
  - aws: { name: database, account: prod, role: EmergencyDatabase, policy: policies/rds.json, console: true, regions: [eu-west-1], probe: { service: rds, action: DescribeDBInstances }, allows: Start databases of prod }
`)
	begun, err := os.ReadFile(filepath.Join(folder, "cell.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// Here who asks and who approves are different people: a step of Systems Manager
	// cannot tell them apart.
	text := strings.Replace(string(begun), `on-call: ["ann", "ben", "cara", "dan"]`, `on-call: ["ann"]`, 1)
	text = strings.Replace(text, `leads: ["ann", "ben", "cara", "dan"]`, `leads: ["ben", "cara", "dan"]`, 1)
	write("cell.yaml", text+`
aws:
  issuers: ["https://oidc.halligan.example.com", "https://oidc.halligan-standby.example.net"]
  keys: [issuer/current.jwk, issuer/next.jwk]
  accounts:
    - { id: prod, account: "123456789012", regions: [eu-west-1, eu-central-1], other_way: "root of the account is in the envelope prod-root" }
    - { id: payer, account: "999988887777", regions: [us-east-1, us-west-2], management: true, other_way: "root of the account is in the safe" }
`)
	return folder
}

// ended runs a command that ends with a code.
func ended(t *testing.T, want int, words ...string) (out, said string) {
	t.Helper()
	code, out, said := run(words...)
	if code != want {
		t.Fatalf("%v ended with %d, want %d:\n%s%s", words, code, want, out, said)
	}
	return out, said
}

// TestBlueprintCommands: every kind of file is written from the files of a cell,
// the management account's only when it is asked for, and what was deployed as it
// came out differs in nothing.
func TestBlueprintCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: every document of AWS is written")
	}
	folder, out := awsCell(t), t.TempDir()
	ended(t, 0, "lint", folder)
	wrote, _ := ended(t, 0, "blueprint", "cloudformation", "--files", folder, "--out", out)
	for _, name := range []string{"prod/halligan.yaml", "prod/halligan-rules.yaml", "prod/deploy.md"} {
		if !strings.Contains(wrote, "wrote "+filepath.Join(out, name)) {
			t.Errorf("%s was not written: %s", name, wrote)
		}
	}
	if strings.Contains(wrote, "payer") {
		t.Errorf("the management account's too: %s", wrote)
	}
	if managed, _ := ended(t, 0, "blueprint", "cloudformation", "--files", folder, "--management"); strings.Contains(managed, "AWS::IAM::Role") || !strings.Contains(managed, "halligan-organization") {
		t.Errorf("the management account: %s", managed)
	}
	if same, _ := ended(t, 0, "blueprint", "diff", "--files", folder, "--account", "prod", "--deployed", filepath.Join(out, "prod")); same != "account prod: nothing differs.\n" {
		t.Errorf("compared: %s", same)
	}
	path := filepath.Join(out, "prod", "halligan.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(data), `"sts:SourceIdentity": "hg-*"`, `"sts:SourceIdentity": "*"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	differs, said := ended(t, 10, "blueprint", "diff", "--files", folder, "--account", "prod", "--deployed", filepath.Join(out, "prod"))
	if want := `differs: role EmergencyDatabase has trust statement Door1 condition StringLike sts:SourceIdentity: "*", and not "hg-*"`; !strings.Contains(differs, want) || !strings.Contains(said, "error: 1 difference in account prod") {
		t.Errorf("compared: %s%s", differs, said)
	}
	// As aws cloudformation get-template answers it.
	wrapped, err := json.Marshal(map[string]any{"TemplateBody": string(data), "StagesAvailable": []string{"Original"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(out, "prod", "deployed.json"), wrapped, 0o600); err != nil {
		t.Fatal(err)
	}
	ended(t, 0, "blueprint", "diff", "--files", folder, "--account", "prod", "--deployed", filepath.Join(out, "prod"))
}

// TestBlueprintOthers: Terraform, Automation documents and service control
// policies come from the same files.
func TestBlueprintOthers(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: every document of AWS is written")
	}
	folder := awsCell(t)
	if text, _ := ended(t, 0, "blueprint", "terraform", "--files", folder, "--account", "prod"); !strings.Contains(text, "# --- prod/rules/main.tf") {
		t.Errorf("terraform: %s", text)
	}
	if text, _ := ended(t, 0, "blueprint", "ssm", "--files", folder); !strings.Contains(text, "# --- prod/Halligan-aws-database-database-SEV1.yaml") || !strings.Contains(text, "user/halligan-ben") {
		t.Errorf("ssm: %s", text)
	}
	text, _ := ended(t, 0, "blueprint", "scp", "--files", folder, "--keeper", "arn:aws:iam::*:role/PlatformDeploy", "--json")
	var answer struct{ Files []struct{ Name, Text string } }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || len(answer.Files) != 2 || !strings.Contains(answer.Files[0].Text, "PlatformDeploy") {
		t.Errorf("scp: %v\n%s", err, text)
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "cell.yaml"), []byte("nmae: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		code int
		args []string
		says string
	}{
		{2, []string{"scp", "--files", folder, "--keeper", "PlatformDeploy"}, "it is no ARN"},
		{4, []string{"terraform", "--files", folder, "--account", "nosuch"}, "accounts of the cell: payer and prod"},
		{2, []string{"diff", "--files", folder, "--deployed", folder}, "say which account is compared"},
		{2, []string{"diff", "--files", folder, "--account", "prod", "--deployed", filepath.Join(folder, "cell.yaml")}, "no template among the files"},
		{2, []string{"diff", "--files", folder, "--account", "prod", "--deployed", filepath.Join(folder, "nosuch")}, "no such file"},
		{2, []string{"ssm", "--files", t.TempDir()}, "hint: name the folder that holds cell.yaml"},
		{2, []string{"ssm", "--files", broken}, "halligan lint"},
	} {
		if _, said := ended(t, tt.code, append([]string{"blueprint"}, tt.args...)...); !strings.Contains(said, tt.says) {
			t.Errorf("%v says %s", tt.args, said)
		}
	}
}

// TestProcedureCommand: pages come from the files of a cell, one role's alone when
// it is asked for; a print is told from what is in force.
func TestProcedureCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a whole procedure is written and judged")
	}
	folder := awsCell(t)
	text, _ := ended(t, 0, "procedure", "aws-database", "--files", folder, "--role", "approver")
	for _, want := range []string{"For whoever is asked to agree: leads", "call ann", "policy/halligan-stop-all", "STALE after", "Written from files"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	if page, _ := ended(t, 0, "procedure", "aws-database", "--files", folder, "--html"); !strings.HasPrefix(page, "<!DOCTYPE html>") || strings.Count(page, "<article") != 3 {
		t.Errorf("HTML: %s", page)
	}
	version, _ := ended(t, 0, "procedure", "aws-database", "--files", folder, "--version-only")
	ended(t, 0, "procedure", "aws-database", "--files", folder, "--is", strings.TrimSpace(version))
	if _, said := ended(t, 10, "procedure", "aws-database", "--files", folder, "--is", "0123456789abcdef"); !strings.Contains(said, "is stale: in force is "+strings.TrimSpace(version)) {
		t.Errorf("compared: %s", said)
	}
	if _, said := ended(t, 4, "procedure", "aws-database", "--files", folder, "--role", "custodian"); !strings.Contains(said, "its pages: requester, approver and reviewer") {
		t.Errorf("custodian: %s", said)
	}
	ended(t, 4, "procedure", "nosuch", "--files", folder)
	ended(t, 0, "procedure", "aws-database", "--files", folder, "--json")
}

// TestT11NoPrintOfALie: a number that the founders did not sign is not printed for
// people to call, whatever salt the server gives with it.
func TestT11NoPrintOfALie(t *testing.T) {
	c := newSignedCell(t)
	l := newLiar(t, c)
	first := c.Genesis.People[0]
	note := c.notes[slices.IndexFunc(c.notes, func(n ledger.Note) bool { return canon.Digest(n.Hash()) == first.Contact })]
	l.answers["cell/evidence"] = c.evidence(c.bodies, func(e ledger.Entry) bool { return e.Stream == cell.StreamCell })
	people := func(text string) {
		l.answers["people"] = view.People{People: []view.Person{{ID: first.ID, Contact: &view.Note{Hash: canon.Digest(ledger.NoteHash(note.Salt, text)), Text: text, Salt: note.Salt}}}}
	}
	people(note.Text)
	print := []string{"procedure", "database-locked-out"}
	if code, out, errOut := l.desk(t, "lea").run(print...); code != 0 || !strings.Contains(out, note.Text) || !strings.Contains(strings.ReplaceAll(out, "\n", " "), "Genesis "+c.Digest.String()) {
		t.Fatalf("code %d: %s%s", code, out, errOut)
	}
	people("call +49 30 666 666")
	if code, out, errOut := l.desk(t, "lea").run(print...); code != 6 || out != "" || !strings.Contains(errOut, "name or contact of "+first.ID+" is not what was signed") {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
}

// TestNothingToApprove: an account in which no scenario opens a role has no document
// of Systems Manager, and that is said, with what would make one.
func TestNothingToApprove(t *testing.T) {
	folder := awsCell(t)
	text, err := os.ReadFile(filepath.Join(folder, "cell.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	idle := strings.Replace(string(text), "  accounts:\n", "  accounts:\n    - { id: idle, account: \"111122223333\", regions: [eu-west-1], other_way: \"root is in the safe\" }\n", 1)
	if err := os.WriteFile(filepath.Join(folder, "cell.yaml"), []byte(idle), 0o600); err != nil {
		t.Fatal(err)
	}
	out, said := ended(t, 4, "blueprint", "ssm", "--files", folder, "--account", "idle")
	if out != "" || !strings.Contains(said, "error: no scenario opens a role in idle") || !strings.Contains(said, "hint: a scenario does with aws: {account: idle, role: …}") {
		t.Errorf("%s%s", out, said)
	}
	ended(t, 0, "blueprint", "ssm", "--files", folder)
	if _, said := ended(t, 4, "blueprint", "diff", "--files", folder, "--deployed", folder, "--account", "nope"); !strings.Contains(said, "hint: accounts of the cell: idle, payer and prod") {
		t.Error(said)
	}
	if _, said := ended(t, 2, "blueprint", "diff", "--files", folder+"-nowhere", "--deployed", folder); !strings.Contains(said, "hint: name the folder that holds cell.yaml") {
		t.Error(said)
	}
}

// TestBlueprintOfAnotherDigest: whoever has the document of a group written is told when
// the scenario names another, and by what to name this one; then no more.
func TestBlueprintOfAnotherDigest(t *testing.T) {
	folder := awsCell(t)
	path := filepath.Join(folder, "scenarios", "aws-database.yaml")
	begun, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(digest string) {
		t.Helper()
		text := string(begun) + "  - automation: { name: members, account: prod, group: pipeline-admins, version: 1, digest: \"" + digest + "\", allows: Be a member }\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat("ab", 32))
	_, said := ended(t, 0, "blueprint", "ssm", "--files", folder)
	_, digest, ok := strings.Cut(said, `it opens nothing with this document until it says digest: "`)
	if !ok || !strings.HasPrefix(said, "warning: target members names another digest than prod/Halligan-member-pipeline-admins.yaml has") {
		t.Fatalf("nothing is said of it: %s", said)
	}
	write(strings.Split(digest, `"`)[0])
	if _, said = ended(t, 0, "blueprint", "ssm", "--files", folder); said != "" {
		t.Errorf("it is the same: %s", said)
	}
}

// TestBlueprintOfNoAccount: an account that is not there is named, and one that is left
// out is not left out without a word.
func TestBlueprintOfNoAccount(t *testing.T) {
	folder := awsCell(t)
	for words, want := range map[string]string{
		"prodd":      `error: the cell has no account "prodd"`,
		"prod,stage": `error: the cell has no account "stage"`,
		"payer":      "error: these are management accounts, which get rules alone\nhint: for them: halligan blueprint cloudformation --management",
	} {
		if _, said := ended(t, 4, "blueprint", "cloudformation", "--files", folder, "--account", words); !strings.HasPrefix(said, want) {
			t.Errorf("%s: %s", words, said)
		}
	}
	if _, said := ended(t, 0, "blueprint", "cloudformation", "--files", folder, "--account", "prod,payer"); !strings.HasPrefix(said, "warning: account payer is left out") {
		t.Errorf("left out: %s", said)
	}
}
