package cli

import (
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

type ledgerProveForkCommand struct {
	File   string `arg:"" help:"What a command kept when the server's ledger did not go on from what it had seen."`
	Anchor string `required:"" help:"What you pinned: origin, genesis digest, ledger keys." placeholder:"FILE"`

	Evidence string `help:"Evidence of the cell, a file or a folder: it shows which keys came after those that you pinned." placeholder:"PATH"`
}

// Help is the long help of `ledger prove-fork`.
func (ledgerProveForkCommand) Help() string {
	return `Two checkpoints of one ledger, signed with its own key, that cannot both be true convict whoever held that key, before anybody who pins it. It needs no server; halligan-kit prove-fork does the same.

Examples:

    halligan ledger prove-fork fork-503c4b05eba6128c-ed28b026228fcb72.json --anchor anchor.json
    halligan ledger prove-fork fork-503c4b05eba6128c-ed28b026228fcb72.json --anchor anchor.json --evidence /backup/ledger`
}

// Run checks a fork; done is that it is proved.
func (f ledgerProveForkCommand) Run(c *call) error {
	anchor, _, err := verifyCommand{Anchor: f.Anchor}.pins()
	if err != nil {
		return err
	}
	data, err := verify.ReadLimited(f.File, ledger.ReceiptMost)
	if err != nil {
		return because(exitUsage, err, "cannot read the fork")
	}
	if f.Evidence != "" {
		shown, err := verifyCommand{Evidence: f.Evidence}.examine(c, anchor, verify.Options{Now: canon.At(c.now())})
		if err != nil {
			return err
		}
		if err := judged(shown); err != nil {
			return err
		}
		anchor.Successors = shown.Successors()
	}
	report, err := verify.Fork(anchor, data)
	if ledger.UnknownKey(err) && f.Evidence == "" {
		return because(exitUnverified, err, "%s proves nothing by the keys of your anchor", f.File).
			or("the ledger's key may have been exchanged: name evidence of the cell that shows it, with --evidence")
	}
	if err != nil {
		return because(exitUnverified, err, "%s proves nothing", f.File)
	}
	if err := c.answer(report, func() { c.print(report.Text()) }); err != nil {
		return err
	}
	if !report.Proved {
		return because(exitUnverified, ledger.ErrNotShown, "%s proves nothing by itself", f.File).
			or("keep it: a longer ledger of the same server may show it, with halligan ledger receipts --check")
	}
	return nil
}
