package access

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
)

// CertificateLongest is the longest validity of a user certificate.
const CertificateLongest = canon.Seconds(5 * 60)

// certificateEarly is how long before it was authorised a certificate is
// already valid, so that a host whose clock is a little behind takes it.
const certificateEarly = canon.Seconds(30)

// Certificate is an OpenSSH user certificate before the CA signed it.
type Certificate struct {
	Nonce      canon.Digest
	Key        canon.Key32 // Ed25519 subject key
	Serial     uint64
	KeyID      string
	Principals []string
	After      canon.Time // whole seconds
	Before     canon.Time // whole seconds
	Source     []string   // source-address; none means anywhere
	Command    string     // force-command; empty means none
	Permit     []string   // extensions, without "permit-"
	Authority  []byte     // wire form of the CA's public key
}

// SerialText is a serial as events and evidence show it: sixteen digits.
func SerialText(serial uint64) string {
	return hex.EncodeToString(binary.BigEndian.AppendUint64(nil, serial))
}

// Derive fixes what of a certificate follows from the digest of the fetch that
// asked for it, so that anyone can rebuild the unsigned bytes: nonce and serial.
func (c *Certificate) Derive(fetch canon.Digest) {
	c.Nonce = canon.Sum(append([]byte("halligan certificate nonce "), fetch[:]...))
	serial := canon.Sum(append([]byte("halligan certificate serial "), fetch[:]...))
	c.Serial = binary.BigEndian.Uint64(serial[:8])
}

// TwinSerial is the serial of every twin of a lease: it follows from the key id,
// so that a login by the twin is known from one by a credential.
func TwinSerial(keyID string) uint64 {
	var c Certificate
	c.Derive(canon.Sum([]byte("halligan twin " + keyID)))
	return c.Serial
}

// Window is the validity of a certificate authorised at an instant under a
// grant that ends at until: at most five minutes, never past the grant.
func Window(at, until canon.Time) (after, before canon.Time) {
	whole := canon.At(at.Std().Truncate(1e9))
	after = whole.Add(-certificateEarly.Duration())
	before = canon.Earlier(after.Add(CertificateLongest.Duration()), canon.At(until.Std().Truncate(1e9)))
	return after, before
}

// Unsigned gives the bytes that the CA signs: everything of the certificate up
// to and including the CA's key (OpenSSH PROTOCOL.certkeys).
func (c *Certificate) Unsigned() []byte {
	var critical, extensions []byte
	if c.Command != "" {
		critical = appendString(appendText(critical, "force-command"), appendText(nil, c.Command))
	}
	if len(c.Source) > 0 {
		critical = appendString(appendText(critical, "source-address"), appendText(nil, strings.Join(c.Source, ",")))
	}
	for _, permit := range slices.Sorted(slices.Values(c.Permit)) {
		extensions = appendText(appendText(extensions, "permit-"+permit), "")
	}
	var principals []byte
	for _, principal := range c.Principals {
		principals = appendText(principals, principal)
	}
	b := appendText(nil, "ssh-ed25519-cert-v01@openssh.com")
	b = appendString(b, c.Nonce[:])
	b = appendString(b, c.Key[:])
	b = binary.BigEndian.AppendUint64(b, c.Serial)
	b = binary.BigEndian.AppendUint32(b, 1) // a user's
	b = appendText(b, c.KeyID)
	b = appendString(b, principals)
	b = binary.BigEndian.AppendUint64(b, uint64(c.After.Std().Unix()))
	b = binary.BigEndian.AppendUint64(b, uint64(c.Before.Std().Unix()))
	b = appendString(b, critical)
	b = appendString(b, extensions)
	b = appendString(b, nil) // reserved
	return appendString(b, c.Authority)
}

// Sources turns a target's source_address into what the certificate carries:
// FromRequest becomes the address that asked. False says that the address is
// needed and cannot be read, so that no certificate may be issued.
func (s *SSH) Sources(asked string) ([]string, bool) { return sources(s.SourceAddress, asked) }

func sources(of []string, asked string) ([]string, bool) {
	var sources []string
	for _, source := range of {
		if source != FromRequest {
			sources = append(sources, source)
			continue
		}
		from, err := netip.ParseAddr(asked)
		if err != nil {
			return nil, false
		}
		from = from.Unmap().WithZone("")
		sources = append(sources, netip.PrefixFrom(from, from.BitLen()).String())
	}
	slices.Sort(sources)
	return slices.Compact(sources), true
}

func appendString(b, s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
