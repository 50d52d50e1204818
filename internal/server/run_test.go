package server_test

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// automated gives a cell accounts of AWS, and its scenario two documents.
func automated(g *cell.Genesis, s *access.Scenario) {
	g.AWS = celltest.AWS()
	s.Opens = celltest.AutomationScenario().Opens
}

// shift is Systems Manager over several lives of a server, and what the newest entry
// says of it.
type shift struct {
	t      *testing.T
	folder string
	double *awstest.Double
	key    *issuer.OIDC
	ahead  atomic.Int64
	now    atomic.Pointer[view.Cell]
	leases atomic.Pointer[[]access.Lease]
	living atomic.Pointer[[]canon.Digest]
	cut    atomic.Pointer[string] // what was wrong
}

func newShift(t *testing.T) *shift {
	n := &shift{t: t, folder: t.TempDir(), double: awstest.New(t)}
	n.leases.Store(&[]access.Lease{})
	n.living.Store(&[]canon.Digest{})
	pair := centerKey()
	key, err := issuer.OpenOIDC(slices.Clone(pair[0]), issuer.Bounds{Audience: access.STSAudience, Subject: celltest.Origin + "/", Now: n.wall})
	if err != nil {
		t.Fatal(err)
	}
	n.key = key
	n.double.SetClock(n.wall)
	n.double.AddIssuer("https://oidc.cell.example.com", func() ([]byte, error) { return fmt.Appendf(nil, `{"keys":[%s]}`, pair[1]), nil })
	n.double.AddRole(awstest.Role{
		ARN: "arn:aws:iam::123456789012:role/halligan-executor", Audience: access.STSAudience, Subjects: []string{celltest.Origin + "/executor"}, Sources: "hg-", Allows: []string{"ssm:*", "iam:PassRole"},
	})
	n.double.AddDocument(awstest.RunDocument{
		Name: celltest.Document, Version: "2", Content: celltest.DocumentContent, Opens: "Open", Closes: "Close", Until: "Until", Takes: []string{"Group", "Person", "Until"},
	})
	inside := map[string]string{} // person and group → lease by which they are in
	n.double.WatchRuns(func(e awstest.Execution) {
		who := e.Parameters["Person"][0] + " in " + e.Parameters["Group"][0]
		switch lease := e.Tags["halligan-lease"]; {
		case !e.Standing:
			delete(inside, who)
		case inside[who] != "":
			n.wrong("%s by %s, and by %s, whose end takes them out", who, lease, inside[who])
		default:
			inside[who] = lease
		}
		for _, l := range *n.leases.Load() {
			if l.KeyID == e.Tags["halligan-lease"] && l.State == access.LeaseClosed && e.Standing {
				n.wrong("%s was called closed, and then its execution opened", l.KeyID)
			}
		}
	})
	return n
}

func (n *shift) wall() time.Time { return time.Now().Add(time.Duration(n.ahead.Load())) }

func (n *shift) wrong(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	n.cut.CompareAndSwap(nil, &text)
}

// Committed is broker.Follower: what is called open is so, from the first moment, and
// what is called closed is not.
func (n *shift) Committed(w *cell.World, recorded []cell.Recorded) {
	now, err := view.FromWorld(w)
	if err != nil {
		n.wrong("the view: %v", err)
		return
	}
	n.now.Store(now)
	var all []access.Lease
	var living []canon.Digest
	for _, r := range w.Requests {
		if r.State == access.Granted {
			living = append(living, r.ID)
		}
		all = append(all, r.Leases...)
	}
	n.leases.Store(&all)
	n.living.Store(&living)
	standing, started := map[string]bool{}, map[string]int{}
	for _, e := range n.double.Executions() {
		started[e.Tags["halligan-lease"]]++
		standing[e.Tags["halligan-lease"]] = e.Standing
	}
	for _, r := range recorded {
		id, _ := cell.RequestOf(r.Outcome.Stream)
		if w.Requests[id] == nil {
			continue
		}
		for _, e := range r.Outcome.Events {
			switch e := e.(type) {
			case *cell.LeaseOpened:
				if l, _ := w.Requests[id].Lease(e.Target); started[l.KeyID] != 1 {
					n.wrong("%s is open, and was started %d times", l.KeyID, started[l.KeyID])
				}
			case *cell.LeaseClosed:
				if l, _ := w.Requests[id].Lease(e.Target); standing[l.KeyID] {
					n.wrong("%s is called closed, and stands open", l.KeyID)
				}
			}
		}
	}
}

func (n *shift) live() *life {
	n.t.Helper()
	c := &life{}
	provider := aws.New(aws.Options{
		Keys: []aws.Signer{n.key}, Seal: toMachine, Now: func() canon.Time { return canon.At(n.wall()) }, Endpoints: n.double.Endpoints(),
		Cell: func() aws.Cell {
			return aws.Cell{Origin: celltest.Origin, Issuers: []string{"https://oidc.cell.example.com"}, Key: n.key.KeyID(), Accounts: []string{"123456789012", "210987654321"}}
		},
		Wait: func(ctx context.Context, d time.Duration) error {
			select {
			case <-time.After(d / 50):
			case <-ctx.Done():
			}
			return ctx.Err()
		},
	})
	tasks, follow := server.RunsOf(provider.Automation(), n.now.Load, func() *broker.Broker { return c.Broker })
	c.Cell = brokertest.New(n.t, brokertest.Setup{Folder: n.folder, Change: automated, Wall: n.wall, Follow: []broker.Follower{follow, n, tasks}})
	by := &mortal{Broker: c.Broker}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { tasks.Run(ctx, by) })
	var once sync.Once
	c.die = func() {
		once.Do(func() {
			by.dead.Store(true)
			cancel()
			running.Wait()
			c.Shut()
		})
	}
	return c
}

// TestExecutionsOfManyLives (T48): grants of two documents begin and end in any order, by
// a stop or by time, while calls fail, answers are lost and steps fail, and the server is
// killed between a call and its record, again and again, for minutes or hours. For no
// lease is more than one execution ever started, none that is called open was not
// started, none that is called closed stands open; and in the end every lease is closed
// and nothing runs.
func TestExecutionsOfManyLives(t *testing.T) {
	shifts := 12
	if testing.Short() {
		shifts = 3
	}
	if os.Getenv("HALLIGAN_SOAK") != "" {
		shifts = 500
	}
	var begun, started atomic.Int64
	together(t, "shift", shifts, func(t *testing.T, seed int) {
		n := newShift(t)
		random := mathrand.New(mathrand.NewPCG(uint64(seed), 46))
		for range 5 {
			begun.Add(int64(n.livesAndDies(random)))
		}
		n.settles()
		if wrong := n.cut.Load(); wrong != nil {
			t.Errorf("shift %d: %s", seed, *wrong)
		}
		started.Add(int64(len(n.double.Executions())))
	})
	if begun.Load() < int64(2*shifts) || started.Load() < int64(shifts) {
		t.Errorf("only %d grants began and %d executions in %d shifts", begun.Load(), started.Load(), shifts)
	}
	t.Logf("%d grants, %d executions", begun.Load(), started.Load())
}

func (n *shift) livesAndDies(random *mathrand.Rand) (begun int) {
	c := n.live()
	defer c.die()
	n.double.Runs(random.IntN(6), random.IntN(6))
	for range 2 + random.IntN(5) {
		switch random.IntN(5) {
		case 0, 1:
			person, target := []string{"ann", "bob"}[random.IntN(2)], fmt.Sprintf("run-%d", 1+random.IntN(2))
			made, err := c.Submit(n.t.Context(), c.AskFor(person, fmt.Sprint("holder ", random.Uint64()), 600, target))
			if err != nil {
				continue // too many of theirs wait to be proved dead
			}
			for _, approver := range []string{"sam", "leo"} {
				c.Must(c.Decide(approver, made.Digest, statement.Approve))
			}
			begun++
		case 2:
			if live := *n.living.Load(); len(live) > 0 {
				_, _ = c.Submit(n.t.Context(), c.Stop("sue", live[random.IntN(len(live))])) // it may have ended meanwhile
			}
		case 3:
			how := []awstest.How{awstest.Down, awstest.Lost, "ThrottlingException", "InternalServerError"}[random.IntN(4)]
			n.double.Break(awstest.Fault{Kind: "ssm", How: how, Times: 1 + random.IntN(3)})
		case 4:
			n.double.FailStep("Open", random.IntN(4) == 0)
		}
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
	}
	n.double.Mend()
	n.double.FailStep("Open", false)
	time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
	c.die()
	n.ahead.Add(int64([]time.Duration{0, time.Second, 5 * time.Minute, 11 * time.Minute, 70 * time.Minute}[random.IntN(5)]))
	return begun
}

// settles ends everything and goes on until all is proved; time passes while the server
// is not there.
func (n *shift) settles() {
	n.double.Mend()
	left := ""
	for life := range 20 { // a busy machine does little in one
		c := n.live()
		for _, id := range *n.living.Load() {
			_, _ = c.Submit(n.t.Context(), c.Stop("sue", id))
		}
		for range 2 {
			if left = n.waits(4 * time.Second); left == "" {
				break
			}
			if life < 4 {
				n.ahead.Add(int64(2 * time.Minute)) // nothing of it can begin late any more
			}
		}
		c.die()
		if left == "" {
			break
		}
	}
	if left != "" {
		n.wrong("not closed: %s", left)
	}
	for _, e := range n.double.Executions() {
		if e.Standing || !e.Over() {
			n.wrong("execution %s of %s is %s, standing %t", e.ID, e.Tags["halligan-lease"], e.Status, e.Standing)
		}
	}
}

// waits waits until every lease is closed, and names one that is not.
func (n *shift) waits(longest time.Duration) (left string) {
	for limit := time.Now().Add(longest); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		left = ""
		for _, l := range *n.leases.Load() {
			if l.State != access.LeaseClosed {
				left = fmt.Sprintf("%s %s, shut %s, trouble %s", l.KeyID, l.State, l.Shut, l.Trouble)
			}
		}
		if left == "" {
			return ""
		}
	}
	return left
}

// TestExecutionWaitsForTheOneBefore (T48): of two grants of one person for the same group
// the second is opened when the first is closed, and says so until then: it is never said
// to be open when the end of the first took them out.
func TestExecutionWaitsForTheOneBefore(t *testing.T) {
	n := newShift(t)
	c := n.live()
	defer c.die()
	grant := func(name string) string {
		made := c.Must(c.AskFor("ann", name, 600, "run-1"))
		for _, approver := range []string{"sam", "leo"} {
			c.Must(c.Decide(approver, made.Digest, statement.Approve))
		}
		return cell.KeyID(made.Digest, "run-1")
	}
	sees := func(keyID, what string, is func(access.Lease) bool) {
		t.Helper()
		for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
			if i := slices.IndexFunc(*n.leases.Load(), func(l access.Lease) bool { return l.KeyID == keyID }); i >= 0 && is((*n.leases.Load())[i]) {
				return
			}
		}
		t.Fatalf("%s is not %s: %+v", keyID, what, *n.leases.Load())
	}
	open := func(l access.Lease) bool { return l.State == access.LeaseOpen }
	first := grant("first")
	sees(first, "open", open)
	second := grant("second")
	sees(second, "waiting", func(l access.Lease) bool { return l.Trouble == access.TroubleWaits })
	if all := n.double.Executions(); len(all) != 1 {
		t.Fatalf("%d executions were started", len(all))
	}
	c.Must(c.Stop("sue", (*n.living.Load())[slices.IndexFunc(*n.living.Load(), func(id canon.Digest) bool { return cell.KeyID(id, "run-1") == first })]))
	sees(first, "closed", func(l access.Lease) bool { return l.State == access.LeaseClosed })
	sees(second, "open", open)
	if all := n.double.Executions(); len(all) != 2 || all[0].Standing || !all[1].Standing {
		t.Errorf("the executions are %+v", all)
	}
	if wrong := n.cut.Load(); wrong != nil {
		t.Error(*wrong)
	}
}

// TestExecutionThatIsGone (T48): Systems Manager forgets executions. A lease that one
// opened is not called closed because none is listed any more: it closes, and pages.
func TestExecutionThatIsGone(t *testing.T) {
	n := newShift(t)
	c := n.live()
	made := c.Must(c.AskFor("ann", "gone", 600, "run-1"))
	for _, approver := range []string{"sam", "leo"} {
		c.Must(c.Decide(approver, made.Digest, statement.Approve))
	}
	state := func() access.LeaseState { return (*n.leases.Load())[0].State }
	n.until("it is open", func() bool { return state() == access.LeaseOpen })
	c.die()
	n.double.Forget(n.double.Executions()[0].ID)
	n.ahead.Add(int64(time.Hour)) // the grant is over by then
	c = n.live()
	defer c.die()
	n.until("it closes", func() bool { return state() != access.LeaseOpen })
	looked := func() {
		before := len(n.double.Calls())
		n.until("somebody looked", func() bool { return len(n.double.Calls()) > before })
	}
	looked()
	n.ahead.Add(int64(2 * time.Minute)) // nothing of it can begin late any more
	looked()
	if left := n.waits(2 * time.Second); left == "" || state() != access.LeaseClosing {
		t.Errorf("it is %s", state())
	}
}

// until waits until something is so, or ends the test.
func (n *shift) until(what string, so func() bool) {
	n.t.Helper()
	for limit := time.Now().Add(longest); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			n.t.Fatalf("waited in vain until %s", what)
		}
	}
}
