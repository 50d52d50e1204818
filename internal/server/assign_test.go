package server_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// organised gives a cell an Identity Center, and its scenario two permission sets.
func organised(g *cell.Genesis, s *access.Scenario) {
	of := celltest.DenialGenesis()
	g.AWS, g.People = of.AWS, of.People
	s.Opens = celltest.CenterScenario().Opens
}

// night is Identity Center over several lives of a server, and what the newest entry
// says of it. Its clock is the machine's, and how far it was set ahead.
type night struct {
	t      *testing.T
	folder string
	double *awstest.Double
	key    *issuer.OIDC
	ahead  atomic.Int64
	now    atomic.Pointer[view.Cell]      // as of the newest entry
	leases atomic.Pointer[[]access.Lease] // of assignments
	living atomic.Pointer[[]canon.Digest] // requests with a live grant
	cut    atomic.Pointer[string]         // what was wrong

	denials   atomic.Int64 // how often the ledger learned of one
	strangers atomic.Bool  // somebody else writes into the policy of denials
}

var centerKey = sync.OnceValue(func() [2][]byte {
	private, public, err := issuer.GenerateOIDC(rand.Reader)
	if err != nil {
		panic(err)
	}
	return [2][]byte{private, public}
})

func newNight(t *testing.T) *night {
	n := &night{t: t, folder: t.TempDir(), double: awstest.New(t)}
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
		ARN: "arn:aws:iam::210987654321:role/halligan-identity-center", Audience: access.STSAudience, Subjects: []string{celltest.Origin + "/identity-center"}, Sources: "hg-", Allows: []string{"sso:*"},
	})
	n.double.AddRole(awstest.Role{
		ARN: "arn:aws:iam::210987654321:role/halligan-denial", Audience: access.STSAudience, Subjects: []string{celltest.Origin + "/denial"}, Sources: "hg-", Allows: []string{"organizations:*"},
	})
	empty, _ := blueprint.Denial(celltest.Origin, nil)
	n.double.AddPolicy(celltest.DenialPolicy, string(empty))
	for _, set := range []int{1, 2} {
		n.double.AddSet(celltest.SetARN(set), "EmergencyDatabase", "PT1H")
	}
	n.double.Watch(func(a awstest.Assigned, stands bool) {
		for _, l := range *n.leases.Load() {
			if !stands && l.State == access.LeaseOpen && assignedTo(l) == a {
				n.wrong("the assignment of %s was deleted while it is open", l.KeyID)
			}
		}
	})
	return n
}

func (n *night) wall() time.Time { return time.Now().Add(time.Duration(n.ahead.Load())) }

func (n *night) wrong(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	n.cut.CompareAndSwap(nil, &text)
}

func assignedTo(l access.Lease) awstest.Assigned {
	return awstest.Assigned{Account: l.Assignment.Account, Set: l.Assignment.Set, Principal: l.Assignment.User}
}

// Committed is broker.Follower: what is open must be so, from the first moment.
func (n *night) Committed(w *cell.World, recorded []cell.Recorded) {
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
		for _, l := range r.Leases {
			if l.Assignment != nil {
				all = append(all, l)
			}
		}
	}
	n.leases.Store(&all)
	n.living.Store(&living)
	for _, r := range recorded {
		for _, e := range r.Outcome.Events {
			if seen, ok := e.(*cell.DenialSeen); ok {
				n.denials.Add(1)
				n.denied(w, r.Outcome.Stream, seen)
			}
			opened, ok := e.(*cell.LeaseOpened)
			id, _ := cell.RequestOf(r.Outcome.Stream)
			if !ok || w.Requests[id] == nil {
				continue
			}
			if l, _ := w.Requests[id].Lease(opened.Target); l.State == access.LeaseOpen && !slices.Contains(n.double.Assignments(), assignedTo(*l)) {
				n.wrong("%s is open, and is not assigned", l.KeyID)
			}
		}
	}
}

// denied is told what the ledger learned of a denial: what is said to be denied is in
// the policy, unless a grant that lives by now needs it gone.
func (n *night) denied(w *cell.World, stream string, seen *cell.DenialSeen) {
	id, _ := cell.RequestOf(stream)
	l, _ := w.Requests[id].Lease(seen.Target)
	switch in := strings.Contains(n.double.Policy(celltest.DenialPolicy), l.Assignment.User); {
	case seen.Denial == access.DenialStands && !in && !n.now.Load().AssignmentNeeded(*l.Assignment):
		n.wrong("%s is said to be denied, and the policy is %s", l.KeyID, n.double.Policy(celltest.DenialPolicy))
	case seen.Denial == access.DenialFull || seen.Denial == access.DenialOthers && !n.strangers.Load():
		n.wrong("%s is %s", l.KeyID, seen.Denial)
	}
}

// mortal is a broker that takes no result any more once it is dead: what was called
// is not recorded.
type mortal struct {
	scheduler.Broker
	dead atomic.Bool
}

func (m *mortal) Effect(ctx context.Context, e cell.Effect, o cell.Observed) (broker.Answer, error) {
	if m.dead.Load() {
		return broker.Answer{}, errors.New("the server is dead")
	}
	return m.Broker.Effect(ctx, e, o)
}

// life is one run of a server, until die.
type life struct {
	*brokertest.Cell
	die  func()
	list func() []view.Finding // who has the permission sets
}

func (n *night) live() *life {
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
	tasks, follow, list := server.CenterOf(provider.Center(), n.now.Load, func() *broker.Broker { return c.Broker })
	c.list = list
	c.Cell = brokertest.New(n.t, brokertest.Setup{Folder: n.folder, Change: organised, Wall: n.wall, Follow: []broker.Follower{follow, n, tasks}})
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

// TestOverlappingAssignments (T47, T48): people's grants of the same permission sets
// overlap and end in any order, by a stop or by time, while calls fail and answers are
// lost, and the server is killed between a call and its record, again and again, for
// minutes or hours. No assignment is deleted while a lease of it is open, none that is
// called open is not made; and in the end every lease is closed and no assignment left.
func TestOverlappingAssignments(t *testing.T) {
	nights := 12
	if testing.Short() {
		nights = 3
	}
	if os.Getenv("HALLIGAN_SOAK") != "" {
		nights = 500
	}
	var open, deaths, denials atomic.Int64
	together(t, "night", nights, func(t *testing.T, seed int) {
		n := newNight(t)
		random := mathrand.New(mathrand.NewPCG(uint64(seed), 41))
		for range 5 {
			open.Add(int64(n.livesAndDies(random)))
			deaths.Add(1)
		}
		n.settles()
		denials.Add(n.denials.Load())
		if wrong := n.cut.Load(); wrong != nil {
			t.Errorf("night %d: %s", seed, *wrong)
		}
	})
	if open.Load() < int64(2*nights) {
		t.Errorf("only %d grants were open in %d nights", open.Load(), nights)
	}
	if denials.Load() < int64(2*nights) {
		t.Errorf("only %d denials came and went in %d nights", denials.Load(), nights)
	}
	t.Logf("%d grants, %d deaths, %d denials", open.Load(), deaths.Load(), denials.Load())
}

// livesAndDies is one life of a server in which grants begin and end, and how many
// were begun.
func (n *night) livesAndDies(random *mathrand.Rand) (begun int) {
	c := n.live()
	defer c.die()
	n.double.Works(random.IntN(4), random.IntN(2))
	for range 2 + random.IntN(5) {
		switch random.IntN(5) {
		case 0, 1:
			person, target := []string{"ann", "bob"}[random.IntN(2)], fmt.Sprintf("set-%d", 1+random.IntN(2))
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
			how := []awstest.How{awstest.Down, awstest.Lost, "ConflictException", "ThrottlingException"}[random.IntN(4)]
			n.double.Break(awstest.Fault{Kind: []string{"sso", "organizations"}[random.IntN(2)], How: how, Times: 1 + random.IntN(3)})
		}
		time.Sleep(time.Duration(random.IntN(150)) * time.Millisecond)
	}
	n.double.Mend()
	time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
	c.die()
	n.ahead.Add(int64([]time.Duration{0, time.Second, 5 * time.Minute, 11 * time.Minute, 70 * time.Minute}[random.IntN(5)]))
	return begun
}

// settles ends everything and goes on until all is proved; time passes while the server
// is not there.
func (n *night) settles() {
	n.double.Mend()
	for range 4 {
		c := n.live()
		for _, id := range *n.living.Load() {
			_, _ = c.Submit(n.t.Context(), c.Stop("sue", id))
		}
		left := n.waits(func(l access.Lease) bool { return l.State == access.LeaseClosed || !l.Shut.IsZero() })
		c.die()
		if n.ahead.Add(int64(70 * time.Minute)); left != "" {
			n.wrong("not gone: %s", left)
			return
		}
		c = n.live()
		left = n.waits(func(l access.Lease) bool { return l.State == access.LeaseClosed && !l.Owes() && !l.Denying() })
		c.die()
		if left == "" {
			break
		}
	}
	for n.double.Working() {
		n.double.Pass()
	}
	if left := n.double.Assignments(); len(left) > 0 {
		n.wrong("left behind: %v", left)
	}
	for _, l := range *n.leases.Load() {
		if l.State != access.LeaseClosed {
			n.wrong("%s is %s in the end", l.KeyID, l.State)
		}
	}
	if empty, _ := blueprint.Denial(celltest.Origin, nil); n.double.Policy(celltest.DenialPolicy) != string(empty) {
		n.wrong("denied still: %s", n.double.Policy(celltest.DenialPolicy))
	}
}

// waits waits until every lease is as it should be, and names one that is not.
func (n *night) waits(done func(access.Lease) bool) (left string) {
	for limit := time.Now().Add(longest); time.Now().Before(limit); time.Sleep(10 * time.Millisecond) {
		left = ""
		for _, l := range *n.leases.Load() {
			if !done(l) {
				left = fmt.Sprintf("%s %s, claimed %t, shut %s", l.KeyID, l.State, l.Claimed, l.Shut)
			}
		}
		if left == "" {
			return ""
		}
	}
	return left
}
