package view

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// awsOpening is the blast radius of a role.
func (s *state) awsOpening(target *access.AWS, asked string) Opening {
	v := Opening{Target: target.Name, Account: target.Account, Role: target.Role, From: target.Source, Principals: []string{}}
	if sources, ok := target.Sources(asked); ok {
		v.From = sources
	}
	where := target.Account
	if account, ok := s.Genesis.Account(target.Account); ok {
		where = fmt.Sprintf("%s (%s)", account.ID, account.Account)
		if account.Management {
			where += ", the management account of the organisation"
		}
	}
	regions := "in every region"
	if len(target.Regions) > 0 {
		regions = "in " + both(target.Regions) + " only, global services aside"
	}
	words := []string{
		fmt.Sprintf("%s: as role %s of AWS account %s, %s; from %s.", strings.TrimSuffix(target.Allows, "."), target.Role, where, regions, from(v.From)),
		fmt.Sprintf("Each session lives at most %s and is renewed while the grant lives.", access.SessionLives),
	}
	if target.Console {
		words = append(words, fmt.Sprintf("It may sign in to the console, for up to %s each time.", access.ConsoleLives))
	}
	var cannot, can []string
	for _, rail := range access.Rails() {
		if target.Holds(rail.ID) {
			cannot = append(cannot, rail.Text)
		} else {
			can = append(can, rail.Text)
		}
	}
	if len(cannot) > 0 {
		words = append(words, "Whatever its policy says, it cannot: "+strings.Join(cannot, "; ")+".")
	}
	if len(can) > 0 {
		words = append(words, "NO GUARD RAIL keeps it from this: "+strings.Join(can, "; ")+".")
	}
	v.Sentences = append(words, "Its end is known when "+awsEndKnown(target.Needs())+".")
	v.Text = strings.Join(v.Sentences, " ")
	return v
}

// awsEndKnown says how the end of a lease of a role is known.
func awsEndKnown(needs []access.ProofKind) string {
	switch {
	case slices.Contains(needs, access.ProofAttested):
		return "a person attests it, and in no other way"
	case slices.Contains(needs, access.ProofEnded):
		return "AWS refuses a session or the last one is over, and Systems Manager then lists none that goes on"
	}
	return "AWS refuses a session, or the last one is over"
}

var awsWords = map[access.ProofKind]string{
	access.ProofExpired: "its last session is over", access.ProofRefused: "AWS refused a session",
	access.ProofEnded: "Systems Manager listed no session that goes on", access.ProofAttested: "a person attested",
	access.ProofUnissued: "no session was ever authorised",
}

// awsKnown is what is known of a lease of a role that is closing.
func awsKnown(l *access.Lease, now canon.Time) string {
	since := fmt.Sprintf("closing since %s: ", clock(l.Closing.At, now))
	switch {
	case !l.DoorShut() && l.NotAfter.After(now):
		return since + fmt.Sprintf("%s is denied everything through stop slot %d within minutes; a session can live until %s at the latest", l.Target, l.Slot, clock(l.NotAfter, now))
	case !l.DoorShut():
		return since + fmt.Sprintf("the last session ended at %s and counts as dead %s later", clock(l.NotAfter, now), access.ExpirySkew)
	case slices.Contains(l.Needs, access.ProofAttested):
		return since + fmt.Sprintf("no session works since %s, but something may have been left behind: a person must attest", clock(l.ShutAt(), now))
	}
	return since + fmt.Sprintf("no session works since %s, but one of Systems Manager may still run", clock(l.ShutAt(), now))
}

// awsSteps are what comes next for a lease of a role that is closing.
func awsSteps(l *access.Lease, now canon.Time) []Step {
	var steps []Step
	if !l.DoorShut() && l.Worked {
		steps = append(steps, Step{Text: fmt.Sprintf("A session like those of %s is tried until AWS refuses it.", l.Target)})
	}
	if over := l.NotAfter.Add(access.ExpirySkew.Duration()); !l.DoorShut() && over.After(now) {
		steps = append(steps, Step{At: over, Text: fmt.Sprintf("The last session of %s is over, which shuts the door.", l.Target)})
	}
	switch {
	case slices.Contains(l.Needs, access.ProofAttested):
		steps = append(steps, Step{Text: fmt.Sprintf("An approver or security looks that nothing was left behind in AWS account %s, and attests it.", l.Account)})
	case slices.Contains(l.Needs, access.ProofEnded) && !l.Has(access.ProofEnded):
		steps = append(steps, Step{Text: "Once the door is shut, Systems Manager must list no session that goes on, or an approver or security attests it."})
	}
	return steps
}

// stopTakes says how soon a stop takes hold where it does not at once; empty where
// nothing of AWS is open.
func stopTakes(r *access.Request) string {
	var words []string
	open := func(root bool) bool {
		return slices.ContainsFunc(r.Leases, func(l access.Lease) bool { return l.Account != "" && (l.Task != "") == root && l.Held() })
	}
	if open(false) {
		words = append(words, fmt.Sprintf("In AWS no session is renewed from now on, and those that are open are denied everything, typically within minutes; where IAM cannot be changed, the rest of a session runs, %s at most (of a console, %s).",
			access.SessionLives, access.ConsoleLives))
	}
	if open(true) {
		words = append(words, fmt.Sprintf("A SESSION OF A ROOT USER IS NOT CUT OFF by this: no other is given, and the one that was fetched works to its end, %s after that at most.", access.SessionLives))
	}
	return strings.Join(words, " ")
}

// stopsToo says which other live grants end with a request's, because they share
// its stop slots: one sentence each.
func (s *state) stopsToo(r *access.Request) []string {
	var words []string
	for i := range r.Leases {
		l := &r.Leases[i]
		if l.Account == "" || l.Task != "" || !l.Held() && !l.Stopped() {
			continue
		}
		for _, id := range cell.SharesSlot(s.open, r, l) {
			other := s.open[id]
			words = append(words, fmt.Sprintf("Request %s of %s (%s) uses the same stop slot of role %s: its sessions end with this one's.", id.Short(), other.Requester, other.Scenario, l.Role))
		}
	}
	return words
}

// SlotStopped tells whether somebody is being kept out by a stop slot of a role:
// then what does so must stay in place.
func (c *Cell) SlotStopped(account, role string, slot int) bool {
	of := access.Lease{Account: account, Role: role, Slot: slot}
	return read(c, func(s *state) bool {
		for _, h := range s.requests {
			for i := range h.Request.Leases {
				if l := &h.Request.Leases[i]; l.Stopped() && l.SameSlot(&of) {
					return true
				}
			}
		}
		return false
	})
}
