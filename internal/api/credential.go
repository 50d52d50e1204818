package api

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// mintLongest bounds the making of one credential, in an account elsewhere too.
// With submitLongest it stays below what clients wait for.
const mintLongest = 20 * time.Second

// The kinds of credential.
const (
	kindSSH = "ssh"
	kindAWS = "aws"
)

const certificateType = "ssh-ed25519-cert-v01@openssh.com"

// credential is for the keys of one request, which makes it useless to everybody
// else: an SSH certificate over one of them, or what an account gave, sealed to the
// other.
type credential struct {
	Kind        string     `json:"kind"` // ssh or aws
	Target      string     `json:"target"`
	Certificate string     `json:"certificate,omitempty"` // of ssh: as a line of a certificate file
	KeyID       string     `json:"key_id,omitempty"`      // of ssh
	Sealed      string     `json:"sealed,omitempty"`      // of aws: an age file, armored, for the request's X25519 key; or a JWE, compact, for its P-256 key
	Serial      string     `json:"serial"`                // sixteen hexadecimal digits
	After       canon.Time `json:"after"`
	Before      canon.Time `json:"before"`
	Expires     canon.Time `json:"expires,omitzero"`     // of aws: as the account says, which may be later than before; nothing works after before
	Unwitnessed bool       `json:"unwitnessed,omitzero"` // it left before the witnesses had cosigned that it was authorised
}

// mint has the credential made that an entry authorised. What if we crash here:
// the entry stands, no credential left, and the task to deliver it ends as
// interrupted; the holder fetches anew.
func (s *service) mint(ctx context.Context, a broker.Answer, e *cell.CredentialAuthorised) (*credential, error) {
	// However long the entry took: that the credential left must be recorded.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), mintLongest)
	defer cancel()
	made, err := s.Broker.Mint(ctx, a)
	if err != nil {
		return nil, s.notMinted(a, err)
	}
	out := &credential{Target: e.Target, Serial: e.Serial, After: e.After, Before: e.Before, Unwitnessed: made.Unwitnessed}
	if made.Sealed != nil {
		out.Kind, out.Sealed, out.Expires = kindAWS, made.Sealed.Text, made.Sealed.Expires
		return out, nil
	}
	out.Kind, out.KeyID = kindSSH, cell.KeyID(a.Request.ID, e.Target)
	out.Certificate = certificateType + " " + base64.StdEncoding.EncodeToString(made.Certificate)
	return out, nil
}

// notMinted says that no credential comes: the entry stands, and a new fetch is a
// new one. What the account answered is logged, and told in our words alone.
func (s *service) notMinted(a broker.Answer, err error) error {
	p := s.internal(fmt.Errorf("cannot mint for entry %d: %w", a.Index, err))
	p.Reason, p.Type, p.Title = reasonMintFailed, problemType+reasonMintFailed, "the credential could not be made"
	what, do := "", "fetch anew"
	switch {
	case errors.Is(err, broker.ErrMintRefused):
		what, do = "the account refuses the session", "take the other way of the account"
	case errors.Is(err, broker.ErrNoSessions):
		what, do = "this server is not set up to open accounts", "take the other way of the account"
	case errors.Is(err, broker.ErrMintUnreachable), errors.Is(err, context.DeadlineExceeded):
		what = "the account gave no clear answer in time; a session that it may have made is nobody's, and ends by itself"
	}
	if what != "" {
		p.Detail = what + "; " + p.Detail
	}
	p.Hint = do + "; " + p.Hint
	return p
}
