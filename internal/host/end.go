package host

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/halligan-dev/halligan/internal/revocation"
)

// The order of ending: a shell may save its history at the first, a program its
// files at the second; nothing outlives the third but what hangs in the kernel.
const (
	hangupTime = 300 * time.Millisecond
	termTime   = 700 * time.Millisecond
	killTime   = 9 * time.Second
	lookAgain  = 50 * time.Millisecond
)

// live is a login that is not over, with its processes.
type live struct {
	*login
	members []birth
}

// look returns the logins that have a process left. It writes down what it saw
// of each, so that a process is still known when it has left its parent, and
// forgets those that are over.
func (h *Host) look() ([]live, error) {
	logins, seen, err := readLogins(h.book, h.opts)
	if err != nil {
		return nil, err
	}
	var out []live
	for _, l := range logins {
		found, changed := seen.members(l)
		if len(found) == 0 {
			if err := h.book.forget(l); err != nil {
				return nil, err
			}
			continue
		}
		if changed {
			if err := h.book.remember(l); err != nil {
				return nil, err
			}
		}
		out = append(out, live{l, found})
	}
	return out, nil
}

// listed returns the login's sessions that are on the list.
func (l live) listed(list revocation.List) (out []revocation.Session) {
	for _, s := range l.sessions() {
		if list.Has(s.KeyID) {
			out = append(out, s)
		}
	}
	return out
}

// end ends every login that bears a key id of list, and returns the sessions
// that are over now. It looks again after every signal, so that what was
// started meanwhile, or slipped from its parent, is found too. What is left in
// the end is a problem and stays in the listing.
func (h *Host) end(ctx context.Context, list revocation.List) (ended []revocation.Session, problems []string) {
	begun := make(map[birth][]revocation.Session)
	told := make(map[birth]syscall.Signal)
	start := h.opts.Now()
	for {
		left, err := h.look()
		if err != nil {
			return nil, append(problems, err.Error())
		}
		left = slices.DeleteFunc(left, func(l live) bool { return len(l.listed(list)) == 0 })
		if len(left) == 0 {
			break
		}
		passed := h.opts.Now().Sub(start)
		for _, l := range left {
			begun[l.sshd] = l.listed(list)
			problems = append(problems, h.tell(l.members, stage(passed), told)...)
		}
		if passed > hangupTime+termTime+killTime {
			for _, l := range left {
				delete(begun, l.sshd)
				s := l.listed(list)[0]
				problems = append(problems, fmt.Sprintf("cannot end %s of %s: %d processes are left", s.KeyID, s.User, len(l.members)))
			}
			break
		}
		if err := wait(ctx, lookAgain); err != nil {
			return nil, append(problems, "cannot finish ending sessions: told to stop")
		}
	}
	for _, sessions := range begun {
		ended = append(ended, sessions...)
	}
	slices.Sort(problems)
	return ended, slices.Compact(problems)
}

func stage(passed time.Duration) syscall.Signal {
	switch {
	case passed < hangupTime:
		return syscall.SIGHUP
	case passed < hangupTime+termTime:
		return syscall.SIGTERM
	default:
		return syscall.SIGKILL
	}
}

// tell sends each process the signal once; the kill at every look.
func (h *Host) tell(members []birth, sig syscall.Signal, told map[birth]syscall.Signal) (problems []string) {
	for _, b := range members {
		if told[b] == sig && sig != syscall.SIGKILL {
			continue
		}
		told[b] = sig
		if err := h.opts.Signal(b.PID, b.Start, sig); err != nil {
			problems = append(problems, err.Error())
		}
	}
	return problems
}
