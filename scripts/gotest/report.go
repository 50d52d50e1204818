package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// chosen matches the reasons of skips that we chose: long runs and the short mode.
var chosen = regexp.MustCompile(`(?i)HALLIGAN_SOAK|\bsoak\b|-short|short mode`)

// event is one line of `go test -json` (go doc test2json).
type event struct {
	Action  string
	Package string
	Test    string
	Output  string
}

// line is what one test, or the package itself (test ""), printed.
type line struct{ test, text string }

// Report folds the events of one run. The zero value is not usable: NewReport.
type Report struct {
	out                     io.Writer
	lines                   map[string][]line          // by package, until it ends
	state                   map[string]map[string]bool // package → test → it may be forgotten
	skips                   []string
	failures                []string // what each failed test said, for the end
	passed, failed, skipped int
	unchosen                int
}

// NewReport writes what a reader should see to out.
func NewReport(out io.Writer) *Report {
	return &Report{out: out, lines: map[string][]line{}, state: map[string]map[string]bool{}}
}

// Read consumes the stream to its end. Lines that are not JSON are shown as they are.
func (r *Report) Read(stream io.Reader) error {
	scanner := bufio.NewScanner(stream)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var e event
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			fmt.Fprintln(r.out, scanner.Text())
			continue
		}
		r.add(e)
	}
	return scanner.Err()
}

func (r *Report) add(e event) {
	switch {
	case e.Action == "build-output":
		fmt.Fprint(r.out, e.Output)
	case e.Action == "output":
		r.lines[e.Package] = append(r.lines[e.Package], line{e.Test, e.Output})
	case e.Test != "":
		r.testEnded(e)
	case e.Action == "pass" || e.Action == "skip":
		r.show(e.Package, func(l line) bool { return l.test == "" && isSummary(l.text) })
	case e.Action == "fail":
		r.packageFailed(e.Package)
		quiet := r.state[e.Package]
		r.show(e.Package, func(l line) bool { return !quiet[l.test] && !isProgress(l.text) })
	}
}

func (r *Report) testEnded(e event) {
	if r.state[e.Package] == nil {
		r.state[e.Package] = map[string]bool{}
	}
	switch e.Action {
	case "pass":
		r.passed++
		r.state[e.Package][e.Test] = true
	case "skip":
		r.skipped++
		r.state[e.Package][e.Test] = true
		reason := r.reason(e)
		if !chosen.MatchString(reason) {
			r.unchosen++
		}
		r.skips = append(r.skips, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason))
	case "fail":
		r.failed++
		r.state[e.Package][e.Test] = false
		r.failures = append(r.failures, summary(e.Package, e.Test, r.of(e.Package, e.Test)))
	}
}

// of is what one test of a package said.
func (r *Report) of(pkg, test string) (said []string) {
	for _, l := range r.lines[pkg] {
		if l.test == test && !isProgress(l.text) {
			said = append(said, l.text)
		}
	}
	return said
}

// packageFailed tells for the end why a package failed of which no test did: it did
// not build, or it ended before its tests.
func (r *Report) packageFailed(pkg string) {
	for _, passed := range r.state[pkg] {
		if !passed {
			return
		}
	}
	var said []string
	for _, l := range r.lines[pkg] {
		if !r.state[pkg][l.test] && !isProgress(l.text) {
			said = append(said, l.text)
		}
	}
	r.failures = append(r.failures, summary(pkg, "", said))
}

// reason is what the skipped test said last.
func (r *Report) reason(e event) string {
	said := "no reason given"
	for _, l := range r.lines[e.Package] {
		text := strings.TrimSpace(l.text)
		if l.test != e.Test || isProgress(l.text) || strings.HasPrefix(text, "--- ") || text == "" {
			continue
		}
		said = text
	}
	return said
}

func (r *Report) show(pkg string, wanted func(line) bool) {
	for _, l := range r.lines[pkg] {
		if wanted(l) {
			fmt.Fprint(r.out, l.text)
		}
	}
	delete(r.lines, pkg)
	delete(r.state, pkg)
}

// Close prints the skips and the closing line, and tells whether the run is bad
// for a reason that go test itself does not count.
func (r *Report) Close(name string, ci bool) bool {
	for _, s := range r.skips {
		fmt.Fprintf(r.out, "skipped: %s\n", s)
	}
	for _, f := range r.failures {
		fmt.Fprint(r.out, f)
	}
	bad := r.passed+r.failed+r.skipped == 0
	if bad {
		fmt.Fprintf(r.out, "%s: no test ran\n", name)
	}
	if ci && r.unchosen > 0 {
		fmt.Fprintf(r.out, "%s: %d skips in CI that nobody chose\n", name, r.unchosen)
		bad = true
	}
	fmt.Fprintf(r.out, "%s: %d passed, %d failed, %d skipped\n", name, r.passed, r.failed, r.skipped)
	return bad
}

func isSummary(text string) bool {
	return strings.HasPrefix(text, "ok  \t") || strings.HasPrefix(text, "?   \t") || strings.HasPrefix(text, "\t")
}

func isProgress(text string) bool {
	return strings.HasPrefix(text, "=== ") || text == "PASS\n"
}
