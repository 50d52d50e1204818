package main

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// The exit codes of every command.
const (
	exitGood       = 0 // verified from an anchor, a fork proved, or combined
	exitRefused    = 1 // the evidence, a fork or a share is refused, or the check was interrupted
	exitUsage      = 2 // the command line, or a file that it names, cannot be used
	exitConsistent = 3 // the evidence agrees with itself, and nothing was pinned: not success
)

const usage = `halligan-kit: act and check with no server at all

  halligan-kit verify PATH --anchor FILE [--seen FILE] [--json] [--words ID]
  halligan-kit prove-fork FILE --anchor FILE [--json]
  halligan-kit combine DESCRIPTION SHARE SHARE…

PATH is a folder that holds a whole log, or a file of partial evidence.

  --anchor FILE  what you pinned: origin, genesis digest, ledger keys. Without
                 it the verdict is "self-consistent" at best, which is not success.
  --seen FILE    a signed checkpoint that you kept: the log must extend it
  --json         print the whole report as JSON
  --words ID     print the confirmation words of a request instead of the report

prove-fork checks what a person's machine kept when a ledger did not go on from
what it had seen: two signed checkpoints that contradict each other.

DESCRIPTION is of an envelope, as halligan envelope export wrote it. A SHARE is
a file: what age -d gave of a custodian's share, or its 34 words. What is printed
is the key of the envelope's content, for age -d -i.

Examples:

  halligan-kit verify request.json --anchor anchor.json
  halligan-kit verify ledger/ --anchor anchor.json --seen checkpoint --json
  halligan-kit verify request.json --anchor anchor.json --words 5f0c1a2b
  halligan-kit prove-fork fork.json --anchor anchor.json
  halligan-kit combine description.json ben.share cara.words > key.txt

Exit codes: 0 verified, proved or combined, 1 refused, 2 usage, 3 self-consistent only.
`

// complain says what cannot be done, and what to do about it.
func complain(to io.Writer, err error, hint string) {
	fmt.Fprintf(to, "error: %v\nhint: %s\n", err, hint)
}

const seeHelp = "halligan-kit help shows how it is used"

// run does one command and gives the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	if len(args) == 0 {
		complain(errOut, errors.New("there is no command"), seeHelp)
		return exitUsage
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
