package view

import (
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Repeat is a request that asks for what a newer one asks for again.
type Repeat struct {
	ID    canon.Digest `json:"id"`
	Short string       `json:"short"`
	At    canon.Time   `json:"at"`
}

// folded makes one row of what one person asked for again and again: the newest,
// which names the others. Whoever asks often is seen to ask often, and does not
// fill the list of those who decide. Each request is still there, to look at and
// to decide on; the list is only shorter.
func folded(asks []Ask) []Ask {
	out := make([]Ask, 0, len(asks))
	for _, ask := range asks {
		i := slices.IndexFunc(out, func(other Ask) bool { return sameAsk(other, ask) })
		if i < 0 {
			out = append(out, ask)
			continue
		}
		before := out[i]
		ask.Before = append(before.Before, Repeat{before.ID, before.Short, before.At})
		out[i] = ask // asks come oldest first
	}
	return out
}

// sameAsk tells whether two rows ask for the same. What asks to go on with a grant
// is of that grant alone, and of what the viewer may not see nothing is the same.
func sameAsk(a, b Ask) bool {
	return a.Extends.IsZero() && b.Extends.IsZero() && !a.Limited && !b.Limited && a.Requester == b.Requester && a.Scenario == b.Scenario &&
		a.Severity == b.Severity && strings.Join(a.Targets, ",") == strings.Join(b.Targets, ",")
}
