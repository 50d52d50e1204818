package cell_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/statement"
)

// stolen is an act whose very bytes somebody signed with another key.
func stolen(o offline, act *cell.Signed, key string) *cell.Signed {
	by := o.Offline("ann", key, offlineRequest(o.story, "root"))
	forged := *act
	forged.Signer, forged.Signature = by.Signer, by.Signature
	return &forged
}

func (o offline) broken(t *testing.T, why string) {
	t.Helper()
	if root := o.World.Envelopes["root"]; root.State(o.World.Given(root)) != custody.Broken {
		t.Errorf("%s: envelope root is %s", why, root.State(o.World.Given(root)))
	}
	replays(t, o.Cell)
}

// TestT75AnothersKeyTakesNobodysPlace: who signs the bytes of others with a key of
// their own keeps neither shares nor a request from being carried back.
func TestT75AnothersKeyTakesNobodysPlace(t *testing.T) {
	for _, key := range []string{"eve", "ann"} {
		o := sealedOffline()
		whole := o.whole()
		o.Must(o.Reconcile("ann", o.id, whole[0], whole[1], whole[2], stolen(o, whole[3], key), stolen(o, whole[4], key)))
		o.Must(o.Reconcile("bob", o.id, whole...))
		o.broken(t, key)
	}
	o := sealedOffline()
	o.Must(o.Reconcile("sue", o.id, stolen(o, o.ask, "eve")))
	expectRefusal(t, o.Cell, o.Reconcile("sue", o.id, stolen(o, o.ask, "eve")), cell.AlreadyReconciled)
	o.Must(o.Reconcile("bob", o.id, o.whole()...))
	if !o.request().Offline.Filled {
		t.Errorf("a request that eve signed first is not filled: %+v", o.request().Offline.Faulty())
	}
}

// TestT75NoFillsNoRequest: one who says no again and again leaves room for shares.
func TestT75NoFillsNoRequest(t *testing.T) {
	o := sealedOffline()
	acts := []*cell.Signed{o.ask}
	for range access.ActsMost - 1 {
		acts = append(acts, o.says("leo", statement.Deny))
	}
	for len(acts) > 0 {
		n := min(8, len(acts))
		o.Must(o.Reconcile("ann", o.id, acts[:n]...))
		acts = acts[n:]
	}
	o.Must(o.Reconcile("bob", o.id, o.gives("bob"), o.gives("sue")))
	o.broken(t, "after many a no")
}

// TestT75SharesOfTheNextSealing are out when that comes into force, and nothing but
// a later one makes them worth nothing.
func TestT75SharesOfTheNextSealing(t *testing.T) {
	o := sealedOffline()
	o.resealed().inspected(2, "bob", "lea")
	next := func(person string) *cell.Signed { return o.Offline(person, person, giving(o.story, "root", 2, "off")) }
	o.Must(o.Reconcile("ann", o.id, o.ask, next("bob"), next("sue")))
	o.rotatedTo(2)
	o.broken(t, "shares of the next sealing")

	o = sealedOffline()
	o.Must(o.Reconcile("ann", o.id, o.ask, o.gives("bob")))
	o.resealed().inspected(2, "bob", "lea").rotatedTo(2)
	o.Must(o.Reconcile("ann", o.id, next("lea"), next("sue")))
	if task, ok := o.Task(cell.TaskRotated, o.id, "root"); ok {
		_, _ = o.Do(o.Effect(cell.EffectConsequence, task.ID, cell.Observed{}))
	}
	o.broken(t, "shares of two sealings")
}

// TestT18ClaimedRequestsAreNoDebtOfAScenario: one custodian cannot put a scenario in
// debt by requests that they made up.
func TestT18ClaimedRequestsAreNoDebtOfAScenario(t *testing.T) {
	s := custodyStory().sealed()
	for i := range 3 {
		body := offlineRequest(s, "root")
		body.Why, body.ScenarioDigest = celltest.Note(fmt.Sprint(i)), canon.Sum(nil)
		o := offline{story: s, ask: s.Offline("sam", "eve", body)}
		s.id = o.ask.Statement.Digest
		s.Must(s.Reconcile("bob", s.id, o.ask, o.gives("bob")))
	}
	s.later(25 * time.Hour)
	for id, task := range s.World.Tasks {
		if task.Kind == cell.TaskReview {
			s.Must(s.Effect(cell.EffectDue, id, cell.Observed{}))
		}
	}
	r := s.Must(s.Ask("ann", "x", "root"))
	if id, _ := cell.RequestOf(r.Outcome.Stream); s.World.Requests[id].Late != nil {
		t.Errorf("a request owes a leg for what bob made up: %+v", s.World.Requests[id].Late)
	}
}

// TestT13NobodyTouchesHoneyInAnothersName: and nobody's own scenario is law.
func TestT13NobodyTouchesHoneyInAnothersName(t *testing.T) {
	s := custodyStory().sealed()
	ask := s.Offline("ann", "ann", offlineRequest(s, "bait"))
	s.id = ask.Statement.Digest
	r := s.Must(s.Reconcile("leo", s.id, ask, s.Offline("sam", "eve", giving(s, "bait", 1, "off"))))
	for _, e := range r.Outcome.Events {
		if h, ok := e.(*cell.HoneyTouched); ok {
			t.Errorf("%s, who signed nothing, touched honey", h.By)
		}
	}
}

// TestNobodysOwnScenarioIsLaw: a request that names a scenario which was never in
// force is answered for by those of the one that is, whatever file is at hand.
func TestNobodysOwnScenarioIsLaw(t *testing.T) {
	s := custodyStory().sealed()
	own := custodyScenario()
	own.Severities["SEV1"] = access.Terms{Longest: 3600, Quorum: access.Quorum{{From: "group:custodians", Count: 1}}, ReviewDue: 3600 * 24 * 365 * 50}
	data := canon.MustEncode(own)
	body := offlineRequest(s, "root")
	body.ScenarioDigest = canon.Sum(data)
	o := offline{story: s, ask: s.Offline("ann", "ann", body)}
	s.id = o.ask.Statement.Digest
	s.Beside[body.ScenarioDigest] = data
	r := s.Must(s.Reconcile("bob", s.id, o.ask, o.gives("bob")))
	for _, e := range r.Outcome.Events {
		if opened, ok := e.(*cell.ReviewOpened); ok && opened.Review.Due.Sub(s.Now) > 30*24*time.Hour {
			t.Errorf("the review is due at %s, by what ann named", opened.Review.Due)
		}
	}
	expectRefusal(t, s.Cell, s.By("bob", "bob", &statement.Attest{Of: s.id, Target: "root", Note: celltest.Note("gone")}), cell.NotAllowed)
	delete(s.Beside, body.ScenarioDigest)
	replays(t, s.Cell)
}

// TestEveryStatementOnARequestNamesItsStream: a settled request must be in the world
// when one is decided, or what a refusal says would hang on what is in memory.
func TestEveryStatementOnARequestNamesItsStream(t *testing.T) {
	s := custodyStory().sealed().ask("db-1")
	c := s.By("lea", "lea", &statement.WitnessedOutage{Of: s.id, Note: celltest.Note("seen")})
	if got := cell.Names(c, s.World.Tasks); got != cell.StreamOf(s.id) {
		t.Errorf("a witnessed outage names the stream %q", got)
	}
}
