package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// kit is one run of a command that acts with no server.
type kit struct {
	ctx     context.Context
	streams // out gets the secret, and nothing else that is not asked for
	now     func() time.Time
}

// failure is an error with an exit code and a hint.
type failure struct {
	code int
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }

// fail makes a failure.
func fail(code int, hint, format string, args ...any) error {
	return &failure{code, fmt.Errorf(format, args...), hint}
}

// clock is an instant for people.
func clock(at canon.Time) string { return at.Std().Format("2006-01-02 15:04:05 UTC") }

// say tells the person something.
func (k *kit) say(format string, args ...any) { fmt.Fprintf(k.errOut, format+"\n", args...) }

// offlineCommands act on files that people carry.
var offlineCommands = map[string]func(*kit, []string) error{
	"request": (*kit).request, "approve": (*kit).approve, "deny": (*kit).deny, "share": (*kit).share, "open": (*kit).open, "show": (*kit).show,
}

// act runs a command and gives its exit code.
func (k *kit) act(command func(*kit, []string) error, args []string) int {
	err := command(k, args)
	var f *failure
	switch {
	case err == nil:
		return exitGood
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(k.out, usage)
		return exitGood
	case errors.As(err, &f):
		complain(k.errOut, f.err, f.hint)
		return f.code
	}
	complain(k.errOut, err, seeHelp)
	return exitUsage
}

// offlineFlags are what the commands share.
type offlineFlags struct {
	*flag.FlagSet
	anchor, evidence, key, output, envelope *string
	yes                                     *bool
	files                                   []string // what stands beside the flags
}

func newFlags(name string) *offlineFlags {
	f := &offlineFlags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	f.anchor, f.evidence = f.String("anchor", "", ""), f.String("evidence", "", "")
	f.key, f.output, f.envelope = f.String("key", os.Getenv("HALLIGAN_KEY"), ""), f.String("output", "", ""), f.String("envelope", "", "")
	f.yes = f.Bool("yes", false, "")
	return f
}

// read takes options before, between and after the files.
func (f *offlineFlags) read(args []string) error {
	for {
		if err := f.Parse(args); err != nil {
			return err
		}
		if f.NArg() == 0 {
			break
		}
		f.files, args = append(f.files, f.Arg(0)), f.Args()[1:]
	}
	if *f.anchor == "" || *f.evidence == "" {
		return errors.New("--anchor and --evidence must be named: nothing is signed on what your own machine has not verified")
	}
	return nil
}

// proved is what this machine worked out from its own anchor and evidence.
type proved struct {
	world  *cell.World
	report *verify.Report
	at     canon.Time // now, by this machine
}

// prove verifies the evidence.
func (k *kit) prove(f *offlineFlags) (*proved, error) {
	anchor, opts, err := verifyArgs{anchor: *f.anchor}.pins()
	if err != nil {
		return nil, fail(exitUsage, "an anchor is what halligan init seal wrote: the one that you keep, and not one that came with the file", "%w", err)
	}
	p := &proved{at: canon.At(k.now())}
	opts.World = func(w *cell.World) { p.world = w }
	p.report, err = verify.Path(k.ctx, *f.evidence, anchor, opts)
	if err != nil {
		return nil, fail(exitUsage, "name what halligan evidence --cell wrote on a calm day, or the folder of --all", "cannot read the evidence: %w", err)
	}
	if !p.report.Good() || p.world == nil || !p.world.Sealed {
		fmt.Fprint(k.errOut, p.report.Text())
		return nil, fail(exitRefused, "sign nothing; take a copy of the evidence that you trust", "the evidence does not verify from your anchor")
	}
	return p, nil
}

// load reads the bundle: of several copies that were signed apart, everything.
func (p *proved) load(files []string) (*verify.Bundle, error) {
	const hint = "name the file that was handed to you; several copies of one request are taken together"
	if len(files) == 0 {
		return nil, fail(exitUsage, hint, "no file of a request is named")
	}
	var all *verify.Bundle
	for _, file := range files {
		data, err := verify.ReadLimited(file, verify.BundleMost)
		if err != nil {
			return nil, fail(exitUsage, hint, "cannot read %s: %w", file, err)
		}
		b, err := verify.DecodeBundle(data)
		if err != nil {
			return nil, fail(exitRefused, "it is damaged or forged: ask for it again", "cannot use %s: %w", file, err)
		}
		if all == nil {
			all = b
		} else if err := all.Add(p.world, b); err != nil {
			return nil, fail(exitUsage, hint, "cannot take %s with the others: %w", file, err)
		}
	}
	return all, nil
}

// counted is what a bundle comes to on this machine.
type counted struct {
	*proved
	bundle  *verify.Bundle
	asked   statement.Statement
	body    *statement.Request
	request *access.Request
}

// count reads the command line, proves, loads and counts.
func (k *kit) count(f *offlineFlags, args []string) (*counted, error) {
	if err := f.read(args); err != nil {
		return nil, err
	}
	p, err := k.prove(f)
	if err != nil {
		return nil, err
	}
	c := &counted{proved: p}
	if c.bundle, err = p.load(f.files); err != nil {
		return nil, err
	}
	if c.asked, c.body, err = c.bundle.Asked(); err != nil {
		return nil, err
	}
	if c.request, err = c.bundle.Count(p.world, p.at); err != nil {
		return nil, fail(exitRefused, "sign nothing, keep the file, and tell security", "the file is forged: %w", err)
	}
	return c, nil
}

// asks demands that the request itself counts and has not lapsed.
func (c *counted) asks() error {
	if !c.request.Offline.Counts(c.request.ID) {
		return fail(exitRefused, "sign nothing; the rules refuse the request itself: halligan-kit show tells why", "the request of %s does not count", c.request.Requester)
	}
	if !c.at.Before(c.request.Lapses) {
		return fail(exitRefused, "ask again: halligan-kit request", "the request lapsed at %s", clock(c.request.Lapses))
	}
	return nil
}

// add signs a statement over a bundle and writes it back.
func (k *kit) add(c *counted, f *offlineFlags, s signer, body statement.Body) error {
	act, err := k.sign(c.proved, s, body)
	if err != nil {
		return err
	}
	c.bundle.Acts = append(c.bundle.Acts, act)
	if c.request, err = c.bundle.Count(c.world, c.at); err != nil {
		return fail(exitRefused, seeHelp, "nothing was written: %w", err)
	}
	if fault := faultOf(c.request, canon.Sum(act.Statement)); fault != "" {
		return fail(exitRefused, "halligan-kit show tells where the request stands", "nothing was written: by the rules it does not count (%s)", fault)
	}
	return k.keep(c.bundle, f, f.files[0])
}

// faultOf is why an act does not count; empty if it does.
func faultOf(r *access.Request, act canon.Digest) string {
	for _, a := range r.Offline.Acts {
		if a.Statement == act {
			return a.Fault
		}
	}
	return string(cell.UnknownSubject)
}

// keep writes a bundle, whole or not at all. What stood there before is in it.
func (k *kit) keep(b *verify.Bundle, f *offlineFlags, beside string) error {
	data, err := b.Encode()
	if err != nil {
		return fail(exitRefused, seeHelp, "cannot write the file: %w", err)
	}
	to := *f.output
	if to == "" {
		to = beside
	}
	*f.output = to
	return replace(to, data)
}

// replace writes a file in the place of one that was there, or of none.
func replace(path string, data []byte) error {
	t, err := os.CreateTemp(filepath.Dir(path), ".offline-*")
	if err != nil {
		return fail(exitUsage, "name another file with --output", "cannot write %s: %w", path, err)
	}
	_, err = t.Write(data)
	err = errors.Join(err, t.Sync(), t.Close())
	if err == nil {
		err = os.Rename(t.Name(), path)
	}
	if err != nil {
		return fail(exitUsage, "name another file with --output", "cannot write %s: %w", path, errors.Join(err, os.Remove(t.Name())))
	}
	return nil
}

// writeNew writes a file for its owner alone; it must not be there yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fail(exitUsage, "name a file that is not there yet", "cannot write %s: %w", path, err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fail(exitUsage, "name another file", "cannot write %s: %w", path, err)
	}
	return nil
}

// confirm has the person type the word, unless --yes says it.
func (k *kit) confirm(f *offlineFlags, word string) error {
	if *f.yes {
		return nil
	}
	fmt.Fprintf(k.errOut, "\nType %s to sign: ", word)
	var typed []byte
	for one := make([]byte, 1); len(typed) < 100; {
		if n, err := k.in.Read(one); n == 0 || err != nil || one[0] == '\n' {
			break
		}
		typed = append(typed, one[0])
	}
	if strings.TrimSpace(string(typed)) != word {
		return fail(exitRefused, "type the word, or say --yes", "nothing was signed")
	}
	return nil
}

// noted makes a note of a text for a bundle.
func noted(text string) (statement.Note, ledger.Note, error) {
	kept := ledger.Note{Text: text}
	fill(kept.Salt[:])
	n, err := statement.NewNote(kept.Salt, text)
	if err != nil {
		return n, kept, fail(exitUsage, "write it as plain text", "cannot use the text: %w", err)
	}
	return n, kept, nil
}

// both joins words: "a, b and c".
func both(words []string) string {
	if len(words) < 2 {
		return strings.Join(append(slices.Clone(words), "nobody")[:1], "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
