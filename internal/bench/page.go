package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
	"github.com/halligan-dev/halligan/internal/web"
)

// pageGrants is how many grants are open on the page.
const pageGrants = 20

// measurePage is B10.
func (r *run) measurePage() error {
	says := pageAnswers(pageGrants)
	encoded := map[string][]byte{}
	for path, answer := range says {
		data, err := json.Marshal(answer, json.Deterministic(true))
		if err != nil {
			return err
		}
		encoded[path] = data
	}
	pages := web.New(web.Options{Name: "bench.example.com", Log: slog.New(slog.DiscardHandler), API: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		_, _ = w.Write(encoded[q.URL.Path])
	})})
	bytes := 0
	length := r.length(3 * time.Second)
	turns, err := interleave(r.rounds(5),
		side{"page", func() (turn, error) {
			return drive(1, length, func(int) error {
				w := httptest.NewRecorder()
				pages.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://bench.example.com/", nil))
				if bytes = w.Body.Len(); w.Code != http.StatusOK {
					return fmt.Errorf("status %d", w.Code)
				}
				return nil
			})
		}},
		side{"json", func() (turn, error) {
			return drive(1, length, func(int) error {
				for _, answer := range says {
					if _, err := json.Marshal(answer, json.Deterministic(true)); err != nil {
						return err
					}
				}
				return nil
			})
		}})
	if err != nil {
		return err
	}
	took := func(t turn) float64 { return float64(t.P50) }
	r.add(row{
		ID: "B10", What: fmt.Sprintf("the first page with %d open grants, from the API's answers", pageGrants), Ours: span(time.Duration(median(turns["page"], took))),
		Peer: "those answers encoded as JSON: " + span(time.Duration(median(turns["json"], took))), Ratio: ratio(turns["page"], turns["json"], took), Unit: "× time",
		Note: fmt.Sprintf("%d bytes of page; it reads the answers' JSON first, as it does in a server.", bytes),
	})
	return nil
}

// pageAnswers is what the API says to the first page while so many grants are open.
func pageAnswers(grants int) map[string]any {
	at := canon.At(time.Now())
	now := view.Now{Headline: fmt.Sprintf("%d doors are open", grants), Live: []view.Request{}, Closing: []view.Request{}, Waiting: []view.Row{}, Epoch: 1}
	numbers := view.Numbers{Periods: []view.Period{{Days: 30}, {Days: 90}}}
	for i := range grants {
		id := canon.Sum(fmt.Appendf(nil, "grant %d", i))
		now.Live = append(now.Live, view.Request{
			ID: id, Short: id.Short(), Scenario: "database-locked-out", Title: "Production database refuses everyone", State: access.Granted,
			Requester: "ilya", Severity: "SEV1", Incident: "PD-4711", At: at, Targets: []string{"db-1", "db-2"},
			Grant: &view.Grant{From: at, Until: at.Add(time.Hour), Remaining: 3600, Targets: []string{"db-1", "db-2"}, By: []string{"mara", "noor"}},
			Leases: []view.Lease{
				{Target: "db-1", Host: "db-1", State: access.LeaseOpen, Known: "open; 1 certificate was issued"},
				{Target: "db-2", Host: "db-2", State: access.LeaseOpen, Known: "open; nothing was issued"},
			},
			Known: "open: db-1 and db-2",
		})
		if i < 12 {
			numbers.Samples = append(numbers.Samples, view.Sample{ID: id, Scenario: "database-locked-out", Severity: "SEV1", At: at, Took: int64(60_000 + 1000*i)})
		}
	}
	return map[string]any{
		"/api/v1/me": map[string]any{"id": "mara"}, "/api/v1/now": now, "/api/v1/inbox": view.Inbox{}, "/api/v1/numbers": numbers,
		"/api/v1/reviews": map[string]any{"reviews": []view.ReviewRow{}},
	}
}
