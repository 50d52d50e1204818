package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

// salt is the one of the words of every request here.
const salt = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"

// ago is an instant before the one at which tests look.
func ago(d time.Duration) canon.Time { return canon.At(instant.Add(-d)) }

// in is an instant after it.
func in(d time.Duration) canon.Time { return canon.At(instant.Add(d)) }

// waiting is a request of ilya's that waits for one more signature, which may be
// mara's.
func waiting() view.Request {
	return view.Request{
		ID: canon.Sum([]byte("waiting")), Short: canon.Sum([]byte("waiting")).Short(), Scenario: "database-locked-out",
		ScenarioDigest: canon.Sum([]byte("scenario")), State: access.Pending, Title: "Production database refuses everyone",
		Requester: "ilya", Severity: "SEV1", For: 3600, Targets: []string{"db-1", "db-2"}, Incident: "PD-4711",
		Why: &view.Note{Hash: canon.Sum([]byte("why")), Text: "Pool exhausted, nobody can connect,\npayments fail."}, Address: "192.0.2.7",
		At: ago(2 * time.Minute), Lapses: in(58 * time.Minute), Salt: salt,
		Opens: []view.Opening{
			{Target: "db-1", Text: "Log in to db-1 (db-1.example.com:22) as root; from anywhere; with a terminal, without forwarding of the agent, ports or X11."},
			{Target: "db-2", Text: "Log in to db-2 (db-2.example.com:22) as root; from 192.0.2.7 only; with a terminal."},
		},
		Symptoms: []view.Symptom{{Name: "pooler", Text: "pooler (tcp db.example.com:5432): from office it does not answer, at 03:05:40 UTC."}},
		Legs: []view.Leg{
			{From: "group:security", Count: 1, Missing: 1, CouldFill: []string{"mara", "sue"}, Text: "1 of security is missing: mara or sue could sign"},
			{From: "group:dba-leads", Count: 1, Filled: []string{"noor"}, Text: "1 of dba-leads: signed by noor"},
		},
		Decisions: []view.Decision{{Approver: "noor", Approves: true, Check: "call-back", At: ago(time.Minute), Text: "noor agrees, after a call back"}},
		Told: []view.Told{
			{Channel: "pager", Event: "request-made", Delivered: true, At: ago(119 * time.Second)},
			{Channel: "chat", Event: "request-made", At: ago(118 * time.Second)},
		},
		Known: "waiting for 1 of 2 signatures; nothing is open",
		Next: []view.Step{
			{Text: "1 of security is missing: mara or sue could sign."},
			{At: in(8 * time.Minute), Text: "Unless it is agreed before, engineering-managers may sign in place of security."},
			{At: in(58 * time.Minute), Text: "The request lapses unless its quorum is filled before."},
		},
		Acts: []view.Act{view.MayApprove, view.MayDeny, view.MayStop},
	}
}

// granted is the same, agreed and open.
func granted() view.Request {
	r := waiting()
	r.State, r.Missing, r.Acts = access.Granted, nil, []view.Act{view.MayDeny, view.MayStop}
	r.Grant = &view.Grant{From: ago(18 * time.Minute), Until: in(41*time.Minute + 12*time.Second), Remaining: 2472, Targets: r.Targets, By: []string{"noor", "mara"}}
	r.Leases = []view.Lease{
		{Target: "db-1", Host: "db-1", State: access.LeaseOpen, Issued: 3, Known: "db-1 is open; the newest of 3 credentials were issued"},
		{Target: "db-2", Host: "db-2", State: access.LeaseClosing, Issued: 1, Overdue: true, OtherWay: "the console", Known: "db-2 is closing since 02:58:00 UTC: 1 credential can live until 03:09:00 UTC"},
	}
	r.Legs = []view.Leg{{From: "group:security", Count: 1, Filled: []string{"mara"}, Text: "1 of security: signed by mara"}}
	r.Known = "db-2 is closing since 02:58:00 UTC; open: db-1; the window ends at 03:48:24 UTC"
	r.Next = []view.Step{{At: in(41*time.Minute + 12*time.Second), Text: "The window ends: what is open begins to close, and the review opens."}}
	return r
}

// extending is the same, with more time that waits.
func extending() view.Request {
	r := granted()
	r.Extensions = []view.Extension{{
		ID: canon.Sum([]byte("extension")), Short: canon.Sum([]byte("extension")).Short(), State: access.Pending, For: 1800, Targets: []string{"db-1"},
		Why: &view.Note{Hash: canon.Sum([]byte("longer")), Text: "the restore is at 60 percent"}, At: ago(time.Minute), Until: in(30 * time.Minute),
		Legs: []view.Leg{{From: "group:security", Count: 1, Missing: 1, CouldFill: []string{"mara"}, Text: "1 of security is missing: mara could sign"}},
		Text: "ilya asked at 03:06:12 UTC to go on for 30m from the last signature, on db-1: it waits.",
	}}
	r.Acts = []view.Act{view.MayApproveExtension, view.MayDenyExtension, view.MayDeny, view.MayStop}
	return r
}

// people are those of every cell here.
func people() view.People {
	return view.People{People: []view.Person{
		{ID: "ilya", Name: &view.Note{Text: "Ilya Petrov"}, Contact: &view.Note{Text: "call +49 30 123 456, desk 4.12"}, Keys: []view.Key{}},
		{ID: "mara", Name: &view.Note{Text: "Mara Lind"}, Keys: []view.Key{}},
	}, Groups: []view.Group{}}
}

// scenario is the one of every request here.
func scenario() view.Scenario {
	return view.Scenario{
		ID: "database-locked-out", Title: "Production database refuses everyone", Digest: canon.Sum([]byte("scenario")),
		UseWhen: []string{"Nobody can log in the normal way"}, DoNotUseWhen: []string{"A look at the data is enough"},
		Conditions: []string{"It may be asked for and used from 10.0.0.0/8 only."}, Severities: []view.Terms{{Severity: "SEV1", Longest: 3600}},
	}
}

// moments are a timeline.
func moments(id canon.Digest) any {
	return map[string]any{"id": id, "moments": []view.Moment{
		{Entry: 7, At: ago(2 * time.Minute), Event: "request-made", Who: "ilya", Text: "ilya asks for database-locked-out at SEV1."},
		{Entry: 8, At: ago(119 * time.Second), Event: "alarm-answered", Text: "Channel pager took the alarm."},
		{Entry: 9, At: ago(time.Minute), Event: "symptom-looked-at", Text: "Symptom pooler: from office it does not answer."},
		{Entry: 10, At: ago(time.Minute), Event: "lease-proved", Host: "db-1", Text: "Host db-1 listed no session."},
	}}
}

// requested is a house in which mara looks at a request.
func requested(t *testing.T, r view.Request) *house {
	path := "/api/v1/requests/" + r.ID.String()
	return open(t, map[string]any{
		path: r, "/api/v1/requests/" + r.Short: r, path + "/timeline": moments(r.ID),
		"/api/v1/people": people(), "/api/v1/scenarios/database-locked-out": scenario(),
	})
}

// as is the same house with somebody else in it.
func (h *house) as(person string) *house {
	h.says["/api/v1/me"] = map[string]any{"id": person, "may_ask": []string{}}
	return h
}

// hasNot demands that a page says none of some things.
func hasNot(t *testing.T, page string, unwanted ...string) {
	t.Helper()
	for _, each := range unwanted {
		if strings.Contains(page, each) {
			t.Errorf("the page has %q:\n%s", each, page)
		}
	}
}

func TestRequestThatWaits(t *testing.T) {
	r := waiting()
	h := requested(t, r)
	page := h.page("/requests/" + r.ID.String())
	has(t, page, "Production database refuses everyone", "Ilya Petrov", ">IP</span>", "ilya", "PD-4711", "Pool exhausted, nobody can connect,\npayments fail.",
		"Waiting for 1 of 2 signatures; nothing is open.", `href="tel:&#43;4930123456"`, "desk 4.12", `<span class="tag wait">you</span>`, "signed by noor",
		"What it would open", "from 192.0.2.7 only", "does not answer", "Signed by ilya.", "The server’s word.", "Signed by host db-1.",
		"engineering-managers may sign", `data-live="/requests/`+r.ID.String()+`"`, "/decide", "/stop",
		"pager</bdi> took 1 alarm", "chat</bdi> has taken nothing of it", "/evidence", "halligan approve "+r.Short)
	hasNot(t, page, "Channel pager took the alarm", "/withdraw", "/extend", "/attest", "/outage", "/alone", "Time left")
	if len(h.asked) != 4 {
		t.Errorf("the API was asked %q", h.asked)
	}
}

// TestRequestSaysItsWords works the same words out that the command line does.
func TestRequestSaysItsWords(t *testing.T) {
	r := waiting()
	said := wordsOf(t, r.ID, salt)
	has(t, requested(t, r).page("/requests/"+r.ID.String()), `translate="no">`+said+"</p>", "Call back, and hear these words.")
	own := requested(t, r).as("ilya").page("/requests/" + r.ID.String())
	has(t, own, said, "Your words. Whoever calls you back must ask for them.", "You asked 2 min ago")
	hasNot(t, own, "tel:")
	r.Salt = "spoiled"
	hasNot(t, requested(t, r).page("/requests/"+r.ID.String()), `class="words"`)
}

func TestRequestThatIsOpen(t *testing.T) {
	r := granted()
	page := requested(t, r).page("/requests/" + r.ID.String())
	has(t, page, "41:12", "<p>db-2 is closing since", "db-2 is closing since", "By hand: the console", "Closing means that the end is not proved yet.", "/decide", ">Deny</a>", "/stop")
	hasNot(t, page, "halligan exec", "What it would open")
	r.Acts = []view.Act{view.MayStop, view.MayExtend}
	own := requested(t, r).as("ilya").page("/requests/" + r.ID.String())
	has(t, own, "halligan exec "+r.Short, "halligan release "+r.Short, "/extend", "or in the browser, that asked")
	hasNot(t, own, "/decide")
}

func TestRequestThatIsOver(t *testing.T) {
	r := granted()
	r.State, r.Grant.Remaining, r.Acts = access.Ended, 0, []view.Act{view.MayAttest}
	r.End = &view.End{End: access.End{At: ago(time.Minute)}, Text: "it was stopped by sue"}
	r.Review = &view.Review{Text: "The review is due at 03:00:00 UTC: nobody has written it."}
	r.Solo = &view.Solo{Taken: ago(time.Hour), Open: true, Heard: "pager", Text: "ilya went in alone, without a quorum. It is NOT REVIEWED."}
	page := requested(t, r).page("/requests/" + r.ID.String())
	has(t, page, "it was stopped by sue", "nobody has written it", "/review", "/attest", "taken alone · not reviewed", "Channel pager was the first")
	hasNot(t, page, "data-until", "/stop\"", "/decide", `class="words"`)
}

func TestRequestWithMoreTime(t *testing.T) {
	r := extending()
	page := requested(t, r).page("/requests/" + r.ID.String())
	has(t, page, "more time is asked for", "the restore is at 60 percent", "it waits", "Look and decide")
}

// TestRequestTellsTheNewest of many moments, and how many there were before.
func TestRequestTellsTheNewest(t *testing.T) {
	r := waiting()
	h := requested(t, r)
	var many []view.Moment
	for i := range 500 {
		many = append(many, view.Moment{Entry: int64(i), At: r.At, Event: "x", Text: fmt.Sprintf("Moment %d.", i)})
	}
	h.says["/api/v1/requests/"+r.ID.String()+"/timeline"] = map[string]any{"id": r.ID, "moments": many}
	page := h.page("/requests/" + r.ID.String())
	has(t, page, "300 earlier moments are in the evidence.", "Moment 300.", "Moment 499.")
	hasNot(t, page, "Moment 299.")
}

// TestLimitedReader is shown that a request exists, and asks for nothing more.
func TestLimitedReader(t *testing.T) {
	r := waiting()
	limited := view.Request{ID: r.ID, Short: r.Short, Scenario: r.Scenario, State: r.State, Limited: true}
	h := requested(t, limited)
	page := h.page("/requests/" + r.ID.String())
	has(t, page, "database-locked-out", "waiting", "and no more")
	hasNot(t, page, "ilya", "PD-4711", "evidence", "words", "/outage")
	if len(h.asked) != 2 {
		t.Errorf("the API was asked %q", h.asked)
	}
	limited.Acts = []view.Act{view.MayWitness}
	has(t, requested(t, limited).page("/requests/"+r.ID.String()), "/outage")
}

// TestShortIDLeadsToTheWhole on every page of a request.
func TestShortIDLeadsToTheWhole(t *testing.T) {
	r := waiting()
	h := requested(t, r)
	for _, tail := range []string{"", "?part=main", "/decide", "/decide?of=grant"} {
		w := h.request(http.MethodGet, "/requests/"+r.Short+tail, nil)
		if to := w.Header().Get("Location"); w.Code != http.StatusSeeOther || to != "/requests/"+r.ID.String()+tail {
			t.Errorf("%s: %d to %s", tail, w.Code, to)
		}
	}
	if w := h.request(http.MethodGet, "/requests/0123456789abcdef", nil); w.Code != http.StatusNotFound {
		t.Errorf("no such request: %d", w.Code)
	}
}
