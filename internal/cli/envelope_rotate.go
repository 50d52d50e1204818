package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/statement"
)

type envelopeRotateCommand struct {
	Name        string `arg:"" help:"The envelope whose secret was changed, or is to be."`
	NewAccepted bool   `help:"You saw that the secret of the newest sealing works." xor:"how"`
	OldRefused  bool   `help:"You saw that the secret before it works no more."`
	With        string `help:"Have it changed by this program: make a new secret, seal it, wait for the custodians, run the program with the secret on its stdin, and sign." placeholder:"PROGRAM" xor:"how"`
	Note        string `help:"How you saw it. Recorded with your signature." placeholder:"TEXT"`
	Yes         bool   `help:"Do not ask again before signing."`
	sealFlags
	memberFlags
}

// Help is the long help of `envelope rotate`.
func (envelopeRotateCommand) Help() string {
	return `Rotating has four steps: seal the new secret (halligan envelope seal), have as many custodians as open it show that they can (halligan envelope inspect), change the secret where it counts, and sign here what you saw. An envelope that was opened is broken until then, and every lease that got shares of it stays closing.

With --with all four are one command, and nobody sees the secret: 43 random characters are made here and sealed; when as many custodians as open it have shown, by your own replay of the ledger, that they can, PROGRAM is started. It reads the new secret from its stdin, has HALLIGAN_ENVELOPE and HALLIGAN_SERIAL beside your environment, and ten minutes. It must change the secret where it counts, and end with 0 only if the new one was accepted and the old one refused: that is what you sign. --custodian, --threshold and --to are as in halligan envelope seal.

Examples:

    halligan envelope rotate prod-root --new-accepted --old-refused
    halligan envelope rotate prod-root --new-accepted --old-refused --note "logged in on the console with the new one"
    halligan envelope rotate prod-root --with ./set-root-password`
}

const (
	activateLongest = 10 * time.Minute // for the program that changes a secret
	shownEvery      = 2 * time.Second  // how often it is asked whether custodians have shown
)

// Run rotates.
func (r envelopeRotateCommand) Run(c *call) error {
	if r.With == "" && (!r.NewAccepted || !r.OldRefused) {
		return failf(exitUsage, "a rotation is signed on what you saw: the new secret accepted, and the old one refused").
			or("try both where they count, then add --new-accepted --old-refused; or have a program do it: --with PROGRAM")
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
	m.c.tell("Sealed as serial %d. Waiting until %d custodians have run: halligan envelope inspect %s", plan.Serial, plan.Threshold, plan.Envelope)
	if err := m.shown(plan); err != nil {
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

// shown waits until as many custodians as open a sealing have shown that they
// can. The server is asked whether to look; what counts is the proof.
func (m *member) shown(plan *sealPlan) error {
	for {
		list, err := readAs[envelopeList](m, "envelopes")
		if err != nil {
			return err
		}
		for _, v := range list.Envelopes {
			if v.Name != plan.Envelope || v.Next == nil || v.Next.Shown < plan.Threshold {
				continue
			}
			p, err := m.provedCell()
			if err != nil {
				return err
			}
			held := p.world.Envelopes[plan.Envelope]
			if held.Next == nil || held.Next.Serial != plan.Serial {
				return failf(exitRefused, "another sealing of envelope %s took the place of serial %d; nothing was changed", plan.Envelope, plan.Serial).
					or("halligan envelope show %s tells whose", plan.Envelope)
			}
			if held.Next.Shown() >= plan.Threshold {
				return nil
			}
		}
		select {
		case <-m.c.ctx.Done():
			return m.c.ctx.Err()
		case <-time.After(shownEvery):
		}
	}
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
