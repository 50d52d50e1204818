package config

import (
	"net/netip"
	"strings"
)

// Bounds of lists of server.yaml.
const (
	hostNamesMost = 64
	proxiesMost   = 64
)

// The headers in which a proxy says whom it speaks for. One of them is read, never
// both: what a proxy does not write, whoever comes through it does.
const (
	HeaderXForwardedFor = "x-forwarded-for"
	HeaderForwarded     = "forwarded"
)

// Proxies are the machines whose word on where a request came from is taken. The
// zero value is nobody.
type Proxies struct {
	Trusted []netip.Prefix
	Header  string // HeaderXForwardedFor or HeaderForwarded; empty where Trusted is
}

// hostNames reads the further names by which the server is called.
func (s *serverFacts) hostNames() {
	if len(s.file.Names) > hostNamesMost {
		s.errorf(s.file.Names[hostNamesMost].at, "give the server fewer names", "there are %d names, at most %d", len(s.file.Names), hostNamesMost)
		return
	}
	for _, w := range s.file.Names {
		name := strings.ToLower(w.text)
		if !hostName(name) {
			s.errorf(w.at, "write a host name or an address, without port, such as door.example.com", "%s is not a host name", show(w.text))
			continue
		}
		s.out.Names = append(s.out.Names, name)
	}
}

// hostName tells whether a text is a host name or an address. A pattern is none:
// whoever may choose a name that fits it could make it point here.
func hostName(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	if text == "" || len(text) > 253 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	return true
}

// proxies reads whose word on an address is taken.
func (s *serverFacts) proxies() {
	header := s.file.ProxyHeader
	switch {
	case len(s.file.TrustedProxies) > proxiesMost:
		s.errorf(s.file.TrustedProxies[proxiesMost].at, "name the networks that hold them", "there are %d proxies, at most %d", len(s.file.TrustedProxies), proxiesMost)
		return
	case header.given() && len(s.file.TrustedProxies) == 0:
		s.errorf(header.at, "name the proxies in trusted_proxies, or leave it out", "proxy_header is read from trusted proxies alone, and there is none")
	case header.given() && header.text != HeaderXForwardedFor && header.text != HeaderForwarded:
		s.errorf(header.at, "write x-forwarded-for or forwarded: the one that your proxy writes itself", "%s is not a header that proxies are read by", show(header.text))
	}
	for _, w := range s.file.TrustedProxies {
		before := len(s.list)
		checkNetwork(s.findings, w, ", or 192.0.2.10/32 for one machine")
		if len(s.list) > before {
			continue
		}
		prefix, err := netip.ParsePrefix(w.text)
		switch {
		case err != nil:
		case prefix.Bits() == 0:
			s.errorf(w.at, "name your proxies alone", "%s is everybody: whoever comes could say where they come from", show(w.text))
		default:
			s.out.Proxies.Trusted = append(s.out.Proxies.Trusted, prefix)
		}
	}
	if len(s.out.Proxies.Trusted) > 0 {
		s.out.Proxies.Header = HeaderXForwardedFor
		if header.text == HeaderForwarded {
			s.out.Proxies.Header = HeaderForwarded
		}
	}
}
