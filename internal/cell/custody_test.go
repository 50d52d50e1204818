package cell_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/statement"
)

// envelopeState is where an envelope of a story stands.
func (s *story) envelopeState(name string) custody.State {
	envelope := s.World.Envelopes[name]
	return envelope.State(s.World.Given(envelope))
}

func mustBe(t *testing.T, s *story, want custody.State) {
	t.Helper()
	if got := s.envelopeState("root"); got != want {
		t.Fatalf("envelope root is %s, want %s", got, want)
	}
}

// TestEnvelopeLife goes through one envelope: sealed, opened by two custodians,
// broken until its secret is changed, and whole again.
func TestEnvelopeLife(t *testing.T) {
	s := custodyStory().sealed().granted("root")
	mustBe(t, s, custody.Sealed)
	lease := func() *access.Lease { l, _ := s.World.Requests[s.id].Lease("root"); return l }
	if l := lease(); l.State != access.LeaseOpening || l.Host != "" || l.KeyID != "" {
		t.Fatalf("%+v", l)
	}
	if _, ok := s.Task(cell.TaskOpen, s.id, "root"); ok {
		t.Error("somebody is asked to open an envelope at a host")
	}
	expect(t, s.Must(s.By("bob", "bob", giving(s, "root", 1, "1"))), "share-given")
	mustBe(t, s, custody.Opening)
	expect(t, s.Must(s.By("sue", "sue", giving(s, "root", 1, "1"))), "share-given", "lease-opened")
	mustBe(t, s, custody.Broken)
	if _, ok := s.Task(cell.TaskBaseline, s.id, "root"); ok {
		t.Error("an envelope has no twin")
	}
	expect(t, s.Must(s.Release("ann", "1", s.id)), "grant-ended", "lease-closing", "review-opened")
	mustBe(t, s, custody.Broken)
	if len(s.World.Revoked) != 0 {
		t.Errorf("hosts are told of an envelope: %v", s.World.Revoked)
	}
	page, _ := s.Task(cell.TaskPage, s.id, "root")
	s.Now = s.Now.Add(3 * time.Minute)
	expect(t, s.Must(s.Effect(cell.EffectDue, page.ID, cell.Observed{})), "closing-overdue")

	s.resealed()
	expectRefusal(t, s.Cell, s.By("leo", "leo", rotating(2)), cell.NotShown)
	s.inspected(2, "bob")
	expectRefusal(t, s.Cell, s.By("leo", "leo", rotating(2)), cell.NotShown)
	s.inspected(2, "sue").rotatedTo(2)
	rotated, _ := s.Task(cell.TaskRotated, s.id, "root")
	expect(t, s.Must(s.Effect(cell.EffectConsequence, rotated.ID, cell.Observed{})), "lease-proved", "lease-closed")
	mustBe(t, s, custody.Sealed)
	if !s.World.Requests[s.id].Settled() {
		t.Error("the request is not settled")
	}
	if envelope := s.World.Envelopes["root"]; envelope.Current.Serial != 2 || envelope.Next != nil {
		t.Errorf("%+v", envelope)
	}
	replays(t, s.Cell)
	restores(t, s.Cell)
}

// TestT52SharesAreCountedOnce: no way of giving shares opens an envelope with
// fewer people than its threshold.
func TestT52SharesAreCountedOnce(t *testing.T) {
	s := custodyStory().sealed().granted("root").shared("bob")
	expectRefusal(t, s.Cell, s.By("bob", "bob", giving(s, "root", 1, "1")), cell.AlreadyShared)
	expectRefusal(t, s.Cell, s.By("ann", "ann", giving(s, "root", 1, "1")), cell.SelfShare)
	expectRefusal(t, s.Cell, s.By("sam", "sam", giving(s, "root", 1, "1")), cell.NotCustodian)
	expectRefusal(t, s.Cell, s.By("lea", "lea", giving(s, "root", 2, "1")), cell.WrongSerial)
	expectRefusal(t, s.Cell, s.By("lea", "lea", giving(s, "root", 1, "another")), cell.WrongShare)
	expectRefusal(t, s.Cell, s.By("lea", "bob", giving(s, "root", 1, "1")), cell.NotYours)
	expectRefusal(t, s.Cell, s.By("ann", "holder 1", giving(s, "root", 1, "1")), cell.UnknownKey)
	bag := &statement.Share{Of: s.id, Envelope: "root", Serial: 1, Bag: "B-1"}
	expectRefusal(t, s.Cell, s.By("lea", "lea", bag), cell.WrongShare)
	if l, _ := s.World.Requests[s.id].Lease("root"); l.State != access.LeaseOpening || len(l.Shares) != 1 {
		t.Errorf("%+v", l)
	}
}

// TestT52SharesOfTwoSealingsDoNotMix: between a rotation and what follows from
// it, a share of the new sealing does not complete one of the old.
func TestT52SharesOfTwoSealingsDoNotMix(t *testing.T) {
	s := custodyStory().sealed().granted("root").shared("bob").resealed().inspected(2, "lea", "sue").rotatedTo(2)
	expectRefusal(t, s.Cell, s.By("lea", "lea", giving(s, "root", 2, "1")), cell.WrongSerial)
	rotated, _ := s.Task(cell.TaskRotated, s.id, "root")
	expect(t, s.Must(s.Effect(cell.EffectConsequence, rotated.ID, cell.Observed{})), "lease-closing", "lease-proved", "lease-closed")
	expectRefusal(t, s.Cell, s.By("lea", "lea", giving(s, "root", 2, "1")), cell.LeaseNotOpen)
}

// TestSharesOfSeveralRequestsBreak: one share for each of two requests may be in
// one pair of hands; the envelope is broken all the same.
func TestSharesOfSeveralRequestsBreak(t *testing.T) {
	s := custodyStory().sealed().granted("root").shared("bob")
	mustBe(t, s, custody.Opening)
	s.Must(s.Release("ann", "1", s.id))
	again := s.Must(s.Ask("ann", "2", "root"))
	s.id, _ = cell.RequestOf(again.Outcome.Stream)
	s.approve("sam", "lea")
	s.Must(s.By("sue", "sue", giving(s, "root", 1, "2")))
	if l, _ := s.World.Requests[s.id].Lease("root"); l.State != access.LeaseOpening {
		t.Errorf("one share of two opened the lease: %+v", l)
	}
	mustBe(t, s, custody.Broken)
}

// TestNoShareNoHarm: a grant that ends before any share was given leaves the
// envelope whole, and its lease closed.
func TestNoShareNoHarm(t *testing.T) {
	s := custodyStory().sealed().granted("root")
	expect(t, s.Must(s.Release("ann", "1", s.id)), "grant-ended", "lease-closing", "lease-proved", "lease-closed", "review-opened")
	mustBe(t, s, custody.Sealed)
	expectRefusal(t, s.Cell, s.By("bob", "bob", giving(s, "root", 1, "1")), cell.NotLive)
}

// TestCustodianLeaves: whoever leaves, or loses a key, takes a share along that
// an old copy may open; every envelope that they hold a share of owes fresh
// content, and alarms every day until it has it.
func TestCustodianLeaves(t *testing.T) {
	for why, leave := range map[string]func(*story){
		custody.WhyLeft: func(s *story) { s.remove("bob") },
		custody.WhyKeyGone: func(s *story) {
			s.propose("bob", celltest.Line("bob").Fingerprint)
			s.Must(s.Approve("lea", s.change))
		},
	} {
		s := custodyStory().sealed()
		leave(s)
		var owing []string
		for {
			task, ok := s.Task(cell.TaskOwe, canon.Digest{}, "")
			if !ok || task.Event == custody.WhySchedule {
				break
			}
			owing = append(owing, task.Target)
			expect(t, s.Must(s.Effect(cell.EffectDue, task.ID, cell.Observed{})), "envelope-owed")
		}
		slices.Sort(owing)
		if !slices.Equal(owing, []string{"bait", "root", "safe"}) {
			t.Errorf("%s: fresh content is owed by %v", why, owing)
		}
		if owed := s.World.Envelopes["root"].Owed; owed == nil || owed.Why != why || owed.Who != "bob" {
			t.Errorf("%s: %+v", why, owed)
		}
		mustBe(t, s, custody.Due)
		for range 3 {
			overdue, _ := s.Task(cell.TaskOverdue, canon.Digest{}, "root")
			s.Now = overdue.Due
			expect(t, s.Must(s.Effect(cell.EffectDue, overdue.ID, cell.Observed{})), "envelope-overdue")
		}
		s.Must(s.By("leo", "leo", sealing("root", 2, "lea", "sue")))
		s.inspected(2, "lea", "sue").rotatedTo(2)
		mustBe(t, s, custody.Sealed)
		if _, ok := s.Task(cell.TaskOverdue, canon.Digest{}, "root"); ok {
			t.Errorf("%s: a rotated envelope still alarms", why)
		}
		replays(t, s.Cell)
		restores(t, s.Cell)
	}
}

// TestHoneyAlarmsEverybody: also where the scenario tells one channel only.
func TestHoneyAlarmsEverybody(t *testing.T) {
	g, of := custodyGenesis(), custodyScenario()
	g.Channels = append(g.Channels, cell.Channel{ID: "wall", Kind: "webhook"})
	of.Alarms.To = []string{"wall"}
	s := &story{Cell: celltest.New(g, of)}
	s.sealed().granted("bait")
	s.Must(s.By("bob", "bob", giving(s, "bait", 1, "1")))
	heard := map[string]int{}
	for _, task := range s.World.Tasks {
		if task.Kind == cell.TaskAlarm && task.Event == "honey-touched" {
			heard[task.Channel]++
		}
	}
	if heard["pager"] != 2 || heard["wall"] != 2 {
		t.Errorf("heard of by %v, want each channel twice: of the request and of the share", heard)
	}
}

// TestEnvelopesNeedRules2: a cell that began with rules 1 opens none.
func TestEnvelopesNeedRules2(t *testing.T) {
	g := custodyGenesis()
	g.Rules = 1
	c := celltest.Unfounded(g, custodyScenario())
	expectRefusal(t, c, c.Found("sam"), cell.WrongGenesis)
	old := oldStory()
	expectRefusal(t, old.Cell, old.By("leo", "leo", sealing("root", 1, "bob", "lea")), cell.RulesTooOld)
}

// TestEvidenceOfOneRequestReplaysCustody: a custodian has the entries of the
// cell and of the request, not of others, and they replay.
func TestEvidenceOfOneRequestReplaysCustody(t *testing.T) {
	s := custodyStory().sealed().granted("root").shared("bob", "sue")
	other := s.Must(s.Ask("lea", "other", "root"))
	otherID, _ := cell.RequestOf(other.Outcome.Stream)
	s.Must(s.Approve("sue", otherID))
	s.Must(s.Approve("leo", otherID))
	s.Must(s.By("bob", "bob", &statement.Share{
		Of: otherID, Envelope: "root", Serial: 1, Holder: celltest.Public("sealed other"), Sealed: blob(secret("x")),
	}))
	s.resealed().inspected(2, "bob", "lea").rotatedTo(2)
	for _, id := range []canon.Digest{s.id, otherID} {
		rotated, _ := s.Task(cell.TaskRotated, id, "root")
		s.Must(s.Effect(cell.EffectConsequence, rotated.ID, cell.Observed{}))
	}
	w := cell.NewPartial(celltest.Origin, s.Attachments())
	for i, recorded := range s.Log {
		if stream := recorded.Outcome.Stream; stream != cell.StreamCell && stream != cell.StreamOf(s.id) {
			continue
		}
		if _, err := w.ReplayAt(recorded.Index, cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: commandOf(t, s.Cell, recorded)}); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if l, _ := w.Requests[s.id].Lease("root"); l.State != access.LeaseClosed || !l.Has(access.ProofRotated) {
		t.Errorf("%+v", l)
	}
}

func TestEnvelopesOfScenariosRefused(t *testing.T) {
	g := custodyGenesis()
	people, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	user := &access.AWSUser{Account: "123456789012", User: "breaker"}
	for want, change := range map[string]func(*access.Envelope){
		"name":         func(e *access.Envelope) { e.Name = "Root" },
		"custodians":   func(e *access.Envelope) { e.Custodians = "group:nobody" },
		"threshold":    func(e *access.Envelope) { e.Threshold = 1 },
		"must be 2":    func(e *access.Envelope) { e.Threshold = 5 },
		"sealed_by":    func(e *access.Envelope) { e.SealedBy = "keepers" },
		"rotate_every": func(e *access.Envelope) { e.RotateEvery = 3600 },
		"contents: no": func(e *access.Envelope) { e.Contents, e.Honey = &access.Contents{AccessKey: user}, true },
		"what is in bags": func(e *access.Envelope) {
			e.Contents, e.Physical = &access.Contents{AccessKey: user}, true
		},
		"contents.aws_access_key: must be set alone": func(e *access.Envelope) { e.Contents = new(access.Contents) },
		"aws_password or aws_secret": func(e *access.Envelope) {
			e.Contents = &access.Contents{AccessKey: user, Password: user}
		},
		"contents.aws_access_key.account": func(e *access.Envelope) {
			e.Contents = &access.Contents{AccessKey: &access.AWSUser{Account: "prod", User: "breaker"}}
		},
		"contents.aws_password.user": func(e *access.Envelope) {
			e.Contents = &access.Contents{Password: &access.AWSUser{Account: user.Account, User: "a/b"}}
		},
		"contents.aws_secret.account": func(e *access.Envelope) { e.Contents = &access.Contents{Secret: new(access.AWSSecret)} },
		"contents.aws_secret.region": func(e *access.Envelope) {
			e.Contents = &access.Contents{Secret: &access.AWSSecret{Account: user.Account, Region: "here"}}
		},
		"contents.aws_secret.name": func(e *access.Envelope) {
			e.Contents = &access.Contents{Secret: &access.AWSSecret{Account: user.Account, Region: "eu-west-1"}}
		},
	} {
		e := *custodyScenario().Opens[2].Envelope
		change(&e)
		if err := cell.CheckEnvelope(&e, &people); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, of := range []access.Contents{{AccessKey: user}, {Password: user}, {Secret: &access.AWSSecret{Account: user.Account, Region: "eu-west-1", Name: "prod/db"}}} {
		e := *custodyScenario().Opens[2].Envelope
		if e.Contents = &of; cell.CheckEnvelope(&e, &people) != nil || of.Account() != user.Account {
			t.Errorf("%s is refused", &of)
		}
	}
	s := custodyScenario()
	s.Opens[2].SSH = s.Opens[0].SSH
	if err := cell.CheckScenario(&s, &g, &people); err == nil {
		t.Error("a target may be both a login and an envelope")
	}
	s.Opens[2] = access.Open{}
	if err := cell.CheckScenario(&s, &g, &people); err == nil {
		t.Error("a target may be nothing")
	}
}
