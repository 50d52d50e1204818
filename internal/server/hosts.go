package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/scheduler"
)

// hosts is the server's side of cmd/halligan-host: it hands out the revocation
// list and takes reports.
type hosts struct {
	origin string
	signer note.Signer
	check  cell.Verifier
	turns  *broker.Turns
	world  *following
	tasks  *scheduler.Scheduler
	effect scheduler.Broker

	// Places for what yields, shared by all reports.
	yielding chan struct{}

	mu    sync.Mutex
	heard map[string]heard
}

// heard is when the newest report of a host came, and its number.
type heard struct {
	At       canon.Time
	Sequence int64
}

// heardFresh is how old the list may be that a report speaks of, if the report is
// to show that the host is there: hosts pull every few seconds.
const heardFresh = 10 * time.Minute

// errReport is the refusal of a report that is not one of a host of this cell.
var errReport = &cell.Refusal{Reason: cell.ReportRefused, Detail: "the report is not signed by the report key of a host of this cell"}

// Sign gives the signed revocation list with a number, as of an instant.
func (h *hosts) Sign(keyIDs []string, number int64, at canon.Time) ([]byte, error) {
	list := revocation.List{Origin: h.origin, Number: number, At: at.Std(), KeyIDs: keyIDs}
	signed, err := list.Sign(h.signer)
	if err != nil {
		return nil, fmt.Errorf("cannot sign the revocation list: %w", err)
	}
	return signed, nil
}

// Report takes a host's signed report. It is put before the rules for every
// lease at that host whose end still wants proof.
func (h *hosts) Report(ctx context.Context, r api.Report) error {
	facts, err := h.checked(ctx, r)
	if err != nil {
		return err
	}
	host, known := h.world.host(facts.Host)
	if !known || facts.Origin != h.origin || host.Report.Fingerprint != facts.Fingerprint {
		return errReport
	}
	if err := h.hear(facts, r.Bytes); err != nil {
		return &broker.Malformed{What: "report", Err: err}
	}
	var tasks, yielding []string
	now := h.effect.Now()
	for _, job := range h.tasks.WaitingAt(cell.TaskList, facts.Host) {
		lease, ok := job.Lease()
		switch {
		case !ok || !lease.DoorShut() || slices.Contains(facts.KeyIDs, lease.KeyID): // the rules would refuse it; no entry would come of it
		case job.Task.Yields(job.Request, now):
			yielding = append(yielding, job.Task.ID)
		default:
			tasks = append(tasks, job.Task.ID)
		}
	}
	for _, job := range h.tasks.WaitingAt(cell.TaskSurvey, facts.Host) {
		tasks = append(tasks, job.Task.ID)
	}
	observed := cell.Observed{Report: &cell.Reported{Report: r.Bytes, Signature: r.Signature, Facts: facts}}
	if err := h.tell(ctx, tasks, observed, telling{places: make(chan struct{}, toldAtOnce)}); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, yieldingFor)
	defer cancel()
	return h.tell(ctx, yielding, observed, telling{h.yielding, soon.Done()})
}

// toldAtOnce is how many leases a report speaks of at a time: one after another,
// each would wait for the disk alone. Of a storm, thousands wait for hosts that all
// report: of what yields all reports together speak of so many, and each begins no
// more after yieldingFor. A host that waited for all of them would not pull the list
// meanwhile, nor show that what somebody stopped is over; it reports again in its
// next round, seconds later, and what is left is told then.
const (
	toldAtOnce     = 64
	yieldingAtOnce = 256
	yieldingFor    = time.Second
)

// telling is how tasks are told of: as many at a time as there are places, and no
// more once it is over.
type telling struct {
	places chan struct{}
	over   <-chan struct{} // nil: never
}

// tell puts what a host reported before the rules for each of its tasks.
func (h *hosts) tell(ctx context.Context, tasks []string, observed cell.Observed, by telling) error {
	slices.Sort(tasks) // those of one request lie together
	failed := make([]error, len(tasks))
	var all sync.WaitGroup
	for i, task := range tasks {
		select {
		case by.places <- struct{}{}:
		case <-by.over:
			all.Wait()
			return errors.Join(failed...)
		}
		all.Go(func() {
			defer func() { <-by.places }()
			_, err := h.effect.Effect(ctx, cell.Effect{Kind: cell.EffectListed, Task: task}, observed)
			var refusal *cell.Refusal
			if !errors.As(err, &refusal) {
				failed[i] = err
			}
		})
	}
	all.Wait()
	return errors.Join(failed...)
}

// checked checks the signature, when it is its turn.
func (h *hosts) checked(ctx context.Context, r api.Report) (cell.ReportFacts, error) {
	if err := h.turns.Take(ctx, r.Share); err != nil {
		return cell.ReportFacts{}, err
	}
	defer h.turns.Leave()
	facts, err := h.check.Report(r.Bytes, r.Signature)
	if err != nil {
		return cell.ReportFacts{}, &broker.Malformed{What: "report", Err: err}
	}
	return facts, nil
}

// Known tells whether a host of the cell signs its reports with a key.
func (h *hosts) Known(fingerprint string) bool {
	genesis := h.world.genesis()
	return genesis != nil && slices.ContainsFunc(genesis.Hosts, func(host cell.Host) bool { return host.Report.Fingerprint == fingerprint })
}

// hear notes that a host is there. Reports stand in entries that others read, so
// that one that came before, or is of long ago, may be sent by anybody: it shows
// nothing of now. What else it proves, the rules say.
func (h *hosts) hear(facts cell.ReportFacts, report []byte) error {
	decoded, err := revocation.DecodeReport(report)
	if err != nil {
		return err
	}
	now := h.effect.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if decoded.Sequence > h.heard[facts.Host].Sequence && now.Sub(facts.ListAt) <= heardFresh {
		h.heard[facts.Host] = heard{At: now, Sequence: decoded.Sequence}
	}
	return nil
}

// Heard is when each host last reported, for those who watch.
func (h *hosts) Heard() map[string]canon.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := map[string]canon.Time{}
	for host, report := range h.heard {
		at[host] = report.At
	}
	return at
}
