package blueprint

import (
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
)

// The guard rails, as what they deny. This is the one place that says it: each
// role's permissions boundary is made of these statements, but for that against
// sharing, and so is what binds people of the approval document. A boundary takes away and never gives, whatever
// the role's own policy allows, and whoever calls without a session policy.

// noPersistence denies what makes an identity, a key, a session or a right that
// is still there when the session is over. sts:AssumeRoot is not one of
// sts:AssumeRole*. A key that is pushed to a machine opens a session there that
// nobody can list. What is got for a service by a session's keys is not asked of IAM
// again: bearer tokens and registry logins live for twelve hours, credentials of
// access grants are another role's, and who is in a database by a login of IAM stays.
var noPersistence = words{
	"account:Accept*", "account:Close*", "account:Delete*", "account:Disable*", "account:Enable*", "account:Put*", "account:Start*",
	"dsql:DbConnect*", "ec2-instance-connect:*", "ecr:GetAuthorizationToken", "ecs:ExecuteCommand",
	"eks:AssociateAccessPolicy", "eks:CreateAccessEntry", "eks:UpdateAccessEntry", "elasticache:Connect",
	"iam:Add*", "iam:Attach*", "iam:ChangePassword", "iam:Create*", "iam:Delete*PermissionsBoundary", "iam:Enable*", "iam:PassRole",
	"iam:Put*", "iam:Remove*", "iam:Reset*", "iam:Resync*", "iam:Set*", "iam:Update*", "iam:Upload*",
	"identitystore:Create*", "identitystore:Update*", "lightsail:GetInstanceAccessDetails", "memorydb:Connect",
	"organizations:Accept*", "organizations:Attach*", "organizations:Create*", "organizations:Delete*", "organizations:Deregister*",
	"organizations:Detach*", "organizations:Disable*", "organizations:Enable*", "organizations:Invite*", "organizations:Move*",
	"organizations:Put*", "organizations:Register*", "organizations:Update*",
	"rds-db:connect",
	"redshift-serverless:GetCredentials", "redshift:GetClusterCredentials*",
	"rolesanywhere:Create*", "rolesanywhere:Enable*", "rolesanywhere:Import*", "rolesanywhere:Put*", "rolesanywhere:Update*",
	"s3:GetDataAccess", "signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token", "ssm-guiconnect:*",
	"sso-directory:Add*", "sso-directory:Create*", "sso-directory:Update*",
	"sso-oauth:Create*", "sso:Associate*", "sso:Attach*", "sso:Create*", "sso:Provision*", "sso:Put*", "sso:Update*",
	"sts:AssumeRole*", "sts:AssumeRoot", "sts:GetFederationToken", "sts:GetServiceBearerToken", "sts:GetSessionToken", "sts:GetWebIdentityToken",
	"transfer:CreateUser", "transfer:ImportSshPublicKey",
}

// noSharing denies what writes who may use a thing on the thing itself, in another
// account or everywhere: what is shared so is there when the session, and the role, are
// long gone. Calls that set such a policy among other things, as those of topics and
// queues do, cannot be told apart and are denied whole.
var noSharing = words{
	"acm-pca:CreatePermission", "acm-pca:PutPolicy", "aoss:CreateAccessPolicy", "aoss:UpdateAccessPolicy", "apigateway:UpdateRestApiPolicy",
	"appstream:UpdateImagePermissions", "backup:PutBackupVaultAccessPolicy", "bedrock:PutResourcePolicy",
	"codeartifact:Put*PermissionsPolicy", "codebuild:PutResourcePolicy", "dynamodb:PutResourcePolicy",
	"ec2:Disable*BlockPublicAccess", "ec2:ModifyFpgaImageAttribute", "ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute",
	"ec2:ModifyVpcEndpointServicePermissions", "ecr-public:SetRepositoryPolicy", "ecr:PutRegistryPolicy", "ecr:SetRepositoryPolicy",
	"elasticfilesystem:PutFileSystemPolicy", "es:AuthorizeVpcEndpointAccess", "events:PutPermission", "glacier:SetVaultAccessPolicy",
	"glue:PutResourcePolicy", "imagebuilder:Put*Policy", "kafka:PutClusterPolicy", "kinesis:PutResourcePolicy", "kms:PutKeyPolicy",
	"lakeformation:*GrantPermissions", "lakeformation:PutDataLakeSettings", "lambda:Add*Permission",
	"logs:PutDestinationPolicy", "logs:PutResourcePolicy", "network-firewall:PutResourcePolicy", "ram:AssociateResourceShare", "ram:CreateResourceShare",
	"rds:ModifyDB*SnapshotAttribute", "redshift-serverless:PutResourcePolicy",
	"redshift:Authorize*Access", "redshift:AuthorizeDataShare", "redshift:PutResourcePolicy", "rekognition:PutProjectPolicy",
	"s3:CreateAccessGrant*", "s3:Put*Acl", "s3:Put*Policy", "s3:Put*PublicAccessBlock", "s3:PutAccessPointPolicyForObjectLambda", "s3:PutBucketOwnershipControls",
	"s3express:Put*Policy", "s3tables:Put*Policy", "schemas:PutResourcePolicy", "secretsmanager:PutResourcePolicy", "serverlessrepo:PutApplicationPolicy",
	"servicecatalog:CreatePortfolioShare", "ses:PutIdentityPolicy", "signer:AddProfilePermission",
	"sns:AddPermission", "sns:SetTopicAttributes", "sqs:AddPermission", "sqs:SetQueueAttributes",
	"ssm:ModifyDocumentPermission", "ssm:PutResourcePolicy", "vpc-lattice:Put*Policy", "workspaces:UpdateWorkspaceImagePermission",
}

// noTrailChanges denies what changes a trail, deletes a log, or blinds what
// watches.
var noTrailChanges = words{
	"cloudtrail:Add*", "cloudtrail:Create*", "cloudtrail:Delete*", "cloudtrail:Deregister*", "cloudtrail:Disable*", "cloudtrail:Put*",
	"cloudtrail:Register*", "cloudtrail:Remove*", "cloudtrail:Stop*", "cloudtrail:Update*",
	"config:Delete*", "config:Put*", "config:Stop*", "ec2:DeleteFlowLogs",
	"guardduty:Delete*", "guardduty:Disassociate*", "guardduty:Stop*", "guardduty:Update*",
	"logs:DeleteLogGroup", "logs:DeleteLogStream", "logs:PutRetentionPolicy",
	"route53resolver:DeleteResolverQueryLogConfig", "route53resolver:DisassociateResolverQueryLogConfig",
	"securityhub:Delete*", "securityhub:Disable*", "securityhub:Disassociate*",
}

// alarmChanges are those of what raises Halligan's alarms, on its own things
// alone: a scenario may need the others.
var alarmChanges = words{
	"cloudwatch:Delete*", "cloudwatch:Disable*", "cloudwatch:Put*", "cloudwatch:Set*",
	"events:Delete*", "events:Disable*", "events:Put*", "events:Remove*", "events:Update*",
	"sns:AddPermission", "sns:Delete*", "sns:RemovePermission", "sns:SetTopicAttributes", "sns:Unsubscribe",
	"ssm:DeleteDocument", "ssm:ModifyDocumentPermission", "ssm:UpdateDocument*",
}

// roleChanges are all writes of IAM.
var roleChanges = words{
	"iam:Add*", "iam:Attach*", "iam:Create*", "iam:Delete*", "iam:Detach*", "iam:PassRole", "iam:Put*", "iam:Remove*", "iam:Set*",
	"iam:Tag*", "iam:Untag*", "iam:Update*",
}

// noLeaveOrganization denies what takes an account out of its organisation, and
// what closes one.
var noLeaveOrganization = words{
	"account:CloseAccount", "organizations:CloseAccount", "organizations:DeleteOrganization", "organizations:LeaveOrganization",
	"organizations:RemoveAccountFromOrganization",
}

// stackChanges are writes of CloudFormation on the stacks that made all this: a
// stack with a role of its own passes no role.
var stackChanges = words{
	"cloudformation:Cancel*", "cloudformation:Continue*", "cloudformation:Create*", "cloudformation:Delete*", "cloudformation:Execute*",
	"cloudformation:Import*", "cloudformation:Set*", "cloudformation:Update*",
}

// rails are the statements of the guard rails that hold, those that are left out
// aside.
func (b *Blueprint) rails(without []string) []statement {
	holds := func(rail string) bool { return !slices.Contains(without, rail) }
	var all []statement
	if holds(access.RailPersistence) {
		all = append(all, statement{Sid: "NoPersistence", Effect: deny, Action: noPersistence, Resource: words{"*"}})
	}
	if holds(access.RailTrails) {
		all = append(all,
			statement{Sid: "NoTrailChanges", Effect: deny, Action: noTrailChanges, Resource: words{"*"}},
			statement{Sid: "NoAlarmChanges", Effect: deny, Action: alarmChanges, Resource: b.alarmARNs()})
	}
	if holds(access.RailRoles) {
		all = append(all,
			statement{Sid: "NoEmergencyRoleChanges", Effect: deny, Action: roleChanges, Resource: b.ownARNs()},
			statement{Sid: "NoStackChanges", Effect: deny, Action: stackChanges, Resource: b.stackARNs()})
	}
	if holds(access.RailOrganization) {
		all = append(all, statement{Sid: "NoLeaveOrganization", Effect: deny, Action: noLeaveOrganization, Resource: words{"*"}})
	}
	return all
}

// Sharing is the guard rail against sharing, nil where it does not hold. It stands in
// an inline policy of each role beside what the role may do, because a boundary has no
// room for it: what a policy denies is denied whatever else is attached, and only who
// changes IAM takes it off.
func (b *Blueprint) Sharing(r Role) []byte {
	if slices.Contains(r.WithoutRails, access.RailSharing) {
		return nil
	}
	return document(
		statement{Sid: "NoSharing", Effect: deny, Action: noSharing, Resource: words{"*"}},
		// A service that starts an encrypted machine or database makes a grant by the
		// session's right, for itself and as long as it runs.
		statement{Sid: "NoGrants", Effect: deny, Action: words{"kms:CreateGrant"}, Resource: words{"*"},
			Condition: condition{"BoolIfExists": {"kms:GrantIsForAWSResource": {"false"}}}})
}

// inlines are the inline policies of a role: the most that its scenarios allow, and
// what no session of it shares.
func (b *Blueprint) inlines(r Role) list {
	all := list{inline("scenario", b.RolePolicy(r))}
	if sharing := b.Sharing(r); sharing != nil {
		all = append(all, inline(sharingName, sharing))
	}
	return all
}

// ownARNs are the account's roles, policies, groups and providers of Halligan.
// A console role is meant with its role.
func (b *Blueprint) ownARNs() words {
	own := []string{b.iam("role/" + prefix + "*"), b.iam("policy/" + prefix + "*"), b.iam("group/" + prefix + "*")}
	for _, r := range b.Roles {
		own = append(own, b.roleARN(r.Name))
		if r.Console {
			own = append(own, b.roleARN(ConsoleName(r.Name)))
		}
	}
	for _, w := range b.Ways {
		own = append(own, b.roleARN(w.Name))
	}
	for _, issuer := range b.issuers() {
		own = append(own, b.providerARN(issuer))
	}
	return sorted(own)
}

// alarmARNs are the account's rules, topics, alarms and documents of Halligan, in
// every region.
func (b *Blueprint) alarmARNs() words {
	at := func(service, what string) string {
		return "arn:" + b.Account.Partition + ":" + service + ":*:" + b.Account.Number + ":" + what
	}
	return sorted([]string{
		at("events", "rule/"+prefix+"*"), at("events", "event-bus/"+prefix+"*"), at("events", "archive/"+prefix+"*"),
		at("sns", prefix+"*"), at("sns", topicPrefix+prefix+"*"), at("cloudwatch", "alarm:"+prefix+"*"),
		at("ssm", "document/"+documentPrefix+"*"),
	})
}

// stackARNs are the stacks of Halligan's templates, whichever region they are in.
func (b *Blueprint) stackARNs() words {
	return words{"arn:" + b.Account.Partition + ":cloudformation:*:" + b.Account.Number + ":stack/halligan*"}
}
