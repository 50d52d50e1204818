package seal_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
)

// TestToHolder: what is sealed to the key of a request opens with it and with no
// other, and an armored file that was changed does not open.
func TestToHolder(t *testing.T) {
	holder, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	text, err := seal.ToHolder([]byte("hunter2"), canon.Key32(holder.PublicKey().Bytes()))
	if err != nil || strings.Contains(text, "hunter2") || !strings.HasPrefix(text, "-----BEGIN AGE ENCRYPTED FILE-----\n") {
		t.Fatalf("sealed %q, %v", text, err)
	}
	if got, err := seal.FromServer(text, holder.Bytes()); err != nil || string(got) != "hunter2" {
		t.Errorf("opened %q, %v", got, err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another key":  func() ([]byte, error) { return seal.FromServer(text, other.Bytes()) },
		"a short key":  func() ([]byte, error) { return seal.FromServer(text, holder.Bytes()[:31]) },
		"not armored":  func() ([]byte, error) { return seal.FromServer("hunter2", holder.Bytes()) },
		"cut off":      func() ([]byte, error) { return seal.FromServer(text[:len(text)/2], holder.Bytes()) },
		"changed":      func() ([]byte, error) { return seal.FromServer(changed(text), holder.Bytes()) },
		"much too big": func() ([]byte, error) { return seal.FromServer(strings.Repeat(text, 1000), holder.Bytes()) },
	} {
		if got, err := open(); err == nil {
			t.Errorf("%s opens it: %q", name, got)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error holds the secret", name)
		}
	}
	if _, err := seal.ToHolder(nil, canon.Key32(holder.PublicKey().Bytes())); err == nil {
		t.Error("nothing is sealed")
	}
	if _, err := seal.ToHolder([]byte("x"), canon.Key32{}); err == nil {
		t.Error("sealed to a key that everybody has")
	}
}

// changed is the text with one character of its body exchanged.
func changed(text string) string {
	at := len(text) - 60
	with := byte('A')
	if text[at] == with {
		with = 'B'
	}
	return text[:at] + string(with) + text[at+1:]
}
