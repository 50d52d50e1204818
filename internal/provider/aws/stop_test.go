package aws_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

const slotOne = "arn:aws:iam::" + account + ":policy/halligan-stop-slot-EmergencyDatabase-1"

func round(twin, control access.Answer) access.Round {
	return access.Round{Twin: twin, Control: control}
}

func (w *world) probe(t *testing.T, lease provider.Lease) access.Round {
	t.Helper()
	got := w.aws.Probe(t.Context(), []provider.Lease{lease})
	if len(got) != 1 {
		t.Fatalf("%d rounds", len(got))
	}
	return got[0]
}

// TestOpenNeedsOnlySTS: with IAM down a lease opens all the same; only closing waits.
func TestOpenNeedsOnlySTS(t *testing.T) {
	w := newWorld(t)
	w.double.Break(awstest.Fault{Kind: "iam", How: awstest.Down})
	lease := w.lease("one")
	if err := w.aws.Open(t.Context(), lease); err != nil {
		t.Error(err)
	}
	if got := w.probe(t, lease); got != round(access.Accepted, access.Accepted) {
		t.Errorf("open: %v", got)
	}
	if err := w.aws.Close(t.Context(), lease); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("closing with IAM down: %v", err)
	}
	if got := w.probe(t, lease); got != round(access.Accepted, access.Accepted) {
		t.Errorf("what could not be stopped is probed as %v", got)
	}
}

// TestOpenWithoutControl: what only a proof needs keeps nobody out. A slot that is
// attached is not taken off without a control that says that it is the slot.
func TestOpenWithoutControl(t *testing.T) {
	w := newWorld(t)
	w.double.AddRole(awstest.Role{ARN: roleARN, Audience: access.STSAudience, Subjects: []string{subject}, Sources: "hg-0", Allows: []string{"rds:*"}})
	lease := w.lease("one")
	if err := w.aws.Open(t.Context(), lease); err != nil {
		t.Error(err)
	}
	if got := w.probe(t, lease); got != round(access.Accepted, access.Unreachable) {
		t.Errorf("open: %v", got)
	}
	w.double.Attach(roleARN, slotOne)
	if err := w.aws.Open(t.Context(), lease); !errors.Is(err, provider.ErrUnreachable) || len(w.double.Attached(roleARN)) != 1 {
		t.Errorf("with the slot: %v, attached %v", err, w.double.Attached(roleARN))
	}
	w.double.AddRole(awstest.Role{ARN: roleARN, Audience: access.STSAudience, Subjects: []string{subject}, Sources: "hg-", Allows: []string{"ec2:*"}})
	if err := w.aws.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || len(w.double.Attached(roleARN)) != 1 {
		t.Errorf("with a role that may not make the probe: %v, attached %v", err, w.double.Attached(roleARN))
	}
}

// TestT47SlotsApart: closing one lease leaves the other, and opening one never takes
// off the slot of a lease that has ended.
func TestT47SlotsApart(t *testing.T) {
	w := newWorld(t)
	a, b := w.lease("one"), w.lease("two")
	if err := errors.Join(w.aws.Open(t.Context(), a), w.aws.Open(t.Context(), b), w.aws.Close(t.Context(), a)); err != nil {
		t.Fatal(err)
	}
	if got := w.double.Attached(roleARN); !slices.Equal(got, []string{slotOne}) {
		t.Errorf("attached: %v", got)
	}
	if got := w.probe(t, b); got != round(access.Accepted, access.Accepted) {
		t.Errorf("the other lease: %v", got)
	}
	// One more lease shares the slot while the first can still live.
	shared := w.lease("one")
	shared.AWS.Ending = func() bool { return true }
	if err := w.aws.Open(t.Context(), shared); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("opening beside one that ends: %v", err)
	}
	if got := w.probe(t, a); got.Twin != access.Refused {
		t.Errorf("opening another let the ended one in again: %v", got)
	}
	// When it cannot live any more, the slot is taken off.
	shared.AWS.Ending = func() bool { return false }
	if err := w.aws.Open(t.Context(), shared); err != nil || len(w.double.Attached(roleARN)) > 0 {
		t.Errorf("opening afterwards: %v, attached %v", err, w.double.Attached(roleARN))
	}
}

// TestT49StopperIsNarrow: the stopper's session can attach this slot to this role
// and nothing else, whatever its role may do.
func TestT49StopperIsNarrow(t *testing.T) {
	w := newWorld(t)
	w.double.AddRole(awstest.Role{ARN: stopARN, Audience: access.STSAudience, Subjects: []string{origin + "/stopper"}, Sources: "hg-", Allows: []string{"*"}})
	if err := w.aws.Close(t.Context(), w.lease("one")); err != nil {
		t.Fatal(err)
	}
	var stopping *awstest.Session
	for _, s := range w.double.Sessions() {
		if s.Role == stopARN {
			stopping = &s
		}
	}
	if stopping == nil {
		t.Fatal("the stopper did nothing")
	}
	for _, want := range []string{`"iam:PolicyARN":["` + slotOne + `"]`, `"Resource":["` + roleARN + `"]`, `"Action":["iam:AttachRolePolicy","iam:DetachRolePolicy"]`} {
		if !strings.Contains(stopping.Policy, want) {
			t.Errorf("its policy has no %s: %s", want, stopping.Policy)
		}
	}
	if len(stopping.Tags) > 0 || stopping.Source != "hg-stopper" || stopping.Until.Sub(stopping.Begun) != 15*time.Minute {
		t.Errorf("it is %+v", stopping)
	}
	bad := w.lease("one")
	for _, slot := range []int{0, -1, 11} {
		bad.AWS.Slot = slot
		if err := w.aws.Close(t.Context(), bad); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("slot %d: %v", slot, err)
		}
	}
}

// TestT48Revoker: each way in which stopping can fail is told, repeats harmlessly,
// and proves nothing until the target itself refuses.
func TestT48Revoker(t *testing.T) {
	for name, c := range map[string]struct {
		fault awstest.Fault
		fails error
	}{
		"role is being changed": {awstest.Fault{Kind: "iam", How: "ConcurrentModification", Times: 2}, nil},
		"conflict":              {awstest.Fault{Kind: "iam", How: "ConflictException", Times: 2}, nil},
		"throttled":             {awstest.Fault{Kind: "iam", How: "Throttling", Times: 2}, nil},
		"throttled for ever":    {awstest.Fault{Kind: "iam", How: "Throttling"}, provider.ErrUnreachable},
		"permission lost":       {awstest.Fault{Kind: "iam", How: "AccessDenied"}, provider.ErrRefused},
		"slot deleted":          {awstest.Fault{Kind: "iam", How: "NoSuchEntity"}, provider.ErrRefused},
		"attached anyway":       {awstest.Fault{Kind: "iam", How: awstest.Lost, Times: 1}, nil},
		"sts down":              {awstest.Fault{Kind: "sts", How: awstest.Down}, provider.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			lease := w.lease("one")
			w.double.Break(c.fault)
			err := w.aws.Close(t.Context(), lease)
			if !errors.Is(err, c.fails) {
				t.Errorf("closing gives %v, want %v", err, c.fails)
			}
			w.hides(t, err)
			w.double.Mend()
			if c.fails != nil {
				if got := w.probe(t, lease); got.Twin != access.Accepted {
					t.Errorf("what was not stopped is probed as %v", got)
				}
			}
			if err := w.aws.Close(t.Context(), lease); err != nil {
				t.Error(err)
			}
			if got := w.probe(t, lease); got != round(access.Refused, access.Accepted) || !slices.Equal(w.double.Attached(roleARN), []string{slotOne}) {
				t.Errorf("closed: %v, attached %v", got, w.double.Attached(roleARN))
			}
		})
	}
}

// TestT43OnlyADenialIsARefusal: what is no clear answer proves nothing, in any
// region; a session that STS does not begin proves nothing either.
func TestT43OnlyADenialIsARefusal(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world)
		want  access.Round
	}{
		"slot": {func(w *world) {}, round(access.Refused, access.Accepted)},
		"one region is silent": {func(w *world) {
			w.double.Break(awstest.Fault{Kind: "probe", Region: "eu-central-1", How: awstest.Down})
		}, round(access.Unreachable, access.Unreachable)},
		"keys not known":          {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", How: "InvalidClientTokenId"}) }, round(access.Unreachable, access.Unreachable)},
		"keys over":               {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", How: "ExpiredToken"}) }, round(access.Unreachable, access.Unreachable)},
		"throttled":               {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", How: "Throttling"}) }, round(access.Unreachable, access.Unreachable)},
		"everybody denied":        {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", How: "AccessDenied"}) }, round(access.Refused, access.Refused)},
		"one region denies all":   {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", Region: "eu-west-1", How: "AccessDenied"}) }, round(access.Refused, access.Refused)},
		"STS denies":              {func(w *world) { w.double.Break(awstest.Fault{Kind: "sts", How: "AccessDenied"}) }, round(access.Unreachable, access.Unreachable)},
		"role is gone":            {func(w *world) { w.double.AddRole(awstest.Role{ARN: roleARN}) }, round(access.Unreachable, access.Unreachable)},
		"something else answered": {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", How: "TeaPot"}) }, round(access.Unreachable, access.Unreachable)},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			lease := w.lease("one")
			if err := w.aws.Close(t.Context(), lease); err != nil {
				t.Fatal(err)
			}
			c.spoil(w)
			if got := w.probe(t, lease); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestT43SessionEndsByItsPolicy: with nothing of ours working any more, a session
// that was given out is refused from the instant on that its policy names.
func TestT43SessionEndsByItsPolicy(t *testing.T) {
	w := newWorld(t)
	lease := w.lease("one")
	lease.AWS.Twin = w.session(lease.Request, 1, 10*time.Minute)
	end := lease.AWS.Twin.Before.Std()
	w.pass(end.Sub(w.now()) - time.Second)
	if got := w.probe(t, lease); got != round(access.Accepted, access.Accepted) {
		t.Errorf("a second before its end: %v", got)
	}
	w.pass(time.Second)
	if got := w.probe(t, lease); got != round(access.Refused, access.Accepted) {
		t.Errorf("at its end: %v", got)
	}
}

// TestManagerSessions: sessions of Systems Manager are listed page by page, those of
// a lease are ended and no others.
func TestManagerSessions(t *testing.T) {
	w := newWorld(t)
	a, b := w.lease("one"), w.lease("two")
	for i := range 5 {
		region := regions[i%2]
		w.double.Visit(region, roleARN, "hg-"+a.Request+"-0a1b2c3d")
		w.double.Visit(region, roleARN, "hg-"+b.Request+"-0a1b2c3d")
		w.double.Visit(region, "arn:aws:iam::"+account+":role/Other", "hg-"+a.Request+"-0a1b2c3d")
		w.double.Visit(region, roleARN, "somebody")
	}
	list := func(lease provider.Lease) []string {
		t.Helper()
		ids, err := w.aws.List(t.Context(), lease)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if ids := list(a); !slices.Contains(ids, a.KeyID) || !slices.Contains(ids, b.KeyID) || len(ids) != 10 {
		t.Errorf("listed: %v", ids)
	}
	a.AWS.Sessions = true
	if err := w.aws.Close(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if ids := list(a); slices.Contains(ids, a.KeyID) || !slices.Contains(ids, b.KeyID) {
		t.Errorf("after closing one: %v", ids)
	}
	if left := len(w.double.Visits()); left != 15 {
		t.Errorf("%d sessions go on, want 15", left)
	}
	w.double.Break(awstest.Fault{Kind: "ssm", Region: "eu-central-1", How: awstest.Down})
	if ids, err := w.aws.List(t.Context(), b); err == nil {
		t.Errorf("with a region down the list is %v", ids)
	}
}

// TestT48SlowStopHoldsNobodyElse: while STS lets the stop of one grant hang, another
// grant of the same role is stopped.
func TestT48SlowStopHoldsNobodyElse(t *testing.T) {
	w := newWorld(t)
	one, two := w.lease("one"), w.lease("two")
	w.double.Break(awstest.Fault{Kind: "sts", Body: "EmergencyDatabase-1%22", How: awstest.Hangs}) // the policy of its stopper
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- w.aws.Close(ctx, one) }()
	for len(w.double.Calls()) == 0 { // it is on its way
		time.Sleep(time.Millisecond)
	}
	if err := w.aws.Close(t.Context(), two); err != nil {
		t.Error(err)
	}
	select {
	case err := <-over:
		t.Errorf("the slow one is over: %v", err)
	default:
	}
	cancel()
	if err := <-over; err == nil {
		t.Error("what hung is closed")
	}
	if got := w.double.Attached(roleARN); len(got) != 1 || !strings.HasSuffix(got[0], "-2") {
		t.Errorf("attached: %v", got)
	}
}
