package main

import (
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
		err = errors.New("prove-fork wants --anchor, and no other option but --json")
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
	report, err := verify.Fork(anchor, data)
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
