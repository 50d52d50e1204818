package server

import (
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/api"
)

// crowd is a listener with a bound on open connections. Whoever comes is let in:
// when that makes too many, one that is there is closed. It is one of the address
// that has most, so that a crowd from one place pushes out itself and nobody
// else; of those one that asks for nothing now, and the one that has been so for
// longest.
type crowd struct {
	net.Listener
	most int

	mu    sync.Mutex
	open  map[*guest]bool
	count map[netip.Prefix]int
}

// guest is one connection.
type guest struct {
	net.Conn
	crowd *crowd
	at    netip.Prefix
	busy  bool      // with a request; under the crowd's lock, as since
	since time.Time // of the last change
}

func newCrowd(l net.Listener, most int) *crowd {
	return &crowd{Listener: l, most: most, open: map[*guest]bool{}, count: map[netip.Prefix]int{}}
}

// Accept does what net.Listener says.
func (c *crowd) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := &guest{Conn: conn, crowd: c, at: placeOf(conn), since: time.Now()}
	if pushed := c.enter(g); pushed != nil {
		_ = pushed.Close() // nobody is told: it is its own crowd's doing
	}
	return g, nil
}

func placeOf(conn net.Conn) netip.Prefix {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}
	}
	return api.Network(at.Addr().Unmap().WithZone(""))
}

// enter counts a guest and says who must go for it.
func (c *crowd) enter(g *guest) (pushed *guest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= c.most {
		for other := range c.open {
			if pushed == nil || c.before(other, pushed) {
				pushed = other
			}
		}
	}
	c.open[g] = true
	c.count[g.at]++
	return pushed
}

// before tells whether one must go rather than another.
func (c *crowd) before(one, other *guest) bool {
	if a, b := c.count[one.at], c.count[other.at]; a != b {
		return a > b
	}
	if one.busy != other.busy {
		return other.busy
	}
	return one.since.Before(other.since)
}

// Close does what net.Conn says; again is nothing to the crowd.
func (g *guest) Close() error {
	g.crowd.mu.Lock()
	if g.crowd.open[g] {
		delete(g.crowd.open, g)
		if g.crowd.count[g.at]--; g.crowd.count[g.at] == 0 {
			delete(g.crowd.count, g.at)
		}
	}
	g.crowd.mu.Unlock()
	return g.Conn.Close()
}

// watch is http.Server's ConnState: it learns who is asking for something.
func (c *crowd) watch(conn net.Conn, state http.ConnState) {
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn()
	}
	g, ok := conn.(*guest)
	if !ok || state != http.StateActive && state != http.StateIdle {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	g.busy, g.since = state == http.StateActive, time.Now()
}
