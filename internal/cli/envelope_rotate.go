package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/rotation"
	"github.com/halligan-dev/halligan/internal/statement"
)

type envelopeRotateCommand struct {
	Name        string   `arg:"" complete:"envelopes" help:"The envelope whose secret was changed, or is to be."`
	NewAccepted bool     `help:"You saw that the secret of the newest sealing works." xor:"how"`
	OldRefused  bool     `help:"You saw that the secret before it works no more."`
	With        string   `help:"Have it changed by this program: make a new secret, seal it, wait for the custodians, run the program with the secret on its stdin, and sign." placeholder:"PROGRAM"`
	AWS         bool     `name:"aws" help:"Have it changed in AWS, with your own credentials there: what it is stands under contents in the scenarios that open it." xor:"how"`
	RemoveStray []string `help:"With --aws: a key, or a version that is pending, that no rotation made and that may be removed; once for each." placeholder:"ID"`
	Note        string   `help:"How you saw it. Recorded with your signature." placeholder:"TEXT"`
	Yes         bool     `help:"Do not ask again before signing."`
	sealFlags
	memberFlags
}

// Help is the long help of `envelope rotate`.
func (envelopeRotateCommand) Help() string {
	return `Rotating has four steps: seal the new secret (halligan envelope seal), have as many custodians as open it show that they can (halligan envelope inspect), change the secret where it counts, and sign here what you saw. An envelope that was opened is broken until then, and every lease that got shares of it stays closing.

With --with all four are one command, and nobody sees the secret: 43 random characters are made here and sealed; when as many custodians as open it have shown, by your own replay of the ledger, that they can, PROGRAM is started. It reads the new secret from its stdin, has HALLIGAN_ENVELOPE and HALLIGAN_SERIAL beside your environment, and ten minutes. It must change the secret where it counts, and end with 0 only if the new one was accepted and the old one refused: that is what you sign. --custodian, --threshold and --to are as in halligan envelope seal.

With --aws what lies in it is changed in AWS, as contents of the scenarios says: the access key or console password of an IAM user, or the value of a secret of Secrets Manager. Credentials are found as AWS's own programs find them (AWS_PROFILE, the environment, the machine). What is new is sealed before it is worth anything, and what is old ends when as many custodians as open the new have shown that they can. It may end anywhere, and goes on when it is run again on this machine. A key that no rotation made is named, and nothing is done before you say which may go. For a secret, --with names a program that sets the new value where it counts before it is the current one.

Examples:

    halligan envelope rotate prod-root --new-accepted --old-refused
    halligan envelope rotate prod-root --new-accepted --old-refused --note "logged in on the console with the new one"
    halligan envelope rotate prod-root --with ./set-root-password
    AWS_PROFILE=rotate halligan envelope rotate prod-key --aws
    halligan envelope rotate prod-key --aws --remove-stray AKIAIOSFODNN7EXAMPLE`
}

const (
	activateLongest = 10 * time.Minute // for the program that changes a secret
	shownEvery      = 2 * time.Second  // how often it is asked whether custodians have shown
)

// Run rotates.
func (r envelopeRotateCommand) Run(c *call) error {
	if err := r.how(); err != nil {
		return err
	}
	body := &statement.Rotate{Envelope: r.Name, New: statement.SeenAccepted, Old: statement.SeenRefused}
	var texts []client.Noted
	if r.Note != "" {
		note, text, err := c.note(r.Note, "--note")
		if err != nil {
			return err
		}
		body.Note, texts = &note, []client.Noted{text}
	}
	m, err := c.open(r.memberFlags)
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	if r.AWS {
		return r.inAWS(m, p, body, texts)
	}
	e, err := m.envelopeOf(p, r.Name)
	if err != nil {
		return err
	}
	if r.With != "" {
		err = r.change(m, p, body)
	} else {
		err = r.agree(e, body)
	}
	if err != nil {
		return err
	}
	a, err := m.submit(body, texts)
	if err != nil {
		return err
	}
	return m.recorded(sealed{e.Name, body.Serial, a.Entry}, "Rotated: "+serialText(e.Name, body.Serial)+" is in force", "")
}

// how checks that one way to rotate is chosen, and all that it needs.
func (r envelopeRotateCommand) how() error {
	seen := r.NewAccepted || r.OldRefused
	switch {
	case seen && (r.With != "" || r.AWS):
		return failf(exitUsage, "--new-accepted and --old-refused are for a secret that you changed yourself: they do not go with --with and --aws").
			or("leave those two out, and --with PROGRAM or --aws has it changed; or leave that out, and sign what you saw")
	case len(r.RemoveStray) > 0 && !r.AWS:
		return failf(exitUsage, "--remove-stray is for --aws: AWS names what no rotation made").
			or("halligan envelope rotate %s --aws --remove-stray %s", r.Name, strings.Join(r.RemoveStray, " --remove-stray "))
	case r.With == "" && !r.AWS && (!r.NewAccepted || !r.OldRefused):
		return failf(exitUsage, "a rotation is signed on what you saw: the new secret accepted, and the old one refused").
			or("try both where they count, then add --new-accepted --old-refused; or have it done: --with PROGRAM, or --aws")
	}
	return nil
}

// agree says what is about to be signed of a secret that a person changed.
func (r envelopeRotateCommand) agree(e envelope, body *statement.Rotate) error {
	if e.Next == nil {
		return failf(exitRefused, "envelope %s has no newer sealing than %d, which is in force", e.Name, e.Current.Serial).
			or("seal the new secret first: halligan envelope seal %s", e.Name)
	}
	body.Serial = e.Next.Serial
	e.m.c.toPeople(fmt.Sprintf("Your signature, as %s, says: the secret of %s was seen to be accepted, and the one of serial %d to be refused.\n",
		e.m.person(), serialText(e.Name, e.Next.Serial), e.Current.Serial))
	return e.m.c.confirm(r.Yes, "rotate")
}

// change seals a new secret that nobody sees, and has a program put it where it
// counts. What if we crash here: before the program ran nothing has changed, and
// the sealing waits; afterwards the custodians can open what was sealed.
func (r envelopeRotateCommand) change(m *member, p *proof, body *statement.Rotate) error {
	if _, err := exec.LookPath(r.With); err != nil {
		return because(exitUsage, err, "cannot use --with").or("name a program that is there and may be started, such as ./set-root-password")
	}
	plan, err := r.plan(p, r.Name)
	if err != nil {
		return err
	}
	if plan.Physical {
		return failf(exitUsage, "envelope %s lies in bags: no program can change what is in them", r.Name)
	}
	body.Serial = plan.Serial
	m.c.toPeople(plan.sheet(m.person()))
	m.c.toPeople(fmt.Sprintf("Then %s changes the secret, and your signature says that it saw the new one accepted and the old one refused.\n", r.With))
	if err := m.c.confirm(r.Yes, "rotate"); err != nil {
		return err
	}
	secret := randomSecret()
	defer clear(secret)
	of := &statement.Seal{Envelope: plan.Envelope, Serial: plan.Serial, Threshold: plan.Threshold}
	files, err := fill(p.world.Name, plan, of, secret)
	if err != nil {
		return err
	}
	if _, err := m.send(order{body: of, files: files}); err != nil {
		return err
	}
	m.c.tell("Sealed as serial %d.", plan.Serial)
	switch err := m.shown(plan.Envelope, rotation.Sealing{Serial: plan.Serial, Content: of.Content.Digest}); {
	case errors.Is(err, rotation.ErrSuperseded):
		return because(exitRefused, err, "nothing was changed: of serial %d of envelope %s", plan.Serial, plan.Envelope).
			or("halligan envelope show %s tells whose", plan.Envelope)
	case err != nil:
		return err
	}
	return m.c.activate(r.With, plan, secret)
}

func randomSecret() []byte {
	var raw [32]byte
	defer clear(raw[:])
	_, _ = rand.Read(raw[:]) // never fails
	return base64.RawURLEncoding.AppendEncode(nil, raw[:])
}

// activate gives the secret of a recorded sealing to the program that changes it
// where it counts.
func (c *call) activate(program string, plan *sealPlan, secret []byte) error {
	ctx, cancel := context.WithTimeout(c.ctx, activateLongest)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "HALLIGAN_ENVELOPE="+plan.Envelope, fmt.Sprintf("HALLIGAN_SERIAL=%d", plan.Serial))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(secret), c.err, c.err
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		return because(exitInternal, err, "%s failed, and whether the secret was changed to the one of %s is not known; nothing was signed", program, serialText(plan.Envelope, plan.Serial)).
			or("see where it counts. If it was changed: halligan envelope rotate %s --new-accepted --old-refused; if not, run the same again", plan.Envelope)
	}
	return nil
}
