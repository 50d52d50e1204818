package config

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/halligan-dev/halligan/internal/roster"
)

// host is a host of cell.yaml with the keys read.
type host struct {
	id, address, other string
	keys               []publicKey
	report             publicKey
}

var hostNameShape = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.?$`)
})

// readHosts checks the hosts.
func (c *cellFacts) readHosts(f *findings) {
	seen := make(map[string]place)
	for _, h := range c.file.Hosts {
		if !idOf(f, h.ID) {
			continue
		}
		if first, twice := seen[h.ID.text]; twice {
			f.errorf(h.ID.at, "give the other another id", "host %s stands twice, first in line %d", h.ID.text, first.line)
			continue
		}
		seen[h.ID.text] = h.ID.at
		c.hosts = append(c.hosts, c.readHost(f, h))
	}
}

func (c *cellFacts) readHost(f *findings, h hostFile) host {
	out := host{id: h.ID.text, address: h.Address.text, other: h.OtherWay.text}
	if h.Address.text != "" {
		checkAddress(f, h.Address)
	}
	if !h.OtherWay.given() {
		f.errorf(h.ID.at, "add other_way: how to log in when certificates do not work, such as a serial console, or a key kept in a safe",
			"host %s has no other_way in: a revocation list that cannot be read locks everybody out", out.id)
	}
	lengthOf(f, h.OtherWay, textLongest)
	for _, line := range h.HostKeys {
		if key, ok := readMachineKey(f, line); ok && c.claim(f, key, "host "+out.id) {
			out.keys = append(out.keys, key)
		}
	}
	if len(h.HostKeys) == 0 && h.Address.given() {
		f.errorf(h.ID.at, "add what ssh-keyscan prints, after checking it on the host", "host %s has no host key: a probe could not tell it from another", out.id)
	}
	if h.ReportKey.text != "" {
		if key, ok := readMachineKey(f, h.ReportKey); ok && c.claim(f, key, "the reports of host "+out.id) {
			out.report = key
		}
	}
	return out
}

// readMachineKey reads a key that nobody can touch when it signs.
func readMachineKey(f *findings, line word) (publicKey, bool) {
	if line.text == "" {
		return publicKey{}, false
	}
	key, ok := readKey(f, line.at, line.text)
	if ok && key.security {
		f.errorf(line.at, "make one that needs no touch: ssh-keygen -t ed25519", "is a security key: a machine cannot touch it")
		return publicKey{}, false
	}
	return key, ok
}

// checkAddress demands host:port.
func checkAddress(f *findings, w word) {
	const mend = "write a host name or address and a port, such as db.example.com:22 or [2001:db8::1]:22"
	name, port, err := net.SplitHostPort(w.text)
	if err != nil {
		f.errorf(w.at, mend, "%s is not host:port", show(w.text))
		return
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
		f.errorf(w.at, mend, "%s is not a port", show(port))
	}
	if _, err := netip.ParseAddr(name); err != nil && (len(name) > 253 || !hostNameShape().MatchString(name)) {
		f.errorf(w.at, mend, "%s is not a host name or address", show(name))
	}
}

// readChannels checks the channels.
func (c *cellFacts) readChannels(f *findings) {
	seen := make(map[string]place)
	for _, ch := range c.file.Channels {
		if !idOf(f, ch.ID) {
			continue
		}
		if first, twice := seen[ch.ID.text]; twice {
			f.errorf(ch.ID.at, "give the other another id", "channel %s stands twice, first in line %d", ch.ID.text, first.line)
		}
		seen[ch.ID.text] = ch.ID.at
		if ch.Kind.text != "" && !slices.Contains(channelKinds, ch.Kind.text) {
			f.errorf(ch.Kind.at, "use webhook, smtp or sns", "channel kind %s is not supported by this version", show(ch.Kind.text))
		}
	}
}

func (c *cellFacts) channelIDs() []string { return idsOf(c.file.Channels) }

func (c *cellFacts) hostIDs() []string {
	var ids []string
	for _, h := range c.hosts {
		ids = append(ids, h.id)
	}
	return ids
}

// checkNetwork demands a network without host bits.
func checkNetwork(f *findings, w word, also string) {
	mend := "write a network such as 10.0.0.0/8" + also
	prefix, err := netip.ParsePrefix(w.text)
	switch {
	case err != nil && strings.Contains(w.text, "/"):
		f.errorf(w.at, mend, "%s is not a network", show(w.text))
	case err != nil:
		if a, err := netip.ParseAddr(w.text); err == nil && a.Zone() == "" {
			mend = "write " + netip.PrefixFrom(a, a.BitLen()).String() + " for this one address"
		}
		f.errorf(w.at, mend, "%s is not a network", show(w.text))
	case prefix != prefix.Masked():
		f.errorf(w.at, "write "+prefix.Masked().String()+", or one address with /"+strconv.Itoa(prefix.Addr().BitLen()), "network %s has bits set after its length", show(w.text))
	case prefix.Addr().Is4In6():
		f.errorf(w.at, "write it as an IPv4 network", "network %s is IPv4 written as IPv6: it would match nothing", show(w.text))
	}
}

// keysOnly drops what the genesis does not carry.
func keysOnly(keys []publicKey) []roster.Key {
	out := make([]roster.Key, 0, len(keys))
	for _, k := range keys {
		out = append(out, k.Key)
	}
	return slices.Clip(out)
}
