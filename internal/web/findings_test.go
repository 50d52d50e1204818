package web_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// me is what the API says of mara.
func me(security bool) map[string]any {
	return map[string]any{"id": "mara", "name": map[string]any{"text": "Mara Lind"}, "may_ask": []string{}, "security": security}
}

func TestFindings(t *testing.T) {
	id := canon.Sum([]byte("open"))
	hidden := canon.Sum([]byte("hidden"))
	found := view.Findings{
		Findings: []view.Finding{
			{Kind: view.FindingOverdue, Request: id, Scenario: "database-locked-out", Target: "db-1", Since: canon.At(instant), Text: "db-1 is not proved dead.", Urgency: view.UrgencyNow, Do: "Look at db-1 yourself."},
			{Kind: view.FindingReview, Request: hidden, Scenario: "deploy-pipeline", Urgency: view.UrgencyToday, Do: "Tell security."},
		},
		Refused: view.Refusals{Count: 3, ByReason: map[string]int64{"nonce-used": 2, "unknown-key": 1}, ByPerson: map[string]int64{"ilya": 2}, Last: canon.At(instant)},
	}
	says := map[string]any{"/api/v1/findings": found, "/api/v1/me": me(true)}
	page := open(t, says).page("/findings")
	has(t, page, "Look at once", "db-1 is not proved dead.", "Look at db-1 yourself.", "/requests/"+id.String(), "Look today",
		"Something of a request that you may not see, under deploy-pipeline.", "Tell security.", "3 attempts were refused", "nonce-used", "ilya", `data-live="/findings"`)
	lacks(t, page, hidden.String(), "When there is time", "Nothing is other than it should be.", "security alone")
	if strings.Index(page, "Look at once") > strings.Index(page, "Look today") {
		t.Error("what cannot wait does not come first")
	}

	found.Refused.ByPerson = nil
	says["/api/v1/me"], says["/api/v1/findings"] = me(false), found
	page = open(t, says).page("/findings")
	has(t, page, "Who was refused is told to security alone.")
	lacks(t, page, "Refused, by person")

	page = open(t, map[string]any{"/api/v1/findings": view.Findings{Findings: []view.Finding{}}}).page("/findings")
	has(t, page, "Nothing is other than it should be.", "Nothing was refused")
}

// TestT32FindingsEscape has every text of the page be hostile.
func TestT32FindingsEscape(t *testing.T) {
	found := view.Findings{
		Findings: []view.Finding{{Kind: hostile, Text: hostile, Do: hostile, Urgency: view.UrgencyNow}, {Kind: "x", Scenario: hostile, Urgency: view.UrgencyLater}},
		Refused:  view.Refusals{Count: 1, ByReason: map[string]int64{hostile: 1}},
	}
	harmless(t, open(t, map[string]any{"/api/v1/findings": found}).page("/findings"))
}
