package meaning_test

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/meaning"
)

// rails is the table of the guard rails: what no emergency role does, even when somebody
// attached administrator rights to it, and whatever session policy was given.
func rails(s sample) []line {
	var lines []line
	own := s.acting(1)
	admin := own.without(nil).attached(policy("AdministratorAccess", everything)...)
	for _, rail := range access.RailIDs() {
		if slices.Contains(s.withoutRails, rail) {
			continue
		}
		for _, c := range s.behind(rail) {
			lines = append(lines,
				row(denied, admin.does(c), "%s holds for an administrator's policy too: %s", rail, c.action),
				row(denied, own.does(c), "%s: %s", rail, c.action))
		}
	}
	if s.sharing != nil {
		grant := call{"kms:CreateGrant", "arn:aws:kms:" + s.region() + ":" + s.account + ":key/0a1b2c3d"}
		lines = append(lines, row(allowed, admin.with("kms:GrantIsForAWSResource", "true").does(grant), "a service makes a grant for itself, to start what is encrypted"),
			row(denied, admin.with("kms:GrantIsForAWSResource", "false").does(grant), "nobody else makes one"))
	}
	// What shows that it is the rails that refuse: the same role may do the rest.
	for _, c := range []call{{"ec2:DescribeInstances", "*"}, {"s3:GetObject", "arn:aws:s3:::data/x"}, {"iam:ListRoles", "*"}, {"cloudtrail:DescribeTrails", "*"}} {
		lines = append(lines, row(allowed, admin.does(c), "the boundary itself keeps nobody from %s", c.action))
	}
	return lines
}

// behind are calls that a guard rail keeps a session from.
func (s sample) behind(rail string) []call {
	user, role, group, other := arn(s, "user", "x"), arn(s, "role", "Deploy"), arn(s, "group", "admins"), arn(s, "policy", "Deploy")
	emergency, boundary, oidc := arn(s, "role", s.role), arn(s, "policy", "halligan-boundary-"+s.role), arn(s, "oidc-provider", s.hosts[0])
	stack := "arn:aws:cloudformation:" + s.region() + ":" + s.account + ":stack/halligan/0a1b2c3d"
	trail := "arn:aws:cloudtrail:" + s.region() + ":" + s.account + ":trail/organisation"
	switch rail {
	case access.RailPersistence:
		return []call{
			{"sts:AssumeRole", role}, {"sts:AssumeRoleWithWebIdentity", role}, {"sts:AssumeRoot", "arn:aws:iam::" + s.account + ":root"}, {"sts:GetFederationToken", "arn:aws:sts::" + s.account + ":federated-user/x"}, {"sts:GetSessionToken", "*"},
			{"iam:CreateUser", user}, {"iam:CreateAccessKey", user}, {"iam:CreateLoginProfile", user}, {"iam:UpdateLoginProfile", user}, {"iam:UpdateAccessKey", user},
			{"iam:AddUserToGroup", group}, {"iam:AttachUserPolicy", user}, {"iam:PutUserPolicy", user}, {"iam:AttachGroupPolicy", group},
			{"iam:CreateRole", role}, {"iam:UpdateAssumeRolePolicy", role}, {"iam:AttachRolePolicy", role}, {"iam:PutRolePolicy", role}, {"iam:PassRole", role},
			{"iam:CreatePolicy", other}, {"iam:CreatePolicyVersion", other}, {"iam:SetDefaultPolicyVersion", other},
			{"iam:CreateOpenIDConnectProvider", arn(s, "oidc-provider", "evil.example.com")}, {"iam:CreateSAMLProvider", arn(s, "saml-provider", "evil")},
			{"iam:UploadSSHPublicKey", user}, {"iam:UploadSigningCertificate", user}, {"iam:EnableMFADevice", user}, {"iam:CreateInstanceProfile", arn(s, "instance-profile", "x")},
			{"iam:PutRolePermissionsBoundary", role}, {"iam:CreateServiceSpecificCredential", user},
			{"rolesanywhere:CreateTrustAnchor", "*"}, {"account:PutAlternateContact", "arn:aws:account::" + s.account + ":account"},
		}
	case access.RailSharing:
		here := ":" + s.region() + ":" + s.account + ":"
		bucket, key, function, queue := "arn:aws:s3:::data", "arn:aws:kms"+here+"key/0a1b2c3d", "arn:aws:lambda"+here+"function:pay", "arn:aws:sqs"+here+"pay"
		return []call{
			{"kms:CreateGrant", key}, {"kms:PutKeyPolicy", key},
			{"s3:PutBucketPolicy", bucket}, {"s3:PutBucketAcl", bucket}, {"s3:PutObjectAcl", bucket + "/x"}, {"s3:PutObjectVersionAcl", bucket + "/x"},
			{"s3:PutBucketPublicAccessBlock", bucket}, {"s3:PutAccountPublicAccessBlock", "*"}, {"s3:PutBucketOwnershipControls", bucket}, {"s3:PutAccessPointPolicy", "*"},
			{"lambda:AddPermission", function}, {"lambda:AddLayerVersionPermission", "arn:aws:lambda" + here + "layer:x:1"},
			{"sqs:AddPermission", queue}, {"sqs:SetQueueAttributes", queue}, {"sns:AddPermission", "arn:aws:sns" + here + "pay"}, {"sns:SetTopicAttributes", "arn:aws:sns" + here + "pay"},
			{"secretsmanager:PutResourcePolicy", "arn:aws:secretsmanager" + here + "secret:x"}, {"ecr:SetRepositoryPolicy", "arn:aws:ecr" + here + "repository/x"},
			{"backup:PutBackupVaultAccessPolicy", "arn:aws:backup" + here + "backup-vault:x"}, {"ram:CreateResourceShare", "*"}, {"ram:AssociateResourceShare", "*"},
			{"ec2:ModifySnapshotAttribute", "arn:aws:ec2:" + s.region() + "::snapshot/snap-0a"}, {"ec2:ModifyImageAttribute", "arn:aws:ec2:" + s.region() + "::image/ami-0a"},
			{"rds:ModifyDBSnapshotAttribute", "arn:aws:rds" + here + "snapshot:x"}, {"rds:ModifyDBClusterSnapshotAttribute", "arn:aws:rds" + here + "cluster-snapshot:x"},
			{"ec2:DisableSnapshotBlockPublicAccess", "*"}, {"ec2:DisableImageBlockPublicAccess", "*"}, {"dynamodb:PutResourcePolicy", "arn:aws:dynamodb" + here + "table/x"},
			{"elasticfilesystem:PutFileSystemPolicy", "*"}, {"glue:PutResourcePolicy", "*"}, {"kinesis:PutResourcePolicy", "*"}, {"lakeformation:GrantPermissions", "*"},
			{"lakeformation:BatchGrantPermissions", "*"}, {"redshift:AuthorizeSnapshotAccess", "*"}, {"logs:PutResourcePolicy", "*"}, {"events:PutPermission", "*"},
			{"ssm:ModifyDocumentPermission", "arn:aws:ssm" + here + "document/x"},
		}
	case access.RailTrails:
		return []call{
			{"cloudtrail:StopLogging", trail}, {"cloudtrail:DeleteTrail", trail}, {"cloudtrail:UpdateTrail", trail}, {"cloudtrail:PutEventSelectors", trail},
			{"cloudtrail:PutInsightSelectors", trail},
			{"events:DisableRule", s.rule()}, {"events:DeleteRule", s.rule()}, {"events:RemoveTargets", s.rule()}, {"events:PutRule", s.rule()}, {"events:PutTargets", s.rule()},
		}
	case access.RailRoles:
		return []call{
			{"iam:DetachRolePolicy", emergency}, {"iam:DeleteRolePolicy", emergency}, {"iam:DeleteRolePermissionsBoundary", emergency}, {"iam:UpdateAssumeRolePolicy", emergency},
			{"iam:AttachRolePolicy", emergency}, {"iam:PutRolePolicy", emergency}, {"iam:DeleteRole", emergency}, {"iam:UpdateRole", emergency}, {"iam:TagRole", emergency},
			{"iam:CreatePolicyVersion", slotARN(s, 1)}, {"iam:DeletePolicy", slotARN(s, 1)}, {"iam:SetDefaultPolicyVersion", slotARN(s, 1)},
			{"iam:CreatePolicyVersion", boundary}, {"iam:DeletePolicyVersion", boundary}, {"iam:DeletePolicy", boundary},
			{"iam:DetachRolePolicy", arn(s, "role", "halligan-stopper")}, {"iam:UpdateAssumeRolePolicy", arn(s, "role", "halligan-stopper")}, {"iam:DeleteRole", arn(s, "role", "halligan-stopper")},
			{"iam:DeleteOpenIDConnectProvider", oidc}, {"iam:AddClientIDToOpenIDConnectProvider", oidc}, {"iam:RemoveClientIDFromOpenIDConnectProvider", oidc},
			{"iam:UpdateOpenIDConnectProviderThumbprint", oidc},
			{"cloudformation:UpdateStack", stack}, {"cloudformation:DeleteStack", stack}, {"cloudformation:ExecuteChangeSet", stack},
		}
	case access.RailOrganization:
		return []call{{"organizations:LeaveOrganization", "*"}, {"account:CloseAccount", "*"},
			{"organizations:RemoveAccountFromOrganization", "arn:aws:organizations::" + s.account + ":account/o-exampleorgid/" + s.account}}
	}
	return nil
}

func (s sample) rule() string {
	return "arn:aws:events:" + s.region() + ":" + s.account + ":rule/halligan-emergency-use"
}

// guards is the table of the service control policy, which holds for everybody in the
// account but who keeps Halligan's things.
func guards(s sample) []line {
	if len(s.guard) == 0 {
		return nil
	}
	by := func(principal string, c call) meaning.Case {
		role := arn(s, "role", principal)
		return meaning.Case{Principal: "arn:aws:sts::" + s.account + ":assumed-role/" + principal + "/x", Action: c.action, Resource: c.resource, Account: s.account,
			Identity: policy("AdministratorAccess", everything), SCP: s.guard, Context: map[string][]string{"aws:PrincipalArn": {role}, "aws:PrincipalAccount": {s.account}}}
	}
	var lines []line
	for _, c := range append(s.behind(access.RailRoles), s.behind(access.RailTrails)...) {
		lines = append(lines, row(denied, by("Admin", c), "an administrator of the account cannot %s on %s", c.action, c.resource),
			row(allowed, by(keeper, c), "who keeps Halligan's things can %s on %s", c.action, c.resource))
	}
	for _, c := range []call{{"ec2:DescribeInstances", "*"}, {"iam:CreateRole", arn(s, "role", "Deploy")}, {"iam:AttachRolePolicy", arn(s, "role", "Deploy")},
		{"s3:GetObject", "arn:aws:s3:::data/x"}, {"events:PutRule", "arn:aws:events:eu-west-1:" + s.account + ":rule/nightly"}} {
		lines = append(lines, row(allowed, by("Admin", c), "and an administrator goes on to %s", c.action))
	}
	leave := call{"organizations:LeaveOrganization", "*"}
	lines = append(lines, row(denied, by("Admin", leave), "an administrator does not take the account out of its organisation"),
		row(denied, by(keeper, leave), "who keeps Halligan's things does not either"))
	for _, c := range []call{{"iam:AddUserToGroup", arn(s, "group", "halligan-database")}, {"iam:PassRole", arn(s, "role", "halligan-automation")}} {
		lines = append(lines, row(denied, by("Admin", c), "an administrator lets nobody in past the approval: %s", c.action),
			row(allowed, by("halligan-automation", c), "the approval's own role goes on to %s", c.action))
	}
	stopping := meaning.Case{Principal: "arn:aws:sts::" + s.account + ":assumed-role/halligan-stopper/hg-stopper", Account: s.account, SCP: s.guard,
		Action: "iam:AttachRolePolicy", Resource: arn(s, "role", s.role), Identity: []meaning.Policy{{Name: "stopper", Document: s.stopperPolicy}},
		Context: map[string][]string{"iam:PolicyARN": {slotARN(s, 1)}, "aws:PrincipalArn": {arn(s, "role", "halligan-stopper")}, "aws:PrincipalAccount": {s.account}}}
	lines = append(lines, row(allowed, stopping, "the stopper stops under the service control policy"))
	for _, c := range s.inside {
		lines = append(lines, row(allowed, s.acting(1).guarded().does(c), "a session does %s under the service control policy", c.action))
	}
	return lines
}

// cutOff is the table of the policy that is kept for the day when a key of an issuer is
// stolen: attached, it ends every session that came by a token, and no other.
func cutOff(s sample) []line {
	var lines []line
	for _, c := range s.inside {
		for i, host := range s.hosts {
			a := s.acting(1).with("aws:FederatedProvider", arn(s, "oidc-provider", host))
			lines = append(lines, row(allowed, a.does(c), "a session by issuer %d goes on until the cut: %s", i+1, c.action))
			a.guard = s.cutOff
			lines = append(lines, row(denied, a.does(c), "a session by issuer %d is cut off: %s", i+1, c.action),
				row(denied, a.without(nil).attached(policy("AdministratorAccess", everything)...).does(c), "whatever is attached to its role: %s", c.action))
		}
		for _, provider := range []string{"", arn(s, "oidc-provider", "token.actions.githubusercontent.com")} {
			a := s.acting(1)
			if provider != "" {
				a = a.with("aws:FederatedProvider", provider)
			}
			a.guard = s.cutOff
			lines = append(lines, row(allowed, a.does(c), "who came by %q is not cut off: %s", provider, c.action))
		}
	}
	return lines
}

const keeper = "OrganizationKeeper"
