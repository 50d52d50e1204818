package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// invented is the origin of an epoch that nobody signed.
var invented = canon.EpochOrigin(celltest.Origin, 2, canon.Sum([]byte("nobody signed this")))

// under is a checkpoint of the house as its ledger key signs it under another origin.
func (h *house) under(origin string, cp ledger.Checkpoint) []byte {
	h.Helper()
	signer, err := note.NewSigner(h.keys.private)
	must(h, err)
	renamed, err := ledger.SignerOf(origin, h.keys.public, signer)
	must(h, err)
	cp.Origin = origin
	signed, err := ledger.SignCheckpoint(cp, renamed)
	must(h, err)
	return signed
}

// lies has answers of the house rewritten.
func (h *house) lies(to func(*http.Request) bool, lie func([]byte) []byte) {
	inner := h.door.inner
	h.door.inner = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !to(r) {
			inner.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		inner.ServeHTTP(answer, r)
		w.WriteHeader(answer.Code)
		_, _ = w.Write(lie(answer.Body.Bytes()))
	})
}

// TestT64ReceiptUnderAnInventedEpoch: a receipt that is signed under the origin of
// an epoch convicts nobody in the ledger that the statement was for, so that it is
// not believed unless that epoch is proved.
func TestT64ReceiptUnderAnInventedEpoch(t *testing.T) {
	h := open(t, newKeys(t))
	ann := h.as("ann")
	_, err := asks(t, h, ann)
	must(t, err)
	h.lies(func(r *http.Request) bool { return r.Method == http.MethodPost }, func(body []byte) []byte {
		var answer map[string]jsontext.Value
		if json.Unmarshal(body, &answer) != nil || answer["receipt"] == nil {
			return body
		}
		r, err := ledger.OpenReceipt(h.anchor, answer["receipt"])
		must(t, err)
		r.Signed = h.under(invented, r.Checkpoint())
		answer["receipt"], err = r.Encode()
		must(t, err)
		return canon.MustEncode(answer)
	})
	if _, err := asks(t, h, ann); !errors.Is(err, client.ErrReceipt) || !errors.Is(err, client.ErrNewEpoch) {
		t.Errorf("believed: %v", err)
	}
}

// TestT64EpochGoesOnFromWhatWasSigned: the evidence of an epoch leaves out what
// stands before it; a ledger that has another beginning than its signers named, or
// another checkpoint than the one that it was proved under, is not followed.
func TestT64EpochGoesOnFromWhatWasSigned(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(base, shown *ledger.Checkpoint)
		good  bool
	}{
		"as it was signed":         {func(_, _ *ledger.Checkpoint) {}, true},
		"another beginning":        {func(base, _ *ledger.Checkpoint) { base.Root[0]++ }, false},
		"more than there is":       {func(base, shown *ledger.Checkpoint) { base.Size = shown.Size + 1 }, false},
		"proved of another ledger": {func(_, shown *ledger.Checkpoint) { shown.Root[0]++ }, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, ctx := open(t, newKeys(t)), context.Background()
			known, err := h.as("ann").Checkpoint(ctx)
			must(t, err)
			for range 2 {
				_, err := asks(t, h, h.as("ann"))
				must(t, err)
			}
			now, err := h.as("ann").Checkpoint(ctx)
			must(t, err)
			h.lies(func(r *http.Request) bool { return r.URL.Path == "/ledger/checkpoint" }, func([]byte) []byte { return h.under(invented, now) })
			sam := h.as("sam")
			sam.OnProof(func(context.Context, ledger.Checkpoint) (client.Proved, error) {
				base, shown := known, now
				base.Origin = invented
				c.spoil(&base, &shown)
				return client.Proved{
					Epochs: []client.Epoch{{Number: 2, Before: celltest.Origin, Base: base, Lost: known}}, Signed: h.under(invented, shown),
				}, nil
			})
			_, err = sam.Checkpoint(ctx)
			if c.good {
				must(t, err)
			} else if err == nil {
				t.Error("followed")
			}
			seen, err := sam.Seen()
			must(t, err)
			same(t, "followed", seen.Origin == invented, c.good)
		})
	}
}
