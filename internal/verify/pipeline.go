package verify

import (
	"context"
	"runtime"
	"sync"

	"github.com/halligan-dev/halligan/internal/cell"
)

const (
	batchEntries = 64
	batchBytes   = 256 << 10
)

// feed calls visit with each entry in order and returns visit's error as it is.
// The body is valid until visit returns.
type feed func(visit func(index int64, body []byte) error) error

// pipeline prepares entries on all cores ahead of taking them in order on one.
// What it keeps in memory is bounded, whatever the length of the log.
type pipeline struct {
	feed    feed
	prepare func(body []byte) (cell.Prepared, error)
	take    func(index int64, p cell.Prepared) error
	workers int // 0: as many as there are processors
}

// batch is some consecutive entries on their way from feed to take.
type batch struct {
	bytes    []byte
	ends     []int   // in bytes, of each entry
	indexes  []int64 // of each entry
	prepared []cell.Prepared
	err      error // of the entry after the last prepared one
	done     chan struct{}
}

// run returns the first error in the order of the log. None of its goroutines
// outlives it.
func (p *pipeline) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	workers := p.workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	queue := make(chan *batch, 4*workers) // in order, for take
	work := make(chan *batch, 4*workers)  // for whoever is free
	var fed error
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	running.Go(func() {
		defer close(queue)
		defer close(work)
		fed = p.produce(ctx, queue, work)
	})
	for range workers {
		running.Go(func() {
			for b := range work {
				p.prepareBatch(ctx, b)
			}
		})
	}
	for b := range queue {
		<-b.done
		if err := p.takeBatch(b); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fed
}

// produce cuts what is fed into batches.
func (p *pipeline) produce(ctx context.Context, queue, work chan<- *batch) error {
	b := newBatch()
	send := func() error {
		for _, to := range []chan<- *batch{work, queue} {
			select {
			case to <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		b = newBatch()
		return nil
	}
	err := p.feed(func(index int64, body []byte) error {
		b.bytes = append(b.bytes, body...)
		b.ends, b.indexes = append(b.ends, len(b.bytes)), append(b.indexes, index)
		if len(b.ends) < batchEntries && len(b.bytes) < batchBytes {
			return nil
		}
		return send()
	})
	if len(b.ends) > 0 && ctx.Err() == nil {
		if err := send(); err != nil {
			return err
		}
	}
	return err
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

func (p *pipeline) prepareBatch(ctx context.Context, b *batch) {
	defer close(b.done)
	from := 0
	for _, end := range b.ends {
		if b.err = ctx.Err(); b.err != nil {
			return
		}
		prepared, err := p.prepare(b.bytes[from:end:end])
		if err != nil {
			b.err = err
			return
		}
		b.prepared, from = append(b.prepared, prepared), end
	}
}

func (p *pipeline) takeBatch(b *batch) error {
	for i, prepared := range b.prepared {
		if err := p.take(b.indexes[i], prepared); err != nil {
			return err
		}
	}
	if b.err != nil {
		return &stopped{b.indexes[len(b.prepared)], b.err}
	}
	return nil
}

// stopped is an error of one entry.
type stopped struct {
	index int64
	err   error
}

func (s *stopped) Error() string { return s.err.Error() }
func (s *stopped) Unwrap() error { return s.err }
