package cli

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// soberly takes away a suggestion that begins with another letter than what was
// typed: nobody who typed nosuch meant vouch.
func soberly(text string) string {
	said, meant, ok := strings.Cut(text, ", did you mean ")
	typed := said[strings.LastIndexByte(said, ' ')+1:]
	if ok && strings.Trim(typed, `"`)[:1] != strings.Trim(meant, `"?`)[:1] {
		return said
	}
	return text
}

// misuse is the failure of a command line that cannot be read, with what is wanted
// in its place: what the flag or argument is, an example, or where the flag belongs.
func misuse(err error, all *kong.Node) *failure {
	text := soberly(err.Error()) // kong has no errors of a kind
	f := failf(exitUsage, "%s", text)
	f.hint = "halligan --help lists the commands"
	switch word := wordIn(text); {
	case strings.HasPrefix(text, "expected one of ") && selectedIn(err) == nil:
		return failf(exitUsage, "no command was given").or("halligan --help lists them; in an emergency: halligan which")
	case strings.HasPrefix(text, "unexpected argument ") && selectedIn(err) == nil && calledElsewhere[word] != "":
		return failf(exitUsage, "there is no command %s", word).or("%s", calledElsewhere[word])
	}
	n := selectedIn(err)
	if n == nil {
		return f
	}
	var hints []string
	switch name := flagIn(text); {
	case strings.HasPrefix(text, "unknown flag "):
		if elsewhere := whereFlag(all, n, name); elsewhere != "" {
			hints = append(hints, elsewhere)
		}
	case strings.HasPrefix(text, "--"):
		if flag := flagOf(n, name); flag != nil {
			hints = append(hints, spelled(flag)+": "+asPhrase(flag.Help))
		}
	default:
		for _, argument := range missing(err, n) {
			hints = append(hints, argument.Summary()+" is "+asPhrase(argument.Help))
		}
		if example := exampleOf(n, name); example != "" {
			hints = append(hints, "such as: "+example)
		}
	}
	f.hint = strings.Join(append(hints, calledAs(n)+" --help shows how it is used"), "; ")
	return f
}

// explained adds to what a command says of its own flags, arguments and files where
// to read how it is used, if it says nothing else to do; and to a server's hint that
// says to look first, at what.
func explained(err error, parsed *kong.Context) error {
	if err == nil || parsed.Selected() == nil || errors.As(err, new(exited)) {
		return err
	}
	better := *classify(err)
	switch id := idGiven(parsed); {
	case better.hint == "" && better.code == exitUsage:
		return better.or("%s --help shows how it is used", calledAs(parsed.Selected()))
	case id != "" && strings.HasPrefix(better.hint, "look at it first: ") && !strings.Contains(better.hint, id):
		return better.or("%s %s", better.hint, shellQuoted(id))
	}
	return err
}

// idGiven is the id that a command was given to act on; empty without one.
func idGiven(parsed *kong.Context) string {
	for _, p := range parsed.Path {
		if p.Positional != nil && p.Positional.Name == "id" {
			return p.Positional.Target.String()
		}
	}
	return ""
}

// selectedIn is the command that a command line which cannot be read is of; nil
// before there is one.
func selectedIn(err error) *kong.Node {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) || wrong.Context == nil {
		return nil
	}
	return wrong.Context.Selected()
}

// wordIn is the third word of a text, as it was typed.
func wordIn(text string) string {
	words := strings.Fields(text)
	if len(words) < 3 {
		return ""
	}
	return strings.Trim(words[2], `",`)
}

// calledElsewhere are commands that other programs have, or that people look for,
// and what does it here.
var calledElsewhere = map[string]string{
	"keys":      "halligan people lists everybody's keys; halligan key next makes another key of the ledger",
	"users":     "halligan people lists everybody",
	"groups":    "halligan people lists everybody, with their groups",
	"whoami":    "halligan people lists everybody; your profile says who you are: halligan status --help names its file",
	"login":     "halligan request SCENARIO --why … --login asks and logs in; with a grant: halligan exec ID",
	"ssh":       "with a grant: halligan exec ID, or halligan exec ID -- ssh …",
	"shell":     "with a grant: halligan exec ID is a login, at an AWS account your shell",
	"assume":    "with a grant: halligan exec ID -- aws …",
	"revoke":    "halligan stop ID --why … ends a grant; halligan suspend KEY --why … a key that may be in wrong hands; halligan change propose remove a person",
	"cancel":    "halligan withdraw ID takes back a request that waits; halligan stop ID --why … ends a grant",
	"list":      "halligan status lists what is open and waits; --all the rest as well",
	"requests":  "halligan status --all lists them",
	"grants":    "halligan status lists them",
	"show":      "halligan status ID shows a request, halligan change show ID a change",
	"timeline":  "halligan status ID --timeline",
	"scenarios": "halligan explain lists those in force, halligan scenario list those that come with the program",
	"envelopes": "halligan envelope list",
	"doctor":    "halligan ready says whether each scenario could be used right now; on a host: halligan-host check",
	"validate":  "halligan lint DIR",
	"audit":     "halligan evidence ID -o FILE writes the evidence of a request, halligan verify checks it",
	"open":      "halligan request SCENARIO --why … asks for access; halligan envelope open ID for what is sealed",
	"offline":   "halligan-kit works with no server; halligan reconcile carries back what was signed with it",
}

// flagIn is the name of the first flag that a text has; empty without one.
func flagIn(text string) string {
	_, rest, ok := strings.Cut(text, "--")
	if !ok {
		return ""
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		return rest
	}
	return rest[:end]
}

// flagOf is the flag of a name that a command has, or the one that stands for it;
// nil without one.
func flagOf(n *kong.Node, name string) *kong.Flag {
	for _, level := range n.AllFlags(true) {
		for _, flag := range level {
			if flag.Name == name {
				return flag
			}
		}
	}
	if n.DefaultCmd != nil {
		return flagOf(n.DefaultCmd, name)
	}
	return nil
}

// missing are the arguments that a command needs and that were not given.
func missing(err error, n *kong.Node) (all []*kong.Positional) {
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) {
		return nil
	}
	given := wrong.Context
	for _, argument := range n.Positional {
		there := slices.ContainsFunc(given.Path, func(p *kong.Path) bool { return p.Positional == argument })
		if argument.Required && !there {
			all = append(all, argument)
		}
	}
	return all
}

// calledAs is a command as it is typed: the one that stands for its parent is called
// by the parent's name.
func calledAs(n *kong.Node) string {
	if n.Parent != nil && n.Parent.DefaultCmd == n {
		return commandOf(n.Parent)
	}
	return commandOf(n)
}

// exampleOf is the first example of a command in its help that has a flag, if any
// does; else its first.
func exampleOf(n *kong.Node, flag string) (first string) {
	for text := range strings.SplitSeq(n.Detail, "\n") {
		example, indented := strings.CutPrefix(text, "    ")
		if !indented || !strings.HasPrefix(example, calledAs(n)) {
			continue
		}
		if flag == "" || strings.Contains(example, "--"+flag) {
			return example
		}
		if first == "" {
			first = example
		}
	}
	return first
}

// insteadOf are flags that people look for where there are none, and what does it.
var insteadOf = map[string]string{
	"halligan explain --files": "of files, halligan coverage --files DIR says who could approve, halligan which --files DIR which scenario fits, halligan procedure SCENARIO --files DIR everything else",
	"halligan ready --files":   "of files, halligan lint DIR says what is wrong, and halligan coverage --files DIR whether each quorum can be filled",
}

// commandsMost is how many commands are named that have a flag.
const commandsMost = 6

// whereFlag says where a flag belongs that a command does not have.
func whereFlag(all, n *kong.Node, name string) string {
	if way := insteadOf[calledAs(n)+" --"+name]; way != "" {
		return way
	}
	var have []string
	for _, leaf := range all.Leaves(true) {
		if flagOf(leaf, name) != nil {
			have = append(have, calledAs(leaf))
		}
	}
	if len(have) == 0 || len(have) > commandsMost {
		return ""
	}
	return "--" + name + " is a flag of " + both(have)
}

// asPhrase is a sentence as it stands within another.
func asPhrase(text string) string {
	text = strings.TrimSuffix(text, ".")
	first, size := utf8.DecodeRuneInString(text)
	if second, _ := utf8.DecodeRuneInString(text[size:]); unicode.IsUpper(second) {
		return text // SEV1
	}
	return string(unicode.ToLower(first)) + text[size:]
}
