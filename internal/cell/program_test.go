package cell_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// programs are one program of each ability.
func programs() []cell.Program {
	return []cell.Program{
		{ID: "both", Opens: "a membership", Probes: true, Lists: true},
		{ID: "probes", Opens: "a door", Probes: true},
		{ID: "lists", Opens: "a membership", Lists: true, Parameters: []cell.Parameter{
			{ID: "group", Kind: cell.ParameterName},
			{ID: "level", Kind: cell.ParameterNumber, Least: 1, Most: 3},
			{ID: "mode", Kind: cell.ParameterChoice, Of: []string{"read", "write"}},
		}},
		{ID: "blind", Opens: "a ticket"},
	}
}

func programScenario() access.Scenario {
	s := celltest.Scenario()
	s.Opens = []access.Open{
		{Exec: &access.Exec{Name: "both", Program: "both"}},
		{Exec: &access.Exec{Name: "probes", Program: "probes"}},
		{Exec: &access.Exec{Name: "lists", Program: "lists", Parameters: map[string]string{"group": "dba-admins", "level": "2", "mode": "read"}}},
		{Exec: &access.Exec{Name: "blind", Program: "blind"}},
		celltest.Scenario().Opens[0],
	}
	return s
}

// programStory is a cell whose scenario opens a target by each program, named
// after it, and the host db-1.
func programStory() *story {
	g := celltest.Genesis()
	g.Programs = programs()
	return &story{Cell: celltest.New(g, programScenario())}
}

func shutting(round *access.Round, listed access.Listing) cell.Observed {
	return cell.Observed{Shut: &cell.Shut{Closed: true, Round: round, Listed: listed}}
}

var (
	refusedRound  = &access.Round{Twin: access.Refused, Control: access.Accepted}
	acceptedRound = &access.Round{Twin: access.Accepted, Control: access.Accepted}
	silentRound   = &access.Round{Twin: access.Unreachable, Control: access.Unreachable}
)

// statesOfProgram are all the places where a lease of a program can stand.
var statesOfProgram = func() []state {
	var states []state
	for _, p := range programs() {
		id := p.ID
		opened := func() *story { return programStory().granted(id).opened(id) }
		states = append(states,
			state{id + ": granted, opening", func() *story { return programStory().granted(id) }},
			state{id + ": stopped before it was known to be open", func() *story { return programStory().granted(id).stopped() }},
			state{id + ": open", opened},
			state{id + ": stopped", func() *story { return opened().stopped() }},
			state{id + ": stopped, and it said that it closed", func() *story {
				return opened().stopped().effect(cell.EffectShut, cell.TaskShut, id, shutting(nil, ""))
			}},
		)
		if p.Probes {
			states = append(states, state{id + ": seen to work, and stopped", func() *story { return opened().worked(id).stopped() }})
		}
	}
	return states
}()

// programDeeds are what can be done to a lease of a program.
func programDeeds() []deed {
	at := func(kind cell.EffectKind, who string, task cell.TaskKind, o cell.Observed) deed {
		return deed{string(kind), who, func(s *story) cell.Command {
			id := "none"
			if t, ok := s.Task(task, s.id, ""); ok {
				id = t.ID
			}
			return s.Effect(kind, id, o)
		}}
	}
	on := func(verb, who string, make func(s *story, target string) cell.Command) deed {
		return deed{verb, who, func(s *story) cell.Command { return make(s, s.request().Targets[0]) }}
	}
	unsaid := cell.Observed{Shut: &cell.Shut{Round: refusedRound, Listed: access.ListedGone}}
	return []deed{
		at(cell.EffectOpened, "", cell.TaskOpen, cell.Observed{}),
		at(cell.EffectProbed, "baseline: twin accepted, control accepted", cell.TaskBaseline, celltest.Round(access.Accepted, access.Accepted)),
		at(cell.EffectShut, "closed; nothing shown", cell.TaskShut, shutting(nil, "")),
		at(cell.EffectShut, "closed; refused and gone", cell.TaskShut, shutting(refusedRound, access.ListedGone)),
		at(cell.EffectShut, "closed; refused, and it still stands", cell.TaskShut, shutting(refusedRound, access.ListedStands)),
		at(cell.EffectShut, "closed; still accepted, and gone", cell.TaskShut, shutting(acceptedRound, access.ListedGone)),
		at(cell.EffectShut, "closed; unreachable, not listed", cell.TaskShut, shutting(silentRound, "")),
		at(cell.EffectShut, "not closed; refused and gone", cell.TaskShut, unsaid),
		at(cell.EffectShut, "nothing observed", cell.TaskShut, cell.Observed{}),
		on("fetch", "ann", func(s *story, target string) cell.Command { return s.Fetch("ann", "1", s.id, target) }),
		on("release", "ann", func(s *story, _ string) cell.Command { return s.Release("ann", "1", s.id) }),
		on("attest", "lea", func(s *story, target string) cell.Command {
			return s.By("lea", "lea", &statement.Attest{Of: s.id, Target: target, Note: celltest.Note("looked")})
		}),
		on("attest", "ann", func(s *story, target string) cell.Command {
			return s.By("ann", "ann", &statement.Attest{Of: s.id, Target: target, Note: celltest.Note("looked")})
		}),
	}
}

// TestProgramClosesOnlyByItsProofs tries every sequence of five results against
// a rule of its own: a lease of a program is closed only when the program said,
// after the end, that it closed, and showed everything that it can show; and one
// that can show nothing, by nothing at all.
func TestProgramClosesOnlyByItsProofs(t *testing.T) {
	results := []cell.Observed{
		{}, shutting(nil, ""), shutting(refusedRound, ""), shutting(acceptedRound, access.ListedStands), shutting(silentRound, access.ListedGone),
		{Shut: &cell.Shut{Round: refusedRound, Listed: access.ListedGone}},
	}
	closed := map[string]int{}
	for _, p := range programs() {
		for _, worked := range []bool{false, true} {
			if worked && !p.Probes {
				continue
			}
			from := programStory().granted(p.ID).opened(p.ID)
			if worked {
				from.worked(p.ID)
			}
			from.stopped()
			every(len(results), 4, func(sequence []int) {
				s := &story{Cell: from.Fork(), id: from.id}
				refused, gone := false, false
				for _, i := range sequence {
					if task, ok := s.Task(cell.TaskShut, s.id, p.ID); ok {
						if _, err := s.Do(s.Effect(cell.EffectShut, task.ID, results[i])); err != nil && refusalOf(err) == nil {
							t.Fatal(err)
						}
					}
					if seen := results[i].Shut; seen != nil && seen.Closed {
						refused = refused || worked && seen.Round == refusedRound
						gone = gone || seen.Listed == access.ListedGone
					}
				}
				want := (p.Probes || p.Lists) && (refused || !p.Probes) && (gone || !p.Lists)
				l, _ := s.request().Lease(p.ID)
				if got := l.State == access.LeaseClosed; got != want {
					t.Fatalf("%s, worked %t, after %v: closed %t, want %t", p.ID, worked, sequence, got, want)
				}
				if want {
					closed[p.ID]++
				}
			})
		}
	}
	if closed["both"] == 0 || closed["probes"] == 0 || closed["lists"] == 0 || closed["blind"] != 0 {
		t.Errorf("closed: %v", closed)
	}
}

// every calls f with each sequence of a length over 0 … n-1.
func every(n, length int, f func([]int)) {
	sequence := make([]int, length)
	for {
		f(slices.Clone(sequence))
		i := 0
		for ; i < length; i++ {
			if sequence[i]++; sequence[i] < n {
				break
			}
			sequence[i] = 0
		}
		if i == length {
			return
		}
	}
}

// TestProgramBesideHost: the end of one target says nothing about another, and
// no program's lease stands on the list of revoked certificates.
func TestProgramBesideHost(t *testing.T) {
	s := programStory().granted("db-1", "lists").opened("db-1", "lists").fetched("db-1").stopped()
	if len(s.World.Revoked) != 1 {
		t.Errorf("%d key ids are revoked, want the host's alone", len(s.World.Revoked))
	}
	s.effect(cell.EffectShut, cell.TaskShut, "lists", shutting(nil, access.ListedGone))
	for target, want := range map[string]access.LeaseState{"lists": access.LeaseClosed, "db-1": access.LeaseClosing} {
		if l, _ := s.request().Lease(target); l.State != want {
			t.Errorf("%s is %s, want %s", target, l.State, want)
		}
	}
	if _, ok := s.Task(cell.TaskProve, s.id, "lists"); ok {
		t.Error("a host's probe waits for a program's lease")
	}
}

// TestT41NamesThatAreMore: a value of a scenario can be nothing but what its
// parameter takes, whatever the program does with it.
func TestT41NamesThatAreMore(t *testing.T) {
	g := celltest.Genesis()
	g.Programs = programs()
	r, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	try := func(change func(*access.Exec)) error {
		s := programScenario()
		e := *s.Opens[2].Exec
		e.Parameters = map[string]string{"group": "dba-admins", "level": "2", "mode": "read"}
		change(&e)
		s.Opens[2].Exec = &e
		_, err := cell.DecodeScenario(canon.MustEncode(s), &g, &r)
		return err
	}
	for _, good := range []string{"a", "dba-admins", "ann@example.com", "A.b_c-9", "0"} {
		if err := try(func(e *access.Exec) { e.Parameters["group"] = good }); err != nil {
			t.Errorf("group %q: %v", good, err)
		}
	}
	hostile := []string{
		"", "-rf", "--group=admins", "../admins", "a/../b", "/etc/passwd", "a..b", "*", "a*", "a,b", "a+b", "a b", "a\nb", "a\x00b", "$(id)", "`id`",
		"a;b", "a|b", "%s", "{{.}}", "a=b", "a:b", "é", "a\u202eb", "~root", "@file", ".hidden", fmt.Sprintf("%0129d", 0),
	}
	for _, bad := range hostile {
		if err := try(func(e *access.Exec) { e.Parameters["group"] = bad }); err == nil {
			t.Errorf("group %q is taken", bad)
		}
	}
	for name, change := range map[string]func(*access.Exec){
		"number over":        func(e *access.Exec) { e.Parameters["level"] = "4" },
		"number with a sign": func(e *access.Exec) { e.Parameters["level"] = "+2" },
		"number with zeros":  func(e *access.Exec) { e.Parameters["level"] = "02" },
		"no choice":          func(e *access.Exec) { e.Parameters["mode"] = "admin" },
		"missing":            func(e *access.Exec) { delete(e.Parameters, "mode") },
		"one more":           func(e *access.Exec) { e.Parameters["path"] = "x" },
		"no program":         func(e *access.Exec) { e.Program = "sh" },
		"no name":            func(e *access.Exec) { e.Name = "" },
		"twice":              func(e *access.Exec) { e.Name = "both" },
	} {
		if try(change) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestProgramsNeedTheirRules: a cell that begins with rules 1 has no programs,
// and what opens both or nothing is no target.
func TestProgramsNeedTheirRules(t *testing.T) {
	g := celltest.Genesis()
	g.Programs, g.Rules = programs(), cell.RulesOfPrograms-1
	if _, err := g.Check(); err == nil {
		t.Error("programs are taken under older rules")
	}
	g = celltest.Genesis()
	g.Programs = programs()
	r, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]access.Open{
		"nothing": {}, "both": {SSH: celltest.Scenario().Opens[0].SSH, Exec: &access.Exec{Name: "both", Program: "both"}},
	} {
		s := programScenario()
		s.Opens = []access.Open{open}
		if cell.CheckScenario(&s, &g, &r) == nil {
			t.Errorf("a target that opens %s is taken", name)
		}
	}
	for name, change := range map[string]func(*cell.Program){
		"no id":           func(p *cell.Program) { p.ID = "" },
		"twice":           func(p *cell.Program) { p.ID = "blind" },
		"says nothing":    func(p *cell.Program) { p.Opens = "" },
		"unknown kind":    func(p *cell.Program) { p.Parameters = []cell.Parameter{{ID: "a", Kind: "path"}} },
		"empty choice":    func(p *cell.Program) { p.Parameters = []cell.Parameter{{ID: "a", Kind: "choice"}} },
		"hostile choice":  func(p *cell.Program) { p.Parameters = []cell.Parameter{{ID: "a", Kind: "choice", Of: []string{"-x"}}} },
		"backward number": func(p *cell.Program) { p.Parameters = []cell.Parameter{{ID: "a", Kind: "number", Least: 2, Most: 1}} },
		"bounded name":    func(p *cell.Program) { p.Parameters = []cell.Parameter{{ID: "a", Kind: "name", Most: 1}} },
	} {
		g.Programs = programs()
		change(&g.Programs[0])
		if _, err := g.Check(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestReplayOfPrograms: what was decided about programs is decided again alike.
func TestReplayOfPrograms(t *testing.T) {
	s := programStory().granted("blind", "both").opened("blind", "both").worked("both").stopped()
	s.effect(cell.EffectShut, cell.TaskShut, "both", shutting(refusedRound, access.ListedGone))
	s.effect(cell.EffectShut, cell.TaskShut, "blind", shutting(nil, ""))
	s.attested("lea", "blind")
	if !s.request().Settled() {
		t.Fatal("a lease is not closed")
	}
	again := cell.New(s.Genesis.Origin, s.Attachments())
	for _, r := range s.Log {
		recorded, err := again.Step(s.Commands[r.Index])
		if err != nil {
			t.Fatalf("entry %d: %v", r.Index, err)
		}
		if string(recorded.Body) != string(r.Body) {
			t.Fatalf("entry %d is another: %s", r.Index, recorded.Body)
		}
		again.Publish()
	}
	if !slices.Equal(canon.MustEncode(again.Requests[s.id]), canon.MustEncode(s.request())) {
		t.Error("the request is another")
	}
}
