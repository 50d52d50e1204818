package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/server"
)

type backupCommand struct {
	Folder    string   `arg:"" help:"Where the cell lives."`
	To        string   `required:"" help:"The file to write; it must not be there yet." placeholder:"FILE"`
	Recipient []string `required:"" sep:"none" help:"Who can open it: an age recipient, or the line of an ssh-ed25519 public key. Repeat it." placeholder:"age1…"`
}

// Help is shown by --help.
func (c *backupCommand) Help() string {
	return `Writes one encrypted file with the cell's files and a copy of its database, whose
ledger it replays first. The server may run. The server's private keys and the
high-water mark are not in it: keep these apart.

Examples:

    halligan backup /srv/halligan --to monday.age --recipient age1…`
}

// withoutComment is the line of a public key without what follows the key.
func withoutComment(line string) string {
	if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "ssh-ed25519" {
		return fields[0] + " " + fields[1]
	}
	return strings.TrimSpace(line)
}

// backedUp is what a backup did.
type backedUp struct {
	Entries int64  `json:"entries"`
	Root    string `json:"root"`
	Bytes   int64  `json:"bytes,omitzero"`
	SHA256  string `json:"sha256,omitzero"` // of the encrypted file
}

// Run backs up.
func (c *backupCommand) Run(on *call) (err error) {
	var recipients []age.Recipient
	for _, text := range c.Recipient {
		r, err := seal.ParseRecipient(withoutComment(text))
		if err != nil {
			return failf(exitUsage, "cannot encrypt to %q: a backup is opened with an age key or an ssh-ed25519 key", text).
				or("give a recipient that begins with age1, or all of a .pub file: --recipient \"$(cat key.pub)\"")
		}
		recipients = append(recipients, r)
	}
	settings, _, err := config.LoadServer(filepath.Join(c.Folder, config.ServerFile))
	if err != nil {
		return broken(err)
	}
	anchor, err := anchorOf(c.Folder)
	if err != nil {
		return err
	}
	out, err := os.OpenFile(c.To, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return because(exitUsage, err, "cannot write the backup").or("name a file that is not there yet, in a folder that is")
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(err, os.Remove(c.To))
		}
	}()
	done, err := c.write(on, out, packing{settings, anchor, recipients})
	if err != nil {
		return because(exitInternal, err, "cannot back up %s", c.Folder)
	}
	return on.answer(done, func() {
		on.say("%s: %d entries, root %s, replayed\n%d bytes, sha256 %s", c.To, done.Entries, done.Root, done.Bytes, done.SHA256)
	})
}

// packing is what a backup is made of.
type packing struct {
	settings   config.Server
	anchor     ledger.Anchor
	recipients []age.Recipient
}

func (c *backupCommand) write(on *call, out *os.File, p packing) (done backedUp, err error) {
	folder, err := filepath.Abs(c.Folder)
	if err != nil {
		return done, err
	}
	data, err := filepath.Rel(folder, p.settings.DataFolder)
	if err != nil || !filepath.IsLocal(data) {
		return done, errors.Join(err, errors.New("its data folder is outside of the cell's folder, which this version cannot back up"))
	}
	temporary, err := os.MkdirTemp(filepath.Dir(c.To), ".halligan-backup-")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	defer on.busy("copying and replaying the ledger")()
	if err := server.CopyStore(on.ctx, p.settings.DataFolder, temporary); err != nil {
		return done, err
	}
	if done, err = examine(on, temporary, server.Checked{Anchor: p.anchor}); err != nil {
		return done, err
	}
	files := server.CellFiles{Folder: folder, Data: data, Copy: filepath.Join(temporary, "cell.db"), Leave: c.To, Settings: p.settings}
	sum := sha256.New()
	if err := errors.Join(files.Pack(io.MultiWriter(out, sum), p.recipients...), out.Sync()); err != nil {
		return done, err
	}
	info, err := out.Stat()
	if err != nil {
		return done, err
	}
	done.Bytes, done.SHA256 = info.Size(), hex.EncodeToString(sum.Sum(nil))
	return done, nil
}

// examine replays the ledger of a copy that nobody else has open.
func examine(on *call, folder string, of server.Checked) (done backedUp, err error) {
	store, err := server.StandingStore(folder)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	of.Store = store
	found, err := server.Check(on.ctx, of, nil)
	if err != nil {
		return done, err
	}
	if !found.Sound() {
		first := found.Faults[0]
		return done, failf(exitUnverified, "the copy is not what its ledger gives: %s %s", first.Where, first.Detail)
	}
	head, err := store.Head(on.ctx)
	done.Entries, done.Root = head.Size, head.Root.String()
	return done, err
}
