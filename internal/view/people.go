package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// People is everybody of a cell, removed or not.
type People struct {
	People   []Person `json:"people"` // by id
	Groups   []Group  `json:"groups"` // by name
	Security string   `json:"security"`
	Change   string   `json:"change"`             // the change quorum, in words
	Recovery string   `json:"recovery,omitempty"` // the recovery quorum; none: there is none
	// Since is when knowledge of when keys signed begins.
	Since canon.Time `json:"since,omitzero"`
}

// Person is one human of the cell. Name and Contact are hashes of notes, for
// the caller to fill in the text.
type Person struct {
	ID      string   `json:"id"`
	Name    *Note    `json:"name,omitzero"`
	Contact *Note    `json:"contact,omitzero"`
	Groups  []string `json:"groups,omitempty"`
	Keys    []Key    `json:"keys"`
	// OIDC is who they are to identity providers, which lets them read and never sign.
	OIDC    []roster.Identity `json:"oidc,omitempty"`
	User    string            `json:"identity_center,omitempty"` // of IAM Identity Center, whom permission sets are assigned to
	Removed bool              `json:"removed,omitzero"`
	CanSign bool              `json:"can_sign"`
	May     Powers            `json:"may"`
}

// Powers are what a person may do by the document in force, if a key of theirs
// counts.
type Powers struct {
	Ask      []string `json:"ask,omitempty"`    // under these scenarios
	Decide   []string `json:"decide,omitempty"` // on requests under these
	Keep     []string `json:"keep,omitempty"`   // shares of these envelopes
	Security bool     `json:"security,omitzero"`
	Change   bool     `json:"change,omitzero"` // propose and agree to changes of the cell
	Recover  bool     `json:"recover,omitzero"`
}

// Key is one key of a person.
type Key struct {
	Type        string `json:"type"`              // ssh-ed25519, …
	Maker       string `json:"maker,omitempty"`   // that attests it: it is hardware by that
	Passkey     string `json:"passkey,omitempty"` // the host on whose pages it signs; empty: it is none
	Fingerprint string `json:"fingerprint"`
	Line        string `json:"key"`
	Attestation string `json:"attestation,omitempty"` // for cell.yaml
	Removed     bool   `json:"removed,omitzero"`
	// Code says that the server holds it, and signs when somebody gives a code.
	Code bool `json:"code,omitzero"`
	// Proved is when it last signed, or was added; zero: not since People.Since.
	Proved   canon.Time `json:"proved,omitzero"`
	Unproved bool       `json:"unproved,omitzero"` // not for ProvedWithin
	// Suspended is why it signs nothing now; nil: it is not suspended.
	Suspended *Suspension `json:"suspended,omitzero"`
	// Cools is before when it agrees to nothing, if it was added lately; zero: it
	// has cooled off. While the clock is in doubt that may be over and still stand.
	Cools canon.Time `json:"cools_until,omitzero"`
}

// Group is a group and who is in it now.
type Group struct {
	Group   string   `json:"group"`
	Members []string `json:"members"`
}

// People shows everybody, their groups and keys.
func (c *Cell) People(at Instant) People {
	return read(c, func(s *state) People {
		v := People{People: []Person{}, Groups: []Group{}, Since: s.learned.keys.since}
		for _, p := range s.roster.People {
			v.People = append(v.People, s.person(p.ID, at))
		}
		for _, name := range slices.Sorted(maps.Keys(s.roster.Groups)) {
			members := append([]string{}, s.roster.Members("group:"+name)...)
			v.Groups = append(v.Groups, Group{Group: name, Members: members})
		}
		if s.Genesis != nil {
			v.Security, v.Change = group(s.Genesis.Security), quorum(s.Genesis.Change)
			if q := s.Genesis.Recovery.Quorum; len(q) > 0 {
				v.Recovery = fmt.Sprintf("%s, after a notice of %s", quorum(q), s.Genesis.Recovery.Notice)
			}
		}
		return v
	})
}

func (s *state) person(id string, at Instant) Person {
	p, _ := s.roster.Person(id)
	v := Person{
		ID: p.ID, Name: noteOf(p.Name), Contact: noteOf(p.Contact), Keys: []Key{}, OIDC: slices.Clone(p.OIDC), User: p.User,
		Removed: p.Removed, CanSign: s.roster.CanSign(p.ID),
	}
	for _, key := range p.Keys {
		kind, _, _ := strings.Cut(key.Line, " ")
		k := Key{
			Type: kind, Passkey: PasskeyHost(key), Fingerprint: key.Fingerprint, Line: key.Line,
			Maker: key.Made.By, Attestation: key.Attestation, Removed: key.Removed || p.Removed, Code: key.Code, Proved: s.learned.keys.of(key.Fingerprint),
		}
		k.Unproved = !k.Removed && s.unproved(key)
		k.Suspended = s.suspension(key.Fingerprint)
		if !k.Removed && s.cools(key, at.Now) {
			k.Cools = s.cooling[key.Fingerprint]
		}
		v.Keys = append(v.Keys, k)
	}
	for _, name := range slices.Sorted(maps.Keys(s.roster.Groups)) {
		if s.roster.In(p.ID, "group:"+name) {
			v.Groups = append(v.Groups, name)
		}
	}
	if !p.Removed {
		v.May = s.powers(p.ID)
	}
	return v
}

// powers are what a person may do.
func (s *state) powers(id string) Powers {
	if s.Genesis == nil {
		return Powers{}
	}
	may := Powers{
		Security: s.security(id), Change: s.Genesis.Change.Names(id, s.roster.In), Recover: s.Genesis.Recovery.Quorum.Names(id, s.roster.In),
	}
	for _, name := range slices.Sorted(maps.Keys(s.Scenarios)) {
		of := s.Scenarios[name]
		if s.mayAsk(id, of) {
			may.Ask = append(may.Ask, name)
		}
		if s.approves(id, name) {
			may.Decide = append(may.Decide, name)
		}
		for _, open := range of.Opens {
			if open.Envelope != nil && s.roster.In(id, open.Envelope.Custodians) && !slices.Contains(may.Keep, open.Envelope.Name) {
				may.Keep = append(may.Keep, open.Envelope.Name)
			}
		}
	}
	return may
}

func noteOf(hash canon.Digest) *Note {
	if hash.IsZero() {
		return nil
	}
	return &Note{Hash: hash}
}
