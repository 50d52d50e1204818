package cli

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
)

// attestationLongest is the length in bytes of the longest file that is sent; servers
// read less.
const attestationLongest = 16 << 10

// challenge writes what a security key is to be made under into a new file.
func (e enrolCommand) challenge(m *member, code canon.Key32) error {
	challenge, of, err := m.way.client.Challenge(m.c.ctx, code)
	if err != nil {
		return err
	}
	if err := writeFile(e.Challenge, challenge); err != nil {
		f := because(exitUsage, err, "cannot write the challenge")
		if errors.Is(err, fs.ErrExist) {
			return f.or("name a file that is not there yet: ssh-keygen may have made a key under what is in this one")
		}
		return f
	}
	out := struct {
		Person    string     `json:"person"`
		By        string     `json:"by"`
		Until     canon.Time `json:"until"`
		Challenge string     `json:"challenge"`
	}{of.Person, of.By, of.Until, e.Challenge}
	return m.c.answer(out, func() {
		m.c.say("For a security key of %s, whom %s invited; the address is good until %s. Make the key under it:\n", of.Person, of.By, clock(of.Until, canon.At(m.c.now())))
		m.c.say("    ssh-keygen -t ed25519-sk -O verify-required -O challenge=%s -O write-attestation=%s -f ~/.ssh/id_halligan\n", shellQuoted(e.Challenge), shellQuoted(e.Challenge+".attestation"))
		m.c.say("Then offer it, with the same address:\n\n    halligan enrol --security-key ~/.ssh/id_halligan.pub --attestation %s", shellQuoted(e.Challenge+".attestation"))
	})
}

// securityKey is what ssh-keygen wrote.
type securityKey struct {
	line        string
	attestation []byte
}

// files reads what ssh-keygen wrote, before anybody is asked for anything.
func (e enrolCommand) files() (given securityKey, err error) {
	if e.SecurityKey == "" {
		return given, nil
	}
	text, err := os.ReadFile(e.SecurityKey)
	if err != nil {
		return given, because(exitUsage, err, "cannot read the public key").or("name the .pub file that ssh-keygen wrote")
	}
	if strings.Contains(string(text), "PRIVATE KEY") {
		return given, failf(exitUsage, "cannot use %s: it is a private key", e.SecurityKey).or("give the .pub file")
	}
	if given.line, err = securityKeyLine(string(text)); err != nil {
		return given, because(exitUsage, err, "cannot use %s", e.SecurityKey).or("name the .pub file of a key that ssh-keygen -t ed25519-sk or -t ecdsa-sk made")
	}
	if given.attestation, err = os.ReadFile(e.Attestation); err != nil {
		return given, because(exitUsage, err, "cannot read the attestation").or("name the file that ssh-keygen wrote with -O write-attestation=FILE")
	}
	if n := len(given.attestation); n == 0 || n > attestationLongest {
		return given, failf(exitUsage, "%s is no attestation: it has %d bytes", e.Attestation, n).or("name the file that ssh-keygen wrote with -O write-attestation=FILE")
	}
	return given, nil
}

// securityKeyLine is the type and the base64 of a security key, without the comment.
func securityKeyLine(text string) (string, error) {
	words := strings.Fields(text)
	if len(words) < 2 {
		return "", errors.New("it is no public key of SSH")
	}
	wire, err := base64.StdEncoding.DecodeString(words[1])
	if err != nil {
		return "", errors.New("it is no public key of SSH")
	}
	who, err := sshsig.Inspect(wire)
	if err == nil && (!who.Security || who.Passkey) {
		err = fmt.Errorf("the key %s is of no security key", who.Fingerprint)
	}
	return words[0] + " " + words[1], err
}

// enrolledKey is the answer about a security key.
type enrolledKey struct {
	Person      string   `json:"person"`
	Key         string   `json:"key"`
	Fingerprint string   `json:"fingerprint"`
	Words       []string `json:"words"`
	Maker       string   `json:"maker,omitempty"`
	Doubt       string   `json:"doubt,omitempty"`
}

// offer offers it, and spends the invitation.
func (k securityKey) offer(m *member, code canon.Key32) error {
	offer, err := m.way.client.OfferKey(m.c.ctx, code, k.line, k.attestation)
	if err != nil {
		return err
	}
	out := enrolledKey{offer.Person, k.line, offer.Fingerprint, offer.Words, offer.Maker, offer.Doubt}
	return m.c.answer(out, func() {
		m.c.say("It is offered, and counts for nothing yet. Read these four words to whoever invited you, in a voice that they know:\n\n    %s\n", strings.Join(offer.Words, " "))
		if offer.Maker != "" {
			m.c.say("Its maker attests it: once it is agreed to it is hardware, by %s.", offer.Maker)
			return
		}
		m.c.say("No maker of the cell stands behind it, so that it will be no hardware: %s", sentence(offer.Doubt))
	})
}
