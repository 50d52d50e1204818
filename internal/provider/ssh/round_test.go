package ssh_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	probe "github.com/halligan-dev/halligan/internal/provider/ssh"
)

// counted has a probe count its connections, and hang from one of them on.
func counted(p *probe.SSH, hangsAfter int64) *atomic.Int64 {
	n := new(atomic.Int64)
	p.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if n.Add(1) > hangsAfter {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	return n
}

// many are leases at a door, of which some are shut.
func many(d *door, n int, shut func(i int) bool) []provider.Lease {
	var leases []provider.Lease
	for i := range n {
		l := lease(d, fmt.Sprintf("halligan:%02d:db-1", i), time.Now().Add(time.Hour))
		d.revoked[l.KeyID] = shut(i)
		leases = append(leases, l)
	}
	return leases
}

var (
	refused     = access.Round{Twin: access.Refused, Control: access.Accepted}
	accepted    = access.Round{Twin: access.Accepted, Control: access.Accepted}
	unreachable = access.Round{Twin: access.Unreachable, Control: access.Unreachable}
)

// TestManyTwinsInOneLogin: the twins of a storm are refused four in each login,
// which the control then ends.
func TestManyTwinsInOneLogin(t *testing.T) {
	p, ca := newProbe(t)
	d := newDoor(t, ca)
	leases := many(d, 10, func(int) bool { return true })
	n := counted(p, 100)
	for i, got := range p.Probe(context.Background(), leases) {
		if got != refused {
			t.Errorf("lease %d: %+v", i, got)
		}
	}
	if n.Load() != 3 {
		t.Errorf("%d connections for 10 twins, want 3", n.Load())
	}
}

// TestEachTwinIsAnsweredForItself: whatever stands beside it in a login, at hosts
// that let many keys be offered and at those that hang up after two or one.
func TestEachTwinIsAnsweredForItself(t *testing.T) {
	for _, tries := range []int{0, 3, 2, 1} { // 0: as many as the library's default
		for pattern := range 32 {
			shut := func(i int) bool { return pattern>>i&1 == 1 }
			p, ca := newProbe(t)
			d := newDoorOf(t, ca, tries)
			leases := many(d, 5, shut)
			for i, got := range p.Probe(context.Background(), leases) {
				want := accepted
				if shut(i) {
					want = refused
				}
				if got != want {
					t.Errorf("hang up after %d keys, shut %05b, lease %d: %+v, want %+v", tries, pattern, i, got, want)
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

// TestWhatWasAnsweredCounts: a round whose time is over before its end, or whose
// host goes away, keeps what the host had answered for, and says of nothing else
// that it was refused.
func TestWhatWasAnsweredCounts(t *testing.T) {
	for _, c := range []struct {
		name  string
		shut  bool
		after int64 // connections
		known int   // leases that were answered for
	}{
		{"refused in two logins", true, 2, 8},
		{"accepted, and the control after sixteen of them", false, 17, 16},
		{"accepted, and no control yet", false, 10, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, ca := newProbe(t)
			d := newDoor(t, ca)
			leases := many(d, 20, func(int) bool { return c.shut })
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			n := counted(p, c.after)
			dial := p.Dial
			p.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if n.Load() == c.after { // one login follows another: those before are over
					cancel()
				}
				return dial(ctx, network, address)
			}
			var want []access.Round
			for i := range leases {
				switch {
				case i >= c.known:
					want = append(want, unreachable)
				case c.shut:
					want = append(want, refused)
				default:
					want = append(want, accepted)
				}
			}
			if diff := cmp.Diff(want, p.Probe(ctx, leases)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTwinTakenAndControlNot: a host that takes a twin and not the control has
// answered nothing that counts, of the twins that it refused before either.
func TestTwinTakenAndControlNot(t *testing.T) {
	p, ca := newProbe(t)
	d := newDoor(t, ca)
	leases := many(d, 3, func(i int) bool { return i < 2 })
	d.revoked["halligan-control:db-1"] = true
	for i, got := range p.Probe(context.Background(), leases) {
		if got.Twin != access.Unreachable || got.Control != access.Refused {
			t.Errorf("lease %d: %+v", i, got)
		}
	}
}
