package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestReadinessPage says in words what is red, amber, not looked at and green, worst
// first, and what mends it; hostile texts stay texts (T32).
func TestReadinessPage(t *testing.T) {
	report := view.ReadyReport{At: canon.At(instant), State: view.LightRed, Items: []view.ReadyItem{
		{ID: "host:db-1", State: view.LightRed, Text: "Host db-1 has stopped reporting.", Do: "On the host: systemctl status halligan-host", Since: canon.At(instant), Scenarios: []string{"database-locked-out", "root"}},
		{ID: "backup", State: view.LightNotLooked, Text: "When the last backup was made is not known.", Do: "halligan backup"},
		{ID: "clock", State: view.LightGreen, Text: "Nothing is known against the clock."},
	}}
	page := open(t, map[string]any{"/api/v1/readiness": report}).page("/readiness")
	has(t, page, "Something is red.", "Red: it could not be used", "Host db-1 has stopped reporting.", "systemctl status halligan-host", "database-locked-out, root", "Not looked at", "halligan backup", "Green", `<form method="post" action="/readiness/look">`, "Look outside now")
	lacks(t, page, "Amber: it hangs")
	for i := range report.Items {
		report.Items[i].Text, report.Items[i].Do, report.Items[i].Scenarios = hostile, hostile, []string{hostile}
	}
	report.Scenario = hostile
	harmless(t, open(t, map[string]any{"/api/v1/readiness": report}).page("/readiness"))
}

// TestLookOutside: the button has the server look, and shows the page after it; a link
// to the page has nobody look.
func TestLookOutside(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/readiness?scenario=root": view.ReadyReport{Scenario: "root"}, "/api/v1/readiness/look?scenario=root": view.ReadyReport{}, "/api/v1/readiness/look": view.ReadyReport{}})
	has(t, h.page("/readiness?scenario=root&live=yes"), `name="scenario" value="root"`)
	if len(h.sent) > 0 {
		t.Errorf("reading sent %q", h.sent)
	}
	for of, to := range map[string]string{"root": "/readiness?scenario=root", "": "/readiness"} {
		h.sent = nil
		w := h.request(http.MethodPost, "/readiness/look", url.Values{"scenario": {of}})
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to || fmt.Sprint(h.sent) != "[/api/v1/readiness/look ]" {
			t.Errorf("%q: %d to %q, sent %q", of, w.Code, w.Header().Get("Location"), h.sent)
		}
	}
}
