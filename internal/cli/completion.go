package cli

import (
	"sort"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/halligan-dev/halligan/internal/config"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is the long help of `completion`.
func (completionCommand) Help() string {
	return `The script completes commands and flags, and values where there are only some: severities, ways to check, roles, and the scenarios, people and envelopes of your cell. Those come from the copy that this machine keeps, or from a folder that --files names; no server is asked.

Examples:

    halligan completion bash > /etc/bash_completion.d/halligan
    halligan completion zsh  > "${fpath[1]}/_halligan"
    halligan completion fish > ~/.config/fish/completions/halligan.fish`
}

// Run prints the script.
func (s completionCommand) Run(c *call, parser *kong.Kong) error {
	words, err := completions(parser.Model.Node)
	if err != nil {
		return because(exitInternal, err, "cannot list what may be completed")
	}
	switch s.Shell {
	case "bash":
		c.print(bashScript(words))
	case "zsh":
		c.print("#compdef halligan\nautoload -U +X bashcompinit && bashcompinit\n" + bashScript(words))
	case "fish":
		c.print(fishScript(words))
	}
	return nil
}

// completed is what may follow a command: its own commands and its flags, and
// what its flags and arguments take.
type completed struct {
	path  string // "" for the program itself, else "change propose"
	words []string
	takes []taken
}

// taken is what a flag, or an argument of a command, may be.
type taken struct {
	flag   string   // empty: an argument
	values []string // nothing else is taken
	asks   string   // of the cell: a word of completable
}

// file tells whether only the person knows what it is: a file, perhaps.
func (t taken) file() bool { return len(t.values) == 0 && t.asks == "" }

// completions lists what may follow each command.
func completions(node *kong.Node) ([]completed, error) {
	var all []completed
	err := kong.Visit(node, func(n kong.Visitable, next kong.Next) error {
		if at, ok := n.(*kong.Node); ok && !at.Hidden {
			here, err := completedAt(at)
			if err != nil {
				return err
			}
			all = append(all, here)
		}
		return next(nil)
	})
	sort.Slice(all, func(i, j int) bool { return all[i].path < all[j].path })
	return all, err
}

func completedAt(at *kong.Node) (completed, error) {
	here := completed{path: strings.TrimSpace(strings.TrimPrefix(strings.Join(names(at), " "), "halligan"))}
	for _, child := range at.Children {
		if !child.Hidden {
			here.words = append(here.words, child.Name)
		}
	}
	levels, arguments := at.AllFlags(true), at.Positional
	if at.DefaultCmd != nil { // which is meant where none is named
		levels, arguments = at.DefaultCmd.AllFlags(true), at.DefaultCmd.Positional
	}
	for _, level := range levels {
		for _, flag := range level {
			here.words = append(here.words, "--"+flag.Name)
			if flag.IsBool() {
				continue
			}
			of, err := takenBy(flag.Value)
			if err != nil {
				return here, err
			}
			of.flag = "--" + flag.Name
			here.takes = append(here.takes, of)
		}
	}
	for _, argument := range arguments {
		of, err := takenBy(argument)
		if err != nil {
			return here, err
		}
		if !of.file() {
			here.takes = append(here.takes, of)
		}
	}
	return here, nil
}

// takenBy reads what a flag or an argument takes: its enum, or its tag "complete",
// which has a list, or a word of completable, or "builtins".
func takenBy(v *kong.Value) (taken, error) {
	listed := v.Tag.Get("complete")
	switch {
	case v.Enum != "":
		return taken{values: v.EnumSlice()}, nil
	case listed == "":
		return taken{}, nil
	case listed == "builtins":
		all, err := config.Builtins()
		var ids []string
		for _, each := range all {
			ids = append(ids, each.ID)
		}
		return taken{values: ids}, err
	case completable[listed] != nil:
		return taken{asks: listed}, nil
	}
	return taken{values: strings.Split(listed, ",")}, nil
}

// names is the way from the program to a command.
func names(n *kong.Node) []string {
	if n == nil {
		return nil
	}
	return append(names(n.Parent), n.Name)
}
