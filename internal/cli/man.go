package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct {
	To string `required:"" placeholder:"FOLDER" help:"Folder that the pages are written into; it is made."`
}

// Help is the long help of `man`.
func (manCommand) Help() string {
	return `Writes halligan(1) and a page for every command, such as halligan-change-propose(1),
from the same text as --help. The pages of one version are the same wherever they
are written.

Examples:

    halligan man --to /usr/local/share/man/man1`
}

// Run writes the pages.
func (m manCommand) Run(c *call, parser *kong.Kong) error {
	if err := os.MkdirAll(m.To, 0o755); err != nil {
		return because(exitUsage, err, "cannot make %s", m.To)
	}
	pages := manual(parser.Model)
	for _, page := range pages {
		if err := os.WriteFile(filepath.Join(m.To, page.name), []byte(page.text), 0o644); err != nil {
			return because(exitUsage, err, "cannot write the page %s", page.name)
		}
	}
	answer := struct {
		Folder string `json:"folder"`
		Pages  int    `json:"pages"`
	}{m.To, len(pages)}
	return c.answer(answer, func() { c.say("wrote %d pages into %s", len(pages), m.To) })
}

// manualPage is one page of the manual, in man(7).
type manualPage struct{ name, text string }

// manual is the page of the program and one for each of its commands.
func manual(model *kong.Application) []manualPage {
	leaves := model.Leaves(true)
	pages := []manualPage{{"halligan.1", manualOfProgram(model, leaves)}}
	for _, n := range leaves {
		name := strings.ReplaceAll(commandOf(n), " ", "-")
		pages = append(pages, manualPage{name + ".1", manualOfCommand(name, n)})
	}
	return pages
}

// commandOf is how a command is called, without its arguments.
func commandOf(n *kong.Node) string { return strings.Join(names(n), " ") }

func manualOfProgram(model *kong.Application, leaves []*kong.Node) string {
	var b strings.Builder
	summary, rest, _ := strings.Cut(description, "\n\n")
	head(&b, "halligan", summary)
	section(&b, "SYNOPSIS")
	fmt.Fprintf(&b, ".B halligan\n%s\n", roff("COMMAND [arguments] [flags]"))
	section(&b, "DESCRIPTION")
	paragraphs(&b, rest+"\n\nThe commands below have a page each, and --help says the same.")
	for _, group := range groups {
		section(&b, strings.ToUpper(strings.TrimSuffix(group.Title, ":")))
		for _, n := range leaves {
			if groupOf(n) == group.Key {
				term(&b, commandOf(n), n.Help)
			}
		}
	}
	section(&b, "EXIT STATUS")
	for _, e := range exits {
		term(&b, fmt.Sprint(e.code), e.means)
	}
	section(&b, "ENVIRONMENT")
	term(&b, "HALLIGAN_PROFILE", "Stands for --profile.")
	term(&b, "HALLIGAN_KEY", "Stands for --key.")
	term(&b, "HALLIGAN_STATE", "Folder for the keys of requests, the newest checkpoint seen and receipts; else halligan in XDG_STATE_HOME or ~/.local/state.")
	return b.String()
}

// groupOf is the group of a command, or of the command that it belongs to.
func groupOf(n *kong.Node) string {
	for ; n != nil; n = n.Parent {
		if n.Group != nil {
			return n.Group.Key
		}
	}
	return ""
}

func manualOfCommand(name string, n *kong.Node) string {
	var b strings.Builder
	head(&b, name, n.Help)
	section(&b, "SYNOPSIS")
	fmt.Fprintf(&b, ".B halligan\n%s\n", roff(strings.TrimPrefix(n.Summary(), "halligan ")))
	section(&b, "DESCRIPTION")
	paragraphs(&b, n.Help+"\n\n"+n.Detail)
	if len(n.Positional) > 0 {
		section(&b, "ARGUMENTS")
		for _, p := range n.Positional {
			term(&b, p.Summary(), p.Help)
		}
	}
	section(&b, "FLAGS")
	for _, level := range n.AllFlags(true) {
		for _, f := range level {
			term(&b, spelled(f), f.Help)
		}
	}
	section(&b, "SEE ALSO")
	b.WriteString(".BR halligan (1)\n")
	return b.String()
}

// spelled is a flag as it is typed.
func spelled(f *kong.Flag) string {
	name := "--" + f.Name
	if f.Short != 0 {
		name = fmt.Sprintf("-%c, %s", f.Short, name)
	}
	if !f.IsBool() {
		name += " " + f.FormatPlaceHolder()
	}
	return name
}

func head(b *strings.Builder, name, summary string) {
	fmt.Fprintf(b, ".TH %s 1 \"\" \"halligan %s\" \"Halligan\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), roff(version), name, roff(strings.TrimSuffix(summary, ".")))
}

func section(b *strings.Builder, title string) { fmt.Fprintf(b, ".SH %s\n", title) }

func term(b *strings.Builder, name, means string) {
	fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(name), roff(means))
}

// paragraphs writes text as --help shows it: what is indented stays as it is.
func paragraphs(b *strings.Builder, text string) {
	for _, part := range strings.Split(text, "\n\n") {
		switch {
		case strings.TrimSpace(part) == "":
		case strings.HasPrefix(part, "  "):
			fmt.Fprintf(b, ".PP\n.nf\n.RS 2\n%s\n.RE\n.fi\n", roff(strings.TrimRight(part, "\n ")))
		default:
			fmt.Fprintf(b, ".PP\n%s\n", roff(strings.TrimSpace(part)))
		}
	}
}

// roff writes text so that troff takes none of it for a request or an escape.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	var b strings.Builder
	begins := true
	for _, r := range text {
		switch {
		case begins && r == '.':
			b.WriteString(`\&.`)
		case r > 127:
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
		begins = r == '\n'
	}
	return b.String()
}
