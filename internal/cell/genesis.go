package cell

import (
	"errors"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// GenesisLimit is the length in bytes of the longest genesis.
const GenesisLimit = 1 << 20

// GenesisVersion stands in the member "genesis".
const GenesisVersion = "v1"

// Genesis is what the founders sign: everything that a cell is on its first
// day. Its canonical JSON is an attachment of the ledger; its digest is pinned
// by every anchor. A change may put another document of this form in its place.
type Genesis struct {
	Version     string              `json:"genesis"`
	Origin      string              `json:"origin"`
	Founders    []string            `json:"founders"` // person ids; each must sign
	People      []roster.Person     `json:"people"`
	Groups      map[string][]string `json:"groups"`
	Security    string              `json:"security"`          // group reference: may stop and attest anything
	Change      access.Quorum       `json:"change"`            // the change quorum
	Recovery    Recovery            `json:"recovery,omitzero"` // what is left when that cannot sign
	Pending     canon.Seconds       `json:"pending"`           // how long a request waits for its quorum
	CoolOff     canon.Seconds       `json:"cool_off,omitzero"` // of added keys and of who widened; 0 is CoolOff
	Hosts       []Host              `json:"hosts,omitempty"`
	Channels    []Channel           `json:"channels,omitempty"`
	Programs    []Program           `json:"programs,omitempty"`
	AWS         AWS                 `json:"aws,omitzero"`
	Makers      []Maker             `json:"makers,omitempty"`   // whose word on authenticators counts
	Networks    []string            `json:"networks,omitempty"` // ids of those that symptoms are looked at from
	Scenarios   []ScenarioRef       `json:"scenarios"`
	Policies    []access.PolicyRef  `json:"policies,omitempty"`    // all that are named; sorted by id
	GuardRails  []string            `json:"guard_rails,omitempty"` // of them, those that hold for every scenario
	Ledger      string              `json:"ledger"`                // vkey of checkpoints
	Revocations string              `json:"revocations"`           // vkey of revocation lists
	Authority   roster.Key          `json:"authority"`             // SSH CA
	Witnesses   string              `json:"witnesses"`             // as ledger.Policy spells it
	Trial       bool                `json:"trial,omitzero"`
	Rules       int                 `json:"rules"`
}

// Host is an SSH host of the cell.
type Host struct {
	ID      string       `json:"id"`
	Address string       `json:"address"`             // host:port that probes dial
	Keys    []roster.Key `json:"keys"`                // SSH host keys, for probes and clients
	Report  roster.Key   `json:"report"`              // signs what the host program reports
	Other   string       `json:"other_way,omitempty"` // the way in that needs no certificate
}

// Channel is where alarms go. Its address and secret are the server's own.
type Channel struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // ChannelWebhook, ChannelMail or ChannelSNS
}

// The kinds of channels. All but webhooks need rules 2.
const (
	ChannelWebhook = "webhook"
	ChannelMail    = "smtp"
	ChannelSNS     = "sns"
)

// ScenarioRef names a scenario by the digest of its canonical JSON.
type ScenarioRef struct {
	ID     string       `json:"id"`
	Digest canon.Digest `json:"digest"`
}

// rulesIdentities are the first rules by which people sign in at an identity provider.
const rulesIdentities = 2

// RulesNow is the number of the newest rules that this version knows. It
// decides by any of 1 to RulesNow: by those that a cell began with, until an
// upgrade raises them.
const RulesNow = 2

// DecodeGenesis reads and checks a genesis.
func DecodeGenesis(data []byte) (*Genesis, error) {
	var g Genesis
	if err := canon.Decode(data, GenesisLimit, &g); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	if _, err := g.Check(); err != nil {
		return nil, fmt.Errorf("genesis: %w", err)
	}
	return &g, nil
}

// Check tells what is wrong with a genesis taken by itself, and gives its
// roster. The scenarios it names are checked by CheckScenario.
func (g *Genesis) Check() (roster.Roster, error) {
	r, err := roster.New(g.People, g.Groups)
	if err != nil {
		return r, err
	}
	switch {
	case g.Version != GenesisVersion:
		return r, fmt.Errorf("version %q is not supported by this version", g.Version)
	case g.Rules < 1 || g.Rules > RulesNow:
		return r, fmt.Errorf("rules %d are not supported by this version", g.Rules)
	case len(g.Founders) == 0:
		return r, errors.New("founders: must name at least one person")
	case g.Pending <= 0 || g.Pending > 24*3600:
		return r, errors.New("pending: must be 1 second to 24 hours")
	case len(r.Members(g.Security)) == 0:
		return r, fmt.Errorf("security: %q names nobody", g.Security)
	case g.Ledger == "" || g.Revocations == "" || g.Ledger == g.Revocations:
		return r, errors.New("ledger, revocations: must be two different keys")
	}
	if err := canon.CheckOrigin(g.Origin); err != nil {
		return r, fmt.Errorf("origin: %w", err)
	}
	for _, p := range g.People {
		if (len(p.OIDC) > 0 || p.User != "") && g.Rules < rulesIdentities {
			return r, fmt.Errorf("people: %s: identities need rules %d", p.ID, rulesIdentities)
		}
		if p.Removed || slices.ContainsFunc(p.Keys, func(k roster.Key) bool { return k.Removed }) {
			return r, fmt.Errorf("people: %s: nobody and no key is removed on the first day", p.ID)
		}
		for _, k := range p.Keys {
			if err := g.checkAttestation(k); err != nil {
				return r, fmt.Errorf("people: %s: %w", p.ID, err)
			}
		}
	}
	for i, founder := range g.Founders {
		if !r.Has(founder) || slices.Contains(g.Founders[:i], founder) {
			return r, fmt.Errorf("founders: %q must be a person, named once", founder)
		}
	}
	if err := g.checkWitnesses(); err != nil {
		return r, err
	}
	if err := CheckQuorum(g.Change, &r, ""); err != nil {
		return r, fmt.Errorf("change: %w", err)
	}
	return r, errors.Join(g.checkRecovery(&r), g.checkCoolOff(), g.checkHosts(), g.checkChannels(), g.checkPrograms(), g.checkAWS(), g.checkMakers(), g.checkNetworks(), g.checkPolicies(), g.checkMachineKeys(&r))
}

func (g *Genesis) checkHosts() error {
	seen := map[string]bool{}
	for _, h := range g.Hosts {
		if err := canon.CheckID(h.ID); err != nil {
			return fmt.Errorf("hosts: %w", err)
		}
		if seen[h.ID] || h.Address == "" || len(h.Keys) == 0 || h.Report.Line == "" {
			return fmt.Errorf("hosts: %s must stand once and have address, keys and report", h.ID)
		}
		seen[h.ID] = true
	}
	return nil
}

func (g *Genesis) checkChannels() error {
	seen := map[string]bool{}
	for _, c := range g.Channels {
		if err := canon.CheckID(c.ID); err != nil {
			return fmt.Errorf("channels: %w", err)
		}
		if seen[c.ID] || c.Kind != ChannelWebhook && (g.Rules < 2 || c.Kind != ChannelMail && c.Kind != ChannelSNS) {
			return fmt.Errorf("channels: %s must stand once and be of kind %s, or under rules 2 of kind %s or %s", c.ID, ChannelWebhook, ChannelMail, ChannelSNS)
		}
		seen[c.ID] = true
	}
	return nil
}

// checkMachineKeys refuses a key of a machine that is also a person's: there
// are no machine identities in the roster (T13).
func (g *Genesis) checkMachineKeys(r *roster.Roster) error {
	machine := []roster.Key{g.Authority}
	for _, h := range g.Hosts {
		machine = append(machine, append(slices.Clone(h.Keys), h.Report)...)
	}
	for i, key := range machine {
		if slices.ContainsFunc(machine[:i], func(other roster.Key) bool { return other.Fingerprint == key.Fingerprint }) {
			return fmt.Errorf("key %s stands twice: each machine signs with a key of its own", key.Fingerprint)
		}
		parsed, err := roster.ParseKey(key.Line)
		if err != nil {
			return err
		}
		if parsed.Fingerprint != key.Fingerprint {
			return fmt.Errorf("key %s is not of fingerprint %s", parsed.Fingerprint, key.Fingerprint)
		}
		if r.Knows(key.Fingerprint) {
			return fmt.Errorf("key %s of a machine is also a person's", key.Fingerprint)
		}
	}
	return nil
}

// Host finds a host of the cell.
func (g *Genesis) Host(id string) (*Host, bool) {
	i := slices.IndexFunc(g.Hosts, func(h Host) bool { return h.ID == id })
	if i < 0 {
		return nil, false
	}
	return &g.Hosts[i], true
}

// CheckQuorum refuses a quorum that is empty, too large, or that the people of
// the roster, without one of them if except is not empty, could never fill.
func CheckQuorum(q access.Quorum, r *roster.Roster, except string) error {
	places := 0
	for _, leg := range q {
		if leg.Count <= 0 {
			return fmt.Errorf("quorum: leg %s must count at least 1", leg.From)
		}
		places += leg.Count
	}
	if places == 0 || len(q) > access.LegsMost || places > access.PlacesMost {
		return fmt.Errorf("quorum: must have 1 to %d legs and at most %d places", access.LegsMost, access.PlacesMost)
	}
	people := slices.DeleteFunc(r.Present(), func(p string) bool { return p == except || !r.CanSign(p) })
	if missing := q.Missing(people, r.In); missing != nil {
		return fmt.Errorf("quorum: cannot be filled: %d more of %s needed", missing[0].Count, missing[0].From)
	}
	return nil
}
