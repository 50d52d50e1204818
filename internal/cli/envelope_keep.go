package cli

import (
	"fmt"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

type envelopePrintCommand struct {
	Name   string `arg:"" complete:"envelopes" help:"The envelope of which you hold a share."`
	Serial int64  `help:"Which sealing. Default: the newest." placeholder:"N"`
	Output string `short:"o" help:"File to write the page to (PDF), for you alone to read; it must not be there yet." placeholder:"FILE" xor:"how"`
	Words  bool   `help:"Print the share as 34 words instead, to be written down by hand." xor:"how"`
	custodianFlags
}

// Help is the long help of `envelope print`.
func (envelopePrintCommand) Help() string {
	return `Your share is opened on this machine and drawn on one page: as a QR code, and as 34 words that can be read out and typed. Whoever reads the page holds the share: print it where nobody looks over your shoulder, delete the file, put the page into a numbered bag, and say which with halligan envelope inspect NAME --bag BAG --place PLACE. When the envelope is rotated, destroy the page.

Examples:

    halligan envelope print prod-root --output share.pdf
    halligan envelope print prod-root --words`
}

// printedShare is a share that was printed, as JSON. It holds nothing of it.
type printedShare struct {
	Envelope string `json:"envelope"`
	Serial   int64  `json:"serial"`
	Index    int    `json:"index"`
	File     string `json:"file"`
}

// Run prints.
func (p envelopePrintCommand) Run(c *call) error {
	if !p.Words && p.Output == "" {
		return failf(exitUsage, "say how: --output FILE for a page, or --words")
	}
	if p.Words && c.flags.JSON {
		return failf(exitUsage, "--words are for people: they do not go with --json")
	}
	m, err := c.open(p.memberFlags)
	if err != nil {
		return err
	}
	known, err := m.provedCell()
	if err != nil {
		return err
	}
	e, err := m.envelopeOf(known, p.Name)
	if err != nil {
		return err
	}
	of, err := e.serial(p.Serial)
	if err != nil {
		return err
	}
	d, share, err := e.share(of, p.Identity)
	if err != nil {
		return err
	}
	defer share.Wipe()
	if p.Words {
		return printWords(c, d, share)
	}
	page, err := d.Print(share, statement.WordList(), canon.At(c.now()))
	if err != nil {
		return because(exitInternal, err, "cannot draw the page")
	}
	defer clear(page)
	if err := writeNew(p.Output, page); err != nil {
		return err
	}
	return c.answer(printedShare{e.Name, of.Serial, share.Index, p.Output}, func() {
		c.say("Share %d of %s is on the page %s. Print it, and delete the file.", share.Index, serialText(e.Name, of.Serial), p.Output)
	})
}

// printWords gives a share in numbered words. What is beside them goes to stderr,
// so that a pipe gets the share alone.
func printWords(c *call, d *seal.Description, share seal.Share) error {
	words, err := share.Words(statement.WordList())
	if err != nil {
		return because(exitInternal, err, "cannot spell the share")
	}
	c.tell("Share %d of %s, sealing %s. Whoever has these words holds it.", share.Index, d.SerialText(), d.Fingerprint())
	const across = 4
	for i := 0; i < len(words); i += across {
		c.say("%s", strings.Join(words[i:min(i+across, len(words))], " "))
	}
	return nil
}

type envelopeExportCommand struct {
	Name   string `arg:"" complete:"envelopes" help:"The envelope."`
	Serial int64  `help:"Which sealing. Default: the one in force." placeholder:"N"`
	Output string `short:"o" required:"" help:"Folder to write; it must not be there yet." placeholder:"FOLDER"`
	memberFlags
}

// Help is the long help of `envelope export`.
func (envelopeExportCommand) Help() string {
	return `It writes description.json, content.age and a file for each custodian's share, all as they were sealed: encrypted, and checked from your anchor. Keep copies where you could get at them with Halligan down; with those, age and halligan-kit, as many custodians as open it can do so by hand. Export again after each rotation.

Examples:

    halligan envelope export prod-root --output ./prod-root`
}

// exported is what was written, as JSON.
type exported struct {
	Envelope string   `json:"envelope"`
	Serial   int64    `json:"serial"`
	Folder   string   `json:"folder"`
	Files    []string `json:"files"`
}

// Run writes.
func (x envelopeExportCommand) Run(c *call) error {
	m, err := c.open(x.memberFlags)
	if err != nil {
		return err
	}
	p, err := m.provedCell()
	if err != nil {
		return err
	}
	e, err := m.envelopeOf(p, x.Name)
	if err != nil {
		return err
	}
	of := e.Current
	if x.Serial != 0 {
		if of, err = e.serial(x.Serial); err != nil {
			return err
		}
	}
	d, err := e.description(of)
	if err != nil {
		return err
	}
	out := exported{Envelope: e.Name, Serial: of.Serial, Folder: x.Output}
	keep := func(name string, data []byte, err error) error {
		if err == nil {
			out.Files = append(out.Files, name)
			err = newFolder(x.Output).WriteFile(name, data)
		}
		return err
	}
	if err := keep("description.json", d.Encode(), nil); err != nil {
		return err
	}
	content, err := m.file(d.Content.Digest)
	if err := keep("content.age", content, err); err != nil {
		return err
	}
	for _, s := range d.Shares {
		file, err := m.file(s.Sealed.Digest)
		if err := keep(fmt.Sprintf("share-%d-%s.age", s.Index, s.Custodian), file, err); err != nil {
			return err
		}
	}
	return c.answer(out, func() {
		c.say("Wrote %s: %s, as it was sealed; %s.", out.Folder, serialText(e.Name, of.Serial), both(out.Files))
	})
}
