package cli

import (
	"github.com/halligan-dev/halligan/internal/config"
)

type lintCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Folder that holds cell.yaml."`
}

// Help is the long help of `lint`.
func (lintCommand) Help() string {
	return `It reads cell.yaml, every file of scenarios/, and server.yaml where there is one, and says what is wrong with line, column and how to mend it. A warning does not stop anything; an error does, here and when the cell is sealed. Exit code 2 says that there is an error.

Examples:

    halligan lint
    halligan lint /etc/halligan --json`
}

// Run lints a folder.
func (l lintCommand) Run(c *call) error {
	problems := config.Lint(l.Folder)
	if problems == nil {
		problems = []config.Problem{}
	}
	errors := 0
	for _, p := range problems {
		if p.Severity == config.Error {
			errors++
		}
	}
	err := c.answer(problems, func() {
		for _, p := range problems {
			c.say("%s", p)
		}
		if errors == 0 {
			c.say("%s: no errors, %s.", l.Folder, count(len(problems), "warning"))
		}
	})
	if err != nil || errors == 0 {
		return err
	}
	return failf(exitUsage, "%s in %s", count(errors, "error"), l.Folder).or("each says below it how it is mended")
}
