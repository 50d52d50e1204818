package cell_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

func (s *story) shown() bool { return s.World.OutageShown(s.request(), s.Now) }

// TestSymptomsNeverBlockAQuorum: whatever is seen, the full quorum agrees.
func TestSymptomsNeverBlockAQuorum(t *testing.T) {
	for _, seen := range access.Seens {
		s := symptomStory().ask("db-1").looked("port", "office", seen).looked("port", "mobile", seen).approve("sam", "lea")
		if s.request().State != access.Granted {
			t.Errorf("%s: %s", seen, s.request().State)
		}
		replays(t, s.Cell)
	}
}

// TestT75OutageTakesTwoNetworks: that somebody made it look as if something were
// down from one place opens no weaker way.
func TestT75OutageTakesTwoNetworks(t *testing.T) {
	s := symptomStory().ask("db-1")
	for _, step := range []struct {
		network string
		seen    access.Seen
		want    bool
	}{
		{"office", access.Shown, false}, {"mobile", access.Shown, true},
	} {
		if s.looked("port", step.network, step.seen); s.shown() != step.want {
			t.Errorf("after %s from %s: %v", step.seen, step.network, s.shown())
		}
	}
	if s.later(cell.ShownFor.Duration() + time.Second); s.shown() {
		t.Error("what was seen a quarter of an hour ago still counts")
	}
	for _, second := range []access.Seen{access.Absent, access.Unknown} {
		if s := symptomStory().ask("db-1").looked("port", "office", access.Shown).looked("port", "mobile", second); s.shown() {
			t.Errorf("one network saw it and one saw %s: that is no two", second)
		}
	}
}

// TestT14AnIncidentShowsNoOutage: whoever asks may be able to open one.
func TestT14AnIncidentShowsNoOutage(t *testing.T) {
	s := symptomStory()
	asked := s.ask("db-1")
	r := asked.request().Clone()
	for _, network := range []string{"", "office", "mobile"} {
		r.LookedAt(access.Look{Symptom: "ticket", Network: network, Seen: access.Shown, At: s.Now})
	}
	if s.World.OutageShown(r, s.Now) {
		t.Error("incidents show an outage")
	}
}

// TestOutageIsWitnessedByCustodians: by one who does not ask, and as long as they
// and their key are in the roster.
func TestOutageIsWitnessedByCustodians(t *testing.T) {
	s := symptomStory().ask("db-1")
	expectRefusal(t, s.Cell, s.By("ann", "ann", outageOf(s)), cell.SelfApproval)
	expectRefusal(t, s.Cell, s.By("lea", "lea", outageOf(s)), cell.NotCustodian)
	if s.shown() {
		t.Fatal("nobody has said anything")
	}
	if s.witnessed("bob"); !s.shown() {
		t.Fatal("bob, a custodian, said so")
	}
	expectRefusal(t, s.Cell, s.By("bob", "bob", outageOf(s)), cell.AlreadyDecided)
	if s.remove("bob"); s.shown() {
		t.Error("bob is no more, and still says so")
	}
	replays(t, s.Cell)
}

// TestWhatIsLookedAt: each symptom from each network, the incident only where one
// is named, and only while the request waits or lives; of what is not there every
// channel hears.
func TestWhatIsLookedAt(t *testing.T) {
	looks := func(s *story) (n int) {
		for _, task := range s.World.Tasks {
			if task.Kind == cell.TaskSymptom {
				n++
			}
		}
		return n
	}
	s := symptomStory().ask("db-1")
	if looks(s) != 3 {
		t.Errorf("%d looks, want the port from two networks and the incident", looks(s))
	}
	s.looked("ticket", "", access.Shown)
	alarms := func() (n int) {
		for _, task := range s.World.Tasks {
			if task.Kind == cell.TaskAlarm && task.Event == "symptom-looked-at" {
				n++
			}
		}
		return n
	}
	if s.looked("port", "office", access.Shown); alarms() != 0 {
		t.Error("what is as in the emergency alarms")
	}
	if s.looked("port", "mobile", access.Absent); alarms() != 1 || looks(s) != 0 {
		t.Errorf("%d alarms of what is not there, %d looks left", alarms(), looks(s))
	}
	s = symptomStory().ask("db-1")
	s.Must(s.Deny("lea", s.id))
	if looks(s) != 0 {
		t.Error("a request that is over is looked at")
	}
	s = symptomStory()
	s.Must(s.By("ann", "ann", asking("2", func(r *statement.Request) { r.Incident = "" })(s)))
	if looks(s) != 2 {
		t.Errorf("%d looks, want the port from two networks", looks(s))
	}
}

// TestSymptomsThatNobodyCanLookAt are refused with the scenario.
func TestSymptomsThatNobodyCanLookAt(t *testing.T) {
	for name, change := range map[string]func(*cell.Genesis, *access.Scenario){
		"no network": func(g *cell.Genesis, _ *access.Scenario) { g.Networks = nil },
		"twice":      func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms = append(s.Symptoms, s.Symptoms[0]) },
		"nothing":    func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms[0].TCP = "" },
		"two in one": func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms[0].HTTPS = "https://example.com" },
		"no port":    func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms[0].TCP = "db.example.com" },
		"a path":     func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms[0].TCP = "db.example.com:1/x" },
		"in the clear": func(_ *cell.Genesis, s *access.Scenario) {
			s.Symptoms[0] = access.Symptom{Name: "p", HTTPS: "http://example.com"}
		},
		"with a user": func(_ *cell.Genesis, s *access.Scenario) {
			s.Symptoms[0] = access.Symptom{Name: "p", HTTPS: "https://u@example.com"}
		},
		"five":           func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms = make([]access.Symptom, 5) },
		"rules 1":        func(g *cell.Genesis, _ *access.Scenario) { g.Rules = 1 },
		"no name":        func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms[0].Name = "" },
		"tracker's name": func(_ *cell.Genesis, s *access.Scenario) { s.Symptoms[1].Incident = "a b" },
	} {
		g, s := celltest.Genesis(), celltest.Scenario()
		g.Networks = []string{"office"}
		s.Symptoms = []access.Symptom{{Name: "port", TCP: "db.example.com:5432"}, {Name: "ticket", Incident: "tracker"}}
		r, err := g.Check()
		if err != nil {
			t.Fatal(err)
		}
		if err := cell.CheckScenario(&s, &g, &r); err != nil {
			t.Fatal(err)
		}
		if change(&g, &s); cell.CheckScenario(&s, &g, &r) == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for _, networks := range [][]string{{"a", "a"}, {"a b"}, {"a", "b", "c", "d", "e"}} {
		g := celltest.Genesis()
		if g.Networks = networks; func() error { _, err := g.Check(); return err }() == nil {
			t.Errorf("networks %q: taken", networks)
		}
	}
}

// TestAnAbsentSymptomAlarmsOnce: symptoms are looked at again while somebody may go in
// alone. Channels hear when one is not there, and not every five minutes that it is not
// there yet; they hear anew when it was shown in between.
func TestAnAbsentSymptomAlarmsOnce(t *testing.T) {
	s := symptomStory().ask("db-1")
	r := s.request().Clone()
	for i, step := range []struct {
		symptom, network string
		seen             access.Seen
		want             bool
	}{
		{"port", "office", access.Unknown, false},
		{"port", "office", access.Absent, true},
		{"port", "office", access.Absent, false},
		{"port", "mobile", access.Absent, true},
		{"port", "office", access.Unknown, false},
		{"port", "office", access.Absent, false},
		{"port", "office", access.Shown, false},
		{"port", "office", access.Absent, true},
		{"ticket", "", access.Absent, true},
		{"port", "mobile", access.Absent, false},
	} {
		r.LookedAt(access.Look{Symptom: step.symptom, Network: step.network, Seen: step.seen, At: s.Now})
		if got := r.FirstAbsent(); got != step.want {
			t.Errorf("look %d: %v, want %v", i, got, step.want)
		}
	}
	if len(r.Looks) != 3 {
		t.Errorf("the request keeps %d looks, want 3", len(r.Looks))
	}
}
