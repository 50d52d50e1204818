package revocation_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/revocation"
)

const origin = "halligan.example.com"

var noon = time.Date(2026, 3, 4, 12, 0, 0, 123e6, time.UTC)

func noteKey(t testing.TB) (note.Signer, string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return s, vkey
}

func list(ids ...string) revocation.List {
	return revocation.List{Origin: origin, Number: 41, At: noon, KeyIDs: ids}
}

func many(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("halligan:%016x:db.prod.internal", i)
	}
	return ids
}

func TestSignAndOpen(t *testing.T) {
	s, vkey := noteKey(t)
	for name, l := range map[string]revocation.List{
		"empty": revocation.Empty(origin),
		"none":  list(),
		"two":   list("halligan-control:db", "halligan:00112233445566ff:db.prod/a_b"),
		"full":  list(many(revocation.MaxKeyIDs)...),
	} {
		t.Run(name, func(t *testing.T) {
			data, err := l.Sign(s)
			if err != nil {
				t.Fatal(err)
			}
			got, err := revocation.OpenList(origin, vkey, data)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(l, got); d != "" {
				t.Error(d)
			}
		})
	}
	data, err := list("a", "b").Sign(s)
	if err != nil {
		t.Fatal(err)
	}
	want := "halligan.example.com/revocations\n41\n2026-03-04T12:00:00.123Z\n2\na\nb\n\n— halligan.example.com "
	if !strings.HasPrefix(string(data), want) {
		t.Errorf("note is\n%s", data)
	}
	if _, err := revocation.OpenList("other.example.com", vkey, data); !errors.Is(err, revocation.ErrOrigin) {
		t.Errorf("other origin: %v", err)
	}
	_, other := noteKey(t)
	if _, err := revocation.OpenList(origin, other, data); !errors.Is(err, revocation.ErrSignature) {
		t.Errorf("other key: %v", err)
	}
	for i := range data {
		bad := []byte(string(data))
		bad[i] ^= 1
		got, err := revocation.OpenList(origin, vkey, bad)
		if err == nil && (i != len(data)-len("?=\n") || !cmp.Equal(got, list("a", "b"))) {
			t.Fatalf("a flipped bit in byte %d is accepted", i) // but for base64's spare bits
		}
	}
}

func TestSignRefuses(t *testing.T) {
	s, _ := noteKey(t)
	for name, spoil := range map[string]func(*revocation.List){
		"no origin":       func(l *revocation.List) { l.Origin = "" },
		"line in origin":  func(l *revocation.List) { l.Origin = "a\nb" },
		"negative":        func(l *revocation.List) { l.Number = -1 },
		"zero time":       func(l *revocation.List) { l.At = time.Time{} },
		"microseconds":    func(l *revocation.List) { l.At = l.At.Add(time.Microsecond) },
		"local time":      func(l *revocation.List) { l.At = l.At.In(time.FixedZone("x", 3600)) },
		"unsorted":        func(l *revocation.List) { l.KeyIDs = []string{"b", "a"} },
		"twice":           func(l *revocation.List) { l.KeyIDs = []string{"a", "a"} },
		"empty id":        func(l *revocation.List) { l.KeyIDs = []string{""} },
		"space in id":     func(l *revocation.List) { l.KeyIDs = []string{"a b"} },
		"line in id":      func(l *revocation.List) { l.KeyIDs = []string{"a\nb"} },
		"long id":         func(l *revocation.List) { l.KeyIDs = []string{strings.Repeat("a", 201)} },
		"letter with dot": func(l *revocation.List) { l.KeyIDs = []string{"ä"} },
		"too many":        func(l *revocation.List) { l.KeyIDs = many(revocation.MaxKeyIDs + 1) },
	} {
		t.Run(name, func(t *testing.T) {
			l := list("a")
			spoil(&l)
			if _, err := l.Sign(s); !errors.Is(err, revocation.ErrList) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestOpenStrict signs texts that are not lists, or not in their one encoding.
func TestOpenStrict(t *testing.T) {
	s, vkey := noteKey(t)
	good := origin + "/revocations\n41\n2026-03-04T12:00:00.123Z\n2\na\nb\n"
	for name, text := range map[string]string{
		"checkpoint":      origin + "\n41\n2026-03-04T12:00:00.123Z\n0\n",
		"plus":            strings.Replace(good, "41", "+41", 1),
		"leading zero":    strings.Replace(good, "41", "041", 1),
		"negative":        strings.Replace(good, "41", "-1", 1),
		"count low":       strings.Replace(good, "\n2\n", "\n1\n", 1),
		"count high":      strings.Replace(good, "\n2\n", "\n3\n", 1),
		"count odd":       strings.Replace(good, "\n2\n", "\n02\n", 1),
		"time short":      strings.Replace(good, ".123Z", ".12Z", 1),
		"time long":       strings.Replace(good, ".123Z", ".1230Z", 1),
		"time zone":       strings.Replace(good, ".123Z", ".123+00:00", 1),
		"comma in time":   strings.Replace(good, ".123Z", ",123Z", 1),
		"unsorted":        strings.Replace(good, "a\nb", "b\na", 1),
		"empty line":      strings.Replace(good, "a\nb", "\na", 1),
		"one line":        origin + "/revocations\n",
		"three lines":     origin + "/revocations\n41\n2026-03-04T12:00:00.123Z\n",
		"empty":           "\n",
		"something after": good + "c\n",
	} {
		t.Run(name, func(t *testing.T) {
			data, err := note.Sign(&note.Note{Text: text}, s)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := revocation.OpenList(origin, vkey, data); !errors.Is(err, revocation.ErrList) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestFollows(t *testing.T) {
	prev := list("a", "b")
	for name, c := range map[string]struct {
		change func(*revocation.List)
		want   error
	}{
		"same":               {func(*revocation.List) {}, nil},
		"same, later":        {func(l *revocation.List) { l.At = l.At.Add(time.Second) }, nil},
		"grown":              {func(l *revocation.List) { l.Number++; l.KeyIDs = []string{"a", "b", "c"} }, nil},
		"grown and pruned":   {func(l *revocation.List) { l.Number++; l.KeyIDs = []string{"b", "c"} }, nil},
		"lower number":       {func(l *revocation.List) { l.Number--; l.At = l.At.Add(time.Hour) }, revocation.ErrRollback},
		"earlier":            {func(l *revocation.List) { l.Number++; l.At = l.At.Add(-time.Millisecond) }, revocation.ErrRollback},
		"same number, fewer": {func(l *revocation.List) { l.KeyIDs = []string{"a"} }, revocation.ErrRewritten},
		"same number, other": {func(l *revocation.List) { l.KeyIDs = []string{"a", "c"} }, revocation.ErrRewritten},
		"same number, more":  {func(l *revocation.List) { l.KeyIDs = []string{"a", "b", "c"} }, revocation.ErrRewritten},
		"other cell":         {func(l *revocation.List) { l.Origin = "other"; l.Number++ }, revocation.ErrOrigin},
	} {
		t.Run(name, func(t *testing.T) {
			next := prev
			c.change(&next)
			if err := next.Follows(prev); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if err := prev.Follows(revocation.Empty(origin)); err != nil {
		t.Errorf("after the empty list: %v", err)
	}
	if !prev.Has("b") || prev.Has("c") || prev.Has("") {
		t.Error("Has is wrong")
	}
}

func FuzzOpenList(f *testing.F) {
	s, vkey := noteKey(f)
	for _, l := range []revocation.List{revocation.Empty(origin), list("a", "b"), list(many(3)...)} {
		data, err := l.Sign(s)
		if err != nil {
			f.Fatal(err)
		}
		text, _, _ := strings.Cut(string(data), "\n\n")
		f.Add(text + "\n")
	}
	f.Fuzz(func(t *testing.T, text string) {
		data, err := note.Sign(&note.Note{Text: text}, s)
		if err != nil {
			return
		}
		l, err := revocation.OpenList(origin, vkey, data)
		if err != nil {
			return
		}
		again, err := l.Sign(s)
		if err != nil || string(again) != string(data) {
			t.Fatalf("%q is read but written differently (%v)", text, err)
		}
		back, err := revocation.ParseKRL(l.KRL())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(l, back); d != "" {
			t.Fatal(d)
		}
	})
}
