package verify

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// tell writes the requests and grants into the report.
func (e *examination) tell() {
	e.report.Sealed = e.world.Sealed
	e.witnesses.tell(e.report)
	e.tellKeys()
	e.report.Cell.Witnesses = e.witnesses.of(0, e.last(cell.StreamCell))
	e.report.Counts.Notes, e.report.Counts.NotesMissing = e.notesRead.Load(), e.notesMissing.Load()
	for _, id := range e.order {
		t := e.trails[id]
		request, live := e.world.Requests[id]
		if !live {
			request = e.settled[id].request
		}
		t.line.Requester, t.line.Scenario = request.Requester, request.Scenario
		t.line.Severity, t.line.State = request.Severity, request.State
		e.report.Requests = append(e.report.Requests, t.line)
		if request.Offline != nil {
			e.report.Offline = append(e.report.Offline, t.offline(request))
		}
		if request.Grant != nil {
			t.rests.Witnesses = e.witnesses.of(t.line.Entry, e.last(cell.StreamOf(id)))
			e.report.Grants = append(e.report.Grants, t.grant(request))
		}
	}
}

func (t *trail) grant(r *access.Request) Grant {
	g := Grant{
		ID: r.ID, Requester: r.Requester, Scenario: r.Scenario, ScenarioDigest: r.ScenarioDigest, Severity: r.Severity,
		Asked: r.At, AskedFor: r.For, Late: r.Late, Entry: t.agreed, From: r.Grant.From, Until: r.Grant.Until,
		End: r.End, Review: r.Review, Extensions: r.Extensions, State: r.State, Rests: t.rests,
		Approvers: []Approver{}, Leases: []Lease{},
	}
	if r.Alone() {
		taken := r.Solo.Taken
		g.Alone = &Alone{
			Statement: taken.Statement, Key: taken.Key, At: taken.At, Offer: r.Solo.Entry, Unproved: taken.Unproved,
			Waited: t.waited, Hearing: r.Grant.Hearing, Channel: r.Solo.Heard,
		}
	}
	for _, person := range r.Grant.By {
		for _, d := range r.Decisions {
			if d.Approver == person && d.Approves {
				g.Approvers = append(g.Approvers, Approver{
					Person: person, Leg: t.seats[person], Statement: d.Statement, Key: d.Key, Check: d.Check, At: d.At,
				})
				break
			}
		}
	}
	for _, l := range r.Leases {
		lease := Lease{
			Target: l.Target, Host: l.Host, Program: l.Program, Account: l.Account, Role: l.Role, Slot: l.Slot, Assignment: l.Assignment, Automation: l.Automation, KeyID: l.KeyID, State: l.State, Closing: l.Closing, Closed: l.Closed,
			Certificates: t.certificates[l.Target], Proofs: t.proofs[l.Target],
		}
		if lease.Certificates == nil {
			lease.Certificates = []Certificate{}
		}
		if lease.Proofs == nil {
			lease.Proofs = []Proof{}
		}
		g.Leases = append(g.Leases, lease)
	}
	return g
}

// limits lists what was not and could not be checked.
func (r *Report) limits(pinned bool) {
	say := func(format string, args ...any) { r.NotChecked = append(r.NotChecked, fmt.Sprintf(format, args...)) }
	if !pinned {
		say("whether this is the cell you think it is: nothing was pinned, and anyone can make a log that agrees with itself")
	}
	if r.Scope == ScopePartial {
		say("anything after entry %d that concerns these streams: it may have been left out", r.last)
		say("entries of other streams, and with them: that no statement's nonce was used there, that the checkpoint a signer had seen was one of this log, how many requests a person had, that no review of the scenario was overdue but the one that a request names, that nobody who went in alone owed the review of another time, that a holder key was made for one request alone, that no host lists a session which nobody authorised")
	}
	say("%s", r.unwitnessed())
	say("whether recorded times are right: they never go back and every statement was unexpired by them, the rest is the server's word")
	say("whether everything that happened is in the ledger: what a server left out, it left out; a signer's receipt would show it")
}
