package cli

import (
	"net/url"
	"strings"

	"github.com/halligan-dev/halligan/internal/view"
)

type explainCommand struct {
	Scenario  string   `arg:"" complete:"scenarios" optional:"" help:"The scenario. Without it, all of them are listed."`
	Severity  string   `complete:"SEV1,SEV2,SEV3,SEV4" help:"SEV1 to SEV4. Default: the gravest that the scenario has." placeholder:"SEV"`
	Requester string   `complete:"people" help:"Who would ask. Default: you." placeholder:"PERSON"`
	Without   []string `complete:"people" help:"Who is away: ids of people, separated by commas." placeholder:"PERSON"`
	memberFlags
}

// Help is the long help of `explain`.
func (explainCommand) Help() string {
	return `It answers what a request would open, for how long, who could approve it right now, and without whom nobody could. For everybody who may ask, and after each rung of the ladder: halligan coverage.

Examples:

    halligan explain
    halligan explain database-locked-out
    halligan explain database-locked-out --severity SEV2 --requester ann --without sue`
}

// Run explains.
func (e explainCommand) Run(c *call) error {
	m, err := c.open(e.memberFlags)
	if err != nil {
		return err
	}
	if e.Scenario == "" {
		return show(m, "scenarios", scenariosSheet)
	}
	known, err := m.founding()
	if err != nil {
		return err
	}
	scenario, ok := known.Scenarios[e.Scenario]
	if !ok {
		return noScenario(known, e.Scenario)
	}
	severity, _, err := severityOf(scenario, e.Severity)
	if err != nil {
		return err
	}
	q := url.Values{"scenario": {e.Scenario}, "severity": {string(severity)}}
	if e.Requester != "" {
		q.Set("requester", e.Requester)
	}
	if len(e.Without) > 0 {
		q.Set("without", strings.Join(e.Without, ","))
	}
	return show(m, "explain?"+q.Encode(), func(x view.Explain) string {
		shown, _ := known.view.Scenario(m.person(), e.Scenario)
		return explainSheet(shown, x)
	})
}

type scenarioList struct {
	Scenarios []view.Scenario `json:"scenarios"`
}

func scenariosSheet(list scenarioList) string {
	s := new(sheet)
	for _, each := range list.Scenarios {
		may := ""
		if !each.MayAsk {
			may = " (you may not ask for it)"
		}
		s.say("%s: %s%s", each.ID, line(each.Title), may)
		for _, terms := range each.Severities {
			s.say("  %s: %s at most, needs %s", terms.Severity, terms.Longest, terms.Quorum)
		}
	}
	return s.String()
}

// explainSheet takes what the scenario is from the founders' signature, and who
// could sign now from the server, which alone knows who was removed since.
func explainSheet(of view.Scenario, x view.Explain) string {
	s := new(sheet)
	s.say("%s (%s) at %s", line(of.Title), of.ID, x.Severity)
	s.items("It is for when:", of.UseWhen)
	s.items("It is not for when:", of.DoNotUseWhen)
	s.items("What is looked at:", of.Symptoms)
	s.opens(of.Opens)
	s.items("Conditions:", of.Conditions)
	s.late(x.Late)
	s.say("%s", sentence(x.Text))
	var legs []string
	for _, leg := range x.Legs {
		legs = append(legs, leg.Text)
	}
	s.items("Who could sign now:", legs)
	s.items("If nobody answers:", of.Ladder)
	s.late(x.Solo)
	if len(x.WhyNot) > 0 {
		s.items(x.Requester+" could not ask now:", x.WhyNot)
	} else if x.MayAsk && x.Requester != "" {
		s.say("%s could ask now.", x.Requester)
	}
	return s.String()
}
