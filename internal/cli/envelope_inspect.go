package cli

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

type envelopeInspectCommand struct {
	Name    string `arg:"" help:"The envelope of which you hold a share."`
	Serial  int64  `help:"Which sealing. Default: the newest." placeholder:"N"`
	Bag     string `help:"Number of the bag that you saw. A printed share may lie in one, too." placeholder:"BAG"`
	Place   string `help:"Where the bag lies, such as hq/safe-2." placeholder:"PLACE"`
	Damaged bool   `help:"The bag, or your share, is damaged, opened or lost: fresh content is owed from then on."`
	custodianFlags
}

// Help is the long help of `envelope inspect`.
func (envelopeInspectCommand) Help() string {
	return `For a digital envelope your share is opened on this machine, checked against what was sealed, and a proof that only whoever opened it can work out is signed; nothing of the share leaves. A sealing can be put in force only when as many custodians as open it have done so. For a physical envelope you say what you saw.

Examples:

    halligan envelope inspect prod-root
    halligan envelope inspect prod-root --identity ~/.config/halligan/custodian.txt
    halligan envelope inspect safe-key --bag B-0017 --place hq/safe-2
    halligan envelope inspect safe-key --bag B-0017 --damaged`
}

// Run inspects.
func (i envelopeInspectCommand) Run(c *call) error {
	m, err := c.open(i.memberFlags)
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	e, err := m.envelopeOf(p, i.Name)
	if err != nil {
		return err
	}
	of, err := e.serial(i.Serial)
	if err != nil {
		return err
	}
	holder, err := e.mine(of)
	if err != nil {
		return err
	}
	body := &statement.Inspect{Envelope: e.Name, Serial: of.Serial, Bag: i.Bag, Place: i.Place, Damaged: i.Damaged}
	switch {
	case of.Physical && i.Bag == "":
		return failf(exitUsage, "envelope %s lies in bags: say which you saw", e.Name).or("halligan envelope inspect %s --bag BAG --place PLACE", e.Name)
	case !of.Physical && !i.Damaged:
		if err := i.prove(e, of, holder, body); err != nil {
			return err
		}
	}
	a, err := m.submit(body, nil)
	if err != nil {
		return err
	}
	return m.recorded(sealed{e.Name, of.Serial, a.Entry}, "Inspected "+serialText(e.Name, of.Serial), "")
}

// prove opens the share and adds the proof that is owed.
func (i envelopeInspectCommand) prove(e envelope, of *custody.Sealing, holder *custody.Holder, body *statement.Inspect) error {
	_, share, err := e.share(of, i.Identity)
	if err != nil {
		return err
	}
	defer share.Wipe()
	body.Proof, err = share.Prove(holder.Proof)
	if errors.Is(err, seal.ErrProofsUsed) {
		return because(exitRefused, err, "")
	}
	if err != nil {
		return because(exitUnverified, err, "cannot prove that you hold your share")
	}
	return nil
}

type envelopeRotateCommand struct {
	Name        string `arg:"" help:"The envelope whose secret was changed."`
	NewAccepted bool   `help:"You saw that the secret of the newest sealing works."`
	OldRefused  bool   `help:"You saw that the secret before it works no more."`
	Note        string `help:"How you saw it. Recorded with your signature." placeholder:"TEXT"`
	Yes         bool   `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `envelope rotate`.
func (envelopeRotateCommand) Help() string {
	return `Rotating has four steps: seal the new secret (halligan envelope seal), have as many custodians as open it show that they can (halligan envelope inspect), change the secret where it counts, and sign here what you saw. An envelope that was opened is broken until then, and every lease that got shares of it stays closing.

Examples:

    halligan envelope rotate prod-root --new-accepted --old-refused
    halligan envelope rotate prod-root --new-accepted --old-refused --note "logged in on the console with the new one"`
}

// Run rotates.
func (r envelopeRotateCommand) Run(c *call) error {
	if !r.NewAccepted || !r.OldRefused {
		return failf(exitUsage, "a rotation is signed on what you saw: the new secret accepted, and the old one refused").
			or("try both where they count, then add --new-accepted --old-refused")
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
	if e.Next == nil {
		return failf(exitRefused, "envelope %s has no newer sealing than %d, which is in force", e.Name, e.Current.Serial).
			or("seal the new secret first: halligan envelope seal %s", e.Name)
	}
	body.Serial = e.Next.Serial
	c.toPeople(fmt.Sprintf("Your signature, as %s, says: the secret of %s was seen to be accepted, and the one of serial %d to be refused.\n",
		m.person(), serialText(e.Name, e.Next.Serial), e.Current.Serial))
	if err := c.confirm(r.Yes, "rotate"); err != nil {
		return err
	}
	a, err := m.submit(body, texts)
	if err != nil {
		return err
	}
	return m.recorded(sealed{e.Name, body.Serial, a.Entry}, "Rotated: "+serialText(e.Name, body.Serial)+" is in force", "")
}
