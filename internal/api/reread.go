package api

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/view"
)

// learnedMost is how many of the newest entries are read again after a start, for
// what only entries tell; learnedPage how many at a time.
const (
	learnedMost = 2000
	learnedPage = 256
)

// Later has what is older read by Remember, so that a start does not wait for it:
// no command needs it. It must be called before the broker opens.
func (l *Live) Later() { l.whole = make(chan struct{}) }

// Remember reads what Later put off. It must be called once, after the broker opened.
func (l *Live) Remember() {
	if l.whole == nil {
		return
	}
	defer close(l.whole)
	if made := l.view.Load(); made != nil {
		l.reread(made, l.from)
	}
}

// Whole waits until what is older was read: before that a view lacks requests that are
// settled, and has figures that begin now.
func (l *Live) Whole(ctx context.Context) error {
	if l.whole == nil {
		return nil
	}
	select {
	case <-l.whole:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// reread gives a view what no world holds: what the newest entries before an
// index tell, and the newest requests that are settled. Both are read and decoded
// side by side.
func (l *Live) reread(made *view.Cell, next int64) {
	var all sync.WaitGroup
	var settled []view.Held
	var lost error
	all.Go(func() { settled, lost = l.settled() })
	entries, err := l.pages(max(0, next-learnedMost), next)
	all.Wait()
	if err != nil {
		l.out.Warn("the newest entries were not read again: some figures begin now", slog.Any("error", err))
	}
	if lost != nil {
		l.out.Warn("older requests were not read again: figures and reviews are those of newer ones", slog.Any("error", lost))
	}
	made.Remember(entries, settled)
}

// settled are the newest requests that are, newest first, if the log's store finds
// streams as well.
func (l *Live) settled() (settled []view.Held, err error) {
	from, ok := l.log.(broker.StreamReader)
	if !ok {
		return nil, nil
	}
	var decoding sync.WaitGroup
	const most = view.SettledMost / scannedPage
	var pages [most][]view.Held
	var failed [most]error
	for page, before := 0, int64(0); page < most; page++ {
		streams, err := from.Streams(context.Background(), cell.StreamRequest, before, scannedPage)
		if err != nil {
			decoding.Wait()
			return nil, err
		}
		decoding.Go(func() { pages[page], failed[page] = settledOf(streams) })
		if len(streams) < scannedPage {
			break
		}
		before = streams[len(streams)-1].Last
	}
	decoding.Wait()
	for page := range most {
		if failed[page] != nil {
			return nil, failed[page]
		}
		settled = append(settled, pages[page]...)
	}
	return settled, nil
}

// settledOf are those of streams that are settled.
func settledOf(streams []broker.Stream) (settled []view.Held, err error) {
	for _, stream := range streams {
		r, err := cell.DecodeRequest(stream.Snapshot)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", stream.ID, err)
		}
		if r.Settled() {
			settled = append(settled, view.Held{Last: stream.Last, Request: r})
		}
	}
	return settled, nil
}

// pages gives the entries from an index to before another, read side by side.
func (l *Live) pages(from, before int64) (entries []cell.Recorded, err error) {
	pages := make([][]cell.Recorded, (before-from+learnedPage-1)/learnedPage)
	failed := make([]error, len(pages))
	var all sync.WaitGroup
	for i := range pages {
		first := from + int64(i)*learnedPage
		all.Go(func() { pages[i], failed[i] = l.page(context.Background(), first, min(before, first+learnedPage)) })
	}
	all.Wait()
	for i, page := range pages {
		if failed[i] != nil {
			return entries, failed[i]
		}
		entries = append(entries, page...)
	}
	return entries, nil
}

// lookBackMost is how many older entries are read after a start for when keys
// signed, and lookBackRests how often as long as a page took is rested after it:
// whoever needs the server right after its start gets the machine.
const (
	lookBackMost  = 50_000
	lookBackRests = 4
)

// LookBack reads what learn left out, newest first, for when keys signed last:
// as far back as it is believed that a key is still somebody's. It is called
// once, beside everything else, takes a fifth of one processor at most, and ends
// early when ctx does.
func (l *Live) LookBack(ctx context.Context) error {
	for left := int64(lookBackMost); left > 0; left -= learnedPage {
		made := l.view.Load()
		if made == nil {
			return nil
		}
		before, since := made.Unread()
		if before == 0 || since.Before(l.Newest().Add(-view.ProvedWithin)) {
			return nil
		}
		began := time.Now()
		older, err := l.page(ctx, max(0, before-learnedPage), before)
		if err != nil {
			return err
		}
		made.LookBack(older) // or there is a new view by now, which knows where it begins
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookBackRests * time.Since(began)):
		}
	}
	return nil
}

// page reads the entries from an index to before another.
func (l *Live) page(ctx context.Context, from, before int64) ([]cell.Recorded, error) {
	var page []cell.Recorded
	for from < before {
		bodies, err := l.log.Entries(ctx, from, int(before-from))
		if err != nil {
			return nil, err
		}
		if len(bodies) == 0 {
			return nil, fmt.Errorf("entry %d: %w", from, broker.ErrAbsent)
		}
		for _, body := range bodies {
			r, err := view.Recorded(from, body)
			if err != nil {
				return nil, err
			}
			page = append(page, r)
			from++
		}
	}
	return page, nil
}
