package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// alone is a request of mara's that nobody answered.
func alone() view.Request {
	r := waiting()
	r.Requester, r.Acts = "mara", []view.Act{view.MayGoAlone, view.MayStop, view.MayWithdraw}
	r.Solo = &view.Solo{Offered: true, Targets: []string{"db-1"}, For: 900, Severity: "SEV1", Text: "mara may go in alone, to db-1 for 15m at most, at SEV1."}
	return r
}

// acts are the small pages: what each shows where it may be signed, and of what.
var acts = map[string]struct {
	of   func() view.Request
	act  view.Act
	says []string
}{
	"withdraw": {alone, view.MayWithdraw, []string{`data-act="withdraw"`, "You take your own request back", "halligan withdraw "}},
	"alone": {alone, view.MayGoAlone, []string{`data-act="solo"`, "Nobody has agreed.", "db-1, of what you asked for", "15 min at most, at SEV1",
		"marked unheard", "neither you nor anybody under this scenario", "halligan solo "}},
	"attest": {granted, view.MayAttest, []string{`data-act="attest"`, `name="target" value="db-2" required`, "By hand: the console", "nobody is in", "halligan attest "}},
	"outage": {waiting, view.MayWitness, []string{`data-act="witnessed-outage"`, `name="saw" required`, "Look for yourself", "halligan outage "}},
	"extend": {extending, view.MayExtend, []string{`data-act="extend"`, "1 h at most, and 12 h in all", "Asking again takes its place", `max="60"`, "halligan extend "}},
	"stop":   {granted, view.MayStop, []string{`data-act="stop"`}},
}

// TestActsAreOfferedWhereTheyMayBeSigned and nowhere else, and nobody who may not
// see a request sees anything of it on any of its pages.
func TestActsAreOfferedWhereTheyMayBeSigned(t *testing.T) {
	for name, each := range acts {
		r := each.of()
		path := "/requests/" + r.ID.String() + "/" + name
		r.Acts = []view.Act{each.act}
		page := requested(t, r).page(path)
		has(t, page, append(each.says, `name="of" value="`+r.ID.String()+`"`, `role="alert" hidden`)...)
		r.Acts = nil
		page = requested(t, r).page(path)
		hasNot(t, page, "data-act=", `method="post"`)
		has(t, page, "nothing of this for you to sign now", "/requests/"+r.ID.String()+`"`)
		limited := view.Request{ID: r.ID, Short: r.Short, Scenario: r.Scenario, State: r.State, Limited: true}
		page = requested(t, limited).page(path)
		hasNot(t, page, "ilya", "PD-4711", "db-1", "data-act=", "Production database")
		has(t, page, "database-locked-out")
		w := requested(t, r).request(http.MethodGet, "/requests/"+r.Short+"/"+name, nil)
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != path {
			t.Errorf("%s: %d to %s", name, w.Code, to)
		}
	}
}

// TestCustodianSaysItIsReal though they may not see the request.
func TestCustodianSaysItIsReal(t *testing.T) {
	r := waiting()
	limited := view.Request{ID: r.ID, Short: r.Short, Scenario: r.Scenario, State: r.State, Limited: true, Acts: []view.Act{view.MayWitness}}
	page := requested(t, limited).page("/requests/" + r.ID.String() + "/outage")
	has(t, page, `data-act="witnessed-outage"`, "Somebody asks for access under")
	hasNot(t, page, "ilya", "does not answer")
}

// TestAloneSaysWhyNotYet where the ladder is not so far, and where it is blocked.
func TestAloneSaysWhyNotYet(t *testing.T) {
	r := alone()
	r.Acts = []view.Act{view.MayWithdraw}
	r.Solo.Offered, r.Solo.At = false, in(3*60e9)
	r.Solo.Text = "Unless it is agreed before, mara may go in alone. Not while the clock is in doubt."
	has(t, requested(t, r).page("/requests/"+r.ID.String()+"/alone"), "Not while the clock is in doubt.", "The ladder comes so far at", "03:10:12")
	r.Solo = nil
	has(t, requested(t, r).page("/requests/"+r.ID.String()+"/alone"), "Nothing of this request may be opened alone now.")
}

func TestDraftsOfActs(t *testing.T) {
	of := canon.Sum([]byte("a request"))
	plain := url.Values{"of": {of.String()}}
	with := func(pairs ...string) url.Values {
		form := maps.Clone(plain)
		for i := 0; i < len(pairs); i += 2 {
			form[pairs[i]] = append(append([]string{}, form[pairs[i]]...), pairs[i+1])
		}
		return form
	}
	for _, each := range []struct {
		kind string
		form url.Values
		want statement.Body
		note string
		line string
	}{
		{"withdraw", plain, &statement.Withdraw{Of: of}, "", "halligan withdraw " + of.Short()},
		{"solo", plain, &statement.Solo{Of: of}, "", "halligan solo " + of.Short()},
		{"witnessed-outage", with("saw", "503 here too"), &statement.WitnessedOutage{Of: of}, "503 here too", "halligan outage " + of.Short() + " --saw"},
		{"attest", with("target", "db-2", "why", "powered off"), &statement.Attest{Of: of, Target: "db-2"}, "powered off", "halligan attest " + of.Short() + " db-2 --why"},
		{"extend", with("minutes", "30", "why", "60 percent"), &statement.Extend{Of: of, For: 1800}, "60 percent", "halligan extend " + of.Short() + " --for 30m --why"},
		{"extend", with("minutes", "30", "why", "x", "choose", "yes", "held", "db-1", "held", "db-2", "only", "db-2"),
			&statement.Extend{Of: of, For: 1800, Targets: []string{"db-2"}}, "x", "--for 30m --only db-2 --why"},
		{"extend", with("minutes", "30", "why", "x", "choose", "yes", "held", "db-1", "held", "db-2", "only", "db-2", "only", "db-1"),
			&statement.Extend{Of: of, For: 1800}, "x", "--for 30m --why"},
	} {
		h := open(t, nil)
		s, d := h.draft(each.kind, maps.Clone(each.form))
		if each.note != "" && (len(d.Notes) != 1 || d.Notes[0].Text != each.note || len(statement.Notes(s.Body)) != 1) {
			t.Errorf("%s: notes %+v", each.kind, d.Notes)
		}
		withoutNotes(s.Body)
		if !reflect.DeepEqual(s.Body, each.want) || s.Actor != "mara" || d.Done != "/requests/"+of.String() {
			t.Errorf("%s: %+v of %s, then %s", each.kind, s.Body, s.Actor, d.Done)
		}
		w := h.request(http.MethodPost, "/draft/"+each.kind, each.form)
		has(t, w.Body.String(), each.line)
	}
}

// withoutNotes leaves only what is not random.
func withoutNotes(body statement.Body) {
	switch b := body.(type) {
	case *statement.WitnessedOutage:
		b.Note = statement.Note{}
	case *statement.Attest:
		b.Note = statement.Note{}
	case *statement.Extend:
		b.Why = statement.Note{}
	}
}

// TestDraftsOfActsRefused name the field.
func TestDraftsOfActsRefused(t *testing.T) {
	of := canon.Sum([]byte("a request")).String()
	for _, each := range []struct {
		kind, field string
		form        url.Values
	}{
		{"withdraw", "of is", url.Values{}},
		{"solo", "of is", url.Values{"of": {"5f0c"}}},
		{"witnessed-outage", "of is", url.Values{"saw": {"x"}}},
		{"witnessed-outage", "saw is empty", url.Values{"of": {of}}},
		{"attest", "of is", url.Values{"target": {"db-1"}, "why": {"x"}}},
		{"attest", "target is not chosen", url.Values{"of": {of}, "why": {"x"}}},
		{"attest", "why is empty", url.Values{"of": {of}, "target": {"db-1"}}},
		{"extend", "of is", url.Values{}},
		{"extend", "minutes is not", url.Values{"of": {of}, "minutes": {"-5"}, "why": {"x"}}},
		{"extend", "only names no target", url.Values{"of": {of}, "minutes": {"5"}, "why": {"x"}, "choose": {"yes"}}},
		{"extend", "only names what is no target", url.Values{"of": {of}, "minutes": {"5"}, "why": {"x"}, "only": {"../x"}}},
		{"extend", "why is empty", url.Values{"of": {of}, "minutes": {"5"}}},
	} {
		each.form.Set("nonce", strings.Repeat("5a", 32))
		w := open(t, nil).request(http.MethodPost, "/draft/"+each.kind, each.form, "Accept", "application/json")
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), each.field) {
			t.Errorf("%s, %s: %d %s", each.kind, each.field, w.Code, w.Body)
		}
	}
}

// TestRequesterIsLedOn to what they may do themselves.
func TestRequesterIsLedOn(t *testing.T) {
	r := alone()
	page := requested(t, r).page("/requests/" + r.ID.String())
	has(t, page, "Nobody has answered. You may go in alone.", "/alone", "/withdraw")
	hasNot(t, page, "/stop", "/decide")
	r.State = access.Ended
	r.Acts = nil
	hasNot(t, requested(t, r).page("/requests/"+r.ID.String()), "What you can do")
}
