package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Step is something that comes next. At is zero when it waits for a person or
// is under way.
type Step struct {
	At   canon.Time `json:"at,omitzero"`
	Text string     `json:"text"`
}

// known is one sentence that says what is known of a request now, and no more.
func (s *state) known(r *access.Request, at Instant) string {
	switch r.State {
	case access.Pending:
		return s.waiting(r, at.Now)
	case access.Granted, access.Ended:
		return grantKnown(r, at)
	case access.Denied:
		for _, d := range slices.Backward(r.Decisions) {
			if !d.Approves {
				return fmt.Sprintf("denied by %s; nothing was opened", d.Approver)
			}
		}
		return "stopped before it was agreed; nothing was opened"
	case access.Withdrawn:
		return fmt.Sprintf("withdrawn by %s; nothing was opened", r.Requester)
	case access.Lapsed:
		return "lapsed: its quorum was not filled in time; nothing was opened"
	case access.Void:
		return s.voided(r)
	case access.Reconciled:
		return offlineKnown(r, at)
	}
	return string(r.State)
}

func (s *state) waiting(r *access.Request, now canon.Time) string {
	if !now.Before(r.Lapses) {
		return fmt.Sprintf("too late: it could be agreed until %s; nothing is open", clock(r.Lapses, now))
	}
	if r.GoesIn() {
		return fmt.Sprintf("%s goes in alone when a channel has taken the alarm of it, and at %s at the latest; nothing is open", r.Requester, clock(r.Solo.Taken.At.Add(cell.SoloUnheard.Duration()), now))
	}
	b, ok := s.ballotOf(r)
	if !ok {
		return "waiting, but its scenario is no longer what was signed, so that nobody can agree; nothing is open"
	}
	_, missing := b.missing()
	places := 0
	for _, leg := range b.quorum {
		places += leg.Count
	}
	alone := ""
	if r.Offered() && s.soloBlocked(r, now) == "" {
		alone = fmt.Sprintf("; %s may go in alone", r.Requester)
	}
	return fmt.Sprintf("waiting for %d of %s%s; nothing is open", missing, count(places, "signature"), alone)
}

// grantKnown tells of a grant: first what is not proved dead, then what is open.
func grantKnown(r *access.Request, at Instant) string {
	var clauses []string
	if r.Alone() {
		clauses = append(clauses, aloneKnown(r))
	}
	for i := range r.Leases {
		if l := &r.Leases[i]; l.State == access.LeaseClosing {
			clauses = append(clauses, fmt.Sprintf("%s is %s", l.Target, leaseKnown(l, at)))
		}
	}
	if left := targets(r, access.LeaseOpen); len(left) > 0 {
		clauses = append(clauses, "open: "+both(left))
	}
	for i := range r.Leases {
		if l := &r.Leases[i]; l.State == access.LeaseOpening {
			clauses = append(clauses, fmt.Sprintf("%s is %s", l.Target, leaseKnown(l, at)))
		}
	}
	if closed := targets(r, access.LeaseClosed); len(closed) > 0 {
		clauses = append(clauses, "closed and proved dead: "+both(closed))
	}
	if r.State == access.Granted {
		if r.Live(at.Now) {
			clauses = append(clauses, fmt.Sprintf("the window ends at %s", clock(r.Grant.Until, at.Now)))
			if r.Extending() != nil {
				clauses = append(clauses, "more time is asked for")
			}
		} else {
			clauses = append(clauses, fmt.Sprintf("the window is over since %s, and closing begins at once", clock(r.Grant.Until, at.Now)))
		}
	}
	return strings.Join(clauses, "; ")
}

func targets(r *access.Request, state access.LeaseState) []string {
	var names []string
	for _, l := range r.Leases {
		if l.State == state {
			names = append(names, l.Target)
		}
	}
	return names
}

// steps are what comes next: what waits for people and what is under way first,
// then what has its time, in order. It is given the legs as they are shown.
func (s *state) steps(r *access.Request, legs []Leg, at Instant) []Step {
	var steps []Step
	add := func(when canon.Time, format string, args ...any) {
		steps = append(steps, Step{At: when, Text: fmt.Sprintf(format, args...)})
	}
	switch r.State {
	case access.Pending:
		for _, leg := range legs {
			if leg.Missing > 0 {
				add(canon.Time{}, "%s.", leg.Text)
			}
		}
		steps = append(steps, s.rungSteps(r)...)
		add(r.Lapses, "The request lapses unless its quorum is filled before.")
	case access.Granted:
		add(canon.Time{}, "%s can release what is no longer needed.", r.Requester)
		steps = append(steps, s.extensionSteps(r)...)
		add(r.Grant.Until, "The window ends: what is open begins to close, and the review opens.")
	}
	for i := range r.Leases {
		steps = append(steps, leaseSteps(&r.Leases[i], at.Now)...)
	}
	if v := r.Review; v.Open() && v.Overdue.IsZero() {
		add(v.Due, "The review is due: %s.", lacks(v))
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Std().Compare(b.At.Std()) })
	return steps
}

// leaseSteps are what comes next for a lease.
func leaseSteps(l *access.Lease, now canon.Time) []Step {
	switch {
	case l.Envelope != "":
		return envelopeSteps(l, now)
	case l.State == access.LeaseOpening:
		return []Step{{Text: l.Target + " is being opened, and tried again until it is."}}
	case l.State != access.LeaseClosing:
		return nil
	case l.Program != "":
		return append(programSteps(l), pageStep(l, now))
	case l.Automation != "":
		return append(automationSteps(l), pageStep(l, now))
	case l.Task != "":
		return append(rootSteps(l, now), pageStep(l, now))
	case l.Account != "":
		return append(awsSteps(l, now), pageStep(l, now))
	case l.Assignment != nil:
		return centerSteps(l, now)
	}
	var steps []Step
	if !l.DoorShut() && l.Worked {
		steps = append(steps, Step{Text: fmt.Sprintf("A login at %s is tried until it is refused.", l.Target)})
	}
	if over := l.NotAfter.Add(access.ExpirySkew.Duration()); !l.DoorShut() && over.After(now) {
		steps = append(steps, Step{At: over, Text: fmt.Sprintf("The last credential for %s is over, which shuts the door.", l.Target)})
	}
	if !l.Has(access.ProofEnded) {
		steps = append(steps, Step{Text: fmt.Sprintf("Once the door is shut, host %s must list its sessions and show that none is left, or an approver or security attests it.", l.Host)})
	}
	return append(steps, pageStep(l, now))
}

// pageStep is when a lease that is closing pages.
func pageStep(l *access.Lease, now canon.Time) Step {
	if page := l.Closing.At.Add(cell.PageAfter.Duration()); page.After(now) {
		return Step{At: page, Text: fmt.Sprintf("If %s is not proved dead by then, it pages, and again every %s.", l.Target, cell.PageAgain)}
	}
	return Step{Text: fmt.Sprintf("%s pages every %s until it is proved dead.", l.Target, cell.PageAgain)}
}
