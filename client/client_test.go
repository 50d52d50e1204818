package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// TestOneEmergency goes the whole way: three people, three kinds of key, a
// certificate, a receipt and evidence that verifies.
func TestOneEmergency(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	ann := h.as("ann")
	id, holder := h.granted(ann)
	credential, err := ann.Fetch(ctx, id, holder, "db-1")
	must(t, err)
	certificate, err := credential.Parse()
	must(t, err)
	same(t, "key id", certificate.KeyId, "halligan:"+id.Short()+":db-1")
	renewed, err := ann.Fetch(ctx, id, holder, "db-1")
	must(t, err)
	if renewed.Serial == credential.Serial {
		t.Error("the renewed credential has the serial of the first")
	}

	sue := h.as("sue")
	reason, text, err := client.NewNoted("enough")
	must(t, err)
	_, err = sue.Submit(ctx, &statement.Stop{Of: id, Reason: reason}, text)
	must(t, err)
	_, err = ann.Fetch(ctx, id, holder, "db-1")
	var no *client.Problem
	if !errors.As(err, &no) || no.Reason != string(cell.NotLive) || no.Status != http.StatusConflict || no.Hint == "" {
		t.Errorf("after the stop: %v", err)
	}

	r, err := ann.Receipt(ctx, id)
	must(t, err)
	same(t, "receipt", r.Digest, id)
	data, err := sue.Evidence(ctx, id.String()[:10])
	must(t, err)
	report, err := verify.Partial(ctx, h.anchor, data, verify.Options{})
	must(t, err)
	same(t, "evidence", report.Good(), true)
	whole, err := ledger.OpenLog(sue.Source(ctx), h.anchor)
	must(t, err)
	must(t, whole.Walk(0, func(int64, []byte) error { return nil }))
	_, err = sue.Attachment(ctx, canon.Digest(h.anchor.Genesis))
	must(t, err)

	var shown struct {
		State string `json:"state"`
	}
	must(t, sue.Into(ctx, "/requests/"+id.String(), url.Values{"wait": {"0"}}, &shown))
	same(t, "state", shown.State, "ended")
}

// TestAnswersGetLost: whatever answer is lost on its way, a statement is taken
// once and everything still works.
func TestAnswersGetLost(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	ann := h.as("ann")
	holder, err := client.NewHolder()
	must(t, err)
	body, text := h.request(holder)
	h.door.set(slams(2, "/api/v1/statements"))
	asked, err := ann.Submit(ctx, body, text)
	must(t, err)
	same(t, "again", asked.Again, true)
	entries, err := h.store.StreamEntries(ctx, cell.StreamOf(asked.Digest))
	must(t, err)
	same(t, "entries of the request", len(entries), 1)

	h.door.set(slams(1, "/api/v1/statements")) // of the session
	_, err = ann.Get(ctx, "/me", nil)
	must(t, err)
	h.door.set(slams(1, "/api/v1/inbox"))
	_, err = ann.Get(ctx, "/inbox", nil)
	must(t, err)

	h.door.set(nil)
	id, holder := h.granted(ann)
	h.door.set(slams(1, "/api/v1/statements")) // of the fetch
	credential, err := ann.Fetch(ctx, id, holder, "db-1")
	must(t, err)
	must(t, credential.Check(id, holder))
	h.door.set(slams(1, "/ledger/checkpoint"))
	_, err = ann.Checkpoint(ctx)
	must(t, err)
}

// TestUnknownStaysUnknown: a client that never hears the answer says so, and
// does not call it a no.
func TestUnknownStaysUnknown(t *testing.T) {
	h := open(t, newKeys(t))
	ann := h.as("ann")
	_, err := ann.Checkpoint(context.Background())
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	asked := 0
	h.door.set(func(r *http.Request) bool {
		if r.Method != http.MethodPost {
			return false
		}
		if asked++; asked == 2 {
			cancel()
		}
		return true
	})
	_, err = ann.Submit(ctx, &statement.Session{For: 60})
	if !errors.Is(err, client.ErrUnknown) {
		t.Errorf("%v is not ErrUnknown", err)
	}
	var no *client.Problem
	if errors.As(err, &no) {
		t.Errorf("%v is a no", err)
	}
}

// TestOnlyThePinnedServer: another key, an older TLS and a redirect lead to
// nobody, and nothing that was signed leaves.
func TestOnlyThePinnedServer(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	profile := h.profile("ann")
	profile.ServerKey = canon.Sum([]byte("another")).String()
	before := h.door.requests()
	c, err := client.Open(profile, t.TempDir(), client.NewSigner(signerOf(t, "ann")))
	must(t, err)
	for what, err := range map[string]error{
		"checkpoint": func() error { _, err := c.Checkpoint(ctx); return err }(),
		"read":       func() error { _, err := c.Get(ctx, "/me", nil); return err }(),
		"submit":     func() error { _, err := c.Submit(ctx, &statement.Session{For: 60}); return err }(),
		"watch":      c.Watch(ctx, -1, client.Watcher{Tell: func(client.Event) error { return nil }}),
	} {
		if !errors.Is(err, client.ErrServerKey) {
			t.Errorf("%s: %v", what, err)
		}
	}
	same(t, "requests that came through", h.door.requests(), before)

	old := httptest.NewUnstartedServer(h.door)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS12}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	defer old.Close()
	profile = h.profile("ann")
	profile.URL = old.URL
	c, err = client.Open(profile, t.TempDir(), nil)
	must(t, err)
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if _, err := c.Checkpoint(short); err == nil {
		t.Error("TLS 1.2 is taken")
	}
	away := httptest.NewTLSServer(http.RedirectHandler(h.server.URL+"/ledger/checkpoint", http.StatusFound))
	defer away.Close()
	profile.URL, profile.ServerKey = away.URL, client.ServerKey(away.Certificate())
	c, err = client.Open(profile, t.TempDir(), nil)
	must(t, err)
	if _, err := c.Checkpoint(ctx); err == nil {
		t.Error("a redirect is followed")
	}
}

// TestForks: a server with the ledger's key that shows another past is found
// out, and nothing is signed for it.
func TestForks(t *testing.T) {
	k, ctx := newKeys(t), context.Background()
	honest := open(t, k)
	folder := t.TempDir()
	c := honest.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	for range 3 {
		_, err := c.Submit(ctx, &statement.Session{For: 60})
		must(t, err)
	}
	seen, err := c.Checkpoint(ctx)
	must(t, err)
	for what, more := range map[string]int{"cut back": 0, "another of the same size": 3, "another that is longer": 7} {
		t.Run(what, func(t *testing.T) {
			lying := open(t, k)
			other := lying.as("bob")
			for range more {
				_, err := other.Submit(ctx, &statement.Session{For: 60})
				must(t, err)
			}
			mine := filepath.Join(t.TempDir(), "ann")
			must(t, os.CopyFS(mine, os.DirFS(folder)))
			c := lying.in(mine, "ann", client.NewSigner(signerOf(t, "ann")))
			_, err := c.Submit(ctx, &statement.Session{For: 60})
			var fork *client.Fork
			if !errors.As(err, &fork) || !errors.Is(err, client.ErrForked) {
				t.Fatalf("signed for a forked ledger: %v", err)
			}
			same(t, "what was seen", fork.Old, seen)
			kept, err := filepath.Glob(filepath.Join(mine, "fork-*"))
			must(t, err)
			same(t, "kept as proof", len(kept), 1)
			same(t, "size of the lie", lying.broker.Head().Size, int64(2+more))
			if now, err := c.Seen(); err != nil || now != seen {
				t.Errorf("what was seen is now %v (%v)", now, err)
			}
		})
	}
	// And the honest one, in a new process with the same memory, goes on.
	again := honest.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	_, err = again.Submit(ctx, &statement.Session{For: 60})
	must(t, err)
}

// TestManyAtOnce: calls of one client, and programs of one person, do not take
// each other's answers for a fork.
func TestManyAtOnce(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	folder := t.TempDir()
	var clients []*client.Client
	for range 3 {
		clients = append(clients, h.in(folder, "ann", client.NewSigner(signerOf(t, "ann"))))
	}
	errs := make(chan error, 60)
	for i := range 60 {
		go func() {
			c := clients[i%3]
			var err error
			switch i % 4 {
			case 0:
				_, err = c.Checkpoint(ctx)
			case 1:
				_, err = c.Get(ctx, "/now", nil)
			default:
				var a client.Answer
				if a, err = c.Submit(ctx, &statement.Session{For: 60}); err == nil && i%4 == 3 {
					_, err = c.Receipt(ctx, a.Digest)
				}
			}
			errs <- err
		}()
	}
	for range 60 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// TestWatch goes on where it was when the connection breaks.
func TestWatch(t *testing.T) {
	h := open(t, newKeys(t))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	ann, sue := h.as("ann"), h.as("sue")
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 6 {
			if i == 3 {
				h.server.CloseClientConnections()
			}
			if _, err := ann.Submit(ctx, &statement.Session{For: 60}); err != nil {
				t.Error(err)
			}
		}
	}()
	anns, next, lines := 0, int64(1), []bool{}
	err := sue.Watch(ctx, 0, client.Watcher{Tell: func(e client.Event) error {
		same(t, "entry", e.Entry, next) // each one, once, in order
		next++
		if e.Sentence == "" || e.At.IsZero() {
			t.Errorf("%+v says nothing", e)
		}
		if strings.HasPrefix(e.Sentence, "ann ") {
			anns++
		}
		if anns == 6 {
			return client.ErrStop
		}
		return nil
	}, Line: func(err error) { lines = append(lines, err == nil) }})
	must(t, err)
	<-done
	if len(lines) == 0 || !lines[0] {
		t.Errorf("the line went up and down like this: %v", lines)
	}
	for i := 1; i < len(lines); i++ {
		if lines[i] == lines[i-1] {
			t.Errorf("told twice in a row: %v", lines)
		}
	}
}
