package cli

import (
	"errors"
	"io"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
)

type enrolCommand struct {
	TOTP        bool   `name:"totp" help:"Make a code device: an app that shows six digits every half minute."`
	Challenge   string `help:"Write into this new file what a security key is to be made under: ssh-keygen takes it with -O challenge=FILE." placeholder:"FILE"`
	SecurityKey string `name:"security-key" help:"Offer this security key: the .pub file that ssh-keygen wrote. With --attestation." placeholder:"FILE"`
	Attestation string `help:"What the maker says of that key: the file that ssh-keygen wrote with -O write-attestation=FILE." placeholder:"FILE"`
	profileFlags
}

// Help is the long help of `enrol`.
func (enrolCommand) Help() string {
	return `Somebody who may propose changes invites you (halligan invite) and gives you an address that is good once. For a passkey you open it in a browser. With --totp this command makes a code device of it, and with the other flags it offers a security key of yours whose maker attests it. Paste the address when it asks. Neither the address nor a code is ever an argument: others on this machine could read it.

With --totp, scan the picture with an app, and type the six digits that the app shows. The secret is shown this once and is nowhere to be had again; the server keeps it encrypted, together with a key of its own that signs for you when a code is right. So a code is worth the server's word and no more. Scenarios that say mfa: server-attested take it; you can always stop with it; nothing of the cell itself takes it. Read the four words to whoever invited you. They propose the key, the change quorum agrees, and it cools off as any other.

A security key is made under a challenge of the invitation, so that nobody brings what a device said at another time. Have it written with --challenge, make the key with ssh-keygen, and offer it with the same address, by --security-key and --attestation: that spends it. It is hardware, once it is agreed to, if a maker whom the cell names stands behind it.

Once a code device is agreed to, every command with --totp asks for a code in place of a key:

    halligan approve 5f0c1a2b --totp

Examples:

    halligan enrol --totp
    halligan enrol --totp --json < answers
    halligan enrol --challenge challenge
    ssh-keygen -t ed25519-sk -O verify-required -O challenge=challenge -O write-attestation=attestation -f ~/.ssh/id_halligan
    halligan enrol --security-key ~/.ssh/id_halligan.pub --attestation attestation`
}

// enrolled is the answer of `enrol`.
type enrolled struct {
	Person      string   `json:"person"`
	Key         string   `json:"key"`
	Fingerprint string   `json:"fingerprint"`
	Words       []string `json:"words"`
}

// Run enrols.
func (e enrolCommand) Run(c *call) error {
	ways := 0
	for _, each := range []bool{e.TOTP, e.Challenge != "", e.SecurityKey != "" || e.Attestation != ""} {
		if each {
			ways++
		}
	}
	switch {
	case ways == 0:
		return failf(exitUsage, "missing flags: --totp, or --challenge=FILE, or --security-key=FILE").or("a passkey is made in a browser: open the address that you were given")
	case ways > 1:
		return failf(exitUsage, "--totp, --challenge and --security-key do not go together").or("have the challenge written, make the key under it with ssh-keygen, and then offer it")
	case (e.SecurityKey == "") != (e.Attestation == ""):
		return failf(exitUsage, "--security-key and --attestation go together").or("a key that nobody attests comes in by cell.yaml: halligan change propose --files")
	}
	given, err := e.files()
	if err != nil {
		return err
	}
	m, err := c.reader(e.profileFlags)
	if err != nil {
		return err
	}
	address, err := c.line("Address of the invitation: ")
	if err != nil {
		return err
	}
	code, err := invitationCode(address)
	switch {
	case err != nil:
		return err
	case e.Challenge != "":
		return e.challenge(m, code)
	case e.SecurityKey != "":
		return given.offer(m, code)
	}
	return e.device(m, code)
}

// device makes a code device.
func (e enrolCommand) device(m *member, code canon.Key32) error {
	c := m.c
	made, err := m.way.client.EnrolDevice(c.ctx, code)
	if err != nil {
		return err
	}
	c.showSecret(made)
	for tries := 1; ; tries++ {
		digits, err := c.digits("Code that the app shows now: ", nil)
		if err != nil {
			return err
		}
		offer, err := m.way.client.ConfirmDevice(c.ctx, code, made, digits)
		if refusedFor(err, client.ReasonCodeWrong) || refusedFor(err, client.ReasonCodeUsed) {
			if tries < 3 {
				c.tell("%s; try the next one.", err)
				continue
			}
		}
		if err != nil {
			return err
		}
		if err := keepDevice(m.way.profile, made.Key); err != nil {
			return err
		}
		return c.answer(enrolled{offer.Person, made.Key, offer.Fingerprint, offer.Words}, func() {
			c.say("It is made, and counts for nothing yet. Read these four words to whoever invited you, in a voice that they know:\n\n    %s\n", strings.Join(offer.Words, " "))
			c.say("Its line, for totp: of %s in cell.yaml:\n\n    %s", offer.Person, made.Key)
		})
	}
}

// showSecret shows what the app needs, to whoever sits there and this once.
func (c *call) showSecret(made client.Device) {
	if drawn, err := pictured(made.Link); err == nil && c.live {
		_, _ = io.WriteString(c.rawErr, drawn) // colours and blocks, and nothing that anybody wrote
	}
	c.tell("%s", made.Link)
	c.tell("Scan the picture with an app on your phone, or type this secret into it: %s", spaced(made.Secret))
	c.tell("It is shown only now. Whoever has it can make your codes.")
}

// spaced is a secret in groups of four, as people type it.
func spaced(secret string) string {
	var s strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			s.WriteByte(' ')
		}
		s.WriteRune(r)
	}
	return s.String()
}

// line asks for one line at the terminal, or takes the next one of stdin.
func (c *call) line(prompt string) (string, error) {
	if c.asks {
		return c.ask(prompt)
	}
	text, err := c.in.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", because(exitInternal, err, "cannot read stdin")
	}
	return strings.TrimSpace(text), nil
}
