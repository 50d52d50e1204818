package sshsig_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

const vectors = "testdata/openssh"

func read(t testing.TB, parts ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wireKey returns the wire form of the key in an authorized_keys line.
func wireKey(t testing.TB, line []byte) []byte {
	t.Helper()
	pub, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		t.Fatal(err)
	}
	return pub.Marshal()
}

func TestOpenSSHVectors(t *testing.T) {
	namespace := string(read(t, vectors, "namespace"))
	message := read(t, vectors, "signed-data")
	for name, want := range map[string]struct {
		unread   error // by Normalise
		refusal  error // by Verify
		touched  bool
		security bool
	}{
		"ed25519":           {},
		"ecdsa":             {},
		"rsa":               {},
		"ed25519_sk":        {touched: true, security: true},
		"ecdsa_sk":          {touched: true, security: true},
		"ecdsa_sk_webauthn": {refusal: sshsig.ErrOrigin}, // a key of mindrot.org, used by www.mindrot.org
		"dsa":               {unread: sshsig.ErrKeyType},
	} {
		t.Run(name, func(t *testing.T) {
			blob, err := sshsig.Normalise(read(t, vectors, name+".sig"))
			if !errors.Is(err, want.unread) {
				t.Fatalf("Normalise: %v, want %v", err, want.unread)
			}
			if err != nil {
				return
			}
			got, err := sshsig.Verify(blob, namespace, message)
			if !errors.Is(err, want.refusal) {
				t.Fatalf("Verify: %v, want %v", err, want.refusal)
			}
			if err != nil {
				return
			}
			key := wireKey(t, read(t, vectors, name+".pub"))
			if !bytes.Equal(got.Key, key) {
				t.Error("another key than the one in the .pub file")
			}
			if got.Touched != want.touched || got.UserVerified || got.Security != want.security {
				t.Errorf("touched %v, user verified %v, security %v", got.Touched, got.UserVerified, got.Security)
			}
			pub, _ := ssh.ParsePublicKey(key)
			if got.Type != pub.Type() || got.Fingerprint != ssh.FingerprintSHA256(pub) {
				t.Errorf("described as %s %s", got.Type, got.Fingerprint)
			}
			if _, err := sshsig.Verify(blob, namespace, append(message, ' ')); !errors.Is(err, sshsig.ErrInvalid) {
				t.Errorf("another message: %v", err)
			}
			if _, err := sshsig.Verify(blob, "other", message); !errors.Is(err, sshsig.ErrNamespace) {
				t.Errorf("another namespace: %v", err)
			}
		})
	}
}

// TestEveryBit flips each bit of each good vector: none may pass, and all must
// be refused with a reason.
func TestEveryBit(t *testing.T) {
	namespace := string(read(t, vectors, "namespace"))
	message := read(t, vectors, "signed-data")
	for _, name := range []string{"ed25519", "ecdsa", "ed25519_sk", "ecdsa_sk"} {
		good, err := sshsig.Normalise(read(t, vectors, name+".sig"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(good) * 8 {
			bad := bytes.Clone(good)
			bad[i/8] ^= 1 << (i % 8)
			_, err := sshsig.Verify(bad, namespace, message)
			var refusal sshsig.Refusal
			if !errors.As(err, &refusal) || refusal.Reason() == "" || refusal.Error() == "" {
				t.Fatalf("%s, bit %d: %v", name, i, err)
			}
		}
	}
}

func BenchmarkVerifyEd25519(b *testing.B) {
	namespace := string(read(b, vectors, "namespace"))
	message := read(b, vectors, "signed-data")
	blob, err := sshsig.Normalise(read(b, vectors, "ed25519.sig"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := sshsig.Verify(blob, namespace, message); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBareEd25519 is the measure: the same key and a message of the length
// that is signed, without anything around it.
func BenchmarkBareEd25519(b *testing.B) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	message := make([]byte, 100)
	signature := ed25519.Sign(private, message)
	b.ReportAllocs()
	for b.Loop() {
		if !ed25519.Verify(public, message, signature) {
			b.Fatal("refused")
		}
	}
}
