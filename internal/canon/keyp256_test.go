package canon_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
)

func TestKeyP256Text(t *testing.T) {
	k := canon.KeyP256{4, 0xab}
	text := k.String()
	var got canon.KeyP256
	if err := got.UnmarshalText([]byte(text)); err != nil || got != k || len(text) != 130 || k.IsZero() || !(canon.KeyP256{}).IsZero() {
		t.Errorf("%s is %s, %v", text, got, err)
	}
	for _, bad := range []string{"", text[:128], text + "00", strings.ToUpper(text), text[:129] + "x"} {
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	data, err := canon.Encode(struct {
		Key  canon.KeyP256 `json:"key"`
		None canon.KeyP256 `json:"none,omitzero"`
	}{Key: k})
	if err != nil || string(data) != `{"key":"`+text+`"}` {
		t.Errorf("%s, %v", data, err)
	}
}
