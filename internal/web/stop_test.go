package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

func TestStopSaysWhatEnds(t *testing.T) {
	r := granted()
	path := "/requests/" + r.ID.String() + "/stop"
	page := requested(t, r).page(path)
	has(t, page, "This ends 1 target now, for which 3 credentials were issued.", "db-2 is closing since", `data-act="stop"`, `name="why" required`,
		"Stop this grant</button>", "halligan stop "+r.Short, "at the host")
	r.Acts = nil
	hasNot(t, requested(t, r).page(path), "data-act", "Stop this grant</button>")
	waits := waiting()
	has(t, requested(t, waits).page("/requests/"+waits.ID.String()+"/stop"), "Nothing is open: the request ends")
}

func TestStopEverything(t *testing.T) {
	one, two, others, hidden := granted(), granted(), granted(), view.Request{ID: canon.Sum([]byte("h")), Scenario: "secret", State: access.Granted, Limited: true}
	two.ID, two.Title = canon.Sum([]byte("two")), "Identity provider down"
	others.ID, others.Title, others.Acts = canon.Sum([]byte("others")), "Not mine", nil
	h := open(t, map[string]any{"/api/v1/now": view.Now{Live: []view.Request{one, two, others, hidden}, Closing: []view.Request{}, Waiting: []view.Row{}}})
	page := h.page("/stop")
	has(t, page, "<h1>Stop everything</h1>", "That is 2 grants: all that you may stop; 2 other grants are for others to stop.", `data-act-each="stop"`, "asked 2 times", "Stop 2 grants</button>",
		`name="of" value="`+one.ID.String()+`"`, `name="of" value="`+two.ID.String()+`"`, "Identity provider down")
	hasNot(t, page, others.ID.String(), hidden.ID.String(), "Not mine", "secret")
	if len(h.asked) != 2 {
		t.Errorf("the API was asked %q", h.asked)
	}
	h.says["/api/v1/now"] = view.Now{Live: []view.Request{}}
	has(t, h.page("/stop"), "Nothing to stop", "Nothing is open.")
}

// TestStopEverythingWithoutAScript gives a command for each.
func TestStopEverythingWithoutAScript(t *testing.T) {
	h := open(t, nil)
	one, two := canon.Sum([]byte("one")), canon.Sum([]byte("two"))
	w := h.request(http.MethodPost, "/draft/stop", url.Values{"of": {one.String(), two.String()}, "why": {"wrong host"}})
	has(t, w.Body.String(), "halligan stop "+one.Short()+" --why &#34;…&#34;\nhalligan stop "+two.Short())
	w = h.request(http.MethodPost, "/draft/stop", url.Values{"of": {one.String(), "x"}, "why": {"wrong host"}})
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an id that is none: %d", w.Code)
	}
}

// TestMenuStopsWhereSomethingIsLive offers it to whoever may.
func TestMenuStopsWhereSomethingIsLive(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/me": map[string]any{"id": "mara", "may_ask": []string{}, "may_stop": 2}, "/api/v1/now": view.Now{}})
	has(t, h.page("/stop"), `<a class="halt" href="/stop">`)
	if page := open(t, map[string]any{"/api/v1/now": view.Now{}}).page("/stop"); strings.Contains(page, "halt") {
		t.Error("there is nothing to stop")
	}
}
