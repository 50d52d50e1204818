package cli

import (
	"bytes"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/view"
)

// ledgerCommand reads the ledger.
type ledgerCommand struct {
	Tail      ledgerTailCommand      `cmd:"" help:"Print the newest entries, each proved to be in the signed ledger."`
	Receipts  ledgerReceiptsCommand  `cmd:"" help:"List the receipts of what you signed, and check that the ledger still has it."`
	Mirror    ledgerMirrorCommand    `cmd:"" help:"Keep a verified copy of the whole ledger in a folder, and follow it."`
	ProveFork ledgerProveForkCommand `cmd:"" help:"Check that two signed checkpoints contradict each other."`
}

type ledgerTailCommand struct {
	Lines  int64         `short:"n" default:"10" help:"How many of the newest entries."`
	Follow bool          `short:"f" help:"Go on with what comes; each new checkpoint must extend the one before."`
	Every  time.Duration `default:"2s" help:"How often --follow looks."`
	memberFlags
}

// Help is the long help of `ledger tail`.
func (ledgerTailCommand) Help() string {
	return `Each entry is checked against a checkpoint that the key of your anchor signed. Whether the rules were kept is what halligan verify tells.

Examples:

    halligan ledger tail
    halligan ledger tail -n 100
    halligan ledger tail -f --json`
}

// Run prints.
func (l ledgerTailCommand) Run(c *call) error {
	if l.Lines < 0 || l.Every < 100*time.Millisecond {
		return failf(exitUsage, "-n must not be negative, --every not under 100ms")
	}
	m, err := c.open(l.memberFlags)
	if err != nil {
		return err
	}
	log, err := m.log()
	if err != nil {
		return err
	}
	next := max(0, log.Checkpoint().Size-l.Lines)
	for {
		if err := m.printFrom(log, next); err != nil {
			return err
		}
		if next = log.Checkpoint().Size; !l.Follow {
			return nil
		}
		if log, err = m.grown(log, l.Every); err != nil {
			return err
		}
	}
}

// log opens the server's ledger as it is now, which must go on from what this
// machine has seen.
func (m *member) log() (*ledger.Log, error) {
	since, err := m.way.client.Seen()
	if err != nil {
		return nil, unread(err)
	}
	log, err := m.openLog()
	if err == nil {
		err = m.way.client.GoesOn(m.c.ctx, since, log.Signed())
	}
	if err != nil {
		return nil, unread(err)
	}
	return log, nil
}

// openLog opens the server's ledger. One that is signed with a ledger key that this
// machine does not know is opened when the key is proved.
func (m *member) openLog() (*ledger.Log, error) {
	log, err := ledger.OpenLog(m.source(), m.anchor())
	if !ledger.UnknownKey(err) {
		return log, err
	}
	if _, err := m.way.client.Checkpoint(m.c.ctx); err != nil {
		return nil, err
	}
	return ledger.OpenLog(m.source(), m.anchor())
}

// unread is the failure of a ledger that cannot be used, or not be reached.
func unread(err error) error {
	if f := ofClient(err); f.code != exitInternal {
		return f
	}
	return because(exitUnverified, err, "cannot use the server's ledger").or("keep what you have, and tell security")
}

// grown waits until the ledger has grown.
func (m *member) grown(before *ledger.Log, every time.Duration) (*ledger.Log, error) {
	for {
		select {
		case <-m.c.ctx.Done():
			return nil, m.c.ctx.Err()
		case <-time.After(every):
		}
		if log, err := m.log(); err != nil || log.Checkpoint() != before.Checkpoint() {
			return log, err
		}
	}
}

// printFrom prints the entries from an index on, once all of them are proved.
func (m *member) printFrom(log *ledger.Log, from int64) error {
	var proved [][]byte
	err := log.Walk(from, func(_ int64, body []byte) error {
		proved = append(proved, bytes.Clone(body))
		return nil
	})
	if err != nil {
		return unread(err)
	}
	now := canon.At(m.c.now())
	for i, body := range proved {
		if err := m.printEntry(from+int64(i), body, now); err != nil {
			return err
		}
	}
	return nil
}

func (m *member) printEntry(index int64, body []byte, now canon.Time) error {
	if m.c.flags.JSON {
		return m.c.jsonLine(struct {
			Index int64          `json:"index"`
			Entry jsontext.Value `json:"entry"`
		}{index, body})
	}
	r, err := view.Recorded(index, body)
	if err != nil {
		return because(exitUnverified, err, "cannot read the ledger")
	}
	moments, err := view.Timeline([]cell.Recorded{r})
	if err != nil {
		return because(exitUnverified, err, "cannot read the ledger")
	}
	for _, moment := range moments {
		m.c.say("%6d  %s  %s", index, clock(moment.At, now), moment.Text)
	}
	return nil
}
