package client

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
)

// Problem is the server's no (RFC 9457). Branch on Reason.
type Problem struct {
	Status int
	Reason string // of the rules, or of the API; never changes its meaning
	Title  string
	Detail string
	Hint   string

	after time.Duration // how long to wait before asking again
}

// Error is for people.
func (p *Problem) Error() string {
	if p.Detail != "" {
		return p.Detail
	}
	return p.Title
}

// Reasons that callers of this package branch on.
const (
	ReasonFetched = "already-fetched"
	ReasonOpened  = "already-opened"
	ReasonToken   = "token-refused"
	ReasonUnknown = "outcome-unknown"

	ReasonNotFound = "not-found"
)

var (
	// ErrUnknown says that a statement may or may not have been taken. Sending
	// the same bytes again settles it.
	ErrUnknown = errors.New("the outcome is not known")
	// ErrServerKey says that the server has another TLS key than the pinned one.
	ErrServerKey = errors.New("the server's key is not the one that the profile pins")
)

// Temporary tells whether the very same request may be answered differently in
// a moment.
func (p *Problem) Temporary() bool {
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// problemOf reads the body of an answer that is no success.
func problemOf(r *http.Response, body []byte) *Problem {
	var wire struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
		Reason string `json:"reason"`
		Hint   string `json:"hint"`
	}
	p := &Problem{Status: r.StatusCode}
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && seconds > 0 && seconds <= 60 {
		p.after = time.Duration(seconds) * time.Second
	}
	if r.Header.Get("Content-Type") != "application/problem+json" || json.Unmarshal(body, &wire) != nil || wire.Reason == "" {
		p.Reason, p.Title = "http", fmt.Sprintf("the server answers %s", http.StatusText(r.StatusCode))
		return p
	}
	p.Title, p.Detail, p.Reason, p.Hint = wire.Title, wire.Detail, wire.Reason, wire.Hint
	return p
}

func asProblem(err error) (*Problem, bool) {
	var no *Problem
	ok := errors.As(err, &no)
	return no, ok
}
