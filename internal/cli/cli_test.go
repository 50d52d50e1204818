package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/ledger"
)

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		code int
		args string
		says string
	}{
		{0, "--help", "You need access:"},
		{0, "approve --help", "Examples:"},
		{0, "change propose remove --help", "fingerprint"},
		{0, "version", "halligan dev"},
		{2, "", "in an emergency: halligan which"},
		{2, "coffee", "unexpected argument coffee"},
		{2, "approve", "halligan approve --help"},
		{2, "approve 12345678 --check maybe", "--check"},
		{2, "request x --why", "--why"},
		{2, "request x --why y --for soon", "--for"},
		{2, "status --colour", "unknown flag"},
		{2, "evidence -o x", "--all"},
		{2, "evidence 12345678 --all -o x", "--all"},
		{2, "ledger tail -n -1", "error: "},
		{2, "completion tcsh", "bash"},
		{2, "verify /no/such/folder", "cannot read the evidence"},
	} {
		code, out, errOut := run(strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(out+errOut, tt.says) {
			t.Errorf("%q: code %d, want %d and %q:\n%s%s", tt.args, code, tt.code, tt.says, out, errOut)
		}
		if tt.code != 0 && (!strings.HasPrefix(errOut, "error: ") || out != "") {
			t.Errorf("%q: %q %q", tt.args, out, errOut)
		}
	}
}

func TestVersionAsJSON(t *testing.T) {
	code, out, _ := run("version", "--json")
	var v struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(out), &v); code != 0 || err != nil || v.Version == "" {
		t.Errorf("code %d, %v, %s", code, err, out)
	}
}

// completes is what bash offers for the last of some words.
func completes(t *testing.T, words ...string) []string {
	t.Helper()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash on this machine")
	}
	code, script, errOut := run("completion", "bash")
	if code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	quoted := "'" + strings.Join(words, "' '") + "'"
	probe := script + "\nCOMP_WORDS=(" + quoted + ") COMP_CWORD=$((${#COMP_WORDS[@]}-1)); _halligan; echo \"${COMPREPLY[@]}\""
	cmd := exec.Command(bash, "--norc", "-u", "-c", probe)
	cmd.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(cmd.Dir, "some.file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Fields(string(out))
}

func TestCompletionCanBeRun(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: a shell is started for each completion")
	}
	asked := filepath.Join(t.TempDir(), "halligan")
	if err := os.WriteFile(asked, []byte("#!/bin/sh\necho asked-\"$*\" | tr ' ' +\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ want, words string }{
		{"approve attest", "halligan a"},
		{"propose", "halligan change p"},
		{"--why", "halligan request x --wh"},
		{"remove", "halligan change propose re"},
		{"SEV1 SEV2 SEV3 SEV4", "halligan request x --severity SE"},
		{"SEV2", "halligan request x --severity = SEV2"},
		{"call-back", "halligan approve x --check c"},
		{"yes", "halligan review sign x --necessary y"},
		{"--files", "halligan change propose --f"},
		{"some.file", "halligan change propose --files s"},
		{"warn", "halligan serve --log w"},
		{"custodian", "halligan procedure x --role c"},
		{"zsh", "halligan completion z"},
		{"root-recovery", "halligan scenario add root-r"},
		{"strong-keys", "halligan policy add s"},
		{"some.file", "halligan lint s"},
		{"some.file", "halligan explain --profile s"},
		{"asked-complete+scenarios", asked + " ready --scenario a"},
		{"asked-complete+scenarios+--files+cell", asked + " procedure --files cell a"},
		{"asked-complete+scenarios+--files+cell", asked + " coverage --files = cell a"},
		{"asked-complete+envelopes", asked + " envelope show a"},
	} {
		if got := strings.Join(completes(t, strings.Fields(tt.words)...), " "); got != tt.want {
			t.Errorf("%q completes to %q, want %q", tt.words, got, tt.want)
		}
	}
	for _, shell := range []string{"zsh", "fish"} {
		if code, out, _ := run("completion", shell); code != 0 || !strings.Contains(out, "approve") || strings.Contains(out, "local path") || strings.Contains(out, " words=") {
			t.Errorf("%s: code %d, or names that are zsh's own", shell, code)
		}
	}
}

func TestLint(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "cell.yaml"), []byte("name: halligan.example.com\nnmae: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := run("lint", folder)
	if code != 2 || !strings.Contains(out, "error: cell.yaml:2:1:") || !strings.Contains(errOut, "errors in") {
		t.Errorf("code %d\n%s%s", code, out, errOut)
	}
	code, out, _ = run("lint", folder, "--json")
	var problems []map[string]any
	if err := json.Unmarshal([]byte(out), &problems); code != 2 || err != nil || len(problems) == 0 {
		t.Errorf("code %d, %v", code, err)
	}
}

// TestVerify checks a folder with and without an anchor, and one with a byte
// changed.
func TestVerify(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	folder := t.TempDir()
	write := func(name string, data []byte) string {
		t.Helper()
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	log := c.log()
	for name, data := range log {
		write("log/"+name, data)
	}
	whole := filepath.Join(folder, "log")
	anchor := write("anchor.json", must(c.anchor.Encode()))
	partial := write("request.json", c.evidence(c.bodies, about(id)))
	seen := write("seen", log[ledger.CheckpointPath])
	check := func(want int, says string, args ...string) {
		t.Helper()
		code, out, errOut := run(append([]string{"verify"}, args...)...)
		if code != want || !strings.Contains(out+errOut, says) {
			t.Errorf("%q: code %d, want %d and %q:\n%s%s", args, code, want, says, out, errOut)
		}
	}
	check(0, "VERIFIED", whole, "--anchor", anchor)
	check(0, "It extends the checkpoint", whole, "--anchor", anchor, "--seen", seen)
	check(0, "VERIFIED", partial, "--anchor", anchor)
	check(0, `"verdict": "verified"`, partial, "--anchor", anchor, "--json")
	check(6, "SELF-CONSISTENT ONLY", whole)
	check(2, "--seen needs --anchor", whole, "--seen", seen)
	check(2, "cannot use the anchor", whole, "--anchor", seen)
	check(2, "do not go together", whole, "--anchor", anchor, "--json", "--words", id.Short())
	check(4, "cannot work out the words", whole, "--anchor", anchor, "--words", "ffffffffff")
	code, words, _ := run("verify", whole, "--anchor", anchor, "--words", id.Short())
	if code != 0 || len(strings.Fields(words)) != 4 {
		t.Errorf("words: code %d, %q", code, words)
	}
	data := log[ledger.AttachmentPath(ledger.Hash(c.Scenario))]
	data[len(data)/2] ^= 1
	write("log/"+ledger.AttachmentPath(ledger.Hash(c.Scenario)), data)
	check(6, "FAULT attachment", whole, "--anchor", anchor)
}

// TestEvidenceAndTailFromAServer exports what a server serves, and reads it.
func TestEvidenceAndTailFromAServer(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	l := newLiar(t, c)
	l.honest(id)
	d := l.desk(t, "sam")
	all, one := filepath.Join(d.folder, "all"), filepath.Join(d.folder, "one.json")
	if code, out, errOut := d.run("evidence", "--all", "-o", all); code != 0 || !strings.Contains(out, "3 entries") {
		t.Fatalf("code %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := d.run("evidence", id.String()[:10], "-o", one, "--json"); code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	d.write("anchor.json", must(c.anchor.Encode()))
	for _, path := range []string{all, one, l.URL} {
		if code, out, errOut := d.run("verify", path, "--anchor", filepath.Join(d.folder, "anchor.json")); code != 0 {
			t.Errorf("%s: code %d: %s%s", path, code, out, errOut)
		}
	}
	if code, _, _ := d.run("evidence", id.String(), "-o", one); code != 2 {
		t.Errorf("it wrote over a file: code %d", code)
	}
	if code, out, errOut := d.run("ledger", "tail", "-n", "1"); code != 0 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "ann asks for") {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := d.run("verify", "https://example.invalid", "--anchor", filepath.Join(d.folder, "anchor.json")); code != 2 {
		t.Errorf("another server: code %d: %s", code, errOut)
	}
	for path, data := range l.log {
		if strings.HasPrefix(path, "tile/entries/") {
			data[len(data)-20] ^= 1
		}
	}
	if code, _, errOut := d.run("ledger", "tail"); code != 6 {
		t.Errorf("a changed entry: code %d: %s", code, errOut)
	}
	if code, _, errOut := d.run("evidence", "--all", "-o", all+"2"); code != 6 {
		t.Errorf("a changed entry: code %d: %s", code, errOut)
	}
	l.evidenceIs(id, []byte("{}"))
	if code, _, errOut := d.run("evidence", id.String(), "-o", one+"2"); code != 6 {
		t.Errorf("no evidence: code %d: %s", code, errOut)
	}
	if _, err := os.Stat(one + "2"); err == nil {
		t.Error("what does not verify was written")
	}
}
