package statement_test

import (
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
	for _, bad := range []string{
		"", line + " ", " " + line, line + "\n", strings.ToUpper(line), line[:len(line)-1], line + "0", "halligan-holder " + one, "halligan-holder  " + one + " " + other,
		"halligan-holder " + one + "  " + other, "halligan-holder " + zero + " " + other, "halligan-holder " + one + " " + zero, "holder " + one + " " + other, "ssh-ed25519 AAAA",
		"halligan-holder " + one + " " + other + " " + other,
	} {
		if _, err := statement.ParseHolder(bad); !errors.Is(err, statement.ErrHolderLine) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseHolder(f *testing.F) {
	f.Add(statement.Holder{Ed25519: canon.Key32{1}, X25519: canon.Key32{2}}.Line())
	f.Add("halligan-holder x y")
	f.Fuzz(func(t *testing.T, line string) {
		if h, err := statement.ParseHolder(line); err == nil && h.Line() != line {
			t.Errorf("%q was read as %q", line, h.Line())
		}
	})
}
