package verify

import (
	"strconv"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Verdict is the one-word answer.
type Verdict string

// The verdicts. Only Verified is success.
const (
	Verified       Verdict = "verified"        // every check passed, from the reader's anchor
	SelfConsistent Verdict = "self-consistent" // every check passed, but nothing was pinned: anyone can make such evidence
	Refused        Verdict = "refused"         // at least one fault
)

// Scope is how much of a ledger the evidence is.
type Scope string

// The scopes.
const (
	ScopeWhole   Scope = "whole"
	ScopePartial Scope = "partial"
)

// ReportVersion stands in every report's member "report".
const ReportVersion = "v1"

// NoWitnesses is what the report says of witnesses when there are none.
const NoWitnesses = "none"

// Report is what verification found. A refused report tells of no grant: what
// stands in refused evidence is nobody's word.
type Report struct {
	Version    string         `json:"report"`
	Verdict    Verdict        `json:"verdict"`
	Scope      Scope          `json:"scope"`
	Origin     string         `json:"origin,omitempty"`
	Genesis    canon.Digest   `json:"genesis,omitzero"`
	Checkpoint *Checkpoint    `json:"checkpoint,omitzero"`
	Seen       *Checkpoint    `json:"seen,omitzero"`     // the reader's own, which the log extends
	Entries    int64          `json:"entries"`           // replayed
	From       canon.Time     `json:"from,omitzero"`     // recorded time of the first entry
	To         canon.Time     `json:"to,omitzero"`       // and of the last
	Sealed     bool           `json:"sealed"`            // every founder signed
	Faults     []*Fault       `json:"faults"`            // the first in the order of the log; nothing after it is looked at
	Witnesses  string         `json:"witnesses"`         // none, or how many of how many must cosign
	Cosigned   *Cosigned      `json:"cosigned,omitzero"` // how far enough of them did
	Tail       *Tail          `json:"not_witnessed,omitzero"`
	NotChecked []string       `json:"not_checked"` // what this evidence cannot show
	Counts     Counts         `json:"counts"`
	Requests   []Request      `json:"requests"`
	Grants     []Grant        `json:"grants"`
	Offline    []Offline      `json:"offline,omitempty"`    // what was signed with no server and carried back
	Amendments []Amendment    `json:"amendments,omitempty"` // of the cell's document, in order; the last is in force
	Rotations  []Rotation     `json:"rotations,omitempty"`  // of the ledger's key, in order; the last is in force
	Cell       Rests          `json:"cell"`                 // founders, changes, clock: what the stream "cell" rests on
	Sessions   []Unauthorised `json:"unauthorised"`
	Foreign    int64          `json:"foreign_sessions"` // that hosts listed under key ids not of this cell's form

	last       int64 // index of the newest entry
	successors []ledger.Successor
}

// Checkpoint is a size and its root.
type Checkpoint struct {
	Size int64        `json:"size"`
	Root canon.Digest `json:"root"`
}

// Amendment is a document that took the place of another.
type Amendment struct {
	Entry   int64        `json:"entry"`
	At      canon.Time   `json:"at"`
	Change  canon.Digest `json:"change"`
	From    canon.Digest `json:"from"`
	To      canon.Digest `json:"to"`
	Widened []string     `json:"widened,omitempty"` // scenarios
	Recover bool         `json:"recovery,omitzero"` // by the recovery quorum, after its notice
}

// Counts says how many of what was checked.
type Counts struct {
	Statements   int64            `json:"statements"`        // with good signatures
	Passkeys     int64            `json:"passkeys,omitzero"` // of them by passkeys, which sign what a page shows
	HostReports  int64            `json:"host_reports"`
	Effects      int64            `json:"effects"` // taken on the server's word
	Certificates int64            `json:"certificates"`
	Refused      map[string]int64 `json:"refused"` // recorded refusals by reason
	Notes        int64            `json:"notes"`
	NotesMissing int64            `json:"notes_missing"` // erased, or not part of the evidence
}

// Request is a line for each request, granted or not.
type Request struct {
	ID        canon.Digest    `json:"id"`
	Requester string          `json:"requester"`
	Scenario  string          `json:"scenario"`
	Severity  access.Severity `json:"severity"`
	State     access.State    `json:"state"`
	Entry     int64           `json:"entry"`
	At        canon.Time      `json:"at"`
	Salt      string          `json:"salt,omitempty"` // of its confirmation words
}

// Grant is one agreed request, what became of it, and what that rests on.
type Grant struct {
	ID             canon.Digest       `json:"id"`
	Requester      string             `json:"requester"`
	Scenario       string             `json:"scenario"`
	ScenarioDigest canon.Digest       `json:"scenario_digest"`
	Severity       access.Severity    `json:"severity"`
	Asked          canon.Time         `json:"asked"`
	AskedFor       canon.Seconds      `json:"asked_for"`
	Entry          int64              `json:"entry"`         // in which the quorum was filled
	Late           *access.Late       `json:"late,omitzero"` // the overdue review that it was asked in spite of
	Approvers      []Approver         `json:"approvers"`
	Alone          *Alone             `json:"alone,omitzero"` // there is no quorum: the requester went in alone
	From           canon.Time         `json:"from"`
	Until          canon.Time         `json:"until"`
	End            *access.End        `json:"end,omitzero"`
	Review         *access.Review     `json:"review,omitzero"`
	Extensions     []access.Extension `json:"extensions,omitempty"` // more time that was asked for
	State          access.State       `json:"state"`
	Leases         []Lease            `json:"leases"`
	Rests          Rests              `json:"rests_on"`
}

// Approver is a person whose signed decision filled a place of the quorum.
type Approver struct {
	Person    string       `json:"person"`
	Leg       string       `json:"leg"`
	Statement canon.Digest `json:"statement"`
	Key       string       `json:"key"`
	Check     string       `json:"check"` // how they made sure who asks
	At        canon.Time   `json:"at"`
}

// Alone is how a grant began without a quorum, by a step of the scenario's ladder,
// and what proves that its requester waited so long.
type Alone struct {
	Statement canon.Digest   `json:"statement"` // the requester's second signature
	Key       string         `json:"key"`
	At        canon.Time     `json:"at"`
	Offer     int64          `json:"offer"`             // entry in which the ladder came so far
	Unproved  bool           `json:"unproved"`          // recorded time alone says that they waited
	Waited    []Waited       `json:"waited,omitempty"`  // what witnesses cosigned: the request, and so long after it the offer
	Hearing   access.Hearing `json:"hearing"`           // heard or unheard
	Channel   string         `json:"channel,omitempty"` // that took the alarm first: the server's word
}

// Waited is a checkpoint that enough witnesses cosigned, and by when.
type Waited struct {
	Entry int64      `json:"entry"`
	Size  int64      `json:"size"`
	By    []string   `json:"by"`
	At    canon.Time `json:"at"` // by their clocks
}

// Lease is the grant's footprint at one target.
type Lease struct {
	Target       string             `json:"target"`
	Host         string             `json:"host"`
	Program      string             `json:"program,omitempty"` // that opened it; then there is no host
	Account      string             `json:"account,omitempty"` // AWS account of its role; then there is no host
	Role         string             `json:"role,omitempty"`
	Slot         int                `json:"slot,omitzero"`       // that stops its sessions
	Assignment   *access.Assignment `json:"assignment,omitzero"` // in IAM Identity Center; then there is no host
	KeyID        string             `json:"key_id"`
	State        access.LeaseState  `json:"state"`
	Certificates []Certificate      `json:"certificates"`
	Closing      *access.Closing    `json:"closing,omitzero"`
	Proofs       []Proof            `json:"proofs"`
	Closed       canon.Time         `json:"closed,omitzero"`

	Automation string `json:"automation,omitempty"` // AWS account whose Systems Manager ran what opened it; then there is no host
}

// Certificate is one, or a session of a role, that was authorised: rebuilt, and
// equal to its digest.
type Certificate struct {
	Entry    int64        `json:"entry"`
	Serial   string       `json:"serial"`
	After    canon.Time   `json:"after"`
	Before   canon.Time   `json:"before"`
	Unsigned canon.Digest `json:"unsigned"`
	Console  bool         `json:"console,omitzero"` // a sign-in to a console
	Left     string       `json:"left,omitempty"`   // witnessed or unwitnessed, where somebody cosigns; empty: it did not

	fetch canon.Digest
}

// Proof is a piece of the proof of death of a lease, and what stands behind it.
type Proof struct {
	Kind    access.ProofKind `json:"kind"`
	At      canon.Time       `json:"at"`
	By      string           `json:"by,omitempty"`
	Entry   int64            `json:"entry"`
	RestsOn Basis            `json:"rests_on"`
}

// Basis names on what something rests.
type Basis string

// The bases, strongest first.
const (
	OnSignature     Basis = "signature"
	OnRecomputation Basis = "recomputation"
	OnServer        Basis = "server"
)

// Rests says on what a grant, or the cell, rests.
type Rests struct {
	Statements []Signed   `json:"statements"`   // signed by people and holder keys
	Reports    []Reported `json:"host_reports"` // signed by hosts
	Recomputed []int64    `json:"recomputed"`   // entries whose events the rules gave again
	Witnesses  string     `json:"witnesses"`
	Server     []Word     `json:"server"` // what nobody but the server says
}

// Signed is a statement with a good signature.
type Signed struct {
	Entry    int64        `json:"entry"`
	Kind     string       `json:"kind"`
	Actor    string       `json:"actor"`
	Digest   canon.Digest `json:"digest"`
	Key      string       `json:"key"`
	Strength string       `json:"strength"`       // server-attested: that a code of the person was right is the server's word
	Page     string       `json:"page,omitempty"` // that asked a passkey for it; its host is trusted for what it showed
}

// Reported is a host's report with a good signature.
type Reported struct {
	Entry  int64        `json:"entry"`
	Host   string       `json:"host"`
	Digest canon.Digest `json:"digest"`
	Key    string       `json:"key"`
}

// Word is a fact that the server observed and nobody signed.
type Word struct {
	Entry int64      `json:"entry"`
	At    canon.Time `json:"at"`
	What  string     `json:"what"`           // the effect, or "address"
	Task  string     `json:"task,omitempty"` // that an earlier entry asked for
	Says  string     `json:"says"`
}

// Unauthorised is a session that a host listed and the ledger did not authorise.
type Unauthorised struct {
	Entry  int64  `json:"entry"` // of the first report that lists it
	Host   string `json:"host"`
	KeyID  string `json:"key_id"`
	Serial string `json:"serial"`
	User   string `json:"user"`
	Why    string `json:"why"` // unknown-key-id or unknown-serial
}

// Good tells whether the evidence was verified from an anchor.
func (r *Report) Good() bool { return r.Verdict == Verified }

func newReport(scope Scope) *Report {
	return &Report{
		Version: ReportVersion, Verdict: Refused, Scope: scope, Witnesses: NoWitnesses,
		Faults: []*Fault{}, NotChecked: []string{}, Requests: []Request{}, Grants: []Grant{},
		Sessions: []Unauthorised{}, Cell: newRests(), Counts: Counts{Refused: map[string]int64{}},
	}
}

func newRests() Rests {
	return Rests{
		Statements: []Signed{}, Reports: []Reported{}, Recomputed: []int64{},
		Witnesses: NoWitnesses, Server: []Word{},
	}
}

// refuse adds a fault and takes back everything that was told so far.
func (r *Report) refuse(f *Fault) *Report {
	r.Verdict = Refused
	f.Where, f.Detail = plain(f.Where), plain(f.Detail)
	r.Faults = append(r.Faults, f)
	r.Requests, r.Grants, r.Offline, r.Sessions, r.Foreign = []Request{}, []Grant{}, nil, []Unauthorised{}, 0
	r.Cosigned, r.Tail = nil, nil
	r.Cell, r.Counts = newRests(), Counts{Refused: map[string]int64{}}
	return r
}

// plainLimit is how many characters of a text out of evidence are shown.
const plainLimit = 2000

// plain is text out of evidence that can do nothing to a terminal: one line, no
// control or direction characters, not too long.
func plain(text string) string {
	var b strings.Builder
	count := 0
	for _, c := range text {
		if count++; count > plainLimit {
			b.WriteString(" […]")
			break
		}
		if strconv.IsPrint(c) {
			b.WriteRune(c)
		} else {
			quoted := strconv.QuoteRuneToASCII(c)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return b.String()
}
