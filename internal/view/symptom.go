package view

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Symptom is one thing that can be seen to be wrong when an emergency is real, and
// what looks at it showed.
type Symptom struct {
	Name  string        `json:"name"`
	What  string        `json:"what"`
	Looks []access.Look `json:"looks,omitempty"`
	Text  string        `json:"text"` // one sentence
}

// symptoms are those of a request's scenario.
func (s *state) symptoms(r *access.Request, now canon.Time) []Symptom {
	scenario, ok := s.Scenarios[r.Scenario]
	if !ok || s.Digests[r.Scenario] != r.ScenarioDigest {
		return nil
	}
	var all []Symptom
	for _, symptom := range scenario.Symptoms {
		v := Symptom{Name: symptom.Name, What: symptom.What()}
		for _, look := range r.Looks {
			if look.Symptom == symptom.Name {
				v.Looks = append(v.Looks, look)
			}
		}
		v.Text = v.sentence(r, symptom, now)
		all = append(all, v)
	}
	return all
}

func (v Symptom) sentence(r *access.Request, of access.Symptom, now canon.Time) string {
	switch {
	case len(v.Looks) == 0 && !of.Looked() && r.Incident == "":
		return fmt.Sprintf("%s (%s): the request names no incident.", v.Name, v.What)
	case len(v.Looks) == 0:
		return fmt.Sprintf("%s (%s): nobody has looked yet.", v.Name, v.What)
	}
	text := fmt.Sprintf("%s (%s):", v.Name, v.What)
	for i, look := range v.Looks {
		if i > 0 {
			text += ";"
		}
		text += " " + lookText(look) + ", at " + clock(look.At, now)
	}
	return text + "."
}

// lookText is what a look showed, without a full stop.
func lookText(l access.Look) string {
	saw := map[access.Seen]string{
		access.Shown: "it does not answer", access.Absent: "it answers as on a calm day", access.Unknown: "whoever looked could see nothing",
	}
	if l.Network == "" {
		saw = map[access.Seen]string{
			access.Shown: "the tracker has it open", access.Absent: "the tracker has no such incident open", access.Unknown: "the tracker could not be asked",
		}
		return saw[l.Seen]
	}
	return "from " + l.Network + " " + saw[l.Seen]
}

// outages are the custodians who say that the emergency is real.
func (s *state) outages(r *access.Request) []string {
	var by []string
	for _, o := range r.Outages {
		if !slices.Contains(by, o.By) {
			by = append(by, o.By)
		}
	}
	return by
}

// symptomWords are the symptoms of a scenario, each with what it is.
func symptomWords(of *access.Scenario) []string {
	var words []string
	for _, symptom := range of.Symptoms {
		words = append(words, symptom.Name+" ("+symptom.What()+")")
	}
	return words
}

func (t teller) ofSymptom(e cell.Event) string {
	switch e := e.(type) {
	case *cell.SymptomLookedAt:
		return fmt.Sprintf("Symptom %s: %s.", e.Look.Symptom, lookText(e.Look))
	case *cell.OutageWitnessed:
		return fmt.Sprintf("%s, a custodian, says that the emergency is real.", e.Outage.By)
	}
	return ""
}

func symptomAlarm(e cell.Event, of string) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.SymptomLookedAt:
		return "symptom.absent", fmt.Sprintf("%s: symptom %s is not there: %s. Ask why before you agree.", of, e.Look.Symptom, lookText(e.Look))
	case *cell.OutageWitnessed:
		return "outage.witnessed", fmt.Sprintf("%s: %s, a custodian, says that the emergency is real.", of, e.Outage.By)
	}
	return "", ""
}
