package sshsig_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	foreign "github.com/hiddeco/sshsig"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

func seeds(f *testing.F) {
	f.Helper()
	names, err := filepath.Glob(vectors + "/*.sig")
	if err != nil || len(names) < 7 {
		f.Fatalf("found %d vectors (%v)", len(names), err)
	}
	for _, name := range names {
		armored := read(f, name)
		f.Add(armored)
		if blob, err := sshsig.Normalise(armored); err == nil {
			f.Add(blob)
		}
	}
	p := newPasskey(f, cellHost)
	p.namespace = string(read(f, vectors, "namespace"))
	message := string(read(f, vectors, "signed-data"))
	f.Add(p.sign(f, message).blob())
	f.Add(p.with(func(p *passkey) { p.tail = `,"crossOrigin":true}` }).sign(f, message).blob())
}

// FuzzVerify: whatever is accepted is canonical (Normalise leaves it alone) and
// a foreign implementation parses the same signature from it.
func FuzzVerify(f *testing.F) {
	seeds(f)
	namespace := string(read(f, vectors, "namespace"))
	message := read(f, vectors, "signed-data")
	f.Fuzz(func(t *testing.T, blob []byte) {
		who, err := sshsig.Verify(blob, namespace, message)
		if err != nil {
			var refusal sshsig.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("no reason: %v", err)
			}
			return
		}
		again, err := sshsig.Normalise(blob)
		if err != nil || !bytes.Equal(again, blob) {
			t.Fatalf("accepted but not canonical (%v)", err)
		}
		other, err := foreign.ParseSignature(blob)
		if err != nil || !bytes.Equal(other.PublicKey.Marshal(), who.Key) {
			t.Fatalf("the library reads another key (%v)", err)
		}
	})
}

// FuzzNormalise: what comes out is a fixed point, and goes through armor unchanged.
func FuzzNormalise(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		blob, err := sshsig.Normalise(input)
		if err != nil {
			return
		}
		again, err := sshsig.Normalise(sshsig.Armor(blob))
		if err != nil || !bytes.Equal(again, blob) {
			t.Fatalf("not a fixed point (%v)", err)
		}
	})
}
