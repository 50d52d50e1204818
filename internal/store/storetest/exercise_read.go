package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

func exerciseReplacing(t *testing.T, s Store) {
	ctx, l := t.Context(), fresh(t)
	for range 300 { // into the second tile
		next(t, s, l, "request/1")
	}
	b := next(t, s, l, "request/1", "request/2")
	state := load(t, s)
	same(t, "World", state.World, b.World)
	same(t, "Streams", state.Streams, b.Streams)
	same(t, "Stream", must[broker.Stream](t)(s.Stream(ctx, "request/1")), b.Streams[0])
	same(t, "Tiles", state.Tiles, l.tiles.Partial())
	full := must[[]byte](t)(s.Tile(ctx, 0, 0))
	if len(full) != ledger.TileWidth*32 {
		t.Errorf("the full tile has %d bytes", len(full))
	}
}

func exerciseLive(t *testing.T, s Store) {
	ctx, l := t.Context(), fresh(t)
	next(t, s, l, "request/1", "request/2", "request/3")
	on := l.Head()
	b := l.Batch("request/2")
	b.Streams[0].Live = false
	put(t, s, on, b)
	var live []string
	for _, st := range load(t, s).Streams {
		live = append(live, st.ID)
	}
	slices.Sort(live)
	same(t, "live streams", live, []string{"request/1", "request/3"})
	same(t, "the closed stream", must[broker.Stream](t)(s.Stream(ctx, "request/2")), b.Streams[0])
	reopened := next(t, s, l, "request/2")
	if got := load(t, s).Streams; len(got) != 3 {
		t.Errorf("%d live streams after %s came back to life", len(got), reopened.Streams[0].ID)
	}
	on = l.Head()
	b = l.Batch("cell")
	b.Streams = nil // an entry whose stream has no snapshot
	put(t, s, on, b)
	absent[broker.Stream](t, "a stream without a snapshot")(s.Stream(ctx, "cell"))
	same(t, "its entries", must[[]int64](t)(s.StreamEntries(ctx, "cell")), []int64{5})
	if got := load(t, s).Streams; len(got) != 3 {
		t.Errorf("%d live streams, a stream without a snapshot is none", len(got))
	}
}

func exerciseTasks(t *testing.T, s Store) {
	l := fresh(t)
	tasks := func(what string, enqueued []broker.Task, done []string, want ...broker.Task) {
		t.Helper()
		on := l.Head()
		b := l.Batch("cell")
		b.Enqueued, b.Done = enqueued, done
		put(t, s, on, b)
		same(t, what, load(t, s).Tasks, want)
	}
	task := func(id, body string) broker.Task { return broker.Task{ID: id, Body: []byte(body)} }
	tasks("enqueued", []broker.Task{task("a", "1"), task("b", "1")}, nil, task("a", "1"), task("b", "1"))
	tasks("done in the same batch", []broker.Task{task("c", "1")}, []string{"c", "a"}, task("b", "1"))
	tasks("done twice, and never known", nil, []string{"a", "never"}, task("b", "1"))
	tasks("enqueued again", []broker.Task{task("b", "2")}, nil, task("b", "2"))
	tasks("known, enqueued and done", []broker.Task{task("b", "3"), task("d", "1")}, []string{"b"}, task("d", "1"))
}

func exerciseNonces(t *testing.T, s Store) {
	l := fresh(t)
	live := map[string]broker.Memo{}
	for i := range 400 {
		on := l.Head()
		b := l.Batch("session", "session")
		at := At(b.Head.Size - 1)
		for j := range 3 {
			n := broker.Memo{Key: fmt.Sprintf("ann %d.%d", i, j), Expires: at.Add(canon.Seconds(1 + 50*j).Duration()), Body: []byte("{}")}
			b.Memos = append(b.Memos, n)
			live[n.Key] = n
		}
		put(t, s, on, b)
	}
	now := At(l.Head().Size - 1)
	kept := map[string]broker.Memo{}
	for _, n := range load(t, s).Memos {
		if _, twice := kept[n.Key]; twice {
			t.Errorf("nonce %s twice", n.Key)
		}
		kept[n.Key] = n
	}
	for key, n := range live {
		if !n.Expires.After(now) {
			continue // may be forgotten, and may not
		}
		got, found := kept[key]
		if !found {
			t.Errorf("nonce %s, good until %v, is forgotten at %v", key, n.Expires, now)
			continue
		}
		same(t, "nonce", got, n)
	}
	for _, hours := range []time.Duration{100, 1, 2} { // replaced by one that is forgotten earlier, or later
		on := l.Head()
		b := l.Batch("session")
		again := broker.Memo{Key: "ann 399.2", Expires: now.Add(hours * time.Hour), Body: fmt.Appendf(nil, "%d", hours)}
		b.Memos = []broker.Memo{again}
		put(t, s, on, b)
		nonces := load(t, s).Memos
		found := slices.IndexFunc(nonces, func(n broker.Memo) bool { return n.Key == again.Key })
		if found < 0 {
			t.Fatal("a nonce written again is gone")
		}
		same(t, "a nonce written again", nonces[found], again)
	}
}

func exerciseBeside(t *testing.T, s Store) {
	ctx, l := t.Context(), fresh(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), ledger.MaxAttachment/16)
	note := ledger.Note{Salt: [32]byte{7}, Text: "who was called, and when"}
	twin := ledger.Note{Salt: [32]byte{8}, Text: note.Text}
	for range 2 {
		on := l.Head()
		b := l.Batch("cell")
		b.Attachments = [][]byte{data, {}, data}
		b.Notes = []ledger.Note{note, twin, note}
		put(t, s, on, b)
		besideIs(t, s, b)
	}
	absent[[]byte](t, "an attachment")(s.Attachment(ctx, canon.Sum([]byte("other"))))
	absent[ledger.Note](t, "a note")(s.Note(ctx, canon.Sum([]byte("other"))))
	same(t, "an empty attachment", must[[]byte](t)(s.Attachment(ctx, canon.Sum(nil))), []byte{})
}

func exerciseMany(t *testing.T, s Store) {
	ctx, l := t.Context(), fresh(t)
	next(t, s, l, "cell")
	var streams []string
	for i := range 1000 {
		streams = append(streams, fmt.Sprintf("request/%d", i%50))
	}
	b := next(t, s, l, streams...)
	same(t, "Head", must[broker.Head](t)(s.Head(ctx)), b.Head)
	for _, at := range []struct {
		index int64
		most  int
		want  int
	}{{0, 2000, 1001}, {1, 1000, 1000}, {1, 999, 999}, {1000, 5, 1}, {1001, 5, 0}, {5000, 5, 0}, {3, 0, 0}, {500, 1, 1}} {
		got := must[[][]byte](t)(s.Entries(ctx, at.index, at.most))
		if len(got) != at.want {
			t.Errorf("Entries(%d, %d) gives %d, want %d", at.index, at.most, len(got), at.want)
		}
		for i, body := range got {
			if n := at.index + int64(i); n > 0 && !bytes.Equal(body, b.Entries[n-1].Body) {
				t.Fatalf("Entries(%d, %d): entry %d is another", at.index, at.most, n)
			}
		}
	}
	indices := must[[]int64](t)(s.StreamEntries(ctx, "request/7"))
	if len(indices) != 20 || !slices.IsSorted(indices) || indices[0] != 8 {
		t.Errorf("StreamEntries = %v", indices)
	}
	same(t, "StatementEntry", must[int64](t)(s.StatementEntry(ctx, Statement(777))), int64(777))
}

// exerciseLong holds Entries to its 4 MiB.
func exerciseLong(t *testing.T, s Store) {
	ctx, l := t.Context(), fresh(t)
	const entries, pad, limit = 200, 32_000, 4 << 20
	on := l.Head()
	put(t, s, on, l.padded(pad, slices.Repeat([]string{"cell"}, entries)))
	calls, at := 0, 0
	for ; at < entries; calls++ {
		got := must[[][]byte](t)(s.Entries(ctx, int64(at), entries))
		size := 0
		for _, body := range got {
			size += len(body)
		}
		if len(got) == 0 || size > limit {
			t.Fatalf("Entries(%d) gives %d entries of %d bytes", at, len(got), size)
		}
		if at+len(got) < entries && size+pad+1000 < limit {
			t.Errorf("Entries(%d) stops at %d bytes", at, size)
		}
		at += len(got)
	}
	if calls != 2 {
		t.Errorf("%d calls for 6.4 MB", calls)
	}
}

func exerciseOwnMemory(t *testing.T, s Store) {
	ctx, l := t.Context(), fresh(t)
	b := everything(l)
	body := bytes.Clone(b.Entries[0].Body)
	world := bytes.Clone(b.World)
	put(t, s, broker.Head{}, b)
	clear(b.Entries[0].Body) // the caller's again once Append has returned
	clear(b.World)
	for range 2 {
		got := must[[][]byte](t)(s.Entries(ctx, 0, 1))
		same(t, "entry", got[0], body)
		clear(got[0])
		state := load(t, s)
		same(t, "world", state.World, world)
		clear(state.World)
	}
}
