package ssh

import (
	"context"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
)

// twinsMost is how many twins one connection offers, before the control: OpenSSH
// hangs up after six keys, and hardened hosts after fewer.
const twinsMost = 4

// controlEvery is after how many twins that were accepted the control is tried, so
// that what was seen counts even when the time of the round is over before its end.
const controlEvery = 16

// Probe offers the twins of leases in one connection, a few at a time, and the
// control after them. Where the host takes the control, it has refused the twins
// before it in the very same login: nothing about the host can have changed in
// between, and what it logs is a login, not an attack. Hundreds of leases that end
// at once are proved in a quarter as many connections.
//
// What the host has answered for counts, however the round ends.
func (s *SSH) Probe(ctx context.Context, leases []provider.Lease) []access.Round {
	r := &asking{SSH: s, leases: leases, rounds: make([]access.Round, len(leases)), together: true}
	for i := range r.rounds {
		r.rounds[i] = access.Round{Twin: access.Unreachable, Control: access.Unreachable}
	}
	for at, more := 0, len(leases) > 0; more && at < len(leases); {
		n := 0
		if r.together {
			n, more = r.some(ctx, at, min(at+twinsMost, len(leases)))
		}
		if !r.together {
			n, more = r.one(ctx, at)
		}
		at += n
		if len(r.waiting) >= controlEvery || len(r.waiting) > 0 && (at == len(leases) || !more) {
			more = r.settle(ctx) && more
		}
	}
	return r.rounds
}

// asking is one round at one host.
type asking struct {
	*SSH
	leases   []provider.Lease
	rounds   []access.Round
	together bool  // the host lets several keys be offered in one login
	waiting  []int // twins that were answered and wait for a control
}

// some offers the twins from one place to before another, and the control. It gives
// how many of them the host has answered for, and false when it is not there.
func (r *asking) some(ctx context.Context, from, to int) (n int, more bool) {
	var offered []access.Certificate
	for _, lease := range r.leases[from:to] {
		offered = append(offered, r.twin(lease))
	}
	taken, answer := r.login(ctx, r.leases[from], append(offered, r.control(r.leases[from]))...)
	switch {
	case answer == access.Unreachable:
		return 0, false
	case answer == access.Refused:
		// Everything is refused, the control too, or the host hung up before it came
		// to it. One key in each login tells which.
		r.together = false
		return 0, true
	case taken == len(offered):
		for i := from; i < to; i++ {
			r.rounds[i] = access.Round{Twin: access.Refused, Control: access.Accepted}
		}
		return to - from, true
	}
	// A twin was taken, so that the control was not tried; those after it were not.
	for i := from; i < from+taken; i++ {
		r.answered(i, access.Refused)
	}
	r.answered(from+taken, access.Accepted)
	return taken + 1, true
}

// one tries one twin, where the host takes one key in a login.
func (r *asking) one(ctx context.Context, at int) (n int, more bool) {
	if len(r.waiting) == 0 && !r.allowed(ctx, at) { // before, and settle after
		return 0, false
	}
	_, answer := r.login(ctx, r.leases[at], r.twin(r.leases[at]))
	r.answered(at, answer)
	return 1, true
}

func (r *asking) answered(at int, twin access.Answer) {
	r.rounds[at].Twin = twin
	r.waiting = append(r.waiting, at)
}

// allowed tries the control alone. When the host does not take it, that is said of
// every lease from a place on.
func (r *asking) allowed(ctx context.Context, from int) bool {
	_, answer := r.login(ctx, r.leases[0], r.control(r.leases[0]))
	for i := from; answer != access.Accepted && i < len(r.rounds); i++ {
		r.rounds[i] = access.Round{Twin: access.Unreachable, Control: answer}
	}
	return answer == access.Accepted
}

// settle tries the control after twins that were answered without it. If the host
// does not take it, their answers mean nothing.
func (r *asking) settle(ctx context.Context) bool {
	_, answer := r.login(ctx, r.leases[0], r.control(r.leases[0]))
	for _, at := range r.waiting {
		r.rounds[at].Control = answer
		if answer != access.Accepted {
			r.rounds[at].Twin = access.Unreachable
		}
	}
	r.waiting = nil
	return answer == access.Accepted
}
