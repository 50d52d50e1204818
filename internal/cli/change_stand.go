package cli

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// changeMissing are the places of a change's quorum that are empty when some more
// people have agreed.
func (p *proof) changeMissing(change *cell.Change, more ...string) access.Quorum {
	for _, d := range change.Decisions {
		if d.Approves && !change.Removes(d.Approver) && p.counts(d) {
			more = append(more, d.Approver)
		}
	}
	slices.Sort(more)
	quorum := p.world.Genesis.Change
	if change.Recovers {
		quorum = p.world.Genesis.Recovery.Quorum
	}
	return quorum.Missing(slices.Compact(more), p.world.Roster.In)
}

// changeMeaning is what a decision on a change will say, and come to, in one
// paragraph. Unripe says why the key that signs agrees to nothing yet.
func (p *proof) changeMeaning(change *cell.Change, actor, unripe string, d *statement.Decision) string {
	text := fmt.Sprintf("Your signature, as %s, says %s to exactly this change (%s), %s.", actor, verb(d.Verdict), change.ID.Short(), checkedBy(d.Check))
	before, after := places(p.changeMissing(change)), places(p.changeMissing(change, actor))
	switch {
	case d.Verdict == statement.Deny:
		return text + " It ends the change."
	case change.Removes(actor):
		return text + " Nobody decides on their own removal: the rules will refuse it."
	case change.Amends() && change.From != p.world.Document:
		return text + " The rules will refuse it: it was compared with what is not in force any more."
	case unripe != "":
		return text + " " + unripe
	case after == 0 && after < before && change.Recovers:
		return text + fmt.Sprintf(" It is the last one that is needed: it takes effect when the notice of %s is over, unless two people cancel it.", p.world.Genesis.Recovery.Notice)
	case after == 0 && after < before:
		return text + " It is the last one that is needed: the change is in force at once."
	case after < before:
		return text + fmt.Sprintf(" It fills one place; %s needed after it.", areMore(after))
	}
	return text + " It fills no place that is empty."
}

// changeOver is how a change ended by what became of a statement, and in words;
// empty while it waits.
func changeOver(a answer) (state, stands string) {
	events, err := cell.DecodeEvents(a.Events)
	if err != nil {
		return "", "" // of a later version; what is recorded stands all the same
	}
	for _, e := range events {
		over, ok := e.(*cell.ChangeOver)
		switch {
		case !ok:
		case over.State == cell.ChangeDone:
			return string(over.State), "the change is in force"
		default:
			return string(over.State), "the change came to nothing: it is " + string(over.State)
		}
	}
	return "", ""
}

// afterChange is where a change stands once somebody's decision is recorded, as far
// as the evidence and the answer tell.
func (p *proof) afterChange(change *cell.Change, actor string, a answer) (state, stands string) {
	if state, stands = changeOver(a); state != "" || len(a.Events) == 0 {
		return state, stands
	}
	var missing []string
	for _, leg := range p.changeMissing(change, actor).Merged() {
		from, _ := access.Group(leg.From)
		missing = append(missing, fmt.Sprintf("%d of %s", leg.Count, from))
	}
	switch {
	case len(missing) == 0 && change.Recovers:
		return "", "the recovery quorum is filled: it takes effect when the notice is over, unless two people cancel it"
	case len(missing) == 0:
		return "", ""
	}
	return "", "the change waits for " + both(missing)
}
