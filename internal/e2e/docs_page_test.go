package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
)

// page is what a page of the documentation tells people to type. Comments in it
// say what a reader does not need to see:
//
//	<!-- setup: NAME -->            run testdata/docs/NAME.sh before what follows
//	<!-- run: COMMANDS -->          run these as well, which a reader does not need
//	<!-- as: PERSON -->             whose machine this is from here on
//	<!-- needs: root, curl -->      programs, and "root": a machine to be changed
//	<!-- not run: REASON -->        the next block is not run
//	<!-- nothing to run: REASON --> no block of the page is run
//	<!-- browser: PERSON -->        the list that follows is done in that person's browser
//
// Every ```console block (lines of "$ command", with "> " where it goes on, and
// what it prints) and every ```sh block (commands alone) is run unless a comment
// says why not.
type page struct {
	name    string
	steps   []step
	left    []unrun
	needs   []string // programs; "root" wants root and namespaces of its own
	nothing string   // why nothing is run
}

// step is one command, or one block of commands.
type step struct {
	line    int
	command string
	prints  []string // as the page has it; nil: not compared
	mayFail bool     // the next step looks at the exit code
	done    []act    // in a browser, in place of a command
}

// unrun is a block that is not run.
type unrun struct {
	line int
	why  string
}

var remark = regexp.MustCompile(`(?s)^<!-- (setup|run|as|needs|not run|nothing to run|browser): (.*?)\s*-->$`)

// readPage finds the steps of a page.
func readPage(name, text string) (*page, error) {
	p := &page{name: name}
	lines := strings.Split(text, "\n")
	why := "" // why the next block is not run
	for i := 0; i < len(lines); i++ {
		switch line := lines[i]; {
		case strings.HasPrefix(line, "<!-- "):
			from := i
			for i < len(lines)-1 && !strings.HasSuffix(lines[i], "-->") {
				i++
			}
			if err := p.remark(from, strings.Join(lines[from:i+1], "\n"), &why); err != nil {
				return nil, err
			}
			if strings.HasPrefix(line, "<!-- browser: ") {
				if err := p.inBrowser(i+1, lines[i+1:]); err != nil {
					return nil, err
				}
			}
		case strings.HasPrefix(line, "```"):
			from, kind := i+1, strings.TrimPrefix(line, "```")
			for i++; i < len(lines) && lines[i] != "```"; i++ {
			}
			if i == len(lines) {
				return nil, fmt.Errorf("%s:%d: the block has no end", name, from)
			}
			if err := p.block(from, kind, lines[from:i], why); err != nil {
				return nil, err
			}
			why = ""
		}
	}
	if why != "" {
		return nil, fmt.Errorf("%s: no block follows the comment %q", name, why)
	}
	if p.typed() == 0 && p.nothing == "" {
		return nil, fmt.Errorf("%s: nothing in it is run, and it does not say why", name)
	}
	return p, nil
}

// typed counts the steps that a reader sees.
func (p *page) typed() int {
	n := 0
	for _, s := range p.steps {
		if s.line > 0 {
			n++
		}
	}
	return n
}

// remark takes a comment in. One that is not ours is passed over.
func (p *page) remark(at int, text string, why *string) error {
	m := remark.FindStringSubmatch(text)
	if m == nil {
		for _, word := range []string{"setup", "run", "as", "needs", "not run", "nothing to run", "browser"} {
			if strings.HasPrefix(text, "<!-- "+word) {
				return fmt.Errorf("%s:%d: the comment cannot be read: %s", p.name, at+1, text)
			}
		}
		return nil
	}
	switch m[1] {
	case "setup":
		p.steps = append(p.steps, step{command: ". \"$DOCS\"/" + m[2] + ".sh"})
	case "run":
		p.steps = append(p.steps, step{command: m[2]})
	case "as":
		p.steps = append(p.steps, step{command: "become " + m[2]})
	case "needs":
		for _, need := range strings.Split(m[2], ", ") {
			if strings.ContainsAny(need, " /") {
				return fmt.Errorf("%s:%d: nobody knows what %q is", p.name, at+1, need)
			}
			p.needs = append(p.needs, need)
		}
	case "not run":
		*why = m[2]
	case "nothing to run":
		p.nothing = m[2]
	}
	return nil
}

// block takes a block in.
func (p *page) block(at int, kind string, lines []string, why string) error {
	if kind != "console" && kind != "sh" {
		if why != "" {
			return fmt.Errorf("%s:%d: a block of %q is never run, so that it needs no reason", p.name, at, kind)
		}
		return nil
	}
	switch {
	case why != "":
		p.left = append(p.left, unrun{at, why})
		return nil
	case p.nothing != "":
		p.left = append(p.left, unrun{at, p.nothing})
		return nil
	case kind == "sh":
		p.steps = append(p.steps, step{line: at + 1, command: strings.Join(lines, "\n")})
		return nil
	}
	return p.console(at, lines)
}

// console parts commands from what they print.
func (p *page) console(at int, lines []string) error {
	for i, line := range lines {
		last := len(p.steps) - 1
		switch {
		case strings.HasPrefix(line, "$ "):
			command := strings.TrimPrefix(line, "$ ")
			if i > 0 && command == "echo $?" {
				p.steps[last].mayFail = true
			}
			p.steps = append(p.steps, step{line: at + i + 1, command: command, prints: []string{}})
		case i == 0:
			return fmt.Errorf("%s:%d: a console block begins with a command", p.name, at+1)
		case strings.HasPrefix(line, "> ") && len(p.steps[last].prints) == 0:
			p.steps[last].command += "\n" + strings.TrimPrefix(line, "> ")
		default:
			p.steps[last].prints = append(p.steps[last].prints, line)
		}
	}
	return nil
}
