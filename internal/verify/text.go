package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// writer collects lines.
type writer struct{ strings.Builder }

func (w *writer) say(format string, args ...any) {
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

// Text is the report in plain sentences. Everything in it that came from the
// evidence is an id, a digest, a number, or free of what moves a terminal.
func (r *Report) Text() string {
	w := new(writer)
	r.sayVerdict(w)
	for _, f := range r.Faults {
		w.say("  FAULT %s", f.Error())
		if f.Mend != "" {
			w.say("        %s", f.Mend)
		}
	}
	if r.Verdict == Refused {
		w.say("Nothing in this evidence should be relied on. %d entries before the fault agreed with the rules.", r.Entries)
		return w.String()
	}
	w.say("%d entries from %s to %s were replayed through the rules and gave the same bytes.", r.Entries, r.From, r.To)
	w.say("%d statements and %d host reports bear good signatures; %d effects rest on the server's word; %d certificates were rebuilt.",
		r.Counts.Statements, r.Counts.HostReports, r.Counts.Effects, r.Counts.Certificates)
	if n := r.Counts.Passkeys; n > 0 {
		w.say("%d of the statements were signed by passkeys: who signed them is proved, and what their pages showed is the word of the pages' host.", n)
	}
	if r.Counts.Notes+r.Counts.NotesMissing > 0 {
		w.say("%d notes are what was signed; %d are not here (erased, or left out).", r.Counts.Notes, r.Counts.NotesMissing)
	}
	if n := len(r.Amendments); n > 0 {
		recovered := 0
		for _, amended := range r.Amendments {
			if amended.Recover {
				recovered++
			}
		}
		by := fmt.Sprintf("by the change quorum, %d times", n)
		if recovered > 0 {
			by = fmt.Sprintf("%d times, %d of them by the RECOVERY quorum, after its notice", n, recovered)
		}
		w.say("The document that the founders signed was amended %s; since entry %d it is %s.", by, r.Amendments[n-1].Entry, r.Amendments[n-1].To.Short())
	}
	r.sayKeys(w)
	if !r.Sealed {
		w.say("The cell is not sealed: not every founder has signed.")
	}
	w.say("%s, %d of them granted%s.", counted(len(r.Requests), "request"), len(r.Grants), r.alone())
	for i := range r.Grants {
		r.Grants[i].sayIn(w, r.To)
	}
	for i := range r.Offline {
		r.Offline[i].sayIn(w, r.To)
	}
	r.saySessions(w)
	w.say("\nNot checked, because this evidence cannot show it:")
	for _, limit := range r.NotChecked {
		w.say("  - %s", limit)
	}
	return w.String()
}

func (r *Report) sayVerdict(w *writer) {
	switch r.Verdict {
	case Verified:
		w.say("VERIFIED: %s, checked from your anchor.", r.Origin)
	case SelfConsistent:
		w.say("SELF-CONSISTENT ONLY: %s agrees with itself. Without an anchor that proves nothing; this is not success.", r.Origin)
	default:
		w.say("REFUSED.")
	}
	if r.Checkpoint != nil {
		w.say("Checkpoint: %d entries, root %s.", r.Checkpoint.Size, r.Checkpoint.Root)
	}
	if r.Seen != nil {
		w.say("It extends the checkpoint of %d entries that you had seen.", r.Seen.Size)
	}
	if r.Verdict != Refused {
		r.sayWitnesses(w)
	}
}

func (g *Grant) sayIn(w *writer, newest canon.Time) {
	w.say("\nGrant %s (entry %d)", g.ID.Short(), g.Entry)
	w.say("  %s asked at %s under %s at %s, for %s.", g.Requester, g.Asked, g.Scenario, g.Severity, g.AskedFor)
	if late := g.Late; late != nil && late.Leg.Count > 0 {
		w.say("  The review of %s was overdue then: it needed %d more of %s.", late.Review.Short(), late.Leg.Count, late.Leg.From)
	} else if late != nil {
		w.say("  The review of %s was overdue then; nobody could have filled a place for it, and none was asked for.", late.Review.Short())
	}
	for _, a := range g.Approvers {
		w.say("  %s agreed for %s at %s, having checked by %s; signed with %s.", a.Person, a.Leg, a.At, a.Check, a.Key)
	}
	sayAlone(w, g)
	w.say("  The window was %s to %s.", g.From, g.Until)
	for i := range g.Extensions {
		sayExtension(w, &g.Extensions[i])
	}
	switch {
	case g.End == nil:
		w.say("  It has not ended by the newest entry.")
	case g.End.By != "":
		w.say("  It ended at %s: %s, by %s.", g.End.At, g.End.Why, g.End.By)
	default:
		w.say("  It ended at %s: %s.", g.End.At, g.End.Why)
	}
	for i := range g.Leases {
		g.Leases[i].sayIn(w)
	}
	sayReview(w, g.Review, newest)
	w.say("  It rests on")
	w.say("    signatures: %s", g.Rests.signatures())
	w.say("    recomputation: %d entries gave the same events when decided again", len(g.Rests.Recomputed))
	w.say("    witnesses: %s", g.Rests.Witnesses)
	w.say("    the server's word: %d facts", len(g.Rests.Server))
	for _, word := range g.Rests.Server {
		w.say("      entry %d, %s, %s: %s%s", word.Entry, word.At, word.What, word.Says, of(word.Task))
	}
}

// alone is how many grants have no quorum, or nothing.
func (r *Report) alone() string {
	alone := 0
	for i := range r.Grants {
		if r.Grants[i].Alone != nil {
			alone++
		}
	}
	if alone == 0 {
		return ""
	}
	return fmt.Sprintf(", %d of these TAKEN ALONE, without a quorum", alone)
}

// sayAlone tells of a grant without a quorum, and what it rests on in its place.
func sayAlone(w *writer, g *Grant) {
	a := g.Alone
	if a == nil {
		return
	}
	w.say("  Nobody agreed: %s WENT IN ALONE, offered by the ladder in entry %d; signed at %s with %s.", g.Requester, a.Offer, a.At, a.Key)
	if a.Unproved || len(a.Waited) < 2 {
		w.say("  THAT THEY WAITED IS NOT PROVED: no witnesses' clocks say so, and recorded times are the server's word.")
	} else {
		asked, offered := a.Waited[0], a.Waited[1]
		w.say("  That they waited is proved by witnesses' clocks: %s cosigned the request by %s, %s the offer by %s.",
			strings.Join(asked.By, ", "), asked.At, strings.Join(offered.By, ", "), offered.At)
	}
	if a.Hearing == access.Unheard {
		w.say("  NO CHANNEL had taken the alarm of it when it opened.")
	} else {
		w.say("  Channel %s had taken the alarm of it when it opened, by the server's word.", a.Channel)
	}
}

// sayExtension tells what became of more time that was asked for.
func sayExtension(w *writer, e *access.Extension) {
	if e.State != access.Granted {
		w.say("  At %s %s more was asked for: %s.", e.At, e.For, e.State)
		return
	}
	for _, d := range e.Decisions {
		if slices.Contains(e.By, d.Approver) && d.Approves {
			w.say("  At %s %s agreed to more time, having checked by %s; signed with %s.", d.At, d.Approver, d.Check, d.Key)
		}
	}
	w.say("  At %s %s more was asked for: it was extended until %s.", e.At, e.For, e.Until)
}

// counted is how many of a thing there are.
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// sayReview tells where a review stands by the newest entry.
func sayReview(w *writer, v *access.Review, newest canon.Time) {
	if v == nil {
		return
	}
	late := ""
	switch {
	case !v.Overdue.IsZero():
		late = ", OVERDUE"
	case v.Due.Before(newest): // a server withheld the effect that says so, or older rules have none
		late = ", PAST by the newest entry"
	}
	switch {
	case v.Written == nil:
		w.say("  Its review, due at %s%s, is not written.", v.Due, late)
	case v.SignedOff != nil:
		w.say("  Its review, due at %s, by %s (necessary: %s; misuse: %s) was signed off by %s at %s.", v.Due, v.Written.By, v.Written.Necessary, v.Written.Misuse, v.SignedOff.By, v.SignedOff.At)
	default:
		w.say("  Its review, due at %s%s, by %s (necessary: %s; misuse: %s) is not signed off.", v.Due, late, v.Written.By, v.Written.Necessary, v.Written.Misuse)
	}
}

// of names the task that a fact is the result of.
func of(task string) string {
	if task == "" {
		return ""
	}
	return " (" + task + ")"
}

func (l *Lease) sayIn(w *writer) {
	state := string(l.State)
	if l.State == access.LeaseClosed {
		state = "closed at " + l.Closed.String()
	} else if l.State == access.LeaseClosing {
		state = "CLOSING: its end is not proved"
	}
	noun := "certificate"
	switch {
	case l.Program != "":
		w.say("  Target %s, opened by program %s, is %s.", l.Target, l.Program, state)
	case l.Automation != "":
		w.say("  Target %s, opened by an execution of Systems Manager in AWS account %s, is %s.", l.Target, l.Automation, state)
	case l.Account != "":
		noun = "session"
		w.say("  Target %s, role %s of AWS account %s, stop slot %d, is %s; %s.", l.Target, l.Role, l.Account, l.Slot, state, counted(len(l.Certificates), noun))
	case l.Assignment != nil:
		w.say("  Target %s, permission set %s of AWS account %s, assigned to user %s of Identity Center, is %s.", l.Target, l.Assignment.Set, l.Assignment.Account, l.Assignment.User, state)
	case l.Host == "":
		w.say("  Envelope %s is %s.", l.Target, state)
	default:
		w.say("  Target %s on host %s is %s; %s.", l.Target, l.Host, state, counted(len(l.Certificates), noun))
	}
	for _, c := range l.Certificates {
		left := ""
		if c.Left != "" {
			left = ", left " + c.Left
		}
		w.say("    %s %s, valid %s to %s (entry %d)%s", noun, c.Serial, c.After, c.Before, c.Entry, left)
	}
	for _, p := range l.Proofs {
		by := ""
		if p.By != "" {
			by = " by " + p.By
		}
		w.say("    proved %s%s at %s (entry %d), resting on: %s", p.Kind, by, p.At, p.Entry, p.RestsOn)
	}
}

// signatures counts the statements by kind and names the hosts that reported.
func (r *Rests) signatures() string {
	var parts []string
	for _, s := range r.Statements {
		page := ""
		if s.Page != "" {
			page = " on " + s.Page
		}
		parts = append(parts, fmt.Sprintf("%s by %s%s (%s…)", s.Kind, s.Actor, page, s.Digest.Short()))
	}
	for _, report := range r.Reports {
		parts = append(parts, fmt.Sprintf("report of host %s (%s…)", report.Host, report.Digest.Short()))
	}
	return strings.Join(parts, ", ")
}

func (r *Report) saySessions(w *writer) {
	if len(r.Sessions) == 0 && r.Scope == ScopeWhole {
		w.say("\nNo host listed a session under this cell's key ids that the ledger had not authorised.")
	}
	for _, s := range r.Sessions {
		w.say("\nUNAUTHORISED: host %s listed a session of %q with key id %s and serial %s (entry %d): %s.", s.Host, s.User, s.KeyID, s.Serial, s.Entry, meanings[s.Why])
	}
	if r.Foreign > 0 {
		w.say("%d listed sessions bear key ids of another form; whether this cell's authority signed them cannot be told from here.", r.Foreign)
	}
}

var meanings = map[string]string{
	"unknown-key-id": "no grant of this ledger has that key id",
	"unknown-serial": "that grant has no such certificate",
}
