package cell

import (
	"errors"
	"fmt"
	"net/url"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Center is the organisation's IAM Identity Center.
type Center struct {
	Instance string `json:"instance"`         // ARN
	Region   string `json:"region"`           // where it takes changes
	Store    string `json:"identity_store"`   // id
	Account  string `json:"account"`          // id of the account of the cell from which it is administered
	Portal   string `json:"portal"`           // https URL at which people sign in
	Denial   string `json:"denial,omitempty"` // ARN of the service control policy by which sessions are denied; empty: people do that
}

// AssignedMost bounds the assignments that one listing shows beside those of
// leases.
const AssignedMost = 256

// AssignedAtOnce is how many of them one entry can hold, found all of them, with as
// many that are gone: whoever lists brings no more, or nothing would be recorded.
const AssignedAtOnce = 60

// Events of assignments.
type (
	// AssignmentClaimed: nobody has it, or by a lease of ours. Only what is asked for
	// after this entry was written is ours to delete: an assignment bears no mark.
	AssignmentClaimed struct {
		Target string `json:"target"`
	}
	// AssignmentsFound: who has a permission set that a scenario gives, other than by
	// a lease. Nobody takes that away but people.
	AssignmentsFound struct {
		Found []access.Assignment `json:"found,omitempty"` // that were not there before
		Gone  []access.Assignment `json:"gone,omitempty"`  // that are there no more
	}
)

func (*AssignmentClaimed) event() string { return "assignment-claimed" }
func (*AssignmentsFound) event() string  { return "assignments-found" }

// After is what stands when the event has happened.
func (e *AssignmentsFound) After(before []access.Assignment) []access.Assignment {
	left := slices.DeleteFunc(slices.Clone(before), func(a access.Assignment) bool { return slices.Contains(e.Gone, a) })
	left = append(left, e.Found...)
	slices.SortFunc(left, access.Assignment.Compare)
	return left
}

func (g *Genesis) checkCenter() error {
	c := g.AWS.Center
	if c == nil {
		return nil
	}
	partition, _, ok := access.InstanceOf(c.Instance)
	account, known := g.Account(c.Account)
	switch {
	case !ok:
		return fmt.Errorf("aws.identity_center.instance: %q is not the ARN of an instance", c.Instance)
	case !known || account.In() != partition:
		return fmt.Errorf("aws.identity_center.account: %q is no AWS account of the cell in partition %s", c.Account, partition)
	case account.Door != "":
		return fmt.Errorf("aws.identity_center.account: %s has the door %s, and whoever assigns comes by a token", account.ID, account.Door)
	case !access.IsRegion(c.Region):
		return fmt.Errorf("aws.identity_center.region: %q is not a region such as eu-west-1", c.Region)
	case !IsStore(c.Store):
		return fmt.Errorf("aws.identity_center.identity_store: %q is not an identity store such as d-1234567890", c.Store)
	}
	if c.Denial != "" {
		if in, _, _, ok := access.PolicyOf(c.Denial); !ok || in != partition {
			return fmt.Errorf("aws.identity_center.denial: %q is not the ARN of a service control policy in partition %s", c.Denial, partition)
		}
	}
	return CheckPortal(c.Portal)
}

// IsStore tells whether a text is the id of an identity store: d- and ten digits.
func IsStore(text string) bool {
	return len(text) == 12 && text[:2] == "d-" && canon.MadeOf(text[2:], "0123456789abcdef")
}

// CheckPortal refuses what is no address that a person could be sent to.
func CheckPortal(portal string) error {
	u, err := url.Parse(portal)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(portal) > 255 || u.String() != portal {
		return fmt.Errorf("aws.identity_center.portal: %q is not an https URL such as https://example.awsapps.com/start", portal)
	}
	return nil
}

// same tells whether a lease that is in the one can be ended in the other.
func (c *Center) same(other *Center) bool {
	return c == nil && other == nil || c != nil && other != nil && c.Instance == other.Instance && c.Region == other.Region && c.Account == other.Account && c.Denial == other.Denial
}

// checkCenterTarget refuses a permission set that the cell could not give.
func checkCenterTarget(t *access.IdentityCenter, g *Genesis) error {
	if err := t.Check(); err != nil {
		return err
	}
	account, known := g.Account(t.Account)
	switch {
	case g.AWS.Center == nil:
		return errors.New("arn: the cell has no Identity Center: aws.identity_center is missing")
	case !known:
		return fmt.Errorf("account: %q is no AWS account of the cell", t.Account)
	case account.Management:
		return fmt.Errorf("account: %s is the management account: what assigns there can change IAM there", account.ID)
	}
	_, instance, _ := access.InstanceOf(g.AWS.Center.Instance)
	if partition, of, _ := access.SetOf(t.ARN); of != instance || partition != account.In() {
		return fmt.Errorf("arn: the permission set is of instance %s in partition %s, the cell's is %s, the account's %s", of, partition, instance, account.In())
	}
	return nil
}

// PermissionSets are what scenarios give in Identity Center, without anybody who has
// it, each once and in order.
func (w *World) PermissionSets() []access.Assignment {
	var all []access.Assignment
	for _, scenario := range w.Scenarios {
		for _, open := range scenario.Opens {
			if open.IdentityCenter != nil {
				of := w.assignmentOf(open.IdentityCenter, "")
				all = append(all, *of)
			}
		}
	}
	slices.SortFunc(all, access.Assignment.Compare)
	return slices.Compact(all)
}

// userOf is the user of a person in Identity Center; empty where there is none.
func (w *World) userOf(person string) string {
	p, _ := w.Roster.Person(person)
	return p.User
}

// userMoved names somebody whose user in Identity Center another document changes
// while a request of theirs waits that would assign to it; empty if there is none.
func (w *World) userMoved(after *Genesis) string {
	for _, p := range after.People {
		if p.User == w.userOf(p.ID) {
			continue
		}
		for _, r := range w.Requests {
			s := w.scenarioOf(r)
			assigns := s != nil && slices.ContainsFunc(s.Opens, func(open access.Open) bool { return open.IdentityCenter != nil })
			if r.Requester == p.ID && r.State == access.Pending && assigns {
				return p.ID
			}
		}
	}
	return ""
}

// usersMoved are the people who stay, and whose user in Identity Center another document
// changes.
func (w *World) usersMoved(after *Genesis) (moved []UserMoved) {
	for _, p := range after.People {
		if before, stays := w.Roster.Person(p.ID); stays && before.User != p.User {
			moved = append(moved, UserMoved{Person: p.ID, User: p.User})
		}
	}
	return moved
}

// assignmentOf is what stands in Identity Center while a lease lives. It is for
// this user in this account whatever is amended later.
func (w *World) assignmentOf(t *access.IdentityCenter, person string) *access.Assignment {
	account, _ := w.Genesis.Account(t.Account)
	if account == nil {
		account = &Account{}
	}
	return &access.Assignment{Account: account.Account, Set: t.ARN, User: w.userOf(person)}
}

func (w *World) portal() string {
	if w.Genesis.AWS.Center == nil {
		return ""
	}
	return w.Genesis.AWS.Center.Portal
}

// assigned takes what was seen of a lease's assignment before it is made, and that
// it was made. The claim stands in the ledger before anybody asks for the
// assignment: if we crash after asking, what is then listed is known to be ours;
// and what was there before is neither used nor, at the end, deleted.
func (w *World) assigned(l *access.Lease, c Command) ([]Event, *Refusal) {
	switch listed := c.Observed.Listed; {
	case c.Effect.Kind == EffectOpenFailed:
		return opened(l, c)
	case c.Effect.Kind == EffectOpened && l.Claimed:
		return []Event{&LeaseOpened{Target: l.Target}}, nil
	case c.Effect.Kind == EffectOpened:
		return nil, refuse(TaskMismatch, "that the assignment of %s is ours to make is not recorded", l.Target)
	case l.Claimed:
		return nil, refuse(NothingNew, "the assignment of %s is ours already", l.Target)
	case listed == access.ListedGone, listed == access.ListedStands && w.shared(c):
		return []Event{&AssignmentClaimed{Target: l.Target}}, nil
	case listed == access.ListedStands && l.Trouble != access.TroubleStands:
		return []Event{&OpenFailed{Target: l.Target, Why: access.TroubleStands}}, nil
	}
	return nil, refuse(NothingNew, "nothing new was seen of the assignment of %s", l.Target)
}

// closeAssigned begins to close the lease of an assignment. What was never claimed
// was never asked for; of what was, nobody knows whether the call arrived.
func closeAssigned(l *access.Lease, closing access.Closing) []Event {
	events := []Event{&LeaseClosing{Target: l.Target, Closing: closing}}
	if l.Claimed || closing.Lost {
		return events
	}
	return append(events, proved(l, access.Proof{Kind: access.ProofUnissued, At: closing.At})...)
}

// gone takes that an assignment is listed no more, after it was asked to be deleted.
// It counts anew from the last time that it had to be.
func gone(l *access.Lease, c Command) ([]Event, *Refusal) {
	seen := c.Observed.Shut
	switch {
	case seen == nil || !seen.Closed || seen.Listed != access.ListedGone:
		return nil, refuse(NothingNew, "Identity Center does not show that the assignment of %s is gone", l.Target)
	case !l.Shut.IsZero() && !seen.Again:
		return nil, refuse(NothingNew, "that the assignment of %s is gone is known", l.Target)
	}
	return []Event{&LeaseShut{Target: l.Target}}, nil
}

// outlived takes that the last session which an assignment let in is over. The
// assignment must have been looked for once more: it is gone, or another lease's.
func (w *World) outlived(l *access.Lease, c Command) ([]Event, *Refusal) {
	switch listed := c.Observed.Listed; {
	case c.At.Before(l.NotAfter.Add(access.ExpirySkew.Duration())):
		return nil, refuse(NotDue, "the last session by the assignment of %s can live until %s", l.Target, l.NotAfter)
	case listed != access.ListedGone && !(listed == access.ListedStands && w.shared(c)):
		return nil, refuse(NothingNew, "Identity Center does not show that the assignment of %s is still gone", l.Target)
	}
	return proved(l, access.Proof{Kind: access.ProofExpired, At: c.At, By: access.ByCenter}), nil
}

// shared tells whether an assignment that a task of a lease saw standing is there
// by another lease. Evidence that leaves out other streams believes the entry.
func (w *World) shared(c Command) bool {
	if w.partial {
		return c.Observed.Shared
	}
	if c.Effect == nil || c.Observed.Listed != access.ListedStands {
		return false
	}
	task := w.Tasks[c.Effect.Task]
	id, _ := RequestOf(task.Stream)
	r, known := w.Requests[id]
	if !known {
		return false
	}
	l, ok := r.Lease(task.Target)
	return ok && l.Assignment != nil && w.accounted(*l.Assignment, l.KeyID)
}

// accounted tells whether a lease, but that of a key id, accounts for an assignment.
func (w *World) accounted(a access.Assignment, but string) bool {
	for _, r := range w.Requests {
		for i := range r.Leases {
			if r.Leases[i].KeyID != but && r.Leases[i].Accounts(a) {
				return true
			}
		}
	}
	return false
}

// followUnassign enqueues what deletes the assignment of a lease, unless it was
// never asked for. It pages only when no other lease needs it any more.
func (w *World) followUnassign(p place, l *access.Lease) {
	if !l.Claimed && !l.Closing.Lost {
		return
	}
	needed := p.at
	for _, r := range w.Requests {
		for i := range r.Leases {
			if r.Leases[i].Holds(*l.Assignment) {
				needed = canon.Later(needed, r.Grant.Until)
			}
		}
	}
	w.enqueue(p, Task{Kind: TaskShut, Target: l.Target})
	if center := w.Genesis.AWS.Center; center != nil && center.Denial != "" && l.Claimed {
		w.enqueue(p, Task{Kind: TaskDeny, Target: l.Target})
	}
	w.enqueue(p, Task{Kind: TaskPage, Target: l.Target, Due: needed.Add(PageAfter.Duration())})
}

// followGone waits for the last session that an assignment let in. Until then the
// assignment is looked for again and again, by the task that deleted it: a call
// whose answer was lost may take effect late.
func (w *World) followGone(p place, l *access.Lease) {
	closed := l.State == access.LeaseClosed // a person attested it before
	w.finish(p.stream, func(t Task) bool {
		return t.Target == l.Target && (t.Kind == TaskExpire || t.Kind == TaskPage || t.Kind == TaskShut && closed)
	})
	if closed {
		return
	}
	over := l.NotAfter.Add(access.ExpirySkew.Duration())
	w.enqueue(p, Task{Kind: TaskExpire, Target: l.Target, Due: over})
	w.enqueue(p, Task{Kind: TaskPage, Target: l.Target, Due: over.Add(PageAfter.Duration())})
}

// followCenter has the permission sets of scenarios listed as long as the cell has
// an Identity Center.
func (w *World) followCenter(p place) {
	asked := slices.ContainsFunc(w.tasksOf[p.stream], func(id string) bool { return w.Tasks[id].Kind == TaskAssignments })
	switch {
	case w.Genesis.AWS.Center == nil:
		w.finish(p.stream, func(t Task) bool { return t.Kind == TaskAssignments })
	case !asked:
		w.enqueue(p, Task{Kind: TaskAssignments})
	}
}

// standing takes who has the permission sets that scenarios give.
func (w *World) standing(c Command) (Outcome, *Refusal) {
	if c.Observed.Listed == "" {
		return Outcome{}, refuse(NothingNew, "nothing was listed")
	}
	now, found := w.unaccounted(c), AssignmentsFound{}
	for _, a := range now {
		if !slices.Contains(w.Standing, a) {
			found.Found = append(found.Found, a)
		}
	}
	for _, a := range w.Standing {
		if !slices.Contains(now, a) {
			found.Gone = append(found.Gone, a)
		}
	}
	if len(found.Found)+len(found.Gone) == 0 {
		return Outcome{}, refuse(NothingNew, "who has the permission sets is known")
	}
	return Outcome{StreamCell, []Event{&found}}, nil
}

// unaccounted are the assignments of a listing that no lease accounts for, sorted.
// Evidence that leaves out other streams believes the entry.
func (w *World) unaccounted(c Command) []access.Assignment {
	if c.Effect == nil || w.Tasks[c.Effect.Task].Kind != TaskAssignments {
		return nil
	}
	if w.partial {
		return c.Observed.Assigned
	}
	var left []access.Assignment
	for _, a := range c.Observed.Assigned {
		if !w.accounted(a, "") {
			left = append(left, a)
		}
	}
	slices.SortFunc(left, access.Assignment.Compare)
	return slices.Compact(left)
}

// SharesAssignment are the other live grants that need the assignment of a lease:
// it stays for them when this one ends.
func SharesAssignment(requests map[canon.Digest]*access.Request, of *access.Request, l *access.Lease) []canon.Digest {
	var shared []canon.Digest
	for _, id := range sortedRequests(requests) {
		leases := requests[id].Leases
		if l.Assignment != nil && id != of.ID && slices.ContainsFunc(leases, func(other access.Lease) bool { return other.Holds(*l.Assignment) }) {
			shared = append(shared, id)
		}
	}
	return shared
}
