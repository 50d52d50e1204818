package access

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// ScenarioLimit is the length in bytes of the longest scenario, canonical.
const ScenarioLimit = 1 << 20

// Scenario is a situation that counts as an emergency. Its canonical JSON is an
// attachment of the ledger, named by digest.
type Scenario struct {
	ID           string             `json:"scenario"`
	Title        string             `json:"title"`
	Owner        string             `json:"owner,omitempty"`
	UseWhen      []string           `json:"use_when"`
	DoNotUseWhen []string           `json:"do_not_use_when,omitempty"`
	Symptoms     []Symptom          `json:"symptoms,omitempty"` // what is looked at when it is asked for
	MayRequest   []string           `json:"may_request"`        // group references
	Severities   map[Severity]Terms `json:"severities"`
	Ladder       []Rung             `json:"ladder,omitempty"` // what happens when nobody answers
	Controls     Controls           `json:"controls,omitzero"`
	Conditions   []PolicyRef        `json:"conditions,omitempty"` // policies that say no
	Opens        []Open             `json:"opens"`
	Alarms       Alarms             `json:"alarms,omitzero"`
	Procedure    string             `json:"procedure,omitempty"`
}

// Severity is SEV1 (gravest) to SEV4.
type Severity string

// Severities lists the severities, gravest first.
var Severities = []Severity{"SEV1", "SEV2", "SEV3", "SEV4"}

// Terms are what one severity of a scenario demands and gives.
type Terms struct {
	Longest   canon.Seconds `json:"longest"`    // the longest window, from agreement
	Quorum    Quorum        `json:"quorum"`     // who must agree
	ReviewDue canon.Seconds `json:"review_due"` // after the grant ended
}

// Controls are conditions on who asks, from where and when.
type Controls struct {
	MFA    string   `json:"mfa,omitempty"`    // least strength of requester and approvers
	Source []string `json:"source,omitempty"` // networks (CIDR) that asking and fetching may come from
	Hours  []Hours  `json:"hours,omitempty"`  // asking is allowed within any of these; none means always
}

// Hours is a daily window in UTC. To at or before From runs past midnight.
type Hours struct {
	Days []string `json:"days,omitempty"` // mon … sun, of the day the window begins; none means every day
	From string   `json:"from"`           // 15:04
	To   string   `json:"to"`             // 15:04
}

// Alarms names the channels that hear of a scenario's requests. None means all.
type Alarms struct {
	To []string `json:"to,omitempty"`
}

// Open is one thing that a scenario opens; exactly one is set.
type Open struct {
	SSH      *SSH      `json:"ssh,omitzero"`
	Envelope *Envelope `json:"envelope,omitzero"`
	Exec     *Exec     `json:"exec,omitzero"`
	AWS      *AWS      `json:"aws,omitzero"`
	RootTask *RootTask `json:"aws_root_task,omitzero"`

	IdentityCenter *IdentityCenter `json:"identity-center,omitzero"`
	Automation     *Automation     `json:"automation,omitzero"`
}

// SSH is a login on one host of the cell.
type SSH struct {
	Name          string   `json:"name"`       // target name, unique in the scenario
	Host          string   `json:"host"`       // id of a host of the cell
	User          string   `json:"user"`       // account to log in as
	Principals    []string `json:"principals"` // of the certificate; never empty
	SourceAddress []string `json:"source_address"`
	Permit        []string `json:"permit"` // certificate extensions, without "permit-"
}

// IsAccount tells whether a text is an account name or a principal: 1 to 32 of
// a–z, 0–9, underscore and hyphen, beginning with a letter or underscore.
func IsAccount(text string) bool {
	return text != "" && len(text) <= 32 && !canon.MadeOf(text[:1], "0123456789-") && canon.MadeOf(text, canon.Lower+"_-")
}

// FromRequest in SSH.SourceAddress stands for the address that asked.
const FromRequest = "request"

// Permits lists what SSH.Permit may name.
var Permits = []string{"X11-forwarding", "agent-forwarding", "port-forwarding", "pty", "user-rc"}

// Target finds the login that the scenario opens under a target name.
func (s *Scenario) Target(name string) (*SSH, bool) {
	for _, open := range s.Opens {
		if open.SSH != nil && open.SSH.Name == name {
			return open.SSH, true
		}
	}
	return nil, false
}

// Targets are the names of everything that the scenario opens, in order.
func (s *Scenario) Targets() []string {
	names := make([]string, 0, len(s.Opens))
	for _, open := range s.Opens {
		names = append(names, open.Name())
	}
	slices.Sort(names)
	return names
}

// ShortestWindow is the longest window that may be given while time is in
// doubt: the least Longest of the scenario, its solo step included, and never over fifteen minutes.
func (s *Scenario) ShortestWindow() canon.Seconds {
	shortest := canon.Seconds(15 * 60)
	for _, terms := range s.Severities {
		shortest = min(shortest, terms.Longest)
	}
	if solo := s.Solo(); solo != nil {
		shortest = min(shortest, solo.Longest)
	}
	return shortest
}

// HasLeg tells whether a quorum of any severity has a leg of a group.
func (s *Scenario) HasLeg(from string) bool {
	for _, terms := range s.Severities {
		if slices.ContainsFunc(terms.Quorum, func(leg Leg) bool { return leg.From == from }) {
			return true
		}
	}
	return false
}

// FromAllowed tells whether asking or fetching may come from address. An
// address that cannot be read is nowhere.
func (c Controls) FromAllowed(address string) bool {
	if len(c.Source) == 0 {
		return true
	}
	from, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(c.Source, func(network string) bool {
		prefix, err := netip.ParsePrefix(network)
		return err == nil && prefix.Contains(from.Unmap())
	})
}

// OpenAt tells whether asking is allowed at an instant.
func (c Controls) OpenAt(at canon.Time) bool {
	return len(c.Hours) == 0 || slices.ContainsFunc(c.Hours, func(h Hours) bool { return h.contains(at.Std()) })
}

func (h Hours) contains(at time.Time) bool {
	from, okFrom := minuteOfDay(h.From)
	to, okTo := minuteOfDay(h.To)
	if !okFrom || !okTo {
		return false
	}
	minute := at.Hour()*60 + at.Minute()
	if from < to {
		return h.onDay(at) && from <= minute && minute < to
	}
	return h.onDay(at) && minute >= from || h.onDay(at.AddDate(0, 0, -1)) && minute < to
}

func (h Hours) onDay(at time.Time) bool {
	return len(h.Days) == 0 || slices.Contains(h.Days, strings.ToLower(at.Weekday().String()[:3]))
}

func minuteOfDay(clock string) (int, bool) {
	t, err := time.Parse("15:04", clock)
	return t.Hour()*60 + t.Minute(), err == nil
}

// Valid tells whether the window can be read at all.
func (h Hours) Valid() bool {
	_, okFrom := minuteOfDay(h.From)
	_, okTo := minuteOfDay(h.To)
	return okFrom && okTo && h.From != h.To && !slices.ContainsFunc(h.Days, func(day string) bool {
		return !slices.Contains([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, day)
	})
}
