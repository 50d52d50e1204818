package client

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Reasons for which another code may be tried.
const (
	ReasonCodeWrong = "code-wrong"
	ReasonCodeUsed  = "code-used"
)

// codeTries is how many codes are asked for under one statement.
const codeTries = 3

// codeKinds are the kinds of statements that a code signs.
var codeKinds = []statement.Kind{
	statement.KindSession, statement.KindRequest, statement.KindDecision, statement.KindWithdraw, statement.KindStop, statement.KindExtend,
}

// AskCode asks a person for the six digits that their app shows, under a statement of
// a kind. Refused says why those before were not taken; nil: they are the first.
type AskCode func(ctx context.Context, kind statement.Kind, refused error) (string, error)

// codes signs with a code device: the server holds the key.
type codes struct {
	client *Client
	line   string
	wire   []byte
	ask    AskCode
	mu     sync.Mutex // one code is asked for at a time
}

// CodeSigner makes signatures with a code device of a profile's person, whose public
// line is given: for each the person is asked for a code, and the server signs if it
// is right. What it signs is worth the server's word.
func CodeSigner(p Profile, line string, ask AskCode) (Signer, error) {
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "ssh-ed25519" {
		return nil, errors.New("cannot use it as a code device: it is no ssh-ed25519 public key")
	}
	wire, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return nil, fmt.Errorf("cannot use it as a code device: %w", err)
	}
	opened, err := Open(p, "", nil)
	if err != nil {
		return nil, err
	}
	return &codes{client: opened, line: words[0] + " " + words[1], wire: wire, ask: ask}, nil
}

// Key is the public key in wire form.
func (c *codes) Key() []byte { return c.wire }

// Sign asks for a code and has the server sign.
func (c *codes) Sign(ctx context.Context, namespace string, message []byte) ([]byte, error) {
	var kind statement.Kind
	for _, each := range codeKinds {
		if sshsig.Namespace(string(each)) == namespace {
			kind = each
		}
	}
	if kind == "" {
		return nil, errors.New("cannot sign this with a code: that would be the server's word alone, which is not enough for it")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var refused error
	for range codeTries {
		digits, err := c.ask(ctx, kind, refused)
		if err != nil {
			return nil, err
		}
		blob, err := c.signedWith(ctx, message, digits)
		var no *Problem
		if err == nil || !errors.As(err, &no) || no.Reason != ReasonCodeWrong && no.Reason != ReasonCodeUsed {
			return blob, err
		}
		refused = err
	}
	return nil, refused
}

// signedWith sends the statement and the digits. Where no answer comes they are sent
// once more: for the same bytes they are good again.
func (c *codes) signedWith(ctx context.Context, message []byte, digits string) ([]byte, error) {
	body, err := json.Marshal(struct {
		Statement jsontext.Value `json:"statement"`
		Key       string         `json:"key"`
		Code      string         `json:"code"`
	}{message, c.line, digits})
	if err != nil {
		return nil, err
	}
	a := ask{method: http.MethodPost, address: "/api/v1/codes", body: body}
	data, err := c.client.exchange(ctx, a)
	if errors.Is(err, ErrUnreachable) {
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(time.Second):
		}
		data, err = c.client.exchange(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	var signed ledger.Signature
	if err := json.Unmarshal(data, &signed); err != nil {
		return nil, fmt.Errorf("cannot read the server's answer: %w", err)
	}
	return signed.SSHSig, nil
}

// Device is a new code device. Secret and Link are shown once.
type Device struct {
	Person string `json:"person"`
	Key    string `json:"key"`
	Secret string `json:"secret"`
	Link   string `json:"link"`
}

// String hides the secret.
func (d Device) String() string { return "code device of " + d.Person }

// Enrolled is an offer as its maker gets it.
type Enrolled struct {
	Person      string   `json:"person"`
	Fingerprint string   `json:"fingerprint"`
	Words       []string `json:"words"`
}

// EnrolDevice makes a code device with the code of an invitation.
func (c *Client) EnrolDevice(ctx context.Context, code canon.Key32) (d Device, err error) {
	return d, c.tell(ctx, "/api/v1/enrol/device", map[string]string{"code": code.String()}, &d)
}

// ConfirmDevice offers it, with the digits that the app shows. The words are worked
// out here, over the key as a code device: what the server says of them is not shown.
func (c *Client) ConfirmDevice(ctx context.Context, code canon.Key32, d Device, digits string) (e Enrolled, err error) {
	err = c.tell(ctx, "/api/v1/enrol/device/confirm", map[string]string{"code": code.String(), "key": d.Key, "digits": digits}, &e)
	e.Words = KeyWords(Offer{Person: e.Person, Key: d.Key, Code: true})
	return e, err
}

// tell sends what needs no session, once, and reads the answer.
func (c *Client) tell(ctx context.Context, address string, what, into any) error {
	body, err := json.Marshal(what)
	if err != nil {
		return err
	}
	data, err := c.exchange(ctx, ask{method: http.MethodPost, address: address, body: body})
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("cannot read the server's answer: %w", err)
	}
	return nil
}
