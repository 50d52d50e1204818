package e2e_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

const runContent = "schemaVersion: \"0.3\"\nassumeRole: arn:aws:iam::123456789012:role/AutomationMembers\n"

// runDocument is the document that the scenario names, with a content.
func runDocument(content string) awstest.RunDocument {
	return awstest.RunDocument{
		Name: "EmergencyMembers", Version: "2", Content: content, Opens: "Open", Closes: "Close", Until: "Until", Takes: []string{"Group", "Person", "Request", "Until"},
	}
}

// documents gives the account a document, which the double plays, and the scenario an
// execution of it.
func (w *town) documents(at *awstest.Double, wanted bool) error {
	if !wanted {
		return nil
	}
	at.AddRole(awstest.Role{
		ARN: "arn:aws:iam::123456789012:role/halligan-executor", Audience: "sts.amazonaws.com", Subjects: []string{origin + "/executor"}, Sources: "hg-", Allows: []string{"ssm:*", "iam:PassRole"},
	})
	at.AddDocument(runDocument(runContent))
	at.Runs(2, 1)
	return edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
		return strings.Replace(text, "alarms:", fmt.Sprintf(`  - automation:
      name: members
      account: prod
      document: EmergencyMembers
      version: 2
      digest: "sha256:%s"
      acts_as: AutomationMembers
      parameters: { Group: operators }
      tells: { Person: person, Request: request, Until: until }
      opens: Open
      closes: Close
      allows: Be a member of operators
alarms:`, canon.Sum([]byte(runContent))), 1)
	})
}

// running is a grant of ann's of the document.
func (w *town) running(t *testing.T) canon.Digest {
	t.Helper()
	id := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(w.ask("ann", 20*time.Minute, "members"))))
	for _, approver := range []string{"sam", "lea"} {
		ok[string](t)(w.as(approver, "approve", id.String(), "--check", "call-back", "--yes"))
	}
	return id
}

// TestT48ExecutionsOfAServerThatDies: an execution is started once, though the server is
// killed while it runs, and told of its grant; it is cancelled at the end, though it is
// killed again, and closed by its step. One whose step fails is a person's. A document
// of another content does not open. Whoever verifies is told.
func TestT48ExecutionsOfAServerThatDies(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at, runs: true})
	again := func() {
		t.Helper()
		_ = w.stopServer(syscall.SIGKILL)
		if err := w.serve(); err != nil {
			t.Fatal(err)
		}
	}
	first := w.running(t)
	w.lease(t, first, "state", "open")
	again()
	if said, err := w.as("ann", "credential", first.String(), "members"); err == nil || !strings.Contains(said+err.Error(), "there is nothing to fetch") {
		t.Errorf("a fetch says %s, %v", said, err)
	}
	all := at.Executions()
	if len(all) != 1 || !all[0].Standing || all[0].Parameters["Person"][0] != "ann" || all[0].Parameters["Request"][0] != first.Short() || all[0].Parameters["Group"][0] != "operators" {
		t.Fatalf("executions are %+v", all)
	}
	until := ok[time.Time](t)(time.Parse(time.RFC3339, all[0].Parameters["Until"][0]))
	if left := time.Until(until); left < 19*time.Minute || left > 22*time.Minute {
		t.Errorf("it ends by itself in %s", left)
	}
	if _, err := w.as("ann", "extend", first.String(), "--for", "25m", "--why", "more"); err == nil || !strings.Contains(err.Error(), "ends with the grant as it is") {
		t.Errorf("an extension: %v", err)
	}
	ok[string](t)(w.as("sue", "stop", first.String(), "--why", "enough"))
	again()
	w.lease(t, first, "state", "closed")
	if all := at.Executions(); len(all) != 1 || all[0].Standing || all[0].Status != "Cancelled" {
		t.Errorf("executions are %+v", all)
	}

	second := w.running(t)
	w.lease(t, second, "state", "open")
	at.FailStep("Close", true)
	ok[string](t)(w.as("sue", "stop", second.String(), "--why", "enough"))
	w.lease(t, second, "state", "closing")
	for !at.Executions()[1].Over() {
		time.Sleep(50 * time.Millisecond)
	}
	if known := status(t, w, second, "known")[0]; !strings.Contains(known, "is not seen to have closed yet") {
		t.Errorf("of one that did not close is known: %s", known)
	}
	ok[string](t)(w.as("lea", "attest", second.String(), "members", "--why", "taken out by hand"))
	w.lease(t, second, "state", "closed")

	at.AddDocument(runDocument(runContent + "# and more\n"))
	third := w.running(t)
	w.lease(t, third, "trouble", "changed")
	if all := at.Executions(); len(all) != 2 {
		t.Errorf("a document of another content was started: %+v", all)
	}
	ok[string](t)(w.as("sue", "stop", third.String(), "--why", "it does not open"))
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("evidence")))
	if said := ok[string](t)(w.as("sue", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json"))); !strings.Contains(said, "VERIFIED") || !strings.Contains(said, "opened by an execution of Systems Manager in AWS account prod, is closed at") {
		t.Errorf("verify says:\n%s", said)
	}
}
