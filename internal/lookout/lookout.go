package lookout

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
)

// Deadline bounds one attempt; a look is at most two, the second at the control.
const Deadline = 5 * time.Second

// Network is one way out of the server.
type Network struct {
	From    netip.Addr // local address that connections leave from; zero: whichever the system takes
	Proxy   *url.URL   // that connections are asked of (HTTP CONNECT); nil: none
	Control string     // host:port that has nothing to do with any symptom, and answers on a calm day
}

// Lookout looks. Make one with New; it is safe for concurrent use.
type Lookout struct {
	networks map[string]Network
	trackers map[string]Tracker
	roots    *x509.CertPool // of what is looked at and of trackers; nil: the system's
}

// New makes a lookout of networks and trackers by their ids.
func New(networks map[string]Network, trackers map[string]Tracker, roots *x509.CertPool) *Lookout {
	return &Lookout{networks: networks, trackers: trackers, roots: roots}
}

// Look tells what a symptom shows: over a network, or of an incident in a tracker.
// It takes at most two Deadlines.
func (l *Lookout) Look(ctx context.Context, s access.Symptom, network, incident string) access.Seen {
	if !s.Looked() {
		return l.incident(ctx, s.Incident, incident)
	}
	n, known := l.networks[network]
	if !known {
		return access.Unknown
	}
	answers := n.connects
	at := s.TCP
	if s.HTTPS != "" {
		answers, at = n.serves(l.roots), s.HTTPS
	}
	switch {
	case within(ctx, answers, at):
		return access.Absent
	case !within(ctx, n.connects, n.Control) || ctx.Err() != nil:
		return access.Unknown
	}
	return access.Shown
}

func within(ctx context.Context, answers func(context.Context, string) bool, at string) bool {
	attempt, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	return answers(attempt, at)
}

// connects tells whether an address takes a connection.
func (n Network) connects(ctx context.Context, address string) bool {
	conn, err := n.dial(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = conn.Close() // it answered
	return true
}

// serves tells whether a URL answers, with a certificate that is trusted, and no
// fault of its own. A redirect is an answer.
func (n Network) serves(roots *x509.CertPool) func(context.Context, string) bool {
	return func(ctx context.Context, address string) bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return false
		}
		answer, err := asker(roots, n.dial).Do(request)
		if err != nil {
			return false
		}
		_ = answer.Body.Close() // not read
		return answer.StatusCode < http.StatusInternalServerError
	}
}

// asker asks once over TLS and takes whatever comes for the answer, a redirect too.
func asker(roots *x509.CertPool, dial func(ctx context.Context, kind, address string) (net.Conn, error)) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true, MaxResponseHeaderBytes: answerLimit,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// dial connects over the network.
func (n Network) dial(ctx context.Context, kind, address string) (net.Conn, error) {
	dialer := &net.Dialer{}
	if n.From.IsValid() {
		dialer.LocalAddr = &net.TCPAddr{IP: n.From.AsSlice(), Zone: n.From.Zone()}
	}
	if n.Proxy == nil {
		return dialer.DialContext(ctx, kind, address)
	}
	conn, err := dialer.DialContext(ctx, kind, n.Proxy.Host)
	if err != nil {
		return nil, err
	}
	return through(ctx, conn, address)
}
