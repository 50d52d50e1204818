package api

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Where a request comes from is the address of its connection. Only a proxy that
// server.yaml trusts is believed when it says that it speaks for somebody else,
// and only in the one header that it writes itself. What it wrote is at the right;
// what stands further left was there when the request came, and may be anybody's
// invention. No header ever says who somebody is.

// Proxies are those whose word is taken. The zero value is nobody.
type Proxies struct {
	Trusted []netip.Prefix
	// Header is X-Forwarded-For or Forwarded. The other one is not read: a proxy
	// that does not write it lets it through.
	Header string
}

// hopsMost bounds the proxies in a row that are walked over.
const hopsMost = 16

func (p Proxies) trusts(at netip.Addr) bool {
	return slices.ContainsFunc(p.Trusted, func(n netip.Prefix) bool { return n.Contains(at) })
}

// origin is where a request comes from: the nearest hop that is no trusted proxy.
// What cannot be read counts as the proxy's own request.
func (p Proxies) origin(r *http.Request) netip.Addr {
	at := remote(r)
	lines := r.Header.Values(p.Header)
	for hops := 0; p.trusts(at) && hops < hopsMost && len(lines) > 0; hops++ {
		last := len(lines) - 1
		rest, hop, more := cutHop(lines[last])
		if lines = lines[:last:last]; more {
			lines = append(lines, rest)
		}
		if http.CanonicalHeaderKey(p.Header) == "Forwarded" {
			hop = forwardedFor(hop)
		}
		named, ok := hopAddress(hop)
		if !ok {
			return at
		}
		at = named
	}
	return at
}

// heard is the request with where it comes from in the place of the proxy's
// address, for everything that follows.
func (p Proxies) heard(r *http.Request) *http.Request {
	at := remote(r)
	if !p.trusts(at) {
		return r
	}
	if from := p.origin(r); from != at {
		r = r.WithContext(r.Context())
		r.RemoteAddr = netip.AddrPortFrom(from, 0).String()
	}
	return r
}

// cutHop cuts the last hop off a header. It reads from the right, so that nothing
// further left, such as a quotation mark that never closes, changes what the
// proxies wrote.
func cutHop(line string) (rest, hop string, more bool) {
	quoted := false
	for i := len(line) - 1; i >= 0; i-- {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ',' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return "", line, false
}

// forwardedFor is the node of a Forwarded element (RFC 7239); empty when it names
// none, or more than one.
func forwardedFor(element string) (node string) {
	for pair := range strings.SplitSeq(element, ";") {
		name, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || !strings.EqualFold(name, "for") {
			continue
		}
		if node != "" {
			return ""
		}
		node = strings.TrimSpace(value)
		if inner, ok := strings.CutPrefix(node, `"`); ok {
			if node, ok = strings.CutSuffix(inner, `"`); !ok {
				return ""
			}
		}
	}
	return node
}

// hopAddress reads an address as proxies write it: with or without port, IPv6 in
// brackets or bare.
func hopAddress(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	at, err := netip.ParseAddr(text)
	return at.Unmap().WithZone(""), err == nil
}

// called tells whether a request calls the server by a name of its own: one that it
// was given, or the very address that the connection came in at. A page elsewhere
// can make a name of its choice point here; it cannot choose these.
func (s *service) called(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if slices.Contains(s.Names, host) {
		return true
	}
	own, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return false
	}
	at, err := netip.ParseAddrPort(own.String())
	said, err2 := netip.ParseAddr(host)
	return err == nil && err2 == nil && at.Addr().Unmap().WithZone("") == said.Unmap()
}
