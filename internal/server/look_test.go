package server_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/provider"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
	"github.com/halligan-dev/halligan/internal/readiness"
	"github.com/halligan-dev/halligan/internal/server"
)

// blank is a key that signs tokens which nobody checks.
type blank struct{}

func (blank) KeyID() string               { return "key" }
func (blank) Sign([]byte) (string, error) { return "e30.e30.e30", nil }

// account makes what a blueprint has of IAM in moto, as CloudFormation would.
func account(t *testing.T, client *iam.Client, b *paper.Blueprint) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	files, err := b.CloudFormation()
	must(err)
	template, err := paper.ReadTemplate(files[0].Data)
	must(err)
	text := func(value any) *string {
		if plain, ok := value.(string); ok {
			return &plain
		}
		data, err := json.Marshal(value)
		must(err)
		plain := string(data)
		return &plain
	}
	for _, kind := range []string{"AWS::IAM::OIDCProvider", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role"} {
		for _, value := range template["Resources"].(map[string]any) {
			r := value.(map[string]any)
			p, _ := r["Properties"].(map[string]any)
			if r["Type"] != kind {
				continue
			}
			switch kind {
			case "AWS::IAM::OIDCProvider":
				_, err = client.CreateOpenIDConnectProvider(t.Context(), &iam.CreateOpenIDConnectProviderInput{Url: text(p["Url"]), ClientIDList: []string{access.STSAudience}, ThumbprintList: []string{strings.Repeat("a", 40)}})
			case "AWS::IAM::ManagedPolicy":
				_, err = client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: text(p["ManagedPolicyName"]), PolicyDocument: text(p["PolicyDocument"])})
			default:
				role := &iam.CreateRoleInput{RoleName: text(p["RoleName"]), AssumeRolePolicyDocument: text(p["AssumeRolePolicyDocument"])}
				if bound, ok := p["PermissionsBoundary"]; ok {
					role.PermissionsBoundary = text(bound)
				}
				_, err = client.CreateRole(t.Context(), role)
				must(err)
				for _, one := range p["Policies"].([]any) {
					inline := one.(map[string]any)
					_, err = client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: text(inline["PolicyName"]), PolicyDocument: text(inline["PolicyDocument"])})
					must(err)
				}
			}
			must(err)
		}
	}
}

// TestReaderOfAnAccount reads an account of moto by a session of its reader: as it was
// deployed nothing is red; what somebody changes there turns its item, and one account
// that cannot be read leaves the others.
func TestReaderOfAnAccount(t *testing.T) {
	url := mototest.Start(t)
	client := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
	})})
	genesis, scenario := celltest.AWSGenesis(), celltest.AWSScenario()
	for i := range genesis.AWS.Accounts {
		genesis.AWS.Accounts[i].Reader = true
	}
	const emergency = "halligan-emergency"
	scenario.Opens = append(scenario.Opens, access.Open{Envelope: &access.Envelope{Name: "console", Contents: &access.Contents{Password: &access.AWSUser{Account: genesis.AWS.Accounts[0].Account, User: emergency}}}})
	of := paper.Cell{Genesis: &genesis, Scenarios: map[string]*access.Scenario{scenario.ID: &scenario}}
	provided := awsprovider.New(awsprovider.Options{
		Keys: []awsprovider.Signer{blank{}}, Now: func() canon.Time { return canon.At(time.Now()) }, Endpoints: awsprovider.Endpoints{"sts": url, "iam": url, "ssm": url, "events": url, "sns": url, "probe": url},
		Cell: func() awsprovider.Cell {
			c := awsprovider.Cell{Origin: genesis.Origin, Issuers: genesis.AWS.Issuers, Key: "key"}
			for _, a := range genesis.AWS.Accounts {
				c.Accounts = append(c.Accounts, a.Account)
			}
			return c
		},
	})
	first := genesis.AWS.Accounts[0]
	look := server.ReadingOf(provided, of)
	seen := func() readiness.Report {
		t.Helper()
		f := readiness.Facts{At: canon.At(time.Now()), Readers: []string{first.ID}, Looked: readiness.Looked{Accounts: look(t.Context())}}
		return readiness.Of(f, "")
	}
	item := func(r readiness.Report, id string) readiness.Item {
		t.Helper()
		i := slices.IndexFunc(r.Items, func(i readiness.Item) bool { return i.ID == id })
		if i < 0 {
			t.Fatalf("there is no %s in %+v", id, r.Items)
		}
		return r.Items[i]
	}
	b, err := of.Blueprint(first.ID)
	if err != nil {
		t.Fatal(err)
	}
	account(t, client, b)
	name, password := emergency, "Correct-horse-7"
	if _, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.CreateLoginProfile(t.Context(), &iam.CreateLoginProfileInput{UserName: &name, Password: &password, PasswordResetRequired: true}); err != nil {
		t.Fatal(err)
	}
	before := seen()
	for _, id := range []string{"slots:", "rails:", "trust:", "deployed:", "takers:", "changers:"} {
		if got := item(before, id+first.ID); got.State != readiness.Green {
			t.Errorf("as it was deployed: %+v", got)
		}
	}
	if got := item(before, "user:"+first.ID+"/"+emergency); got.State != readiness.Red || !strings.Contains(got.Text, "no second factor") || !slices.Equal(got.Scenarios, []string{scenario.ID}) {
		t.Errorf("%+v", got)
	}
	item(before, "root:"+first.ID)

	role, eve := b.Roles[0].Name, "eve"
	trust := strings.Replace(string(b.TrustPolicy(b.Roles[0])), `{"Statement":[`, `{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999999999999:root"},"Sid":"Friend"},`, 1)
	may := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}]}`
	slot := "arn:aws:iam::" + first.Account + ":policy/halligan-stop-slot-" + role + "-1"
	saml := `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>`
	for what, do := range map[string]func() error{
		"a friend": func() error {
			_, err := client.UpdateAssumeRolePolicy(t.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: &role, PolicyDocument: &trust})
			return err
		},
		"no slot": func() error {
			_, err := client.DeletePolicy(t.Context(), &iam.DeletePolicyInput{PolicyArn: &slot})
			return err
		},
		"no bounds": func() error {
			_, err := client.DeleteRolePermissionsBoundary(t.Context(), &iam.DeleteRolePermissionsBoundaryInput{RoleName: &role})
			return err
		},
		"a user": func() error {
			if _, err := client.CreateUser(t.Context(), &iam.CreateUserInput{UserName: &eve}); err != nil {
				return err
			}
			_, err := client.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: &eve, PolicyName: &eve, PolicyDocument: &may})
			return err
		},
		"SAML": func() error {
			name := "corp"
			_, err := client.CreateSAMLProvider(t.Context(), &iam.CreateSAMLProviderInput{Name: &name, SAMLMetadataDocument: &saml})
			return err
		},
	} {
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	after := seen()
	for id, want := range map[string]readiness.Item{
		"slots:":  {State: readiness.Red, Text: "halligan-stop-slot-" + role + "-1 is not deployed"},
		"rails:":  {State: readiness.Red, Text: "lacks permissions boundary"},
		"trust:":  {State: readiness.Red, Text: "statement Friend"},
		"takers:": {State: readiness.Red, Text: "arn:aws:iam::999999999999:root"}, "changers:": {State: readiness.Amber, Text: "user eve"},
	} {
		if got := item(after, id+first.ID); got.State != want.State || !strings.Contains(got.Text, want.Text) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	item(after, "saml:"+first.ID+"/corp")

	broken := awsprovider.New(awsprovider.Options{Keys: []awsprovider.Signer{blank{}}, Cell: provided.Cell, Now: provided.Now, Endpoints: awsprovider.Endpoints{"sts": url, "iam": "http://127.0.0.1:1", "events": "http://127.0.0.1:1", "sns": "http://127.0.0.1:1"},
		Wait: func(context.Context, time.Duration) error { return provider.ErrUnreachable }})
	got := server.ReadingOf(broken, of)(t.Context())[first.ID]
	if got.Unread == "" || got.UnreadCertificates == "" || got.UnreadUsers == "" || strings.Contains(got.Unread, "AWS says no") || len(got.Differs) > 0 {
		t.Errorf("nobody answers: %+v", got)
	}
}

// TestSlowAccountsHoldUpNobody: each account is read by itself, those that nobody read
// for longest first; what a round does not come to stays as it was seen.
func TestSlowAccountsHoldUpNobody(t *testing.T) {
	genesis := celltest.AWSGenesis()
	genesis.AWS.Accounts = nil
	for i := range 20 {
		genesis.AWS.Accounts = append(genesis.AWS.Accounts, cell.Account{ID: string(rune('a' + i)), Account: strings.Repeat("1", 10) + string(rune('0'+i/10)) + string(rune('0'+i%10)), Regions: []string{"eu-west-1"}, Reader: true})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	look := server.ReadingOf(awsprovider.New(awsprovider.Options{Cell: func() awsprovider.Cell { return awsprovider.Cell{} }, Now: func() canon.Time { return canon.At(time.Now()) }}), paper.Cell{Genesis: &genesis})
	if got := look(ctx); len(got) != 0 {
		t.Errorf("the round was over before it began, and %d accounts were read", len(got))
	}
	if got := look(t.Context()); len(got) != 20 {
		t.Errorf("%d accounts were come to", len(got))
	}
	if got := look(ctx); len(got) != 20 {
		t.Errorf("of an earlier round %d are kept", len(got))
	}
}
