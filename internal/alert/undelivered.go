package alert

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Class says in one word why an alarm was not delivered.
type Class string

// The classes. Answered and Redirected come with a status.
const (
	Answered    Class = "answered"    // the receiver said no
	Redirected  Class = "redirected"  // the receiver pointed elsewhere; not followed
	TimedOut    Class = "timed-out"   // no answer within the deadline
	Unresolved  Class = "unresolved"  // the host's name has no address
	Unreachable Class = "unreachable" // no connection
	Forbidden   Class = "forbidden"   // the host's name led to an address that is not for alarms
	Untrusted   Class = "untrusted"   // TLS failed, or was not offered where it is demanded
	Unsigned    Class = "unsigned"    // the mail server offers no sign-in with a password; there are no credentials for SNS
	Broken      Class = "broken"      // the connection ended, or did not speak what it should
	Interrupted Class = "interrupted" // the caller's context ended
	Malformed   Class = "malformed"   // the message failed its Check
)

// Undelivered is the error of Send. It holds nothing of the address but scheme
// and host, and nothing that the receiver wrote.
type Undelivered struct {
	Channel    string
	Endpoint   string // scheme and host
	Class      Class
	Permanent  bool          // the same attempt later fails too: somebody must act
	Status     int           // of the answer; 0 where none came
	RetryAfter time.Duration // that the receiver asked for, at most MaxWait; 0 for none
}

// Error says what failed in one line.
func (u *Undelivered) Error() string {
	text := fmt.Sprintf("cannot deliver the alarm to channel %s at %s: %s", u.Channel, u.Endpoint, u.Class)
	if u.Status != 0 {
		text += " " + strconv.Itoa(u.Status)
	}
	return text
}

func (w *Webhook) undelivered(class Class) *Undelivered {
	return &Undelivered{Channel: w.channel, Endpoint: w.endpoint, Class: class, Permanent: class == Malformed}
}

// answered judges an answer that is not 2xx. Whoever answers 3xx or 4xx will do
// so again, but for the three that speak of the moment.
func (w *Webhook) answered(response *http.Response, now time.Time) *Undelivered {
	u := w.undelivered(Answered)
	u.Status = response.StatusCode
	switch u.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
	default:
		u.Permanent = u.Status < 500
	}
	if u.Status/100 == 3 {
		u.Class = Redirected
	}
	if !u.Permanent {
		u.RetryAfter = retryAfter(response.Header.Get("Retry-After"), now)
	}
	return u
}

// retryAfter reads seconds or a date (RFC 9110, 10.2.3). A receiver, or somebody
// before it, must not be able to silence a channel: MaxWait is the most.
func retryAfter(text string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return time.Duration(min(n, uint64(MaxWait/time.Second))) * time.Second
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(date.Sub(now), 0), MaxWait)
}

// classify tells why there was no answer. Everything here may be over soon, a
// false name and a false certificate included: an alarm is not given up because
// somebody stood in its way for a while.
func classify(caller, attempt context.Context, err error) Class {
	var (
		name        *net.DNSError
		dial        *net.OpError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		alert       tls.AlertError
		network     net.Error
	)
	switch {
	case errors.Is(err, errAddress):
		return Forbidden
	case caller.Err() != nil:
		return Interrupted
	case attempt.Err() != nil, errors.As(err, &network) && network.Timeout():
		return TimedOut
	case errors.As(err, &name):
		return Unresolved
	case errors.As(err, &certificate), errors.As(err, &record), errors.As(err, &alert), errors.Is(err, http.ErrSchemeMismatch):
		return Untrusted
	case errors.As(err, &dial) && dial.Op == "dial":
		return Unreachable
	}
	return Broken
}
