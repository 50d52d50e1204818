package certificate_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/certificate"
)

const name = "halligan.example.com"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begun is a folder with an authority.
func begun(t *testing.T, host string) certificate.Local {
	t.Helper()
	local := certificate.Local{Folder: t.TempDir(), Host: host}
	must(t, local.Begin(name, time.Now()))
	return local
}

func filesOf(local certificate.Local) certificate.Files {
	return certificate.Files{Cert: filepath.Join(local.Folder, "tls.crt"), Key: filepath.Join(local.Folder, "tls.key"), Local: &local}
}

func chain(t *testing.T, local certificate.Local) []*x509.Certificate {
	t.Helper()
	chain, err := certificate.ReadChain(filepath.Join(local.Folder, "tls.crt"))
	must(t, err)
	return chain
}

// trusted tells whether who trusts the authority takes a certificate for a name.
func trusted(authority, leaf *x509.Certificate, name string) error {
	roots := x509.NewCertPool()
	roots.AddCert(authority)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: time.Now()})
	return err
}

// TestAuthority: who trusts it reaches the server by its name and by loopback, and
// the authority is worth nothing for any other name, whoever has its key.
func TestAuthority(t *testing.T) {
	local := begun(t, "192.0.2.7")
	shown := chain(t, local)
	authority, err := local.Authority()
	must(t, err)
	if len(shown) != 2 || !shown[1].Equal(authority) {
		t.Fatalf("%d certificates are shown, the authority's must be the second", len(shown))
	}
	for _, as := range []string{name, "localhost", "127.0.0.1", "[::1]", "192.0.2.7"} {
		if err := trusted(authority, shown[0], as); err != nil {
			t.Errorf("as %s: %v", as, err)
		}
	}
	if trusted(authority, shown[0], "other.example.com") == nil {
		t.Error("it is good for another name")
	}
	if left := time.Until(shown[0].NotAfter); left > 60*24*time.Hour {
		t.Errorf("the certificate lives for %v", left)
	}
	for _, file := range []string{"tls.key", "tls_authority.key", "tls_authority.crt", "tls.crt"} {
		if info, err := os.Stat(filepath.Join(local.Folder, file)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", file, info, err)
		}
	}

	// A thief of the authority's key, at other names.
	data, err := os.ReadFile(filepath.Join(local.Folder, "tls_authority.key"))
	must(t, err)
	block, _ := pem.Decode(data)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	for _, stolen := range []*x509.Certificate{
		{DNSNames: []string{"bank.example.com"}}, {DNSNames: []string{"example.com"}}, {IPAddresses: []net.IP{net.IPv4(192, 0, 2, 8)}},
		{DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}},
	} {
		stolen.SerialNumber, stolen.NotAfter = big.NewInt(1), time.Now().Add(time.Hour)
		made, err := x509.CreateCertificate(rand.Reader, stolen, authority, shown[0].PublicKey, key)
		must(t, err)
		leaf, err := x509.ParseCertificate(made)
		must(t, err)
		if trusted(authority, leaf, "") == nil {
			t.Errorf("taken: %v %v", leaf.DNSNames, leaf.IPAddresses)
		}
	}
	if err := local.Begin(name, time.Now()); !errors.Is(err, certificate.ErrThere) {
		t.Errorf("a second authority: %v", err)
	}
}

// selfSigned writes a certificate as servers had it before there were authorities.
func selfSigned(t *testing.T, folder string, key *ecdsa.PrivateKey, from, until time.Time) {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: from, NotAfter: until}
	made, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(folder, "tls.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "tls.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made}), 0o600))
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// shows is what a server shows, with its log, looked at in a bubble of time.
type shows struct {
	*certificate.Shown
	log said
}

// said is a log that is read while it is written.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(data)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func show(t *testing.T, files certificate.Files) *shows {
	t.Helper()
	s := &shows{}
	var err error
	s.Shown, err = certificate.Open(files, slog.New(slog.NewTextHandler(&s.log, nil)), time.Now)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// after lets two looks pass.
func after(looks int) { time.Sleep(time.Duration(looks)*5*time.Second + time.Second); synctest.Wait() }

func (s *shows) leaf(t *testing.T) *x509.Certificate {
	t.Helper()
	pair, err := s.TLS().GetCertificate(nil)
	must(t, err)
	return pair.Leaf
}

// TestFoundedBefore: a self-signed certificate is kept until the operator asks for
// an authority, which keeps the key; a running server shows the new one then.
func TestFoundedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		local := certificate.Local{Folder: t.TempDir(), Host: "127.0.0.1"}
		selfSigned(t, local.Folder, newKey(t), time.Now(), time.Now().Add(5*365*24*time.Hour))
		s := show(t, filesOf(local))
		before := s.leaf(t)
		after(3)
		if !s.leaf(t).Equal(before) || local.There() {
			t.Fatal("an authority was made unasked")
		}
		must(t, local.Begin(name, time.Now()))
		after(2)
		authority, err := local.Authority()
		must(t, err)
		if err := trusted(authority, s.leaf(t), name); err != nil {
			t.Error(err)
		}
		if certificate.Pin(s.leaf(t)) != certificate.Pin(before) {
			t.Error("the key that profiles pin is another")
		}
	})
}

// TestInterruptedBegin: what a crash left is finished, never made twice.
func TestInterruptedBegin(t *testing.T) {
	local := begun(t, "")
	pin := certificate.Pin(chain(t, local)[0])
	must(t, os.Remove(filepath.Join(local.Folder, "tls_authority.crt")))
	must(t, os.Remove(filepath.Join(local.Folder, "tls.crt")))
	must(t, local.Begin(name, time.Now()))
	if certificate.Pin(chain(t, local)[0]) != pin {
		t.Error("the server's key is another")
	}
}

// TestRenewal: the running server renews over the same key long before the end;
// while it cannot, it says so and shows what it has.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		local := begun(t, "")
		s := show(t, filesOf(local))
		first := s.leaf(t)
		time.Sleep(14*24*time.Hour + time.Hour)
		if after(1); !s.leaf(t).Equal(first) {
			t.Error("renewed within two weeks")
		}
		authorityKey := filepath.Join(local.Folder, "tls_authority.key")
		must(t, os.Chmod(authorityKey, 0o644))
		time.Sleep(3 * 24 * time.Hour)
		if after(1); s.Trouble() == "" || strings.Count(s.log.String(), "level=ERROR") != 1 || !s.leaf(t).Equal(first) {
			t.Errorf("an authority whose key others may read: trouble %q, log %s", s.Trouble(), &s.log)
		}
		must(t, os.Chmod(authorityKey, 0o600))
		time.Sleep(time.Hour)
		after(2)
		if s.leaf(t).Equal(first) || certificate.Pin(s.leaf(t)) != certificate.Pin(first) || s.Trouble() != "" {
			t.Errorf("renewed: %v, the same key: %v, trouble %q", !s.leaf(t).Equal(first), certificate.Pin(s.leaf(t)) == certificate.Pin(first), s.Trouble())
		}
		if left := time.Until(s.Ends()); left < 30*24*time.Hour {
			t.Errorf("%v are left", left)
		}
	})
}

// TestAnotherListen: a host that the authority was not made for is left out, or
// the certificate would be worth nothing at any name.
func TestAnotherListen(t *testing.T) {
	local := begun(t, "127.0.0.1")
	for _, host := range []string{"192.0.2.9", "db.example.org", "0.0.0.0", "::", ""} {
		local.Host = host
		must(t, local.Issue(time.Now()))
		if leaf := chain(t, local)[0]; len(leaf.DNSNames) != 2 || len(leaf.IPAddresses) != 2 {
			t.Errorf("listening on %q: %v %v", host, leaf.DNSNames, leaf.IPAddresses)
		}
	}
	local.Host = "door." + name
	must(t, local.Issue(time.Now()))
	authority, err := local.Authority()
	must(t, err)
	if err := trusted(authority, chain(t, local)[0], local.Host); err != nil {
		t.Error(err)
	}
}

// TestGivenFiles: new files are shown without a restart; half of a pair, a pair
// that is over, one over another key and no certificate at all are refused, loudly
// and once, and the old one goes on.
func TestGivenFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, key := t.TempDir(), newKey(t)
		now := time.Now()
		selfSigned(t, folder, key, now, now.Add(48*time.Hour))
		s := show(t, certificate.Files{Cert: filepath.Join(folder, "tls.crt"), Key: filepath.Join(folder, "tls.key")})
		old := s.leaf(t)
		refused := func(what string) {
			t.Helper()
			before := strings.Count(s.log.String(), "level=ERROR")
			after(5)
			if got := strings.Count(s.log.String(), "level=ERROR") - before; got != 1 || s.Trouble() == "" || !s.leaf(t).Equal(old) {
				t.Errorf("%s: told %d times, trouble %q, the old goes on: %v", what, got, s.Trouble(), s.leaf(t).Equal(old))
			}
		}
		must(t, os.WriteFile(filepath.Join(folder, "tls.crt"), []byte("none"), 0o600))
		refused("no certificate")
		selfSigned(t, folder, newKey(t), now, now.Add(time.Hour))
		refused("another key")
		selfSigned(t, folder, key, now.Add(-2*time.Hour), now.Add(-time.Hour))
		refused("over")
		selfSigned(t, folder, key, now.Add(300*time.Hour), now.Add(400*time.Hour))
		refused("of the future")
		selfSigned(t, folder, key, now, now.Add(100*time.Hour))
		must(t, os.Chmod(filepath.Join(folder, "tls.key"), 0o640))
		refused("a key that others may read")
		must(t, os.Chmod(filepath.Join(folder, "tls.key"), 0o600))
		must(t, os.Remove(filepath.Join(folder, "tls.crt")))
		refused("gone")

		selfSigned(t, folder, key, now, now.Add(96*time.Hour))
		if after(2); s.leaf(t).Equal(old) || s.Trouble() != "" || !s.Ends().Equal(s.leaf(t).NotAfter) {
			t.Errorf("a good one is not shown: trouble %q, log %s", s.Trouble(), &s.log)
		}
	})
}

// TestHalfAPair: a pair whose halves come one after the other is no alarm.
func TestHalfAPair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		folder, other := t.TempDir(), t.TempDir()
		now := time.Now()
		key := newKey(t)
		selfSigned(t, folder, key, now, now.Add(time.Hour))
		s := show(t, certificate.Files{Cert: filepath.Join(folder, "tls.crt"), Key: filepath.Join(folder, "tls.key")})
		selfSigned(t, other, key, now, now.Add(9*time.Hour))
		whole, err := os.ReadFile(filepath.Join(other, "tls.crt"))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(folder, "tls.crt"), whole[:len(whole)/2], 0o600))
		after(1)
		must(t, os.WriteFile(filepath.Join(folder, "tls.crt"), whole, 0o600))
		after(2)
		if strings.Contains(s.log.String(), "ERROR") || s.Ends().Sub(now) < 8*time.Hour {
			t.Errorf("it ends %v, and the log has %s", s.Ends(), &s.log)
		}
	})
}
