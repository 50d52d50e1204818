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
	return `Each is an example to be changed: situations that a team should have thought of on a calm day. What they open today are SSH hosts, envelopes and programs, and with --account a role of AWS.

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
			if b.Role != "" {
				opens = append(opens, "with --account the AWS role "+b.Role)
			}
			c.say("  opens %s; wants the groups %s", both(opens), both(b.Groups))
		}
	})
}

// filling are the flags of what a scenario is filled in with.
type filling struct {
	Scenario string            `arg:"" complete:"builtins" help:"Its name: halligan scenario list."`
	Folder   string            `arg:"" optional:"" default:"." help:"Folder that holds cell.yaml."`
	Host     string            `placeholder:"ID" help:"The host that it opens. Default: the first of cell.yaml."`
	Program  string            `placeholder:"ID" help:"A program of cell.yaml, without parameters, that it opens as well: of security-containment and deploy-pipeline-broken."`
	Account  string            `placeholder:"ID" help:"An AWS account of cell.yaml in which it opens a role as well, where it has one: halligan scenario list."`
	Group    map[string]string `placeholder:"NAME=ID" help:"What your cell calls one of on-call, leads, security and managers; once for each."`
}

// file is the scenario as a file, and the policy of its role, if it opens one, by
// the name that it has in the folder.
func (f filling) file() (data []byte, name string, policy []byte, err error) {
	if all, err := config.Builtins(); err == nil {
		i := slices.IndexFunc(all, func(b config.Builtin) bool { return b.ID == f.Scenario })
		if i < 0 {
			return nil, "", nil, because(exitNotFound, config.ErrNoBuiltin, "%q", f.Scenario).
				or("halligan scenario list names those that come with the program; what is in force: halligan explain; one of your own is a file that you write into %s", config.ScenariosDir)
		}
		if f.Account != "" && all[i].Role == "" {
			return nil, "", nil, failf(exitUsage, "cannot add %s: it opens no role of AWS", f.Scenario).or("leave out --account; halligan scenario list names those that have one")
		}
	}
	with, err := config.Filling{Host: f.Host, Program: f.Program, Account: f.Account, Groups: f.Group}.For(f.Folder, f.Scenario)
	switch {
	case errors.Is(err, config.ErrNoBuiltin):
		return nil, "", nil, because(exitNotFound, err, "").or("halligan scenario list")
	case errors.Is(err, config.ErrUnfit):
		return nil, "", nil, because(exitUsage, err, "cannot add %s", f.Scenario).
			or("add it to %s, or say what yours is called: --group managers=ID, --host ID, --program ID, --account ID", config.CellFile)
	case err != nil:
		return nil, "", nil, broken(err)
	}
	data, err = with.Scenario(f.Scenario)
	if err == nil {
		name, policy, err = with.Policy(f.Scenario)
	}
	if err != nil {
		return nil, "", nil, because(exitUsage, err, "cannot add %s", f.Scenario)
	}
	return data, name, policy, nil
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
	data, name, policy, err := s.file()
	if err != nil {
		return err
	}
	out := map[string]string{"scenario": s.Scenario, "file": string(data)}
	if policy != nil {
		out["policy"] = string(policy)
	}
	return c.answer(out, func() {
		c.print(string(data))
		if policy != nil {
			c.print("\n# " + name + "\n" + string(policy))
		}
	})
}

type scenarioAddCommand struct{ filling }

// Help is the long help of `scenario add`.
func (scenarioAddCommand) Help() string {
	return `Writes scenarios/NAME.yaml and lints it. Read it and change it: it is an example until it says what is true for you. The files of a sealed cell say what is in force; add to a copy of them, and propose the copy with halligan change propose --files.

Examples:

    halligan scenario add root-recovery cell
    halligan scenario add data-loss --host backup1 --group leads=dba-leads
    halligan scenario add database-locked-out --account prod`
}

// added is what was written, as JSON.
type added struct {
	File     string           `json:"file"`
	Policy   string           `json:"policy,omitempty"` // the file of its role's policy
	Problems []config.Problem `json:"problems"`
}

// Run writes.
func (s scenarioAddCommand) Run(c *call) error {
	if _, err := os.Stat(filepath.Join(s.Folder, anchorFile)); err == nil {
		return failf(exitUsage, "cannot add to %s: the cell is sealed, and its files say what is in force", s.Folder).
			or("copy cell.yaml, notes.json, scenarios, policies and issuer (where there are any) elsewhere, add it to the copy, and: halligan change propose --files COPY")
	}
	data, policyName, policy, err := s.file()
	if err != nil {
		return err
	}
	name := config.ScenariosDir + "/" + s.Scenario + ".yaml"
	out := added{File: filepath.Join(s.Folder, filepath.FromSlash(name)), Problems: []config.Problem{}}
	files := map[string][]byte{out.File: data}
	if policy != nil {
		out.Policy = filepath.Join(s.Folder, filepath.FromSlash(policyName))
		files[out.Policy] = policy
	}
	for path := range files {
		if _, err := os.Lstat(path); err == nil {
			return failf(exitUsage, "%s is there already", path).or("compare it with what halligan scenario show %s prints", s.Scenario)
		}
	}
	for path, data := range files {
		if err := writeFile(path, data); err != nil {
			return because(exitInternal, err, "cannot write %s", path)
		}
	}
	for _, p := range config.Lint(s.Folder) {
		if p.File == name || policy != nil && p.File == policyName {
			out.Problems = append(out.Problems, p)
		}
	}
	return c.answer(out, func() {
		c.say("wrote %s", out.File)
		if out.Policy != "" {
			c.say("wrote %s: the most that its role may do", out.Policy)
		}
		for _, p := range out.Problems {
			c.say("%s", p)
		}
		c.say("next: change it to what is true for you, then  halligan lint %s", shellQuoted(strings.TrimPrefix(s.Folder, "./")))
	})
}
