package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/view"
)

// page is a page of the ledger.
type page struct {
	Entries []struct {
		told
		Who string `json:"who"`
	} `json:"entries"`
	Hidden int   `json:"hidden"`
	Next   int64 `json:"next"`
	Size   int64 `json:"size"`
}

func (h *house) page(person, query string) (p page) {
	h.Helper()
	h.get(person, "/api/v1/entries"+query).into(h, &p)
	return p
}

// TestEntries reads the ledger backwards, page by page: security has everything,
// others what watch would tell them.
func TestEntries(t *testing.T) {
	h := open(t)
	ann, bob := h.granted("ann", "one", "db-1"), h.asked("bob", "two", "db-1")
	for _, person := range []string{"sam", "bob"} {
		h.token(person)
	}
	whole := h.page("sam", "")
	same(t, "all of them", int64(len(whole.Entries)), whole.Size)
	same(t, "hidden from security", whole.Hidden, 0)
	same(t, "no more", whole.Next, 0)

	var pages []int64
	for next := int64(0); ; {
		p := h.page("sam", fmt.Sprintf("?most=4&before=%d", next))
		for _, e := range p.Entries {
			pages = append(pages, e.Entry)
		}
		if next = p.Next; next == 0 {
			break
		}
	}
	same(t, "in pages", int64(len(pages)), whole.Size)
	if !slices.IsSortedFunc(pages, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("out of order: %v", pages)
	}

	others := h.page("bob", "")
	same(t, "to bob, and not", int64(len(others.Entries)+others.Hidden), others.Size)
	for _, e := range others.Entries {
		if e.Stream == cell.StreamOf(ann) || e.Stream != cell.StreamOf(bob) && e.Stream != cell.StreamCell && e.Who != "bob" {
			t.Errorf("bob is told of %s: %s", e.Stream, e.Sentence)
		}
	}
	if others.Hidden == 0 {
		t.Error("nothing is hidden from bob")
	}
	of := h.page("sam", "?stream="+cell.StreamOf(ann))
	same(t, "of one request", len(of.Entries), 4)
	contains(t, "the newest", of.Entries[0].Sentence, "db-1 is open")
	same(t, "of one that bob may not see", len(h.page("bob", "?stream="+cell.StreamOf(ann)).Entries), 0)
	for _, e := range h.page("sam", "?person=leo").Entries {
		same(t, "by leo", e.Who, "leo")
	}
	for _, bad := range []string{"?before=-1", "?most=0", "?most=201", "?before=", "?stream=cell&stream=cell", "?streams=cell"} {
		same(t, bad, h.get("sam", "/api/v1/entries"+bad).Status, http.StatusBadRequest)
	}
	same(t, "a stream that is none", h.get("sam", "/api/v1/entries?stream=request/"+strings.Repeat("0", 64)).Status, http.StatusNotFound)
}

// TestEntry: the proof leads from the very bytes to the signed root, and whose key
// signed is said.
func TestEntry(t *testing.T) {
	h := open(t)
	id := h.granted("ann", "one", "db-1")
	type shown struct {
		told
		Who        string         `json:"who"`
		Moments    []view.Moment  `json:"moments"`
		Body       string         `json:"body"`
		Kind       string         `json:"kind"`
		Digest     canon.Digest   `json:"digest"`
		Task       string         `json:"task"`
		Leaf       canon.Digest   `json:"leaf"`
		Proof      []canon.Digest `json:"proof"`
		Checkpoint string         `json:"checkpoint"`
		Signed     *struct {
			Key      string `json:"key"`
			Strength string `json:"strength"`
			Trouble  string `json:"trouble"`
		} `json:"signed"`
	}
	kinds := map[string]int{}
	for index := range h.page("sam", "").Size {
		var e shown
		h.get("sam", fmt.Sprintf("/api/v1/entries/%d", index)).into(t, &e)
		cp, err := ledger.OpenCheckpoint(h.anchor().Origin, h.anchor().LedgerKeys, []byte(e.Checkpoint))
		must(t, err)
		same(t, "leaf", e.Leaf, ledger.LeafHash([]byte(e.Body)))
		must(t, ledger.CheckInclusion(e.Proof, cp.Size, cp.Root, index, e.Leaf))
		if (e.Signed == nil) == (e.Task == "") {
			t.Errorf("entry %d rests on %v and on task %q", index, e.Signed, e.Task)
		}
		kinds[e.Kind]++
		if e.Kind == "decision" {
			same(t, "whose key", e.Signed.Key, fingerprint(e.Who))
			same(t, "how strong", e.Signed.Strength+e.Signed.Trouble, "possession")
		}
		if e.Kind == "request" {
			same(t, "digest", e.Digest, id)
			contains(t, "moments", e.Moments[0].Text, "ann asks for")
		}
	}
	if kinds["request"] != 1 || kinds["decision"] != 2 || kinds[""] == 0 {
		t.Errorf("the ledger has %v", kinds)
	}
	of := h.page("sam", "?stream="+cell.StreamOf(id)).Entries[0].Entry
	same(t, "to bob", h.get("bob", fmt.Sprintf("/api/v1/entries/%d", of)).reason(), "not-shown")
	same(t, "beyond the end", h.get("sam", "/api/v1/entries/99999").Status, http.StatusNotFound)
	for _, bad := range []string{"-1", "01", "x", "1e3", "99999999999999999999"} {
		same(t, bad, h.get("sam", "/api/v1/entries/"+bad).Status, http.StatusBadRequest)
	}
}
