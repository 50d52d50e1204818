package providertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
)

// Times of the suite: how long a call may hang, and by when it must be back, on a
// machine that does much else; whatever hangs does so for longer.
const (
	patience = 300 * time.Millisecond
	backBy   = 30 * time.Second
)

// exerciseFault spoils the dependencies under each method, and mends them: what
// was asked again must then be as if it had been asked once.
func exerciseFault(t *testing.T, s Subject, how Fault) {
	lease := s.Lease("one")
	s.Fail(how)
	s.hides(t, "open", s.Provider.Open(t.Context(), lease))
	s.Fail(Sound)
	s.open(t, lease)
	s.counts(t, lease, 1)
	s.answers(t, works, lease)

	s.Fail(how)
	s.unreached(t, t.Context(), lease)
	s.unlisted(t, t.Context(), lease)
	s.hides(t, "close", s.Provider.Close(t.Context(), lease))
	s.Fail(Sound)
	s.close(t, lease)
	s.counts(t, lease, 0)
	s.answers(t, dead, lease)
	s.lists(t, lease, false)
}

// exerciseDeadline: a dependency that hangs holds nobody past the deadline, and
// its silence is no answer.
func exerciseDeadline(t *testing.T, s Subject) {
	lease := s.Lease("one")
	s.open(t, lease)
	s.Fail(Hangs)
	for _, call := range s.calls(t, lease) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		call.run(ctx)
		cancel()
		if took := time.Since(began); took > backBy {
			t.Errorf("%s came back after %s; its deadline was %s", call.name, took, patience)
		}
	}
	s.Fail(Sound)
	s.close(t, lease)
	s.answers(t, dead, lease)
}

// exerciseCancelled: what is cancelled before it begins gives no answer.
func exerciseCancelled(t *testing.T, s Subject) {
	lease := s.Lease("one")
	s.open(t, lease)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, call := range s.calls(t, lease) {
		began := time.Now()
		call.run(over)
		if took := time.Since(began); took > backBy {
			t.Errorf("%s came back %s after it was cancelled", call.name, took)
		}
	}
	s.open(t, lease)
	s.counts(t, lease, 1)
	s.close(t, lease)
}

// call is one method under a context that ends early.
type call struct {
	name string
	run  func(context.Context)
}

func (s Subject) calls(t *testing.T, lease provider.Lease) []call {
	return []call{
		{"open", func(ctx context.Context) { s.hides(t, "open", s.Provider.Open(ctx, lease)) }},
		{"close", func(ctx context.Context) { s.hides(t, "close", s.Provider.Close(ctx, lease)) }},
		{"probe", func(ctx context.Context) { s.unreached(t, ctx, lease) }},
		{"list", func(ctx context.Context) { s.unlisted(t, ctx, lease) }},
	}
}

// exerciseAtOnce: every method may be called concurrently.
func exerciseAtOnce(t *testing.T, s Subject) {
	var all sync.WaitGroup
	for i := range 4 {
		lease := s.Lease(fmt.Sprintf("lease-%d", i))
		for range 2 {
			all.Go(func() {
				s.hides(t, "open", s.Provider.Open(t.Context(), lease))
				s.Provider.Probe(t.Context(), []provider.Lease{lease})
				s.hides(t, "close", s.Provider.Close(t.Context(), lease))
			})
		}
	}
	all.Wait()
	for i := range 4 {
		lease := s.Lease(fmt.Sprintf("lease-%d", i))
		s.close(t, lease)
		s.counts(t, lease, 0)
		s.answers(t, dead, lease)
	}
}

// unreached insists that no answer is taken for one.
func (s Subject) unreached(t *testing.T, ctx context.Context, lease provider.Lease) {
	t.Helper()
	for _, round := range s.Provider.Probe(ctx, []provider.Lease{lease}) {
		if round.Twin != silent || round.Control == access.Accepted {
			t.Errorf("a probe that got no answer gives %+v", round)
		}
	}
}

// unlisted insists that a list which could not be had is not an empty one.
func (s Subject) unlisted(t *testing.T, ctx context.Context, lease provider.Lease) {
	t.Helper()
	lister, ok := s.Provider.(provider.Lister)
	if !ok {
		return
	}
	ids, err := lister.List(ctx, lease)
	if err == nil {
		t.Errorf("a list that could not be had is %v", ids)
	}
	s.hides(t, "list", err)
}

// hides insists that an error holds no secret.
func (s Subject) hides(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	said := err.Error()
	for _, secret := range s.Secrets {
		if strings.Contains(said, secret) {
			t.Errorf("the error of %s holds a secret", what)
		}
	}
}

func named(ids []string, id string) bool { return slices.Contains(ids, id) }
