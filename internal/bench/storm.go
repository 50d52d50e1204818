package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// stormDue is how much longer other people's commands may take meanwhile: their
// slowest hundredth.
const stormDue = 2

// callsMost is how many calls of the provider may be under way: 32 each that open,
// that see whether twins work, and that prove.
const callsMost = 96

// Of those who go on with other things meanwhile: how many they are, and how long
// each of them thinks after each command.
const (
	othersMost = 8
	othersRest = 20 * time.Millisecond
)

// looksEvery is how often the metrics are asked how many leases there are, before
// the storm and in it: what they cost is paid on both sides.
const looksEvery = time.Second

// ride is one storm from before it until everything is closed.
type ride struct {
	cell   *folderOf
	ahead  time.Duration // of the cell's clock
	starts time.Duration // what a start may take

	took         time.Duration // from the end of all grants until the last lease was closed
	calm, during []time.Duration
	before, top  int64 // bytes of memory
	calls        int   // of the provider at a time
	restarted    int   // leases that were closed when the server was killed; 0: it was not
}

// measureStorm is B9.
func (r *run) measureStorm() error {
	leases := 30_000
	if r.quick {
		leases = 3_000
	}
	cell, err := r.stormCell()
	if err != nil {
		return err
	}
	begun := time.Now()
	ends, err := cell.fillStorm(leases)
	if err != nil {
		return err
	}
	filled := time.Since(begun)
	fmt.Printf("     %d leases are open after %s\n", leases, span(filled))
	again, err := r.copyOf(cell, "storm-again")
	if err != nil {
		return err
	}
	// Starting proves every entry of what is live, which takes less than making it.
	whole, killed := &ride{cell: cell, starts: filled / 2}, &ride{cell: again, starts: filled / 2, restarted: leases / 2}
	for _, one := range []*ride{whole, killed} {
		if err := r.rideOut(one, ends, leases); err != nil {
			return err
		}
		if err := one.counted(leases); err != nil {
			return err
		}
	}
	return r.addStorm(whole, killed, leases)
}

func (r *run) addStorm(whole, killed *ride, leases int) error {
	what := figure(float64(leases)) + " leases end in the same second"
	r.add(row{
		ID: "B9", What: what + ": until all are closed with proof", Ours: span(whole.took), Peer: "logins of 5 ms at 48 hosts that report every 2 s",
		Note: fmt.Sprintf("%.0f leases a second, at most %d calls of the provider at a time (bounded: %d), memory %s before and %s at most. All are closed on a refused twin and on a host's list; each is closed by one entry.",
			float64(leases)/whole.took.Seconds(), whole.calls, callsMost, megabytes(whole.before), megabytes(whole.top)),
	})
	if len(whole.calm) == 0 || len(whole.during) == 0 {
		return errors.New("others did nothing before or meanwhile: the start took too long")
	}
	slices.Sort(whole.calm)
	slices.Sort(whole.during)
	calm, during := whole.calm[len(whole.calm)*99/100], whole.during[len(whole.during)*99/100]
	r.add(row{
		ID: "B9", What: "slowest hundredth of other people's commands meanwhile", Ours: span(during), Peer: "before: " + span(calm),
		Ratio: float64(during) / float64(calm), Unit: "× time", Due: atMost(stormDue),
		Note: fmt.Sprintf("request, decide and stop of %d people who each rest for %s after each, %d before and %d meanwhile; half of them took %s before and %s meanwhile.",
			othersMost, span(othersRest), len(whole.calm), len(whole.during), span(whole.calm[len(whole.calm)/2]), span(whole.during[len(whole.during)/2])),
	})
	r.add(row{
		ID: "B9", What: "the same, killed when half are closed: lost, or closed twice", Ours: "0 of " + figure(float64(leases)), Peer: "until all are closed: " + span(killed.took),
		Note: fmt.Sprintf("killed when %d were closed, and started again at once. Counted in the ledger afterwards; another count than none ends the bench.", killed.restarted),
	})
	return nil
}

// rideOut serves the cell from a little before all of its grants end until every
// lease is closed.
func (r *run) rideOut(one *ride, ends time.Time, leases int) error {
	calmFor := r.length(15 * time.Second)
	one.ahead = time.Until(ends) - calmFor - one.starts - 5*time.Second
	one.cell.wall = func() time.Time { return time.Now().Add(one.ahead) }
	server, err := r.storming(one)
	if err != nil {
		return err
	}
	defer func() { server.end() }()
	crowd, err := one.cell.crowd()
	if err != nil {
		return server.because(err)
	}
	running, stop := context.WithCancel(context.Background())
	defer stop()
	var others sync.WaitGroup
	defer others.Wait()
	defer stop()
	others.Go(func() { crowd.pull(running) })
	storm := ends.Add(-one.ahead)
	said := &samples{storm: storm}
	if one.restarted == 0 {
		for worker := range othersMost {
			others.Go(func() { said.fail(crowd.goOn(running, worker, said)) })
		}
	}
	for left := time.Until(storm); left > 0; left = time.Until(storm) {
		if _, err := crowd.leases(); err != nil {
			return server.because(err)
		}
		time.Sleep(min(looksEvery, left))
	}
	if one.before, err = server.resident(); err != nil {
		return err
	}
	if server, err = r.untilClosed(one, server, crowd, leases); err != nil {
		return err
	}
	one.took = time.Since(storm)
	stop()
	others.Wait()
	if one.calm, one.during = said.calm, said.during; said.failed != nil {
		return said.failed
	}
	one.calls, err = server.callsAtATime()
	return err
}

// untilClosed waits until every lease is closed, and kills the server once if the
// ride says so. It gives the server that runs then.
func (r *run) untilClosed(one *ride, server *process, crowd *crowd, leases int) (*process, error) {
	kill, begun := one.restarted > 0, time.Now()
	for {
		now, err := crowd.leases()
		if err != nil {
			return server, err
		}
		left := now["open"] + now["closing"]
		if held, err := server.resident(); err == nil {
			one.top = max(one.top, held)
		}
		if over := left <= othersMost && now["closing"] == 0; over && kill {
			return server, errors.New("all leases were closed before the server could be killed")
		} else if over {
			return server, nil
		}
		if kill && leases-left >= one.restarted {
			kill, one.restarted = false, leases-left
			server.kill()
			if server, err = r.storming(one); err != nil {
				return server, err
			}
		}
		if time.Since(begun) > 15*time.Minute {
			return server, fmt.Errorf("after fifteen minutes these leases are left: %v", now)
		}
		if kill {
			time.Sleep(looksEvery / 20)
		} else {
			time.Sleep(looksEvery)
		}
	}
}

// storming starts the server of a ride.
func (r *run) storming(one *ride) (*process, error) {
	profile := ""
	if r.profile != "" && one.restarted == 0 {
		profile = r.profile
	}
	server, err := r.self("storm", one.cell.path, profile, one.ahead.String())
	if err != nil {
		return nil, err
	}
	_, err = server.line()
	return server, err
}

// because adds to an error what the process said last.
func (p *process) because(err error) error {
	said, _ := os.ReadFile(p.errs.Name())
	return fmt.Errorf("%w: %s", err, tail(said))
}

// kill ends a process as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.errs.Close()
}

// callsAtATime ends a server of a storm and gives what it says last.
func (p *process) callsAtATime() (calls int, err error) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	for {
		text, err := p.line()
		if err != nil {
			return 0, err
		}
		if n, ok := strings.CutPrefix(text, "calls "); ok {
			_, err = fmt.Sscan(n, &calls)
			return calls, err
		}
	}
}

// counted demands that no lease was lost, none was closed twice, and no more calls
// were under way than may be.
func (one *ride) counted(leases int) error {
	closed, left, err := one.cell.ledgerOf(context.Background())
	if err != nil {
		return err
	}
	once := 0
	for id, times := range closed {
		if times != 1 {
			return fmt.Errorf("lease %s was closed %d times", id, times)
		}
		once++
	}
	if left > 0 || once < leases {
		return fmt.Errorf("%d leases were closed and %d are not; there were %d", once, left, leases)
	}
	if one.calls > callsMost {
		return fmt.Errorf("%d calls of the provider were under way at a time, at most %d may be", one.calls, callsMost)
	}
	return nil
}

// samples are how long the commands of others took, before the storm and in it.
type samples struct {
	storm time.Time

	mu           sync.Mutex
	calm, during []time.Duration
	failed       error
}

func (s *samples) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = err
	}
}

func (s *samples) timed(do func() error) error {
	sent := time.Now()
	err := do()
	took := time.Since(sent)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sent.Before(s.storm.Add(-time.Second)) {
		s.calm = append(s.calm, took)
	} else if sent.After(s.storm) {
		s.during = append(s.during, took)
	}
	return err
}

// goOn is a person who asks, is agreed to and is stopped, again and again.
func (c *crowd) goOn(ctx context.Context, worker int, said *samples) error {
	who, others := people[worker%len(people)], []string{people[(worker+1)%len(people)], people[(worker+2)%len(people)]}
	for ctx.Err() == nil {
		var o opened
		steps := []func() error{
			func() (err error) { o, err = c.ask(who); return err },
			func() error { _, err := c.agree(others[0], o.id); return err },
			func() error { _, err := c.agree(others[1], o.id); return err },
			func() error { return c.stop(others[0], o) },
		}
		for _, step := range steps {
			if err := said.timed(step); err != nil {
				return err
			}
			_ = waits(ctx, othersRest) // what was begun is ended, or it would be left open
		}
	}
	return nil
}

// stop ends a request by another's word.
func (c *crowd) stop(person string, o opened) error {
	why := ledger.Note{Text: "it is over", Salt: freshNote().Salt}
	note, err := statement.NewNote(why.Salt, why.Text)
	if err != nil {
		return err
	}
	_, err = c.submit(person, c.cell.keys[person], &statement.Stop{Of: o.id, Reason: note}, why)
	return err
}
