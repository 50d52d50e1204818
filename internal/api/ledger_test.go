package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// served is the ledger as the server serves it to a person.
type served struct {
	h      *house
	person string
	paths  map[string]int
}

func (s *served) ReadFile(path string) ([]byte, error) {
	got := s.h.get(s.person, "/ledger/"+path)
	s.paths[path]++
	if got.Status != http.StatusOK {
		return nil, &ledger.Fault{Class: ledger.ClassTile, Where: path, Detail: got.reason()}
	}
	return got.Body, nil
}

// grown lets the ledger grow to a size.
func (h *house) grown(size int64) {
	h.Helper()
	var bodies [][]byte
	for n := h.broker.Head().Size; n < size; n++ {
		data, signature := sign(h, "bob", h.statement("bob", &statement.Session{For: 60}))
		bodies = append(bodies, envelope(h, data, signature))
	}
	h.all(bodies)
	same(h, "size", h.broker.Head().Size, size)
}

// TestLedgerIsServed reads the whole ledger over HTTP around the width of a
// tile, and checks every entry and tile of it.
func TestLedgerIsServed(t *testing.T) {
	h := open(t)
	h.token("ann") // so that asking for a token adds no entry later
	seen := 0
	for _, size := range []int64{5, 255, 256, 257} {
		h.grown(size)
		src := &served{h, "ann", map[string]int{}}
		log, err := ledger.OpenLog(src, h.anchor())
		must(t, err)
		same(t, "size", log.Checkpoint().Size, size)
		entries := int64(0)
		must(t, log.Walk(0, func(int64, []byte) error { entries++; return nil }))
		same(t, "entries", entries, size)
		seen += len(src.paths)
		if _, err := log.Attachment(h.anchor().Genesis); err != nil {
			t.Error(err)
		}
	}
	if seen < 10 {
		t.Errorf("only %d files were read", seen)
	}
	full := h.do("GET", "/ledger/tile/0/000", nil)
	same(t, "a full tile", len(full.Body), 256*32)
	contains(t, "its cache", full.Header.Get("Cache-Control"), "immutable")
	partial := h.do("GET", "/ledger/tile/0/001.p/1", nil)
	same(t, "a partial tile", len(partial.Body), 32)
	contains(t, "its cache", partial.Header.Get("Cache-Control"), "max-age=60")
	for path, status := range map[string]int{
		"/ledger/tile/0/001": 404, "/ledger/tile/0/001.p/2": 404, "/ledger/tile/0/002.p/1": 404, "/ledger/tile/0/000.p/255": 200,
		"/ledger/tile/1/000.p/1": 200, "/ledger/tile/1/000.p/2": 404, "/ledger/tile/6/000": 404, "/ledger/tile/0/0": 404,
		"/ledger/tile/00/000": 404, "/ledger/tile/-1/000": 404, "/ledger/tile/0/000.p/0": 404, "/ledger/tile/0/000.p/256": 404,
		"/ledger/tile/0/x000/000": 404, "/ledger/tile/entries/000": 401, "/ledger/tile/63/000": 404,
		"/ledger/tile/0/x999/x999/x999/x999/999": 404,
	} {
		same(t, path, h.do("GET", path, nil).Status, status)
	}
	for path, status := range map[string]int{
		"/ledger/tile/entries/000": 200, "/ledger/tile/entries/001.p/1": 200, "/ledger/tile/entries/001": 404, "/ledger/tile/entries/002.p/1": 404,
		"/ledger/tile/entries/0": 404, "/ledger/attachments/" + strings.Repeat("0", 64): 404, "/ledger/attachments/00": 400,
	} {
		same(t, path, h.get("ann", path).Status, status)
	}
	checkpoint := h.do("GET", "/ledger/checkpoint", nil)
	same(t, "type", checkpoint.Header.Get("Content-Type"), "text/plain; charset=utf-8")
	same(t, "unchanged", h.do("GET", "/ledger/checkpoint", nil, "If-None-Match", checkpoint.Header.Get("ETag")).Status, http.StatusNotModified)
}

// TestEvidence has the real verifier judge what the server gives out.
func TestEvidence(t *testing.T) {
	h := open(t)
	id := h.granted("ann", "one", "db-1")
	h.took(h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}))
	h.asked("bob", "unrelated", "db-1")
	data := h.get("sam", "/api/v1/requests/"+id.String()+"/evidence").Body
	report, err := verify.Partial(context.Background(), h.anchor(), data, verify.Options{})
	must(t, err)
	if !report.Good() {
		t.Errorf("the evidence is refused: %+v", report)
	}
	p, err := ledger.OpenPartial(h.anchor(), data)
	must(t, err)
	same(t, "notes", len(p.Notes), 1)
	same(t, "the note", p.Notes[0].Text, "cannot connect to one")
	if strings.Contains(string(data), "unrelated") {
		t.Error("the evidence holds another request's note")
	}
	streams := map[string]int{}
	for _, e := range p.Entries {
		entry, err := ledger.DecodeEntry(e.Body)
		must(t, err)
		streams[entry.Stream]++
	}
	same(t, "streams", len(streams), 2)
	same(t, "entries of the request", streams[cell.StreamOf(id)], len(indices(h, cell.StreamOf(id))))
	for at := range len(data) / 97 {
		bad := append([]byte(nil), data...)
		bad[at*97] ^= 1
		if _, err := ledger.OpenPartial(h.anchor(), bad); err == nil {
			t.Fatalf("byte %d may be anything", at*97)
		}
	}
}

func indices(h *house, stream string) []int64 {
	h.Helper()
	found, err := h.store.StreamEntries(context.Background(), stream)
	must(h, err)
	return found
}

// TestChangeEvidence: whoever is to sign a removal can check it on their own
// machine; why it is proposed is told to those who decide.
func TestChangeEvidence(t *testing.T) {
	h := open(t)
	why, beside := written(h, "reason-canary")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: why}, beside)).Digest
	for person, told := range map[string]bool{"lea": true, "sue": true, "ann": false} {
		got := h.get(person, "/api/v1/changes/"+change.String()[:10]+"/evidence")
		same(t, person+": status", got.Status, http.StatusOK)
		same(t, person+": is told why", strings.Contains(string(got.Body), "reason-canary"), told)
		report, err := verify.Partial(context.Background(), h.anchor(), got.Body, verify.Options{})
		must(t, err)
		same(t, person+": good", report.Good(), true)
	}
	contains(t, "the change", string(h.get("lea", "/api/v1/changes/"+change.String()).Body), "sam proposes to remove bob")
	h.took(h.submit("lea", "lea", approval(change)))
	same(t, "once it is done", h.get("lea", "/api/v1/changes/"+change.String()).reason(), "not-found")
}

// TestReceipt: what a signer gets proves that the statement is in the ledger.
func TestReceipt(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	h.grown(20)
	var r receiptOf
	h.get("ann", "/api/v1/statements/"+id.String()).into(t, &r)
	r.check(t, h)
	entry, err := ledger.DecodeEntry(r.Entry)
	must(t, err)
	same(t, "the statement in it", canon.Sum(entry.Cause.Statement), id)
}

// receiptOf is what a receipt holds.
type receiptOf struct {
	Digest     canon.Digest   `json:"digest"`
	Index      int64          `json:"index"`
	Entry      jsontext.Value `json:"entry"`
	Proof      []ledger.Hash  `json:"proof"`
	Checkpoint string         `json:"checkpoint"`
}

func (r receiptOf) check(t testing.TB, h *house) {
	t.Helper()
	signed, err := ledger.OpenCheckpoint(celltest.Origin, []string{h.genesis.Ledger}, []byte(r.Checkpoint))
	must(t, err)
	must(t, ledger.CheckInclusion(r.Proof, signed.Size, signed.Root, r.Index, ledger.LeafHash(r.Entry)))
}
