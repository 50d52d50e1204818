package cli

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/view"
)

type coverageCommand struct {
	Scenario string   `arg:"" complete:"scenarios" optional:"" help:"The scenario. Without it, all of them, and changes and a recovery of the cell."`
	Severity string   `complete:"SEV1,SEV2,SEV3,SEV4" help:"SEV1 to SEV4. Default: every one that the scenario has." placeholder:"SEV"`
	Without  []string `complete:"people" help:"Who is away: ids of people, separated by commas. They neither ask nor sign." placeholder:"PERSON"`
	At       string   `help:"When, such as 2026-12-24T03:00:00Z. Default: now." placeholder:"TIME"`
	Files    string   `help:"Answer from cell.yaml and the scenarios of a folder, and ask no server: for files that are not in force yet." placeholder:"DIR"`
	memberFlags
}

// Help is the long help of `coverage`.
func (coverageCommand) Help() string {
	return `It answers whether each quorum can be filled, whoever asks and whoever is away: from the beginning and after each rung of the ladder, with the people and keys that are there. It names the single points of failure: people without whom somebody who asks gets nothing. Who asks never counts, and one person fills one place.

Examples:

    halligan coverage
    halligan coverage database-locked-out --without sue,leo
    halligan coverage database-locked-out --severity SEV1 --at 2026-12-24T03:00:00Z
    halligan coverage --files /etc/halligan --json`
}

// Run answers.
func (v coverageCommand) Run(c *call) error {
	at, err := v.instant(c)
	if err != nil {
		return err
	}
	of := v.ofServer
	if v.Files != "" {
		of = v.ofFiles
	}
	known, answer, err := of(c, at)
	if err != nil {
		return err
	}
	wanted, err := v.wanted(known)
	if err != nil {
		return err
	}
	covered := []view.Coverage{}
	for _, each := range wanted {
		shown, err := answer(each)
		if err != nil {
			return err
		}
		covered = append(covered, shown)
	}
	return c.answer(map[string]any{"coverage": covered}, func() { c.print(coverageSheet(covered, v.Scenario != "")) })
}

// instant is the instant that is meant.
func (v coverageCommand) instant(c *call) (canon.Time, error) {
	if v.At == "" {
		return canon.At(c.now()), nil
	}
	at, err := time.Parse(time.RFC3339, v.At)
	if err != nil {
		return canon.Time{}, failf(exitUsage, "cannot read --at %q", v.At).or("write an instant such as 2026-12-24T03:00:00Z")
	}
	return canon.At(at), nil
}

// quorumOf is a scenario at a severity; without names, a change of the cell or its
// recovery.
type quorumOf struct {
	scenario string
	severity access.Severity
	recovery bool
}

// covering answers for one quorum.
type covering func(quorumOf) (view.Coverage, error)

// wanted are the quorums that are meant.
func (v coverageCommand) wanted(known *scenarioBook) ([]quorumOf, error) {
	ids := slices.Sorted(maps.Keys(known.Scenarios))
	if v.Scenario != "" {
		if known.Scenarios[v.Scenario] == nil {
			return nil, noScenario(known, v.Scenario)
		}
		ids = []string{v.Scenario}
	}
	var all []quorumOf
	for _, id := range ids {
		of := known.Scenarios[id]
		if v.Scenario != "" && v.Severity != "" {
			severity, _, err := severityOf(of, v.Severity)
			return []quorumOf{{scenario: id, severity: severity}}, err
		}
		for _, severity := range access.Severities {
			if _, ok := of.Severities[severity]; ok && (v.Severity == "" || strings.EqualFold(v.Severity, string(severity))) {
				all = append(all, quorumOf{scenario: id, severity: severity})
			}
		}
	}
	if v.Scenario == "" && v.Severity == "" {
		all = append(all, quorumOf{})
		if len(known.genesis.Recovery.Quorum) > 0 {
			all = append(all, quorumOf{recovery: true})
		}
	}
	if len(all) == 0 {
		return nil, failf(exitNotFound, "no scenario has severity %s", v.Severity).or("severities are SEV1 to SEV4; halligan explain lists them")
	}
	return all, nil
}

// ofServer asks the server, which alone knows who was removed and added since.
func (v coverageCommand) ofServer(c *call, at canon.Time) (*scenarioBook, covering, error) {
	m, err := c.open(v.memberFlags)
	if err != nil {
		return nil, nil, err
	}
	known, err := m.founding()
	return known, func(of quorumOf) (view.Coverage, error) {
		q := url.Values{}
		for name, value := range map[string]string{
			"scenario": of.scenario, "severity": string(of.severity), "without": strings.Join(v.Without, ","),
		} {
			if value != "" {
				q.Set(name, value)
			}
		}
		if of.recovery {
			q.Set("quorum", "recovery")
		}
		if v.At != "" {
			q.Set("at", at.String())
		}
		shown, err := readAs[view.Coverage](m, "coverage?"+q.Encode())
		return shown, hinting(err, "malformed-query", "name people by their ids: halligan people lists them")
	}, err
}

// ofFiles answers from files.
func (v coverageCommand) ofFiles(_ *call, at canon.Time) (*scenarioBook, covering, error) {
	known, err := filesBook(v.Files)
	if err != nil {
		return nil, nil, err
	}
	if strangers := known.view.Strangers(v.Without...); len(strangers) > 0 {
		return nil, nil, failf(exitNotFound, "%q is not in %s", strangers[0], config.CellFile).or("name people by their ids, as cell.yaml has them")
	}
	return known, func(of quorumOf) (view.Coverage, error) {
		if of.recovery {
			shown, _ := known.view.RecoveryCoverage(at, v.Without...)
			return shown, nil
		}
		if of.scenario == "" {
			shown, _ := known.view.ChangeCoverage(at, v.Without...)
			return shown, nil
		}
		shown, _ := known.view.Coverage(of.scenario, of.severity, at, v.Without...)
		return shown, nil
	}, nil
}

// coverageSheet shows each answer: whole, or in a sentence.
func coverageSheet(covered []view.Coverage, whole bool) string {
	s := new(sheet)
	for _, v := range covered {
		what := "A change of the cell"
		if v.Recovery {
			what = "A recovery of the cell"
		}
		if v.Scenario != "" {
			what = v.Scenario + " at " + string(v.Severity)
		}
		unproved := ""
		if len(v.Unproved) > 0 {
			unproved = fmt.Sprintf(" Counted on, though no key of theirs signed anything for 90 days: %s.", both(v.Unproved))
		}
		away := ""
		if len(v.Away) > 0 {
			away = ", with " + both(v.Away) + " away"
		}
		s.say("%s needs %s%s.", what, v.Quorum, away)
		s.say("  %s%s", line(v.Text), unproved)
		if v.Late != "" {
			s.say("  %s", line(v.Late))
		}
		if v.Security != "" {
			s.say("  %s", line(v.Security))
		}
		if !whole {
			continue
		}
		for _, step := range v.Steps {
			s.covered(step)
		}
		s.late(v.Solo)
		for _, of := range v.Envelopes {
			s.covered(of)
		}
		s.items("Nobody may ask:", v.Shut)
		if v.ShutNow {
			s.say("It may not be asked for then.")
		}
	}
	return s.String()
}

// covered shows who could fill a quorum.
func (s *sheet) covered(c view.Cover) {
	var lines []string
	for _, leg := range c.Legs {
		lines = append(lines, leg.Text)
	}
	switch {
	case c.Envelope != "":
		s.items("Who could open envelope "+c.Envelope+":", lines)
		s.say("  %s", line(c.Text))
	case c.After > 0:
		s.items("After "+c.After.String()+", when "+c.Adds+":", lines)
		s.say("  %s", line(c.Text))
	default:
		s.items("Who could sign:", lines)
	}
	var thin []string
	for _, legs := range c.Thin {
		thin = append(thin, fmt.Sprintf("%s: %s for %s", both(legs.Legs), people(len(legs.People)), count(legs.Places, "place")))
	}
	s.items("Thin:", thin)
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}
