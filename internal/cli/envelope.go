package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/view"
)

// envelopeCommand is about sealed credentials.
type envelopeCommand struct {
	List     envelopeListCommand     `cmd:"" help:"List the envelopes, where each stands and what is owed."`
	Show     envelopeShowCommand     `cmd:"" help:"Show one envelope: state, custodians, threshold, bags."`
	Seal     envelopeSealCommand     `cmd:"" help:"Encrypt a secret on this machine for its custodians, and record that."`
	Open     envelopeOpenCommand     `cmd:"" help:"Put the shares that your request got together, and print the secret."`
	Print    envelopePrintCommand    `cmd:"" help:"Print your share as a page with a QR code and words, or as words, for a sealed bag."`
	Export   envelopeExportCommand   `cmd:"" help:"Write the encrypted files of an envelope, to open it by hand when Halligan is down."`
	Inspect  envelopeInspectCommand  `cmd:"" help:"Prove that you can open your share, or say what you saw of its bag."`
	Identity envelopeIdentityCommand `cmd:"" help:"Make an age identity to hold shares with, and a signed card of it for whoever seals."`
	Rotate   envelopeRotateCommand   `cmd:"" help:"Sign that the secret was changed: the newest sealing is in force."`
}

type envelopeList struct {
	Envelopes []view.Envelope `json:"envelopes"`
}

type envelopeListCommand struct{ memberFlags }

// Help is the long help of `envelope list`.
func (envelopeListCommand) Help() string {
	return `Sealed: only its custodians together can know the secret. Opening: shares were given, fewer than open it. Broken: somebody may know it, until it is rotated. Due: fresh content is owed, because a custodian left, a key was removed, a bag is damaged or its time is over.

Examples:

    halligan envelope list
    halligan envelope list --json`
}

// Run lists.
func (l envelopeListCommand) Run(c *call) error {
	m, err := c.open(l.memberFlags)
	if err != nil {
		return err
	}
	return show(m, "envelopes", envelopesSheet)
}

func envelopesSheet(list envelopeList) string {
	s := new(sheet)
	for _, e := range list.Envelopes {
		s.say("%s  %s", e.Name, sentence(e.Known))
	}
	if len(list.Envelopes) == 0 {
		s.say("No scenario opens an envelope.")
	}
	return s.String()
}

type envelopeShowCommand struct {
	Name string `arg:"" complete:"envelopes" help:"The envelope: halligan envelope list names them."`
	memberFlags
}

// Help is the long help of `envelope show`.
func (envelopeShowCommand) Help() string {
	return `Where the bags of a physical envelope lie is shown to security, to those who seal it, and to each custodian of their own.

Examples:

    halligan envelope show prod-root
    halligan envelope show prod-root --json`
}

// Run shows.
func (s envelopeShowCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	list, err := readAs[envelopeList](m, "envelopes")
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list.Envelopes, func(e view.Envelope) bool { return e.Name == s.Name })
	if at < 0 {
		return failf(exitNotFound, "the cell has no envelope %q", s.Name).or("halligan envelope list shows them")
	}
	now := canon.At(c.now())
	return c.answer(list.Envelopes[at], func() { c.print(envelopeSheet(list.Envelopes[at], now)) })
}

func envelopeSheet(e view.Envelope, now canon.Time) string {
	s := new(sheet)
	s.say("%s  %s", e.Name, sentence(e.Known))
	kind := "digital"
	if e.Physical {
		kind = "physical, in numbered bags"
	}
	s.say("It is %s. Scenarios that open it: %s; they demand %d shares at least.", kind, both(e.Scenarios), e.Threshold)
	s.say("Custodians are of the group %s; members of %s seal and rotate it.", e.Custodians, e.SealedBy)
	if e.Contents != "" {
		s.say("In it is %s: halligan envelope rotate %s --aws changes it.", e.Contents, e.Name)
	}
	if e.Honey {
		s.say("It is honey: nobody has a reason to open it, and whoever tries is alarmed about at once.")
	}
	s.sealing("In force:", e.Current, now)
	s.sealing("Waiting to be put in force:", e.Next, now)
	return s.String()
}

func (s *sheet) sealing(heading string, of *view.Sealing, now canon.Time) {
	if of == nil {
		return
	}
	s.say("%s serial %d, sealed by %s at %s; any %d of these open it:", heading, of.Serial, of.By, clock(of.At, now), of.Threshold)
	for _, h := range of.Holders {
		s.say("  - %s", holderText(h, now))
	}
}

func holderText(h custody.Holder, now canon.Time) string {
	text := []string{h.Custodian}
	if h.Bag != "" {
		text = append(text, "bag "+h.Bag)
	}
	if h.Place != "" {
		text = append(text, "at "+h.Place)
	}
	switch {
	case !h.Proved.IsZero():
		text = append(text, "showed at "+clock(h.Proved, now)+" that they can open their share")
	case !h.Seen.IsZero():
		text = append(text, "saw the bag whole at "+clock(h.Seen, now))
	case !h.Sealed.IsZero():
		text = append(text, "has not shown yet that they can open their share")
	default:
		text = append(text, "nobody has looked after it since")
	}
	return strings.Join(text, ", ")
}

// sealed is what became of a statement about an envelope, as JSON.
type sealed struct {
	Envelope string `json:"envelope"`
	Serial   int64  `json:"serial"`
	Entry    int64  `json:"entry"`
}

// recorded says what a statement about an envelope became, and what comes next.
func (m *member) recorded(of sealed, did, next string) error {
	return m.c.answer(of, func() {
		m.c.say("%s and recorded as entry %d.", did, of.Entry)
		if next != "" {
			m.c.say("%s", next)
		}
	})
}

// serialText is "prod-root, serial 2".
func serialText(name string, serial int64) string { return fmt.Sprintf("%s, serial %d", name, serial) }
