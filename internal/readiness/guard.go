package readiness

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// Guard is what one service control policy above an account, of those that are there to
// guard it, does for what the blueprint puts into it.
type Guard struct {
	Policy  string   // its name
	Unread  string   // why nobody knows what it says; then nothing below is known
	Lacks   []string // what the blueprint denies and it does not
	Binds   []string // Halligan's own that it keeps from their work
	Keepers []string // who may change it all the same
	Open    []string // those of them that are anybody
}

// enough tells whether the policy guards the account, whatever else is above it.
func (g Guard) enough() bool { return g.Unread == "" && len(g.Lacks)+len(g.Open) == 0 }

// Guarded is what is above one account.
type Guarded struct {
	At       canon.Time
	Why      string // nobody saw it, as a sentence
	Policies []Guard
}

// Guards are what is above the cell's member accounts, by id. One that nobody has come
// to is not there.
type Guards struct {
	At         canon.Time
	Why        string // nobody saw the policies, as a sentence
	Management string // number of the account whose the policies are: they bind every other
	Of         map[string]Guarded
}

// guard is whether service control policies keep others from what the blueprint puts
// into an account.
func (f Facts) guard(a view.CloudAccount) Item {
	item := Item{ID: "guard:" + a.ID, State: NotLooked, Scenarios: f.on(a.ID), Text: "Whether a service control policy guards account " + a.ID + " was not looked at.", Do: lookNow}
	if at := f.manages(a.Number); !at.IsZero() {
		item.State, item.Since, item.Do = Amber, at, "Say it in cell.yaml, management under aws.accounts, and let no scenario open a role there: halligan change propose --files"
		item.Text = fmt.Sprintf("Nothing guards account %s (%s): it is the management account of the organisation, which no service control policy binds, and cell.yaml does not say so.", a.ID, a.Number)
		return item
	}
	seen := f.Looked.Guards
	switch {
	case seen == nil:
		return item
	case seen.Why != "":
		item.Text, item.Since = seen.Why, seen.At
		return item
	}
	above, known := seen.Of[a.ID]
	switch {
	case !known:
		item.Text = "Whether a service control policy guards account " + a.ID + " was not looked at: the last look did not get that far."
		return item
	case above.Why != "":
		item.Text, item.Since = above.Why, above.At
		return item
	}
	item.Since = above.At
	return above.judged(item, a.ID)
}

// manages tells when the organisation was seen to say that an account is its management
// account.
func (f Facts) manages(number string) canon.Time {
	if m := f.Looked.Members; m != nil && m.Why == "" && m.Management == number {
		return m.At
	}
	if g := f.Looked.Guards; g != nil && g.Why == "" && g.Management == number {
		return g.At
	}
	return canon.Time{}
}

// judged is what policies do for an account. Each is judged by itself: the account is
// guarded where one is enough alone. Whom any of them binds is bound.
func (above Guarded) judged(item Item, account string) Item {
	var binds, unread, poor []string
	for _, g := range above.Policies {
		if g.Unread != "" {
			unread = append(unread, g.Policy+": "+g.Unread)
		}
		for _, own := range g.Binds {
			binds = append(binds, own+" by "+g.Policy)
		}
		for _, lack := range g.Lacks {
			poor = append(poor, g.Policy+" does not deny "+lack)
		}
		for _, anybody := range g.Open {
			poor = append(poor, g.Policy+" spares anybody: "+anybody)
		}
	}
	best, guarded := above.best()
	text := ""
	switch {
	case guarded && len(best.Keepers) == 0:
		text = fmt.Sprintf("Service control policy %s guards account %s, and spares nobody.", best.Policy, account)
	case guarded:
		text = fmt.Sprintf("Service control policy %s guards account %s, and spares %s.", best.Policy, account, listed(best.Keepers))
	}
	const again = "Write it again, and put it in place: halligan blueprint scp"
	switch {
	case len(binds) > 0:
		item.State, item.Do = Red, again
		item.Text = fmt.Sprintf("Service control policies above account %s keep Halligan itself from its work, so that an end may not be had: what only it should do is denied to %s.", account, listed(binds))
	case len(unread) > 0:
		item.State, item.Do = NotLooked, again
		item.Text = fmt.Sprintf("Not every service control policy above account %s could be read, so that whether they keep Halligan from its work is not known: %s.", account, listed(unread))
		if guarded {
			item.Text += " " + text
		}
	case guarded:
		item.State, item.Do, item.Text = Green, "", text
	case len(above.Policies) == 0:
		item.State, item.Do = Amber, "Attach halligan-guard above it: halligan blueprint scp writes it"
		item.Text = fmt.Sprintf("No service control policy guards account %s: whoever administers it can change emergency roles, trails and rules.", account)
	default:
		item.State, item.Do = Amber, again
		if slices.ContainsFunc(above.Policies, func(g Guard) bool { return len(g.Lacks) == 0 }) {
			item.Do = "Name the few who deploy: halligan blueprint scp --keeper"
		}
		item.Text = fmt.Sprintf("No service control policy above account %s guards it by itself: %s.", account, listed(poor))
	}
	return item
}

// best is a policy that is enough: of several, the one that spares fewest.
func (above Guarded) best() (best Guard, found bool) {
	for _, g := range above.Policies {
		if g.enough() && (!found || len(g.Keepers) < len(best.Keepers)) {
			best, found = g, true
		}
	}
	return best, found
}
