package seal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"filippo.io/age"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

// FuzzDecode: a description that is taken is canonical, within its limits, and
// bad shares of it are named, not panicked over.
func FuzzDecode(f *testing.F) {
	e := seal3of5(f, "root-password")
	s := e.share(f, 0)
	f.Add(e.Description.Encode())
	f.Add([]byte(`{"commitments":[],"content":{"digest":"","length":0},"envelope":"v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := seal.Decode(data)
		if err != nil {
			return
		}
		if !bytes.Equal(d.Encode(), data) {
			t.Fatal("taken, though not canonical")
		}
		if d.Threshold < seal.ThresholdLeast || len(d.Shares) > seal.CustodiansMost {
			t.Fatalf("%d of %d", d.Threshold, len(d.Shares))
		}
		if err := d.CheckShare(s); err == nil && d.ID() != e.Description.ID() {
			t.Fatal("a share fits another envelope")
		}
	})
}

// FuzzDecodeShare: what is taken for a share says the same when written again.
func FuzzDecodeShare(f *testing.F) {
	e := seal3of5(f, "root-password")
	f.Add(e.share(f, 0).Encode())
	f.Add([]byte(`{"envelope":"00","index":1,"share":"v1","value":"00"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := seal.DecodeShare(data)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Encode(), data) {
			t.Fatal("taken, though not canonical")
		}
		if e.Description.CheckShare(s) == nil && s.Value != e.share(t, s.Index-1).Value {
			t.Fatal("a share that was never made fits")
		}
	})
}

// FuzzShareOf: only the words that were printed are taken.
func FuzzShareOf(f *testing.F) {
	e, list := seal3of5(f, "root-password"), statement.WordList()
	words, err := e.share(f, 0).Words(list)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(strings.Join(words, " "))
	f.Add(strings.Repeat("abacus ", seal.WordCount))
	f.Add(strings.Join(words[1:], " "))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := e.Description.ShareOf(text, list)
		if err == nil && s.Value != e.share(t, s.Index-1).Value {
			t.Fatal("a share that was never made fits")
		}
	})
}

// FuzzUnwrap: nothing but the custodian's file opens to a share.
func FuzzUnwrap(f *testing.F) {
	e := seal3of5(f, "root-password")
	f.Add(e.Shares[0])
	f.Add(e.Content)
	f.Fuzz(func(t *testing.T, file []byte) {
		if s, err := e.Description.Unwrap(file, e.people[0].identity); err == nil && s.Index != 1 {
			t.Fatalf("share %d came out", s.Index)
		}
	})
}

// FuzzParseIdentities: whatever a file holds, it opens a share of its own or
// nothing, and no error quotes it.
func FuzzParseIdentities(f *testing.F) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte("# public key: " + key.Recipient().String() + "\n" + key.String() + "\n"))
	f.Add([]byte("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		identities, err := seal.ParseIdentities(data, nil)
		if (err == nil) == (len(identities) == 0) {
			t.Fatalf("%d identities, %v", len(identities), err)
		}
		if err != nil && len(data) > 40 && strings.Contains(err.Error(), string(data)) {
			t.Fatal("the error quotes the file")
		}
	})
}

// TestParseIdentities: keys that cannot decrypt are told from those that can.
func TestParseIdentities(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	spelled := func(block *pem.Block, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(block)
	}
	open := spelled(ssh.MarshalPrivateKey(private, ""))
	locked := spelled(ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("a passphrase")))
	if _, err := seal.ParseIdentities(open, nil); err != nil {
		t.Error(err)
	}
	if _, err := seal.ParseIdentities(locked, nil); !errors.Is(err, seal.ErrLocked) {
		t.Errorf("%v", err)
	}
	for passphrase, good := range map[string]bool{"a passphrase": true, "another": false} {
		if _, err := seal.ParseIdentities(locked, func() ([]byte, error) { return []byte(passphrase), nil }); (err == nil) != good {
			t.Errorf("%s: %v", passphrase, err)
		}
	}
	for what, file := range map[string][]byte{
		"only sign":  spelled(ssh.MarshalPrivateKey(elliptic, "")),
		"AGE-SECRET": []byte("nothing"),
		"at most":    bytes.Repeat([]byte("#\n"), seal.IdentityMost),
	} {
		if _, err := seal.ParseIdentities(file, nil); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
}
