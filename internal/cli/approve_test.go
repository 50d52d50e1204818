package cli_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

func TestApproveSignsWhatItProved(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted\nnobody can connect", "db-1", "db-2")
	l := newLiar(t, c)
	l.honest(id)
	code, out, errOut := l.desk(t, "sam").run("approve", id.String()[:10], "--check", "call-back", "--for", "30m", "--only", "db-1", "--note", "I know the voice")
	if code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	for _, want := range []string{
		"ann asks", "Ann Example", "call +49 30 123 456", "│ pool exhausted", "│ nobody can connect", "PD-4711", "Database refuses everyone",
		"as root", "says yes to exactly this request (" + id.Short() + "): db-1 for 30m at most", "one more is needed", "Signed and recorded",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	sent := l.taken()
	if len(sent) != 1 {
		t.Fatalf("%d statements were sent", len(sent))
	}
	d := sent[0].Body.(*statement.Decision)
	if d.Of != id || d.Verdict != statement.Approve || d.Check != statement.CallBack || d.Note == nil ||
		d.Narrow == nil || d.Narrow.For != 1800 || !slices.Equal(d.Narrow.Targets, []string{"db-1"}) {
		t.Errorf("sent %+v", d)
	}
	if want := int64(len(c.bodies)); sent[0].Seen.Size != want {
		t.Errorf("it names a checkpoint of %d entries as seen, the evidence had %d", sent[0].Seen.Size, want)
	}
}

// lie is a server that shows an approver something else than what is recorded.
type lie struct {
	name string
	tell func(t *testing.T, l *liar, id canon.Digest)
	says string // in the error
}

// evidenceIs makes the server answer with some bytes as a request's evidence.
func (l *liar) evidenceIs(id canon.Digest, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range []string{id.String(), id.String()[:10], id.Short()} {
		l.answers["requests/"+name+"/evidence"] = data
	}
}

// edited is evidence in which text was replaced; it fails where there is none.
func (l *liar) edited(t *testing.T, id canon.Digest, old, new string) {
	t.Helper()
	data := l.cell.evidence(l.cell.bodies, about(id))
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("the evidence has no %q", old)
	}
	l.evidenceIs(id, bytes.ReplaceAll(data, []byte(old), []byte(new)))
}

// forged is evidence of a ledger that the server, who has its key, wrote anew
// with one text replaced everywhere.
func (l *liar) forged(t *testing.T, id canon.Digest, old, new string) {
	t.Helper()
	var bodies [][]byte
	changed := false
	for _, body := range l.cell.bodies {
		other := bytes.ReplaceAll(body, []byte(old), []byte(new))
		changed = changed || !bytes.Equal(other, body)
		bodies = append(bodies, other)
	}
	if !changed {
		t.Fatalf("no entry has %q", old)
	}
	l.evidenceIs(id, l.cell.evidence(bodies, about(id)))
}

var lies = []lie{
	{"T05 the holder key of the request is swapped", func(t *testing.T, l *liar, id canon.Digest) {
		l.forged(t, id, celltest.Public("holder 2").String(), celltest.Public("holder 1").String())
	}, "signature"},
	{"T05 the targets of the request are changed", func(t *testing.T, l *liar, id canon.Digest) {
		l.forged(t, id, `"targets":["db-1"]`, `"targets":["db-2"]`)
	}, "signature"},
	{"T05 the request is lengthened in the bytes of the evidence", func(t *testing.T, l *liar, id canon.Digest) {
		l.edited(t, id, `"for":3600`, `"for":3601`)
	}, "proof"},
	{"T05 another request of the same person stands in its place", func(_ *testing.T, l *liar, id canon.Digest) {
		other := must(canon.ParseDigest(l.first()))
		l.evidenceIs(id, l.cell.evidence(l.cell.bodies, about(other)))
	}, "not of the request"},
	{"T05 the digits are answered with another request", func(_ *testing.T, l *liar, id canon.Digest) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answers["requests/"+id.String()[:10]+"/evidence"] = l.cell.evidence(l.cell.bodies, about(must(canon.ParseDigest(l.first()))))
	}, "not of the request"},
	{"T11 the reason reads otherwise than it was signed", func(t *testing.T, l *liar, id canon.Digest) {
		l.edited(t, id, "pool exhausted", "just looking .")
	}, "note"},
	{"T11 the reason is left out", func(_ *testing.T, l *liar, id canon.Digest) {
		kept := l.cell.notes
		l.cell.notes = kept[:len(kept)-1]
		l.evidenceIs(id, l.cell.evidence(l.cell.bodies, about(id)))
		l.cell.notes = kept
	}, "reason that was signed is not in the evidence"},
	{"T11 the scenario opens another account", func(t *testing.T, l *liar, id canon.Digest) {
		l.otherBeside(t, id, l.cell.Scenario, `"user":"root"`, `"user":"mail"`)
	}, "attachment"},
	{"T11 the roster has the attacker's key for an approver", func(t *testing.T, l *liar, id canon.Digest) {
		l.otherBeside(t, id, l.cell.Digest, celltest.Line("lea").Line, celltest.Line("eve").Line)
	}, "attachment"},
	{"an entry of the request is withheld", func(t *testing.T, l *liar, id canon.Digest) {
		first := true
		l.evidenceIs(id, l.cell.evidence(l.cell.bodies, func(e ledger.Entry) bool {
			if e.Stream == cell.StreamOf(id) && !first {
				return true
			}
			if e.Stream == cell.StreamOf(id) {
				first = false
				return false
			}
			return e.Stream == cell.StreamCell
		}))
	}, "chain"},
	{"the removal of an approver is withheld", func(_ *testing.T, l *liar, id canon.Digest) {
		n := 0
		l.evidenceIs(id, l.cell.evidence(l.cell.bodies, func(e ledger.Entry) bool {
			if e.Stream == cell.StreamCell {
				n++
				return n <= 2 // the founders'
			}
			return e.Stream == cell.StreamOf(id)
		}))
	}, "chain"},
	{"the ledger is another branch, signed with the ledger's own key", func(_ *testing.T, l *liar, id canon.Digest) {
		bodies := slices.Clone(l.cell.bodies)
		bodies[0], bodies[1] = bodies[1], bodies[0]
		l.evidenceIs(id, l.cell.evidence(bodies, about(id)))
	}, "entry"},
	{"the evidence is not evidence", func(_ *testing.T, l *liar, id canon.Digest) {
		l.evidenceIs(id, []byte(`{"evidence":"v1"}`))
	}, "evidence"},
}

// first is the id of the first request of the cell.
func (l *liar) first() string {
	for _, body := range l.cell.bodies {
		if id, ok := cell.RequestOf(must(ledger.DecodeEntry(body)).Stream); ok {
			return id.String()
		}
	}
	return ""
}

// otherBeside serves something else under the digest of an attachment, which is
// all that a server can do: entries name digests.
func (l *liar) otherBeside(t *testing.T, id, digest canon.Digest, old, new string) {
	t.Helper()
	data := l.cell.evidence(l.cell.bodies, about(id))
	attachment := l.cell.Beside[digest]
	if !bytes.Contains(attachment, []byte(old)) || len(old) != len(new) {
		t.Fatalf("the attachment has no %q", old)
	}
	from, to := must(canon.Encode(attachment)), must(canon.Encode(bytes.ReplaceAll(attachment, []byte(old), []byte(new))))
	if !bytes.Contains(data, from) {
		t.Fatal("the evidence does not hold the attachment")
	}
	l.evidenceIs(id, bytes.ReplaceAll(data, from, to))
}

// TestApproverRefusesToSign is T05 and T11: whatever a server shows, an approver
// signs what the requester signed, or nothing.
func TestApproverRefusesToSign(t *testing.T) {
	if len(lies) == 0 {
		t.Fatal("no lies")
	}
	for _, lie := range lies {
		t.Run(lie.name, func(t *testing.T) {
			c := newSignedCell(t)
			c.ask("ann", "an earlier reason", "db-1")
			change := c.do(c.By("lea", "lea", &statement.Change{Remove: statement.Removal{Person: "leo"}, Reason: c.note("left")}))
			c.do(c.By("sue", "sue", &statement.Decision{Of: canon.Sum(change.Entry.Cause.Statement), Verdict: statement.Approve, Check: statement.InPerson}))
			id := c.ask("ann", "pool exhausted", "db-1")
			c.do(c.Approve("lea", id))
			l := newLiar(t, c)
			l.honest(id)
			d := l.desk(t, "sam")
			lie.tell(t, l, id)
			code, out, errOut := d.run("approve", id.String()[:10], "--check", "call-back", "--yes")
			if code != 6 || !strings.Contains(errOut, lie.says) {
				t.Errorf("code %d, error %q; want 6 and %q", code, errOut, lie.says)
			}
			if strings.Contains(out, "Signed and recorded") {
				t.Errorf("it says that it signed:\n%s", out)
			}
			if sent := l.taken(); len(sent) > 0 {
				t.Errorf("it signed %+v", sent[0].Body)
			}
			l.honest(id)
			if code, _, errOut := d.run("approve", id.String()[:10], "--check", "call-back"); code != 0 || len(l.taken()) != 1 {
				t.Errorf("the truth is not signed either: code %d, %s", code, errOut)
			}
		})
	}
}

// TestApproverRefusesAnOlderLook is a server that hides what this machine has
// seen of the ledger already.
func TestApproverRefusesAnOlderLook(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	old := c.evidence(c.bodies, about(id))
	c.do(c.Deny("lea", id))
	l := newLiar(t, c)
	l.honest(id)
	d := l.desk(t, "sam")
	if code, _, errOut := d.run("approve", id.String()[:10], "--check", "video"); code != 3 {
		t.Fatalf("a denied request: code %d, %s", code, errOut)
	}
	l.evidenceIs(id, old)
	code, _, errOut := d.run("approve", id.String()[:10], "--check", "video")
	if code != 6 || len(l.taken()) != 0 {
		t.Errorf("code %d, %q, %d statements", code, errOut, len(l.taken()))
	}
}

func TestApproveNeedsACheck(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	l := newLiar(t, c)
	l.honest(id)
	d := l.desk(t, "sam")
	for _, args := range [][]string{{}, {"--yes"}, {"--check", "not-checked"}, {"--check", "not-checked", "--note", " \n"}, {"--check", "telepathy"}} {
		code, _, _ := d.run(append([]string{"approve", id.String()[:10]}, args...)...)
		if code != 2 && code != 9 || len(l.taken()) != 0 {
			t.Errorf("%q: code %d, %d statements", args, code, len(l.taken()))
		}
	}
	for _, args := range [][]string{{"--for", "2h"}, {"--only", "db-2"}, {"--for", "1500ms"}, {"--for", "-5m"}} {
		code, _, errOut := d.run(append([]string{"approve", id.String()[:10], "--check", "video"}, args...)...)
		if code != 2 || len(l.taken()) != 0 {
			t.Errorf("%q: code %d, %s", args, code, errOut)
		}
	}
}

func TestDenySigns(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	l := newLiar(t, c)
	l.honest(id)
	code, out, errOut := l.desk(t, "lea").run("deny", id.String()[:10], "--check", "not-checked", "--note", "nobody answers")
	sent := l.taken()
	if code != 0 || len(sent) != 1 || sent[0].Body.(*statement.Decision).Verdict != statement.Deny || !strings.Contains(out, "says no") {
		t.Errorf("code %d, %s\n%s", code, errOut, out)
	}
}

// TestApproverRefusesAFork is a server that shows this person a second ledger,
// sound in itself and signed with the ledger's own key.
func TestApproverRefusesAFork(t *testing.T) {
	c := newSignedCell(t)
	other := *c
	other.Cell, other.bodies, other.notes = c.Fork(), slices.Clone(c.bodies), slices.Clone(c.notes)
	c.ask("ann", "what this person saw first", "db-2")
	l := newLiar(t, c)
	l.answers["inbox"] = map[string]any{"requests": []any{}, "changes": []any{}}
	d := l.desk(t, "sam")
	if code, _, errOut := d.run("inbox"); code != 0 {
		t.Fatalf("code %d: %s", code, errOut)
	}
	id := other.ask("bob", "pool exhausted", "db-1")
	l.cell = &other
	l.honest(id)
	code, _, errOut := d.run("approve", id.String()[:10], "--check", "video")
	if code != 6 || len(l.taken()) != 0 || !strings.Contains(errOut, "both checkpoints, which prove it, are kept in ") {
		t.Errorf("code %d, %q, %d statements", code, errOut, len(l.taken()))
	}
}

// TestNoToOnesOwn: who says no to a request of their own is told before they sign that it
// will be refused, and then what gives it up.
func TestNoToOnesOwn(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	l := newLiar(t, c)
	l.honest(id)
	l.problems[statement.KindDecision] = client.Problem{Status: http.StatusForbidden, Reason: "self-approval", Detail: "nobody decides on their own request", Hint: "ask another approver"}
	code, out, errOut := l.desk(t, "ann").run("deny", id.String()[:10], "--check", "video")
	if code != 3 || !strings.Contains(out, "says no to exactly this request") || !strings.Contains(out, "Nobody decides on their own request") || strings.Contains(out, "It ends it") {
		t.Errorf("code %d: %s", code, out)
	}
	if !strings.Contains(errOut, "hint: to give up what is yours: halligan withdraw "+id.Short()) {
		t.Error(errOut)
	}
}
