package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// keptOnes are two envelopes: one in bags, of which mara holds one, and one that is
// broken.
func keptOnes() map[string]any {
	now := canon.At(instant)
	return map[string]any{
		"/api/v1/envelopes": map[string]any{"envelopes": []view.Envelope{
			{
				Name: "safe-key", State: custody.Sealed, Custodians: "custodians", SealedBy: "security", Threshold: 1, Physical: true, Scenarios: []string{"root-recovery"}, Known: "sealed; any 1 of 2 open it",
				Current: &view.Sealing{Serial: 3, Threshold: 1, By: "sam", At: now.Add(-time.Hour), Shown: 1, Holders: []custody.Holder{
					{Custodian: "mara", Bag: "B-0017", Place: "hq/safe-2", Seen: now.Add(-time.Hour)}, {Custodian: "noor"},
				}},
			},
			{
				Name: "prod-root", State: custody.Broken, Custodians: "custodians", SealedBy: "security", Threshold: 2, Scenarios: []string{"root-recovery"}, Known: "broken: whoever got the shares may know the secret", Given: 2,
				Owed:    &custody.Owed{Why: "opened", Who: hostile, Since: now.Add(-time.Hour), By: now.Add(time.Hour)},
				Current: &view.Sealing{Serial: 1, Threshold: 2, By: "sam", At: now.Add(-time.Hour), Holders: []custody.Holder{{Custodian: "noor", Proved: now.Add(-time.Hour)}}},
				Next:    &view.Sealing{Serial: 2, Threshold: 2, By: "sam", At: now, Holders: []custody.Holder{{Custodian: "mara"}}},
			},
			{Name: "fresh", Known: "never sealed: nothing can be opened", SealedBy: "security", Scenarios: []string{"x"}},
		}},
		"/api/v1/inbox": view.Inbox{Shares: []view.Share{{ID: canon.Sum([]byte("r")), Short: "0123456789abcdef", Requester: "ilya", Scenario: "root-recovery", Envelope: "safe-key", Serial: 3, Until: now.Add(time.Hour)}}},
	}
}

func TestEnvelopes(t *testing.T) {
	h := open(t, keptOnes())
	has(t, h.page("/envelopes"), "3 envelopes", "Your share is wanted", "halligan share 0123456789abcdef", "Broken: whoever got the shares may know the secret.", "never sealed", "in numbered bags")
	if len(h.asked) != 3 {
		t.Errorf("the API was asked %q", h.asked)
	}
	h.says["/api/v1/envelopes"] = map[string]any{"envelopes": []view.Envelope{}}
	has(t, h.page("/envelopes"), "No envelopes")
}

func TestEnvelope(t *testing.T) {
	h := open(t, keptOnes())
	bag := h.page("/envelopes/safe-key")
	has(t, bag, "In force: serial 3", "B-0017", "hq/safe-2", "not told to you", "saw the bag whole 1 h ago", "halligan share 0123456789abcdef", `data-act="inspect"`, `name="bag"`, "Your share is wanted")
	broken := h.page("/envelopes/prod-root")
	has(t, broken, "Fresh content is owed", "Sealed, not yet in force: serial 2", "opened the share 1 h ago", "halligan envelope inspect prod-root --serial 2", "My share is damaged or lost")
	if strings.Contains(broken, hostile) || strings.Contains(broken, `name="bag"`) || strings.Contains(broken, "Your share is wanted") {
		t.Error("markup, a bag of a digital envelope, or another envelope's share")
	}
	has(t, h.page("/envelopes/fresh"), "halligan envelope seal fresh")
	if w := h.request(http.MethodGet, "/envelopes/none", nil); w.Code != http.StatusNotFound {
		t.Errorf("none: %d", w.Code)
	}
}

func TestDraftInspect(t *testing.T) {
	h := open(t, nil)
	s, d := h.draft("inspect", url.Values{"envelope": {"safe-key"}, "serial": {"3"}, "bag": {" B-0017 "}, "place": {"hq/safe-2"}, "state": {"whole"}})
	if body := s.Body.(*statement.Inspect); *body != (statement.Inspect{Envelope: "safe-key", Serial: 3, Bag: "B-0017", Place: "hq/safe-2"}) || d.Done != "/envelopes/safe-key" {
		t.Errorf("%+v, then %s", body, d.Done)
	}
	s, _ = h.draft("inspect", url.Values{"envelope": {"prod-root"}, "serial": {"1"}, "state": {"damaged"}})
	if body := s.Body.(*statement.Inspect); !body.Damaged || !body.Proof.IsZero() {
		t.Errorf("%+v", body)
	}
	h.refuses("inspect", map[string]url.Values{
		"serial": {"envelope": {"safe-key"}, "serial": {"x"}, "bag": {"B"}, "state": {"whole"}},
		"state":  {"envelope": {"safe-key"}, "serial": {"3"}, "bag": {"B"}},
		"bag":    {"envelope": {"safe-key"}, "serial": {"3"}, "state": {"whole"}},
	})
}
