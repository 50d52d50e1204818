package cli

import (
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type readyCommand struct {
	Scenario string `complete:"scenarios" help:"Only what this scenario leans on." placeholder:"SCENARIO"`
	Live     bool   `help:"Have the server look outside first: a session of each role that reads one thing, what the issuers show, and what accounts with a reader say of themselves."`
	memberFlags
}

// Help is the long help of `ready`.
func (readyCommand) Help() string {
	return `It says whether each scenario could be used right now: quorums and ladders, hosts that report, channels that take alarms, keys, envelopes, reviews, the certificate, roles of AWS. Red could not be used, amber hangs on something or will not last, and what nobody could look at is never green. Each line that is not green says what mends it.

With --live the server begins a session of each role of AWS, has it read one thing, and asks the issuers for their keys, at most once a minute, whoever asks. Where an account has a reader (aws.accounts[].reader in cell.yaml) it compares what IAM says there with the blueprint, and looks who else could take its roles, at SAML certificates and at the users of emergencies. Each session is in CloudTrail, and the account's rules tell of it, as of any use of an emergency role.

The exit code is 0 when all is green, 11 when something is amber or was not looked at, and 12 when something is red.

Examples:

    halligan ready
    halligan ready --live
    halligan ready --scenario database-locked-out --json`
}

// Run asks.
func (r readyCommand) Run(c *call) error {
	m, err := c.open(r.memberFlags)
	if err != nil {
		return err
	}
	q := url.Values{}
	if r.Scenario != "" {
		q.Set("scenario", r.Scenario)
	}
	data, err := r.ask(m, q)
	if refusedFor(err, "not-found") && r.Scenario != "" {
		if known, failed := m.founding(); failed == nil {
			return noScenario(known, r.Scenario)
		}
	}
	if err != nil {
		return err
	}
	var report view.ReadyReport
	if err := json.Unmarshal(data, &report); err != nil {
		return because(exitInternal, err, "cannot read the server's answer").or("the server may be of another version: halligan version")
	}
	if c.flags.JSON {
		err = c.json(jsontext.Value(data))
	} else {
		c.print(readySheet(report))
	}
	if err != nil {
		return err
	}
	return readyExit(report)
}

// ask reads how it stands, and has the server look outside first where that is wanted.
func (r readyCommand) ask(m *member, q url.Values) ([]byte, error) {
	path := ""
	if len(q) > 0 {
		path = "?" + q.Encode()
	}
	if !r.Live {
		return m.read("readiness" + path)
	}
	defer m.c.patienceFor("the server to look outside")()
	return m.way.client.Post(m.c.ctx, "/readiness/look"+path)
}

// readyExit is how scripts are told.
func readyExit(r view.ReadyReport) error {
	switch r.State {
	case view.LightGreen:
		return nil
	case view.LightRed:
		return failf(exitRed, "not ready: %d red", r.Counts[view.LightRed]).or("do what stands below each of them")
	}
	return failf(exitAmber, "ready as far as was looked: %d amber, %d not looked at", r.Counts[view.LightAmber], r.Counts[view.LightNotLooked]).
		or("do what stands below each of them; what is outside is looked at by halligan ready --live")
}

// stateWords are what a line begins with.
var stateWords = map[view.Light]string{
	view.LightRed: "RED", view.LightAmber: "AMBER", view.LightNotLooked: "NOT LOOKED", view.LightGreen: "GREEN",
}

func readySheet(r view.ReadyReport) string {
	s := new(sheet)
	of := "Readiness of the cell"
	if r.Scenario != "" {
		of = "Readiness of " + r.Scenario
	}
	s.say("%s at %s: %s", of, clock(r.At, canon.Time{}), stateWords[r.State])
	for _, item := range r.Items {
		since := ""
		if !item.Since.IsZero() && !item.Since.Equal(r.At) {
			since = "  (" + clock(item.Since, r.At) + ")"
		}
		s.say("%-10s  %s%s", stateWords[item.State], line(item.Text), since)
		if item.Do != "" {
			s.say("            %s", line(item.Do))
		}
		if r.Scenario == "" && len(item.Scenarios) > 0 && item.State != view.LightGreen {
			s.say("            For: %s", strings.Join(item.Scenarios, ", "))
		}
	}
	return s.String()
}
