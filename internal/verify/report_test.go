package verify_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// TestGrantSaysWhatItRestsOn checks the report of a whole emergency.
func TestGrantSaysWhatItRestsOn(t *testing.T) {
	s := lives()[0].subject(0)
	report := check(t, s.src, s.anchor, s.cp)
	at := slices.IndexFunc(report.Grants, func(g verify.Grant) bool { return g.ID == s.id })
	if at < 0 {
		t.Fatalf("the grant is not reported: %s", report.Text())
	}
	g := report.Grants[at]
	if g.Requester != "ann" || g.State != access.Ended || g.End == nil || g.End.Why != access.EndExpired || g.Review == nil {
		t.Errorf("got %+v", g)
	}
	var approvers []string
	for _, a := range g.Approvers {
		approvers = append(approvers, a.Person+" for "+a.Leg)
	}
	if diff := cmp.Diff([]string{"sam for group:security", "lea for group:leads"}, approvers); diff != "" {
		t.Errorf("approvers (-want +got):\n%s", diff)
	}
	var proofs []string
	for _, l := range g.Leases {
		if l.State != access.LeaseClosed {
			t.Errorf("lease %s is %s", l.Target, l.State)
		}
		for _, p := range l.Proofs {
			proofs = append(proofs, fmt.Sprintf("%s %s on %s", l.Target, p.Kind, p.RestsOn))
		}
	}
	if diff := cmp.Diff([]string{"db-1 refused on server", "db-1 ended on signature", "db-2 unissued on recomputation"}, proofs); diff != "" {
		t.Errorf("proofs (-want +got):\n%s", diff)
	}
	if len(g.Leases[0].Certificates) != 1 || len(g.Leases[1].Certificates) != 0 {
		t.Errorf("certificates: %+v", g.Leases)
	}
	var kinds []string
	for _, st := range g.Rests.Statements {
		kinds = append(kinds, st.Kind+" by "+st.Actor)
	}
	if diff := cmp.Diff([]string{"request by ann", "decision by sam", "decision by lea", "fetch by ann", "release by ann"}, kinds); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	if len(g.Rests.Reports) != 1 || g.Rests.Reports[0].Host != "db-1" || g.Rests.Witnesses != verify.NoWitnesses {
		t.Errorf("rests on %+v", g.Rests)
	}
	for _, want := range []string{"opened", "address", "probed", "delivered", "due", "listed", "alarm-receipt"} {
		if !slices.ContainsFunc(g.Rests.Server, func(w verify.Word) bool { return w.What == want }) {
			t.Errorf("the server's word does not list %s", want)
		}
	}
	if report.Counts.Refused["lease-not-open"] == 0 {
		t.Errorf("the recorded refusal is not counted: %v", report.Counts.Refused)
	}
	if !slices.ContainsFunc(report.Cell.Statements, func(s verify.Signed) bool { return s.Kind == "change" }) {
		t.Errorf("the removal is not reported: %+v", report.Cell.Statements)
	}
	for _, want := range []string{"VERIFIED", "Witnesses: none", "sam agreed for group:security", "resting on: signature", "Not checked"} {
		if !strings.Contains(report.Text(), want) {
			t.Errorf("the text does not say %q:\n%s", want, report.Text())
		}
	}
	var again verify.Report
	if err := json.Unmarshal(must(json.Marshal(report)), &again, json.RejectUnknownMembers(true)); err != nil || again.Verdict != verify.Verified {
		t.Errorf("the report does not survive JSON: %v", err)
	}
}

// TestWithoutAnchor: nothing that evidence says of itself makes it verified.
func TestWithoutAnchor(t *testing.T) {
	s := lives()[1].subject(1)
	report := check(t, s.src, ledger.Anchor{}, ledger.Checkpoint{})
	if report.Verdict != verify.SelfConsistent || report.Good() {
		t.Fatalf("got %s", report.Verdict)
	}
	if !strings.Contains(report.Text(), "SELF-CONSISTENT ONLY") || !strings.Contains(report.NotChecked[0], "nothing was pinned") {
		t.Errorf("the text does not warn:\n%s", report.Text())
	}
	forged := s.edited(s.any(signedEntry), func(e *ledger.Entry) {
		e.Cause.Signature = &ledger.Signature{SSHSig: flip(s.rand, e.Cause.Signature.SSHSig)}
	})
	refusedAs(t, check(t, forged.src, ledger.Anchor{}, ledger.Checkpoint{}), verify.ClassSignature)
	refusedAs(t, check(t, files{}, ledger.Anchor{}, ledger.Checkpoint{}), verify.ClassCheckpointMissing)
	refusedAs(t, check(t, files{"checkpoint": []byte("x\n0\n\n")}, ledger.Anchor{}, ledger.Checkpoint{}), verify.ClassEncoding)
	refusedAs(t, check(t, files{}, ledger.Anchor{Origin: "x"}, ledger.Checkpoint{}), verify.ClassAnchor)
}

// TestUnauthorisedSessions: what a host lists and the ledger did not authorise is
// told, and does not make the ledger any less true.
func TestUnauthorisedSessions(t *testing.T) {
	c, id := pendingCell(3)
	c.must(c.By("lea", "lea", &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.Video}))
	for len(c.tasks(id, cell.TaskOpen)) > 0 {
		c.settle(id, cell.TaskOpen)
	}
	c.must(c.Fetch("ann", c.asked[0].holder, id, "db-1"))
	c.settle(id, cell.TaskBaseline)
	c.must(c.By("sue", "sue", &statement.Stop{Of: id, Reason: c.note("enough")}))
	c.settle(id, cell.TaskProve)
	list, _ := c.Task(cell.TaskList, id, "db-1")
	at := c.Now.Std()
	c.must(c.Effect(cell.EffectListed, list.ID, cell.Observed{Report: c.hostReport("db-1",
		revocation.Session{KeyID: "halligan:0123456789abcdef:db-1", Serial: 7, User: "root", PID: 11, Started: at},
		revocation.Session{KeyID: "halligan:" + id.Short() + ":db-2", Serial: 8, User: "root", PID: 12, Started: at},
		revocation.Session{KeyID: "deploy", Serial: 9, User: "deploy", PID: 13, Started: at},
	)}))
	src, cp := c.export(c.bodies)
	report := check(t, src, c.anchor, cp)
	if !report.Good() {
		t.Fatal(report.Text())
	}
	var why []string
	for _, u := range report.Sessions {
		why = append(why, u.Serial+" "+u.Why)
	}
	if diff := cmp.Diff([]string{"0000000000000007 unknown-key-id", "0000000000000008 unknown-serial"}, why); diff != "" {
		t.Errorf("unauthorised (-want +got):\n%s", diff)
	}
	if report.Foreign != 1 || !strings.Contains(report.Text(), "UNAUTHORISED: host db-1") {
		t.Errorf("%d foreign\n%s", report.Foreign, report.Text())
	}
}

func TestWords(t *testing.T) {
	s := lives()[2].subject(2)
	report := check(t, s.src, s.anchor, s.cp)
	var o cell.Observed
	e := s.entry(s.any(func(i int, e ledger.Entry) bool {
		return ofKind(statement.KindRequest)(i, e) && e.Stream == cell.StreamOf(s.id)
	}))
	if err := canon.Decode(e.Observed, ledger.EntryLimit, &o); err != nil {
		t.Fatal(err)
	}
	want := statement.Words(s.id, [16]byte(must(hex.DecodeString(o.Salt))))
	for _, id := range []string{s.id.String(), s.id.Short()} {
		if got, err := report.Words(id); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", id, got, err, want)
		}
	}
	for _, id := range []string{"", s.id.String()[:7], strings.Repeat("0", 64), s.id.String() + "0"} {
		if _, err := report.Words(id); !errors.Is(err, verify.ErrNoRequest) {
			t.Errorf("%q: got %v", id, err)
		}
	}
	for i := range report.Requests {
		report.Requests[i].Salt = "00"
	}
	if _, err := report.Words(s.id.String()); !errors.Is(err, verify.ErrNoSalt) {
		t.Errorf("a short salt: got %v", err)
	}
}

// TestInterrupted: a check that is told to stop ends with its goroutines, and
// says nothing of the evidence.
func TestInterrupted(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	c := randomLife(5, 300)
	src, _ := c.export(c.bodies)
	ctx, cancel := context.WithCancel(context.Background())
	report, err := verify.Log(ctx, cancelling{src, cancel, ledger.BundlePath(0, ledger.TileWidth)}, c.anchor, verify.Options{Workers: 3})
	if report != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", report, err)
	}
	for workers := range 5 { // also after a fault in the middle
		s := &subject{cellOf: c, rand: c.rand}
		at := s.any(signedEntry)
		forged := s.edited(at, func(e *ledger.Entry) {
			e.Cause.Signature = &ledger.Signature{SSHSig: flip(s.rand, e.Cause.Signature.SSHSig)}
		})
		report, err := verify.Log(context.Background(), forged.src, c.anchor, verify.Options{Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		refusedAs(t, report, verify.ClassSignature)
		if got := report.Faults[0].Entry; got == nil || *got != int64(at) {
			t.Errorf("the fault is at %v, want entry %d", got, at)
		}
	}
}

// cancelling cancels when a path is read.
type cancelling struct {
	files
	cancel context.CancelFunc
	path   string
}

func (c cancelling) ReadFile(path string) ([]byte, error) {
	if path == c.path {
		c.cancel()
	}
	return c.files.ReadFile(path)
}

func TestProgress(t *testing.T) {
	c := newCell(1, 1, nil)
	for len(c.bodies) < 3000 {
		c.must(c.By("sam", "sam", &statement.Session{For: 60}))
		c.Now = c.Now.Add(time.Second)
	}
	src, cp := c.export(c.bodies)
	var told []int64
	report, err := verify.Log(context.Background(), src, c.anchor, verify.Options{Seen: cp, Progress: func(done, of int64) { told = append(told, done, of) }})
	if err != nil || !report.Good() {
		t.Fatal(err, report.Text())
	}
	if diff := cmp.Diff([]int64{1024, 3000, 2048, 3000}, told); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

// TestTextIsPlain: nothing in evidence reaches a terminal as it is.
func TestTextIsPlain(t *testing.T) {
	const hostile = "\x1b[2J\u202eevil\u009b\n"
	s := lives()[4].subject(4)
	at := s.any(ofKind(statement.KindRequest))
	for name, spoiled := range map[string]spoiled{
		"an event": s.edited(at, func(e *ledger.Entry) {
			e.Events = append(e.Events, must(canon.Encode(map[string]string{hostile: hostile})))
		}),
		"a stream": s.edited(at, func(e *ledger.Entry) { e.Stream = hostile }),
	} {
		report := check(t, spoiled.src, spoiled.anchor, spoiled.seen)
		if text := report.Text() + report.Faults[0].Error(); report.Good() || strings.ContainsAny(text, "\x1b\u202e\u009b") || !strings.Contains(text, "evil") {
			t.Errorf("%s: %q", name, text)
		}
	}
}

// TestClassesAreDocumented: every class that a fault bears stands in the table.
func TestClassesAreDocumented(t *testing.T) {
	seen := map[verify.Class]bool{}
	for _, line := range verify.Classes {
		if seen[line.Class] || line.Means == "" {
			t.Errorf("class %s stands twice or says nothing", line.Class)
		}
		seen[line.Class] = true
	}
	for _, class := range []string{
		ledger.ClassAnchor, ledger.ClassEncoding, ledger.ClassCheckpointMissing, ledger.ClassCheckpointOrigin,
		ledger.ClassCheckpointSignature, ledger.ClassTile, ledger.ClassEntry, ledger.ClassEntryMissing,
		ledger.ClassRoot, ledger.ClassProof, ledger.ClassAttachment, ledger.ClassNote,
	} {
		if !seen[verify.Class(class)] {
			t.Errorf("class %s of the ledger is not in the table", class)
		}
	}
}
