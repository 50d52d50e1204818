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

// openGrant is a grant that mara may see.
func openGrant() view.Request {
	now := canon.At(instant)
	return view.Request{
		ID: canon.Sum([]byte("open")), Scenario: "database-locked-out", Title: "Production database refuses everyone", State: access.Granted,
		Requester: "ilya", Severity: "SEV1", Incident: "PD-4711",
		Grant:  &view.Grant{From: now.Add(-20 * time.Minute), Until: now.Add(41*time.Minute + 12*time.Second), Remaining: 2472, By: []string{"mara", "noor"}},
		Leases: []view.Lease{{Target: "db-1", Host: "db-1", State: access.LeaseOpen, Known: "open; 1 certificate was issued"}},
	}
}

func TestNow(t *testing.T) {
	grant := openGrant()
	hidden := view.Request{ID: canon.Sum([]byte("hidden")), Scenario: "deploy-pipeline", State: access.Granted, Limited: true}
	now := view.Now{
		Cell: cellName, Sealed: true, Rules: 2, Epoch: 1, Witness: "cosigned", Headline: "Two doors are open", Entries: 1,
		Live: []view.Request{grant, hidden}, Closing: []view.Request{}, Waiting: []view.Row{},
	}
	asked := view.Ask{Row: view.Row{ID: canon.Sum([]byte("asked")), Title: "Identity provider down", Requester: "tomas", Severity: "SEV2", At: canon.At(instant.Add(-4 * time.Minute))}, Legs: []string{"security"}}
	due := view.ReviewRow{ID: canon.Sum([]byte("due")), Title: "Deploy pipeline broken", Requester: "noor", Stands: view.ReviewWritten, Due: canon.At(instant.Add(5 * time.Hour))}
	late := view.ReviewRow{ID: canon.Sum([]byte("late")), Scenario: "secret-scenario", Stands: view.ReviewOverdue, Limited: true}
	signed := view.ReviewRow{ID: canon.Sum([]byte("signed")), Title: "Long signed off", Stands: view.ReviewSigned}
	h := open(t, glance(now, view.Inbox{Requests: []view.Ask{asked}}, []view.ReviewRow{late, due, signed}, figures(12)))
	page := h.page("/")
	has(t, page, "Reviews due", "due in 5 h, to be signed off", "secret-scenario", "Time to access, last 12 emergencies", `aria-labelledby="samples-title samples-desc"`, `href="/?wall"`)
	lacks(t, page, "Long signed off", late.ID.String(), `class="head wall"`)
	has(t, page, "<h1>Two doors are open</h1>", "Production database refuses everyone", "41:12", "db-1", "/requests/"+grant.ID.String()+"/stop",
		"Nobody waits.", "1 entry", "/requests/"+asked.ID.String()+"/decide", "tomas asked 4 min ago", "You may know that it is granted, and no more.")
	if len(h.asked) != 5 {
		t.Errorf("the API was asked %q", h.asked)
	}
	has(t, h.page("/?part=main"), "Two doors are open")
}

// glance is what the API answers to the first page.
func glance(now view.Now, inbox view.Inbox, reviews []view.ReviewRow, numbers view.Numbers) map[string]any {
	return map[string]any{"/api/v1/now": now, "/api/v1/inbox": inbox, "/api/v1/reviews": map[string]any{"reviews": reviews}, "/api/v1/numbers": numbers}
}

// TestNowOnAWall fits: what there is no room for is counted, and nothing on it is
// the reader's own.
func TestNowOnAWall(t *testing.T) {
	var now view.Now
	now.Headline = "Nine doors are open"
	for range 9 {
		now.Live = append(now.Live, openGrant())
		now.Waiting = append(now.Waiting, view.Row{Title: "Identity provider down"})
	}
	now.Closing = []view.Request{openGrant()}
	asked := view.Ask{Row: view.Row{Title: "For mara alone"}}
	h := open(t, glance(now, view.Inbox{Requests: []view.Ask{asked}}, nil, figures(0)))
	page := h.page("/?wall")
	has(t, page, `class="head wall"`, `data-live="/?wall"`, "12 more that have no room here.", "Nothing was opened yet that you may see.", "None is owed.")
	lacks(t, page, "For mara alone", "Hang it on a wall")
	if n := strings.Count(page, `aria-label="Granted: `); n != 4 {
		t.Errorf("%d open grants are on the wall", n)
	}
	has(t, h.page("/"), "For mara alone")
}

// lightest is how many bytes the first page and everything that it needs may be on
// the wire.
const lightest = 100_000

// TestNowIsLightInTheWorstNight: with two hundred of everything the first page comes
// through a bad connection all the same, counts right, and leads to what it leaves out.
func TestNowIsLightInTheWorstNight(t *testing.T) {
	const many = 200
	now := view.Now{Headline: "200 doors are open, 200 closing"}
	var inbox view.Inbox
	var reviews []view.ReviewRow
	for i := range many {
		grant := openGrant()
		grant.ID = canon.Sum(fmt.Append(nil, i))
		over := grant
		over.State = access.Ended
		row := view.Row{ID: grant.ID, Title: grant.Title, Requester: "tomas", Severity: "SEV2", At: canon.At(instant), Known: "waiting for 1 of 2 signatures; nothing is open"}
		now.Live, now.Closing, now.Waiting = append(now.Live, grant), append(now.Closing, over), append(now.Waiting, row)
		inbox.Requests = append(inbox.Requests, view.Ask{Row: row, Legs: []string{"security"}})
		reviews = append(reviews, view.ReviewRow{ID: grant.ID, Title: grant.Title, Requester: "noor", Stands: view.ReviewOverdue, Due: canon.At(instant)})
	}
	h := open(t, glance(now, inbox, reviews, figures(12)))
	w := h.request(http.MethodGet, "/", nil, "Accept-Encoding", "gzip, deflate, br")
	page := w.Body.String()
	if w.Header().Get("Content-Encoding") != "" {
		t.Error("a page is compressed: its length would tell what stands in it")
	}
	bytes := len(page)
	for _, part := range strings.Split(page, `"`) {
		if strings.HasPrefix(part, "/static/") {
			bytes += h.request(http.MethodGet, part, nil, "Accept-Encoding", "gzip, deflate, br").Body.Len()
		}
	}
	t.Logf("%d bytes, of which %d are the page", bytes, len(page))
	if bytes > lightest {
		t.Errorf("%d bytes with its assets, more than %d", bytes, lightest)
	}
	has(t, page, "188 more are granted", `<a href="/requests?state=granted">And 148 more</a>`, "188 more are closing", `<a href="/requests?state=pending">And 160 more</a>`,
		`<a href="/reviews">And 160 more</a>`, "And 160 more: <code>halligan inbox</code>")
	if n := strings.Count(page, `aria-label="Granted: `); n != 12 {
		t.Errorf("%d grants are shown whole", n)
	}
}

// TestT32NowEscapes has every text of the first page be hostile.
func TestT32NowEscapes(t *testing.T) {
	grant := openGrant()
	grant.Title, grant.Requester, grant.Incident, grant.Grant.By = hostile, hostile, hostile, []string{hostile}
	grant.Leases[0].Target, grant.Leases[0].Known, grant.Leases[0].OtherWay = hostile, hostile, hostile
	now := view.Now{Headline: hostile, Notes: []string{hostile}, Live: []view.Request{grant}, Closing: []view.Request{grant}, Alone: []view.Request{grant},
		Waiting: []view.Row{{Title: hostile, Requester: hostile, Known: hostile}}}
	inbox := view.Inbox{Requests: []view.Ask{{Row: view.Row{Title: hostile, Requester: hostile}, Legs: []string{hostile}}}, Shares: []view.Share{{Envelope: hostile}}}
	numbers := figures(1)
	numbers.Samples[0].Title = hostile
	h := open(t, glance(now, inbox, []view.ReviewRow{{Title: hostile, Requester: hostile}}, numbers))
	harmless(t, h.page("/"))
	harmless(t, h.page("/?wall"))
}
