package cell_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// symptomStory is a cell that looks from two networks, and whose scenario has a
// symptom and an incident; bob and sue keep shares of an envelope.
func symptomStory() *story {
	g := celltest.Genesis()
	g.Networks = []string{"mobile", "office"}
	g.Groups["custodians"] = []string{"ann", "bob", "sue"}
	s := celltest.Scenario()
	s.Symptoms = []access.Symptom{{Name: "port", TCP: "db.example.com:5432"}, {Name: "ticket", Incident: "tracker"}}
	other := celltest.Scenario()
	other.ID = "root"
	other.Opens = []access.Open{{Envelope: &access.Envelope{Name: "root", Custodians: "group:custodians", Threshold: 2, SealedBy: "group:leads"}}}
	return &story{Cell: celltest.New(g, s, other)}
}

// looked is a look at the symptom from a network, or in the tracker.
func (s *story) looked(symptom, network string, seen access.Seen) *story {
	s.Must(s.look(symptom, network, seen))
	return s
}

func (s *story) look(symptom, network string, seen access.Seen) cell.Command {
	for _, t := range s.World.Tasks {
		if t.Kind == cell.TaskSymptom && t.Stream == cell.StreamOf(s.id) && t.Target == symptom && t.Channel == network {
			return s.Effect(cell.EffectLooked, t.ID, cell.Observed{Seen: seen})
		}
	}
	return s.Effect(cell.EffectLooked, "none", cell.Observed{Seen: seen})
}

func outageOf(s *story) statement.Body {
	return &statement.WitnessedOutage{Of: s.id, Note: celltest.Note("the port is dead from my line too")}
}

// witnessed lets people say that the emergency is real.
func (s *story) witnessed(people ...string) *story {
	for _, person := range people {
		s.Must(s.By(person, person, outageOf(s)))
	}
	return s
}

var statesOfSymptoms = []state{
	{"nobody has looked", func() *story { return symptomStory().ask("db-1") }},
	{"shown from one network", func() *story { return symptomStory().ask("db-1").looked("port", "office", access.Shown) }},
	{"shown from both", func() *story {
		return symptomStory().ask("db-1").looked("port", "office", access.Shown).looked("port", "mobile", access.Shown)
	}},
	{"absent from both", func() *story {
		return symptomStory().ask("db-1").looked("port", "office", access.Absent).looked("port", "mobile", access.Absent)
	}},
	{"bob says that it is real", func() *story { return symptomStory().ask("db-1").witnessed("bob") }},
	{"bob said so and was removed", func() *story { return symptomStory().ask("db-1").witnessed("bob").remove("bob") }},
	{"an hour later it would have lapsed", func() *story { return symptomStory().ask("db-1").later(time.Hour) }},
	{"granted", func() *story { return symptomStory().granted("db-1") }},
	{"denied", func() *story {
		s := symptomStory().ask("db-1")
		s.Must(s.Deny("lea", s.id))
		return s
	}},
}

func symptomDeeds() []deed {
	look := func(symptom, network string, seen access.Seen) deed {
		return deed{"looked", symptom + " " + network + ": " + string(seen), func(s *story) cell.Command { return s.look(symptom, network, seen) }}
	}
	return flatten([][]deed{
		{
			look("port", "office", access.Shown), look("port", "mobile", access.Shown), look("port", "office", access.Absent),
			look("port", "office", access.Unknown), look("port", "office", "perhaps"), look("port", "", access.Shown), look("ticket", "", access.Shown),
		},
		each("outage", outageOf, "ann", "bob", "sue", "sam", "lea", "eve"),
		{signed("outage", "signed by ann as bob", "bob", "ann", outageOf)},
		each("approve", decision(statement.Approve), "lea"),
	})
}
