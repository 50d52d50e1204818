package view

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Row is one request in a list. Limited is as in Request.
type Row struct {
	ID        canon.Digest    `json:"id"`
	Short     string          `json:"short"`
	Scenario  string          `json:"scenario"`
	State     access.State    `json:"state"`
	Limited   bool            `json:"limited,omitzero"`
	Title     string          `json:"title,omitempty"`
	Requester string          `json:"requester,omitempty"`
	Severity  access.Severity `json:"severity,omitempty"`
	Targets   []string        `json:"targets,omitempty"`
	Incident  string          `json:"incident,omitempty"`
	At        canon.Time      `json:"at,omitzero"`
	Until     canon.Time      `json:"until,omitzero"`   // of the grant
	Settled   bool            `json:"settled,omitzero"` // over, and everything is proved dead
	Known     string          `json:"known,omitempty"`
}

func (s *state) row(viewer string, r *access.Request, at Instant) Row {
	if !s.maySee(viewer, r) {
		return Row{ID: r.ID, Short: r.ID.Short(), Scenario: r.Scenario, State: r.State, Limited: true}
	}
	row := Row{
		ID: r.ID, Short: r.ID.Short(), Scenario: r.Scenario, State: r.State, Title: s.title(r.Scenario),
		Requester: r.Requester, Severity: Gravity(r), Targets: r.Targets, Incident: r.Incident, At: r.At,
		Settled: r.Settled(), Known: s.known(r, at),
	}
	if r.Grant != nil {
		row.Until = r.Grant.Until
	}
	return row
}

// Query says which requests are wanted.
type Query struct {
	States   []access.State // none: any
	Person   string         // who asked or decided; only what the viewer may see is searched
	Scenario string
	Before   int64 // only requests whose newest entry is before this index; 0: any
	Most     int   // rows; 0 or more than RowsMost is RowsMost
}

// RowsMost bounds the rows of one page.
const RowsMost = 200

// Page is a part of a list, newest entry first. Next is the Query.Before of
// the next page, 0 when there is none.
type Page struct {
	Rows []Row `json:"rows"`
	Next int64 `json:"next,omitzero"`
}

// List lists the requests that the view holds: all that are not settled, and
// the newest that are.
func (c *Cell) List(viewer string, q Query, at Instant) Page {
	return read(c, func(s *state) Page { return s.rows(viewer, q, s.all(), at) })
}

// Rows is List over requests that the caller has, newest entry first: those of
// a page of the store. Next goes on after the last of them that was looked at,
// and is 0 only if the last was; whether the store has more, it knows itself.
func (c *Cell) Rows(viewer string, q Query, held []Held, at Instant) Page {
	return read(c, func(s *state) Page { return s.rows(viewer, q, held, at) })
}

func (s *state) rows(viewer string, q Query, held []Held, at Instant) Page {
	most := q.Most
	if most <= 0 || most > RowsMost {
		most = RowsMost
	}
	page := Page{Rows: []Row{}}
	var last int64
	for _, h := range held {
		if q.Before > 0 && h.Last >= q.Before || !s.wanted(viewer, q, h.Request) {
			continue
		}
		if len(page.Rows) == most {
			page.Next = last
			break
		}
		page.Rows, last = append(page.Rows, s.row(viewer, h.Request, at)), h.Last
	}
	return page
}

func (s *state) wanted(viewer string, q Query, r *access.Request) bool {
	if len(q.States) > 0 && !slices.Contains(q.States, r.State) || q.Scenario != "" && q.Scenario != r.Scenario {
		return false
	}
	return q.Person == "" || s.maySee(viewer, r) && (q.Person == r.Requester || r.Decided(q.Person))
}
