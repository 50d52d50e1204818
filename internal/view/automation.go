package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// automationOpening is the blast radius of a document of Systems Manager Automation.
func (s *state) automationOpening(target *access.Automation) Opening {
	where := target.Account
	if account, ok := s.Genesis.Account(target.Account); ok {
		where = fmt.Sprintf("%s (%s)", account.ID, account.Account)
	}
	var given []string
	for _, name := range slices.Sorted(maps.Keys(target.Parameters)) {
		given = append(given, fmt.Sprintf("%s %s", name, target.Parameters[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(target.Tells)) {
		given = append(given, fmt.Sprintf("%s, which is %s", name, factWords[target.Tells[name]]))
	}
	with := ""
	if len(given) > 0 {
		with = " It is given " + both(given) + "."
	}
	return Opening{
		Target: target.Name, Account: target.Account, Document: target.Document, Principals: []string{},
		Text: strings.Join([]string{
			fmt.Sprintf("%s: one execution of version %d of the document %s of Systems Manager in AWS account %s, %s, as the role %s. No other content is started than that with the digest sha256:%s.%s",
				strings.TrimSuffix(target.Allows, "."), target.Version, target.Document, where, target.Region, target.Role, target.Digest, with),
			fmt.Sprintf("There is nothing to fetch: it is open once the step %s has succeeded, and the execution is cancelled when the grant ends, which runs the step %s. The window cannot be extended.", target.Opens, target.Closes),
			fmt.Sprintf("Its end is known when the execution is over and %s has succeeded, or a person attests it.", target.Closes),
		}, " "),
	}
}

var factWords = map[string]string{
	access.FactPerson: "the id of whoever asks", access.FactRequest: "the short id of the request", access.FactUntil: "a minute after the end of the grant",
}

var automationWords = map[access.ProofKind]string{
	access.ProofEnded: "its execution is over, and the step that closes has succeeded", access.ProofAttested: "a person attested",
}

// automationKnown is what is known of a lease that an execution opened.
func automationKnown(l *access.Lease, now canon.Time) string {
	if l.State == access.LeaseOpen {
		return "open, by an execution of Systems Manager in AWS account " + l.Automation
	}
	since := fmt.Sprintf("closing since %s: ", clock(l.Closing.At, now))
	if l.Shut.IsZero() {
		return since + "its execution is cancelled, and is not seen to have closed yet"
	}
	return since + fmt.Sprintf("its execution closed at %s; that none is left is to be seen", clock(l.Shut, now))
}

// automationSteps are what comes next for a lease of an execution that is closing.
func automationSteps(l *access.Lease) []Step {
	return []Step{{Text: fmt.Sprintf("The execution of %s is cancelled until it is over and its step that closes has succeeded; where that fails, somebody closes by hand, and an approver or security attests it.", l.Target)}}
}

// automationTakes says how soon the stop of a request takes hold in Systems Manager;
// empty where nothing of it runs.
func automationTakes(r *access.Request) string {
	if slices.ContainsFunc(r.Leases, func(l access.Lease) bool { return l.Automation != "" && l.Held() }) {
		return "An execution of Systems Manager is cancelled within minutes, and closes what it opened."
	}
	return ""
}

// LeaseHeld tells whether the lease of a key id has not begun to close.
func (c *Cell) LeaseHeld(keyID string) bool {
	return read(c, func(s *state) bool {
		for _, r := range s.open {
			for i := range r.Leases {
				if r.Leases[i].KeyID == keyID {
					return r.Leases[i].Held()
				}
			}
		}
		return false
	})
}

// Executions are the requests that an execution opened something for, or may, which is not
// closed; none of them may be changed.
func (c *Cell) Executions() []*access.Request {
	return read(c, func(s *state) (all []*access.Request) {
		for _, h := range s.requests {
			if slices.ContainsFunc(h.Request.Leases, func(l access.Lease) bool { return l.Automation != "" && l.State != access.LeaseClosed }) {
				all = append(all, h.Request)
			}
		}
		return all
	})
}
