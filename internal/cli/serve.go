package cli

import (
	"log/slog"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

type serveCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
	Level  string `name:"log" default:"info" enum:"debug,info,warn,error" help:"The least level that is logged."`
}

// Help is shown by --help.
func (c *serveCommand) Help() string {
	return `Runs a sealed cell until it is interrupted. Listens on loopback unless server.yaml
says otherwise. Logs go to stderr, one JSON object a line.

  halligan serve /srv/halligan`
}

// Run serves.
func (c *serveCommand) Run(on *call) error {
	settings, problems, err := config.LoadServer(filepath.Join(c.Folder, config.ServerFile))
	if err != nil {
		return broken(err)
	}
	for _, problem := range problems {
		on.tell("%s", problem)
	}
	data, err := os.ReadFile(filepath.Join(c.Folder, "anchor.json"))
	if err != nil {
		return because(exitUsage, err, "cannot serve %s: it is not sealed", c.Folder).or("halligan init seal begins its ledger")
	}
	anchor, err := ledger.DecodeAnchor(data)
	if err != nil {
		return because(exitUsage, err, "cannot use anchor.json")
	}
	if err := c.unchanged(anchor); err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return because(exitUsage, err, "cannot use --log %s", c.Level)
	}
	s, err := server.Open(on.ctx, server.Options{
		Settings: settings, Anchor: anchor, Version: version,
		Log: slog.New(slog.NewJSONHandler(on.err, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		return because(exitInternal, err, "cannot serve %s", c.Folder)
	}
	web, metrics := s.Addresses()
	on.say("serving %s at https://%s, metrics at http://%s", anchor.Origin, web, metrics)
	return s.Serve(on.ctx)
}

// unchanged refuses to serve files that are not what the founders signed: what
// people read must be what the rules decide by.
func (c *serveCommand) unchanged(anchor ledger.Anchor) error {
	bundle, _, err := compile(c.Folder)
	if err != nil {
		return err
	}
	if ledger.Hash(bundle.Digest()) != anchor.Genesis {
		return failf(exitUsage, "cannot serve %s: its files are not what the founders signed: they give genesis %s, the anchor says %s", c.Folder, bundle.Digest(), anchor.Genesis).
			or("bring the files back to what was signed; changes of people are made by halligan change")
	}
	return nil
}
