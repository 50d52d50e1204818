package access_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// pair is a key pair that follows from a name.
func pair(name string) (ed25519.PublicKey, ssh.Signer) {
	seed := canon.Sum([]byte(name))
	key := ed25519.NewKeyFromSeed(seed[:])
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		panic(err)
	}
	return key.Public().(ed25519.PublicKey), signer
}

func sampleCertificate(t *testing.T) (access.Certificate, ssh.Signer) {
	holder, _ := pair("holder")
	_, authority := pair("authority")
	c := access.Certificate{
		Key: canon.Key32(holder), KeyID: "halligan:0123456789abcdef:db-1", Principals: []string{"emergency-dba", "operator"},
		Source: []string{"10.0.0.0/8", "192.0.2.7/32"}, Command: "/usr/bin/true",
		Permit: []string{"pty", "agent-forwarding", "X11-forwarding"}, Authority: authority.PublicKey().Marshal(),
	}
	c.Derive(canon.Sum([]byte("fetch")))
	now := at(t, "2026-11-22T03:07:00.123Z")
	c.After, c.Before = access.Window(now, now.Add(time.Hour))
	return c, authority
}

// signed appends the CA's signature to the unsigned bytes, as whoever mints does.
func signed(t *testing.T, c access.Certificate, authority ssh.Signer) []byte {
	t.Helper()
	unsigned := c.Unsigned()
	signature, err := authority.Sign(rand.Reader, unsigned)
	if err != nil {
		t.Fatal(err)
	}
	wire := ssh.Marshal(signature)
	return append(binary.BigEndian.AppendUint32(slices.Clone(unsigned), uint32(len(wire))), wire...)
}

func parse(t *testing.T, wire []byte) *ssh.Certificate {
	t.Helper()
	key, err := ssh.ParsePublicKey(wire)
	if err != nil {
		t.Fatalf("cannot parse the certificate: %v", err)
	}
	return key.(*ssh.Certificate)
}

func TestCertificateIsOpenSSHs(t *testing.T) {
	c, authority := sampleCertificate(t)
	cert := parse(t, signed(t, c, authority))
	now := at(t, "2026-11-22T03:08:00Z").Std()
	checker := ssh.CertChecker{
		SupportedCriticalOptions: []string{"force-command", "source-address"},
		IsUserAuthority:          func(key ssh.PublicKey) bool { return string(key.Marshal()) == string(c.Authority) },
		Clock:                    func() time.Time { return now },
	}
	for principal, want := range map[string]bool{"emergency-dba": true, "operator": true, "root": false, "": false} {
		if err := checker.CheckCert(principal, cert); (err == nil) != want {
			t.Errorf("as %q: %v, want accepted %v", principal, err, want)
		}
	}
	if cert.CertType != ssh.UserCert || cert.Serial != c.Serial || cert.KeyId != c.KeyID || len(cert.Nonce) != 32 {
		t.Errorf("type %d, serial %d, key id %q, nonce %d bytes", cert.CertType, cert.Serial, cert.KeyId, len(cert.Nonce))
	}
	if cert.CriticalOptions["source-address"] != "10.0.0.0/8,192.0.2.7/32" || cert.CriticalOptions["force-command"] != "/usr/bin/true" {
		t.Errorf("critical options %v", cert.CriticalOptions)
	}
	if _, ok := cert.Extensions["permit-pty"]; !ok || len(cert.Extensions) != 3 {
		t.Errorf("extensions %v", cert.Extensions)
	}
	for _, clock := range []string{"2026-11-22T03:06:29Z", "2026-11-22T03:11:30Z"} {
		now = at(t, clock).Std()
		if checker.CheckCert("operator", cert) == nil {
			t.Errorf("accepted at %s", clock)
		}
	}
}

func TestCertificateSignatureCoversEveryByte(t *testing.T) {
	c, authority := sampleCertificate(t)
	good := signed(t, c, authority)
	checker := ssh.CertChecker{SupportedCriticalOptions: []string{"force-command", "source-address"}, Clock: func() time.Time { return c.After.Std().Add(time.Minute) }}
	length := len(c.Unsigned())
	for i := range length {
		bad := slices.Clone(good)
		bad[i] ^= 1
		key, err := ssh.ParsePublicKey(bad)
		if err != nil {
			continue
		}
		if cert, ok := key.(*ssh.Certificate); ok && checker.CheckCert("operator", cert) == nil {
			t.Errorf("byte %d can be changed", i)
		}
	}
}

func TestSSHKeygenReadsCertificate(t *testing.T) {
	tool, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("skipped: no ssh-keygen here; install openssh-client")
	}
	c, authority := sampleCertificate(t)
	file := filepath.Join(t.TempDir(), "id-cert.pub")
	if err := os.WriteFile(file, ssh.MarshalAuthorizedKey(parse(t, signed(t, c, authority))), 0o600); err != nil {
		t.Fatal(err)
	}
	listing := exec.Command(tool, "-L", "-f", file)
	listing.Env = append(os.Environ(), "TZ=UTC")
	out, err := listing.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, want := range []string{
		"ssh-ed25519-cert-v01@openssh.com user certificate", `Key ID: "halligan:0123456789abcdef:db-1"`,
		"Valid: from 2026-11-22T03:06:30 to 2026-11-22T03:11:30", "emergency-dba", "operator",
		"force-command /usr/bin/true", "source-address 10.0.0.0/8,192.0.2.7/32",
		"permit-X11-forwarding", "permit-agent-forwarding", "permit-pty",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("ssh-keygen -L does not say %q:\n%s", want, out)
		}
	}
}

func TestDeriveFollowsFromTheFetchAlone(t *testing.T) {
	var a, b, other access.Certificate
	a.Derive(canon.Sum([]byte("fetch")))
	b.KeyID = "another"
	b.Derive(canon.Sum([]byte("fetch")))
	other.Derive(canon.Sum([]byte("another fetch")))
	if a.Serial != b.Serial || a.Nonce != b.Nonce {
		t.Error("the same fetch gave two serials or nonces")
	}
	if a.Serial == other.Serial || a.Nonce == other.Nonce {
		t.Error("two fetches gave one serial or nonce")
	}
	if text := access.SerialText(0x1f); text != "000000000000001f" {
		t.Errorf("serial %s", text)
	}
}

// TestWindow holds for every instant: at most five minutes, never past the
// grant, and in whole seconds, as certificates have them.
func TestWindow(t *testing.T) {
	start := canon.At(time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC))
	rapid.Check(t, func(t *rapid.T) {
		now := start.Add(time.Duration(rapid.Int64Range(0, 86_400_000).Draw(t, "now")) * time.Millisecond)
		until := now.Add(time.Duration(rapid.Int64Range(-60_000, 13*3600*1000).Draw(t, "left")) * time.Millisecond)
		after, before := access.Window(now, until)
		if length := before.Sub(after); length > 5*time.Minute {
			t.Fatalf("valid for %s", length)
		}
		if before.After(until) {
			t.Fatalf("valid until %s, past the grant's end %s", before, until)
		}
		if after.After(now) || now.Sub(after) >= 31*time.Second {
			t.Fatalf("valid from %s at %s", after, now)
		}
		if after.Std().Nanosecond() != 0 || before.Std().Nanosecond() != 0 {
			t.Fatalf("%s to %s are not whole seconds", after, before)
		}
		if until.Sub(now) > 5*time.Minute && before.Sub(now) < 4*time.Minute {
			t.Fatalf("only %s long though %s of the grant are left", before.Sub(now), until.Sub(now))
		}
	})
}

func TestSources(t *testing.T) {
	for _, c := range []struct {
		listed []string
		asked  string
		want   string
		ok     bool
	}{
		{nil, "192.0.2.7", "", true},
		{nil, "unknown", "", true},
		{[]string{"request"}, "192.0.2.7", "192.0.2.7/32", true},
		{[]string{"request"}, "::ffff:192.0.2.7", "192.0.2.7/32", true},
		{[]string{"request"}, "fe80::1%eth0", "fe80::1/128", true},
		{[]string{"request"}, "2001:db8::7", "2001:db8::7/128", true},
		{[]string{"request"}, "", "", false},
		{[]string{"request"}, "192.0.2.7,10.0.0.1", "", false},
		{[]string{"10.0.0.0/8", "request"}, "*", "", false},
		{[]string{"10.0.0.0/8", "request"}, "192.0.2.7", "10.0.0.0/8,192.0.2.7/32", true},
		{[]string{"192.0.2.7/32", "request"}, "192.0.2.7", "192.0.2.7/32", true},
	} {
		got, ok := (&access.SSH{SourceAddress: c.listed}).Sources(c.asked)
		if strings.Join(got, ",") != c.want || ok != c.ok {
			t.Errorf("%v asked from %q: %v %v, want %s %v", c.listed, c.asked, got, ok, c.want, c.ok)
		}
	}
}
