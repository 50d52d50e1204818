package cli_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/statement"
)

// listed finds a closed list in the help of a flag or an argument: words, the last
// after "or", or severities.
var listed = regexp.MustCompile(`(?:^|[:,?] )((?:[a-z][a-z0-9-]*, )*[a-z][a-z0-9-]*,? or [a-z][a-z0-9-]*)(?: \(with --note\))?\.`)

// choices are what the help of a value says that there is.
func choices(help string) (words []string) {
	if strings.HasPrefix(help, "SEV1 to SEV4") {
		return []string{"SEV1", "SEV2", "SEV3", "SEV4"}
	}
	if m := listed.FindStringSubmatch(help); m != nil {
		return regexp.MustCompile(`, or | or |, `).Split(m[1], -1)
	}
	return nil
}

// TestClosedListsAreCompleted: whatever help lists, or the parser demands, is offered
// by a shell; and what is a scenario, is asked of the cell.
func TestClosedListsAreCompleted(t *testing.T) {
	model, err := cli.Model()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	check := func(at, name string, v *kong.Value) {
		offered := append(strings.Split(v.Tag.Get("complete"), ","), v.EnumSlice()...)
		for _, word := range choices(v.Help) {
			found++
			if !slices.Contains(offered, word) {
				t.Errorf("%s %s: help has %s, which is not completed", at, name, word)
			}
		}
		if v.Name == "scenario" && !slices.Contains([]string{"scenarios", "builtins"}, v.Tag.Get("complete")) {
			t.Errorf("%s %s: scenarios are not completed", at, name)
		}
	}
	for _, n := range model.Leaves(true) {
		for _, p := range n.Positional {
			check(n.FullPath(), p.Summary(), p)
		}
		for _, f := range n.Flags {
			check(n.FullPath(), "--"+f.Name, f.Value)
		}
	}
	if found < 30 {
		t.Errorf("only %d words were found in the help of all commands", found)
	}
	for _, way := range []statement.Check{statement.CallBack, statement.Video, statement.InPerson, statement.NotChecked} {
		if !slices.Contains(completes(t, "halligan", "approve", "x", "--check", ""), string(way)) {
			t.Errorf("%s is no way to check that is completed", way)
		}
	}
}

// TestCompletionOfTheCell: the ids of a cell come from a folder's files, or from
// what this machine keeps, and of no server.
func TestCompletionOfTheCell(t *testing.T) {
	folder := awsCell(t)
	for what, wanted := range map[string]string{"scenarios": "aws-database", "people": "cara", "accounts": "payer"} {
		if code, out, errOut := run("complete", what, "--files", folder); code != 0 || !slices.Contains(strings.Fields(out), wanted) {
			t.Errorf("%s: code %d: %s%s", what, code, out, errOut)
		}
	}
	l := newLiar(t, newSignedCell(t))
	d := l.desk(t, "ann")
	if code, _, errOut := d.run("complete", "scenarios"); code == 0 {
		t.Errorf("nothing is kept, and it answers: %s", errOut)
	}
	if code, _, errOut := d.run("which", "--broke", "database-locked-out", "--gone", "yes", "--need", "all"); code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	l.Close()
	if code, out, errOut := d.run("complete", "scenarios"); code != 0 || strings.TrimSpace(out) != "database-locked-out" || errOut != "" {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	if code, out, _ := run("completion", "fish"); code != 0 || !strings.Contains(out, `-l severity -x -a "SEV1 SEV2 SEV3 SEV4"`) || !strings.Contains(out, `-l files -r -F`) {
		t.Errorf("fish: code %d", code)
	}
}
