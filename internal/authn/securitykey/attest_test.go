package securitykey_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/securitykey"
)

var (
	at        = time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)
	challenge = []byte("what an invitation says")
)

// p256 is a P-256 key that a device of a maker made, and its attestation.
func p256(t testing.TB, m *attestationtest.Maker, application string) ([]byte, attestation.Attestation) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	wire := attestationtest.Fields([]byte("sk-ecdsa-sha2-nistp256@openssh.com"), []byte("nistp256"), point, []byte(application))
	return wire, m.Attest(m.Data(application, []byte("key handle"), point[1:33], point[33:]), sha256.Sum256(challenge))
}

// TestRead: what ssh-keygen writes of either kind of key is an attestation of it, and
// a maker stands behind it by its root, or by its authority that signs devices.
func TestRead(t *testing.T) {
	acme := attestationtest.New("Acme")
	below := acme.Below()
	unnamed := attestationtest.New("Acme")
	unnamed.Model, unnamed.Named = [16]byte{}, [16]byte{}
	read := func(name string, m *attestationtest.Maker, wire, file []byte, format string) {
		t.Helper()
		a, err := securitykey.Read(wire, file, challenge)
		if err != nil || a.Format != format {
			t.Errorf("%s: %q, %v", name, a.Format, err)
			return
		}
		again, err := attestation.Parse(a.String())
		if err != nil || again.Check(wire) != nil {
			t.Errorf("%s: nobody who replays reads it: %v", name, err)
		}
		if err := a.By([][]byte{m.Root.Raw}, []string{a.Model()}, at); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, m := range map[string]*attestationtest.Maker{"root": acme, "authority": below, "no model": unnamed} {
		for _, application := range []string{"ssh:", "ssh:production"} {
			key := m.SSH(application, challenge)
			read(name+" ed25519 "+application, m, key.Wire, key.File(), attestation.Packed)
			wire, a := p256(t, m, application)
			read(name+" ecdsa "+application, m, wire, attestationtest.File(a), attestation.Packed)
		}
	}
	u2f := attestationtest.New("Acme")
	u2f.Format = attestation.U2F
	wire, a := p256(t, u2f, "ssh:")
	read("u2f", u2f, wire, attestationtest.File(a), attestation.U2F)
	if err := a.By([][]byte{u2f.Root.Raw}, nil, at); !errors.Is(err, attestation.ErrNoModel) {
		t.Errorf("u2f without its model named: %v", err)
	}
	// With extensions, such as those of keys that want a PIN, it is longer than 255 bytes.
	long := acme.SSH("ssh:", challenge)
	long.Attestation.Data[32] |= 1 << 7
	long.Attestation = acme.Attest(append(long.Attestation.Data, make([]byte, 200)...), sha256.Sum256(challenge))
	read("extensions", acme, long.Wire, long.File(), attestation.Packed)
	// Certificates are judged at the time by whoever replays, and not here.
	if by := acme.SSH("ssh:", challenge).Attestation.By([][]byte{below.Root.Raw}, nil, at); !errors.Is(by, attestation.ErrRoot) {
		t.Errorf("under an authority that did not sign it: %v", by)
	}
}

// TestWrittenByOpenSSH: files that ssh-keygen of OpenSSH 9.2 wrote, with a middleware
// (-w) that answered what a device of software had made under the very challenge.
func TestWrittenByOpenSSH(t *testing.T) {
	for _, kind := range []string{"ed25519", "ecdsa"} {
		file := func(name string) []byte {
			data, err := os.ReadFile(filepath.Join("testdata", kind, name))
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		wire, err := base64.StdEncoding.DecodeString(strings.Fields(string(file("key.pub")))[1])
		if err != nil {
			t.Fatal(err)
		}
		a, err := securitykey.Read(wire, file("attestation"), file("challenge"))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		root, _ := pem.Decode(file("root.pem"))
		if err := a.By([][]byte{root.Bytes}, nil, at); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if !bytes.Equal(attestationtest.File(a), file("attestation")) {
			t.Errorf("%s: tests write another file than OpenSSH", kind)
		}
	}
}

// TestT23NotOfThisSecurityKey: what is of another key, application, challenge or model,
// what no maker signed and what is not in its one form is refused, each by its name.
func TestT23NotOfThisSecurityKey(t *testing.T) {
	acme := attestationtest.New("Acme")
	key := acme.SSH("ssh:", challenge)
	file := key.File()
	other := acme.SSH("ssh:", challenge)
	web := acme.SSH("halligan.example.com", challenge)
	elsewhere := key.Attestation
	elsewhere.Data = slices.Concat(acme.SSH("ssh:other", challenge).Attestation.Data[:32], key.Attestation.Data[32:])
	elsewhere = acme.Attest(elsewhere.Data, elsewhere.Client)
	changed := func(change func(*attestationtest.Maker)) []byte {
		m := attestationtest.New("Acme")
		change(m)
		return attestationtest.File(m.Attest(key.Attestation.Data, key.Attestation.Client))
	}
	absent := bytes.Clone(key.Attestation.Data)
	absent[32] &^= 1
	bare, _ := p256(t, acme, "ssh:")
	site, signed := p256(t, acme, "halligan.example.com")
	parts := [][]byte{[]byte("ssh-sk-attest-v01"), key.Attestation.Chain[0], key.Attestation.Signature, wrapped(key.Attestation.Data)}
	with := func(at int, part []byte) []byte {
		all := slices.Clone(parts)
		all[at] = part
		return append(attestationtest.Fields(all...), make([]byte, 8)...)
	}
	if !bytes.Equal(with(0, parts[0]), file) {
		t.Fatal("the parts are not those of the file")
	}
	huge := bytes.Clone(file)
	binary.BigEndian.PutUint32(huge[21:], 0xffffffff)
	for name, c := range map[string]struct {
		wire, file, challenge []byte
		want                  error
	}{
		"another key":                  {other.Wire, file, challenge, attestation.ErrKey},
		"another kind of key":          {bare, file, challenge, attestation.ErrKey},
		"another application":          {key.Wire, attestationtest.File(elsewhere), challenge, attestation.ErrApplication},
		"a key of a website":           {web.Wire, web.File(), challenge, securitykey.ErrKind},
		"a passkey":                    {site, attestationtest.File(signed), challenge, securitykey.ErrKind},
		"a key of no device":           {attestationtest.Fields([]byte("ssh-ed25519"), key.Wire[34:66]), file, challenge, securitykey.ErrKind},
		"no key":                       {nil, file, challenge, securitykey.ErrKind},
		"something behind the key":     {append(bytes.Clone(key.Wire), 0), file, challenge, securitykey.ErrKind},
		"another challenge":            {key.Wire, file, []byte("another"), securitykey.ErrChallenge},
		"no challenge":                 {key.Wire, file, nil, securitykey.ErrChallenge},
		"another device":               {key.Wire, with(1, other.Attestation.Chain[0]), challenge, securitykey.ErrChallenge},
		"another's signature":          {key.Wire, with(2, other.Attestation.Signature), challenge, securitykey.ErrChallenge},
		"another model":                {key.Wire, changed(func(m *attestationtest.Maker) { m.Named[0]++ }), challenge, attestation.ErrModel},
		"an authority's certificate":   {key.Wire, changed(func(m *attestationtest.Maker) { m.CA = true }), challenge, attestation.ErrCertificate},
		"a certificate of nothing":     {key.Wire, with(1, []byte{1}), challenge, attestation.ErrCertificate},
		"nobody was there":             {key.Wire, attestationtest.File(acme.Attest(absent, key.Attestation.Client)), challenge, attestation.ErrData},
		"data cut short":               {key.Wire, with(3, wrapped(key.Attestation.Data[:54])), challenge, attestation.ErrData},
		"its own word":                 {key.Wire, with(1, nil), challenge, securitykey.ErrSelf},
		"of an older OpenSSH":          {key.Wire, append(attestationtest.Fields([]byte("ssh-sk-attest-v00"), parts[1], parts[2]), make([]byte, 8)...), challenge, securitykey.ErrOld},
		"of a newer OpenSSH":           {key.Wire, with(0, []byte("ssh-sk-attest-v02")), challenge, securitykey.ErrForm},
		"no signature":                 {key.Wire, with(2, nil), challenge, securitykey.ErrForm},
		"no data":                      {key.Wire, with(3, nil), challenge, securitykey.ErrForm},
		"data that is not wrapped":     {key.Wire, with(3, key.Attestation.Data), challenge, securitykey.ErrForm},
		"something behind the data":    {key.Wire, with(3, append(wrapped(key.Attestation.Data), 0)), challenge, securitykey.ErrForm},
		"data shorter than it says":    {key.Wire, with(3, wrapped(key.Attestation.Data)[:100]), challenge, securitykey.ErrForm},
		"a length longer than need be": {key.Wire, with(3, append(binary.BigEndian.AppendUint16([]byte{0x59}, uint16(len(key.Attestation.Data))), key.Attestation.Data...)), challenge, securitykey.ErrForm},
		"the same, of very little":     {key.Wire, with(3, []byte{0x58, 2, 0, 0}), challenge, securitykey.ErrForm},
		"very little data":             {key.Wire, with(3, []byte{0x42, 0, 0}), challenge, attestation.ErrData},
		"little that says it is more":  {key.Wire, with(3, []byte{0x43, 0, 0}), challenge, securitykey.ErrForm},
		"a map of CBOR":                {key.Wire, with(3, []byte{0xa0}), challenge, securitykey.ErrForm},
		"nothing":                      {key.Wire, nil, challenge, securitykey.ErrForm},
		"something behind the file":    {key.Wire, append(bytes.Clone(file), 0), challenge, securitykey.ErrForm},
		"a file cut short":             {key.Wire, file[:len(file)-1], challenge, securitykey.ErrForm},
		"a reserved flag":              {key.Wire, slices.Concat(file[:len(file)-5], []byte{1, 0, 0, 0, 0}), challenge, securitykey.ErrForm},
		"something reserved":           {key.Wire, slices.Concat(file[:len(file)-4], []byte{0, 0, 0, 1, 0}), challenge, securitykey.ErrForm},
		"a huge length":                {key.Wire, huge, challenge, securitykey.ErrForm},
		"a huge certificate":           {key.Wire, with(1, make([]byte, securitykey.Longest)), challenge, securitykey.ErrForm},
		"a file of megabytes":          {key.Wire, make([]byte, 8<<20), challenge, securitykey.ErrForm},
	} {
		a, err := securitykey.Read(c.wire, c.file, c.challenge)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %+v, %v; want %v", name, a, err, c.want)
		}
		var refusal securitykey.Refusal
		if !errors.As(err, &refusal) || refusal.Reason() == "" || refusal.Error() == "" {
			t.Errorf("%s: no name: %v", name, err)
		}
	}
}

// wrapped is authenticator data as a byte string of CBOR.
func wrapped(data []byte) []byte { return append([]byte{0x58, byte(len(data))}, data...) }

// FuzzRead: whatever comes, what is read is one that whoever replays reads.
func FuzzRead(f *testing.F) {
	key := attestationtest.New("Acme").SSH("ssh:", challenge)
	f.Add(key.Wire, key.File(), challenge)
	f.Add(key.Wire, key.File()[:40], challenge)
	f.Add(key.Wire, append(attestationtest.Fields([]byte("ssh-sk-attest-v01"), []byte{1}, []byte{2}, []byte{0x41, 0}), make([]byte, 8)...), []byte{})
	f.Add([]byte{}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, wire, file, challenge []byte) {
		a, err := securitykey.Read(wire, file, challenge)
		if err != nil {
			var refusal securitykey.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("no name: %v", err)
			}
			return
		}
		again, err := attestation.Parse(a.String())
		if err != nil || again.Check(wire) != nil || again.Client != sha256.Sum256(challenge) {
			t.Fatalf("%+v: %v", again, err)
		}
	})
}
