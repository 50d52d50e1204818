package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// madeOffer is a passkey that waits to be proposed, beside an open invitation.
func madeOffer() (offer enrol.Offer, waits map[string]any) {
	now := canon.At(instant)
	offer = enrol.Offer{
		ID: canon.Sum([]byte("offer")), Person: "ilya", By: "noor", Fingerprint: print("e"), Model: hostile, At: now.Add(-time.Hour), From: "203.0.113.7",
		Words: []string{"copper", "lantern", "seven", "orchid"}, BackupEligible: true,
	}
	other := offer
	other.Person, other.Words = "otto", []string{"not", "on", "this", "page"}
	return offer, map[string]any{
		"offers":      []enrol.Offer{offer, other},
		"invitations": []enrol.Invitation{{ID: canon.Sum([]byte("code")), Person: "ilya", By: "noor", At: now.Add(-time.Minute), Until: now.Add(23 * time.Hour)}},
	}
}

func TestOffersOnThePageOfAPerson(t *testing.T) {
	offer, waits := madeOffer()
	h := open(t, map[string]any{"/api/v1/people": somebody(), "/api/v1/me": proposer, "/api/v1/invitations": waits})
	page := h.page("/people/ilya")
	has(t, page, "A passkey waits", "copper lantern seven orchid", print("e"), "203.0.113.7", "may be copied to other devices", "halligan change propose --offer "+offer.ID.Short(),
		`value="discard"`, `value="revoke"`, `value="invite"`, "the code is good for 23 h more", "halligan invite ilya")
	if strings.Contains(page, hostile) || strings.Contains(page, "not on this page") {
		t.Error("markup, or another's offer")
	}
	if len(h.asked) != 3 {
		t.Errorf("the API was asked %q", h.asked)
	}
	delete(h.says, "/api/v1/me")
	if page := h.page("/people/ilya"); strings.Contains(page, "data-act=\"invitation\"") || !strings.Contains(page, "copper lantern seven orchid") {
		t.Error("whoever may propose nothing invites, or does not see what was made for them")
	}
}

// TestT25EnrolPageNeedsNoSession: the page is for strangers, says nothing of anybody
// before its script has a code, and works on the code behind the # alone.
func TestT25EnrolPageNeedsNoSession(t *testing.T) {
	h := open(t, nil)
	w := h.request(http.MethodGet, "/enrol", nil, "Cookie", "")
	if w.Code != http.StatusOK || len(h.asked) != 0 {
		t.Fatalf("%d, and the API was asked %q", w.Code, h.asked)
	}
	has(t, w.Body.String(), "Make a passkey", "enrol.js", `href="/sign-in"`, "<noscript>", `role="alert"`)
	if forms := strings.Split(w.Body.String(), "<form")[1:]; len(forms) != 1 || !strings.HasPrefix(forms[0], ` class="stack" method="post" action="/enrol/device"`) {
		t.Error("a form could send the code elsewhere than in the body to the page that makes a code device")
	}
	has(t, h.page("/people/ilya/invited"), "over a way that only they read", "enrol.js", `id="enrol-address"`)
	if w := h.request(http.MethodGet, "/people/%3Cb%3E/invited", nil); w.Code != http.StatusNotFound {
		t.Errorf("an id that is none: %d", w.Code)
	}
}

func (h *house) wish(form url.Values) (enrol.Wish, drafted) {
	h.t.Helper()
	form.Set("nonce", strings.Repeat("5a", 32))
	w := h.request(http.MethodPost, "/draft/invitation", form, "Accept", "application/json", "Sec-Fetch-Site", "same-origin")
	if w.Code != http.StatusOK {
		h.t.Fatalf("%d %s", w.Code, w.Body)
	}
	var d drafted
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		h.t.Fatal(err)
	}
	made, err := enrol.DecodeWish([]byte(d.Statement))
	if err != nil {
		h.t.Fatal(err)
	}
	if !strings.Contains(w.Body.String(), `"to":"/api/v1/invitations"`) || !strings.Contains(w.Body.String(), `"as":"invitation"`) || d.Namespace != "halligan.v1.invitation" {
		h.t.Errorf("the draft is %s", w.Body)
	}
	return made, d
}

// TestT31InvitationIsOfTheReader writes it out for whoever signed in, whatever the
// form says of an actor.
func TestT31InvitationIsOfTheReader(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("code"))
	for act, then := range map[enrol.Act]string{enrol.Invite: "/people/ilya/invited", enrol.Revoke: "/people/ilya", enrol.Discard: "/people/ilya"} {
		w, d := h.wish(url.Values{"act": {string(act)}, "person": {"ilya"}, "of": {of.String()}, "actor": {"noor"}})
		if w.Actor != "mara" || w.Act != act || w.Of != of || w.Cell != cellName || d.Done != then || (w.Person == "ilya") != (act == enrol.Invite) {
			t.Errorf("%+v, then %s", w, d.Done)
		}
		if err := w.CheckFor(cellName, canon.At(instant)); err != nil {
			t.Error(err)
		}
	}
	h.refuses("invitation", map[string]url.Values{
		"act":    {"act": {"grant"}, "person": {"ilya"}, "of": {of.String()}},
		"person": {"act": {"invite"}, "person": {"../x"}, "of": {of.String()}},
		"of":     {"act": {"invite"}, "person": {"ilya"}, "of": {"12"}},
	})
	w := h.request(http.MethodPost, "/draft/invitation", url.Values{"act": {"invite"}, "person": {"ilya"}})
	has(t, w.Body.String(), "halligan invite ilya")
}

func TestDraftOfAnOffer(t *testing.T) {
	document, from := []byte(`{"genesis":"v1"}`), canon.Sum([]byte("in force"))
	offer, _ := madeOffer()
	h := open(t, map[string]any{"/api/v1/offers/" + offer.ID.String(): map[string]any{"document": document, "compared": view.Compared{InForce: from}}})
	form := func() url.Values {
		return url.Values{"offer": {offer.ID.String()}, "heard": {"yes"}, "why": {"a phone"}}
	}
	s, d := h.draft("change", form())
	amend := s.Body.(*statement.Change).Amend
	if amend == nil || amend.From != from || amend.To != (statement.Blob{Digest: canon.Sum(document), Length: len(document)}) || !strings.HasPrefix(d.Done, "/changes/") || strings.Contains(d.Done, "{") {
		t.Errorf("%+v, then %s", amend, d.Done)
	}
	unheard, mute, short := form(), form(), form()
	unheard.Del("heard")
	mute.Del("why")
	short.Set("offer", "12")
	h.refuses("change", map[string]url.Values{"heard": unheard, "why": mute, "offer": short})
}
