package witness_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/witness"
)

// longest is how long anything may take in these tests.
const longest = 2 * time.Minute

// station is a witness behind HTTP, which may be made to hang.
type station struct {
	key    *ledger.Cosigner
	folder string
	client *witness.Client

	mu   sync.Mutex
	hung chan struct{}
	own  *witness.Witness
}

func newStation(t *testing.T, name string, seed byte, logs ...*log) *station {
	t.Helper()
	skey, _, err := ledger.GenerateWitnessKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), name)
	if err != nil {
		t.Fatal(err)
	}
	s := &station{folder: t.TempDir() + "/memory"}
	if s.key, err = ledger.NewCosigner(skey); err != nil {
		t.Fatal(err)
	}
	if err := witness.Make(s.folder); err != nil {
		t.Fatal(err)
	}
	o := options(t, s.folder, logs...)
	o.Key = s.key
	if s.own, err = witness.Open(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.own.Close() }) // a test's folder goes with it
	handler := s.own.Handler()
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		hung := s.hung
		s.mu.Unlock()
		if hung != nil {
			_, _ = io.Copy(io.Discard, r.Body) // only then is it seen that the caller leaves
			select {
			case <-hung:
			case <-r.Context().Done():
			}
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	if s.client, err = witness.NewClient(name, web.URL); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *station) hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hung = make(chan struct{})
}

func (s *station) goOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.hung)
	s.hung = nil
}

// published is a log as a circle sees it; it may grow meanwhile.
type published struct {
	mu  sync.Mutex
	log *log
	tb  testing.TB
}

func (p *published) head() (int64, []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.tiles.Size(), p.log.at(p.tb)
}

func (p *published) tile(level int, index int64) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return bytes.Clone(p.log.stored[[2]int64{int64(level), index}]), nil
}

// ran is a circle at work on a log until the test ends.
func ran(t *testing.T, need int, l *log, stations ...*station) (*witness.Circle, *published) {
	t.Helper()
	p := &published{log: l, tb: t}
	return circle(t, witness.CircleOptions{Head: p.head, Tiles: p.tile, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, need, stations...), p
}

// circle is one of stations at work until the test ends.
func circle(t *testing.T, o witness.CircleOptions, need int, stations ...*station) *witness.Circle {
	t.Helper()
	var vkeys []string
	for _, s := range stations {
		vkeys = append(vkeys, s.key.VKey())
		o.Clients = append(o.Clients, s.client)
	}
	var err error
	if o.Policy, err = ledger.NewPolicy(need, vkeys); err != nil {
		t.Fatal(err)
	}
	c := witness.NewCircle(o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { c.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	size, _ := o.Head()
	c.Grew(size, noon)
	return c
}

// grows makes a log longer, and tells its circle.
func (p *published) grows(c *witness.Circle, size int64, at canon.Time) {
	p.mu.Lock()
	p.log.grow(size, "x")
	p.mu.Unlock()
	c.Grew(size, at)
}

func await(t *testing.T, c *witness.Circle, entry int64) witness.Cosigned {
	t.Helper()
	newest, ok := c.Await(context.Background(), entry, longest)
	if !ok {
		t.Fatalf("entry %d is not cosigned; %+v", entry, c.Members())
	}
	return newest
}

// TestCircle: a hanging witness keeps nobody, as long as enough others answer; when
// too few do, it is known since when, and it ends by itself.
func TestCircle(t *testing.T) {
	l := newLog(t, origin).grow(5, "x")
	w1, w2, w3 := newStation(t, "w1", 1, l), newStation(t, "w2", 2, l), newStation(t, "w3", 3, l)
	w3.hang()
	c, p := ran(t, 2, l, w1, w2, w3)
	if newest := await(t, c, 4); newest.Size != 5 {
		t.Errorf("size %d", newest.Size)
	}
	if _, since := c.Newest(); !since.IsZero() {
		t.Errorf("something waits since %s", since)
	}
	p.grows(c, 300, noon.Add(time.Second))
	began := time.Now()
	await(t, c, 299)
	if took := time.Since(began); took > witness.Deadline {
		t.Errorf("a hanging witness kept the others for %s", took)
	}

	w2.hang()
	p.grows(c, 301, noon.Add(2*time.Second))
	p.grows(c, 302, noon.Add(3*time.Second))
	if _, ok := c.Await(context.Background(), 300, 50*time.Millisecond); ok {
		t.Error("cosigned by one of two that must")
	}
	if newest, since := c.Newest(); since != noon.Add(2*time.Second) || newest.Size != 300 {
		t.Errorf("%d entries are cosigned, what waits does since %s", newest.Size, since)
	}
	w2.goOn()
	await(t, c, 301)
	if _, since := c.Newest(); !since.IsZero() {
		t.Errorf("something waits since %s", since)
	}
}

// TestCircleAfterRestart: a new process learns from the witnesses where they are,
// and has the same size cosigned anew.
func TestCircleAfterRestart(t *testing.T) {
	l := newLog(t, origin).grow(700, "x")
	w1 := newStation(t, "w1", 1, l)
	first, _ := ran(t, 1, l, w1)
	await(t, first, 699)
	again, _ := ran(t, 1, l, w1)
	if newest := await(t, again, 699); newest.Size != 700 {
		t.Errorf("size %d", newest.Size)
	}
}

// TestCircleKnowsForks: a log that was set back, or shows another history, is not
// cosigned, and its server is told so.
func TestCircleKnowsForks(t *testing.T) {
	for name, other := range map[string]*log{
		"set back":               newLog(t, origin).grow(3, "x"),
		"another of the size":    newLog(t, origin).grow(5, "y"),
		"another that is longer": newLog(t, origin).grow(9, "y"),
	} {
		l := newLog(t, origin).grow(5, "x")
		w1 := newStation(t, "w1", 1, l)
		first, _ := ran(t, 1, l, w1)
		await(t, first, 4)
		c, _ := ran(t, 1, other, w1)
		deadline := time.Now().Add(longest)
		for c.Members()[0].Trouble == "" && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
		}
		if got := c.Members()[0].Trouble; got != "forked" {
			t.Errorf("%s: trouble is %q", name, got)
		}
		if newest, since := c.Newest(); newest.Size != 0 || since.IsZero() {
			t.Errorf("%s: %d entries are cosigned", name, newest.Size)
		}
	}
}

// TestCircleGrows has a log grow while it is cosigned; run it with -race.
func TestCircleGrows(t *testing.T) {
	l := newLog(t, origin).grow(1, "x")
	c, p := ran(t, 2, l, newStation(t, "w1", 1, l), newStation(t, "w2", 2, l), newStation(t, "w3", 3, l))
	for size := int64(2); size < 200; size++ {
		p.grows(c, size, noon.Add(time.Duration(size)*time.Second))
		if size%20 == 0 {
			await(t, c, size-1)
		}
	}
	await(t, c, 198)
}

// TestClocksAreCompared: a machine whose clock is wrong when it starts hears so from
// the first that its witnesses cosign, although nothing was written since; and it
// is told once of each.
func TestClocksAreCompared(t *testing.T) {
	for _, c := range []struct {
		ahead time.Duration
		told  bool
	}{{0, false}, {29 * time.Second, false}, {31 * time.Second, true}, {-time.Hour, true}} {
		l := newLog(t, "clock.example.com")
		l.grow(3, "x")
		p := &published{log: l, tb: t}
		a, b := newStation(t, "a.example.com/w", 1, l), newStation(t, "b.example.com/w", 2, l)
		var said lockedBuffer
		o := witness.CircleOptions{
			Head: p.head, Tiles: p.tile, Log: slog.New(slog.NewTextHandler(&said, nil)),
			Wall: func() time.Time { return noon.Std().Add(c.ahead) },
		}
		all := circle(t, o, 2, a, b)
		await(t, all, 2)
		p.grows(all, 5, noon)
		await(t, all, 4)
		for _, m := range all.Members() {
			if m.Ahead != c.ahead {
				t.Errorf("ahead of %s by %s, want %s", m.Name, m.Ahead, c.ahead)
			}
		}
		want := 0
		if c.told {
			want = 2 // once of each
		}
		if n := strings.Count(said.String(), "clock is not the witness's"); n != want {
			t.Errorf("%s ahead: told %d times, want %d", c.ahead, n, want)
		}
	}
}

// lockedBuffer is a log that several write.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
