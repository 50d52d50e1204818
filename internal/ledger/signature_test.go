package ledger_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/ledger"
)

const vectors = "../authn/sshsig/testdata/openssh"

// signatures are OpenSSH's own, as entries have them.
func signatures(t testing.TB) (blobs [][]byte) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(vectors, "*.sig"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		armored, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if blob, err := sshsig.Normalise(armored); err == nil {
			blobs = append(blobs, blob)
		}
	}
	if len(blobs) < 5 {
		t.Fatalf("%d signatures", len(blobs))
	}
	return blobs
}

// TestSignatureNamesItsKey: the key is the one that a checker of signatures finds.
func TestSignatureNamesItsKey(t *testing.T) {
	namespace, err := os.ReadFile(filepath.Join(vectors, "namespace"))
	if err != nil {
		t.Fatal(err)
	}
	message, err := os.ReadFile(filepath.Join(vectors, "signed-data"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, blob := range signatures(t) {
		who, err := sshsig.Verify(blob, string(namespace), message)
		if err != nil {
			continue // a kind of key that is not accepted
		}
		checked++
		if got := (&ledger.Signature{SSHSig: blob}).Key(); !bytes.Equal(got, who.Key) {
			t.Errorf("%s: another key is named", who.Type)
		}
	}
	if checked < 4 {
		t.Errorf("%d signatures were checked", checked)
	}
}

// FuzzSignatureKey: what is named stands in the signature, whole.
func FuzzSignatureKey(f *testing.F) {
	for _, blob := range signatures(f) {
		f.Add(blob)
		f.Add(blob[:len(blob)/3])
	}
	f.Add([]byte("SSHSIG\x00\x00\x00\x01\xff\xff\xff\xff"))
	f.Add([]byte("signed by nobody"))
	f.Fuzz(func(t *testing.T, blob []byte) {
		key := (&ledger.Signature{SSHSig: blob}).Key()
		if key == nil {
			return
		}
		head := binary.BigEndian.AppendUint32([]byte("SSHSIG\x00\x00\x00\x01"), uint32(len(key)))
		if !bytes.HasPrefix(blob, append(head, key...)) {
			t.Fatalf("%x is not the key of %x", key, blob)
		}
	})
}
