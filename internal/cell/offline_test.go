package cell_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

func sealedOffline() offline { return custodyStory().sealed().offline("root") }

// TestR43ReconciledIsADebt: the envelope is broken, a review is due, it pages and
// alarms everywhere until the secret was changed; nothing of it was ever granted.
func TestR43ReconciledIsADebt(t *testing.T) {
	o := sealedOffline()
	expect(t, o.Must(o.Reconcile("bob", o.id, o.whole()...)), "reconciled", "review-opened")
	r := o.request()
	if r.State != access.Reconciled || r.Grant != nil || !r.Offline.Filled || len(r.Offline.Faulty()) != 0 || r.Live(o.Now) {
		t.Fatalf("the request is %+v", r)
	}
	root := o.World.Envelopes["root"]
	if state := root.State(o.World.Given(root)); state != custody.Broken {
		t.Errorf("root is %s", state)
	}
	if want := o.Now.Add(24 * time.Hour); r.Review.Due != want {
		t.Errorf("the review is due at %s, want %s", r.Review.Due, want)
	}
	for _, kind := range []cell.TaskKind{cell.TaskPage, cell.TaskReview, cell.TaskAlarm} {
		if _, ok := o.Task(kind, o.id, ""); !ok {
			t.Errorf("no task %s waits", kind)
		}
	}
	o.resealed().inspected(2, "bob", "lea").rotatedTo(2).effect(cell.EffectConsequence, cell.TaskRotated, "root", cell.Observed{})
	if lease, _ := o.request().Lease("root"); lease.State != access.LeaseClosed {
		t.Errorf("after the rotation the lease is %s", lease.State)
	}
	written := o.Must(o.By("ann", "ann", &statement.Review{Of: o.id, Necessary: statement.Yes, Misuse: statement.No, Note: celltest.Note("x")}))
	o.Must(o.By("sam", "sam", &statement.SignOff{Of: o.id, Review: canon.Sum(written.Entry.Cause.Statement), Verdict: statement.Accept}))
	replays(t, o.Cell)
	restores(t, o.Cell)
}

// TestT75OfflineCountsForNothingLive: of each kind, to a request that waits, to one
// that is live, and to what was carried back.
func TestT75OfflineCountsForNothingLive(t *testing.T) {
	asks := func(s *story, body statement.Body, person string) {
		t.Helper()
		act := s.Offline(person, person, body)
		expectRefusal(t, s.Cell, cell.Command{At: s.Now, Observed: cell.Observed{Address: s.Address}, Signed: act}, cell.OfflineOnly)
	}
	yes := func(s *story) *statement.Decision {
		return &statement.Decision{Of: s.id, Verdict: statement.Approve, Check: statement.CallBack}
	}
	for _, s := range []*story{custodyStory().sealed().ask("root"), custodyStory().sealed().granted("root"), sealedOffline().story} {
		asks(s, yes(s), "sam")
		asks(s, giving(s, "root", 1, "1"), "bob")
		asks(s, offlineRequest(s, "root"), "ann")
	}
	o := sealedOffline()
	o.Must(o.Reconcile("ann", o.id, o.ask))
	expectRefusal(t, o.Cell, o.By("sam", "sam", yes(o.story)), cell.NotPending)
	expectRefusal(t, o.Cell, o.By("bob", "bob", giving(o.story, "root", 1, "off")), cell.NotLive)
	expectRefusal(t, o.Cell, o.By("ann", "holder off", &statement.Fetch{Of: o.id, Target: "root"}), cell.NotLive)
	waits := custodyStory().sealed().ask("root")
	expectRefusal(t, waits.Cell, waits.Reconcile("ann", waits.id, waits.Offline("sam", "sam", yes(waits))), cell.UnknownSubject)
}

// TestT75WhatIsOutIsOut: a share that should not have been given is out all the same.
func TestT75WhatIsOutIsOut(t *testing.T) {
	for name, acts := range map[string]func(offline) []*cell.Signed{
		"before the quorum": func(o offline) []*cell.Signed { return []*cell.Signed{o.ask, o.gives("bob"), o.gives("sue")} },
		"by who asked":      func(o offline) []*cell.Signed { return append(o.whole()[:4], o.gives("ann")) },
		"to another key": func(o offline) []*cell.Signed {
			return append(o.whole()[:4], o.Offline("sue", "sue", giving(o.story, "root", 1, "1")))
		},
		"after a no": func(o offline) []*cell.Signed { return append(o.whole(), o.says("leo", statement.Deny)) },
	} {
		o := sealedOffline()
		o.Must(o.Reconcile("lea", o.id, acts(o)...))
		root := o.World.Envelopes["root"]
		if state := root.State(o.World.Given(root)); state != custody.Broken || o.request().Review == nil {
			t.Errorf("%s: root is %s", name, state)
		}
	}
	o := sealedOffline()
	o.Must(o.Reconcile("lea", o.id, o.ask, o.yes("sam"), celltest.Forged(o.gives("bob"))))
	if r := o.request(); len(r.Leases) != 0 || r.Review != nil {
		t.Errorf("a share that nobody signed is out: %+v", r)
	}
}

// TestT75EachDigestIsTakenOnce: what was carried back is not taken again, alone
// or with more; what is new to the same request is.
func TestT75EachDigestIsTakenOnce(t *testing.T) {
	o := sealedOffline()
	acts := o.whole()
	o.Must(o.Reconcile("ann", o.id, acts[:4]...))
	for i := range acts[:4] {
		expectRefusal(t, o.Cell, o.Reconcile("sue", o.id, acts[i]), cell.AlreadyReconciled)
	}
	before := len(o.request().Offline.Acts)
	expect(t, o.Must(o.Reconcile("sue", o.id, acts...)), "reconciled")
	if after := o.request(); len(after.Offline.Acts) != before+1 || len(after.Decisions) != 2 || len(after.Leases[0].Shares) != 2 {
		t.Errorf("what was known was taken again: %+v", after)
	}
	expectRefusal(t, o.Cell, o.Reconcile("sue", o.id, acts...), cell.AlreadyReconciled)
	replays(t, o.Cell)
}

// TestT75ForgedTakesNobodysPlace: a forged copy of what somebody signed does not
// keep theirs out, and no number of acts that do not count does.
func TestT75ForgedTakesNobodysPlace(t *testing.T) {
	o := sealedOffline()
	o.Must(o.Reconcile("ann", o.id, o.ask, celltest.Forged(o.yes("sam"))))
	yes := o.yes("sam")
	for range 40 { // by a key that is nobody's
		o.Must(o.Reconcile("ann", o.id, o.Offline("sam", "eve", &statement.Decision{Of: o.id, Verdict: statement.Approve, Check: statement.Video})))
	}
	if n := len(o.request().Offline.Acts); n != access.ActsMost {
		t.Errorf("%d acts are kept", n)
	}
	o.Must(o.Reconcile("ann", o.id, yes, o.yes("lea")))
	if r := o.request(); !r.Offline.Filled || !r.Offline.Known(yes.Statement.Digest) || !r.Offline.Counts(o.id) {
		t.Errorf("what counts was kept out: %+v", r.Offline)
	}
	o = sealedOffline()
	yes = o.yes("sam")
	o.Must(o.Reconcile("ann", o.id, o.ask, celltest.Forged(yes)))
	o.Must(o.Reconcile("ann", o.id, yes))
	if r := o.request(); !r.Offline.Counts(yes.Statement.Digest) || len(r.Offline.Acts) != 2 {
		t.Errorf("a forged copy took its place: %+v", r.Offline)
	}
	replays(t, o.Cell)
}

// TestT75ClockOfTheSigner: time that only the signer's machine saw makes nothing
// younger, older, or still to come.
func TestT75ClockOfTheSigner(t *testing.T) {
	signedAt := func(o offline, act *cell.Signed, at canon.Time) *cell.Signed {
		return o.Resign(cell.Command{Signed: act}, func(s *statement.Statement) { s.Expires = at.Add(statement.OfflineFor.Duration()) }).Signed
	}
	fault := func(o offline, acts ...*cell.Signed) string {
		r, refusal := o.World.Offline(o.id, append([]*cell.Signed{o.ask}, acts...), o.Now)
		if refusal != nil {
			return string(refusal.Reason)
		}
		for _, act := range r.Offline.Faulty() {
			return act.Fault
		}
		return ""
	}
	o := sealedOffline()
	for at, want := range map[canon.Time]string{
		o.Now: "", o.Now.Add(10 * time.Minute): "", o.Now.Add(20 * time.Minute): string(cell.StatementTooLong),
		o.Now.Add(-1000 * time.Hour): "",
	} {
		if got := fault(o, signedAt(o, o.yes("sam"), at)); got != want {
			t.Errorf("signed %s from now: %q, want %q", at.Sub(o.Now), got, want)
		}
	}
	o.ask = signedAt(o, o.ask, o.Now.Add(-13*time.Hour))
	o.id = o.ask.Statement.Digest
	if got := fault(o, o.yes("sam")); got != string(cell.StatementExpired) {
		t.Errorf("a decision after the request lapsed: %q", got)
	}
	s := custodyStory().sealed()
	s.Amend(s.Amending(withSpare("leo")))
	s.later(72*time.Hour - 30*time.Minute) // its hour is over now, and was not when it signed
	off := s.offline("root")
	yes := s.Offline("leo", "leo's spare", &statement.Decision{Of: off.id, Verdict: statement.Approve, Check: statement.Video})
	s.later(31 * time.Minute)
	if got := fault(off, yes); got != string(cell.CoolingOff) {
		t.Errorf("a key that cooled off when it signed: %q", got)
	}
}

// TestR43OfflineIsTheSameLaw: what the rules refuse with a server, they refuse
// without one.
func TestR43OfflineIsTheSameLaw(t *testing.T) {
	ask := func(change func(*statement.Request)) string {
		s := custodyStory().sealed()
		body := offlineRequest(s, "root")
		change(body)
		act := s.Offline("ann", "ann", body)
		r, refusal := s.World.Offline(act.Statement.Digest, []*cell.Signed{act}, s.Now)
		if refusal != nil {
			return string(refusal.Reason)
		}
		if r.Offline.Filled {
			return "filled"
		}
		return r.Offline.Acts[0].Fault
	}
	for name, c := range map[string]struct {
		change func(*statement.Request)
		want   cell.Reason
	}{
		"nothing":        {func(*statement.Request) {}, ""},
		"a host":         {func(b *statement.Request) { b.Targets = []string{"db-1"} }, cell.UnknownTarget},
		"a bag":          {func(b *statement.Request) { b.Targets = []string{"safe"} }, cell.UnknownTarget},
		"too long":       {func(b *statement.Request) { b.For = 2 * 3600 }, cell.TooLong},
		"no severity":    {func(b *statement.Request) { b.Severity = "SEV4" }, cell.UnknownSeverity},
		"other scenario": {func(b *statement.Request) { b.ScenarioDigest = canon.Sum(nil) }, cell.ScenarioChanged},
		"sam's own key":  {func(b *statement.Request) { b.Holder.Ed25519 = celltest.Public("sam") }, cell.HolderReused},
	} {
		if got := ask(c.change); got != string(c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	s := custodyStory().sealed()
	for _, by := range []string{"sam", "leo"} { // neither is on call
		act := s.Offline(by, by, offlineRequest(s, "root"))
		if r, _ := s.World.Offline(act.Statement.Digest, []*cell.Signed{act}, s.Now); r.Offline.Acts[0].Fault != string(cell.MayNotRequest) {
			t.Errorf("%s asks: %+v", by, r.Offline.Acts)
		}
	}
	o := sealedOffline()
	weak := o.yes("sam")
	weak.Signer.Strength = roster.NoStrength
	if r, _ := o.World.Offline(o.id, []*cell.Signed{o.ask, weak}, o.Now); r.Offline.Acts[1].Fault != string(cell.TooWeak) {
		t.Errorf("nobody touched the key: %+v", r.Offline.Acts)
	}
}

// TestT75NoCodeCountsOffline: whoever has the server has the keys of code devices, and
// fills no quorum with them that a custodian would open an envelope for.
func TestT75NoCodeCountsOffline(t *testing.T) {
	g := custodyGenesis()
	withDevices("ann", "sam", "lea")(&g)
	o := (&story{Cell: celltest.New(g, custodyScenario())}).sealed().offline("root")
	byCode := func(person string) *cell.Signed {
		return o.Offline(person, person+"'s app", &statement.Decision{Of: o.id, Verdict: statement.Approve, Check: statement.CallBack})
	}
	r, refusal := o.World.Offline(o.id, []*cell.Signed{o.ask, byCode("sam"), byCode("lea")}, o.Now)
	if refusal != nil || r.Offline.Filled || r.Offline.Acts[1].Fault != string(cell.TooWeak) || r.Offline.Acts[2].Fault != string(cell.TooWeak) {
		t.Errorf("two codes with no server: %v, %+v", refusal, r)
	}
	if r, _ := o.World.Offline(o.id, []*cell.Signed{o.ask, o.yes("sam"), o.yes("lea")}, o.Now); !r.Offline.Filled {
		t.Errorf("two keys: %+v", r.Offline)
	}
}

// TestR43EvidenceOfTheRequestAlone replays a reconciled request from the cell's
// stream and its own, with what was granted beside it left out.
func TestR43EvidenceOfTheRequestAlone(t *testing.T) {
	s := custodyStory().sealed()
	s.Must(s.Ask("bob", "7", "root"))
	o := s.offline("root")
	acts := o.whole()
	o.Must(o.Reconcile("ann", o.id, acts[:3]...))
	s.Must(s.Ask("lea", "8", "db-1"))
	o.Must(o.Reconcile("bob", o.id, acts...))
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	for _, r := range s.Log {
		if stream := r.Outcome.Stream; stream != cell.StreamCell && stream != cell.StreamOf(o.id) {
			continue
		}
		if _, err := w.ReplayAt(r.Index, cell.Prepared{Body: r.Body, Entry: r.Entry, Command: commandOf(t, s.Cell, r)}); err != nil {
			t.Fatalf("entry %d: %v", r.Index, err)
		}
	}
	if !w.Requests[o.id].Offline.Filled {
		t.Error("it is not filled there")
	}
}

// TestOfflineNoIsTheEnd: one no and it is not filled, whatever comes later.
func TestOfflineNoIsTheEnd(t *testing.T) {
	o := sealedOffline()
	o.Must(o.Reconcile("ann", o.id, append(o.whole(), o.Offline("leo", "leo", &statement.Decision{Of: o.id, Verdict: statement.Deny, Check: statement.Video}))...))
	if r := o.request(); r.Offline.Filled || r.Denied() != "leo" {
		t.Errorf("it is %+v", r.Offline)
	}
}

// TestReconciledFitsAnEntry: the most that a statement carries, beside the most
// that a request keeps.
func TestReconciledFitsAnEntry(t *testing.T) {
	s := custodyStory().sealed()
	long := func(of string) string { return of + strings.Repeat("x", 63-len(of)) }
	body := offlineRequest(s, "root")
	body.Targets = nil
	for i := range statement.OfflineTargetsMost {
		body.Targets = append(body.Targets, long(fmt.Sprintf("t%d", i)))
	}
	o := offline{story: s, ask: s.Offline("ann", "ann", body)}
	s.id = o.ask.Statement.Digest
	r := access.Request{
		ID: s.id, Requester: long("ann"), Key: celltest.Line("ann").Fingerprint, Scenario: long("s"), ScenarioDigest: s.Scenario, Severity: "SEV1",
		For: 1800, Targets: body.Targets, Incident: strings.Repeat("i", 64), Why: s.Digest, At: s.Now, Lapses: s.Now, State: access.Reconciled,
		Offline: &access.Offline{Signed: s.Now},
	}
	for i := range access.ActsMost {
		digest := canon.Digest(sha256.Sum256([]byte{byte(i)}))
		r.Offline.Acts = append(r.Offline.Acts, access.Act{Statement: digest, Kind: "decision", Person: long("p"), Key: r.Key, Fault: string(cell.AlreadyReconciled)})
		if i < 16 {
			r.Decisions = append(r.Decisions, access.Decision{Statement: digest, Approver: long("p"), Key: r.Key, Approves: true, Check: "not-checked", At: s.Now})
		}
		if i >= 16 && i < 32 {
			r.Leases = append(r.Leases[:0], access.Lease{Target: long("e"), Envelope: long("e"), State: access.LeaseClosing, Closing: &access.Closing{At: s.Now, Why: access.EndOffline}, Shares: append(sharesOf(r), access.Share{
				Custodian: long("c"), Serial: 1 << 31, Statement: digest, Sealed: digest, At: s.Now,
			})})
		}
	}
	events, err := cell.EncodeEvents([]cell.Event{&cell.Reconciled{Request: r, By: long("b")}, &cell.ReviewOpened{}})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, e := range events {
		size += len(e)
	}
	const frame = 1500 // header of the statement, its signature, and the rest of the entry
	if size += statement.ActsBytes + frame; size > ledger.EntryLimit {
		t.Errorf("an entry could have %d bytes, at most %d", size, ledger.EntryLimit)
	}
}

func sharesOf(r access.Request) []access.Share {
	if len(r.Leases) == 0 {
		return nil
	}
	return r.Leases[0].Shares
}
