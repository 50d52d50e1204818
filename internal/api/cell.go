package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"

	"github.com/go-json-experiment/json/jsontext"
)

// instant is when somebody looks.
func (s *service) instant() view.Instant {
	return view.Instant{Now: s.Ledger.Now(), Heard: s.Hosts.Heard()}
}

// claim is which cell the server says that it is.
type claim struct {
	Origin   string       `json:"origin"`
	Genesis  canon.Digest `json:"genesis"`
	Document canon.Digest `json:"document"` // in force
	Rules    int          `json:"rules"`
	Sealed   bool         `json:"sealed"`
	Trial    bool         `json:"trial,omitzero"`
	Version  string       `json:"version"`

	Anchor jsontext.Value `json:"anchor"` // as the server says; who joins compares words of it
}

// cell says which cell this is, to anybody. Nothing here is to be trusted: a
// reader pins it beforehand (the anchor) or compares it with another's.
func (s *service) cell(c *call) error {
	now := s.Live.View().Now("", s.instant())
	anchor, err := s.Anchor.Encode()
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, claim{s.Anchor.Origin, canon.Digest(s.Anchor.Genesis), s.Live.View().Document(), now.Rules, now.Sealed, now.Trial, s.Version, anchor})
}

// reader is who reads.
type reader struct {
	view.Person
	Security bool       `json:"security"`
	MayAsk   []string   `json:"may_ask"`  // scenarios
	MayStop  int        `json:"may_stop"` // live grants that they could stop
	Until    canon.Time `json:"until"`    // of the token
}

// me says who the reader is to the cell.
func (s *service) me(c *call) error {
	cellView := s.Live.View()
	out := reader{Security: cellView.Security(c.who.Person), MayAsk: []string{}, MayStop: len(cellView.Stoppable(c.who.Person)), Until: c.who.Until}
	for _, person := range cellView.People(s.instant()).People {
		if person.ID == c.who.Person {
			out.Person = s.named(c.r.Context(), person)
		}
	}
	for _, scenario := range cellView.Scenarios(c.who.Person) {
		if scenario.MayAsk {
			out.MayAsk = append(out.MayAsk, scenario.ID)
		}
	}
	return c.json(http.StatusOK, out)
}

func (s *service) now(c *call) error {
	now := s.Live.View().Now(c.who.Person, s.instant())
	for _, list := range [][]view.Request{now.Live, now.Closing} {
		for i := range list {
			s.complete(c.r.Context(), &list[i])
		}
	}
	if note := certified(s.Certificate).Note(s.Ledger.Now()); note != "" {
		now.Notes = append(now.Notes, note)
	}
	return c.json(http.StatusOK, now)
}

func (s *service) inbox(c *call) error {
	inbox := s.Live.View().Inbox(c.who.Person, s.instant())
	inbox.Offers = s.offersFor(c.who.Person)
	return c.json(http.StatusOK, inbox)
}

func (s *service) findings(c *call) error {
	return c.json(http.StatusOK, s.found(c.who.Person))
}

// found is what is not as it should be, as a person may see it: what the ledger tells,
// and what the server itself sees.
func (s *service) found(person string) view.Findings {
	found := s.Live.View().Findings(person, s.instant())
	if ends, wrong := certified(s.Certificate).Finding(s.Ledger.Now()); wrong {
		found.Add([]view.Finding{ends})
	}
	if s.Unready != nil {
		found.Add(view.Unready(s.Unready()))
	}
	if s.Found != nil {
		found.Add(s.Found())
	}
	found.Add(s.Live.View().Tried(person, s.attempts.list(), s.instant()))
	found.Add(s.enrolmentFindings(person))
	return found
}

func (s *service) reviews(c *call) error {
	return c.json(http.StatusOK, reviewList{s.Live.View().Reviews(c.who.Person, s.instant())})
}

func (s *service) numbers(c *call) error {
	return c.json(http.StatusOK, s.Live.View().Numbers(c.who.Person, s.instant()))
}

// What lists are answered in: an object, so that more may come beside one.
type (
	envelopes struct {
		Envelopes []view.Envelope `json:"envelopes"`
	}
	scenarios struct {
		Scenarios []view.Scenario `json:"scenarios"`
	}
	changes struct {
		Changes []view.Change `json:"changes"`
	}
	reviewList struct {
		Reviews []view.ReviewRow `json:"reviews"`
	}
)

func (s *service) envelopes(c *call) error {
	return c.json(http.StatusOK, envelopes{s.Live.View().Envelopes(c.who.Person)})
}

func (s *service) scenarios(c *call) error {
	return c.json(http.StatusOK, scenarios{s.Live.View().Scenarios(c.who.Person)})
}

// readScenario is a scenario in words, and as it was signed.
type readScenario struct {
	view.Scenario
	Canonical jsontext.Value `json:"canonical,omitzero"`
}

// scenario gives a scenario for people, and its canonical bytes to whom a
// request or decision may need them.
func (s *service) scenario(c *call) error {
	id, cellView := c.r.PathValue("scenario"), s.Live.View()
	shown, ok := cellView.Scenario(c.who.Person, id)
	if !ok {
		return notFound("such scenario")
	}
	out := readScenario{Scenario: shown}
	if cellView.MayRead(c.who.Person, id) {
		data, err := s.Read.Attachment(c.r.Context(), shown.Digest)
		if err != nil {
			return err
		}
		out.Canonical = data
	}
	return c.json(http.StatusOK, out)
}

func (s *service) explain(c *call) error {
	q := c.query
	away, err := s.away(q)
	if err != nil {
		return err
	}
	who := q["requester"]
	if who == "" {
		who = c.who.Person
	}
	shown, ok := s.Live.View().Explain(q["scenario"], access.Severity(q["severity"]), view.Asking{Requester: who, Now: s.Ledger.Now(), Away: away})
	if !ok {
		return notFound("such scenario or severity")
	}
	return c.json(http.StatusOK, shown)
}

// coverage answers who could agree at an instant, with some people away: under a
// scenario, or without one to a change of the cell or to a recovery of it.
func (s *service) coverage(c *call) error {
	q, cellView := c.query, s.Live.View()
	at, away, err := s.supposed(q)
	if err != nil {
		return err
	}
	var shown view.Coverage
	known := false
	switch scenario, given := q["scenario"]; {
	case given:
		shown, known = cellView.Coverage(scenario, access.Severity(q["severity"]), at, away...)
	case q["severity"] != "":
	case q["quorum"] == "recovery":
		shown, known = cellView.RecoveryCoverage(at, away...)
	case q["quorum"] == "" || q["quorum"] == "change":
		shown, known = cellView.ChangeCoverage(at, away...)
	}
	if !known {
		return notFound("such scenario, severity or quorum")
	}
	return c.json(http.StatusOK, shown)
}

// coverageEvery answers for every quorum of the cell at once.
func (s *service) coverageEvery(c *call) error {
	at, away, err := s.supposed(c.query)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, coverageList{s.Live.View().Every(at, away...)})
}

// coverageList is every quorum of the cell.
type coverageList struct {
	Coverage []view.Coverage `json:"coverage"`
}

// coverageWeek answers for the seven days that follow an instant.
func (s *service) coverageWeek(c *call) error {
	at, away, err := s.supposed(c.query)
	if err != nil {
		return err
	}
	if at.Add(view.WeekLasts).Std().Year() > 9999 {
		return badQuery("at is too late: the week must end before the year 10000")
	}
	shown, known := s.Live.View().Week(c.query["scenario"], access.Severity(c.query["severity"]), at, away...)
	if !known {
		return notFound("such scenario or severity")
	}
	return c.json(http.StatusOK, shown)
}

// supposed is when a query means, and who it leaves out.
func (s *service) supposed(q map[string]string) (at canon.Time, away []string, err error) {
	at = s.Ledger.Now()
	if text, given := q["at"]; given {
		if err := at.UnmarshalText([]byte(text)); err != nil {
			return at, nil, badQuery("at must be an instant such as 2026-11-23T03:07:00.000Z")
		}
	}
	away, err = s.away(q)
	return at, away, err
}

// away is who a query leaves out.
func (s *service) away(q map[string]string) ([]string, error) {
	if q["without"] == "" {
		return nil, nil
	}
	away := strings.Split(q["without"], ",")
	if strangers := s.Live.View().Strangers(away...); len(strangers) > 0 {
		return nil, badQuery("without names somebody who is not in the roster: " + strangers[0])
	}
	return away, nil
}

// people are shown to everybody of the roster: an approver must be able to call
// whoever asks.
func (s *service) people(c *call) error {
	people := s.Live.View().People(s.instant())
	for i := range people.People {
		people.People[i] = s.salted(c.r.Context(), people.People[i])
	}
	return c.json(http.StatusOK, people)
}

// salted fills in the notes of a person with their salts, so that whoever prints a
// number can compare it with the hash that was signed.
func (s *service) salted(ctx context.Context, p view.Person) view.Person {
	for _, note := range []**view.Note{&p.Name, &p.Contact} {
		if *note == nil {
			continue
		}
		filled := **note
		read, err := s.Read.Note(ctx, filled.Hash)
		switch {
		case err == nil:
			filled.Text, filled.Salt = read.Text, canon.Key32(read.Salt)
		case !errors.Is(err, broker.ErrAbsent):
			s.internal(err)
		}
		*note = &filled
	}
	return p
}

// named fills in the notes of a person.
func (s *service) named(ctx context.Context, p view.Person) view.Person {
	for _, note := range []**view.Note{&p.Name, &p.Contact} {
		if *note != nil {
			filled := **note
			s.text(ctx, &filled)
			*note = &filled
		}
	}
	return p
}

// text fills in what a note says. One that was erased stays a hash.
func (s *service) text(ctx context.Context, n *view.Note) {
	if n.Text = s.texts.get(n.Hash); n.Text != "" {
		return
	}
	note, err := s.Read.Note(ctx, n.Hash)
	if err == nil {
		n.Text = note.Text
		s.texts.keep(n.Hash, n.Text)
		return
	}
	if !errors.Is(err, broker.ErrAbsent) {
		s.internal(err)
	}
}
