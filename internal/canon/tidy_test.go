package canon

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// tidyCases are texts and whether tidy knows them.
var tidyCases = map[string]bool{
	`{}`: true, `[]`: true, `""`: true, `0`: true, `-1`: true, `true`: true, `false`: true, `null`: true,
	`{"b":1,"a":[{"d":null,"c":"x"}]}`:    true,
	`{"ab":1,"a":2,"a!":3,"b":{},"B":[]}`: true,
	`[123456789012345,-123456789012345]`:  true,
	`{"a":1,"a":2}`:                       false, `{"b":1,"a":2,"b":3}`: false,
	`{ "a":1}`: false, `[1, 2]`: false, `1 `: false, ` 1`: false,
	`-0`: false, `01`: false, `1.0`: false, `1e3`: false, `1234567890123456`: false, `-`: false,
	`"\n\t\"\\ \r\b\f"`: true, `"é"`: true, `"a\né\\"`: true, `{"a":"é\n"}`: true, "\"\u2028\U0001f600\"": true,
	`"\u0041"`: false, `"\u0001"`: false, `"\/"`: false, "\"\x7f\"": false, `"a`: false, `"`: false, `"\`: false, `"\"`: false, `"é`: false, `"\n`: false,
	"\"\xc3\"": false, "\"a\xff\"": false, "\"\xc3": false, `{"é":1}`: false, `{"\n":1}`: false,
	`{"a":1`: false, `{"a"}`: false, `{"a":}`: false, `{a:1}`: false, `[1`: false, `[1,]`: false, `{"a":1,}`: false,
	`tru`: false, `nulL`: false, `truefalse`: false, `{}{}`: false, ``: false, `{`: false, `[`: false,
	strings.Repeat("[", 60) + strings.Repeat("]", 60):   true,
	strings.Repeat("[", 100) + strings.Repeat("]", 100): false,
}

func TestTidyIsCanonicalize(t *testing.T) {
	for text, known := range tidyCases {
		if got := tidyAgrees(t, []byte(text)); got != known {
			t.Errorf("tidy of %q: %v, want %v", text, got, known)
		}
	}
}

func FuzzTidy(f *testing.F) {
	for text := range tidyCases {
		f.Add([]byte(text))
	}
	f.Add([]byte(`{"v":1,"at":"2026-11-22T03:07:00.000Z","cause":{"statement":{"z":[1,2,{"y":0,"x":-7}],"a":""}}}`))
	f.Fuzz(func(t *testing.T, data []byte) { tidyAgrees(t, data) })
}

// tidyAgrees holds tidy against RFC 8785 as jsontext has it: what tidy takes, it
// must make the same, and what it does not take must mean what it meant.
func tidyAgrees(t *testing.T, data []byte) bool {
	t.Helper()
	mine, theirs := bytes.Clone(data), jsontext.Value(bytes.Clone(data))
	err := theirs.Canonicalize()
	if tidy(mine) {
		if err != nil || !bytes.Equal(mine, theirs) {
			t.Errorf("tidy of %q gives %q, RFC 8785 %q, %v", data, mine, theirs, err)
		}
		return true
	}
	left := jsontext.Value(mine)
	if again := left.Canonicalize(); (again == nil) != (err == nil) || err == nil && !bytes.Equal(left, theirs) {
		t.Errorf("tidy left %q of %q: it means something else", mine, data)
	}
	return false
}

type benched struct {
	V      int            `json:"v"`
	At     Time           `json:"at"`
	Stream string         `json:"stream"`
	Prev   int64          `json:"prev"`
	Cause  jsontext.Value `json:"cause"`
	Digest Digest         `json:"digest"`
}

// BenchmarkEncode compares with what RFC 8785 costs with jsontext alone.
func BenchmarkEncode(b *testing.B) {
	value := benched{V: 1, Stream: "request/" + Sum(nil).String(), Prev: 7, Digest: Sum(nil), Cause: jsontext.Value(
		`{"statement":{"actor":"ann","expires":"2026-11-22T03:07:00.000Z","halligan":"v1","kind":"fetch","ledger":"cell.example.com","seen":{"root":"` +
			Sum(nil).String() + `","size":77},"target":"db-1"},"signature":{"sshsig":"` + strings.Repeat("QUJD", 70) + `"}}`)}
	b.Run("quick", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			MustEncode(&value)
		}
	})
	b.Run("tidy", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := encodeGeneral(&value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("marshal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(value); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("jsontext", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			data, err := json.Marshal(value)
			made := jsontext.Value(data)
			if err != nil || made.Canonicalize() != nil {
				b.Fatal(err)
			}
		}
	})
}
