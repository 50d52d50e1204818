package cell_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// The abuse tests at the level of the law. Each tries what must not be, and the
// neighbour that must.

func TestT01NobodyWithoutThePartApproves(t *testing.T) {
	s := newStory().ask("db-1")
	for _, c := range []struct {
		person, key string
		want        cell.Reason
	}{
		{"ann", "ann", cell.SelfApproval}, {"bob", "bob", cell.NotApprover}, {"max", "max", cell.NotApprover},
		{"eve", "eve", cell.UnknownKey}, {"roy", "roy", cell.KeyRemovedReason}, {"sam", "ann", cell.NotYours}, {"sam", "holder 1", cell.UnknownKey},
	} {
		for _, verdict := range []statement.Verdict{statement.Approve, statement.Deny} {
			expectRefusal(t, s.Cell, s.By(c.person, c.key, decision(verdict)(s)), c.want)
		}
	}
	if len(s.request().Decisions) != 0 {
		t.Errorf("decisions %v", s.request().Decisions)
	}
	expect(t, s.Must(s.Approve("sam", s.id)), "decided")
}

// TestT02NoSideDoor: a state that the entries do not give is refused by replay.
func TestT02NoSideDoor(t *testing.T) {
	s := newStory().ask("db-1").approve("sam")
	grant := &cell.Agreed{Grant: access.Grant{From: s.Now, Until: s.Now.Add(time.Hour), Targets: []string{"db-1"}, By: []string{"sam", "lea"}}}
	forge := func(change func(*cell.Recorded)) error {
		f := s.fork()
		last := &f.Log[len(f.Log)-1]
		change(last)
		_, err := replayed(f.Cell)
		return err
	}
	if err := forge(func(*cell.Recorded) {}); err != nil {
		t.Fatalf("the untouched ledger is refused: %v", err)
	}
	for name, change := range map[string]func(*cell.Recorded){
		"a grant beside the first approval": func(r *cell.Recorded) { rewrite(t, r, append(slices.Clone(r.Outcome.Events), grant)) },
		"a grant in its place":              func(r *cell.Recorded) { rewrite(t, r, []cell.Event{grant}) },
		"nothing decided":                   func(r *cell.Recorded) { rewrite(t, r, []cell.Event{&cell.OpenFailed{Target: "db-1", Why: "refused"}}) },
		"recorded as refused": func(r *cell.Recorded) {
			r.Entry.Stream = cell.StreamRefused
			rewrite(t, r, []cell.Event{&cell.Refused{Person: "sam", Reason: cell.NotApprover}})
		},
	} {
		if err := forge(change); !errors.Is(err, cell.ErrDifferent) {
			t.Errorf("%s: %v, want ErrDifferent", name, err)
		}
	}
	side := s.fork()
	side.Commands[side.Log[len(side.Log)-1].Index] = side.Approve("ann", side.id)
	if _, err := replayed(side.Cell); !errors.Is(err, cell.ErrRefused) {
		t.Errorf("ann's approval of her own request, recorded as sam's: %v, want ErrRefused", err)
	}
}

// rewrite puts other events into an entry.
func rewrite(t *testing.T, r *cell.Recorded, events []cell.Event) {
	t.Helper()
	values, err := cell.EncodeEvents(events)
	if err != nil {
		t.Fatal(err)
	}
	r.Entry.Events = values
	if r.Body, err = ledger.EncodeEntry(r.Entry); err != nil {
		t.Fatal(err)
	}
}

func TestT02AStrangersRefusalIsNoEntry(t *testing.T) {
	s := newStory()
	c := s.By("eve", "eve", session(s))
	_, err := s.Do(c)
	refusal := refusalOf(err)
	if refusal == nil || refusal.Person != "" {
		t.Fatalf("eve is refused as %+v", refusal)
	}
	if _, err := s.Refuse(c, refusal); err == nil {
		t.Error("a stranger's refusal was recorded")
	}
	forged := s.fork()
	r := cell.Recorded{Index: forged.World.Next(), Entry: forged.Log[0].Entry, Outcome: cell.Outcome{Stream: cell.StreamRefused}}
	r.Entry.At, r.Entry.Stream, r.Entry.Prev, r.Entry.Cell = c.At, cell.StreamRefused, -1, forged.World.Last[cell.StreamCell]
	r.Entry.Cause.Statement = c.Signed.Bytes
	rewrite(t, &r, []cell.Event{&cell.Refused{Reason: refusal.Reason}})
	forged.Log, forged.Commands[r.Index] = append(forged.Log, r), c
	if _, err := replayed(forged.Cell); !errors.Is(err, cell.ErrRefused) {
		t.Errorf("replay: %v, want ErrRefused", err)
	}
}

func TestT03TwoKeysAreOnePerson(t *testing.T) {
	g := celltest.Genesis()
	for i := range g.People {
		if g.People[i].ID == "sam" {
			g.People[i].Keys = append(g.People[i].Keys, celltest.Line("sam's other key"))
		}
	}
	both := access.Quorum{{From: "group:security", Count: 2}}
	sc := celltest.Scenario()
	sc.Severities["SEV1"] = access.Terms{Longest: 3600, Quorum: both, ReviewDue: 3600}
	s := &story{Cell: celltest.New(g, sc)}
	s.ask("db-1").approve("sam")
	expectRefusal(t, s.Cell, s.By("sam", "sam's other key", decision(statement.Approve)(s)), cell.AlreadyDecided)
	for _, alias := range []string{"Sam", "sam ", "SAM", "sаm"} {
		st := s.Approve("sam", s.id).Signed.Statement
		st.Actor = alias
		if _, err := statement.Encode(st); err == nil {
			t.Errorf("a statement of %q can be encoded", alias)
		}
	}
	expect(t, s.Must(s.Approve("sue", s.id)), "decided", "agreed")
}

func TestT04OneApproverFillsOneLeg(t *testing.T) {
	g := celltest.Genesis()
	g.Groups["leads"] = append(g.Groups["leads"], "sam") // of both legs
	s := &story{Cell: celltest.New(g, celltest.Scenario())}
	s.ask("db-1")
	expect(t, s.Must(s.Approve("sam", s.id)), "decided")
	expectRefusal(t, s.Cell, s.Approve("sam", s.id), cell.AlreadyDecided)
	expect(t, s.Must(s.Approve("sue", s.id)), "decided", "agreed") // sam moves to the leads
	if by := s.request().Grant.By; !slices.Equal(by, []string{"sam", "sue"}) {
		t.Errorf("agreed by %v", by)
	}
}

// TestT05AnyChangeIsAnotherRequest: whatever is changed after an approval, the
// approval does not speak of it.
func TestT05AnyChangeIsAnotherRequest(t *testing.T) {
	ids := map[canon.Digest]string{}
	for name, change := range map[string]func(*statement.Request){
		"as it was": nil,
		"targets":   func(r *statement.Request) { r.Targets = []string{"db-2"} },
		"longer":    func(r *statement.Request) { r.For = 3600 },
		"severity":  func(r *statement.Request) { r.Severity = "SEV2" },
		"incident":  func(r *statement.Request) { r.Incident = "INC-2" },
		"why":       func(r *statement.Request) { r.Why = celltest.Note("another reason") },
		"holder":    func(r *statement.Request) { r.Holder.Ed25519 = celltest.Public("holder other 2") },
		"sealed to": func(r *statement.Request) { r.Holder.X25519 = celltest.Public("sealed other 2") },
	} {
		s := newStory()
		body := asking("1", change)(s).(*statement.Request)
		r := s.Must(s.By("ann", "ann", body))
		id, _ := cell.RequestOf(r.Outcome.Stream)
		if other, taken := ids[id]; taken {
			t.Errorf("%s and %s have one digest", name, other)
		}
		ids[id] = name
	}
	s := newStory().ask("db-1").approve("sam")
	old := s.id
	again := s.Must(s.By("ann", "ann", asking("2", func(r *statement.Request) { r.Targets = []string{"db-2"} })(s)))
	s.id, _ = cell.RequestOf(again.Outcome.Stream)
	expect(t, s.Must(s.Approve("lea", s.id)), "decided") // sam's approval is of the old one
	if n := len(s.request().Decisions); n != 1 {
		t.Errorf("the new request begins with %d decisions", n-1)
	}
	s.id = old
	expect(t, s.Must(s.Approve("lea", s.id)), "decided", "agreed")
}

func TestT06QuorumOfNothingFailsClosed(t *testing.T) {
	for name, quorum := range map[string]access.Quorum{
		"none": nil, "of zero": {{From: "group:security"}}, "below zero": {{From: "group:security", Count: -1}},
		"of nobody": {{From: "group:none", Count: 1}}, "nameless": {{Count: 1}},
	} {
		s := newStory().ask("db-1")
		scenario := *s.World.Scenarios["database-locked-out"] // as if a bad one had got in
		scenario.Severities = map[access.Severity]access.Terms{"SEV1": {Longest: 3600, Quorum: quorum, ReviewDue: 3600}}
		s.World.Scenarios["database-locked-out"] = &scenario
		for _, person := range []string{"sam", "sue", "lea", "leo", "ann", "max"} {
			if _, err := s.Do(s.Approve(person, s.id)); refusalOf(err) == nil {
				t.Errorf("%s: %s's approval was taken (%v)", name, person, err)
			}
		}
		expect(t, s.Must(s.Stop("sam", s.id)), "request-over") // security can stop even so
	}
	s := newStory().ask("db-1")
	delete(s.World.Scenarios, "database-locked-out")
	expectRefusal(t, s.Cell, s.Approve("sam", s.id), cell.UnknownScenario)
}

func TestT07NoApprovalAfterTheEnd(t *testing.T) {
	for name, c := range map[string]struct {
		over func(*story)
		want cell.Reason
	}{
		"at the very instant it lapses": {func(s *story) { s.later(time.Hour) }, cell.NotPending},
		"lapsed": {func(s *story) {
			s.later(time.Hour).effect(cell.EffectDue, cell.TaskLapse, "", cell.Observed{})
		}, cell.NotPending},
		"denied":    {func(s *story) { s.Must(s.Deny("sue", s.id)) }, cell.NotPending},
		"withdrawn": {func(s *story) { s.Must(s.By("ann", "ann", withdraw(s))) }, cell.NotPending},
		"stopped":   {func(s *story) { s.Must(s.Stop("sue", s.id)) }, cell.NotPending},
		"removed":   {func(s *story) { s.remove("leo") }, cell.KeyRemovedReason},
		"key removed": {func(s *story) {
			s.propose("leo", celltest.Line("leo").Fingerprint)
			s.Must(s.Approve("lea", s.change))
		}, cell.KeyRemovedReason},
	} {
		s := newStory().ask("db-1").approve("sam")
		c.over(s)
		_, err := s.Do(s.Approve("leo", s.id))
		if refusal := refusalOf(err); refusal == nil || refusal.Reason != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	s := newStory().ask("db-1").approve("sam").later(time.Hour - time.Millisecond)
	expect(t, s.Must(s.Approve("leo", s.id)), "decided", "agreed")
}

// TestT08OneApprovalInAThousand: half the same bytes, half signed anew.
func TestT08OneApprovalInAThousand(t *testing.T) {
	s := newStory().ask("db-1").approve("lea")
	same := s.Approve("sam", s.id)
	reasons := map[cell.Reason]int{}
	taken := 0
	for i := range 1000 {
		c := same
		if i%2 == 1 {
			c = s.Approve("sam", s.id)
		}
		recorded, err := s.Do(c)
		if err == nil {
			taken++
			expect(t, recorded, "decided", "agreed")
			continue
		}
		refusal := refusalOf(err)
		if refusal == nil {
			t.Fatal(err)
		}
		reasons[refusal.Reason]++
	}
	if taken != 1 || reasons[cell.NonceUsed] != 499 || reasons[cell.NotPending] != 500 {
		t.Errorf("%d taken, refused %v", taken, reasons)
	}
	if _, err := replayed(s.Cell); err != nil {
		t.Error(err)
	}
}

func TestT12LateDenyRevokes(t *testing.T) {
	for _, person := range []string{"sam", "sue", "lea", "leo"} { // also those who approved
		s := working()
		expect(t, s.Must(s.Deny(person, s.id)), "decided", "grant-ended", "lease-closing", "review-opened")
		expectRefusal(t, s.Cell, s.Fetch("ann", "1", s.id, "db-1"), cell.NotLive)
		if end := s.request().End; end.Why != access.EndVetoed || end.By != person {
			t.Errorf("ended by %+v", end)
		}
		if _, listed := s.World.Revoked[s.request().Leases[0].KeyID]; !listed {
			t.Error("the key id is not on the revocation list")
		}
	}
	s := working()
	for _, person := range []string{"bob", "max", "ann"} {
		if _, err := s.Do(s.Deny(person, s.id)); refusalOf(err) == nil {
			t.Errorf("%s's denial was taken", person)
		}
	}
	expect(t, s.Must(s.Fetch("ann", "1", s.id, "db-1")), "credential-authorised")
}

func TestT13MachinesDecideNothing(t *testing.T) {
	s := newStory().ask("db-1")
	for _, key := range []string{"holder 1", "holder other", "db-1", "db-2", "report db-1", "report db-2", "authority", "ledger-key", "sealed 1"} {
		for _, body := range []statement.Body{decision(statement.Approve)(s), decision(statement.Deny)(s), stop(s), attest("db-1")(s), removal("bob", "")(s), withdraw(s)} {
			c := s.By("sam", key, body)
			c.Signed.Signer.Strength = roster.Hardware
			_, err := s.Do(c)
			if refusal := refusalOf(err); refusal == nil || refusal.Reason != cell.UnknownKey {
				t.Errorf("%s signed a %s: %v", key, body.Kind(), err)
			}
		}
	}
	for name, change := range map[string]func(*cell.Genesis){
		"authority": func(g *cell.Genesis) { g.Authority = celltest.Line("sam") },
		"host key":  func(g *cell.Genesis) { g.Hosts[0].Keys = []roster.Key{celltest.Line("sam")} },
		"report":    func(g *cell.Genesis) { g.Hosts[1].Report = celltest.Line("sam") },
	} {
		g := celltest.Genesis()
		change(&g)
		if _, err := g.Check(); err == nil {
			t.Errorf("a person's key is taken as %s", name)
		}
	}
	expectRefusal(t, s.Cell, s.By("ann", "ann", asking("2", func(r *statement.Request) { r.Holder.Ed25519 = celltest.Public("lea") })(s)), cell.HolderReused)
	expect(t, s.Must(s.Approve("sam", s.id)), "decided")
}

// TestT21NothingIsGoodForAnotherUse: a signature for one thing does not do
// another, and its nonce is spent for every kind.
func TestT21NothingIsGoodForAnotherUse(t *testing.T) {
	s := newStory().ask("db-1")
	first := s.id
	s.Must(s.Ask("ann", "2", "db-2"))
	c := s.Approve("sam", first)
	s.Must(c)
	used := c.Signed.Statement.Nonce
	for _, body := range []statement.Body{
		&statement.Session{For: 60}, decision(statement.Deny)(s), stop(s), attest("db-1")(s), removal("bob", "")(s),
		&statement.Decision{Of: canon.Sum([]byte("x")), Verdict: statement.Approve, Check: statement.Video},
	} {
		again := s.Resign(s.By("sam", "sam", body), func(st *statement.Statement) { st.Nonce = used })
		expectRefusal(t, s.Cell, again, cell.NonceUsed)
	}
	for id, r := range s.World.Requests {
		if want := map[bool]int{true: 1}[id == first]; len(r.Decisions) != want {
			t.Errorf("request %s has %d decisions, want %d", id.Short(), len(r.Decisions), want)
		}
	}
	// The neighbour: the same nonce of another person is another nonce.
	other := s.Resign(s.Approve("sue", first), func(st *statement.Statement) { st.Nonce = used })
	expect(t, s.Must(other), "decided")
}

func TestT22NoReplayAfterRestart(t *testing.T) {
	s := working()
	fetch := s.Fetch("ann", "1", s.id, "db-1")
	s.Must(fetch)
	restart := func() *story {
		f := s.fork()
		w, err := shelve(s).restore(s)
		if err != nil {
			t.Fatal(err)
		}
		f.World = w
		return f
	}
	again := func(f *story) cell.Command {
		c := fetch
		c.At = f.Now
		return c
	}
	f := restart()
	expectRefusal(t, f.Cell, again(f), cell.NonceUsed)
	f.later(10 * time.Minute) // to the last instant that it is valid
	expectRefusal(t, f.Cell, again(f), cell.NonceUsed)
	f.later(time.Millisecond)
	expectRefusal(t, f.Cell, again(f), cell.StatementExpired)
	expect(t, f.Must(f.Fetch("ann", "1", f.id, "db-1")), "credential-authorised")
}

// TestT22NoReplayAtTheLastInstant: a store forgets as soon as it may, and a
// statement is valid up to and with the instant at which it expires.
func TestT22NoReplayAtTheLastInstant(t *testing.T) {
	for _, s := range []*story{newStory(), oldStory()} {
		c := s.By("ann", "ann", session(s))
		s.Must(c)
		s.Now = c.Signed.Statement.Expires
		s.Must(s.By("bob", "bob", session(s)))
		w, err := shelve(s).restore(s)
		if err != nil {
			t.Fatal(err)
		}
		c.At = s.Now
		if _, err := cell.Decide(w, c); refusalOf(err) == nil || refusalOf(err).Reason != cell.NonceUsed {
			t.Errorf("the same statement again by rules %d: %v", s.Genesis.Rules, err)
		}
	}
}

// TestT22NoReplayAfterARefusedRepeat: a repeat with an earlier end, by whomever,
// must not make the ledger forget the first.
func TestT22NoReplayAfterARefusedRepeat(t *testing.T) {
	s := working()
	first := s.Fetch("ann", "1", s.id, "db-1")
	s.Must(first)
	for _, key := range []string{"holder 1", "ann", "bob"} {
		repeat := s.Resign(s.By("ann", key, fetch("db-1")(s)), func(st *statement.Statement) {
			st.Nonce, st.Expires = first.Signed.Statement.Nonce, s.Now.Add(time.Second)
		})
		_, err := s.Do(repeat)
		refusal := refusalOf(err)
		if refusal == nil {
			t.Fatalf("the repeat signed by %s: %v", key, err)
		}
		if _, err := s.Refuse(repeat, refusal); err != nil {
			t.Fatal(err)
		}
	}
	s.later(time.Minute)
	for s.World.Next()%1024 != 1 { // until the world has forgotten what is over
		s.Must(s.By("bob", "bob", session(s)))
	}
	first.At = s.Now
	expectRefusal(t, s.Cell, first, cell.NonceUsed)
	if used, known := s.World.Again(first.Signed); !known || used.Refused != "" {
		t.Errorf("the first is remembered as %+v", used)
	}
}

// TestT22NobodySpendsAnothersNonce: bytes of sam's that were seen on their way,
// signed by another, do not spoil them for sam.
func TestT22NobodySpendsAnothersNonce(t *testing.T) {
	s := working()
	stop := s.Stop("sam", s.id)
	stolen := stop
	forged := *stop.Signed
	forged.Signer = cell.Signer{Fingerprint: celltest.Line("bob").Fingerprint, Ed25519: celltest.Public("bob"), Strength: roster.Possession}
	stolen.Signed = &forged
	_, err := s.Do(stolen)
	refusal := refusalOf(err)
	if refusal == nil || refusal.Person != "bob" {
		t.Fatalf("%v, want a refusal held against bob", err)
	}
	if _, err := s.Refuse(stolen, refusal); err != nil {
		t.Fatal(err)
	}
	if used, known := s.World.Again(stop.Signed); known {
		t.Errorf("sam's stop counts as answered: %+v", used)
	}
	expect(t, s.Must(stop), "grant-ended", "lease-closing", "review-opened")
}
