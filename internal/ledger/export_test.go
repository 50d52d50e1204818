package ledger_test

import (
	"errors"
	"iter"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// failingSink refuses one path.
type failingSink struct {
	files
	path string
}

var errSink = errors.New("no room")

func (s failingSink) WriteFile(path string, data []byte) error {
	if path == s.path {
		return errSink
	}
	return s.files.WriteFile(path, data)
}

func TestWriteLogThatFailsLeavesNoLog(t *testing.T) {
	good, anchor, _ := exported(t, 300)
	signed := good["checkpoint"]
	for path := range good {
		sink := failingSink{files{}, path}
		_, err := ledger.WriteLog(sink, anchor, ledger.Export{
			Signed: signed, Entries: bodies(300),
			Attachments: func(yield func([]byte, error) bool) { yield(testAttachment, nil) },
			Notes:       func(yield func(ledger.Note, error) bool) { yield(testNote, nil) },
		})
		if !errors.Is(err, errSink) {
			t.Errorf("%s cannot be written: %v", path, err)
		}
		if _, ok := sink.files["checkpoint"]; ok {
			t.Errorf("%s cannot be written, yet there is a checkpoint", path)
		}
	}
}

func TestWriteLogLeavesOutWhatCameLater(t *testing.T) {
	good, anchor, cp := exported(t, 300)
	out := files{}
	got, err := ledger.WriteLog(out, anchor, ledger.Export{Signed: good["checkpoint"], Entries: bodies(400)})
	if err != nil || got != cp {
		t.Fatal(got, err)
	}
	if n, err := walkAll(out, anchor); n != 300 || err != nil {
		t.Fatal(n, err)
	}
}

func TestWriteLogRefuses(t *testing.T) {
	good, anchor, _ := exported(t, 300)
	errRead := errors.New("row lost")
	swapped := func(yield func([]byte, error) bool) {
		for i := range int64(300) {
			if !yield(body(i^1), nil) {
				return
			}
		}
	}
	one := func(data []byte, err error) iter.Seq2[[]byte, error] {
		return func(yield func([]byte, error) bool) { yield(data, err) }
	}
	oneNote := func(n ledger.Note, err error) iter.Seq2[ledger.Note, error] {
		return func(yield func(ledger.Note, error) bool) { yield(n, err) }
	}
	signed, entries := good["checkpoint"], bodies(300)
	for name, c := range map[string]struct {
		from  ledger.Export
		class string // empty: the error is errRead
	}{
		"no checkpoint":      {ledger.Export{Entries: entries}, ledger.ClassEncoding},
		"no entries":         {ledger.Export{Signed: signed}, ledger.ClassEntryMissing},
		"an entry too few":   {ledger.Export{Signed: signed, Entries: bodies(299)}, ledger.ClassEntryMissing},
		"entries swapped":    {ledger.Export{Signed: signed, Entries: swapped}, ledger.ClassRoot},
		"an empty entry":     {ledger.Export{Signed: signed, Entries: one(nil, nil)}, ledger.ClassEntry},
		"an entry too long":  {ledger.Export{Signed: signed, Entries: one(make([]byte, ledger.MaxEntry+1), nil)}, ledger.ClassEntry},
		"entry unreadable":   {ledger.Export{Signed: signed, Entries: one(nil, errRead)}, ""},
		"attachment too big": {ledger.Export{Signed: signed, Entries: entries, Attachments: one(make([]byte, ledger.MaxAttachment+1), nil)}, ledger.ClassAttachment},
		"attachment lost":    {ledger.Export{Signed: signed, Entries: entries, Attachments: one(nil, errRead)}, ""},
		"note too long":      {ledger.Export{Signed: signed, Entries: entries, Notes: oneNote(ledger.Note{Text: string(make([]byte, ledger.MaxNote+1))}, nil)}, ledger.ClassNote},
		"note not UTF-8":     {ledger.Export{Signed: signed, Entries: entries, Notes: oneNote(ledger.Note{Text: "\xff"}, nil)}, ledger.ClassNote},
		"note lost":          {ledger.Export{Signed: signed, Entries: entries, Notes: oneNote(ledger.Note{}, errRead)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			out := files{}
			_, err := ledger.WriteLog(out, anchor, c.from)
			if c.class == "" {
				if !errors.Is(err, errRead) {
					t.Errorf("got %v", err)
				}
			} else {
				wantFault(t, err, c.class)
			}
			if _, ok := out["checkpoint"]; ok {
				t.Error("it wrote a checkpoint all the same")
			}
		})
	}
}
