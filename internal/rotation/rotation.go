package rotation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// Sealing names what was sealed: by its serial, and by the encrypted content, which
// nobody else can have made.
type Sealing struct {
	Serial  int64        `json:"serial"`
	Content canon.Digest `json:"content"`
}

// Standing is which sealings of an envelope count, by a ledger that was verified.
type Standing struct {
	InForce, Waiting *Sealing
}

// Custody is where secrets are sealed, and where it is signed that they were changed.
type Custody interface {
	// Standing tells how the envelope stands now.
	Standing(ctx context.Context) (Standing, error)
	// Seal encrypts a secret for its custodians, has keep write down what that is,
	// and then records it. After an error it may be recorded or not.
	Seal(ctx context.Context, secret []byte, keep func(Sealing) error) error
	// Shown returns when as many custodians as open a sealing have shown that they
	// can. It returns ErrSuperseded when the sealing counts no more.
	Shown(ctx context.Context, of Sealing) error
	// Accept signs that the secret of a sealing is accepted, and the one before
	// refused; nothing, if the sealing is in force. It may be called again.
	Accept(ctx context.Context, of Sealing) error
}

// ErrSuperseded says that another sealing took the place of the one that was being
// put in force.
var ErrSuperseded = errors.New("another sealing took its place")

// Stray is a key or version that is there and that no rotation of ours made.
type Stray struct {
	Of    string   // what it is there beside
	Found []string // each with what AWS says of it
	IDs   []string // the same, as Order.Remove names them
}

func (s *Stray) Error() string {
	return fmt.Sprintf("%s has what no rotation of ours made, or what it cannot tell apart: %s", s.Of, joined(s.Found))
}

// Order says what is to be rotated, and with whose help.
type Order struct {
	Origin   string // of the cell
	Envelope string
	Contents *access.Contents
	Folder   string   // where what was begun is written down; it is made if need be
	Remove   []string // strays that may be removed
	Custody  Custody

	// Set puts the new value of a secret of Secrets Manager where it counts, before
	// it is the current one; nil: Secrets Manager is where it counts. It may be
	// called again with the same value.
	Set func(ctx context.Context, secret []byte) error
	// Tell says what is being done; it is never told a secret.
	Tell func(text string)
	// Now and Pause are a clock; Pause returns early, with an error, when ctx ends.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) error
}

// How long is waited for AWS.
const (
	believed    = 3 * time.Minute  // until a change of a key is seen by STS
	settling    = 20 * time.Second // until a key that was just made is listed
	atOnce      = time.Second      // the first pause between two looks
	longest     = 15 * time.Second // between two looks
	outstanding = 10 * time.Minute // at most, from writing down that a key is asked for until AWS made it
	skew        = 5 * time.Minute  // between our clock and AWS's: more, and AWS takes no signature
)

// Run rotates, or goes on with what was begun. While it runs nobody else on this
// machine can rotate the same envelope.
func Run(ctx context.Context, a *AWS, o Order) (Sealing, error) {
	if err := o.Contents.Check(); err != nil {
		return Sealing{}, fmt.Errorf("contents.%w", err)
	}
	j, err := openJournal(o)
	if err != nil {
		return Sealing{}, err
	}
	defer j.close()
	if j.Sets && o.Set == nil {
		return Sealing{}, fmt.Errorf("the rotation of %s that was begun at %s has its value set where it counts: name that program again", o.Envelope, j.Begun)
	}
	j.Sets = o.Set != nil
	r := &run{AWS: a, Order: o, j: j}
	if err := r.sameAccount(ctx); err != nil {
		return Sealing{}, err
	}
	if j.Step != "" {
		r.tell("Going on with the rotation of %s that was begun at %s.", o.Envelope, j.Begun)
	}
	switch {
	case o.Contents.AccessKey != nil:
		err = r.key(ctx, o.Contents.AccessKey.User)
	case o.Contents.Password != nil:
		err = r.password(ctx, o.Contents.Password.User)
	default:
		err = r.secret(ctx, o.Contents.Secret)
	}
	var of Sealing
	if j.Sealing != nil {
		of = *j.Sealing
	}
	if err == nil {
		err = j.remove()
	}
	return of, err
}

// run is one rotation, by one process.
type run struct {
	*AWS
	Order
	j *journal
}

func (r *run) tell(format string, args ...any) { r.Tell(fmt.Sprintf(format, args...)) }

// seal seals a secret. What is written down before it is sent tells afterwards
// whether it was recorded.
func (r *run) seal(ctx context.Context, secret []byte) error {
	defer clear(secret)
	return r.Custody.Seal(ctx, secret, func(of Sealing) error {
		r.j.Sealing = &of
		return r.j.save("sealing")
	})
}

// counts tells whether the sealing of this rotation is in force or waits to be.
func (r *run) counts(ctx context.Context) (bool, error) {
	now, err := r.Custody.Standing(ctx)
	if err != nil || r.j.Sealing == nil {
		return false, err
	}
	return now.InForce != nil && *now.InForce == *r.j.Sealing || now.Waiting != nil && *now.Waiting == *r.j.Sealing, nil
}

// undoing is the step of turning back, whatever the contents.
const undoing = "undoing"

// superseded turns back when another sealing counts.
func (r *run) superseded(err error) error {
	if errors.Is(err, ErrSuperseded) {
		return r.j.save(undoing)
	}
	return err
}

// until asks again and again, for a time, until it is so.
func (r *run) until(ctx context.Context, limit time.Duration, what string, so func() (bool, error)) error {
	pause := atOnce
	for waited := time.Duration(0); ; waited += pause {
		ok, err := so()
		if err != nil || ok {
			return err
		}
		if waited >= limit {
			return &unseen{what, limit}
		}
		if err := r.Pause(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, longest)
	}
}

// unseen is what was waited for in vain.
type unseen struct {
	what  string
	limit time.Duration
}

func (u *unseen) Error() string { return fmt.Sprintf("%s was not seen within %s", u.what, u.limit) }
