package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type findingsCommand struct{ memberFlags }

// Help is the long help of `findings`.
func (findingsCommand) Help() string {
	return `Worst first: leases that should be proved dead by now, envelopes that owe fresh content, a clock in doubt, hosts that have not been looked at since an epoch began, silent witnesses, channels that missed alarms or have not taken them for a minute, late reviews, targets that could not be opened, keys that are suspended or that nobody has proved for long, people who have a permission set by another hand, a certificate that ends, keys and people of whom too much was tried in vain; to each what to do about it. Then follows what was refused, to security by whom. Of requests that you may not see it tells that there is something, and nothing else.

Examples:

    halligan findings
    halligan findings --json`
}

// Run lists.
func (f findingsCommand) Run(c *call) error {
	m, err := c.open(f.memberFlags)
	if err != nil {
		return err
	}
	now := canon.At(c.now())
	return show(m, "findings", func(v view.Findings) string { return findingsSheet(v, now) })
}

func findingsSheet(v view.Findings, now canon.Time) string {
	s := new(sheet)
	for _, f := range v.Findings {
		text := f.Text
		if text == "" {
			text = "Something of a request that you may not see"
			if f.Scenario != "" {
				text += ", under " + f.Scenario
			}
			text += "."
		}
		line := string(f.Kind)
		if !f.Request.IsZero() {
			line += "  " + f.Request.Short()
		}
		if !f.Since.IsZero() {
			line += "  since " + clock(f.Since, now)
		}
		s.say("%s\n    %s", line, text)
		if f.Do != "" {
			s.say("    %s", f.Do)
		}
	}
	if len(v.Findings) == 0 {
		s.say("Nothing is other than it should be.")
	}
	s.refusals(v.Refused, now)
	return s.String()
}

// refusals tells what was refused, and to security by whom.
func (s *sheet) refusals(r view.Refusals, now canon.Time) {
	if r.Count == 0 {
		return
	}
	if r.Count == 1 {
		s.say("Refused once, at %s.", clock(r.Last, now))
	} else {
		s.say("Refused %d times, the last time at %s.", r.Count, clock(r.Last, now))
	}
	counts := func(of map[string]int64) (lines []string) {
		for _, name := range slices.Sorted(maps.Keys(of)) {
			lines = append(lines, fmt.Sprintf("%s: %d", name, of[name]))
		}
		return lines
	}
	s.items("By reason:", counts(r.ByReason))
	s.items("By person:", counts(r.ByPerson))
}
