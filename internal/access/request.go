package access

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

// State is where a request stands.
type State string

// The states of a request. A granted request is over when its grant ended;
// what it opened may still be closing (Settled tells).
const (
	Pending   State = "pending"
	Granted   State = "granted"
	Ended     State = "ended"
	Denied    State = "denied"
	Withdrawn State = "withdrawn"
	Lapsed    State = "lapsed"
	Void      State = "void"

	Reconciled State = "reconciled" // signed with no server and carried back; never granted
)

// States lists every state, in the order of a life.
var States = []State{Pending, Granted, Ended, Denied, Withdrawn, Lapsed, Void, Reconciled}

// Request is one person's ask and everything that became of it.
type Request struct {
	ID             canon.Digest  `json:"id"` // digest of the request statement
	Requester      string        `json:"requester"`
	Key            string        `json:"key"` // fingerprint of the key that asked
	Scenario       string        `json:"scenario"`
	ScenarioDigest canon.Digest  `json:"scenario_digest"`
	Severity       Severity      `json:"severity"`
	For            canon.Seconds `json:"for"`
	Targets        []string      `json:"targets"`
	Incident       string        `json:"incident,omitempty"`
	Why            canon.Digest  `json:"why"`              // hash of the note
	Holder         canon.Key32   `json:"holder"`           // Ed25519 key that fetches
	Sealed         canon.Key32   `json:"sealed,omitzero"`  // X25519 key that secrets are sealed to
	Browser        canon.KeyP256 `json:"browser,omitzero"` // P-256 key of a browser in its place: links to consoles are sealed to it, and nothing else
	At             canon.Time    `json:"at"`
	Address        string        `json:"address,omitempty"` // as the server saw it
	Lapses         canon.Time    `json:"lapses"`
	Code           bool          `json:"code,omitzero"` // asked with a code: that it was them is the server's word
	State          State         `json:"state"`
	Late           *Late         `json:"late,omitzero"`     // the overdue review that it was asked in spite of
	Widened        []Widened     `json:"widened,omitempty"` // rungs of the ladder that it reached
	Looks          []Look        `json:"looks,omitempty"`   // at symptoms of its scenario
	Outages        []Outage      `json:"outages,omitempty"` // who said that the emergency is real
	Solo           *Solo         `json:"solo,omitzero"`     // how far it came on the step where its requester goes in alone
	Decisions      []Decision    `json:"decisions,omitempty"`
	Grant          *Grant        `json:"grant,omitzero"`
	End            *End          `json:"end,omitzero"`
	Leases         []Lease       `json:"leases,omitempty"`
	Review         *Review       `json:"review,omitzero"`
	Extensions     []Extension   `json:"extensions,omitempty"` // asked for under the grant; only the last can wait
	Offline        *Offline      `json:"offline,omitzero"`     // of a request that was reconciled
}

// Decision is one approver's signed verdict.
type Decision struct {
	Statement canon.Digest  `json:"statement"`
	Approver  string        `json:"approver"`
	Key       string        `json:"key"` // fingerprint of the signing key
	Approves  bool          `json:"approves"`
	Check     string        `json:"check"`
	For       canon.Seconds `json:"for,omitzero"`      // narrowed to; 0 is not narrowed
	Targets   []string      `json:"targets,omitempty"` // narrowed to; none is not narrowed
	At        canon.Time    `json:"at"`
	Code      bool          `json:"code,omitzero"` // with a code: that it was them is the server's word
}

// Grant is what an agreed request gives: targets and a window.
type Grant struct {
	From    canon.Time `json:"from"`
	Until   canon.Time `json:"until"`
	Targets []string   `json:"targets"`
	By      []string   `json:"by"`               // the approvers whose decisions filled the quorum
	Hearing Hearing    `json:"hearing,omitzero"` // set: there was no quorum, the requester went in alone
}

// Why a request or grant came to its end.
const (
	EndExpired   = "expired"
	EndStopped   = "stopped"
	EndVetoed    = "vetoed"
	EndReleased  = "released"
	EndRemoved   = "requester-removed"
	EndKeyGone   = "key-removed"   // the key that asked was removed
	EndSuspended = "key-suspended" // the key that asked was suspended
	EndRotated   = "rotated"       // the envelope holds another secret now
	EndEpoch     = "epoch"         // entries of the ledger were lost while it lived
	EndNarrowed  = "narrowed"      // of one target: the grant was extended without it
)

// End says when, why and by whom a grant ended.
type End struct {
	At  canon.Time `json:"at"`
	Why string     `json:"why"`
	By  string     `json:"by,omitempty"`

	Code bool `json:"code,omitzero"` // with a code: that it was by them is the server's word
}

// DecisionsMost bounds the decisions of one request.
const DecisionsMost = 64

// Live tells whether the grant may be used at an instant.
func (r *Request) Live(at canon.Time) bool {
	return r.State == Granted && r.Grant != nil && at.Before(r.Grant.Until)
}

// Settled tells whether nothing can follow any more: the request is over and
// every lease is proved closed.
func (r *Request) Settled() bool {
	if r.State == Pending || r.State == Granted {
		return false
	}
	return !slices.ContainsFunc(r.Leases, func(l Lease) bool { return l.State != LeaseClosed })
}

// AtRest tells whether the request is settled and no rule asks for it any more:
// those of an overdue review do, whoever asks next, and of whoever went in alone.
func (r *Request) AtRest() bool {
	return r.Settled() && !r.Review.Late() && !r.AloneUnreviewed()
}

// Lease finds the lease at a target.
func (r *Request) Lease(target string) (*Lease, bool) {
	for i := range r.Leases {
		if r.Leases[i].Target == target {
			return &r.Leases[i], true
		}
	}
	return nil, false
}

// Approvers are the people who approve, in the order of their decisions, for
// whom counts (still in the roster, say) answers yes; never the requester.
func (r *Request) Approvers(counts func(Decision) bool) []string {
	var people []string
	for _, d := range r.Decisions {
		if d.Approves && d.Approver != r.Requester && !slices.Contains(people, d.Approver) && counts(d) {
			people = append(people, d.Approver)
		}
	}
	return people
}

// Decided tells whether a person has decided already.
func (r *Request) Decided(person string) bool {
	return slices.ContainsFunc(r.Decisions, func(d Decision) bool { return d.Approver == person })
}

// Narrowed is what is left of the request after every approval that counts:
// the shortest time that any of them names, and the targets that all leave.
// It can be nothing.
func (r *Request) Narrowed(counts func(Decision) bool) (canon.Seconds, []string) {
	length, targets := r.For, slices.Clone(r.Targets)
	for _, d := range r.Decisions {
		if !d.Approves || !counts(d) {
			continue
		}
		if d.For > 0 {
			length = min(length, d.For)
		}
		if len(d.Targets) > 0 {
			targets = slices.DeleteFunc(targets, func(t string) bool { return !slices.Contains(d.Targets, t) })
		}
	}
	return length, targets
}

// Clone is a deep copy: nothing done to it shows in r.
func (r *Request) Clone() *Request {
	c := *r
	c.Widened, c.Decisions = slices.Clone(r.Widened), slices.Clone(r.Decisions)
	c.Leases, c.Extensions = slices.Clone(r.Leases), r.extensions()
	c.Looks, c.Outages = slices.Clone(r.Looks), slices.Clone(r.Outages)
	for i := range c.Leases {
		c.Leases[i].Proofs = slices.Clone(c.Leases[i].Proofs)
		c.Leases[i].Shares = slices.Clone(c.Leases[i].Shares)
	}
	return &c
}
