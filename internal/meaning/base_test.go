package meaning_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/meaning"
)

const baseARN = "arn:aws:sts::111122223333:assumed-role/halligan-server/i-0abc1234"

// TestExternalIDDoorsMayWhatIsMeant puts the trust of roles that take no token before the
// evaluator: the server's own credentials open with the external id of the target, tags
// and a source identity, and nobody else does.
func TestExternalIDDoorsMayWhatIsMeant(t *testing.T) {
	of := own()
	for i := range of.genesis.AWS.Accounts {
		of.genesis.AWS.Accounts[i].Door, of.genesis.AWS.Accounts[i].Base = access.DoorExternalID, "arn:aws:iam::111122223333:role/halligan-server"
	}
	b := of.blueprint(t)
	var lines []line
	for _, s := range of.samples(t) {
		if s.minted.Door != access.DoorExternalID {
			t.Fatalf("%s: the law authorises another door", s.name)
		}
		enter := func(want bool, k knock, means string, args ...any) {
			lines = append(lines, line{s.name + ": " + fmt.Sprintf(means, args...), want, s.knocks(k)})
		}
		good := knock{by: baseARN, id: s.subject, source: s.minted.SourceIdentity, tags: tokenOf(s.minted).tags}
		enter(allowed, good, "the server opens with this target's external id")
		for _, id := range strangers(s.subject) {
			k := good
			k.id = id
			enter(denied, k, "external id %q does not open", id)
		}
		for _, by := range []string{
			"arn:aws:sts::111122223333:assumed-role/other/x", "arn:aws:iam::111122223333:user/halligan-server", "arn:aws:sts::999999999999:assumed-role/halligan-server/x",
			"arn:aws:iam::111122223333:root", fmt.Sprintf("arn:aws:sts::%s:assumed-role/Admin/x", s.account),
		} {
			k := good
			k.by = by
			enter(denied, k, "%s does not open, who knows the external id", by)
		}
		for _, tag := range []string{"halligan-slot", "halligan-strength", "halligan-grant"} {
			k := good
			k.tags = maps.Clone(k.tags)
			delete(k.tags, tag)
			enter(denied, k, "without the tag %s it does not open", tag)
		}
		k := good
		k.tags = maps.Clone(k.tags)
		k.tags["halligan-slot"] = "11"
		enter(denied, k, "a slot that nobody could stop does not open")
		k = good
		k.source = "anna"
		enter(denied, k, "another source identity does not open")
	}
	for _, action := range []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"} {
		may := func(want bool, role string) {
			lines = append(lines, row(want, meaning.Case{
				Principal: baseARN, Action: action, Resource: "arn:aws:iam::" + b.Account.Number + ":role/" + role, Account: "111122223333",
				Identity: []meaning.Policy{{Name: "base", Document: b.BasePolicy()}},
			}, "the server's own policy and %s of %s", action, role))
		}
		for _, r := range b.Roles {
			may(allowed, r.Name)
		}
		may(allowed, "halligan-stopper")
		may(denied, "Admin")
	}
	if len(lines) < 150 {
		t.Errorf("%d rows", len(lines))
	}
	check(t, judge(t), lines)
}

// knock is a call of AssumeRole at a role's door.
type knock struct {
	by, id, source string
	tags           map[string]string
}

// knocks are what STS asks of the trust policy. Who calls may take any role: only the
// door is weighed.
func (s sample) knocks(k knock) []meaning.Case {
	names := slices.Sorted(maps.Keys(k.tags))
	context := map[string][]string{"sts:ExternalId": {k.id}, "sts:SourceIdentity": {k.source}, "sts:RoleSessionName": {s.minted.Name},
		"aws:TagKeys": names, "sts:TransitiveTagKeys": names, "aws:CurrentTime": {stamp(began)}, "aws:SourceIp": {fromAddress}}
	for name, value := range k.tags {
		context["aws:RequestTag/"+name] = []string{value}
	}
	var cases []meaning.Case
	for _, reading := range []meaning.Door{meaning.DoorWhole, meaning.DoorByTable} {
		for _, action := range []string{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"} {
			cases = append(cases, meaning.Case{Principal: k.by, Action: action, Resource: arn(s, "role", s.role), Account: s.account,
				Context: context, Identity: policy("theirs", everything), Owner: s.trust, Door: reading})
		}
	}
	return cases
}
