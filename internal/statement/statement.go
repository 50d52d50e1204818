package statement

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Limit is the length in bytes of the longest statement.
const Limit = 16 << 10

// sizeMost bounds Seen.Size: RFC 8785 carries no larger integer exactly.
const sizeMost = 1<<53 - 1

// Version stands in every statement's member "halligan".
const Version = "v1"

// Kind says what a statement does.
type Kind string

// The kinds that this version knows. The table of what each may do is cell's.
const (
	KindFound    Kind = "found"
	KindSession  Kind = "session"
	KindRequest  Kind = "request"
	KindDecision Kind = "decision"
	KindWithdraw Kind = "withdraw"
	KindFetch    Kind = "fetch"
	KindRelease  Kind = "release"
	KindStop     Kind = "stop"
	KindAttest   Kind = "attest"
	KindChange   Kind = "change"
	KindUpgrade  Kind = "upgrade"
	KindSeal     Kind = "seal"
	KindShare    Kind = "share"
	KindRotate   Kind = "rotate"
	KindInspect  Kind = "inspect"
	KindReview   Kind = "review"
	KindSignOff  Kind = "sign-off"
	KindClock    Kind = "clock"
	KindEpoch    Kind = "epoch"
	KindExtend   Kind = "extend"
	KindVouch    Kind = "vouch"
	KindSolo     Kind = "solo"

	KindWitnessedOutage Kind = "witnessed-outage"
	KindReconcile       Kind = "reconcile"
	KindRecover         Kind = "recover"
	KindCancel          Kind = "cancel"
	KindSuspend         Kind = "suspend"
	KindLift            Kind = "lift"
)

// Kinds lists every kind of this version.
var Kinds = []Kind{
	KindFound, KindSession, KindRequest, KindDecision, KindWithdraw, KindFetch, KindRelease, KindStop, KindAttest, KindChange, KindUpgrade,
	KindSeal, KindShare, KindRotate, KindInspect, KindReview, KindSignOff, KindClock, KindEpoch, KindExtend, KindVouch,
	KindWitnessedOutage, KindSolo,
	KindReconcile,
	KindRecover, KindCancel, KindSuspend, KindLift,
}

var (
	// ErrUnknownKind says that the statement's kind is not one of this version.
	ErrUnknownKind = errors.New("kind not supported by this version")
	// ErrVersion says that the statement is of another format.
	ErrVersion = errors.New("statement format not supported by this version")
)

// Seen names the checkpoint that the signer had seen: it bounds when the
// statement can have been signed, and lets a log that forks be convicted.
type Seen struct {
	Root canon.Digest `json:"root"`
	Size int64        `json:"size"`
}

// valid tells whether a statement of this kind may have seen n: the empty tree
// (its root is the hash of nothing) for a found statement, else a later one.
func (n Seen) valid(kind Kind) bool {
	if kind == KindFound {
		return n == Seen{Root: canon.Sum(nil)}
	}
	return n.Size > 0 && n.Size <= sizeMost && !n.Root.IsZero()
}

// Header is what every statement carries.
type Header struct {
	Actor   string       `json:"actor"`            // roster id of the person
	Expires canon.Time   `json:"expires"`          // refused after this instant
	Ledger  string       `json:"ledger"`           // origin of the cell's ledger
	Nonce   canon.Key32  `json:"nonce"`            // 32 random bytes by the signer
	Offline bool         `json:"offline,omitzero"` // signed with no server: never counts for a live grant
	Seen    Seen         `json:"seen"`
	Digest  canon.Digest `json:"-"` // SHA-256 of the bytes: name and idempotency key
}

// Statement is a decoded statement. Body is a pointer to the type of its kind.
type Statement struct {
	Header
	Body Body
}

// Body is what a kind adds to the header.
type Body interface {
	// Kind is the statement kind that this is the body of.
	Kind() Kind
	// check tells what of the shape is wrong, naming the member.
	check() error
}

// frame is a statement on the wire.
type frame[B any] struct {
	Halligan string `json:"halligan"`
	Kind     Kind   `json:"kind"`
	Header
	Body B `json:",embed"`
}

// Encode checks the shape of s and gives its canonical bytes: what is signed.
func Encode(s Statement) ([]byte, error) {
	if s.Body == nil {
		return nil, errors.New("cannot encode a statement without a body")
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	data, err := s.Body.(codec).encode(s.Header)
	if err != nil {
		return nil, err
	}
	if len(data) > Limit {
		return nil, fmt.Errorf("statement: %w: %d bytes, at most %d", canon.ErrTooLong, len(data), Limit)
	}
	return data, nil
}

// Decode reads the bytes of a statement. It is strict: unknown or missing
// members, other spellings and trailing bytes are errors that name the member.
func Decode(data []byte) (Statement, error) {
	if len(data) > Limit {
		return Statement{}, fmt.Errorf("statement: %w: %d bytes, at most %d", canon.ErrTooLong, len(data), Limit)
	}
	var peek struct {
		Halligan string `json:"halligan"`
		Kind     Kind   `json:"kind"`
	}
	if err := json.Unmarshal(data, &peek); err != nil {
		return Statement{}, fmt.Errorf("statement: %w", err)
	}
	if peek.Halligan != Version {
		return Statement{}, fmt.Errorf("statement: %w: %q", ErrVersion, peek.Halligan)
	}
	blank, ok := blanks[peek.Kind]
	if !ok {
		return Statement{}, fmt.Errorf("statement: %w: %q", ErrUnknownKind, peek.Kind)
	}
	s, err := blank().(codec).decode(data)
	if err != nil && !errors.Is(err, canon.ErrNotCanonical) {
		return Statement{}, fmt.Errorf("%s statement: %w", peek.Kind, err)
	}
	if wrong := s.check(); wrong != nil { // before ErrNotCanonical: it names a missing member
		return Statement{}, wrong
	}
	if err != nil {
		return Statement{}, fmt.Errorf("%s statement: %w", peek.Kind, err)
	}
	s.Digest = canon.Sum(data)
	return s, nil
}

func (s Statement) check() error {
	kind := s.Body.Kind()
	wrong := func(member string, err error) error { return fmt.Errorf("%s statement: %s: %w", kind, member, err) }
	if err := canon.CheckID(s.Actor); err != nil {
		return wrong("actor", err)
	}
	if err := canon.CheckLedger(s.Ledger); err != nil {
		return wrong("ledger", err)
	}
	if s.Nonce.IsZero() {
		return wrong("nonce", errors.New("must be 32 random bytes"))
	}
	if year := s.Expires.Std().Year(); s.Expires.IsZero() || year < 1 || year > 9999 {
		return wrong("expires", errors.New("must be an instant of the years 1 to 9999"))
	}
	if !s.Seen.valid(kind) {
		return wrong("seen", errors.New("must name a checkpoint of the ledger; found statements, and only they, name the empty tree"))
	}
	if s.Offline {
		if err := checkOffline(s.Body); err != nil {
			return wrong("offline", err)
		}
	}
	if err := s.Body.check(); err != nil {
		return fmt.Errorf("%s statement: %w", kind, err)
	}
	return nil
}

// codec ties a body to the frame of its type.
type codec interface {
	encode(Header) ([]byte, error)
	// decode gives what it read also with canon.ErrNotCanonical.
	decode([]byte) (Statement, error)
}

func encodeFrame[B any](body *B, kind Kind, h Header) ([]byte, error) {
	return canon.Encode(frame[B]{Halligan: Version, Kind: kind, Header: h, Body: *body})
}

func decodeFrame[B any, P interface {
	*B
	Body
}](data []byte) (Statement, error) {
	var f frame[B]
	err := canon.Decode(data, Limit, &f)
	return Statement{Header: f.Header, Body: P(&f.Body)}, err
}
