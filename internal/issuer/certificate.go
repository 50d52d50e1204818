package issuer

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"math"
	"time"
)

// A Refusal says why bytes will not be signed. It is comparable, so errors.Is
// works with the constants below; Reason is stable and meant for machines.
type Refusal string

// The refusals of (*SSH).Sign.
const (
	// ErrMalformed: not the to-be-signed bytes of a certificate in its one
	// encoding (PROTOCOL.certkeys), or bytes follow.
	ErrMalformed Refusal = "certificate-malformed"
	// ErrSubject: the certificate is not over an ssh-ed25519 key.
	ErrSubject Refusal = "certificate-subject"
	// ErrNonce: the nonce is not of 16 to 64 bytes.
	ErrNonce Refusal = "certificate-nonce"
	// ErrSerial: the serial is zero, which OpenSSH reads as "none".
	ErrSerial Refusal = "certificate-serial"
	// ErrKind: not a user certificate.
	ErrKind Refusal = "certificate-kind"
	// ErrKeyID: no key id, so revocation could not name it.
	ErrKeyID Refusal = "certificate-key-id"
	// ErrPrincipals: no principals, which OpenSSH may read as "all".
	ErrPrincipals Refusal = "certificate-principals"
	// ErrValidity: no beginning, no end, nothing between them, or over MaxLife.
	ErrValidity Refusal = "certificate-validity"
	// ErrAuthority: it names another authority.
	ErrAuthority Refusal = "certificate-authority"
)

var sentences = map[Refusal]string{
	ErrMalformed:  "cannot sign: not the bytes of an SSH certificate",
	ErrSubject:    "cannot sign: certificate is not over an ssh-ed25519 key",
	ErrNonce:      "cannot sign: nonce needs 16 to 64 bytes",
	ErrSerial:     "cannot sign: serial is zero",
	ErrKind:       "cannot sign: not a user certificate",
	ErrKeyID:      "cannot sign: certificate has no key id",
	ErrPrincipals: "cannot sign: certificate names no principal, or an empty one",
	ErrValidity:   "cannot sign: certificate has no end or lives too long",
	ErrAuthority:  "cannot sign: certificate names another authority",

	ErrClaims:       "cannot sign: not the claims of a token, each of them, and no other",
	ErrAudience:     "cannot sign: token is for another audience",
	ErrTokenSubject: "cannot sign: token has a subject that is not of this cell",
	ErrIssuer:       "cannot sign: token names no issuer that could be one",
	ErrTokenID:      "cannot sign: token has no id",
	ErrLife:         "cannot sign: token lives longer than a minute, begins later than now, or is over",
	ErrTags:         "cannot sign: AWS would refuse the tags or the source identity of the token",
}

// Error returns a sentence for people.
func (r Refusal) Error() string { return sentences[r] }

// Reason returns the stable name of the rule.
func (r Refusal) Reason() string { return string(r) }

const (
	// MaxLife is the longest time between a certificate's two validity fields:
	// twelve hours, the longest grant, and an hour for clocks that disagree.
	MaxLife = 13 * time.Hour

	maxUnsigned = 8 << 10
	certType    = "ssh-ed25519-cert-v01@openssh.com"
	keyType     = "ssh-ed25519"
	userCert    = 1
	minNonce    = 16
	maxNonce    = 64
)

// certificate is what the checks need of the to-be-signed bytes.
type certificate struct {
	typ, nonce, subject   []byte
	serial                uint64
	kind                  uint32
	keyID, principals     []byte
	after, before         uint64
	options, extensions   []byte
	reserved, certifiedBy []byte
}

// parse reads PROTOCOL.certkeys up to and including the signature key, and
// demands that nothing follows.
func parse(unsigned []byte) (c certificate, err error) {
	if len(unsigned) > maxUnsigned {
		return c, ErrMalformed
	}
	r := reader{rest: unsigned}
	c.typ = r.string()
	if !r.bad && string(c.typ) != certType {
		return c, ErrSubject
	}
	c.nonce = r.string()
	c.subject = r.string()
	c.serial = r.uint64()
	c.kind = r.uint32()
	c.keyID = r.string()
	c.principals = r.string()
	c.after = r.uint64()
	c.before = r.uint64()
	c.options = r.string()
	c.extensions = r.string()
	c.reserved = r.string()
	c.certifiedBy = r.string()
	if r.bad || len(r.rest) != 0 || len(c.reserved) != 0 {
		return c, ErrMalformed
	}
	return c, nil
}

// check applies every rule of this package but the authority's own key.
func (c *certificate) check() error {
	switch {
	case len(c.nonce) < minNonce || len(c.nonce) > maxNonce:
		return ErrNonce
	case len(c.subject) != ed25519.PublicKeySize:
		return ErrSubject
	case c.serial == 0:
		return ErrSerial
	case c.kind != userCert:
		return ErrKind
	case len(c.keyID) == 0:
		return ErrKeyID
	case !validPrincipals(c.principals):
		return ErrPrincipals
	case !validTimes(c.after, c.before):
		return ErrValidity
	case !ordered(c.options) || !ordered(c.extensions):
		return ErrMalformed
	}
	return nil
}

func validPrincipals(b []byte) bool {
	r := reader{rest: b}
	n := 0
	for ; !r.bad && len(r.rest) > 0; n++ {
		if p := r.string(); len(p) == 0 || bytes.IndexByte(p, 0) >= 0 {
			return false
		}
	}
	return !r.bad && n > 0
}

func validTimes(after, before uint64) bool {
	if after == 0 || before == 0 || before == math.MaxUint64 || before <= after {
		return false
	}
	return before-after <= uint64(MaxLife/time.Second)
}

// ordered reports whether b is a list of name and data with names that rise,
// as PROTOCOL.certkeys demands: so there is one encoding, and none twice. Data
// is empty or holds exactly one string, which is not empty.
func ordered(b []byte) bool {
	r := reader{rest: b}
	var last []byte
	for !r.bad && len(r.rest) > 0 {
		name := r.string()
		if data := (reader{rest: r.string()}); len(data.rest) > 0 {
			if value := data.string(); len(value) == 0 || len(data.rest) > 0 {
				return false
			}
		}
		if len(name) == 0 || bytes.Compare(name, last) <= 0 {
			return false
		}
		last = name
	}
	return !r.bad
}

// reader takes RFC 4251 fields off the front; after a read past the end it is
// bad and yields zeros.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) string() []byte { return r.take(uint64(r.uint32())) }

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}
