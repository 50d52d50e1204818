package client_test

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	issued "github.com/halligan-dev/halligan/internal/certificate"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// TestAuthority: the server's local authority is learned over the pinned key, and
// from nobody else; a certificate that has none gives none.
func TestAuthority(t *testing.T) {
	local := issued.Local{Folder: t.TempDir()}
	must(t, local.Begin(celltest.Origin, time.Now()))
	pair, err := tls.LoadX509KeyPair(filepath.Join(local.Folder, "tls.crt"), filepath.Join(local.Folder, "tls.key"))
	must(t, err)
	profile := client.Profile{
		Person: "ann", ServerKey: client.ServerKey(pair.Leaf),
		Anchor: ledger.Anchor{Origin: celltest.Origin, Genesis: ledger.Hash{1}, LedgerKeys: []string{newKeys(t).public}, Witnesses: ledger.NoWitnesses},
	}
	ask := func(shown tls.Certificate, pin string) (got []byte, err error) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.TLS = &tls.Config{Certificates: []tls.Certificate{shown}}
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		profile.URL, profile.ServerKey = server.URL, pin
		c, err := client.Open(profile, t.TempDir(), nil)
		must(t, err)
		authority, err := c.Authority(t.Context())
		if err != nil {
			return nil, err
		}
		return authority.Raw, nil
	}
	pin := client.ServerKey(pair.Leaf)
	if got, err := ask(pair, pin); err != nil || string(got) != string(pair.Certificate[1]) {
		t.Errorf("the authority: %v", err)
	}

	alone := tls.Certificate{Certificate: pair.Certificate[:1], PrivateKey: pair.PrivateKey}
	if _, err := ask(alone, pin); !errors.Is(err, client.ErrNoAuthority) {
		t.Errorf("no authority: %v", err)
	}
	other := issued.Local{Folder: t.TempDir()}
	must(t, other.Begin(celltest.Origin, time.Now()))
	impostor, err := tls.LoadX509KeyPair(filepath.Join(other.Folder, "tls.crt"), filepath.Join(other.Folder, "tls.key"))
	must(t, err)
	if _, err := ask(impostor, pin); !errors.Is(err, client.ErrServerKey) {
		t.Errorf("another key: %v", err)
	}
	slipped := tls.Certificate{Certificate: [][]byte{pair.Certificate[0], impostor.Certificate[1]}, PrivateKey: pair.PrivateKey}
	if _, err := ask(slipped, pin); !errors.Is(err, client.ErrNoAuthority) {
		t.Errorf("an authority that did not sign: %v", err)
	}
}
