package cli_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/cli"
)

// TestOneCommandReadsAsAllDo reads every example of the help on the line that has
// all commands and on the one that has its own alone.
func TestOneCommandReadsAsAllDo(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: every example is read twice")
	}
	model, err := cli.Model()
	if err != nil {
		t.Fatal(err)
	}
	examples, commands := 0, map[string]bool{}
	for _, n := range model.Leaves(true) {
		for _, example := range strings.Split(n.Detail, "\n") {
			args := words(example)
			if !strings.HasPrefix(example, "    halligan ") || len(args) < 2 || strings.ContainsAny(example, "|<>$") {
				continue
			}
			for _, args := range [][]string{args[1:], append(args[1:2:2], append([]string{"--json"}, args[2:]...)...)} {
				all, one, err := cli.Read(args)
				switch {
				case err != nil:
					t.Errorf("%s: %v", example, err)
				case one == nil && args[0] != "completion" && args[0] != "man":
					t.Errorf("%s: it is read with all commands", example)
				case one != nil && !reflect.DeepEqual(one, all):
					t.Errorf("%s: read alone it is\n%+v\nread with all\n%+v", example, one, all)
				}
			}
			examples++
			commands[args[1]] = true
		}
	}
	if examples < 60 || len(commands) < 25 {
		t.Fatalf("%d examples of %d commands", examples, len(commands))
	}
	for _, other := range [][]string{{}, {"json"}, {"flags"}, {"Approve"}, {"--json", "inbox"}, {"approve", "--help"}, {"approve", "x", "-h"}, {"completion", "bash"}} {
		if _, one, _ := cli.Read(other); one != nil {
			t.Errorf("%q is read alone", other)
		}
	}
}

// words parts a line as a shell does, of what the examples have of that.
func words(line string) []string {
	var words []string
	quoted, fresh := false, true
	for _, r := range strings.TrimSpace(line) {
		if r == ' ' && !quoted {
			fresh = true
			continue
		}
		if fresh {
			words, fresh = append(words, ""), false
		}
		if r == '"' {
			quoted = !quoted
			continue
		}
		words[len(words)-1] += string(r)
	}
	return words
}
