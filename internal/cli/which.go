package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type whichCommand struct {
	Broke string   `complete:"scenarios" help:"What broke: a scenario, or words of its title and criteria." placeholder:"WORDS"`
	Gone  string   `complete:"yes,no" help:"Whether the normal way is gone: yes, no, or the number of the exclusion that is true." placeholder:"ANSWER"`
	Need  []string `help:"What you need of what it opens; all for everything." placeholder:"TARGET" sep:","`
	Files string   `help:"Answer from cell.yaml and the scenarios of a folder, and ask no server." placeholder:"DIR"`
	memberFlags
}

// Help is the long help of `which`.
func (whichCommand) Help() string {
	return `Three questions: what broke, whether the normal way is gone, and what you need. It names the scenario to ask under, or the other way that the scenario's exclusions name: then it is no emergency. Nothing is signed or sent; the answers are yours, and approvers will ask for them again.

It answers from the scenarios that the founders or the change quorum signed. When the server does not answer, that is the copy that this machine keeps from the last time, or from joining; then it says how to get in without Halligan.

Examples:

    halligan which
    halligan which --broke "database login" --gone yes --need all
    halligan which --broke database-locked-out --gone 1 --json
    halligan which --files ./cell`
}

// The verdicts of `which`.
const (
	isEmergency = "emergency"
	isOtherWay  = "other-way"
)

// whichAnswer is what `which` comes to, as JSON.
type whichAnswer struct {
	Verdict    string            `json:"verdict"` // emergency or other-way
	Scenario   string            `json:"scenario"`
	Title      string            `json:"title"`
	Because    string            `json:"because,omitempty"`   // the exclusion that is true
	OtherWay   string            `json:"other_way,omitempty"` // that it names
	Targets    []string          `json:"targets,omitempty"`
	Severities []view.Terms      `json:"severities,omitempty"`
	MayAsk     bool              `json:"may_ask"`
	MayRequest []string          `json:"may_request,omitempty"` // groups
	Command    string            `json:"command,omitempty"`     // that asks, or answers for the other scenario
	Ways       map[string]string `json:"ways,omitempty"`        // into each host without Halligan
	From       string            `json:"from"`                  // server, kept or files
	Document   canon.Digest      `json:"document,omitzero"`     // that was read
}

// Run asks three questions and answers one.
func (w whichCommand) Run(c *call) error {
	known, err := w.known(c)
	if err != nil {
		return err
	}
	scenario, err := w.broke(c, known)
	if err != nil {
		return err
	}
	out := whichAnswer{From: known.from, Document: known.document}
	seen := map[string]bool{}
	for {
		seen[scenario.ID] = true
		out.Scenario, out.Title, out.MayAsk, out.MayRequest = scenario.ID, scenario.Title, scenario.MayAsk, scenario.MayRequest
		gone, exclusion, err := w.gone(c, scenario)
		switch {
		case err != nil:
			return err
		case gone:
			return w.emergency(c, known, scenario, out)
		}
		other := view.ExclusionOf(exclusion)
		out.Verdict, out.Because, out.OtherWay = isOtherWay, exclusion, other.Way
		next, elsewhere := known.named(other)
		if elsewhere && !seen[next.ID] && !c.asks {
			out.Command = "halligan which --broke " + next.ID
		}
		if !elsewhere || seen[next.ID] || !c.asks {
			return c.answer(out, func() { c.print(otherWaySheet(out, scenario)) })
		}
		c.toPeople(fmt.Sprintf("\nThat is scenario %s.\n", next.ID))
		scenario, w.Gone = next, ""
	}
}

// named is the scenario that an exclusion points to.
func (k *knownScenarios) named(e view.Exclusion) (view.Scenario, bool) {
	if e.Scenario == "" {
		return view.Scenario{}, false
	}
	return k.view.Scenario(k.person, e.Scenario)
}

// broke asks what broke.
func (w whichCommand) broke(c *call, known *knownScenarios) (view.Scenario, error) {
	all := known.view.Scenarios(known.person)
	fitting := view.Fitting(all, w.Broke)
	switch {
	case w.Broke != "" && len(fitting) == 0:
		return view.Scenario{}, noneFits(all, w.Broke)
	case len(fitting) == 1 && w.Broke != "":
		return fitting[0], nil
	}
	lines := make([]string, 0, len(fitting))
	for _, each := range fitting {
		lines = append(lines, fmt.Sprintf("%s (%s)", line(each.Title), each.ID))
	}
	n, err := c.choose("What broke?\n"+numbered(lines)+"  0  none of these\n", len(fitting))
	switch {
	case errors.Is(err, errNobody) && w.Broke != "":
		var ids []string
		for _, each := range fitting {
			ids = append(ids, each.ID)
		}
		return view.Scenario{}, failf(exitUsage, "--broke %q fits %s", w.Broke, both(ids)).or("name one of them with --broke, or use other words")
	case errors.Is(err, errNobody):
		return view.Scenario{}, failf(exitUsage, "nobody can be asked here what broke").or("say it with --broke, a scenario or words of it")
	case err != nil:
		return view.Scenario{}, err
	case n == 0:
		return view.Scenario{}, noneFits(all, "something else")
	}
	return fitting[n-1], nil
}

// noneFits is the failure of a situation that no scenario is for: the normal way,
// whoever owns what broke, and a new scenario are what is left.
func noneFits(all []view.Scenario, what string) error {
	return failf(exitNotFound, "no scenario of this cell is for %q: nothing of it can be opened", what).
		or("the scenarios are %s; wake whoever owns what broke, and write a scenario for the next time", both(idsOf(all)))
}

func idsOf(all []view.Scenario) (ids []string) {
	for _, each := range all {
		ids = append(ids, each.ID)
	}
	return ids
}

// gone asks whether the normal way is gone: the criteria hold and no exclusion
// does. If not, it gives the exclusion; none when the criteria do not hold.
func (w whichCommand) gone(c *call, of view.Scenario) (gone bool, exclusion string, err error) {
	s := new(sheet)
	s.say("\n%s (%s)", line(of.Title), of.ID)
	s.items("It is an emergency when:", of.UseWhen)
	if len(of.DoNotUseWhen) > 0 {
		s.say("It is none when:")
		var lines []string
		for _, each := range of.DoNotUseWhen {
			lines = append(lines, line(view.ExclusionOf(each).What))
		}
		s.WriteString(numbered(lines))
	}
	c.toPeople(s.String())
	given := w.Gone
	for {
		if given == "" {
			given, err = c.ask("Is the normal way gone? Type yes, no, or the number of what is true: ")
			if errors.Is(err, errNobody) {
				return false, "", failf(exitUsage, "nobody can be asked here whether the normal way is gone").or("say it with --gone: yes, no, or the number of the exclusion that is true")
			}
			if err != nil {
				return false, "", err
			}
		}
		switch n, number := strconv.Atoi(given); {
		case strings.EqualFold(given, "yes"), strings.EqualFold(given, "y"):
			return true, "", nil
		case strings.EqualFold(given, "no"), strings.EqualFold(given, "n"):
			return false, "", nil
		case number == nil && n >= 1 && n <= len(of.DoNotUseWhen):
			return false, of.DoNotUseWhen[n-1], nil
		case w.Gone != "":
			return false, "", failf(exitUsage, "--gone %q is not yes, no or 1 to %d", given, len(of.DoNotUseWhen))
		}
		given = ""
	}
}

// emergency asks what is needed, and says how to ask for it.
func (w whichCommand) emergency(c *call, known *knownScenarios, of view.Scenario, out whichAnswer) error {
	targets, err := w.need(c, of)
	if err != nil {
		return err
	}
	out.Verdict, out.Because, out.OtherWay = isEmergency, "", ""
	out.Targets, out.Severities, out.Ways = targets, of.Severities, known.ways(of, targets)
	if of.MayAsk || known.person == "" {
		out.Command = "halligan request " + of.ID
		if len(targets) < len(of.Opens) {
			out.Command += " --only " + strings.Join(targets, ",")
		}
		out.Command += ` --why "…"`
	}
	return c.answer(out, func() { c.print(emergencySheet(out, of, known.members(of.MayRequest))) })
}

// need asks what of the scenario is needed.
func (w whichCommand) need(c *call, of view.Scenario) ([]string, error) {
	all := make([]string, 0, len(of.Opens))
	lines := make([]string, 0, len(of.Opens))
	for _, each := range of.Opens {
		all, lines = append(all, each.Target), append(lines, each.Target+": "+line(each.Text))
	}
	if len(w.Need) > 0 {
		for _, target := range w.Need {
			if target != "all" && !slices.Contains(all, target) {
				return nil, failf(exitNotFound, "%s does not open %q", of.ID, target).or("it opens %s; halligan explain says what the others open", both(all))
			}
		}
		if slices.Contains(w.Need, "all") {
			return all, nil
		}
		return slices.Compact(slices.Sorted(slices.Values(w.Need))), nil
	}
	if len(all) == 1 {
		return all, nil
	}
	n, err := c.choose("\nWhat do you need?\n"+numbered(lines)+"  0  all of it\n", len(all))
	switch {
	case errors.Is(err, errNobody):
		return nil, failf(exitUsage, "nobody can be asked here what is needed").or("say it with --need: %s, or all", either(all))
	case err != nil:
		return nil, err
	case n == 0:
		return all, nil
	}
	return all[n-1 : n], nil
}

// choose asks for a number from 0 to most until it gets one.
func (c *call) choose(question string, most int) (int, error) {
	if c.asks {
		c.toPeople(question)
	}
	for prompt := "Type its number: "; ; {
		text, err := c.ask(prompt)
		if err != nil {
			return 0, err
		}
		if text == "" {
			return 0, failf(exitUnsigned, "you chose nothing; nothing was signed")
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= most {
			return n, nil
		}
		prompt = fmt.Sprintf("It is a number from 0 to %d; nothing at all leaves: ", most)
	}
}

// numbered writes lines to be chosen from.
func numbered(lines []string) string {
	var b strings.Builder
	for i, each := range lines {
		fmt.Fprintf(&b, "  %d  %s\n", i+1, each)
	}
	return b.String()
}

// members are the people of groups, by id.
func (k *knownScenarios) members(groups []string) (people []string) {
	for _, group := range groups {
		people = append(people, k.genesis.Groups[group]...)
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// ways are the ways into hosts and accounts that need no server; only when no
// server could give access.
func (k *knownScenarios) ways(of view.Scenario, targets []string) map[string]string {
	if k.from != fromKept {
		return nil
	}
	ways := map[string]string{}
	for _, each := range of.Opens {
		other := ""
		if host, ok := k.genesis.Host(each.Host); ok {
			other = host.Other
		}
		if account, ok := k.genesis.Account(each.Account); ok {
			other = account.Other
		}
		if slices.Contains(targets, each.Target) && other != "" {
			ways[each.Target] = other
		}
	}
	return ways
}

func otherWaySheet(out whichAnswer, of view.Scenario) string {
	s := new(sheet)
	switch what := view.ExclusionOf(out.Because).What; {
	case out.OtherWay != "" && out.Command != "":
		s.say("\nThis is no emergency of %s: %s.", of.ID, line(what))
		s.say("It may be one of another: %s", line(out.OtherWay))
		s.say("Next: %s", out.Command)
	case out.OtherWay != "":
		s.say("\nThis is no emergency: %s.", line(what))
		s.say("The other way: %s", line(out.OtherWay))
	case out.Because != "":
		s.say("\nThis is no emergency: %s. Its scenario names no other way.", line(what))
	default:
		s.say("\nThis is no emergency of %s: use the normal way.", of.ID)
	}
	return s.String()
}

func emergencySheet(out whichAnswer, of view.Scenario, may []string) string {
	s := new(sheet)
	s.say("\nThis is an emergency: %s (%s), for %s.", line(of.Title), of.ID, both(out.Targets))
	for _, terms := range of.Severities {
		s.say("  %s: %s at most, needs %s", terms.Severity, terms.Longest, terms.Quorum)
	}
	if of.Procedure != "" {
		s.say("Procedure:")
		s.WriteString(quoted("  ", strings.TrimSuffix(of.Procedure, "\n")))
	}
	if out.From == fromKept {
		s.say("The server does not answer, and nothing can be asked for until it does.")
		for _, target := range of.Opens {
			if way, ok := out.Ways[target.Target]; ok {
				s.say("Another way into %s: %s", target.Target, line(way))
			}
		}
	}
	if out.Command == "" {
		s.say("You may not ask for it; %s may: wake one of them.", either(may))
		return s.String()
	}
	if out.From == fromKept {
		s.say("Once the server answers: %s", out.Command)
		return s.String()
	}
	s.say("Next: %s", out.Command)
	return s.String()
}
