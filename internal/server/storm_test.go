package server_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
	"github.com/halligan-dev/halligan/internal/view"
)

// The storm: so many requests of so many targets end in the same millisecond.
const (
	stormFolder   = "HALLIGAN_STORM_FOLDER"
	stormEnds     = "HALLIGAN_STORM_ENDS"
	stormHosts    = statement.TargetsMost
	stormRequests = 42 // 2,016 leases
	soakRequests  = 57 // nearly as many as three people can have open: 2,736 leases
	soakStorms    = 20
	proversMost   = 32 // probes at a time that the server allows itself
)

func stormHost(i int) string { return fmt.Sprintf("db-%02d", i+1) }

// stormy gives the cell hosts, and its scenario all of them.
func stormy(g *cell.Genesis, s *access.Scenario) {
	g.Hosts, s.Opens = nil, nil
	for i := range stormHosts {
		host := stormHost(i)
		g.Hosts = append(g.Hosts, cell.Host{ID: host, Address: host + ".example.com:22", Keys: []roster.Key{celltest.Line(host)}, Report: celltest.Line("report " + host), Other: "console"})
		s.Opens = append(s.Opens, access.Open{SSH: &access.SSH{Name: host, Host: host, User: "root", Principals: []string{"emergency-dba"}, Permit: []string{"pty"}}})
	}
}

// TestStorm: all leases of a cell end at once, and the server is killed in the
// middle of it. Started again, it closes every one on proof: none is lost, none is
// closed twice; it never asks more hosts at a time than it may; and people who ask,
// agree and stop meanwhile are done before the storm is.
func TestStorm(t *testing.T) {
	storms, requests := 1, stormRequests
	switch {
	case os.Getenv("HALLIGAN_SOAK") != "":
		storms, requests = soakStorms, soakRequests
	case testing.Short():
		requests = 5
	}
	for range storms {
		folder := t.TempDir()
		ends, leases := openMany(t, folder, requests)
		first := rideOut(t, folder, ends, leases/3)
		second := rideOut(t, folder, ends, leases+1)
		if first.closed >= leases || second.closed == 0 {
			t.Fatalf("%d of %d leases were closed at the kill, %d afterwards: it was not in the middle", first.closed, leases, second.closed)
		}
		if most := max(first.probes, second.probes); most > proversMost || most < 2 {
			t.Errorf("%d probes at a time, want at most %d", most, proversMost)
		}
		wreckage(t, folder, leases)
	}
}

// tally counts events as they become durable, and tells of each count.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
	moved  chan struct{} // closed when a count has
}

func newTally() *tally { return &tally{counts: map[string]int{}, moved: make(chan struct{})} }

// Committed is broker.Follower.
func (y *tally) Committed(_ *cell.World, recorded []cell.Recorded) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, r := range recorded {
		for _, e := range r.Outcome.Events {
			switch e.(type) {
			case *cell.LeaseOpened:
				y.counts["opened"]++
			case *cell.TwinWorked:
				y.counts["worked"]++
			case *cell.CredentialDelivered:
				y.counts["delivered"]++
			case *cell.LeaseProved:
				y.counts["proved"]++
				y.counts["moved"]++
			case *cell.LeaseClosed:
				y.counts["moved"]++
				if r.Entry.Cause.Effect != "" { // what others stop is closed by their word: nothing was issued
					y.counts["closed"]++
				}
			}
		}
	}
	close(y.moved)
	y.moved = make(chan struct{})
}

// until waits for a count, and gives it.
func (y *tally) until(ctx context.Context, what string, least int) int {
	for {
		y.mu.Lock()
		n, moved := y.counts[what], y.moved
		y.mu.Unlock()
		if n >= least || ctx.Err() != nil {
			return n
		}
		select {
		case <-moved:
		case <-ctx.Done():
		}
	}
}

// slow is a provider of hosts that take a moment for each login, and where a twin
// is refused once its end is past.
type slow struct {
	now       func() time.Time
	busy, top atomic.Int64
}

func (*slow) Open(context.Context, provider.Lease) error  { return nil }
func (*slow) Close(context.Context, provider.Lease) error { return nil }

func (s *slow) Probe(ctx context.Context, leases []provider.Lease) []access.Round {
	busy := s.busy.Add(1)
	defer s.busy.Add(-1)
	for top := s.top.Load(); busy > top && !s.top.CompareAndSwap(top, busy); top = s.top.Load() {
	}
	select {
	case <-time.After(5 * time.Millisecond):
	case <-ctx.Done():
	}
	rounds := make([]access.Round, len(leases))
	for i, lease := range leases {
		rounds[i] = access.Round{Twin: access.Accepted, Control: access.Accepted}
		if !canon.At(s.now()).Before(lease.Until) {
			rounds[i].Twin = access.Refused
		}
	}
	return rounds
}

// stormCell is a cell with everything that a server does for it, until stop.
type stormCell struct {
	*brokertest.Cell
	tally  *tally
	hosts  *slow
	report func(context.Context, api.Report) error
	stop   func()
}

func newStormCell(t *testing.T, folder string, wall func() time.Time) *stormCell {
	c := &stormCell{tally: newTally(), hosts: &slow{now: wall}}
	g, _, _ := brokertest.FoundingOf(t, stormy)
	tasks, world, hosts := server.StormOf(&g, c.hosts, func() *broker.Broker { return c.Broker })
	c.Cell = brokertest.New(t, brokertest.Setup{
		Folder: folder, Change: stormy, Wall: wall, Follow: []broker.Follower{world, c.tally, tasks},
	})
	c.report = hosts(c).Report
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { tasks.Run(ctx, c) })
	c.stop = func() { cancel(); running.Wait() }
	return c
}

// openMany makes a cell in which so many requests are open at every host, each
// with twins that were seen to work and credentials that were handed over in the
// last minutes. By its clock no other time passes, so that all end at one instant.
func openMany(t *testing.T, folder string, requests int) (ends time.Time, leases int) {
	still, later := time.Now(), new(atomic.Int64)
	c := newStormCell(t, folder, func() time.Time { return still.Add(time.Duration(later.Load())) })
	var hosts []string
	for i := range stormHosts {
		hosts = append(hosts, stormHost(i))
	}
	var asked []func(host string) broker.Submission
	for i := range requests {
		who, holder := []string{"ann", "bob", "lea"}[i%3], fmt.Sprint(i)
		id := c.Must(c.AskFor(who, holder, 3600, hosts...)).Digest
		c.Must(c.Decide("sam", id, statement.Approve))
		c.Must(c.Decide("leo", id, statement.Approve))
		leases += stormHosts
		asked = append(asked, func(host string) broker.Submission {
			return c.Sign(who, "holder "+holder, &statement.Fetch{Of: id, Target: host})
		})
	}
	c.tally.until(context.Background(), "worked", leases)
	later.Store(int64(58 * time.Minute))
	// A batch that was decided before may still be under way, and makes what names the
	// checkpoint before it an hour old: whoever signs first is let in by signing again.
	first, err := c.Submit(context.Background(), asked[0](hosts[0]))
	for again := 0; err != nil && again < 10; again++ {
		first, err = c.Submit(context.Background(), asked[0](hosts[0]))
	}
	if err == nil {
		_, err = c.Mint(context.Background(), first)
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, fetch := range asked {
		var fetching sync.WaitGroup
		for j, host := range hosts {
			if i+j == 0 {
				continue
			}
			fetching.Go(func() {
				if _, err := c.Mint(context.Background(), c.Must(fetch(host))); err != nil {
					t.Error(err)
				}
			})
		}
		fetching.Wait()
		if t.Failed() {
			t.FailNow()
		}
	}
	c.tally.until(context.Background(), "delivered", leases)
	c.stop()
	c.Shut()
	return still.Add(time.Hour), leases
}

// rode is what a process said of its part of a storm.
type rode struct{ closed, probes int }

// rideOut runs the cell in a process of its own and kills it as soon as so many
// leases are closed, or lets it end.
func rideOut(t *testing.T, folder string, ends time.Time, until int) (r rode) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run", "^TestStormLoad$", "-test.count=1")
	c.Env = append(os.Environ(), stormFolder+"="+folder, stormEnds+"="+ends.Format(time.RFC3339Nano))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		said = append(said, lines.Text())
		_, _ = fmt.Sscanf(lines.Text(), "closed %d probes %d", &r.closed, &r.probes)
		if r.closed >= until {
			_ = c.Process.Kill()
			break
		}
	}
	if err := c.Wait(); err != nil && r.closed < until {
		t.Fatalf("the storm ended by itself: %v: %s", err, strings.Join(said, "\n"))
	}
	return r
}

// TestStormLoad is the process that TestStorm kills.
func TestStormLoad(t *testing.T) {
	folder := os.Getenv(stormFolder)
	if folder == "" {
		t.Skip("it is the load of TestStorm, run under -short conditions by that alone")
	}
	ends, err := time.Parse(time.RFC3339Nano, os.Getenv(stormEnds))
	if err != nil {
		t.Fatal(err)
	}
	ahead := time.Until(ends)
	c := newStormCell(t, folder, func() time.Time { return time.Now().Add(ahead) })
	left := len(standing(t, c.Store))
	ctx, cancel := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	for i := range stormHosts {
		beside.Go(func() { c.reports(ctx, t, stormHost(i)) })
	}
	beside.Go(func() { // others go on
		c.tally.until(ctx, "proved", 1)
		id := c.Must(c.AskFor("ann", "others "+ahead.String(), 600, stormHost(0))).Digest
		c.Must(c.Decide("sam", id, statement.Approve))
		c.Must(c.Decide("leo", id, statement.Approve))
		c.Must(c.Stop("sam", id))
		if closed := c.tally.until(ctx, "closed", 0); closed >= left && left > 1000 {
			t.Errorf("others were done when all %d leases were closed", closed)
		}
	})
	for closed := 0; closed < left; {
		closed = c.tally.until(ctx, "closed", closed+1)
		fmt.Println("closed", closed, "probes", c.hosts.top.Load())
	}
	cancel()
	beside.Wait()
	c.stop()
}

// reports is the host program of a host: at once, and whenever a door was proved
// shut or a lease closed anywhere, it says that it sees no session under the newest
// list. Of many leases one report may close some.
func (c *stormCell) reports(ctx context.Context, t *testing.T, host string) {
	signer, err := ssh.NewSignerFromKey(celltest.Key("report " + host))
	if err != nil {
		t.Error(err)
		return
	}
	for moved, sequence := -1, time.Now().UnixMilli(); ctx.Err() == nil; sequence++ {
		moved = c.tally.until(ctx, "moved", moved+1)
		now := c.Now().Std()
		data, err := revocation.Report{
			Origin: celltest.Origin, Host: host, Sequence: sequence, List: revocation.ListRef{Number: c.Head().Size, At: now}, ListedAt: now,
		}.Bytes()
		if err != nil {
			t.Error(err)
			return
		}
		signature, err := sshsig.Sign(signer, sshsig.Namespace(verify.ReportKind), data)
		if err == nil {
			err = c.report(ctx, api.Report{Bytes: data, Signature: signature, Share: host})
		}
		if err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	}
}

// standing are the leases with a credential that are not proved dead.
func standing(t *testing.T, store *sqlite.Store) (keyIDs []string) {
	t.Helper()
	state, err := store.Load(context.Background())
	must(t, err)
	for _, stream := range state.Streams {
		if _, ok := cell.RequestOf(stream.ID); !ok {
			continue
		}
		r, err := cell.DecodeRequest(stream.Snapshot)
		must(t, err)
		for _, lease := range r.Leases {
			if lease.Issued > 0 && lease.State != access.LeaseClosed {
				keyIDs = append(keyIDs, lease.KeyID)
			}
		}
	}
	return keyIDs
}

// wreckage checks what a storm left: the database is what its ledger gives, and by
// that every lease was closed by one entry, on a refusal and a host's list.
func wreckage(t *testing.T, folder string, leases int) {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(folder, sqlite.Options{Reserve: -1})
	must(t, err)
	defer store.Close()
	g, _, _ := brokertest.FoundingOf(t, stormy)
	found, err := server.Check(ctx, server.Checked{Store: store, Anchor: ledger.Anchor{Origin: celltest.Origin, LedgerKeys: []string{g.Ledger}}}, nil)
	must(t, err)
	for _, fault := range found.Faults {
		t.Errorf("%s: %s", fault.Where, fault.Detail)
	}
	if left := standing(t, store); len(left) > 0 {
		t.Errorf("%d leases are not closed: %v", len(left), left[:min(3, len(left))])
	}
	head, err := store.Head(ctx)
	must(t, err)
	closed, proofs := map[string]int{}, map[string]int{}
	for at := int64(0); at < head.Size; {
		bodies, err := store.Entries(ctx, at, 256)
		must(t, err)
		for _, body := range bodies {
			recorded, err := view.Recorded(at, body)
			must(t, err)
			at++
			id, _ := cell.RequestOf(recorded.Outcome.Stream)
			for _, e := range recorded.Outcome.Events {
				switch e := e.(type) {
				case *cell.LeaseClosed:
					closed[cell.KeyID(id, e.Target)]++
				case *cell.LeaseProved:
					proofs[string(e.Proof.Kind)]++
				}
			}
		}
	}
	for id, times := range closed {
		if times != 1 {
			t.Errorf("lease %s was closed %d times", id, times)
		}
	}
	if n := len(closed) - proofs["unissued"]; n != leases { // those of others had no credential
		t.Errorf("%d leases were closed, want %d", n, leases)
	}
	if proofs["refused"]+proofs["expired"] < leases || proofs["ended"] != leases {
		t.Errorf("%d leases, and %v", leases, proofs)
	}
}
