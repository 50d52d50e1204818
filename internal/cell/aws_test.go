package cell_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/statement"
)

// awsStory is a cell of celltest.AWSScenario.
func awsStory() *story {
	return &story{Cell: celltest.New(celltest.AWSGenesis(), celltest.AWSScenario())}
}

// roleStory is awsStory with one target open, and a session fetched.
func roleStory(target string) *story {
	return awsStory().granted(target).opened(target).fetched(target)
}

var statesOfAWS = func() []state {
	var states []state
	for _, target := range []string{"database", "shell", "rootlike"} {
		fetched := func() *story { return roleStory(target) }
		states = append(states,
			state{target + ": granted, opening", func() *story { return awsStory().granted(target) }},
			state{target + ": open", func() *story { return awsStory().granted(target).opened(target) }},
			state{target + ": a session was fetched", fetched},
			state{target + ": stopped", func() *story { return fetched().stopped() }},
			state{target + ": seen to work, and stopped", func() *story { return fetched().worked(target).stopped() }},
			state{target + ": seen to work, stopped and refused", func() *story { return fetched().worked(target).stopped().refused(target) }},
			state{target + ": stopped, and the last session is over", func() *story { return fetched().stopped().expired(target) }},
		)
	}
	return append(states,
		state{"console: open", func() *story { return awsStory().granted("console").opened("console") }},
		state{"console: open to keys of a browser", func() *story { return browserStory().opened("console") }},
	)
}()

// browserStory is awsStory with the console granted to keys that a browser made.
func browserStory() *story {
	s := awsStory()
	s.id, _ = cell.RequestOf(s.Must(s.AskInBrowser("ann", "1", "console")).Outcome.Stream)
	return s.approve("sam", "lea")
}

func awsDeeds() []deed {
	at := func(kind cell.EffectKind, who string, task cell.TaskKind, o cell.Observed) deed {
		return deed{string(kind), who, func(s *story) cell.Command {
			id := "none"
			if t, ok := s.Task(task, s.id, ""); ok {
				id = t.ID
				s.Now = canon.Later(s.Now, t.Due)
			}
			return s.Effect(kind, id, o)
		}}
	}
	on := func(verb, who string, make func(s *story, target string) cell.Command) deed {
		return deed{verb, who, func(s *story) cell.Command { return make(s, s.request().Targets[0]) }}
	}
	return []deed{
		at(cell.EffectOpened, "", cell.TaskOpen, cell.Observed{}),
		at(cell.EffectProbed, "baseline: twin accepted, control accepted", cell.TaskBaseline, celltest.Round(access.Accepted, access.Accepted)),
		at(cell.EffectOpenFailed, "baseline: refused", cell.TaskBaseline, cell.Observed{Why: "refused"}),
		at(cell.EffectProbed, "prove: twin refused, control accepted", cell.TaskProve, celltest.Round(access.Refused, access.Accepted)),
		at(cell.EffectProbed, "prove: both refused", cell.TaskProve, celltest.Round(access.Refused, access.Refused)),
		at(cell.EffectDue, "expire, when it is due", cell.TaskExpire, cell.Observed{}),
		at(cell.EffectListed, "gone", cell.TaskList, cell.Observed{Listed: access.ListedGone}),
		at(cell.EffectListed, "one stands", cell.TaskList, cell.Observed{Listed: access.ListedStands}),
		at(cell.EffectListed, "nothing seen", cell.TaskList, cell.Observed{}),
		on("fetch", "ann", func(s *story, target string) cell.Command { return s.Fetch("ann", "1", s.id, target) }),
		on("sign-in", "ann", consoleFetch),
		on("release", "ann", func(s *story, _ string) cell.Command { return s.Release("ann", "1", s.id) }),
		on("attest", "lea", func(s *story, target string) cell.Command {
			return s.By("lea", "lea", &statement.Attest{Of: s.id, Target: target, Note: celltest.Note("looked")})
		}),
	}
}

func consoleFetch(s *story, target string) cell.Command {
	return s.By("ann", "holder 1", &statement.Fetch{Of: s.id, Target: target, Console: true})
}

// TestSessionIsRebuilt: what an entry authorised is rebuilt from the log alone, and
// replaying it gives the same bytes; without its scenario's words it is another.
func TestSessionIsRebuilt(t *testing.T) {
	s := awsStory().granted("narrow").opened("narrow")
	recorded := s.Must(s.fetch("narrow"))
	authorised := recorded.Outcome.Events[0].(*cell.CredentialAuthorised)
	f := cell.Fetched{Digest: authorised.Fetch, Target: "narrow", At: s.Now}
	credential, ok := cell.CredentialOf(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), f)
	if !ok || canon.Sum(credential.Unsigned) != authorised.Unsigned || credential.Serial != authorised.Serial || credential.Session == nil {
		t.Fatalf("rebuilt %+v, authorised %+v", credential, authorised)
	}
	session := credential.Session
	short := s.id.Short()
	want := access.Session{
		Issuer: "https://oidc.cell.example.com", Audience: "sts.amazonaws.com", Subject: "cell.example.com/database-locked-out/narrow",
		RoleARN: "arn:aws:iam::123456789012:role/EmergencyNarrow", Name: "hg-" + short + "-" + session.ID[:8], SourceIdentity: "hg-" + short,
		Tags: []access.Tag{
			{Key: "halligan-cell", Value: "cell.example.com"}, {Key: "halligan-grant", Value: short}, {Key: "halligan-person", Value: "ann"},
			{Key: "halligan-scenario", Value: "database-locked-out"}, {Key: "halligan-slot", Value: "1"}, {Key: "halligan-strength", Value: "possession"},
		},
		ID: session.ID, At: s.Now, Before: s.Now.Add(16 * time.Minute), Duration: 900, Regions: []string{"eu-west-1", "eu-central-1"},
		Probe: access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"}, Policy: session.Policy,
	}
	if diff := cmp.Diff(want, *session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	policy, err := access.DecodeIAM(session.Policy)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`{"Action":["rds:Describe*","rds:RebootDBInstance"],"Effect":"Allow","Resource":["*"]}`,
		`{"Action":["*"],"Condition":{"DateGreaterThanEquals":{"aws:CurrentTime":["` + want.Before.Std().Format(time.RFC3339) + `"]}},"Effect":"Deny","Resource":["*"]}`,
		`{"Action":["*"],"Condition":{"BoolIfExists":{"aws:ViaAWSService":["false"]},"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.7/32"]}},"Effect":"Deny","Resource":["*"]}`,
	} {
		if got := string(canon.MustEncode(policy.Statement[i])); got != want {
			t.Errorf("statement %d is\n%s\nwant\n%s", i, got, want)
		}
	}
	if len(policy.Statement) != 4 || !slices.Equal(policy.Statement[3].Condition["StringNotEquals"]["aws:RequestedRegion"], []string{"eu-west-1"}) {
		t.Errorf("policy %s", session.Policy)
	}
}

// TestT29SessionKeepsItsRestrictionsOnRenewal: each further session has the policy,
// tags, source and end of the grant, whatever address it is fetched from.
func TestT29SessionKeepsItsRestrictionsOnRenewal(t *testing.T) {
	s := roleStory("narrow")
	session := func() access.Session {
		event := s.Log[len(s.Log)-2].Outcome.Events[0].(*cell.CredentialAuthorised)
		made, ok := cell.Session(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), cell.Fetched{Digest: event.Fetch, Target: "narrow", At: s.Now})
		if !ok || canon.Sum(made.Unsigned()) != event.Unsigned {
			t.Fatal("the session cannot be rebuilt")
		}
		return made
	}
	first := session()
	s.Address = "203.0.113.9"
	s.Now = s.request().Grant.Until.Add(-2 * time.Minute)
	s.fetched("narrow")
	last := session()
	if !strings.Contains(last.Policy, `"192.0.2.7/32"`) || strings.Contains(last.Policy, "203.0.113.9") {
		t.Errorf("the source is another on renewal: %s", last.Policy)
	}
	if last.Before != s.request().Grant.Until || !strings.Contains(last.Policy, last.Before.Std().Format(time.RFC3339)) {
		t.Errorf("the last session ends at %s, the grant at %s", last.Before, s.request().Grant.Until)
	}
	if strip(first.Policy) != strip(last.Policy) || !slices.Equal(first.Tags, last.Tags) || first.RoleARN != last.RoleARN || first.ID == last.ID || first.Name == last.Name {
		t.Errorf("renewed:\n%+v\nfirst:\n%+v", last, first)
	}
}

// strip takes the end out of a session's policy.
func strip(policy string) string {
	before, rest, _ := strings.Cut(policy, `"aws:CurrentTime":["`)
	return before + rest[20:]
}

// TestT33AccountAndRoleArePinned: an amendment moves no live grant into another
// account, and a scenario that changed opens nothing under what was signed before.
func TestT33AccountAndRoleArePinned(t *testing.T) {
	s := roleStory("database")
	scenario := s.World.Scenarios["database-locked-out"]
	if _, ok := cell.Session(s.World.Genesis, scenario, s.request(), cell.Fetched{Target: "database", At: s.Now}); !ok {
		t.Fatal("the session cannot be made at all")
	}
	moved := celltest.AWSScenario()
	moved.Opens[0].AWS.Account = "stage"
	if _, ok := cell.Session(s.World.Genesis, &moved, s.request(), cell.Fetched{Target: "database", At: s.Now}); ok {
		t.Error("a session is made in another account than the lease's")
	}
	moved.Opens[0].AWS.Account, moved.Opens[0].AWS.Role = "prod", "EmergencyOther"
	if _, ok := cell.Session(s.World.Genesis, &moved, s.request(), cell.Fetched{Target: "database", At: s.Now}); ok {
		t.Error("a session is made of another role than the lease's")
	}
}

// TestT41NamesOfRolesBreakOutOfNothing: what could end an ARN, a claim, a
// template or a path is no name of a role, account, region or issuer.
func TestT41NamesOfRolesBreakOutOfNothing(t *testing.T) {
	g := celltest.AWSGenesis()
	people, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, bad := range []string{"", "*", "a/b", "a:b", "a b", "a\nb", "${aws:username}", "Emergency\"", "%2F", "../x", "é", strings.Repeat("a", 65)} {
		for where, change := range map[string]func(*access.AWS){
			"role": func(r *access.AWS) { r.Role = bad }, "account": func(r *access.AWS) { r.Account = bad },
			"regions": func(r *access.AWS) { r.Regions = []string{bad} }, "source_address": func(r *access.AWS) { r.Source = []string{bad} },
			"name": func(r *access.AWS) { r.Name = bad },
		} {
			scenario := celltest.AWSScenario()
			change(scenario.Opens[0].AWS)
			err := cell.CheckScenario(&scenario, &g, &people)
			if err == nil || !strings.HasPrefix(err.Error(), "opens[0].aws."+where+": ") {
				t.Errorf("%s %q: %v", where, bad, err)
			}
			tried++
		}
		for _, change := range []func(*cell.AWS){
			func(a *cell.AWS) { a.Issuers[0] = "https://" + bad }, func(a *cell.AWS) { a.Issuers[0] = "https://oidc.example.com/" + bad },
			func(a *cell.AWS) { a.Accounts[0].Account = bad }, func(a *cell.AWS) { a.Accounts[0].Regions[0] = bad },
			func(a *cell.AWS) { a.Accounts[0].Partition = bad + "-" },
		} {
			broken := celltest.AWSGenesis()
			change(&broken.AWS)
			if _, err := broken.Check(); err == nil && bad != "a/b" && bad != strings.Repeat("a", 65) {
				t.Errorf("%q is taken in %v %v", bad, broken.AWS.Issuers, broken.AWS.Accounts)
			}
			tried++
		}
	}
	if tried == 0 {
		t.Fatal("nothing was tried")
	}
}

// TestT43SessionsAreDeadBeforeALeaseIsClosed: neither a refusal that the twin was
// never accepted before, nor one without a control, nor the end of the window
// closes a lease; and what may have been left behind wants more.
func TestT43SessionsAreDeadBeforeALeaseIsClosed(t *testing.T) {
	state := func(s *story, target string) access.LeaseState {
		l, _ := s.request().Lease(target)
		return l.State
	}
	for _, target := range []string{"database", "shell", "rootlike"} {
		for name, s := range map[string]*story{
			"refused": roleStory(target).worked(target).stopped().refused(target),
			"expired": roleStory(target).stopped().expired(target),
		} {
			want := access.LeaseClosing
			if target == "database" {
				want = access.LeaseClosed
			}
			if got := state(s, target); got != want {
				t.Errorf("%s, %s: %s, want %s", target, name, got, want)
			}
			_, listing := s.Task(cell.TaskList, s.id, target)
			if listing != (target == "shell") {
				t.Errorf("%s, %s: listing is asked for: %t", target, name, listing)
			}
			if listing {
				s.effect(cell.EffectListed, cell.TaskList, target, cell.Observed{Listed: access.ListedGone})
				if got := state(s, target); got != access.LeaseClosed {
					t.Errorf("%s, %s and nothing is left: %s", target, name, got)
				}
			}
		}
		early := roleStory(target).stopped()
		if task, ok := early.Task(cell.TaskList, early.id, target); ok {
			t.Errorf("%s: sessions are listed before the door is shut, by %s", target, task.ID)
		}
		if _, err := early.Do(early.Effect(cell.EffectProbed, taskOf(early, cell.TaskProve, target), celltest.Round(access.Refused, access.Accepted))); err == nil {
			t.Errorf("%s: the refusal of a twin that never worked is taken", target)
		}
		if l, _ := early.request().Lease(target); len(early.World.Revoked) != 0 || l.Closing.List != 0 {
			t.Errorf("%s: a role's lease stands on the revocation list", target)
		}
	}
}

func taskOf(s *story, kind cell.TaskKind, target string) string {
	task, _ := s.Task(kind, s.id, target)
	return task.ID
}

// TestT47SlotsKeepGrantsApart: as long as there are slots each grant has its own;
// a slot is used until the last session under it is over, also when its lease is
// proved closed; and none is never a reason to refuse a grant.
func TestT47SlotsKeepGrantsApart(t *testing.T) {
	s := awsStory()
	var grants []canon.Digest
	slot := func(id canon.Digest) int { return s.World.Requests[id].Leases[0].Slot }
	for i := range 2 * access.SlotsUsual {
		id := s.Granted(fmt.Sprint(i), "database")
		if got, want := slot(id), i%access.SlotsUsual+1; got != want {
			t.Errorf("grant %d has slot %d, want %d", i, got, want)
		}
		grants = append(grants, id)
	}
	s.id = grants[2]
	if shared := cell.SharesSlot(s.World.Requests, s.request(), &s.request().Leases[0]); !slices.Equal(shared, []canon.Digest{grants[10]}) {
		t.Errorf("shares its slot with %v, want the grant %s", shared, grants[10])
	}
	// Two grants of slot 3 are stopped and refused: closed, and still in the slot.
	for _, id := range []canon.Digest{grants[2], grants[10]} {
		s.id = id
		s.Must(s.Fetch("ann", map[bool]string{true: "2", false: "10"}[id == grants[2]], id, "database"))
		s.worked("database").stopped().refused("database")
	}
	if l := s.request().Leases[0]; l.State != access.LeaseClosed || !l.Stopped() {
		t.Fatalf("the lease is %+v", l)
	}
	if got := slot(s.Granted("more", "database")); got == 3 {
		t.Error("a new grant is put where a session is still being kept out")
	}
	if _, ok := s.Task(cell.TaskExpire, s.id, "database"); !ok {
		t.Fatal("nothing frees the slot")
	}
	for _, id := range []canon.Digest{grants[2], grants[10]} {
		s.id = id
		s.expired("database")
		if l := s.request().Leases[0]; l.Lives() || l.State != access.LeaseClosed {
			t.Errorf("after its end the lease is %+v", l)
		}
	}
	if got := slot(s.Granted("last", "database")); got != 3 {
		t.Errorf("the freed slot is 3, and the grant has %d", got)
	}
}

// TestT47SharedSlotOpensWhenTheStoppedAreOver: where every slot keeps somebody out,
// a grant is given all the same, and begins when they can live no more.
func TestT47SharedSlotOpensWhenTheStoppedAreOver(t *testing.T) {
	s := awsStory()
	for i := range 2 {
		s.id = s.Granted(fmt.Sprint(i), "console")
		s.Must(s.Fetch("ann", fmt.Sprint(i), s.id, "console"))
		s.worked("console").stopped().refused("console")
	}
	s.id, _ = cell.RequestOf(s.Must(s.Ask("ann", "late", "console")).Outcome.Stream)
	s.approve("sam", "lea")
	task, ok := s.Task(cell.TaskOpen, s.id, "console")
	if !ok {
		t.Fatal("nothing opens it")
	}
	if _, err := s.Do(s.Effect(cell.EffectOpened, task.ID, cell.Observed{})); refusalOf(err) == nil || refusalOf(err).Reason != cell.NotDue {
		t.Errorf("it is opened in a slot that keeps somebody out: %v", err)
	}
	s.Now = task.Due
	s.opened("console")
}

// TestT49SessionIsOfItsOwnTarget: subject, role and tags are those of the target
// that is fetched, and no other target gives them.
func TestT49SessionIsOfItsOwnTarget(t *testing.T) {
	s := awsStory().granted("database", "narrow").opened("database", "narrow")
	seen := map[string]bool{}
	for _, target := range []string{"database", "narrow"} {
		session, ok := cell.Session(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), cell.Fetched{Target: target, At: s.Now})
		if !ok || !strings.HasSuffix(session.Subject, "/"+target) || seen[session.RoleARN] {
			t.Errorf("%s: %+v", target, session)
		}
		seen[session.RoleARN] = true
	}
	if _, err := s.Do(s.Fetch("ann", "1", s.id, "shell")); refusalOf(err) == nil || refusalOf(err).Reason != cell.UnknownTarget {
		t.Errorf("a target that was not granted: %v", err)
	}
	if _, ok := cell.Session(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), cell.Fetched{Target: "shell", At: s.Now}); ok {
		t.Error("a session of a target that was not granted")
	}
}

// TestConsoleIsFetchedByItself: a sign-in wants a scenario that gives it, and its
// own statement; what it makes is no session with keys.
func TestConsoleIsFetchedByItself(t *testing.T) {
	s := awsStory().granted("console", "database").opened("console", "database")
	if _, err := s.Do(consoleFetch(s, "database")); refusalOf(err) == nil || refusalOf(err).Reason != cell.NothingToFetch {
		t.Errorf("a sign-in where the scenario gives none: %v", err)
	}
	event := s.Must(consoleFetch(s, "console")).Outcome.Events[0].(*cell.CredentialAuthorised)
	f := cell.Fetched{Digest: event.Fetch, Target: "console", At: s.Now, Console: true}
	session, ok := cell.Session(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), f)
	if !ok || !event.Console || canon.Sum(session.Unsigned()) != event.Unsigned || !session.Console || session.Duration != 0 {
		t.Fatalf("authorised %+v, rebuilt %+v", event, session)
	}
	if event.Before != s.Now.Add(61*time.Minute) || session.Before != s.request().Grant.Until {
		t.Errorf("it can live until %s, and its policy ends at %s", event.Before, session.Before)
	}
	f.Console = false
	if keys, _ := cell.Session(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), f); canon.Sum(keys.Unsigned()) == event.Unsigned {
		t.Error("keys and a sign-in are authorised alike")
	}
}

// TestT49BrowserFetchesLinksAlone: keys that a browser made are granted what they can
// use, and of a role they fetch links to its console and no keys.
func TestT49BrowserFetchesLinksAlone(t *testing.T) {
	s := awsStory()
	for _, target := range []string{"database", "shell"} {
		if _, err := s.Do(s.AskInBrowser("ann", target, target)); refusalOf(err) == nil || refusalOf(err).Reason != cell.BrowserCannot {
			t.Errorf("asked for %s: %v", target, err)
		}
	}
	if _, err := s.Do(s.AskInBrowser("ann", "both", "console", "database")); refusalOf(err) == nil || refusalOf(err).Reason != cell.BrowserCannot {
		t.Errorf("asked for more than a browser can use: %v", err)
	}
	s = browserStory().opened("console")
	if r := s.request(); r.Browser != celltest.PublicP256("sealed 1") || !r.Sealed.IsZero() {
		t.Errorf("the request's keys are %s and %s", r.Browser, r.Sealed)
	}
	if _, err := s.Do(s.Fetch("ann", "1", s.id, "console")); refusalOf(err) == nil || refusalOf(err).Reason != cell.BrowserCannot {
		t.Errorf("keys were fetched: %v", err)
	}
	event := s.Must(consoleFetch(s, "console")).Outcome.Events[0].(*cell.CredentialAuthorised)
	if !event.Console {
		t.Errorf("authorised: %+v", event)
	}
	// Somebody else's keys fetch nothing under it.
	other := s.By("ann", "holder 2", &statement.Fetch{Of: s.id, Target: "console", Console: true})
	if _, err := s.Do(other); refusalOf(err) == nil || refusalOf(err).Reason != cell.NotHolder {
		t.Errorf("fetched by other keys: %v", err)
	}
}

// TestBrowserCan: a browser uses what needs nothing fetched, and consoles.
func TestBrowserCan(t *testing.T) {
	for name, c := range map[string]struct {
		open access.Open
		can  bool
	}{
		"a login": {access.Open{SSH: &access.SSH{}}, false}, "an envelope": {access.Open{Envelope: &access.Envelope{}}, false},
		"a role": {access.Open{AWS: &access.AWS{}}, false}, "a role with a console": {access.Open{AWS: &access.AWS{Console: true}}, true},
		"a program": {access.Open{Exec: &access.Exec{}}, true}, "a root task": {access.Open{RootTask: &access.RootTask{}}, false},
		"a permission set": {access.Open{IdentityCenter: &access.IdentityCenter{}}, true},
	} {
		if c.open.InBrowser() != c.can {
			t.Errorf("%s: %v", name, !c.can)
		}
	}
}

// TestSlotsOfPartialEvidence: whoever reads one request alone finds the slots that
// the whole ledger gave.
func TestSlotsOfPartialEvidence(t *testing.T) {
	s := awsStory()
	s.Granted("first", "database")
	s.id = s.Granted("second", "database")
	partial := cell.NewPartial(celltest.Origin, s.Attachments())
	replayed := 0
	for _, recorded := range s.Log {
		if recorded.Entry.Stream != cell.StreamCell && recorded.Entry.Stream != cell.StreamOf(s.id) {
			continue
		}
		p := cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: s.Commands[recorded.Index]}
		p.Command.Observed = recordedIn(t, recorded)
		if _, err := partial.ReplayAt(recorded.Index, p); err != nil {
			t.Fatalf("entry %d: %v", recorded.Index, err)
		}
		replayed++
	}
	if r := partial.Requests[s.id]; replayed == 0 || r == nil || r.Leases[0].Slot != 2 {
		t.Errorf("%d entries replayed, the request is %+v", replayed, partial.Requests[s.id])
	}
}

func recordedIn(t *testing.T, r cell.Recorded) (o cell.Observed) {
	t.Helper()
	if r.Entry.Observed != nil {
		if err := canon.Decode(r.Entry.Observed, 1<<20, &o); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// TestAmendingMovesNoAccount: an account with a lease that is not closed stays
// where it is; a number that becomes another widens what names it.
func TestAmendingMovesNoAccount(t *testing.T) {
	from := celltest.AWSGenesis()
	before := cell.Document{Genesis: &from, Scenarios: map[string]*access.Scenario{}}
	scenario := celltest.AWSScenario()
	before.Scenarios[scenario.ID] = &scenario
	for name, c := range map[string]struct {
		change func(*cell.Genesis, *access.Scenario)
		widens bool
		text   string
	}{
		"number":         {func(g *cell.Genesis, _ *access.Scenario) { g.AWS.Accounts[0].Account = "999999999999" }, true, "aws 123456789012 becomes aws 999999999999"},
		"regions":        {func(g *cell.Genesis, _ *access.Scenario) { g.AWS.Accounts[0].Regions = []string{"eu-west-1"} }, false, "eu-west-1, eu-central-1 becomes eu-west-1"},
		"key":            {func(g *cell.Genesis, _ *access.Scenario) { g.AWS.Keys[1] = celltest.IssuerKey("other") }, true, "is added"},
		"issuer":         {func(g *cell.Genesis, _ *access.Scenario) { g.AWS.Issuers[0] = "https://oidc.example.org" }, true, "https://oidc.example.org is added"},
		"issuers turned": {func(g *cell.Genesis, _ *access.Scenario) { slices.Reverse(g.AWS.Issuers) }, false, "is tried first now"},
		"other account":  {func(g *cell.Genesis, _ *access.Scenario) { g.AWS.Accounts[1].Management = true }, false, "false becomes true"},
		"policy": {func(_ *cell.Genesis, s *access.Scenario) {
			s.Opens[0].AWS.Policy = celltest.IAM(celltest.Allow("rds:*"), celltest.Allow("ec2:*"))
		}, true, "new: "},
		"less policy": {func(_ *cell.Genesis, s *access.Scenario) {
			s.Opens[2].AWS.Policy = celltest.IAM(celltest.Allow("rds:*"))
		}, true, "no more: "},
		"a denial more": {func(_ *cell.Genesis, s *access.Scenario) {
			s.Opens[0].AWS.Policy = celltest.IAM(celltest.Allow("rds:*"), access.IAMStatement{Effect: "Deny", Action: []string{"rds:DeleteDBInstance"}, Resource: []string{"*"}})
		}, false, `new: {"Action":["rds:DeleteDBInstance"]`},
		"regions more":     {func(_ *cell.Genesis, s *access.Scenario) { s.Opens[1].AWS.Regions = nil }, true, "eu-west-1 becomes anything"},
		"source less":      {func(_ *cell.Genesis, s *access.Scenario) { s.Opens[1].AWS.Source = []string{"10.0.0.0/8"} }, false, "request is removed"},
		"rail":             {func(_ *cell.Genesis, s *access.Scenario) { s.Opens[0].AWS.WithoutRails = []string{access.RailTrails} }, true, "no-trail-changes is added"},
		"console":          {func(_ *cell.Genesis, s *access.Scenario) { s.Opens[0].AWS.Console = true }, true, "false becomes true"},
		"slots":            {func(_ *cell.Genesis, s *access.Scenario) { s.Opens[0].AWS.Slots = 5 }, false, "8 becomes 5"},
		"narrowed no more": {func(_ *cell.Genesis, s *access.Scenario) { s.Opens[1].AWS.Session = "" }, true, "narrowed no more"},
	} {
		to, changed := celltest.AWSGenesis(), celltest.AWSScenario()
		c.change(&to, &changed)
		after := cell.Document{Genesis: &to, Scenarios: map[string]*access.Scenario{changed.ID: &changed}}
		var texts []string
		for _, d := range cell.Compare(before, after) {
			texts = append(texts, d.Text)
		}
		if !strings.Contains(strings.Join(texts, "\n"), c.text) {
			t.Errorf("%s: %q, want %q", name, texts, c.text)
		}
		if widened := cell.Widened(before, after); (len(widened) > 0) != c.widens {
			t.Errorf("%s: widened %v, want %t", name, widened, c.widens)
		}
	}
}

// TestBusyAccountStays: no document takes away or moves an account under a lease.
func TestBusyAccountStays(t *testing.T) {
	s := roleStory("database")
	move := func(g *cell.Genesis) {
		g.AWS = celltest.AWS()
		g.AWS.Accounts[0].Account = "999999999999"
	}
	_, err := s.Do(s.By("sam", "sam", s.Amending(move)))
	if refusal := refusalOf(err); refusal == nil || !strings.Contains(refusal.Detail, "AWS account prod") {
		t.Errorf("an account is moved under a lease: %v", err)
	}
	s.stopped().expired("database")
	s.Must(s.By("sam", "sam", s.Amending(move)))
}

// TestSlotIsNotForgotten: a request of which nothing more is owed stays in the
// world until the last session under it is over. Were it let go before, a server
// would give its slot away, and whoever replays the whole ledger would not.
func TestSlotIsNotForgotten(t *testing.T) {
	s := roleStory("database").worked("database").stopped().refused("database").wrote("ann").signedOff("lea")
	heard := func() {
		for task, ok := s.Task(cell.TaskAlarm, s.id, ""); ok; task, ok = s.Task(cell.TaskAlarm, s.id, "") {
			s.Must(s.Effect(cell.EffectAlarmReceipt, task.ID, cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 200}}))
		}
	}
	heard()
	stopped := s.id
	if s.World.Evict(cell.StreamOf(stopped)); s.request() == nil {
		t.Fatal("the world let go of a request whose slot keeps sessions out")
	}
	if next := s.Granted("next", "database"); s.World.Requests[next].Leases[0].Slot != 2 {
		t.Errorf("the next grant has slot %d", s.World.Requests[next].Leases[0].Slot)
	}
	restores(t, s.Cell)
	s.expired("database")
	heard()
	replays(t, s.Cell)
	if s.World.Evict(cell.StreamOf(stopped)); s.request() != nil {
		t.Error("the world keeps a request that nothing more is owed of")
	}
	if after := s.Granted("after", "database"); s.World.Requests[after].Leases[0].Slot != 1 {
		t.Errorf("the grant after that has slot %d", s.World.Requests[after].Leases[0].Slot)
	}
}

// TestNobodySaysWhichSlotIsFree: what stands in a command about slots counts for
// nothing where the rules can see for themselves.
func TestNobodySaysWhichSlotIsFree(t *testing.T) {
	s := awsStory()
	s.Granted("first", "database")
	s.ask("database").approve("sam")
	command := s.Approve("lea", s.id)
	command.Observed.Slots = map[string]int{"database": 1}
	s.Must(command)
	if slot := s.request().Leases[0].Slot; slot != 2 {
		t.Errorf("the grant has slot %d", slot)
	}
}

// TestRandomRoles lives on at random from every state of a lease of a role, with
// more grants of the same roles beside it. A server that is stopped on the way, and
// lets go of what is over, gives every grant the slot that a replay gives it.
func TestRandomRoles(t *testing.T) {
	lives := 1500
	if testing.Short() {
		lives = 150
	}
	deeds := append(awsDeeds(), effectDeeds()...)
	first := func(s *story, state access.State) canon.Digest { // request of bob's in a state
		for _, id := range slices.SortedFunc(maps.Keys(s.World.Requests), func(a, b canon.Digest) int { return slices.Compare(a[:], b[:]) }) {
			if r := s.World.Requests[id]; r.State == state && r.Requester == "bob" {
				return id
			}
		}
		return s.id
	}
	for range 4 {
		deeds = append(deeds,
			deed{"ask", "bob, for the same role", func(s *story) cell.Command {
				return s.Ask("bob", fmt.Sprint("more", len(s.Log)), s.request().Targets[0])
			}},
			deed{"agree", "sam, to bob", func(s *story) cell.Command { return s.Approve("sam", first(s, access.Pending)) }},
			deed{"agree", "lea, to bob", func(s *story) cell.Command { return s.Approve("lea", first(s, access.Pending)) }},
		)
	}
	deeds = append(deeds, deed{"stop", "sue, bob's, and live on with that", func(s *story) cell.Command {
		s.id = first(s, access.Granted)
		return s.Stop("sue", s.id)
	}})
	starts, seen := startsOf(statesOfAWS), map[string]int{}
	for seed := range lives {
		q := newSequence(seed, starts[seed%len(starts)], deeds, seed/len(starts)%len(deeds))
		if err := q.run(deeds); err != nil {
			t.Fatalf("seed %d, from %q: %s: %v", seed, q.state, strings.Join(q.steps, "; "), err)
		}
		for _, r := range q.World.Requests {
			for _, l := range r.Leases {
				seen[fmt.Sprintf("slot %d", min(l.Slot, 2))]++
				seen[string(l.State)]++
				if l.State == access.LeaseClosed && l.Lives() {
					seen["closed, and its slot is used"]++
				}
			}
		}
	}
	if len(seen) < 7 {
		t.Errorf("seen: %v", seen)
	}
	t.Logf("seen: %v", seen)
}

// FuzzIssuerKey: what is taken for a public key is one in its one spelling, with the
// thumbprint for its name.
func FuzzIssuerKey(f *testing.F) {
	good := celltest.IssuerKey("current")
	f.Add(good.Public)
	for _, change := range [][2]string{{`"RS256"`, `"none"`}, {"AQAB", "Aw"}, {good.ID, "kid"}, {`"use"`, `"d":"AA","use"`}, {"{", "{ "}, {"sig", "enc"}} {
		f.Add(strings.Replace(good.Public, change[0], change[1], 1))
	}
	f.Fuzz(func(t *testing.T, public string) {
		id, err := cell.CheckIssuerKey(public)
		if err == nil && (len(id) != 43 || !strings.Contains(public, `"kid":"`+id+`"`) || strings.Contains(public, `"d":`) || !canon.Canonical([]byte(public))) {
			t.Errorf("%s is taken as %s", public, id)
		}
	})
}

// TestT47SlotsStayWhileTheyAreUsed: no document takes away the stop slot that somebody's
// session lives in. One below it may go, and it may go when the session is over.
func TestT47SlotsStayWhileTheyAreUsed(t *testing.T) {
	s := awsStory().granted("console").opened("console").fetched("console")
	r := s.Must(s.Ask("ann", "2", "console"))
	s.id, _ = cell.RequestOf(r.Outcome.Stream)
	s.approve("sam", "lea").opened("console").fetched("console")
	if l, _ := s.request().Lease("console"); l.Slot != 2 {
		t.Fatalf("the second grant is in slot %d", l.Slot)
	}
	with := func(slots int) cell.Command {
		scenario := celltest.AWSScenario()
		scenario.Opens[4].AWS.Slots = slots
		return s.By("sam", "sam", s.Amending(withoutRoy, scenario))
	}
	expectRefusal(t, s.Cell, with(1), cell.NotAmendable)
	if _, err := cell.Decide(s.World, with(3)); err != nil {
		t.Errorf("more slots: %v", err)
	}
	s.stopped()
	expectRefusal(t, s.Cell, with(1), cell.NotAmendable) // its session lives on behind the slot
	s.expired("console")
	if _, err := cell.Decide(s.World, with(1)); err != nil {
		t.Errorf("after the last session in it: %v", err)
	}
}
