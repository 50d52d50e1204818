package aws_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
	"github.com/halligan-dev/halligan/internal/provider/providertest"
)

const (
	executorARN = "arn:aws:iam::" + account + ":role/halligan-executor"
	actsARN     = "arn:aws:iam::" + account + ":role/AutomationMembers"
	content     = "schemaVersion: \"0.3\"\nassumeRole: " + actsARN + "\n"
)

var executorActions = []string{
	"ssm:AddTagsToResource", "ssm:DescribeAutomationExecutions", "ssm:DescribeDocument", "ssm:GetAutomationExecution", "ssm:GetDocument",
	"ssm:StartAutomationExecution", "ssm:StopAutomationExecution", "iam:PassRole",
}

// running is a world with a document in the same account.
func running(t *testing.T, change ...func(*aws.Options)) (*world, aws.Automation) {
	w := newWorld(t, change...)
	w.double.AddRole(awstest.Role{ARN: executorARN, Audience: access.STSAudience, Subjects: []string{origin + "/executor"}, Sources: "hg-", Allows: executorActions})
	w.double.AddDocument(awstest.RunDocument{
		Name: "EmergencyMembers", Version: "3", Content: content, Opens: "Open", Closes: "Close", Until: "Until", Takes: []string{"Group", "Person", "Until"},
	})
	w.double.Runs(2, 1)
	return w, w.aws.Automation()
}

// run is the lease of a name.
func (w *world) run(name string) provider.Lease {
	lease := w.lease(name)
	lease.AWS = nil
	lease.Automation = &provider.Automation{
		Role: executorARN, Regions: regions, Region: "eu-west-1", Document: "EmergencyMembers", Version: 3, Digest: canon.Sum([]byte(content)), ActsAs: actsARN,
		Parameters: map[string]string{"Group": "operators", "Person": lease.Request, "Until": "2026-03-04T13:00:00Z"},
		Opens:      "Open", Closes: "Close",
	}
	return lease
}

// ran are the executions of a lease.
func (w *world) ran(lease provider.Lease) (all []awstest.Execution) {
	for _, e := range w.double.Executions() {
		if e.Tags["halligan-lease"] == lease.KeyID {
			all = append(all, e)
		}
	}
	return all
}

// standing counts the executions of a lease that stand open.
func (w *world) standing(lease provider.Lease) (n int) {
	for _, e := range w.ran(lease) {
		if e.Standing {
			n++
		}
	}
	return n
}

// patient is the provider with a caller who waits, and looks again, where something could
// begin late.
type patient struct {
	aws.Automation
	w *world
}

func (p patient) Close(ctx context.Context, lease provider.Lease) error {
	err := p.Automation.Close(ctx, lease)
	if errors.Is(err, provider.ErrUnreachable) && strings.Contains(err.Error(), "could begin still") {
		p.w.pass(75 * time.Second)
		err = p.Automation.Close(ctx, lease)
	}
	return err
}

// TestAutomationContract runs the suite of every provider over the double.
func TestAutomationContract(t *testing.T) {
	providertest.Exercise(t, func(t *testing.T) providertest.Subject {
		w, run := running(t)
		how := map[providertest.Fault]awstest.How{providertest.DidNot: awstest.Down, providertest.DidAnyway: awstest.Lost, providertest.Hangs: awstest.Hangs}
		return providertest.Subject{
			Provider: patient{run, w}, Lease: w.run, Open: w.standing, Blind: true,
			Fail: func(f providertest.Fault) {
				w.double.Mend()
				if f != providertest.Sound {
					w.double.Break(awstest.Fault{How: how[f]})
				}
			},
			Secrets: []string{"eyJ", "secret-of-", "session-token-of-"},
		}
	})
}

// TestT48NeverStartedTwice: a start whose answer was lost, or that no list shows yet, is
// not asked for a second time, whatever call fails and however often it is tried again;
// and nothing is left running.
func TestT48NeverStartedTwice(t *testing.T) {
	for _, how := range []awstest.How{awstest.Down, awstest.Lost, "ThrottlingException", "InternalServerError", "AutomationExecutionLimitExceededException"} {
		for _, action := range []string{
			"StartAutomationExecution", "DescribeAutomationExecutions", "GetAutomationExecution", "StopAutomationExecution", "DescribeDocument", "GetDocument", "AssumeRoleWithWebIdentity",
		} {
			w, run := running(t)
			w.double.Runs(3, 12)
			lease := w.run("one")
			for i, do := range []func(context.Context, provider.Lease) error{run.Open, run.Close} {
				w.double.Break(awstest.Fault{Action: action, How: how, Times: 2})
				w.hides(t, do(t.Context(), lease))
				w.double.Mend()
				err := do(t.Context(), lease)
				for tries := 0; i == 1 && errors.Is(err, provider.ErrUnreachable) && tries < 12; tries++ {
					err = do(t.Context(), lease) // no list shows it yet
				}
				if err != nil {
					t.Fatalf("%s at %s, and asked again: %v", how, action, err)
				}
			}
			if all := w.ran(lease); len(all) != 1 || all[0].Standing || all[0].Status != "Cancelled" {
				t.Errorf("%s at %s: there are %d executions, standing %d", how, action, len(all), w.standing(lease))
			}
		}
	}
}

// TestT48NothingBeginsLate: a lease that nothing was started for is not called closed
// while a call from before may still arrive; and such a call starts nothing once its
// moments are over. Nothing is remembered of one that is closed.
func TestT48NothingBeginsLate(t *testing.T) {
	w, run := running(t)
	lease := w.run("one")
	if err := run.Close(t.Context(), lease); !errors.Is(err, provider.ErrUnreachable) {
		t.Fatalf("closed at once with %v", err)
	}
	w.pass(74 * time.Second)
	if err := run.Close(t.Context(), lease); err == nil || w.aws.Sought() != 1 {
		t.Fatalf("closed a second too early, and %d are remembered", w.aws.Sought())
	}
	w.pass(time.Second)
	if err := run.Close(t.Context(), lease); err != nil || w.aws.Sought() != 0 {
		t.Fatalf("%v, and %d are remembered", err, w.aws.Sought())
	}
	lease.Automation.Held = func() bool { return false }
	if err := run.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || len(w.ran(lease)) > 0 {
		t.Errorf("opened when it was over: %v", err)
	}
	lease.Automation.Held = func() bool { // the call is held up on its way
		w.pass(31 * time.Second)
		return true
	}
	if err := run.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || len(w.ran(lease)) > 0 {
		t.Errorf("a call from half a minute ago: %v", err)
	}
	_ = run.Close(t.Context(), w.run("of a person who attested"))
	w.pass(25 * time.Hour)
	if _ = run.Close(t.Context(), w.run("another")); w.aws.Sought() != 1 {
		t.Errorf("%d are remembered after a day", w.aws.Sought())
	}
}

// off is the provider of a server whose clock is so far ahead of AWS's.
func (w *world) off(t *testing.T, by time.Duration) aws.Automation {
	t.Helper()
	now := func() time.Time { return w.now().Add(by) }
	key, err := issuer.OpenOIDC(slices.Clone(tokenKeys()[0][0]), issuer.Bounds{Audience: access.STSAudience, Subject: origin + "/", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	o := w.aws.Options
	o.Keys, o.Now = []aws.Signer{key}, func() canon.Time { return canon.At(now()) }
	return aws.New(o).Automation()
}

// TestT48NothingBeginsLateWhateverTheClock: a server whose clock is wrong, ahead of AWS's
// or behind, starts what it should; a call of its that is held up starts nothing after
// half a minute of AWS's time; and neither a clock that is ahead nor one that a restart
// sets ahead closes a lease before nothing of it can begin.
func TestT48NothingBeginsLateWhateverTheClock(t *testing.T) {
	for _, by := range []time.Duration{-50 * time.Second, 50 * time.Second, 4 * time.Minute} {
		w, _ := running(t)
		run := w.off(t, by)
		if err := run.Open(t.Context(), w.run("sound")); err != nil {
			t.Errorf("off by %s: %v", by, err)
		}
		late := w.run("late")
		late.Automation.Held = func() bool { w.pass(31 * time.Second); return true }
		if err := run.Open(t.Context(), late); !errors.Is(err, provider.ErrRefused) || len(w.ran(late)) > 0 {
			t.Errorf("off by %s, a call from half a minute ago: %v", by, err)
		}
		lease := w.run("one")
		_ = run.Close(t.Context(), lease)
		w.pass(74 * time.Second)
		if err := run.Close(t.Context(), lease); !errors.Is(err, provider.ErrUnreachable) {
			t.Errorf("off by %s, closed a second too early: %v", by, err)
		}
		again := w.off(t, 4*time.Minute) // the server is started anew, and its clock is set ahead
		if err := again.Close(t.Context(), lease); !errors.Is(err, provider.ErrUnreachable) {
			t.Errorf("off by %s, a clock that was set ahead closed it: %v", by, err)
		}
		w.pass(75 * time.Second)
		for name, each := range map[string]aws.Automation{"it": run, "its successor": again} {
			if err := each.Close(t.Context(), lease); err != nil {
				t.Errorf("off by %s, %s: %v", by, name, err)
			}
		}
	}
}

// TestDocumentIsAsSigned: nothing is started but a document of the very content that was
// signed, and why not is said.
func TestDocumentIsAsSigned(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*awstest.RunDocument, *provider.Automation)
		says   string
	}{
		"another content": {func(d *awstest.RunDocument, _ *provider.Automation) { d.Content += "#" }, "has the digest"},
		"not usable":      {func(d *awstest.RunDocument, _ *provider.Automation) { d.Status = "Failed" }, "it is Failed"},
		"another version": {func(_ *awstest.RunDocument, a *provider.Automation) { a.Version = 4 }, "InvalidDocument"},
		"parameters":      {func(_ *awstest.RunDocument, a *provider.Automation) { delete(a.Parameters, "Group") }, "other parameters"},
	} {
		w, run := running(t)
		of, lease := awstest.RunDocument{Name: "EmergencyMembers", Version: "3", Content: content, Opens: "Open", Closes: "Close", Takes: []string{"Group", "Person", "Until"}}, w.run("one")
		c.change(&of, lease.Automation)
		w.double.AddDocument(of)
		err := run.Open(t.Context(), lease)
		if changed := strings.HasPrefix(c.says, "has ") || strings.HasPrefix(c.says, "it is "); !errors.Is(err, provider.ErrRefused) || errors.Is(err, provider.ErrChanged) != changed || !strings.Contains(err.Error(), c.says) || len(w.ran(lease)) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	w, run := running(t)
	w.double.AddDocument(awstest.RunDocument{Name: "EmergencyMembers", Version: "3", Content: content, Format: "JSON", Opens: "Open", Closes: "Close", Takes: []string{"Group", "Person", "Until"}})
	if err := run.Open(t.Context(), w.run("one")); err != nil {
		t.Errorf("a document in JSON: %v", err)
	}
}

// TestWhatDoesNotCloseIsNotClosed: an execution whose closing step fails, that is gone,
// or that ended before its lease, proves what it shows and no more.
func TestWhatDoesNotCloseIsNotClosed(t *testing.T) {
	w, run := running(t)
	lease := w.run("one")
	w.double.FailStep("Close", true)
	if err := run.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := run.Close(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || !strings.Contains(err.Error(), "its step Close has not succeeded") {
			t.Errorf("a closing step that failed: %v", err)
		}
	}
	if ids, err := run.List(t.Context(), lease); err != nil || !slices.Equal(ids, []string{lease.KeyID}) {
		t.Errorf("listed are %v, %v", ids, err)
	}
	if err := run.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || len(w.ran(lease)) != 1 {
		t.Errorf("opened again: %v", err)
	}
	w.double.FailStep("Close", false)

	failed := w.run("two")
	w.double.FailStep("Open", true)
	if err := run.Open(t.Context(), failed); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("an opening step that failed: %v", err)
	}
	w.double.FailStep("Open", false)
	if err := run.Close(t.Context(), failed); err != nil || w.standing(failed) != 0 {
		t.Errorf("closing what did not open: %v", err)
	}

	timed := w.run("three")
	if err := run.Open(t.Context(), timed); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * time.Hour)
	for range 4 {
		w.double.PassRuns()
	}
	if err := run.Close(t.Context(), timed); err != nil || w.ran(timed)[0].Status != "Success" {
		t.Errorf("an execution that ended in its time: %v", err)
	}

	gone := w.run("four")
	if err := run.Open(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	w.double.Forget(w.ran(gone)[0].ID)
	gone.Automation.Opened = true
	if err := run.Close(t.Context(), gone); !errors.Is(err, provider.ErrUnreachable) {
		t.Errorf("one that no list may show yet: %v", err)
	}
	if err := (patient{run, w}).Close(t.Context(), gone); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("an execution that is gone: %v", err)
	}
	if ids, err := run.List(t.Context(), gone); err != nil || !slices.Equal(ids, []string{gone.KeyID}) {
		t.Errorf("of one that is gone are listed %v, %v", ids, err)
	}
}

// TestT48WhatIsKnownIsEnded: where the executions cannot all be listed, those that were
// listed are ended, and the lease is not called closed.
func TestT48WhatIsKnownIsEnded(t *testing.T) {
	w, run := running(t)
	lease := w.run("last")
	for _, of := range []provider.Lease{w.run("one"), w.run("two"), w.run("three"), lease} {
		if err := run.Open(t.Context(), of); err != nil {
			t.Fatal(err)
		}
		w.pass(time.Second)
	}
	w.double.Break(awstest.Fault{Action: "DescribeAutomationExecutions", Body: "NextToken", How: "AccessDeniedException"})
	if err := run.Close(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || w.standing(lease) != 0 {
		t.Errorf("closed with %v, standing %d", err, w.standing(lease))
	}
}

// TestT48CancelledOnce: a cancelling whose answer was lost is not asked for again before
// it was looked: the second would cancel what closes.
func TestT48CancelledOnce(t *testing.T) {
	w, run := running(t)
	lease := w.run("one")
	if err := run.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	w.double.Break(awstest.Fault{Action: "StopAutomationExecution", How: awstest.Lost, Times: 1})
	_ = run.Close(t.Context(), lease)
	if err := run.Close(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	calls := slices.DeleteFunc(w.double.Calls(), func(c awstest.Call) bool { return c.Action != "StopAutomationExecution" })
	if len(calls) != 1 || w.standing(lease) != 0 {
		t.Errorf("it was cancelled %d times, and %d stand", len(calls), w.standing(lease))
	}
}

// TestTurnsAreForgotten: nothing is remembered of a lease's turn when nobody is at it, also
// where somebody waited for it in vain; and nobody takes it meanwhile.
func TestTurnsAreForgotten(t *testing.T) {
	w, run := running(t)
	inside := 0
	for i := range 8 {
		lease := w.run(fmt.Sprint("lease ", i))
		lease.Automation.Held = func() bool {
			inside++
			short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if err := run.Close(short, lease); !errors.Is(err, provider.ErrUnreachable) {
				t.Errorf("it is closed while it is opened: %v", err)
			}
			if n := w.aws.Turns(); n != 1 {
				t.Errorf("%d turns are remembered while one is held", n)
			}
			return true
		}
		if err := run.Open(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
	}
	if inside != 8 || w.aws.Turns() != 0 {
		t.Errorf("%d were opened, and %d turns are remembered", inside, w.aws.Turns())
	}
}

// TestExecutionThatNobodyCouldFind: where an execution is not said to be by the session
// that started it, it is cancelled at once, for nobody would find it at the end.
func TestExecutionThatNobodyCouldFind(t *testing.T) {
	w, run := running(t)
	w.double.RunsAre("arn:aws:sts::" + account + ":assumed-role/halligan-executor")
	lease := w.run("one")
	if err := run.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("opened with %v", err)
	}
	for range 8 {
		w.double.PassRuns()
	}
	if all := w.ran(lease); len(all) != 1 || all[0].Status != "Cancelled" || all[0].Standing {
		t.Errorf("the executions are %+v", all)
	}
}

// TestClosingIsNotCancelled: an execution that closes by itself just then is left to.
func TestClosingIsNotCancelled(t *testing.T) {
	w, run := running(t)
	lease := w.run("one")
	w.double.Runs(6, 0)
	if err := run.Open(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * time.Hour)
	for range 2 { // its wait is over, and the step that closes has begun
		w.double.PassRuns()
	}
	if err := run.Close(t.Context(), lease); err != nil || w.standing(lease) != 0 || w.ran(lease)[0].Status != "Success" {
		t.Errorf("closed with %v: %+v", err, w.ran(lease)[0].Status)
	}
}

// TestT49ExecutorStartsOneDocument: nothing but a document of an account of the cell is
// asked for, as the executor; what a session may do is that, for this lease, and for
// moments.
func TestT49ExecutorStartsOneDocument(t *testing.T) {
	w, run := running(t)
	for name, change := range map[string]func(*provider.Automation){
		"another role":    func(a *provider.Automation) { a.Role = roleARN },
		"another account": func(a *provider.Automation) { a.Role = strings.Replace(executorARN, account, "999999999999", 1) },
		"acts elsewhere":  func(a *provider.Automation) { a.ActsAs = strings.Replace(actsARN, account, "999999999999", 1) },
		"shared document": func(a *provider.Automation) { a.Document = "arn:aws:ssm:eu-west-1:999999999999:document/Evil" },
		"one of AWS's":    func(a *provider.Automation) { a.Document = "AWS-RunShellScript" },
		"no region":       func(a *provider.Automation) { a.Region = "evil.example.com/" },
		"no version":      func(a *provider.Automation) { a.Version = 0 },
	} {
		lease := w.run("one")
		change(lease.Automation)
		if err := run.Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if calls := w.double.Calls(); len(calls) > 0 {
		t.Errorf("AWS was asked: %v", calls)
	}
	one, two := w.run("one"), w.run("two")
	for _, lease := range []provider.Lease{one, two} {
		if err := run.Open(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range w.double.Sessions() {
		for _, want := range []string{
			`"automation-definition/EmergencyMembers:3"`, `"aws:ResourceTag/halligan-lease":["halligan:` + strings.TrimPrefix(s.Source, "hg-") + `:db"]`, `"Effect":"Deny"`, `"Resource":["` + actsARN + `"]`,
		} {
			if plain := strings.ReplaceAll(s.Policy, "arn:aws:ssm:eu-west-1:"+account+":", ""); !strings.Contains(plain, want) {
				t.Errorf("a session may %s, want %s", s.Policy, want)
			}
		}
	}
	if a, b := w.ran(one)[0], w.ran(two)[0]; a.By == b.By || a.Tags["halligan-cell"] != origin || a.Version != "3" || a.Parameters["Group"][0] != "operators" {
		t.Errorf("executions are %+v and %+v", a, b)
	}
	w.double.AddRole(awstest.Role{ARN: executorARN, Audience: access.STSAudience, Subjects: []string{origin + "/executor"}, Sources: "hg-", Allows: []string{"ssm:Describe*"}})
	if err := run.Close(t.Context(), one); !errors.Is(err, provider.ErrRefused) || w.standing(one) != 1 {
		t.Errorf("without rights: %v", err)
	}
}

// TestMotoDocument: the content of a document that was made from a file comes back byte
// for byte in moto's eyes, in the format in which it was made; with another digest, or of
// another version, nothing is started. Moto runs no executions; somebody in between says
// that there is none, and that none may be started.
func TestMotoDocument(t *testing.T) {
	moto, err := url.Parse(mototest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	onward := httputil.NewSingleHostReverseProxy(moto)
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch r.Header.Get("X-Amz-Target") {
		case "AmazonSSM.DescribeAutomationExecutions":
			fmt.Fprint(w, `{"AutomationExecutionMetadataList":[]}`)
		case "AmazonSSM.StartAutomationExecution":
			started++
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"AccessDeniedException"}`)
		default:
			onward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(between.Close)
	w := newWorld(t, func(o *aws.Options) { o.Endpoints = aws.Endpoints{"sts": moto.String(), "ssm": between.URL} })
	w.clock.t = time.Now()
	by := sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
	})
	client := ssm.New(ssm.Options{Region: "eu-west-1", BaseEndpoint: sdk.String(moto.String()), Credentials: by})
	text, err := os.ReadFile("../../blueprint/testdata/ssm/tools/Halligan-member-pipeline-admins.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lease := w.run("one")
	of := lease.Automation
	if _, err := client.CreateDocument(t.Context(), &ssm.CreateDocumentInput{
		Name: &of.Document, Content: sdk.String(string(text)), DocumentFormat: types.DocumentFormatYaml, DocumentType: types.DocumentTypeAutomation,
	}); err != nil {
		t.Fatal(err)
	}
	of.Version, of.Digest = 1, canon.Sum(text)
	if err := w.aws.Automation().Open(t.Context(), lease); !errors.Is(err, provider.ErrRefused) || started != 1 {
		t.Errorf("as it was signed: %v, %d tries to start", err, started)
	}
	of.Digest[0]++
	if err := w.aws.Automation().Open(t.Context(), lease); !errors.Is(err, provider.ErrChanged) || started != 1 {
		t.Errorf("of another digest: %v, %d tries to start", err, started)
	}
	of.Digest[0]--
	of.Version = 2
	if err := w.aws.Automation().Open(t.Context(), lease); err == nil || started != 1 {
		t.Errorf("of another version: %v, %d tries to start", err, started)
	}
}

// TestExternalIDRuns: where an account takes no token, the executor is taken with the
// server's own credentials and its own external id, and starts and stops the same.
func TestExternalIDRuns(t *testing.T) {
	w := baseWorld(t)
	w.double.AddRole(awstest.Role{ARN: executorARN, Sources: "hg-", ExternalID: origin + "/executor", Allows: executorActions})
	w.double.AddDocument(awstest.RunDocument{
		Name: "EmergencyMembers", Version: "3", Content: content, Opens: "Open", Closes: "Close", Until: "Until", Takes: []string{"Group", "Person", "Until"},
	})
	lease := w.run("one")
	lease.Automation.Door = access.DoorExternalID
	run := w.aws.Automation()
	if err := run.Open(t.Context(), lease); err != nil || w.standing(lease) != 1 {
		t.Fatalf("opened with %v, %d stand", err, w.standing(lease))
	}
	if err := run.Close(t.Context(), lease); err != nil || w.standing(lease) != 0 || len(w.signer.signed()) > 0 {
		t.Errorf("closed with %v, %d stand, %d tokens", err, w.standing(lease), len(w.signer.signed()))
	}
}
