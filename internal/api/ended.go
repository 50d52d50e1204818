package api

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/halligan-dev/halligan/internal/canon"
)

// ended are the sessions that somebody ended before their time. A token is kept
// nowhere, so what ends one early must be: until its time has come, and across a
// restart.
type ended struct {
	path string // empty: in memory only

	mu    sync.Mutex
	until map[canon.Digest]canon.Time // session statement → when its token is over by itself
}

// over is one ended session in the file.
type over struct {
	Session canon.Digest `json:"session"`
	Until   canon.Time   `json:"until"`
}

const (
	endedMost  = 10_000 // in the file; in memory, what people could open in the fifteen minutes that one lasts
	endedBytes = 2 << 20
)

// rememberEnded reads which sessions were ended before the start. Where that
// cannot be read, all tokens of before are void: people sign another session, and
// nobody reads on with one that was ended.
func (s *service) rememberEnded() {
	var err error
	if s.ended, err = openEnded(s.EndedFile); err != nil {
		s.Log.Error("every session of before is over", slog.Any("error", err))
		rand.Read(s.tokens.key)
	}
}

// openEnded reads the file; none is no session.
func openEnded(path string) (*ended, error) {
	e := &ended{path: path, until: map[canon.Digest]canon.Time{}}
	list, err := recall[over](path, endedBytes)
	if err != nil {
		return e, fmt.Errorf("cannot read the ended sessions in %s: %w", path, err)
	}
	for _, o := range list {
		e.until[o.Session] = o.Until
	}
	return e, nil
}

// has tells whether a session was ended.
func (e *ended) has(session canon.Digest) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, found := e.until[session]
	return found
}

// add ends sessions. They are over when add returns, whatever it returns; after an
// error a restart may bring them back for the rest of their time.
func (e *ended) add(now canon.Time, sessions ...over) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for other, at := range e.until {
		if !now.Before(at) {
			delete(e.until, other)
		}
	}
	for _, each := range sessions {
		e.until[each.Session] = each.Until
	}
	if e.path == "" {
		return nil
	}
	if len(e.until) > endedMost { // what a start would refuse to read
		return busy("too many sessions were ended in the last minutes: this one is over, but a restart would bring it back for the rest of its time")
	}
	var list []over
	for session, until := range e.until {
		list = append(list, over{session, until})
	}
	slices.SortFunc(list, func(a, b over) int { return slices.Compare(a.Session[:], b.Session[:]) })
	if err := keep(e.path, list); err != nil {
		return fmt.Errorf("cannot write the ended sessions, so a restart would bring one back: %w", err)
	}
	return nil
}
