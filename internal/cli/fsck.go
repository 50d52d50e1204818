package cli

import (
	"errors"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

type fsckCommand struct {
	Folder  string `arg:"" optional:"" default:"." help:"Where the cell lives."`
	Rebuild bool   `help:"Write everything that the ledger gives anew."`
}

// Help is shown by --help.
func (c *fsckCommand) Help() string {
	return `Replays the ledger of a stopped server and compares everything else in the
database with what the ledger gives: snapshots, tasks, tiles, the signed head.
With --rebuild it writes these anew; the ledger itself is never changed. Exit code 6 says that they differ.

Examples:

    halligan fsck /srv/halligan
    halligan fsck --rebuild /srv/halligan`
}

// Run checks.
func (c *fsckCommand) Run(on *call) error {
	settings, _, err := config.LoadServer(filepath.Join(c.Folder, config.ServerFile))
	if err != nil {
		return broken(err)
	}
	anchor, err := anchorOf(c.Folder)
	if err != nil {
		return err
	}
	var keys *server.Keys
	if c.Rebuild {
		if keys, err = server.OpenKeys(settings.KeysFolder); err != nil {
			return because(exitUsage, err, "cannot rebuild")
		}
	}
	store, err := server.StandingStore(settings.DataFolder)
	if err != nil {
		f := because(exitUsage, err, "cannot check %s", c.Folder)
		if errors.Is(err, server.ErrLocked) {
			return f.or("stop the server first")
		}
		return f
	}
	defer store.Close()
	defer on.busy("replaying the ledger")()
	found, err := server.Check(on.ctx, server.Checked{Store: store, Anchor: anchor, HighWater: settings.HighWater}, keys)
	if err != nil {
		return because(exitInternal, err, "cannot check %s", c.Folder)
	}
	if err := on.answer(found, func() { sayFsck(on, found) }); err != nil {
		return err
	}
	if !found.Sound() && !found.Rebuilt {
		return failf(exitUnverified, "the database is not what its ledger gives").or("halligan fsck --rebuild mends what is derived; an entry itself is mended by nothing but an older copy")
	}
	return nil
}

func sayFsck(on *call, found server.Fsck) {
	for _, fault := range found.Faults {
		on.say("%s %s", fault.Where, fault.Detail)
	}
	switch {
	case found.Rebuilt:
		on.say("rebuilt from %d entries", found.Entries)
	case found.Sound():
		on.say("sound: %d entries, and everything kept is what they give", found.Entries)
	}
}
