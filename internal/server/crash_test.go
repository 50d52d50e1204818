package server_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
)

const (
	crashFolder = "HALLIGAN_CRASH_FOLDER"
	crashKills  = 60
	soakKills   = 500
	crashEach   = 6 // kills of one ledger

	// A kill comes this long after so many acknowledgements, by chance: whatever the
	// machine does besides, the load was a load.
	crashAcks  = 60
	crashAfter = 20 * time.Millisecond
)

// TestCrash kills a process under load at random points. After each kill the
// database is what its ledger gives, everything acknowledged is there, and no
// lease is forgotten.
func TestCrash(t *testing.T) {
	kills := crashKills
	switch {
	case os.Getenv("HALLIGAN_SOAK") != "":
		kills = soakKills
	case testing.Short():
		kills = 5
	}
	total := 0
	var folder string
	var acknowledged map[canon.Digest]int64
	for kill := range kills {
		if kill%crashEach == 0 { // a new ledger now and then: each check replays all of it
			folder, acknowledged = t.TempDir(), map[canon.Digest]int64{}
		}
		before := len(acknowledged)
		for digest, index := range runAndKill(t, folder) {
			acknowledged[digest] = index
		}
		total += len(acknowledged) - before
		inspect(t, folder, acknowledged)
		if t.Failed() {
			t.Fatalf("after kill %d", kill)
		}
	}
	least := 10 * kills
	if testing.Short() { // of few kills each may come early
		least = 2 * kills
	}
	if total < least {
		t.Errorf("only %d acknowledgements in %d runs: the load was no load", total, kills)
	}
	t.Logf("%d kills, %d acknowledged statements, all there", kills, total)
}

// runAndKill runs the load in a process of its own, kills it, and gives what it
// acknowledged.
func runAndKill(t *testing.T, folder string) map[canon.Digest]int64 {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run", "^TestCrashLoad$", "-test.count=1")
	c.Env = append(os.Environ(), crashFolder+"="+folder)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	acks, after := mathrand.IntN(crashAcks), mathrand.N(crashAfter)
	got := map[canon.Digest]int64{}
	ready, killed := false, false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		text := lines.Text()
		ready = ready || strings.HasPrefix(text, "ready")
		var digest string
		var index int64
		if n, _ := fmt.Sscanf(text, "ack %s %d", &digest, &index); n == 2 {
			if parsed, err := canon.ParseDigest(digest); err == nil {
				got[parsed] = index
			}
		}
		if ready && !killed && len(got) >= acks {
			killed = true
			time.AfterFunc(after, func() { _ = c.Process.Kill() })
		}
	}
	_ = c.Wait() // killed, as it should be
	if !killed {
		t.Fatalf("of %d acknowledgements came %d", acks, len(got))
	}
	return got
}

// inspect checks what a kill left.
func inspect(t *testing.T, folder string, acknowledged map[canon.Digest]int64) {
	t.Helper()
	ctx := context.Background()
	store, err := sqlite.Open(folder, sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	genesis, _, _ := brokertest.Founding(t)
	found, err := server.Check(ctx, server.Checked{Store: store, Anchor: ledger.Anchor{Origin: celltest.Origin, LedgerKeys: []string{genesis.Ledger}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range found.Faults {
		t.Errorf("%s: %s", fault.Where, fault.Detail)
	}
	for digest, index := range acknowledged {
		if at, err := store.StatementEntry(ctx, digest); err != nil || at != index {
			t.Errorf("acknowledged statement %s at entry %d is at %d: %v", digest.Short(), index, at, err)
		}
	}
	leasesHeld(t, store)
}

// leasesHeld demands that every lease of an ended grant is closed, or closing
// with somebody at work on it.
func leasesHeld(t *testing.T, store *sqlite.Store) {
	t.Helper()
	state, err := store.Load(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	proving := map[string]bool{}
	for _, task := range state.Tasks {
		_, id, _ := strings.Cut(task.ID, "/")
		parts := strings.Split(id, ":")
		if parts[0] == string(cell.TaskExpire) || parts[0] == string(cell.TaskList) {
			proving[parts[1]+parts[3]] = true
		}
	}
	for _, stream := range state.Streams {
		if _, ok := cell.RequestOf(stream.ID); !ok {
			continue
		}
		r, err := cell.DecodeRequest(stream.Snapshot)
		if err != nil {
			t.Fatal(err)
		}
		for _, lease := range r.Leases {
			switch {
			case r.State == access.Ended && (lease.State == access.LeaseOpen || lease.State == access.LeaseOpening):
				t.Errorf("request %s ended and its lease is %s", r.ID.Short(), lease.State)
			case lease.State == access.LeaseClosing && !proving[r.ID.Short()+lease.Target]:
				t.Errorf("lease %s is closing and nobody proves it", lease.KeyID)
			}
		}
	}
}

// TestCrashLoad is the process that TestCrash kills.
func TestCrashLoad(t *testing.T) {
	folder := os.Getenv(crashFolder)
	if folder == "" {
		t.Skip("it is the load of TestCrash, run under -short conditions by that alone")
	}
	tasks := scheduler.New(map[cell.TaskKind]scheduler.Work{
		cell.TaskOpen: {Do: func(_ context.Context, jobs []scheduler.Job) []scheduler.Result {
			results := make([]scheduler.Result, len(jobs))
			for i := range results {
				results[i] = scheduler.Result{Kind: cell.EffectOpened}
			}
			return results
		}},
	}, slog.New(slog.DiscardHandler), func() float64 { return 0.5 })
	left := &leftovers{}
	c := brokertest.New(t, brokertest.Setup{Folder: folder, Follow: []broker.Follower{left, tasks}})
	go tasks.Run(context.Background(), c)
	for _, id := range left.open { // one person may have only so many
		c.Must(c.Stop("sam", id))
	}
	fmt.Println("ready")
	var out sync.Mutex
	for worker := range 8 {
		go func() {
			for {
				emergency(c, fmt.Sprint(worker, time.Now().UnixNano()), func(a broker.Answer) {
					out.Lock()
					defer out.Unlock()
					fmt.Println("ack", a.Digest, a.Index)
				})
			}
		}()
	}
	time.Sleep(time.Minute) // the parent kills long before
	t.Error("nobody killed the load")
}

// leftovers are the requests that the process before was killed in.
type leftovers struct{ open []canon.Digest }

// Committed is broker.Follower.
func (l *leftovers) Committed(w *cell.World, recorded []cell.Recorded) {
	if recorded != nil {
		return
	}
	for id, r := range w.Requests {
		if r.State == access.Pending || r.State == access.Granted {
			l.open = append(l.open, id)
		}
	}
}

// emergency goes through one request, as far as it comes, and acknowledges each
// step that was answered.
func emergency(c *brokertest.Cell, name string, ack func(broker.Answer)) {
	ask, err := c.Submit(context.Background(), c.Ask("ann", name))
	if err != nil {
		return
	}
	ack(ask)
	steps := []func() broker.Submission{
		func() broker.Submission { return c.Decide("sam", ask.Digest, statement.Approve) },
		func() broker.Submission { return c.Decide("lea", ask.Digest, statement.Approve) },
		func() broker.Submission {
			return c.Sign("ann", "holder "+name, &statement.Fetch{Of: ask.Digest, Target: "db-1"})
		},
		func() broker.Submission { return c.Sign("ann", "holder "+name, &statement.Release{Of: ask.Digest}) },
	}
	for _, step := range steps {
		if a, err := c.Submit(context.Background(), step()); err == nil {
			ack(a)
		}
	}
}
