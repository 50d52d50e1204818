package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

// pinLimit is the length in bytes of the longest anchor or checkpoint file.
const pinLimit = 64 << 10

type verifyCommand struct {
	Evidence string `arg:"" name:"path-or-url" help:"Folder with a whole log, file with partial evidence, or the https URL of the profile's server, which HALLIGAN_PROFILE and HALLIGAN_KEY name."`
	Anchor   string `help:"What you pinned: origin, genesis digest, ledger keys. Never take it from the evidence." placeholder:"FILE"`
	Seen     string `help:"A signed checkpoint that you kept: the log must extend it." placeholder:"FILE"`
	Words    string `help:"Print the confirmation words of a request instead of the report." placeholder:"ID"`
}

// Help is the long help of `verify`.
func (verifyCommand) Help() string {
	return `It ties every byte to a checkpoint that a pinned key signed, checks every signature, replays every entry through the rules and demands the same bytes, and says for each grant what that rests on. Without --anchor it can say at best "self-consistent only", which is not success. Exit code 6 says that it does not verify, or was checked without an anchor.

Examples:

    halligan verify ./evidence --anchor anchor.json
    halligan verify request.json --anchor anchor.json --seen checkpoint
    halligan verify https://halligan.example.com:8443 --anchor anchor.json
    halligan verify ./evidence --anchor anchor.json --words 5f0c1a2b`
}

// Run verifies evidence.
func (v verifyCommand) Run(c *call) error {
	if v.Words != "" && c.flags.JSON {
		return failf(exitUsage, "--json and --words do not go together")
	}
	anchor, opts, err := v.pins()
	if err != nil {
		return err
	}
	opts.Now = canon.At(c.now())
	if c.live && !c.flags.JSON {
		opts.Progress = func(done, of int64) { c.tell("%d of %d entries", done, of) }
	}
	report, err := v.examine(c, anchor, opts)
	switch {
	case errors.Is(err, context.Canceled):
		return failf(exitInterrupted, "interrupted; nothing is known of the evidence")
	case err != nil:
		return err
	}
	if err := v.print(c, report); err != nil {
		return err
	}
	return judged(report)
}

// examine verifies what the argument names.
func (v verifyCommand) examine(c *call, anchor ledger.Anchor, opts verify.Options) (*verify.Report, error) {
	if strings.HasPrefix(v.Evidence, "https://") {
		source, err := c.remote(v.Evidence)
		if err != nil {
			return nil, err
		}
		if _, err := source.ReadFile(ledger.CheckpointPath); err != nil {
			return nil, err // not reached is not refused
		}
		return verify.Log(c.ctx, source, anchor, opts)
	}
	if strings.Contains(v.Evidence, "://") {
		return nil, failf(exitUsage, "cannot read evidence from %s", v.Evidence).or("a server's ledger is read by the https:// URL of the profile's server alone")
	}
	report, err := verify.Path(c.ctx, v.Evidence, anchor, opts)
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, because(exitUsage, err, "cannot read the evidence").or("name a folder that holds a whole log, or a file that `halligan evidence` wrote")
	}
	return report, err
}

// judged is the failure of a report that is not success.
func judged(report *verify.Report) error {
	switch report.Verdict {
	case verify.Verified:
		return nil
	case verify.SelfConsistent:
		return failf(exitUnverified, "the evidence agrees with itself, and nothing was pinned: that proves nothing").
			or("pin the cell's anchor with --anchor; its digest is printed when the cell is sealed")
	}
	f := failf(exitUnverified, "the evidence is refused: %s", report.Faults[0].Error())
	if class := report.Faults[0].Class; class == ledger.ClassCheckpointMissing || class == ledger.ClassEncoding {
		return f.or("name what halligan evidence wrote; if this is it, rely on nothing in it, keep it, and tell security")
	}
	return f.or("rely on nothing in it, keep it, and tell security")
}

// pins reads what the reader pinned.
func (v verifyCommand) pins() (anchor ledger.Anchor, opts verify.Options, err error) {
	if v.Anchor != "" {
		data, err := verify.ReadLimited(v.Anchor, pinLimit)
		if err != nil {
			return anchor, opts, because(exitUsage, err, "cannot read the anchor").or("name the anchor.json that you keep; halligan init seal wrote the first")
		}
		if anchor, err = ledger.DecodeAnchor(bytes.TrimSpace(data)); err != nil { // it may have been copied by hand
			return anchor, opts, because(exitUsage, err, "cannot use the anchor %s", v.Anchor).or("an anchor is the anchor.json that halligan init seal wrote, as it was")
		}
	}
	if v.Seen == "" {
		return anchor, opts, nil
	}
	if v.Anchor == "" {
		return anchor, opts, failf(exitUsage, "--seen needs --anchor: without its keys nobody knows whose checkpoint that is")
	}
	data, err := verify.ReadLimited(v.Seen, pinLimit)
	if err != nil {
		return anchor, opts, because(exitUsage, err, "cannot read the checkpoint that was seen")
	}
	if err = opts.See(anchor, data); err != nil {
		return anchor, opts, because(exitUsage, err, "cannot use the checkpoint %s", v.Seen)
	}
	return anchor, opts, nil
}

func (v verifyCommand) print(c *call, report *verify.Report) error {
	if v.Words == "" || report.Verdict == verify.Refused {
		return c.answer(report, func() { c.print(report.Text()) })
	}
	words, err := report.Words(v.Words)
	if err != nil {
		return because(exitNotFound, err, "cannot work out the words").or("give the id of a request that the evidence holds; without --words the report names them")
	}
	c.say("%s", strings.Join(words[:], " "))
	return nil
}
