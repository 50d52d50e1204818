package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// decidePage is where mara decides on a request.
func decidePage(t *testing.T, r view.Request) string {
	t.Helper()
	return requested(t, r).page("/requests/" + r.ID.String() + "/decide")
}

func TestDecideShowsWhatIsSigned(t *testing.T) {
	r := waiting()
	h := requested(t, r)
	page := h.page("/requests/" + r.ID.String() + "/decide")
	has(t, page, "Production database refuses everyone", "Ilya Petrov", "asks for access", "192.0.2.7", "PD-4711", "Pool exhausted",
		wordsOf(t, r.ID, salt), "tel:", "Your signature opens, for 1 h at most from the last one", "from 192.0.2.7 only", "It lapses at",
		"10.0.0.0/8 only", "A look at the data is enough", `<span class="tag wait">you</span>`, "access opens at once", "does not answer",
		`name="of" value="`+r.ID.String()+`"`, `name="verdict" value="deny"`, `name="verdict" value="approve"`, `data-act="decision"`,
		"A passkey decision trusts this host.", "halligan approve "+r.Short, `name="only" value="db-2" checked`, `max="60"`, `role="alert" hidden`)
	if strings.Count(page, `type="radio" name="check"`) != 4 || strings.Contains(page, `name="check" value="call-back" required checked`) {
		t.Error("how it was checked has a default, or not four answers")
	}
	if len(h.asked) != 4 {
		t.Errorf("the API was asked %q", h.asked)
	}
	r.Legs[0].Missing, r.Legs[1].Missing = 1, 1
	has(t, decidePage(t, r), "It fills one place; 1 more is needed after it.")
	r.Legs[0].CouldFill = []string{"sue"}
	has(t, decidePage(t, r), "It fills no place that is empty")
}

// TestDecideOnAnotherScenarioThanSigned shows nothing of a scenario that was not signed.
func TestDecideOnAnotherScenarioThanSigned(t *testing.T) {
	r := waiting()
	r.ScenarioDigest, r.Opens, r.Acts = canon.Sum([]byte("older")), nil, []view.Act{view.MayDeny}
	page := decidePage(t, r)
	has(t, page, "nobody can agree", `value="deny"`)
	hasNot(t, page, "10.0.0.0/8", "A look at the data", `value="approve"`)
}

// TestDecideWithoutItsScenario still says no, where the cell has it no more.
func TestDecideWithoutItsScenario(t *testing.T) {
	r := waiting()
	r.Opens, r.Acts = nil, []view.Act{view.MayDeny}
	h := requested(t, r)
	delete(h.says, "/api/v1/scenarios/database-locked-out")
	has(t, h.page("/requests/"+r.ID.String()+"/decide"), "nobody can agree", `value="deny"`)
}

// TestT12LateVeto denies on the same page after it was agreed.
func TestT12LateVeto(t *testing.T) {
	page := decidePage(t, granted())
	has(t, page, "It is live until", "Denying ends this grant at once.", `value="deny"`, "halligan deny")
	hasNot(t, page, `value="approve"`, "Make it less")
}

func TestDecideOnMoreTime(t *testing.T) {
	r := extending()
	page := decidePage(t, r)
	has(t, page, "asks for more time", "the restore is at 60 percent", "It keeps open, for 30 min at most", "db-1", "the window then ends 30 min after it",
		`name="of" value="`+r.Extensions[0].ID.String()+`"`, "Deny more time", "?of=grant", wordsOf(t, r.ID, salt))
	hasNot(t, page, "db-2.example.com", `name="choose"`)
	veto := requested(t, r).page("/requests/" + r.ID.String() + "/decide?of=grant")
	has(t, veto, `name="of" value="`+r.ID.String()+`"`, "Deny, and end the grant")
	hasNot(t, veto, `value="approve"`)
}

// TestDecideInPlaceOfTheBar says what happened meanwhile.
func TestDecideInPlaceOfTheBar(t *testing.T) {
	none := func(change func(*view.Request)) string {
		r := waiting()
		r.Acts = nil
		change(&r)
		page := decidePage(t, r)
		hasNot(t, page, `class="bar"`, "data-act")
		return page
	}
	has(t, none(func(r *view.Request) { r.State, r.Known = access.Denied, "denied by sue; nothing was opened" }), "Denied by sue; nothing was opened.")
	has(t, none(func(r *view.Request) { r.Requester = "mara" }), "nobody decides on their own")
	has(t, none(func(r *view.Request) {
		r.Decisions = append(r.Decisions, view.Decision{Approver: "mara", Approves: true, At: ago(time.Minute), Text: "mara agrees, after a video call"})
	}), "You have signed: mara agrees, after a video call")
	limited := waiting()
	has(t, decidePage(t, view.Request{ID: limited.ID, Short: limited.Short, Scenario: "x", State: access.Pending, Limited: true}), "and no more")
}

// ballotForm is what the page sends for a verdict.
func ballotForm(r view.Request, of canon.Digest, more ...string) url.Values {
	form := url.Values{"request": {r.ID.String()}, "of": {of.String()}, "verdict": {"approve"}, "check": {"call-back"}}
	for i := 0; i < len(more); i += 2 {
		if more[i+1] == "" {
			form.Del(more[i])
			continue
		}
		form[more[i]] = append(slices.DeleteFunc(form[more[i]], func(string) bool { return more[i] != "only" }), more[i+1])
	}
	return form
}

func TestDraftOfADecision(t *testing.T) {
	r := waiting()
	for name, each := range map[string]struct {
		form url.Values
		want statement.Decision
		note string
	}{
		"yes":          {ballotForm(r, r.ID, "choose", "yes", "only", "db-1", "only", "db-2"), statement.Decision{Verdict: statement.Approve, Check: statement.CallBack}, ""},
		"all the time": {ballotForm(r, r.ID, "minutes", "60"), statement.Decision{Verdict: statement.Approve, Check: statement.CallBack}, ""},
		"less":         {ballotForm(r, r.ID, "choose", "yes", "only", "db-2", "minutes", "30"), statement.Decision{Verdict: statement.Approve, Check: statement.CallBack, Narrow: &statement.Narrow{For: 1800, Targets: []string{"db-2"}}}, ""},
		"no":           {ballotForm(r, r.ID, "verdict", "deny", "check", "video", "minutes", "30", "choose", "yes", "only", "db-2"), statement.Decision{Verdict: statement.Deny, Check: statement.Video}, ""},
		"not checked":  {ballotForm(r, r.ID, "check", "not-checked", "note", "the line is dead"), statement.Decision{Verdict: statement.Approve, Check: statement.NotChecked}, "the line is dead"},
	} {
		s, d := requested(t, r).draft("decision", each.form)
		got, ok := s.Body.(*statement.Decision)
		if !ok || got.Of != r.ID || got.Verdict != each.want.Verdict || got.Check != each.want.Check {
			t.Errorf("%s: %+v", name, s.Body)
			continue
		}
		if (got.Narrow == nil) != (each.want.Narrow == nil) || got.Narrow != nil && (got.Narrow.For != each.want.Narrow.For || !slices.Equal(got.Narrow.Targets, each.want.Narrow.Targets)) {
			t.Errorf("%s: narrowed to %+v", name, got.Narrow)
		}
		if (got.Note != nil) != (each.note != "") || each.note != "" && (len(d.Notes) != 1 || d.Notes[0].Text != each.note) {
			t.Errorf("%s: note %v, %+v", name, got.Note, d.Notes)
		}
		if s.Actor != "mara" || d.Done != "/requests/"+r.ID.String() {
			t.Errorf("%s: %s, then %s", name, s.Actor, d.Done)
		}
	}
}

func TestDraftOfADecisionOnMoreTime(t *testing.T) {
	r := extending()
	of := r.Extensions[0].ID
	s, d := requested(t, r).draft("decision", ballotForm(r, of, "minutes", "10"))
	got := s.Body.(*statement.Decision)
	if got.Of != of || got.Narrow == nil || got.Narrow.For != 600 || d.Done != "/requests/"+r.ID.String() {
		t.Errorf("%+v, then %s", got, d.Done)
	}
	s, _ = requested(t, r).draft("decision", ballotForm(r, r.ID, "verdict", "deny"))
	if got := s.Body.(*statement.Decision); got.Of != r.ID || got.Verdict != statement.Deny {
		t.Errorf("a late veto is %+v", got)
	}
}

// TestDraftOfADecisionRefused names the field, and writes nothing out.
func TestDraftOfADecisionRefused(t *testing.T) {
	r := waiting()
	h := requested(t, r)
	for name, form := range map[string]url.Values{
		"verdict is": ballotForm(r, r.ID, "verdict", ""), "verdict is neither": ballotForm(r, r.ID, "verdict", "perhaps"),
		"check is": ballotForm(r, r.ID, "check", ""), "check is not chosen": ballotForm(r, r.ID, "check", "proposer"),
		"note is empty": ballotForm(r, r.ID, "check", "not-checked", "note", "  "), "note cannot": ballotForm(r, r.ID, "note", strings.Repeat("x", 5000)),
		"minutes must be 1 to 60": ballotForm(r, r.ID, "minutes", "61"), "minutes must": ballotForm(r, r.ID, "minutes", "0"),
		"minutes": ballotForm(r, r.ID, "minutes", "99999999999"), "only names no": ballotForm(r, r.ID, "choose", "yes"),
		"only names a target": ballotForm(r, r.ID, "only", "db-9"), "of is not waited for": ballotForm(r, canon.Sum([]byte("other"))),
		"of is": ballotForm(r, r.ID, "of", "5f0c"),
	} {
		form = maps.Clone(form)
		form.Set("nonce", strings.Repeat("5a", 32))
		w := h.request(http.MethodPost, "/draft/decision", form, "Accept", "application/json")
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), name) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for _, id := range []string{"", "../me", r.ID.String() + "/timeline", "0000000000000000"} {
		w := h.request(http.MethodPost, "/draft/decision", ballotForm(r, r.ID, "request", id+" "), "Accept", "application/json")
		if w.Code != http.StatusNotFound {
			t.Errorf("request %q: %d", id, w.Code)
		}
	}
}

// TestDecideWithoutAScript gives the command that signs the same.
func TestDecideWithoutAScript(t *testing.T) {
	r, more := waiting(), extending()
	for want, form := range map[string]url.Values{
		"halligan approve " + r.Short + " --check video --for 30m --only db-1": ballotForm(r, r.ID, "check", "video", "minutes", "30", "choose", "yes", "only", "db-1"),
		"halligan deny " + r.Short + " --check not-checked --note &#34;…&#34;": ballotForm(r, r.ID, "verdict", "deny", "check", "not-checked", "note", "x"),
		"halligan deny " + r.Short + " --extension --check call-back":          ballotForm(more, more.Extensions[0].ID, "verdict", "deny"),
		"halligan deny " + r.Short + " --grant --check call-back":              ballotForm(more, more.ID, "verdict", "deny"),
		"halligan approve " + r.Short + " --check call-back</code>":            ballotForm(more, more.Extensions[0].ID),
	} {
		of := r
		if form.Get("of") != r.ID.String() || strings.Contains(want, "--grant") {
			of = more
		}
		w := requested(t, of).request(http.MethodPost, "/draft/decision", form)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", want, w.Code, w.Body)
			continue
		}
		has(t, w.Body.String(), want)
	}
}

// TestDecideIsLight holds what a phone with a bad line must load before it can sign.
func TestDecideIsLight(t *testing.T) {
	r := waiting()
	h := requested(t, r)
	page := h.page("/requests/" + r.ID.String() + "/decide")
	total, loaded := len(page), 0
	for _, part := range strings.Split(page, `"`) {
		if strings.HasPrefix(part, "/static/") {
			total += h.request(http.MethodGet, part, nil).Body.Len()
			loaded++
		}
	}
	if loaded < 4 || total > 100_000 {
		t.Errorf("%d bytes in %d parts", total, loaded)
	}
	t.Logf("%d bytes in %d parts", total, loaded)
}
