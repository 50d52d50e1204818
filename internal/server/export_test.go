package server

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/readiness"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/verify"
	"github.com/halligan-dev/halligan/internal/view"
)

// HostsOf is the server's side of host programs for a genesis.
func HostsOf(g *cell.Genesis, effect scheduler.Broker) *hosts {
	world := &following{}
	world.law.Store(&law{genesis: g})
	return &hosts{
		origin: g.Origin, check: verify.Signatures{}, world: world, tasks: scheduler.New(nil, nil, nil), effect: effect,
		turns: broker.NewTurns(1, 1), heard: map[string]heard{}, yielding: make(chan struct{}, yieldingAtOnce),
	}
}

// StormOf is what a server does for a cell of a genesis, with hosts of a test's:
// its scheduler, its follower, and its side of host programs.
func StormOf(g *cell.Genesis, at provider.Provider, b func() *broker.Broker) (*scheduler.Scheduler, broker.Follower, func(scheduler.Broker) *hosts) {
	w := &works{origin: g.Origin, world: &following{}, ssh: at, channels: map[string]sink{}, repeats: newRepeats(time.Now), broker: b}
	tasks := scheduler.New(w.table(), slog.New(slog.DiscardHandler), rand.Float64)
	return tasks, w.world, func(effect scheduler.Broker) *hosts {
		h := HostsOf(g, effect)
		h.tasks, h.turns = tasks, broker.NewTurns(2, 1000)
		return h
	}
}

// Handler is what the door answers.
func (d *Door) Handler() http.Handler { return d.handler() }

// Kinds are the kinds of task that the server has work for.
func Kinds() map[cell.TaskKind]bool {
	kinds := map[cell.TaskKind]bool{}
	for kind := range new(works).table() {
		kinds[kind] = true
	}
	return kinds
}

// Do does jobs of a kind as the server does.
func Do(ctx context.Context, kind cell.TaskKind, jobs ...scheduler.Job) []scheduler.Result {
	return new(works).table()[kind].Do(ctx, jobs)
}

// Line is what is folded of one channel, and how, with a clock of a test's.
type Line struct {
	all *repeats
	of  repeatLine
}

// LineOf is the line of an alarm of a person.
func LineOf(now func() time.Time) func(event, person, severity string) Line {
	all := newRepeats(now)
	return func(event, person, severity string) Line {
		return Line{all, repeatLine{"pager", event, person, "database-locked-out", severity}}
	}
}

// Turn, Sent and Failed do what the alarms of a channel do.
func (l Line) Turn(task string) (told bool, status int, wait time.Duration, and string) {
	return l.all.turn(l.of, task, "id-"+task)
}
func (l Line) Sent(task string)              { l.all.sent(l.of, task, 202) }
func (l Line) Failed(task string, over bool) { l.all.failed(l.of, task, over) }

// Trouble is what a server lacks to open the accounts of a genesis, with some token
// keys at hand.
func Trouble(g *cell.Genesis, held ...string) string {
	world := &following{}
	world.law.Store(&law{genesis: g})
	return (&accounts{world: world, held: held}).trouble()
}

// AtTarget is what jobs are grouped by that are asked about in one round.
func AtTarget(j scheduler.Job) string { return atTarget(j) }

// Takes tells whether the server does a task of a kind itself.
func Takes(j scheduler.Job) bool {
	work, ok := new(works).table()[j.Task.Kind]
	return ok && (work.Takes == nil || work.Takes(j))
}

// Absent is what is remembered of hosts that were not there.
type Absent struct{ absent }

// Note takes down that a host was not there.
func (a *Absent) Note(host string, now canon.Time) { a.note(host, now) }

// Was tells whether a host is left alone.
func (a *Absent) Was(host string, now canon.Time) bool { return a.was(host, now) }

// SendBy sends an alarm by a channel of these settings.
func SendBy(ctx context.Context, settings config.Server, channel string, m alert.Message) error {
	s, into := &Server{Options: Options{Settings: settings}}, map[string]sink{}
	if err := s.sinks(into); err != nil {
		return err
	}
	defer func() {
		for _, made := range s.alarms {
			made.Close()
		}
	}()
	_, err := into[channel].Send(ctx, m)
	return err
}

// CenterOf is what a server does for leases in an Identity Center of a test's: its
// scheduler, its follower, and what lists who has the permission sets and tells what is
// found of that.
func CenterOf(at center, now func() *view.Cell, b func() *broker.Broker) (*scheduler.Scheduler, broker.Follower, func() []view.Finding) {
	w := &works{
		world: &following{}, channels: map[string]sink{}, repeats: newRepeats(time.Now), broker: b, center: at,
		needed:  func(a access.Assignment) bool { return now().AssignmentNeeded(a) },
		denials: func() denialView { return now() },
	}
	list := func() []view.Finding {
		w.assignments(context.Background(), []scheduler.Job{{}})
		return w.beside()
	}
	return scheduler.New(w.table(), slog.New(slog.DiscardHandler), rand.Float64), w.world, list
}

// RunsOf is what a server does for leases that executions of a test's open: its
// scheduler, and its follower.
func RunsOf(at providerOfRuns, now func() *view.Cell, b func() *broker.Broker) (*scheduler.Scheduler, broker.Follower) {
	w := &works{
		world: &following{}, channels: map[string]sink{}, repeats: newRepeats(time.Now), broker: b, runs: at,
		held:       func(keyID string) bool { return now().LeaseHeld(keyID) },
		executions: func() []*access.Request { return now().Executions() },
	}
	return scheduler.New(w.table(), slog.New(slog.DiscardHandler), rand.Float64), w.world
}

// PercentOf is how much memory may grow before it is swept, when so many bytes are in
// use.
func PercentOf(live uint64) int { return percentOf(live) }

// ReadingOf has the accounts of a cell that have a reader read, round by round.
func ReadingOf(by *awsprovider.AWS, of paper.Cell) func(context.Context) map[string]readiness.Account {
	world := &following{}
	world.law.Store(&law{genesis: of.Genesis, scenarios: of.Scenarios})
	l := &looker{aws: by, world: world, now: func() canon.Time { return canon.At(time.Now()) }, seen: readiness.Looked{Accounts: map[string]readiness.Account{}}}
	return func(ctx context.Context) map[string]readiness.Account {
		var all sync.WaitGroup
		l.accounts(ctx, &all, of)
		all.Wait()
		return l.seen.Accounts
	}
}
