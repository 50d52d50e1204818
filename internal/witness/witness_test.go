package witness_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/witness"
)

func TestWitnessFollowsOneHistory(t *testing.T) {
	l := newLog(t, origin).grow(3, "a")
	w, folder := begun(t, l)
	c, _ := served(t, w)
	ctx := context.Background()
	take := func(old int64) {
		t.Helper()
		o := l.offer(t, old)
		lines, err := c.Add(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		good(t, o.Checkpoint, lines)
	}
	take(0)
	l.grow(300, "b")
	take(3)
	take(300) // the same again: a younger cosignature
	// Another process goes on where this one was.
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c, _ = served(t, opened(t, folder, l))
	var stale *witness.Stale
	if _, err := c.Add(ctx, l.offer(t, 3)); !errors.As(err, &stale) || stale.Size != 300 || stale.Fork {
		t.Fatalf("from an old size: %v", err)
	}
	l.grow(301, "c")
	take(300)
}

// TestWitnessRefuses is add-checkpoint of C2SP tlog-witness, answer by answer.
func TestWitnessRefuses(t *testing.T) {
	l := newLog(t, origin).grow(5, "a")
	w, folder := begun(t, l)
	_, url := served(t, w)
	good := l.offer(t, 0)
	fork := newLog(t, origin).grow(5, "other")
	stranger := newLog(t, "stranger.example.com").grow(5, "a")
	forged := l.offer(t, 0)
	forged.Checkpoint = []byte(strings.Replace(string(forged.Checkpoint), "\n5\n", "\n6\n", 1))
	post := func(o witness.Offer) string { return string(o.Encode()) }
	longer := func() witness.Offer { return newLog(t, origin).grow(9, "a").offer(t, 5) }
	wrong := longer()
	wrong.Proof = wrong.Proof[1:]
	back := newLog(t, origin).grow(4, "a").offer(t, 0)
	back.Old = 5
	forkLonger := newLog(t, origin).grow(9, "other").offer(t, 5)
	for _, c := range []struct {
		name, body string
		status     int
		size       string // of the answer, when it is stale
	}{
		{"malformed", "hello", 400, ""},
		{"no old line", strings.TrimPrefix(post(good), "old 0\n"), 400, ""},
		{"leading zero", strings.Replace(post(good), "old 0", "old 00", 1), 400, ""},
		{"64 proof lines", strings.Replace(post(good), "old 0\n", "old 0\n"+strings.Repeat(strings.Repeat("A", 43)+"=\n", 64), 1), 400, ""},
		{"too long", post(good) + strings.Repeat("x", 40<<10), 400, ""},
		{"unknown log", post(stranger.offer(t, 0)), 404, ""},
		{"not signed by the log", post(forged), 403, ""},
		{"a proof where none may be", post(witness.Offer{Old: 0, Proof: longer().Proof, Checkpoint: good.Checkpoint}), 422, ""},
		{"from a size that was never cosigned", post(longer()), 409, "0\n"},
		{"good", post(good), 200, ""},
		{"from a stale size", post(good), 409, "5\n"},
		{"another root of that size", post(witness.Offer{Old: 5, Checkpoint: fork.at(t)}), 409, "5\n"},
		{"backwards", post(back), 400, ""},
		{"cut proof", post(wrong), 422, ""},
		{"a fork, proved from its own past", post(forkLonger), 422, ""},
		{"good, and longer", post(longer()), 200, ""},
	} {
		response, err := http.Post(url+witness.Path, "text/plain", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != c.status {
			t.Errorf("%s: %d %s, want %d", c.name, response.StatusCode, body, c.status)
		}
		if stale := response.Header.Get("Content-Type") == witness.StaleType; stale != (c.size != "") || stale && string(body) != c.size {
			t.Errorf("%s: answered %q of type %s", c.name, body, response.Header.Get("Content-Type"))
		}
		if strings.HasPrefix(string(body), "— ") != (c.status == 200) {
			t.Errorf("%s: answered %q", c.name, body)
		}
	}
	// What convicts the log was kept: both checkpoints.
	kept, err := filepath.Glob(filepath.Join(folder, "fork-*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	text, err := os.ReadFile(kept[0])
	if err != nil || !strings.Contains(string(text), string(good.Checkpoint)) || !strings.Contains(string(text), string(fork.at(t))) {
		t.Errorf("kept %s, %v", text, err)
	}
	if response, err := http.Get(url + witness.Path); err != nil || response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %v, %v", response, err)
	}
}

// TestRaceOfTwoHistories: of two histories offered at once, many times, one is
// cosigned.
func TestRaceOfTwoHistories(t *testing.T) {
	for range 20 {
		honest, fork := newLog(t, origin).grow(1, "a"), newLog(t, origin).grow(1, "b")
		w, _ := begun(t, honest)
		var racing sync.WaitGroup
		var mu sync.Mutex
		cosigned := map[ledger.Hash]bool{}
		for i, l := range []*log{honest, fork, honest, fork} {
			o := l.offer(t, 0)
			root := l.tiles.Root()
			racing.Add(1)
			go func() {
				defer racing.Done()
				line, err := w.Add(o)
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					cosigned[root] = true
					return
				}
				var stale *witness.Stale
				if !errors.As(err, &stale) || line != nil {
					t.Errorf("%d: %q, %v", i, line, err)
				}
			}()
		}
		racing.Wait()
		if len(cosigned) != 1 {
			t.Fatalf("%d histories were cosigned", len(cosigned))
		}
	}
}

// TestRaceNeverGoesBack: of offers of two sizes at once, the smaller never takes
// the place of the larger.
func TestRaceNeverGoesBack(t *testing.T) {
	short, long := newLog(t, origin).grow(5, "a"), newLog(t, origin).grow(9, "a")
	for range 20 {
		w, _ := begun(t, short)
		offers := []witness.Offer{short.offer(t, 0), long.offer(t, 0)}
		var racing sync.WaitGroup
		errs := make([]error, 2)
		for i, o := range offers {
			racing.Add(1)
			go func() {
				defer racing.Done()
				_, errs[i] = w.Add(o)
			}()
		}
		racing.Wait()
		text, err := w.Newest(origin)
		if err != nil {
			t.Fatal(err)
		}
		for i, o := range offers {
			if won := string(text) == string(o.Checkpoint); won != (errs[i] == nil) {
				t.Errorf("offer %d: %v, and the newest is %s", i, errs[i], text)
			}
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	l := newLog(t, origin).grow(1, "a")
	w, folder := begun(t, l)
	if _, err := witness.Open(options(t, folder, l)); !errors.Is(err, witness.ErrLocked) {
		t.Errorf("a second witness on one folder: %v", err)
	}
	if _, err := w.Add(l.offer(t, 0)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.Open(options(t, filepath.Join(folder, "gone"), l)); err == nil {
		t.Error("opened without its memory")
	}
	if err := witness.Make(folder); err == nil {
		t.Error("made a new memory over the old one")
	}
	if _, err := witness.Open(options(t, folder, l, l)); err == nil {
		t.Error("took one log twice")
	}
	kept, err := filepath.Glob(filepath.Join(folder, "log-*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	other := newLog(t, "other.example.com").grow(4, "a").at(t)
	for name, text := range map[string][]byte{"torn": []byte("halligan"), "emptied": {}, "another log's": other} {
		if err := os.WriteFile(kept[0], text, 0o600); err != nil {
			t.Fatal(err)
		}
		if w, err := witness.Open(options(t, folder, l)); err == nil {
			t.Errorf("%s: opened", name)
			_ = w.Close()
		}
	}
}

// TestDiskThatFails: when the new checkpoint cannot be kept, nothing is signed, and
// what is remembered is read again before anything else is.
func TestDiskThatFails(t *testing.T) {
	l := newLog(t, origin).grow(2, "a")
	w, folder := begun(t, l)
	if _, err := w.Add(l.offer(t, 0)); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(folder, "log-*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	// Root may write anywhere: what nobody can is a file over a folder that is not empty.
	aside := kept[0] + ".aside"
	if err := errors.Join(os.Rename(kept[0], aside), os.MkdirAll(filepath.Join(kept[0], "below"), 0o700)); err != nil {
		t.Fatal(err)
	}
	l.grow(4, "b")
	if line, err := w.Add(l.offer(t, 2)); err == nil || line != nil {
		t.Fatalf("cosigned %q what it could not keep", line)
	}
	fork := newLog(t, origin).grow(2, "a").grow(4, "c")
	if err := errors.Join(os.RemoveAll(kept[0]), os.Rename(aside, kept[0])); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Add(fork.offer(t, 2)); err != nil {
		t.Fatalf("what was never cosigned binds nobody: %v", err)
	}
	if _, err := w.Add(l.offer(t, 2)); err == nil {
		t.Fatal("cosigned both")
	}
}
