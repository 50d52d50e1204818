package readiness

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/view"
)

// How old what is known may be.
const (
	hostSilent   = 5 * time.Minute
	channelStale = 90 * 24 * time.Hour
)

// quorums are whether people could agree.
func (f Facts) quorums() (items []Item) {
	for _, c := range f.Coverage {
		item := Item{ID: "quorum:changes", State: Green, Text: "Changes of the cell: " + c.Text, Do: "Look whom it hangs on: halligan coverage", Since: f.At}
		switch {
		case c.Scenario != "":
			item.ID = fmt.Sprintf("quorum:%s:%s", c.Scenario, c.Severity)
			item.Text = fmt.Sprintf("%s at %s: %s", c.Scenario, c.Severity, c.Text)
			item.Do = fmt.Sprintf("Add people or keys to the legs that it names: halligan coverage %s --severity %s, then halligan change propose", c.Scenario, c.Severity)
			item.Scenarios = []string{c.Scenario}
		case c.Recovery:
			item.ID, item.Text = "quorum:recovery", "A recovery: "+c.Text
		}
		switch c.Ready {
		case view.Ready:
			item.Do = ""
		case view.Stuck, view.Partly:
			item.State = Red
		default:
			item.State = Amber
		}
		items = append(items, item)
	}
	return items
}

// ladders are what happens when nobody answers.
func (f Facts) ladders() (items []Item) {
	for _, l := range f.Leans {
		item := Item{ID: "ladder:" + l.Scenario, State: Green, Since: f.At, Scenarios: []string{l.Scenario}}
		switch {
		case l.Solo:
			item.Text = l.Scenario + ": when nobody answers it asks more people, and in the end whoever asked may go in alone."
		case l.Widens > 0:
			item.Text = l.Scenario + ": when nobody answers it asks more people. Nobody goes in alone: if they do not answer either, it ends there."
		default:
			item.State = Amber
			item.Text = l.Scenario + ": when nobody answers, nothing else happens: it has no ladder."
			item.Do = "Name who is asked next, in ladder of the scenario: halligan change propose --files"
		}
		items = append(items, item)
	}
	return items
}

// hosts are whether hosts report.
func (f Facts) hosts() (items []Item) {
	by := map[string][]string{}
	for _, l := range f.Leans {
		for _, host := range l.Hosts {
			by[host] = append(by[host], l.Scenario)
		}
	}
	for _, host := range slices.Sorted(maps.Keys(by)) {
		item := Item{ID: "host:" + host, State: NotLooked, Scenarios: by[host]}
		switch last, heard := f.Heard[host]; {
		case f.Heard == nil:
			item.Text = "Host " + host + " was not looked at: nobody listens for reports here."
		case !heard:
			item.State = Red
			item.Text = "Host " + host + " has not reported since the server started: stops would not reach it, and no end would be proved."
			item.Do = "On the host: systemctl status halligan-host"
		case f.At.Sub(last) > hostSilent:
			item.State, item.Since = Red, last
			item.Text = "Host " + host + " has stopped reporting: stops would not reach it, and no end would be proved."
			item.Do = "On the host: systemctl status halligan-host"
		default:
			item.State, item.Since, item.Text = Green, last, "Host "+host+" reports."
		}
		items = append(items, item)
	}
	return items
}

// channels are whether alarms arrive.
func (f Facts) channels() (items []Item) {
	by := map[string][]string{}
	for _, l := range f.Leans {
		for _, channel := range l.Channels {
			by[channel] = append(by[channel], l.Scenario)
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(by)) {
		if slices.ContainsFunc(f.Findings, func(found view.Finding) bool {
			return found.Kind == view.FindingUnheard && found.Channel == channel
		}) {
			continue // the finding says so
		}
		item := Item{ID: "channel:" + channel, State: Green, Scenarios: by[channel], Since: f.Took[channel]}
		switch took, once := f.Took[channel]; {
		case !once:
			item.State, item.Text = NotLooked, "Whether channel "+channel+" takes alarms is not known: it has taken none that this server remembers."
		case f.At.Sub(took) > channelStale:
			item.State, item.Text = Amber, "Channel "+channel+" last took an alarm more than 90 days ago."
		default:
			item.Text = "Channel " + channel + " took an alarm lately."
		}
		if item.State != Green {
			item.Do = "Tell whoever listens, ask under a scenario that alarms there, and take it back: halligan request, then halligan withdraw"
		}
		items = append(items, item)
	}
	return items
}

// elsewhere are findings that say nothing about the next emergency.
var elsewhere = []view.FindingKind{view.FindingTried, view.FindingOffered, view.FindingInvited, view.FindingUnderway, view.FindingSessions}

// found are the findings.
func (f Facts) found() (items []Item) {
	seen := map[string]int{}
	for _, found := range f.Findings {
		if slices.Contains(elsewhere, found.Kind) {
			continue
		}
		id := string(found.Kind)
		for _, part := range []string{found.Channel, found.Target} {
			if part != "" {
				id += ":" + part
			}
		}
		if !found.Request.IsZero() {
			id += ":" + found.Request.Short()
		}
		if seen[id]++; seen[id] > 1 {
			id += fmt.Sprintf(":%d", seen[id])
		}
		item := Item{ID: id, State: Amber, Text: found.Text, Do: found.Do, Since: found.Since}
		if found.Urgency == view.UrgencyNow {
			item.State = Red
		}
		if item.Text == "" {
			item.Text = "Something of a request that you may not see."
		}
		if found.Scenario != "" {
			item.Scenarios = []string{found.Scenario}
		}
		items = append(items, item)
	}
	return items
}

// quiet is what was looked at and has no finding.
func (f Facts) quiet() (items []Item) {
	well := func(id, text string, has bool, kinds ...view.FindingKind) {
		if has && !slices.ContainsFunc(f.Findings, func(found view.Finding) bool { return slices.Contains(kinds, found.Kind) }) {
			items = append(items, Item{ID: id, State: Green, Text: text, Since: f.At})
		}
	}
	sealed := slices.ContainsFunc(f.Leans, func(l view.Leans) bool { return l.Sealed })
	well("clock", "Nothing is known against the server's clock.", true, view.FindingClock)
	well("reviews", "No review is overdue.", true, view.FindingReview, view.FindingAlone)
	well("keys", "Every key that is counted on has signed something lately.", true, view.FindingUnproved)
	well("leases", "Nothing that ended waits for its proof.", true, view.FindingOverdue)
	well("witnesses", "The witnesses cosign the ledger.", f.Witnessed, view.FindingUnwitnessed)
	well("envelopes", "No envelope owes fresh content.", sealed, view.FindingBroken, view.FindingDue, view.FindingUnshown)
	well("token-key", "The server holds the key that signs tokens for AWS.", len(f.Issuers) > 0, view.FindingUnready)
	if !f.Certificate.Ends.IsZero() {
		text := fmt.Sprintf("The server's certificate is good for %d days.", f.Certificate.Days(f.At))
		well("certificate", text, true, view.FindingCertificate)
	}
	return items
}

// unseen is what no server can look at by itself.
func (f Facts) unseen() []Item {
	items := []Item{{
		ID: "backup", State: NotLooked, Text: "When the last backup was made is not known: no server is told.",
		Do: "Make one, and open it on another machine: halligan backup, then halligan restore",
	}}
	if f.Certificate.Ends.IsZero() {
		items = append(items, Item{
			ID: "certificate", State: NotLooked, Text: "The certificate that browsers see is another program's: this server does not know when it ends.",
			Do: "Look at it where it is kept",
		})
	}
	for _, l := range f.Leans {
		for _, target := range l.Unseen {
			items = append(items, Item{
				ID: "target:" + l.Scenario + ":" + target, State: NotLooked, Scenarios: []string{l.Scenario},
				Text: fmt.Sprintf("Whether %s, which %s opens, can be had was not looked at: no server tries it.", target, l.Scenario),
				Do:   "Rehearse it on a calm day: ask under the scenario, and release it",
			})
		}
	}
	return items
}
