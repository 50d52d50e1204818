package api

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

const (
	tokenKeySize = 32
	tokenPrefix  = "hs1." // marks what it is for whoever finds one in a log
	tokenDomain  = "halligan session token v1\n"
	tokenMost    = 512 // characters
	tokenFixed   = 8 + sha256.Size + sha256.Size
)

// ticket is what a token says: who may read until when, by which session
// statement, signed with which key.
type ticket struct {
	Person string
	Until  canon.Time
	Digest canon.Digest      // of the session statement
	Key    [sha256.Size]byte // SHA-256 of the signing key's wire form
}

// tokens makes and checks reading tokens. Nothing is kept: a token is a ticket
// and an HMAC over it.
type tokens struct{ key []byte }

// make writes the token of a ticket.
func (t tokens) make(of ticket) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(of.Until.Std().UnixMilli()))
	body = append(body, of.Digest[:]...)
	body = append(body, of.Key[:]...)
	body = append(body, of.Person...)
	return tokenPrefix + base64.RawURLEncoding.EncodeToString(append(t.mac(body), body...))
}

// open reads a token. Whether the ticket still counts is for the caller to say;
// false means that we never made it.
func (t tokens) open(token string) (ticket, bool) {
	text, ok := strings.CutPrefix(token, tokenPrefix)
	if !ok || len(token) > tokenMost {
		return ticket{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) <= sha256.Size+tokenFixed {
		return ticket{}, false
	}
	mac, body := raw[:sha256.Size], raw[sha256.Size:]
	if !hmac.Equal(mac, t.mac(body)) {
		return ticket{}, false
	}
	r := bytes.NewBuffer(body)
	until := time.UnixMilli(int64(binary.BigEndian.Uint64(r.Next(8))))
	of := ticket{Until: canon.At(until), Digest: canon.Digest(r.Next(sha256.Size)), Key: [sha256.Size]byte(r.Next(sha256.Size))}
	of.Person = r.String()
	return of, true
}

func (t tokens) mac(body []byte) []byte {
	h := hmac.New(sha256.New, t.key)
	h.Write([]byte(tokenDomain))
	h.Write(body)
	return h.Sum(nil)
}

// signingKey is the SHA-256 of the public key that a binary SSHSIG names: magic,
// version, key (PROTOCOL.sshsig). Until the signature was checked, anybody may
// have written it.
func signingKey(sshsig []byte) (sum [sha256.Size]byte, ok bool) {
	const header = len("SSHSIG") + 4
	if len(sshsig) < header+4 {
		return sum, false
	}
	size := binary.BigEndian.Uint32(sshsig[header:])
	rest := sshsig[header+4:]
	if uint64(size) > uint64(len(rest)) {
		return sum, false
	}
	return sha256.Sum256(rest[:size]), true
}

// fingerprint is the key as the roster names it.
func (t ticket) fingerprint() string {
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(t.Key[:])
}
