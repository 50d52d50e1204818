package view

import (
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
)

// SignIn is one leave to read: where somebody is signed in, or a command line that
// reads for them.
type SignIn struct {
	ID      canon.Digest `json:"id"` // of the statement that opened it, where one did
	How     How          `json:"how"`
	With    string       `json:"with"`           // the key by its fingerprint, or the provider by its issuer
	From    string       `json:"from,omitempty"` // the address that it was opened from
	At      canon.Time   `json:"at,omitzero"`    // zero: before what this server remembers
	Until   canon.Time   `json:"until"`
	Current bool         `json:"current,omitzero"` // it is the one that asks
}

// How is with what somebody signed in.
type How string

// The ways.
const (
	ByPasskey     How = "passkey"
	BySecurityKey How = "security-key"
	BySSHKey      How = "ssh-key"
	ByProvider    How = "identity-provider"
)

// howBy is the way of a key.
func howBy(k roster.Key) How {
	switch {
	case PasskeyHost(k) != "":
		return ByPasskey
	case strings.HasPrefix(k.Line, "sk-"):
		return BySecurityKey
	}
	return BySSHKey
}

// sessions are those that statements opened and that may not be over yet, as far
// back as entries were read.
type sessions struct {
	open  map[canon.Digest]openSession
	sweep int // as many as there may be before those that are over go
}

type openSession struct {
	SignIn
	person string
}

const sweepLeast = 256

func newSessions() sessions { return sessions{open: map[canon.Digest]openSession{}, sweep: sweepLeast} }

// learn takes an entry, in any order.
func (l *sessions) learn(r cell.Recorded) {
	for _, e := range r.Outcome.Events {
		of, ok := e.(*cell.SessionOpened)
		if !ok || r.Entry.Cause.Statement == nil || r.Entry.Cause.Signature == nil {
			continue
		}
		id := canon.Sum(r.Entry.Cause.Statement)
		l.open[id] = openSession{person: of.Person, SignIn: SignIn{
			ID: id, With: roster.Fingerprint(r.Entry.Cause.Signature.Key()), From: cameFrom(r), At: r.Entry.At, Until: of.Until,
		}}
		l.trim(r.Entry.At)
	}
}

// trim lets go of what is over, seldom enough that each entry costs little.
func (l *sessions) trim(now canon.Time) {
	if len(l.open) < l.sweep {
		return
	}
	maps.DeleteFunc(l.open, func(_ canon.Digest, o openSession) bool { return !now.Before(o.Until) })
	l.sweep = max(sweepLeast, 2*len(l.open))
}

// cameFrom is where an entry's statement came from.
func cameFrom(r cell.Recorded) string {
	if r.Entry.Observed == nil {
		return ""
	}
	var observed cell.Observed
	if canon.Decode(r.Entry.Observed, ledger.EntryLimit, &observed) != nil {
		return ""
	}
	return observed.Address
}

// Sessions are a person's that statements opened and that are not over, newest
// first. Whether one was ended before its time is for the caller to know.
func (c *Cell) Sessions(person string, now canon.Time) []SignIn {
	return read(c, func(s *state) []SignIn {
		p, _ := s.roster.Person(person)
		all := []SignIn{}
		for _, o := range s.learned.sessions.open {
			at := slices.IndexFunc(p.Keys, func(k roster.Key) bool { return k.Fingerprint == o.With && s.roster.Active(k) })
			if o.person != person || at < 0 || !now.Before(o.Until) {
				continue
			}
			o.How = howBy(p.Keys[at])
			all = append(all, o.SignIn)
		}
		SortSignIns(all)
		return all
	})
}

// HowBy is the way of a key of a person.
func (c *Cell) HowBy(person, fingerprint string) How {
	return read(c, func(s *state) How {
		p, _ := s.roster.Person(person)
		if at := slices.IndexFunc(p.Keys, func(k roster.Key) bool { return k.Fingerprint == fingerprint }); at >= 0 {
			return howBy(p.Keys[at])
		}
		return BySSHKey
	})
}

// SortSignIns puts the newest first.
func SortSignIns(all []SignIn) {
	slices.SortFunc(all, func(a, b SignIn) int {
		if n := b.At.Std().Compare(a.At.Std()); n != 0 {
			return n
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
}
