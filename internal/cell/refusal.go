package cell

import "github.com/halligan-dev/halligan/internal/canon"

// Reason is why a rule said no, for machines. Reasons never change meaning.
type Reason string

// The reasons.
const (
	NotSealed        Reason = "not-sealed"
	AlreadySealed    Reason = "already-sealed"
	WrongLedger      Reason = "wrong-ledger"
	WrongGenesis     Reason = "wrong-genesis"
	NotFounder       Reason = "not-a-founder"
	AlreadyFounded   Reason = "already-founded"
	UnknownKey       Reason = "unknown-key"
	KeyRemovedReason Reason = "key-removed"
	NotYours         Reason = "signed-by-another"
	NotHolder        Reason = "not-the-holder-key"
	TooWeak          Reason = "signature-too-weak"
	StatementExpired Reason = "statement-expired"
	StatementTooLong Reason = "statement-valid-too-long"
	NonceUsed        Reason = "nonce-used"
	SeenUnknown      Reason = "seen-unknown"
	SeenStale        Reason = "seen-stale"
	UnknownSubject   Reason = "unknown-subject"
	UnknownScenario  Reason = "unknown-scenario"
	ScenarioChanged  Reason = "scenario-changed"
	MayNotRequest    Reason = "may-not-request"
	UnknownSeverity  Reason = "unknown-severity"
	TooLong          Reason = "too-long"
	UnknownTarget    Reason = "unknown-target"
	WrongSource      Reason = "address-not-allowed"
	WrongHour        Reason = "hour-not-allowed"
	HolderReused     Reason = "holder-reused"
	TooMany          Reason = "too-many"
	SelfApproval     Reason = "self-approval"
	NotApprover      Reason = "not-an-approver"
	AlreadyDecided   Reason = "already-decided"
	Widening         Reason = "widening"
	NothingLeft      Reason = "nothing-left"
	NotLonger        Reason = "not-longer"
	NotOffered       Reason = "not-offered"
	AloneBefore      Reason = "alone-before"
	OutageNotShown   Reason = "outage-not-shown"
	NotPending       Reason = "not-pending"
	NotLive          Reason = "not-live"
	NotClosing       Reason = "not-closing"
	LeaseNotOpen     Reason = "lease-not-open"
	NothingToFetch   Reason = "nothing-to-fetch"
	BrowserCannot    Reason = "browser-cannot"
	NotAllowed       Reason = "not-allowed"
	NotRemovable     Reason = "not-removable"
	RulesTooOld      Reason = "rules-too-old"
	NotAnUpgrade     Reason = "not-an-upgrade"
	UnknownEnvelope  Reason = "unknown-envelope"
	WrongSerial      Reason = "wrong-serial"
	NotCustodian     Reason = "not-a-custodian"
	WrongProof       Reason = "wrong-proof"
	NotShown         Reason = "not-shown-to-open"
	SelfShare        Reason = "self-share"
	AlreadyShared    Reason = "already-shared"
	WrongShare       Reason = "wrong-share"
	LateReview       Reason = "review-overdue"
	NoReview         Reason = "no-open-review"
	WrongReview      Reason = "wrong-review"
	SelfReview       Reason = "self-review"
	NotWitnessed     Reason = "not-witnessed"
	UnknownTask      Reason = "unknown-task"
	TaskMismatch     Reason = "task-mismatch"
	NotDue           Reason = "not-due"
	NothingNew       Reason = "nothing-new"
	ReportRefused    Reason = "report-refused"
	NotInForce       Reason = "not-in-force"
	NotAmendable     Reason = "not-amendable"
	CoolingOff       Reason = "cooling-off"
	ClockUnknown     Reason = "clock-unchanged"
	ClockInDoubt     Reason = "clock-in-doubt"
	NotCosigned      Reason = "not-cosigned"
	WrongEpoch       Reason = "wrong-epoch"

	OfflineOnly       Reason = "offline"
	BadSignature      Reason = "bad-signature"
	AlreadyReconciled Reason = "already-reconciled"
	NotRotatable      Reason = "not-rotatable"
	NotOverlapping    Reason = "not-overlapping"
	Condition         Reason = "condition"

	KeySuspendedReason Reason = "key-suspended"
	AlreadySuspended   Reason = "already-suspended"
	LastOfSecurity     Reason = "last-of-security"
	NotSuspended       Reason = "not-suspended"
)

// Refusal is the answer no. Person is whom it is held against: the owner of the
// key that signed; empty when that is nobody of this cell.
type Refusal struct {
	Reason Reason
	Detail string
	Person string
}

// Error is for people; programs read Reason.
func (r *Refusal) Error() string { return r.Detail }

func refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Detail: canon.Said(format, args...)}
}
