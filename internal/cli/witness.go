package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
)

// witnessCommand is a witness for others' ledgers.
type witnessCommand struct {
	Init  witnessInitCommand  `cmd:"" help:"Make a new witness: its key, its memory, its file."`
	Serve witnessServeCommand `cmd:"" help:"Cosign what goes on from what was cosigned before."`
}

type witnessInitCommand struct {
	Folder string `arg:"" help:"Where the witness lives; must not exist."`
	Name   string `required:"" placeholder:"NAME" help:"The witness's name in its key, by custom its address without https://, such as witness.example.net/halligan."`
}

// Help is shown by --help.
func (witnessInitCommand) Help() string {
	return `Makes a folder with witness.key, memory/ and witness.yaml, and prints the public
key that cells name in their cell.yaml. Add the logs to witness.yaml, then run
halligan witness serve. The memory and the key belong together: a witness whose
memory was lost, or brought back from an older copy, must not go on under its key.

Examples:

    halligan witness init /srv/witness --name witness.example.net/halligan`
}

// witnessFileText is the witness.yaml of a new witness.
const witnessFileText = `# The logs that this witness cosigns for.
listen: %s
logs: []
#  - origin: halligan.example.com
#    keys: [ledger_keys of its anchor.json]
`

const witnessKeyFile = "witness.key"

// Run makes the folder.
func (w *witnessInitCommand) Run(c *call) error {
	skey, vkey, err := ledger.GenerateWitnessKey(rand.Reader, w.Name)
	if err != nil {
		return because(exitUsage, err, "cannot use this name").or("choose visible characters without spaces and '+', such as witness.example.net/halligan")
	}
	if err := os.Mkdir(w.Folder, 0o700); err != nil {
		return because(exitUsage, err, "cannot begin a witness").or("name a folder that does not exist, in one that does")
	}
	if err := server.MakeWitness(filepath.Join(w.Folder, "memory")); err != nil {
		return because(exitInternal, err, "cannot begin a witness").or("take %s away, and run it again", w.Folder)
	}
	for name, text := range map[string]string{
		witnessKeyFile: skey + "\n", config.WitnessFile: fmt.Sprintf(witnessFileText, config.WitnessListenDefault),
	} {
		if err := writeFile(filepath.Join(w.Folder, name), []byte(text)); err != nil {
			return err
		}
	}
	return c.answer(map[string]string{"key": vkey, "name": w.Name}, func() {
		c.say("%s", vkey)
		c.tell("cells name this key in cell.yaml; add their logs to %s", filepath.Join(w.Folder, config.WitnessFile))
	})
}

// brokenWitness says what is wrong with the file of a witness, which lint does not read.
func brokenWitness(folder string, of *config.BrokenError) error {
	i := slices.IndexFunc(of.Problems, func(p config.Problem) bool { return p.Severity == config.Error })
	first := of.Problems[i]
	if first.Line == 0 {
		return failf(exitUsage, "cannot use %s: %s", filepath.Join(folder, first.File), first.What).or("name the folder that halligan witness init made")
	}
	return failf(exitUsage, "cannot use %s:%d:%d: %s", filepath.Join(folder, first.File), first.Line, first.Column, first.What).or("%s", first.Mend)
}

type witnessServeCommand struct {
	Folder string `arg:"" optional:"" default:"." help:"Where the witness lives."`
	Level  string `name:"log" default:"info" enum:"debug,info,warn,error" help:"The least level that is logged: debug, info, warn or error."`
}

// Help is shown by --help.
func (witnessServeCommand) Help() string {
	return `Answers add-checkpoint of C2SP tlog-witness for the logs of witness.yaml, until it
is interrupted. Listens on loopback unless witness.yaml says otherwise, and without
TLS. Logs go to stderr, one JSON object a line.

Examples:

    halligan witness serve /srv/witness`
}

// Run serves.
func (w *witnessServeCommand) Run(c *call) (err error) {
	settings, err := config.LoadWitness(filepath.Join(w.Folder, config.WitnessFile))
	var problems *config.BrokenError
	if errors.As(err, &problems) {
		return brokenWitness(w.Folder, problems)
	}
	if err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(w.Level)); err != nil {
		return because(exitUsage, err, "cannot use --log %s", w.Level)
	}
	running, err := server.OpenWitness(settings, c.now, slog.New(slog.NewJSONHandler(c.err, &slog.HandlerOptions{Level: level})))
	if err != nil {
		return because(exitUsage, err, "cannot serve the witness")
	}
	defer func() { err = errors.Join(err, running.Close()) }()
	listener, err := net.Listen("tcp", settings.Listen)
	if err != nil {
		return because(exitUsage, err, "cannot listen").or("end what listens there already, or write an address of this machine with a free port into listen of %s", config.WitnessFile)
	}
	c.say("witness %s at http://%s, %s", running.Name(), listener.Addr(), count(len(settings.Logs), "log"))
	return running.Serve(c.ctx, listener)
}
