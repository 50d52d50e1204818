package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// The exit codes of every command.
const (
	exitGood       = 0 // verified from an anchor, a fork proved, combined, signed or opened
	exitRefused    = 1 // the evidence, a fork, a share or a signature is refused, or the check was interrupted
	exitUsage      = 2 // the command line, or a file that it names, cannot be used
	exitConsistent = 3 // the evidence agrees with itself, and nothing was pinned: not success
)

const usage = `halligan-kit: act and check with no server at all

  halligan-kit verify PATH --anchor FILE [--seen FILE] [--json] [--words ID]
  halligan-kit prove-fork FILE --anchor FILE [--evidence PATH] [--json]
  halligan-kit combine DESCRIPTION SHARE SHARE…

With the server down, to open an envelope, on a file that is handed on:

  halligan-kit request SCENARIO --why TEXT --output FILE [--only ENVELOPE,…]
               [--severity SEV] [--for TIME] [--incident ID] [--keys FILE]
  halligan-kit show FILE…
  halligan-kit approve FILE… --check HOW [--note TEXT] [--output FILE] [--yes]
  halligan-kit deny FILE… --check HOW [--note TEXT] [--output FILE] [--yes]
  halligan-kit share FILE… --envelope FOLDER [--identity FILE] [--only ENVELOPE]
               [--output FILE] [--yes]
  halligan-kit open FILE… --envelope FOLDER [--keys FILE] [--only ENVELOPE]
               [--output FILE]

PATH is a folder that holds a whole log, or a file of partial evidence.

  --anchor FILE  what you pinned: origin, genesis digest, ledger keys. Without
                 it the verdict is "self-consistent" at best, which is not success.
  --seen FILE    a signed checkpoint that you kept: the log must extend it
  --json         print the whole report as JSON
  --words ID     print the confirmation words of a request instead of the report

prove-fork checks what a person's machine kept when a ledger did not go on from
what it had seen: two signed checkpoints that contradict each other.

Each of those that act with the server down wants your own --anchor FILE and
--evidence PATH (what halligan evidence --cell wrote, or a whole log), and to sign
a --key: a private key file, or the .pub file or SHA256: fingerprint of a key that
ssh-agent holds; HALLIGAN_KEY names it too. The same rules hold as with a server,
the quorum is the whole one, and nobody is ever let in alone. Each FILE is of one
request; copies that were signed apart are taken together. When the server answers
again, anyone of the cell carries it back: halligan reconcile FILE.

DESCRIPTION is of an envelope, as halligan envelope export wrote it. A SHARE is
a file: what age -d gave of a custodian's share, or its 34 words. What is printed
is the key of the envelope's content, for age -d -i.

Examples:

  halligan-kit verify request.json --anchor anchor.json
  halligan-kit verify ledger/ --anchor anchor.json --seen checkpoint --json
  halligan-kit verify request.json --anchor anchor.json --words 5f0c1a2b
  halligan-kit prove-fork fork.json --anchor anchor.json
  halligan-kit combine description.json ben.share cara.words > key.txt
  halligan-kit approve ask.json --anchor anchor.json --evidence cell.json --key ~/.ssh/id_ed25519 --check call-back

Exit codes: 0 verified, proved, combined, signed or opened, 1 refused, 2 usage, 3 self-consistent only.
`

// complain says what cannot be done, and what to do about it.
func complain(to io.Writer, err error, hint string) {
	fmt.Fprintf(to, "error: %v\nhint: %s\n", err, hint)
}

const seeHelp = "halligan-kit help shows how it is used"

// streams is what a command reads and writes.
type streams struct {
	in          io.Reader
	out, errOut io.Writer
}

// run does one command and gives the exit code.
func run(ctx context.Context, args []string, s streams) int {
	out, errOut := s.out, s.errOut
	if len(args) == 0 {
		complain(errOut, errors.New("there is no command"), seeHelp)
		return exitUsage
	}
	if command, ok := offlineCommands[args[0]]; ok {
		return (&kit{ctx: ctx, streams: s, now: time.Now}).act(command, args[1:])
	}
	switch args[0] {
	case "verify":
		return runVerify(ctx, args[1:], out, errOut)
	case "prove-fork":
		return runFork(args[1:], out, errOut)
	case "combine":
		return runCombine(args[1:], out, errOut)
	case "help", "-h", "--help":
		fmt.Fprint(out, usage)
		return exitGood
	}
	complain(errOut, fmt.Errorf("%q is not a command", args[0]), seeHelp)
	return exitUsage
}
