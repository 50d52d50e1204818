package api_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// from sends a session statement with headers over a loopback address, and gives
// the address that the ledger has of it.
func (h *house) from(local string, headers ...string) string {
	h.Helper()
	data, signature := sign(h, "ann", h.statement("ann", &statement.Session{For: 60}))
	req, err := http.NewRequest("POST", h.server.URL+"/api/v1/statements", strings.NewReader(string(envelope(h, data, signature))))
	must(h, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(local)}}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(req)
	must(h, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(h, err)
	a := h.took(reply{Status: resp.StatusCode, Body: body})
	bodies, err := h.store.Entries(context.Background(), a.Entry, 1)
	must(h, err)
	entry, err := ledger.DecodeEntry(bodies[0])
	must(h, err)
	var observed cell.Observed
	must(h, canon.Decode(entry.Observed, ledger.EntryLimit, &observed))
	return observed.Address
}

// TestT28AddressesAreNotBelieved: nobody but a trusted proxy says where a request
// comes from, in no header but the one that it writes, and of that the nearest hop
// that is no proxy counts. What anybody else writes is ignored, and refused is
// nobody for it.
func TestT28AddressesAreNotBelieved(t *testing.T) {
	const xff, forwarded, proxy, other = "X-Forwarded-For", "Forwarded", "127.0.0.2", "127.0.0.3"
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32"), netip.MustParsePrefix("10.7.0.0/16")}
	type attempt struct {
		from    string
		headers []string
		want    string
	}
	for header, attempts := range map[string][]attempt{
		"": {
			{other, []string{xff, "198.51.100.1", forwarded, "for=198.51.100.1", "X-Real-IP", "198.51.100.1", "CF-Connecting-IP", "198.51.100.1"}, other},
		},
		"x-forwarded-for": {
			{other, []string{xff, "198.51.100.1"}, other},
			{other, []string{xff, proxy}, other},
			{proxy, nil, proxy},
			{proxy, []string{xff, "198.51.100.1"}, "198.51.100.1"},
			{proxy, []string{xff, "192.0.2.66, 198.51.100.1"}, "198.51.100.1"},           // what the client wrote stands left
			{proxy, []string{xff, "192.0.2.66, 198.51.100.1, 10.7.0.9"}, "198.51.100.1"}, // two proxies in a row
			{proxy, []string{xff, "192.0.2.66", xff, "198.51.100.1,10.7.0.9"}, "198.51.100.1"},
			{proxy, []string{xff, "198.51.100.1", xff, "10.7.0.9"}, "198.51.100.1"},
			{proxy, []string{xff, "10.7.0.8, 10.7.0.9"}, "10.7.0.8"}, // a proxy's own request
			{proxy, []string{xff, "[2001:db8::7]:4711"}, "2001:db8::7"},
			{proxy, []string{xff, "2001:db8::7"}, "2001:db8::7"},
			{proxy, []string{xff, "::ffff:198.51.100.1"}, "198.51.100.1"},
			{proxy, []string{xff, "198.51.100.1:80"}, "198.51.100.1"},
			{proxy, []string{xff, "198.51.100.1, who"}, proxy},
			{proxy, []string{xff, ""}, proxy},
			{proxy, []string{xff, "\"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
			{proxy, []string{xff, strings.Repeat("10.7.0.9,", 200) + "10.7.0.9"}, "10.7.0.9"},
			{proxy, []string{forwarded, "for=192.0.2.66", "X-Real-IP", "192.0.2.66"}, proxy}, // the proxy does not write these
		},
		"forwarded": {
			{other, []string{forwarded, "for=198.51.100.1"}, other},
			{proxy, []string{xff, "192.0.2.66"}, proxy},
			{proxy, []string{forwarded, "for=198.51.100.1"}, "198.51.100.1"},
			{proxy, []string{forwarded, "for=192.0.2.66, For=198.51.100.1;proto=https;by=10.7.0.9"}, "198.51.100.1"},
			{proxy, []string{forwarded, `for="[2001:db8::7]:4711"`}, "2001:db8::7"},
			{proxy, []string{forwarded, `for="192.0.2.66, for=198.51.100.1`}, "198.51.100.1"}, // a quotation mark that never closes
			{proxy, []string{forwarded, `for="192.0.2.66`, forwarded, "for=198.51.100.1"}, "198.51.100.1"},
			{proxy, []string{forwarded, "for=198.51.100.1, for=10.7.0.9"}, "198.51.100.1"},
			{proxy, []string{forwarded, "for=unknown"}, proxy},
			{proxy, []string{forwarded, "for=_hidden, for=10.7.0.9"}, "10.7.0.9"},
			{proxy, []string{forwarded, "for=192.0.2.66;for=198.51.100.1"}, proxy},
			{proxy, []string{forwarded, "by=192.0.2.66"}, proxy},
		},
	} {
		h := open(t, func(h *house) {
			if header != "" {
				h.proxies = api.Proxies{Trusted: trusted, Header: header}
			}
		})
		for _, a := range attempts {
			same(t, fmt.Sprintf("%s trusted, from %s with %q", header, a.from, a.headers), h.from(a.from, a.headers...), a.want)
		}
	}
}

// TestT28NobodyIsNamedByAHeader: what other programs take for somebody's name is
// nothing here, not even from a trusted proxy.
func TestT28NobodyIsNamedByAHeader(t *testing.T) {
	h := open(t, func(h *house) {
		h.proxies = api.Proxies{Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Header: "x-forwarded-for"}
	})
	names := []string{
		"Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Preferred-Username", "X-Auth-Request-User",
		"X-WebAuth-User", "X-Authenticated-User", "X-Warpgate-Username", "X-Ssl-Client-Cn", "X-Ssl-Client-Verify", "Cf-Access-Authenticated-User-Email", "From",
	}
	for _, name := range names {
		for _, path := range []string{"/api/v1/me", "/api/v1/inbox", "/ledger/tile/entries/000"} {
			same(t, name+" at "+path, h.do("GET", path, nil, name, "ann", "X-Forwarded-For", "127.0.0.1").reason(), "token-missing")
		}
	}
	same(t, "a password", h.do("GET", "/api/v1/me", nil, "Authorization", "Basic YW5uOmFubg==").reason(), "token-missing")
	for _, name := range names { // and beside a token they change nothing
		contains(t, name, string(h.get("bob", "/api/v1/me", name, "ann").Body), `"bob"`)
	}
}

// raw sends bytes over one connection and gives the statuses of at most so many
// answers, until the server closes it.
func (h *house) raw(text string, most int) (statuses []int) {
	h.Helper()
	conn, err := tls.Dial("tcp", h.server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	must(h, err)
	defer conn.Close()
	must(h, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, text)
	must(h, err)
	for in := bufio.NewReader(conn); len(statuses) < most; {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		statuses = append(statuses, resp.StatusCode)
	}
	return statuses
}

// TestT70OtherNames: a page elsewhere whose name points here gets nothing, however
// the name is said, also when the server listens on every address.
func TestT70OtherNames(t *testing.T) {
	h := open(t, func(h *house) { h.names = []string{"cell.example.com", "localhost"} })
	own := h.server.Listener.Addr().String()
	for text, want := range map[string]int{
		"GET /revocations HTTP/1.1\r\nHost: cell.example.com\r\n":                                           200,
		"GET /revocations HTTP/1.1\r\nHost: cell.example.com:7878\r\n":                                      200,
		"GET /revocations HTTP/1.1\r\nHost: " + own + "\r\n":                                                200, // the address that it came in at
		"GET /revocations HTTP/1.1\r\nHost: 127.0.0.9\r\n":                                                  421, // another of this machine's
		"GET /revocations HTTP/1.1\r\nHost: evil.example.org\r\n":                                           421,
		"GET /revocations HTTP/1.1\r\nHost: cell.example.com.evil.example.org\r\n":                          421,
		"GET /revocations HTTP/1.1\r\nHost: cell.example.com@evil.example.org\r\n":                          400,
		"GET /revocations HTTP/1.1\r\nHost: 127.0.0.1.evil.example.org\r\n":                                 421,
		"GET /revocations HTTP/1.1\r\nHost: 0x7f.1\r\n":                                                     421,
		"GET /revocations HTTP/1.1\r\nHost: \r\n":                                                           421,
		"GET /revocations HTTP/1.1\r\nHost: evil.example.org\r\nX-Forwarded-Host: cell.example.com\r\n":     421,
		"GET /revocations HTTP/1.1\r\nHost: cell.example.com\r\nX-Forwarded-Host: evil.example.org\r\n":     200, // nobody reads it
		"GET https://evil.example.org/revocations HTTP/1.1\r\nHost: cell.example.com\r\n":                   421,
		"GET https://cell.example.com/revocations HTTP/1.1\r\nHost: evil.example.org\r\n":                   421,
		"GET https://cell.example.com/revocations HTTP/1.1\r\nHost: cell.example.com\r\n":                   421,
		"GET /revocations HTTP/1.1\r\nHost: cell.example.com\r\nHost: evil.example.org\r\n":                 400,
		"GET /revocations HTTP/1.1\r\nHost: evil.example.org\r\nHost: cell.example.com\r\n":                 400,
		"GET /revocations HTTP/1.1\r\n":                                                                     400,
		"GET /revocations HTTP/1.0\r\n":                                                                     421,
		"GET /revocations HTTP/1.1\r\nHost : cell.example.com\r\n":                                          400,
		"CONNECT cell.example.com:443 HTTP/1.1\r\nHost: cell.example.com\r\n":                               421,
		"GET /revocations HTTP/1.1\r\nHost: cell.example.com\r\nContent-Length: 1\r\nContent-Length: 2\r\n": 400,
	} {
		if got := h.raw(text+"\r\n", 1); len(got) == 0 || got[0] != want {
			t.Errorf("%q: %v, want %d", text, got, want)
		}
	}
}

// TestOneRequestIsOne: whatever a body says of its length, what follows it is
// nobody's next request.
func TestOneRequestIsOne(t *testing.T) {
	h := open(t, func(h *house) { h.names = []string{"cell.example.com"} })
	const head = "POST /api/v1/statements HTTP/1.1\r\nHost: cell.example.com\r\nContent-Type: application/json\r\n"
	const hidden = "GET /revocations HTTP/1.1\r\nHost: cell.example.com\r\n\r\n"
	for _, body := range []string{
		"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
		"Content-Length: +2\r\n\r\n{}",
		"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
	} {
		if got := h.raw(head+body+hidden, 2); len(got) != 1 || got[0] < 400 {
			t.Errorf("%q: answered %v", body, got)
		}
	}
	// The way it is done by us, over a connection that stays.
	if got := h.raw(head+"Content-Length: 2\r\n\r\n{}"+hidden, 2); len(got) != 2 || got[1] != http.StatusOK {
		t.Errorf("one after the other: %v", got)
	}
}

// FuzzOrigin: whatever stands in a header, nobody but a trusted proxy is believed,
// and what that writes at the right end is not changed by anything to the left.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"", "198.51.100.7", `for="`, `for="[2001:db8::1]:80";by=x`, `a, "b, c`, "10.7.0.1, 10.7.0.2", `\",\\"`, "for=a;for=b", ",,,", "\x00"} {
		f.Add(seed)
	}
	trusted := []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	f.Fuzz(func(t *testing.T, text string) {
		for _, c := range []struct{ header, writes string }{{"X-Forwarded-For", "198.51.100.1"}, {"Forwarded", "for=198.51.100.1;proto=https"}, {"Forwarded", `for="198.51.100.1:4711"`}} {
			p := api.Proxies{Trusted: trusted, Header: c.header}
			for _, lines := range [][]string{{text}, {text, c.writes}, {text + ", " + c.writes}} {
				r := &http.Request{RemoteAddr: "203.0.113.9:1", Header: http.Header{c.header: lines}}
				if got := p.Origin(r); got != netip.MustParseAddr("203.0.113.9") {
					t.Fatalf("a stranger with %q is %v", lines, got)
				}
				r.RemoteAddr = "192.0.2.1:1"
				got := p.Origin(r)
				if !got.IsValid() || got.Is4In6() || got.Zone() != "" {
					t.Fatalf("%q gives %v", lines, got)
				}
				if whole := strings.Join(lines, ","); strings.HasSuffix(whole, c.writes) && len(whole) > len(text) && got != netip.MustParseAddr("198.51.100.1") {
					t.Fatalf("%q gives %v", lines, got)
				}
			}
		}
	})
}
