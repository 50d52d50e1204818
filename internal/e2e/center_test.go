package e2e_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

const (
	centerRole = "arn:aws:iam::310987654321:role/halligan-identity-center"
	denialRole = "arn:aws:iam::310987654321:role/halligan-denial"
	denialARN  = "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1"
	setARN     = "arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/ps-0011223344556677"
	annsUser   = "0d6cbeb4-6041-7098-9d2b-6b3a2f5c0f1e"
)

// center gives the organisation of the account an Identity Center, which the double
// plays, and the scenario a permission set; ann has a user there.
func (w *town) center(at *awstest.Double, wanted bool) error {
	if !wanted {
		return nil
	}
	at.AddRole(awstest.Role{ARN: centerRole, Audience: "sts.amazonaws.com", Subjects: []string{origin + "/identity-center"}, Sources: "hg-", Allows: []string{"sso:*"}})
	at.AddRole(awstest.Role{ARN: denialRole, Audience: "sts.amazonaws.com", Subjects: []string{origin + "/denial"}, Sources: "hg-", Allows: []string{"organizations:*"}})
	empty, _ := blueprint.Denial(origin, nil)
	at.AddPolicy(denialARN, string(empty))
	at.AddSet(setARN, "EmergencyDatabase", "PT1H")
	at.Works(2, 1)
	ann := regexp.MustCompile(`(?m)^( *)- id: "?ann"?\n`)
	return errors.Join(
		edit(w.path("cell", "cell.yaml"), func(text string) string {
			text += `    - { id: identity, account: "310987654321", regions: [eu-west-1], other_way: "root, in the safe" }
  identity_center:
    instance: arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11
    region: eu-west-1
    identity_store: d-1234567890
    account: identity
    portal: https://example.awsapps.com/start
    denial: ` + denialARN + "\n"
			return ann.ReplaceAllString(text, "${0}${1}  identity_center: "+annsUser+"\n")
		}),
		edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
			return strings.Replace(text, "alarms:", fmt.Sprintf(`  - identity-center:
      name: console
      account: prod
      permission_set: EmergencyDatabase
      arn: %s
      allows: Start, stop and change databases of prod
alarms:`, setARN), 1)
		}),
	)
}

// assigned is a grant of ann's of the permission set, which is open.
func (w *town) assigned(t *testing.T) canon.Digest {
	t.Helper()
	id := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(w.ask("ann", 20*time.Minute, "console"))))
	for _, approver := range []string{"sam", "lea"} {
		ok[string](t)(w.as(approver, "approve", id.String(), "--check", "call-back", "--yes"))
	}
	w.lease(t, id, "state", "open")
	return id
}

// TestT47OverlappingAssignments: two grants of ann's of one permission set. The first is
// stopped and the server killed: what the second needs stays. The second is stopped and
// the server killed again: nothing is left, and nobody calls it closed while a session
// may live. What is left of her sessions is denied by policy once neither needs them, and
// what a stranger writes there is left and found. Nothing is fetched, nobody else may ask,
// and a stranger who has the permission set is found.
func TestT47OverlappingAssignments(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at, center: true})
	mine := awstest.Assigned{Account: "123456789012", Set: setARN, Principal: annsUser}
	first, second := w.assigned(t), w.assigned(t)
	if got := at.Assignments(); !slices.Equal(got, []awstest.Assigned{mine}) {
		t.Fatalf("assigned are %v", got)
	}
	if said, err := w.as("ann", "credential", first.String(), "console"); err == nil || !strings.Contains(said+err.Error(), "sign in at https://example.awsapps.com/start") {
		t.Errorf("a fetch says %s, %v", said, err)
	}
	if _, err := w.ask("bob", 20*time.Minute, "console"); err == nil {
		t.Error("bob has no user, and may ask")
	}
	if said := status(t, w, first, "stop_takes")[0]; !strings.Contains(said, "up to 1h") || !strings.Contains(said, second.Short()) {
		t.Errorf("whoever stops the first is told: %s", said)
	}
	again := func(id canon.Digest) {
		t.Helper()
		ok[string](t)(w.as("sue", "stop", id.String(), "--why", "enough"))
		_ = w.stopServer(syscall.SIGKILL)
		if err := w.serve(); err != nil {
			t.Fatal(err)
		}
	}
	again(first)
	w.lease(t, first, "state", "closing")
	for range 20 {
		if got := at.Assignments(); !slices.Equal(got, []awstest.Assigned{mine}) {
			t.Fatalf("the second grant lives, and assigned are %v", got)
		}
		at.Pass()
	}
	if strings.Contains(at.Policy(denialARN), annsUser) {
		t.Errorf("the second grant lives, and she is denied: %s", at.Policy(denialARN))
	}
	again(second)
	if err := until(3*patience, "her sessions to be denied", func() (bool, error) {
		known := status(t, w, second, "known")[0]
		return strings.Contains(known, "denied by policy since") && strings.Contains(at.Policy(denialARN), annsUser), nil
	}); err != nil {
		t.Fatalf("%v: %s, and the policy is %s", err, status(t, w, second, "known")[0], at.Policy(denialARN))
	}
	for _, id := range []canon.Digest{first, second} {
		if err := until(3*patience, "the assignment to be gone", func() (bool, error) {
			return strings.Contains(status(t, w, id, "known")[0], "a session by it can live until"), nil
		}); err != nil {
			t.Fatalf("%v: %s", err, status(t, w, id, "known")[0])
		}
		if got := status(t, w, id, "leases.0.state")[0]; got != "closing" {
			t.Errorf("the lease is %s while a session may live", got)
		}
	}
	if got := at.Assignments(); len(got) > 0 {
		t.Errorf("left are %v", got)
	}
	strangers := mine
	strangers.Principal = "00000000-0000-4000-8000-0000000000ff"
	at.Assign(strangers)
	theirs := strings.Replace(at.Policy(denialARN), annsUser, strangers.Principal, 1)
	at.AddPolicy(denialARN, theirs)
	at.Break(awstest.Fault{Kind: "sso", Action: "ListAccountAssignments", How: "AccessDeniedException"})
	_ = w.stopServer(syscall.SIGKILL)
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	if err := until(3*patience, "the failed listing and the stranger in the policy to be found", func() (bool, error) {
		said, err := w.as("sue", "findings")
		return strings.Contains(said, "could not be listed") && strings.Contains(said, "somebody else wrote into the policy of denials"), err
	}); err != nil {
		t.Fatal(err)
	}
	if at.Policy(denialARN) != theirs {
		t.Errorf("what a stranger wrote is written over: %s", at.Policy(denialARN))
	}
	at.Mend()
	_ = w.stopServer(syscall.SIGKILL)
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	if err := until(3*patience, "the stranger to be found", func() (bool, error) {
		said, err := w.as("sue", "findings")
		return strings.Contains(said, strangers.Principal), err
	}); err != nil {
		t.Fatal(err)
	}
	if got := at.Assignments(); !slices.Equal(got, []awstest.Assigned{strangers}) {
		t.Errorf("what stood by another hand is now %v", got)
	}
	for _, id := range []canon.Digest{first, second} {
		ok[string](t)(w.as("lea", "attest", id.String(), "console", "--why", "the portal shows no session"))
		w.lease(t, id, "state", "closed")
	}
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("evidence")))
	if said := ok[string](t)(w.as("sue", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json"))); !strings.Contains(said, "VERIFIED") {
		t.Errorf("verify says:\n%s", said)
	}
}
