package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// The cell of the storm: no request can name more targets, and forty people can
// have so many open.
const (
	stormHosts   = statement.TargetsMost
	stormAskers  = 40
	stormMinutes = 60 // of every grant
)

// stormCell founds the cell: the usual people, those who are about to have leases,
// and hosts.
func (r *run) stormCell() (*folderOf, error) {
	p := plan{name: "storm", people: append([]string{}, people...)}
	for i := range stormAskers {
		p.people = append(p.people, asker(i))
	}
	for i := range stormHosts {
		p.hosts = append(p.hosts, stormHost(i))
	}
	return r.makeCellOf(p)
}

func asker(i int) string     { return fmt.Sprintf("p%02d", i%stormAskers+1) }
func stormHost(i int) string { return fmt.Sprintf("db%d", i+1) }

// fillStorm opens so many leases, each with a twin that worked and a credential
// that was handed over in the last minutes. No other time passes by the cell's
// clock, so that all of them end in the same millisecond, which it gives.
func (f *folderOf) fillStorm(leases int) (ends time.Time, err error) {
	still, later := time.Now(), new(atomic.Int64)
	f.wall = func() time.Time { return still.Add(time.Duration(later.Load())) }
	answer := func(result scheduler.Result) scheduler.Work {
		return scheduler.Work{
			Group: func(scheduler.Job) string { return "" },
			Do: func(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
				results := make([]scheduler.Result, len(jobs))
				for i := range results {
					results[i] = result
				}
				return results
			},
		}
	}
	worked := &access.Round{Twin: access.Accepted, Control: access.Accepted}
	tasks := scheduler.New(map[cell.TaskKind]scheduler.Work{
		cell.TaskOpen:     answer(scheduler.Result{Kind: cell.EffectOpened}),
		cell.TaskBaseline: answer(scheduler.Result{Kind: cell.EffectProbed, Observed: cell.Observed{Round: worked}}),
	}, slog.New(slog.DiscardHandler), func() float64 { return 0.5 })
	l, err := f.local(tasks)
	if err != nil {
		return still, err
	}
	running, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { tasks.Run(running, l) })
	fetches, err := l.manyOpen(tasks, leases)
	later.Store(int64((stormMinutes - 2) * time.Minute))
	if err == nil {
		err = inTurn(len(fetches), func(i int) error { return l.fetchAll(fetches[i]) })
	}
	stop()
	done.Wait()
	return still.Add(stormMinutes * time.Minute), errors.Join(err, l.close())
}

// inTurn does so many things, some of them at a time.
func inTurn(n int, do func(i int) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range pendingMost {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// many is a request of many targets.
type many struct {
	opened
	who   string
	names []string
}

// manyOpen goes through requests until so many leases are open.
func (l *local) manyOpen(tasks *scheduler.Scheduler, leases int) ([]many, error) {
	all := make([]many, (leases+stormHosts-1)/stormHosts)
	err := inTurn(len(all), func(i int) (err error) {
		all[i], err = l.askMany(i, min(stormHosts, leases-i*stormHosts))
		return err
	})
	if err != nil {
		return nil, err
	}
	for range 600 {
		if len(tasks.Waiting(cell.TaskOpen))+len(tasks.Waiting(cell.TaskBaseline)) == 0 {
			return all, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return nil, errors.New("the twins were not all seen to work within a minute")
}

// askMany is a request of a number of targets that was agreed to.
func (l *local) askMany(i, targets int) (m many, err error) {
	m.who = asker(i)
	var public ed25519.PublicKey
	if public, m.holder, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return m, err
	}
	for at := range targets {
		m.names = append(m.names, stormHost(at))
	}
	slices.Sort(m.names) // as statements want them
	note := freshNote()
	asked, err := l.submit(m.who, l.cell.keys[m.who], l.cell.request(public, note, m.names...), note)
	if err != nil {
		return m, err
	}
	m.id = asked.Digest
	for _, person := range []string{"bob", "cas"} {
		decision := &statement.Decision{Of: m.id, Verdict: statement.Approve, Check: statement.CallBack}
		if _, err := l.submit(person, l.cell.keys[person], decision); err != nil {
			return m, err
		}
	}
	return m, nil
}

// fetchAll has a credential for each target handed over.
func (l *local) fetchAll(m many) error {
	errs := make([]error, len(m.names))
	var all sync.WaitGroup
	for i, name := range m.names {
		all.Go(func() {
			fetched, err := l.submit(m.who, m.holder, &statement.Fetch{Of: m.id, Target: name})
			if err == nil {
				_, err = l.Mint(context.Background(), fetched)
			}
			errs[i] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// copyOf is a cell with the same ledger, keys and people in another folder.
func (r *run) copyOf(f *folderOf, name string) (*folderOf, error) {
	again := *f
	again.path = r.path(name)
	return &again, filepath.WalkDir(f.path, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := again.path + strings.TrimPrefix(path, f.path)
		if entry.IsDir() {
			return os.Mkdir(to, 0o700)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o600) // keys that others may read are not used
	})
}

// ledgerOf counts what the ledger of a storm says of the leases: entries that
// closed one, by key id, and those that are not closed.
func (f *folderOf) ledgerOf(ctx context.Context) (closed map[string]int, left int, err error) {
	l, err := f.local()
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	closed = map[string]int{}
	for size, at := l.Head().Size, int64(0); at < size; {
		bodies, err := l.store.Entries(ctx, at, batchMost)
		if err != nil {
			return nil, 0, err
		}
		for _, body := range bodies {
			if err := countClosed(closed, body); err != nil {
				return nil, 0, err
			}
		}
		at += int64(len(bodies))
	}
	state, err := l.store.Load(ctx)
	if err != nil {
		return nil, 0, err
	}
	for _, stream := range state.Streams {
		if _, ok := cell.RequestOf(stream.ID); !ok {
			continue
		}
		request, err := cell.DecodeRequest(stream.Snapshot)
		if err != nil {
			return nil, 0, err
		}
		for _, lease := range request.Leases {
			if lease.State != access.LeaseClosed {
				left++
			}
		}
	}
	return closed, left, nil
}

// countClosed counts the leases that an entry closes on proof of a refusal and of
// a host's list, as those of the storm are.
func countClosed(closed map[string]int, body []byte) error {
	recorded, err := view.Recorded(0, body)
	if err != nil {
		return err
	}
	id, ok := cell.RequestOf(recorded.Outcome.Stream)
	if !ok {
		return nil
	}
	for _, e := range recorded.Outcome.Events {
		if over, ok := e.(*cell.LeaseClosed); ok {
			closed[cell.KeyID(id, over.Target)]++
		}
	}
	return nil
}
