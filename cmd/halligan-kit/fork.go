package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

// runFork checks a kept fork.
func runFork(args []string, out, errOut io.Writer) int {
	a, err := parseVerify(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(out, usage)
		return exitGood
	}
	if err == nil && (a.anchor == "" || a.seen != "" || a.words != "") {
		err = errors.New("prove-fork wants --anchor, and no other option but --json and --evidence")
	}
	if err != nil {
		complain(errOut, err, seeHelp)
		return exitUsage
	}
	anchor, _, err := a.pins()
	if err != nil {
		complain(errOut, err, "an anchor is what halligan init seal wrote")
		return exitUsage
	}
	data, err := verify.ReadLimited(a.path, ledger.ReceiptMost)
	if err != nil {
		complain(errOut, fmt.Errorf("cannot read the fork: %w", err), "name the file that the machine of whoever saw it kept")
		return exitUsage
	}
	if a.evidence != "" {
		shown, err := verify.Path(context.Background(), a.evidence, anchor, verify.Options{})
		if err == nil && !shown.Good() {
			err = shown.Faults[0]
		}
		if err != nil {
			complain(errOut, fmt.Errorf("cannot use the evidence: %w", err), "name evidence of the cell, a file or a folder, that verifies from your anchor")
			return exitRefused
		}
		anchor.Successors = shown.Successors()
	}
	report, err := verify.Fork(anchor, data)
	if ledger.UnknownKey(err) && a.evidence == "" {
		complain(errOut, fmt.Errorf("%s proves nothing by the keys of your anchor: %w", a.path, err), "the ledger's key may have been exchanged: name evidence of the cell that shows it, with --evidence")
		return exitRefused
	}
	if err != nil {
		complain(errOut, fmt.Errorf("%s proves nothing: %w", a.path, err), "name the file that the machine of whoever saw it kept, as it was")
		return exitRefused
	}
	if a.json {
		err = printJSON(out, report)
	} else {
		_, err = io.WriteString(out, report.Text())
	}
	switch {
	case err != nil:
		complain(errOut, err, seeHelp)
		return exitRefused
	case !report.Proved:
		complain(errOut, fmt.Errorf("%s proves nothing by itself: %w", a.path, ledger.ErrNotShown), "keep it, and demand the proof from whoever runs the ledger")
		return exitRefused
	}
	return exitGood
}
