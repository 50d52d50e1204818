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

// Retries of a submission whose outcome is not known: the same bytes, so that it
// is taken once.
const (
	submitTries = 8
	submitPause = 250 * time.Millisecond
)

// Answer is what a statement became.
type Answer struct {
	Digest     canon.Digest     `json:"digest"`
	Entry      int64            `json:"entry"`
	At         canon.Time       `json:"at"`
	Stream     string           `json:"stream"`
	Again      bool             `json:"again"`
	Checkpoint string           `json:"checkpoint"`
	Events     []jsontext.Value `json:"events"`
	Request    jsontext.Value   `json:"request"`
	Session    *struct {
		Token string     `json:"token"`
		Until canon.Time `json:"until"`
	} `json:"session"`
	Credential *Credential `json:"credential"`
}

// Credential is an SSH certificate over the holder key of a request.
type Credential struct {
	Target      string     `json:"target"`
	Certificate string     `json:"certificate"` // as a line of a certificate file
	KeyID       string     `json:"key_id"`
	Serial      string     `json:"serial"`
	After       canon.Time `json:"after"`
	Before      canon.Time `json:"before"`
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
	for try := range 2 {
		data, err := c.statement(ctx, body, try > 0)
		if err != nil {
			return Answer{}, err
		}
		answer, err := c.SendSigned(ctx, signer, data, notes...)
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
	seen, err := c.newest(ctx, anew)
	if err != nil {
		return nil, err
	}
	h := statement.Header{
		Actor: c.profile.Person, Ledger: c.profile.Anchor.Origin, Expires: canon.At(c.now().Add(validFor)),
		Seen: statement.Seen{Size: seen.Size, Root: canon.Digest(seen.Root)},
	}
	rand.Read(h.Nonce[:])
	return statement.Encode(statement.Statement{Header: h, Body: body})
}

// SendSigned signs the bytes of a statement and sends them until the outcome is
// known.
func (c *Client) SendSigned(ctx context.Context, signer Signer, data []byte, notes ...Noted) (Answer, error) {
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
	}{data, ledger.Signature{SSHSig: blob}, notes})
	if err != nil {
		return Answer{}, err
	}
	out, err := c.sendUntilKnown(ctx, envelope)
	if err != nil {
		return Answer{}, err
	}
	var answer Answer
	if err := json.Unmarshal(out, &answer); err != nil {
		return Answer{}, fmt.Errorf("cannot read the server's answer: %w", err)
	}
	if answer.Digest != decoded.Digest {
		return Answer{}, errors.New("the server answered for another statement than was sent")
	}
	return answer, nil
}

// sendUntilKnown sends the same bytes again while it is not known what became
// of them.
func (c *Client) sendUntilKnown(ctx context.Context, envelope []byte) ([]byte, error) {
	var err error
	for try := range submitTries {
		var out []byte
		out, err = c.exchange(ctx, http.MethodPost, "/api/v1/statements", "", envelope)
		var no *Problem
		unknown := errors.Is(err, ErrUnreachable) || errors.As(err, &no) && no.Temporary()
		if !unknown {
			return out, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w: %w", ErrUnknown, err, ctx.Err())
		case <-time.After(min(submitPause<<try, 2*time.Second)):
		}
	}
	return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
}

// session is a token for reading; anew asks for another than the one at hand.
func (c *Client) session(ctx context.Context, anew bool) (string, error) {
	c.mu.Lock()
	token, good := c.token, c.now().Before(c.until.Add(-10*time.Second))
	c.mu.Unlock()
	if good && !anew {
		return token, nil
	}
	answer, err := c.Submit(ctx, &statement.Session{For: statement.SessionLongest})
	if err != nil {
		return "", err
	}
	if answer.Session == nil {
		return "", errors.New("the server opened no session")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.until = answer.Session.Token, answer.Session.Until.Std()
	return c.token, nil
}

// Fetch fetches the credential of one target with the keys of the request.
func (c *Client) Fetch(ctx context.Context, request canon.Digest, holder *Holder, target string) (*Credential, error) {
	signer, err := holder.Signer()
	if err != nil {
		return nil, err
	}
	answer, err := c.SubmitAs(ctx, signer, &statement.Fetch{Of: request, Target: target})
	if err != nil {
		return nil, err
	}
	if answer.Credential == nil {
		return nil, errors.New("the server gave no credential")
	}
	return answer.Credential, nil
}
