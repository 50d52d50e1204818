package client_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestABusyServerIsNoFork: whoever makes a server answer "too many attempts" (a
// neighbour behind the same address can) must not make it look like a liar.
func TestABusyServerIsNoFork(t *testing.T) {
	if testing.Short() {
		t.Skip("the client is patient for a quarter of a minute")
	}
	t.Parallel()
	k, ctx := newKeys(t), context.Background()
	honest, older := open(t, k), open(t, k)
	folder := t.TempDir()
	c := honest.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	for range 3 {
		_, err := c.Submit(ctx, &statement.Session{For: 60})
		must(t, err)
	}
	seen, err := c.Checkpoint(ctx)
	must(t, err)
	inner := older.door.inner
	older.door.inner = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/ledger/tile/") {
			inner.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"title":"too many attempts","status":429,"reason":"too-many-attempts"}`))
	})
	again := older.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	_, err = again.Submit(ctx, &statement.Session{For: 60})
	if err == nil || errors.Is(err, client.ErrForked) {
		t.Errorf("with an older checkpoint and no tiles: %v", err)
	}
	if now, err := again.Seen(); err != nil || now != seen {
		t.Errorf("what was seen is now %v (%v)", now, err)
	}
}
