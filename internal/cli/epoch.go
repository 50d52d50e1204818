package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// epochCommand lets a ledger go on whose newest entries are lost.
type epochCommand struct {
	Propose epochProposeCommand `cmd:"" help:"Write down where the ledger of a stopped server goes on, and what is lost."`
	Sign    epochSignCommand    `cmd:"" help:"Compare a proposed epoch with what this machine has seen, and sign it."`
	Begin   epochBeginCommand   `cmd:"" help:"Begin the epoch that enough of the change quorum have signed."`
}

type epochProposeCommand struct {
	Folder string   `arg:"" help:"Where the stopped cell lives."`
	Why    string   `required:"" help:"What happened. Everybody reads it." placeholder:"TEXT"`
	Seen   []string `help:"A checkpoint of the ledger that somebody kept: seen-… in the state folder of a person, or a witness's. Repeat it." placeholder:"FILE"`
	Out    string   `short:"o" default:"epoch.json" help:"The file to write." placeholder:"FILE"`
}

// Help is the long help of `epoch propose`.
func (epochProposeCommand) Help() string {
	return `For a ledger whose newest entries are lost for good: no copy, no mirror, nobody has them. Signing new entries in their place would be a second history; instead the ledger goes on under another origin, and says what is lost. Everything that was open ends, every host is asked for sessions that nobody knows of, every envelope owes fresh content. Removals and changes in what is lost must be made again: ask people for their receipts.

The high-water mark says how far the ledger went, and checkpoints that people kept may say more: name the newest.

Examples:

    halligan epoch propose cell --why "the disk burnt; the backup is of 02:00" --seen ~/.local/state/halligan/…/seen-…`
}

// Run proposes.
func (p epochProposeCommand) Run(c *call) error {
	stopped, err := stoppedCell(p.Folder)
	if err != nil {
		return err
	}
	end, err := stopped.Ending(c.ctx)
	if err != nil {
		return because(exitInternal, err, "cannot read the ledger of %s", p.Folder).or("stop the server first; halligan fsck tells what is wrong with a database")
	}
	f := epochFile{Version: epochVersion, Genesis: canon.Digest(stopped.Anchor.Genesis), At: end.At, Checkpoint: string(end.Base.Checkpoint), Signers: epochSigners(end.World)}
	f.Epoch = statement.Epoch{Number: end.World.EpochNow() + 1, Lost: statement.Seen{Size: end.Base.Size, Root: canon.Digest(end.Base.Root)}}
	if end.Marked != (ledger.Hash{}) {
		f.Epoch.Lost = statement.Seen{Size: end.Mark, Root: canon.Digest(end.Marked)}
	}
	followed := stopped.Anchor
	followed.Successors = end.World.Successors()
	for _, path := range p.Seen {
		if err := f.saw(path, followed, end.Origin); err != nil {
			return err
		}
	}
	_, _ = rand.Read(f.Epoch.Salt[:]) // never fails
	note, text, err := c.note(p.Why, "--why")
	if err != nil {
		return err
	}
	f.Epoch.Reason, f.Salt, f.Why = note, text.Salt, text.Text
	if err := writeNew(p.Out, append(canon.MustEncode(f), '\n')); err != nil {
		return err
	}
	base, err := followed.OpenIn(end.Base.Checkpoint)
	if err != nil {
		return err
	}
	return c.answer(f, func() {
		c.print(epochSheet(f, base))
		for _, open := range end.Open() {
			c.say("ends: %s", open)
		}
		c.say("Wrote %s. Members of the change quorum sign it on their own machines: halligan epoch sign %s", p.Out, shellQuoted(filepath.Base(p.Out)))
	})
}

// saw takes a checkpoint that somebody kept for how far the ledger went.
func (f *epochFile) saw(path string, anchor ledger.Anchor, origin string) error {
	text, err := verify.ReadLimited(path, pinLimit)
	if err != nil {
		return because(exitUsage, err, "cannot read the checkpoint %s", path)
	}
	cp, err := anchor.OpenIn(text)
	if err != nil {
		return because(exitUnverified, err, "cannot use the checkpoint %s", path)
	}
	if cp.Origin != origin {
		return failf(exitUsage, "the checkpoint %s is of %s, the ledger that ends is %s", path, cp.Origin, origin)
	}
	return f.hold(path, text, cp)
}

// hold keeps the newest of the checkpoints that are named, and refuses one that
// contradicts another of its size.
func (f *epochFile) hold(path string, text []byte, cp ledger.Checkpoint) error {
	if cp.Size == f.Epoch.Lost.Size && canon.Digest(cp.Root) != f.Epoch.Lost.Root {
		return failf(exitUnverified, "the checkpoint %s has another root at %d entries than what is here, or was named before", path, cp.Size).
			or("somebody signed two histories: keep all of it, and tell security")
	}
	if cp.Size > f.Epoch.Lost.Size || cp.Size == f.Epoch.Lost.Size && f.Lost == "" {
		f.Epoch.Lost, f.Lost = statement.Seen{Size: cp.Size, Root: canon.Digest(cp.Root)}, string(text)
	}
	return nil
}

// stoppedCell is the cell in a folder.
func stoppedCell(folder string) (server.Stopped, error) {
	settings, _, err := config.LoadServer(filepath.Join(folder, config.ServerFile))
	if err != nil {
		return server.Stopped{}, broken(err)
	}
	anchor, err := anchorOf(folder)
	return server.Stopped{Settings: settings, Anchor: anchor}, err
}

type epochSignCommand struct {
	File string `arg:"" help:"What halligan epoch propose wrote."`
	Out  string `short:"o" help:"The file to write; default epoch-ID.json." placeholder:"FILE"`
	Yes  bool   `help:"Do not ask again before signing."`
	memberFlags
}

// Help is the long help of `epoch sign`.
func (epochSignCommand) Help() string {
	return `Needs no server. It compares what is proposed with the newest checkpoint that this machine has seen: if you have seen more of the ledger than is said to be lost, or something else, it refuses.

Examples:

    halligan epoch sign epoch.json`
}

// Run signs.
func (s epochSignCommand) Run(c *call) error {
	m, err := c.open(s.memberFlags)
	if err != nil {
		return err
	}
	data, err := verify.ReadLimited(s.File, epochLimit)
	if err != nil {
		return because(exitUsage, err, "cannot read %s", s.File)
	}
	f, base, err := decodeEpoch(data, m.anchor())
	if err != nil {
		return because(exitUnverified, err, "nothing was signed: cannot use %s", s.File).or("ask for the file that halligan epoch propose wrote, as it was")
	}
	if err := f.maySign(m.person()); err != nil {
		return err
	}
	known, err := m.way.client.Seen()
	if err != nil {
		return because(exitInternal, err, "cannot read what this machine has seen")
	}
	if err := f.fits(base, known); err != nil {
		return err
	}
	c.toPeople(epochSheet(f, base) + seenSheet(f, base, known))
	if err := c.confirm(s.Yes, "epoch"); err != nil {
		return err
	}
	h := statement.Header{
		Actor: m.person(), Ledger: base.Origin, Expires: canon.At(c.now().Add(epochValid)),
		Seen: statement.Seen{Size: base.Size, Root: canon.Digest(base.Root)},
	}
	_, _ = rand.Read(h.Nonce[:]) // never fails
	text, err := statement.Encode(statement.Statement{Header: h, Body: &f.Epoch})
	if err != nil {
		return because(exitUsage, err, "cannot make the statement")
	}
	blob, err := m.way.signer.Sign(c.ctx, sshsig.Namespace("epoch"), text)
	if err != nil {
		return because(exitUsage, err, "cannot sign")
	}
	out := cmp.Or(s.Out, "epoch-"+m.person()+".json")
	signed := epochSigned{Version: epochSignedVersion, Statement: string(text), Signature: ledger.Signature{SSHSig: blob}}
	if err := writeNew(out, append(canon.MustEncode(signed), '\n')); err != nil {
		return err
	}
	return c.answer(map[string]any{"file": out, "epoch": f.Epoch.Number, "expires": h.Expires}, func() {
		c.say("Signed. Carry %s to the machine of the server before %s.", out, clock(h.Expires, canon.At(c.now())))
	})
}

type epochBeginCommand struct {
	Folder string   `arg:"" help:"Where the stopped cell lives."`
	File   string   `arg:"" help:"What halligan epoch propose wrote."`
	Signed []string `arg:"" help:"What its signers wrote."`
}

// Help is the long help of `epoch begin`.
func (epochBeginCommand) Help() string {
	return `Appends the signatures, all of them or none, and begins the epoch when they fill the change quorum. Nothing is signed before. The old high-water mark is kept beside the new one. Called again after it was cut off, it finishes.

Examples:

    halligan epoch begin cell epoch.json epoch-ben.json epoch-cara.json`
}

// Run begins.
func (b epochBeginCommand) Run(c *call) error {
	stopped, err := stoppedCell(b.Folder)
	if err != nil {
		return err
	}
	data, err := verify.ReadLimited(b.File, epochLimit)
	if err != nil {
		return because(exitUsage, err, "cannot read %s", b.File)
	}
	followed, err := stopped.Followed(c.ctx)
	if err != nil {
		return because(exitInternal, err, "cannot read the ledger of %s", b.Folder).or("stop the server first")
	}
	f, base, err := decodeEpoch(data, followed)
	if err != nil {
		return because(exitUnverified, err, "cannot use %s", b.File)
	}
	_, reason, err := f.reason()
	if err != nil {
		return because(exitUsage, err, "cannot use %s", b.File)
	}
	var signed []server.Carried
	for _, path := range b.Signed {
		one, err := readSigned(path)
		if err == nil {
			err = f.signedBy(one, base, path, b.File)
		}
		if err != nil {
			return err
		}
		signed = append(signed, server.Carried{
			Statement: []byte(one.Statement), Signature: one.Signature, Notes: []ledger.Note{{Salt: [ledger.SaltSize]byte(reason.Salt), Text: reason.Text}},
		})
	}
	begun, err := stopped.BeginEpoch(c.ctx, f.Epoch.Number, signed)
	if err != nil {
		return because(exitRefused, err, "cannot begin epoch %d", f.Epoch.Number).or("nothing was signed; have as many sign as the change quorum asks for, over this very file")
	}
	return c.answer(map[string]any{"epoch": f.Epoch.Number, "size": begun.Size, "root": begun.Root}, func() {
		c.say("Epoch %d has begun after entry %d. Next: halligan serve %s", f.Epoch.Number, begun.Size-1, shellQuoted(b.Folder))
		c.say("People's machines prove it by themselves at their next command; witnesses of ours go on, others must be told the new origin.")
	})
}

// proveLedger replays the cell's own stream from the anchor, and gives the epochs
// and the ledger keys that it leads through, and what was signed.
func (c *call) proveLedger(to *client.Client) func(context.Context, ledger.Checkpoint) (client.Proved, error) {
	return func(ctx context.Context, newest ledger.Checkpoint) (proved client.Proved, err error) {
		data, err := to.Get(ctx, "/cell/evidence", nil)
		if err != nil {
			return proved, err
		}
		p, err := prove(ctx, to.Profile().Anchor, data)
		if err != nil {
			return proved, err
		}
		if p.world.Origin != newest.Origin {
			return proved, fmt.Errorf("the evidence leads to %s", p.world.Origin)
		}
		proved.Keys, proved.Signed = p.world.Successors(), p.signed
		known := to.Anchor().Successors
		for _, key := range proved.Keys[min(len(known), len(proved.Keys)):] {
			c.tell("entry %d: the change quorum put another ledger key in force: %s", key.Entry, key.VKey)
		}
		epochs, err := to.Epochs()
		if err != nil {
			return proved, err
		}
		for _, e := range p.world.Epochs {
			proved.Epochs = append(proved.Epochs, client.Epoch{
				Number: e.Number, Before: e.Before,
				Base: ledger.Checkpoint{Origin: e.Origin, Size: e.Base.Size, Root: ledger.Hash(e.Base.Root)},
				Lost: ledger.Checkpoint{Origin: e.Before, Size: e.Lost.Size, Root: ledger.Hash(e.Lost.Root)},
			})
			if e.Number <= int64(len(epochs))+1 {
				continue // that is known
			}
			c.tell("epoch %d: the ledger went on after entry %d on %s, signed by %s; up to entry %d at least is lost",
				e.Number, e.Base.Size-1, e.At, both(e.By), e.Lost.Size-1)
		}
		return proved, nil
	}
}
