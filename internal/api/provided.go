package api

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

// provided are the sessions that an identity provider opened and that may not be
// over. No statement tells of them, so that a token of one counts only while it
// stands here: what is lost with the file is over.
type provided struct {
	path string // empty: in memory only

	mu  sync.Mutex
	all map[canon.Digest]providedSession
}

// providedSession is one of them in the file.
type providedSession struct {
	Session canon.Digest `json:"session"`
	Person  string       `json:"person"`
	Issuer  string       `json:"issuer"`
	Subject string       `json:"subject"`
	From    string       `json:"from,omitempty"`
	At      canon.Time   `json:"at"`
	Until   canon.Time   `json:"until"`
}

func (s providedSession) identity() roster.Identity {
	return roster.Identity{Issuer: s.Issuer, Subject: s.Subject}
}

// key stands in a token where a signing key's hash does. No key hashes to it.
func (s providedSession) key() [sha256.Size]byte {
	return sha256.Sum256([]byte("halligan identity v1\n" + s.Issuer + "\n" + s.Subject))
}

const (
	providedEach  = 16 // sessions of one person; the oldest gives way
	providedMost  = 4000
	providedBytes = 8 << 20
)

// rememberProvided reads the sessions of before the start. Where that cannot be
// read, they are over.
func (s *service) rememberProvided() {
	var err error
	if s.provided, err = openProvided(s.ProvidedFile); err != nil {
		s.Log.Error("who had signed in by the identity provider signs in again", slog.Any("error", err))
	}
}

// openProvided reads the file; none is no session.
func openProvided(path string) (*provided, error) {
	p := &provided{path: path, all: map[canon.Digest]providedSession{}}
	list, err := recall[providedSession](path, providedBytes)
	if err != nil {
		return p, fmt.Errorf("cannot read the sessions in %s: %w", path, err)
	}
	for _, each := range list {
		p.all[each.Session] = each
	}
	return p, nil
}

// get is a session, if there is one.
func (p *provided) get(session canon.Digest) (providedSession, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of, ok := p.all[session]
	return of, ok
}

// of are a person's sessions that are not over, oldest first.
func (p *provided) of(person string, now canon.Time) []providedSession {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.theirs(person, now)
}

func (p *provided) theirs(person string, now canon.Time) (all []providedSession) {
	for _, each := range p.all {
		if each.Person == person && now.Before(each.Until) {
			all = append(all, each)
		}
	}
	slices.SortFunc(all, func(a, b providedSession) int { return a.At.Std().Compare(b.At.Std()) })
	return all
}

// add keeps a session. It counts when add returns without an error, and not before:
// what if we crash in between: it stands in the file, and nobody has its token.
func (p *provided) add(of providedSession, now canon.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, each := range p.all {
		if !now.Before(each.Until) {
			delete(p.all, id)
		}
	}
	for theirs := p.theirs(of.Person, now); len(theirs) >= providedEach; theirs = theirs[1:] {
		delete(p.all, theirs[0].Session)
	}
	if len(p.all) >= providedMost {
		return busy("too many people have signed in by the identity provider in the last minutes; a passkey needs no room")
	}
	p.all[of.Session] = of
	list := slices.SortedFunc(maps.Values(p.all), func(a, b providedSession) int { return slices.Compare(a.Session[:], b.Session[:]) })
	if err := keep(p.path, list); err != nil {
		delete(p.all, of.Session)
		return fmt.Errorf("cannot write the sessions of the identity provider: %w", err)
	}
	return nil
}

// provides tells whether a session that the provider opened counts: its provider is
// the one that is asked, and whoever signed in there is that person still. It does not
// while every key of theirs is suspended: whoever has those may have their browser.
func (s *service) provides(of providedSession) bool {
	if s.Provider == nil || s.Provider.Issuer() != of.Issuer {
		return false
	}
	owner, ok := s.Live.Identified(of.identity())
	return ok && owner == of.Person && !s.Live.Silenced(owner)
}

// shown is the session as its owner sees it.
func (s providedSession) shown() view.SignIn {
	return view.SignIn{ID: s.Session, How: view.ByProvider, With: s.Issuer, From: s.From, At: s.At, Until: s.Until}
}
