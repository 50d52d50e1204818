package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/verify"
)

type evidenceCommand struct {
	ID     string `arg:"" optional:"" help:"A request: its id, or the first 8 or more digits of it."`
	Cell   bool   `help:"The cell alone: who its people are, and how its scenarios and envelopes stand. It is what halligan-kit acts on with no server."`
	All    bool   `help:"The whole ledger instead, as a folder."`
	Output string `short:"o" required:"" help:"File to write, or folder with --all; it must not be there yet." placeholder:"PATH"`
	memberFlags
}

// Help is the long help of `evidence`.
func (evidenceCommand) Help() string {
	return `What is written was verified from your anchor on the way, and can be verified again by anybody with halligan verify or halligan-kit verify, offline. Evidence of a request holds the texts that people wrote to it; a whole ledger holds only their hashes.

Examples:

    halligan evidence 5f0c1a2b -o request.json
    halligan evidence --cell -o cell.json
    halligan evidence --all -o ./evidence`
}

// written is what was written, as JSON.
type written struct {
	Path    string         `json:"path"`
	Verdict verify.Verdict `json:"verdict"`
	Entries int64          `json:"entries"`
	Root    canon.Digest   `json:"root"`
}

// Run writes evidence.
func (e evidenceCommand) Run(c *call) error {
	if e.All && e.Cell || (e.All || e.Cell) == (e.ID != "") {
		return failf(exitUsage, "name one request, or --cell, or --all").or("halligan evidence --help shows how it is used")
	}
	m, err := c.open(e.memberFlags)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(e.Output); !errors.Is(err, fs.ErrNotExist) {
		return failf(exitUsage, "cannot write %s: it is there already", e.Output).or("name a file or folder that is not there yet")
	}
	report, err := e.write(m)
	if err != nil {
		return err
	}
	if err := judged(report); err != nil {
		return err
	}
	out := written{Path: e.Output, Verdict: report.Verdict, Entries: report.Entries, Root: report.Checkpoint.Root}
	return c.answer(out, func() {
		c.say("Wrote %s: %s of %s, verified from your anchor. Checkpoint: %d entries, root %s.",
			e.Output, entries(report.Entries), report.Origin, report.Checkpoint.Size, report.Checkpoint.Root.Short())
	})
}

func (e evidenceCommand) write(m *member) (*verify.Report, error) {
	if e.All {
		return m.exportAll(e.Output)
	}
	path := "cell/evidence"
	if !e.Cell {
		id, err := m.id(e.ID)
		if err != nil {
			return nil, err
		}
		path = "requests/" + id.String() + "/evidence"
	}
	data, err := m.evidence(path)
	if err != nil {
		return nil, err
	}
	report, err := verify.Partial(m.c.ctx, m.anchor(), data, verify.Options{})
	if err != nil || !report.Good() {
		return report, err
	}
	return report, writeNew(e.Output, data)
}

// exportAll writes a whole log from the tiles that the server serves, each
// checked against the signed root while it is read, and then replays what lies
// on disk.
func (m *member) exportAll(folder string) (*verify.Report, error) {
	log, err := m.log()
	if err != nil {
		return nil, err
	}
	documents := []canon.Digest{canon.Digest(m.anchor().Genesis)}
	export := ledger.Export{Signed: log.Signed(), Entries: proposing(walkedFrom(log, 0), &documents), Attachments: m.beside(&documents)}
	if _, err := ledger.WriteLog(newFolder(folder), m.anchor(), export); err != nil {
		return nil, because(exitUnverified, err, "cannot write %s", folder).or("remove it, then try again")
	}
	return verify.Path(m.c.ctx, folder, m.anchor(), verify.Options{Progress: m.c.progress(), Now: canon.At(m.c.now())})
}

var errEnough = errors.New("the reader has enough")

// walkedFrom gives the entries of a log from an index on, each checked.
func walkedFrom(log *ledger.Log, from int64) func(func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		err := log.Walk(from, func(_ int64, body []byte) error {
			if !yield(body, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// proposing gives entries, and adds to documents those that were proposed.
func proposing(entries iter.Seq2[[]byte, error], documents *[]canon.Digest) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for body, err := range entries {
			if err == nil {
				err = proposed(body, documents)
			}
			if !yield(body, err) || err != nil {
				return
			}
		}
	}
}

func proposed(body []byte, documents *[]canon.Digest) error {
	entry, err := ledger.DecodeEntry(body)
	if err != nil || entry.Stream != cell.StreamCell {
		return err
	}
	events, err := cell.DecodeEvents(entry.Events)
	for _, e := range events {
		if made, ok := e.(*cell.ChangeProposed); ok && made.Change.Amends() {
			*documents = append(*documents, made.Change.To)
		}
	}
	return err
}

// beside gives genesis, every other document that was proposed, and the
// scenarios that they name, each checked and each once.
func (m *member) beside(documents *[]canon.Digest) func(func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		given := map[canon.Digest]bool{}
		give := func(digest canon.Digest) ([]byte, bool) {
			if given[digest] {
				return nil, true
			}
			given[digest] = true
			data, err := attachment(m.attachment, digest)
			return data, yield(data, err) && err == nil
		}
		for _, digest := range *documents {
			data, ok := give(digest)
			if !ok {
				return
			}
			if data == nil {
				continue // proposed before
			}
			document, err := cell.DecodeGenesis(data)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, file := range document.Files() {
				if _, ok := give(file); !ok {
					return
				}
			}
		}
	}
}

// progress prints how far a long check is, where somebody watches.
func (c *call) progress() func(done, of int64) {
	if !c.live {
		return nil
	}
	return func(done, of int64) { fmt.Fprintf(c.err, "%d of %d entries\n", done, of) }
}

// newFolder is a folder to which each file is written once.
type newFolder string

// WriteFile does what ledger.Sink says.
func (f newFolder) WriteFile(path string, data []byte) error {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return fmt.Errorf("%s leads out of the folder", path)
	}
	name := filepath.Join(string(f), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return writeNew(name, data)
}
