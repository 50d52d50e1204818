package cli

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
)

type envelopeIdentityCommand struct {
	File string `arg:"" help:"File of the age identity: made, for you alone to read, if it is not there yet. The card is written to FILE.card."`
	memberFlags
}

// Help is the long help of `envelope identity`.
func (envelopeIdentityCommand) Help() string {
	return `A custodian whose key lives in a security key or in ssh-agent needs another to hold shares with, for those only sign. This makes an age identity, and a card that says, signed with your own key, that shares for you are to be sealed to it. Give the card to whoever seals: halligan envelope seal NAME --to YOU=FILE.card. It is not secret; the file is. That you can open what is sealed to it you prove after each sealing, with halligan envelope inspect NAME --identity FILE.

Examples:

    halligan envelope identity ~/.config/halligan/custodian.txt`
}

// card says, signed by a person, which key their shares are to be sealed to.
type card struct {
	Version   string     `json:"custodian"`
	Origin    string     `json:"origin"`
	Person    string     `json:"person"`
	Recipient string     `json:"recipient"`
	At        canon.Time `json:"at"`
}

const (
	cardVersion = "v1"
	cardKind    = "custodian" // of its signature; no statement is called so
	cardMost    = 16 << 10
)

// madeIdentity is an identity with its card, as JSON. It holds nothing secret.
type madeIdentity struct {
	File      string `json:"file"`
	Card      string `json:"card"`
	Recipient string `json:"recipient"`
	New       bool   `json:"new"`
}

// Run makes or reads the identity, and signs the card.
func (i envelopeIdentityCommand) Run(c *call) error {
	m, err := c.open(i.memberFlags)
	if err != nil {
		return err
	}
	out := madeIdentity{File: i.File, Card: i.File + ".card"}
	if _, err := os.Lstat(out.Card); !errors.Is(err, fs.ErrNotExist) {
		return failf(exitUsage, "cannot write %s: it is there already", out.Card).or("give that one to whoever seals; or remove it, to sign another")
	}
	if _, err := os.Lstat(i.File); errors.Is(err, fs.ErrNotExist) {
		out.New = true
		if err := newIdentity(i.File, canon.At(c.now())); err != nil {
			return err
		}
	}
	// From the file, so that what the card says is what the file opens.
	if out.Recipient, err = recipientIn(i.File); err != nil {
		return err
	}
	text := canon.MustEncode(card{cardVersion, m.pinned.Origin, m.person(), out.Recipient, canon.At(c.now())})
	signature, err := m.way.signer.Sign(c.ctx, sshsig.Namespace(cardKind), text)
	if err != nil {
		return because(exitUsage, err, "cannot sign the card")
	}
	signed := fmt.Sprintf("%s\n%s\n", text, base64.StdEncoding.EncodeToString(signature))
	if err := writeNew(out.Card, []byte(signed)); err != nil {
		return err
	}
	return c.answer(out, func() {
		c.say("%s opens your shares from now on: keep it, and a copy where a fire does not reach both.", out.File)
		c.say("Give %s to whoever seals: halligan envelope seal NAME --to %s", out.Card, shellQuoted(m.person()+"="+out.Card))
	})
}

// newIdentity writes a new identity as age-keygen does.
func newIdentity(path string, at canon.Time) error {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return because(exitInternal, err, "cannot make an age identity")
	}
	text := fmt.Appendf(nil, "# created: %s\n# public key: %s\n%s\n", at, identity.Recipient(), identity)
	defer clear(text)
	return writeNew(path, text)
}

// recipientIn is whom the file of an age identity opens for.
func recipientIn(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", because(exitUsage, err, "cannot read the identity")
	}
	defer clear(data)
	identities, err := seal.ParseIdentities(data, nil)
	if err != nil {
		return "", because(exitUsage, err, "cannot use %s", path).or("name a file of age-keygen, or one that is not there yet")
	}
	identity, ok := identities[0].(*age.X25519Identity)
	if !ok || len(identities) != 1 {
		return "", failf(exitUsage, "cannot use %s: a card is for one age identity; your ssh-ed25519 key needs none", path)
	}
	return identity.Recipient().String(), nil
}

// cardOf reads a custodian's card and demands that they signed it, with a key
// that is theirs now by the proved roster.
func cardOf(p *proof, id, path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", because(exitUsage, err, "cannot read the card of %s", id).or("name a key of theirs as SHA256:…, or the card that halligan envelope identity wrote")
	}
	shown, signer, err := readCard(data)
	if err != nil {
		return "", because(exitUnverified, err, "cannot use the card of %s", id).or("have them make it again: halligan envelope identity FILE")
	}
	owner, known := p.world.Roster.Owner(signer.Fingerprint)
	switch {
	case shown.Origin != p.world.Name || shown.Person != id:
		return "", failf(exitUnverified, "the card %s is %s's of %s, not %s's of %s", path, shown.Person, shown.Origin, id, p.world.Name)
	case !known || owner != id:
		return "", failf(exitUnverified, "the card of %s is signed with %s, which is no key of theirs", id, signer.Fingerprint).
			or("seal nothing to it; ask %s on a known number, and tell security", id)
	}
	return shown.Recipient, nil
}

// readCard reads a card, strictly, and checks its signature.
func readCard(data []byte) (card, sshsig.Signer, error) {
	var shown card
	text, rest, ok := bytes.Cut(data, []byte("\n"))
	encoded, after, ended := strings.Cut(string(rest), "\n")
	if !ok || !ended || after != "" || len(data) > cardMost {
		return shown, sshsig.Signer{}, errors.New("a card has two lines: what is said, and its signature")
	}
	if err := canon.Decode(text, cardMost, &shown); err != nil {
		return shown, sshsig.Signer{}, fmt.Errorf("line 1: %w", err)
	}
	if _, err := age.ParseX25519Recipient(shown.Recipient); err != nil || shown.Version != cardVersion {
		return shown, sshsig.Signer{}, errors.New("line 1: it is no card that this version knows, of an age recipient (age1…)")
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return shown, sshsig.Signer{}, errors.New("line 2: the signature is not base64")
	}
	signer, err := sshsig.Verify(signature, sshsig.Namespace(cardKind), text)
	if err != nil {
		return shown, sshsig.Signer{}, fmt.Errorf("line 2: %w", err)
	}
	return shown, signer, nil
}
