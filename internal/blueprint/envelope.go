package blueprint

import (
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
)

// Kept is something of the account that lies in an envelope.
type Kept struct {
	Envelope string
	Contents *access.Contents
}

// RotateName is the name of the policy for whoever rotates an envelope.
func RotateName(envelope string) string { return prefix + "rotate-" + envelope }

// EnvelopeUserName is the name of the policy of the users who are in envelopes.
const EnvelopeUserName = prefix + "envelope-user"

// keep finds what of the account lies in envelopes.
func (b *Blueprint) keep() {
	for _, s := range b.Cell.Scenarios {
		for _, open := range s.Opens {
			e := open.Envelope
			if e == nil || e.Contents == nil || e.Contents.Account() != b.Account.Number {
				continue
			}
			if !slices.ContainsFunc(b.Kept, func(k Kept) bool { return k.Envelope == e.Name }) {
				b.Kept = append(b.Kept, Kept{e.Name, e.Contents})
			}
		}
	}
	slices.SortFunc(b.Kept, func(x, y Kept) int { return strings.Compare(x.Envelope, y.Envelope) })
}

func (b *Blueprint) keepsUsers() bool {
	return slices.ContainsFunc(b.Kept, func(k Kept) bool { return k.Contents.Secret == nil })
}

// keeping are the policies around what lies in envelopes. Users and secrets
// themselves are made by people: a template that is taken away would take them along.
func (b *Blueprint) keeping() (all []resource) {
	for _, k := range b.Kept {
		all = append(all, resource{
			id: idOf("rotate", k.Envelope), kind: kindPolicy,
			note:  "For whoever rotates envelope " + k.Envelope + ", and nobody else: it may change " + k.Contents.String() + ".",
			props: b.managed(RotateName(k.Envelope), "Lets whoever rotates an envelope change what lies in it.", b.RotatePolicy(k)),
		})
	}
	if b.keepsUsers() {
		all = append(all, resource{
			id: "EnvelopeUser", kind: kindPolicy,
			note:  "For the users whose key or password lies in an envelope: without a second factor of the last hour they may begin a session with one, and nothing else.",
			props: b.managed(EnvelopeUserName, "Denies everything without a second factor of the last hour.", UserPolicy()),
		})
	}
	return all
}

// RotatePolicy is what a rotation of an envelope asks of AWS.
func (b *Blueprint) RotatePolicy(k Kept) []byte {
	user := func(of *access.AWSUser) words { return words{b.iam("user/" + of.User)} }
	switch c := k.Contents; {
	case c.AccessKey != nil:
		return document(statement{
			Sid: "KeysOfTheUser", Effect: allow, Resource: user(c.AccessKey),
			Action: words{"iam:CreateAccessKey", "iam:DeleteAccessKey", "iam:ListAccessKeys", "iam:UpdateAccessKey"},
		}, statement{Sid: "WhetherTheyWereUsed", Effect: allow, Action: words{"iam:GetAccessKeyLastUsed"}, Resource: words{"*"}})
	case c.Password != nil:
		return document(statement{
			Sid: "PasswordOfTheUser", Effect: allow, Resource: user(c.Password),
			Action: words{"iam:CreateLoginProfile", "iam:GetLoginProfile", "iam:UpdateLoginProfile"},
		}, statement{
			Sid: "WhetherItWasSet", Effect: allow, Resource: words{"*"},
			Action: words{"iam:GenerateCredentialReport", "iam:GetAccountPasswordPolicy", "iam:GetCredentialReport"},
		})
	default:
		return document(statement{
			Sid: "ValuesOfTheSecret", Effect: allow,
			Action:   words{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"},
			Resource: words{"arn:" + b.Account.Partition + ":secretsmanager:" + c.Secret.Region + ":" + b.Account.Number + ":secret:" + c.Secret.Name + "-??????"},
		})
	}
}

// UserPolicy demands a second factor of the last hour of a user whose credential
// lies in an envelope. With a key alone a session with a second factor can be begun.
func UserPolicy() []byte {
	open := words{"iam:GetUser", "iam:ListMFADevices", "sts:GetSessionToken"}
	return document(statement{
		Sid: "NothingWithoutSecondFactor", Effect: deny, Resource: words{"*"}, NotAction: open,
		Condition: condition{"BoolIfExists": {"aws:MultiFactorAuthPresent": {"false"}}},
	}, statement{
		Sid: "NothingWithAnOldOne", Effect: deny, Resource: words{"*"}, NotAction: open,
		Condition: condition{"NumericGreaterThan": {"aws:MultiFactorAuthAge": {"3600"}}},
	})
}
