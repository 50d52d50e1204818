package enrol

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/halligan-dev/halligan/internal/authn/securitykey"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Offer is a passkey, security key or code device that somebody made with an
// invitation, and nobody agreed to.
type Offer struct {
	ID          canon.Digest `json:"id"` // of person and key
	Person      string       `json:"person"`
	By          string       `json:"by"` // who invited
	Key         string       `json:"key"`
	Fingerprint string       `json:"fingerprint"`
	Code        bool         `json:"code,omitzero"` // the server holds the key, and signs when somebody gives a code
	// What the authenticator says of itself, for people to read.
	Model          string `json:"model"` // AAGUID
	BackupEligible bool   `json:"backup_eligible,omitzero"`
	Attestation    string `json:"attestation,omitempty"` // of its maker, where there is one

	At    canon.Time `json:"at"`
	From  string     `json:"address,omitempty"` // that it came from
	Words []string   `json:"words"`             // WordsOf what is Listed
}

// What says what is offered, to begin a sentence with.
func (o Offer) What() string { return "A " + o.Sort() }

// Sort is what sort of key is offered, in a word or two.
func (o Offer) Sort() string {
	switch {
	case o.Code:
		return "code device"
	case o.ssh():
		return "security key"
	}
	return "passkey"
}

// ssh tells whether the key is of a device and signs for ssh, and not in browsers.
func (o Offer) ssh() bool {
	_, text, _ := strings.Cut(o.Key, " ")
	wire, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	who, err := sshsig.Inspect(wire)
	return err == nil && who.Security && !who.Passkey
}

// KeyRefusal says why what ssh-keygen wrote of a security key is not taken.
type KeyRefusal = securitykey.Refusal

// KeyRefusals are all of them.
var KeyRefusals = securitykey.Refusals

// SecurityKey is the offer of a security key, given in SSH wire form, with the file
// that ssh-keygen wrote of it when it was made under a challenge (KeyChallenge). Its
// error is a KeyRefusal.
func SecurityKey(wire, file, challenge []byte) (Offer, error) {
	made, err := securitykey.Read(wire, file, challenge)
	if err != nil {
		return Offer{}, err
	}
	who, err := sshsig.Inspect(wire)
	if err != nil {
		return Offer{}, securitykey.ErrKind
	}
	return Offer{Key: who.Type + " " + base64.StdEncoding.EncodeToString(wire), Fingerprint: who.Fingerprint, Model: made.Model(), Attestation: made.String()}, nil
}

// KeyChallenge is what whoever has the code of an invitation makes a security key
// under, for a person of a cell: what was made for another cell, person or code, or
// under a challenge of somebody's own, is not taken for it.
func KeyChallenge(cell, person string, code canon.Key32) []byte {
	sum := sha256.Sum256(append([]byte("halligan security key of an invitation v1\n"+cell+"\n"+person+"\n"), code[:]...))
	return sum[:]
}

// Listed is the key as it would be listed: of a code device, that it is one. The
// words are over that, so that no server passes its own key off as somebody's.
func (o Offer) Listed() string {
	if o.Code {
		return "totp " + o.Key
	}
	return o.Key
}

// IDOf is the id of the offer of a key, as it would be listed, for a person.
func IDOf(person, key string) canon.Digest {
	return canon.Sum([]byte("halligan offer v1\n" + person + "\n" + key))
}

// WordsOf are four words over a key, for two people to compare on the phone. They
// take tens of milliseconds, so that nobody makes keys until one has the words of
// another.
func WordsOf(key string) []string {
	salt := sha256.Sum256([]byte("halligan words of a key v1\n"))
	four := statement.Words(canon.Sum([]byte(key)), [16]byte(salt[:16]))
	return four[:]
}
