package api

import (
	"net/http"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// sessionList is where somebody is signed in.
type sessionList struct {
	Sessions []view.SignIn `json:"sessions"` // newest first
}

// sessions are the reader's own.
func (s *service) sessions(c *call) error {
	return c.json(http.StatusOK, sessionList{s.sessionsOf(c.who)})
}

// sessionsOf are those of a reader that count. The one that asks is among them even
// if it was opened before what is remembered.
func (s *service) sessionsOf(who ticket) []view.SignIn {
	now := s.Ledger.Now()
	all := s.Live.View().Sessions(who.Person, now)
	for _, each := range s.provided.of(who.Person, now) {
		if s.provides(each) {
			all = append(all, each.shown())
		}
	}
	all = slices.DeleteFunc(all, func(each view.SignIn) bool { return s.ended.has(each.ID) })
	own := slices.IndexFunc(all, func(each view.SignIn) bool { return each.ID == who.Digest })
	if own < 0 {
		own = len(all)
		all = append(all, view.SignIn{
			ID: who.Digest, How: s.Live.View().HowBy(who.Person, who.fingerprint()), With: who.fingerprint(), Until: who.Until,
		})
	}
	all[own].Current = true
	view.SortSignIns(all)
	return all
}

// endOne ends one session of the reader, for good.
func (s *service) endOne(c *call) error {
	prefix, err := digits(c)
	if err != nil {
		return err
	}
	found := slices.DeleteFunc(s.sessionsOf(c.who), func(each view.SignIn) bool { return !hasDigits(each.ID, prefix) })
	switch {
	case len(found) == 0:
		return notFound("session of yours by that id")
	case len(found) > 1:
		return ambiguous(found[0].ID.String(), found[1].ID.String())
	}
	if found[0].Current {
		return s.endSession(c)
	}
	if err := s.ended.add(s.Ledger.Now(), over{found[0].ID, found[0].Until}); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// endedOthers says what became of the others.
type endedOthers struct {
	Ended []canon.Digest `json:"ended"`
}

// endOthers ends every session of the reader but the one that asks.
func (s *service) endOthers(c *call) error {
	out := endedOthers{Ended: []canon.Digest{}}
	var all []over
	for _, each := range s.sessionsOf(c.who) {
		if !each.Current {
			out.Ended, all = append(out.Ended, each.ID), append(all, over{each.ID, each.Until})
		}
	}
	if len(all) > 0 {
		if err := s.ended.add(s.Ledger.Now(), all...); err != nil {
			return err
		}
	}
	return c.json(http.StatusOK, out)
}
