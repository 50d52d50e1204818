package cell_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

func centerStory() *story {
	return &story{Cell: celltest.New(celltest.CenterGenesis(), celltest.CenterScenario())}
}

func listing(what access.Listing) cell.Observed { return cell.Observed{Listed: what} }

// claimed has nobody seen with the assignment of a target.
func (s *story) claimed(target string) *story {
	return s.effect(cell.EffectListed, cell.TaskOpen, target, listing(access.ListedGone))
}

// assigned is a live grant under which ann has a permission set.
func (s *story) assigned(target string) *story {
	return s.granted(target).claimed(target).opened(target)
}

func (s *story) unassigned(target string) *story {
	return s.effect(cell.EffectShut, cell.TaskShut, target, shutting(nil, access.ListedGone))
}

// outlived waits until the last session is over, and has the assignment looked for.
func (s *story) outlived(target string) *story {
	t, _ := s.Task(cell.TaskExpire, s.id, target)
	s.Now = canon.Later(s.Now, t.Due)
	return s.effect(cell.EffectDue, cell.TaskExpire, target, listing(access.ListedGone))
}

// beside grants ann the same permission set by one more request, and tells its id.
func (s *story) beside(target string) canon.Digest {
	before := s.id
	r := s.Must(s.Ask("ann", "beside", target))
	s.id, _ = cell.RequestOf(r.Outcome.Stream)
	s.approve("sam", "lea")
	other := s.id
	s.id = before
	return other
}

// tried is what became of a command that may be refused.
func (s *story) tried(c cell.Command) error {
	_, err := s.Do(c)
	return err
}

var statesOfCenter = func() []state {
	const target = "set-1"
	mine := func() *story { return centerStory().assigned(target) }
	return []state{
		{"granted, opening", func() *story { return centerStory().granted(target) }},
		{"granted, opening: somebody has it already", func() *story {
			return centerStory().granted(target).effect(cell.EffectListed, cell.TaskOpen, target, listing(access.ListedStands))
		}},
		{"granted, opening: claimed", func() *story { return centerStory().granted(target).claimed(target) }},
		{"granted, opening, beside a live one of the same", func() *story {
			s := centerStory().assigned(target)
			s.id = s.beside(target)
			return s
		}},
		{"open", mine},
		{"open, and stopped", func() *story { return mine().stopped() }},
		{"open, and stopped while another needs the same", func() *story {
			s := mine()
			s.beside(target)
			return s.stopped()
		}},
		{"claimed, and stopped before it was known to be made", func() *story { return centerStory().granted(target).claimed(target).stopped() }},
		{"stopped, and gone", func() *story { return mine().stopped().unassigned(target) }},
		{"stopped, gone, and two hours on", func() *story { return mine().stopped().unassigned(target).later(2 * time.Hour) }},
		{"stopped, and attested before it was gone", func() *story { return mine().stopped().attested("lea", target) }},
		{"stopped, and settled", func() *story { return mine().stopped().unassigned(target).outlived(target) }},
	}
}()

func centerDeeds() []deed {
	at := func(kind cell.EffectKind, who string, task cell.TaskKind, o cell.Observed) deed {
		return deed{string(kind), who, func(s *story) cell.Command {
			id := "none"
			if t, ok := s.Task(task, s.id, ""); ok {
				id = t.ID
			}
			return s.Effect(kind, id, o)
		}}
	}
	on := func(verb, who string, make func(s *story, target string) cell.Command) deed {
		return deed{verb, who, func(s *story) cell.Command { return make(s, s.request().Targets[0]) }}
	}
	all := func(who string, listed access.Listing, found ...access.Assignment) deed {
		return deed{string(cell.EffectListed), who, func(s *story) cell.Command {
			id := "none"
			if t, ok := s.Task(cell.TaskAssignments, canon.Digest{}, ""); ok {
				id = t.ID
			}
			return s.Effect(cell.EffectListed, id, cell.Observed{Listed: listed, Assigned: found})
		}}
	}
	again := shutting(nil, access.ListedGone)
	again.Shut.Again = true
	return []deed{
		at(cell.EffectListed, "open: nobody has it", cell.TaskOpen, listing(access.ListedGone)),
		at(cell.EffectListed, "open: it stands", cell.TaskOpen, listing(access.ListedStands)),
		at(cell.EffectListed, "open: not seen", cell.TaskOpen, cell.Observed{}),
		at(cell.EffectOpened, "", cell.TaskOpen, cell.Observed{}),
		at(cell.EffectOpenFailed, "refused", cell.TaskOpen, cell.Observed{Why: "refused"}),
		at(cell.EffectShut, "gone", cell.TaskShut, shutting(nil, access.ListedGone)),
		at(cell.EffectShut, "gone, after it was there again", cell.TaskShut, again),
		at(cell.EffectShut, "it stands", cell.TaskShut, shutting(nil, access.ListedStands)),
		at(cell.EffectShut, "nothing observed", cell.TaskShut, cell.Observed{}),
		at(cell.EffectDue, "expire: gone", cell.TaskExpire, listing(access.ListedGone)),
		at(cell.EffectDue, "expire: it stands", cell.TaskExpire, listing(access.ListedStands)),
		at(cell.EffectDue, "page", cell.TaskPage, cell.Observed{}),
		all("everybody: ann's alone", access.ListedStands, assignmentOf("ann", 1)),
		all("everybody: bob has it", access.ListedStands, assignmentOf("bob", 1)),
		all("everybody: not seen", ""),
		on("fetch", "ann", func(s *story, target string) cell.Command { return s.Fetch("ann", "1", s.id, target) }),
		on("release", "ann", func(s *story, _ string) cell.Command { return s.Release("ann", "1", s.id) }),
		on("attest", "lea", func(s *story, target string) cell.Command {
			return s.By("lea", "lea", &statement.Attest{Of: s.id, Target: target, Note: celltest.Note("looked")})
		}),
	}
}

func assignmentOf(person string, set int) access.Assignment {
	return access.Assignment{Account: "123456789012", Set: celltest.SetARN(set), User: celltest.CenterUser(person)}
}

// TestAssignmentIsClaimedFirst: nothing says that an assignment was made before the
// ledger says that it is ours to make; and its user is whom the roster named then.
func TestAssignmentIsClaimedFirst(t *testing.T) {
	s := centerStory().granted("set-1")
	task, _ := s.Task(cell.TaskOpen, s.id, "set-1")
	if refusal := refusalOf(s.tried(s.Effect(cell.EffectOpened, task.ID, cell.Observed{}))); refusal == nil || refusal.Reason != cell.TaskMismatch {
		t.Fatalf("made before it was claimed: %v", refusal)
	}
	s.claimed("set-1").opened("set-1")
	l := s.request().Leases[0]
	if *l.Assignment != assignmentOf("ann", 1) || !l.Claimed || l.State != access.LeaseOpen || l.Session != 3600 {
		t.Errorf("the lease is %+v", l)
	}
	if _, baseline := s.Task(cell.TaskBaseline, s.id, "set-1"); baseline {
		t.Error("an assignment has no twin to be probed")
	}
}

// TestT47AssignmentStoodBefore: what somebody had before is neither given nor, at
// the end, taken: the lease does not open, says so once, and closes with nothing to
// prove.
func TestT47AssignmentStoodBefore(t *testing.T) {
	s := centerStory().granted("set-1").effect(cell.EffectListed, cell.TaskOpen, "set-1", listing(access.ListedStands))
	if l := s.request().Leases[0]; l.Claimed || l.Trouble != access.TroubleStands || l.State != access.LeaseOpening {
		t.Fatalf("the lease is %+v", l)
	}
	task, waits := s.Task(cell.TaskOpen, s.id, "set-1")
	if refusal := refusalOf(s.tried(s.Effect(cell.EffectListed, task.ID, listing(access.ListedStands)))); !waits || refusal == nil || refusal.Reason != cell.NothingNew {
		t.Errorf("seen once more: %v", refusal)
	}
	s.stopped()
	if l := s.request().Leases[0]; l.State != access.LeaseClosed || !l.Has(access.ProofUnissued) {
		t.Errorf("the lease is %+v", l)
	}
	if _, deletes := s.Task(cell.TaskShut, s.id, "set-1"); deletes {
		t.Error("somebody is asked to delete what was there before")
	}
}

// TestT47AssignmentIsShared: a second grant of the same permission set opens by what
// the first one made, and the first one's end leaves it: that it stands proves
// nothing of the first, and that names the second.
func TestT47AssignmentIsShared(t *testing.T) {
	s := centerStory().assigned("set-1")
	first, second := s.id, s.beside("set-1")
	s.id = second
	s.effect(cell.EffectListed, cell.TaskOpen, "set-1", listing(access.ListedStands)).opened("set-1")
	s.id = first
	if shared := cell.SharesAssignment(s.World.Requests, s.request(), &s.request().Leases[0]); !slices.Equal(shared, []canon.Digest{second}) {
		t.Errorf("it is shared with %v", shared)
	}
	until := s.World.Requests[second].Grant.Until
	s.stopped()
	if task, _ := s.Task(cell.TaskPage, first, "set-1"); task.Due != until.Add(cell.PageAfter.Duration()) {
		t.Errorf("it pages at %s, while the other needs it until %s", task.Due, until)
	}
	s.id = second
	s.stopped()
	for _, id := range []canon.Digest{first, second} {
		s.id = id
		s.unassigned("set-1")
	}
	over := s.request().Leases[0].NotAfter
	if want := s.Now.Add(65 * time.Minute); over != want {
		t.Errorf("the last session is over at %s, want %s", over, want)
	}
	for _, id := range []canon.Digest{first, second} {
		s.id = id
		if s.outlived("set-1"); s.request().Leases[0].State != access.LeaseClosed {
			t.Errorf("the lease is %+v", s.request().Leases[0])
		}
	}
}

// TestT43AssignmentComesBack: a call whose answer was lost may take effect late. Seen
// again, the assignment is deleted again, and the time of sessions counts anew; that it
// stands when the time is over proves nothing.
func TestT43AssignmentComesBack(t *testing.T) {
	s := centerStory().assigned("set-1").stopped().unassigned("set-1")
	s.later(30 * time.Minute)
	again := shutting(nil, access.ListedGone)
	again.Shut.Again = true
	s.effect(cell.EffectShut, cell.TaskShut, "set-1", again)
	task, _ := s.Task(cell.TaskExpire, s.id, "set-1")
	if want := s.Now.Add(65*time.Minute + access.ExpirySkew.Duration()); task.Due != want {
		t.Errorf("it is over at %s, want %s", task.Due, want)
	}
	s.Now = task.Due
	if refusal := refusalOf(s.tried(s.Effect(cell.EffectDue, task.ID, listing(access.ListedStands)))); refusal == nil || refusal.Reason != cell.NothingNew {
		t.Errorf("it stands: %v", refusal)
	}
	if s.outlived("set-1"); s.request().Leases[0].State != access.LeaseClosed {
		t.Errorf("the lease is %+v", s.request().Leases[0])
	}
}

// TestT46AttestedAssignmentIsStillDeleted: that a person attested the end takes nothing
// away. The assignment is deleted all the same, and until then is accounted for.
func TestT46AttestedAssignmentIsStillDeleted(t *testing.T) {
	s := centerStory().assigned("set-1").stopped().attested("lea", "set-1")
	if l := s.request().Leases[0]; l.State != access.LeaseClosed || !l.Owes() {
		t.Fatalf("the lease is %+v", l)
	}
	all, _ := s.Task(cell.TaskAssignments, canon.Digest{}, "")
	if err := s.tried(s.Effect(cell.EffectListed, all.ID, cell.Observed{Listed: access.ListedStands, Assigned: []access.Assignment{assignmentOf("ann", 1)}})); err == nil {
		t.Error("what is still to be deleted is found as somebody else's")
	}
	s.unassigned("set-1")
	for _, kind := range []cell.TaskKind{cell.TaskShut, cell.TaskExpire, cell.TaskPage} {
		if _, waits := s.Task(kind, s.id, "set-1"); waits {
			t.Errorf("a task %s waits", kind)
		}
	}
}

// TestAssignmentsOfPartialEvidence: whoever reads one request alone comes to what the
// whole ledger gave, shared assignments and those of others included.
func TestAssignmentsOfPartialEvidence(t *testing.T) {
	s := centerStory().assigned("set-1")
	all, _ := s.Task(cell.TaskAssignments, canon.Digest{}, "")
	s.Must(s.Effect(cell.EffectListed, all.ID, cell.Observed{Listed: access.ListedStands, Assigned: []access.Assignment{assignmentOf("bob", 1), assignmentOf("ann", 1)}}))
	if !slices.Equal(s.World.Standing, []access.Assignment{assignmentOf("bob", 1)}) {
		t.Fatalf("standing are %v", s.World.Standing)
	}
	s.id = s.beside("set-1")
	s.effect(cell.EffectListed, cell.TaskOpen, "set-1", listing(access.ListedStands)).opened("set-1")
	partial := cell.NewPartial(celltest.Origin, s.Attachments())
	for _, recorded := range s.Log {
		if recorded.Entry.Stream != cell.StreamCell && recorded.Entry.Stream != cell.StreamOf(s.id) {
			continue
		}
		p := cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: s.Commands[recorded.Index]}
		p.Command.Observed = recordedIn(t, recorded)
		if _, err := partial.ReplayAt(recorded.Index, p); err != nil {
			t.Fatalf("entry %d: %v", recorded.Index, err)
		}
	}
	if r := partial.Requests[s.id]; r == nil || !r.Leases[0].Claimed || r.Leases[0].State != access.LeaseOpen {
		t.Errorf("the request is %+v", r)
	}
}

// TestNobodySaysThatAnAssignmentIsShared: where the rules can see for themselves, what
// a command says of that counts for nothing.
func TestNobodySaysThatAnAssignmentIsShared(t *testing.T) {
	s := centerStory().granted("set-1")
	o := listing(access.ListedStands)
	o.Shared = true
	if s.effect(cell.EffectListed, cell.TaskOpen, "set-1", o); s.request().Leases[0].Claimed {
		t.Error("what stood before is claimed because the server says so")
	}
}

// TestT49AssignmentNeedsAUser: whoever has no user is told when asking; and one user is
// one human's.
func TestT49AssignmentNeedsAUser(t *testing.T) {
	g := celltest.CenterGenesis()
	for i := range g.People {
		if g.People[i].ID == "ann" {
			g.People[i].User = ""
		}
	}
	s := &story{Cell: celltest.New(g, celltest.CenterScenario())}
	if refusal := refusalOf(s.tried(s.Ask("ann", "1", "set-1"))); refusal == nil || refusal.Reason != cell.MayNotRequest {
		t.Errorf("asked without a user: %v", refusal)
	}
	s.Must(s.Ask("ann", "1", "db-1"))
	g = celltest.CenterGenesis()
	g.People[1].User = g.People[0].User
	if _, err := roster.New(g.People, g.Groups); err == nil || !strings.Contains(err.Error(), "one user is one human's") {
		t.Errorf("one user of two: %v", err)
	}
}

// TestCenterIsWrong: what cannot be given is refused where it is written.
func TestCenterIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*cell.Genesis, *access.IdentityCenter)
		want   string
	}{
		"no center":   {func(g *cell.Genesis, _ *access.IdentityCenter) { g.AWS.Center = nil }, "no Identity Center"},
		"instance":    {func(g *cell.Genesis, _ *access.IdentityCenter) { g.AWS.Center.Instance = "arn:aws:sso:::instance/x" }, "not the ARN of an instance"},
		"its account": {func(g *cell.Genesis, _ *access.IdentityCenter) { g.AWS.Center.Account = "other" }, "no AWS account"},
		"its door": {func(g *cell.Genesis, _ *access.IdentityCenter) {
			administers(g).Door, administers(g).Base = access.DoorExternalID, "arn:aws:iam::210987654321:role/halligan"
		}, "comes by a token"},
		"its region":       {func(g *cell.Genesis, _ *access.IdentityCenter) { g.AWS.Center.Region = "here" }, "not a region"},
		"its store":        {func(g *cell.Genesis, _ *access.IdentityCenter) { g.AWS.Center.Store = "d-1" }, "not an identity store"},
		"portal":           {func(g *cell.Genesis, _ *access.IdentityCenter) { g.AWS.Center.Portal = "http://example.com" }, "not an https URL"},
		"account":          {func(_ *cell.Genesis, t *access.IdentityCenter) { t.Account = "other" }, "no AWS account"},
		"management":       {func(g *cell.Genesis, _ *access.IdentityCenter) { g.AWS.Accounts[0].Management = true }, "management account"},
		"another instance": {func(_ *cell.Genesis, t *access.IdentityCenter) { t.ARN = strings.Replace(t.ARN, "7223", "7224", 1) }, "the permission set is of instance"},
		"arn":              {func(_ *cell.Genesis, t *access.IdentityCenter) { t.ARN += "0" }, "not the ARN of a permission set"},
		"set":              {func(_ *cell.Genesis, t *access.IdentityCenter) { t.Set = strings.Repeat("a", 33) }, "at most 32"},
		"long session":     {func(_ *cell.Genesis, t *access.IdentityCenter) { t.Session = 43201 }, "session"},
		"short session":    {func(_ *cell.Genesis, t *access.IdentityCenter) { t.Session = 3599 }, "session"},
		"no words":         {func(_ *cell.Genesis, t *access.IdentityCenter) { t.Allows = "" }, "allows"},
	} {
		g, s := celltest.CenterGenesis(), celltest.CenterScenario()
		c.change(&g, s.Opens[0].IdentityCenter)
		r, err := g.Check()
		if err == nil {
			err = cell.CheckScenario(&s, &g, &r)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// administers is the account from which Identity Center is administered.
func administers(g *cell.Genesis) *cell.Account {
	account, _ := g.Account(g.AWS.Center.Account)
	return account
}

// TestT05NobodyElseIsAssigned: what is agreed for one user of Identity Center becomes
// nobody else's while the request waits; afterwards the user may change.
func TestT05NobodyElseIsAssigned(t *testing.T) {
	another := func(g *cell.Genesis) {
		for i := range g.People {
			if g.People[i].ID == "ann" {
				g.People[i].User = celltest.CenterUser("mallory")
			}
		}
	}
	st := centerStory()
	if refusal := refusalOf(st.tried(st.By("sam", "sam", st.Amending(another)))); refusal != nil {
		t.Fatalf("with nothing asked: %v", refusal)
	}
	waits := centerStory()
	waits.Must(waits.Ask("ann", "waits", "set-1"))
	if refusal := refusalOf(waits.tried(waits.By("sam", "sam", waits.Amending(another)))); refusal == nil || !strings.Contains(refusal.Detail, "another user of Identity Center") {
		t.Errorf("while ann's request waits: %v", refusal)
	}
}

// TestCenterStaysWhileItIsUsed: no amendment takes Identity Center away from under a
// lease; and whose user is whose is told as widening.
func TestCenterStaysWhileItIsUsed(t *testing.T) {
	g, s := celltest.CenterGenesis(), celltest.CenterScenario()
	after := g
	after.People = slices.Clone(g.People)
	after.People[0].User = celltest.CenterUser("another")
	scenarios := map[string]*access.Scenario{s.ID: &s}
	found := cell.Compare(cell.Document{Genesis: &g, Scenarios: scenarios}, cell.Document{Genesis: &after, Scenarios: scenarios})
	if len(found) != 1 || found[0].Bearing != cell.Widens || !strings.Contains(found[0].Text, "is theirs") {
		t.Errorf("another user: %+v", found)
	}
	after = g
	moved := *g.AWS.Center
	moved.Region = "eu-central-1"
	after.AWS.Center = &moved
	if found := cell.Compare(cell.Document{Genesis: &g, Scenarios: scenarios}, cell.Document{Genesis: &after, Scenarios: scenarios}); len(found) != 1 || found[0].Bearing != cell.Widens {
		t.Errorf("another region: %+v", found)
	}
	st := centerStory().assigned("set-1")
	body := st.Amending(func(g *cell.Genesis) { g.AWS.Center = &moved })
	if refusal := refusalOf(st.tried(st.By("sam", "sam", body))); refusal == nil || !strings.Contains(refusal.Detail, "IAM Identity Center") {
		t.Errorf("moved under a lease: %v", refusal)
	}
	without := func(id string) func(*cell.Genesis) {
		return func(g *cell.Genesis) {
			g.AWS.Accounts = slices.DeleteFunc(g.AWS.Accounts, func(a cell.Account) bool { return a.ID == id })
		}
	}
	renumbered := func(g *cell.Genesis) { g.AWS.Accounts[1].Account = "210987654322" } // that administers
	for _, change := range []func(*cell.Genesis){without("prod"), renumbered} {
		body := st.Amending(change, celltest.Scenario()) // which opens no permission set any more
		if refusal := refusalOf(st.tried(st.By("sam", "sam", body))); refusal == nil || !strings.Contains(refusal.Detail, "an AWS account of IAM Identity Center") {
			t.Errorf("an account goes under a lease: %v", refusal)
		}
	}
}

// TestFoundAssignmentsFitAnEntry: as many as are listed at once can be recorded, also
// when as many others are gone: else nothing would be found where much is.
func TestFoundAssignmentsFitAnEntry(t *testing.T) {
	s := centerStory()
	task, _ := s.Task(cell.TaskAssignments, canon.Digest{}, "")
	for round := range 2 {
		var all []access.Assignment
		for i := range cell.AssignedAtOnce {
			all = append(all, access.Assignment{
				Account: "123456789012", Set: strings.Replace(celltest.SetARN(1), "aws", "aws-us-gov", 1), User: fmt.Sprintf("%d234567890-00000000-0000-4000-8000-%012d", round, i),
			})
		}
		if err := s.tried(s.Effect(cell.EffectListed, task.ID, cell.Observed{Listed: access.ListedStands, Assigned: all})); err != nil || !slices.Equal(s.World.Standing, all) {
			t.Fatalf("round %d: %v, %d stand", round, err, len(s.World.Standing))
		}
	}
}

// TestRandomAssignments lives on at random from every state of a lease of an
// assignment, with grants of the same beside it.
func TestRandomAssignments(t *testing.T) {
	lives := 1000
	if testing.Short() {
		lives = 120
	}
	deeds := append(centerDeeds(), effectDeeds()...)
	starts, seen := startsOf(statesOfCenter), map[access.LeaseState]int{}
	for seed := range lives {
		q := newSequence(seed, starts[seed%len(starts)], deeds, seed/len(starts)%len(deeds))
		if err := q.run(deeds); err != nil {
			t.Fatalf("seed %d, from %q: %s: %v", seed, q.state, strings.Join(q.steps, "; "), err)
		}
		for _, r := range q.World.Requests {
			for _, l := range r.Leases {
				if l.Assignment != nil {
					seen[l.State]++
				}
			}
		}
	}
	if len(seen) < 3 {
		t.Errorf("seen: %v", seen)
	}
}

// FuzzCenterID: what is taken for a user, a permission set or an instance can break
// out of no policy, URL or command.
func FuzzCenterID(f *testing.F) {
	for _, text := range []string{celltest.CenterUser("ann"), "0123456789-" + celltest.CenterUser("ann"), celltest.SetARN(1), celltest.Center().Instance, "", "arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/*"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _, set := access.SetOf(text)
		_, _, instance := access.InstanceOf(text)
		if (set || instance || access.IsCenterID(text) || access.IsSetName(text)) && strings.ContainsAny(text, "*?\"'$`\\{} \n\t;&|<>") {
			t.Errorf("%q is taken", text)
		}
	})
}
