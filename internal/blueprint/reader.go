package blueprint

import (
	"slices"
	"strconv"

	"github.com/halligan-dev/halligan/internal/access"
)

// ReaderName is the role by which the server reads IAM, where an account has one.
const ReaderName = prefix + "reader"

// readerActions is each action of IAM that it has. None gives a secret: the
// credential report and a login profile say when, and never what. Two lists stand for
// all of IAM, so that no resource is named.
var readerActions = words{
	"iam:GenerateCredentialReport", "iam:GetAccountAuthorizationDetails", "iam:GetCredentialReport", "iam:GetLoginProfile",
	"iam:GetOpenIDConnectProvider", "iam:GetSAMLProvider", "iam:ListOpenIDConnectProviders", "iam:ListSAMLProviders",
}

// reads tells whether the account has the role that reads.
func (b *Blueprint) reads() bool { return b.Account.Reader }

// ReaderTrust lets Halligan's server read, and nobody else.
func (b *Blueprint) ReaderTrust() []byte {
	var all []statement
	for i, k := range b.keepers() {
		all = append(all, statement{
			Sid: "Server" + strconv.Itoa(i+1), Effect: allow, Principal: k.principal, Action: words{k.action, "sts:SetSourceIdentity"},
			Condition: condition{
				"StringEquals": k.says(words{b.Cell.Origin + "/reader"}, nil),
				"StringLike":   {"sts:SourceIdentity": {sourceIdentity}},
			},
		})
	}
	return document(all...)
}

// ReaderPolicy is all that it may do: read what the account says of itself. It is the
// role's policy, its permissions boundary, and the policy of each session.
func (b *Blueprint) ReaderPolicy() []byte {
	return document(
		statement{Sid: "Read", Effect: allow, Action: sorted(slices.Concat(readerActions, b.watchingActions())), Resource: words{"*"}},
		b.hearing(),
	)
}

func (b *Blueprint) readerRole() []resource {
	return []resource{{
		id: "ReaderBoundary", kind: kindPolicy, note: "What bounds the reader, whatever policy somebody gives it.",
		props: b.managed(BoundaryName(ReaderName), "All that the reader may do.", b.ReaderPolicy()),
	}, {
		id: "Reader", kind: kindRole, after: append(b.issuerIDs(), "ReaderBoundary"),
		note: "Halligan's server when somebody asks whether all is ready: it reads what this account says of itself and who has subscribed to its alarms, no secret, and changes nothing.",
		props: object{
			{name: "RoleName", value: ReaderName}, {name: "Description", value: "Halligan reads IAM when somebody asks whether all is ready."},
			{name: "MaxSessionDuration", value: 3600}, {name: "PermissionsBoundary", value: b.policyARN(BoundaryName(ReaderName))},
			{name: "AssumeRolePolicyDocument", value: parsed(b.ReaderTrust())},
			{name: "Policies", value: list{inline(ReaderName, b.ReaderPolicy())}}, {name: "Tags", value: b.tags()},
		},
	}}
}

// readerSizes are what AWS limits of the role.
func (b *Blueprint) readerSizes() []Size {
	of := "role " + ReaderName + ": characters of its "
	return []Size{
		{of + "trust policy", len(b.ReaderTrust()), trustLongest},
		{of + "inline policy, which each session bears too", len(b.ReaderPolicy()), access.SessionPolicyLongest},
	}
}
