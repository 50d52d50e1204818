package web

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/view"
)

// choice is one link of a filter.
type choice struct {
	Path, Text string
	Here       bool
}

// states is the word for each state of a request, the same on every page.
var states = map[access.State]string{
	access.Pending: "waiting", access.Granted: "granted", access.Ended: "ended", access.Denied: "denied",
	access.Withdrawn: "withdrawn", access.Lapsed: "lapsed", access.Void: "void", access.Reconciled: "carried back",
}

// requests lists requests, newest first.
func (p *pages) requests(c *call) error {
	wanted := c.wanted("state", "person", "scenario", "before")
	body := struct {
		view.Page
		States                  []choice
		State, Person, Scenario string
		Scenarios               []view.Scenario
		Filtered                bool
		Newer, Older            string
	}{
		States: stateChoices(wanted), State: wanted.Get("state"), Person: wanted.Get("person"), Scenario: wanted.Get("scenario"),
	}
	body.Filtered = body.State != "" || body.Person != "" || body.Scenario != ""
	if err := p.get(c, address("/api/v1/requests", wanted), &body.Page); err != nil {
		return err
	}
	var known struct {
		Scenarios []view.Scenario `json:"scenarios"`
	}
	if err := p.get(c, "/api/v1/scenarios", &known); err != nil {
		return err
	}
	body.Scenarios = known.Scenarios
	if wanted.Has("before") {
		body.Newer = address("/requests", without(wanted, "before"))
	}
	if body.Next != 0 {
		body.Older = address("/requests", with(wanted, "before", strconv.FormatInt(body.Next, 10)))
	}
	return p.show(c, "requests", shown{Title: "Requests", Place: "requests", Live: address("/requests", wanted), Body: body})
}

// stateChoices are the links by state, with what else is wanted kept.
func stateChoices(wanted url.Values) []choice {
	rest := without(wanted, "before")
	all := []choice{{Path: address("/requests", without(rest, "state")), Text: "all", Here: !rest.Has("state")}}
	for _, state := range access.States {
		all = append(all, choice{Path: address("/requests", with(rest, "state", string(state))), Text: states[state], Here: rest.Get("state") == string(state)})
	}
	return all
}

// wanted are the named parts of a page's query that say something. The API judges
// them; whatever else stands in the query is nobody's.
func (c *call) wanted(names ...string) url.Values {
	wanted := url.Values{}
	for _, name := range names {
		if value := strings.TrimSpace(c.r.URL.Query().Get(name)); value != "" {
			wanted.Set(name, value)
		}
	}
	return wanted
}

// address is a path with a query.
func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

func with(q url.Values, name, value string) url.Values {
	changed := without(q, name)
	changed.Set(name, value)
	return changed
}

func without(q url.Values, names ...string) url.Values {
	rest := url.Values{}
	for name, values := range q {
		rest[name] = values
	}
	for _, name := range names {
		rest.Del(name)
	}
	return rest
}
