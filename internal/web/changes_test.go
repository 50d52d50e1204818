package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// proposal is a change that amends the cell.
func proposal() map[string]any {
	id, now := canon.Sum([]byte("change")), canon.At(instant)
	return map[string]any{
		"id": id, "short": id.Short(), "proposer": "noor", "from": canon.Sum([]byte("from")), "to": canon.Sum([]byte("to")),
		"at": now.Add(-time.Hour), "lapses": now.Add(71 * time.Hour), "text": "noor proposes to put document 12 in force",
		"legs":   []view.Leg{{From: "group:leads", Count: 1, Missing: 1, Text: "1 of leads is missing: mara could sign"}},
		"reason": map[string]any{"text": "eve joins " + hostile},
		"compared": view.Compared{
			Differences: []cell.Difference{{About: "person eve", Of: "keys", Bearing: cell.Widens, Text: hostile + " is added"}},
			Follows:     []string{"Keys that it adds agree to nothing for 72h."},
		},
		"texts": []any{map[string]any{"text": "Eve"}},
	}
}

func TestChanges(t *testing.T) {
	change := proposal()
	h := open(t, map[string]any{"/api/v1/changes": map[string]any{"changes": []any{change}}})
	has(t, h.page("/changes"), "1 change waits", "noor proposes to put document 12 in force", "1 of leads is missing", "it lapses in 2 days 23 h", "/changes/"+change["id"].(canon.Digest).String())
	h.says["/api/v1/changes"] = map[string]any{"changes": []any{}}
	has(t, h.page("/changes"), "No change waits", "halligan change propose")
	change["recovers"], change["until"], change["against"] = true, canon.At(instant.Add(time.Hour)), []string{"sam"}
	h.says["/api/v1/changes"] = map[string]any{"changes": []any{change}}
	has(t, h.page("/changes"), "recovery", "unless two people cancel it before", "Against it: sam.")
}

func TestChange(t *testing.T) {
	change := proposal()
	id := change["id"].(canon.Digest).String()
	h := open(t, map[string]any{"/api/v1/changes/" + id: change, "/api/v1/me": proposer})
	page := h.page("/changes/" + id)
	has(t, page, "eve joins", "person eve keys", "1 line widens", "Keys that it adds agree to nothing for 72h.", "1 missing", `data-act="decision"`, "I called back on the number I know", "Approve with passkey", "Deny", "halligan change sign")
	if strings.Contains(page, hostile) || strings.Contains(page, `data-act="cancel"`) {
		t.Error("markup, or a change that can be cancelled like a recovery")
	}
	if len(h.asked) != 2 {
		t.Errorf("the API was asked %q", h.asked)
	}
	change["decisions"] = []view.Decision{{Approver: "mara", Approves: true, Text: "mara agreed"}}
	if page := h.page("/changes/" + id); strings.Contains(page, "Approve with passkey") || strings.Contains(page, "approves, ") || !strings.Contains(page, " --deny --check HOW</code> denies") || !strings.Contains(page, "You can still deny it, which ends it.") {
		t.Error("whoever agreed may agree again")
	}
	delete(h.says, "/api/v1/me")
	if page := h.page("/changes/" + id); strings.Contains(page, "data-act") {
		t.Error("somebody of no quorum may decide")
	}
	change["refused"] = "it was compared with a document that is not in force any more"
	has(t, h.page("/changes/"+id), "The rules would refuse it")
}

func TestRecoveryCanBeCancelled(t *testing.T) {
	change := proposal()
	id := change["id"].(canon.Digest).String()
	change["recovers"], change["until"] = true, canon.At(instant.Add(time.Hour))
	h := open(t, map[string]any{"/api/v1/changes/" + id: change, "/api/v1/me": map[string]any{"id": "mara", "may": view.Powers{Decide: []string{"x"}}}})
	page := h.page("/changes/" + id)
	has(t, page, `data-act="cancel"`, "unless two people cancel it before")
	if strings.Contains(page, `data-act="decision"`) {
		t.Error("an agreed recovery can be decided on")
	}
	change["against"] = []string{"mara"}
	if page := h.page("/changes/" + id); strings.Contains(page, "data-act") {
		t.Error("mara signs against it twice")
	}
}

func TestDraftOnAChange(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("change"))
	form := func(pairs ...string) url.Values {
		v := url.Values{"about": {"change"}, "of": {of.String()}}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	s, d := h.draft("decision", form("verdict", "approve", "check", "in-person"))
	if body := s.Body.(*statement.Decision); body.Of != of || body.Verdict != statement.Approve || body.Check != statement.InPerson || body.Note != nil || body.Narrow != nil || d.Done != "/changes" {
		t.Errorf("%+v, then %s", body, d.Done)
	}
	s, d = h.draft("decision", form("verdict", "deny", "check", "not-checked", "note", "nobody answers"))
	if body := s.Body.(*statement.Decision); body.Verdict != statement.Deny || body.Note == nil || d.Notes[0].Text != "nobody answers" {
		t.Errorf("%+v", body)
	}
	h.refuses("decision", map[string]url.Values{
		"verdict": form("check", "video"),
		"check":   form("verdict", "approve"),
		"note":    form("verdict", "approve", "check", "not-checked"),
		"of":      {"about": {"change"}, "of": {"12"}, "verdict": {"approve"}, "check": {"video"}},
	})
}

func TestDraftCancel(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("recovery"))
	s, d := h.draft("cancel", url.Values{"of": {of.String()}, "why": {"we have our keys"}})
	if body := s.Body.(*statement.Cancel); body.Of != of || d.Notes[0].Text != "we have our keys" {
		t.Errorf("%+v", body)
	}
	h.refuses("cancel", map[string]url.Values{"why": {"of": {of.String()}}, "of": {"why": {"x"}}})
}
