package client_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// asks has somebody send a new request.
func asks(t *testing.T, h *house, c *client.Client) (client.Answer, error) {
	t.Helper()
	holder, err := client.NewHolder()
	must(t, err)
	body, text := h.request(holder)
	return c.Submit(context.Background(), body, text)
}

// TestReceiptsAreKept: what was signed leaves a receipt, readable by its owner
// alone, that verifies from the anchor; sessions leave none.
func TestReceiptsAreKept(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	folder := t.TempDir()
	ann := h.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	_, err := ann.Submit(ctx, &statement.Session{For: 60})
	must(t, err)
	kept, err := ann.Receipts()
	must(t, err)
	same(t, "receipts of sessions", len(kept), 0)
	a, err := asks(t, h, ann)
	must(t, err)
	must(t, a.Unkept)
	kept, err = ann.Receipts()
	must(t, err)
	same(t, "receipts", len(kept), 1)
	info, err := os.Stat(kept[0])
	must(t, err)
	same(t, "mode", info.Mode().Perm(), 0o600)
	data, err := os.ReadFile(kept[0])
	must(t, err)
	r, err := ledger.OpenReceipt(h.anchor, data)
	must(t, err)
	same(t, "digest", r.Digest, a.Digest)
	same(t, "index", r.Index, a.Entry)
	seen, err := ann.Seen()
	must(t, err)
	same(t, "what was seen", seen, r.Checkpoint())
	// Where none can be kept, what was taken is said to be taken all the same.
	must(t, os.RemoveAll(filepath.Dir(kept[0])))
	must(t, os.WriteFile(filepath.Dir(kept[0]), nil, 0o600))
	a, err = asks(t, h, ann)
	must(t, err)
	if a.Unkept == nil {
		t.Error("a receipt that was not kept is not told of")
	}
}

// TestOnlyReceiptsThatProve: an answer whose receipt does not prove that the
// ledger has the statement is not believed.
func TestOnlyReceiptsThatProve(t *testing.T) {
	for what, lie := range map[string]func(body []byte, first client.Answer) []byte{
		"no receipt": func(body []byte, _ client.Answer) []byte {
			return bytes.Replace(body, []byte(`"receipt"`), []byte(`"retained"`), 1)
		},
		"of another statement": func(body []byte, first client.Answer) []byte {
			begin := bytes.Index(body, []byte(`"receipt":{`)) + len(`"receipt":`)
			end := begin + bytes.Index(body[begin:], []byte(`"receipt":"v1"}`)) + len(`"receipt":"v1"}`)
			return append(append(bytes.Clone(body[:begin]), first.Receipt...), body[end:]...)
		},
		"of another entry": func(body []byte, _ client.Answer) []byte {
			return bytes.Replace(body, []byte(`"entry":`), []byte(`"entry":1`), 1)
		},
	} {
		t.Run(what, func(t *testing.T) {
			h := open(t, newKeys(t))
			ann := h.as("ann")
			first, err := asks(t, h, ann)
			must(t, err)
			inner := h.door.inner
			h.door.inner = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodPost {
					inner.ServeHTTP(w, r)
					return
				}
				answer := httptest.NewRecorder()
				inner.ServeHTTP(answer, r)
				w.WriteHeader(answer.Code)
				_, _ = w.Write(lie(answer.Body.Bytes(), first))
			})
			if _, err := asks(t, h, ann); !errors.Is(err, client.ErrReceipt) {
				t.Errorf("believed: %v", err)
			}
			kept, err := ann.Receipts()
			must(t, err)
			same(t, "receipts", len(kept), 1)
		})
	}
}

// TestForkInTheAnswer: a server that takes a statement into another ledger than
// the one that it named when it was signed is convicted by its own receipt.
func TestForkInTheAnswer(t *testing.T) {
	k := newKeys(t)
	honest, lying := open(t, k), open(t, k)
	folder := t.TempDir()
	ann := honest.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	_, err := asks(t, honest, ann)
	must(t, err)
	// What was seen of the honest one is forgotten; the receipt remains.
	seen, err := filepath.Glob(filepath.Join(folder, "seen-*"))
	must(t, err)
	same(t, "seen", len(seen), 1)
	data, err := os.ReadFile(seen[0])
	must(t, err)
	must(t, os.Remove(seen[0]))
	fooled := lying.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	inner := lying.door.inner
	lying.door.inner = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost { // another program of ann's remembers, while this one waits
			must(t, os.WriteFile(seen[0], data, 0o600))
		}
		inner.ServeHTTP(w, r)
	})
	_, err = asks(t, lying, fooled)
	var fork *client.Fork
	if !errors.As(err, &fork) || !fork.Proved {
		t.Fatalf("not convicted: %v", err)
	}
	proof, err := os.ReadFile(fork.File)
	must(t, err)
	f, err := ledger.DecodeFork(honest.anchor, proof)
	must(t, err)
	_, _, err = f.Check(honest.anchor)
	must(t, err)
}

// TestWhatAnotherProgramSaw: evidence that ends before what this machine had seen
// when it was asked for is refused; what another program has seen meanwhile is no
// reason to refuse it.
func TestWhatAnotherProgramSaw(t *testing.T) {
	h, ctx := open(t, newKeys(t)), context.Background()
	folder := t.TempDir()
	ann := h.in(folder, "ann", client.NewSigner(signerOf(t, "ann")))
	_, err := asks(t, h, ann)
	must(t, err)
	since, err := ann.Seen()
	must(t, err)
	log, err := ledger.OpenLog(ann.Source(ctx), h.anchor)
	must(t, err)
	_, err = asks(t, h, h.in(folder, "ann", client.NewSigner(signerOf(t, "ann"))))
	must(t, err)
	now, err := ann.Seen()
	must(t, err)
	if now.Size <= since.Size {
		t.Fatalf("nothing was seen after %d", since.Size)
	}
	must(t, ann.GoesOn(ctx, since, log.Signed()))
	if err := ann.GoesOn(ctx, now, log.Signed()); err == nil || errors.Is(err, client.ErrForked) {
		t.Errorf("an older look: %v", err)
	}
	after, err := ann.Seen()
	must(t, err)
	same(t, "what was seen", after, now)
}
