package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/verify"
)

type restoreCommand struct {
	File      string `arg:"" help:"What halligan backup wrote."`
	Identity  string `required:"" help:"The age identity or SSH key that opens it." placeholder:"FILE"`
	Anchor    string `required:"" help:"The anchor that you pinned; the one inside is not believed." placeholder:"FILE"`
	To        string `required:"" help:"The cell's folder; it must not be there." placeholder:"FOLDER"`
	HighWater string `help:"The high-water mark of the server that was lost. Needed unless --dry-run." placeholder:"FILE"`
	DryRun    bool   `help:"Decrypt and verify beside the folder, tell, and leave nothing."`
}

// Help is shown by --help.
func (c *restoreCommand) Help() string {
	return `Decrypts beside the folder, replays the whole ledger from your anchor, compares it
with the high-water mark, and only then puts the folder in place. A backup that
is behind the mark is refused: going on from it would sign a second history.
The server's private keys are not in a backup: put them back yourself.

Examples:

    halligan restore monday.age --identity key.txt --anchor anchor.json --to /srv/halligan --dry-run
    halligan restore monday.age --identity key.txt --anchor anchor.json --to /srv/halligan --high-water /var/lib/halligan/high-water`
}

// Run restores.
func (c *restoreCommand) Run(on *call) error {
	if c.HighWater == "" && !c.DryRun {
		return failf(exitUsage, "cannot restore without --high-water: nothing else shows that the backup is not older than what was signed").
			or("--dry-run verifies a backup without the mark; if the mark is lost, keep the backup as evidence and found a new cell")
	}
	if c.HighWater != "" {
		if _, err := os.Stat(c.HighWater); err != nil { // a mark that is not there must not count as none
			return because(exitUsage, err, "cannot read the high-water mark")
		}
	}
	if _, err := os.Lstat(c.To); !errors.Is(err, fs.ErrNotExist) {
		return failf(exitUsage, "cannot restore to %s: it is there already", c.To).or("move it away; nothing is overwritten")
	}
	anchor, _, err := verifyCommand{Anchor: c.Anchor}.pins()
	if err != nil {
		return err
	}
	done, err := c.restore(on, anchor)
	var known *failure
	if errors.As(err, &known) {
		return known
	}
	if err != nil {
		return because(exitInternal, err, "cannot restore %s", c.File)
	}
	return on.answer(done, func() {
		on.say("verified from your anchor: %d entries, root %s", done.Entries, done.Root)
		if done.Folder != "" {
			on.say("restored to %s; put the server's private keys back before you serve it", done.Folder)
		}
	})
}

func (c *restoreCommand) restore(on *call, anchor ledger.Anchor) (done backedUp, err error) {
	staging, err := os.MkdirTemp(filepath.Dir(filepath.Clean(c.To)), ".halligan-restore-")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	if err := c.unpack(staging); err != nil {
		return done, err
	}
	settings, _, err := config.LoadServer(filepath.Join(staging, config.ServerFile))
	if err != nil {
		return done, err
	}
	inside, err := anchorOf(staging)
	if err != nil {
		return done, err
	}
	if inside.Origin != anchor.Origin || inside.Genesis != anchor.Genesis {
		return done, failf(exitUnverified, "the backup is of another cell than your anchor names")
	}
	absolute, err := filepath.Abs(staging)
	if err != nil {
		return done, err
	}
	if data, err := filepath.Rel(absolute, settings.DataFolder); err != nil || !filepath.IsLocal(data) {
		return done, failf(exitUnverified, "the backup keeps its data outside of its folder")
	}
	if _, err := os.Stat(filepath.Join(settings.DataFolder, "cell.db")); err != nil {
		return done, failf(exitUnverified, "the backup has no database where its server.yaml says")
	}
	done, err = examine(on, settings.DataFolder, server.Checked{Anchor: anchor, HighWater: c.HighWater})
	if err != nil || c.DryRun {
		return done, err
	}
	if err := c.bringMark(absolute, settings.HighWater); err != nil {
		return done, err
	}
	done.Folder = c.To
	return done, os.Rename(staging, c.To)
}

func (c *restoreCommand) unpack(folder string) (err error) {
	data, err := verify.ReadLimited(c.Identity, pinLimit)
	if err != nil {
		return because(exitUsage, err, "cannot read the identity")
	}
	defer clear(data)
	identities, err := seal.ParseIdentities(data, nil)
	if err != nil {
		return because(exitUsage, err, "cannot use the identity %s", c.Identity)
	}
	in, err := os.Open(c.File)
	if err != nil {
		return because(exitUsage, err, "cannot read the backup")
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := server.Unpack(in, folder, identities...); err != nil {
		return because(exitUnverified, err, "cannot open %s", c.File).or("name the file of halligan backup, and a key that it was encrypted to")
	}
	return nil
}

// bringMark puts the mark where the restored server looks for it. One that lies
// outside of the folder must be there already, and be the one that was compared.
func (c *restoreCommand) bringMark(folder, place string) error {
	mark, err := os.ReadFile(c.HighWater)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(folder, place); err == nil && filepath.IsLocal(inside) {
		return os.WriteFile(place, mark, 0o600)
	}
	there, err := os.ReadFile(place)
	if err != nil || !bytes.Equal(there, mark) {
		return failf(exitUsage, "cannot restore: its server.yaml keeps the mark in %s, and that is not the mark you named", place).or("put the mark there first, and name it")
	}
	return nil
}
