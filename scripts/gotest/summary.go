package main

import (
	"fmt"
	"regexp"
	"strings"
)

// How much of a failed test the end of a run shows: of each thing that it said, and
// of all together.
const (
	partFirst, partLast = 1200, 400
	allFirst, allLast   = 4000, 2000
)

var (
	verdict = regexp.MustCompile(`^ *--- FAIL: `)
	message = regexp.MustCompile(`^ *[^\s:]+\.go:\d+: `)
	within  = regexp.MustCompile(`^ {8}|^$`) // further lines of a message
)

// summary is what a failed test said: that it failed, then its messages, whole ones
// before those that are cut, then what it and its programs printed besides.
func summary(pkg, test string, said []string) string {
	var verdicts, messages, rest []string
	open := false // whether the line before is of a message
	for _, line := range said {
		switch bare := strings.TrimSuffix(line, "\n"); {
		case verdict.MatchString(line):
			verdicts, open = append(verdicts, line), false
		case message.MatchString(line):
			messages, open = append(messages, line), true
		case open && within.MatchString(bare):
			messages[len(messages)-1] += line
		default:
			rest, open = append(rest, line), false
		}
	}
	var whole, cut strings.Builder
	for _, each := range messages {
		if len(each) <= partFirst+partLast {
			whole.WriteString(each)
		} else {
			cut.WriteString(shortened(each, partFirst, partLast))
		}
	}
	all := whole.String() + cut.String() + strings.Join(rest, "")
	name := strings.TrimSpace(pkg + " " + test)
	return fmt.Sprintf("failed: %s\n%s%s", name, strings.Join(verdicts, ""), shortened(all, allFirst, allLast))
}

// shortened is a text without its middle, if it is too long; it ends its line.
func shortened(text string, first, last int) string {
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	if len(text) <= first+last {
		return text
	}
	head, tail := strings.ToValidUTF8(text[:first], ""), strings.ToValidUTF8(text[len(text)-last:], "")
	return fmt.Sprintf("%s\n… %d bytes more …\n%s", head, len(text)-first-last, tail)
}
