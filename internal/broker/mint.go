package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Minter makes a certificate of its unsigned bytes. It may be called
// concurrently, must add nothing, and need not be idempotent: what it makes of
// one input is always the same certificate but for the signature.
type Minter interface {
	Sign(unsigned []byte) ([]byte, error)
}

// Sessions has sessions made elsewhere of their unsigned form.
type Sessions interface {
	// Mint makes a session and seals it to the key of a holder, so that nobody else
	// reads it. It adds nothing to what the unsigned form says, may be called
	// concurrently, takes seconds, gives up when the context ends, and may have had
	// its effect although it failed. Its errors hold no secret; they wrap
	// ErrMintRefused or ErrMintUnreachable where they can.
	Mint(ctx context.Context, unsigned access.Session, to access.Recipient) (Sealed, error)
}

// Sealed is a credential that nobody reads but its holder.
type Sealed struct {
	Text    string     // an age file, armored; of a browser's key a JWE, compact
	Expires canon.Time // as whoever made it says
}

var (
	// ErrMintRefused says that whoever makes sessions said no.
	ErrMintRefused = errors.New("the session is refused")
	// ErrMintUnreachable says that whoever makes sessions gave no clear answer: it
	// may have made one that nobody has.
	ErrMintUnreachable = errors.New("no clear answer came")
	// ErrNoSessions says that this server is not set up to have sessions made.
	ErrNoSessions = errors.New("server.yaml has no aws section that works: no session can be made here")
)

// Minted is a credential on its way to its holder: a certificate, or what was
// sealed.
type Minted struct {
	Certificate []byte
	Sealed      *Sealed
	Unwitnessed bool // the cell's witnesses had not cosigned in time that it was authorised
}

// Mint makes the credential that an answer's entry authorised, once witnesses
// have seen that entry or did not in time, and records that it leaves. It is
// called once for an answer, after it, and never by the decider: nobody waits in
// line behind somebody else's cloud. What if we crash here, or the cloud does:
// the entry stands and says what may have been made, the task to deliver it ends
// as interrupted, and the holder fetches anew.
func (b *Broker) Mint(ctx context.Context, a Answer) (Minted, error) {
	authorised, ok := authorisedBy(a)
	if !ok {
		return Minted{}, errors.New("the entry authorised no credential")
	}
	law := b.decider.law.Load()
	scenario, err := b.ScenarioOf(ctx, a.Request)
	if err != nil {
		return Minted{}, err
	}
	credential, ok := cell.CredentialOf(law.genesis, scenario, a.Request,
		cell.Fetched{Digest: a.Digest, Target: authorised.Target, At: a.At, Console: authorised.Console})
	if !ok || canon.Sum(credential.Unsigned) != authorised.Unsigned {
		return Minted{}, errors.New("the credential that was authorised cannot be rebuilt")
	}
	result, observed := cell.EffectDelivered, cell.Observed{}
	if b.Cosigned != nil {
		observed.Cosigned = b.Cosigned(ctx, a.Index)
	}
	made, err := b.make(ctx, credential, access.Recipient{
		X25519: a.Request.Sealed, P256: a.Request.Browser, Holder: a.Request.Holder, Request: a.Request.ID, Fetch: a.Digest,
	})
	if err != nil {
		result, observed = cell.EffectMintFailed, cell.Observed{Why: whyNotMinted(err)}
	}
	task := fmt.Sprintf("%s:%s:%d:%s", cell.TaskDeliver, a.Request.ID.Short(), a.Index, authorised.Target)
	b.report(context.WithoutCancel(ctx), &job{command: cell.Command{Effect: &cell.Effect{Kind: result, Task: task}, Observed: observed}})
	made.Unwitnessed = observed.Cosigned == "" && !law.genesis.Policy().None()
	return made, err
}

// make makes a credential of its unsigned form.
func (b *Broker) make(ctx context.Context, c cell.Credential, to access.Recipient) (Minted, error) {
	if c.Certificate != nil {
		made, err := b.Minter.Sign(c.Unsigned)
		return Minted{Certificate: made}, err
	}
	if b.Sessions == nil {
		return Minted{}, ErrNoSessions
	}
	sealed, err := b.Sessions.Mint(ctx, *c.Session, to)
	if err != nil {
		return Minted{}, err
	}
	return Minted{Sealed: &sealed}, nil
}

// whyNotMinted is one of cell.Failures.
func whyNotMinted(err error) string {
	switch {
	case errors.Is(err, ErrMintRefused):
		return "refused"
	case errors.Is(err, ErrMintUnreachable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "unreachable"
	case errors.Is(err, ErrNoSessions):
		return "unready"
	}
	return "internal"
}

func authorisedBy(a Answer) (*cell.CredentialAuthorised, bool) {
	for _, e := range a.Events {
		if authorised, ok := e.(*cell.CredentialAuthorised); ok {
			return authorised, a.Request != nil
		}
	}
	return nil, false
}
