package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/verify"
)

type restoreCommand struct {
	File      string `arg:"" help:"What halligan backup wrote."`
	Identity  string `required:"" help:"The age identity or SSH key that opens it." placeholder:"FILE"`
	Anchor    string `required:"" help:"The anchor that you pinned; the one inside is not believed." placeholder:"FILE"`
	To        string `required:"" help:"The cell's folder; it must not be there." placeholder:"FOLDER"`
	HighWater string `help:"The high-water mark of the server that was lost. Needed unless --dry-run, --rehearse or --behind." placeholder:"FILE"`
	Mirror    string `help:"A folder with a newer copy of the ledger (evidence --all, or a mirror): what the backup lacks is taken from it." placeholder:"FOLDER"`
	Behind    bool   `help:"Put it in place although it is behind the mark: no server runs on it before a new epoch begins."`
	DryRun    bool   `help:"Decrypt and verify beside the folder, tell, and leave nothing."`
	Rehearse  bool   `help:"The same, and refill from the mirror, and say what a new epoch would mean if it is still behind the mark."`
}

// Help is shown by --help.
func (c *restoreCommand) Help() string {
	return `Decrypts beside the folder, replays the whole ledger from your anchor, takes from
a mirror what the backup lacks, compares it with the high-water mark, and only
then puts the folder in place. What is still behind the mark is refused: going on
from it would sign a second history. With --behind it is put in place for
halligan epoch, which lets the change quorum say what is lost.
The server's private keys are not in a backup: put them back yourself.

Examples:

    halligan restore monday.age --identity key.txt --anchor anchor.json --to /srv/halligan --rehearse --mirror /backup/ledger --high-water /var/lib/halligan/high-water
    halligan restore monday.age --identity key.txt --anchor anchor.json --to /srv/halligan --high-water /var/lib/halligan/high-water`
}

// restored is what a restore found and did.
type restored struct {
	Entries  int64             `json:"entries"`
	Root     string            `json:"root"`
	Refilled int64             `json:"refilled,omitzero"` // entries that the mirror had and the backup lacked
	Mark     int64             `json:"mark,omitzero"`     // entries that the high-water mark tells
	Behind   int64             `json:"behind,omitzero"`   // of them, those that are not there
	Epoch    *server.Rehearsed `json:"epoch,omitzero"`    // what a new epoch would mean
	Folder   string            `json:"folder,omitempty"`  // where the cell was put
}

// Run restores.
func (c *restoreCommand) Run(on *call) error {
	if err := c.check(); err != nil {
		return err
	}
	if _, err := os.Stat(c.File); err != nil {
		return because(exitUsage, err, "cannot read the backup").or("name the file that halligan backup wrote")
	}
	anchor, _, err := verifyCommand{Anchor: c.Anchor}.pins()
	if err != nil {
		return err
	}
	done, err := c.restore(on, anchor)
	var known *failure
	if errors.As(err, &known) {
		return known
	}
	if err != nil {
		return because(exitInternal, err, "cannot restore %s", c.File)
	}
	return on.answer(done, func() { done.say(on, c) })
}

func (done restored) say(on *call, c *restoreCommand) {
	on.say("verified from your anchor: %s, root %s", entries(done.Entries), done.Root)
	if c.Mirror != "" {
		on.say("refilled from the mirror: %s", entries(done.Refilled))
	}
	switch {
	case done.Mark == 0:
		on.say("not compared with a high-water mark: whether it is all that was signed, nobody knows")
	case done.Behind == 0:
		on.say("it has all that the high-water mark tells")
	default:
		on.say("behind the high-water mark: it lacks %s and maybe more, from entry %d on", entries(done.Behind), done.Entries)
	}
	if e := done.Epoch; e != nil {
		on.say("a new epoch could be begun by %s; then:", both(e.By))
		for _, end := range e.Ends {
			on.say("  ends: %s", end)
		}
		for _, host := range e.Hosts {
			on.say("  is asked for sessions that nobody knows of: host %s", host)
		}
		on.say("  recorded: %s", strings.Join(e.Events, ", "))
	}
	if done.Folder != "" {
		on.say("restored to %s; put the server's private keys back before you serve it", done.Folder)
	}
	if done.Folder != "" && (done.Behind > 0 || done.Mark == 0) {
		on.say("no server runs on it before a new epoch begins: halligan epoch propose %s --why …", shellQuoted(done.Folder))
	}
}

// check refuses what cannot be meant.
func (c *restoreCommand) check() error {
	leaves := !c.DryRun && !c.Rehearse
	if c.HighWater == "" && leaves && !c.Behind {
		return failf(exitUsage, "cannot restore without --high-water: nothing else shows that the backup is not older than what was signed").
			or("--rehearse verifies a backup without the mark; if the mark is lost, take --behind, and begin a new epoch with the newest checkpoints that people kept")
	}
	if c.HighWater != "" {
		if _, err := os.Stat(c.HighWater); err != nil { // a mark that is not there must not count as none
			return because(exitUsage, err, "cannot read the high-water mark")
		}
	}
	if _, err := os.Stat(filepath.Dir(filepath.Clean(c.To))); err != nil {
		return because(exitUsage, err, "cannot restore to %s", c.To).or("name a folder to be made, in one that is there")
	}
	if _, err := os.Lstat(c.To); leaves && !errors.Is(err, fs.ErrNotExist) {
		return failf(exitUsage, "cannot restore to %s: it is there already", c.To).or("move it away; nothing is overwritten")
	}
	return nil
}

func (c *restoreCommand) restore(on *call, anchor ledger.Anchor) (done restored, err error) {
	staging, err := os.MkdirTemp(filepath.Dir(filepath.Clean(c.To)), ".halligan-restore-")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staging)) }()
	defer on.busy("opening the backup and replaying its ledger")()
	if err := c.unpack(staging); err != nil {
		return done, err
	}
	absolute, err := filepath.Abs(staging)
	if err != nil {
		return done, err
	}
	settings, err := unpacked(absolute)
	if err != nil {
		return done, err
	}
	mark := settings.HighWater
	settings.HighWater = c.HighWater
	stopped := server.Stopped{Settings: settings, Anchor: anchor}
	end, err := stopped.Ending(on.ctx)
	if err != nil {
		return done, because(exitUnverified, err, "cannot go on from the backup")
	}
	if c.Mirror != "" && !c.DryRun {
		if done.Refilled, end, err = c.refill(on, stopped, end); err != nil {
			return done, err
		}
	}
	done.Entries, done.Root, done.Mark, done.Behind = end.Base.Size, end.Base.Root.String(), end.Mark, end.Behind()
	if c.HighWater != "" && end.Mark == 0 {
		return done, failf(exitUsage, "the high-water mark %s says nothing", c.HighWater).or("name the mark of the server that was lost")
	}
	return c.place(done, end, placing{staging, absolute, mark})
}

// placing is where a restored cell stands and how it gets to its place.
type placing struct {
	staging, absolute string
	mark              string // where its server.yaml keeps the mark
}

func (c *restoreCommand) place(done restored, end server.Ending, at placing) (restored, error) {
	if c.DryRun || c.Rehearse {
		if rehearsed, ok := end.Rehearse(); c.Rehearse && (done.Behind > 0 || done.Mark == 0) {
			if !ok {
				return done, failf(exitUnverified, "nobody could begin a new epoch: the change quorum cannot be filled")
			}
			done.Epoch = &rehearsed
		}
		return done, nil
	}
	if done.Behind > 0 && !c.Behind {
		return done, failf(exitUnverified, "the backup is behind the high-water mark: it lacks %s and maybe more, from entry %d on", entries(done.Behind), done.Entries).
			or("name a newer backup, or a folder with a newer copy of the ledger with --mirror; if nobody has one, put it in place with --behind and begin a new epoch")
	}
	var err error
	if c.HighWater == "" {
		err = server.MarkUnknown(at.mark, end)
	} else {
		err = c.bringMark(at.absolute, at.mark)
	}
	if err != nil {
		return done, err
	}
	done.Folder = c.To
	return done, server.PutInPlace(at.staging, c.To)
}

// refill takes what the backup lacks from a copy of the ledger that verifies from
// the anchor.
func (c *restoreCommand) refill(on *call, stopped server.Stopped, end server.Ending) (int64, server.Ending, error) {
	report, err := verify.Path(on.ctx, c.Mirror, stopped.Anchor, verify.Options{Now: canon.At(on.now())})
	if err != nil {
		return 0, end, because(exitUsage, err, "cannot read the mirror %s", c.Mirror).or("name a folder that halligan evidence --all or halligan ledger mirror wrote")
	}
	if err := judged(report); err != nil {
		return 0, end, err
	}
	folder, err := verify.OpenDirectory(c.Mirror)
	if err != nil {
		return 0, end, err
	}
	defer folder.Close()
	anchor := stopped.Anchor
	anchor.Successors = report.Successors()
	log, err := ledger.OpenLog(folder, anchor)
	if err != nil {
		return 0, end, err
	}
	before := end.Base.Size
	if log.Checkpoint().Size <= before {
		return 0, end, nil
	}
	if _, err := stopped.Refill(on.ctx, log); err != nil {
		return 0, end, because(exitUnverified, err, "cannot take anything from the mirror %s", c.Mirror).or("it is of another history than the backup: keep both, and tell security")
	}
	end, err = stopped.Ending(on.ctx)
	return end.Base.Size - before, end, err
}

// unpacked reads the settings of a cell that was unpacked, and demands that all of
// it lies in its folder.
func unpacked(folder string) (config.Server, error) {
	settings, _, err := config.LoadServer(filepath.Join(folder, config.ServerFile))
	if err != nil {
		return settings, because(exitUnverified, err, "the backup has no server.yaml that can be used")
	}
	if data, err := filepath.Rel(folder, settings.DataFolder); err != nil || !filepath.IsLocal(data) {
		return settings, failf(exitUnverified, "the backup keeps its data outside of its folder")
	}
	if _, err := os.Stat(filepath.Join(settings.DataFolder, "cell.db")); err != nil {
		return settings, failf(exitUnverified, "the backup has no database where its server.yaml says")
	}
	return settings, nil
}

// identityMend says what opens a backup.
const identityMend = "name the file of age-keygen, or the private key without a passphrase, whose other half the backup was encrypted to"

func (c *restoreCommand) unpack(folder string) (err error) {
	data, err := verify.ReadLimited(c.Identity, pinLimit)
	if err != nil {
		return because(exitUsage, err, "cannot read the identity").or(identityMend)
	}
	defer clear(data)
	identities, err := seal.ParseIdentities(data, nil)
	if err != nil {
		return because(exitUsage, err, "cannot use the identity %s", c.Identity).or(identityMend)
	}
	in, err := os.Open(c.File)
	if err != nil {
		return because(exitUsage, err, "cannot read the backup")
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := server.Unpack(in, folder, identities...); err != nil {
		return because(exitUnverified, err, "cannot open %s", c.File).or("name the file of halligan backup, and a key that it was encrypted to")
	}
	return nil
}

// bringMark puts the mark where the restored server looks for it. One that lies
// outside of the folder must be there already, and be the one that was compared.
func (c *restoreCommand) bringMark(folder, place string) error {
	mark, err := os.ReadFile(c.HighWater)
	if err != nil {
		return err
	}
	if inside, err := filepath.Rel(folder, place); err == nil && filepath.IsLocal(inside) {
		return os.WriteFile(place, mark, 0o600)
	}
	there, err := os.ReadFile(place)
	if err != nil || !bytes.Equal(there, mark) {
		return failf(exitUsage, "cannot restore: its server.yaml keeps the mark in %s, and that is not the mark you named", place).or("put the mark there first, and name it")
	}
	return nil
}
