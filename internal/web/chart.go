package web

import (
	"fmt"
	"time"
)

// chart is a row of bars, with a line across where there is something to compare
// with. Beside it stands a table: the picture says nothing that the table does not.
type chart struct {
	ID, Title, About string // About is what the bars say, to whoever does not see them
	Bars             []column
	Line             int    // y of the line; 0: there is none
	LineText         string // what it stands for
	Width, Base      int
}

// column is one bar, in units of the drawing.
type column struct {
	X, Y, Width, Height int
	Text                string
}

// point is what one bar stands for.
type point struct {
	Text   string
	Amount int64
}

// The drawing: bars stand on the base line, and none is higher than the top.
const (
	chartWidth = 600
	chartTop   = 10
	chartBase  = 140
	barWidest  = 40
	barsLeast  = 6 // places that there are at least, so that one bar is no wall
)

// level is where the line of a chart lies, and what it stands for; the zero level is
// no line.
type level struct {
	Amount int64
	Text   string
}

// draw makes a chart; nil of nothing.
func draw(id, title string, points []point, line level) *chart {
	if len(points) == 0 {
		return nil
	}
	most := max(line.Amount, 1)
	for _, p := range points {
		most = max(most, p.Amount)
	}
	height := func(amount int64) int { return int(amount * (chartBase - chartTop) / most) }
	c := &chart{ID: id, Title: title, LineText: line.Text, Width: chartWidth, Base: chartBase}
	if line.Amount > 0 {
		c.Line = chartBase - height(line.Amount)
	}
	slot := chartWidth / max(len(points), barsLeast)
	for i, p := range points {
		b := column{Width: min(barWidest, slot*2/3), Height: max(2, height(p.Amount)), Text: p.Text}
		b.X, b.Y = i*slot+(slot-b.Width)/2, chartBase-b.Height
		c.Bars = append(c.Bars, b)
		if c.About != "" {
			c.About += "; "
		}
		c.About += p.Text
	}
	if line.Text != "" {
		c.About += ". " + line.Text
	}
	return c
}

// milliseconds is a span as people say it, under ten seconds with a decimal.
func milliseconds(ms int64) string {
	if ms < 1000 {
		return fmt.Sprintf("%d ms", ms)
	}
	if ms < 10_000 {
		return fmt.Sprintf("%d.%d s", ms/1000, ms%1000/100)
	}
	return length(time.Duration(ms) * time.Millisecond)
}
