package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// validFor is how long a statement that this client signs is valid.
const validFor = 10 * time.Minute

// Answer is what a statement became.
type Answer struct {
	Digest     canon.Digest     `json:"digest"`
	Entry      int64            `json:"entry"`
	At         canon.Time       `json:"at"`
	Stream     string           `json:"stream"`
	Again      bool             `json:"again"`
	Checkpoint string           `json:"checkpoint"`
	Receipt    jsontext.Value   `json:"receipt"` // checked; ledger.OpenReceipt reads it
	Extends    []ledger.Hash    `json:"extends"` // from what was named as seen to the checkpoint
	Unkept     error            `json:"-"`       // why the receipt could not be kept here; nil: it was
	Events     []jsontext.Value `json:"events"`
	Request    jsontext.Value   `json:"request"`
	Session    *struct {
		Token string     `json:"token"`
		Until canon.Time `json:"until"`
	} `json:"session"`
	Credential *Credential `json:"credential"`
}

// Noted is the text of a note and its salt.
type Noted struct {
	Salt []byte `json:"salt"`
	Text string `json:"text"`
}

// NewNoted makes a note of a text: what a statement carries, and what goes with
// it.
func NewNoted(text string) (statement.Note, Noted, error) {
	var salt [32]byte
	rand.Read(salt[:])
	note, err := statement.NewNote(salt, text)
	return note, Noted{Salt: salt[:], Text: text}, err
}

// Submit signs a statement of the profile's person and sends it.
func (c *Client) Submit(ctx context.Context, body statement.Body, notes ...Noted) (Answer, error) {
	if c.signer == nil {
		return Answer{}, ErrNoKey
	}
	return c.SubmitAs(ctx, c.signer, body, notes...)
}

// SubmitAs is Submit with another key, such as a holder's.
func (c *Client) SubmitAs(ctx context.Context, signer Signer, body statement.Body, notes ...Noted) (Answer, error) {
	return c.submit(ctx, signer, body, Beside{Notes: notes})
}

// SubmitWith is Submit with the files that the statement names.
func (c *Client) SubmitWith(ctx context.Context, body statement.Body, files [][]byte, notes ...Noted) (Answer, error) {
	if c.signer == nil {
		return Answer{}, ErrNoKey
	}
	return c.submit(ctx, c.signer, body, Beside{notes, files})
}

// Beside is what goes with a statement: the texts and the encrypted files that
// it names by their digests.
type Beside struct {
	Notes []Noted
	Files [][]byte
}

func (c *Client) submit(ctx context.Context, signer Signer, body statement.Body, with Beside) (Answer, error) {
	for try := range 2 {
		data, err := c.statement(ctx, body, try > 0)
		if err != nil {
			return Answer{}, err
		}
		answer, err := c.sendSigned(ctx, signer, data, with)
		var no *Problem
		if try == 0 && errors.As(err, &no) && (no.Reason == "seen-stale" || no.Reason == "seen-unknown") {
			continue // the checkpoint that was named is too old: name a newer one
		}
		return answer, err
	}
	return Answer{}, ErrUnreachable
}

// statement makes the bytes to sign.
func (c *Client) statement(ctx context.Context, body statement.Body, anew bool) ([]byte, error) {
	origin, seen, err := c.header(ctx, anew)
	if err != nil {
		return nil, err
	}
	h := statement.Header{
		Actor: c.profile.Person, Ledger: origin, Expires: canon.At(c.now().Add(validFor)),
		Seen: statement.Seen{Size: seen.Size, Root: canon.Digest(seen.Root)},
	}
	rand.Read(h.Nonce[:])
	return statement.Encode(statement.Statement{Header: h, Body: body})
}

// SendSigned signs the bytes of a statement and sends them until the outcome is
// known.
func (c *Client) SendSigned(ctx context.Context, signer Signer, data []byte, notes ...Noted) (Answer, error) {
	return c.sendSigned(ctx, signer, data, Beside{Notes: notes})
}

// SendSignedWith is SendSigned with all that the statement names.
func (c *Client) SendSignedWith(ctx context.Context, signer Signer, data []byte, with Beside) (Answer, error) {
	return c.sendSigned(ctx, signer, data, with)
}

func (c *Client) sendSigned(ctx context.Context, signer Signer, data []byte, with Beside) (Answer, error) {
	decoded, err := statement.Decode(data)
	if err != nil {
		return Answer{}, err
	}
	blob, err := signer.Sign(ctx, sshsig.Namespace(string(decoded.Body.Kind())), data)
	if err != nil {
		return Answer{}, fmt.Errorf("cannot sign: %w", err)
	}
	envelope, err := json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Notes     []Noted          `json:"notes,omitempty"`
		Files     [][]byte         `json:"files,omitempty"`
	}{data, ledger.Signature{SSHSig: blob}, with.Notes, with.Files})
	if err != nil {
		return Answer{}, err
	}
	out, err := c.sendUntilKnown(ctx, envelope)
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	if err := json.Unmarshal(out, &answer); err != nil {
		return Answer{}, fmt.Errorf("%w: the server's answer cannot be read: %w", ErrUnknown, err)
	}
	answer.Unkept, err = c.believe(ctx, decoded, answer)
	return answer, err
}

// sendUntilKnown sends the same bytes again while it is not known what became
// of them: they are taken once. An error that wraps ErrUnknown says that it is
// still not known; sending them once more, before they expire, settles it.
func (c *Client) sendUntilKnown(ctx context.Context, envelope []byte) ([]byte, error) {
	out, err := c.patiently(ctx, func() ([]byte, error) {
		return c.exchange(ctx, ask{method: http.MethodPost, address: "/api/v1/statements", body: envelope})
	})
	var no *Problem
	said := errors.As(err, &no) && no.Status < http.StatusInternalServerError
	if err == nil || said || errors.Is(err, ErrServerKey) {
		return out, err
	}
	return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
}

// opened is a session as it is remembered. It reads and can do nothing else.
type opened struct {
	Token string     `json:"token"`
	Until canon.Time `json:"until"`
}

func (c *Client) sessionFile() string {
	return "session-" + canon.Digest(c.profile.Anchor.Genesis).Short() + "-" + c.profile.Person
}

// session is a token for reading: the one at hand, the one that an earlier run
// left, or a new one; anew asks for another than the one at hand.
func (c *Client) session(ctx context.Context, anew bool) (string, error) {
	before, ok := c.remembered()
	if ok && !anew {
		return before.Token, nil
	}
	if !isProving(ctx) { // whoever opens a session may first have to prove an epoch, for which it reads
		c.opening.Lock()
		defer c.opening.Unlock()
	}
	if now, ok := c.remembered(); ok && now.Token != before.Token {
		return now.Token, nil // another call opened one while this one waited
	}
	answer, err := c.Submit(ctx, &statement.Session{For: statement.SessionLongest})
	if no, ok := asProblem(err); ok && no.Reason == ReasonOpened {
		// The first answer was lost on its way, and a token is given once.
		answer, err = c.Submit(ctx, &statement.Session{For: statement.SessionLongest})
	}
	if err != nil {
		return "", err
	}
	if answer.Session == nil {
		return "", errors.New("the server opened no session")
	}
	// Its end is said in the server's time; this machine's clock may be wrong.
	o := opened{Token: answer.Session.Token, Until: canon.At(c.now()).Add(answer.Session.Until.Sub(answer.At))}
	if err := c.keep(c.sessionFile(), canon.MustEncode(o)); err != nil {
		return "", fmt.Errorf("cannot remember the session: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.until = o.Token, o.Until.Std()
	return c.token, nil
}

// remembered is a session that is good for a while yet.
func (c *Client) remembered() (opened, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	good := func() bool { return c.token != "" && c.now().Before(c.until.Add(-10*time.Second)) }
	if good() {
		return opened{c.token, canon.At(c.until)}, true
	}
	data, err := c.kept(c.sessionFile())
	var o opened
	if err != nil || data == nil || canon.Decode(data, 4096, &o) != nil {
		return opened{}, false // a session that cannot be read is opened anew
	}
	c.token, c.until = o.Token, o.Until.Std()
	return o, good()
}
