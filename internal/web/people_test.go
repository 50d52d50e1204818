package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// print is a fingerprint of a key.
func print(of string) string { return "SHA256:" + strings.Repeat(of, 43) }

// somebody is a cell of three people.
func somebody() view.People {
	now := canon.At(instant)
	return view.People{
		Change: "1 of security and 1 of leads", Security: "security",
		People: []view.Person{
			{ID: "ilya", Name: &view.Note{Text: "Ilya " + hostile}, Contact: &view.Note{Text: "020 7946 0000"}, Groups: []string{"on-call"}, CanSign: true,
				May: view.Powers{Ask: []string{"database-locked-out"}},
				Keys: []view.Key{
					{Type: "ssh-ed25519", Fingerprint: print("a"), Proved: now.Add(-2 * time.Hour)},
					{Type: "sk-ecdsa-sha2-nistp256@openssh.com", Passkey: cellName, Fingerprint: print("b"), Cools: now.Add(70 * time.Hour)},
				}},
			{ID: "mara", Name: &view.Note{Text: "Mara Lind"}, Groups: []string{"leads"}, CanSign: true, May: view.Powers{Change: true},
				Keys: []view.Key{{Type: "sk-ssh-ed25519@openssh.com", Fingerprint: print("c"), Unproved: true}}},
			{ID: "otto", Removed: true, Keys: []view.Key{{Type: "ssh-ed25519", Fingerprint: print("d"), Removed: true}}},
		},
		Groups: []view.Group{{Group: "leads", Members: []string{"mara"}}, {Group: "empty", Members: []string{}}},
	}
}

// proposer is mara as one of the change quorum.
var proposer = map[string]any{"id": "mara", "may": view.Powers{Change: true}}

func TestPeople(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/people": somebody()})
	page := h.page("/people")
	has(t, page, "<h1>2 people</h1>", "1 of security and 1 of leads", "There is no recovery quorum", `href="/people/ilya"`, "key cools off", "020 7946 0000", "Removed", ">you<", "nobody",
		"Ilya &lt;script&gt;alert(", `href="/coverage">Coverage</a> says who could agree`, "<code>halligan people</code>")
	if strings.Contains(page, hostile) {
		t.Error("a name is markup")
	}
	if len(h.asked) != 2 {
		t.Errorf("the API was asked %q", h.asked)
	}
}

// nobodyWaits is that there are no invitations and no offers.
func nobodyWaits() map[string]any { return map[string]any{"invitations": []any{}, "offers": []any{}} }

func TestPerson(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/people": somebody(), "/api/v1/me": proposer, "/api/v1/invitations": nobodyWaits()})
	page := h.page("/people/ilya")
	has(t, page, "020 7946 0000", "Ask under database-locked-out.", "SSH key", "passkey", print("b"), "agrees to nothing until", "Proved 2 h ago",
		`data-act="vouch"`, `data-act="change"`, "halligan change propose remove ilya", `role="alert"`)
	if strings.Contains(page, hostile) || strings.Contains(page, "My keys") {
		t.Error("markup, or another's keys are mine")
	}
	if own := h.page("/people/mara"); !strings.Contains(own, "My keys") || !strings.Contains(own, "has signed nothing for 90 days") || strings.Contains(own, `data-act="vouch"`) {
		t.Errorf("the own page is\n%s", own)
	}
	if was := h.page("/people/otto"); strings.Contains(was, "data-act") || !strings.Contains(was, "removed") {
		t.Errorf("somebody removed is\n%s", was)
	}
	if w := h.request(http.MethodGet, "/people/nobody", nil); w.Code != http.StatusNotFound {
		t.Errorf("nobody: %d", w.Code)
	}
}

// TestPersonForOthers shows nothing to press to whoever may propose nothing.
func TestPersonForOthers(t *testing.T) {
	h := open(t, map[string]any{"/api/v1/people": somebody(), "/api/v1/invitations": nobodyWaits()})
	if page := h.page("/people/ilya"); strings.Contains(page, `data-act="change"`) || strings.Contains(page, `data-act="invitation"`) {
		t.Error("a removal or an invitation is offered to somebody who is in no leg of the change quorum")
	}
}

func TestDraftVouch(t *testing.T) {
	h := open(t, nil)
	s, d := h.draft("vouch", url.Values{"person": {"ilya"}, "key": {print("b")}, "met": {"yes"}})
	if body := s.Body.(*statement.Vouch); *body != (statement.Vouch{Person: "ilya", Key: print("b"), How: statement.InPerson}) || d.Done != "/people/ilya" {
		t.Errorf("%+v, then %s", body, d.Done)
	}
	h.refuses("vouch", map[string]url.Values{
		"key": {"person": {"ilya"}, "key": {"SHA256:b"}, "met": {"yes"}},
		"met": {"person": {"ilya"}, "key": {print("b")}},
	})
}

// TestSuspendedKeyOnPages: whose key is suspended shows, by whom and until when; the
// forms are for whoever may sign them.
func TestSuspendedKeyOnPages(t *testing.T) {
	of := somebody()
	of.People[0].Keys[0].Suspended = &view.Suspension{By: []string{"sam"}, Until: canon.At(instant).Add(4 * time.Hour), Lifts: []string{"sue"}, Weak: true}
	h := open(t, map[string]any{"/api/v1/people": of, "/api/v1/invitations": nobodyWaits()})
	page := h.page("/people/ilya")
	has(t, page, "Suspended by sam, with a key that proves no presence: it signs nothing until", "sue signed that it shall sign again")
	if strings.Contains(page, `data-act="suspend"`) || strings.Contains(page, `data-act="lift"`) {
		t.Error("somebody who is neither of security nor of the change quorum is offered to sign")
	}
	has(t, h.page("/people"), "key suspended")
	security := map[string]any{"id": "mara", "may": view.Powers{Security: true}}
	of.People[1].Keys[0].Suspended = of.People[0].Keys[0].Suspended
	h = open(t, map[string]any{"/api/v1/people": of, "/api/v1/me": security, "/api/v1/invitations": nobodyWaits()})
	page = h.page("/people/ilya")
	has(t, page, `data-act="suspend"`, `data-act="lift"`, "halligan suspend SHA256:…", "halligan lift SHA256:…")
	if own := h.page("/people/mara"); strings.Contains(own, `data-act="lift"`) {
		t.Error("the owner is offered to lift")
	}
}

func TestDraftSuspend(t *testing.T) {
	h := open(t, nil)
	s, d := h.draft("suspend", url.Values{"person": {"ilya"}, "key": {print("b")}, "why": {"stolen"}})
	if body := s.Body.(*statement.Suspend); body.Person != "ilya" || body.Key != print("b") || len(d.Notes) != 1 || d.Done != "/people/ilya" {
		t.Errorf("%+v, then %s", body, d.Done)
	}
	s, d = h.draft("lift", url.Values{"person": {"ilya"}, "key": {print("b")}, "why": {"found"}})
	if body := s.Body.(*statement.Lift); body.Person != "ilya" || body.Key != print("b") || len(d.Notes) != 1 || d.Done != "/people/ilya" {
		t.Errorf("%+v, then %s", body, d.Done)
	}
	for _, kind := range []string{"suspend", "lift"} {
		h.refuses(kind, map[string]url.Values{
			"person": {"person": {"Ilya"}, "key": {print("b")}, "why": {"x"}},
			"key":    {"person": {"ilya"}, "key": {"SHA256:b"}, "why": {"x"}},
			"why":    {"person": {"ilya"}, "key": {print("b")}},
		})
	}
}

func TestDraftRemoval(t *testing.T) {
	h := open(t, nil)
	for _, key := range []string{"", print("a")} {
		s, d := h.draft("change", url.Values{"person": {"ilya"}, "key": {key}, "why": {"the laptop was stolen"}})
		if body := s.Body.(*statement.Change); body.Remove != (statement.Removal{Person: "ilya", Key: key}) || body.Amend != nil || len(d.Notes) != 1 || d.Done != "/changes" {
			t.Errorf("%+v, then %s", body, d.Done)
		}
	}
	h.refuses("change", map[string]url.Values{
		"key": {"person": {"ilya"}, "why": {"x"}},
		"why": {"person": {"ilya"}, "key": {""}},
	})
}

// refuses demands that each form is refused by the name of its field.
func (h *house) refuses(kind string, forms map[string]url.Values) {
	h.t.Helper()
	for field, form := range forms {
		form.Set("nonce", strings.Repeat("5a", 32))
		w := h.request(http.MethodPost, "/draft/"+kind, form, "Accept", "application/json")
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), `"detail":"`+field+" ") {
			h.t.Errorf("%s without %s: %d %s", kind, field, w.Code, w.Body)
		}
	}
}
