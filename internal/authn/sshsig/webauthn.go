package sshsig

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"io"
	"math/big"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxClientData is the length in bytes beyond which no client data is looked at.
const MaxClientData = 2 << 10

const (
	flagBackupEligible = 0x08
	flagBackedUp       = 0x10
)

// Challenge returns the bytes that a passkey must be asked to sign for a message
// under a namespace: what SSHSIG signs, so that no browser is needed to check it.
func Challenge(namespace string, message []byte) []byte {
	digest := sha512.Sum512(message)
	return appendSigned(nil, namespace, digest[:])
}

// WebAuthn is what an authenticator signed in a browser, taken apart.
type WebAuthn struct {
	Key        []byte // wire form, as in the roster
	R, S       *big.Int
	Flags      byte
	Counter    uint32
	Origin     string // of the page, as in the client data
	ClientData []byte // the very bytes
}

// Blob puts the signature together in its one form, the lower S included. It
// does not check it: give it to Verify.
func (a WebAuthn) Blob(namespace string) ([]byte, error) {
	if a.R == nil || a.S == nil || a.R.Sign() <= 0 || a.S.Sign() <= 0 || len(a.ClientData) > MaxClientData {
		return nil, ErrMalformed
	}
	rest := binary.BigEndian.AppendUint32([]byte{a.Flags}, a.Counter)
	rest = appendString(rest, a.Origin)
	rest = appendString(rest, a.ClientData)
	rest = appendString(rest, "")
	s := signature{
		key: a.Key, namespace: []byte(namespace), format: []byte(formatWebAuthn),
		value: appendPositive(appendPositive(nil, a.R), a.S), rest: rest,
	}
	return Normalise(s.encode())
}

// OriginOf is the origin of the page on which a passkey made a signature; empty when
// no passkey did. It checks nothing: a signature that verifies names its page.
func OriginOf(blob []byte) string {
	s, err := parse(blob)
	if err != nil || string(s.format) != formatWebAuthn || s.readWebAuthn() != nil {
		return ""
	}
	return string(s.origin)
}

// checkWebAuthn checks what a passkey signed. Whose page asked for it is known
// from the origin alone, and OpenSSH compares that with nothing: all of the
// trust in a passkey rests on the comparison here.
func (k *key) checkWebAuthn(s *signature, signed []byte) error {
	if k.typ != typeSKP256 {
		return ErrFormat
	}
	if !k.passkey() {
		return ErrApplication
	}
	if err := s.readWebAuthn(); err != nil {
		return err
	}
	switch origin, err := Page(s.clientData, CeremonySign, string(k.application), signed); {
	case err != nil:
		return err
	case origin != string(s.origin):
		return ErrOrigin
	}
	var room [69]byte
	return checkECDSA(k.ec, s.appendAuthenticated(room[:0], k.application, s.clientData), s.value)
}

// readWebAuthn reads what follows the value: PROTOCOL.u2f, "SSH U2F signatures".
func (s *signature) readWebAuthn() error {
	w := wire(s.rest)
	if !s.takeFlags(&w) {
		return ErrMalformed
	}
	var ok1, ok2, ok3 bool
	var extensions []byte
	s.origin, ok1 = w.string()
	s.clientData, ok2 = w.string()
	extensions, ok3 = w.string()
	switch {
	case !ok1 || !ok2 || !ok3 || len(w) != 0:
		return ErrMalformed
	case len(extensions) != 0:
		return ErrExtensions
	case s.flags&flagsWithData != 0, s.flags&flagBackedUp != 0 && s.flags&flagBackupEligible == 0:
		return ErrFlags
	}
	return nil
}

// pageOf tells whether an origin is one of exactly this host, as browsers write
// it: https and any port, or without TLS on the machine itself.
func pageOf(origin []byte, host string) bool {
	if port, ok := bytes.CutPrefix(origin, []byte("https://"+host)); ok {
		return isPort(port, "443")
	}
	if port, ok := bytes.CutPrefix(origin, []byte("http://localhost")); ok && host == "localhost" {
		return isPort(port, "80")
	}
	return false
}

// isPort tells whether text is nothing, or a colon and a port that is not the
// usual one, which browsers leave out.
func isPort(text []byte, usual string) bool {
	digits, ok := bytes.CutPrefix(text, []byte(":"))
	if !ok {
		return len(text) == 0
	}
	n, err := strconv.ParseUint(string(digits), 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == string(digits) && string(digits) != usual
}

// Ceremonies are what client data can be of.
const (
	CeremonySign     = "webauthn.get"
	CeremonyRegister = "webauthn.create"
)

// Page reads the client data of a ceremony on a page of a host and returns the
// page's origin. It holds the text against the serialisation of WebAuthn (Level
// 2, section 5.8.1.1): the members that count come first, in this order and
// spelling. What follows them is for later versions of the web to say; it must
// be JSON, and must not say that the page stood inside another site's.
func Page(clientData []byte, ceremony, host string, challenge []byte) (origin string, err error) {
	if len(clientData) > MaxClientData {
		return "", ErrClientData
	}
	rest := clientData
	for _, part := range [...]struct {
		text string
		err  error
	}{
		{`{"type":"`, ErrClientData}, {ceremony + `"`, ErrCeremony},
		{`,"challenge":"`, ErrClientData}, {base64.RawURLEncoding.EncodeToString(challenge) + `"`, ErrChallenge},
		{`,"origin":"`, ErrClientData},
	} {
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, []byte(part.text)); !ok {
			return "", part.err
		}
	}
	page, rest, ok := bytes.Cut(rest, []byte(`"`))
	if !ok || len(rest) == 0 || rest[0] != '}' && rest[0] != ',' || clientData[len(clientData)-1] != '}' {
		return "", ErrClientData
	}
	if !pageOf(page, host) {
		return "", ErrOrigin
	}
	return string(page), checkMembers(clientData)
}

// checkMembers reads client data to its end: one JSON object in which each name
// stands once.
func checkMembers(text []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(text))
	if first, err := d.ReadToken(); err != nil || first.Kind() != '{' {
		return ErrClientData
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return ErrClientData
		}
		inside := name.String()
		value, err := d.ReadValue()
		switch {
		case err != nil:
			return ErrClientData
		case inside == "topOrigin", inside == "crossOrigin" && string(value) != "false":
			return ErrCrossOrigin
		}
	}
	if _, err := d.ReadToken(); err != nil { // the closing brace
		return ErrClientData
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return ErrClientData
	}
	return nil
}
