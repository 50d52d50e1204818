package providertest

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
)

// Fault is how everything that a provider depends on behaves.
type Fault string

// The faults.
const (
	Sound     Fault = "sound"
	DidNot    Fault = "did not"    // fails, and nothing happened
	DidAnyway Fault = "did anyway" // happens, and then the answer is lost
	Hangs     Fault = "hangs"      // never answers
)

// Subject is a provider with a target that the suite can spoil.
type Subject struct {
	Provider provider.Provider
	// Lease gives the lease of a name, the same each time. Different names are
	// leases of one target that do not touch each other.
	Lease func(name string) provider.Lease
	// Fail sets how the dependencies behave from now on.
	Fail func(Fault)
	// Ended does what besides Close ends a lease, such as bringing a revocation
	// list to the host. Nil: nothing is needed.
	Ended func(provider.Lease)
	// Open says how often a lease stands open at the target itself. Nil: opening
	// leaves nothing there that could be counted.
	Open func(provider.Lease) int
	// Blind says that the provider's targets cannot be probed: every answer must
	// then be unreachable.
	Blind bool
	// Secrets are what no error may hold.
	Secrets []string
}

// Exercise holds a provider to its contract. Make gives a fresh subject, whose
// dependencies are sound.
func Exercise(t *testing.T, make func(t *testing.T) Subject) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, Subject)
	}{
		{"life", exerciseLife},
		{"idempotent", exerciseIdempotent},
		{"closed before it was opened", exerciseEarlyClose},
		{"leases by themselves", exerciseApart},
		{"probing nothing", exerciseNone},
		{"did not", func(t *testing.T, s Subject) { exerciseFault(t, s, DidNot) }},
		{"did anyway", func(t *testing.T, s Subject) { exerciseFault(t, s, DidAnyway) }},
		{"deadline", exerciseDeadline},
		{"cancelled", exerciseCancelled},
		{"at once", exerciseAtOnce},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, make(t)) })
	}
}

var (
	works  = access.Round{Twin: access.Accepted, Control: access.Accepted}
	dead   = access.Round{Twin: access.Refused, Control: access.Accepted}
	silent = access.Unreachable
)

func exerciseLife(t *testing.T, s Subject) {
	lease := s.Lease("one")
	s.open(t, lease)
	s.counts(t, lease, 1)
	s.answers(t, works, lease)
	s.lists(t, lease, true)
	s.close(t, lease)
	s.counts(t, lease, 0)
	s.answers(t, dead, lease)
	s.lists(t, lease, false)
}

func exerciseIdempotent(t *testing.T, s Subject) {
	lease := s.Lease("one")
	for range 3 {
		s.open(t, lease)
	}
	s.counts(t, lease, 1)
	s.answers(t, works, lease)
	for range 3 {
		s.close(t, lease)
	}
	s.counts(t, lease, 0)
	s.answers(t, dead, lease)
}

// exerciseEarlyClose: the entry that closes may come before the first try to
// open, and closing must still work then.
func exerciseEarlyClose(t *testing.T, s Subject) {
	lease := s.Lease("one")
	s.close(t, lease)
	s.counts(t, lease, 0)
	s.lists(t, lease, false)
}

// exerciseApart: ending one lease neither ends nor leaves another (T47).
func exerciseApart(t *testing.T, s Subject) {
	a, b := s.Lease("one"), s.Lease("two")
	s.open(t, a)
	s.open(t, b)
	s.close(t, a)
	s.counts(t, a, 0)
	s.counts(t, b, 1)
	s.lists(t, a, false)
	s.lists(t, b, true)
	if s.Blind {
		return
	}
	got := s.Provider.Probe(t.Context(), []provider.Lease{a, b, a})
	want := []access.Round{dead, works, dead}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("rounds %v, want %v: one for each lease, in order", got, want)
		}
	}
}

func exerciseNone(t *testing.T, s Subject) {
	if got := s.Provider.Probe(t.Context(), nil); len(got) != 0 {
		t.Errorf("%d rounds for no lease", len(got))
	}
}

func (s Subject) open(t *testing.T, lease provider.Lease) {
	t.Helper()
	if err := s.Provider.Open(t.Context(), lease); err != nil {
		t.Fatalf("open %s: %v", lease.KeyID, err)
	}
}

func (s Subject) close(t *testing.T, lease provider.Lease) {
	t.Helper()
	if err := s.Provider.Close(t.Context(), lease); err != nil {
		t.Fatalf("close %s: %v", lease.KeyID, err)
	}
	if s.Ended != nil {
		s.Ended(lease)
	}
}

// counts insists on how often a lease stands open at the target.
func (s Subject) counts(t *testing.T, lease provider.Lease, want int) {
	t.Helper()
	if s.Open == nil {
		return
	}
	if got := s.Open(lease); got != want {
		t.Errorf("%s stands open %d times at the target, want %d", lease.KeyID, got, want)
	}
}

// answers insists on what a probe says of a lease.
func (s Subject) answers(t *testing.T, want access.Round, lease provider.Lease) {
	t.Helper()
	if s.Blind {
		want = access.Round{Twin: silent, Control: silent}
	}
	got := s.Provider.Probe(t.Context(), []provider.Lease{lease})
	if len(got) != 1 || got[0] != want {
		t.Errorf("probing %s gives %v, want %v", lease.KeyID, got, want)
	}
}

// lists insists on whether the target lists a lease, if it can list.
func (s Subject) lists(t *testing.T, lease provider.Lease, want bool) {
	t.Helper()
	lister, ok := s.Provider.(provider.Lister)
	if !ok {
		return
	}
	ids, err := lister.List(t.Context(), lease)
	if err != nil {
		t.Errorf("list %s: %v", lease.KeyID, err)
		return
	}
	if got := named(ids, lease.KeyID); got != want {
		t.Errorf("the target lists %v; that %s stands open there should be %t", ids, lease.KeyID, want)
	}
}
