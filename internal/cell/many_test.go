package cell_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// wide is a cell whose scenario opens as many hosts as a request may have targets.
func wide() (c *celltest.Cell, targets []string) {
	g, s := celltest.Genesis(), celltest.Scenario()
	g.Hosts, s.Opens = nil, nil
	for i := range statement.TargetsMost {
		host := fmt.Sprintf("db-%02d", i+1)
		targets = append(targets, host)
		g.Hosts = append(g.Hosts, cell.Host{ID: host, Address: host + ".example.com:22", Keys: []roster.Key{celltest.Line(host)}, Report: celltest.Line("report " + host), Other: "console"})
		s.Opens = append(s.Opens, access.Open{SSH: &access.SSH{Name: host, Host: host, User: "root", Principals: []string{"emergency-dba"}}})
	}
	return celltest.New(g, s), targets
}

// ending is a grant of all targets, and what ends it at its time.
func ending(c *celltest.Cell, name string, targets []string) (id canon.Digest, end cell.Command) {
	id = c.Granted(name, targets...)
	task, _ := c.Task(cell.TaskEnd, id, "")
	end = c.Effect(cell.EffectDue, task.ID, cell.Observed{})
	end.At = canon.Later(task.Due, c.Now)
	return id, end
}

// TestManyEventsChangeNothingThatWasSeen: an entry with an event for each of many
// leases leaves the request as others hold it alone, and the next entry leaves what
// that one made.
func TestManyEventsChangeNothingThatWasSeen(t *testing.T) {
	c, targets := wide()
	id, end := ending(c, "1", targets)
	c.Must(c.Fetch("ann", "1", id, targets[0]))
	deliver, _ := c.Task(cell.TaskDeliver, id, targets[0])
	c.Must(c.Effect(cell.EffectDelivered, deliver.ID, cell.Observed{}))
	baseline, _ := c.Task(cell.TaskBaseline, id, targets[0])
	c.Must(c.Effect(cell.EffectProbed, baseline.ID, celltest.Round(access.Accepted, access.Accepted)))
	before := c.World.Requests[id]
	was := canon.MustEncode(before)
	recorded, err := c.World.Step(end)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(recorded.Outcome.Events); n <= len(targets) {
		t.Fatalf("the end has %d events", n)
	}
	ended := c.World.Requests[id]
	for _, l := range ended.Leases {
		if l.Closing == nil {
			t.Errorf("the lease of %s goes on", l.Target)
		}
	}
	if !bytes.Equal(canon.MustEncode(before), was) {
		t.Error("the request as it was seen before has changed")
	}
	was = canon.MustEncode(ended)
	task, ok := c.Task(cell.TaskProve, id, targets[0])
	if !ok {
		t.Fatal("nothing proves that a lease is over")
	}
	prove := c.Effect(cell.EffectProbed, task.ID, celltest.Round(access.Refused, access.Accepted))
	prove.At = end.At
	if _, err := c.World.Step(prove); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(canon.MustEncode(ended), was) {
		t.Error("the request as the end left it has changed")
	}
	if c.World.Requests[id] == ended {
		t.Error("what was proved is not in the world")
	}
}

// BenchmarkEndOfManyTargets is the end of a grant with as many targets as may be.
func BenchmarkEndOfManyTargets(b *testing.B) {
	var c *celltest.Cell
	var ends []cell.Command
	b.ReportAllocs()
	for b.Loop() {
		if len(ends) == 0 {
			b.StopTimer()
			made, targets := wide()
			for i := range 10 {
				_, end := ending(made, fmt.Sprint(i), targets)
				ends = append(ends, end)
			}
			c = made
			for i := range ends {
				ends[i].At = ends[len(ends)-1].At
			}
			b.StartTimer()
		}
		if _, err := c.World.Step(ends[0]); err != nil {
			b.Fatal(err)
		}
		ends = ends[1:]
	}
}
