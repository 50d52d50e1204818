package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/http"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

type ledgerMirrorCommand struct {
	To    string        `required:"" help:"The mirror's folder: a new one, or one that an earlier run left." placeholder:"FOLDER"`
	Every time.Duration `default:"10s" help:"How often to look for a newer checkpoint."`
	Once  bool          `help:"Look once, and end."`
	memberFlags
}

// Help is the long help of `ledger mirror`.
func (ledgerMirrorCommand) Help() string {
	return `Keeps a copy of the whole ledger on another machine, as the folder that halligan evidence --all writes and halligan verify reads. Each round demands that the server's ledger goes on from what the mirror has, checks every new entry against the signed root, works the tiles out anew, and takes the new checkpoint last: killed at any moment, the mirror is whole. It never goes back: a server that forked, or lost its newest entries, ends it with exit code 6, and the mirror stays as it was. Texts that lie beside the ledger (names, reasons) are not in it.

Examples:

    halligan ledger mirror --to /srv/mirror
    halligan ledger mirror --to /srv/mirror --every 1m
    halligan ledger mirror --to /srv/mirror --once`
}

// Run mirrors.
func (l ledgerMirrorCommand) Run(c *call) (err error) {
	if l.Every < 100*time.Millisecond {
		return failf(exitUsage, "--every must not be under 100ms")
	}
	m, err := c.open(l.memberFlags)
	if err != nil {
		return err
	}
	to, err := client.OpenMirror(l.To, m.anchor())
	if ledger.UnknownKey(err) { // this machine may not know yet that a key came after
		if _, failed := m.way.client.Checkpoint(c.ctx); failed == nil {
			to, err = client.OpenMirror(l.To, m.anchor())
		}
	}
	if err != nil {
		return unopened(err, l.To)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	again := true
	for {
		failed := unmirrored(m.mirror(to))
		switch {
		case c.ctx.Err() != nil:
			return c.ctx.Err()
		case failed == nil && l.Once && again:
			again = false // the session in which the round read is an entry itself
			continue
		case failed == nil && l.Once:
			return nil
		case failed != nil && (l.Once || failed.code != exitUnreachable):
			return failed
		case failed != nil:
			c.tell("%v; the mirror is as it was, and will be tried again", failed)
		}
		select {
		case <-c.ctx.Done():
			return c.ctx.Err()
		case <-time.After(l.Every):
		}
	}
}

// unopened is the failure of a folder that cannot be mirrored to.
func unopened(err error, folder string) error {
	var fault *ledger.Fault
	switch {
	case errors.Is(err, client.ErrMirrored), errors.Is(err, client.ErrNoMirror):
		return because(exitUsage, err, "cannot mirror to %s", folder).or("name a new folder, or one that halligan ledger mirror left")
	case errors.As(err, &fault) && fault.Class == ledger.ClassCheckpointOrigin:
		return because(exitUnverified, err, "").or(hintAnotherEpoch)
	case errors.As(err, &fault):
		return because(exitUnverified, err, "").or("halligan verify %s says more; keep it, and begin another mirror", shellQuoted(folder))
	}
	return because(exitUsage, err, "")
}

// hintAnotherEpoch is what to do with a mirror of a ledger that goes on under
// another name: what it holds is what the new epoch may have lost.
const hintAnotherEpoch = "if people of the change quorum began an epoch, keep this mirror as it is, and begin another: halligan ledger mirror --to NEW; if nobody did, sign nothing, and tell security"

// anotherEpoch is the failure of a round of a ledger that goes on in another
// epoch than the mirror's.
func anotherEpoch(held, now string, err error) *failure {
	return because(exitUnverified, err, "the ledger goes on as %s, and the mirror is of %s", now, held).or(hintAnotherEpoch)
}

// unmirrored is the failure of a round.
func unmirrored(err error) *failure {
	var known *failure
	var path *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known) && known.code != exitUnverified:
		return known
	case errors.As(err, &path):
		return because(exitInternal, err, "cannot write the mirror").or("see to its disk; the mirror is what it was")
	}
	if known != nil && known.hint == hintAnotherEpoch {
		return known
	}
	if errors.Is(err, client.ErrNewEpoch) {
		return because(exitUnverified, err, "cannot mirror the server's ledger").or(hintAnotherEpoch)
	}
	if known == nil {
		known = ofClient(err)
	}
	if known.code == exitInternal {
		known = because(exitUnverified, err, "cannot mirror the server's ledger")
	}
	if known.code == exitUnverified {
		return known.or("the mirror is what it was: keep it, sign nothing, and tell security")
	}
	return known
}

// mirrored is a round as it is told.
type mirrored struct {
	Entries int64        `json:"entries"`
	Root    canon.Digest `json:"root"`
	New     int64        `json:"new"`
	Witness []string     `json:"cosigned_by,omitempty"`
}

// mirror is one round: it takes the server's newest checkpoint.
func (m *member) mirror(to *client.Mirror) error {
	log, err := m.log()
	if err != nil {
		return err
	}
	to.Follow(m.anchor())
	from, held := int64(0), to.Held()
	if held != nil {
		from = held.Checkpoint().Size
		if err := m.way.client.Extends(m.c.ctx, held.Signed(), log.Signed()); err != nil {
			if held.Checkpoint().Origin != log.Checkpoint().Origin { // one without what the epoch gave up goes on
				return anotherEpoch(held.Checkpoint().Origin, log.Checkpoint().Origin, err)
			}
			return err
		}
		if held.Checkpoint() == log.Checkpoint() && !m.betterSigned(log, held) {
			return nil
		}
	}
	beside := &besideLedger{m: m, seen: map[canon.Digest]bool{}}
	if held == nil {
		beside.documents = []canon.Digest{canon.Digest(m.anchor().Genesis)}
	}
	if err := to.Extend(ledger.Export{Signed: log.Signed(), Entries: beside.naming(walkedFrom(log, from)), Attachments: beside.read}); err != nil {
		return err
	}
	witnessed, err := m.anchor().Policy().Check(log.Signed(), ledger.Whenever)
	if err != nil {
		return err
	}
	cp := log.Checkpoint()
	round := mirrored{Entries: cp.Size, Root: canon.Digest(cp.Root), New: cp.Size - from}
	for _, by := range witnessed.By {
		round.Witness = append(round.Witness, by.Witness)
	}
	return m.tellMirrored(round, witnessed)
}

func (m *member) tellMirrored(round mirrored, by ledger.Witnessed) error {
	if m.c.flags.JSON {
		return m.c.jsonLine(round)
	}
	signed := ""
	switch {
	case by.Enough():
		signed = ", cosigned by " + strings.Join(round.Witness, ", ")
	case by.Need > 0:
		signed = ", NOT WITNESSED"
	}
	m.c.say("%s, %d of them new, root %s%s", entries(round.Entries), round.New, round.Root.Short(), signed)
	return nil
}

// betterSigned tells whether more witnesses cosigned the same checkpoint by now.
func (m *member) betterSigned(now, held *ledger.Log) bool {
	policy := m.anchor().Policy()
	more, err := policy.Check(now.Signed(), ledger.Whenever)
	if err != nil {
		return false
	}
	had, err := policy.Check(held.Signed(), ledger.Whenever)
	return err != nil || len(more.By) > len(had.By)
}

// besideLedger is what lies beside entries that are mirrored: genesis and its
// scenarios, and the files that statements brought along.
type besideLedger struct {
	m         *member
	documents []canon.Digest
	blobs     []canon.Digest
	seen      map[canon.Digest]bool
}

// naming gives entries, and takes down what they name.
func (b *besideLedger) naming(entries iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for body, err := range entries {
			if err == nil {
				err = b.note(body)
			}
			if !yield(body, err) || err != nil {
				return
			}
		}
	}
}

func (b *besideLedger) note(body []byte) error {
	entry, err := ledger.DecodeEntry(body)
	if err != nil || entry.Cause.Statement == nil {
		return err
	}
	if err := proposed(body, &b.documents); err != nil {
		return err
	}
	s, err := statement.Decode(entry.Cause.Statement)
	if err != nil {
		return err
	}
	for _, blob := range statement.Blobs(s.Body) {
		b.blobs = append(b.blobs, blob.Digest)
	}
	return nil
}

// read reads it all, each once. What rules read must be there. A file that a
// statement named need not: the server keeps none of a statement that was refused.
func (b *besideLedger) read(yield func([]byte, error) bool) {
	for data, err := range b.m.beside(&b.documents) {
		b.seen[canon.Sum(data)] = true
		if !yield(data, err) || err != nil {
			return
		}
	}
	for _, digest := range b.blobs {
		if b.seen[digest] {
			continue
		}
		b.seen[digest] = true
		data, err := b.m.way.client.Attachment(b.m.c.ctx, digest)
		var no *client.Problem
		if errors.As(err, &no) && no.Status == http.StatusNotFound {
			continue
		}
		if err != nil {
			err = fmt.Errorf("file %s: %w", digest.Short(), err)
		}
		if !yield(data, err) || err != nil {
			return
		}
	}
}
