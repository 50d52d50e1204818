package view

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Lease is a grant's footprint at one target, and the truth about it.
type Lease struct {
	Target   string            `json:"target"`
	Host     string            `json:"host"`
	Program  string            `json:"program,omitempty"` // that opened it; then there is no host
	Account  string            `json:"account,omitempty"` // AWS account of its role; then there is no host
	Role     string            `json:"role,omitempty"`
	Slot     int               `json:"slot,omitzero"`  // that stops its sessions
	Task     string            `json:"task,omitempty"` // root task in the account, by sessions that nothing stops
	User     string            `json:"user,omitempty"` // of IAM Identity Center, whom its permission set is assigned to; then there is no host
	State    access.LeaseState `json:"state"`
	KeyID    string            `json:"key_id"`
	Worked   bool              `json:"worked"`             // a probe saw the twin accepted, so that a refusal will mean something
	Issued   int64             `json:"issued"`             // credentials authorised
	NotAfter canon.Time        `json:"not_after,omitzero"` // latest end of any
	Trouble  string            `json:"trouble,omitempty"`
	Closing  *access.Closing   `json:"closing,omitzero"`
	Proofs   []access.Proof    `json:"proofs,omitempty"`
	Closed   canon.Time        `json:"closed,omitzero"`
	Heard    canon.Time        `json:"heard,omitzero"`      // when the host last reported
	Overdue  bool              `json:"overdue,omitzero"`    // should be closed by now; it pages
	OtherWay string            `json:"other_way,omitempty"` // into the host, without a certificate; while closing
	Envelope string            `json:"envelope,omitempty"`  // that it opens, in place of a host
	Shares   []access.Share    `json:"shares,omitempty"`    // given to it
	Denial   access.Denial     `json:"denial,omitempty"`    // what a policy does about sessions by its assignment when it is over; no proof
	DenialAt canon.Time        `json:"denial_at,omitzero"`  // since when
	Known    string            `json:"known"`

	Automation string `json:"automation,omitempty"` // AWS account whose Systems Manager runs what opened it; then there is no host
}

func (s *state) lease(l *access.Lease, at Instant) Lease {
	v := Lease{
		Target: l.Target, Host: l.Host, Program: l.Program, Account: l.Account, Role: l.Role, Slot: l.Slot, Task: l.Task, Automation: l.Automation, State: l.State, KeyID: l.KeyID, Worked: l.Worked, Issued: l.Issued, NotAfter: l.NotAfter,
		Denial: l.Denial, DenialAt: l.DenialAt, Envelope: l.Envelope, Shares: l.Shares, Trouble: l.Trouble, Closing: l.Closing, Proofs: l.Proofs, Closed: l.Closed, Heard: at.Heard[l.Host],
		Overdue: cell.Overdue(l, at.Now) && !s.kept(l), Known: l.Target + " is " + leaseKnown(l, at),
	}
	if l.Assignment != nil {
		v.User = l.Assignment.User
	}
	if _, until := s.outlived(l, at.Now); !until.IsZero() {
		v.Known += fmt.Sprintf("; sessions that were begun with the old key before may live until %s", clock(until, at.Now))
	}
	if s.Genesis == nil || l.State != access.LeaseClosing {
		return v
	}
	if program, ok := s.Genesis.Program(l.Program); ok {
		v.OtherWay = program.Other
	}
	if account, ok := s.Genesis.Account(l.Account + l.Automation); ok {
		v.OtherWay = account.Other
	}
	if host, ok := s.Genesis.Host(l.Host); ok {
		v.OtherWay = host.Other
	}
	return v
}

// leaseKnown is what is known of a lease: "closing since …: a credential can
// live until …; host db-1 has not answered since …".
func leaseKnown(l *access.Lease, at Instant) string {
	if l.Envelope != "" && l.State != access.LeaseClosed {
		return envelopeLease(l, at)
	}
	if l.Program != "" && (l.State == access.LeaseOpen || l.State == access.LeaseClosing) {
		return programKnown(l, at.Now)
	}
	if l.Automation != "" && (l.State == access.LeaseOpen || l.State == access.LeaseClosing) {
		return automationKnown(l, at.Now)
	}
	if l.Task != "" && l.State == access.LeaseClosing {
		return rootKnown(l, at.Now)
	}
	if l.Assignment != nil && (l.State == access.LeaseOpen || l.State == access.LeaseClosing) {
		return centerKnown(l, at.Now)
	}
	if l.Account != "" && l.State == access.LeaseClosing {
		return awsKnown(l, at.Now)
	}
	switch l.State {
	case access.LeaseOpening:
		if l.Trouble != "" {
			return "not open yet: " + troubleWords(l, l.Trouble) + "; it is tried again"
		}
		return "being opened"
	case access.LeaseOpen:
		if l.Trouble != "" {
			return "open; " + issued(l, at.Now) + "; nothing was seen to work there yet: " + troubleWords(l, l.Trouble)
		}
		return "open; " + issued(l, at.Now)
	case access.LeaseClosing:
		return fmt.Sprintf("closing since %s: %s%s", clock(l.Closing.At, at.Now), unproved(l, at.Now), heard(l, at))
	}
	if l.Has(access.ProofUnissued) && l.Assignment != nil {
		return fmt.Sprintf("closed since %s: the assignment was never asked for", clock(l.Closed, at.Now))
	}
	if l.Has(access.ProofUnissued) && l.Envelope != "" {
		return fmt.Sprintf("closed since %s: no share was ever given", clock(l.Closed, at.Now))
	}
	if l.Has(access.ProofUnissued) {
		return fmt.Sprintf("closed since %s: no credential was ever issued", clock(l.Closed, at.Now))
	}
	return fmt.Sprintf("closed, proved dead at %s: %s", clock(l.Closed, at.Now), both(proofs(l)))
}

// issued is what is known of the credentials of an open lease.
func issued(l *access.Lease, now canon.Time) string {
	switch {
	case l.Issued == 0:
		return "no credential was fetched yet"
	case l.NotAfter.After(now):
		return fmt.Sprintf("%s, valid until %s", newest(l), clock(l.NotAfter, now))
	}
	return fmt.Sprintf("%s, which ended at %s; a session may still run", newest(l), clock(l.NotAfter, now))
}

// newest is "1 credential was issued" or "the newest of 3 credentials".
func newest(l *access.Lease) string {
	if l.Issued == 1 {
		return "1 credential was issued"
	}
	return fmt.Sprintf("%s were issued, the newest", count(l.Issued, "credential"))
}

// unproved is what is not proved yet of a lease that is closing.
func unproved(l *access.Lease, now canon.Time) string {
	if l.DoorShut() {
		return fmt.Sprintf("no new login is possible since %s, but a session may still run: host %s has not shown that none is left", clock(l.ShutAt(), now), l.Host)
	}
	if l.Has(access.ProofEnded) {
		return "no session was left, but a new login is not proved impossible"
	}
	if dead := l.NotAfter.Add(access.ExpirySkew.Duration()); !dead.After(now) {
		return fmt.Sprintf("the last credential ended at %s; that is not recorded as proof yet", clock(l.NotAfter, now))
	}
	if !l.NotAfter.After(now) {
		return fmt.Sprintf("the last credential ended at %s and counts as dead %s later", clock(l.NotAfter, now), access.ExpirySkew)
	}
	if l.Issued == 1 {
		return "1 credential can live until " + clock(l.NotAfter, now)
	}
	return fmt.Sprintf("the newest of %s can live until %s", count(l.Issued, "credential"), clock(l.NotAfter, now))
}

// Silent is how long after its last report a host is said not to answer.
const Silent = canon.Seconds(30)

// heard is what is known of the host itself, if anybody listened.
func heard(l *access.Lease, at Instant) string {
	if at.Heard == nil {
		return ""
	}
	last, ok := at.Heard[l.Host]
	switch {
	case !ok:
		return fmt.Sprintf("; host %s has not answered since the server started", l.Host)
	case at.Now.Sub(last) >= Silent.Duration():
		return fmt.Sprintf("; host %s has not answered since %s", l.Host, clock(last, at.Now))
	}
	return fmt.Sprintf("; host %s last answered at %s", l.Host, clock(last, at.Now))
}

var proofWords = map[access.ProofKind]string{
	access.ProofExpired: "its last credential is over", access.ProofRefused: "a login was refused",
	access.ProofEnded: "the host listed no session", access.ProofAttested: "a person attested",
	access.ProofUnissued: "no credential was ever issued", access.ProofRotated: "its secret was changed and the old one refused",
}

// proofs names each kind of proof of a lease once.
func proofs(l *access.Lease) []string {
	var words []string
	for _, kind := range []access.ProofKind{access.ProofUnissued, access.ProofRefused, access.ProofExpired, access.ProofEnded, access.ProofRotated, access.ProofAttested} {
		for _, p := range l.Proofs {
			if p.Kind != kind {
				continue
			}
			word := proofWords[kind]
			switch {
			case l.Program != "":
				word = programWords[kind]
			case l.Automation != "":
				word = automationWords[kind]
			case l.Task != "":
				word = rootWords[kind]
			case l.Account != "":
				word = awsWords[kind]
			case l.Assignment != nil:
				word = centerWords[kind]
			}
			if kind == access.ProofAttested {
				word = p.By + " attested"
			}
			words = append(words, word)
			break
		}
	}
	return words
}
