package cli

import (
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/server"
)

type initProfilesCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
	URL    string `placeholder:"URL" help:"What people's profiles call the server. Default: what they call it already."`
}

// Help is shown by --help.
func (c *initProfilesCommand) Help() string {
	return `Writes a profile for each person of cell.yaml, with the anchor that the founders
signed: for people whom a change added. The profiles of everybody else stay what they are.

Examples:

    halligan init profiles /srv/halligan`
}

// Run writes.
func (c *initProfilesCommand) Run(on *call) error {
	anchor, err := anchorOf(c.Folder)
	if err != nil {
		return err
	}
	bundle, settings, err := compile(c.Folder)
	if err != nil {
		return err
	}
	profiles := filepath.Join(c.Folder, "profiles")
	url := urlOf(c.URL, profiles, &bundle)
	if err := (server.Handout{Folder: profiles, URL: url, Anchor: anchor}).Write(settings, &bundle); err != nil {
		return err
	}
	return on.answer(map[string]any{"folder": profiles, "url": url}, func() {
		on.say("wrote profiles/ for %s: give each person theirs; they are not secret", url)
	})
}
