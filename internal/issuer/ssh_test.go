package issuer_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/issuer"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func authority(t testing.TB) *issuer.SSH {
	t.Helper()
	private, public, err := issuer.GenerateSSH(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := issuer.OpenSSH(private)
	if err != nil {
		t.Fatal(err)
	}
	if ca.AuthorizedKey() != public {
		t.Fatalf("public line %q, then %q", public, ca.AuthorizedKey())
	}
	return ca
}

// subject returns a certificate that Sign accepts, for tests to spoil.
func subject(t testing.TB, ca *issuer.SSH) *ssh.Certificate {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	by, err := ssh.ParsePublicKey(ca.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	return &ssh.Certificate{
		Nonce: bytes.Repeat([]byte{7}, 32), Key: key, Serial: 4711, CertType: ssh.UserCert,
		KeyId: "halligan:00112233445566ff:db", ValidPrincipals: []string{"emergency-dba"},
		ValidAfter: uint64(noon.Unix()), ValidBefore: uint64(noon.Add(5 * time.Minute).Unix()),
		Permissions: ssh.Permissions{
			CriticalOptions: map[string]string{"source-address": "192.0.2.0/24"},
			Extensions:      map[string]string{"permit-pty": "", "permit-port-forwarding": ""},
		},
		SignatureKey: by,
	}
}

// unsigned returns the to-be-signed bytes as x/crypto writes them.
func unsigned(c *ssh.Certificate) []byte {
	c.Signature = nil
	b := c.Marshal()
	return b[:len(b)-4] // the empty signature field
}

func TestSignIsAcceptedEverywhere(t *testing.T) {
	ca := authority(t)
	plain := subject(t, ca)
	tbs := unsigned(plain)
	made, err := ca.Sign(tbs)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(made, tbs) {
		t.Error("the certificate does not begin with the bytes that were to be signed")
	}
	if again, _ := ca.Sign(tbs); !bytes.Equal(again, made) {
		t.Error("the same bytes give another certificate the second time")
	}
	key, err := ssh.ParsePublicKey(made)
	if err != nil {
		t.Fatal(err)
	}
	cert := key.(*ssh.Certificate)
	checker := ssh.CertChecker{
		SupportedCriticalOptions: []string{"source-address"},
		IsUserAuthority:          func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), ca.PublicKey()) },
		Clock:                    func() time.Time { return noon.Add(time.Minute) },
	}
	if err := checker.CheckCert("emergency-dba", cert); err != nil {
		t.Errorf("x/crypto refuses it: %v", err)
	}
	if err := checker.CheckCert("root", cert); err == nil {
		t.Error("x/crypto accepts another principal: this test proves nothing")
	}
	checker.Clock = func() time.Time { return noon.Add(6 * time.Minute) }
	if err := checker.CheckCert("emergency-dba", cert); err == nil {
		t.Error("x/crypto accepts it after its end")
	}
}

func TestKeygenReadsTheCertificate(t *testing.T) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed (Debian: openssh-client)")
	}
	ca := authority(t)
	made, err := ca.Sign(unsigned(subject(t, ca)))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id-cert.pub")
	line := "ssh-ed25519-cert-v01@openssh.com " + base64.StdEncoding.EncodeToString(made) + "\n"
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(keygen, "-L", "-f", file)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	by, _ := ssh.ParsePublicKey(ca.PublicKey())
	for _, want := range []string{
		"user certificate", `Key ID: "halligan:00112233445566ff:db"`, "Serial: 4711",
		"from 2026-03-04T12:00:00 to 2026-03-04T12:05:00", "emergency-dba",
		"source-address 192.0.2.0/24", "permit-pty", ssh.FingerprintSHA256(by),
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("ssh-keygen -L does not show %q:\n%s", want, out)
		}
	}
}

func TestRefusals(t *testing.T) {
	ca, other := authority(t), authority(t)
	p256 := func() ssh.PublicKey {
		pub, _, _, _, err := ssh.ParseAuthorizedKey([]byte("ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDiGLlhdL/8PF1azi1Gt9JzIS8Il3bH+GqMPPJH6Z3wP2Z/l4a/Z0Yfe3rTVdfyqr9VRPzp/2B/tPeCIZWrchC0="))
		if err != nil {
			t.Fatal(err)
		}
		return pub
	}
	for name, c := range map[string]struct {
		spoil func(*ssh.Certificate)
		want  error
	}{
		"host certificate":  {func(c *ssh.Certificate) { c.CertType = ssh.HostCert }, issuer.ErrKind},
		"kind 0":            {func(c *ssh.Certificate) { c.CertType = 0 }, issuer.ErrKind},
		"no principals":     {func(c *ssh.Certificate) { c.ValidPrincipals = nil }, issuer.ErrPrincipals},
		"empty principal":   {func(c *ssh.Certificate) { c.ValidPrincipals = []string{"a", ""} }, issuer.ErrPrincipals},
		"NUL in principal":  {func(c *ssh.Certificate) { c.ValidPrincipals = []string{"root\x00x"} }, issuer.ErrPrincipals},
		"no key id":         {func(c *ssh.Certificate) { c.KeyId = "" }, issuer.ErrKeyID},
		"no serial":         {func(c *ssh.Certificate) { c.Serial = 0 }, issuer.ErrSerial},
		"no beginning":      {func(c *ssh.Certificate) { c.ValidAfter = 0 }, issuer.ErrValidity},
		"no end":            {func(c *ssh.Certificate) { c.ValidBefore = math.MaxUint64 }, issuer.ErrValidity},
		"zero end":          {func(c *ssh.Certificate) { c.ValidBefore = 0 }, issuer.ErrValidity},
		"ends as it begins": {func(c *ssh.Certificate) { c.ValidBefore = c.ValidAfter }, issuer.ErrValidity},
		"ends before":       {func(c *ssh.Certificate) { c.ValidBefore = c.ValidAfter - 1 }, issuer.ErrValidity},
		"13 h and 1 s":      {func(c *ssh.Certificate) { c.ValidBefore = c.ValidAfter + 13*3600 + 1 }, issuer.ErrValidity},
		"other authority":   {func(c *ssh.Certificate) { c.SignatureKey, _ = ssh.ParsePublicKey(other.PublicKey()) }, issuer.ErrAuthority},
		"other subject":     {func(c *ssh.Certificate) { c.Key = p256() }, issuer.ErrSubject},
		"short nonce":       {func(c *ssh.Certificate) { c.Nonce = c.Nonce[:15] }, issuer.ErrNonce},
		"reserved":          {func(c *ssh.Certificate) { c.Reserved = []byte{1} }, issuer.ErrMalformed},
		"huge":              {func(c *ssh.Certificate) { c.KeyId = strings.Repeat("x", 9000) }, issuer.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			cert := subject(t, ca)
			c.spoil(cert)
			if made, err := ca.Sign(unsigned(cert)); !errors.Is(err, c.want) || made != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	good := unsigned(subject(t, ca))
	t.Run("13 h", func(t *testing.T) {
		cert := subject(t, ca)
		cert.ValidBefore = cert.ValidAfter + 13*3600
		if _, err := ca.Sign(unsigned(cert)); err != nil {
			t.Errorf("refused: %v", err)
		}
	})
	t.Run("bytes after", func(t *testing.T) {
		if _, err := ca.Sign(append(bytes.Clone(good), 0)); !errors.Is(err, issuer.ErrMalformed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("every prefix", func(t *testing.T) {
		for n := range good {
			if _, err := ca.Sign(good[:n]); err == nil {
				t.Fatalf("signed the first %d bytes", n)
			}
		}
	})
	t.Run("options out of order", func(t *testing.T) {
		swapped := bytes.Replace(good, []byte("\x00\x00\x00\x16permit-port-forwarding\x00\x00\x00\x00\x00\x00\x00\x0apermit-pty\x00\x00\x00\x00"),
			[]byte("\x00\x00\x00\x0apermit-pty\x00\x00\x00\x00\x00\x00\x00\x16permit-port-forwarding\x00\x00\x00\x00"), 1)
		if bytes.Equal(swapped, good) {
			t.Fatal("nothing was swapped")
		}
		if _, err := ca.Sign(swapped); !errors.Is(err, issuer.ErrMalformed) {
			t.Errorf("got %v", err)
		}
	})
}

func TestKeys(t *testing.T) {
	seed := bytes.NewReader(bytes.Repeat([]byte{3}, 64))
	_, first, err := issuer.GenerateSSH(seed)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := issuer.GenerateSSH(seed)
	if err != nil || first != second || !strings.HasPrefix(first, "ssh-ed25519 AAAA") || strings.Contains(first, "\n") {
		t.Errorf("from the same randomness: %q and %q (%v)", first, second, err)
	}
	if _, _, err := issuer.GenerateSSH(seed); !errors.Is(err, io.EOF) {
		t.Errorf("without randomness: %v", err)
	}
	for name, bad := range map[string]string{
		"empty":  "",
		"a line": first,
		"PEM":    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
	} {
		if _, err := issuer.OpenSSH([]byte(bad)); !errors.Is(err, issuer.ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzSign: whatever is signed is a certificate that x/crypto reads, with the
// properties that this package promises.
func FuzzSign(f *testing.F) {
	private, _, err := issuer.GenerateSSH(bytes.NewReader(make([]byte, 32)))
	if err != nil {
		f.Fatal(err)
	}
	ca, err := issuer.OpenSSH(private)
	if err != nil {
		f.Fatal(err)
	}
	cert := subject(f, ca)
	f.Add(unsigned(cert))
	cert.Permissions = ssh.Permissions{}
	cert.ValidPrincipals = []string{"a", "b"}
	f.Add(unsigned(cert))
	cert.CertType = ssh.HostCert
	f.Add(unsigned(cert))
	f.Fuzz(func(t *testing.T, tbs []byte) {
		made, err := ca.Sign(tbs)
		if err != nil {
			var refusal issuer.Refusal
			if !errors.As(err, &refusal) || refusal.Error() == "" {
				t.Fatalf("no reason: %v", err)
			}
			return
		}
		key, err := ssh.ParsePublicKey(made)
		if err != nil {
			t.Fatalf("x/crypto cannot read what was signed: %v", err)
		}
		c, ok := key.(*ssh.Certificate)
		if !ok || c.CertType != ssh.UserCert || len(c.ValidPrincipals) == 0 || c.KeyId == "" || c.Serial == 0 ||
			c.ValidBefore-c.ValidAfter > 13*3600 || c.ValidBefore <= c.ValidAfter {
			t.Fatalf("signed %+v", c)
		}
		if !bytes.Equal(c.Marshal(), made) {
			t.Fatal("signed bytes with a second encoding")
		}
	})
}
