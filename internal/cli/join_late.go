package cli

import (
	"path/filepath"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
)

// joinWords are the words for somebody who joins, as JSON.
type joinWords struct {
	Cell  string `json:"cell"`
	URL   string `json:"url"`
	Words string `json:"words"`
}

// readOut shows the words of what this machine pins, for somebody who joins.
func (j joinCommand) readOut(c *call) error {
	_, profile, err := loadProfile(j.profileFlags)
	if err != nil {
		return err
	}
	words, err := client.AnchorWords(profile.Anchor, profile.ServerKey)
	if err != nil {
		return because(exitUsage, err, "cannot work out the words")
	}
	out := joinWords{Cell: profile.Anchor.Origin, URL: profile.URL, Words: strings.Join(words[:], " ")}
	return c.answer(out, func() {
		c.say("Words: %s", out.Words)
		c.say("Read them to whoever joins %s, in a voice that they know. They run on their own machine:", out.Cell)
		c.say("  halligan join %s --as ID --key FILE", out.URL)
	})
}

// late joins a cell that is sealed. What the words vouched for is taken for the
// anchor, and the cell is proved from it before anything is written: an anchor
// that the ledger does not lead to is of no use, nor one of a cell that does not
// know this key.
func (j joinCommand) late(c *call, profile client.Profile, signer client.Signer) error {
	if err := newProfile(j.Profile, profile); err != nil {
		return err
	}
	m, err := c.member(profile, signer)
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	if err := j.write(c, profile); err != nil {
		return err
	}
	if _, err := m.founding(); err != nil {
		c.tell("No copy of the scenarios could be kept: %v", err)
	}
	return c.answer(joined{Genesis: canon.Digest(profile.Anchor.Genesis), Profile: filepath.Clean(j.Profile)}, func() {
		c.say("%s is proved from this anchor up to entry %d: genesis %s, document %s.", profile.Anchor.Origin, p.checkpoint.Size-1, profile.Anchor.Genesis, p.world.Document.Short())
		c.say("Next: halligan status")
	})
}
