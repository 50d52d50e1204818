package cell_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// edge is a move of a request or lease from one state to another.
type edge struct{ from, to string }

// moves gathers, from the lines of the matrix, every move with the deeds that
// make it.
type moves map[edge]map[string]bool

func (m moves) add(from, to, deed string) {
	if from == to {
		return
	}
	if m[edge{from, to}] == nil {
		m[edge{from, to}] = map[string]bool{}
	}
	m[edge{from, to}][deed] = true
}

// movesOf reads the moves of ann's request, of its lease at db-1, and of its review.
func movesOf(lines []cellOfMatrix) (requests, leases, reviews moves) {
	requests, leases, reviews = moves{}, moves{}, moves{}
	for _, line := range lines {
		if line.after == nil || line.before.id.IsZero() {
			continue
		}
		if strings.HasPrefix(line.deed.verb, "request") { // a request of its own
			requests.add("[*]", string(access.Pending), "request")
			continue
		}
		if line.deed.verb == "reconcile" { // of another request
			requests.add("[*]", string(access.Reconciled), "reconcile")
			if len(line.outcome.Events) > 1 {
				reviews.add("[*]", "due", "reconcile")
			}
			continue
		}
		before, known := line.before.World.Requests[line.before.id]
		if !known {
			continue
		}
		after := line.after.World.Requests[line.before.id]
		deed := line.deed.verb
		if deed == "due" {
			deed = "due: " + line.deed.who
		}
		requests.add(string(before.State), string(after.State), deed)
		leases.add(leaseState(before), leaseState(after), deed)
		reviews.add(reviewState(before.Review), reviewState(after.Review), deed)
	}
	return requests, leases, reviews
}

func leaseState(r *access.Request) string {
	if l, ok := r.Lease("db-1"); ok {
		return string(l.State)
	}
	return "[*]"
}

func reviewState(v *access.Review) string {
	switch {
	case v == nil:
		return "[*]"
	case !v.Open():
		return "signed_off"
	case v.Waits():
		return "written"
	case v.Returned != nil:
		return "sent_back"
	}
	return "due"
}

// movesOfRecovery reads the moves of a recovery.
func movesOfRecovery(lines []cellOfMatrix) moves {
	recoveries := moves{}
	for _, line := range lines {
		if line.after == nil || line.section != "A recovery" {
			continue
		}
		if line.deed.verb == "recover" { // a recovery of its own
			recoveries.add("[*]", "proposed", "recover")
			continue
		}
		deed := line.deed.verb
		if deed == "due" {
			deed = "due: " + line.deed.who
		}
		before, to := line.before.World.Changes[line.before.change], ""
		if before == nil || !before.Recovers {
			continue
		}
		if after := line.after.World.Changes[line.before.change]; after != nil {
			to = recoveryState(after)
		}
		for _, e := range line.outcome.Events {
			switch e := e.(type) {
			case *cell.RecoveryOver:
				to = string(e.State)
			case *cell.ChangeOver:
				to = strings.Replace(string(e.State), "done", "in_force", 1)
			}
		}
		recoveries.add(recoveryState(before), to, deed)
	}
	return recoveries
}

func recoveryState(change *cell.Change) string {
	if change.Until.IsZero() {
		return "proposed"
	}
	return "agreed"
}

// draw is the moves in Mermaid and as a list; ends are the states that nothing
// leaves.
func (m moves) draw(out *strings.Builder) {
	edges := slices.SortedFunc(maps.Keys(m), func(a, b edge) int { return strings.Compare(a.from+">"+a.to, b.from+">"+b.to) })
	out.WriteString("```mermaid\nstateDiagram-v2\n")
	leaves := map[string]bool{}
	for _, e := range edges {
		leaves[e.from] = true
		fmt.Fprintf(out, "    %s --> %s: %s\n", e.from, e.to, strings.ReplaceAll(m.deeds(e), ":", ""))
	}
	for _, end := range slices.Sorted(maps.Keys(m.targets())) {
		if !leaves[end] {
			fmt.Fprintf(out, "    %s --> [*]\n", end)
		}
	}
	out.WriteString("```\n\n| from | to | by |\n|---|---|---|\n")
	for _, e := range edges {
		fmt.Fprintf(out, "| %s | %s | %s |\n", place(e.from), e.to, m.deeds(e))
	}
}

func place(state string) string {
	if state == "[*]" {
		return "(nothing)"
	}
	return state
}

func (m moves) deeds(e edge) string { return strings.Join(slices.Sorted(maps.Keys(m[e])), ", ") }

func (m moves) targets() map[string]bool {
	targets := map[string]bool{}
	for e := range m {
		targets[e.to] = true
	}
	return targets
}

const statesHead = `# States

Drawn by a test from the rules themselves (` + "`go test ./internal/cell -run Diagram -update`" + `).
What each statement and effect becomes in each state, refusals included, stands in
[the matrix](../../internal/cell/testdata/matrix.txt).

## A request

A request is *pending* until its quorum is filled, and then *granted* until its
grant ends. *Denied*, *withdrawn*, *lapsed* and *void* came to nothing. *Ended*
says that nothing more is authorised; what the grant opened may still be closing:
a request is settled when every lease of it is closed. While it is granted, its
requester may ask for an *extension*: it waits for the quorum to sign anew, moves the
end of the grant, and changes no state; it lapses with the grant.

Where the last rung of a scenario's ladder is *solo*, a pending request can be granted
without a quorum. It stays pending when the step is offered, and when its requester
signs; it is granted by the receipt of the alarm of that, or a minute later when no
channel took it. Whatever people say before ends it, or grants it, as ever.

*Reconciled* is what was signed with no server and carried back: it never waits and is
never granted. The shares that were given to it are out: its leases are *closing* from the
start, until the secret was changed, and its review is due as if a grant had ended.

`

const statesBetween = `
## A lease

A lease is a grant's footprint at one target. It says the truth: *opening* is an
attempt, *open* was done, *closing* means that death is not proved yet, and
*closed* means proved. It closes only by

- **refused** or **expired** (the door is shut) together with **ended** (the host
  listed its sessions after that, and none of the lease was left), or
- **attested** (a person who is not the requester looked), or
- **unissued** (by the ledger, no credential was ever authorised).

A lease of an envelope closes by **rotated**: its secret was changed, and who did so
signed that the old one is refused; or by **attested**, or **unissued**: no share was
given.

A lease that a program opened closes by everything that its program can show
(**refused**, **ended**), seen after the program said that it closed, or by
**attested**. It is never *unissued*, for a program opens by itself.

A lease of an AWS role closes by **refused** or **expired** alone, for nothing
outlives its sessions; where Systems Manager may run one that does, by **ended**
after that; and by **attested** alone where a guard rail does not hold. It goes
on being **expired** after it is closed: until then its stop slot is used.

A lease that an execution of Systems Manager opened closes by **ended**: the execution
is over and its closing step has succeeded, or none was started and none can begin; or
by **attested**. It is never *unissued*.

A root task of AWS closes by **expired** alone; where it can leave something behind,
by **attested** after that, and never before. A permission set closes by
**expired**, when its assignment is gone and the longest session is over, by
**attested**, or by **unissued**: it was never asked for.

A lease that is closing for two minutes pages, and again every fifteen. One of a
permission set pages when nobody needs its assignment any more and that is not gone
by then, and not while the longest session is waited for.

`

const statesReview = `
## A review

The end of a grant opens its review, and so does a share that was given with no
server, when that is carried back. Somebody writes it and somebody else signs it
off, or sends it back; until it is signed off it can be written anew. By the time
when it is *due* it must be signed off. If it is not, it is **overdue** beside where
it stands here, until it is signed off: meanwhile its scenario is given at its
gravest severity only, with one more of security, unless nobody could fill that
place. A request is asked for in spite of the review or refused when it is made;
what was asked before goes on as it was.

`

const statesRecovery = `
## A recovery

People and groups of another document, *proposed* by one of the recovery quorum and
*agreed* to when that is filled. From then on it waits for its notice, with a
reminder each day; it is *in force* when the notice is over. Two people's *cancel*
is the end of it, before or after it is agreed. At each of those days, and when the
notice is over, it is **void** if those who agreed to it do not fill the quorum any
more, or if its document could not be in force; another document by the change quorum
makes it void at once. While the clock is in doubt no notice ends.

`

// TestDiagram draws docs/reference/states.md, and knows what must not be there.
func TestDiagram(t *testing.T) {
	lines := walkMatrix()
	requests, leases, reviews := movesOf(lines)
	recoveries := movesOfRecovery(lines)
	var out strings.Builder
	out.WriteString(statesHead)
	requests.draw(&out)
	out.WriteString(statesBetween)
	leases.draw(&out)
	out.WriteString(statesReview)
	reviews.draw(&out)
	out.WriteString(statesRecovery)
	recoveries.draw(&out)
	golden(t, filepath.Join("..", "..", "docs", "reference", "states.md"), out.String())

	over := []access.State{access.Ended, access.Denied, access.Withdrawn, access.Lapsed, access.Void, access.Reconciled}
	for e := range requests {
		if slices.Contains(over, access.State(e.from)) {
			t.Errorf("a request that is over lives again: %s to %s", e.from, e.to)
		}
		if e.to == string(access.Granted) && (e.from != string(access.Pending) || requests.deeds(e) != "alarm-receipt, approve, due: nobody was heard of") {
			t.Errorf("granted from %s by %s: only an approval grants, and to whoever goes in alone the receipt of the alarm, or that there was none", e.from, requests.deeds(e))
		}
	}
	for _, state := range access.States {
		if !requests.targets()[string(state)] {
			t.Errorf("no move leads to %s", state)
		}
	}
	for e := range reviews {
		if e.from == "signed_off" || e.to == "signed_off" && (e.from != "written" || reviews.deeds(e) != "sign-off") {
			t.Errorf("a review goes from %s to %s by %s", e.from, e.to, reviews.deeds(e))
		}
	}
	for e := range recoveries {
		if e.to == "in_force" && (e.from != "agreed" || !strings.HasPrefix(recoveries.deeds(e), "due")) || e.from != "[*]" && e.from != "proposed" && e.from != "agreed" {
			t.Errorf("a recovery goes from %s to %s by %s", e.from, e.to, recoveries.deeds(e))
		}
	}
	order := []string{"[*]", string(access.LeaseOpening), string(access.LeaseOpen), string(access.LeaseClosing), string(access.LeaseClosed)}
	for e := range leases {
		if slices.Index(order, e.from) >= slices.Index(order, e.to) {
			t.Errorf("a lease goes back from %s to %s", e.from, e.to)
		}
	}
}
