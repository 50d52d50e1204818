package verify_test

import (
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/statement"
)

func pick[T any](c *cellOf, from ...T) T { return from[c.rand.IntN(len(from))] }

// hostReport is a host's report, signed for real.
func (c *cellOf) hostReport(host string, sessions ...revocation.Session) *cell.Reported {
	data := must(revocation.Report{
		Origin: c.Genesis.Origin, Host: host, List: revocation.ListRef{Number: c.World.List, At: c.Now.Std()},
		ListedAt: c.Now.Std(), Sequence: int64(len(c.bodies)), Sessions: sessions,
	}.Bytes())
	return c.reportedBy("report "+host, host, data, sessions...)
}

func (c *cellOf) reportedBy(key, host string, data []byte, sessions ...revocation.Session) *cell.Reported {
	facts := cell.ReportFacts{
		Host: host, Origin: c.Genesis.Origin, Fingerprint: celltest.Line(key).Fingerprint,
		List: c.World.List, ListAt: c.Now, Complete: true,
	}
	for _, s := range sessions {
		facts.KeyIDs = append(facts.KeyIDs, s.KeyID)
	}
	return &cell.Reported{
		Report: data, Facts: facts,
		Signature: must(sshsig.Sign(signerOf(key), "halligan.v1.report", data)),
	}
}

// result is a result that fits a task.
func (c *cellOf) result(t cell.Task) cell.Command {
	switch t.Kind {
	case cell.TaskOpen:
		if c.rand.IntN(8) == 0 {
			return c.Effect(cell.EffectOpenFailed, t.ID, cell.Observed{Why: pick(c, cell.Failures...)})
		}
		return c.Effect(cell.EffectOpened, t.ID, cell.Observed{})
	case cell.TaskBaseline:
		return c.Effect(cell.EffectProbed, t.ID, celltest.Round(access.Accepted, access.Accepted))
	case cell.TaskDeliver:
		return c.Effect(cell.EffectDelivered, t.ID, cell.Observed{})
	case cell.TaskProve:
		return c.Effect(cell.EffectProbed, t.ID, celltest.Round(access.Refused, access.Accepted))
	case cell.TaskSurvey:
		return c.Effect(cell.EffectListed, t.ID, cell.Observed{Report: c.hostReport(t.Target)})
	case cell.TaskList:
		return c.Effect(cell.EffectListed, t.ID, cell.Observed{Report: c.hostReport(t.Target)})
	case cell.TaskAlarm:
		return c.Effect(cell.EffectAlarmReceipt, t.ID, cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 204}})
	case cell.TaskConsequence:
		return c.Effect(cell.EffectConsequence, t.ID, cell.Observed{})
	case cell.TaskOverlap:
		return c.Effect(cell.EffectOverlapped, t.ID, cell.Observed{Overlap: c.overlap(t.Entry)})
	case cell.TaskClock:
		return c.Effect(cell.EffectClock, t.ID, cell.Observed{Step: pick[int64](c, 0, 40_000)})
	case cell.TaskCount:
		return c.Effect(cell.EffectRefusedCount, t.ID, cell.Observed{Counts: map[string]int64{"unknown-key": 1 + c.rand.Int64N(9)}})
	}
	return c.Effect(cell.EffectDue, t.ID, cell.Observed{})
}

// act does one thing at random: mostly what makes sense, sometimes not.
func (c *cellOf) act() {
	c.Now = c.Now.Add(time.Duration(c.rand.IntN(20_000)) * time.Millisecond)
	people := []string{"ann", "bob", "lea", "leo", "sam", "sue"}
	someone := pick(c, people...)
	if due := c.tasks(canon.Digest{}); len(due) > 0 && c.rand.IntN(3) > 0 {
		_, _ = c.do(c.result(pick(c, due...)))
		return
	}
	if len(c.asked) == 0 || c.rand.IntN(6) == 0 {
		_, _ = c.do(c.ask(someone, pick(c, []string{"db-1"}, []string{"db-2"}, []string{"db-1", "db-2"})...))
		return
	}
	asked := c.asked[len(c.asked)-1-c.rand.IntN(min(3, len(c.asked)))]
	target := pick(c, "db-1", "db-2")
	var command cell.Command
	switch c.rand.IntN(14) {
	case 0, 1, 2, 3:
		someone = pick(c, "sam", "sue", "lea", "leo", someone)
		key := someone
		if someone == "lea" {
			key = pick(c, "lea", leaCurveName)
		}
		command = c.By(someone, key, &statement.Decision{Of: asked.id, Verdict: statement.Approve, Check: statement.Video})
	case 4:
		command = c.By(someone, someone, &statement.Decision{Of: asked.id, Verdict: statement.Approve, Check: statement.CallBack, Narrow: &statement.Narrow{For: 600, Targets: []string{target}}})
	case 5, 6, 7:
		command = c.Fetch(asked.person, asked.holder, asked.id, target)
	case 8:
		command = c.Release(asked.person, asked.holder, asked.id, target)
	case 9:
		command = c.By(someone, someone, &statement.Stop{Of: asked.id, Reason: c.note("enough")})
	case 10:
		command = c.By(someone, someone, &statement.Attest{Of: asked.id, Target: target, Note: c.note("saw it")})
	case 11:
		command = c.By(someone, someone, &statement.Session{For: 600})
	case 12:
		if c.rand.IntN(4) > 0 {
			c.Now = c.Now.Add(11 * time.Minute)
			return
		}
		command = c.Deny(someone, asked.id)
	default:
		command = c.By(someone, someone, &statement.Change{Remove: statement.Removal{Person: pick(c, "bob", "sue")}, Reason: c.note("left")})
	}
	_, _ = c.do(command)
}

// randomLife is a cell after at least n entries of whatever happened.
func randomLife(seed uint64, n int) *cellOf {
	c := newCell(seed, 1, nil)
	for range 20 * n {
		if len(c.bodies) >= n {
			break
		}
		c.act()
	}
	return c
}

// wholeLife goes through one emergency with everything in it: agreed by sam and by
// lea's P-256 key, fetched, released, expired, proved, with a removal of bob, a
// refusal, a session and answered alarms, among other things at random.
func wholeLife(seed uint64) (*cellOf, canon.Digest) {
	c := randomLife(seed, 3+int(seed%5))
	c.asked = nil
	c.Now = c.Now.Add(16 * time.Minute)
	id := c.granted()
	holder := c.asked[0].holder
	c.must(c.Fetch("ann", holder, id, "db-1"))
	c.settle(id, cell.TaskBaseline, cell.TaskDeliver)
	c.must(c.Release("ann", holder, id, "db-2"))
	if _, err := c.do(c.Fetch("ann", holder, id, "db-2")); err != nil {
		panic(err) // a recorded refusal is none
	}
	c.must(c.By("leo", "leo", &statement.Session{For: 300}))
	change := c.must(c.By("sam", "sam", &statement.Change{Remove: statement.Removal{Person: "bob"}, Reason: c.note("left")}))
	c.must(c.By("leo", "leo", &statement.Decision{Of: canon.Sum(change.Entry.Cause.Statement), Verdict: statement.Approve, Check: statement.InPerson}))
	c.Now = c.Now.Add(31 * time.Minute)
	c.settle(id, cell.TaskEnd)
	c.Now = c.Now.Add(time.Second)
	c.settle(id, cell.TaskProve)
	c.Now = c.Now.Add(time.Second)
	c.settle(id, cell.TaskList)
	c.settle(id, cell.TaskAlarm)
	c.must(c.By("sue", "sue", &statement.Session{For: 300}))
	return c, id
}

// granted is a request of ann's for both targets, agreed and open.
func (c *cellOf) granted() canon.Digest {
	id := c.pending()
	c.must(c.By("lea", leaCurveName, &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack}))
	for len(c.tasks(id, cell.TaskOpen)) > 0 {
		c.settle(id, cell.TaskOpen)
	}
	return id
}

// pending is a request of ann's that sam has agreed to.
func (c *cellOf) pending() canon.Digest {
	c.must(c.ask("ann", "db-1", "db-2"))
	id := c.asked[len(c.asked)-1].id
	c.World.Publish()
	c.must(c.Approve("sam", id))
	return id
}

// settle gives each waiting task of some kinds a result.
func (c *cellOf) settle(id canon.Digest, kinds ...cell.TaskKind) {
	for _, t := range c.tasks(id, kinds...) {
		if _, err := c.do(c.result(t)); err != nil && t.Kind != cell.TaskOpen {
			panic(err)
		}
	}
}

// pendingCell is a cell in which a request of ann's wants one more decision.
func pendingCell(seed uint64) (*cellOf, canon.Digest) {
	c := randomLife(seed, 3+int(seed%7))
	c.asked = nil
	c.Now = c.Now.Add(16 * time.Minute)
	return c, c.pending()
}
