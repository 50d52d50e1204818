package statement_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

func TestNoteIsSaltedHashAndLength(t *testing.T) {
	salt, text := [32]byte{1, 2, 3}, "Grüße\nund\tDank"
	n, err := statement.NewNote(salt, text)
	if err != nil {
		t.Fatal(err)
	}
	want := statement.Note{Hash: canon.Sum(append(salt[:], text...)), Length: len(text)}
	if n != want {
		t.Errorf("got %+v, want %+v", n, want)
	}
	if !n.Matches(salt, text) {
		t.Error("does not match its own text")
	}
	if n.Matches([32]byte{1, 2, 4}, text) || n.Matches(salt, text+" ") || n.Matches(salt, "") {
		t.Error("matches another salt or text")
	}
	n.Length++
	if n.Matches(salt, text) {
		t.Error("matches with another length")
	}
}

func TestNoteRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"empty":         {"", statement.ErrEmptyNote},
		"too long":      {strings.Repeat("x", statement.NoteLimit+1), canon.ErrTooLong},
		"long by bytes": {strings.Repeat("ß", statement.NoteLimit/2) + "x", canon.ErrTooLong},
		"invalid UTF-8": {"a\xffb", statement.ErrUnclean},
		"unclean":       {"a\x1b[2Kb", statement.ErrUnclean},
	} {
		if n, err := statement.NewNote([32]byte{}, c.text); !errors.Is(err, c.want) || n != (statement.Note{}) {
			t.Errorf("%s: %+v, %v", name, n, err)
		}
	}
	for _, text := range []string{"x", strings.Repeat("x", statement.NoteLimit)} {
		if _, err := statement.NewNote([32]byte{}, text); err != nil {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
}

func TestCleanTextLetsWritingPass(t *testing.T) {
	for _, text := range []string{
		"", "plain\n\ttext, \"quoted\" & <b>", "Grüße aus Zürich", "e\u0301 decomposed", "数据库只读", "データベース", "데이터",
		"база данных", "שלום", "שָׁלוֹם", "قاعدة", "डेटाबेस", "ฐานข้อมูล ที่", "Việt Nam", "→ ≤ § € °", "🚒", "10\u202f000\u00a0km", "\ufffd",
	} {
		if err := statement.CleanText(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestCleanTextRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nul": "\x00", "bell": "\a", "backspace": "\b", "carriage return": "no\ryes", "escape": "\x1b[31m", "delete": "\x7f",
		"C1 control": "\u009b31m", "next line": "\u0085", "vertical tab": "\v", "form feed": "\f",
		"left-to-right mark": "\u200e", "right-to-left mark": "\u200f", "arabic letter mark": "\u061c",
		"embedding": "\u202a", "pop": "\u202c", "override": "\u202egnol", "isolate": "\u2066", "pop isolate": "\u2069",
		"zero-width space": "\u200b", "zero-width joiner": "\u200d", "zero-width non-joiner": "\u200c", "word joiner": "\u2060",
		"byte order mark": "\ufeff", "soft hyphen": "\u00ad", "invisible times": "\u2062", "grapheme joiner": "\u034f",
		"hangul filler": "\u3164", "halfwidth filler": "\uffa0", "khmer vowel": "\u17b4", "mongolian separator": "\u180e",
		"blank braille": "\u2800", "line separator": "\u2028", "paragraph separator": "\u2029",
		"variation selector": "\u26a0\ufe0f", "variation selector 256": "a\U000e01ef", "tag": "\U000e0041",
		"interlinear anchor": "\ufff9", "private use": "\ue000", "unassigned": "\u0378", "noncharacter": "\uffff",
		"invalid UTF-8": "\xc3(", "surrogate": "\xed\xa0\x80", "pile of marks": "a\u0301\u0302\u0303\u0304\u0305",
	} {
		if err := statement.CleanText("before " + text + " after"); !errors.Is(err, statement.ErrUnclean) {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := statement.CleanText("ab\u202e")
	if want := "U+202E at byte 2"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v does not tell %q", err, want)
	}
}

func TestNotesBindTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var salt [32]byte
		copy(salt[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "salt"))
		text := rapid.String().Draw(t, "text")
		other := rapid.String().Draw(t, "other")
		clean := statement.CleanText(text) == nil
		n, err := statement.NewNote(salt, text)
		if accept := clean && text != "" && len(text) <= statement.NoteLimit; accept != (err == nil) {
			t.Fatalf("%q: clean %v, %v", text, clean, err)
		}
		if clean && (!utf8.ValidString(text) || strings.ContainsAny(text, "\x1b\r\u202e\u200b")) {
			t.Fatalf("%q is taken as clean", text)
		}
		if err == nil && (!n.Matches(salt, text) || n.Matches(salt, other) != (text == other)) {
			t.Fatalf("%q: %+v matches wrongly (%q)", text, n, other)
		}
	})
}
