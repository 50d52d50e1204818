package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Scenario is a scenario for people.
type Scenario struct {
	ID           string       `json:"scenario"`
	Title        string       `json:"title"`
	Digest       canon.Digest `json:"digest"`
	Owner        string       `json:"owner,omitempty"`
	UseWhen      []string     `json:"use_when"`
	DoNotUseWhen []string     `json:"do_not_use_when,omitempty"`
	MayRequest   []string     `json:"may_request"` // groups
	MayAsk       bool         `json:"may_ask"`     // the viewer may
	Severities   []Terms      `json:"severities"`  // gravest first
	Opens        []Opening    `json:"opens"`
	Symptoms     []string     `json:"symptoms,omitempty"`   // that are looked at, each with what it is
	Conditions   []string     `json:"conditions,omitempty"` // sentences
	Ladder       []string     `json:"ladder,omitempty"`     // sentences
	Channels     []string     `json:"channels,omitempty"`   // that hear of it
	Procedure    string       `json:"procedure,omitempty"`  // only for who may read it
	Codes        bool         `json:"codes,omitzero"`       // it takes codes of an app, which are the server's word
}

// Terms are what one severity demands and gives.
type Terms struct {
	Severity  access.Severity `json:"severity"`
	Longest   canon.Seconds   `json:"longest"`
	ReviewDue canon.Seconds   `json:"review_due"`
	Quorum    string          `json:"quorum"` // 1 of security and 1 of leads
}

// Opening is one thing that a grant opens: its blast radius.
type Opening struct {
	Target     string    `json:"target"`
	Host       string    `json:"host,omitempty"`
	Envelope   string    `json:"envelope,omitempty"` // in place of a host
	Address    string    `json:"address,omitempty"`  // host:port
	User       string    `json:"user,omitempty"`
	Principals []string  `json:"principals,omitempty"`
	From       []string  `json:"from,omitempty"` // networks; none: anywhere
	Permit     []string  `json:"permit,omitempty"`
	Program    string    `json:"program,omitempty"`        // that opens it; then there is no host
	Account    string    `json:"account,omitempty"`        // AWS account; then there is no host
	Role       string    `json:"role,omitempty"`           // of it
	Task       string    `json:"task,omitempty"`           // root task in it; then the role is the way there
	Set        string    `json:"permission_set,omitempty"` // of IAM Identity Center, in the account
	Document   string    `json:"document,omitempty"`       // of Systems Manager Automation, in the account, that opens it
	Portal     string    `json:"portal,omitempty"`         // where people sign in to use it
	Browser    InBrowser `json:"browser,omitempty"`        // what keys that a browser made can do with it; empty: nothing
	Text       string    `json:"text"`
	Sentences  []string  `json:"sentences,omitempty"` // of Text, where there are many
}

// Scenarios shows every scenario of the cell to a viewer, by id.
func (c *Cell) Scenarios(viewer string) []Scenario {
	return read(c, func(s *state) []Scenario {
		all := []Scenario{}
		for _, id := range slices.Sorted(maps.Keys(s.Scenarios)) {
			all = append(all, s.scenario(viewer, s.Scenarios[id]))
		}
		return all
	})
}

// Scenario shows one scenario.
func (c *Cell) Scenario(viewer, id string) (Scenario, bool) {
	var known bool
	v := read(c, func(s *state) Scenario {
		scenario, ok := s.Scenarios[id]
		if known = ok; !ok {
			return Scenario{}
		}
		return s.scenario(viewer, scenario)
	})
	return v, known
}

func (s *state) scenario(viewer string, of *access.Scenario) Scenario {
	v := Scenario{
		ID: of.ID, Title: of.Title, Digest: s.Digests[of.ID], Owner: group(of.Owner), UseWhen: of.UseWhen,
		DoNotUseWhen: of.DoNotUseWhen, MayRequest: groups(of.MayRequest), MayAsk: s.mayAsk(viewer, of),
		Opens: s.openings(of, of.Targets(), ""), Symptoms: symptomWords(of), Conditions: slices.Concat(conditions(of.Controls), s.policyWords(of)), Ladder: ladder(of), Channels: of.Alarms.To, Codes: of.Controls.MFA == string(roster.ServerAttested),
	}
	if len(v.Channels) == 0 {
		for _, channel := range s.Genesis.Channels {
			v.Channels = append(v.Channels, channel.ID)
		}
	}
	for _, severity := range access.Severities {
		if terms, ok := of.Severities[severity]; ok {
			v.Severities = append(v.Severities, Terms{
				Severity: severity, Longest: terms.Longest, ReviewDue: terms.ReviewDue, Quorum: quorum(terms.Quorum),
			})
		}
	}
	if s.mayRead(viewer, of) {
		v.Procedure = of.Procedure
	}
	return v
}

// openings are what a scenario opens under some target names, asked for from an
// address; empty when nobody has asked yet.
func (s *state) openings(of *access.Scenario, names []string, asked string) []Opening {
	openings := s.opens(of, names, asked)
	for i := range openings {
		if open, ok := of.Opening(openings[i].Target); ok {
			openings[i].Browser = inBrowser(&open)
		}
	}
	return openings
}

func (s *state) opens(of *access.Scenario, names []string, asked string) []Opening {
	openings := []Opening{}
	for _, name := range names {
		if program, ok := of.Exec(name); ok {
			openings = append(openings, s.programOpening(program))
			continue
		}
		if role, ok := of.AWS(name); ok {
			openings = append(openings, s.awsOpening(role, asked))
			continue
		}
		if task, ok := of.RootTask(name); ok {
			openings = append(openings, s.rootOpening(task))
			continue
		}
		if set, ok := of.IdentityCenter(name); ok {
			openings = append(openings, s.centerOpening(set))
			continue
		}
		if document, ok := of.Automation(name); ok {
			openings = append(openings, s.automationOpening(document))
			continue
		}
		target, ok := of.Target(name)
		if envelope, sealed := of.Envelope(name); sealed {
			openings = append(openings, s.sealedOpening(envelope))
		}
		if !ok {
			continue
		}
		v := Opening{
			Target: name, Host: target.Host, User: target.User, Principals: target.Principals,
			From: target.SourceAddress, Permit: target.Permit,
		}
		if sources, ok := target.Sources(asked); ok {
			v.From = sources
		}
		if host, ok := s.Genesis.Host(target.Host); ok {
			v.Address = host.Address
		}
		v.Text = v.sentence()
		openings = append(openings, v)
	}
	return openings
}

// sentence is the blast radius in plain words.
func (o Opening) sentence() string {
	host := o.Host
	if o.Address != "" {
		host = fmt.Sprintf("%s (%s)", o.Host, o.Address)
	}
	noun := "principal"
	if len(o.Principals) > 1 {
		noun = "principals"
	}
	return fmt.Sprintf("Log in to %s as %s, and as whoever else that host lets the %s %s in; from %s; %s. Each certificate lives at most %s and is renewed while the grant lives.",
		host, o.User, noun, both(o.Principals), from(o.From), forwarding(o.Permit), access.CertificateLongest)
}

func from(networks []string) string {
	if len(networks) == 0 {
		return "anywhere"
	}
	words := make([]string, len(networks))
	for i, network := range networks {
		words[i] = strings.TrimSuffix(strings.TrimSuffix(network, "/32"), "/128")
		if network == access.FromRequest {
			words[i] = "the address that asked"
		}
	}
	return either(words) + " only"
}

var forwarded = map[string]string{"agent-forwarding": "the agent", "port-forwarding": "ports", "X11-forwarding": "X11"}

// forwarding says what else the login may do.
func forwarding(permit []string) string {
	var may, not []string
	for _, name := range []string{"agent-forwarding", "port-forwarding", "X11-forwarding"} {
		what := forwarded[name]
		if slices.Contains(permit, name) {
			may = append(may, what)
		} else {
			not = append(not, what)
		}
	}
	words := "without a terminal"
	if slices.Contains(permit, "pty") {
		words = "with a terminal"
	}
	if slices.Contains(permit, "user-rc") {
		words += ", running the account's rc file"
	}
	if len(may) > 0 {
		words += ", with forwarding of " + both(may)
	}
	if len(not) > 0 {
		words += ", without forwarding of " + either(not)
	}
	return words
}

// conditions are a scenario's controls in words.
func conditions(c access.Controls) []string {
	var words []string
	if c.MFA == string(roster.ServerAttested) {
		words = append(words, "Requester and approvers may sign with a code of an app, which is the server's word.")
	} else if c.MFA != "" {
		words = append(words, fmt.Sprintf("Requester and approvers must sign with a key that proves at least %q.", c.MFA))
	}
	if len(c.Source) > 0 {
		words = append(words, "It may be asked for and used from "+either(c.Source)+" only.")
	}
	var hours []string
	for _, h := range c.Hours {
		days := "every day"
		if len(h.Days) > 0 {
			days = "on " + both(h.Days)
		}
		hours = append(hours, fmt.Sprintf("%s to %s UTC %s", h.From, h.To, days))
	}
	if len(hours) > 0 {
		words = append(words, "It may be asked for from "+either(hours)+" only.")
	}
	return words
}
