package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// row is one line of the table: what was measured, against what, and what was due.
type row struct {
	ID    string
	What  string
	Ours  string // absolute
	Peer  string // absolute, with the peer's name
	Ratio float64
	Unit  string // of what Ratio is a multiple: "× rate", "× time"
	Due   bound
	Note  string
}

// bound is what a ratio must reach; the zero bound is printed and judges nothing.
type bound struct {
	least, most float64
}

func atLeast(x float64) bound { return bound{least: x} }
func atMost(x float64) bound  { return bound{most: x} }

func (b bound) String() string {
	switch {
	case b.least > 0:
		return "≥ " + figure(b.least)
	case b.most > 0:
		return "≤ " + figure(b.most)
	}
	return "printed"
}

// verdict tells whether a ratio is within its bound.
func (r row) verdict() string {
	switch {
	case r.Due == bound{}:
		return "—"
	case r.Due.least > 0 && r.Ratio < r.Due.least, r.Due.most > 0 && r.Ratio > r.Due.most:
		return "missed"
	}
	return "met"
}

func (r row) cells() []string {
	measured := "—"
	if r.Ratio > 0 {
		measured = figure(r.Ratio) + " " + r.Unit
	}
	return []string{r.ID, r.What, r.Ours, r.Peer, measured, r.Due.String(), r.verdict()}
}

var head = []string{"id", "what", "Halligan", "beside it", "ratio", "due", ""}

// figure is a number with about three digits.
func figure(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.2fM", x/1e6)
	case x >= 1e4:
		return fmt.Sprintf("%.1fk", x/1e3)
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

func perSecond(x float64) string { return figure(x) + "/s" }

func span(d time.Duration) string {
	switch {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d >= time.Millisecond:
		return figure(float64(d)/1e6) + " ms"
	}
	return figure(float64(d)/1e3) + " µs"
}

func megabytes(bytes int64) string { return figure(float64(bytes)/1e6) + " MB" }

// printRow prints a row as soon as it is there.
func printRow(out io.Writer, r row) {
	c := r.cells()
	fmt.Fprintf(out, "%-4s %-58s %-24s %-38s %-16s %-10s %s\n", c[0], c[1], c[2], c[3], c[4], c[5], c[6])
	if r.Note != "" {
		fmt.Fprintf(out, "     %s\n", r.Note)
	}
}

// table is the rows in Markdown, with their notes below.
func table(rows []row) string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	line([]string{"---", "---", "---", "---", "---", "---", "---"})
	for _, r := range rows {
		line(r.cells())
	}
	for _, r := range rows {
		if r.Note != "" {
			fmt.Fprintf(&b, "\n%s, %s: %s\n", r.ID, r.What, r.Note)
		}
	}
	return b.String()
}
