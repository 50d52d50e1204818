package ledger_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// signedBody is an entry that a person's statement caused.
func signedBody(tb testing.TB, nonce string) []byte {
	tb.Helper()
	data, err := ledger.EncodeEntry(ledger.Entry{
		V: ledger.EntryVersion, At: canon.At(time.UnixMilli(1_772_625_600_000)), Stream: "x", Prev: ledger.None, Cell: ledger.None,
		Cause:  ledger.Cause{Statement: jsontext.Value(`{"nonce":"` + nonce + `"}`), Signature: &ledger.Signature{SSHSig: []byte("signed")}},
		Events: []jsontext.Value{jsontext.Value(`{"kind":"taken"}`)},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// branch is a log in memory, its signed checkpoint and its tree.
type branch struct {
	files
	signed []byte
	cp     ledger.Checkpoint
}

// grown is a log whose entries are given, signed with the test key.
func grown(tb testing.TB, entries ...[]byte) branch {
	tb.Helper()
	anchor, signer := testAnchor(tb)
	var edge ledger.Edge
	for _, e := range entries {
		edge.Append(ledger.LeafHash(e))
	}
	b := branch{files: files{}, cp: ledger.Checkpoint{Origin: origin, Size: edge.Size(), Root: edge.Root()}}
	var err error
	if b.signed, err = ledger.SignCheckpoint(b.cp, signer); err != nil {
		tb.Fatal(err)
	}
	_, err = ledger.WriteLog(b.files, anchor, ledger.Export{Signed: b.signed, Entries: func(yield func([]byte, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// many are n entries, the last of which is of a statement.
func many(tb testing.TB, n int64, nonce string) [][]byte {
	tb.Helper()
	var out [][]byte
	for i := range n - 1 {
		out = append(out, body(i))
	}
	return append(out, signedBody(tb, nonce))
}

func receiptOf(tb testing.TB, b branch, index int64, entry []byte) []byte {
	tb.Helper()
	r := ledger.Receipt{ProvedEntry: ledger.ProvedEntry{Index: index, Body: entry}, Signed: b.signed}
	decoded, err := ledger.DecodeEntry(entry)
	if err != nil {
		tb.Fatal(err)
	}
	r.Digest = canon.Sum(decoded.Cause.Statement)
	if r.Proof, err = ledger.InclusionProof(b.cp.Size, index, ledger.RawTiles(b.files, b.cp.Size)); err != nil {
		tb.Fatal(err)
	}
	data, err := r.Encode()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// TestReceipts: what a receipt says is checked to the last bit, and a log either
// has its entry or is shown not to.
func TestReceipts(t *testing.T) {
	anchor, _ := testAnchor(t)
	entries := many(t, 300, "a")
	b := grown(t, entries...)
	data := receiptOf(t, b, 299, entries[299])
	r, err := ledger.OpenReceipt(anchor, data)
	if err != nil {
		t.Fatal(err)
	}
	if r.Checkpoint() != b.cp || r.Index != 299 || r.Digest != canon.Sum([]byte(`{"nonce":"a"}`)) {
		t.Errorf("%+v", r)
	}
	if again, err := r.Encode(); err != nil || !bytes.Equal(again, data) {
		t.Errorf("encoded again as %s, %v", again, err)
	}
	for what, edited := range map[string][]byte{
		"another index":     bytes.Replace(data, []byte(`"index":299`), []byte(`"index":298`), 1),
		"another statement": bytes.Replace(data, []byte(`"nonce":"a"`), []byte(`"nonce":"b"`), 1),
		"another version":   bytes.Replace(data, []byte(`"receipt":"v1"`), []byte(`"receipt":"v2"`), 1),
		"one member more":   bytes.Replace(data, []byte(`{"checkpoint"`), []byte(`{"a":1,"checkpoint"`), 1),
		"white space":       append(bytes.Clone(data), '\n'),
		"nothing":           nil,
		"too long":          bytes.Repeat([]byte(" "), ledger.ReceiptMost+1),
		"no statement":      receiptOfEffect(t, anchor),
	} {
		if _, err := ledger.OpenReceipt(anchor, edited); err == nil {
			t.Errorf("%s: accepted", what)
		}
	}
	log, err := ledger.OpenLog(b.files, anchor)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Has(299, ledger.LeafHash(r.Body)); err != nil {
		t.Error(err)
	}
	wantFault(t, log.Has(298, ledger.LeafHash(r.Body)), ledger.ClassEntry)
	wantFault(t, log.Has(300, ledger.LeafHash(r.Body)), ledger.ClassEntryMissing)
	wantFault(t, log.Has(-1, ledger.LeafHash(r.Body)), ledger.ClassEntryMissing)
}

// receiptOfEffect is a well-formed receipt of an entry that nobody signed.
func receiptOfEffect(t *testing.T, anchor ledger.Anchor) []byte {
	t.Helper()
	entry, err := ledger.EncodeEntry(ledger.Entry{
		V: ledger.EntryVersion, At: canon.At(time.UnixMilli(1_772_625_600_000)), Stream: "x", Prev: ledger.None, Cell: ledger.None,
		Cause: ledger.Cause{Effect: "opened", Task: "t"}, Events: []jsontext.Value{jsontext.Value(`{"kind":"taken"}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return receiptOf(t, grown(t, entry), 0, entry)
}

// TestForks: two histories convict when they are shown, in whatever order they
// were seen, and nothing else does.
func TestForks(t *testing.T) {
	anchor, _ := testAnchor(t)
	one, other := many(t, 300, "a"), many(t, 300, "b")
	for n := range int64(5) {
		other = append(other, body(1000+n))
	}
	seen := grown(t, one...)
	cases := []struct {
		what   string
		with   branch
		tiles  ledger.Source
		proved bool
		not    error // sentinel
	}{
		{"another of the same size", grown(t, other[:300]...), files{}, true, nil},
		{"a longer one", grown(t, other...), nil, true, nil},
		{"a longer one that shows nothing", grown(t, other...), files{}, false, ledger.ErrNotShown},
		{"a shorter one, and the tiles of what was seen", grown(t, append(many(t, 200, "c"), body(1))...), seen.files, true, nil},
		{"a shorter one that shows nothing", grown(t, one[:200]...), files{}, false, ledger.ErrNotShown},
		{"itself", seen, files{}, false, nil},
		{"what goes on from it", grown(t, append(one, body(7))...), nil, false, nil},
		{"what it began with", grown(t, one[:200]...), seen.files, false, nil},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			if c.tiles == nil {
				c.tiles = c.with.files
			}
			for _, pair := range [][2][]byte{{seen.signed, c.with.signed}, {c.with.signed, seen.signed}} {
				f, err := ledger.NewFork(anchor, pair[0], pair[1], c.tiles)
				if err != nil {
					t.Fatal(err)
				}
				data, err := f.Encode()
				if err != nil {
					t.Fatal(err)
				}
				kept, err := ledger.DecodeFork(anchor, data)
				if err != nil {
					t.Fatal(err)
				}
				first, second, err := kept.Check(anchor)
				if (err == nil) != c.proved || c.not != nil && !errors.Is(err, c.not) || first.Size > second.Size {
					t.Errorf("proved %v of %d and %d: %v", err == nil, first.Size, second.Size, err)
				}
			}
		})
	}
}

// TestForksThatAreMadeUp: nobody convicts with what the key did not sign, or with
// a root that the longer log did not have.
func TestForksThatAreMadeUp(t *testing.T) {
	anchor, _ := testAnchor(t)
	entries := append(many(t, 300, "a"), body(7))
	short, long := grown(t, entries[:300]...), grown(t, entries...)
	honest, err := ledger.NewFork(anchor, short.signed, long.signed, long.files)
	if err != nil {
		t.Fatal(err)
	}
	made := honest
	made.Root[0] ^= 1
	if _, _, err := made.Check(anchor); err == nil || errors.Is(err, ledger.ErrNotShown) {
		t.Errorf("a root that was made up: %v", err)
	}
	made = honest
	made.First = bytes.Replace(made.First, []byte("\n300\n"), []byte("\n299\n"), 1)
	if _, _, err := made.Check(anchor); err == nil {
		t.Error("a checkpoint that nobody signed is believed")
	}
	made = ledger.Fork{First: long.signed, Second: short.signed}
	if _, _, err := made.Check(anchor); err == nil || errors.Is(err, ledger.ErrNotShown) {
		t.Errorf("in the wrong order: %v", err)
	}
	made = ledger.Fork{First: short.signed, Second: grown(t, many(t, 300, "b")...).signed, Root: honest.Root, Proof: honest.Proof}
	if _, _, err := made.Check(anchor); err == nil {
		t.Error("a proof that is not needed is passed over")
	}
	stranger := anchor
	_, other := keyPair(t, 9, origin)
	stranger.LedgerKeys = []string{other}
	if _, err := ledger.NewFork(stranger, short.signed, long.signed, long.files); err == nil {
		t.Error("signed with another key")
	}
	empty := grown(t)
	f, err := ledger.NewFork(anchor, empty.signed, long.signed, long.files)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Check(anchor); err == nil || errors.Is(err, ledger.ErrNotShown) {
		t.Errorf("everything goes on from nothing: %v", err)
	}
	if _, err := ledger.DecodeFork(anchor, []byte(strings.Repeat(" ", ledger.ReceiptMost+1))); err == nil {
		t.Error("too long, and decoded")
	}
}

func FuzzReceipt(f *testing.F) {
	anchor, _ := testAnchor(f)
	entries := many(f, 3, "a")
	good := receiptOf(f, grown(f, entries...), 2, entries[2])
	f.Add(good)
	f.Add(bytes.Replace(good, []byte(`"index":2`), []byte(`"index":-1`), 1))
	f.Add([]byte(`{"checkpoint":"","digest":"","entry":{},"index":0,"proof":[],"receipt":"v1"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ledger.OpenReceipt(anchor, data)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Body, entries[2]) || r.Index != 2 {
			t.Fatalf("accepted entry %d as %s", r.Index, r.Body)
		}
		if again, err := r.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted %s, wrote %s, %v", data, again, err)
		}
	})
}

func FuzzFork(f *testing.F) {
	anchor, _ := testAnchor(f)
	one, other := grown(f, many(f, 3, "a")...), grown(f, append(many(f, 3, "b"), body(9))...)
	for _, pair := range []branch{one, other} {
		fork, err := ledger.NewFork(anchor, one.signed, pair.signed, pair.files)
		if err != nil {
			f.Fatal(err)
		}
		data, err := fork.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"first":"","fork":"v1","second":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		fork, err := ledger.DecodeFork(anchor, data)
		if err != nil {
			return
		}
		if again, err := fork.Encode(); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted %s, wrote %s, %v", data, again, err)
		}
		first, second, err := fork.Check(anchor)
		if err == nil && (first != one.cp || second != other.cp) { // nothing else that was signed here contradicts
			t.Fatalf("convicts with %v and %v", first, second)
		}
	})
}
