package meaning_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/meaning"
)

// line is one row of a table: what is meant, in a sentence, and the requests that show
// it. A row of several requests is allowed when all of them are, as STS asks three
// things of a trust policy before it opens.
type line struct {
	means string
	want  bool
	cases []meaning.Case
}

const (
	allowed = true
	denied  = false
)

// row is a line of one request.
func row(want bool, c meaning.Case, means string, args ...any) line {
	return line{fmt.Sprintf(means, args...), want, []meaning.Case{c}}
}

func judge(t *testing.T) meaning.Judge {
	t.Helper()
	j, err := meaning.Find()
	if errors.Is(err, meaning.ErrAbsent) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// outcome is what the evaluator said of a line.
type outcome struct {
	allowed bool
	why     []string
}

// weigh asks for all lines at once: the evaluator takes a second to start.
func weigh(t *testing.T, j meaning.Judge, lines []line) []outcome {
	t.Helper()
	var cases []meaning.Case
	for _, l := range lines {
		cases = append(cases, l.cases...)
	}
	verdicts, err := j.Weigh(context.Background(), cases)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make([]outcome, len(lines))
	for i, l := range lines {
		outcomes[i].allowed = len(l.cases) > 0
		for range l.cases {
			v := verdicts[0]
			verdicts = verdicts[1:]
			outcomes[i].allowed = outcomes[i].allowed && v.Allowed
			outcomes[i].why = append(outcomes[i].why, v.Why...)
		}
	}
	return outcomes
}

// check holds each line to what the evaluator says.
func check(t *testing.T, j meaning.Judge, lines []line) {
	t.Helper()
	hold(t, lines, weigh(t, j, lines))
}

// hold holds each line to its outcome.
func hold(t *testing.T, lines []line, outcomes []outcome) {
	t.Helper()
	for i, l := range lines {
		got := outcomes[i]
		t.Run(strings.ReplaceAll(l.means, "/", "∕"), func(t *testing.T) {
			if got.allowed != l.want {
				t.Errorf("%s\n  allowed %v, and %v is meant\n  %s\n  asked: %s", l.means, got.allowed, l.want,
					strings.Join(got.why, "\n  "), asked(l))
			}
		})
	}
}

func asked(l line) string {
	var all []string
	for _, c := range l.cases {
		all = append(all, fmt.Sprintf("%s on %s by %s with %v", c.Action, c.Resource, c.Principal, c.Context))
	}
	return strings.Join(all, "\n  asked: ")
}
