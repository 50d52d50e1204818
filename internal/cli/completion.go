package cli

import (
	"fmt"
	"sort"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Help is the long help of `completion`.
func (completionCommand) Help() string {
	return `The script completes commands and flags. It is self-contained and asks no server.

Examples:

    halligan completion bash > /etc/bash_completion.d/halligan
    halligan completion zsh  > "${fpath[1]}/_halligan"
    halligan completion fish > ~/.config/fish/completions/halligan.fish`
}

// Run prints the script.
func (s completionCommand) Run(c *call, parser *kong.Kong) error {
	words := completions(parser.Model.Node)
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

// completed is what may follow a command: its own commands and its flags.
type completed struct {
	path  string // "" for the program itself, else "change propose"
	words []string
}

// completions lists what may follow each command.
func completions(node *kong.Node) []completed {
	var all []completed
	_ = kong.Visit(node, func(n kong.Visitable, next kong.Next) error {
		if at, ok := n.(*kong.Node); ok && !at.Hidden {
			here := completed{path: strings.TrimSpace(strings.TrimPrefix(strings.Join(names(at), " "), "halligan"))}
			for _, child := range at.Children {
				if !child.Hidden {
					here.words = append(here.words, child.Name)
				}
			}
			for _, level := range at.AllFlags(true) {
				for _, flag := range level {
					here.words = append(here.words, "--"+flag.Name)
				}
			}
			all = append(all, here)
		}
		return next(nil)
	})
	sort.Slice(all, func(i, j int) bool { return all[i].path < all[j].path })
	return all
}

// names is the way from the program to a command.
func names(n *kong.Node) []string {
	if n == nil {
		return nil
	}
	return append(names(n.Parent), n.Name)
}

// bashScript finds the longest run of words that is a command, and offers what
// may follow it.
func bashScript(all []completed) string {
	var b strings.Builder
	b.WriteString("_halligan() {\n  local path= word i\n  for ((i = 1; i < COMP_CWORD; i++)); do\n    word=${COMP_WORDS[i]}\n    case \"$path $word\" in\n")
	for _, at := range all {
		if at.path != "" {
			parent, last := split(at.path)
			fmt.Fprintf(&b, "      %q) path=%q ;;\n", strings.TrimPrefix(parent+" "+last, ""), at.path)
		}
	}
	b.WriteString("    esac\n  done\n  local words=\n  case \"$path\" in\n")
	for _, at := range all {
		fmt.Fprintf(&b, "    %q) words=%q ;;\n", at.path, strings.Join(at.words, " "))
	}
	b.WriteString("  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\ncomplete -F _halligan halligan\n")
	return b.String()
}

// split parts the last word of a path from what is before it.
func split(path string) (parent, last string) {
	if i := strings.LastIndexByte(path, ' '); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

func fishScript(all []completed) string {
	var b strings.Builder
	b.WriteString("complete -c halligan -f\n")
	for _, at := range all {
		condition := "__fish_use_subcommand"
		if at.path != "" {
			condition = "__fish_seen_subcommand_from " + strings.Fields(at.path)[0]
			if parent, last := split(at.path); parent != "" {
				condition += "; and __fish_seen_subcommand_from " + last
			}
		}
		for _, word := range at.words {
			if flag, ok := strings.CutPrefix(word, "--"); ok {
				fmt.Fprintf(&b, "complete -c halligan -n %q -l %s\n", condition, flag)
			} else {
				fmt.Fprintf(&b, "complete -c halligan -n %q -a %s\n", condition, word)
			}
		}
	}
	return b.String()
}
