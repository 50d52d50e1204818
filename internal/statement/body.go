package statement

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Note stands for free text: SHA-256(32-byte salt ‖ text), and the length of
// the text in bytes. Text and salt lie beside the ledger, so that a person can
// be erased and the proof stays whole. Rules never read notes.
type Note struct {
	Hash   canon.Digest `json:"hash"`
	Length int          `json:"length"`
}

// NoteLimit is the length in bytes of the longest note.
const NoteLimit = 4 << 10

func (n Note) check(member string) error {
	if n.Hash.IsZero() || n.Length <= 0 || n.Length > NoteLimit {
		return fmt.Errorf("%s: must be a note of 1 to %d bytes", member, NoteLimit)
	}
	return nil
}

// Found is a founder's signature over genesis.
type Found struct {
	Genesis canon.Digest `json:"genesis"`
}

// Session asks for a short token for reading. It is never enough to act.
type Session struct {
	For canon.Seconds `json:"for"`
}

// SessionLongest bounds Session.For.
const SessionLongest = canon.Seconds(15 * 60)

// Holder is the pair of keys made for one request on the responder's machine, or in
// their browser: that has a P-256 key in place of the X25519 key. Credentials are
// issued over the one or sealed to the other and to nothing else, so that swapping
// keys gains a lying server nothing.
type Holder struct {
	Ed25519 canon.Key32   `json:"ed25519"`
	X25519  canon.Key32   `json:"x25519,omitzero"`
	P256    canon.KeyP256 `json:"p256,omitzero"`
}

// Request is one person's ask under one scenario.
type Request struct {
	Scenario       string        `json:"scenario"`
	ScenarioDigest canon.Digest  `json:"scenario_digest"` // of the scenario's canonical JSON
	Severity       string        `json:"severity"`
	For            canon.Seconds `json:"for"`
	Targets        []string      `json:"targets"` // sorted, each once
	Why            Note          `json:"why"`
	Incident       string        `json:"incident,omitempty"`
	Holder         Holder        `json:"holder"`
}

// Verdict is an approver's yes or no.
type Verdict string

// The verdicts.
const (
	Approve Verdict = "approve"
	Deny    Verdict = "deny"
)

// Check is how an approver made sure who asks. There is no default.
type Check string

// The checks. NotChecked needs a note that says why.
const (
	CallBack   Check = "call-back"
	Video      Check = "video"
	InPerson   Check = "in-person"
	NotChecked Check = "not-checked"
)

// Narrow makes less of a request; it can never make more.
type Narrow struct {
	For     canon.Seconds `json:"for,omitzero"`
	Targets []string      `json:"targets,omitempty"` // sorted, each once
}

// Decision is one approver's verdict on one request or proposed change.
type Decision struct {
	Of      canon.Digest `json:"of"`
	Verdict Verdict      `json:"verdict"`
	Check   Check        `json:"check"`
	Narrow  *Narrow      `json:"narrow,omitzero"`
	Note    *Note        `json:"note,omitzero"`
}

// Withdraw takes back one's own pending request.
type Withdraw struct {
	Of canon.Digest `json:"of"`
}

// Fetch asks for the credential of one target; signed by the holder key.
// Repeating it with a new nonce is renewal.
type Fetch struct {
	Of      canon.Digest `json:"of"`
	Target  string       `json:"target"`
	Console bool         `json:"console,omitzero"` // a link to sign in to a console, in place of keys
}

// Release gives targets back early; signed by the holder key. No targets means
// all of them.
type Release struct {
	Of      canon.Digest `json:"of"`
	Targets []string     `json:"targets,omitempty"` // sorted, each once
}

// Stop ends a grant now.
type Stop struct {
	Of     canon.Digest `json:"of"`
	Reason Note         `json:"reason"`
}

// Attest says, on the signer's own observation, that nothing of a lease is
// left at its target.
type Attest struct {
	Of     canon.Digest `json:"of"`
	Target string       `json:"target"`
	Note   Note         `json:"note"`
}

// Change proposes a change of the cell, one of three: to remove a person, or one
// key of a person by its SHA256 fingerprint; to amend the document that says
// everything else; or to sign the ledger with another key.
type Change struct {
	Remove    Removal `json:"remove,omitzero"`
	Amend     *Amend  `json:"amend,omitzero"`
	LedgerKey string  `json:"ledger_key,omitempty"` // signed-note verifier key
	Reason    Note    `json:"reason"`
}

// LedgerKeyMost is the length in bytes of the longest Change.LedgerKey.
const LedgerKeyMost = 320

// Removal names who or what is to go: Key empty means the whole person.
type Removal struct {
	Person string `json:"person"`
	Key    string `json:"key,omitempty"`
}

// Upgrade proposes that the cell decides by newer rules from here on. It is
// agreed like a change, and can never be taken back.
type Upgrade struct {
	Rules  int  `json:"rules"`
	Reason Note `json:"reason"`
}

func (b *Found) check() error {
	if b.Genesis.IsZero() {
		return errors.New("genesis: must be the digest of genesis")
	}
	return nil
}

func (b *Session) check() error {
	if b.For <= 0 || b.For > SessionLongest {
		return fmt.Errorf("for: must be 1 to %d seconds", SessionLongest)
	}
	return nil
}

func (b *Request) check() error {
	if err := canon.CheckID(b.Scenario); err != nil {
		return fmt.Errorf("scenario: %w", err)
	}
	if b.ScenarioDigest.IsZero() {
		return errors.New("scenario_digest: must be set")
	}
	if !slices.Contains([]string{"SEV1", "SEV2", "SEV3", "SEV4"}, b.Severity) {
		return fmt.Errorf("severity: %q is not one of SEV1, SEV2, SEV3, SEV4", b.Severity)
	}
	if b.For <= 0 || b.For > DayLongest {
		return fmt.Errorf("for: must be 1 to %d seconds", DayLongest)
	}
	if len(b.Targets) == 0 {
		return errors.New("targets: must name at least one")
	}
	if err := checkTargets("targets", b.Targets); err != nil {
		return err
	}
	if err := CheckIncident(b.Incident); err != nil {
		return fmt.Errorf("incident: %w", err)
	}
	if err := b.Holder.check(); err != nil {
		return fmt.Errorf("holder: %w", err)
	}
	return b.Why.check("why")
}

func (b *Decision) check() error {
	if err := checkOf(b.Of); err != nil {
		return err
	}
	if b.Verdict != Approve && b.Verdict != Deny {
		return fmt.Errorf("verdict: %q is not approve or deny", b.Verdict)
	}
	switch b.Check {
	case CallBack, Video, InPerson:
	case NotChecked:
		if b.Note == nil {
			return errors.New("note: must say why the requester was not checked")
		}
	default:
		return fmt.Errorf("check: %q is not one of call-back, video, in-person, not-checked", b.Check)
	}
	if b.Note != nil {
		if err := b.Note.check("note"); err != nil {
			return err
		}
	}
	if n := b.Narrow; n != nil {
		if b.Verdict != Approve || n.For == 0 && len(n.Targets) == 0 {
			return errors.New("narrow: must make less of what is approved")
		}
		if n.For < 0 || n.For > DayLongest {
			return fmt.Errorf("narrow.for: must be 1 to %d seconds", DayLongest)
		}
		return checkTargets("narrow.targets", n.Targets)
	}
	return nil
}

func (b *Withdraw) check() error { return checkOf(b.Of) }

func (b *Fetch) check() error {
	if err := checkTarget(b.Target); err != nil {
		return err
	}
	return checkOf(b.Of)
}

func (b *Release) check() error {
	if err := checkTargets("targets", b.Targets); err != nil {
		return err
	}
	return checkOf(b.Of)
}

func (b *Stop) check() error {
	if err := b.Reason.check("reason"); err != nil {
		return err
	}
	return checkOf(b.Of)
}

func (b *Attest) check() error {
	if err := checkTarget(b.Target); err != nil {
		return err
	}
	if err := b.Note.check("note"); err != nil {
		return err
	}
	return checkOf(b.Of)
}

func (b *Change) check() error {
	removes := b.Remove != (Removal{})
	if removes && (b.Amend != nil || b.LedgerKey != "") || b.Amend != nil && b.LedgerKey != "" {
		return errors.New("remove, amend, ledger_key: a change is one of them")
	}
	if b.LedgerKey != "" {
		stray := func(r rune) bool { return r <= ' ' || r > '~' }
		if len(b.LedgerKey) > LedgerKeyMost || strings.ContainsFunc(b.LedgerKey, stray) {
			return fmt.Errorf("ledger_key: must be a signed-note verifier key of at most %d bytes", LedgerKeyMost)
		}
		return b.Reason.check("reason")
	}
	if b.Amend != nil {
		if err := b.Amend.check(); err != nil {
			return fmt.Errorf("amend.%w", err)
		}
		return b.Reason.check("reason")
	}
	if err := canon.CheckID(b.Remove.Person); err != nil {
		return fmt.Errorf("remove.person: %w", err)
	}
	if b.Remove.Key != "" {
		if err := CheckFingerprint(b.Remove.Key); err != nil {
			return fmt.Errorf("remove.key: %w", err)
		}
	}
	return b.Reason.check("reason")
}

func (b *Upgrade) check() error {
	if b.Rules < 2 {
		return errors.New("rules: must be 2 or more: a cell begins with rules 1 or later")
	}
	return b.Reason.check("reason")
}

// Notes are the notes that a body speaks of; their texts must come with it.
func Notes(body Body) []Note {
	switch b := body.(type) {
	case *Request:
		return []Note{b.Why}
	case *Decision:
		if b.Note != nil {
			return []Note{*b.Note}
		}
	case *Stop:
		return []Note{b.Reason}
	case *Attest:
		return []Note{b.Note}
	case *Change:
		if b.Amend != nil {
			return append([]Note{b.Reason}, b.Amend.Texts...)
		}
		return []Note{b.Reason}
	case *Recover:
		return append([]Note{b.Reason}, b.Amend.Texts...)
	case *Cancel:
		return []Note{b.Why}
	case *Suspend:
		return []Note{b.Reason}
	case *Lift:
		return []Note{b.Why}
	case *Upgrade:
		return []Note{b.Reason}
	case *Clock:
		return []Note{b.Reason}
	case *Epoch:
		return []Note{b.Reason}
	case *Extend:
		return []Note{b.Why}
	case *WitnessedOutage:
		return []Note{b.Note}
	case *Rotate:
		if b.Note != nil {
			return []Note{*b.Note}
		}
	case *Review:
		return []Note{b.Note}
	case *Reconcile:
		return b.notes()
	case *SignOff:
		if b.Note != nil {
			return []Note{*b.Note}
		}
	}
	return nil
}
