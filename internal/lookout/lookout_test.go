package lookout_test

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/lookout"
)

// listening is an address that takes connections.
func listening(t *testing.T) string { return accepting(t, func(conn net.Conn) { conn.Close() }) }

// accepting is an address where each connection is handled.
func accepting(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go handle(conn)
		}
	}()
	return l.Addr().String()
}

// refusing is an address that takes none: its only place is taken, and nobody listens.
func refusing(t *testing.T) string {
	t.Helper()
	place, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(place) })
	if err := syscall.Bind(place, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(place)
	if err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(at.(*syscall.SockaddrInet4).Port)).String()
}

// serving answers over TLS with a status and a place to go to.
func serving(t *testing.T, status int, location string) (string, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if location != "" {
			w.Header().Set("Location", location)
		}
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s.URL, poolOf(s)
}

func poolOf(s *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

func TestPort(t *testing.T) {
	up, down := listening(t), refusing(t)
	l := lookout.New(map[string]lookout.Network{
		"good": {Control: up}, "from": {Control: up, From: netip.MustParseAddr("127.0.0.2")},
		"cut off": {Control: refusing(t)}, "nowhere": {},
		"not ours": {Control: up, From: netip.MustParseAddr("192.0.2.1")},
	}, nil, nil)
	for _, c := range []struct {
		network, at string
		want        access.Seen
	}{
		{"good", up, access.Absent}, {"good", down, access.Shown},
		{"from", up, access.Absent}, {"from", down, access.Shown},
		{"cut off", down, access.Unknown}, {"cut off", up, access.Absent},
		{"nowhere", down, access.Unknown}, {"not ours", up, access.Unknown}, {"unheard of", up, access.Unknown},
	} {
		if got := l.Look(t.Context(), access.Symptom{Name: "p", TCP: c.at}, c.network, ""); got != c.want {
			t.Errorf("from %s: %s, want %s", c.network, got, c.want)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if got := l.Look(over, access.Symptom{Name: "p", TCP: down}, "good", ""); got != access.Unknown {
		t.Errorf("a look that was given up: %s", got)
	}
}

func TestURL(t *testing.T) {
	var followed atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	defer elsewhere.Close()
	for _, c := range []struct {
		name     string
		status   int
		location string
		trusted  bool
		want     access.Seen
	}{
		{"well", 200, "", true, access.Absent}, {"asks who", 401, "", true, access.Absent}, {"moved", 302, elsewhere.URL, true, access.Absent},
		{"broken", 500, "", true, access.Shown}, {"away", 503, "", true, access.Shown}, {"with another's certificate", 200, "", false, access.Shown},
	} {
		address, pool := serving(t, c.status, c.location)
		if !c.trusted {
			pool = x509.NewCertPool()
		}
		l := lookout.New(map[string]lookout.Network{"n": {Control: listening(t)}}, nil, pool)
		if got := l.Look(t.Context(), access.Symptom{Name: "u", HTTPS: address}, "n", ""); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if followed.Load() {
		t.Error("a redirect was followed") // T70
	}
}

// proxy is one that takes CONNECT, says what it wants, and keeps whom it was asked for.
type proxy struct {
	mu     sync.Mutex
	asked  []string
	answer string // empty: it connects
}

func (p *proxy) serve(t *testing.T) *url.URL {
	t.Helper()
	return &url.URL{Scheme: "http", Host: accepting(t, p.handle)}
}

func (p *proxy) handle(conn net.Conn) {
	defer conn.Close()
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil || r.Method != http.MethodConnect {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, r.Host)
	p.mu.Unlock()
	if p.answer != "" {
		fmt.Fprint(conn, p.answer)
		return
	}
	to, err := net.Dial("tcp", r.Host)
	if err != nil {
		fmt.Fprint(conn, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	defer to.Close()
	fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	go io.Copy(to, conn)
	io.Copy(conn, to)
}

func TestProxy(t *testing.T) {
	up, down := listening(t), refusing(t)
	p := &proxy{}
	address, pool := serving(t, 200, "")
	l := lookout.New(map[string]lookout.Network{"out": {Proxy: p.serve(t), Control: up}}, nil, pool)
	for _, c := range []struct {
		symptom access.Symptom
		want    access.Seen
	}{
		{access.Symptom{Name: "p", TCP: up}, access.Absent}, {access.Symptom{Name: "p", TCP: down}, access.Shown},
		{access.Symptom{Name: "u", HTTPS: address}, access.Absent},
	} {
		if got := l.Look(t.Context(), c.symptom, "out", ""); got != c.want {
			t.Errorf("%+v: %s, want %s", c.symptom, got, c.want)
		}
	}
	if len(p.asked) != 4 { // the third time for the control
		t.Errorf("the proxy was asked for %v", p.asked)
	}
	for _, answer := range []string{
		"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nand more", "nonsense\r\n\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 32<<10) + "\r\n\r\n",
	} {
		bad := &proxy{answer: answer}
		l := lookout.New(map[string]lookout.Network{"out": {Proxy: bad.serve(t), Control: up}}, nil, nil)
		if got := l.Look(t.Context(), access.Symptom{Name: "p", TCP: up}, "out", ""); got != access.Unknown {
			t.Errorf("a proxy that says %.30q: %s, want unknown", answer, got)
		}
	}
}

func TestTracker(t *testing.T) {
	var asked, knewUs atomic.Value
	says := map[string]string{
		"/incidents/open": `{"incident":{"status":"triggered"}}`, "/incidents/over": `{"incident":{"status":"resolved"}}`,
		"/incidents/odd": `{"incident":{"status":7}}`, "/incidents/list": `[]`, "/incidents/text": `hello`,
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.URL.EscapedPath())
		knewUs.Store(r.Header.Get("Authorization"))
		switch body, known := says[r.URL.Path]; {
		case known:
			fmt.Fprint(w, body)
		case r.URL.Path == "/incidents/tired":
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/incidents/moved":
			http.Redirect(w, r, "/incidents/open", http.StatusFound)
		case r.URL.Path == "/incidents/forbidden":
			w.WriteHeader(http.StatusForbidden)
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	tracker := lookout.Tracker{
		URL: s.URL + "/incidents/{id}", Header: func() string { return "Bearer x" }, Member: []string{"incident", "status"}, Open: []string{"triggered", "acknowledged"},
	}
	known := tracker
	known.Member, known.Open = nil, nil
	l := lookout.New(nil, map[string]lookout.Tracker{"pager": tracker, "any": known}, poolOf(s))
	for _, c := range []struct {
		tracker, id string
		want        access.Seen
	}{
		{"pager", "open", access.Shown}, {"pager", "over", access.Absent}, {"pager", "none", access.Absent},
		{"pager", "odd", access.Unknown}, {"pager", "list", access.Unknown}, {"pager", "text", access.Unknown},
		{"pager", "tired", access.Unknown}, {"pager", "moved", access.Unknown}, {"pager", "forbidden", access.Unknown},
		{"pager", "", access.Unknown}, {"other", "open", access.Unknown}, {"any", "over", access.Shown},
	} {
		if got := l.Look(t.Context(), access.Symptom{Name: "i", Incident: c.tracker}, "", c.id); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.tracker, c.id, got, c.want)
		}
	}
	if knewUs.Load() != "Bearer x" {
		t.Errorf("the tracker was told %q", knewUs.Load())
	}
	// T70: what whoever asks wrote leads to no other path.
	for id, want := range map[string]string{"a/../../admin": "/incidents/a%2F..%2F..%2Fadmin", "..": "/incidents/%2E%2E", "#4711": "/incidents/%234711"} {
		l.Look(t.Context(), access.Symptom{Name: "i", Incident: "pager"}, "", id)
		if asked.Load() != want {
			t.Errorf("incident %q was asked for at %s", id, asked.Load())
		}
	}
}
