package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// grants is a live grant of ann's of set-1, which is open.
func (n *night) grants(c *life, name string) canon.Digest {
	n.t.Helper()
	made := c.Must(c.AskFor("ann", name, 600, "set-1"))
	for _, approver := range []string{"sam", "leo"} {
		c.Must(c.Decide(approver, made.Digest, statement.Approve))
	}
	n.sees(made.Digest, "open", func(l access.Lease) bool { return l.State == access.LeaseOpen })
	return made.Digest
}

// sees waits until the lease of a request is as it should be.
func (n *night) sees(id canon.Digest, what string, is func(access.Lease) bool) {
	n.t.Helper()
	key := cell.KeyID(id, "set-1")
	if left := n.waits(func(l access.Lease) bool { return l.KeyID != key || is(l) }); left != "" {
		n.t.Fatalf("not %s: %s", what, left)
	}
}

func (n *night) denies() bool {
	return strings.Contains(n.double.Policy(celltest.DenialPolicy), celltest.CenterUser("ann"))
}

func deniedAs(what access.Denial) func(access.Lease) bool {
	return func(l access.Lease) bool { return l.Denial == what }
}

// TestDeniedUntilGrantedAgain: what is left of an ended grant's sessions is denied; a new
// grant of the same is open only when the denial of the one before is gone; what a
// stranger writes is left, told and, once they took it out, written again; and when the
// last session is over the policy denies nobody.
func TestDeniedUntilGrantedAgain(t *testing.T) {
	n := newNight(t)
	c := n.live()
	first := n.grants(c, "first")
	c.Must(c.Stop("sue", first))
	n.sees(first, "denied", deniedAs(access.DenialStands))
	if !n.denies() {
		t.Errorf("the policy is %s", n.double.Policy(celltest.DenialPolicy))
	}
	second := n.grants(c, "second")
	if n.denies() {
		t.Errorf("it is open, and denied: %s", n.double.Policy(celltest.DenialPolicy))
	}
	theirs := `{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Deny","Action":"*","Resource":"*"}]}`
	n.strangers.Store(true)
	n.double.AddPolicy(celltest.DenialPolicy, theirs)
	c.Must(c.Stop("sue", second))
	n.sees(second, "left to the stranger", deniedAs(access.DenialOthers))
	if n.double.Policy(celltest.DenialPolicy) != theirs {
		t.Errorf("the policy is %s", n.double.Policy(celltest.DenialPolicy))
	}
	found := false
	for _, f := range n.now.Load().Findings("sue", view.Instant{Now: c.Broker.Now()}).Findings {
		found = found || f.Kind == view.FindingUndenied && f.Request == second && f.Urgency == view.UrgencyNow
	}
	if !found {
		t.Error("nobody is told that it is not denied")
	}
	c.die()
	empty, _ := blueprint.Denial(celltest.Origin, nil)
	n.double.AddPolicy(celltest.DenialPolicy, string(empty))
	c = n.live()
	n.sees(second, "denied again", deniedAs(access.DenialStands))
	n.sees(second, "gone", func(l access.Lease) bool { return !l.Shut.IsZero() })
	c.die()
	n.ahead.Add(int64(70 * time.Minute))
	c = n.live()
	defer c.die()
	n.sees(first, "over", deniedAs(access.DenialOver))
	n.sees(second, "over", func(l access.Lease) bool { return l.State == access.LeaseClosed && l.Denial == access.DenialOver })
	if n.double.Policy(celltest.DenialPolicy) != string(empty) {
		t.Errorf("denied still: %s", n.double.Policy(celltest.DenialPolicy))
	}
	if wrong := n.cut.Load(); wrong != nil {
		t.Error(*wrong)
	}
}

// TestDenialOfNothingIsNoFinding: when the sessions of an ended grant are over, nobody is
// told any more that they are not denied, though the policy is a stranger's still, or AWS
// keeps it from us. That nothing new could be denied is found apart from any lease.
func TestDenialOfNothingIsNoFinding(t *testing.T) {
	for what, spoil := range map[access.Denial]func(*night){
		access.DenialOthers: func(n *night) {
			n.strangers.Store(true)
			n.double.AddPolicy(celltest.DenialPolicy, `{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Deny","Action":"*","Resource":"*"}]}`)
		},
		access.DenialRefused: func(n *night) { n.double.Break(awstest.Fault{Kind: "organizations", How: "AccessDeniedException"}) },
	} {
		n := newNight(t)
		c := n.live()
		id := n.grants(c, "first")
		spoil(n)
		found := func(c *life) (of []canon.Digest) {
			for _, f := range n.now.Load().Findings("sue", view.Instant{Now: c.Broker.Now()}).Findings {
				if f.Kind == view.FindingUndenied {
					of = append(of, f.Request)
				}
			}
			return of
		}
		c.Must(c.Stop("sue", id))
		n.sees(id, "told of", deniedAs(what))
		n.sees(id, "gone", func(l access.Lease) bool { return !l.Shut.IsZero() })
		if of := found(c); len(of) != 1 || of[0] != id {
			t.Errorf("%s: while a session may live, found are %v", what, of)
		}
		c.die()
		n.ahead.Add(int64(70 * time.Minute))
		c = n.live()
		n.sees(id, "over", deniedAs(access.DenialOver))
		if of := found(c); len(of) > 0 {
			t.Errorf("%s: every session is over, and found are %v", what, of)
		}
		if all := c.list(); len(all) != 1 || all[0].Kind != view.FindingUndenied {
			t.Errorf("%s: of the policy is found %+v", what, all)
		}
		c.die()
		if wrong := n.cut.Load(); wrong != nil {
			t.Error(*wrong)
		}
	}
}

// TestGrantOpensUnderADenial: a grant opens also when the denial of an earlier one cannot
// be taken away: nobody is kept out of an emergency by a policy that cannot be written.
func TestGrantOpensUnderADenial(t *testing.T) {
	n := newNight(t)
	c := n.live()
	defer c.die()
	first := n.grants(c, "first")
	c.Must(c.Stop("sue", first))
	n.sees(first, "denied", deniedAs(access.DenialStands))
	n.double.Break(awstest.Fault{Kind: "organizations", How: "AccessDeniedException"})
	n.grants(c, "second")
	if !n.denies() {
		t.Error("who denied the call changed the policy")
	}
}

// TestUnlistedIsFound: that nobody could list who has the permission sets, or that more
// have them than can be recorded, is a finding until a listing is whole.
func TestUnlistedIsFound(t *testing.T) {
	n := newNight(t)
	c := n.live()
	defer c.die()
	if found := c.list(); len(found) != 0 {
		t.Fatalf("all is well, and found is %+v", found)
	}
	n.double.Break(awstest.Fault{Kind: "sso", Action: "ListAccountAssignments", How: "AccessDeniedException"})
	found := c.list()
	if len(found) != 1 || found[0].Kind != view.FindingUnlisted || found[0].Since.IsZero() || !strings.Contains(found[0].Text, "AccessDeniedException") {
		t.Fatalf("found is %+v", found)
	}
	if again := c.list(); len(again) != 1 || again[0].Since != found[0].Since {
		t.Errorf("since when is %+v, and was %+v", again, found)
	}
	n.double.Mend()
	for user := range cell.AssignedAtOnce + 1 {
		n.double.Assign(awstest.Assigned{Account: "123456789012", Set: celltest.SetARN(1), Principal: celltest.CenterUser(fmt.Sprint(user))})
	}
	if found := c.list(); len(found) != 1 || !strings.Contains(found[0].Text, "61 assignments") {
		t.Errorf("found is %+v", found)
	}
	n.double.Unassign(awstest.Assigned{Account: "123456789012", Set: celltest.SetARN(1), Principal: celltest.CenterUser("0")})
	if found := c.list(); len(found) != 0 {
		t.Errorf("all is recorded, and found is %+v", found)
	}
}

// TestPolicyIsLookedAtOnCalmDays: what nobody alive needs denied is taken out of the
// policy, and that it cannot be written, or is a stranger's, is found when nothing is to
// be denied.
func TestPolicyIsLookedAtOnCalmDays(t *testing.T) {
	n := newNight(t)
	lost, _ := blueprint.Denial(celltest.Origin, []blueprint.Denied{{Partition: "aws", Account: "123456789012", Set: "EmergencyDatabase", User: celltest.CenterUser("ann")}})
	n.double.AddPolicy(celltest.DenialPolicy, string(lost))
	c := n.live()
	defer c.die()
	if found := c.list(); len(found) != 0 || n.denies() {
		t.Errorf("found is %+v, and the policy is %s", found, n.double.Policy(celltest.DenialPolicy))
	}
	n.double.Break(awstest.Fault{Kind: "organizations", How: "AccessDeniedException"})
	if found := c.list(); len(found) != 1 || found[0].Kind != view.FindingUndenied || !strings.Contains(found[0].Text, "AccessDeniedException") {
		t.Errorf("found is %+v", found)
	}
	n.double.Mend()
	n.strangers.Store(true)
	n.double.AddPolicy(celltest.DenialPolicy, `{"Version":"2012-10-17","Statement":[]}`)
	if found := c.list(); len(found) != 1 || !strings.Contains(found[0].Text, "Somebody else") {
		t.Errorf("found is %+v", found)
	}
	theirs, _ := blueprint.Denial("other.example.com", []blueprint.Denied{{Partition: "aws", Account: "123456789012", Set: "EmergencyDatabase", User: celltest.CenterUser("bob")}})
	n.double.AddPolicy(celltest.DenialPolicy, string(theirs))
	if found := c.list(); len(found) != 1 || !strings.Contains(found[0].Text, "another cell") || n.double.Policy(celltest.DenialPolicy) != string(theirs) {
		t.Errorf("found is %+v, and another cell's policy says %s", found, n.double.Policy(celltest.DenialPolicy))
	}
}
