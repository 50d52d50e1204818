package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// securityKey signs as a FIDO key does, with flags.
func securityKey(flags byte, kind statement.Kind, message []byte) ledger.Signature {
	type text struct{ S string }
	str := func(s string) []byte { return ssh.Marshal(text{s}) }
	key := celltest.Key("security key")
	wire := bytes.Join([][]byte{str("sk-ssh-ed25519@openssh.com"), str(string(key.Public().(ed25519.PublicKey))), str("ssh:")}, nil)
	namespace, digest := sshsig.Namespace(string(kind)), sha512.Sum512(message)
	signed := bytes.Join([][]byte{[]byte("SSHSIG"), str(namespace), str(""), str("sha512"), str(string(digest[:]))}, nil)
	app, inner := sha256.Sum256([]byte("ssh:")), sha256.Sum256(signed)
	tail := binary.BigEndian.AppendUint32([]byte{flags}, 7)
	value := ed25519.Sign(key, bytes.Join([][]byte{app[:], tail, inner[:]}, nil))
	outer := bytes.Join([][]byte{str("sk-ssh-ed25519@openssh.com"), str(string(value)), tail}, nil)
	return ledger.Signature{SSHSig: bytes.Join([][]byte{
		[]byte("SSHSIG"), {0, 0, 0, 1}, str(string(wire)), str(namespace), str(""), str("sha512"), str(string(outer)),
	}, nil)}
}

// passkeyTap signs as a passkey in a browser does, with flags.
func passkeyTap(flags byte, kind statement.Kind, message []byte) ledger.Signature {
	device := passkeytest.New("ann", celltest.Origin)
	device.Flags = flags
	return ledger.Signature{SSHSig: must(device.Assert(string(kind), message).SSHSig(string(kind), message, [][]byte{device.Wire()}))}
}

func TestStrengths(t *testing.T) {
	message := []byte("a statement")
	for name, c := range map[string]struct {
		signature ledger.Signature
		want      roster.Strength
		bare      canon.Key32
	}{
		"ed25519":                     {signature("ann", statement.KindStop, message), roster.Possession, celltest.Public("ann")},
		"ecdsa":                       {signature(leaCurveName, statement.KindStop, message), roster.Possession, canon.Key32{}},
		"security key without touch":  {securityKey(0, statement.KindStop, message), roster.NoStrength, canon.Key32{}},
		"security key, verified only": {securityKey(4, statement.KindStop, message), roster.NoStrength, canon.Key32{}},
		"security key with touch":     {securityKey(1, statement.KindStop, message), roster.Possession, canon.Key32{}},
		"security key, user verified": {securityKey(5, statement.KindStop, message), roster.UserVerified, canon.Key32{}},
		"passkey, user verified":      {passkeyTap(passkeytest.Present|passkeytest.Verified, statement.KindStop, message), roster.UserVerified, canon.Key32{}},
		"passkey, backed up":          {passkeyTap(0x1d, statement.KindStop, message), roster.UserVerified, canon.Key32{}},
		"passkey with touch":          {passkeyTap(passkeytest.Present, statement.KindStop, message), roster.Possession, canon.Key32{}},
		"passkey, verified only":      {passkeyTap(passkeytest.Verified, statement.KindStop, message), roster.NoStrength, canon.Key32{}},
		"passkey, neither":            {passkeyTap(0, statement.KindStop, message), roster.NoStrength, canon.Key32{}},
	} {
		signer, err := verify.Signatures{}.Statement(statement.KindStop, message, c.signature)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if signer.Strength != c.want || signer.Ed25519 != c.bare || signer.Fingerprint == "" {
			t.Errorf("%s: got %+v, want strength %q", name, signer, c.want)
		}
		for what, err := range map[string]error{
			"another kind":    second(verify.Signatures{}.Statement(statement.KindDecision, message, c.signature)),
			"another message": second(verify.Signatures{}.Statement(statement.KindStop, []byte("another"), c.signature)),
		} {
			var fault *verify.Fault
			var refusal sshsig.Refusal
			if !errors.As(err, &fault) || fault.Class != verify.ClassSignature || !errors.As(err, &refusal) {
				t.Errorf("%s, %s: got %v", name, what, err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestReportFacts(t *testing.T) {
	at := celltest.Start.Std()
	session := func(key string, pid int) revocation.Session {
		return revocation.Session{KeyID: key, Serial: 1, User: "root", PID: pid, Started: at}
	}
	r := revocation.Report{
		Origin: celltest.Origin, Host: "db-1", List: revocation.ListRef{Number: 9, At: at}, ListedAt: at.Add(time.Second),
		Sessions: []revocation.Session{session("b", 2), session("a", 3), session("b", 4)},
		Problems: []string{"cannot reach the server"},
	}
	want := cell.ReportFacts{
		Host: "db-1", Origin: celltest.Origin, Fingerprint: celltest.Line("report db-1").Fingerprint,
		List: 9, ListAt: celltest.Start, KeyIDs: []string{"a", "b"}, Complete: true,
	}
	facts := func() (cell.ReportFacts, error) {
		data := must(r.Bytes())
		return verify.Signatures{}.Report(data, must(sshsig.Sign(signerOf("report db-1"), "halligan.v1.report", data)))
	}
	if got, err := facts(); err != nil || cmp.Diff(want, got, cmp.Comparer(func(a, b canon.Time) bool { return a.Equal(b) })) != "" {
		t.Errorf("got %+v, %v", got, err)
	}
	r.More = 1
	if got, err := facts(); err != nil || got.Complete {
		t.Errorf("a listing that leaves out a session is taken for complete: %+v, %v", got, err)
	}
	data := must(r.Bytes())
	for name, c := range map[string][2][]byte{
		"another purpose": {data, must(sshsig.Sign(signerOf("report db-1"), "halligan.v1.stop", data))},
		"another report":  {append(bytes.Clone(data), ' '), must(sshsig.Sign(signerOf("report db-1"), "halligan.v1.report", data))},
		"not a report":    {[]byte("{}"), must(sshsig.Sign(signerOf("report db-1"), "halligan.v1.report", []byte("{}")))},
	} {
		var fault *verify.Fault
		if _, err := (verify.Signatures{}).Report(c[0], c[1]); !errors.As(err, &fault) || fault.Class != verify.ClassReport {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func BenchmarkStatement(b *testing.B) {
	message := bytes.Repeat([]byte("x"), 700)
	for _, key := range []string{"ann", leaCurveName} {
		b.Run(fmt.Sprint("key=", key), func(b *testing.B) {
			made := signature(key, statement.KindDecision, message)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (verify.Signatures{}).Statement(statement.KindDecision, message, made); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
