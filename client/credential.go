package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// The kinds of credential.
const (
	KindSSH = "ssh"
	KindAWS = "aws"
)

// Credential is for the keys of one request: an SSH certificate over one of them,
// or a session of an account, sealed to the other.
type Credential struct {
	Kind        string     `json:"kind"` // KindSSH or KindAWS; of servers before there were two, empty
	Target      string     `json:"target"`
	Certificate string     `json:"certificate"` // of KindSSH: as a line of a certificate file
	KeyID       string     `json:"key_id"`      // of KindSSH
	Sealed      string     `json:"sealed"`      // of KindAWS: Open reads it
	Serial      string     `json:"serial"`
	After       canon.Time `json:"after"`
	Before      canon.Time `json:"before"`
	Expires     canon.Time `json:"expires"`     // of KindAWS: as the account says
	Unwitnessed bool       `json:"unwitnessed"` // it left before the witnesses had cosigned that it was authorised
}

// Fetch fetches the credential of one target with the keys of the request. Each
// answer is given once; when one was lost, a new fetch is signed. A certificate
// over another key, or for another grant, is refused here.
func (c *Client) Fetch(ctx context.Context, request canon.Digest, holder *Holder, target string) (*Credential, error) {
	return c.FetchBy(ctx, holder, &statement.Fetch{Of: request, Target: target})
}

// FetchBy is Fetch by a statement that says more.
func (c *Client) FetchBy(ctx context.Context, holder *Holder, fetch *statement.Fetch) (*Credential, error) {
	signer, err := holder.Signer()
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		answer, err := c.SubmitAs(ctx, signer, fetch)
		var no *Problem
		if try < fetchTries && errors.As(err, &no) && no.Reason == ReasonFetched {
			continue
		}
		if err != nil {
			return nil, err
		}
		if answer.Credential == nil || answer.Credential.Target != fetch.Target {
			return nil, errors.New("the server gave no credential for that target")
		}
		return answer.Credential, answer.Credential.Check(fetch.Of, holder)
	}
}

// fetchTries bounds how often a fetch is signed anew when its answer was lost.
const fetchTries = 3

// Parse reads the certificate.
func (c *Credential) Parse() (*ssh.Certificate, error) {
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(c.Certificate))
	if err != nil || len(rest) != 0 {
		return nil, errors.New("cannot use the credential: it is no certificate")
	}
	certificate, ok := key.(*ssh.Certificate)
	if !ok || certificate.CertType != ssh.UserCert {
		return nil, errors.New("cannot use the credential: it is no user certificate")
	}
	return certificate, nil
}

// Check demands that the certificate is over the key that was made for a
// request, for that request, and for somebody: a lying server must gain nothing
// by handing out another. Of a session it demands that its form is right and that
// the request's key opens it; whose session it is, the account alone can tell.
func (c *Credential) Check(request canon.Digest, holder *Holder) error {
	if c.Kind == KindAWS {
		session, err := c.Open(holder)
		session.Wipe()
		return err
	}
	certificate, err := c.Parse()
	if err != nil {
		return err
	}
	own, err := ssh.NewPublicKey(holder.Private().Public())
	if err != nil {
		return err
	}
	switch want := "halligan:" + request.Short() + ":" + c.Target; {
	case !bytes.Equal(certificate.Key.Marshal(), own.Marshal()):
		return errors.New("cannot use the credential: it is over another key than the one made for this request")
	case certificate.KeyId != want || c.KeyID != want:
		return fmt.Errorf("cannot use the credential: it is of %q, not of %q", certificate.KeyId, want)
	case len(certificate.ValidPrincipals) == 0:
		return errors.New("cannot use the credential: it names no principal")
	}
	return nil
}
