package main

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/halligan-dev/halligan/internal/statement"
)

// An old cell: its entries lie spread over a year of recorded time, which ends now,
// and the last hour of it was busy. What is to be forgotten after minutes, such as
// nonces and checkpoints, is there of the last minutes alone, as in a cell of that
// age.
const (
	ageOf      = 365 * 24 * time.Hour
	ageBusyFor = time.Hour
	ageBusy    = 5_000 // entries of the last hour
)

// age is the clock of a cell that is being made old.
type age struct {
	began   time.Time
	entries int64
	since   atomic.Int64 // nanoseconds of recorded time since it began
}

// newAge begins a year before now, for a cell that is to have so many entries.
func newAge(entries int64) *age {
	return &age{began: time.Now().Add(-ageOf), entries: entries}
}

// now is the cell's time.
func (a *age) now() time.Time { return a.began.Add(time.Duration(a.since.Load())) }

// at moves the clock on to where so many entries belong. What was signed before
// must have been decided: it would be stale.
func (a *age) at(entries int64) { a.since.Store(int64(ageAt(entries, a.entries))) }

// ageAt is how long after the beginning an entry belongs, of so many in all.
func ageAt(entry, all int64) time.Duration {
	busy := min(ageBusy, all/2)
	share := func(of time.Duration, n, all int64) time.Duration {
		return time.Duration(float64(of) * float64(n) / float64(all))
	}
	if calm := all - busy; entry < calm {
		return share(ageOf-ageBusyFor, entry, calm)
	}
	return min(ageOf, ageOf-ageBusyFor+share(ageBusyFor, entry-(all-busy), busy))
}

// busyHour is what the page says of the last hour.
const busyHour = "the last hour has 5,000 of them, in bursts of some two hundred"

// sizes are how many entries the cells have that are compared.
func (r *run) sizes() (least, most int64) {
	if r.quick {
		return 10_000, 50_000
	}
	return 10_000, 1_000_000
}

// oldCell is a cell with so many entries, all of whole emergencies that are over,
// proved and reviewed. A run makes one of each size.
func (r *run) oldCell(entries int64) (*folderOf, error) {
	if made, ok := r.old[entries]; ok {
		return made, nil
	}
	clock := newAge(entries)
	cell, err := r.makeCellOf(plan{name: fmt.Sprintf("old-%d", entries), people: people, hosts: []string{target}, wall: clock.now})
	if err != nil {
		return nil, err
	}
	l, err := cell.local()
	if err != nil {
		return nil, err
	}
	for l.Head().Size < entries {
		clock.at(l.Head().Size)
		if err := inTurn(pendingMost, func(int) error { return l.settled() }); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	clock.at(l.Head().Size)
	cell.wall = nil
	if err := l.close(); err != nil {
		return nil, err
	}
	r.old[entries] = cell
	return cell, nil
}

// pendingMost is below what one person may have open.
const pendingMost = 16

// settled is an emergency that is over, with nothing left of it.
func (l *local) settled() error {
	note := freshNote()
	of, err := l.emergency(note)
	if err != nil {
		return err
	}
	said := freshNote()
	hashed, err := statement.NewNote(said.Salt, said.Text)
	if err != nil {
		return err
	}
	if _, err = l.submit("bob", l.cell.keys["bob"], &statement.Attest{Of: of, Target: target, Note: hashed}, said); err != nil {
		return err
	}
	review := &statement.Review{Of: of, Necessary: statement.Yes, Misuse: statement.No, Note: hashed}
	written, err := l.submit("ann", l.cell.keys["ann"], review, said)
	if err != nil {
		return err
	}
	_, err = l.submit("dee", l.cell.keys["dee"], &statement.SignOff{Of: of, Review: written.Digest, Verdict: statement.Accept})
	return err
}
