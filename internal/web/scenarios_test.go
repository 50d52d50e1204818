package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// hostile is what a person might write to become markup.
const hostile = `<script>alert("x")</script>'"><img src=x onerror=alert(1)>&{{.}}`

// lockedOut is a scenario under which mara may ask.
func lockedOut() view.Scenario {
	return view.Scenario{
		ID: "database-locked-out", Title: "Production database refuses everyone", Digest: canon.Sum([]byte("scenario")), Owner: "data-platform",
		UseWhen:      []string{"Customers cannot pay and the cause is in the database", "Nobody can log in the normal way"},
		DoNotUseWhen: []string{"A read-only look is enough → runbook \"read replica\"", "The whole cluster is gone → scenario cluster-control-plane", "It is a drill"},
		MayRequest:   []string{"on-call"}, MayAsk: true,
		Severities: []view.Terms{
			{Severity: "SEV1", Longest: 3600, ReviewDue: 86400, Quorum: "1 of security and 1 of dba-leads"},
			{Severity: "SEV2", Longest: 7200, ReviewDue: 259200, Quorum: "2 of dba-leads"},
		},
		Opens: []view.Opening{
			{Target: "db-1", Host: "db1", Text: "Log in to db1 (db.prod.internal:22) as root; from anywhere."},
			{Target: "grants", Program: "grant-role", Browser: view.WhereOpened, Text: "Role admin: opened by the program grant-role for as long as the grant lives."},
			{Target: "prod-root", Envelope: "prod-root", Text: "The secret of envelope prod-root."},
		},
		Symptoms:   []string{"pool: tcp db.prod.internal:5432"},
		Conditions: []string{"It may be asked for and used from 10.0.0.0/8 only."},
		Ladder:     []string{"After 10m, managers may sign in place of dba-leads.", "After 20m, whoever asked may go in alone, to db-1 for 15m at most, at SEV1."},
		Channels:   []string{"pager", "incident-channel"}, Procedure: "Check replication lag before any failover.\nThen call.",
	}
}

// explains is what the API says of who could approve.
func explains(severity string, change func(*view.Explain)) view.Explain {
	v := view.Explain{
		Scenario: "database-locked-out", Title: "Production database refuses everyone", Severity: "SEV1", Requester: "mara", MayAsk: true, Longest: 3600,
		Quorum: "1 of security and 1 of dba-leads", Fillable: true, Single: []string{"noor"},
		Legs: []view.Pool{{From: "group:security", Count: 1, People: []string{"noor"}, Text: "1 of security: noor"}, {From: "group:dba-leads", Count: 1, People: []string{"ilya", "tomas"}, Text: "1 of dba-leads: ilya or tomas"}},
		Text: "It needs 1 of security and 1 of dba-leads, for 1h at most; it cannot be had without noor.",
	}
	if severity == "SEV2" {
		v.Severity, v.Longest, v.Quorum, v.Single = "SEV2", 7200, "2 of dba-leads", nil
		v.Legs, v.Text = v.Legs[1:], "It needs 2 of dba-leads, for 2h at most; no single person can hold it up."
	}
	if change != nil {
		change(&v)
	}
	return v
}

// document is the document in force of the fake cell.
var document = canon.Sum([]byte("document"))

// scenarioSays is what the fake API says around one scenario.
func scenarioSays(of view.Scenario) map[string]any {
	return map[string]any{
		"/api/v1/scenarios/" + of.ID: of,
		"/api/v1/scenarios":          map[string]any{"scenarios": []view.Scenario{of, {ID: "root-recovery", Title: "Root recovery", UseWhen: []string{"we need root"}}}},
		"/api/v1/cell":               map[string]any{"origin": cellName, "genesis": canon.Sum([]byte("genesis")), "document": document},
		"/api/v1/explain?scenario=database-locked-out&severity=SEV1": explains("SEV1", nil),
		"/api/v1/explain?scenario=database-locked-out&severity=SEV2": explains("SEV2", nil),
	}
}

func TestScenarios(t *testing.T) {
	h := open(t, scenarioSays(lockedOut()))
	page := h.page("/scenarios")
	has(t, page, `<a href="/scenarios/database-locked-out"><bdi>Production database refuses everyone</bdi></a>`, `href="/ask/database-locked-out"`,
		"SEV1: 1 h, <bdi>1 of security and 1 of dba-leads</bdi>", "You may ask under these", "Others may ask under these", "Root recovery")
	if strings.Contains(page, `href="/ask/root-recovery"`) {
		t.Error("it offers to ask where the reader may not")
	}
	if len(h.asked) != 2 {
		t.Errorf("the API was asked %q", h.asked)
	}
	has(t, open(t, map[string]any{"/api/v1/scenarios": map[string]any{"scenarios": []any{}}}).page("/scenarios"), "no scenario")
}

func TestScenario(t *testing.T) {
	h := open(t, scenarioSays(lockedOut()))
	page := h.page("/scenarios/database-locked-out")
	has(t, page, "Customers cannot pay", "A read-only look is enough", "runbook &#34;read replica&#34;", `<a href="/scenarios/cluster-control-plane">`, "It is a drill",
		"1 of security and 1 of dba-leads", "1 h", "24 h after its end", "Log in to db1", "opened by the program", "After 10m, managers may sign",
		"10.0.0.0/8 only", "pool: tcp", "cannot be had without noor", "1 of dba-leads: ilya or tomas", "Check replication lag before any failover.\nThen call.",
		canon.Sum([]byte("genesis")).String(), document.String(), "Monday 30 November 2026, 03:07 UTC", "?sheet="+document.Short(), "Who hears of every request: <bdi>pager and incident-channel</bdi>")
	if strings.Contains(page, "stale: it is by document") {
		t.Error("a page that nobody printed is stale")
	}
	if len(h.asked) != 5 {
		t.Errorf("the API was asked %q", h.asked)
	}
	if strings.Contains(h.page("/scenarios/database-locked-out?sheet="+document.Short()), "is stale:") {
		t.Error("a sheet of the document in force is stale")
	}
	has(t, h.page("/scenarios/database-locked-out?sheet=0123456789abcdef"), "The sheet that you hold is stale", "0123456789abcdef")
	if strings.Contains(h.page("/scenarios/database-locked-out?sheet=call+mallory"), "mallory") {
		t.Error("the page says what a link says")
	}
	if w := h.request(http.MethodGet, "/scenarios/nothing", nil); w.Code != http.StatusNotFound {
		t.Errorf("a scenario that is not there: %d", w.Code)
	}
}

// TestScenarioHidden: what the API keeps from a reader is said to be kept.
func TestScenarioHidden(t *testing.T) {
	of := lockedOut()
	of.Procedure, of.MayAsk, of.DoNotUseWhen, of.Ladder = "", false, nil, nil
	says := scenarioSays(of)
	says["/api/v1/explain?scenario=database-locked-out&severity=SEV1"] = explains("SEV1", func(v *view.Explain) {
		v.MayAsk, v.WhyNot, v.Late = false, []string{"mara is not in on-call."}, "The review of 5f0c is overdue."
	})
	h := open(t, says)
	page := h.page("/scenarios/database-locked-out")
	has(t, page, "None is written, or it is not for you", "You could not ask at SEV1 now", "mara is not in on-call.", "The review of 5f0c is overdue.", "It names nothing.", "Nothing more happens")
	if strings.Contains(page, `href="/ask/database-locked-out"`) {
		t.Error("it offers to ask where the reader may not")
	}
}

// TestT32ScenarioText puts markup into everything that a person writes.
func TestT32ScenarioText(t *testing.T) {
	of := lockedOut()
	of.Title, of.Owner, of.Procedure = hostile, hostile, hostile
	of.UseWhen, of.DoNotUseWhen, of.Symptoms, of.Conditions, of.Ladder = []string{hostile}, []string{hostile + " → " + hostile}, []string{hostile}, []string{hostile}, []string{hostile}
	of.MayRequest, of.Channels = []string{hostile}, []string{hostile}
	of.Severities[0].Quorum, of.Opens[0].Text, of.Opens[0].Target = hostile, hostile, hostile
	h := open(t, scenarioSays(of))
	for _, path := range []string{"/scenarios", "/scenarios/database-locked-out"} {
		harmless(t, h.page(path))
	}
}

// harmless demands that nothing of the hostile text became markup.
func harmless(t *testing.T, page string) {
	t.Helper()
	if !strings.Contains(page, "&lt;script&gt;alert(") {
		t.Error("the hostile text is not on the page at all")
	}
	for _, bad := range []string{"<script>alert", "<img src=x"} {
		if strings.Contains(page, bad) {
			t.Errorf("%s became markup", bad)
		}
	}
}
