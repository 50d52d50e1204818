package alert

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"syscall"
)

// errAddress comes out of a dial that the guard stopped.
var errAddress = errors.New("address is not for alarms")

// forbidden are addresses that no receiver has and that lead elsewhere.
// Private networks are not among them: many a pager gateway lives there.
var forbidden = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),          // this machine, on Linux
	netip.MustParsePrefix("169.254.0.0/16"),     // link-local, with the metadata services
	netip.MustParsePrefix("100.100.100.200/32"), // metadata, Alibaba Cloud
	netip.MustParsePrefix("168.63.129.16/32"),   // host of the machine, Azure
	netip.MustParsePrefix("192.0.0.0/24"),       // protocol assignments; metadata, Oracle Cloud
	netip.MustParsePrefix("240.0.0.0/4"),        // reserved, broadcast
	netip.MustParsePrefix("::/96"),              // unspecified, loopback, IPv4-compatible
	netip.MustParsePrefix("64:ff9b:1::/48"),     // local translation to IPv4
	netip.MustParsePrefix("2002::/16"),          // 6to4: an IPv4 address in disguise
	netip.MustParsePrefix("fd00:ec2::/32"),      // metadata, AWS
	netip.MustParsePrefix("fd20:ce::/32"),       // metadata, Google Cloud
	netip.MustParsePrefix("fe80::/10"),          // link-local
	netip.MustParsePrefix("fec0::/10"),          // site-local, retired
}

// translated is the well-known prefix behind which IPv4 addresses are reached.
var translated = netip.MustParsePrefix("64:ff9b::/96")

// allowed judges an address that a name was resolved to. Where the configured
// address is loopback, only loopback is allowed: a name server must not send
// what was meant for this machine elsewhere. Otherwise loopback is forbidden.
func allowed(address netip.Addr, loopback bool) bool {
	if address.Zone() != "" {
		return false
	}
	address = address.Unmap()
	if loopback {
		return address.IsLoopback()
	}
	if translated.Contains(address) {
		bytes := address.As16()
		address = netip.AddrFrom4([4]byte(bytes[12:]))
	}
	if !address.IsValid() || address.IsLoopback() || address.IsMulticast() {
		return false
	}
	for _, prefix := range forbidden {
		if prefix.Contains(address) {
			return false
		}
	}
	return true
}

// guarded dials only where alarms may go.
func guarded(loopback bool) *net.Dialer {
	return &net.Dialer{
		Timeout: Deadline,
		Control: func(_, address string, _ syscall.RawConn) error {
			target, err := netip.ParseAddrPort(address)
			if err != nil || !allowed(target.Addr(), loopback) {
				return errAddress
			}
			return nil
		},
	}
}

// transport makes the connections of one channel. From client it takes the TLS
// configuration alone: a proxy, a dialler or a cookie jar would reach around the
// guard.
func transport(client *http.Client, loopback bool) (*http.Transport, error) {
	t := &http.Transport{
		DialContext:            guarded(loopback).DialContext,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
		IdleConnTimeout:        idleFor,
		MaxIdleConnsPerHost:    idleMost,
		MaxResponseHeaderBytes: answerLimit,
		TLSHandshakeTimeout:    Deadline,
	}
	if client == nil || client.Transport == nil {
		return t, nil
	}
	given, ok := client.Transport.(*http.Transport)
	if !ok {
		return nil, errors.New("cannot guard a client whose transport is not an http.Transport")
	}
	if given.TLSClientConfig != nil {
		if given.TLSClientConfig.InsecureSkipVerify {
			return nil, errors.New("cannot use a client that does not verify certificates")
		}
		t.TLSClientConfig = given.TLSClientConfig.Clone()
	}
	return t, nil
}
