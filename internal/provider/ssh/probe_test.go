package ssh_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/providertest"
	probe "github.com/halligan-dev/halligan/internal/provider/ssh"
)

// door is an SSH server in this process that knows a CA and a list of revoked
// key ids.
type door struct {
	t        *testing.T
	listener net.Listener
	config   *ssh.ServerConfig
	mu       sync.Mutex
	revoked  map[string]bool
	offered  []*ssh.Certificate
	hangUp   bool // cut the connection while the client waits for an answer
	fault    providertest.Fault
	halt     chan struct{} // closed when the test is over: then nothing hangs any more
}

func newDoor(t *testing.T, ca *issuer.SSH) *door {
	t.Helper()
	return newDoorOf(t, ca, 0)
}

// newDoorOf is newDoor that hangs up after so many keys; 0: as many as the library's default.
func newDoorOf(t *testing.T, ca *issuer.SSH, tries int) *door {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	d := &door{t: t, listener: listener, revoked: map[string]bool{}, halt: make(chan struct{})}
	t.Cleanup(func() { close(d.halt) })
	checker := &ssh.CertChecker{
		IsUserAuthority: func(key ssh.PublicKey) bool { return bytes.Equal(key.Marshal(), ca.PublicKey()) },
		IsRevoked: func(c *ssh.Certificate) bool {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.offered = append(d.offered, c)
			return d.revoked[c.KeyId]
		},
		SupportedCriticalOptions: []string{"force-command"},
	}
	d.config = &ssh.ServerConfig{PublicKeyCallback: checker.Authenticate, MaxAuthTries: tries}
	hostKey, err := ssh.NewSignerFromKey(celltest.Key("db-1"))
	if err != nil {
		t.Fatal(err)
	}
	d.config.AddHostKey(hostKey)
	go d.serve()
	return d
}

func (d *door) serve() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			d.mu.Lock()
			hangUp, fault := d.hangUp, d.fault
			d.mu.Unlock()
			if hangUp {
				var hello [1]byte
				_, _ = conn.Read(hello[:])
				return
			}
			config := *d.config
			switch fault {
			case providertest.DidNot:
				return
			case providertest.Hangs:
				<-d.halt
				return
			case providertest.DidAnyway:
				config.PublicKeyCallback = func(meta ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
					defer conn.Close() // the door has answered, and the answer is lost
					return d.config.PublicKeyCallback(meta, key)
				}
			}
			inner, channels, requests, err := ssh.NewServerConn(conn, &config)
			if err != nil {
				return
			}
			go ssh.DiscardRequests(requests)
			for c := range channels {
				_ = c.Reject(ssh.Prohibited, "nothing is done here")
			}
			_ = inner.Close()
		}()
	}
}

func lease(d *door, keyID string, until time.Time) provider.Lease {
	return provider.Lease{
		KeyID: keyID, Target: "db-1", User: "emergency-dba", Principals: []string{"emergency-dba"}, Until: canon.At(until),
		Host: provider.Host{ID: "db-1", Address: d.listener.Addr().String(), Keys: []string{celltest.Line("db-1").Line}},
	}
}

func newProbe(t *testing.T) (*probe.SSH, *issuer.SSH) {
	t.Helper()
	private, _, err := issuer.GenerateSSH(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca, err := issuer.OpenSSH(private)
	if err != nil {
		t.Fatal(err)
	}
	return &probe.SSH{Signer: ca, Rand: rand.Reader, Now: func() canon.Time { return canon.At(time.Now()) }}, ca
}

// TestContract: the suite of every provider. What ends a lease at an SSH host is
// the revocation list, so that the suite brings it.
func TestContract(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Subject {
		p, ca := newProbe(t)
		d := newDoor(t, ca)
		until := time.Now().Add(time.Hour)
		return providertest.Subject{
			Provider: p,
			Lease:    func(name string) provider.Lease { return lease(d, "halligan:"+name+":db-1", until) },
			Fail: func(f providertest.Fault) {
				d.mu.Lock()
				defer d.mu.Unlock()
				d.fault = f
			},
			Ended: func(l provider.Lease) {
				d.mu.Lock()
				defer d.mu.Unlock()
				d.revoked[l.KeyID] = true
			},
		}
	})
}

// TestProbeTellsRefusedFromUnreachable is what a proof of death rests on.
func TestProbeTellsRefusedFromUnreachable(t *testing.T) {
	p, ca := newProbe(t)
	d := newDoor(t, ca)
	hour := time.Now().Add(time.Hour)
	open, shut := lease(d, "halligan:aa:db-1", hour), lease(d, "halligan:bb:db-1", hour)
	d.revoked[shut.KeyID] = true
	over := lease(d, "halligan:cc:db-1", time.Now().Add(-time.Minute))

	want := []access.Round{{Twin: access.Accepted, Control: access.Accepted}, {Twin: access.Refused, Control: access.Accepted}, {Twin: access.Refused, Control: access.Accepted}}
	for i, got := range p.Probe(context.Background(), []provider.Lease{open, shut, over}) {
		if got != want[i] {
			t.Errorf("lease %d: %+v, want %+v", i, got, want[i])
		}
	}

	stranger := open
	stranger.Host.Keys = []string{celltest.Line("db-2").Line}
	unreachable := open
	unreachable.Host.Address = "127.0.0.1:1"
	for name, l := range map[string]provider.Lease{"another host key": stranger, "nobody there": unreachable} {
		if got := p.Probe(context.Background(), []provider.Lease{l})[0]; got.Twin != access.Unreachable || got.Control != access.Unreachable {
			t.Errorf("%s: %+v, want unreachable", name, got)
		}
	}
	d.mu.Lock()
	d.hangUp = true
	d.mu.Unlock()
	if got := p.Probe(context.Background(), []provider.Lease{shut})[0]; got.Twin != access.Unreachable {
		t.Errorf("a connection that breaks is taken for %s", got.Twin)
	}
}

// TestControlRefusedProvesNothing: a host that refuses everybody refuses the
// control too, and then no twin's refusal is reported as one.
func TestControlRefusedProvesNothing(t *testing.T) {
	p, ca := newProbe(t)
	d := newDoor(t, ca)
	l := lease(d, "halligan:aa:db-1", time.Now().Add(time.Hour))
	d.revoked[l.KeyID], d.revoked["halligan-control:db-1"] = true, true
	got := p.Probe(context.Background(), []provider.Lease{l})[0]
	if got.Control != access.Refused || got.Twin == access.Refused {
		t.Errorf("%+v: the refusal of everybody is taken for one of the lease", got)
	}
}

// TestTwinCanDoNothing: the twin bears what shuts out the credential, and a
// command that does nothing.
func TestTwinCanDoNothing(t *testing.T) {
	p, ca := newProbe(t)
	d := newDoor(t, ca)
	l := lease(d, "halligan:aa:db-1", time.Now().Add(time.Hour))
	p.Probe(context.Background(), []provider.Lease{l})
	found := false
	for _, c := range d.offered {
		if c.CriticalOptions["force-command"] != probe.Harmless || len(c.Extensions) != 0 {
			t.Errorf("certificate %s may do more than nothing: %v %v", c.KeyId, c.CriticalOptions, c.Extensions)
		}
		if c.KeyId == l.KeyID {
			found = true
			if c.Serial != access.TwinSerial(l.KeyID) || c.ValidBefore != uint64(l.Until.Std().Unix()) || strings.Join(c.ValidPrincipals, ",") != "emergency-dba" {
				t.Errorf("the twin is not one: %+v", c)
			}
		}
	}
	if !found {
		t.Error("no twin was offered")
	}
}

// TestProbeKeepsItsDeadline: a host that never answers is unreachable in time.
func TestProbeKeepsItsDeadline(t *testing.T) {
	p, ca := newProbe(t)
	l := lease(newDoor(t, ca), "halligan:aa:db-1", time.Now().Add(time.Hour))
	p.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), 50*time.Millisecond, errors.New("the round is over"))
	defer cancel()
	if got := p.Probe(ctx, []provider.Lease{l})[0]; got.Twin != access.Unreachable {
		t.Errorf("%+v", got)
	}
}
