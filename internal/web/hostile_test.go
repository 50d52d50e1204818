package web_test

import (
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	texts "github.com/halligan-dev/halligan/internal/hostile"
	"github.com/halligan-dev/halligan/internal/view"
)

// spoiled is a request in which one text stands wherever a person, or a file, could
// have put it.
func spoiled(r view.Request, text string) view.Request {
	note := func() *view.Note { return &view.Note{Text: text} }
	r.Salt = "" // working the words out takes long, by design
	r.Title, r.Incident, r.Address, r.Why, r.Late, r.Outages = text, text, text, note(), text, []string{text}
	r.Targets = append(slices.Clone(r.Targets), text)
	r.Opens = append(slices.Clone(r.Opens), view.Opening{Target: text, Text: text})
	r.Symptoms = append(slices.Clone(r.Symptoms), view.Symptom{Name: text, Text: text})
	r.Legs = append(slices.Clone(r.Legs), view.Leg{From: text, Missing: 1, CouldFill: []string{text}, Text: text})
	r.Decisions = append(slices.Clone(r.Decisions), view.Decision{Approver: text, Text: text})
	r.Told = append(slices.Clone(r.Told), view.Told{Channel: text, At: r.At})
	r.Leases = slices.Clone(r.Leases)
	for i := range r.Leases {
		r.Leases[i].Target, r.Leases[i].Known, r.Leases[i].OtherWay = text, text, text
	}
	r.Next = append(slices.Clone(r.Next), view.Step{Text: text})
	r.Extensions = slices.Clone(r.Extensions)
	for i := range r.Extensions {
		r.Extensions[i].Why, r.Extensions[i].Text, r.Extensions[i].Targets = note(), text, []string{text}
	}
	if r.Solo != nil {
		solo := *r.Solo
		solo.Text, solo.Targets = text, []string{text}
		r.Solo = &solo
	}
	r.Review = &view.Review{Text: text}
	return r
}

// spoil has everything that the API says of a request hold one text.
func (h *house) spoil(r view.Request, text string) *house {
	h.says["/api/v1/requests/"+r.ID.String()] = spoiled(r, text)
	all := people()
	all.People[0].Name, all.People[0].Contact = &view.Note{Text: text}, &view.Note{Text: text}
	h.says["/api/v1/people"] = all
	of := scenario()
	of.UseWhen, of.DoNotUseWhen, of.Conditions = []string{text}, []string{text}, []string{text}
	h.says["/api/v1/scenarios/database-locked-out"] = of
	h.says["/api/v1/requests/"+r.ID.String()+"/timeline"] = map[string]any{"id": r.ID, "moments": []view.Moment{{At: r.At, Text: text, Who: text}}}
	h.says["/api/v1/now"] = view.Now{Headline: text, Notes: []string{text}, Live: []view.Request{spoiled(r, text)}, Waiting: []view.Row{}}
	h.says["/api/v1/inbox"] = view.Inbox{Requests: []view.Ask{{Row: view.Row{ID: r.ID, Title: text, Requester: text}, Legs: []string{text}}}}
	h.says["/api/v1/reviews"] = map[string]any{"reviews": []view.ReviewRow{{ID: r.ID, Title: text, Requester: text, Stands: view.ReviewOverdue}}}
	h.says["/api/v1/numbers"] = figures(3)
	return h
}

var tags = regexp.MustCompile(`</?[a-zA-Z][a-zA-Z0-9]*`)

// shape is the elements of a page in order: what people wrote must not change it.
func shape(page string) string { return strings.Join(tags.FindAllString(page, -1), " ") }

// TestT11PagesShowWhatEverySurfaceShows puts each hostile text everywhere on every
// page of a request and looks for two things: that it is there, spelled as the
// command line and the alarms spell it, and that it is nothing but text.
func TestT11PagesShowWhatEverySurfaceShows(t *testing.T) {
	own := alone()
	extends := extending()
	extends.Acts = append(extends.Acts, view.MayExtend, view.MayAttest)
	waits := waiting()
	waits.Acts = append(waits.Acts, view.MayWitness)
	pages := 0
	for _, each := range []struct {
		of    view.Request
		tails []string
	}{
		{waits, []string{"", "/decide", "/outage"}}, {extends, []string{"", "/decide", "/decide?of=grant", "/stop", "/extend", "/attest"}}, {own, []string{"/alone", "/withdraw"}},
	} {
		for _, tail := range append(each.tails, "now", "all") {
			path := map[string]string{"now": "/", "all": "/stop"}[tail]
			if path == "" {
				path = "/requests/" + each.of.ID.String() + tail
			}
			// A word that is no telephone number, as no hostile text is.
			h := requested(t, each.of)
			plain := shape(h.spoil(each.of, "harmless").page(path))
			for _, text := range texts.Texts() {
				page := h.spoil(each.of, text.Raw).page(path)
				pages++
				if !strings.Contains(html.UnescapeString(page), text.Shown) {
					t.Errorf("%s, %s: the page does not show it as %q:\n%s", path, text.Name, text.Shown, page)
				}
				if got := shape(page); got != plain {
					t.Errorf("%s, %s: the page has other elements:\n%s\nwant\n%s", path, text.Name, got, plain)
				}
				if i := strings.IndexFunc(page, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsGraphic(r) }); i >= 0 {
					t.Errorf("%s, %s: the page holds %q", path, text.Name, page[i:i+4])
				}
			}
		}
	}
	if pages == 0 {
		t.Fatal("no page was looked at")
	}
}

// TestT11LookAlikes names whoever asks by id beside the name that they chose, and the
// id is one that only they have.
func TestT11LookAlikes(t *testing.T) {
	r := waiting()
	h := requested(t, r)
	all := people()
	all.People[0].Name = &view.Note{Text: "Mara Lind, mara"}
	h.says["/api/v1/people"] = all
	for _, tail := range []string{"", "/decide"} {
		has(t, h.page("/requests/"+r.ID.String()+tail), `<bdi class="mono">ilya</bdi>`)
	}
}

// TestT11NothingHides has what no writing can hold shown as something, too.
func TestT11NothingHides(t *testing.T) {
	r := waiting()
	h := requested(t, spoiled(r, "a\x00b"))
	has(t, h.page("/requests/"+r.ID.String()), "a\ufffdb")
}
