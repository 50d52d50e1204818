package web

import "github.com/halligan-dev/halligan/internal/view"

// heap is the findings of one urgency.
type heap struct {
	ID, Title string
	Findings  []view.Finding
}

// tally is how often something was refused, by something.
type tally struct {
	Title, Head string
	Counts      map[string]int64
}

// findings is what is not as it should be, what cannot wait first.
func (p *pages) findings(c *call) error {
	var found view.Findings
	if err := p.get(c, "/api/v1/findings", &found); err != nil {
		return err
	}
	body := struct {
		Heaps    []heap
		Refused  view.Refusals
		Tallies  []tally
		Security bool
	}{
		Heaps:   []heap{{ID: string(view.UrgencyNow), Title: "Look at once"}, {ID: string(view.UrgencyToday), Title: "Look today"}, {ID: string(view.UrgencyLater), Title: "When there is time"}},
		Refused: found.Refused, Security: c.me.Security,
		Tallies: []tally{{"Refused, by reason", "Reason", found.Refused.ByReason}, {"Refused, by person", "Person", found.Refused.ByPerson}},
	}
	for _, each := range found.Findings {
		for i := range body.Heaps {
			if body.Heaps[i].ID == string(each.Urgency) {
				body.Heaps[i].Findings = append(body.Heaps[i].Findings, each)
			}
		}
	}
	return p.show(c, "findings", shown{Title: "Findings", Place: "findings", Live: "/findings", Body: body})
}
