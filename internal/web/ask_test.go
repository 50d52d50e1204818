package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// aidSays is a cell with two scenarios, the first of which leads to the second.
func aidSays() map[string]any {
	first := lockedOut()
	first.DoNotUseWhen[1] = "The whole cluster is gone → scenario root-recovery"
	second := view.Scenario{ID: "root-recovery", Title: "Root recovery", UseWhen: []string{"we need root"}, MayRequest: []string{"security"}, Opens: []view.Opening{{Target: "root", Envelope: "root", Text: "The secret of envelope root."}}}
	return map[string]any{"/api/v1/scenarios": map[string]any{"scenarios": []view.Scenario{first, second}}}
}

func TestAidFindsTheScenario(t *testing.T) {
	h := open(t, aidSays())
	has(t, h.page("/ask"), "<h1>What broke?</h1>", `href="/ask?scenario=database-locked-out"`, `href="/ask?scenario=root-recovery"`, "Or choose")
	page := h.page("/ask?broke=production+database")
	has(t, page, "It may be this", `href="/ask?scenario=database-locked-out"`, `value="production database"`)
	if strings.Contains(page, "scenario=root-recovery") {
		t.Error("what fits less is shown")
	}
	has(t, h.page("/ask?broke=coffee"), "No scenario of this cell is for that", "Wake whoever owns what broke")
	if len(h.asked) != 6 {
		t.Errorf("the API was asked %q", h.asked)
	}
	for path, status := range map[string]int{"/ask?scenario=nothing": http.StatusNotFound, "/ask?broke=" + strings.Repeat("x", 201): http.StatusBadRequest} {
		if w := h.request(http.MethodGet, path, nil); w.Code != status {
			t.Errorf("%.40s: %d", path, w.Code)
		}
	}
}

func TestAidAsksWhetherItIsOne(t *testing.T) {
	h := open(t, aidSays())
	const of = "/ask?scenario=database-locked-out"
	page := h.page(of)
	has(t, page, "Is the normal way gone?", "<code>halligan which</code>", "Customers cannot pay", `name="gone" value="yes" required`, `value="1"> <bdi>A read-only look is enough</bdi>`, `value="3"`, `value="no"`)
	if strings.Contains(page, "checked") {
		t.Error("an answer is given already")
	}
	has(t, h.page(of+"&gone=1"), "This is no emergency", "A read-only look is enough", "The other way: <bdi>runbook &#34;read replica&#34;")
	has(t, h.page(of+"&gone=2"), "It may be an emergency of another scenario", `href="/ask?scenario=root-recovery"`)
	has(t, h.page(of+"&gone=3"), "It is a drill", "names no other way")
	has(t, h.page(of+"&gone=no"), "Use the normal way")
	for _, none := range []string{"0", "4", "-1", "maybe", ""} {
		has(t, h.page(of+"&gone="+none), "Is the normal way gone?")
	}
	has(t, h.page(of+"&gone=yes"), "What do you need?", `action="/ask/database-locked-out"`, `name="need" value="prod-root"`)
	has(t, h.page("/ask?scenario=root-recovery&gone=yes"), "You may not ask for it", "Somebody of <bdi>security</bdi> may")
}

func TestAskPage(t *testing.T) {
	h := open(t, scenarioSays(lockedOut()))
	page := h.page("/ask/database-locked-out?need=db-1&need=zebra")
	has(t, page, `name="digest" value="`+lockedOut().Digest.String()+`"`, `name="read" value="yes" required>`, "Customers cannot pay", "runbook &#34;read replica&#34;",
		"<b>SEV1</b>, 1 h at most", "cannot be had without noor", "1 of dba-leads: ilya or tomas", `name="target" value="db-1" checked`, `name="target" value="grants">`,
		"pool: tcp", "10.0.0.0/8 only", "After 20m, whoever asked may go in alone", "halligan holder new", "data-make-holder", "holder.js", "24 h after the end at SEV1", `role="alert" hidden`, `halligan request database-locked-out`)
	if strings.Contains(page, `name="read" value="yes" checked`) || strings.Contains(page, `name="severity" value="SEV1" required checked`) {
		t.Error("the page answers for the reader")
	}
	if strings.Contains(page, "zebra") {
		t.Error("a target that is none is shown")
	}
	if got := strings.Count(h.page("/ask/database-locked-out"), `name="target" value="`); got != 3 {
		t.Errorf("%d targets", got)
	}
	if got := strings.Count(h.page("/ask/database-locked-out"), " checked"); got != 3 {
		t.Errorf("%d of the targets are ticked when none was chosen", got)
	}
	if len(h.asked) != 12 {
		t.Errorf("the API was asked %q", h.asked)
	}
}

// TestAskSaysWhatABrowserCanUse: before anything is signed, the page says of each
// target what keys that this browser makes can do with it.
func TestAskSaysWhatABrowserCanUse(t *testing.T) {
	of := lockedOut()
	of.Opens = append(of.Opens, view.Opening{Target: "prod", Account: "prod", Role: "Emergency", Browser: view.SignsIn, Text: "As role Emergency."})
	page := open(t, scenarioSays(of)).page("/ask/database-locked-out")
	has(t, page, "<b><bdi>db-1</bdi></b>: <b>nothing</b>; untick it", "<b><bdi>prod</bdi></b>: sign this browser in to its console", "<b><bdi>grants</bdi></b>: nothing is fetched", "<b><bdi>prod-root</bdi></b>: <b>nothing</b>")
}

// TestAskFromTheSameAddress: whoever asks on a phone is told before that the laptop
// must be behind the same address.
func TestAskFromTheSameAddress(t *testing.T) {
	of := lockedOut()
	hasNot(t, open(t, scenarioSays(of)).page("/ask/database-locked-out"), "It must come from where you ask")
	of.Opens[0].From = []string{"request"}
	has(t, open(t, scenarioSays(of)).page("/ask/database-locked-out"), "It must come from where you ask")
}

// TestAskWithoutUseInABrowser: keys of a browser are offered only where one can use
// them.
func TestAskWithoutUseInABrowser(t *testing.T) {
	of := lockedOut()
	of.Opens, of.MayAsk = slices.Delete(of.Opens, 1, 2), false
	page := open(t, scenarioSays(of)).page("/ask/database-locked-out")
	has(t, page, "You may not ask under it", "nothing of this can be used in one")
	if strings.Contains(page, "data-make-holder") || strings.Contains(page, "holder.js") {
		t.Error("keys are offered that could be used for nothing")
	}
}

func TestT32AskText(t *testing.T) {
	of := lockedOut()
	of.Title, of.Procedure, of.UseWhen, of.DoNotUseWhen = hostile, hostile, []string{hostile}, []string{hostile + " → " + hostile}
	of.Symptoms, of.Conditions, of.Ladder, of.Channels, of.MayRequest, of.MayAsk = []string{hostile}, []string{hostile}, []string{hostile}, []string{hostile}, []string{hostile}, false
	of.Opens[1].Target, of.Opens[1].Text = hostile, hostile
	says := scenarioSays(of)
	says["/api/v1/scenarios"] = map[string]any{"scenarios": []view.Scenario{of}}
	h := open(t, says)
	for _, path := range []string{"/ask", "/ask?scenario=" + of.ID, "/ask?scenario=" + of.ID + "&gone=1", "/ask?scenario=" + of.ID + "&gone=yes", "/ask/" + of.ID, "/ask?broke=" + url.QueryEscape(hostile)} {
		harmless(t, h.page(path))
	}
}

// holderLine is public keys of a holder.
var holderLine = statement.Holder{Ed25519: canon.Key32{7}, X25519: canon.Key32{8}}.Line()

// browserLine is public keys that a browser made.
var browserLine = statement.Holder{Ed25519: canon.Key32{7}, P256: celltest.PublicP256("a browser")}.Line()

// askForm is a form that is filled in as it should be.
func askForm(change func(url.Values)) url.Values {
	form := url.Values{
		"scenario": {"database-locked-out"}, "digest": {lockedOut().Digest.String()}, "read": {"yes"}, "severity": {"SEV2"}, "target": {"prod-root", "db-1"},
		"minutes": {"30"}, "why": {"pool exhausted"}, "incident": {"PD-4711"}, "holder": {" " + holderLine + "\n"}, "nonce": {strings.Repeat("5a", 32)},
	}
	if change != nil {
		change(form)
	}
	return form
}

func TestDraftOfARequest(t *testing.T) {
	h := open(t, scenarioSays(lockedOut()))
	s, d := h.draft("request", askForm(nil))
	body, ok := s.Body.(*statement.Request)
	if !ok || s.Actor != "mara" || d.Done != "/requests/"+s.Digest.String() {
		t.Fatalf("%+v by %s, then %s", s.Body, s.Actor, d.Done)
	}
	if body.Scenario != "database-locked-out" || body.ScenarioDigest != lockedOut().Digest || body.Severity != "SEV2" || body.For != 1800 ||
		!slices.Equal(body.Targets, []string{"db-1", "prod-root"}) || body.Incident != "PD-4711" || body.Holder.Line() != holderLine {
		t.Errorf("%+v", body)
	}
	if len(d.Notes) != 1 || d.Notes[0].Text != "pool exhausted" || !body.Why.Matches([32]byte(d.Notes[0].Salt), "pool exhausted") {
		t.Errorf("notes %+v", d.Notes)
	}
	s, _ = h.draft("request", askForm(func(f url.Values) { f.Del("minutes"); f.Del("incident") }))
	if body := s.Body.(*statement.Request); body.For != 7200 || body.Incident != "" {
		t.Errorf("without minutes and incident: %+v", body)
	}
	s, _ = h.draft("request", askForm(func(f url.Values) { f["target"] = []string{"grants"}; f.Set("holder", browserLine) }))
	if body := s.Body.(*statement.Request); body.Holder.Line() != browserLine {
		t.Errorf("by keys of a browser: %+v", body)
	}
	w := h.request(http.MethodPost, "/draft/request", askForm(nil))
	has(t, w.Body.String(), "halligan request database-locked-out --severity SEV2 --for 30m --only db-1,prod-root --incident PD-4711 --why")
}

// TestDraftOfARequestRefused names each field that is wrong, and gives nothing to
// sign.
func TestDraftOfARequestRefused(t *testing.T) {
	h := open(t, scenarioSays(lockedOut()))
	for name, c := range map[string]struct{ says, field, value string }{
		"another scenario since": {"scenario is another now", "digest", canon.Sum([]byte("other")).String()},
		"no digest":              {"scenario is another now", "digest", ""},
		"not read":               {"read is not ticked", "read", ""},
		"read by default":        {"read is not ticked", "read", "on"},
		"no severity":            {"severity is not chosen", "severity", ""},
		"a severity it has not":  {"severity is not chosen", "severity", "SEV4"},
		"no target":              {"target is not chosen", "target", "-"},
		"another target":         {"target is none of this scenario", "target", "db-9"},
		"too long":               {"minutes is more than SEV2 gives", "minutes", "121"},
		"no time":                {"minutes is not a whole number", "minutes", "0"},
		"backwards":              {"minutes is not a whole number", "minutes", "-5"},
		"words for minutes":      {"minutes is not a whole number", "minutes", "1h"},
		"too many minutes":       {"minutes is not a whole number", "minutes", "99999999999"},
		"no why":                 {"why is empty", "why", " \r\n "},
		"a hidden why":           {"why cannot be used", "why", "a\u202eb"},
		"no incident id":         {"incident is not an id", "incident", "PD 4711"},
		"no holder":              {"holder is not the line", "holder", ""},
		"half a holder":          {"holder is not the line", "holder", holderLine[:100]},
		"of no use in a browser": {"can be used by no keys of a browser", "holder", browserLine},
		"no scenario":            {"scenario is not an id", "scenario", ""},
		"a path for a scenario":  {"scenario is not an id", "scenario", "../me"},
	} {
		form := askForm(func(f url.Values) {
			f.Set(c.field, c.value)
			if c.value == "-" {
				f.Del(c.field)
			}
		})
		w := h.request(http.MethodPost, "/draft/request", form, "Accept", "application/json")
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := h.request(http.MethodPost, "/draft/request", askForm(func(f url.Values) { f.Set("scenario", "nothing") }), "Accept", "application/json"); w.Code != http.StatusNotFound {
		t.Errorf("a scenario that is not there: %d", w.Code)
	}
}

func TestDraftOfARelease(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("a request"))
	s, d := h.draft("release", url.Values{"of": {of.String()}})
	if body, ok := s.Body.(*statement.Release); !ok || body.Of != of || body.Targets != nil || d.Done != "/requests/"+of.String() {
		t.Errorf("%+v, then %s", s.Body, d.Done)
	}
	if w := h.request(http.MethodPost, "/draft/release", url.Values{"of": {"5f0c"}, "nonce": {strings.Repeat("5a", 32)}}, "Accept", "application/json"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("half an id: %d", w.Code)
	}
}

func TestDraftOfAFetch(t *testing.T) {
	h := open(t, nil)
	of := canon.Sum([]byte("a request"))
	s, d := h.draft("fetch", url.Values{"of": {of.String()}, "target": {"prod"}})
	if body, ok := s.Body.(*statement.Fetch); !ok || *body != (statement.Fetch{Of: of, Target: "prod", Console: true}) || d.Done != "/requests/"+of.String() || d.Namespace != "halligan.v1.fetch" {
		t.Errorf("%+v, then %s", s.Body, d.Done)
	}
	for name, form := range map[string]url.Values{
		"half an id": {"of": {"5f0c"}, "target": {"prod"}}, "no target": {"of": {of.String()}}, "no id of a target": {"of": {of.String()}, "target": {"../prod"}},
	} {
		form.Set("nonce", strings.Repeat("5a", 32))
		if w := h.request(http.MethodPost, "/draft/fetch", form, "Accept", "application/json"); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	has(t, h.request(http.MethodPost, "/draft/fetch", url.Values{"of": {of.String()}, "target": {"prod"}}).Body.String(), "halligan console "+of.Short()+" prod")
}

// TestConsoleForm: where a link to a console can be fetched by keys that a browser
// made, whoever asked finds the form, hidden until this browser shows that it has them.
func TestConsoleForm(t *testing.T) {
	r := granted()
	r.Holder, r.Consoles = canon.Key32{0xab}, []string{"prod"}
	own := requested(t, r).as("ilya").page("/requests/" + r.ID.String())
	has(t, own, `action="/draft/fetch" data-holder="ab00`, `data-holder-act="fetch" hidden>`, `name="target" value="prod"`, "Open the console", `data-no-holder="ab00`, "could have had the link", "holder.js")
	hasNot(t, requested(t, r).page("/requests/"+r.ID.String()), "/draft/fetch", "data-no-holder")
	r.Consoles = nil
	hasNot(t, requested(t, r).as("ilya").page("/requests/"+r.ID.String()), "/draft/fetch", "data-no-holder")
	r.Consoles, r.State = []string{"prod"}, access.Ended
	hasNot(t, requested(t, r).as("ilya").page("/requests/"+r.ID.String()), "/draft/fetch")
}

// TestGiveBack: the form is there for whoever asked, hidden until this browser
// shows that it has the key that the request names.
func TestGiveBack(t *testing.T) {
	r := granted()
	r.Holder = canon.Key32{0xab}
	own := requested(t, r).as("ilya").page("/requests/" + r.ID.String())
	has(t, own, `action="/draft/release" data-holder="ab00`, `data-holder-act="release" hidden>`, `name="of" value="`+r.ID.String()+`"`, "holder.js")
	hasNot(t, requested(t, r).page("/requests/"+r.ID.String()), "data-holder", "holder.js")
	r.State = access.Ended
	hasNot(t, requested(t, r).as("ilya").page("/requests/"+r.ID.String()), "data-holder")
}
