package api

import (
	"errors"
	"net/http"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// What keeps strangers from using up the server, without standing in the way of
// people who share an address with them:
//
//  1. Only what proves nothing is charged to the address that it came from, and
//     only after it has proved nothing.
//  2. Once an address has had enough, what comes from it with a key that is
//     nobody's is refused before its signature is checked.
//  3. What names a key of somebody is always checked, by turns: one that sends
//     many waits for itself (broker.Turns).

func tooMany() *Problem {
	p := problem(http.StatusTooManyRequests, reasonStranger, "too many attempts",
		"too much came from this address without a signature that counts", "wait a second and send the same bytes again")
	p.after = 1
	return p
}

func tooMuchRead() *Problem {
	p := problem(http.StatusTooManyRequests, reasonReads, "too much is read",
		"you have read more than this server's limits allow in a minute", "wait a second and ask again; statements are taken as ever")
	p.after = 1
	return p
}

// stranger charges for an answer that was given to somebody who proved nothing.
// The answer stands unless the address had enough before.
func (s *service) stranger(c *call, err error) error {
	var p *Problem
	if !errors.As(err, &p) || p.Reason != reasonNoToken { // who asks for a page without a token tries nothing
		s.attempts.stranger(strangely(p), Network(c.from))
	}
	if !s.strangers.take(Network(c.from)) {
		return tooMany()
	}
	return err
}

// strangely is what a stranger tried, in one word.
func strangely(p *Problem) string {
	if p != nil && p.Reason == reasonBadToken {
		return "token"
	}
	return "other"
}

// share is whose turn a signature uses: of the key that it names, at the address
// that it came from, so that nobody elsewhere can stand in a person's line. The
// keys of nobody share one line at each address. False says that the address had
// enough and the key is nobody's.
func (s *service) share(c *call, fingerprint string, somebody bool) (string, bool) {
	at := Network(c.from)
	if somebody {
		return at.String() + " " + fingerprint, true
	}
	return at.String(), !s.strangers.dry(at)
}

// claims tells whose key a signature names, if anybody's. It checks nothing:
// that the key is somebody's is what a stranger may know too.
func (s *service) claims(sent *broker.Submission) (fingerprint string, somebody bool) {
	fingerprint, ok := named(sent.Signature.SSHSig)
	if !ok {
		return "", false
	}
	if _, owned := s.Live.Owner(fingerprint); owned {
		return fingerprint, true
	}
	of, err := sent.Decode()
	if err != nil {
		return fingerprint, false
	}
	switch body := of.Body.(type) {
	case *statement.Fetch:
		return fingerprint, s.holds(fingerprint, body.Of)
	case *statement.Release:
		return fingerprint, s.holds(fingerprint, body.Of)
	}
	return fingerprint, false
}

// holds tells whether a key is the holder key of a request that is not over.
func (s *service) holds(fingerprint string, of canon.Digest) bool {
	view := s.Live.View()
	if view == nil {
		return false
	}
	r, live := view.Find(of)
	return live && roster.Ed25519Fingerprint(r.Holder) == fingerprint
}

// named is the fingerprint of the key that a signature names.
func named(signature []byte) (string, bool) {
	key, ok := signingKey(signature)
	return ticket{Key: key}.fingerprint(), ok
}

// proved tells whether an answer shows that whoever asked is somebody; trouble of
// our own is not held against them. A statement that was taken before shows nothing: entries are read by
// others, and whoever reads one could send the statement in it again.
func proved(a broker.Answer, err error) bool {
	var refusal *cell.Refusal
	var often *broker.TooOften
	switch {
	case err == nil || a.Again:
		return !a.Again
	case errors.As(err, &refusal):
		return refusal.Person != ""
	}
	return errors.As(err, &often) || !errors.As(err, new(*broker.Malformed))
}
