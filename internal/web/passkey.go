package web

import (
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/halligan-dev/halligan/internal/authn/passkey"
	"github.com/halligan-dev/halligan/internal/canon"
)

// passkeyForm is what the page for making a passkey is made from.
type passkeyForm struct {
	Host      string // RP id
	Challenge string // base64
}

// makePasskey is the page on which a device makes a passkey. Nobody needs to have
// signed in: whoever makes one has a line of text, and it is for the change quorum
// to take it.
func (p *pages) makePasskey(c *call) error {
	challenge := base64.StdEncoding.EncodeToString(passkey.RegistrationChallenge(p.Name))
	return p.show(c, "passkey", shown{Title: "Make a passkey", Body: passkeyForm{p.Name, challenge}})
}

// madePasskey is what the script shows of a new passkey.
type madePasskey struct {
	Line        string `json:"line"`
	Fingerprint string `json:"fingerprint"`
	Copied      bool   `json:"copied"`   // it may be, or has been, copied to other devices
	Verified    bool   `json:"verified"` // a PIN, a finger or a face was asked for
}

// passkeyLine reads the key line out of what a device made. It keeps nothing.
func (p *pages) passkeyLine(c *call) error {
	if !wantsJSON(c.r) {
		return &Problem{Status: http.StatusUnprocessableEntity, Reason: "script", Title: "A passkey is made in a script",
			Detail: "This browser runs none here, and nothing was made.", Hint: "Use another browser, or an SSH key: each does all that the other does."}
	}
	person := c.form.Get("person")
	if err := canon.CheckID(person); err != nil {
		return invalid("person", "is not an id of a person", "write yours as it stands in cell.yaml, such as mara")
	}
	var made passkey.Registration
	var err error
	if made.Attestation, err = base64.StdEncoding.Strict().DecodeString(c.form.Get("attestation")); err != nil {
		return invalid("attestation", "is not base64", "load the page again")
	}
	if made.ClientData, err = base64.StdEncoding.Strict().DecodeString(c.form.Get("client_data")); err != nil {
		return invalid("client_data", "is not base64", "load the page again")
	}
	key, err := made.Key(p.Name)
	if err != nil {
		return refusedPasskey(err)
	}
	return p.json(c, http.StatusOK, madePasskey{
		Line: key.Line + " " + person + "-passkey", Fingerprint: key.Fingerprint, Copied: key.BackupEligible, Verified: key.UserVerified,
	})
}

// refusedPasskey says why the cell could not use a passkey.
func refusedPasskey(err error) error {
	hint := "load the page again, or make it on another device"
	if errors.Is(err, passkey.ErrAlgorithm) {
		hint = "this device makes none of ES256; use another, or an SSH key"
	}
	return &Problem{Status: http.StatusUnprocessableEntity, Reason: "passkey", Title: "The cell cannot use that passkey", Detail: err.Error(), Hint: hint}
}
