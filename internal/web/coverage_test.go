package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// covered is what the API says of the scenario that is locked out.
func covered(away ...string) view.Coverage {
	return view.Coverage{
		Scenario: "database-locked-out", Severity: "SEV1", Quorum: "1 of security and 1 of dba-leads", At: canon.At(instant), Away: away, Askers: []string{"mara", "ilya"},
		Unproved: []string{"tomas"}, Shut: []string{"sat 00:00 to sun 24:00 UTC"}, Late: "The review of 5f0c is overdue.", Ready: view.Hangs,
		Steps: []view.Cover{
			{Legs: []view.Pool{{From: "group:security", Count: 1, People: []string{"noor"}, Text: "1 of security: noor"}}, Single: []view.Single{{Person: "noor"}},
				Thin: []view.Thin{{Legs: []string{"security"}, Places: 1, People: []string{"noor"}}}, Text: "Without noor it cannot be filled."},
			{After: 600, Adds: "managers may sign in place of security", Legs: []view.Pool{{Text: "1 of security: noor or sue", People: []string{"noor", "sue"}}}, Text: "It can be filled whoever asks."},
		},
		Solo:      "mara or ilya could go in alone.",
		Envelopes: []view.Cover{{Envelope: "prod-root", Legs: []view.Pool{{Text: "2 shares of prod-root: cleo or tomas", People: []string{"cleo", "tomas"}}}, Text: "Without any one of cleo and tomas it cannot be filled."}},
		Text:      "Without noor it cannot be filled.",
	}
}

// weekOf is a week that shuts each night until six.
func weekOf(from time.Time) view.Week {
	w := view.Week{Scenario: "database-locked-out", Severity: "SEV1", From: canon.At(from), Until: canon.At(from.AddDate(0, 0, 7))}
	midnight := from.Truncate(24 * time.Hour)
	add := func(from, until time.Time, ready view.Readiness, text string) {
		w.Stretches = append(w.Stretches, view.Stretch{From: canon.At(from), Until: canon.At(until), Ready: ready, Text: text})
	}
	add(from, midnight.Add(6*time.Hour), view.Shut, "Nobody may ask.")
	for d := range 7 {
		day := midnight.AddDate(0, 0, d)
		add(day.Add(6*time.Hour), day.AddDate(0, 0, 1), view.Hangs, "Without noor it cannot be filled.")
		if d < 6 {
			add(day.AddDate(0, 0, 1), day.AddDate(0, 0, 1).Add(6*time.Hour), view.Hangs, "Without noor it cannot be filled.")
		}
	}
	add(midnight.AddDate(0, 0, 7), from.AddDate(0, 0, 7), view.Ready, "It can be filled.")
	return w
}

func coverageSays() map[string]any {
	says := scenarioSays(lockedOut())
	change := view.Coverage{Quorum: "2 of security", Ready: view.Stuck, Text: "It cannot be filled.", Steps: []view.Cover{{Legs: []view.Pool{{People: []string{"noor", "vera"}}}}}}
	recovery := view.Coverage{Recovery: true, Quorum: "2 of trustees", Ready: view.Ready, Text: "It can be filled.", Steps: []view.Cover{{}}}
	for query, away := range map[string][]string{"": nil, "?without=ilya%2Csue": {"ilya", "sue"}} {
		says["/api/v1/coverage/every"+query] = map[string]any{"coverage": []view.Coverage{covered(away...), change, recovery}}
		says["/api/v1/coverage?scenario=database-locked-out&severity=SEV1"+strings.Replace(query, "?", "&", 1)] = covered(away...)
		says["/api/v1/coverage/week?scenario=database-locked-out&severity=SEV1"+strings.Replace(query, "?", "&", 1)] = weekOf(instant)
	}
	return says
}

func TestCoverageOfEverything(t *testing.T) {
	h := open(t, coverageSays())
	page := h.page("/coverage")
	has(t, page, `href="/coverage/database-locked-out?severity=SEV1">database-locked-out at SEV1</a>`, `<span class="tag wait">hangs on somebody</span>`, "Without noor it cannot be filled.",
		"A change of the cell", `<a href="/coverage" aria-current="page">Coverage</a>`, `<span class="tag live">cannot be filled</span>`, "A recovery of the cell", `<span class="tag dead">ready</span>`, "<code>halligan coverage</code>")
	for _, person := range []string{"mara", "ilya", "noor", "sue", "cleo", "tomas", "vera"} {
		if strings.Count(page, `name="away" value="`+person+`">`) != 1 {
			t.Errorf("%s cannot be ticked once", person)
		}
	}
	if len(h.asked) != 2 {
		t.Errorf("the API was asked %q", h.asked)
	}
	page = h.page("/coverage?away=sue&away=ilya&away=sue&away=")
	has(t, page, "with <bdi>ilya and sue</bdi> away", `value="sue" checked>`, `value="ilya" checked>`, `?away=ilya&amp;away=sue&amp;severity=SEV1">`, "halligan coverage --without ilya,sue", "<details class=\"card\" open>")
	if w := h.request(http.MethodGet, "/coverage?away=eve", nil); w.Code != http.StatusNotFound { // what the API says
		t.Errorf("a stranger: %d", w.Code)
	}
	if w := h.request(http.MethodGet, "/coverage?"+strings.Repeat("away=x&away=y", 1)+manyAway(), nil); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("too many: %d", w.Code)
	}
}

func manyAway() string {
	var b strings.Builder
	for i := range 201 {
		b.WriteString("&away=p" + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + string(rune('a'+i/26)))
	}
	return b.String()
}

func TestCoverageOfOne(t *testing.T) {
	h := open(t, coverageSays())
	page := h.page("/coverage/database-locked-out")
	has(t, page, "SEV1 needs <bdi>1 of security and 1 of dba-leads</bdi>", "Without noor it cannot be filled.", "The review of 5f0c is overdue.",
		"no key of theirs signed anything for 90 days: <bdi>tomas</bdi>", "could go in alone", "Nobody may ask: sat 00:00 to sun 24:00 UTC.", "1 of security: noor", "Thin: <bdi>security</bdi>, 1 person for 1 place.",
		"After 10 min, when <bdi>managers may sign in place of security</bdi>", "noor or sue", "Who could open envelope <bdi>prod-root</bdi>", `aria-current="page" href="/coverage/database-locked-out?severity=SEV1"`,
		`href="/coverage/database-locked-out?severity=SEV2"`, "halligan coverage database-locked-out --severity SEV1<")
	if len(h.asked) != 4 {
		t.Errorf("the API was asked %q", h.asked)
	}
	page = h.page("/coverage/database-locked-out?severity=SEV1&away=ilya&away=sue")
	has(t, page, "with <bdi>ilya and sue</bdi> away", `name="severity" value="SEV1"`, `?away=ilya&amp;away=sue&amp;severity=SEV2"`, `href="/coverage?away=ilya&amp;away=sue"`)
	if w := h.request(http.MethodGet, "/coverage/database-locked-out?severity=SEV9", nil); w.Code != http.StatusNotFound {
		t.Errorf("a severity that is not there: %d", w.Code)
	}
}

// TestWeekChart: each minute of the week is drawn once, and told in words as well.
func TestWeekChart(t *testing.T) {
	page := open(t, coverageSays()).page("/coverage/database-locked-out")
	has(t, page, `<th scope="row">Mon 30 Nov</th>`, `<rect class="plain" x="187" y="0" width="173"`, `<rect class="wait" x="360" y="0" width="1080"`,
		`<th scope="row">Mon 7 Dec</th>`, `<rect class="dead" x="0" y="0" width="187"`, `aria-hidden="true"`, "03:07 to 06:00 nobody may ask. 06:00 to 24:00 hangs on somebody.")
	if rows := strings.Count(page, "<svg"); rows != 8 {
		t.Errorf("%d days", rows)
	}
	// What only midnight parts is told once.
	has(t, page, "Mon 30 Nov 06:00 to Mon 7 Dec 00:00")
	if strings.Contains(page, "style=") {
		t.Error("the policy forbids style attributes")
	}
}

func TestT32CoverageText(t *testing.T) {
	says := coverageSays()
	v := covered(hostile)
	v.Text, v.Quorum, v.Late, v.Solo, v.Unproved = hostile, hostile, hostile, hostile, []string{hostile}
	v.Steps[1].Adds, v.Steps[0].Legs[0].Text, v.Steps[0].Legs[0].People, v.Steps[0].Thin[0].Legs, v.Envelopes[0].Envelope = hostile, hostile, []string{hostile}, []string{hostile}, hostile
	says["/api/v1/coverage/every"] = map[string]any{"coverage": []view.Coverage{v}}
	says["/api/v1/coverage?scenario=database-locked-out&severity=SEV1"] = v
	week := weekOf(instant)
	week.Stretches[0].Text, week.Stretches[0].Ready = hostile, hostile
	says["/api/v1/coverage/week?scenario=database-locked-out&severity=SEV1"] = week
	h := open(t, says)
	harmless(t, h.page("/coverage"))
	harmless(t, h.page("/coverage/database-locked-out"))
}
