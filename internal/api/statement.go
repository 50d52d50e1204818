package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

const (
	// submitLongest bounds one submission. It is not cut short when the sender
	// goes away: what was begun is brought to an end that can be asked for.
	submitLongest = 60 * time.Second
	notesMost     = 1 + statement.AmendTextsMost
	filesMost     = 1 + statement.AmendScenariosMost
)

// envelope is the body of a submission. It need not be canonical; the statement
// in it must be, for its very bytes are what was signed.
type envelope struct {
	Statement jsontext.Value `json:"statement"`
	Signature signature      `json:"signature"`
	Notes     []salted       `json:"notes,omitempty"`
	Files     [][]byte       `json:"files,omitempty"`  // that a seal, share or change statement names
	Browser   bool           `json:"browser,omitzero"` // of a session: its token goes into a cookie
}

// signature is exactly one of its members.
type signature struct {
	SSHSig  []byte     `json:"sshsig,omitempty"`
	Passkey *assertion `json:"passkey,omitempty"`
}

// salted is the text of a note and its salt.
type salted struct {
	Salt []byte `json:"salt"`
	Text string `json:"text"`
}

// answered is what a statement became.
type answered struct {
	Digest     canon.Digest     `json:"digest"`
	Entry      int64            `json:"entry"`
	At         canon.Time       `json:"at"`
	Stream     string           `json:"stream"`
	Again      bool             `json:"again"` // it was taken before; this is where
	Checkpoint string           `json:"checkpoint"`
	Receipt    jsontext.Value   `json:"receipt,omitempty"` // of the entry, under the checkpoint; none of a session
	Extends    []ledger.Hash    `json:"extends,omitempty"` // the checkpoint goes on from what the statement named as seen
	Events     []jsontext.Value `json:"events"`            // as in the entry
	Request    *view.Request    `json:"request,omitzero"`
	Session    *session         `json:"session,omitzero"`
	Credential *credential      `json:"credential,omitzero"`
}

// session is what opens reading.
type session struct {
	Token string     `json:"token,omitempty"` // empty where it went into a cookie
	Until canon.Time `json:"until"`
}

// submit takes a statement: the one way to change anything as a person.
func (s *service) submit(c *call) error {
	e, submission, err := readSubmission(c)
	if err != nil {
		s.Monitor.submitted("malformed", "")
		return s.stranger(c, err)
	}
	if e.Signature.Passkey != nil {
		if err := s.signedInBrowser(c, *e.Signature.Passkey, &submission); err != nil {
			return err
		}
	}
	var ok bool
	fingerprint, somebody := s.claims(&submission)
	if submission.Share, ok = s.share(c, fingerprint, somebody); !ok {
		s.Monitor.submitted("refused", reasonStranger)
		return tooMany()
	}
	_, _ = submission.Decode() // once for the broker and the answer; the broker says what is wrong
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), submitLongest)
	defer cancel()
	done := s.Monitor.waiting()
	a, err := s.Broker.Submit(ctx, submission)
	done()
	s.count(a, err)
	s.tried(c, &submission, a, err)
	// What no key signed gets one answer at an address that had enough, whether the key
	// that it names is somebody's or nobody's.
	if !proved(a, err) && !s.strangers.take(Network(c.from)) && (!somebody || errors.As(err, new(*broker.Malformed))) {
		return tooMany()
	}
	if err != nil {
		return err
	}
	out, err := s.answer(ctx, submission, a)
	if err != nil {
		return err
	}
	if e.Browser && out.Session != nil {
		s.intoCookie(c, out.Session)
	}
	status := http.StatusCreated
	if a.Again {
		status = http.StatusOK
	}
	return c.json(status, out)
}

// readSubmission reads the envelope: unknown, missing and duplicate members are
// errors, and so is everything that would have to be guessed.
func readSubmission(c *call) (e envelope, out broker.Submission, err error) {
	if err := json.Unmarshal(c.body, &e, json.RejectUnknownMembers(true)); err != nil {
		return e, out, malformed(decodeFault(err))
	}
	switch {
	case len(e.Statement) == 0:
		return e, out, malformed("statement: must be there")
	case (len(e.Signature.SSHSig) == 0) == (e.Signature.Passkey == nil):
		return e, out, malformed("signature: exactly one of sshsig and passkey must be there")
	case len(e.Files) > filesMost:
		return e, out, malformed(fmt.Sprintf("files: %d, at most %d", len(e.Files), filesMost))
	case len(e.Notes) > notesMost:
		return e, out, malformed(fmt.Sprintf("notes: %d, at most %d", len(e.Notes), notesMost))
	}
	out = broker.Submission{Statement: e.Statement, Signature: ledger.Signature{SSHSig: e.Signature.SSHSig}, Attachments: e.Files, Address: c.from.String()}
	if !c.from.IsValid() {
		out.Address = ""
	}
	for i, n := range e.Notes {
		if len(n.Salt) != ledger.SaltSize {
			return e, out, malformed(fmt.Sprintf("notes: number %d: salt: must be %d bytes", i, ledger.SaltSize))
		}
		out.Notes = append(out.Notes, ledger.Note{Salt: [ledger.SaltSize]byte(n.Salt), Text: n.Text})
	}
	if !e.Browser {
		return e, out, nil
	}
	return e, out, mayOpen(c, &out)
}

// decodeFault says where a body is wrong and not what it holds there, which may
// be a note's text.
func decodeFault(err error) string {
	var syntax *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("not JSON as we take it, near byte %d, in %q: names must be known, spelled exactly and stand once", syntax.ByteOffset, string(syntax.JSONPointer))
	case errors.As(err, &semantic):
		return fmt.Sprintf("not what is due near byte %d, in %q: names must be known, spelled exactly and stand once", semantic.ByteOffset, string(semantic.JSONPointer))
	}
	return "not what is due"
}

func (s *service) count(a broker.Answer, err error) {
	var refusal *cell.Refusal
	var often *broker.TooOften
	var bad *broker.Malformed
	switch {
	case err == nil && a.Again:
		s.Monitor.submitted("again", "")
	case err == nil:
		s.Monitor.submitted("taken", "")
	case errors.As(err, &refusal):
		s.Monitor.submitted("refused", string(refusal.Reason))
	case errors.As(err, &often):
		s.Monitor.submitted("refused", reasonOften)
	case errors.As(err, &bad):
		s.Monitor.submitted("malformed", "")
	case errors.Is(err, broker.ErrUnknown):
		s.Monitor.submitted("unknown", "")
	default:
		s.Monitor.submitted("failed", "")
	}
}

// answer says what a statement became. A statement that was taken before gets
// its place again and nothing that only its signer should have: entries are
// read by others, and whoever reads one could send the statement in it again.
func (s *service) answer(ctx context.Context, sent broker.Submission, a broker.Answer) (answered, error) {
	of, err := sent.Decode()
	if err != nil {
		return answered{}, err // the broker decoded the same bytes
	}
	if a.Again {
		return s.again(ctx, of, a)
	}
	out := answered{Digest: a.Digest, Entry: a.Index, At: a.At, Stream: a.Stream, Events: a.Encoded}
	// Before anything that is given once: what fails here can be asked for again.
	if err := s.vouch(ctx, &out, of, a); err != nil {
		return answered{}, err
	}
	if a.Request != nil && of.Body.Kind() != statement.KindFetch { // a fetch wants its credential, and fast
		shown := s.shown(ctx, of.Actor, a.Request)
		if of.Body.Kind() == statement.KindRequest {
			shown.Also = s.Live.View().Also(a.Request)
		}
		out.Request = &shown
	}
	for _, e := range a.Events {
		switch e := e.(type) {
		case *cell.SessionOpened:
			key, ok := signingKey(sent.Signature.SSHSig)
			if !ok {
				return answered{}, errors.New("the key of a signature that was checked cannot be read")
			}
			out.Session = &session{s.tokens.make(ticket{Person: e.Person, Until: e.Until, Digest: a.Digest, Key: key}), e.Until}
		case *cell.CredentialAuthorised:
			if out.Credential, err = s.mint(ctx, a, e); err != nil {
				return answered{}, err
			}
		}
	}
	return out, nil
}

func (s *service) again(ctx context.Context, of statement.Statement, a broker.Answer) (answered, error) {
	switch of.Body.Kind() {
	case statement.KindFetch:
		return answered{}, problem(http.StatusConflict, reasonFetched, "fetched already",
			"a credential is handed over once for each fetch", "fetch anew: a new fetch is a new credential with a serial of its own")
	case statement.KindSession:
		return answered{}, problem(http.StatusConflict, reasonOpened, "opened already",
			"a token is handed over once for each session statement", "sign a new session statement")
	}
	bodies, err := s.Read.Entries(ctx, a.Index, 1)
	if err != nil {
		return answered{}, err
	}
	if len(bodies) == 0 {
		return answered{}, fmt.Errorf("entry %d: %w", a.Index, broker.ErrUnknown)
	}
	entry, err := ledger.DecodeEntry(bodies[0])
	if err != nil {
		return answered{}, err
	}
	out := answered{Digest: a.Digest, Entry: a.Index, At: entry.At, Stream: entry.Stream, Again: true, Events: entry.Events}
	a.Body, a.Checkpoint = bodies[0], s.Ledger.Head()
	return out, s.vouch(ctx, &out, of, a)
}
