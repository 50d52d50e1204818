package cell_test

import (
	"fmt"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// transition is one command that was taken: the world before, what the rules
// made of it, and the world after.
type transition struct {
	before, after *cell.World
	command       cell.Command
	outcome       cell.Outcome
}

// broken tells which invariant a transition breaks; empty if none. It reads only
// what is written down (requests, events, the roster's people), and none of the
// methods that the rules themselves decide by.
func (t transition) broken() string {
	if t.command.At.Before(t.before.LastAt) || t.after.LastAt != t.command.At {
		return fmt.Sprintf("I4: recorded time went from %s to %s by a command at %s", t.before.LastAt, t.after.LastAt, t.command.At)
	}
	for _, e := range t.outcome.Events {
		if fault := t.event(e); fault != "" {
			return fault
		}
	}
	for id, before := range t.before.Requests {
		after, ok := t.after.Requests[id]
		if !ok {
			return fmt.Sprintf("request %s is gone", id.Short())
		}
		if before == after {
			continue
		}
		if cell.StreamOf(id) != t.outcome.Stream {
			return fmt.Sprintf("request %s was changed by an entry of %s", id.Short(), t.outcome.Stream)
		}
		if fault := t.life(before, after); fault != "" {
			return fault
		}
	}
	return ""
}

func (t transition) event(e cell.Event) string {
	switch e := e.(type) {
	case *cell.Agreed:
		return t.agreed(e)
	case *cell.SoloBegun:
		return t.soloBegun(e)
	case *cell.Extended:
		return t.extended(e)
	case *cell.CredentialAuthorised:
		return t.authorised(e)
	case *cell.LeaseProved:
		return t.proved(e)
	case *cell.LeaseClosed:
		return t.closed(e)
	}
	return ""
}

// request is the request that the entry's stream is of, before and after.
func (t transition) request() (before, after *access.Request) {
	id, _ := cell.RequestOf(t.outcome.Stream)
	return t.before.Requests[id], t.after.Requests[id]
}

// agreed checks I1 and I5 for a grant that begins.
func (t transition) agreed(e *cell.Agreed) string {
	before, after := t.request()
	if before.State != access.Pending || !t.command.At.Before(before.Lapses) {
		return fmt.Sprintf("I1: granted while %s", before.State)
	}
	approvals := countedApprovals(t.before, after)
	terms := t.before.Scenarios[before.Scenario].Severities[before.Severity]
	quorum := terms.Quorum
	if before.Late != nil && before.Late.Leg.Count > 0 {
		quorum = append(slices.Clone(quorum), before.Late.Leg)
	}
	if !seatable(t.before, quorum, approvals, before.Widened) {
		return fmt.Sprintf("I1: granted to %s by the approvals %v, which no seating of different people fills %v with", after.Requester, approvals, quorum)
	}
	if !present(t.before, after.Requester) {
		return "I1: granted to a removed person"
	}
	length := e.Grant.Until.Sub(e.Grant.From)
	if e.Grant.From != t.command.At || length <= 0 || length > before.For.Duration() {
		return fmt.Sprintf("I5: a window of %s from %s, asked %s, agreed at %s", length, e.Grant.From, before.For, t.command.At)
	}
	if t.before.Doubted && length > 15*time.Minute {
		return fmt.Sprintf("I4: a window of %s while the clock is in doubt", length)
	}
	if len(e.Grant.Targets) == 0 || !subset(e.Grant.Targets, before.Targets) || len(e.Leases) != len(e.Grant.Targets) {
		return fmt.Sprintf("I5: targets %v granted of %v", e.Grant.Targets, before.Targets)
	}
	for _, d := range approvals {
		if d.For > 0 && length > d.For.Duration() || len(d.Targets) > 0 && !subset(e.Grant.Targets, d.Targets) {
			return fmt.Sprintf("I5: %s at %v is more than %s approved", length, e.Grant.Targets, d.Approver)
		}
	}
	return ""
}

// soloBegun checks I1, I4 and I5 for a grant that begins without a quorum: by a
// step of its ladder that was reached, with whatever that step demands.
func (t transition) soloBegun(e *cell.SoloBegun) string {
	before, after := t.request()
	of := t.before.Scenarios[before.Scenario]
	step := of.Ladder[len(of.Ladder)-1]
	if before.State != access.Pending || !t.command.At.Before(before.Lapses) || step.Solo == nil {
		return fmt.Sprintf("I1: went in alone while %s", before.State)
	}
	solo := before.Solo
	if solo == nil || solo.Taken == nil || t.command.At.Sub(before.At) < step.After.Duration() || solo.Taken.At.Sub(before.At) < step.After.Duration() {
		return fmt.Sprintf("I1: went in alone at %s without having waited and signed: %+v", t.command.At, solo)
	}
	if !present(t.before, before.Requester) || !keyPresent(t.before, before.Requester, solo.Taken.Key) || !keyPresent(t.before, before.Requester, before.Key) {
		return "I1: a removed person, or by a removed key, went in alone"
	}
	if t.before.Doubted {
		return "I4: somebody went in alone while the clock is in doubt"
	}
	receipt := t.command.Observed.Receipt
	switch task := t.before.Tasks[t.command.Effect.Task]; {
	case e.Grant.Hearing == access.Heard && task.Kind == cell.TaskAlarm && task.Event == "solo-taken" && receipt != nil && receipt.Delivered:
	case e.Grant.Hearing == access.Heard && task.Kind == cell.TaskSolo && solo.Heard != "":
	case e.Grant.Hearing == access.Unheard && task.Kind == cell.TaskSolo && t.command.At.Sub(solo.Taken.At) >= time.Minute:
	default:
		return fmt.Sprintf("I1: went in alone, %s, by task %s of %s", e.Grant.Hearing, task.Kind, task.Event)
	}
	for id, other := range t.before.Requests {
		alone := other.Grant != nil && other.Grant.Hearing != ""
		reviewed := other.Review != nil && other.Review.SignedOff != nil
		if id != before.ID && alone && !reviewed && (other.Requester == before.Requester || other.Scenario == before.Scenario) {
			return fmt.Sprintf("I1: went in alone, and so did %s, which nobody reviewed", id.Short())
		}
	}
	length := e.Grant.Until.Sub(e.Grant.From)
	if e.Grant.From != t.command.At || length <= 0 || length > step.Solo.Longest.Duration() || length > before.For.Duration() {
		return fmt.Sprintf("I5: alone for %s from %s, at %s", length, e.Grant.From, t.command.At)
	}
	if len(e.Grant.Targets) == 0 || !subset(e.Grant.Targets, before.Targets) || !subset(e.Grant.Targets, step.Solo.Opens) || len(e.Leases) != len(e.Grant.Targets) {
		return fmt.Sprintf("I5: alone to %v of %v", e.Grant.Targets, before.Targets)
	}
	if len(e.Grant.By) != 0 || after.Severity != step.Solo.RaiseTo {
		return fmt.Sprintf("I1: alone, but by %v, at %s", e.Grant.By, after.Severity)
	}
	return ""
}

// extending finds the extension that takes effect.
func extending(o cell.Outcome) (*cell.Extended, bool) {
	for _, e := range o.Events {
		if found, ok := e.(*cell.Extended); ok {
			return found, true
		}
	}
	return nil, false
}

// extended checks I1, I3, I4 and I5 for a grant that goes on for longer: by a
// quorum of its own, never over its bounds, and never from the dead.
func (t transition) extended(e *cell.Extended) string {
	before, after := t.request()
	if before.State != access.Granted || !t.command.At.Before(before.Grant.Until) {
		return fmt.Sprintf("I3: extended while %s until %s, at %s", before.State, before.Grant.Until, t.command.At)
	}
	i := slices.IndexFunc(after.Extensions, func(x access.Extension) bool { return x.ID == e.Extension })
	if i < 0 || before.Extensions[i].State != access.Pending {
		return "I1: extended by what does not wait"
	}
	asked := after.Extensions[i]
	alone := *after
	alone.Decisions = asked.Decisions
	approvals := countedApprovals(t.before, &alone)
	terms := t.before.Scenarios[before.Scenario].Severities[before.Severity]
	quorum := terms.Quorum
	if before.Late != nil && before.Late.Leg.Count > 0 {
		quorum = append(slices.Clone(quorum), before.Late.Leg)
	} else if asked.Late != nil && asked.Late.Leg.Count > 0 {
		quorum = append(slices.Clone(quorum), asked.Late.Leg)
	}
	if !seatable(t.before, quorum, approvals, before.Widened) {
		return fmt.Sprintf("I1: extended by the approvals %v, which no seating of different people fills %v with", approvals, quorum)
	}
	if !present(t.before, after.Requester) || !keyPresent(t.before, after.Requester, asked.Key) {
		return "I1: extended for who or by what key was removed"
	}
	left := e.Until.Sub(t.command.At)
	for _, d := range approvals {
		if d.For > 0 && left > d.For.Duration() {
			return fmt.Sprintf("I5: %s more is over what %s approved", left, d.Approver)
		}
		for _, l := range after.Leases {
			if len(d.Targets) > 0 && !slices.Contains(d.Targets, l.Target) && leaseRank[l.State] < 2 {
				return fmt.Sprintf("I5: %s stays open, which %s left out", l.Target, d.Approver)
			}
		}
	}
	switch {
	case !e.Until.After(before.Grant.Until) || e.Until != after.Grant.Until:
		return fmt.Sprintf("I4: extended from %s to %s", before.Grant.Until, e.Until)
	case left > asked.For.Duration() || left > terms.Longest.Duration() || e.Until.Sub(before.Grant.From) > 12*time.Hour:
		return fmt.Sprintf("I4: extended until %s, which is %s from the agreement", e.Until, left)
	case t.before.Doubted && left > 15*time.Minute:
		return fmt.Sprintf("I4: extended by %s while the clock is in doubt", left)
	}
	return ""
}

// countedApprovals are the approvals of people and keys that are present now,
// not the requester's, the first of each person.
func countedApprovals(w *cell.World, r *access.Request) []access.Decision {
	var all []access.Decision
	for _, d := range r.Decisions {
		twice := slices.ContainsFunc(all, func(o access.Decision) bool { return o.Approver == d.Approver })
		if d.Approves && d.Approver != r.Requester && !twice && keyPresent(w, d.Approver, d.Key) {
			all = append(all, d)
		}
	}
	return all
}

func present(w *cell.World, person string) bool {
	return slices.Contains(w.Roster.Present(), person)
}

func keyPresent(w *cell.World, person, fingerprint string) bool {
	p, ok := w.Roster.Person(person)
	if !ok || p.Removed {
		return false
	}
	for _, key := range p.Keys {
		if key.Fingerprint == fingerprint {
			return !key.Removed
		}
	}
	return false
}

// seatable tries every way to give each place of a quorum to a different person.
func seatable(w *cell.World, q access.Quorum, approvals []access.Decision, widened []access.Widened) bool {
	var places []string
	for _, leg := range q {
		for range leg.Count {
			places = append(places, leg.From)
		}
	}
	if len(places) == 0 {
		return false
	}
	var people []string
	for _, d := range approvals {
		people = append(people, d.Approver)
	}
	return seatAll(w, places, people, widened)
}

func seatAll(w *cell.World, places, people []string, widened []access.Widened) bool {
	if len(places) == 0 {
		return true
	}
	for i, person := range people {
		may := slices.Contains(w.Genesis.Groups[places[0][len("group:"):]], person)
		for _, rung := range widened {
			of := len(rung.Legs) == 0 || slices.Contains(rung.Legs, places[0])
			may = may || of && slices.Contains(w.Genesis.Groups[rung.To[len("group:"):]], person)
		}
		if may {
			rest := append(slices.Clone(people[:i]), people[i+1:]...)
			if seatAll(w, places[1:], rest, widened) {
				return true
			}
		}
	}
	return false
}

// authorised checks I2 for a credential.
func (t transition) authorised(e *cell.CredentialAuthorised) string {
	r, _ := t.request()
	i := slices.IndexFunc(r.Leases, func(l access.Lease) bool { return l.Target == e.Target })
	switch {
	case r.State != access.Granted || !t.command.At.Before(r.Grant.Until):
		return fmt.Sprintf("I2: authorised at %s while %s until %s", t.command.At, r.State, r.Grant.Until)
	case i < 0 || r.Leases[i].State != access.LeaseOpen:
		return "I2: authorised for a lease that is not open"
	case t.command.Signed == nil || t.command.Signed.Signer.Ed25519 != r.Holder || t.command.Signed.Statement.Actor != r.Requester:
		return "I2: authorised for another than the holder key"
	case !r.Browser.IsZero() && !e.Console:
		return "I2: more than a link to a console is authorised for keys of a browser"
	case r.Leases[i].Account != "" && present(t.before, r.Requester):
		return sessionAuthorised(e, t.command.At, r)
	case e.Before.After(r.Grant.Until) || !e.Before.After(t.command.At) || e.Before.Sub(e.After) > 5*time.Minute:
		return fmt.Sprintf("I2: a certificate from %s until %s under a grant until %s", e.After, e.Before, r.Grant.Until)
	case !present(t.before, r.Requester):
		return "I2: authorised for a removed person"
	}
	return ""
}

// proved checks that the server's word for a proof is what such a proof needs.
func (t transition) proved(e *cell.LeaseProved) string {
	before, after := t.request()
	l := leaseAt(after, e.Target)
	was := leaseAt(before, e.Target)
	o := t.command.Observed
	switch e.Proof.Kind {
	case access.ProofRefused:
		if o.Round == nil || o.Round.Twin != access.Refused || o.Round.Control != access.Accepted || !was.Worked {
			return fmt.Sprintf("I3: refused is proved by %+v, worked %v", o.Round, was.Worked)
		}
	case access.ProofExpired:
		if t.command.At.Sub(was.NotAfter) < 30*time.Second {
			return fmt.Sprintf("I3: expired is proved at %s, the last credential ends %s", t.command.At, was.NotAfter)
		}
	case access.ProofEnded:
		return t.ended(was, o)
	case access.ProofAttested:
		if t.command.Signed == nil || t.command.Signed.Statement.Actor == before.Requester {
			return "I3: attested by nobody else"
		}
	case access.ProofUnissued:
		if l.Issued != 0 {
			return "I3: unissued, but a credential was authorised"
		}
	default:
		return fmt.Sprintf("I3: %q is no kind of proof", e.Proof.Kind)
	}
	return ""
}

// sessionAuthorised checks I2 for a session of a role: only what a console may live
// on is longer than the grant.
func sessionAuthorised(e *cell.CredentialAuthorised, at canon.Time, r *access.Request) string {
	longest := 16 * time.Minute
	if e.Console {
		longest = 61 * time.Minute
	}
	if !e.Before.After(at) || e.Before.Sub(e.After) > longest || !e.Console && e.Before.After(r.Grant.Until) || e.After.After(at) {
		return fmt.Sprintf("I2: a session from %s until %s under a grant until %s", e.After, e.Before, r.Grant.Until)
	}
	return ""
}

func (t transition) ended(was *access.Lease, o cell.Observed) string {
	if was.Account != "" {
		if !was.DoorShut() || o.Listed != access.ListedGone {
			return fmt.Sprintf("I3: ended is proved by %q, door shut %t", o.Listed, was.DoorShut())
		}
		return ""
	}
	var shut canon.Time
	for _, p := range was.Proofs {
		if p.Kind == access.ProofExpired || p.Kind == access.ProofRefused {
			shut = p.At
			break
		}
	}
	if shut.IsZero() || o.Report == nil {
		return "I3: ended is proved before the door was shut"
	}
	f := o.Report.Facts
	if f.ListAt.Before(shut) || f.List < was.Closing.List || !f.Complete || f.Host != was.Host || slices.Contains(f.KeyIDs, was.KeyID) {
		return fmt.Sprintf("I3: ended is proved by %+v; shut at %s, closing on list %d", f, shut, was.Closing.List)
	}
	return ""
}

func leaseAt(r *access.Request, target string) *access.Lease {
	for i := range r.Leases {
		if r.Leases[i].Target == target {
			return &r.Leases[i]
		}
	}
	return &access.Lease{}
}

// closed checks I3: closed only with proofs that suffice.
func (t transition) closed(e *cell.LeaseClosed) string {
	_, after := t.request()
	l := leaseAt(after, e.Target)
	kinds := map[access.ProofKind]bool{}
	for _, p := range l.Proofs {
		kinds[p.Kind] = true
	}
	if l.Account != "" {
		door, person := kinds[access.ProofRefused] || kinds[access.ProofExpired], kinds[access.ProofAttested] || kinds[access.ProofUnissued]
		left := slices.Contains(l.Needs, access.ProofAttested) || slices.Contains(l.Needs, access.ProofEnded) && !kinds[access.ProofEnded]
		if !person && (!door || left) || l.State != access.LeaseClosed || l.Closing == nil || l.Closing.List != 0 {
			return fmt.Sprintf("I3: a role is closed by %v, needs %v", kinds, l.Needs)
		}
		return ""
	}
	if l.Assignment != nil {
		before, _ := t.request()
		was := leaseAt(before, e.Target)
		waited := kinds[access.ProofExpired] && !was.Shut.IsZero() && t.command.At.Sub(was.Shut) > was.Session.Duration() && t.command.Observed.Listed != ""
		never := kinds[access.ProofUnissued] && !was.Claimed
		if !waited && !never && !kinds[access.ProofAttested] || l.State != access.LeaseClosed || l.Closing == nil || l.Closing.List != 0 {
			return fmt.Sprintf("I3: an assignment is closed by %v, shut at %s", kinds, was.Shut)
		}
		return ""
	}
	enough := kinds[access.ProofAttested] || kinds[access.ProofUnissued] ||
		kinds[access.ProofEnded] && (kinds[access.ProofRefused] || kinds[access.ProofExpired])
	if !enough || l.State != access.LeaseClosed || l.Closing == nil {
		return fmt.Sprintf("I3: closed by %v", kinds)
	}
	return ""
}

// rank orders what a request and a lease go through: they never go back.
var (
	rank      = map[access.State]int{access.Pending: 0, access.Granted: 1, access.Ended: 2, access.Denied: 2, access.Withdrawn: 2, access.Lapsed: 2, access.Void: 2}
	leaseRank = map[access.LeaseState]int{access.LeaseOpening: 0, access.LeaseOpen: 1, access.LeaseClosing: 2, access.LeaseClosed: 3}
)

// life checks what may never change back in a request: I3, I4 and I5.
func (t transition) life(before, after *access.Request) string {
	if rank[after.State] < rank[before.State] || rank[before.State] == 2 && before.State != after.State {
		return fmt.Sprintf("I3: %s became %s", before.State, after.State)
	}
	if before.Lapses != after.Lapses || before.For != after.For || before.Holder != after.Holder || before.Requester != after.Requester || !slices.Equal(before.Targets, after.Targets) {
		return "I5: what was asked has changed"
	}
	_, extended := extending(t.outcome)
	if before.Grant != nil && (after.Grant == nil || !extended && *timesOf(before) != *timesOf(after) || before.Grant.From != after.Grant.From || !slices.Equal(before.Grant.Targets, after.Grant.Targets)) {
		return "I5: what was granted has changed"
	}
	for _, was := range before.Leases {
		if is := leaseAt(after, was.Target); leaseRank[is.State] < leaseRank[was.State] || is.State == "" || len(is.Proofs) < len(was.Proofs) || is.NotAfter.Before(was.NotAfter) {
			return fmt.Sprintf("I3: the lease at %s went from %s to %s", was.Target, was.State, is.State)
		}
	}
	for _, l := range after.Leases {
		if after.State != access.Granted && leaseRank[l.State] < 2 {
			return fmt.Sprintf("I3: the grant is over and the lease at %s is %s", l.Target, l.State)
		}
		if l.State == access.LeaseClosing && !pages(t.after, after, l.Target) {
			return fmt.Sprintf("I3: the lease at %s is closing and will never page", l.Target)
		}
	}
	if fetched := t.command.Signed != nil && t.command.Signed.Statement.Body.Kind() == statement.KindFetch; fetched != issuedMore(before, after) {
		return "I2: credentials were counted by something else than a fetch"
	}
	return ""
}

func timesOf(r *access.Request) *[2]canon.Time { return &[2]canon.Time{r.Grant.From, r.Grant.Until} }

func issuedMore(before, after *access.Request) bool {
	for _, was := range before.Leases {
		if leaseAt(after, was.Target).Issued > was.Issued {
			return true
		}
	}
	return false
}

func pages(w *cell.World, r *access.Request, target string) bool {
	for _, id := range w.TasksOf(cell.StreamOf(r.ID)) {
		if t := w.Tasks[id]; t.Kind == cell.TaskPage && t.Target == target {
			return true
		}
	}
	return false
}

func subset(part, whole []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(whole, s) })
}
