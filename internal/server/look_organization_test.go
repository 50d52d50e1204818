package server_test

import (
	"context"

	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	orgtypes "github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
	"github.com/halligan-dev/halligan/internal/readiness"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/view"
)

// moto is an AWS that others made, with an organisation whose management account is prod
// of celltest, and of which stage is a member.
type moto struct {
	t    *testing.T
	url  string
	cell paper.Cell
	root string
}

func newMoto(t *testing.T) *moto {
	g, scenario := celltest.CenterGenesis(), celltest.CenterScenario()
	roles := celltest.AWSScenario()
	roles.ID = "roles"
	g.AWS.Accounts[0].Reader, g.AWS.Organization = true, "prod"
	m := &moto{t: t, url: mototest.Start(t), cell: paper.Cell{Genesis: &g, Scenarios: map[string]*access.Scenario{scenario.ID: &scenario, roles.ID: &roles}}}
	name, trust := "halligan-reader", `{"Version":"2012-10-17","Statement":[]}`
	if _, err := iam.NewFromConfig(m.config("us-east-1")).CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust}); err != nil {
		t.Fatal(err)
	}
	client := organizations.NewFromConfig(m.config("us-east-1"))
	if _, err := client.CreateOrganization(t.Context(), &organizations.CreateOrganizationInput{FeatureSet: orgtypes.OrganizationFeatureSetAll}); err != nil {
		t.Fatal(err)
	}
	roots, err := client.ListRoots(t.Context(), &organizations.ListRootsInput{})
	if err != nil {
		t.Fatal(err)
	}
	m.root = *roots.Roots[0].Id
	made, err := client.CreateAccount(t.Context(), &organizations.CreateAccountInput{AccountName: sdk.String("stage"), Email: sdk.String("stage@example.com")})
	if err != nil {
		t.Fatal(err)
	}
	g.AWS.Accounts[1].Account = *made.CreateAccountStatus.AccountId
	if _, err := client.EnablePolicyType(t.Context(), &organizations.EnablePolicyTypeInput{RootId: &m.root, PolicyType: orgtypes.PolicyTypeServiceControlPolicy}); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *moto) config(region string) sdk.Config {
	return sdk.Config{Region: region, BaseEndpoint: &m.url, Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
	})}
}

// guard is what blueprint scp writes.
func (m *moto) guard() string {
	m.t.Helper()
	all, err := m.cell.Blueprints(nil, false)
	if err != nil {
		m.t.Fatal(err)
	}
	return string(blueprint.SCP(all, []string{"arn:aws:iam::*:role/PlatformDeploy"}))
}

// attach attaches a policy to the root.
func (m *moto) attach(name, content string) {
	m.t.Helper()
	client := organizations.NewFromConfig(m.config("us-east-1"))
	made, err := client.CreatePolicy(m.t.Context(), &organizations.CreatePolicyInput{
		Name: &name, Description: sdk.String("guards"), Type: orgtypes.PolicyTypeServiceControlPolicy, Content: &content,
	})
	if err != nil {
		m.t.Fatal(err)
	}
	if _, err := client.AttachPolicy(m.t.Context(), &organizations.AttachPolicyInput{PolicyId: made.Policy.PolicySummary.Id, TargetId: &m.root}); err != nil {
		m.t.Fatal(err)
	}
}

// rules puts the rules of an account where they should stand.
func (m *moto) rules(b *paper.Blueprint) {
	m.t.Helper()
	for _, region := range b.RuleRegions() {
		client := eventbridge.NewFromConfig(m.config(region))
		topics := sns.NewFromConfig(m.config(region))
		if _, err := topics.CreateTopic(m.t.Context(), &sns.CreateTopicInput{Name: sdk.String(blueprint.AlarmTopic)}); err != nil {
			m.t.Fatal(err)
		}
		if _, err := topics.Subscribe(m.t.Context(), &sns.SubscribeInput{TopicArn: sdk.String(b.TopicARN(region)), Protocol: sdk.String("sqs"), Endpoint: sdk.String("arn:aws:sqs:" + region + ":123456789012:alarms")}); err != nil {
			m.t.Fatal(err)
		}
		for _, r := range b.EventRules() {
			if r.Global && region != b.GlobalRegion() {
				continue
			}
			if _, err := client.PutRule(m.t.Context(), &eventbridge.PutRuleInput{Name: &r.Name, State: types.RuleState(r.State), EventPattern: sdk.String(string(r.Pattern))}); err != nil {
				m.t.Fatal(err)
			}
			if _, err := client.PutTargets(m.t.Context(), &eventbridge.PutTargetsInput{Rule: &r.Name, Targets: []types.Target{
				{Id: sdk.String("topic"), Arn: sdk.String("arn:aws:sns:" + region + ":123456789012:halligan-alarms")},
				{Id: sdk.String("bus"), Arn: sdk.String("arn:aws:events:eu-west-1:123456789012:event-bus/halligan-events"), RoleArn: sdk.String("arn:aws:iam::123456789012:role/halligan-forward")},
			}}); err != nil {
				m.t.Fatal(err)
			}
		}
	}
}

// unsubscribe takes everybody off a topic.
func (m *moto) unsubscribe(topic, region string) {
	m.t.Helper()
	client := sns.NewFromConfig(m.config(region))
	all, err := client.ListSubscriptionsByTopic(m.t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	if err != nil || len(all.Subscriptions) == 0 {
		m.t.Fatalf("%v, %+v", err, all)
	}
	for _, s := range all.Subscriptions {
		if _, err := client.Unsubscribe(m.t.Context(), &sns.UnsubscribeInput{SubscriptionArn: s.SubscriptionArn}); err != nil {
			m.t.Fatal(err)
		}
	}
}

// look is what a server sees.
func (m *moto) look() func(context.Context) readiness.Looked {
	m.t.Helper()
	now := func() canon.Time { return canon.At(time.Now()) }
	key, err := issuer.OpenOIDC(slices.Clone(centerKey()[0]), issuer.Bounds{Audience: access.STSAudience, Subject: celltest.Origin + "/", Now: time.Now})
	if err != nil {
		m.t.Fatal(err)
	}
	endpoints := aws.Endpoints{}
	for _, kind := range []string{"sts", "iam", "ssm", "sso", "events", "organizations", "sns", "probe"} {
		endpoints[kind] = m.url
	}
	provider := aws.New(aws.Options{Keys: []aws.Signer{key}, Seal: toMachine, Now: now, Endpoints: endpoints, Cell: func() aws.Cell {
		return aws.Cell{Origin: celltest.Origin, Issuers: m.cell.Genesis.AWS.Issuers, Key: key.KeyID(), Accounts: []string{"123456789012", "210987654321"}}
	}})
	return server.LookOf(m.cell.Genesis, m.cell.Scenarios, provider, now)
}

// TestMotoOrganizationIsLookedAt: a server that may sees the accounts of the organisation,
// what guards those of the cell, and in each region whether the rules stand; it sees it
// again when somebody has changed it. A policy that is none hides no other, and the
// management account, which no policy binds, is known by what the organisation says.
func TestMotoOrganizationIsLookedAt(t *testing.T) {
	m := newMoto(t)
	b, err := m.cell.Blueprint("prod")
	if err != nil {
		t.Fatal(err)
	}
	m.rules(b)
	look := m.look()
	seen := look(t.Context())
	if seen.Members == nil || seen.Members.Why != "" || seen.Members.More || seen.Members.Management != "123456789012" || !slices.ContainsFunc(seen.Members.All, func(a readiness.Member) bool { return a.Number == "123456789012" && a.State == "ACTIVE" }) {
		t.Errorf("accounts: %+v", seen.Members)
	}
	if g := seen.Guards; g == nil || g.Why != "" || len(g.Of) != 2 || len(g.Of["stage"].Policies) > 0 || g.Of["stage"].At.IsZero() {
		t.Errorf("without a policy: %+v", g)
	}
	if r := seen.Rules["prod"]; r.Regions != len(b.RuleRegions()) || len(r.Wrong)+len(r.Strange)+len(r.Deaf)+len(r.Unread) > 0 {
		t.Errorf("rules: %+v", r)
	}
	if _, looked := seen.Rules["stage"]; looked {
		t.Error("an account without a reader was read")
	}
	m.attach(blueprint.GuardName, m.guard())
	m.attach(blueprint.GuardName+"-old", `{"Version":"2012-10-17","Statement":"none"}`)
	client := eventbridge.NewFromConfig(m.config("eu-west-1"))
	if _, err := client.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: sdk.String("halligan-use")}); err != nil {
		t.Fatal(err)
	}
	if _, err := sns.NewFromConfig(m.config("us-east-1")).DeleteTopic(t.Context(), &sns.DeleteTopicInput{TopicArn: sdk.String(b.TopicARN("us-east-1"))}); err != nil {
		t.Fatal(err)
	}
	m.unsubscribe(b.TopicARN("us-east-2"), "us-east-2")
	seen = look(t.Context())
	if g := seen.Guards; g == nil || g.Management != "123456789012" || len(g.Of["stage"].Policies) != 2 {
		t.Fatalf("with the policies: %+v", g)
	}
	for _, p := range seen.Guards.Of["stage"].Policies {
		switch good := p.Unread == "" && len(p.Lacks)+len(p.Binds)+len(p.Open) == 0 && slices.Equal(p.Keepers, []string{"arn:aws:iam::*:role/PlatformDeploy"}); {
		case p.Policy == "halligan-guard" && !good:
			t.Errorf("the policy: %+v", p)
		case p.Policy == "halligan-guard-old" && p.Unread == "":
			t.Errorf("what is no policy: %+v", p)
		}
	}
	accounts := []view.CloudAccount{{ID: "prod", Number: "123456789012", Reader: true}, {ID: "stage", Number: m.cell.Genesis.AWS.Accounts[1].Account}}
	report := readiness.Of(readiness.Facts{Cloud: view.Cloud{Organization: "prod", Accounts: accounts}, Looked: seen}, "")
	for id, says := range map[string]string{"guard:prod": "it is the management account of the organisation", "guard:stage": "halligan-guard-old: cannot read"} {
		if i := slices.IndexFunc(report.Items, func(i readiness.Item) bool { return i.ID == id }); i < 0 || !strings.Contains(report.Items[i].Text, says) || report.Items[i].State == readiness.Green {
			t.Errorf("%s does not say %q: %+v", id, says, report.Items[max(i, 0)])
		}
	}
	if r := seen.Rules["prod"]; len(r.Wrong) != 2 || r.Wrong[1] != "topic halligan-alarms in us-east-1 is not deployed" || !slices.Equal(r.Deaf, []string{"us-east-2"}) || !strings.Contains(r.Wrong[0], `rule halligan-use in eu-west-1 is "DISABLED"`) {
		t.Errorf("rules: %+v", r)
	}
}

// TestOrganizationNotRead: where AWS says no, or nobody answers, each thing is left as not
// seen, with why, and no look takes longer than it may.
func TestOrganizationNotRead(t *testing.T) {
	n := newNight(t)
	g, scenario := celltest.CenterGenesis(), celltest.CenterScenario()
	g.AWS.Accounts[0].Reader, g.AWS.Organization = true, "prod"
	now := func() canon.Time { return canon.At(n.wall()) }
	provider := aws.New(aws.Options{
		Keys: []aws.Signer{n.key}, Seal: toMachine, Now: now, Endpoints: n.double.Endpoints(), Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
		Cell: func() aws.Cell {
			return aws.Cell{Origin: celltest.Origin, Issuers: []string{"https://oidc.cell.example.com"}, Key: n.key.KeyID(), Accounts: []string{"123456789012", "210987654321"}}
		},
	})
	seen := server.LookOf(&g, map[string]*access.Scenario{scenario.ID: &scenario}, provider, now)(t.Context())
	if m := seen.Members; m == nil || !strings.Contains(m.Why, "AccessDenied") || len(m.All) > 0 {
		t.Errorf("accounts: %+v", m)
	}
	if of := seen.Guards; of == nil || !strings.Contains(of.Why, "AccessDenied") || len(of.Of) > 0 {
		t.Errorf("guards: %+v", of)
	}
	if r := seen.Rules["prod"]; len(r.Unread) != 1 || !strings.Contains(r.Unread[0], "AccessDenied") {
		t.Errorf("rules: %+v", r)
	}
	for target, good := range map[string]bool{"set-1": true, "set-2": true} {
		if l := seen.Sets[scenario.ID+":"+target]; l.Good != good || l.At.IsZero() {
			t.Errorf("%s: %+v", target, l)
		}
	}
	n.double.AddSet(celltest.SetARN(2), "EmergencyDatabase", "PT8H")
	seen = server.LookOf(&g, map[string]*access.Scenario{scenario.ID: &scenario}, provider, now)(t.Context())
	if l := seen.Sets[scenario.ID+":set-2"]; l.Good || !l.Sure || !strings.Contains(l.Text, "PT8H") {
		t.Errorf("a set of longer sessions: %+v", l)
	}
}
