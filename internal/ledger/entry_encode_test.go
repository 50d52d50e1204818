package ledger_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// plainEntry is an entry that the general encoder writes.
type plainEntry ledger.Entry

// values are what may stand in an entry as JSON, canonical or not, or may not.
var values = []jsontext.Value{
	nil, {}, []byte(`{}`), []byte(`{"a":1,"b":[true,null]}`), []byte(`{"b":1,"a":2}`), []byte(` {"a": "\u00e9"} `), []byte(`{"n":1e3}`),
	[]byte(`{"a":1,"a":2}`), []byte("{\"a\":\"\xff\"}"), []byte(`{"a":`), []byte(`1 2`), []byte(`"é\n\u2028"`), []byte(`9007199254740993`),
}

func anEntry(t *rapid.T) ledger.Entry {
	text := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[ -~]{0,9}`), rapid.String(), rapid.Just("\xff\"\\\n\u2028"))
	value := rapid.SampledFrom(values)
	number := rapid.OneOf(rapid.Int64Range(-2, 1<<20), rapid.Just(ledger.MaxSize), rapid.Int64())
	e := ledger.Entry{
		V: int(number.Draw(t, "v")), At: canon.At(time.UnixMilli(rapid.Int64Range(-1<<47, 1<<48).Draw(t, "at"))), Stream: text.Draw(t, "stream"),
		Prev: number.Draw(t, "prev"), Cell: number.Draw(t, "cell"), Observed: value.Draw(t, "observed"),
		Events: rapid.SliceOfN(value, 0, 3).Draw(t, "events"),
		Cause:  ledger.Cause{Statement: value.Draw(t, "statement"), Effect: text.Draw(t, "effect"), Task: text.Draw(t, "task")},
	}
	if rapid.Bool().Draw(t, "signed") {
		e.Cause.Signature = &ledger.Signature{SSHSig: rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "signature")}
	}
	return e
}

// TestEntriesAreEncodedAsEverythingIs holds the encoder of entries against the
// one encoder of everything: the same bytes, or an error of both.
func TestEntriesAreEncodedAsEverythingIs(t *testing.T) {
	good := 0
	rapid.Check(t, func(t *rapid.T) {
		e := anEntry(t)
		got, err := canon.Encode(e)
		want, also := canon.Encode(plainEntry(e))
		if (err == nil) != (also == nil) || err == nil && !bytes.Equal(got, want) {
			t.Fatalf("%+v\n%s, %v; want\n%s, %v", e, got, err, want, also)
		}
		if err == nil {
			good++
		}
	})
	if good == 0 && !testing.Short() { // a handful of draws may all be bad
		t.Fatalf("%d entries could be encoded", good)
	}
}

// BenchmarkEntry compares the encoder of entries with the general one.
func BenchmarkEntry(b *testing.B) {
	e := ledger.Entry{
		V: ledger.EntryVersion, At: canon.At(time.Unix(1, 0)), Stream: "request/" + canon.Sum(nil).String(), Prev: 7, Cell: 3,
		Cause: ledger.Cause{
			Statement: canon.MustEncode(map[string]string{"actor": "ann", "nonce": canon.Sum(nil).String(), "kind": strings.Repeat("x", 300)}),
			Signature: &ledger.Signature{SSHSig: make([]byte, 180)},
		},
		Events: []jsontext.Value{[]byte(`{"approved":{"by":"ann","check":"call-back","key":"SHA256:abc"}}`), []byte(`{"agreed":{"until":"2026-11-22T03:07:00.000Z"}}`)},
	}
	for name, value := range map[string]any{"entry": e, "general": plainEntry(e)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				canon.MustEncode(value)
			}
		})
	}
}
