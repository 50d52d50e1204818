package client

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/canon"
)

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
// by handing out another.
func (c *Credential) Check(request canon.Digest, holder *Holder) error {
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
