package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/certificate"
	"github.com/halligan-dev/halligan/internal/config"
)

// answers asks a running server once, with a way of TLS.
func answers(t *testing.T, at string, secure *tls.Config) (*http.Response, error) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: secure, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: longest}).Get("https://" + at + "/revocations")
	if err == nil {
		must(t, resp.Body.Close())
	}
	return resp, err
}

// TestBrowsersReachTheServer: whoever trusts the local authority comes by the
// cell's name and by loopback, over TLS 1.3 and HTTP/2; nothing older is spoken,
// and nobody is bound to https for a year by a certificate of our own.
func TestBrowsersReachTheServer(t *testing.T) {
	r := run(t, config.Limits{}, nil)
	chain, err := certificate.ReadChain(filepath.Join(r.keys, "tls.crt"))
	must(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(chain[1])
	for _, name := range []string{celltest.Origin, "localhost", "127.0.0.1"} {
		resp, err := answers(t, r.at, &tls.Config{RootCAs: roots, ServerName: name})
		must(t, err)
		if resp.StatusCode != http.StatusOK || resp.ProtoMajor != 2 || resp.TLS.Version != tls.VersionTLS13 {
			t.Errorf("as %s: status %d, HTTP/%d, TLS %x", name, resp.StatusCode, resp.ProtoMajor, resp.TLS.Version)
		}
		if got := resp.Header.Get("Strict-Transport-Security"); got != "" {
			t.Errorf("a local certificate comes with %q", got)
		}
	}
	if _, err := answers(t, r.at, &tls.Config{RootCAs: roots, ServerName: celltest.Origin, MaxVersion: tls.VersionTLS12}); err == nil {
		t.Error("TLS 1.2 is spoken")
	}
	if _, err := answers(t, r.at, &tls.Config{RootCAs: x509.NewCertPool(), ServerName: celltest.Origin}); err == nil {
		t.Error("somebody who trusts nothing came in")
	}
}

// TestGivenCertificate: a certificate that server.yaml names is shown, comes with
// HSTS, and is read again when its files change, over connections that stay.
func TestGivenCertificate(t *testing.T) {
	folder := t.TempDir()
	local := certificate.Local{Folder: folder}
	must(t, local.Begin("halligan.example.com", time.Now()))
	given := config.TLS{Cert: filepath.Join(folder, "given.crt"), Key: filepath.Join(folder, "tls.key")}
	give := func() *x509.Certificate {
		data, err := os.ReadFile(filepath.Join(folder, "tls.crt"))
		must(t, err)
		must(t, os.WriteFile(given.Cert, data, 0o644))
		block, _ := pem.Decode(data)
		leaf, err := x509.ParseCertificate(block.Bytes)
		must(t, err)
		return leaf
	}
	first := give()
	r := runWith(t, func(s *config.Server) { s.TLS = given })
	resp, err := answers(t, r.at, &tls.Config{InsecureSkipVerify: true})
	must(t, err)
	if !resp.TLS.PeerCertificates[0].Equal(first) || resp.Header.Get("Strict-Transport-Security") != "max-age=31536000" {
		t.Errorf("HSTS %q, the given certificate: %v", resp.Header.Get("Strict-Transport-Security"), resp.TLS.PeerCertificates[0].Equal(first))
	}
	must(t, local.Issue(time.Now().Add(time.Minute)))
	second := give()
	for end := time.Now().Add(longest); ; time.Sleep(200 * time.Millisecond) {
		resp, err := answers(t, r.at, &tls.Config{InsecureSkipVerify: true})
		must(t, err)
		if resp.TLS.PeerCertificates[0].Equal(second) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the new certificate is not shown")
		}
	}
}
