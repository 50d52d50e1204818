package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/readiness"
	"github.com/halligan-dev/halligan/internal/view"
)

// Broker takes statements. Both methods may be called concurrently.
type Broker interface {
	// Submit answers once the outcome is durable, with the errors of
	// (*broker.Broker).Submit; repeating a statement gives its answer again.
	Submit(ctx context.Context, s broker.Submission) (broker.Answer, error)
	// Mint makes the credential that an answer's entry authorised. It is called
	// at most once for an answer, and never for one that was given again.
	Mint(ctx context.Context, a broker.Answer) (broker.Minted, error)
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
	// Report takes a host's report. It owes the check of the signature. Its errors:
	// *cell.Refusal, *broker.Malformed, broker.ErrBusy, broker.ErrUnknown,
	// broker.ErrClosed.
	Report(ctx context.Context, r Report) error
	// Known tells whether a host of this cell signs its reports with the key of
	// that fingerprint.
	Known(fingerprint string) bool
	// Heard says when each host last reported; nil when nobody listens. The map
	// is the caller's.
	Heard() map[string]canon.Time
}

// Witnesses knows what the witnesses of the cell cosigned.
type Witnesses interface {
	// Await waits, but not for long, until an entry lies under a checkpoint that
	// enough witnesses cosigned, and gives that; nil when none comes in time.
	Await(ctx context.Context, entry int64) (size int64, cosigned []byte)
	// Newest is the newest cosigned checkpoint, of size 0 before the first.
	Newest() (size int64, cosigned []byte)
	// Troubles says of each witness that is asked what is wrong; "" when nothing is.
	Troubles() map[string]string
	// Clocks says of each witness that has cosigned since the start how far the
	// server's clock was ahead of its own then.
	Clocks() map[string]time.Duration
}

// Looker looks at what is outside of the server as an emergency would use it.
type Looker interface {
	// Look takes seconds, and leaves out what does not answer before the context
	// ends. It changes nothing outside. It is called by one at a time.
	Look(ctx context.Context) readiness.Looked
}

// Report is what a host program sent.
type Report struct {
	Bytes     []byte // as they were signed
	Signature []byte // binary SSHSIG
	Share     string // whose turn it uses while its signature is checked
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
	Monitor     *Monitor    // nil: nothing is counted
	Witnesses   Witnesses   // nil: the cell has none
	Certificate Certificate // nil: somebody else's business
	// Unready says why this server could not do what a grant would ask of it, as a
	// sentence; empty when it could. Nil: it always can.
	Unready func() string
	// Found is what the server itself found that is not as it should be, and the ledger
	// does not tell. Nil: nothing.
	Found func() []view.Finding
	// Looker looks at what is outside when it is asked to; nil: nobody can.
	Looker Looker
	// Turns are for checking what browsers sign; nil: turns of its own.
	Turns *broker.Turns
	// EndedFile keeps which sessions were ended before their time; empty: a restart
	// forgets it.
	EndedFile string
	// Provider is the identity provider that people may sign in at; nil: there is none.
	Provider Provider
	// ProvidedFile keeps the sessions that it opened; empty: a restart ends them.
	ProvidedFile string
	// Enrol keeps invitations and offers; nil: in memory only.
	Enrol *enrol.Book
	// Codes keeps the code devices of people; nil: this server signs by no code.
	Codes *totp.Devices
	// Names are the host names that requests may name, beside the address that
	// they came in at; none: any. Another is refused, so that a page elsewhere
	// cannot reach a server inside by making a name point at it.
	Names []string
	// Proxies may say for whom they speak.
	Proxies Proxies
	// Rate bounds what an address may ask for without having proved who it is,
	// and what a person may read; never what a person may say. The zero Rate is
	// 6,000 a minute.
	Rate Rate
	// Pages makes the handler of what people look at, of the handler that answers the
	// routes of the table without log and check of the host; nil: there are no pages.
	// Serves tells which paths are theirs.
	Pages  func(inside http.Handler) http.Handler
	Serves func(path string) bool
	// Streams is how many live views and long polls there may be at a time; 0: 256.
	Streams int
}

// service is what handlers work with.
type service struct {
	Options
	tokens    tokens
	attempts  *attempts
	ended     *ended
	provided  *provided
	onces     onces
	signIns   *limiter[netip.Prefix]
	visitors  *limiter[netip.Prefix]
	redeeming *places
	enrol     *enrol.Book
	looks     looks
	guesses   guesses
	unheld    guesses // at devices of people who have none
	strangers *limiter[netip.Prefix]
	readers   *limiter[string]
	watchers  *places
	packs     *places // evidence being made
	sendings  *places // evidence being made or sent
	list      listCache
	edge      edge
	texts     texts
	mux       *http.ServeMux
	pages     http.Handler // nil: there are none
	started   time.Time
	document  func() ([]byte, error) // OpenAPI's, kept
}

const (
	streamsUsual = 256
	watchersEach = 16 // streams and long polls of one person, and never over a quarter of all
	packsMost    = 4
	packsEach    = 2
	sendingsMost = 64
	sendingsEach = 4
	turnsMost    = 1000 // passkeys' signatures that wait to be checked
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
	if o.Rate == (Rate{}) {
		o.Rate = usualRate
	}
	if o.Streams == 0 {
		o.Streams = streamsUsual
	}
	if o.Turns == nil {
		o.Turns = broker.NewTurns(runtime.GOMAXPROCS(0), turnsMost)
	}
	s := &service{
		Options: o, tokens: tokens{key: slices.Clone(o.SessionKey)},
		strangers: newLimiter[netip.Prefix](o.Rate), readers: newLimiter[string](o.Rate),
		onces: onces{used: map[[seedSize]byte]canon.Time{}}, signIns: newLimiter[netip.Prefix](signInRate), visitors: newLimiter[netip.Prefix](visitorRate), redeeming: newPlaces(signInsMost, signInsMost/2),
		watchers: newPlaces(o.Streams, max(1, min(watchersEach, o.Streams/4))), packs: newPlaces(packsMost, packsEach), sendings: newPlaces(sendingsMost, sendingsEach),
		guesses: newGuesses(), unheld: newGuesses(), mux: http.NewServeMux(), started: time.Now(), document: sync.OnceValues(OpenAPI),
	}
	s.rememberEnded()
	s.rememberProvided()
	s.attempts = o.Monitor.attempted(o.Ledger.Now)
	if s.enrol = o.Enrol; s.enrol == nil {
		s.enrol, _ = enrol.Open("") // there is nothing to fail
	}
	for _, route := range routes {
		s.mux.Handle(route.Pattern(), s.serve(route))
	}
	if o.Pages != nil {
		s.pages = o.Pages(s.mux)
	}
	return s.outermost()
}
