package cli

import (
	"errors"

	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

type envelopeInspectCommand struct {
	Name    string `arg:"" complete:"envelopes" help:"The envelope of which you hold a share."`
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
		return because(exitRefused, err, "").or("have it sealed again: halligan envelope seal %s", e.Name)
	}
	if err != nil {
		return because(exitUnverified, err, "cannot prove that you hold your share")
	}
	return nil
}
