package cell

import (
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Fetched is what of a fetch goes into what it authorises.
type Fetched struct {
	Digest  canon.Digest // of the fetch statement
	Target  string
	At      canon.Time // recorded time
	Console bool       // a link to sign in to the console is asked for
}

// Credential is what a fetch at an instant authorises, before anybody signed it:
// a certificate or a session.
type Credential struct {
	Serial        string // as events show it
	After, Before canon.Time
	Unsigned      []byte // its digest stands in the ledger
	Certificate   *access.Certificate
	Session       *access.Session
}

// CredentialOf rebuilds what a fetch authorises, alike for whoever decides, mints
// or verifies. False says that the target gives none, or that the address that
// asked is needed and cannot be read.
func CredentialOf(g *Genesis, s *access.Scenario, r *access.Request, f Fetched) (Credential, bool) {
	if _, role := s.AWS(f.Target); role {
		session, ok := Session(g, s, r, f)
		return Credential{session.Serial(), session.At, session.Latest(), session.Unsigned(), nil, &session}, ok
	}
	certificate, ok := Certificate(g, s, r, f)
	return Credential{access.SerialText(certificate.Serial), certificate.After, certificate.Before, certificate.Unsigned(), &certificate, nil}, ok && !f.Console
}

// Session is the session that a fetch of an AWS target authorises.
func Session(g *Genesis, s *access.Scenario, r *access.Request, f Fetched) (access.Session, bool) {
	target, known := s.AWS(f.Target)
	lease, leased := r.Lease(f.Target)
	if !known || !leased || r.Grant == nil || f.Console && !target.Console {
		return access.Session{}, false
	}
	account, there := g.Account(target.Account)
	sources, ok := target.Sources(r.Address)
	if !ok || !there || lease.Account != target.Account || lease.Role != target.Role {
		return access.Session{}, false
	}
	session := access.Session{
		Issuer: g.AWS.Issuers[0], Audience: access.STSAudience, Subject: strings.Join([]string{g.Origin, s.ID, target.Name}, "/"),
		RoleARN: account.ARN("role/" + target.Role), SourceIdentity: access.SourceIdentityOf(r.ID),
		Regions: account.Regions, Probe: target.Probe,
		Tags: []access.Tag{
			{Key: access.TagCell, Value: g.Origin}, {Key: access.TagGrant, Value: r.ID.Short()}, {Key: access.TagPerson, Value: r.Requester},
			{Key: access.TagScenario, Value: s.ID}, {Key: access.TagSlot, Value: access.SlotText(lease.Slot)},
			{Key: access.TagStrength, Value: string(least(s))},
		},
	}
	session.Derive(f.Digest)
	session.Lasts(f.At, r.Grant.Until, f.Console)
	session.Policy = target.SessionPolicy(sources, session.Before)
	return session, true
}

// Twins are the sessions of a round of probes: one like those of a lease, and the
// control that no slot refuses. Whoever asks gives them a time and an id.
func Twins(g *Genesis, s *access.Scenario, r *access.Request, target string) (twin, control access.Session, ok bool) {
	session, ok := Session(g, s, r, Fetched{Target: target})
	return session.Twin(), session.Control(), ok
}
