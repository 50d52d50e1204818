package ledger_test

import (
	"bytes"
	"errors"
	"iter"
	"maps"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// growing is a sink to which paths may be written again, and which breaks after
// some writes.
type growing struct {
	files
	left int // writes until it breaks; negative: it does not
}

func (g *growing) WriteFile(path string, data []byte) error {
	if g.left == 0 {
		return errSink
	}
	g.left--
	g.files[path] = bytes.Clone(data)
	return nil
}

// since are the test entries from one on.
func since(from int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := from; yield(body(i), nil); i++ {
		}
	}
}

// TestExtendLog: a log that grew in steps holds what one that was written at once
// holds, and, cut short at any write of any step, is the log that it was and can go
// on.
func TestExtendLog(t *testing.T) {
	steps := []int64{1, 2, 255, 256, 257, 257, 511, 700, 1025}
	anchor, _ := testAnchor(t)
	held := files{}
	for i, size := range steps {
		whole, _, cp := exported(t, size)
		from := ledger.Export{Signed: whole["checkpoint"]}
		before := int64(0)
		var log *ledger.Log
		if i > 0 {
			before = steps[i-1]
			var err error
			if log, err = ledger.OpenLog(held, anchor); err != nil {
				t.Fatal(err)
			}
		}
		from.Entries = since(before)
		for breaks := 0; ; breaks++ {
			sink := &growing{maps.Clone(held), breaks}
			got, err := ledger.ExtendLog(sink, log, anchor, from)
			if err == nil {
				if got != cp {
					t.Fatalf("%d: %v, want %v", size, got, cp)
				}
				held = sink.files
				break
			}
			if !errors.Is(err, errSink) {
				t.Fatalf("%d, broken at write %d: %v", size, breaks, err)
			}
			if i == 0 {
				continue
			}
			if n, err := walkAll(sink.files, anchor); n != before || err != nil {
				t.Fatalf("%d, broken at write %d: %d entries, %v", size, breaks, n, err)
			}
			again, err := ledger.OpenLog(sink.files, anchor)
			if err != nil {
				t.Fatal(err)
			}
			sink.left = -1
			if _, err := ledger.ExtendLog(sink, again, anchor, from); err != nil {
				t.Fatalf("%d, after it broke at write %d: %v", size, breaks, err)
			}
			if n, err := walkAll(sink.files, anchor); n != size || err != nil {
				t.Fatalf("%d, after it broke at write %d: %d entries, %v", size, breaks, n, err)
			}
		}
		for path, data := range whole {
			if _, beside := map[string]bool{ledger.AttachmentPath(ledger.AttachmentHash(testAttachment)): true, ledger.NotePath(testNote.Hash()): true}[path]; !beside && !bytes.Equal(held[path], data) {
				t.Fatalf("at %d, %s is not what an export has", size, path)
			}
		}
	}
}

// TestExtendLogRefuses: what does not go on from what is held is not written.
func TestExtendLogRefuses(t *testing.T) {
	good, anchor, _ := exported(t, 300)
	longer, _, _ := exported(t, 320)
	shorter, _, _ := exported(t, 299)
	log, err := ledger.OpenLog(good, anchor)
	if err != nil {
		t.Fatal(err)
	}
	other := func(yield func([]byte, error) bool) {
		for i := int64(300); yield(body(i+1), nil); i++ {
		}
	}
	for what, c := range map[string]struct {
		from  ledger.Export
		class string
	}{
		"shorter":         {ledger.Export{Signed: shorter["checkpoint"]}, ledger.ClassProof},
		"other entries":   {ledger.Export{Signed: longer["checkpoint"], Entries: other}, ledger.ClassRoot},
		"an entry twice":  {ledger.Export{Signed: longer["checkpoint"], Entries: since(299)}, ledger.ClassRoot},
		"too few entries": {ledger.Export{Signed: longer["checkpoint"]}, ledger.ClassEntryMissing},
	} {
		sink := &growing{maps.Clone(good), -1}
		_, err := ledger.ExtendLog(sink, log, anchor, c.from)
		if fault := wantFault(t, err, c.class); fault == nil {
			t.Errorf("%s: %v", what, err)
		}
		if n, err := walkAll(sink.files, anchor); n != 300 || err != nil {
			t.Errorf("%s: %d entries, %v", what, n, err)
		}
	}
}
