package canon_test

import (
	"bytes"
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Of each thing that the encoder looks at when it looks a type through, some field
// of every has it.
type (
	every struct {
		Zulu    string         `json:"zulu"`
		Alpha   string         `json:"alpha,omitempty"`
		Number  int64          `json:"number,omitzero"`
		Count   uint32         `json:"count"`
		Yes     bool           `json:"yes,omitzero"`
		At      canon.Time     `json:"at,omitzero"`
		Always  canon.Time     `json:"always"`
		Digest  canon.Digest   `json:"digest,omitzero"`
		Span    canon.Seconds  `json:"span"`
		Raw     jsontext.Value `json:"raw,omitempty"`
		Bytes   []byte         `json:"bytes,omitempty"`
		Named   blob           `json:"named"`
		List    []string       `json:"list"`
		Short   []string       `json:"short,omitempty"`
		Table   map[string]*every
		Keyed   map[canon.Digest]canon.Time `json:"keyed,omitempty"`
		Inner   *every                      `json:"inner,omitzero"`
		Any     any                         `json:"any,omitempty"`
		Said    *said                       `json:"said,omitempty"`
		Knows   knows                       `json:"knows,omitzero"`
		Knowing *knows                      `json:"knowing,omitzero"`
		Asks    zeroer                      `json:"asks,omitzero"`
		Serial  uint64                      `json:"serial,string"`
		Ignored string                      `json:"-"`
		below
		*Beside
		Body under `json:",embed"`
	}
	blob  []byte
	below struct {
		Below string `json:"below,omitempty"`
	}
	Beside struct {
		Beside int `json:"beside"`
	}
	under  struct{ Under []int }
	zeroer interface{ IsZero() bool }
	// knows is zero when it is odd.
	knows int
	// said is a text that is not always one.
	said string
)

func (k knows) IsZero() bool { return k%2 == 1 }

func (s *said) AppendText(dst []byte) ([]byte, error) {
	if *s == "nothing" {
		return nil, errors.New("nothing was said")
	}
	return append(dst, *s...), nil
}

func (s *said) MarshalText() ([]byte, error) { return s.AppendText(nil) }

// alike demands that both ways give the same bytes, or that the quick one leaves the
// value to the other. It tells whether the quick one knew it.
func alike(t *testing.T, v any) (quick bool) {
	t.Helper()
	want, err := canon.EncodeGeneral(v)
	got, known := canon.EncodeQuick(v)
	if known && (err != nil || !bytes.Equal(got, want)) {
		t.Errorf("%+v:\nquick   %s\ngeneral %s, %v", v, got, want, err)
	}
	return known
}

func filled(text string, n int64, count uint32, data, raw []byte, depth int) *every {
	s := &every{
		Zulu: text, Number: n, Count: count, Yes: n < 0, Raw: raw, Bytes: data, Named: data, Span: canon.Seconds(n), Digest: canon.Sum(data),
		Knows: knows(count % 7), below: below{text}, Body: under{[]int{int(n % 100)}}, Ignored: text, Serial: uint64(n),
	}
	if count%2 == 0 {
		k, word := knows(count%5), said(text)
		s.Alpha, s.List, s.Short, s.Any, s.Said, s.Knowing, s.Asks, s.Beside = text, []string{text, ""}, []string{text}, k, &word, &k, &k, &Beside{int(count)}
		s.At = canon.At(canon.Time{}.Std().AddDate(int(n%9000), 0, 1))
		s.Keyed = map[canon.Digest]canon.Time{canon.Sum(data): s.At, canon.Sum(raw): s.Always}
	}
	if depth > 0 {
		s.Inner = filled(text, n/2, count/2, data, nil, depth-1)
		s.Table = map[string]*every{text: s.Inner, "b": nil, "a!": s.Inner, "a": nil}
		s.Any = []any{s.Inner, text, nil, true, n, map[string]any{text: count}}
	}
	return s
}

func FuzzEncode(f *testing.F) {
	f.Add("plain", int64(77), uint32(6), []byte("data"), []byte(`{"b":1,"a":[2,"x"]}`), byte(2))
	f.Add("nothing", int64(-1), uint32(1), []byte{}, []byte(nil), byte(0))
	f.Add("ü \"quoted\"\n\u2028", int64(math.MaxInt64), uint32(math.MaxUint32), []byte{0, 255}, []byte(`1.5e3`), byte(3))
	f.Add("\xff", int64(999_999_999_999_999), uint32(4), []byte("x"), []byte(`{"a":1,"a":2}`), byte(1))
	f.Fuzz(func(t *testing.T, text string, n int64, count uint32, data, raw []byte, depth byte) {
		s := filled(text, n, count, data, raw, int(depth%4))
		alike(t, s)
		alike(t, *s)
		alike(t, []any{s, *s, text, n, count})
		alike(t, map[string]string{text: text, "k": text})
	})
}

// TestEncodeQuick: what our values are made of takes the quick way, and what it does
// not know takes the other.
func TestEncodeQuick(t *testing.T) {
	if !alike(t, filled("plain", 77, 6, []byte("data"), []byte(`{"b":1,"a":[2,"x"]}`), 3)) {
		t.Error("a value of all that it should know was left to the general encoder")
	}
	type itself struct{ More []itself }
	if !alike(t, itself{More: []itself{{}, {}}}) {
		t.Error("a type that holds itself was left to the general encoder")
	}
	word := said(`"`)
	for name, v := range map[string]any{
		"nil": nil, "a nil pointer": (*every)(nil), "a fraction": 1.5, "a large number": int64(1 << 53), "a large count": uint64(1 << 60),
		"a text with an escape": &word, "bytes that are no text": "\xff", "a channel": make(chan int),
		"nothing that shows": struct{ hidden int }{1},
		"a member that hides another": struct {
			below
			Hides string `json:"below"`
		}{},
		"whose name has an escape": map[string]int{"\n": 1},
		"numbers as names":         map[int]int{1: 1},
		"its own encoding":         struct{ V owned }{},
		"JSON that is none":        jsontext.Value("{"),
	} {
		if alike(t, v) {
			t.Errorf("%s takes the quick way", name)
		}
	}
}

type owned struct{}

func (owned) MarshalJSON() ([]byte, error) { return []byte(`"mine"`), nil }

// TestEncodeAtOnce: types that nobody has looked through yet are met by many at once.
func TestEncodeAtOnce(t *testing.T) {
	type leaf struct {
		At   canon.Time        `json:"at,omitzero"`
		More map[string][]leaf `json:"more,omitempty"`
	}
	type tree struct {
		Leaf *leaf `json:"leaf"`
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			alike(t, tree{&leaf{More: map[string][]leaf{"a": {{}, {}}}}})
			alike(t, []leaf{{}, {}})
		})
	}
	all.Wait()
}
