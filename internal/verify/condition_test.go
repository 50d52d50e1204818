package verify_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/verify"
)

const (
	officeOnly = `@reason("Come through the office network.") forbid (principal, action, resource) unless { context.source.isInRange(ip("192.0.2.0/24")) };`
	inOffice   = `"address":"192.0.2.7"`
	elsewhere  = `"address":"203.0.113.9"`
)

// conditionedLife is a ledger in which a condition said yes to a request, to both
// who agreed and to a fetch, and no to a request from elsewhere; it gives the
// entries of the fetch and of the refusal.
func conditionedLife() (c *cellOf, fetched, refused int) {
	s := celltest.Scenario()
	s.Conditions = []access.PolicyRef{celltest.Policy("office", officeOnly)}
	texts := map[string]string{"office": officeOnly}
	c = newCellOf(31, 5, s, func(g *cell.Genesis) { celltest.Name(g, texts) }, texts)
	id := c.askAs("ann", "db-1")
	c.must(c.Approve("sam", id))
	c.must(c.Approve("lea", id))
	task, _ := c.Task(cell.TaskOpen, id, "db-1")
	c.must(c.Effect(cell.EffectOpened, task.ID, cell.Observed{}))
	c.must(c.Fetch("ann", c.asked[0].holder, id, "db-1"))
	fetched = len(c.bodies) - 1
	far := c.ask("bob", "db-1")
	far.Observed.Address = "203.0.113.9"
	must(c.do(far))
	return c, fetched, len(c.bodies) - 1
}

func (c *cellOf) askAs(person string, targets ...string) canon.Digest {
	id, _ := cell.RequestOf(c.must(c.ask(person, targets...)).Outcome.Stream)
	return id
}

// TestLiedVerdicts: whoever holds the ledger's key and the database cannot record
// another verdict than the condition gives, nor hide what it was given on.
func TestLiedVerdicts(t *testing.T) {
	c, fetched, refused := conditionedLife()
	src, cp := c.export(c.bodies)
	if report := check(t, src, c.anchor, cp); !report.Good() {
		t.Fatalf("untouched:\n%s", report.Text())
	}
	const other = `"engine":"schema 1, cedar-go v1.8.0"`
	ours := `"engine":"` + policy.Engine + `"`
	for _, lie := range []struct {
		name  string
		entry int
		old   string
		new   string
		want  verify.Class
	}{
		{"a fetch from elsewhere was allowed", fetched, inOffice, elsewhere, verify.ClassLaw},
		{"a request from elsewhere was made", fetched - 4, inOffice, elsewhere, verify.ClassLaw},
		{"somebody agreed from elsewhere", fetched - 2, inOffice, elsewhere, verify.ClassLaw},
		{"a fetch from nowhere was allowed", fetched, inOffice + ",", "", verify.ClassLaw},
		{"the condition refused somebody in the office", refused, elsewhere, inOffice, verify.ClassEvents},
		{"it was refused for something else", refused, `"reason":"condition"`, `"reason":"may-not-request"`, verify.ClassEvents},
		{"nothing judged it", fetched, "," + ours, "", verify.ClassEvents},
		{"reviews were overdue that were not", fetched, ours, ours + `,"overdue":1`, verify.ClassEvents},
		{"another engine allowed it", fetched, inOffice + "," + ours, elsewhere + "," + other, verify.ClassEngine},
		{"another engine refused it", refused, elsewhere + "," + ours, inOffice + "," + other, verify.ClassEngine},
	} {
		bodies := slices.Clone(c.bodies)
		if !bytes.Contains(bodies[lie.entry], []byte(lie.old)) {
			t.Fatalf("%s: %s does not stand in %s", lie.name, lie.old, bodies[lie.entry])
		}
		bodies[lie.entry] = bytes.ReplaceAll(bodies[lie.entry], []byte(lie.old), []byte(lie.new))
		src, cp := c.export(bodies)
		report := check(t, src, c.anchor, cp)
		if report.Good() || len(report.Faults) == 0 || report.Faults[0].Class != lie.want || report.Faults[0].Entry == nil || *report.Faults[0].Entry != int64(lie.entry) {
			t.Errorf("%s: want %s at entry %d:\n%s", lie.name, lie.want, lie.entry, report.Text())
		}
	}
	src[ledger.AttachmentPath(ledger.Hash(celltest.Policy("office", officeOnly).Digest))] = []byte("forbid")
	if report := check(t, src, c.anchor, cp); report.Good() || report.Faults[0].Class != verify.ClassAttachment {
		t.Errorf("another policy in its place:\n%s", report.Text())
	}
}
