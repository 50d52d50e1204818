package web_test

import (
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
	h := open(t, map[string]any{"/api/v1/now": now, "/api/v1/inbox": view.Inbox{Requests: []view.Ask{asked}}})
	page := h.page("/")
	has(t, page, "<h1>Two doors are open</h1>", "Production database refuses everyone", "41:12", "db-1", "/requests/"+grant.ID.String()+"/stop",
		"Nobody waits.", "1 entry", "/requests/"+asked.ID.String()+"/decide", "tomas asked 4 min ago", "You may know that it is open, and no more.")
	if len(h.asked) != 3 {
		t.Errorf("the API was asked %q", h.asked)
	}
	has(t, h.page("/?part=main"), "Two doors are open")
}
