package web

import "github.com/halligan-dev/halligan/internal/view"

// pile is the reviews that stand alike.
type pile struct {
	ID, Title, None string
	Reviews         []view.ReviewRow
}

// reviews lists reviews, what is overdue first.
func (p *pages) reviews(c *call) error {
	var all struct {
		Reviews []view.ReviewRow `json:"reviews"`
	}
	if err := p.get(c, "/api/v1/reviews", &all); err != nil {
		return err
	}
	piles := []pile{
		{ID: string(view.ReviewOverdue), Title: "Overdue", None: "No review is overdue."},
		{ID: string(view.ReviewOwed), Title: "To be written", None: "None waits to be written."},
		{ID: string(view.ReviewWritten), Title: "To be signed off", None: "None waits for a second person's word."},
		{ID: string(view.ReviewSigned), Title: "Signed off", None: "No review has been signed off yet."},
	}
	for _, row := range all.Reviews {
		for i := range piles {
			if piles[i].ID == string(row.Stands) {
				piles[i].Reviews = append(piles[i].Reviews, row)
			}
		}
	}
	return p.show(c, "reviews", shown{Title: "Reviews", Place: "reviews", Live: "/reviews", Body: piles})
}
