package cli

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/config"
)

type policyCommand struct {
	Test   policyTestCommand   `cmd:"" help:"Run the tests of a cell's policies on this machine."`
	Add    policyAddCommand    `cmd:"" help:"Write an example and its tests into a cell's files."`
	Schema policySchemaCommand `cmd:"" help:"Print which facts policies may ask for."`
}

type policyTestCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Folder that holds policies/."`
}

// Help is the long help of `policy test`.
func (policyTestCommand) Help() string {
	return `It reads policies/*.cedar and policies/*.test.yaml, asks the policies about each case, and says which come out otherwise than the case says. No server is asked. Groups are those of cell.yaml where there is one, unless a case gives its own. halligan lint runs the same tests. Exit code 2 says that one came out otherwise.

Examples:

    halligan policy test
    halligan policy test /etc/halligan --json`
}

// tested is what `policy test` came to, as JSON.
type tested struct {
	Engine   string                `json:"engine"`
	Cases    []config.PolicyResult `json:"cases"`
	Problems []config.Problem      `json:"problems"`
}

// Run runs the tests.
func (t policyTestCommand) Run(c *call) error {
	results, problems := config.TestPolicies(t.Folder)
	out := tested{Engine: config.PolicyEngine, Cases: append([]config.PolicyResult{}, results...), Problems: append([]config.Problem{}, problems...)}
	failed := 0
	for _, r := range results {
		if !r.Passed {
			failed++
		}
	}
	err := c.answer(out, func() {
		for _, p := range problems {
			c.say("%s", p)
		}
		for _, r := range results {
			if r.Passed {
				c.say("holds  %s: %s", r.Case, r.Said())
				continue
			}
			c.say("FAILS  %s: %s (%s:%d)", r.Case, r.Said(), r.File, r.Line)
		}
	})
	switch {
	case err != nil:
		return err
	case config.HasErrors(problems):
		return failf(exitUsage, "the policies of %s cannot be tested", t.Folder).or("each says below it how it is mended")
	case failed > 0:
		return failf(exitUsage, "%s of %d came out otherwise", count(failed, "case"), len(results)).or("mend the rule, or the case that says what it should do")
	case len(results) == 0:
		return failf(exitUsage, "there is no case in %s", t.Folder).or("write policies/NAME.test.yaml beside policies/NAME.cedar")
	}
	c.tell("%s, all as they say.", count(len(results), "case"))
	return nil
}

type policySchemaCommand struct{}

// Help is the long help of `policy schema`.
func (policySchemaCommand) Help() string {
	return `It is a Cedar schema: editors and Cedar's own tools read it too.

Examples:

    halligan policy schema > halligan.cedarschema`
}

// Run prints the schema.
func (policySchemaCommand) Run(c *call) error {
	text := string(config.PolicySchema())
	return c.answer(struct {
		Engine string `json:"engine"`
		Schema string `json:"schema"`
	}{config.PolicyEngine, text}, func() { c.say("%s", strings.TrimSuffix(text, "\n")) })
}

type policyAddCommand struct {
	Name   string `arg:"" complete:"office,strong-keys" help:"Which one: office or strong-keys."`
	Folder string `arg:"" optional:"" default:"." help:"Folder that holds cell.yaml."`
}

// Help is the long help of `policy add`.
func (policyAddCommand) Help() string {
	return `Writes policies/NAME.cedar and its tests. Read it and change it: it is an example until it says what is true for you, and it forbids nothing until a scenario names it in conditions, or cell.yaml in guard_rails. The files of a sealed cell say what is in force; add to a copy of them, and propose the copy with halligan change propose --files.

Examples:

    halligan policy add office cell`
}

// Run writes.
func (p policyAddCommand) Run(c *call) error {
	if _, err := os.Stat(filepath.Join(p.Folder, anchorFile)); err == nil {
		return failf(exitUsage, "cannot add to %s: the cell is sealed, and its files say what is in force", p.Folder).
			or("copy cell.yaml, notes.json, scenarios, policies and issuer (where there are any) elsewhere, add it to the copy, and: halligan change propose --files COPY")
	}
	files, err := config.PolicyExample(p.Name)
	if err != nil {
		return because(exitNotFound, err, "").or("these do: %s", both(config.PolicyExamples))
	}
	names := slices.Sorted(maps.Keys(files))
	for _, name := range names {
		if path := filepath.Join(p.Folder, filepath.FromSlash(name)); exists(path) {
			return failf(exitUsage, "%s is there already", path).or("move it away, or write yours into it")
		}
	}
	for _, name := range names {
		path := filepath.Join(p.Folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return because(exitInternal, err, "cannot write %s", path)
		}
		if err := writeFile(path, files[name]); err != nil {
			return because(exitInternal, err, "cannot write %s", path)
		}
	}
	return c.answer(map[string][]string{"files": names}, func() {
		for _, name := range names {
			c.say("wrote %s", filepath.Join(p.Folder, filepath.FromSlash(name)))
		}
		c.say("next: change it to what is true for you, name it in a scenario:  conditions: [%s]  and  halligan policy test %s", names[0], shellQuoted(p.Folder))
	})
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
