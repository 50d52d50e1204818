package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScenarioAdd: what comes with the program is written where it fits, over
// nothing, and never into the files of a sealed cell.
func TestScenarioAdd(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	begunAt(t, folder)
	code, out, errOut := run("scenario", "list", "--json")
	if code != 0 || strings.Count(out, `"use_when"`) != 10 {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	for _, tt := range []struct {
		code int
		args string
		says string
	}{
		{4, "add coffee-machine-down", "hint: halligan scenario list"},
		{2, "add data-loss", "there is no group managers"},
		{2, "add data-loss --group managers=leads --host db9", `there is no host "db9"`},
		{0, "show data-loss --group managers=leads", "scenario: data-loss"},
		{0, "add data-loss --group managers=leads", "widen adds nobody"},
		{2, "add data-loss --group managers=leads", "is there already"},
		{2, "add database-locked-out --group managers=leads", "is there already"},
	} {
		args := strings.Fields("scenario " + tt.args)
		args = append(args[:3:3], append([]string{folder}, args[3:]...)...)
		code, out, errOut := run(args...)
		if code != tt.code || !strings.Contains(out+errOut, tt.says) {
			t.Errorf("%q: code %d, want %d and %q:\n%s%s", tt.args, code, tt.code, tt.says, out, errOut)
		}
	}
	addsRole(t, folder)
	if code, out, errOut := run("lint", folder); code != 0 {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
	if code, _, errOut := run("scenario", "show", "data-loss", t.TempDir()); code != 2 || !strings.Contains(errOut, "cannot use the cell's files") {
		t.Errorf("code %d: %s", code, errOut)
	}
	if err := os.WriteFile(filepath.Join(folder, "anchor.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := run("scenario", "add", "root-recovery", folder, "--group", "managers=leads"); code != 2 || !strings.Contains(errOut, "the cell is sealed") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// addsRole adds scenarios with a role of AWS, once the cell has an account: each
// with the file of its policy, which is never written over.
func addsRole(t *testing.T, folder string) {
	t.Helper()
	if code, out, errOut := run("scenario", "add", "security-containment", folder, "--group", "managers=leads", "--account", "prod"); code != 2 || !strings.Contains(errOut, `there is no AWS account "prod"`) {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
	sample := filepath.Join("..", "config", "testdata", "good", "aws")
	text, err := os.ReadFile(filepath.Join(sample, "cell.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\naws:")
	section, _, _ = strings.Cut(section, "\nchannels:")
	path := filepath.Join(folder, "cell.yaml")
	cell, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(string(cell)+"\naws:"+section+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(folder, "issuer"), os.DirFS(filepath.Join(sample, "issuer"))); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := run("scenario", "add", "root-recovery", folder, "--group", "managers=leads", "--account", "prod"); code != 2 || !strings.Contains(errOut, "opens no role of AWS") {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
	code, out, errOut := run("scenario", "add", "security-containment", folder, "--group", "managers=leads", "--account", "prod")
	if code != 0 || !strings.Contains(out, "the most that its role may do") {
		t.Fatalf("code %d\n%s%s", code, out, errOut)
	}
	if policy, err := os.ReadFile(filepath.Join(folder, "policies", "security-containment.json")); err != nil || !strings.Contains(string(policy), "ec2:RevokeSecurityGroupIngress") {
		t.Errorf("%s, %v", policy, err)
	}
	if err := os.Remove(filepath.Join(folder, "scenarios", "security-containment.yaml")); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := run("scenario", "add", "security-containment", folder, "--group", "managers=leads", "--account", "prod"); code != 2 || !strings.Contains(errOut, "is there already") {
		t.Errorf("a policy is written over: code %d\n%s%s", code, out, errOut)
	}
}
