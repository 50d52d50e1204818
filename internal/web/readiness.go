package web

import (
	"net/url"

	"github.com/halligan-dev/halligan/internal/view"
)

// shelf is the items of one state.
type shelf struct {
	ID, Title string
	Items     []view.ReadyItem
}

// readiness is whether each scenario could be used right now, worst first.
func (p *pages) readiness(c *call) error {
	asked, q := c.r.URL.Query(), url.Values{}
	if scenario := asked.Get("scenario"); scenario != "" {
		q.Set("scenario", scenario)
	}
	var report view.ReadyReport
	if err := p.get(c, withQuery("/api/v1/readiness", q), &report); err != nil {
		return err
	}
	body := struct {
		view.ReadyReport
		Shelves []shelf
	}{ReadyReport: report, Shelves: []shelf{
		{ID: string(view.LightRed), Title: "Red: it could not be used, or not be ended"},
		{ID: string(view.LightAmber), Title: "Amber: it hangs on something, or will not last"},
		{ID: string(view.LightNotLooked), Title: "Not looked at"},
		{ID: string(view.LightGreen), Title: "Green"},
	}}
	for _, item := range report.Items {
		for i := range body.Shelves {
			if body.Shelves[i].ID == string(item.State) {
				body.Shelves[i].Items = append(body.Shelves[i].Items, item)
			}
		}
	}
	return p.show(c, "readiness", shown{Title: "Readiness", Place: "readiness", Body: body})
}

// lookOutside has what is outside looked at, and shows how it stands then. It works
// without scripts.
func (p *pages) lookOutside(c *call) error {
	q := url.Values{}
	if scenario := c.form.Get("scenario"); scenario != "" {
		q.Set("scenario", scenario)
	}
	if err := p.post(c, withQuery("/api/v1/readiness/look", q), nil, nil); err != nil {
		return err
	}
	p.redirect(c, withQuery("/readiness", q))
	return nil
}
