package ledger_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func TestLogLayout(t *testing.T) {
	for n, want := range map[int64][]string{
		0:      nil,
		1:      {"tile/0/000.p/1", "tile/entries/000.p/1"},
		255:    {"tile/0/000.p/255", "tile/entries/000.p/255"},
		256:    {"tile/0/000", "tile/1/000.p/1", "tile/entries/000"},
		257:    {"tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1"},
		65_536: {"tile/0/000", "tile/0/255", "tile/1/000", "tile/2/000.p/1", "tile/entries/000", "tile/entries/255"},
		70_000: {"tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1", "tile/entries/273.p/112"},
	} {
		src, _, _ := exported(t, n)
		if n < 1000 {
			want = append(want, "attachments/"+ledger.AttachmentHash(testAttachment).String(), "checkpoint", "notes/"+testNote.Hash().String())
			got := slices.Sorted(maps.Keys(src))
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d entries (-want +got):\n%s", n, diff)
			}
			continue
		}
		for _, path := range want {
			if _, ok := src[path]; !ok {
				t.Errorf("%d entries: no %s", n, path)
			}
		}
	}
}

func TestWalk(t *testing.T) {
	for _, n := range []int64{0, 1, 2, 255, 256, 257, 512, 600, 65_536, 66_000} {
		src, anchor, cp := exported(t, n)
		log, err := ledger.OpenLog(src, anchor)
		if err != nil {
			t.Fatal(err)
		}
		if log.Checkpoint() != cp || !bytes.Equal(log.Signed(), src["checkpoint"]) {
			t.Fatalf("%d entries: the checkpoint is %+v", n, log.Checkpoint())
		}
		for _, from := range []int64{0, n / 3, n / 256 * 256, max(n-1, 0), n} {
			next := from
			err := log.Walk(from, func(index int64, entry []byte) error {
				if index != next || !bytes.Equal(entry, body(index)) {
					return fmt.Errorf("visited entry %d as %q, want entry %d", index, entry, next)
				}
				next++
				return nil
			})
			if err != nil || next != n {
				t.Fatalf("%d entries from %d: reached %d, %v", n, from, next, err)
			}
		}
		stop := errors.New("enough")
		if err := log.Walk(0, func(int64, []byte) error { return stop }); n > 0 && err != stop {
			t.Fatalf("%d entries: the visitor's error came back as %v", n, err)
		}
		nothing := func(int64, []byte) error { return nil }
		wantFault(t, log.Walk(-1, nothing), ledger.ClassEntryMissing)
		wantFault(t, log.Walk(n+1, nothing), ledger.ClassEntryMissing)
	}
}

func TestWalkIsFlatInMemory(t *testing.T) {
	const n = 66_000
	src, anchor, _ := exported(t, n)
	allocs := testing.AllocsPerRun(1, func() {
		if got, err := walkAll(src, anchor); got != n || err != nil {
			t.Error(got, err)
		}
	})
	// Paths of files, a few for each 256 entries; nothing for an entry.
	if allocs > n/16 {
		t.Fatalf("%v allocations for %d entries", allocs, n)
	}
}

func TestLogConcurrently(t *testing.T) {
	src, anchor, cp := exported(t, 600)
	log, err := ledger.OpenLog(src, anchor)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := log.Walk(0, func(int64, []byte) error { return nil }); err != nil {
				t.Error(err)
			}
			if err := log.Extends(cp); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// entryAt finds the entry whose length or bytes contain an offset of a bundle.
func entryAt(bundle []byte, offset int) int {
	for n, at := 0, 0; ; n++ {
		at += 2 + int(binary.BigEndian.Uint16(bundle[at:]))
		if offset < at {
			return n
		}
	}
}

func TestEveryFlippedByteIsRefusedAndNamed(t *testing.T) {
	for _, n := range []int64{1, 3, 258} {
		src, anchor, _ := exported(t, n)
		for path, data := range src {
			if strings.HasPrefix(path, "attachments/") || strings.HasPrefix(path, "notes/") {
				continue // see TestAttachmentsAndNotes
			}
			for at := range data {
				bad := bytes.Clone(data)
				bad[at] ^= 1 << (at % 8)
				refusedFor(t, src.with(path, bad), anchor, blame(path, data, at))
			}
			refusedFor(t, src.with(path, data[:len(data)-1]), anchor, blame(path, data, len(data)-1))
			refusedFor(t, src.without(path), anchor, blame(path, data, 0))
			refusedFor(t, src.with(path, append(bytes.Clone(data), 0)), anchor, path)
		}
	}
}

// blame is what a fault must name when a byte of a file is wrong.
func blame(path string, data []byte, at int) string {
	name, err := ledger.ParseTilePath(path)
	if err == nil && name.Level == ledger.BundleLevel {
		return fmt.Sprintf("entry %d", name.Index*ledger.TileWidth+int64(entryAt(data, at)))
	}
	return path
}

func refusedFor(t *testing.T, src files, anchor ledger.Anchor, where string) {
	t.Helper()
	_, err := walkAll(src, anchor)
	var f *ledger.Fault
	if !errors.As(err, &f) || f.Where != where {
		t.Fatalf("got %v, want a fault of %s", err, where)
	}
}

func TestFlippedBytesOfALargeLog(t *testing.T) {
	src, anchor, _ := exported(t, 66_000)
	for _, path := range []string{
		"tile/0/000", "tile/0/128", "tile/0/256", "tile/0/257.p/208", "tile/1/000", "tile/1/001.p/1", "tile/2/000.p/1",
		"tile/entries/000", "tile/entries/255", "tile/entries/257.p/208",
	} {
		data, ok := src[path]
		if !ok {
			t.Fatalf("no %s in the log", path)
		}
		for _, at := range []int{0, len(data) / 2, len(data) - 1} {
			bad := bytes.Clone(data)
			bad[at] ^= 0x10
			refusedFor(t, src.with(path, bad), anchor, blame(path, data, at))
		}
		refusedFor(t, src.without(path), anchor, blame(path, data, 0))
	}
}

func TestWalkFromTheMiddleTrustsNothing(t *testing.T) {
	src, anchor, _ := exported(t, 600)
	bad := bytes.Clone(src["tile/0/001"])
	bad[7] ^= 1
	log, err := ledger.OpenLog(src.with("tile/0/001", bad), anchor)
	if err != nil {
		t.Fatal(err)
	}
	visited := 0
	visit := func(int64, []byte) error { visited++; return nil }
	if f := wantFault(t, log.Walk(300, visit), ledger.ClassTile); f.Where != "tile/0/001" || visited != 0 {
		t.Fatalf("visited %d entries, blamed %s", visited, f.Where)
	}
	if err := log.Walk(512, visit); err != nil || visited != 88 {
		t.Fatalf("visited %d entries of the last bundle: %v", visited, err)
	}
}

func TestRootThatNothingGives(t *testing.T) {
	src, anchor, cp := exported(t, 300)
	_, signer := testAnchor(t)
	cp.Root[3] ^= 1
	signed, err := ledger.SignCheckpoint(cp, signer)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ledger.OpenLog(src.with("checkpoint", signed), anchor)
	wantFault(t, err, ledger.ClassRoot)
}

func TestMissingCheckpoint(t *testing.T) {
	src, anchor, _ := exported(t, 3)
	_, err := ledger.OpenLog(src.without("checkpoint"), anchor)
	wantFault(t, err, ledger.ClassCheckpointMissing)
	if want := "cannot accept checkpoint: it cannot be read: file does not exist"; err.Error() != want {
		t.Errorf("it says %q, want %q", err, want)
	}
}

// Several files may be wrong at once: some fault is named, whichever is found first,
// and nothing is accepted.
func TestTwoWrongFiles(t *testing.T) {
	src, anchor, _ := exported(t, 600)
	flip := func(path string) []byte {
		bad := bytes.Clone(src[path])
		if bad == nil {
			t.Fatalf("no %s in the log", path)
		}
		bad[len(bad)/2] ^= 1
		return bad
	}
	paths := []string{
		"tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
		"tile/entries/000", "tile/entries/002.p/88",
	}
	for _, one := range paths {
		for _, other := range paths {
			both := src.with(one, flip(one)).with(other, flip(other))
			cut := both.with(other, src[other][:9])
			gone := both.without(other)
			for name, bad := range map[string]files{"changed": both, "cut": cut, "missing": gone} {
				var f *ledger.Fault
				if _, err := walkAll(bad, anchor); !errors.As(err, &f) {
					t.Errorf("%s changed and %s %s: %v", one, other, name, err)
				}
			}
		}
	}
}

func TestLogOfAnotherCell(t *testing.T) {
	src, anchor, _ := exported(t, 3)
	_, vkey := keyPair(t, 9, origin)
	forged := anchor
	forged.LedgerKeys = []string{vkey}
	_, err := ledger.OpenLog(src, forged)
	wantFault(t, err, ledger.ClassCheckpointSignature)

	_, vkey = keyPair(t, 7, "other.example.org")
	other := anchor
	other.Origin, other.LedgerKeys = "other.example.org", []string{vkey}
	_, err = ledger.OpenLog(src, other)
	wantFault(t, err, ledger.ClassCheckpointOrigin)
}

func TestExtends(t *testing.T) {
	src, anchor, _ := exported(t, 600)
	log, err := ledger.OpenLog(src, anchor)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{0, 1, 255, 256, 257, 599, 600} {
		_, _, old := exported(t, n)
		if err := log.Extends(old); err != nil {
			t.Errorf("from %d: %v", n, err)
		}
		old.Root[0] ^= 1
		wantFault(t, log.Extends(old), ledger.ClassProof)
	}
	_, _, newer := exported(t, 601)
	if f := wantFault(t, log.Extends(newer), ledger.ClassProof); f.Mend == "" {
		t.Error("a log that was cut back leaves the reader without advice")
	}
	wantFault(t, log.Extends(ledger.Checkpoint{Origin: "other.example.org"}), ledger.ClassCheckpointOrigin)
}

func TestLogTiles(t *testing.T) {
	src, anchor, cp := exported(t, 600)
	log, err := ledger.OpenLog(src, anchor)
	if err != nil {
		t.Fatal(err)
	}
	read := log.Tiles()
	for index := range cp.Size {
		proof, err := ledger.InclusionProof(cp.Size, index, read)
		if err != nil {
			t.Fatal(err)
		}
		if err := ledger.CheckInclusion(proof, cp.Size, cp.Root, index, ledger.LeafHash(body(index))); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range [][2]int64{{-1, 0}, {0, -1}, {0, 3}, {1, 1}, {2, 0}, {6, 0}, {64, 0}} {
		_, err := read(int(at[0]), at[1])
		wantFault(t, err, ledger.ClassTile)
	}
}

func TestAttachmentsAndNotes(t *testing.T) {
	src, anchor, _ := exported(t, 3)
	open := func(f files) *ledger.Log {
		t.Helper()
		log, err := ledger.OpenLog(f, anchor)
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	ah, nh := ledger.AttachmentHash(testAttachment), testNote.Hash()
	log := open(src)
	if got, err := log.Attachment(ah); err != nil || !bytes.Equal(got, testAttachment) {
		t.Fatalf("attachment %q, %v", got, err)
	}
	if got, err := log.Note(nh); err != nil || got != testNote {
		t.Fatalf("note %+v, %v", got, err)
	}
	_, err := log.Attachment(nh)
	if f := wantFault(t, err, ledger.ClassAttachment); !errors.Is(f, fs.ErrNotExist) {
		t.Errorf("a missing attachment: %v", err)
	}
	_, err = log.Note(ah)
	wantFault(t, err, ledger.ClassNote)

	for at := range testAttachment {
		bad := bytes.Clone(testAttachment)
		bad[at] ^= 1
		_, err := open(src.with(ledger.AttachmentPath(ah), bad)).Attachment(ah)
		wantFault(t, err, ledger.ClassAttachment)
	}
	file := src[ledger.NotePath(nh)]
	for at := range file {
		bad := bytes.Clone(file)
		bad[at] ^= 1
		_, err := open(src.with(ledger.NotePath(nh), bad)).Note(nh)
		wantFault(t, err, ledger.ClassNote)
		_, err = open(src.with(ledger.NotePath(nh), file[:at])).Note(nh)
		wantFault(t, err, ledger.ClassNote)
	}
	big := make([]byte, ledger.MaxAttachment+1)
	_, err = open(src.with(ledger.AttachmentPath(ledger.AttachmentHash(big)), big)).Attachment(ledger.AttachmentHash(big))
	wantFault(t, err, ledger.ClassAttachment)
}
