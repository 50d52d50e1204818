package broker

import (
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TooOften refuses a statement of a person who has begun too much of its kind
// lately. It is no answer of the rules, takes no entry and uses no nonce: the
// very same statement is taken later. It is counted as a refused attempt.
type TooOften struct {
	Person string
	Kind   statement.Kind
	After  time.Duration // until one more is taken
}

// Error says who and when.
func (e *TooOften) Error() string {
	return fmt.Sprintf("%s has made too many statements of kind %s lately; one more is taken in %s", e.Person, e.Kind, e.After)
}

// reasonOften is what such attempts are counted as.
const reasonOften = "too-many-statements"

// ends are the kinds that end or answer something, so that what there is of it
// bounds them. They are never counted: nothing may stand between a person and
// the end of an access, nor between an emergency and those who decide. Every
// other kind one person could say for ever.
var ends = map[statement.Kind]bool{
	statement.KindFound: true, statement.KindDecision: true, statement.KindWithdraw: true, statement.KindRelease: true,
	statement.KindStop: true, statement.KindAttest: true, statement.KindCancel: true,
	statement.KindSuspend: true, statement.KindLift: true,
}

// often is a rate for each person and kind. It is the decider's alone. A restart
// forgets it, which errs towards letting people in; it needs no replay, since
// what it refuses never was.
type often struct {
	minute float64 // statements a minute, and as many at once; 0: no bound
	rates  map[personKind]rate
}

type personKind struct {
	person string
	kind   statement.Kind
}

func newOften(minute int) *often {
	return &often{minute: float64(minute), rates: map[personKind]rate{}}
}

// of is whose rate a command counts against, if it counts at all: the signer's,
// never that of an actor whom the signer only names.
func (o *often) of(w *cell.World, signed *cell.Signed) (personKind, bool) {
	if o.minute == 0 || signed == nil || ends[signed.Statement.Body.Kind()] {
		return personKind{}, false
	}
	key := personKind{signed.Statement.Actor, signed.Statement.Body.Kind()}
	if fetch, ok := signed.Statement.Body.(*statement.Fetch); ok {
		r := w.Requests[fetch.Of]
		return key, r != nil && r.Requester == key.person && r.Holder == signed.Signer.Ed25519
	}
	owner, known := w.Roster.Owner(signed.Signer.Fingerprint)
	return key, known && owner == key.person
}

// check tells whether one more is taken now, or when.
func (o *often) check(key personKind, at canon.Time) *TooOften {
	now := o.filled(key, at)
	if now.left >= 1 {
		return nil
	}
	wait := time.Duration((1 - now.left) / o.minute * float64(time.Minute))
	return &TooOften{Person: key.person, Kind: key.kind, After: wait.Truncate(time.Second) + time.Second}
}

// took charges for one that was taken.
func (o *often) took(key personKind, at canon.Time) {
	now := o.filled(key, at)
	now.left--
	o.rates[key] = now
}

func (o *often) filled(key personKind, at canon.Time) rate {
	now, known := o.rates[key]
	if !known {
		return rate{left: o.minute, at: at}
	}
	now.left = min(o.minute, now.left+at.Sub(now.at).Minutes()*o.minute)
	now.at = at
	return now
}
