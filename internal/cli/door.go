package cli

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/server"
)

// anchorFile is what halligan init seal leaves in a cell's folder.
const anchorFile = "anchor.json"

// unsealed tells whether a folder holds a cell that was begun and not sealed. One
// that has a ledger and lost its anchor is sealed: nobody is to found it again.
func unsealed(folder string, settings config.Server) bool {
	absent := func(path string) bool {
		_, err := os.Stat(path)
		return errors.Is(err, fs.ErrNotExist)
	}
	return !absent(filepath.Join(folder, config.CellFile)) && absent(filepath.Join(folder, anchorFile)) && absent(server.StorePath(settings.DataFolder))
}

// door lets founders join until the cell is sealed.
func (c *serveCommand) door(on *call, settings config.Server, log *slog.Logger) error {
	bundle, _, err := compile(c.Folder)
	if err != nil {
		return err
	}
	kept := server.FoundingsOf(c.Folder)
	door := &server.Door{
		Settings: settings, Kept: kept, Told: on.say, Log: log,
		Compile: func() (config.Bundle, error) {
			b, _, err := compile(c.Folder)
			return b, err
		},
		Sealed: func() bool {
			_, err := anchorOf(c.Folder)
			return err == nil
		},
	}
	key, err := door.ServerKey()
	if err != nil {
		return because(exitUsage, err, "cannot serve %s", c.Folder)
	}
	missing, err := kept.Missing(&bundle)
	if err != nil {
		return because(exitUsage, err, "").or("halligan join, or halligan init sign, signs again")
	}
	at, err := door.Listen()
	if err != nil {
		return notServed(because(exitInternal, err, "cannot serve %s", c.Folder))
	}
	url := "https://" + at
	if host, port, err := net.SplitHostPort(at); err == nil && !net.ParseIP(host).IsLoopback() {
		url = "https://" + net.JoinHostPort(bundle.Genesis.Origin, port)
	}
	words := client.JoinWords(bundle.Genesis.Origin, key)
	on.say("%s is not sealed: waiting for its founders at %s", bundle.Genesis.Origin, url)
	on.say("Words: %s", strings.Join(words[:], " "))
	on.say("Read them to each founder, who runs on their own machine:")
	on.say("  halligan join %s --as ID --key FILE", url)
	on.say("%s Then, here:  halligan init seal %s", server.StillMissing(missing), shellQuoted(c.Folder))
	return door.Serve(on.ctx)
}
