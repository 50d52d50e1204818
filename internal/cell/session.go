package cell

import (
	"slices"
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
	_, role := s.AWS(f.Target)
	if _, root := s.RootTask(f.Target); role || root {
		session, ok := Session(g, s, r, f)
		return Credential{session.Serial(), session.At, session.Latest(), session.Unsigned(), nil, &session}, ok
	}
	certificate, ok := Certificate(g, s, r, f)
	return Credential{access.SerialText(certificate.Serial), certificate.After, certificate.Before, certificate.Unsigned(), &certificate, nil}, ok && !f.Console
}

// Session is the session that a fetch of an AWS target authorises.
func Session(g *Genesis, s *access.Scenario, r *access.Request, f Fetched) (access.Session, bool) {
	if _, root := s.RootTask(f.Target); root {
		return rootSession(g, s, r, f)
	}
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
	session := sessionOf(g, s, r, target.Name)
	session.RoleARN, session.Regions, session.Probe = account.ARN("role/"+target.Role), account.Regions, target.Probe
	session.Door = account.Door
	session.Tags = slices.Insert(session.Tags, 4, access.Tag{Key: access.TagSlot, Value: access.SlotText(lease.Slot)})
	session.Derive(f.Digest)
	session.Lasts(f.At, r.Grant.Until, f.Console)
	session.Policy = target.SessionPolicy(sources, session.Before)
	return session, true
}

// rootSession is the session of a role that becomes a root user for one task.
func rootSession(g *Genesis, s *access.Scenario, r *access.Request, f Fetched) (access.Session, bool) {
	target, _ := s.RootTask(f.Target)
	lease, leased := r.Lease(f.Target)
	account, there := g.Account(target.Account)
	through, known := g.Account(target.Through)
	if !leased || !there || !known || r.Grant == nil || f.Console || lease.Account != target.Account || lease.Role != target.Role || lease.Task != target.Task {
		return access.Session{}, false
	}
	session := sessionOf(g, s, r, target.Name)
	session.RoleARN, session.Regions, session.Door = through.ARN("role/"+target.Role), through.Regions, through.Door
	session.Root = &access.RootCall{Target: account.Account, Task: access.TaskARN(account.In(), target.Task)}
	session.Policy = string(canon.MustEncode(session.Root.Policy(account.In())))
	session.Derive(f.Digest)
	session.Lasts(f.At, r.Grant.Until, false)
	return session, true
}

// sessionOf is what all sessions under a request have alike, at one target.
func sessionOf(g *Genesis, s *access.Scenario, r *access.Request, target string) access.Session {
	return access.Session{
		Issuer: g.AWS.Issuers[0], Audience: access.STSAudience, Subject: strings.Join([]string{g.Origin, s.ID, target}, "/"),
		SourceIdentity: access.SourceIdentityOf(r.ID),
		Tags: []access.Tag{
			{Key: access.TagCell, Value: g.Origin}, {Key: access.TagGrant, Value: r.ID.Short()}, {Key: access.TagPerson, Value: r.Requester},
			{Key: access.TagScenario, Value: s.ID}, {Key: access.TagStrength, Value: string(least(s))},
		},
	}
}

// Twins are the sessions of a round of probes: one like those of a lease, and the
// control that no slot refuses. Whoever asks gives them a time and an id.
func Twins(g *Genesis, s *access.Scenario, r *access.Request, target string) (twin, control access.Session, ok bool) {
	session, ok := Session(g, s, r, Fetched{Target: target})
	return session.Twin(), session.Control(), ok
}

// Trial is a session by which it is seen on a calm day whether a role can be had: a
// control, of nobody's grant, that may make the probe's read. False says that the
// scenario opens no role under that target.
func Trial(g *Genesis, s *access.Scenario, target string) (access.Session, bool) {
	role, known := s.AWS(target)
	if !known {
		return access.Session{}, false
	}
	lease := access.Lease{Target: target, Account: role.Account, Role: role.Role}
	nobody := &access.Request{Address: "127.0.0.1", Grant: &access.Grant{}, Leases: []access.Lease{lease}}
	_, control, ok := Twins(g, s, nobody, target)
	return control, ok
}
