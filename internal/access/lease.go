package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// LeaseState is where a lease stands. It says the truth: closed means proved.
type LeaseState string

// The states of a lease.
const (
	LeaseOpening LeaseState = "opening"
	LeaseOpen    LeaseState = "open"
	LeaseClosing LeaseState = "closing"
	LeaseClosed  LeaseState = "closed"
)

// Lease is a grant's footprint at one target, from the attempt to open it
// until it is proved dead.
type Lease struct {
	Target   string      `json:"target"`
	Host     string      `json:"host"`
	KeyID    string      `json:"key_id"` // in every certificate of the lease, and on the revocation list
	State    LeaseState  `json:"state"`
	Worked   bool        `json:"worked,omitzero"`    // the twin was accepted while the lease was open; of an execution: its step that opens had succeeded
	Trouble  string      `json:"trouble,omitempty"`  // why opening failed last, or why nothing works there yet
	Issued   int64       `json:"issued,omitzero"`    // credentials authorised
	NotAfter canon.Time  `json:"not_after,omitzero"` // latest end of any credential or twin
	Closing  *Closing    `json:"closing,omitzero"`
	Proofs   []Proof     `json:"proofs,omitempty"`
	Closed   canon.Time  `json:"closed,omitzero"`
	Envelope string      `json:"envelope,omitempty"` // that it opens; then it has no host and no key id
	Shares   []Share     `json:"shares,omitempty"`   // that custodians gave to it
	Program  string      `json:"program,omitempty"`  // that opens and closes it; then it has no host, and no credential
	Needs    []ProofKind `json:"needs,omitempty"`    // of a program or a role: the proofs that must be there, all of them
	Shut     canon.Time  `json:"shut,omitzero"`      // when its program first said that it closed, or its assignment was last seen gone; that alone proves nothing
	Account  string      `json:"account,omitempty"`  // id of the AWS account of its role; then it has no host
	Role     string      `json:"role,omitempty"`     // name of the role there
	Slot     int         `json:"slot,omitzero"`      // that stops its sessions: 1 and up
	Task     string      `json:"task,omitempty"`     // root task in the account, through the role; then it has no slot

	Assignment *Assignment   `json:"assignment,omitzero"` // that it is in IAM Identity Center; then it has no host, and no credential; never changed in place
	Session    canon.Seconds `json:"session,omitzero"`    // the longest that somebody can go on when the assignment is gone
	Claimed    bool          `json:"claimed,omitzero"`    // the assignment did not stand before, or by a lease of ours: what is listed from now on is ours
	Denial     Denial        `json:"denial,omitempty"`    // what a policy does about its sessions; empty: nobody looked
	DenialAt   canon.Time    `json:"denial_at,omitzero"`  // since when

	Automation string `json:"automation,omitempty"` // id of the AWS account in which an execution opens and closes it; then it has no host, and no credential
}

// Closing says when and why a lease began to close, and the number of the
// first revocation list that names its key id.
type Closing struct {
	At   canon.Time `json:"at"`
	Why  string     `json:"why"`
	List int64      `json:"list"`
	Lost bool       `json:"lost,omitzero"` // entries were lost while it was open: what was issued under it is not known
}

// ProofKind names how the death of a lease is known.
type ProofKind string

// The kinds of proof. Expired and refused prove that the door is shut; ended
// that nobody is inside; attested that a person saw both; unissued that, by the
// ledger, no credential was ever authorised, and no share of an envelope given;
// rotated that the secret of an envelope is worth nothing any more.
const (
	ProofExpired  ProofKind = "expired"
	ProofRefused  ProofKind = "refused"
	ProofEnded    ProofKind = "ended"
	ProofAttested ProofKind = "attested"
	ProofUnissued ProofKind = "unissued"
	ProofRotated  ProofKind = "rotated"
)

// Proof is one piece of what closes a lease.
type Proof struct {
	Kind ProofKind  `json:"kind"`
	At   canon.Time `json:"at"`
	By   string     `json:"by,omitempty"` // person who attested, host that listed, or ByAWS and an account
}

// ExpirySkew is how long after its own end a credential is taken for dead.
const ExpirySkew = canon.Seconds(30)

// Has tells whether a kind of proof is there.
func (l *Lease) Has(kind ProofKind) bool {
	return slices.ContainsFunc(l.Proofs, func(p Proof) bool { return p.Kind == kind })
}

// DoorShut tells whether new logins are proved impossible.
func (l *Lease) DoorShut() bool { return l.Has(ProofExpired) || l.Has(ProofRefused) }

// ShutAt is when the door was first proved shut; the zero instant if it was not.
func (l *Lease) ShutAt() canon.Time {
	for _, p := range l.Proofs {
		if p.Kind == ProofExpired || p.Kind == ProofRefused {
			return p.At
		}
	}
	return canon.Time{}
}

// Listed tells whether the lease's end stands on the revocation list, by which hosts
// take certificates back. Nothing else can be taken back there: a rotation does it, its
// program, its slot, or Identity Center.
func (l *Lease) Listed() bool {
	return l.Envelope == "" && !l.Driven() && l.Account == "" && l.Assignment == nil
}

// Proved tells whether the proofs suffice to call the lease closed: the door
// is shut and nobody is inside, or a person attested, or nothing was issued, or
// what was in the envelope opens nothing any more.
func (l *Lease) Proved() bool {
	if l.Driven() {
		return l.Has(ProofAttested) || l.provedByProgram()
	}
	if l.Assignment != nil {
		return l.provedByCenter()
	}
	if l.Account != "" {
		return l.Has(ProofUnissued) || l.Has(ProofAttested) || l.provedByAWS()
	}
	return l.Has(ProofUnissued) || l.Has(ProofAttested) || l.Has(ProofRotated) || l.DoorShut() && l.Has(ProofEnded)
}

// Answer is what a target said to one login.
type Answer string

// The answers. Only Refused is a no of the target's own authentication;
// everything that is not a clear answer is Unreachable.
const (
	Accepted    Answer = "accepted"
	Refused     Answer = "refused"
	Unreachable Answer = "unreachable"
)

// Round is one probe of a target: the twin of the lease's credential, and a
// control that must be accepted for a refusal to mean anything.
type Round struct {
	Twin    Answer `json:"twin"`
	Control Answer `json:"control"`
}

// Refuses tells whether the round proves that the lease's credential no longer
// opens the target: the twin worked before, is refused now, and the control
// was accepted in the same round.
func (l *Lease) Refuses(round Round) bool {
	return l.Worked && round.Twin == Refused && round.Control == Accepted
}
