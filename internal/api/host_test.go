package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/statement"
)

// list fetches and opens the revocation list.
func (h *house) list() revocation.List {
	h.Helper()
	got := h.do("GET", "/revocations", nil)
	same(h, "cache", got.Header.Get("Cache-Control"), "no-store")
	l, err := revocation.OpenList(celltest.Origin, h.genesis.Revocations, got.Body)
	must(h, err)
	return l
}

// TestRevocations: the list is of now, names a lease at once when it is closed,
// and each one follows the one before.
func TestRevocations(t *testing.T) {
	h := open(t)
	before := h.list()
	same(t, "names", len(before.KeyIDs), 0)
	id := h.granted("ann", "one", "db-1")
	h.took(h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}))
	h.took(h.stopped("sue", id))
	after := h.list()
	same(t, "names the lease", after.Has("halligan:"+id.Short()+":db-1"), true)
	must(t, after.Follows(before))
	h.wall.move(2 * time.Second)
	later := h.list()
	must(t, later.Follows(after))
	if !later.At.After(after.At) {
		t.Errorf("signed at %s, before that at %s", later.At, after.At)
	}
	h.again()
	restarted := h.list()
	same(t, "after a restart", restarted.Has("halligan:"+id.Short()+":db-1"), true)
	must(t, restarted.Follows(later))
}

// TestListWaitsForNoStop: a list that was just signed serves hosts on while all that
// it lacks is over by its own time, and no longer once somebody stopped something.
func TestListWaitsForNoStop(t *testing.T) {
	h := open(t)
	over := h.granted("ann", "one", "db-1")
	h.took(h.submit("ann", "holder one", &statement.Fetch{Of: over, Target: "db-1"}))
	h.wall.move(h.tasks.of(cell.TaskEnd, cell.StreamOf(over))[0].Due.Sub(h.broker.Now()))
	h.again()
	task := h.tasks.of(cell.TaskEnd, cell.StreamOf(over))[0]
	stopped := h.granted("ann", "two", "db-1")
	h.took(h.submit("ann", "holder two", &statement.Fetch{Of: stopped, Target: "db-1"}))
	before := h.list()
	_, err := h.broker.Effect(context.Background(), cell.Effect{Kind: cell.EffectDue, Task: task.ID}, cell.Observed{})
	must(t, err)
	if next := h.list(); next.Number != before.Number && next.At.Sub(before.At) < time.Second {
		t.Errorf("after an end there is another list within a second: %s and %s", before.At, next.At)
	}
	h.took(h.stopped("sue", stopped))
	after := h.list()
	must(t, after.Follows(before))
	for _, id := range []canon.Digest{over, stopped} {
		same(t, "names "+id.Short(), after.Has("halligan:"+id.Short()+":db-1"), true)
	}
}

// TestHostsShareAList: whoever waits while a list is made is given it, if it has all
// that was answered before they asked; nobody waits for another one each.
func TestHostsShareAList(t *testing.T) {
	h := open(t)
	id := h.granted("ann", "one", "db-1")
	h.took(h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}))
	h.list()
	h.took(h.stopped("sue", id))
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if l, err := revocation.OpenList(celltest.Origin, h.genesis.Revocations, h.do("GET", "/revocations", nil).Body); err != nil || !l.Has("halligan:"+id.Short()+":db-1") {
				t.Errorf("a list after the stop: %v (%v)", l, err)
			}
		})
	}
	all.Wait()
}

// TestReports: what a host signed gets to the server's side for hosts as it
// came; anything else does not.
func TestReports(t *testing.T) {
	h := open(t)
	data, err := revocation.Report{
		Origin: celltest.Origin, Host: "db-1", List: revocation.ListRef{At: time.Now().UTC().Truncate(time.Millisecond)},
		ListedAt: time.Now().UTC().Truncate(time.Millisecond), Sequence: 1,
	}.Bytes()
	must(t, err)
	body := func(report []byte, signature []byte) []byte {
		out, err := json.Marshal(struct {
			Report    jsontext.Value `json:"report"`
			Signature []byte         `json:"signature"`
		}{report, signature})
		must(t, err)
		return out
	}
	signature := signBytes(t, "report db-1", "report", data).SSHSig
	good := body(data, signature)
	same(t, "a report", h.do("POST", "/api/v1/hosts/report", good).Status, http.StatusNoContent)
	id := h.granted("ann", "one", "db-1")
	h.took(h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}))
	h.took(h.stopped("sue", id))
	contains(t, "heard", string(h.get("sam", "/api/v1/requests/"+id.String()).Body), `"heard":"`)
	for what, bad := range map[string][]byte{
		"another kind":  body(data, signBytes(t, "report db-1", "decision", data).SSHSig),
		"edited":        body([]byte(strings.Replace(string(data), "db-1", "db-2", 1)), signature),
		"no signature":  body(data, nil),
		"unknown":       []byte(strings.Replace(string(good), `{"report"`, `{"x":1,"report"`, 1)),
		"no report":     []byte(`{"signature":"AAAA"}`),
		"not a report":  body([]byte(`{}`), signature),
		"space between": []byte(strings.Replace(string(good), `"host":`, `"host": `, 1)),
	} {
		same(t, what, h.do("POST", "/api/v1/hosts/report", bad).reason(), "malformed")
	}
}

// TestNames: a server that knows its names answers to no other.
func TestNames(t *testing.T) {
	h := open(t, func(h *house) { h.names = []string{"Cell.Example.com", "127.0.0.1"} })
	for host, status := range map[string]int{
		"cell.example.com": 200, "CELL.example.com:7878": 200, "evil.example.com": 421, "cell.example.com.evil.org": 421, "localhost": 421,
	} {
		req, err := http.NewRequest("GET", h.server.URL+"/api/v1/cell", nil)
		must(t, err)
		req.Host = host
		resp, err := h.client.Do(req)
		must(t, err)
		resp.Body.Close()
		same(t, host, resp.StatusCode, status)
	}
	got := h.do("GET", "/api/v1/cell", nil)
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
	} {
		same(t, name, got.Header.Get(name), want)
	}
	contains(t, "cell", string(got.Body), `"sealed":true`)
}

// TestMonitor: machines see figures, and nobody's name.
func TestMonitor(t *testing.T) {
	h := open(t)
	id := h.granted("ann", "one", "db-1")
	h.submit("ann", "ann", approval(id))
	h.submit("sam", "stranger", approval(id))
	h.took(h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}))
	watch := httptest.NewServer(h.monitor.Handler())
	defer watch.Close()
	read := func(path string) (int, string) {
		resp, err := http.Get(watch.URL + path)
		must(t, err)
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		must(t, err)
		return resp.StatusCode, string(data)
	}
	_, metrics := read("/metrics")
	for _, line := range []string{
		`halligan_submissions_total{reason="",result="taken"} 4`, `halligan_submissions_total{reason="self-approval",result="refused"} 1`,
		`halligan_submissions_total{reason="unknown-key",result="refused"} 1`, `halligan_leases{state="open"} 1`,
		`halligan_closing_overdue 0`, `halligan_alarms_undelivered{channel="pager"} `, `halligan_ledger_entries `,
		`halligan_ledger_head_age_seconds `, `halligan_append_seconds_count{outcome="durable"} `, `halligan_broker_up 1`,
		`halligan_submissions_waiting 0`, `halligan_requests{state="granted"} 1`,
	} {
		contains(t, "metrics", metrics, "\n"+line)
	}
	for _, name := range []string{"ann", "sam", "leo", "db-1", id.Short(), "database-locked-out"} {
		if strings.Contains(metrics, `"`+name) {
			t.Errorf("the figures name %q", name)
		}
	}
	for path, want := range map[string]string{"/healthz": "alive\n", "/readyz": "ready\n"} {
		status, text := read(path)
		same(t, path, status, http.StatusOK)
		same(t, path, text, want)
	}
	same(t, "anything else", func() int { status, _ := read("/debug/pprof/"); return status }(), http.StatusNotFound)
}
