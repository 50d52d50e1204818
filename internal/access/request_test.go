package access_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

func drawRequest(t *rapid.T) *access.Request {
	names := []string{"db-1", "db-2", "db-3"}
	r := &access.Request{Requester: "ann", For: canon.Seconds(rapid.Int64Range(60, 7200).Draw(t, "for"))}
	r.Targets = rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 3, rapid.ID).Draw(t, "targets")
	for range rapid.IntRange(0, 5).Draw(t, "decisions") {
		r.Decisions = append(r.Decisions, drawDecision(t, r.Targets))
	}
	return r
}

func drawDecision(t *rapid.T, targets []string) access.Decision {
	return access.Decision{
		Approver: rapid.SampledFrom([]string{"ann", "lea", "leo", "sam", "sue"}).Draw(t, "approver"),
		Approves: rapid.Bool().Draw(t, "approves"),
		For:      canon.Seconds(rapid.Int64Range(0, 7200).Draw(t, "narrow")),
		Targets:  rapid.SliceOfNDistinct(rapid.SampledFrom(targets), 0, len(targets), rapid.ID).Draw(t, "left"),
	}
}

// TestNarrowedIsMonotone: what is left lies within the request and within each
// approval that counts, and another approval never gives more.
func TestNarrowedIsMonotone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		gone := rapid.SampledFrom([]string{"", "lea", "sam"}).Draw(t, "gone")
		counts := func(d access.Decision) bool { return d.Approver != gone }
		length, targets := r.Narrowed(counts)
		if length > r.For || !within(targets, r.Targets) {
			t.Fatalf("%s at %v is more than was asked", length, targets)
		}
		for _, d := range r.Decisions {
			if !d.Approves || !counts(d) {
				continue
			}
			if d.For > 0 && length > d.For || len(d.Targets) > 0 && !within(targets, d.Targets) {
				t.Fatalf("%s at %v is more than %+v", length, targets, d)
			}
		}
		before := slices.Clone(r.Targets)
		r.Decisions = append(r.Decisions, drawDecision(t, r.Targets))
		shorter, fewer := r.Narrowed(counts)
		if shorter > length || !within(fewer, targets) {
			t.Fatalf("another approval made %s at %v of %s at %v", shorter, fewer, length, targets)
		}
		if !slices.Equal(before, r.Targets) {
			t.Fatal("narrowing changed the request")
		}
	})
}

func within(part, whole []string) bool {
	return !slices.ContainsFunc(part, func(s string) bool { return !slices.Contains(whole, s) })
}

func TestApproversAreOthersOnceAndCount(t *testing.T) {
	r := &access.Request{Requester: "ann", Decisions: []access.Decision{
		{Approver: "ann", Approves: true}, {Approver: "sam", Approves: true}, {Approver: "sam", Approves: true},
		{Approver: "lea", Approves: false}, {Approver: "leo", Approves: true},
	}}
	got := r.Approvers(func(d access.Decision) bool { return d.Approver != "leo" })
	if !slices.Equal(got, []string{"sam"}) {
		t.Errorf("approvers %v, want sam alone", got)
	}
	if !r.Decided("lea") || r.Decided("bob") {
		t.Error("lea has decided, bob has not")
	}
}

func TestLive(t *testing.T) {
	now := at(t, "2026-11-22T03:07:00Z")
	r := &access.Request{State: access.Granted, Grant: &access.Grant{From: now, Until: now.Add(time.Minute)}}
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {time.Minute - time.Millisecond, true}, {time.Minute, false}, {time.Hour, false}} {
		if got := r.Live(now.Add(c.after)); got != c.want {
			t.Errorf("after %s: live %v", c.after, got)
		}
	}
	for _, state := range access.States {
		r.State = state
		if got := r.Live(now); got != (state == access.Granted) {
			t.Errorf("%s: live %v", state, got)
		}
	}
	if (&access.Request{}).Live(now) || (&access.Request{State: access.Granted}).Live(now) {
		t.Error("a request without a grant is live")
	}
}

// TestProvedByEverySubset tries every set of proofs: the door must be shut and
// nobody inside, or a person must have attested, or nothing was ever issued.
func TestProvedByEverySubset(t *testing.T) {
	kinds := []access.ProofKind{access.ProofExpired, access.ProofRefused, access.ProofEnded, access.ProofAttested, access.ProofUnissued}
	for set := range 1 << len(kinds) {
		var l access.Lease
		has := map[access.ProofKind]bool{}
		for i, kind := range kinds {
			if set>>i&1 == 1 {
				l.Proofs = append(l.Proofs, access.Proof{Kind: kind})
				has[kind] = true
			}
		}
		want := has["attested"] || has["unissued"] || has["ended"] && (has["expired"] || has["refused"])
		if got := l.Proved(); got != want {
			t.Errorf("%v: proved %v, want %v", has, got, want)
		}
		if got := l.DoorShut(); got != (has["expired"] || has["refused"]) {
			t.Errorf("%v: door shut %v", has, got)
		}
	}
}

func TestRefusesNeedsWorkedAndControl(t *testing.T) {
	answers := []access.Answer{access.Accepted, access.Refused, access.Unreachable, ""}
	for _, worked := range []bool{false, true} {
		for _, twin := range answers {
			for _, control := range answers {
				l := access.Lease{Worked: worked}
				want := worked && twin == access.Refused && control == access.Accepted
				if got := l.Refuses(access.Round{Twin: twin, Control: control}); got != want {
					t.Errorf("worked %v, twin %q, control %q: %v", worked, twin, control, got)
				}
			}
		}
	}
}

func TestSettled(t *testing.T) {
	closed, closing := access.Lease{State: access.LeaseClosed}, access.Lease{State: access.LeaseClosing}
	for _, c := range []struct {
		state  access.State
		leases []access.Lease
		want   bool
	}{
		{access.Pending, nil, false}, {access.Granted, nil, false}, {access.Granted, []access.Lease{closed}, false},
		{access.Ended, []access.Lease{closed, closing}, false}, {access.Ended, []access.Lease{closed, closed}, true},
		{access.Denied, nil, true}, {access.Withdrawn, nil, true}, {access.Lapsed, nil, true}, {access.Void, nil, true},
	} {
		if got := (&access.Request{State: c.state, Leases: c.leases}).Settled(); got != c.want {
			t.Errorf("%s with %d leases: settled %v", c.state, len(c.leases), got)
		}
	}
}

func TestCloneSharesNothingThatChanges(t *testing.T) {
	r := &access.Request{
		Decisions: []access.Decision{{Approver: "sam"}},
		Leases:    []access.Lease{{Target: "db-1", Proofs: []access.Proof{{Kind: access.ProofRefused}}}},
	}
	c := r.Clone()
	c.Decisions[0].Approver = "lea"
	lease, _ := c.Lease("db-1")
	lease.State, lease.Proofs[0].Kind = access.LeaseClosed, access.ProofEnded
	c.Leases = append(c.Leases, access.Lease{})
	if r.Decisions[0].Approver != "sam" || r.Leases[0].State != "" || r.Leases[0].Proofs[0].Kind != access.ProofRefused || len(r.Leases) != 1 {
		t.Errorf("a change of the clone shows: %+v", r)
	}
	if _, ok := r.Lease("db-2"); ok {
		t.Error("there is no lease at db-2")
	}
}
