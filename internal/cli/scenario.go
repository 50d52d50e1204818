package cli

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/config"
)

// scenarioCommand is about the scenarios that come with the program.
type scenarioCommand struct {
	List scenarioListCommand `cmd:"" help:"List the scenarios that come with the program."`
	Show scenarioShowCommand `cmd:"" help:"Print one as a file, filled in for a cell."`
	Add  scenarioAddCommand  `cmd:"" help:"Write one into the scenarios of a cell that is not sealed, or of a copy of its files."`
}

type scenarioListCommand struct{}

// Help is the long help of `scenario list`.
func (scenarioListCommand) Help() string {
	return `Each is an example to be changed: situations that a team should have thought of on a calm day. What they open today are SSH hosts, envelopes and programs.

Examples:

    halligan scenario list`
}

// Run lists.
func (scenarioListCommand) Run(c *call) error {
	all, err := config.Builtins()
	if err != nil {
		return because(exitInternal, err, "cannot read the scenarios that come with the program")
	}
	return c.answer(all, func() {
		for _, b := range all {
			opens := b.Envelopes
			for i := range opens {
				opens[i] = "envelope " + opens[i]
			}
			if b.Host {
				opens = append([]string{"a host"}, opens...)
			}
			c.say("%s: %s", b.ID, b.Title)
			c.say("  opens %s; wants the groups %s", both(opens), both(b.Groups))
		}
	})
}

// filling are the flags of what a scenario is filled in with.
type filling struct {
	Scenario string            `arg:"" help:"Its name: halligan scenario list."`
	Folder   string            `arg:"" optional:"" default:"." help:"Folder that holds cell.yaml."`
	Host     string            `placeholder:"ID" help:"The host that it opens. Default: the first of cell.yaml."`
	Program  string            `placeholder:"ID" help:"A program of cell.yaml, without parameters, that it opens as well: of security-containment and deploy-pipeline-broken."`
	Group    map[string]string `placeholder:"NAME=ID" help:"What your cell calls one of on-call, leads, security and managers; once for each."`
}

// file is the scenario as a file.
func (f filling) file() ([]byte, error) {
	if all, err := config.Builtins(); err == nil && !slices.ContainsFunc(all, func(b config.Builtin) bool { return b.ID == f.Scenario }) {
		return nil, because(exitNotFound, config.ErrNoBuiltin, "%q", f.Scenario).or("halligan scenario list")
	}
	with, err := config.Filling{Host: f.Host, Program: f.Program, Groups: f.Group}.For(f.Folder, f.Scenario)
	switch {
	case errors.Is(err, config.ErrNoBuiltin):
		return nil, because(exitNotFound, err, "").or("halligan scenario list")
	case errors.Is(err, config.ErrUnfit):
		return nil, because(exitUsage, err, "cannot add %s", f.Scenario).
			or("add it to %s, or say what yours is called: --group managers=ID, --host ID, --program ID", config.CellFile)
	case err != nil:
		return nil, broken(err)
	}
	data, err := with.Scenario(f.Scenario)
	if err != nil {
		return nil, because(exitUsage, err, "cannot add %s", f.Scenario)
	}
	return data, nil
}

type scenarioShowCommand struct{ filling }

// Help is the long help of `scenario show`.
func (scenarioShowCommand) Help() string {
	return `Examples:

    halligan scenario show root-recovery
    halligan scenario show root-recovery --group managers=heads-of`
}

// Run prints.
func (s scenarioShowCommand) Run(c *call) error {
	data, err := s.file()
	if err != nil {
		return err
	}
	return c.answer(map[string]string{"scenario": s.Scenario, "file": string(data)}, func() { c.print(string(data)) })
}

type scenarioAddCommand struct{ filling }

// Help is the long help of `scenario add`.
func (scenarioAddCommand) Help() string {
	return `Writes scenarios/NAME.yaml and lints it. Read it and change it: it is an example until it says what is true for you. The files of a sealed cell say what is in force; add to a copy of them, and propose the copy with halligan change propose --files.

Examples:

    halligan scenario add root-recovery cell
    halligan scenario add data-loss --host backup1 --group leads=dba-leads`
}

// added is what was written, as JSON.
type added struct {
	File     string           `json:"file"`
	Problems []config.Problem `json:"problems"`
}

// Run writes.
func (s scenarioAddCommand) Run(c *call) error {
	if _, err := os.Stat(filepath.Join(s.Folder, anchorFile)); err == nil {
		return failf(exitUsage, "cannot add to %s: the cell is sealed, and its files say what is in force", s.Folder).
			or("copy cell.yaml, notes.json and scenarios elsewhere, add it to the copy, and: halligan change propose --files COPY")
	}
	data, err := s.file()
	if err != nil {
		return err
	}
	name := config.ScenariosDir + "/" + s.Scenario + ".yaml"
	path := filepath.Join(s.Folder, filepath.FromSlash(name))
	if _, err := os.Lstat(path); err == nil {
		return failf(exitUsage, "%s is there already", path).or("compare it with what halligan scenario show %s prints", s.Scenario)
	}
	if err := writeFile(path, data); err != nil {
		return because(exitInternal, err, "cannot write %s", path)
	}
	out := added{File: path, Problems: []config.Problem{}}
	for _, p := range config.Lint(s.Folder) {
		if p.File == name {
			out.Problems = append(out.Problems, p)
		}
	}
	return c.answer(out, func() {
		c.say("wrote %s", path)
		for _, p := range out.Problems {
			c.say("%s", p)
		}
		c.say("next: change it to what is true for you, then  halligan lint %s", strings.TrimPrefix(s.Folder, "./"))
	})
}
