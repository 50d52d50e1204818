package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Broker takes statements. Both methods may be called concurrently.
type Broker interface {
	// Submit answers once the outcome is durable, with the errors of
	// (*broker.Broker).Submit; repeating a statement gives its answer again.
	Submit(ctx context.Context, s broker.Submission) (broker.Answer, error)
	// Mint makes the credential that an answer's entry authorised. It is called
	// at most once for an answer, and never for one that was given again.
	Mint(ctx context.Context, a broker.Answer) ([]byte, error)
}

// Ledger says where the ledger stands. Its methods never wait.
type Ledger interface {
	// Head is the newest durable checkpoint; its Text is empty before the first
	// entry.
	Head() broker.Published
	// Now is recorded time.
	Now() canon.Time
	// Err is why nothing is taken any more; nil while all is well.
	Err() error
}

// Revocations signs revocation lists.
type Revocations interface {
	// Sign gives the signed list with a number, naming these key ids (sorted), as
	// of an instant. It adds nothing and leaves nothing out.
	Sign(keyIDs []string, number int64, at canon.Time) ([]byte, error)
}

// Hosts takes what the host programs report.
type Hosts interface {
	// Report takes a host's report: its bytes as they were signed, and the binary
	// SSHSIG over them. It owes the check of the signature. Its errors:
	// *cell.Refusal, *broker.Malformed, broker.ErrUnknown, broker.ErrClosed.
	Report(ctx context.Context, report, signature []byte) error
	// Heard says when each host last reported; nil when nobody listens. The map
	// is the caller's.
	Heard() map[string]canon.Time
}

// Options is what the API needs. All of it is required but what says otherwise.
type Options struct {
	Broker      Broker
	Ledger      Ledger
	Read        broker.Reader
	Live        *Live
	Revocations Revocations
	Hosts       Hosts
	Anchor      ledger.Anchor
	SessionKey  []byte // 32 bytes, the same after a restart
	Version     string // of the program, for people
	Log         *slog.Logger
	Monitor     *Monitor // nil: nothing is counted
	// Names are the host names that requests may name; none: any. An address
	// that is not listed is refused, so that a page elsewhere cannot reach a
	// server inside by making a name point at it.
	Names []string
	// Strangers bounds the work that an address may cause without having proved
	// who it is. The zero Rate is 200 a second, 2,000 at once.
	Strangers Rate
}

// service is what handlers work with.
type service struct {
	Options
	tokens    tokens
	strangers *limiter
	watchers  *places
	packs     *places // evidence being made
	sendings  *places // evidence being made or sent
	list      listCache
	mux       *http.ServeMux
	started   time.Time
}

const (
	watchersMost = 512 // streams and long polls of everybody together
	watchersEach = 16  // of one person
	packsMost    = 4
	packsEach    = 2
	sendingsMost = 64
	sendingsEach = 4
)

// New is the handler of every route in the table. It panics when the session
// key is not 32 bytes: with less, anybody could read.
func New(o Options) http.Handler {
	if len(o.SessionKey) != tokenKeySize {
		panic("api: the session key must be 32 bytes")
	}
	o.Names = slices.Clone(o.Names)
	for i, name := range o.Names {
		o.Names[i] = strings.ToLower(name)
	}
	s := &service{
		Options: o, tokens: tokens{key: slices.Clone(o.SessionKey)}, strangers: newLimiter(o.Strangers),
		watchers: newPlaces(watchersMost, watchersEach), packs: newPlaces(packsMost, packsEach), sendings: newPlaces(sendingsMost, sendingsEach),
		mux: http.NewServeMux(), started: time.Now(),
	}
	for _, route := range routes {
		s.mux.Handle(route.Pattern(), s.serve(route))
	}
	return s.outermost()
}
