package cell

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// DecodeScenario reads a scenario and checks it against the cell it is for.
func DecodeScenario(data []byte, g *Genesis, r *roster.Roster) (*access.Scenario, error) {
	var s access.Scenario
	if err := canon.Decode(data, access.ScenarioLimit, &s); err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	if err := CheckScenario(&s, g, r); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.ID, err)
	}
	return &s, nil
}

// CheckScenario refuses a scenario that could not work in its cell, or that
// would open more than it says. Its errors begin with the member at fault.
func CheckScenario(s *access.Scenario, g *Genesis, r *roster.Roster) error {
	if err := canon.CheckID(s.ID); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	if s.Title == "" || len(s.UseWhen) == 0 {
		return errors.New("title, use_when: must say when this is an emergency")
	}
	if len(s.MayRequest) == 0 {
		return errors.New("may_request: must name a group")
	}
	for _, reference := range s.MayRequest {
		if len(r.Members(reference)) == 0 {
			return fmt.Errorf("may_request: %q names nobody", reference)
		}
	}
	if err := checkTerms(s, r); err != nil {
		return err
	}
	if err := checkLadder(s, g, r); err != nil {
		return err
	}
	if err := checkSymptoms(s, g); err != nil {
		return err
	}
	if err := checkControls(s.Controls); err != nil {
		return err
	}
	if err := checkConditions(s, g); err != nil {
		return err
	}
	for _, channel := range s.Alarms.To {
		if !slices.ContainsFunc(g.Channels, func(c Channel) bool { return c.ID == channel }) {
			return fmt.Errorf("alarms.to: %q is no channel of the cell", channel)
		}
	}
	return checkOpens(s, g, r)
}

func checkTerms(s *access.Scenario, r *roster.Roster) error {
	if len(s.Severities) == 0 {
		return errors.New("severities: must have at least one")
	}
	for severity, terms := range s.Severities {
		where := "severities." + string(severity)
		if !slices.Contains(access.Severities, severity) {
			return fmt.Errorf("%s: is not one of SEV1, SEV2, SEV3, SEV4", where)
		}
		if terms.Longest < 60 || terms.Longest > 12*3600 {
			return fmt.Errorf("%s.longest: must be 1 minute to 12 hours", where)
		}
		if terms.ReviewDue < 3600 || terms.ReviewDue > 30*24*3600 {
			return fmt.Errorf("%s.review_due: must be 1 hour to 30 days", where)
		}
		for _, leg := range terms.Quorum {
			if len(r.Members(leg.From)) == 0 {
				return fmt.Errorf("%s.quorum: %q names nobody", where, leg.From)
			}
		}
		if err := checkFillable(s, terms.Quorum, r); err != nil {
			return fmt.Errorf("%s.%w", where, err)
		}
	}
	return nil
}

// checkFillable demands that the quorum can be filled whoever asks.
func checkFillable(s *access.Scenario, q access.Quorum, r *roster.Roster) error {
	for _, reference := range s.MayRequest {
		for _, requester := range r.Members(reference) {
			if err := CheckQuorum(q, r, requester); err != nil {
				return fmt.Errorf("%w when %s asks", err, requester)
			}
		}
	}
	return nil
}

func checkControls(c access.Controls) error {
	if c.MFA != "" {
		if _, err := roster.ParseStrength(c.MFA); err != nil {
			return fmt.Errorf("controls.mfa: %w", err)
		}
	}
	for _, network := range c.Source {
		if prefix, err := netip.ParsePrefix(network); err != nil || prefix != prefix.Masked() || prefix.Addr().Is4In6() {
			return fmt.Errorf("controls.source: %q is not a network such as 10.0.0.0/8", network)
		}
	}
	for _, hours := range c.Hours {
		if !hours.Valid() {
			return fmt.Errorf("controls.hours: %s to %s is not a window such as 22:00 to 06:00 on mon, tue", hours.From, hours.To)
		}
	}
	return nil
}

func checkOpens(s *access.Scenario, g *Genesis, r *roster.Roster) error {
	if len(s.Opens) == 0 || len(s.Opens) > statement.TargetsMost {
		return fmt.Errorf("opens: must name 1 to %d targets", statement.TargetsMost)
	}
	seen := map[string]bool{}
	for i, open := range s.Opens {
		where := fmt.Sprintf("opens[%d]", i)
		if err := checkOpen(open, g, r); err != nil {
			return fmt.Errorf("%s.%w", where, err)
		}
		if seen[open.Name()] {
			return fmt.Errorf("%s: %q stands twice", where, open.Name())
		}
		seen[open.Name()] = true
	}
	return nil
}

// checkOpen demands that exactly one thing is opened, and that it can be.
func checkOpen(open access.Open, g *Genesis, r *roster.Roster) error {
	var kind string
	var err error
	switch open {
	case access.Open{SSH: open.SSH}:
		kind, err = "ssh", errors.New("must be set, or envelope, exec, aws, aws_root_task, identity-center or automation in its place")
		if open.SSH != nil {
			err = checkSSH(open.SSH, g)
		}
	case access.Open{Envelope: open.Envelope}:
		kind, err = "envelope", CheckEnvelope(open.Envelope, r)
	case access.Open{Exec: open.Exec}:
		kind, err = "exec", checkExec(open.Exec, g)
	case access.Open{AWS: open.AWS}:
		kind, err = "aws", checkAWSTarget(open.AWS, g)
	case access.Open{RootTask: open.RootTask}:
		kind, err = "aws_root_task", checkRootTask(open.RootTask, g)
	case access.Open{IdentityCenter: open.IdentityCenter}:
		kind, err = "identity-center", checkCenterTarget(open.IdentityCenter, g)
	case access.Open{Automation: open.Automation}:
		kind, err = "automation", checkAutomation(open.Automation, g)
	default:
		return errors.New("ssh: must be set alone, or envelope, exec, aws, aws_root_task, identity-center or automation in its place")
	}
	if err != nil {
		return fmt.Errorf("%s.%w", kind, err)
	}
	return nil
}

// CheckEnvelope refuses an envelope that could never be opened, or that one
// person could open alone, or that nobody may seal. Its errors begin with the
// member at fault.
func CheckEnvelope(e *access.Envelope, r *roster.Roster) error {
	if err := canon.CheckID(e.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	custodians, least := len(r.Members(e.Custodians)), 2
	if e.Physical {
		least = 1 // whoever holds a bag can open it anyhow
	}
	switch {
	case custodians == 0:
		return fmt.Errorf("custodians: %q names nobody", e.Custodians)
	case e.Threshold < least || e.Threshold > custodians || e.Threshold > statement.CustodiansMost:
		return fmt.Errorf("threshold: must be %d to the number of custodians (%d), at most %d", least, custodians, statement.CustodiansMost)
	case len(r.Members(e.SealedBy)) == 0:
		return fmt.Errorf("sealed_by: %q names nobody", e.SealedBy)
	case e.RotateEvery != 0 && (e.RotateEvery < access.RotateLeast || e.RotateEvery > access.RotateMost):
		return errors.New("rotate_every: must be 24 hours to ten years")
	case e.Contents == nil:
		return nil
	case e.Physical || e.Honey:
		return errors.New("contents: nothing changes what is in bags, and nothing that works is in honey")
	}
	if err := e.Contents.Check(); err != nil {
		return fmt.Errorf("contents.%w", err)
	}
	return nil
}

func checkSSH(t *access.SSH, g *Genesis) error {
	if err := canon.CheckID(t.Name); err != nil {
		return fmt.Errorf("name: %w", err)
	}
	if _, ok := g.Host(t.Host); !ok {
		return fmt.Errorf("host: %q is no host of the cell", t.Host)
	}
	if !access.IsAccount(t.User) {
		return fmt.Errorf("user: %q is not an account name", t.User)
	}
	if len(t.Principals) == 0 || len(t.Principals) > 16 {
		return errors.New("principals: must name 1 to 16; a certificate without principals would fit every account")
	}
	for _, principal := range t.Principals {
		if !access.IsAccount(principal) {
			return fmt.Errorf("principals: %q is not a principal (a–z, 0–9, underscore, hyphen)", principal)
		}
	}
	for _, source := range t.SourceAddress {
		if source == access.FromRequest {
			continue
		}
		if prefix, err := netip.ParsePrefix(source); err != nil || prefix != prefix.Masked() {
			return fmt.Errorf("source_address: %q is neither %q nor a network such as 10.0.0.0/8", source, access.FromRequest)
		}
	}
	for _, permit := range t.Permit {
		if !slices.Contains(access.Permits, permit) {
			return fmt.Errorf("permit: %q is not one of %v", permit, access.Permits)
		}
	}
	return nil
}
