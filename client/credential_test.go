package client_test

import (
	"crypto/rand"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// TestOnlyOwnCertificates: a certificate over another key, of another grant, of
// a host, or for nobody is not taken.
func TestOnlyOwnCertificates(t *testing.T) {
	holder, err := client.NewHolder()
	must(t, err)
	other, err := client.NewHolder()
	must(t, err)
	id := canon.Sum([]byte("request"))
	make := func(change func(*ssh.Certificate, *client.Credential), over *client.Holder) *client.Credential {
		key, err := ssh.NewPublicKey(over.Private().Public())
		must(t, err)
		made := &ssh.Certificate{
			Key: key, CertType: ssh.UserCert, KeyId: "halligan:" + id.Short() + ":db-1", ValidPrincipals: []string{"dba"},
			ValidAfter: uint64(time.Now().Unix()), ValidBefore: uint64(time.Now().Add(time.Minute).Unix()),
		}
		c := &client.Credential{Target: "db-1", KeyID: made.KeyId}
		change(made, c)
		ca, err := ssh.NewSignerFromKey(celltest.Key("authority"))
		must(t, err)
		must(t, made.SignCert(rand.Reader, ca))
		if c.Certificate == "" {
			c.Certificate = string(ssh.MarshalAuthorizedKey(made))
		}
		return c
	}
	must(t, make(func(*ssh.Certificate, *client.Credential) {}, holder).Check(id, holder))
	for what, bad := range map[string]*client.Credential{
		"over another key":  make(func(*ssh.Certificate, *client.Credential) {}, other),
		"of a host":         make(func(c *ssh.Certificate, _ *client.Credential) { c.CertType = ssh.HostCert }, holder),
		"for nobody":        make(func(c *ssh.Certificate, _ *client.Credential) { c.ValidPrincipals = nil }, holder),
		"of another grant":  make(func(c *ssh.Certificate, _ *client.Credential) { c.KeyId = "halligan:0000000000000000:db-1" }, holder),
		"of another target": make(func(_ *ssh.Certificate, c *client.Credential) { c.Target = "db-2" }, holder),
		"no certificate": make(func(c *ssh.Certificate, w *client.Credential) {
			w.Certificate = string(ssh.MarshalAuthorizedKey(c.Key))
		}, holder),
		"nothing": {Target: "db-1", KeyID: "halligan:" + id.Short() + ":db-1"},
	} {
		if bad.Check(id, holder) == nil {
			t.Errorf("a certificate %s is taken", what)
		}
	}
}
