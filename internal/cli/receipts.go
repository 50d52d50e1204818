package cli

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

type ledgerReceiptsCommand struct {
	Check   bool   `help:"Check that the server's ledger still has each of them."`
	Against string `help:"Check that an exported ledger has them, instead: what halligan evidence --all or halligan ledger mirror wrote." placeholder:"FOLDER"`
	memberFlags
}

// Help is the long help of `ledger receipts`.
func (ledgerReceiptsCommand) Help() string {
	return `Whatever you sign comes back with a receipt: its entry, and the proof that the signed ledger has it. It was checked from your anchor before you were told, and is kept on this machine (the newest 10,000). Where witnesses are named, --check puts receipts under what they cosigned meanwhile. A ledger that no longer has the entry convicts whoever signed both: the receipt is named, and what proves it is kept beside it. What a new epoch gave up is told apart. No key is needed, but to prove a new epoch. Exit code 6 says that the ledger lacks what a receipt proves.

Examples:

    halligan ledger receipts
    halligan ledger receipts --check
    halligan ledger receipts --against ./evidence`
}

// How a receipt stands.
const (
	receiptKept    = "kept"       // and not compared
	receiptThere   = "there"      // the ledger has its entry
	receiptMissing = "missing"    // the ledger has another entry there, or ends before it
	receiptNewer   = "newer"      // than the exported ledger
	receiptLost    = "lost"       // with the end of the ledger of an earlier epoch: do it again if it still matters
	receiptBroken  = "unreadable" // it is no receipt of this cell
)

// receiptLine is a receipt as it is listed.
type receiptLine struct {
	File     string         `json:"file"`
	State    string         `json:"state"`
	Why      string         `json:"why,omitempty"` // it is missing or unreadable
	Entry    int64          `json:"entry"`
	At       canon.Time     `json:"at,omitzero"`
	Kind     statement.Kind `json:"kind,omitempty"`
	Digest   canon.Digest   `json:"digest"`
	Cosigned bool           `json:"cosigned,omitempty"` // by enough witnesses of the anchor

	opened *ledger.Receipt
}

// Run lists, and checks.
func (r ledgerReceiptsCommand) Run(c *call) error {
	if r.Check && r.Against != "" {
		return failf(exitUsage, "--check asks the server, --against reads a folder: name one of them")
	}
	m, err := c.reader(r.memberFlags.profileFlags)
	if err != nil {
		return err
	}
	lines, err := m.receipts()
	if err != nil {
		return err
	}
	var failed error
	switch {
	case r.Check:
		failed = m.checkServer(lines)
		if (errors.Is(failed, client.ErrNewEpoch) || errors.Is(failed, client.ErrNewKey)) && errors.Is(failed, client.ErrNoKey) { // evidence of it needs a session
			if m, err = c.open(r.memberFlags); err != nil {
				return err
			}
			failed = m.checkServer(lines)
		}
	case r.Against != "":
		failed = m.checkFolder(lines, r.Against)
	}
	if err := c.answer(lines, func() { c.printReceipts(lines) }); err != nil {
		return err
	}
	return errors.Join(failed, unreadable(lines))
}

// receipts reads what is kept.
func (m *member) receipts() ([]receiptLine, error) {
	files, err := m.way.client.Receipts()
	if err != nil {
		return nil, because(exitUsage, err, "")
	}
	lines := make([]receiptLine, 0, len(files))
	for _, file := range files {
		line := receiptLine{File: file, State: receiptKept}
		if err := line.open(m.anchor()); err != nil {
			line.State, line.Why = receiptBroken, err.Error()
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func (l *receiptLine) open(anchor ledger.Anchor) error {
	data, err := verify.ReadLimited(l.File, ledger.ReceiptMost)
	if err != nil {
		return err
	}
	r, err := ledger.OpenReceipt(anchor, data)
	if err != nil {
		return err
	}
	entry, err := ledger.DecodeEntry(r.Body)
	if err != nil {
		return err
	}
	s, err := statement.Decode(entry.Cause.Statement)
	if err != nil {
		return err
	}
	by, err := anchor.Policy().Check(r.Signed, ledger.Whenever)
	if err != nil {
		return err
	}
	l.Cosigned = by.Enough()
	l.Entry, l.At, l.Kind, l.Digest, l.opened = r.Index, entry.At, s.Body.Kind(), s.Digest, r
	return nil
}

// checkServer looks for receipts in the server's ledger as it is now. They come
// before what this machine has seen: a receipt says what was taken away, two
// checkpoints only that something was.
func (m *member) checkServer(lines []receiptLine) error {
	since, err := m.way.client.Seen()
	if err != nil {
		return unread(err)
	}
	log, err := m.openLog()
	if err != nil {
		return unread(err)
	}
	if log.Checkpoint().Origin != cmp.Or(since.Origin, m.anchor().Origin) { // what an epoch gave up is only known once it is proved
		if err := m.way.client.GoesOn(m.c.ctx, since, log.Signed()); err != nil {
			return unread(err)
		}
	}
	if err := m.compare(lines, log, m.source(), false); err != nil {
		return err
	}
	if err := m.way.client.GoesOn(m.c.ctx, since, log.Signed()); err != nil {
		return unread(err)
	}
	return m.cosign(lines, log)
}

// cosignMost bounds how many receipts are written anew at once, the newest first.
const cosignMost = 1000

// cosign puts receipts that no witness stands behind under a checkpoint of the same
// ledger that enough of them cosigned.
func (m *member) cosign(lines []receiptLine, log *ledger.Log) error {
	by, err := m.anchor().Policy().Check(log.Signed(), ledger.Whenever)
	if err != nil || !by.Enough() {
		return err
	}
	tiles, written := log.Tiles(), 0
	for i := len(lines) - 1; i >= 0 && written < cosignMost; i-- {
		l := &lines[i]
		if l.State != receiptThere || l.Cosigned {
			continue
		}
		r := ledger.Receipt{ProvedEntry: l.opened.ProvedEntry, Digest: l.opened.Digest, Signed: log.Signed()}
		if r.Proof, err = ledger.InclusionProof(log.Checkpoint().Size, r.Index, tiles); err != nil {
			return unread(err)
		}
		data, err := r.Encode()
		if err == nil {
			err = m.way.client.KeepReceipt(l.opened.Checkpoint().Origin, r.Index, data)
		}
		if err != nil {
			return because(exitInternal, err, "cannot keep the receipt of entry %d anew", r.Index)
		}
		l.Cosigned = true
		written++
	}
	return nil
}

// checkFolder looks for them in an exported ledger, which may be older.
func (m *member) checkFolder(lines []receiptLine, path string) error {
	folder, err := verify.OpenDirectory(path)
	if err != nil {
		return because(exitUsage, err, "cannot read the exported ledger")
	}
	defer folder.Close()
	anchor := m.anchor()
	log, err := ledger.OpenLog(folder, anchor)
	if ledger.UnknownKey(err) { // a key may have come after: the copy itself shows it
		if report, failed := verify.Log(m.c.ctx, folder, anchor, verify.Options{}); failed == nil && report.Good() {
			anchor.Successors = report.Successors()
			log, err = ledger.OpenLog(folder, anchor)
		}
	}
	if err != nil {
		return because(exitUnverified, err, "cannot use the exported ledger").or("halligan verify says more about it")
	}
	if err := m.compare(lines, log, folder, true); err != nil {
		return err
	}
	for _, l := range lines {
		if l.State == receiptThere || l.State == receiptLost {
			return nil
		}
	}
	if len(lines) > 0 {
		return failf(exitNotFound, "%s is older than all your receipts: it says nothing of them", path).or("take a newer copy")
	}
	return nil
}

// compare compares receipts with a ledger. One that is missing is the failure.
func (m *member) compare(lines []receiptLine, log *ledger.Log, src ledger.Source, copied bool) error {
	epochs, err := m.way.client.Epochs()
	if err != nil {
		return because(exitUsage, err, "cannot read what this machine proved")
	}
	var missing []*receiptLine
	for i := range lines {
		l := &lines[i]
		if l.opened == nil {
			continue
		}
		err := log.Has(l.opened.Index, ledger.LeafHash(l.opened.Body))
		var fault *ledger.Fault
		switch lacks := errors.As(err, &fault) && (fault.Class == ledger.ClassEntry || fault.Class == ledger.ClassEntryMissing); {
		case err == nil:
			l.State = receiptThere
		case lacks && l.opened.Checkpoint().Origin != log.Checkpoint().Origin && client.Lost(epochs, l.opened.Checkpoint().Origin, l.opened.Index):
			l.State = receiptLost
		case lacks && copied && later(l.opened, log.Checkpoint()):
			l.State = receiptNewer
		case lacks:
			l.State, l.Why = receiptMissing, fault.Detail
			missing = append(missing, l)
		default:
			return unread(err)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return m.convict(missing, log, src)
}

// later tells whether a receipt says nothing of an older copy that lacks its entry:
// the copy ends before it, or is of an epoch before.
func later(r *ledger.Receipt, copied ledger.Checkpoint) bool {
	_, of, _ := canon.CellOf(r.Checkpoint().Origin)
	_, than, _ := canon.CellOf(copied.Origin)
	return of > than || of == than && r.Index >= copied.Size
}

// convictMost bounds how many receipts are tried for a proof that needs no server.
const convictMost = 16

// convict says which entry is missing, and keeps what proves that to anybody.
func (m *member) convict(missing []*receiptLine, log *ledger.Log, src ledger.Source) error {
	first := missing[0]
	f := failf(exitUnverified, "the ledger does not have entry %d, of which you hold the receipt %s: %s", first.Entry, first.File, first.Why)
	if more := len(missing) - 1; more > 0 {
		f.text += fmt.Sprintf("; nor %s", count(more, "other"))
	}
	for _, l := range missing[:min(len(missing), convictMost)] {
		fork, err := ledger.NewFork(m.anchor(), l.opened.Signed, log.Signed(), src)
		if err != nil {
			continue
		}
		if _, _, err := fork.Check(m.anchor()); err != nil {
			continue
		}
		file, err := m.way.client.KeepFork(fork)
		if err != nil {
			return f.or("keep the receipt, and tell security (%v)", err)
		}
		return f.or("tell security; the receipt and %s prove it to anybody: halligan ledger prove-fork", file)
	}
	if first.opened.Checkpoint().Origin != log.Checkpoint().Origin {
		return f.or("keep the receipt, and tell security; if the cell began a new epoch, your machine must have proved it first: halligan ledger receipts --check")
	}
	return f.or("sign nothing, keep the receipt, and tell security; it is proof once the ledger is shown to go on past it, so check again")
}

// unreadable is the failure of what is no receipt.
func unreadable(lines []receiptLine) error {
	for _, l := range lines {
		if l.State == receiptBroken {
			return failf(exitUsage, "cannot read the receipt %s: %s", l.File, l.Why).or("bring the file back from a copy, or move it away")
		}
	}
	return nil
}

func (c *call) printReceipts(lines []receiptLine) {
	if len(lines) == 0 {
		c.say("There is no receipt on this machine: nothing was signed here yet.")
		return
	}
	now, found := canon.At(c.now()), 0
	for _, l := range lines {
		if l.State == receiptBroken {
			c.say("     ?  %s: %s", l.State, l.File)
			continue
		}
		if l.State == receiptThere {
			found++
		}
		state := l.State
		if l.Cosigned {
			state += ", cosigned"
		}
		c.say("%6d  %s  %-12s %s  %s", l.Entry, clock(l.At, now), l.Kind, l.Digest.Short(), state)
	}
	if found == len(lines) {
		c.say("The ledger has all of them.")
	}
}
