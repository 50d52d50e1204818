package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Problem is the body of every answer that is no success (RFC 9457). Reason is
// for programs and never changes its meaning; Detail and Hint are for people.
type Problem struct {
	Type   string `json:"type"` // urn:halligan:problem: and the reason
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Reason string `json:"reason"`
	Hint   string `json:"hint,omitempty"`

	after int    // seconds after which to ask again; 0: says nothing of it
	allow string // of another method than the path has: those that it has
}

// Error is for people.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return p.Detail
}

const problemType = "urn:halligan:problem:"

// Reasons of the API itself, beside those of the rules.
const (
	reasonMalformed  = "malformed"
	reasonBodyLarge  = "body-too-large"
	reasonMediaType  = "media-type"
	reasonQuery      = "malformed-query"
	reasonNoToken    = "token-missing"
	reasonBadToken   = "token-refused"
	reasonTwoTokens  = "token-twice"
	reasonForeign    = "other-site"
	reasonNotFound   = "not-found"
	reasonMethod     = "method-not-allowed"
	reasonHost       = "wrong-host"
	reasonStranger   = "too-many-attempts"
	reasonOften      = "too-many-statements"
	reasonReads      = "too-many-reads"
	reasonBusy       = "busy"
	reasonUnknown    = "outcome-unknown"
	reasonClosed     = "closing"
	reasonInternal   = "internal"
	reasonFetched    = "already-fetched"
	reasonOpened     = "already-opened"
	reasonAmbiguous  = "ambiguous"
	reasonNotShown   = "not-shown"
	reasonTooMuch    = "too-much-evidence"
	reasonMintFailed = "mint-failed"

	reasonNotProposer = "not-a-proposer"
	reasonUnverified  = "user-not-verified"
	reasonKeyKnown    = "key-known"

	reasonNoCode  = "not-by-a-code"
	reasonGuesses = "too-many-codes"

	reasonProvider = "provider-refused"
	reasonSilent   = "provider-silent"
	reasonIdentity = "identity-unknown"
	reasonBegun    = "not-begun-here"
)

func problem(status int, reason, title, detail, hint string) *Problem {
	return &Problem{Type: problemType + reason, Title: title, Status: status, Detail: detail, Reason: reason, Hint: hint}
}

func notFound(what string) *Problem {
	return problem(http.StatusNotFound, reasonNotFound, "not found", "there is no "+what+" here", "")
}

func malformed(detail string) *Problem {
	return problem(http.StatusBadRequest, reasonMalformed, "malformed", detail, "the format is described in docs/reference")
}

func badQuery(detail string) *Problem {
	return problem(http.StatusBadRequest, reasonQuery, "malformed query", detail, "")
}

func busy(detail string) *Problem {
	p := problem(http.StatusServiceUnavailable, reasonBusy, "busy", detail, "wait a little and ask again")
	p.after = 2
	return p
}

// problemOf says an error to whoever asked. What is nobody's business but the
// operator's is logged under an id, and only the id is said.
func (s *service) problemOf(err error) *Problem {
	var known *Problem
	var refusal *cell.Refusal
	var often *broker.TooOften
	var bad *broker.Malformed
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &refusal):
		return refused(refusal)
	case errors.As(err, &often):
		p := problem(http.StatusTooManyRequests, reasonOften, "too many statements", often.Error(),
			"send the very same bytes again then; stopping, releasing, withdrawing and deciding are never held up")
		p.after = int(often.After.Seconds())
		return p
	case errors.Is(err, broker.ErrBusy):
		return busy("too much is waiting to be checked")
	case errors.As(err, &bad):
		p := malformed(bad.Error())
		p.Title = "the " + what(bad) + " cannot be read"
		return p
	case errors.Is(err, broker.ErrUnknown), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p := problem(http.StatusServiceUnavailable, reasonUnknown, "the outcome is not known",
			"what was sent may or may not have been taken", "send the very same bytes again: they count once")
		p.after = 1
		return p
	case errors.Is(err, broker.ErrClosed):
		p := problem(http.StatusServiceUnavailable, reasonClosed, "the server is closing", "nothing was taken", "send the very same bytes again in a moment")
		p.after = 2
		return p
	case errors.Is(err, broker.ErrAbsent):
		return notFound("such thing")
	}
	return s.internal(err)
}

// what names the part of a submission that is malformed, without its hash.
func what(bad *broker.Malformed) string {
	for i, c := range bad.What {
		if c == ' ' {
			return bad.What[:i]
		}
	}
	return bad.What
}

func (s *service) internal(err error) *Problem {
	var raw [8]byte
	rand.Read(raw[:])
	id := hex.EncodeToString(raw[:])
	s.Log.Error("a request failed", slog.String("id", id), slog.Any("error", err))
	return problem(http.StatusInternalServerError, reasonInternal, "something went wrong at the server",
		"the server's log has it under "+id, "tell whoever runs the server this id")
}

// write sends a problem.
func (p *Problem) write(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Type", "application/problem+json")
	header.Set("Cache-Control", "no-store")
	if p.Status == http.StatusUnauthorized && (p.Reason == reasonNoToken || p.Reason == reasonBadToken) {
		header.Set("WWW-Authenticate", `Bearer realm="halligan"`)
	}
	if p.allow != "" {
		header.Set("Allow", p.allow)
	}
	if p.after > 0 {
		header.Set("Retry-After", strconv.Itoa(p.after))
	}
	data, err := json.Marshal(p)
	if err != nil {
		data = []byte("{}") // strings that are not UTF-8; none of ours are
	}
	w.WriteHeader(p.Status)
	// An error means that the reader has gone.
	_, _ = w.Write(append(data, '\n'))
}
