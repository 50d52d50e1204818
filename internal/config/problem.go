package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Severity says whether a problem stops a compile.
type Severity string

// The severities of a problem. An error stops Compile; a warning is for people.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is one thing wrong in one place of a file.
type Problem struct {
	File     string   `json:"file"`   // relative to the folder, with slashes
	Line     int      `json:"line"`   // from 1; 0 for the file as a whole
	Column   int      `json:"column"` // from 1, in characters; 0 for the file as a whole
	What     string   `json:"what"`   // one line, never a secret
	Mend     string   `json:"mend"`   // one line, what to do about it
	Severity Severity `json:"severity"`
}

// String is the problem for people: one line, and a second with the hint.
func (p Problem) String() string {
	where := p.File
	if p.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
	text := fmt.Sprintf("%s: %s: %s", p.Severity, where, p.What)
	if p.Mend != "" {
		text += "\nhint: " + p.Mend
	}
	return text
}

// BrokenError says that files cannot be used, and why.
type BrokenError struct {
	Problems []Problem // at least one of them an error
}

// Error names the first problem that stops and how many there are.
func (e *BrokenError) Error() string {
	wrong := slices.DeleteFunc(slices.Clone(e.Problems), func(p Problem) bool { return p.Severity != Error })
	first := wrong[0]
	text := fmt.Sprintf("cannot use %s: %s", first.File, first.What)
	if first.Line > 0 {
		text = fmt.Sprintf("cannot use %s: line %d: %s", first.File, first.Line, first.What)
	}
	if len(wrong) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(wrong)-1)
	}
	return text
}

// HasErrors tells whether any of the problems stops a compile.
func HasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
}

// place is where something stands.
type place struct {
	file         string
	line, column int
}

// findings collects problems.
type findings struct{ list []Problem }

// errorf notes an error; mend is how to do away with it.
func (f *findings) errorf(at place, mend, format string, args ...any) {
	f.list = append(f.list, Problem{at.file, at.line, at.column, fmt.Sprintf(format, args...), mend, Error})
}

// warnf notes a warning.
func (f *findings) warnf(at place, mend, format string, args ...any) {
	f.list = append(f.list, Problem{at.file, at.line, at.column, fmt.Sprintf(format, args...), mend, Warning})
}

// sorted gives what was found in the order of the files, each problem once.
func (f *findings) sorted() []Problem {
	slices.SortStableFunc(f.list, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(f.list)
}

// shownMost is how many characters of a value a problem shows.
const shownMost = 60

// show is a value as a problem may print it: on one line, cut, escaped where it
// could deceive a terminal, and never a secret.
func show(text string) string {
	if secretKind(text) != "" {
		return "what looks like a secret"
	}
	if runes := []rune(text); len(runes) > shownMost {
		text = string(runes[:shownMost]) + "…"
	}
	return strconv.Quote(text)
}

// showID is show for what ought to be ASCII: a letter of another alphabet that
// looks the same is escaped.
func showID(text string) string {
	if secretKind(text) != "" || len(text) > shownMost {
		return show(text)
	}
	return fmt.Sprintf("%+q", text)
}
