package api_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// told is one event of a stream.
type told struct {
	Entry    int64    `json:"entry"`
	Stream   string   `json:"stream"`
	Events   []string `json:"events"`
	Sentence string   `json:"sentence"`
	id       string
}

// watch opens a stream as a person, and waits until it is open.
func (h *house) watch(ctx context.Context, person string, header ...string) (next func() (told, bool), status int) {
	h.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", h.server.URL+"/api/v1/watch", nil)
	must(h, err)
	req.Header.Set("Authorization", "Bearer "+h.token(person))
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := h.client.Do(req)
	must(h, err)
	h.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	if resp.StatusCode == http.StatusOK {
		lines.Scan() // the comment that says that it is open
	}
	return func() (e told, ok bool) {
		for lines.Scan() {
			if id, ok := strings.CutPrefix(lines.Text(), "id: "); ok {
				e.id = id
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				return e, json.Unmarshal([]byte(data), &e) == nil
			}
		}
		return e, false
	}, resp.StatusCode
}

// TestWatch: everybody is told what they may see, in order, and goes on where
// they were.
func TestWatch(t *testing.T) {
	h := open(t)
	for _, person := range []string{"sam", "bob"} {
		h.token(person)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	sam, _ := h.watch(ctx, "sam")
	bob, _ := h.watch(ctx, "bob")
	id := h.asked("ann", "one", "db-1")
	own := h.asked("bob", "two", "db-1")
	h.took(h.submit("sam", "sam", approval(id)))
	var entries []told
	for range 3 {
		e, ok := sam()
		if !ok {
			t.Fatal("the stream ended")
		}
		same(t, "id", e.id, strconv.FormatInt(e.Entry, 10))
		entries = append(entries, e)
	}
	same(t, "first", entries[0].Stream, cell.StreamOf(id))
	same(t, "events", strings.Join(entries[0].Events, " "), "request-made")
	contains(t, "sentence", entries[0].Sentence, "ann asks for database-locked-out at SEV1")
	contains(t, "third", entries[2].Sentence, "sam agrees")
	if !slices.IsSortedFunc(entries, func(a, b told) int { return int(a.Entry - b.Entry) }) {
		t.Error("out of order")
	}
	e, _ := bob()
	same(t, "all that bob sees", e.Stream, cell.StreamOf(own))

	again, _ := h.watch(ctx, "sam", "Last-Event-ID", entries[0].id)
	for _, want := range entries[1:] {
		e, ok := again()
		same(t, "told", ok, true)
		same(t, "after the first", e.Entry, want.Entry)
	}
	h.again() // a restart: what was in memory is gone, the ledger is not
	again, _ = h.watch(ctx, "sam", "Last-Event-ID", "0")
	for index := int64(1); ; {
		e, ok := again()
		if !ok {
			t.Fatal("the stream ended")
		}
		if e.Entry < index {
			t.Fatalf("entry %d came after %d", e.Entry, index)
		}
		if index = e.Entry; index == entries[2].Entry {
			break
		}
	}
	for _, bad := range []string{"x", "-2", "99999", "1e3"} {
		if _, status := h.watch(ctx, "sam", "Last-Event-ID", bad); status != http.StatusBadRequest {
			t.Errorf("Last-Event-ID %q: %d", bad, status)
		}
	}
}

// TestWatchGuessesNoPlace: a header that is there and empty, or there twice, is not
// taken for none: whoever comes back would miss entries and not know.
func TestWatchGuessesNoPlace(t *testing.T) {
	h := open(t)
	for _, header := range [][]string{{"Last-Event-ID", ""}, {"Last-Event-ID", " "}, {"Last-Event-ID", "0,1"}} {
		got := h.get("sam", "/api/v1/watch", header...)
		same(t, fmt.Sprint(header), got.reason(), "malformed-query")
	}
	req, err := http.NewRequest("GET", h.server.URL+"/api/v1/watch", nil)
	must(t, err)
	req.Header["Authorization"], req.Header["Last-Event-Id"] = []string{"Bearer " + h.token("sam")}, []string{"0", "1"}
	got, err := h.client.Do(req)
	must(t, err)
	defer got.Body.Close()
	same(t, "twice", got.StatusCode, http.StatusBadRequest)
}

// TestWatchEndsWithTheRight: who is removed is told nothing more, although the
// token has not run out.
func TestWatchEndsWithTheRight(t *testing.T) {
	h := open(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	sue, _ := h.watch(ctx, "sue")
	token := h.token("sue")
	why, beside := written(h, "left")
	change := h.took(h.submit("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "sue", Key: fingerprint("sue")}, Reason: why}, beside)).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	id := h.asked("ann", "one", "db-1")
	for {
		e, ok := sue()
		if !ok {
			break
		}
		if e.Stream == cell.StreamOf(id) {
			t.Errorf("a removed key is told of %s", e.Sentence)
		}
	}
	same(t, "the token of the removed key", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+token).reason(), "token-refused")
}

// TestWatchIsBounded: one person cannot take every place.
func TestWatchIsBounded(t *testing.T) {
	h := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	open, refused := 0, 0
	for range 20 {
		switch _, status := h.watch(ctx, "sam"); status {
		case http.StatusOK:
			open++
		case http.StatusServiceUnavailable:
			refused++
		}
	}
	if open != 16 || refused != 4 {
		t.Errorf("%d are open, %d were refused", open, refused)
	}
	if _, status := h.watch(ctx, "lea"); status != http.StatusOK {
		t.Errorf("another person: %d", status)
	}
}

// TestLongPoll answers when something happens, and not before.
func TestLongPoll(t *testing.T) {
	h := open(t)
	id := h.asked("ann", "one", "db-1")
	h.token("sam")
	var shown struct {
		Last  int64        `json:"last"`
		State access.State `json:"state"`
	}
	h.get("sam", "/api/v1/requests/"+id.String()).into(t, &shown)
	last := shown.Last
	done := make(chan reply)
	go func() {
		r, _ := h.send("GET", "/api/v1/requests/"+id.String()+"?wait=50&since="+strconv.FormatInt(last, 10), nil, "Authorization", "Bearer "+h.token("sam"))
		done <- r
	}()
	h.asked("bob", "two", "db-1") // wakes whoever waits, and is not what they wait for
	select {
	case r := <-done:
		t.Fatalf("answered before anything happened: %s", r.Body)
	default:
	}
	h.took(h.submit("lea", "lea", denial(id)))
	(<-done).into(t, &shown)
	same(t, "state", shown.State, access.Denied)
	if shown.Last <= last {
		t.Errorf("last is %d, was %d", shown.Last, last)
	}
	// What can no longer change is answered at once.
	h.get("sam", "/api/v1/requests/"+id.String()+"?wait=50&since="+strconv.FormatInt(shown.Last, 10)).into(t, &shown)
}

// TestTokenIsOfItsTime: a token ends with its time, and is of one key.
func TestTokenIsOfItsTime(t *testing.T) {
	h := open(t)
	short := h.took(h.submit("ann", "ann", &statement.Session{For: 60})).Session
	same(t, "now", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+short.Token).Status, http.StatusOK)
	h.wall.move(61 * time.Second)
	same(t, "later", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+short.Token).reason(), "token-refused")
	long := h.took(h.submit("ann", "ann", &statement.Session{For: 900})).Session.Token
	rand.Read(h.session)
	h.again()
	same(t, "under another key", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+long).reason(), "token-refused")
}
