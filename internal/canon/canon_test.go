package canon_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/canon"
)

type sample struct {
	Name  string        `json:"name"`
	At    canon.Time    `json:"at,omitzero"`
	For   canon.Seconds `json:"for,omitzero"`
	Of    canon.Digest  `json:"of,omitzero"`
	Among []string      `json:"among,omitempty"`
}

func TestDecodeAcceptsOnlyTheOneEncoding(t *testing.T) {
	at := canon.At(time.Date(2026, 11, 22, 3, 7, 0, 5e6, time.FixedZone("x", 3600)))
	want := sample{Name: "a<b\u2028", At: at, For: 90, Of: canon.Sum([]byte("x")), Among: []string{"b", "a"}}
	data := canon.MustEncode(want)
	var got sample
	if err := canon.Decode(data, 1000, &got); err != nil {
		t.Fatal(err)
	}
	if got.Name != want.Name || got.At != want.At || got.For != want.For || got.Of != want.Of {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, bad := range map[string]string{
		"white space":     `{"name": "x"}`,
		"trailing":        `{"name":"x"} `,
		"second value":    `{"name":"x"}{}`,
		"unknown":         `{"name":"x","zzz":1}`,
		"duplicate":       `{"name":"x","name":"x"}`,
		"case":            `{"Name":"x"}`,
		"order":           `{"name":"x","for":1}`,
		"empty optional":  `{"among":[],"name":"x"}`,
		"null":            `{"for":null,"name":"x"}`,
		"escape":          `{"name":"\u0078"}`,
		"float":           `{"for":1.0,"name":"x"}`,
		"exponent":        `{"for":1e3,"name":"x"}`,
		"upper hex":       `{"name":"x","of":"` + "AB" + canon.Sum(nil).String()[2:] + `"}`,
		"two decimals":    `{"at":"2026-11-22T03:07:00.00Z","name":"x"}`,
		"offset":          `{"at":"2026-11-22T03:07:00.000+00:00","name":"x"}`,
		"invalid utf-8":   "{\"name\":\"\xff\"}",
		"byte order mark": "\ufeff{\"name\":\"x\"}",
		"nothing":         "",
	} {
		var s sample
		if err := canon.Decode([]byte(bad), 1000, &s); err == nil {
			t.Errorf("%s: %s was accepted as %+v", name, bad, s)
		}
	}
	if err := canon.Decode(data, len(data)-1, &got); err == nil {
		t.Error("over the limit was accepted")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"x"}`))
	f.Add(canon.MustEncode(sample{Name: "n", For: 3, Among: []string{"q"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		if canon.Decode(data, 4096, &s) == nil && !canon.Canonical(data) {
			t.Errorf("%q was accepted and is not canonical", data)
		}
	})
}

// TestTimeText holds the text of an instant against the standard library's.
func TestTimeText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := canon.At(time.UnixMilli(rapid.Int64Range(-70_000_000_000_000, 300_000_000_000_000).Draw(t, "milliseconds")))
		got, err := at.AppendText([]byte("at "))
		if want := at.Std().Format("at 2006-01-02T15:04:05.000Z"); err != nil || string(got) != want || at.String() != want[3:] {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	})
}
