package cell

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Command is something that wants to happen: a signed statement or the result
// of a task; exactly one is set.
type Command struct {
	At       canon.Time
	Signed   *Signed
	Effect   *Effect
	Observed Observed
	recorded jsontext.Value // canonical, that Prepare decoded Observed from; nil: it comes from nowhere
}

// Signed is a statement whose signature was checked: Signer is what the check
// found, and whoever makes a Signed owes that check.
type Signed struct {
	Statement statement.Statement
	Bytes     []byte
	Signature ledger.Signature
	Signer    Signer
	Acts      []*Signed // of a reconcile statement: what Acts gives
}

// Signer is whose key signed, and how well that proves a person.
type Signer struct {
	Fingerprint string
	Ed25519     canon.Key32 // the bare key if it is a plain ssh-ed25519 key, else zero
	Strength    roster.Strength
}

// Effect is the result of a task. What it found is in Observed.
type Effect struct {
	Kind EffectKind
	Task string
}

// EffectKind names a kind of result.
type EffectKind string

// The effects.
const (
	EffectOpened       EffectKind = "opened"
	EffectOpenFailed   EffectKind = "open-failed"
	EffectDelivered    EffectKind = "delivered"
	EffectMintFailed   EffectKind = "mint-failed"
	EffectProbed       EffectKind = "probed"
	EffectListed       EffectKind = "listed"
	EffectShut         EffectKind = "shut"
	EffectAlarmReceipt EffectKind = "alarm-receipt"
	EffectDue          EffectKind = "due"
	EffectConsequence  EffectKind = "consequence"
	EffectClock        EffectKind = "clock"
	EffectRefusedCount EffectKind = "refused-count"
	EffectCosigned     EffectKind = "cosigned"
	EffectUnwitnessed  EffectKind = "unwitnessed"
	EffectLooked       EffectKind = "looked"
	EffectOverlapped   EffectKind = "overlapped"
	EffectDenied       EffectKind = "denied"
)

// Observed are facts of the world that cannot be recomputed: the server's word,
// except where a signature stands beside them.
type Observed struct {
	Published bool                `json:"published,omitzero"` // the checkpoint of the tree before this entry was published
	Address   string              `json:"address,omitempty"`  // where the statement came from
	Salt      string              `json:"salt,omitempty"`     // of the confirmation words: 32 hexadecimal digits
	Why       string              `json:"why,omitempty"`      // of a failure: one of Failures
	Round     *access.Round       `json:"round,omitzero"`
	Report    *Reported           `json:"report,omitzero"`
	Shut      *Shut               `json:"shut,omitzero"`
	Listed    access.Listing      `json:"listed,omitempty"` // what a target says of sessions that outlive an AWS lease's, or of an assignment
	Denial    access.Denial       `json:"denial,omitempty"` // what the policy of denials does about the sessions of an assignment
	Receipt   *Receipt            `json:"receipt,omitzero"`
	Step      int64               `json:"step,omitzero"`      // wall clock minus monotonic clock, milliseconds
	Counts    map[string]int64    `json:"counts,omitempty"`   // refused attempts by reason
	Cosigned  string              `json:"cosigned,omitempty"` // a signed checkpoint with the cosignatures of witnesses
	Seen      access.Seen         `json:"seen,omitempty"`     // of a look at a symptom
	Since     canon.Time          `json:"since,omitzero"`     // since when what was written is not cosigned
	Late      canon.Digest        `json:"late,omitzero"`      // of a request, or what is asked under it: the overdue review of its scenario; what a whole ledger shows anyway
	Strays    []string            `json:"strays,omitempty"`   // of a survey: the key ids that it adds to the revocation list; what a whole ledger shows anyway
	Held      bool                `json:"held,omitzero"`      // of another ledger key, proposed or agreed to: the server has its private half
	Overlap   *Overlap            `json:"overlap,omitzero"`
	Engine    string              `json:"engine,omitempty"`   // what judged the conditions: policy.Engine of whoever decided
	Slots     map[string]int      `json:"slots,omitempty"`    // of AWS leases that begin, by target; what a whole ledger shows anyway
	Shared    bool                `json:"shared,omitzero"`    // of an assignment that stands: another lease accounts for it; what a whole ledger shows anyway
	Assigned  []access.Assignment `json:"assigned,omitempty"` // who has the permission sets that scenarios give, other than by a lease of ours
	Overdue   int                 `json:"overdue,omitzero"`   // reviews of whoever signed that were overdue then; what a whole ledger shows anyway
}

// Reported is a host's signed report. Facts are what the check of it found.
type Reported struct {
	Report    jsontext.Value `json:"report"`    // canonical JSON, the bytes that the host signed
	Signature []byte         `json:"signature"` // binary SSHSIG over them
	Facts     ReportFacts    `json:"-"`
}

// ReportFacts is what rules read of a host's report. Whoever makes it owes the
// check of the signature and the decoding.
type ReportFacts struct {
	Host        string
	Origin      string
	Fingerprint string     // of the key that signed
	List        int64      // number of the revocation list in force at the host
	ListAt      canon.Time // when the server signed that list
	KeyIDs      []string   // sessions that the host then listed, each by key id
	Complete    bool       // nothing was left out and nothing went wrong
}

// Receipt is what a channel answered to an alarm.
type Receipt struct {
	Delivered bool `json:"delivered"`
	Status    int  `json:"status,omitzero"`
}

// Failures lists what Observed.Why may say.
var Failures = []string{"unreachable", "refused", "internal", "interrupted", "unready", access.TroubleStands, access.TroubleChanged, access.TroubleWaits}

// check tells what nobody can have observed: a fault of the caller.
func (o Observed) check() error {
	if o.Address != "" {
		if _, err := netip.ParseAddr(o.Address); err != nil {
			return fmt.Errorf("observed address: %w", err)
		}
	}
	if o.Salt != "" && (len(o.Salt) != 32 || !canon.MadeOf(o.Salt, "0123456789abcdef")) {
		return errors.New("observed salt: must be 32 hexadecimal digits")
	}
	if len(o.Engine) > 64 || o.Overdue < 0 {
		return errors.New("observed engine, overdue: must be a short name and a count")
	}
	if len(o.Assigned) > AssignedMost {
		return fmt.Errorf("observed assigned: at most %d", AssignedMost)
	}
	for target, slot := range o.Slots {
		if slot < 1 || slot > access.ManagedPoliciesMost || canon.CheckID(target) != nil {
			return errors.New("observed slots: must be from 1 to the most that a role can have")
		}
	}
	return nil
}

func (o Observed) encode() (jsontext.Value, error) {
	data, err := canon.Encode(o)
	if err != nil || string(data) == "{}" {
		return nil, err
	}
	return data, nil
}
