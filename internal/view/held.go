package view

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// SettledMost bounds the settled requests that a view holds beside those whose
// review is owed; older ones are in the store.
const SettledMost = 1000

// hold takes a request, in place of what it was before.
func (s *state) hold(h Held) {
	if before, held := s.requests[h.Request.ID]; held && before.Request.Settled() {
		s.settled--
	}
	if h.Request.Settled() {
		s.settled++
	}
	s.requests[h.Request.ID] = h
	if state := h.Request.State; state == access.Pending || state == access.Granted {
		s.open[h.Request.ID] = h.Request
	} else {
		delete(s.open, h.Request.ID)
	}
}

// trim lets the oldest settled requests go, some at a time, but for those whose
// review is owed.
func (s *state) trim() {
	if s.settled <= SettledMost+SettledMost/4+s.owing {
		return
	}
	var settled []Held
	s.owing = 0
	for _, h := range s.requests {
		switch {
		case !h.Request.Settled():
		case s.owed(h.Request):
			s.owing++
		default:
			settled = append(settled, h)
		}
	}
	newestFirst(settled)
	for _, h := range settled[min(len(settled), SettledMost):] {
		delete(s.requests, h.Request.ID)
		s.learned.forget(h.Request.ID)
	}
	s.settled = min(len(settled), SettledMost) + s.owing
}

// all are the held requests, newest entry first.
func (s *state) all() []Held {
	held := make([]Held, 0, len(s.requests))
	for _, h := range s.requests {
		held = append(held, h)
	}
	newestFirst(held)
	return held
}

// unsettled are the held requests that something can still follow in, newest
// entry first.
func (s *state) unsettled() []Held {
	var held []Held
	for _, h := range s.requests {
		if !h.Request.Settled() {
			held = append(held, h)
		}
	}
	newestFirst(held)
	return held
}

func newestFirst(held []Held) {
	slices.SortFunc(held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(b.Last, a.Last), bytes.Compare(a.Request.ID[:], b.Request.ID[:]))
	})
}

func sortedDigests(ids []canon.Digest) []canon.Digest {
	slices.SortFunc(ids, func(a, b canon.Digest) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// closing tells whether a request's grant is over and not proved dead, or shares of
// what was opened with no server are out.
func closing(r *access.Request) bool {
	return (r.State == access.Ended || r.State == access.Reconciled) && !r.Settled()
}
