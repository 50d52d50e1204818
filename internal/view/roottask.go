package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// rootOpening is the blast radius of a root task.
func (s *state) rootOpening(target *access.RootTask) Opening {
	where, through := target.Account, target.Through
	if account, ok := s.Genesis.Account(target.Account); ok {
		where = fmt.Sprintf("%s (%s)", account.ID, account.Account)
	}
	if account, ok := s.Genesis.Account(target.Through); ok {
		through = fmt.Sprintf("%s (%s)", account.ID, account.Account)
	}
	task, _ := access.TaskOf(target.Task)
	end := "its end is known when the last session is over."
	if task.Leaves != "" {
		end = fmt.Sprintf("It can leave %s behind, so that its end is known when a person attests that nothing was left, and in no other way.", task.Leaves)
	} else {
		end = "It leaves nothing behind that lets anybody in: " + end
	}
	return Opening{
		Target: target.Name, Account: target.Account, Role: target.Role, Task: target.Task, Principals: []string{},
		Text: fmt.Sprintf("AS THE ROOT USER of AWS account %s: %s, and nothing else (the task %s, through role %s of account %s). "+
			"A session lives until the grant ends, at most %s. Nothing takes it back before: a stop only keeps the next one from being given, and neither addresses nor regions bound it. %s",
			where, task.May, target.Task, target.Role, through, access.SessionLives, end),
	}
}

var rootWords = map[access.ProofKind]string{
	access.ProofExpired: "its last session is over", access.ProofAttested: "a person attested", access.ProofUnissued: "no session was ever authorised",
}

// rootKnown is what is known of a lease of a root task that is closing.
func rootKnown(l *access.Lease, now canon.Time) string {
	since := fmt.Sprintf("closing since %s: ", clock(l.Closing.At, now))
	switch {
	case l.DoorShut():
		return since + fmt.Sprintf("no session works since %s, but something may have been left behind: a person must attest", clock(l.ShutAt(), now))
	case l.NotAfter.After(now):
		return since + fmt.Sprintf("a session of the root user can live until %s, and nothing takes it back before", clock(l.NotAfter, now))
	}
	return since + fmt.Sprintf("the last session ended at %s and counts as dead %s later", clock(l.NotAfter, now), access.ExpirySkew)
}

// rootSteps are what comes next for a lease of a root task that is closing.
func rootSteps(l *access.Lease, now canon.Time) (steps []Step) {
	if over := l.NotAfter.Add(access.ExpirySkew.Duration()); !l.DoorShut() && over.After(now) {
		steps = append(steps, Step{At: over, Text: fmt.Sprintf("The last session of %s is over, which shuts the door.", l.Target)})
	}
	if task, _ := access.TaskOf(l.Task); slices.Contains(l.Needs, access.ProofAttested) {
		steps = append(steps, Step{Text: fmt.Sprintf("An approver or security looks that %s was not left behind in AWS account %s, and attests it.", task.Leaves, l.Account)})
	}
	return steps
}
