package statement_test

import (
	"bytes"
	"crypto/ecdh"
	"errors"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

func TestHolderLine(t *testing.T) {
	h := statement.Holder{Ed25519: canon.Key32{1, 0xab}, X25519: canon.Key32{2}}
	line := h.Line()
	if got, err := statement.ParseHolder(line); err != nil || got != h {
		t.Errorf("%q is %+v, %v", line, got, err)
	}
	one, other, zero := h.Ed25519.String(), h.X25519.String(), strings.Repeat("0", 64)
	point := pointOf(t)
	browser := statement.Holder{Ed25519: h.Ed25519, P256: point}
	if got, err := statement.ParseHolder(browser.Line()); err != nil || got != browser {
		t.Errorf("%q is %+v, %v", browser.Line(), got, err)
	}
	p256 := point.String()
	for _, bad := range []string{
		"halligan-holder " + one + " " + p256, "halligan-holder " + one + " p256:" + other, "halligan-holder " + one + " p256:" + p256[:128] + "ff",
		"halligan-holder " + one + " p256:04" + strings.Repeat("0", 128), "halligan-holder " + one + " p256:" + strings.Repeat("0", 130), "halligan-holder " + one + " p256:",
		"halligan-holder " + one + " p256:06" + p256[2:], "halligan-holder " + one + " P256:" + p256, browser.Line() + " " + other, "halligan-holder " + zero + " p256:" + p256,
		"", line + " ", " " + line, line + "\n", strings.ToUpper(line), line[:len(line)-1], line + "0", "halligan-holder " + one, "halligan-holder  " + one + " " + other,
		"halligan-holder " + one + "  " + other, "halligan-holder " + zero + " " + other, "halligan-holder " + one + " " + zero, "holder " + one + " " + other, "ssh-ed25519 AAAA",
		"halligan-holder " + one + " " + other + " " + other,
	} {
		if _, err := statement.ParseHolder(bad); !errors.Is(err, statement.ErrHolderLine) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// pointOf is a point of P-256.
func pointOf(t testing.TB) canon.KeyP256 {
	t.Helper()
	private, err := ecdh.P256().NewPrivateKey(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return canon.KeyP256(private.PublicKey().Bytes())
}

// TestHolderOfABrowser: a request names one key to seal to, and which of the two kinds
// it is cannot be mistaken.
func TestHolderOfABrowser(t *testing.T) {
	asking := func(h statement.Holder) statement.Statement {
		body := *bodies()[statement.KindRequest].(*statement.Request)
		body.Holder = h
		return sample(&body)
	}
	signs, age, point := key("ed25519"), key("x25519"), pointOf(t)
	data := encode(t, asking(statement.Holder{Ed25519: signs, P256: point}))
	if !strings.Contains(string(data), `"holder":{"ed25519":"`+signs.String()+`","p256":"`+point.String()+`"}`) {
		t.Errorf("written as %s", data)
	}
	if _, err := statement.Decode(data); err != nil {
		t.Error(err)
	}
	off := point
	off[64] ^= 1
	for name, h := range map[string]statement.Holder{
		"both": {Ed25519: signs, X25519: age, P256: point}, "neither": {Ed25519: signs}, "nothing signs": {P256: point},
		"not on the curve": {Ed25519: signs, P256: off}, "compressed": {Ed25519: signs, P256: canon.KeyP256{2, 1}},
	} {
		if _, err := statement.Encode(asking(h)); err == nil || !strings.Contains(err.Error(), " holder: ") {
			t.Errorf("%s: %v", name, err)
		}
		if line := h.Line(); name != "both" {
			if _, err := statement.ParseHolder(line); err == nil {
				t.Errorf("%s: %q is taken", name, line)
			}
		}
	}
	for name, text := range map[string]string{
		"zero beside it": `{"ed25519":"` + signs.String() + `","p256":"` + point.String() + `","x25519":"` + strings.Repeat("0", 64) + `"}`,
		"upper case":     `{"ed25519":"` + signs.String() + `","p256":"` + strings.ToUpper(point.String()) + `"}`,
		"as an age key":  `{"ed25519":"` + signs.String() + `","x25519":"` + point.String() + `"}`,
		"an age key":     `{"ed25519":"` + signs.String() + `","p256":"` + age.String() + `"}`,
	} {
		if _, err := statement.Decode(set(t, data, "holder", text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzParseHolder(f *testing.F) {
	f.Add(statement.Holder{Ed25519: canon.Key32{1}, P256: pointOf(f)}.Line())
	f.Add(statement.Holder{Ed25519: canon.Key32{1}, X25519: canon.Key32{2}}.Line())
	f.Add("halligan-holder x y")
	f.Fuzz(func(t *testing.T, line string) {
		if h, err := statement.ParseHolder(line); err == nil && h.Line() != line {
			t.Errorf("%q was read as %q", line, h.Line())
		}
	})
}
