package verify_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/verify"
)

// roleLife is a ledger in which two grants of one role lived, one session of each
// was fetched, and the first was stopped, refused and over.
func roleLife() (c *cellOf, first, second canon.Digest) {
	c = newCellOf(33, 5, celltest.AWSScenario(), func(g *cell.Genesis) { g.AWS = celltest.AWS() }, nil)
	grant := func() canon.Digest {
		id := c.askAs("ann", "database")
		c.must(c.Approve("sam", id))
		c.must(c.Approve("lea", id))
		c.effect(cell.EffectOpened, cell.TaskOpen, id, cell.Observed{})
		c.must(c.Fetch("ann", c.asked[len(c.asked)-1].holder, id, "database"))
		return id
	}
	first, second = grant(), grant()
	c.effect(cell.EffectProbed, cell.TaskBaseline, first, celltest.Round(access.Accepted, access.Accepted))
	c.must(c.Stop("sue", first))
	c.effect(cell.EffectProbed, cell.TaskProve, first, celltest.Round(access.Refused, access.Accepted))
	c.Now = c.Now.Add(17 * time.Minute)
	c.effect(cell.EffectDue, cell.TaskExpire, first, cell.Observed{})
	return c, first, second
}

func (c *cellOf) effect(kind cell.EffectKind, task cell.TaskKind, of canon.Digest, o cell.Observed) {
	t, ok := c.Task(task, of, "database")
	if !ok {
		panic("no task " + string(task))
	}
	c.must(c.Effect(kind, t.ID, o))
}

// TestSessionsAreVerified: the report lists each session that was authorised, with
// role and slot; partial evidence of one grant says the same of it.
func TestSessionsAreVerified(t *testing.T) {
	c, first, second := roleLife()
	src, cp := c.export(c.bodies)
	report := check(t, src, c.anchor, cp)
	if !report.Good() || report.Counts.Certificates != 2 {
		t.Fatalf("%s", report.Text())
	}
	for _, want := range []string{"role EmergencyDatabase of AWS account prod, stop slot 1, is closed", "stop slot 2", "    session ", "proved refused"} {
		if !strings.Contains(report.Text(), want) {
			t.Errorf("%q is not in\n%s", want, report.Text())
		}
	}
	for _, g := range report.Grants {
		l := g.Leases[0]
		if slot := map[canon.Digest]int{first: 1, second: 2}[g.ID]; l.Account != "prod" || l.Slot != slot || len(l.Certificates) != 1 {
			t.Errorf("%+v", l)
		}
	}
}

// TestLiedSessions: whoever holds the ledger's key and the database cannot say that
// another session was authorised than the rules make, nor that a grant had another
// slot.
func TestLiedSessions(t *testing.T) {
	c, _, _ := roleLife()
	lied := 0
	for i, body := range c.bodies {
		for _, lie := range []struct{ old, new string }{
			{`"slot":2`, `"slot":1`}, {`"slots":{"database":2}`, `"slots":{"database":1}`}, {`"role":"EmergencyDatabase"`, `"role":"EmergencyRoot"`},
			{`"unsigned":"`, `"unsigned":"00`},
		} {
			if !bytes.Contains(body, []byte(lie.old)) {
				continue
			}
			bodies := slices.Clone(c.bodies)
			changed := bytes.ReplaceAll(body, []byte(lie.old), []byte(lie.new))
			if lie.old == `"unsigned":"` {
				at := bytes.Index(changed, []byte(lie.new))
				changed = slices.Delete(changed, at+len(lie.new), at+len(lie.new)+2)
			}
			bodies[i] = changed
			src, cp := c.export(bodies)
			report := check(t, src, c.anchor, cp)
			if report.Good() || report.Faults[0].Class != verify.ClassEvents || report.Faults[0].Entry == nil || *report.Faults[0].Entry != int64(i) {
				t.Errorf("entry %d, %s: %s", i, lie.old, report.Text())
			}
			lied++
		}
	}
	if lied < 5 {
		t.Errorf("%d lies were tried", lied)
	}
}
