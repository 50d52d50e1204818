package meaning_test

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/meaning"
)

// stop is the table of the stop slots: a slot that is attached to the role ends what is
// in it, and nothing else.
func stop(s sample) []line {
	var lines []line
	for k := 1; k <= len(s.slots); k++ {
		for other := 1; other <= len(s.slots); other++ {
			c := s.inside[(k+other)%len(s.inside)]
			want, means := allowed, "a session in slot %d survives the stop of slot %d"
			if k == other {
				want, means = denied, "a session in slot %d ends with the stop of slot %d"
			}
			lines = append(lines, row(want, s.acting(other).stopped(k).does(c), means, other, k))
		}
		c := s.inside[k%len(s.inside)]
		lines = append(lines,
			row(denied, s.acting(k).stopped(k).without(nil).does(c), "a stop of slot %d ends whoever holds the web token too", k),
			row(denied, s.acting(k).stopped(k).with("aws:ViaAWSService", "true").does(c), "a stop of slot %d ends calls by services on behalf", k))
	}
	if last := len(s.slots); last > 2 {
		both := s.acting(last).stopped(1).stopped(2)
		lines = append(lines, row(allowed, both.does(s.inside[0]), "a session survives the stops of two others"),
			row(denied, both.stopped(last).does(s.inside[0]), "a session ends with its own stop, after two others"))
	}
	for _, c := range s.inside {
		lines = append(lines, row(denied, s.acting(1).stopped(1).does(c), "nothing is allowed any more in a stopped slot: %s", c.action))
	}
	return lines
}

// stopper is the table of the role that stops: it attaches the slots of emergency roles
// and takes them off, and can do nothing else.
func stopper(s sample) []line {
	ask := func(c call, context map[string][]string) meaning.Case {
		return meaning.Case{Principal: fmt.Sprintf("arn:aws:sts::%s:assumed-role/halligan-stopper/hg-stopper", s.account),
			Action: c.action, Resource: c.resource, Account: s.account, Context: context,
			Identity: []meaning.Policy{{Name: "stopper", Document: s.stopperPolicy}}}
	}
	of := func(policy string) map[string][]string { return map[string][]string{"iam:PolicyARN": {policy}} }
	role := arn(s, "role", s.role)
	var lines []line
	for k := 1; k <= len(s.slots); k++ {
		lines = append(lines,
			row(allowed, ask(call{"iam:AttachRolePolicy", role}, of(slotARN(s, k))), "the stopper attaches slot %d", k),
			row(allowed, ask(call{"iam:DetachRolePolicy", role}, of(slotARN(s, k))), "the stopper takes slot %d off", k))
	}
	lines = append(lines, row(allowed, ask(call{"iam:ListAttachedRolePolicies", role}, nil), "the stopper sees what is attached to an emergency role"))
	for what, policy := range map[string]string{
		"administrator rights": "arn:aws:iam::aws:policy/AdministratorAccess", "a policy of the account": arn(s, "policy", "Deploy"),
		"a slot beyond those that a role can have": slotARN(s, 11), "a policy that is called nearly like a slot": slotARN(s, 1) + "0",
		"a policy of another account": "arn:aws:iam::999999999999:policy/halligan-stop-slot-1",
		"the boundary":                arn(s, "policy", "halligan-boundary-"+s.role), "everybody's stop": arn(s, "policy", "halligan-stop-all"),
		"a slot of another role": arn(s, "policy", "halligan-stop-slot-"+s.role+"2-1"),
	} {
		lines = append(lines, row(denied, ask(call{"iam:AttachRolePolicy", role}, of(policy)), "the stopper cannot attach %s", what),
			row(denied, ask(call{"iam:DetachRolePolicy", role}, of(policy)), "the stopper cannot take off %s", what))
	}
	for _, other := range []string{"Deploy", "halligan-stopper", s.role + "2", "OrganizationAccountAccessRole"} {
		lines = append(lines, row(denied, ask(call{"iam:AttachRolePolicy", arn(s, "role", other)}, of(slotARN(s, 1))), "the stopper cannot stop %s, which is no emergency role", other))
	}
	session := "arn:aws:ssm:eu-west-1:" + s.account + ":session/"
	lines = append(lines, row(s.sessions, ask(call{"ssm:DescribeSessions", "*"}, nil), "the stopper sees Systems Manager sessions, where a role may begin them"),
		row(s.sessions, ask(call{"ssm:TerminateSession", session + s.minted.Name + "-0a1b2c3d"}, nil), "the stopper ends a Systems Manager session of Halligan's, where there may be one"),
		row(denied, ask(call{"ssm:TerminateSession", session + "anna-0a1b2c3d"}, nil), "the stopper cannot end anybody else's"),
		row(denied, ask(call{"ssm:StartSession", "arn:aws:ec2:eu-west-1:" + s.account + ":instance/i-0abc1234"}, nil), "the stopper cannot begin one"))
	for _, c := range s.withRights() {
		lines = append(lines, row(denied, ask(c, nil), "the stopper cannot %s", c.action))
	}
	return append(lines, stopperDoor(s)...)
}

// withRights are calls by which the stopper would become more than it is.
func (s sample) withRights() []call {
	role := arn(s, "role", s.role)
	return []call{
		{"iam:PutRolePolicy", role}, {"iam:DeleteRolePolicy", role}, {"iam:UpdateAssumeRolePolicy", role}, {"iam:DeleteRolePermissionsBoundary", role},
		{"iam:PutRolePermissionsBoundary", role}, {"iam:DeleteRole", role}, {"iam:PassRole", role}, {"sts:AssumeRole", role}, {"iam:TagRole", role},
		{"iam:CreatePolicyVersion", slotARN(s, 1)}, {"iam:SetDefaultPolicyVersion", slotARN(s, 1)}, {"iam:DeletePolicy", slotARN(s, 1)},
		{"iam:CreateUser", arn(s, "user", "x")}, {"iam:CreateRole", arn(s, "role", "x")}, {"iam:AttachUserPolicy", arn(s, "user", "x")},
		{"iam:CreateAccessKey", arn(s, "user", "x")}, {"iam:GetRole", arn(s, "role", "Deploy")}, {"iam:ListUsers", "*"},
		{"ec2:StopInstances", "arn:aws:ec2:eu-west-1:" + s.account + ":instance/i-0abc"}, {"s3:GetObject", "arn:aws:s3:::data/x"},
		{"ec2:DescribeInstances", "*"}, {"organizations:LeaveOrganization", "*"},
	}
}

// stopperDoor are the rows of the stopper's own trust policy.
func stopperDoor(s sample) []line {
	var lines []line
	for issuer := range s.hosts {
		good := token{issuer: issuer, aud: "sts.amazonaws.com", sub: s.origin + "/stopper", source: "hg-stopper", name: "hg-stopper"}
		person, tagged := good, s.token()
		tagged.issuer = issuer
		person.sub, tagged.sub = s.subject, s.origin+"/stopper"
		cell, audience, anna, nobody := good, good, good, good
		cell.sub, audience.aud, anna.source, nobody.source = "another.example.com/stopper", "kubernetes", "anna", ""
		for _, one := range []struct {
			want  bool
			token token
			means string
		}{
			{allowed, good, "the server's own token opens the stopper"},
			{denied, person, "a person's token does not open the stopper"},
			{denied, cell, "another cell's token does not open the stopper"},
			{denied, audience, "a token for another audience does not open the stopper"},
			{denied, anna, "the stopper is nobody's own: source identity anna"},
			{denied, nobody, "the stopper says who it is: no source identity"},
		} {
			lines = append(lines, line{fmt.Sprintf("issuer %d: %s", issuer+1, one.means), one.want, s.enters(one.token, "halligan-stopper", s.stopperTrust)})
		}
		lines = append(lines, line{fmt.Sprintf("issuer %d: the stopper's token opens no emergency role", issuer+1), denied, s.enters(good, s.role, s.trust)},
			line{fmt.Sprintf("issuer %d: nor with a person's tags", issuer+1), denied, s.enters(tagged, s.role, s.trust)})
	}
	return lines
}
