package view_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestWhoRefused: what did not answer, or refused, is called what it is: a host only
// where it is one.
func TestWhoRefused(t *testing.T) {
	program := celltest.Genesis()
	program.Programs = []cell.Program{{ID: "gate", Opens: "a gate"}}
	gate := celltest.Scenario()
	gate.Opens = append([]access.Open{{Exec: &access.Exec{Name: "gate", Program: "gate"}}}, gate.Opens...)
	for name, c := range map[string]struct {
		genesis         cell.Genesis
		scenario        access.Scenario
		target          string
		refused, silent string
	}{
		"a host":         {celltest.Genesis(), celltest.Scenario(), "db-1", "the host refused", "the host did not answer"},
		"a program":      {program, gate, "gate", "the program refused", "the program did not answer"},
		"a role":         {celltest.AWSGenesis(), celltest.AWSScenario(), "database", "AWS refused the role's twin", "AWS did not answer"},
		"a root task":    {celltest.AWSGenesis(), celltest.RootScenario(), "unlock", "AWS refused the session of the root user", "AWS did not answer"},
		"an assignment":  {celltest.CenterGenesis(), celltest.CenterScenario(), "set-1", "Identity Center refused the assignment", "Identity Center did not answer"},
		"an execution":   {celltest.AWSGenesis(), celltest.AutomationScenario(), "run-1", "Systems Manager refused", "Systems Manager did not answer"},
		"after it opens": {celltest.Genesis(), celltest.Scenario(), "db-1", "the host refused", "the host did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, c.genesis, c.scenario)
			id := s.ask("ann", "0", c.target)
			for _, approver := range []string{"sam", "lea"} {
				s.do(s.Approve(approver, id))
			}
			if name == "after it opens" {
				s.effect(cell.TaskOpen, cell.EffectOpened, id, c.target, cell.Observed{})
			}
			kind := cell.TaskOpen
			if _, opening := first(s.World.Tasks, kind, id, c.target); !opening {
				kind = cell.TaskBaseline
			}
			for why, want := range map[string]string{"refused": c.refused, "unreachable": c.silent} {
				r := s.effect(kind, cell.EffectOpenFailed, id, c.target, cell.Observed{Why: why})
				shown := s.show("ann", id)
				if known := shown.Leases[0].Known; !strings.Contains(known, want) {
					t.Errorf("known: %s, want %q", known, want)
				}
				_, alarm := view.Alarm(r.Outcome.Events[0], s.World.Requests[id])
				if !strings.Contains(alarm, want) {
					t.Errorf("the alarm: %s, want %q", alarm, want)
				}
				if found := s.View.Findings("ann", s.at()).Findings; len(found) == 0 || !strings.Contains(found[0].Text, want) {
					t.Errorf("findings: %+v, want %q", found, want)
				}
				if told := text(t, []cell.Recorded{r}); strings.Contains(told, "host") {
					t.Errorf("an entry alone does not say what refused: %s", told)
				}
			}
		})
	}
}
