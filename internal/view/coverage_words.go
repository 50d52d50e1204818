package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// sentence says whether a quorum could be filled when one of some people asks,
// and on whom that hangs. No askers: it is no request.
func (c Cover) sentence(askers []string) string {
	switch {
	case c.Spare < 0 && len(c.Stuck) == len(askers):
		return fmt.Sprintf("It cannot be filled: nobody is there for %s.", count(-c.Spare, "place"))
	case len(askers) > 0 && len(c.Stuck) == len(askers):
		return "It cannot be filled for anybody who may ask."
	}
	var parts []string
	if len(c.Stuck) > 0 {
		parts = append(parts, fmt.Sprintf("It cannot be filled when %s asks.", either(c.Stuck)))
	}
	for i, one := range c.Single {
		same := func(other Single) bool { return slices.Equal(one.Asks, other.Asks) }
		if slices.ContainsFunc(c.Single[:i], same) {
			continue
		}
		var people []string
		for _, other := range c.Single {
			if same(other) {
				people = append(people, other.Person)
			}
		}
		parts = append(parts, without(people, one.Asks))
	}
	if len(parts) > 0 {
		return strings.Join(parts, " ")
	}
	asks, but := "whoever asks, and ", ""
	if askers == nil {
		asks = ""
	}
	if len(c.Pairs) > 0 {
		but = ", though not " + fatal(c.Pairs)
	}
	return fmt.Sprintf("It can be filled %swithout any one person%s.", asks, but)
}

// pairsNamed is how many pairs a sentence names.
const pairsNamed = 6

// fatal says which two people may not be away at once. Where it is any two of
// some, it says that, and else names the pairs, up to a few.
func fatal(pairs [][2]string) string {
	var people []string
	for _, pair := range pairs {
		people = append(people, pair[:]...)
	}
	slices.Sort(people)
	people = slices.Compact(people)
	if n := len(people); n > 2 && len(pairs) == n*(n-1)/2 {
		return "without any two of " + both(people)
	}
	var named []string
	for _, pair := range pairs[:min(len(pairs), pairsNamed)] {
		named = append(named, "both "+both(pair[:]))
	}
	if more := len(pairs) - len(named); more > 0 {
		named = append(named, count(more, "other pair"))
	}
	return "without " + either(named)
}

// without says that nobody of some people may be away when some ask.
func without(people, asks []string) string {
	anyOne, when := "", ""
	if len(people) > 1 {
		anyOne = "any one of "
	}
	if len(asks) > 0 {
		when = fmt.Sprintf(" when %s asks", either(asks))
	}
	return fmt.Sprintf("Without %s%s it cannot be filled%s.", anyOne, both(people), when)
}

// sentence is the whole answer.
func (v Coverage) sentence(doubted bool) string {
	begin := v.Steps[0]
	if v.Scenario == "" {
		return begin.Text
	}
	switch {
	case len(v.Askers) == 0:
		return "Nobody who may ask is there."
	case len(begin.Stuck) == 0:
		return begin.Text
	case doubted && len(v.Steps) > 1:
		return begin.Text + " The ladder waits while the clock is in doubt."
	}
	left := v.Steps[len(v.Steps)-1].Stuck // a rung frees askers and binds none
	for _, step := range v.Steps[1:] {
		if len(step.Stuck) > len(left) || len(step.Stuck) == len(begin.Stuck) {
			continue
		}
		text := fmt.Sprintf("%s After %s, when %s, it can be filled", begin.Text, step.After, step.Adds)
		if len(left) > 0 {
			text += fmt.Sprintf(", but not when %s asks", either(left))
		}
		return text + "."
	}
	if len(v.Steps) > 1 {
		return begin.Text + " The ladder does not mend that."
	}
	return begin.Text
}

// shut are the times of a week at which nobody may ask.
func shut(c access.Controls) []string {
	if len(c.Hours) == 0 {
		return nil
	}
	clocks := []string{"00:00"}
	for _, h := range c.Hours {
		clocks = append(clocks, h.From, h.To)
	}
	slices.Sort(clocks)
	clocks = slices.Compact(clocks)
	monday := time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	var moments []time.Time
	for day := range 7 {
		for _, text := range clocks {
			if clock, err := time.Parse("15:04", text); err == nil {
				moments = append(moments, monday.AddDate(0, 0, day).Add(time.Duration(clock.Hour())*time.Hour+time.Duration(clock.Minute())*time.Minute))
			}
		}
	}
	name := func(t time.Time) string { return strings.ToLower(t.Format("Mon 15:04")) }
	var windows []string
	from := ""
	for _, t := range moments {
		open := c.OpenAt(canon.At(t))
		switch {
		case !open && from == "":
			from = name(t)
		case open && from != "":
			windows = append(windows, fmt.Sprintf("%s to %s UTC", from, name(t)))
			from = ""
		}
	}
	if from != "" {
		windows = append(windows, fmt.Sprintf("%s to sun 24:00 UTC", from))
	}
	return windows
}
