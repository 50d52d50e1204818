package cli

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

type requestCommand struct {
	Scenario string        `arg:"" complete:"scenarios" help:"The scenario: halligan which finds it, halligan explain lists all."`
	Why      string        `required:"" help:"What is wrong and what you will do. Approvers read it." placeholder:"TEXT"`
	Severity string        `complete:"SEV1,SEV2,SEV3,SEV4" help:"SEV1 to SEV4. Default: the gravest that the scenario has." placeholder:"SEV"`
	For      time.Duration `help:"How long, from the last signature. Default: the longest of the severity." placeholder:"TIME"`
	Incident string        `help:"Id of the incident." placeholder:"ID"`
	Only     []string      `help:"Ask for this target only; once for each. Default: all of the scenario." placeholder:"TARGET" sep:","`
	Wait     bool          `help:"Wait until it is granted or over, and say meanwhile who has signed and who is missing."`
	Login    bool          `help:"Wait, and when it is granted go on as halligan exec does: a login, or the command after --."`
	memberFlags
}

// Help is the long help of `request`.
func (requestCommand) Help() string {
	return `It reads the scenario, checks that it is the one your founders signed, shows in plain words what you are about to ask for, makes keys for this one request on this machine, signs with your key, and prints the four words that approvers will ask you for. With --wait and --login exit code 7 says that it came to nothing.

Examples:

    halligan request database-locked-out --why "pool exhausted, nobody can connect" --login
    halligan request database-locked-out --why "pool exhausted, nobody can connect" --wait
    halligan request database-locked-out --why "restore one table" --severity SEV2 --for 30m --only db-1 --incident PD-4711`
}

// asked is what a request became, as JSON.
type asked struct {
	ID    canon.Digest `json:"id"`
	Short string       `json:"short"`
	Words string       `json:"words"`
	Entry int64        `json:"entry"`
	State access.State `json:"state"`
	Grant *view.Grant  `json:"grant,omitzero"` // with --wait

	Also []canon.Digest `json:"also,omitempty"` // what else is open under the scenario
}

// Run asks.
func (r requestCommand) Run(c *call) error {
	why, text, err := c.note(r.Why, "--why")
	if err != nil {
		return err
	}
	m, err := c.open(r.memberFlags)
	if err != nil {
		return err
	}
	go roomForWords()
	defer m.way.foresee(c.ctx)()
	known, err := m.founding()
	if err != nil {
		return err
	}
	body, err := r.body(known, why)
	if err != nil {
		return err
	}
	if r.Login && len(body.Targets) > 1 {
		return failf(exitUsage, "--login goes on to one target, and this asks for %s", both(body.Targets)).
			or("name one with --only; or ask with --wait, then halligan exec ID TARGET for each")
	}
	if _, sealed := known.Scenarios[body.Scenario].Envelope(body.Targets[0]); r.Login && sealed {
		return failf(exitUsage, "--login logs in, and %s is an envelope", body.Targets[0]).or("ask with --wait, then halligan envelope open ID")
	}
	c.toPeople(askSheet(known, m.person(), body, text.Text))
	answer, err := m.submitRequest(body, []client.Noted{text})
	if shown, _ := known.view.Scenario(m.person(), r.Scenario); err != nil && len(shown.MayRequest) > 0 {
		return hinting(err, "may-not-request", "wake somebody of %s, who may ask: halligan people names them", either(shown.MayRequest))
	}
	if err != nil {
		return err
	}
	return r.conclude(m, answer)
}

// body is what the flags ask for, with the scenario's own defaults.
func (r requestCommand) body(known *scenarioBook, why statement.Note) (*statement.Request, error) {
	scenario, ok := known.Scenarios[r.Scenario]
	if !ok {
		return nil, noScenario(known, r.Scenario)
	}
	severity, terms, err := severityOf(scenario, r.Severity)
	if err != nil {
		return nil, err
	}
	length, err := span(r.For)
	if err != nil {
		return nil, err
	}
	if length == 0 {
		length = terms.Longest
	}
	if length > terms.Longest {
		return nil, failf(exitUsage, "--for %s is more than %s gives: %s at most", length, severity, terms.Longest).
			or("ask for %s or less, and for more time later: halligan extend", terms.Longest)
	}
	targets := scenario.Targets()
	if len(r.Only) > 0 {
		for _, target := range r.Only {
			if !slices.Contains(targets, target) {
				return nil, failf(exitUsage, "--only %s: %s opens %s", target, scenario.ID, both(targets)).
					or("halligan explain %s says what each is; halligan which finds the scenario that opens another", scenario.ID)
			}
		}
		targets = statement.SortTargets(r.Only)
	}
	if err := statement.CheckIncident(r.Incident); err != nil {
		return nil, because(exitUsage, err, "cannot use --incident").or("give the id alone, such as PD-4711; the rest belongs into --why")
	}
	return &statement.Request{
		Scenario: scenario.ID, ScenarioDigest: known.Digests[scenario.ID], Severity: string(severity),
		For: length, Targets: targets, Why: why, Incident: r.Incident,
	}, nil
}

func noScenario(known *scenarioBook, id string) error {
	var ids []string
	for each := range known.Scenarios {
		ids = append(ids, each)
	}
	slices.Sort(ids)
	var close []string
	for _, each := range ids {
		if id != "" && strings.Contains(each, strings.ToLower(id)) {
			close = append(close, each)
		}
	}
	f := failf(exitNotFound, "the cell has no scenario %q", id)
	if len(close) == 1 {
		return f.or("did you mean %s? halligan explain lists all", close[0])
	}
	return f.or("there are %s; halligan explain SCENARIO says what each opens", both(ids))
}

// severityOf is the severity that was asked for, or the gravest that there is.
func severityOf(s *access.Scenario, wanted string) (access.Severity, access.Terms, error) {
	var there []string
	for _, severity := range access.Severities {
		terms, ok := s.Severities[severity]
		if ok && (wanted == "" || strings.EqualFold(wanted, string(severity))) {
			return severity, terms, nil
		}
		if ok {
			there = append(there, string(severity))
		}
	}
	return "", access.Terms{}, failf(exitUsage, "%s has no severity %s", s.ID, wanted).or("it has %s", both(there))
}

// askSheet is what a person reads before the request is signed.
func askSheet(known *scenarioBook, person string, r *statement.Request, why string) string {
	s := new(sheet)
	shown, _ := known.view.Scenario(person, r.Scenario)
	scenario := known.Scenarios[r.Scenario]
	if !shown.MayAsk {
		s.say("You, %s, may not ask under %s: somebody of %s may. The rules will refuse it.\n", person, r.Scenario, either(shown.MayRequest))
	}
	s.say("You, %s, ask for %s (%s) at %s, for %s from the last signature.", person, line(shown.Title), r.Scenario, r.Severity, r.For)
	s.items("It is for when:", shown.UseWhen)
	s.items("It is not for when:", shown.DoNotUseWhen)
	var opens []view.Opening
	for _, o := range shown.Opens {
		if slices.Contains(r.Targets, o.Target) {
			opens = append(opens, o)
		}
	}
	s.opens(opens)
	s.items("Conditions:", shown.Conditions)
	for _, terms := range shown.Severities {
		if string(terms.Severity) == r.Severity {
			s.say("It needs %s, none of them you; a review is due %s after it ended.", terms.Quorum, terms.ReviewDue)
		}
	}
	s.say("Approvers read why:")
	s.WriteString(quoted("  ", why))
	if !scenario.Controls.OpenAt(known.now) {
		s.say("It may not be asked for at this hour; the rules will refuse it.")
	}
	return s.String()
}

// conclude prints what came of it, and waits if it was asked to.
func (r requestCommand) conclude(m *member, a answer) error {
	m.c.toPeople("\nAsked: " + a.Digest.Short() + "\n") // the words take their time
	words, err := wordsOf(a.Digest, a.salt())
	if err != nil {
		return because(exitInternal, err, "the request is recorded as entry %d, but its words cannot be worked out", a.Entry).
			or("halligan status %s", a.Digest.Short())
	}
	out := asked{ID: a.Digest, Short: a.Digest.Short(), Words: words, Entry: a.Entry, State: access.Pending}
	if shown := a.request(); shown != nil {
		out.Also = shown.Also
	}
	m.c.toPeople(out.sheet(a.request(), r.Wait || r.Login))
	if r.Wait || r.Login {
		final, err := m.wait(a.Digest, a.request())
		if err != nil && final.State == "" {
			return err
		}
		out.State, out.Grant = final.State, final.Grant
		if err != nil {
			return errors.Join(m.c.answer(out, func() {}), err)
		}
		if r.Login {
			return m.exec(a.Digest.String(), "", lending{})
		}
		use, err := m.useSheet(final)
		m.c.toPeople(use)
		if err != nil {
			return err
		}
	}
	return m.c.answer(out, func() {})
}

// sheet says what to do with the words.
func (a asked) sheet(shown *view.Request, waits bool) string {
	s := new(sheet)
	s.say("Words: %s", a.Words)
	s.say("Read them only to an approver who asks you for them.")
	if shown != nil {
		s.late(shown.Late)
	}
	if len(a.Also) > 0 {
		s.say("You have asked for this before, and that is open still: %s.", both(shorts(a.Also)))
		s.say("If one is enough, take one back before you wake people twice: halligan withdraw %s", a.Short)
	}
	if waits {
		return s.String()
	}
	if shown != nil {
		for _, missing := range shown.Missing {
			s.say("  - %s", missing)
		}
	}
	s.say("Next: halligan status %s", a.Short)
	return s.String()
}

func shorts(ids []canon.Digest) []string {
	var digits []string
	for _, id := range ids {
		digits = append(digits, id.Short())
	}
	return digits
}
