package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// lacks demands that a page says none of some things.
func lacks(t *testing.T, page string, unwanted ...string) {
	t.Helper()
	for _, each := range unwanted {
		if strings.Contains(page, each) {
			t.Errorf("the page says %q:\n%s", each, page)
		}
	}
}

// asked is a row of a list.
func asked(name string, state access.State) view.Row {
	id := canon.Sum([]byte(name))
	return view.Row{
		ID: id, Short: id.Short(), Scenario: "database-locked-out", Title: "Production database refuses everyone", State: state,
		Requester: "ilya", Severity: "SEV1", Targets: []string{"db-1"}, Incident: "PD-4711", At: canon.At(instant.Add(-4 * time.Minute)), Known: "waiting for 1 of 2 signatures",
	}
}

func scenarios() map[string]any {
	return map[string]any{"scenarios": []view.Scenario{{ID: "database-locked-out", Title: "Production database refuses everyone"}}}
}

func TestRequests(t *testing.T) {
	row := asked("waits", access.Pending)
	hidden := view.Row{ID: canon.Sum([]byte("hidden")), Short: "abcdefgh", Scenario: "deploy-pipeline", State: access.Granted, Limited: true}
	closing, closed := asked("closing", access.Ended), asked("closed", access.Ended)
	closed.Settled = true
	h := open(t, map[string]any{
		"/api/v1/scenarios": scenarios(),
		"/api/v1/requests":  view.Page{Rows: []view.Row{row, hidden, closing, closed}, Next: 77},
		"/api/v1/requests?before=77&person=ilya&state=pending": view.Page{Rows: []view.Row{}},
		"/api/v1/requests?state=denied":                        view.Page{Rows: []view.Row{}},
		"/api/v1/requests?state=void":                          view.Page{Rows: []view.Row{}, Next: 12},
	})
	page := h.page("/requests")
	has(t, page, "<h1>Requests</h1>", `href="/requests/`+row.ID.String()+`"`, "Waiting for 1 of 2 signatures.", "PD-4711", "03:03:12 UTC",
		`<span class="tag wait">SEV1 · closing</span>`, `<span class="tag dead">SEV1 · ended</span>`,
		"You may know that it exists, and no more.", `href="/requests?before=77"`, `aria-current="true">all<`, `<option value="database-locked-out">`)
	lacks(t, page, hidden.ID.String(), "To the newest")
	page = h.page("/requests?person=+ilya+&state=pending&before=77&nobodys=1")
	has(t, page, "There are no older ones.", `href="/requests?person=ilya&amp;state=pending"`, `href="/requests?person=ilya&amp;state=denied"`, `href="/requests?person=ilya"`,
		`name="state" value="pending"`, `name="person" value="ilya"`, `data-live="/requests?before=77&amp;person=ilya&amp;state=pending"`)
	has(t, h.page("/requests?state=denied"), "No request is like that.")
	has(t, h.page("/requests?state=void"), "None among the newest.", `href="/requests?before=12&amp;state=void"`)
}

func TestRequestsOfNobody(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/scenarios": map[string]any{"scenarios": []view.Scenario{}}, "/api/v1/requests": view.Page{Rows: []view.Row{}}})
	has(t, h.page("/requests"), "Nobody has asked for anything yet.", "<code>halligan status --all</code>")
}

// TestRequestsRefused shows what the API says of a filter that it does not know.
func TestRequestsRefused(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/scenarios": scenarios()})
	if w := h.request(http.MethodGet, "/requests?state=nonsense", nil); w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
}

// TestT32RequestsEscape has every text of a list be hostile.
func TestT32RequestsEscape(t *testing.T) {
	row := asked("hostile", access.Ended)
	row.Title, row.Requester, row.Incident, row.Known, row.Targets = hostile, hostile, hostile, hostile, []string{hostile}
	known := map[string]any{"scenarios": []view.Scenario{{ID: hostile, Title: hostile}}}
	h := open(t, map[string]any{"/api/v1/scenarios": known, "/api/v1/requests": view.Page{Rows: []view.Row{row}}})
	harmless(t, h.page("/requests"))
}
