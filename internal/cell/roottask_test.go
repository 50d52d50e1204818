package cell_test

import (
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

// rootStory is a cell of celltest.RootScenario.
func rootStory() *story {
	return &story{Cell: celltest.New(celltest.AWSGenesis(), celltest.RootScenario())}
}

var statesOfRootTasks = func() []state {
	var states []state
	for _, target := range []string{"unlock", "audit"} {
		fetched := func() *story { return rootStory().granted(target).opened(target).fetched(target) }
		states = append(states,
			state{target + ": granted, opening", func() *story { return rootStory().granted(target) }},
			state{target + ": open", func() *story { return rootStory().granted(target).opened(target) }},
			state{target + ": a session was fetched", fetched},
			state{target + ": stopped", func() *story { return fetched().stopped() }},
			state{target + ": stopped, and the last session is over", func() *story { return fetched().stopped().expired(target) }},
		)
	}
	return states
}()

// TestRootTaskIsRebuilt: what an entry authorised is rebuilt from the log alone: a
// session of the role that may make the one call, and that call.
func TestRootTaskIsRebuilt(t *testing.T) {
	s := rootStory().granted("unlock").opened("unlock")
	authorised := s.Must(s.fetch("unlock")).Outcome.Events[0].(*cell.CredentialAuthorised)
	credential, ok := cell.CredentialOf(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), cell.Fetched{Digest: authorised.Fetch, Target: "unlock", At: s.Now})
	if !ok || canon.Sum(credential.Unsigned) != authorised.Unsigned || credential.Serial != authorised.Serial || credential.Session == nil {
		t.Fatalf("rebuilt %+v, authorised %+v", credential, authorised)
	}
	session, short := credential.Session, s.id.Short()
	want := access.Session{
		Issuer: "https://oidc.cell.example.com", Audience: "sts.amazonaws.com", Subject: "cell.example.com/database-locked-out/unlock",
		RoleARN: "arn:aws:iam::123456789012:role/EmergencyUnlock", Name: "hg-" + short + "-" + session.ID[:8], SourceIdentity: "hg-" + short,
		Tags: []access.Tag{
			{Key: "halligan-cell", Value: "cell.example.com"}, {Key: "halligan-grant", Value: short}, {Key: "halligan-person", Value: "ann"},
			{Key: "halligan-scenario", Value: "database-locked-out"}, {Key: "halligan-strength", Value: "possession"},
		},
		ID: session.ID, At: s.Now, Before: s.Now.Add(16 * time.Minute), Duration: 900, Regions: []string{"eu-west-1", "eu-central-1"},
		Policy: `{"Statement":[{"Action":["sts:AssumeRoot"],"Condition":{"StringEquals":{"sts:TaskPolicyArn":["arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"]}},"Effect":"Allow","Resource":["arn:aws:iam::210987654321:root"]}],"Version":"2012-10-17"}`,
		Root:   &access.RootCall{Target: "210987654321", Task: "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"},
	}
	if diff := cmp.Diff(want, *session); diff != "" {
		t.Errorf("session (-want +got):\n%s", diff)
	}
	if text := string(credential.Unsigned); !strings.Contains(text, `"root":{"target":"210987654321","task":"arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}`) {
		t.Errorf("the digest binds no call: %s", text)
	}
	for name, spoil := range map[string]func(*access.RootTask){
		"task": func(t *access.RootTask) { t.Task = "IAMCreateRootUserPassword" }, "account": func(t *access.RootTask) { t.Account = "prod" },
		"role": func(t *access.RootTask) { t.Role = "EmergencyOther" },
	} {
		moved := celltest.RootScenario()
		spoil(moved.Opens[0].RootTask)
		if _, ok := cell.Session(s.World.Genesis, &moved, s.request(), cell.Fetched{Target: "unlock", At: s.Now}); ok {
			t.Errorf("a session is made for another %s than the lease's", name)
		}
	}
	if twin, _, _ := cell.Twins(s.World.Genesis, s.World.Scenarios["database-locked-out"], s.request(), "unlock"); twin.Root != nil || !strings.Contains(twin.Policy, `"Effect":"Deny"`) || strings.Contains(twin.Policy, "Allow") {
		t.Errorf("what opening tries may do something: %+v", twin)
	}
}

// TestT43RootSessionIsOverBeforeItsLeaseIsClosed: nothing takes a root user's session
// back, so that neither a stop nor a round closes its lease, and what may have been
// left behind wants a person's word.
func TestT43RootSessionIsOverBeforeItsLeaseIsClosed(t *testing.T) {
	for target, want := range map[string]access.LeaseState{"unlock": access.LeaseClosing, "audit": access.LeaseClosed} {
		s := rootStory().granted(target).opened(target)
		if _, asked := s.Task(cell.TaskBaseline, s.id, target); asked {
			t.Errorf("%s: a root user's session is begun to look at", target)
		}
		s.fetched(target).stopped()
		lease := func() access.Lease { l, _ := s.request().Lease(target); return *l }
		if l := lease(); l.State != access.LeaseClosing || l.Slot != 0 || l.Lives() || l.Stopped() {
			t.Errorf("%s: after a stop the lease is %+v", target, l)
		}
		for _, kind := range []cell.TaskKind{cell.TaskProve, cell.TaskList} {
			if task, asked := s.Task(kind, s.id, target); asked {
				t.Errorf("%s: %s is asked for, which could prove nothing", target, task.ID)
			}
		}
		for _, kind := range []cell.TaskKind{cell.TaskExpire, cell.TaskPage} {
			if _, asked := s.Task(kind, s.id, target); !asked {
				t.Errorf("%s: no task %s", target, kind)
			}
		}
		if refusal := refusalOf(failure(s.Do(s.fetch(target)))); refusal == nil {
			t.Errorf("%s: a session is given after a stop", target)
		}
		attest := s.By("lea", "lea", &statement.Attest{Of: s.id, Target: target, Note: celltest.Note("looked")})
		if refusal := refusalOf(failure(s.Do(attest))); refusal == nil || refusal.Reason != cell.NotDue {
			t.Errorf("%s: a person attests while a session can live: %v", target, refusal)
		}
		if s.expired(target); lease().State != want {
			t.Errorf("%s: after its last session the lease is %s, want %s", target, lease().State, want)
		}
	}
}

func failure(_ cell.Recorded, err error) error { return err }

// TestT29RootSessionEndsWithItsGrant: what a late fetch authorises is over with the
// grant, for AWS gives no longer session than is asked.
func TestT29RootSessionEndsWithItsGrant(t *testing.T) {
	s := rootStory().granted("audit").opened("audit")
	s.Now = s.request().Grant.Until.Add(-100 * time.Second)
	s.fetched("audit")
	if l, _ := s.request().Lease("audit"); l.NotAfter != s.request().Grant.Until {
		t.Errorf("a session lives until %s, the grant until %s", l.NotAfter, s.request().Grant.Until)
	}
	if refusal := refusalOf(failure(s.Do(consoleFetch(s, "audit")))); refusal == nil || refusal.Reason != cell.NothingToFetch {
		t.Errorf("a root user is signed in to the console: %v", refusal)
	}
}

// TestT49RootTaskNamesOneOfTheCell: a task that AWS does not have, a role that could
// not be made, an account of its own or of nobody's are refused where they stand.
func TestT49RootTaskNamesOneOfTheCell(t *testing.T) {
	g := celltest.AWSGenesis()
	g.AWS.Accounts = append(g.AWS.Accounts,
		cell.Account{ID: "payer", Account: "310987654321", Regions: []string{"eu-west-1"}, Management: true},
		cell.Account{ID: "china", Account: "410987654321", Partition: "aws-cn", Regions: []string{"cn-north-1"}})
	people, err := g.Check()
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*access.RootTask){
		"name":    func(r *access.RootTask) { r.Name = "Un lock" },
		"task":    func(r *access.RootTask) { r.Task = "AdministratorAccess" },
		"role":    func(r *access.RootTask) { r.Role = "halligan-stopper" },
		"account": func(r *access.RootTask) { r.Account = "elsewhere" },
		"through": func(r *access.RootTask) { r.Through = "elsewhere" },
	} {
		scenario := celltest.RootScenario()
		change(scenario.Opens[0].RootTask)
		if err := cell.CheckScenario(&scenario, &g, &people); err == nil || !strings.HasPrefix(err.Error(), "opens[0].aws_root_task."+name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, change := range map[string]func(*access.RootTask){
		"through: \"stage\" cannot reach":  func(r *access.RootTask) { r.Through = "stage" },
		"account: payer is the management": func(r *access.RootTask) { r.Account = "payer" },
		"through: china is in aws-cn":      func(r *access.RootTask) { r.Through = "china" },
	} {
		scenario := celltest.RootScenario()
		change(scenario.Opens[0].RootTask)
		if err := cell.CheckScenario(&scenario, &g, &people); err == nil || !strings.Contains(err.Error(), "aws_root_task."+want) {
			t.Errorf("%q: %v", want, err)
		}
	}
	scenario := celltest.RootScenario()
	scenario.Opens[0].RootTask.Through = "payer" // AWS allows it; lint warns
	if err := cell.CheckScenario(&scenario, &g, &people); err != nil {
		t.Error(err)
	}
}

// TestRootTaskWidens: an account whose number becomes another bears on scenarios that
// become its root user, or another's by way of it.
func TestRootTaskWidens(t *testing.T) {
	from, scenario := celltest.AWSGenesis(), celltest.RootScenario()
	scenarios := map[string]*access.Scenario{scenario.ID: &scenario}
	for i, id := range []string{"999999999999", "888888888888"} {
		to := celltest.AWSGenesis()
		to.AWS.Accounts[i].Account = id
		widened := cell.Widened(cell.Document{Genesis: &from, Scenarios: scenarios}, cell.Document{Genesis: &to, Scenarios: scenarios})
		if !slices.Contains(widened, scenario.ID) {
			t.Errorf("account %s is another, and %v are widened", to.AWS.Accounts[i].ID, widened)
		}
	}
}
