package sqlite

import (
	"database/sql"
	"sync"

	"github.com/halligan-dev/halligan/internal/broker"
)

// copier copies the WAL back into the file beside the appends, with a connection of
// its own. Left to the append that finds the WAL long enough, that one would wait
// for it, and whoever waits for that append too.
type copier struct {
	db      *sql.DB
	due     chan struct{}
	done    sync.WaitGroup
	pages   int // about as many as were written since it was last told; held by whoever writes
	written *sync.Mutex
}

// copyPages is how many pages may be written before the copier is told; walPages how
// long the WAL may grow before an append copies it by itself after all. Copying costs
// three flushes however much there is, during the last of which nobody writes.
const (
	copyPages = 4000
	walPages  = 2 * copyPages
	pageSize  = 4096
)

// start begins to copy what is written under the lock.
func (c *copier) start(path string, written *sync.Mutex) error {
	db, err := sql.Open("sqlite", copierDSN(path))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	c.db, c.written, c.due = db, written, make(chan struct{}, 1)
	c.done.Go(func() {
		for range c.due {
			c.copy()
		}
	})
	return nil
}

// wrote counts a batch, whose lock the caller holds, and tells the copier when it is
// time. Each row is taken for a page of its own, which is rather too much.
func (c *copier) wrote(b broker.Batch) {
	pages := len(b.Entries) + len(b.Enqueued) + len(b.Done) + len(b.Memos) + len(b.Notes) + len(b.Tiles) + len(b.World)/pageSize
	for _, s := range b.Streams {
		pages += 1 + len(s.Snapshot)/pageSize
	}
	for _, data := range b.Attachments {
		pages += 1 + len(data)/pageSize
	}
	if c.pages += pages; c.pages < copyPages {
		return
	}
	c.pages = 0
	select {
	case c.due <- struct{}{}:
	default: // it is at it
	}
}

// copy copies most of the WAL while others write, and the rest, which is little,
// while nobody does: only a WAL that was copied as a whole begins anew. A failure
// leaves it as it is, and the next time, or the append at walPages, copies it.
func (c *copier) copy() {
	const back = "PRAGMA wal_checkpoint(PASSIVE)"
	if _, err := c.db.Exec(back); err != nil {
		return
	}
	c.written.Lock()
	defer c.written.Unlock()
	_, _ = c.db.Exec(back)
}

// stop waits for what is under way. The lock must not be held.
func (c *copier) stop() error {
	if c.db == nil {
		return nil
	}
	close(c.due)
	c.done.Wait()
	err := c.db.Close()
	c.db = nil
	return err
}
