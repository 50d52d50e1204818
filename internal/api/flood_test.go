package api_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT69StrangersNextDoor: strangers at a person's own address use up what that
// address may attempt. They are refused then, before any signature is checked;
// whatever people, holders and approvers sign is taken as ever.
func TestT69StrangersNextDoor(t *testing.T) {
	h := open(t, func(h *house) { h.rate = api.Rate{Each: 0.001, Burst: 20} })
	live := h.granted("ann", "live", "db-1")
	for range 30 {
		h.do("POST", "/api/v1/statements", []byte("{}"))
		h.submit("sam", "stranger", approval(live))
	}
	got := h.submit("sam", "stranger", approval(live))
	same(t, "a stranger", got.Status, http.StatusTooManyRequests)
	same(t, "a stranger", got.reason(), "too-many-attempts")
	same(t, "nothing at all", h.do("POST", "/api/v1/statements", []byte("{}")).Status, http.StatusTooManyRequests)

	id := h.asked("ann", "two", "db-1", "db-2") // from that very address
	h.took(h.submit("sam", "sam", approval(id)))
	h.took(h.submit("lea", "lea", approval(id)))
	h.opened(id)
	h.took(h.submit("ann", "holder two", &statement.Fetch{Of: id, Target: "db-1"}))
	h.took(h.submit("ann", "holder two", &statement.Release{Of: id, Targets: []string{"db-2"}}))
	h.took(h.stopped("sue", id))
	h.took(h.stopped("sue", live))
	same(t, "the first grant", h.state(live), access.Ended)

	// Who writes somebody's key into a signature that is none is told what a stranger
	// is, and does not stop that person.
	data, signature := sign(t, "sam", h.statement("sam", approval(id)))
	signature.SSHSig[len(signature.SSHSig)-1] ^= 1
	for range 30 {
		same(t, "a false signature", h.do("POST", "/api/v1/statements", envelope(t, data, signature)).reason(), "too-many-attempts")
	}
	h.asked("ann", "three", "db-1")
	if h.token("sam") == "" {
		t.Error("no token")
	}
}

// TestT18OnePersonsFlood: one who asks and withdraws in a loop is held up, and
// told until when; they can still end what they have, others ask as ever, and
// the attempts are counted.
func TestT18OnePersonsFlood(t *testing.T) {
	h := open(t, func(h *house) { h.often = 4 })
	h.wall.stop() // what was spent comes back with time
	live := h.granted("ann", "live", "db-1", "db-2")
	var last canon.Digest
	for i := range 3 {
		last = h.asked("ann", "loop "+strconv.Itoa(i), "db-1")
		h.took(h.submit("ann", "ann", &statement.Withdraw{Of: last}))
	}
	h.wall.move(time.Second)
	body, beside := h.ask("ann", "once more", "db-1")
	data, signature := sign(t, "ann", h.statement("ann", body))
	sent := envelope(t, data, signature, beside)
	before := len(h.entries(cell.StreamRefused))
	for range 40 {
		got := h.do("POST", "/api/v1/statements", sent)
		same(t, "once more", got.Status, http.StatusTooManyRequests)
		same(t, "once more", got.reason(), "too-many-statements")
		if after, err := strconv.Atoi(got.Header.Get("Retry-After")); err != nil || after < 1 || after > 15 {
			t.Fatalf("Retry-After: %q", got.Header.Get("Retry-After"))
		}
	}
	same(t, "entries of it", len(h.entries(cell.StreamRefused))-before, 0)
	same(t, "counted", h.broker.Refused()["too-many-statements"], 40)

	// Other kinds of theirs, and everybody else.
	h.took(h.submit("ann", "holder live", &statement.Fetch{Of: live, Target: "db-1"}))
	h.token("ann")
	bobs := h.asked("bob", "his", "db-1")
	h.took(h.submit("sam", "sam", approval(bobs)))
	h.took(h.submit("ann", "holder live", &statement.Release{Of: live, Targets: []string{"db-1"}}))
	h.took(h.stopped("ann", live))

	h.wall.move(15 * time.Second)
	a := h.took(h.do("POST", "/api/v1/statements", sent))
	same(t, "the same bytes later are new", a.Again, false)
	h.replayed()
}

// TestT18NobodySpendsAnothersRate: statements that name a person and are signed
// with another key cost that person nothing.
func TestT18NobodySpendsAnothersRate(t *testing.T) {
	h := open(t, func(h *house) { h.often = 3 })
	for i := range 20 {
		body, beside := h.ask("ann", strconv.Itoa(i), "db-1")
		same(t, "as ann by bob", h.submit("ann", "bob", body, beside).reason(), string(cell.NotYours))
		same(t, "as ann by nobody", h.submit("ann", "stranger", body, beside).reason(), string(cell.UnknownKey))
	}
	for i := range 3 {
		h.asked("ann", "true "+strconv.Itoa(i), "db-1")
	}
	for i := range 3 {
		h.asked("bob", "bob "+strconv.Itoa(i), "db-1")
	}
}

// TestReadsOfOnePerson: who has read enough is told to wait; others read, and
// what the same person says is taken.
func TestReadsOfOnePerson(t *testing.T) {
	h := open(t, func(h *house) { h.rate = api.Rate{Each: 0.001, Burst: 10} })
	for range 10 {
		same(t, "ann reads", h.get("ann", "/api/v1/me").Status, http.StatusOK)
	}
	got := h.get("ann", "/api/v1/me")
	same(t, "ann reads on", got.reason(), "too-many-reads")
	if got.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	same(t, "bob reads", h.get("bob", "/api/v1/me").Status, http.StatusOK)
	same(t, "anybody reads the list", h.do("GET", "/revocations", nil).Status, http.StatusOK)
	id := h.asked("ann", "one", "db-1")
	h.took(h.submit("ann", "ann", &statement.Withdraw{Of: id}))
}

// TestStreamsOfAll: live views are bounded, no person has more than a quarter of
// them, and statements need none.
func TestStreamsOfAll(t *testing.T) {
	h := open(t, func(h *house) { h.streams = 8 })
	status := func(person string) int {
		req, err := http.NewRequest("GET", h.server.URL+"/api/v1/watch", nil)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+h.token(person))
		resp, err := h.client.Do(req)
		must(t, err)
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp.StatusCode
	}
	for _, person := range []string{"ann", "bob", "sam", "lea"} {
		same(t, person, status(person), http.StatusOK)
		same(t, person, status(person), http.StatusOK)
		same(t, person+" once more", status(person), http.StatusServiceUnavailable)
	}
	same(t, "one more person", status("sue"), http.StatusServiceUnavailable)
	id := h.asked("ann", "one", "db-1")
	h.took(h.submit("sam", "sam", approval(id)))
}
