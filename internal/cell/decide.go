package cell

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Outcome is what a command becomes: events of one stream.
type Outcome struct {
	Stream string
	Events []Event
}

// ErrTimeWentBack says that a command is earlier than the newest entry: a fault
// of the caller, never a refusal.
var ErrTimeWentBack = errors.New("a command is earlier than the newest entry")

// Decide says what a command becomes in a world, or refuses it (*Refusal). It
// changes nothing. A refusal with a Person may be recorded (StepRefused); one
// without is a stranger's and is only counted. Any other error is a fault of
// the caller.
func Decide(w *World, c Command) (Outcome, error) {
	if c.At.Before(w.LastAt) {
		return Outcome{}, fmt.Errorf("%w: %s, after %s", ErrTimeWentBack, c.At, w.LastAt)
	}
	if err := c.Observed.check(); err != nil {
		return Outcome{}, err
	}
	var outcome Outcome
	var refusal *Refusal
	switch {
	case c.Signed != nil && c.Effect == nil && c.Signed.Statement.Body != nil:
		c.Signed = w.worth(c.Signed)
		outcome, refusal = decideSigned(w, c.Signed, c)
	case c.Effect != nil && c.Signed == nil:
		outcome, refusal = decideEffect(w, *c.Effect, c)
	default:
		return Outcome{}, errors.New("a command is either a statement or an effect")
	}
	if refusal != nil {
		return Outcome{}, refusal
	}
	return w.slotted(outcome, c), nil
}

// decideSigned asks first who signed and whether it is fresh, then the rule of
// the kind.
func decideSigned(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	rule, ok := rules[s.Statement.Body.Kind()]
	if !ok {
		return Outcome{}, refuse(UnknownSubject, "the statement's kind is not one of this version")
	}
	if rule.Kind == statement.KindEpoch && w.Sealed {
		return w.beginning(s, rule, c)
	}
	if s.Statement.Ledger != w.Origin {
		return Outcome{}, refuse(WrongLedger, "the statement is for the ledger %s, not for %s", s.Statement.Ledger, w.Origin)
	}
	if rule.Signer == ByFounder {
		return decideFound(w, s, c)
	}
	if !w.Sealed {
		return Outcome{}, refuse(NotSealed, "the cell is not sealed yet: every founder must sign genesis first")
	}
	if refusal := w.authenticate(s, rule); refusal != nil {
		return Outcome{}, refusal
	}
	person := s.Statement.Actor
	if s.Statement.Offline {
		return Outcome{}, against(refuse(OfflineOnly, "the statement was signed with no server, and counts for nothing that a server gives"), person)
	}
	if rule.Since > w.Rules {
		return Outcome{}, against(refuse(RulesTooOld, "a %s statement needs rules %d; this cell decides by rules %d", rule.Kind, rule.Since, w.Rules), person)
	}
	if refusal := w.fresh(s.Statement, c); refusal != nil {
		return Outcome{}, against(refusal, person)
	}
	outcome, refusal := rule.decide(w, s, c)
	if refusal == nil {
		refusal = w.forbidden(s, nil, c)
	}
	return outcome, against(refusal, person)
}

// worth is a statement with what its signature proves in this world: a key that
// the server holds proves no more than its word, whatever the signature shows, and
// one that a maker stands behind is hardware.
func (w *World) worth(s *Signed) *Signed {
	proved := w.Proves(s.Signer)
	if proved == s.Signer.Strength {
		return s
	}
	other := *s
	other.Signer.Strength = proved
	return &other
}

// byCode tells whether that its actor signed is the server's word: with a code.
func (s *Signed) byCode() bool { return s.Signer.Strength == roster.ServerAttested }

// Proves is what a signature proves in this world of the person whose key it is by.
func (w *World) Proves(s Signer) roster.Strength {
	key, _ := w.Roster.Key(s.Fingerprint)
	return key.Proves(s.Strength)
}

// against says whom a refusal is held against, unless that was said before.
func against(refusal *Refusal, person string) *Refusal {
	if refusal != nil && refusal.Person == "" {
		refusal.Person = person
	}
	return refusal
}

// authenticate checks that the statement was signed with the right kind of key
// of the actor, and strongly enough.
func (w *World) authenticate(s *Signed, rule Rule) *Refusal {
	owner, present := w.Roster.Owner(s.Signer.Fingerprint)
	if rule.Signer == ByHolder {
		return w.authenticateHolder(s, owner)
	}
	if !present {
		if former := w.formerOwner(s.Signer.Fingerprint); former != "" {
			if suspension, suspended := w.Roster.Suspended[s.Signer.Fingerprint]; suspended {
				return against(refuse(KeySuspendedReason, "the key %s is suspended until %s and signs nothing before", s.Signer.Fingerprint, suspension.Until), former)
			}
			return against(refuse(KeyRemovedReason, "the key %s was removed", s.Signer.Fingerprint), former)
		}
		return refuse(UnknownKey, "the key %s is nobody's in this cell", s.Signer.Fingerprint)
	}
	if owner != s.Statement.Actor {
		return against(refuse(NotYours, "the statement speaks for %s but was signed by %s", s.Statement.Actor, owner), owner)
	}
	if !s.Signer.Strength.AtLeast(rule.Least) {
		return against(refuse(TooWeak, "the signature proves %q; a %s statement needs at least %s", s.Signer.Strength, rule.Kind, rule.Least), owner)
	}
	return nil
}

// authenticateHolder checks that the holder key of the request signed, for the
// requester. Anybody else whose key is known is named.
func (w *World) authenticateHolder(s *Signed, owner string) *Refusal {
	r, ok := w.Requests[subject(s.Statement.Body)]
	if ok && !s.Signer.Ed25519.IsZero() && s.Signer.Ed25519 == r.Holder && s.Statement.Actor == r.Requester {
		return nil
	}
	if other, known := w.heldBy(s.Signer.Ed25519); owner == "" && known {
		owner = other.Requester
	}
	return against(refuse(NotHolder, "only the key made for this very request may sign this"), owner)
}

// heldBy finds the unsettled request that a holder key was made for. Settled
// ones may or may not be in the world, so no rule may look at them here.
func (w *World) heldBy(holder canon.Key32) (*access.Request, bool) {
	for _, r := range w.Requests {
		if r.Holder == holder && !r.Settled() {
			return r, true
		}
	}
	return nil, false
}

func (w *World) formerOwner(fingerprint string) string {
	for _, p := range w.Roster.People {
		for _, key := range p.Keys {
			if key.Fingerprint == fingerprint {
				return p.ID
			}
		}
	}
	return ""
}

// fresh checks that the statement is neither over nor valid for too long, that
// its nonce is new, and that its signer knew this ledger lately.
func (w *World) fresh(s statement.Statement, c Command) *Refusal {
	if w.signers(c.At).After(s.Expires) {
		return refuse(StatementExpired, "the statement expired at %s", s.Expires)
	}
	// While time is in doubt the wall clock that people sign by may be far ahead of
	// recorded time; they must still be able to stop and to agree.
	if !w.Doubted && s.Expires.Sub(c.At) > ValidMost.Duration() {
		return refuse(StatementTooLong, "the statement is valid until %s; at most %s from now is taken", s.Expires, ValidMost)
	}
	if w.nonceUsed(s.Header, c.At) {
		return refuse(NonceUsed, "the statement's nonce was used before")
	}
	return w.seen(s.Seen, c.At)
}

// signers is what people's clocks say at an instant of recorded time.
func (w *World) signers(at canon.Time) canon.Time {
	return at.Add(-time.Duration(w.Behind) * time.Millisecond)
}

// subject is the request or change that a statement speaks of.
func subject(body statement.Body) (of [32]byte) {
	switch b := body.(type) {
	case *statement.Decision:
		return b.Of
	case *statement.Withdraw:
		return b.Of
	case *statement.Fetch:
		return b.Of
	case *statement.Release:
		return b.Of
	case *statement.Stop:
		return b.Of
	case *statement.Attest:
		return b.Of
	case *statement.Share:
		return b.Of
	case *statement.Extend:
		return b.Of
	case *statement.Solo:
		return b.Of
	case *statement.Review:
		return b.Of
	case *statement.SignOff:
		return b.Of
	case *statement.Reconcile:
		return b.Of
	case *statement.WitnessedOutage:
		return b.Of
	}
	return of
}

// Names is the stream that a command speaks of, which must be in the world
// when it is decided; empty when it speaks of none.
func Names(c Command, tasks map[string]Task) string {
	if c.Signed != nil {
		if of := subject(c.Signed.Statement.Body); of != [32]byte{} {
			return StreamOf(of)
		}
		return ""
	}
	if t, ok := tasks[c.Effect.Task]; ok {
		return t.Stream
	}
	return ""
}

func decideSession(_ *World, s *Signed, c Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Session)
	return Outcome{StreamSession, []Event{&SessionOpened{Person: s.Statement.Actor, Until: c.At.Add(body.For.Duration())}}}, nil
}

func decideFound(w *World, s *Signed, _ Command) (Outcome, *Refusal) {
	body := s.Statement.Body.(*statement.Found)
	if w.Sealed {
		return Outcome{}, refuse(AlreadySealed, "the cell is sealed already")
	}
	if w.Genesis != nil && body.Genesis != w.GenesisDigest {
		return Outcome{}, refuse(WrongGenesis, "the other founders signed genesis %s", w.GenesisDigest)
	}
	genesis, r, err := w.readGenesis(body.Genesis)
	if err != nil {
		return Outcome{}, refuse(WrongGenesis, "genesis %s cannot be used: %v", body.Genesis, err)
	}
	owner, _ := r.Owner(s.Signer.Fingerprint)
	key, _ := r.Key(s.Signer.Fingerprint)
	if owner != s.Statement.Actor || !slices.Contains(genesis.Founders, owner) || !key.Proves(s.Signer.Strength).AtLeast(roster.Possession) {
		return Outcome{}, refuse(NotFounder, "genesis must be signed by its founders with their own keys; %s is not %s's", s.Signer.Fingerprint, s.Statement.Actor)
	}
	if slices.Contains(w.Founded, owner) {
		return Outcome{}, refuse(AlreadyFounded, "%s signed genesis already", owner)
	}
	events := []Event{&Founded{Person: owner}}
	if len(w.Founded)+1 == len(genesis.Founders) {
		events = append(events, &Sealed{Genesis: body.Genesis})
	}
	return Outcome{StreamCell, events}, nil
}
