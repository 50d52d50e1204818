package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// reviewed is a cell in which ann wrote a review of her request: the digests of
// both.
func reviewed(t *testing.T) (c *signedCell, l *liar, id, review canon.Digest) {
	t.Helper()
	c = newSignedCell(t)
	c.ask("ann", "another reason", "db-1")
	id = c.ask("ann", "pool exhausted", "db-1")
	for _, approver := range []string{"sam", "lea"} {
		c.do(c.Approve(approver, id))
	}
	c.do(c.Stop("sam", id))
	written := c.By("ann", "ann", &statement.Review{Of: id, Necessary: statement.No, Misuse: statement.Yes, Note: c.note("read two customer tables")})
	c.do(written)
	l = newLiar(t, c)
	l.honest(id)
	return c, l, id, written.Signed.Statement.Digest
}

// TestSignOffSignsWhatItProved: what is shown comes from the evidence, and what is
// signed is that.
func TestSignOffSignsWhatItProved(t *testing.T) {
	_, l, id, review := reviewed(t)
	code, out, errOut := l.desk(t, "lea").run("review", "sign-off", id.Short(), "--yes")
	if code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	for _, want := range []string{"Checked on this machine", "pool exhausted", "it was stopped by sam", "necessary: no; misuse: yes", "│ read two customer tables", review.Short()} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	sent := l.taken()
	if len(sent) != 1 {
		t.Fatalf("%d statements were sent", len(sent))
	}
	if s := sent[0].Body.(*statement.SignOff); s.Of != id || s.Review != review || s.Verdict != statement.Accept || s.Note != nil {
		t.Errorf("sent %+v", s)
	}
}

// TestT11NoSignOffForALie: whatever a server shows that nobody wrote, nothing of a
// review leaves the machine.
func TestT11NoSignOffForALie(t *testing.T) {
	for _, lie := range []lie{
		{"the review says that there was no misuse", func(t *testing.T, l *liar, id canon.Digest) {
			l.forged(t, id, `"misuse":"yes"`, `"misuse":"no"`)
		}, "signature"},
		{"what was written reads otherwise", func(t *testing.T, l *liar, id canon.Digest) {
			l.edited(t, id, "read two customer tables", "restarted the database..")
		}, "note"},
		{"what was written is left out", func(_ *testing.T, l *liar, id canon.Digest) {
			l.cell.notes = l.cell.notes[:len(l.cell.notes)-1]
			l.evidenceIs(id, l.cell.evidence(l.cell.bodies, about(id)))
		}, "is not in the evidence"},
		{"the review is withheld", func(_ *testing.T, l *liar, id canon.Digest) {
			l.evidenceIs(id, l.cell.evidence(l.cell.bodies[:len(l.cell.bodies)-1], about(id)))
		}, ""}, // nobody wrote it, or, on a machine that has seen more: the evidence does not go on from that
		{"that it was stopped is withheld", func(_ *testing.T, l *liar, id canon.Digest) {
			l.evidenceIs(id, l.cell.evidence(l.cell.bodies, func(e ledger.Entry) bool {
				return about(id)(e) && !strings.Contains(string(e.Cause.Statement), `"kind":"stop"`)
			}))
		}, "chain"},
		{"another request stands in its place", func(_ *testing.T, l *liar, id canon.Digest) {
			other := must(canon.ParseDigest(l.first()))
			l.evidenceIs(id, l.cell.evidence(l.cell.bodies, func(e ledger.Entry) bool {
				return e.Stream == cell.StreamCell || e.Stream == cell.StreamOf(other)
			}))
		}, "not of the request"},
	} {
		t.Run(lie.name, func(t *testing.T) {
			_, l, id, _ := reviewed(t)
			lie.tell(t, l, id)
			code, out, errOut := l.desk(t, "lea").run("review", "sign-off", id.Short(), "--yes")
			if code == 0 || len(l.taken()) != 0 {
				t.Fatalf("code %d, %d statements sent: %s", code, len(l.taken()), out)
			}
			if !strings.Contains(errOut, lie.says) {
				t.Errorf("it does not say %q: %s", lie.says, errOut)
			}
		})
	}
}

// TestApproverSeesTheOverdueReview, and the place that it added, as the ledger has
// them; the last signature but one opens nothing.
func TestApproverSeesTheOverdueReview(t *testing.T) {
	c := signedCellAt(t, canon.At(time.Now().Add(-26*time.Hour)))
	late := c.ask("ann", "pool exhausted", "db-1")
	for _, approver := range []string{"sam", "lea"} {
		c.do(c.Approve(approver, late))
	}
	c.do(c.Stop("sam", late))
	c.Now = canon.At(time.Now().Add(-time.Minute))
	task, _ := c.Task(cell.TaskReview, late, "")
	c.do(c.Effect(cell.EffectDue, task.ID, cell.Observed{}))
	id := c.ask("bob", "pool exhausted again", "db-1")
	c.do(c.Approve("sam", id))
	l := newLiar(t, c)
	l.honest(id)
	code, out, errOut := l.desk(t, "lea").run("approve", id.Short(), "--check", "video", "--yes")
	if code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	for _, want := range []string{
		"The review of " + late.Short() + " is overdue: for that, it needs 1 more of security than its scenario says.",
		"1 of security is missing: sue could sign", "It fills one place; one more is needed after it.",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}
