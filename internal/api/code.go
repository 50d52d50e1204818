package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// Whoever guesses codes is slowed: of one device an address may be wrong five times
// at once and then once in ten minutes, and all addresses together twenty times and
// then as often. Of a million codes three are right at a time, so that guessing for
// a whole day finds one of a device's in one of two thousand cases, and is a finding from
// the fifth on. What is slowed is that one device, and no key of its person.
var (
	wrongHere = Rate{Each: 1.0 / wrongEvery, Burst: 5}
	wrongAll  = Rate{Each: 1.0 / wrongEvery, Burst: 20}
)

const wrongEvery = 600 // seconds

// guesses bounds how often codes may be wrong.
type guesses struct {
	here, all *limiter[string]
}

func newGuesses() guesses {
	return guesses{here: newLimiter[string](wrongHere), all: newLimiter[string](wrongAll)}
}

// take charges for a guess before it is looked at, so that many at once are not
// more than one after another; false says that there were too many.
func (g guesses) take(c *call, key string) bool {
	here := Network(c.from).String() + " " + key
	if !g.here.take(here) {
		return false
	}
	if !g.all.take(key) {
		g.here.give(here)
		return false
	}
	return true
}

// right takes back what a guess was charged that was none.
func (g guesses) right(c *call, key string) {
	g.here.give(Network(c.from).String() + " " + key)
	g.all.give(key)
}

// byCode is the body of whoever would have the server sign with their code device.
type byCode struct {
	Statement jsontext.Value `json:"statement"`     // the bytes to sign
	Key       string         `json:"key,omitempty"` // of the device: type and base64; none: any of its actor's
	Code      string         `json:"code"`          // six digits
}

// signature by a code device, for the statement to be sent with.
type signedByCode struct {
	SSHSig []byte `json:"sshsig"`
}

// signByCode signs one statement with its actor's code device, if the code is right.
// It changes nothing of the cell, and uses the code up: what the signature is worth,
// and whether what was signed is allowed, is for whoever gets the statement.
func (s *service) signByCode(c *call) error {
	var sent byCode
	if err := json.Unmarshal(c.body, &sent, json.RejectUnknownMembers(true)); err != nil {
		return s.stranger(c, malformed(decodeFault(err)))
	}
	if !totp.CheckDigits(sent.Code) {
		return s.stranger(c, malformed("code: must be six digits, and nothing before, between or behind them"))
	}
	submission := broker.Submission{Statement: sent.Statement}
	of, err := submission.Decode()
	if err != nil {
		return s.stranger(c, &broker.Malformed{What: "statement", Err: err})
	}
	if s.Codes == nil {
		return noCodes()
	}
	if !takesCodes(of) || of.Ledger != s.Anchor.Origin {
		return s.stranger(c, problem(http.StatusForbidden, reasonNoCode, "not by a code", "a "+string(of.Body.Kind())+" statement of this cell is not signed by a code",
			"sign it with a passkey or an SSH key: a code is the server's word, which is not enough for that"))
	}
	signature, err := s.byDevices(c, of, sent)
	if err != nil {
		return err
	}
	s.Log.Info("signed by a code", slog.String("person", of.Actor), slog.String("kind", string(of.Body.Kind())))
	return c.json(http.StatusOK, signedByCode{signature})
}

// byDevices has the device sign that was named, or whichever of its actor's has that
// code. Who has none is answered and slowed as for wrong codes of one that is there, so
// that neither tells anybody who has one.
func (s *service) byDevices(c *call, of statement.Statement, sent byCode) (signature []byte, err error) {
	devices := slices.DeleteFunc(s.Live.Devices(of.Actor), func(line string) bool { return sent.Key != "" && line != sent.Key })
	if len(devices) == 0 {
		// Apart from the others: names that nobody has make no room among devices. And
		// by whether one was named, not by which: whoever can name one knows that it is there.
		if !s.unheld.take(c, fmt.Sprint(of.Actor, " ", sent.Key != "")) {
			return nil, s.stranger(c, slowed())
		}
		return nil, s.stranger(c, wrongCode(totp.ErrWrong))
	}
	for _, line := range devices {
		signature, err = s.guessed(c, of.Actor, line, func() ([]byte, error) {
			return s.Codes.Sign(totp.Use{Person: of.Actor, Key: line, Code: sent.Code}, sshsig.Namespace(string(of.Body.Kind())), sent.Statement)
		})
		// One that had too many wrong codes keeps nobody from another.
		if p := new(Problem); !errors.As(err, &p) || p.Reason != totp.ErrWrong.Reason() && p.Reason != reasonGuesses {
			break
		}
	}
	return signature, err
}

// takesCodes tells whether a kind of statement may be signed by a code at all.
func takesCodes(of statement.Statement) bool {
	rule, known := cell.RuleOf(of.Body.Kind())
	return known && rule.Signer == cell.ByPerson && roster.ServerAttested.AtLeast(rule.Least) && !of.Offline
}

// guessed does something that takes a code of a person's device, and holds it
// against nobody if that was right.
func (s *service) guessed(c *call, person, key string, use func() ([]byte, error)) ([]byte, error) {
	if !s.guesses.take(c, key) {
		s.attempts.person(view.AttemptForged, person, codeAttempt, Network(c.from))
		return nil, slowed()
	}
	out, err := use()
	var refusal totp.Refusal
	if errors.As(err, &refusal) && refusal != totp.ErrMany {
		s.attempts.person(view.AttemptForged, person, codeAttempt, Network(c.from))
		return nil, wrongCode(refusal)
	}
	s.guesses.right(c, key)
	return out, err
}

// codeAttempt is what a wrong code would have been, among attempts.
const codeAttempt = "code"

func slowed() *Problem {
	p := problem(http.StatusTooManyRequests, reasonGuesses, "too many wrong codes", "this device had too many wrong codes lately",
		"use a passkey or an SSH key, which wait for nothing; or try again in ten minutes")
	p.after = wrongEvery
	return p
}

func wrongCode(refusal totp.Refusal) *Problem {
	hint := "read it off the app anew: each is good for half a minute, and the phone's clock must be right"
	if refusal == totp.ErrUsed {
		hint = "wait for the next one: at most half a minute"
	}
	return problem(http.StatusForbidden, refusal.Reason(), "not signed", refusal.Error(), hint)
}

func noCodes() *Problem {
	return problem(http.StatusNotFound, reasonNotFound, "no codes here", "this server keeps no code devices", "sign with a passkey or an SSH key; whoever runs the server finds in its log why")
}

// tidyDevices forgets the code devices that are good for nothing any more. One that
// cannot be forgotten is none that signs: its key is not in the roster.
func (s *service) tidyDevices() {
	if s.Codes == nil {
		return
	}
	if err := s.Codes.Tidy(s.Live.Standing); err != nil {
		s.Log.Error("code devices that are over are still there", slog.Any("error", err))
	}
}
