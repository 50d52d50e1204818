package api_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/readiness"
)

// eyes look at nothing and count how often.
type eyes struct{ looks int }

func (e *eyes) Look(context.Context) readiness.Looked {
	e.looks++
	return readiness.Looked{}
}

// TestReadiness: members are told how it stands with the cell and with one scenario;
// what is outside is looked at when somebody asks, at most once a minute; strangers,
// and who names no scenario of the cell, are told nothing.
func TestReadiness(t *testing.T) {
	e := &eyes{}
	h := open(t, func(h *house) { h.looker = e })
	h.opened(h.granted("ann", "1", "db-1"))
	var all, one readiness.Report
	h.get("ann", "/api/v1/readiness").into(t, &all)
	if e.looks != 0 {
		t.Error("somebody looked unasked")
	}
	has := func(r readiness.Report, id string) bool {
		return slices.ContainsFunc(r.Items, func(i readiness.Item) bool { return i.ID == id })
	}
	// The hosts of this house never reported.
	if all.State != readiness.Red || !has(all, "host:db-1") || !has(all, "quorum:database-locked-out:SEV1") || !has(all, "backup") {
		t.Errorf("%+v", all)
	}
	h.get("ann", "/api/v1/readiness?scenario=database-locked-out").into(t, &one)
	if one.Scenario != "database-locked-out" || len(one.Items) == 0 {
		t.Errorf("%+v", one)
	}
	h.get("ann", "/api/v1/readiness?live=")
	if e.looks != 0 {
		t.Error("who only reads has somebody look")
	}
	look := func(path string) reply {
		return h.do(http.MethodPost, "/api/v1/readiness/look"+path, nil, "Authorization", "Bearer "+h.token("ann"))
	}
	for range 3 {
		var after readiness.Report
		look("?scenario=database-locked-out").into(t, &after)
		if after.Scenario != "database-locked-out" || len(after.Items) == 0 {
			t.Errorf("%+v", after)
		}
	}
	if e.looks != 1 {
		t.Errorf("%d looks within a minute", e.looks)
	}
	h.wall.move(2 * time.Minute)
	for _, r := range []reply{look("?scenario=none"), h.do(http.MethodPost, "/api/v1/readiness/look", nil)} {
		if r.Status != http.StatusNotFound && r.Status != http.StatusUnauthorized || e.looks != 1 {
			t.Errorf("%d, and %d looks", r.Status, e.looks)
		}
	}
	look("")
	if e.looks != 2 {
		t.Errorf("%d looks, and two minutes between the last", e.looks)
	}
	if r := h.get("ann", "/api/v1/readiness?scenario=none"); r.Status != http.StatusNotFound {
		t.Errorf("no scenario: %d", r.Status)
	}
	if r := h.do(http.MethodGet, "/api/v1/readiness", nil); r.Status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", r.Status)
	}
}

// TestReadinessOfTheCloud: what the cell has in AWS is among what readiness knows: its
// accounts, and who reads the organisation.
func TestReadinessOfTheCloud(t *testing.T) {
	h := open(t, func(h *house) {
		h.genesis.AWS = celltest.AWS()
		h.genesis.AWS.Accounts[0].Reader, h.genesis.AWS.Organization = true, "prod"
	})
	var all readiness.Report
	h.get("ann", "/api/v1/readiness").into(t, &all)
	for _, id := range []string{"organization", "account:prod", "guard:stage", "rules:prod", "rules:stage"} {
		if !slices.ContainsFunc(all.Items, func(i readiness.Item) bool { return i.ID == id && i.State == readiness.NotLooked && i.Do != "" }) {
			t.Errorf("%s is not among %+v", id, all.Items)
		}
	}
}
