package cli_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/cli"
)

var update = flag.Bool("update", false, "write the golden files and the reference page anew")

// golden compares with a file, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
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

// TestReference holds docs/reference/commands.md to the command line.
func TestReference(t *testing.T) {
	model, err := cli.Model()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("..", "..", "docs", "reference", "commands.md"), reference(model))
}

// TestEveryCommandHasExamples wants help and an example of every command that
// can be run, spelled as it is run.
func TestEveryCommandHasExamples(t *testing.T) {
	model, err := cli.Model()
	if err != nil {
		t.Fatal(err)
	}
	leaves := model.Leaves(true)
	if len(leaves) < 20 {
		t.Fatalf("%d commands", len(leaves))
	}
	for _, n := range leaves {
		called := strings.TrimSuffix(strings.TrimSuffix(n.FullPath(), " new"), " amend")
		if n.Help == "" || !strings.Contains(n.Detail, "  "+called) {
			t.Errorf("%s has no help or no example of itself", n.FullPath())
		}
		for _, level := range n.AllFlags(true) {
			for _, f := range level {
				if f.Help == "" {
					t.Errorf("%s --%s has no help", n.FullPath(), f.Name)
				}
			}
		}
	}
}

// TestHelpSaysItsExitCode: a command that scripts ask a question has in its help the
// exit code of each answer.
func TestHelpSaysItsExitCode(t *testing.T) {
	model, err := cli.Model()
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string][]string{
		"request": {"7"}, "exec": {"8"}, "verify": {"6"}, "fsck": {"6"}, "ledger receipts": {"6"}, "ledger mirror": {"6"}, "issuer check": {"6"},
		"approve": {"9"}, "deny": {"9"}, "blueprint diff": {"10"}, "procedure": {"10"}, "ready": {"0", "11", "12"}, "lint": {"2"}, "policy test": {"2"},
	}
	for _, n := range model.Leaves(true) {
		called := strings.TrimPrefix(n.FullPath(), "halligan ")
		help := n.Detail
		for _, f := range n.Flags {
			help += "\n" + f.Help
		}
		for _, code := range wanted[called] {
			if !regexp.MustCompile(`xit code [^\n]*\b` + code + `\b`).MatchString(help) {
				t.Errorf("%s: exit code %s is not in its help", called, code)
			}
		}
		delete(wanted, called)
	}
	for called := range wanted {
		t.Errorf("there is no command %s", called)
	}
}

// reference is the page.
func reference(model *kong.Application) string {
	var b strings.Builder
	b.WriteString("# Commands\n\n<!-- Written by `go test ./internal/cli -run TestReference -update`; do not edit. -->\n\n")
	b.WriteString("One binary, `halligan`. Every command knows `--help`; `--json` answers as JSON on stdout and keeps what people read on stderr.\n")
	b.WriteString("Errors are two lines on stderr: `error: …`, and `hint: …` where there is something to do about it; with `--json` the last line of stderr is a [JSON object](errors.md) of the same.\n\n## Exit codes\n\n| code | means |\n|---|---|\n")
	codes, means := cli.Exits()
	for i, code := range codes {
		fmt.Fprintf(&b, "| %d | %s |\n", code, means[i])
	}
	b.WriteString("\n`halligan exec` passes on the exit code of the command that it ran.\n\n## Environment\n\n")
	b.WriteString("| variable | is |\n|---|---|\n| `HALLIGAN_PROFILE` | `--profile` |\n| `HALLIGAN_KEY` | `--key` |\n")
	b.WriteString("| `HALLIGAN_STATE` | folder for the keys of requests, the newest checkpoint seen and receipts; default `halligan` in `$XDG_STATE_HOME` or `~/.local/state` |\n")
	b.WriteString("| `SSH_AUTH_SOCK` | the ssh-agent that signs, and that certificates are put into |\n")
	for _, n := range model.Leaves(true) {
		writeCommand(&b, n)
	}
	return b.String()
}

func writeCommand(b *strings.Builder, n *kong.Node) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n```\n%s %s\n```\n", n.FullPath(), n.Help, "halligan", strings.TrimPrefix(n.Summary(), "halligan "))
	for _, part := range strings.Split(n.Detail, "\n\n") {
		switch {
		case strings.HasPrefix(part, "    ") || strings.HasPrefix(part, "  "):
			fmt.Fprintf(b, "\n```\n%s\n```\n", strings.ReplaceAll(strings.TrimSpace(part), "\n    ", "\n"))
		case part != "":
			fmt.Fprintf(b, "\n%s\n", part)
		}
	}
	b.WriteString("\n| | |\n|---|---|\n")
	for _, p := range n.Positional {
		fmt.Fprintf(b, "| `%s` | %s |\n", p.Summary(), tabled(p.Help))
	}
	for _, f := range n.Flags {
		name := "--" + f.Name
		if f.Short != 0 {
			name = fmt.Sprintf("-%c, %s", f.Short, name)
		}
		if !f.IsBool() {
			name += " " + f.FormatPlaceHolder()
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, tabled(f.Help))
	}
}

func tabled(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
