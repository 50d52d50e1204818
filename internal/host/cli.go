package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The exit codes of Main.
const (
	exitOK     = 0
	exitFailed = 1 // the command failed, or a check found something wrong
	exitUsage  = 2
)

// surface is the command line.
type surface struct {
	Init       initCmd       `cmd:"" help:"Make the report key and the configuration, and print what sshd and cell.yaml need."`
	Run        runCmd        `cmd:"" help:"Keep the list current, end sessions on it, report. Runs until told to stop."`
	Once       onceCmd       `cmd:"" help:"Do one round of what run does."`
	Sessions   sessionsCmd   `cmd:"" help:"List logins by certificate that have a process left."`
	Check      checkCmd      `cmd:"" help:"Say whether sshd will obey the list, and whether there is another way in."`
	Principals principalsCmd `cmd:"" help:"For sshd's AuthorizedPrincipalsCommand: record the login, print the user's principals."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// surroundings are what every command works with.
type surroundings struct {
	ctx         context.Context
	out, errOut io.Writer
}

func (s *surroundings) json(v any) error {
	if err := json.MarshalWrite(s.out, v, jsontext.WithIndent("  ")); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.out)
	return err
}

// errFound: a command has already said on its output what is wrong.
var errFound = errors.New("something is wrong")

// Main runs the program and returns its exit code.
func Main(ctx context.Context, args []string, out, errOut io.Writer) int {
	if !supported {
		fmt.Fprintln(errOut, "error: cannot run here: halligan-host works on Linux only")
		return exitFailed
	}
	helped := false
	parser, err := kong.New(new(surface), kong.Name("halligan-host"), kong.Writers(out, errOut),
		kong.Description("Keeps a host's SSH revocation list current and ends the sessions of grants that are over."),
		kong.Exit(func(int) { helped = true }), kong.Vars{"config": DefaultConfig})
	if err != nil {
		fmt.Fprintln(errOut, "error:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(errOut, "error: %v\nhint: halligan-host --help\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := parsed.Run(&surroundings{ctx, out, errOut}); {
	case err == nil:
		return exitOK
	case errors.Is(err, errFound):
		return exitFailed
	default:
		text := err.Error()
		fmt.Fprintln(errOut, "error:", strings.ReplaceAll(text, "\n", "; "))
		if absent := (*unread)(nil); errors.As(err, &absent) {
			fmt.Fprintln(errOut, "hint: halligan-host init writes it, as root; one that is elsewhere is named with --config")
		} else if errors.Is(err, ErrConfig) {
			fmt.Fprintln(errOut, "hint: mend what stands there, or move the file away and have halligan-host init write it again")
		}
		return exitFailed
	}
}
