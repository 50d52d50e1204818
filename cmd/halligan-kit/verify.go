package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

// pinLimit is the length in bytes of the longest anchor or checkpoint file.
const pinLimit = 64 << 10

// verifyArgs is the command line of verify.
type verifyArgs struct {
	path, anchor, seen, words string
	evidence                  string // of prove-fork
	json                      bool
}

func runVerify(ctx context.Context, args []string, out, errOut io.Writer) int {
	a, err := parseVerify(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return exitGood
	}
	if err == nil && a.evidence != "" {
		err = errors.New("verify takes no --evidence: PATH is the evidence")
	}
	if err != nil {
		complain(errOut, err, seeHelp)
		return exitUsage
	}
	anchor, opts, err := a.pins()
	if err != nil {
		complain(errOut, err, "an anchor is what halligan init seal wrote; a checkpoint is what /ledger/checkpoint answered when you kept it")
		return exitUsage
	}
	report, err := verify.Path(ctx, a.path, anchor, opts)
	switch {
	case errors.Is(err, context.Canceled):
		complain(errOut, errors.New("interrupted; nothing is known of the evidence"), "let it run to its end")
		return exitRefused
	case err != nil:
		complain(errOut, fmt.Errorf("cannot read the evidence: %w", err), "name what halligan evidence wrote: a file, or with --all a folder")
		return exitUsage
	}
	if err := a.print(report, out); err != nil {
		complain(errOut, err, "halligan-kit verify without --words lists the requests that the evidence is of")
		return max(code(report), exitRefused)
	}
	return code(report)
}

// code is the exit code of a verdict.
func code(report *verify.Report) int {
	switch report.Verdict {
	case verify.Verified:
		return exitGood
	case verify.SelfConsistent:
		return exitConsistent
	}
	return exitRefused
}

// parseVerify takes options before and after the path.
func parseVerify(args []string) (verifyArgs, error) {
	var a verifyArgs
	flags := flag.NewFlagSet("verify", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&a.anchor, "anchor", "", "")
	flags.StringVar(&a.seen, "seen", "", "")
	flags.StringVar(&a.words, "words", "", "")
	flags.StringVar(&a.evidence, "evidence", "", "")
	flags.BoolVar(&a.json, "json", false, "")
	for {
		if err := flags.Parse(args); err != nil {
			return a, err
		}
		if flags.NArg() == 0 {
			break
		}
		if a.path != "" {
			return a, fmt.Errorf("one PATH is taken, not also %q", flags.Arg(0))
		}
		a.path, args = flags.Arg(0), flags.Args()[1:]
	}
	switch {
	case a.path == "":
		return a, errors.New("no PATH is named")
	case a.json && a.words != "":
		return a, errors.New("--json and --words do not go together")
	}
	return a, nil
}

// pins reads what the reader pinned.
func (a verifyArgs) pins() (anchor ledger.Anchor, opts verify.Options, err error) {
	if a.anchor != "" {
		data, err := verify.ReadLimited(a.anchor, pinLimit)
		if err != nil {
			return anchor, opts, fmt.Errorf("cannot read the anchor: %w", err)
		}
		if anchor, err = ledger.DecodeAnchor(data); err != nil {
			return anchor, opts, fmt.Errorf("cannot use the anchor %s: %w", a.anchor, err)
		}
	}
	if a.seen == "" {
		return anchor, opts, nil
	}
	if a.anchor == "" {
		return anchor, opts, errors.New("--seen needs --anchor: without its keys nobody knows whose checkpoint that is")
	}
	data, err := verify.ReadLimited(a.seen, pinLimit)
	if err != nil {
		return anchor, opts, fmt.Errorf("cannot read the checkpoint that was seen: %w", err)
	}
	if err = opts.See(anchor, data); err != nil {
		return anchor, opts, fmt.Errorf("cannot use the checkpoint %s: %w", a.seen, err)
	}
	return anchor, opts, nil
}

func (a verifyArgs) print(report *verify.Report, out io.Writer) error {
	switch {
	case a.words != "" && report.Verdict != verify.Refused:
		words, err := report.Words(a.words)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, strings.Join(words[:], " "))
		return err
	case a.json:
		return printJSON(out, report)
	}
	_, err := io.WriteString(out, report.Text())
	return err
}

func printJSON(out io.Writer, report any) error {
	data, err := json.Marshal(report, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s\n", data)
	return err
}
