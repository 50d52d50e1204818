package aws

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// Signer signs the claims of a token, exactly as they are: the issuer of the cell.
// It may be called concurrently.
type Signer interface {
	KeyID() string
	Sign(claims []byte) (token string, err error)
}

// Cell is what the cell says now.
type Cell struct {
	Origin   string
	Issuers  []string // URLs; the first is tried first
	Key      string   // id of the key that signs
	Accounts []string // numbers; the role of no other account is asked for
}

// Options are what the provider needs. Rand is crypto/rand, always.
type Options struct {
	Keys      []Signer
	Cell      func() Cell
	Seal      func(secret []byte, to access.Recipient) (string, error)
	Now       func() canon.Time
	Endpoints Endpoints
	Base      sdk.CredentialsProvider                    // for accounts whose door is an external id; nil: the SDK's chain
	Wait      func(context.Context, time.Duration) error // nil: a timer
}

// AWS is the provider. Make it with New.
type AWS struct {
	Options
	client *http.Client
	reads  *http.Client // of sessions that read accounts, whose answers are long

	mu     sync.Mutex
	turns  map[string]*turn      // what is changed by one call at a time, such as a role by IAM, while somebody is at it
	sought map[string]canon.Time // key id of a lease whose executions are to be ended → when AWS first listed none, by its clock
}

// turn is held by one, and others wait for it.
type turn struct {
	taken chan struct{}
	users int // who hold it or wait
}

// Times of one call, and of what is made of several.
const (
	stsLongest  = 8 * time.Second // STS gives an issuer 5 seconds
	iamLongest  = 8 * time.Second
	readLongest = 5 * time.Second
	mintLongest = 30 * time.Second
	shutLongest = 60 * time.Second
	askLongest  = 45 * time.Second
	roundsMost  = 3 // of all regions, while they are busy or silent
	pauseFirst  = 250 * time.Millisecond
	answerMost  = 1 << 20 // bytes
)

// New makes the provider. It calls nobody.
func New(o Options) *AWS {
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Base == nil {
		o.Base = new(chain)
	}
	return &AWS{Options: o, client: newClient(answerMost), reads: newClient(readAnswers), turns: map[string]*turn{}, sought: map[string]canon.Time{}}
}

// newClient speaks to AWS alone: it follows nobody elsewhere, and reads no more
// than an answer can have.
func newClient(answers int64) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 4
	return &http.Client{
		Transport:     limited{transport, answers},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sign has the key in force sign claims.
func (a *AWS) sign(claims []byte) (string, error) {
	id := a.Cell().Key
	i := slices.IndexFunc(a.Keys, func(s Signer) bool { return s.KeyID() == id })
	if i < 0 {
		return "", fmt.Errorf("cannot sign for AWS: the issuer's key %s that the cell names is not in the keys folder: %w", id, provider.ErrUnready)
	}
	token, err := a.Keys[i].Sign(claims)
	if err != nil {
		return "", fmt.Errorf("cannot sign for AWS: %w", err)
	}
	return token, nil
}

// enter waits for the turn at something. What nobody is at any more is forgotten.
func (a *AWS) enter(ctx context.Context, at string) (leave func(), err error) {
	a.mu.Lock()
	t := a.turns[at]
	if t == nil {
		t = &turn{taken: make(chan struct{}, 1)}
		a.turns[at] = t
	}
	t.users++
	a.mu.Unlock()
	select {
	case t.taken <- struct{}{}:
		return func() { <-t.taken; a.left(at, t) }, nil
	case <-ctx.Done():
		a.left(at, t)
		return nil, silent("change " + at)
	}
}

func (a *AWS) left(at string, t *turn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.users--; t.users == 0 {
		delete(a.turns, at)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
