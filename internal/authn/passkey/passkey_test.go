package passkey_test

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/halligan-dev/halligan/internal/authn/passkey"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

const (
	host = "cell.example.com"
	kind = "decision"
)

var message = []byte(`{"halligan":"v1","kind":"decision"}`)

func TestAssertionBecomesSSHSig(t *testing.T) {
	anna, phone, ben := passkeytest.New("anna", host), passkeytest.New("anna's phone", host), passkeytest.New("ben", host)
	keys := [][]byte{[]byte("no key"), passkeytest.New("elsewhere", "cell.example.org").Wire(), anna.Wire(), phone.Wire()}
	seen := map[bool]int{}
	for _, high := range []bool{false, true} {
		for _, a := range []*passkeytest.Authenticator{anna, phone} {
			a.HighS = high
			blob, err := a.Assert(kind, message).SSHSig(kind, message, keys)
			if err != nil {
				t.Fatal(err)
			}
			who, err := sshsig.Verify(blob, sshsig.Namespace(kind), message)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(who.Key, a.Wire()) || !who.Passkey || !who.UserVerified || !who.Touched || who.Origin != a.Origin {
				t.Errorf("signer %+v", who)
			}
			seen[high]++
		}
	}
	if seen[false] != 2 || seen[true] != 2 {
		t.Errorf("tried %v", seen)
	}
	ported := passkeytest.New("anna", host)
	ported.Origin += ":8443"
	if _, err := ported.Assert(kind, message).SSHSig(kind, message, keys); err != nil {
		t.Errorf("with a port: %v", err)
	}
	if _, err := ben.Assert(kind, message).SSHSig(kind, message, keys); !errors.Is(err, sshsig.ErrInvalid) {
		t.Errorf("with another's passkey: %v", err)
	}
	if _, err := anna.Assert(kind, message).SSHSig(kind, message, keys[:2]); !errors.Is(err, passkey.ErrHost) {
		t.Errorf("with passkeys of another host only: %v", err)
	}
	if _, err := anna.Assert(kind, message).SSHSig(kind, message, keys[:1]); !errors.Is(err, passkey.ErrNoPasskey) {
		t.Errorf("without passkeys: %v", err)
	}
}

// TestT21AssertionsRefused: what was signed for something else, or is not in the
// form that browsers give, is refused by its name.
func TestT21AssertionsRefused(t *testing.T) {
	other := passkeytest.New("anna", host).Assert("stop", message)
	for name, c := range map[string]struct {
		tell   func(*passkeytest.Authenticator)
		change func(*passkey.Assertion)
		want   error
	}{
		"another kind":           {nil, func(a *passkey.Assertion) { *a = other }, sshsig.ErrChallenge},
		"making of a passkey":    {func(a *passkeytest.Authenticator) { a.Ceremony = "webauthn.create" }, nil, sshsig.ErrCeremony},
		"a login's challenge":    {func(a *passkeytest.Authenticator) { a.Challenge = make([]byte, 32) }, nil, sshsig.ErrChallenge},
		"another site":           {func(a *passkeytest.Authenticator) { a.Origin = "https://evil.example" }, nil, sshsig.ErrOrigin},
		"a subdomain":            {func(a *passkeytest.Authenticator) { a.Origin = "https://www." + host }, nil, sshsig.ErrOrigin},
		"http":                   {func(a *passkeytest.Authenticator) { a.Origin = "http://" + host }, nil, sshsig.ErrOrigin},
		"in a frame":             {func(a *passkeytest.Authenticator) { a.Tail = `,"crossOrigin":true}` }, nil, sshsig.ErrCrossOrigin},
		"a name twice":           {func(a *passkeytest.Authenticator) { a.Tail = `,"origin":"x"}` }, nil, sshsig.ErrClientData},
		"another RP id":          {func(a *passkeytest.Authenticator) { a.RPID = "example.com" }, nil, passkey.ErrHost},
		"data after the counter": {func(a *passkeytest.Authenticator) { a.More = []byte{0} }, nil, passkey.ErrData},
		"extensions announced":   {func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.Extensions }, nil, sshsig.ErrFlags},
		"credential announced":   {func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.Credential }, nil, sshsig.ErrFlags},
		"backed up of nothing":   {func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.BackedUp }, nil, sshsig.ErrFlags},
		"no data":                {nil, func(a *passkey.Assertion) { a.AuthenticatorData = nil }, passkey.ErrData},
		"data too short":         {nil, func(a *passkey.Assertion) { a.AuthenticatorData = a.AuthenticatorData[:36] }, passkey.ErrData},
		"flags lifted":           {func(a *passkeytest.Authenticator) { a.Flags = passkeytest.Present }, func(a *passkey.Assertion) { a.AuthenticatorData[32] |= passkeytest.Verified }, sshsig.ErrInvalid},
		"counter changed":        {nil, func(a *passkey.Assertion) { a.AuthenticatorData[36]++ }, sshsig.ErrInvalid},
		"client data changed": {nil, func(a *passkey.Assertion) {
			a.ClientData = bytes.Replace(a.ClientData, []byte("false}"), []byte("false }"), 1)
		}, sshsig.ErrInvalid},
		"no client data":       {nil, func(a *passkey.Assertion) { a.ClientData = nil }, sshsig.ErrClientData},
		"client data too long": {nil, func(a *passkey.Assertion) { a.ClientData = make([]byte, 4<<10) }, sshsig.ErrClientData},
		"no signature":         {nil, func(a *passkey.Assertion) { a.Signature = nil }, passkey.ErrSignature},
		"signature too long":   {nil, func(a *passkey.Assertion) { a.Signature = append(a.Signature, make([]byte, 80)...) }, passkey.ErrSignature},
		"bytes after it":       {nil, func(a *passkey.Assertion) { a.Signature = append(a.Signature, 0) }, passkey.ErrSignature},
		"a third number":       {nil, func(a *passkey.Assertion) { a.Signature = der(1, 2, 3) }, passkey.ErrSignature},
		"one number":           {nil, func(a *passkey.Assertion) { a.Signature = der(1) }, passkey.ErrSignature},
		"zero":                 {nil, func(a *passkey.Assertion) { a.Signature = der(1, 0) }, passkey.ErrSignature},
		"negative":             {nil, func(a *passkey.Assertion) { a.Signature = der(-1, 1) }, passkey.ErrSignature},
		"not minimal":          {nil, func(a *passkey.Assertion) { a.Signature = []byte{0x30, 7, 2, 2, 0, 1, 2, 1, 1} }, passkey.ErrSignature},
		"a long length":        {nil, func(a *passkey.Assertion) { a.Signature = []byte{0x30, 0x81, 6, 2, 1, 1, 2, 1, 1} }, passkey.ErrSignature},
		"another signature":    {nil, func(a *passkey.Assertion) { a.Signature = der(1, 1) }, sshsig.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			device := passkeytest.New("anna", host)
			if c.tell != nil {
				c.tell(device)
			}
			a := device.Assert(kind, message)
			if c.change != nil {
				c.change(&a)
			}
			blob, err := a.SSHSig(kind, message, [][]byte{device.Wire()})
			if !errors.Is(err, c.want) || blob != nil {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func der(numbers ...int64) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, n := range numbers {
			b.AddASN1BigInt(big.NewInt(n))
		}
	})
	return b.BytesOrPanic()
}

func TestRegistrationBecomesKeyLine(t *testing.T) {
	device := passkeytest.New("anna", host)
	got, err := device.Register().Key(host)
	if err != nil {
		t.Fatal(err)
	}
	if got.Line != device.Line() || got.AAGUID != "00000000-0000-0000-0000-000000000000" || len(got.Credential) != 32 || !got.UserVerified || got.BackupEligible {
		t.Errorf("got %+v", got)
	}
	who, err := sshsig.Inspect(device.Wire())
	if err != nil || who.Fingerprint != got.Fingerprint {
		t.Errorf("fingerprint %s, %v", got.Fingerprint, err)
	}
	device.Flags = passkeytest.Present | passkeytest.BackupEligible | passkeytest.BackedUp
	got, err = device.Register().Key(host)
	if err != nil || got.UserVerified || !got.BackupEligible || !got.BackedUp {
		t.Errorf("got %+v, %v", got, err)
	}
	// A security key adds how well it guards the passkey.
	device.Flags, device.More = device.Flags|passkeytest.Extensions, []byte("\xa1\x6bcredProtect\x02")
	if _, err = device.Register().Key(host); err != nil {
		t.Errorf("with credProtect: %v", err)
	}
}

func TestRegistrationsRefused(t *testing.T) {
	device := passkeytest.New("anna", host)
	good := device.Register()
	point := device.Wire()[len(device.Wire())-len(host)-4-64:]
	x, y := point[:32], point[32:64]
	key := func(members map[int]any) func(*passkeytest.Authenticator) passkey.Registration {
		return func(a *passkeytest.Authenticator) passkey.Registration {
			return a.RegisterKey([]byte("id"), ctap(t, members))
		}
	}
	tell := func(change func(*passkeytest.Authenticator)) func(*passkeytest.Authenticator) passkey.Registration {
		return func(a *passkeytest.Authenticator) passkey.Registration { change(a); return a.Register() }
	}
	object := func(v any) func(*passkeytest.Authenticator) passkey.Registration {
		return func(*passkeytest.Authenticator) passkey.Registration {
			return passkey.Registration{Attestation: ctap(t, v), ClientData: good.ClientData}
		}
	}
	raw := func(attestation []byte) func(*passkeytest.Authenticator) passkey.Registration {
		return func(*passkeytest.Authenticator) passkey.Registration {
			return passkey.Registration{Attestation: attestation, ClientData: good.ClientData}
		}
	}
	for name, c := range map[string]struct {
		make func(*passkeytest.Authenticator) passkey.Registration
		want error
	}{
		"an assertion's client data": {tell(func(a *passkeytest.Authenticator) { a.Ceremony = "webauthn.get" }), sshsig.ErrCeremony},
		"another challenge":          {tell(func(a *passkeytest.Authenticator) { a.Challenge = []byte{1} }), sshsig.ErrChallenge},
		"another site":               {tell(func(a *passkeytest.Authenticator) { a.Origin = "https://evil.example" }), sshsig.ErrOrigin},
		"in a frame":                 {tell(func(a *passkeytest.Authenticator) { a.Tail = `,"crossOrigin":true}` }), sshsig.ErrCrossOrigin},
		"another RP id":              {tell(func(a *passkeytest.Authenticator) { a.RPID = "example.com" }), passkey.ErrHost},
		"nobody there":               {tell(func(a *passkeytest.Authenticator) { a.Flags = passkeytest.Verified }), passkey.ErrAbsent},
		"backed up of nothing":       {tell(func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.BackedUp }), passkey.ErrData},
		"bytes after the key":        {tell(func(a *passkeytest.Authenticator) { a.More = []byte{0} }), passkey.ErrData},
		"extensions missing":         {tell(func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.Extensions }), passkey.ErrData},
		"extensions null":            {tell(func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.Extensions; a.More = []byte{0xf6} }), passkey.ErrData},
		"bytes after extensions":     {tell(func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.Extensions; a.More = []byte{0xa0, 0} }), passkey.ErrData},
		"Ed25519":                    {key(map[int]any{1: 1, 3: -8, -1: 6, -2: x}), passkey.ErrAlgorithm},
		"RSA":                        {key(map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{1}, 256), -2: []byte{1, 0, 1}}), passkey.ErrAlgorithm},
		"ES384":                      {key(map[int]any{1: 2, 3: -35, -1: 2, -2: make([]byte, 48), -3: make([]byte, 48)}), passkey.ErrAlgorithm},
		"off the curve":              {key(map[int]any{1: 2, 3: -7, -1: 1, -2: y, -3: x}), passkey.ErrAlgorithm},
		"compressed":                 {key(map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: true}), passkey.ErrAlgorithm},
		"unknown member of the key":  {key(map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: y, -4: 1}), passkey.ErrData},
		"no credential id":           {func(a *passkeytest.Authenticator) passkey.Registration { return a.RegisterKey(nil, []byte{0xa0}) }, passkey.ErrData},
		"no key":                     {func(a *passkeytest.Authenticator) passkey.Registration { return a.RegisterKey([]byte("id"), nil) }, passkey.ErrData},
		"long credential id": {func(a *passkeytest.Authenticator) passkey.Registration {
			return a.RegisterKey(make([]byte, 1024), []byte{0xa0})
		}, passkey.ErrData},
		"nothing":         {raw(nil), passkey.ErrAttestation},
		"too long":        {raw(make([]byte, 17<<10)), passkey.ErrAttestation},
		"bytes after it":  {raw(append(bytes.Clone(good.Attestation), 0)), passkey.ErrAttestation},
		"cut":             {raw(good.Attestation[:len(good.Attestation)-1]), passkey.ErrAttestation},
		"an open map":     {raw([]byte("\xbf\x63fmt\x64none\xff")), passkey.ErrAttestation},
		"fmt twice":       {raw([]byte("\xa4\x63fmt\x64none\x63fmt\x64none\x67attStmt\xa0\x68authData\x40")), passkey.ErrAttestation},
		"deep":            {raw([]byte("\xa3\x63fmt\x64none\x67attStmt" + strings.Repeat("\x81", 40) + "\x00\x68authData\x40")), passkey.ErrAttestation},
		"a list":          {object([]int{1}), passkey.ErrAttestation},
		"no format":       {object(map[string]any{"attStmt": map[string]any{}, "authData": []byte{}}), passkey.ErrAttestation},
		"no statement":    {object(map[string]any{"fmt": "none", "authData": []byte{}}), passkey.ErrAttestation},
		"no data":         {object(map[string]any{"fmt": "none", "attStmt": map[string]any{}}), passkey.ErrData},
		"an unknown name": {object(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": []byte{}, "x": 1}), passkey.ErrAttestation},
		"another case":    {object(map[string]any{"FMT": "none", "attStmt": map[string]any{}, "authData": []byte{}}), passkey.ErrAttestation},
		"short data":      {object(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": make([]byte, 36)}), passkey.ErrData},
		"assertion data":  {object(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": device.Assert(kind, message).AuthenticatorData}), passkey.ErrData},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.make(passkeytest.New("anna", host)).Key(host); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := good.Key("cell.example.org"); !errors.Is(err, sshsig.ErrChallenge) {
		t.Errorf("for another cell: %v", err)
	}
}

func ctap(t *testing.T, v any) []byte {
	t.Helper()
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		t.Fatal(err)
	}
	data, err := mode.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// reasonOf demands that an error is one refusal with a name and a sentence.
func reasonOf(t *testing.T, err error) {
	t.Helper()
	var ours passkey.Refusal
	var theirs sshsig.Refusal
	switch {
	case errors.As(err, &ours) && ours.Reason() != "" && ours.Error() != "":
	case errors.As(err, &theirs) && theirs.Reason() != "":
	default:
		t.Fatalf("no reason: %v", err)
	}
}

// FuzzAssertion: whatever is taken verifies; whatever is not has a reason.
func FuzzAssertion(f *testing.F) {
	device := passkeytest.New("anna", host)
	for _, high := range []bool{false, true} {
		device.HighS = high
		a := device.Assert(kind, message)
		f.Add(a.AuthenticatorData, a.ClientData, a.Signature)
	}
	f.Fuzz(func(t *testing.T, data, clientData, signature []byte) {
		blob, err := passkey.Assertion{AuthenticatorData: data, ClientData: clientData, Signature: signature}.SSHSig(kind, message, [][]byte{device.Wire()})
		if err != nil {
			reasonOf(t, err)
			return
		}
		if _, err := sshsig.Verify(blob, sshsig.Namespace(kind), message); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzRegistration: whatever is taken is a key that could sign.
func FuzzRegistration(f *testing.F) {
	device := passkeytest.New("anna", host)
	good := device.Register()
	f.Add(good.Attestation)
	device.Flags |= passkeytest.Extensions
	device.More = []byte("\xa1\x6bcredProtect\x02")
	f.Add(device.Register().Attestation)
	f.Fuzz(func(t *testing.T, attestation []byte) {
		got, err := passkey.Registration{Attestation: attestation, ClientData: good.ClientData}.Key(host)
		if err != nil {
			reasonOf(t, err)
			return
		}
		if !strings.HasPrefix(got.Line, "sk-ecdsa-sha2-nistp256@openssh.com ") || len(got.Credential) == 0 {
			t.Fatalf("took %+v", got)
		}
	})
}
