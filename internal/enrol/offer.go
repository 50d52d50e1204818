package enrol

import (
	"crypto/sha256"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Offer is a passkey or code device that somebody made with an invitation, and
// nobody agreed to.
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
func (o Offer) What() string {
	if o.Code {
		return "A code device"
	}
	return "A passkey"
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
