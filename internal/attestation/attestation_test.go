package attestation_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
)

const host = "halligan.example.com"

var at = time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)

// wire is an SSH key of an authenticator.
func wire(fields ...[]byte) (w []byte) {
	for _, field := range fields {
		w = append(binary.BigEndian.AppendUint32(w, uint32(len(field))), field...)
	}
	return w
}

// made is a key of a device of a maker and its attestation.
func made(t testing.TB, m *attestationtest.Maker) ([]byte, attestation.Attestation) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	a := m.Attest(m.Data(host, []byte("credential"), point[1:33], point[33:]), sha256.Sum256([]byte("client data")))
	return wire([]byte("sk-ecdsa-sha2-nistp256@openssh.com"), []byte("nistp256"), point, []byte(host)), a
}

func TestCheck(t *testing.T) {
	for _, format := range []string{attestation.Packed, attestation.U2F} {
		m := attestationtest.New("Acme")
		m.Format = format
		key, a := made(t, m)
		if err := a.Check(key); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		want := map[string]error{attestation.U2F: attestation.ErrNoModel}[format]
		if err := a.By([][]byte{m.Root.Raw}, nil, at); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", format, err, want)
		}
		if err := a.By([][]byte{attestationtest.New("Other").Root.Raw, m.Root.Raw}, []string{"00000000-0000-0000-0000-000000000000", a.Model()}, at); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		again, err := attestation.Parse(a.String())
		if err != nil || again.String() != a.String() || again.Check(key) != nil {
			t.Errorf("%s: parsed it is %+v, %v", format, again, err)
		}
	}
}

// TestT23NotOfThisKey: what is of another key, host or device, or was changed, is none
// of this key.
func TestT23NotOfThisKey(t *testing.T) {
	m := attestationtest.New("Acme")
	u2f := attestationtest.New("Acme")
	u2f.Format = attestation.U2F
	key, good := made(t, m)
	other, stranger := made(t, m)
	changed := func(change func(*attestation.Attestation)) attestation.Attestation {
		a := good
		a.Data, a.Signature = bytes.Clone(good.Data), bytes.Clone(good.Signature)
		change(&a)
		return a
	}
	// sign makes it as whoever has a key of a device would, over whatever it says.
	sign := func(m *attestationtest.Maker, change func(*attestation.Attestation)) attestation.Attestation {
		a := changed(change)
		chain, key := m.Device()
		a.Chain = chain
		a.Signature = attestationtest.Sign(key, attestationtest.Signed(a))
		return a
	}
	with := func(change func(*attestationtest.Maker)) attestation.Attestation {
		m := attestationtest.New("Acme")
		change(m)
		return sign(m, func(a *attestation.Attestation) { copy(a.Data[37:], m.Model[:]) })
	}
	nothing := func(*attestation.Attestation) {}
	for name, c := range map[string]struct {
		a    attestation.Attestation
		want error
	}{
		"of another key":              {stranger, attestation.ErrKey},
		"of another host":             {sign(m, func(a *attestation.Attestation) { a.Data[0]++ }), attestation.ErrApplication},
		"a bit of the signature":      {changed(func(a *attestation.Attestation) { a.Signature[len(a.Signature)-1]++ }), attestation.ErrSignature},
		"no signature":                {changed(func(a *attestation.Attestation) { a.Signature = nil }), attestation.ErrSignature},
		"other client data":           {changed(func(a *attestation.Attestation) { a.Client[0]++ }), attestation.ErrSignature},
		"another counter":             {changed(func(a *attestation.Attestation) { a.Data[36]++ }), attestation.ErrSignature},
		"another credential":          {changed(func(a *attestation.Attestation) { a.Data[56]++ }), attestation.ErrSignature},
		"another format":              {changed(func(a *attestation.Attestation) { a.Format = attestation.U2F }), attestation.ErrModel},
		"a model that nobody signed":  {sign(u2f, func(a *attestation.Attestation) { a.Format = attestation.U2F }), attestation.ErrModel},
		"another model":               {sign(m, func(a *attestation.Attestation) { a.Data[37]++ }), attestation.ErrModel},
		"another certificate":         {changed(func(a *attestation.Attestation) { a.Chain, _ = m.Device() }), attestation.ErrSignature},
		"a certificate of nothing":    {changed(func(a *attestation.Attestation) { a.Chain = [][]byte{{1, 2, 3}} }), attestation.ErrCertificate},
		"a certificate of the root":   {changed(func(a *attestation.Attestation) { a.Chain = [][]byte{m.Root.Raw} }), attestation.ErrCertificate},
		"of an authority":             {with(func(m *attestationtest.Maker) { m.CA = true }), attestation.ErrCertificate},
		"of something else":           {with(func(m *attestationtest.Maker) { m.Subject.OrganizationalUnit = []string{"Firmware"} }), attestation.ErrCertificate},
		"of nobody":                   {with(func(m *attestationtest.Maker) { m.Subject.Organization = nil }), attestation.ErrCertificate},
		"no user was there":           {sign(m, func(a *attestation.Attestation) { a.Data[32] &^= 1 }), attestation.ErrData},
		"no credential":               {sign(m, func(a *attestation.Attestation) { a.Data[32] &^= 1 << 6 }), attestation.ErrData},
		"something behind the key":    {sign(m, func(a *attestation.Attestation) { a.Data = append(a.Data, 0xa0) }), attestation.ErrData},
		"too much behind the key":     {sign(m, func(a *attestation.Attestation) { a.Data[32] |= 1 << 7; a.Data = append(a.Data, make([]byte, 1025)...) }), attestation.ErrData},
		"cut short":                   {changed(func(a *attestation.Attestation) { a.Data = a.Data[:54] }), attestation.ErrData},
		"an id longer than the data":  {sign(m, func(a *attestation.Attestation) { a.Data[53] = 0xff }), attestation.ErrData},
		"another key behind its own":  {sign(m, func(a *attestation.Attestation) { a.Data = a.Data[:len(a.Data)-1] }), attestation.ErrKey},
		"extensions that are told of": {sign(m, func(a *attestation.Attestation) { a.Data[32] |= 1 << 7; a.Data = append(a.Data, 0xa0) }), nil},
		"signed anew":                 {sign(m, nothing), nil},
	} {
		if err := c.a.Check(key); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := stranger.Check(other); err != nil {
		t.Error(err)
	}
	if err := good.Check(wire([]byte("ssh-ed25519"), make([]byte, 32))); !errors.Is(err, attestation.ErrKey) {
		t.Errorf("a plain key: %v", err)
	}
	if err := good.Check(nil); !errors.Is(err, attestation.ErrKey) {
		t.Errorf("no key: %v", err)
	}
}

// TestT23WhateverAMakerSignedIsNoDeviceOfU2F: a certificate of U2F does not say that it
// is of an authenticator. Without models none counts, and with models none but by name.
func TestT23WhateverAMakerSignedIsNoDeviceOfU2F(t *testing.T) {
	m := attestationtest.New("Acme")
	m.Format, m.Subject.OrganizationalUnit = attestation.U2F, []string{"Firmware"}
	key, a := made(t, m)
	if err := a.Check(key); err != nil {
		t.Fatal(err) // nothing in it is wrong
	}
	for name, models := range map[string][]string{"no models": nil, "another model": {"2fc0579f-8113-47ea-b116-bb5a8db9202a"}} {
		if err := a.By([][]byte{m.Root.Raw}, models, at); !errors.Is(err, attestation.ErrNoModel) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := a.By([][]byte{m.Root.Raw}, []string{attestation.NoModel}, at); err != nil {
		t.Errorf("by name: %v", err)
	}
}

// TestSelfAttestationIsNone: what a key says of itself, with a certificate that it
// made for itself, has no root.
func TestSelfAttestationIsNone(t *testing.T) {
	acme, own := attestationtest.New("Acme"), attestationtest.New("Acme")
	key, a := made(t, own)
	if err := a.Check(key); err != nil {
		t.Fatal(err)
	}
	if err := a.By([][]byte{acme.Root.Raw}, nil, at); !errors.Is(err, attestation.ErrRoot) {
		t.Errorf("a maker that has only the name: %v", err)
	}
	if err := a.By(nil, nil, at); !errors.Is(err, attestation.ErrRoot) {
		t.Errorf("no root: %v", err)
	}
	without := a
	without.Chain = nil
	if _, err := attestation.Parse(without.String()); !errors.Is(err, attestation.ErrForm) {
		t.Errorf("without a certificate: %v", err)
	}
}

// TestByAsksForTheTime: each certificate is valid at the time that is asked for.
func TestByAsksForTheTime(t *testing.T) {
	m := attestationtest.New("Acme")
	m.From, m.Until = at.AddDate(0, 0, -1), at.AddDate(0, 0, 1)
	_, a := made(t, m)
	roots := [][]byte{m.Root.Raw}
	for days, want := range map[int]error{-2: attestation.ErrRoot, 0: nil, 2: attestation.ErrRoot, 365 * 40: attestation.ErrRoot} {
		if err := a.By(roots, nil, at.AddDate(0, 0, days)); !errors.Is(err, want) {
			t.Errorf("%d days on: %v, want %v", days, err, want)
		}
	}
	if err := a.By(roots, []string{"00000000-0000-0000-0000-000000000000"}, at); !errors.Is(err, attestation.ErrOtherModel) {
		t.Errorf("another model: %v", err)
	}
	if err := a.By([][]byte{{1}}, nil, at); !errors.Is(err, attestation.ErrRoot) {
		t.Errorf("a root that cannot be read: %v", err)
	}
	a.Chain = append(slices.Clone(a.Chain), []byte{1})
	if err := a.By(roots, nil, at); !errors.Is(err, attestation.ErrRoot) {
		t.Errorf("a chain that cannot be read: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	_, a := made(t, attestationtest.New("Acme"))
	good := a.String()
	raw, _ := base64.StdEncoding.DecodeString(good)
	many := a
	many.Chain = slices.Repeat(a.Chain, attestation.ChainMost+1)
	long := a
	long.Chain = [][]byte{make([]byte, attestation.Longest)}
	none := a
	none.Format = "none"
	for name, text := range map[string]string{
		"nothing": "", "no base64": "?", "a blank": good + " ", "a line end": good + "\n", "loose bits": strings.TrimRight(good, "=") + "=",
		"cut": base64.StdEncoding.EncodeToString(raw[:len(raw)-1]), "more": base64.StdEncoding.EncodeToString(append(raw, 0)),
		"too many certificates": many.String(), "too long": long.String(), "another format": none.String(),
	} {
		if got, err := attestation.Parse(text); err == nil && text != good {
			t.Errorf("%s is read as %+v", name, got)
		}
	}
	if (attestation.Attestation{}).Model() != "" {
		t.Error("nothing has a model")
	}
}

func FuzzParse(f *testing.F) {
	key, a := made(f, attestationtest.New("Acme"))
	f.Add(a.String(), key)
	f.Add("", []byte{})
	f.Add("AAAABnBhY2tlZA==", key[:40])
	f.Fuzz(func(t *testing.T, text string, key []byte) {
		a, err := attestation.Parse(text)
		if err != nil {
			return
		}
		if a.String() != text {
			t.Fatalf("%q is another text than %q", a.String(), text)
		}
		_, _ = a.Check(key), a.By(nil, nil, at) // neither may panic
	})
}
