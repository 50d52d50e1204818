package cell

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// rulesSymptoms are the first rules by which symptoms are looked at.
const rulesSymptoms = 2

// ShownFor is how long a look at a symptom speaks for it.
const ShownFor = canon.Seconds(15 * 60)

// OutagesMost bounds the custodians who say of one request that it is real.
const OutagesMost = 16

// Events of symptoms, in the stream of a request.
type (
	// SymptomLookedAt: what somebody claims was looked at.
	SymptomLookedAt struct {
		Look access.Look `json:"look"`
	}
	// OutageWitnessed: a custodian says that the emergency is real.
	OutageWitnessed struct {
		Outage access.Outage `json:"outage"`
	}
)

func (*SymptomLookedAt) event() string { return "symptom-looked-at" }
func (*OutageWitnessed) event() string { return "outage-witnessed" }

// applySymptom changes a copy of a request; false says that the event is not of
// symptoms.
func applySymptom(r *access.Request, e Event) bool {
	switch e := e.(type) {
	case *SymptomLookedAt:
		r.LookedAt(e.Look)
	case *OutageWitnessed:
		r.Outages = append(r.Outages, e.Outage)
	default:
		return false
	}
	return true
}

// look enqueues looks at every symptom of a request's scenario: over each network
// of the cell, and in the tracker of an incident that the request names.
func (w *World) look(p place, r *access.Request) {
	for _, symptom := range w.Scenarios[r.Scenario].Symptoms {
		switch {
		case !symptom.Looked() && r.Incident != "":
			w.enqueueOnce(p, Task{Kind: TaskSymptom, Target: symptom.Name})
		case symptom.Looked():
			for _, network := range w.Genesis.Networks {
				w.enqueueOnce(p, Task{Kind: TaskSymptom, Target: symptom.Name, Channel: network})
			}
		}
	}
}

// looked takes what a look showed. It says nothing about whether anybody may
// agree: the full quorum never waits for it.
func looked(task Task, c Command) ([]Event, *Refusal) {
	if !slices.Contains(access.Seens, c.Observed.Seen) {
		return nil, refuse(TaskMismatch, "a look must say what was seen: one of %v", access.Seens)
	}
	return []Event{&SymptomLookedAt{Look: access.Look{Symptom: task.Target, Network: task.Channel, Seen: c.Observed.Seen, At: c.At}}}, nil
}

// decideOutage takes a custodian's word that the emergency of a request that waits
// is real: whoever keeps a share of some envelope of the cell, and does not ask.
func decideOutage(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, person := s.Statement.Body.(*statement.WitnessedOutage), s.Statement.Actor
	r, ok := w.Requests[body.Of]
	switch {
	case !ok:
		return Outcome{}, refuse(UnknownSubject, "there is no open request %s in this cell", body.Of.Short())
	case person == r.Requester:
		return Outcome{}, refuse(SelfApproval, "nobody witnesses the outage of their own request")
	case !w.custodian(person):
		return Outcome{}, refuse(NotCustodian, "%s is a custodian of no envelope of the cell", person)
	case r.State != access.Pending || !c.At.Before(r.Lapses):
		return Outcome{}, refuse(NotPending, "request %s waits no more: nothing asks whether its outage is real", r.ID.Short())
	case !s.Signer.Strength.AtLeast(least(w.scenarioOf(r))):
		return Outcome{}, refuse(TooWeak, "the signature proves %q; scenario %s needs %s", s.Signer.Strength, r.Scenario, least(w.scenarioOf(r)))
	case slices.ContainsFunc(r.Outages, func(o access.Outage) bool { return o.By == person && w.says(o) }):
		return Outcome{}, refuse(AlreadyDecided, "%s has witnessed the outage of request %s already", person, r.ID.Short())
	case len(r.Outages) >= OutagesMost:
		return Outcome{}, refuse(TooMany, "%d custodians have witnessed the outage of request %s already", len(r.Outages), r.ID.Short())
	}
	if refusal := w.cool(s, c.At); refusal != nil {
		return Outcome{}, refusal
	}
	return Outcome{StreamOf(r.ID), []Event{&OutageWitnessed{Outage: access.Outage{
		Statement: s.Statement.Digest, By: person, Key: s.Signer.Fingerprint, At: c.At,
	}}}}, nil
}

// custodian tells whether a person keeps a share of some envelope of the cell.
func (w *World) custodian(person string) bool {
	for _, scenario := range w.Scenarios {
		for _, open := range scenario.Opens {
			if open.Envelope != nil && w.Roster.In(person, open.Envelope.Custodians) {
				return true
			}
		}
	}
	return false
}

// says tells whether somebody's word that an outage is real still counts: they
// keep shares, and the key that signed is in the roster.
func (w *World) says(o access.Outage) bool {
	return w.custodian(o.By) && w.counts(access.Decision{Approver: o.By, Key: o.Key})
}

// outageShown tells whether a request may be served by fewer people than its
// quorum: a symptom was shown lately from two networks, or a custodian says that
// the emergency is real.
func (w *World) outageShown(r *access.Request, at canon.Time) bool {
	return r.ShownTwice(w.scenarioOf(r), at.Add(-ShownFor.Duration())) || slices.ContainsFunc(r.Outages, w.says)
}

// checkSymptoms refuses symptoms that nobody could look at.
func checkSymptoms(s *access.Scenario, g *Genesis) error {
	switch {
	case len(s.Symptoms) == 0:
		return nil
	case g.Rules < rulesSymptoms:
		return fmt.Errorf("symptoms: need rules %d", rulesSymptoms)
	case len(s.Symptoms) > access.SymptomsMost:
		return fmt.Errorf("symptoms: must be at most %d", access.SymptomsMost)
	}
	for i, symptom := range s.Symptoms {
		if slices.ContainsFunc(s.Symptoms[:i], func(before access.Symptom) bool { return before.Name == symptom.Name }) {
			return fmt.Errorf("symptoms[%d].name: %q stands twice", i, symptom.Name)
		}
		if err := CheckSymptom(symptom); err != nil {
			return fmt.Errorf("symptoms[%d].%w", i, err)
		}
		if symptom.Looked() && len(g.Networks) == 0 {
			return fmt.Errorf("symptoms[%d]: the cell has no network to look at it from", i)
		}
	}
	return nil
}

// CheckSymptom refuses a symptom that is not exactly one thing to look at. Its
// errors begin with the member at fault.
func CheckSymptom(s access.Symptom) error {
	if err := canon.CheckID(s.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	switch s {
	case access.Symptom{Name: s.Name}:
		return errors.New("tcp: must be set, or https or incident in its place")
	case access.Symptom{Name: s.Name, TCP: s.TCP}:
		if u, err := url.Parse("tcp://" + s.TCP); err != nil || u.Host != s.TCP || u.Hostname() == "" || !isPort(u.Port()) {
			return fmt.Errorf("tcp: %q is not host:port", s.TCP)
		}
	case access.Symptom{Name: s.Name, HTTPS: s.HTTPS}:
		if u, err := url.Parse(s.HTTPS); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			return fmt.Errorf("https: %q is not a URL such as https://login.example.com/health", s.HTTPS)
		}
	case access.Symptom{Name: s.Name, Incident: s.Incident}:
		if err := canon.CheckID(s.Incident); err != nil {
			return fmt.Errorf("incident: %w", err)
		}
	default:
		return errors.New("tcp: must be set alone, or https or incident in its place")
	}
	return nil
}

func isPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}

func (g *Genesis) checkNetworks() error {
	if len(g.Networks) > 0 && g.Rules < rulesSymptoms || len(g.Networks) > access.NetworksMost {
		return fmt.Errorf("networks: must be at most %d, and need rules %d", access.NetworksMost, rulesSymptoms)
	}
	for i, network := range g.Networks {
		if err := canon.CheckID(network); err != nil {
			return fmt.Errorf("networks: %w", err)
		}
		if slices.Contains(g.Networks[:i], network) {
			return fmt.Errorf("networks: %q stands twice", network)
		}
	}
	return nil
}
