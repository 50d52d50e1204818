package revocation

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxReport is the greatest length of an encoded report in bytes.
	MaxReport = 32 << 10
	// MaxSessions is the greatest number of sessions, and of ended sessions.
	MaxSessions = 128
	// MaxProblems is the greatest number of problems.
	MaxProblems = 16
	// MaxProblem is the greatest length of a problem in bytes.
	MaxProblem = 200

	maxHost = 253
	maxUser = 64
)

// ErrReport is wrapped by every error about a report.
var ErrReport = errors.New("not a host report")

// A Report is what a host says of itself: which list it has put in force, and
// which sessions it saw after that. The host signs Bytes as an SSHSIG.
//
// It can prove that a grant's sessions ended on that host only if the list's
// number covers the closing, ListedAt is not before the list was in force, no
// session bears the grant's key id, and More is zero: with More above zero the
// absence of a session says nothing.
type Report struct {
	Origin string
	Host   string
	List   ListRef // in force on this host when it listed
	// ListedAt is when the sessions were listed, by the host's clock; UTC in
	// whole milliseconds, like every time here.
	ListedAt time.Time
	Sequence int64     // rises with every report of this host
	Sessions []Session // found after List was put in force
	More     int       // sessions that were found and left out
	Ended    []Session // ended by the host since its last report that was taken
	Problems []string  // what went wrong; for people
}

// ListRef names a list without its content.
type ListRef struct {
	Number int64
	At     time.Time
}

// A Session is a login by certificate that has a process on the host.
type Session struct {
	KeyID   string
	Serial  uint64
	User    string
	PID     int       // of the sshd process that serves the connection
	Started time.Time // when the login was admitted
}

// The wire forms: members in the order of RFC 8785. Serials are strings since
// they do not fit into the numbers of JSON.
type wireReport struct {
	Ended    []wireSession `json:"ended"`
	Host     string        `json:"host"`
	List     wireList      `json:"list"`
	ListedAt string        `json:"listed_at"`
	More     int           `json:"more"`
	Origin   string        `json:"origin"`
	Problems []string      `json:"problems"`
	Sequence int64         `json:"sequence"`
	Sessions []wireSession `json:"sessions"`
}

type wireList struct {
	At     string `json:"at"`
	Number int64  `json:"number"`
}

type wireSession struct {
	KeyID   string `json:"key_id"`
	PID     int    `json:"pid"`
	Serial  uint64 `json:"serial,string"`
	Started string `json:"started"`
	User    string `json:"user"`
}

// Bytes returns the canonical JSON (RFC 8785) of the report. It fails with
// ErrReport when the report breaks a limit.
func (r Report) Bytes() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	w := wireReport{
		Ended: toWire(r.Ended), Host: r.Host, Origin: r.Origin, More: r.More,
		List:     wireList{At: r.List.At.Format(stamp), Number: r.List.Number},
		ListedAt: r.ListedAt.Format(stamp), Problems: r.Problems,
		Sequence: r.Sequence, Sessions: toWire(r.Sessions),
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	}
	if err := (*jsontext.Value)(&b).Canonicalize(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrReport, err)
	}
	if len(b) > MaxReport {
		return nil, fmt.Errorf("%w: over %d bytes", ErrReport, MaxReport)
	}
	return b, nil
}

// DecodeReport reads what Bytes wrote, and nothing else: unknown or missing
// members, another order, white space and values outside the limits are
// ErrReport.
func DecodeReport(data []byte) (Report, error) {
	if len(data) > MaxReport {
		return Report{}, fmt.Errorf("%w: over %d bytes", ErrReport, MaxReport)
	}
	var w wireReport
	if err := json.Unmarshal(data, &w, json.RejectUnknownMembers(true)); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrReport, err)
	}
	r := Report{Origin: w.Origin, Host: w.Host, Sequence: w.Sequence, More: w.More}
	r.List.Number = w.List.Number
	if len(w.Problems) > 0 {
		r.Problems = w.Problems
	}
	var errs [4]error
	r.List.At, errs[0] = time.Parse(stamp, w.List.At)
	r.ListedAt, errs[1] = time.Parse(stamp, w.ListedAt)
	r.Sessions, errs[2] = fromWire(w.Sessions)
	r.Ended, errs[3] = fromWire(w.Ended)
	if err := errors.Join(errs[:]...); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrReport, err)
	}
	again, err := r.Bytes()
	if err != nil {
		return Report{}, err
	}
	if !bytes.Equal(again, data) {
		return Report{}, fmt.Errorf("%w: not in its one encoding", ErrReport)
	}
	return r, nil
}

func toWire(sessions []Session) []wireSession {
	out := make([]wireSession, len(sessions))
	for i, s := range sessions {
		out[i] = wireSession{s.KeyID, s.PID, s.Serial, s.Started.Format(stamp), s.User}
	}
	return out
}

func fromWire(sessions []wireSession) ([]Session, error) {
	var out []Session
	for _, w := range sessions {
		at, err := time.Parse(stamp, w.Started)
		if err != nil {
			return nil, err
		}
		out = append(out, Session{KeyID: w.KeyID, Serial: w.Serial, User: w.User, PID: w.PID, Started: at})
	}
	return out, nil
}

func (r Report) check() error {
	switch {
	case !validOrigin(r.Origin):
		return fmt.Errorf("%w: bad origin", ErrReport)
	case len(r.Host) > maxHost || !ValidKeyID(r.Host):
		return fmt.Errorf("%w: bad host name", ErrReport)
	case r.List.Number < 0 || !validTime(r.List.At) || !validTime(r.ListedAt):
		return fmt.Errorf("%w: bad list or time", ErrReport)
	case r.Sequence < 0 || r.Sequence >= 1<<53 || r.List.Number >= 1<<53:
		return fmt.Errorf("%w: number out of range", ErrReport)
	case r.More < 0 || r.More > 1<<31 || len(r.Sessions) > MaxSessions || len(r.Ended) > MaxSessions:
		return fmt.Errorf("%w: too many sessions", ErrReport)
	case len(r.Problems) > MaxProblems:
		return fmt.Errorf("%w: too many problems", ErrReport)
	}
	for _, p := range r.Problems {
		if len(p) > MaxProblem || !printable(p) {
			return fmt.Errorf("%w: bad problem", ErrReport)
		}
	}
	for _, list := range [][]Session{r.Sessions, r.Ended} {
		for _, s := range list {
			if !ValidKeyID(s.KeyID) || len(s.User) == 0 || len(s.User) > maxUser || !printable(s.User) ||
				s.PID <= 0 || s.PID > 1<<31 || !validTime(s.Started) {
				return fmt.Errorf("%w: bad session", ErrReport)
			}
		}
	}
	return nil
}
