package cli

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

type serveCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the cell lives."`
	Level  string `name:"log" default:"info" enum:"debug,info,warn,error" help:"The least level that is logged: debug, info, warn or error."`
}

// Help is shown by --help.
func (c *serveCommand) Help() string {
	return `Runs a cell until it is interrupted. Listens on loopback unless server.yaml
says otherwise. Logs go to stderr, one JSON object a line.

Before the cell is sealed it prints four words, waits for the founders, who run
halligan join on their own machines, and keeps their signatures. When halligan init
seal has sealed the cell, it goes on by itself.

Examples:

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
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return because(exitUsage, err, "cannot use --log %s", c.Level)
	}
	log := slog.New(slog.NewJSONHandler(on.err, &slog.HandlerOptions{Level: level}))
	if unsealed(c.Folder, settings) {
		if err := c.door(on, settings, log); err != nil {
			return err
		}
	}
	anchor, err := anchorOf(c.Folder)
	if err != nil {
		return err
	}
	files := sync.OnceValues(func() (config.Bundle, error) {
		bundle, _, err := compile(c.Folder)
		return bundle, err
	})
	go files() // while the cell is opened, which asks for them at its end
	s, err := server.Open(on.ctx, server.Options{
		Settings: settings, Anchor: anchor, Version: version, Log: log,
		Agree: func(in server.InForce) error {
			bundle, err := files()
			if err != nil {
				return err
			}
			return c.agree(on, bundle)(in)
		},
	})
	if _, broken := files(); broken != nil {
		return broken
	}
	var disagrees *failure
	if errors.As(err, &disagrees) {
		return disagrees
	}
	if err != nil {
		return notServed(because(exitInternal, err, "cannot serve %s", c.Folder))
	}
	web, metrics := s.Addresses()
	on.say("serving %s at https://%s, metrics at http://%s", anchor.Origin, web, metrics)
	return s.Serve(on.ctx)
}

// notServed adds what to do about what keeps a server from starting.
func notServed(f *failure) error {
	switch {
	case errors.Is(f, server.ErrLocked):
		return f.or("another halligan runs on this folder: stop it first")
	case errors.Is(f, server.ErrOther):
		f.code = exitUsage
		return f.or("bring anchor.json back: it is what halligan init seal wrote, and everybody's profile holds it")
	case errors.Is(f, server.ErrKeyMissing):
		f.code = exitUsage
		return f.or("bring the file back from where you keep copies of the server's keys, mode 0600; what is left where there is no copy: docs/howto/rotate-the-ledger-key.md")
	case listening(f):
		f.code = exitUsage
		return f.or("end what listens there already, or write an address of this machine with a free port above 1023 into listen, or metrics_listen, of " + config.ServerFile)
	case errors.Is(f, server.ErrOlder):
		return f.or("bring the newer copy of the data back, and leave the mark alone: docs/howto/recover-from-a-crash.md")
	}
	return f
}

// listening tells whether it is that an address cannot be listened at.
func listening(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "listen"
}

// anchorOf reads the anchor that sealing left in a cell's folder.
func anchorOf(folder string) (ledger.Anchor, error) {
	data, err := os.ReadFile(filepath.Join(folder, anchorFile))
	if err != nil {
		if _, missing := os.Stat(filepath.Join(folder, config.CellFile)); missing != nil {
			return ledger.Anchor{}, because(exitUsage, missing, "%s is not a cell's folder", folder).or("name the folder that halligan init wrote cell.yaml to")
		}
		return ledger.Anchor{}, because(exitUsage, err, "%s is not sealed", folder).or("halligan init seal begins its ledger")
	}
	anchor, err := ledger.DecodeAnchor(data)
	if err != nil {
		return anchor, because(exitUsage, err, "cannot use anchor.json").or("halligan init seal writes it again")
	}
	return anchor, nil
}

// agree refuses to serve files that are not what the ledger says is in force:
// what people read must be what the rules decide by. Files that were in force
// before are served, and told: the machine was not updated yet, and must start.
func (c *serveCommand) agree(on *call, bundle config.Bundle) func(server.InForce) error {
	return func(in server.InForce) error {
		files, err := bundle.Under(in.Genesis.Rules)
		if err != nil || files.Digest() == in.Document {
			return err
		}
		former, err := in.Former()
		switch {
		case err != nil:
			return err
		case slices.Contains(former, files.Digest()):
			on.tell("the files in %s say document %s, which was in force before; the rules decide by %s, as the change quorum agreed. Put the amended files there.",
				c.Folder, files.Digest().Short(), in.Document.Short())
			return nil
		case len(former) == 0:
			return failf(exitUsage, "cannot serve %s: its files are not what the founders signed: they give genesis %s, the ledger says %s", c.Folder, files.Digest(), in.Document).
				or("bring the files back to what was signed; changes are made by halligan change propose --files")
		}
		return failf(exitUsage, "cannot serve %s: its files are not the document in force: they give %s, the ledger says %s", c.Folder, files.Digest(), in.Document).
			or("put the files there that the change quorum agreed to; other changes are made by halligan change propose --files")
	}
}
