package ledger_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// noon is when the witnesses of the tests cosign.
var noon = canon.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

func cosigner(tb testing.TB, seed byte, name string) *ledger.Cosigner {
	tb.Helper()
	skey, vkey, err := ledger.GenerateWitnessKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), name)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := ledger.NewCosigner(skey)
	if err != nil {
		tb.Fatal(err)
	}
	if c.VKey() != vkey || c.Name() != name {
		tb.Fatalf("the key of %s opens as %s", vkey, c.VKey())
	}
	return c
}

// three are the witnesses of the tests and the policy "2 of 3".
func three(tb testing.TB) ([]*ledger.Cosigner, ledger.Policy) {
	tb.Helper()
	var all []*ledger.Cosigner
	var vkeys []string
	for i, name := range []string{"alpha.example.net/w", "bravo.example.net/w", "charlie.example.net/w"} {
		c := cosigner(tb, byte(20+i), name)
		all, vkeys = append(all, c), append(vkeys, c.VKey())
	}
	policy, err := ledger.NewPolicy(2, vkeys)
	if err != nil {
		tb.Fatal(err)
	}
	return all, policy
}

func cosign(tb testing.TB, c *ledger.Cosigner, text []byte, at canon.Time) []byte {
	tb.Helper()
	line, err := c.Cosign(text, at)
	if err != nil {
		tb.Fatal(err)
	}
	return line
}

func TestCosign(t *testing.T) {
	signer, vkey := keyPair(t, 7, origin)
	text := sign(t, testCheckpoint(), signer)
	all, policy := three(t)
	got, err := policy.Check(text, noon)
	if err != nil || got.Enough() || len(got.By) != 0 || got.Need != 2 || !got.At().IsZero() {
		t.Fatalf("nobody cosigned: %+v, %v", got, err)
	}
	for i, c := range []*ledger.Cosigner{all[2], all[0]} {
		later := noon.Add(-time.Duration(i) * time.Minute)
		if text, err = policy.Add(text, cosign(t, c, text, later)); err != nil {
			t.Fatal(err)
		}
		if got, err = policy.Check(text, noon); err != nil || len(got.By) != i+1 || got.Enough() != (i == 1) {
			t.Fatalf("after %d: %+v, %v", i+1, got, err)
		}
	}
	want := []ledger.Cosignature{{"alpha.example.net/w", noon.Add(-time.Minute)}, {"charlie.example.net/w", noon}}
	if diff := cmp.Diff(want, got.By); diff != "" {
		t.Error(diff)
	}
	if !got.At().Equal(noon) {
		t.Errorf("witnessed at %s", got.At())
	}
	// The ledger's own signature is as good as before.
	if cp, err := ledger.OpenCheckpoint(origin, []string{vkey}, text); err != nil || cp != testCheckpoint() {
		t.Fatalf("%+v, %v", cp, err)
	}
	// With a third, the time is that of the second: no more is believed than is needed.
	if text, err = policy.Add(text, cosign(t, all[1], text, noon.Add(-time.Hour))); err != nil {
		t.Fatal(err)
	}
	if got, err = policy.Check(text, noon); err != nil || len(got.By) != 3 || !got.At().Equal(noon.Add(-time.Minute)) {
		t.Fatalf("%+v, %v", got, err)
	}
}

func TestCosignaturesAreMergedOnce(t *testing.T) {
	signer, _ := keyPair(t, 7, origin)
	bare := sign(t, testCheckpoint(), signer)
	all, policy := three(t)
	early, late := cosign(t, all[0], bare, noon.Add(-time.Hour)), cosign(t, all[0], bare, noon)
	for name, order := range map[string][2][]byte{"later last": {early, late}, "later first": {late, early}} {
		text, err := policy.Add(bare, order[0])
		if err != nil {
			t.Fatal(err)
		}
		if text, err = policy.Add(text, order[1]); err != nil {
			t.Fatal(err)
		}
		if want := string(bare) + string(late); string(text) != want {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	// In whatever order they come, the text is one, and strangers are left out of it.
	stranger := cosigner(t, 99, "stranger.example.net")
	a, err := policy.Add(bare, append(cosign(t, all[2], bare, noon), cosign(t, stranger, bare, noon)...))
	if err != nil {
		t.Fatal(err)
	}
	if a, err = policy.Add(a, late); err != nil {
		t.Fatal(err)
	}
	b, err := policy.Add(bare, append(bytes.Clone(late), cosign(t, all[2], bare, noon)...))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two orders give\n%s\n%s\n%v", a, b, err)
	}
	if same, err := policy.Add(bare, cosign(t, stranger, bare, noon)); err != nil || !bytes.Equal(same, bare) {
		t.Errorf("a stranger's cosignature changed the text: %s, %v", same, err)
	}
}

// TestT65CosignaturesThatAreNone is the negative corpus of witnesses: what looks
// like a cosignature and must not count as one.
func TestT65CosignaturesThatAreNone(t *testing.T) {
	signer, _ := keyPair(t, 7, origin)
	bare := sign(t, testCheckpoint(), signer)
	all, policy := three(t)
	foreign := sign(t, ledger.Checkpoint{Origin: "other.example.org", Size: 3, Root: testCheckpoint().Root},
		must(keyPair(t, 7, "other.example.org")))
	larger := sign(t, ledger.Checkpoint{Origin: origin, Size: 4, Root: testCheckpoint().Root}, signer)
	good := cosign(t, all[0], bare, noon)
	blob := func(line []byte) []byte {
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(string(line[bytes.LastIndexByte(line, ' ')+1:]), "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	under := func(name string, raw []byte) []byte {
		return fmt.Appendf(nil, "— %s %s\n", name, base64.StdEncoding.EncodeToString(raw))
	}
	edited := func(change func([]byte)) []byte {
		raw := blob(good)
		change(raw)
		return under("alpha.example.net/w", raw)
	}
	for name, c := range map[string]struct {
		lines []byte
		class string // empty: it is passed over
		by    int
	}{
		"good":                      {lines: good, by: 1},
		"unknown witness":           {lines: cosign(t, cosigner(t, 99, "stranger.example.net"), bare, noon)},
		"known name, unknown key":   {lines: cosign(t, cosigner(t, 98, "alpha.example.net/w"), bare, noon)},
		"known key, unknown name":   {lines: cosign(t, cosigner(t, 20, "alias.example.net/w"), bare, noon)},
		"key of another's name":     {lines: under("bravo.example.net/w", blob(good))},
		"of another log":            {lines: cosign(t, all[0], foreign, noon), class: ledger.ClassCosignature},
		"of another size":           {lines: cosign(t, all[0], larger, noon), class: ledger.ClassCosignature},
		"other time":                {lines: edited(func(raw []byte) { raw[11]++ }), class: ledger.ClassCosignature},
		"no time":                   {lines: edited(func(raw []byte) { clear(raw[4:12]) }), class: ledger.ClassCosignature},
		"time without end":          {lines: edited(func(raw []byte) { raw[4] = 0x80 }), class: ledger.ClassCosignature},
		"signature cut":             {lines: under("alpha.example.net/w", blob(good)[:75]), class: ledger.ClassCosignature},
		"signature with a tail":     {lines: under("alpha.example.net/w", append(blob(good), 0)), class: ledger.ClassCosignature},
		"plain signature, no time":  {lines: under("alpha.example.net/w", append(blob(good)[:4], blob(good)[12:]...)), class: ledger.ClassCosignature},
		"one witness twice":         {lines: append(bytes.Clone(good), cosign(t, all[0], bare, noon.Add(-time.Second))...), class: ledger.ClassEncoding},
		"bad base64":                {lines: bytes.Replace(good, []byte(" "), []byte(" *"), 2)[:len(good)], class: ledger.ClassEncoding},
		"loose base64":              {lines: append(good[:len(good)-1:len(good)-1], "=\n"...), class: ledger.ClassEncoding},
		"hyphen for dash":           {lines: bytes.Replace(good, []byte("—"), []byte("-"), 1), class: ledger.ClassEncoding},
		"two of three, one is none": {lines: append(bytes.Clone(good), cosign(t, all[1], larger, noon)...), class: ledger.ClassCosignature},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := policy.Check(append(bytes.Clone(bare), c.lines...), noon)
			_, added := policy.Add(bare, c.lines)
			if c.class != "" {
				wantFault(t, err, c.class)
				wantFault(t, added, c.class)
				return
			}
			if err != nil || added != nil || len(got.By) != c.by || got.Enough() {
				t.Errorf("%+v, %v, %v", got, err, added)
			}
		})
	}
}

func TestCosignatureFromTheFuture(t *testing.T) {
	signer, _ := keyPair(t, 7, origin)
	text := sign(t, testCheckpoint(), signer)
	all, policy := three(t)
	text = append(append(text, cosign(t, all[0], text, noon)...), cosign(t, all[1], text, noon.Add(time.Minute))...)
	got, err := policy.Check(text, noon)
	if err != nil || got.Enough() || len(got.By) != 1 || len(got.Ahead) != 1 || got.Ahead[0].Witness != "bravo.example.net/w" {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err = policy.Check(text, noon.Add(time.Minute)); err != nil || !got.Enough() {
		t.Fatalf("%+v, %v", got, err)
	}
}

// TestCosignatureOfThePublicNetwork reads a checkpoint that witnesses of the public
// network cosigned: our reading of the format is theirs.
func TestCosignatureOfThePublicNetwork(t *testing.T) {
	text := `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
`
	policy, err := ledger.NewPolicy(2, []string{
		"remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
		"witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
	})
	if err != nil {
		t.Fatal(err)
	}
	at := canon.At(time.Unix(0x6a122120, 0))
	got, err := policy.Check([]byte(text), at)
	if err != nil || !got.Enough() || !got.At().Equal(at) {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = policy.Check([]byte(strings.Replace(text, "1432088532", "1432088533", 1)), at)
	wantFault(t, err, ledger.ClassCosignature)
}

func TestNewCosignerRefuses(t *testing.T) {
	skey, _, err := ledger.GenerateWitnessKey(bytes.NewReader(make([]byte, 32)), "w.example.net")
	if err != nil {
		t.Fatal(err)
	}
	ledgerKey, _, err := ledger.GenerateKey(bytes.NewReader(make([]byte, 32)), "w.example.net")
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"nothing": "", "cut": skey[:len(skey)-4], "no prefix": strings.TrimPrefix(skey, "PRIVATE+"),
		"ledger's key": ledgerKey, "no name": strings.Replace(skey, "w.example.net", "", 1), "space": strings.Replace(skey, "w.ex", "w ex", 1),
	} {
		if c, err := ledger.NewCosigner(bad); err == nil {
			t.Errorf("%s: opened as %s", name, c.VKey())
		} else if len(bad) > 40 && strings.Contains(err.Error(), bad[40:60]) {
			t.Errorf("%s: the error holds the key: %v", name, err)
		}
	}
	if _, _, err := ledger.GenerateWitnessKey(bytes.NewReader(make([]byte, 31)), "w"); err == nil {
		t.Error("made a key from 31 bytes")
	}
	c := cosigner(t, 20, "w.example.net")
	signer, _ := keyPair(t, 7, origin)
	if _, err := c.Cosign(sign(t, testCheckpoint(), signer), canon.Time{}); err == nil {
		t.Error("cosigned at no time")
	}
	if _, err := c.Cosign([]byte("hello\n"), noon); err == nil {
		t.Error("cosigned what is no checkpoint")
	}
}

func must[A, B any](a A, _ B) A { return a }
