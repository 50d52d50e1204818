package paper_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/halligan-dev/halligan/internal/paper"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

// deploy makes what a template has of IAM, as CloudFormation would, with the real
// client; moto checks policies as IAM does when they are written.
func deploy(t *testing.T, client *iam.Client, template map[string]any) {
	t.Helper()
	text := func(value any) *string {
		if plain, ok := value.(string); ok {
			return &plain
		}
		data, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		plain := string(data)
		return &plain
	}
	made := 0
	for _, kind := range []string{"AWS::IAM::ManagedPolicy", "AWS::IAM::Role"} {
		for id, value := range template["Resources"].(map[string]any) {
			r := value.(map[string]any)
			if r["Type"] != kind {
				continue
			}
			made++
			p := r["Properties"].(map[string]any)
			if kind == "AWS::IAM::ManagedPolicy" {
				if _, err := client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: text(p["ManagedPolicyName"]), PolicyDocument: text(p["PolicyDocument"])}); err != nil {
					t.Fatalf("%s: %v", id, err)
				}
				continue
			}
			role := &iam.CreateRoleInput{RoleName: text(p["RoleName"]), AssumeRolePolicyDocument: text(p["AssumeRolePolicyDocument"])}
			if bound, ok := p["PermissionsBoundary"]; ok {
				role.PermissionsBoundary = text(bound)
			}
			if _, err := client.CreateRole(t.Context(), role); err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			for _, one := range p["Policies"].([]any) {
				inline := one.(map[string]any)
				if _, err := client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: role.RoleName, PolicyName: text(inline["PolicyName"]), PolicyDocument: text(inline["PolicyDocument"])}); err != nil {
					t.Fatalf("%s: %v", id, err)
				}
			}
		}
	}
	if made < 40 {
		t.Fatalf("%d things of IAM in the template", made)
	}
}

// TestDeployAndAsk puts a template's roles and policies into a double of IAM, asks
// it by the way that --live takes, and finds nothing that differs; and then what
// somebody changed there.
func TestDeployAndAsk(t *testing.T) {
	url := mototest.Start(t)
	client := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: "none"}, nil
	})})
	read, err := paper.ReadTemplate(template(t))
	if err != nil {
		t.Fatal(err)
	}
	deploy(t, client, read)
	environment := func(name string) string {
		return map[string]string{"AWS_ENDPOINT_URL_IAM": url, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}[name]
	}
	compared := func() string {
		t.Helper()
		d, err := paper.AskAccount(t.Context(), prod(t), environment)
		if err != nil {
			t.Fatal(err)
		}
		all, err := prod(t).Compare(d)
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, one := range all {
			texts = append(texts, one.Text)
		}
		return strings.Join(texts, "\n")
	}
	if got := compared(); got != "" {
		t.Errorf("as it was deployed it differs: %s", got)
	}
	role, slot := "EmergencyDatabase", "arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyDatabase-3"
	if _, err := client.DeleteRolePermissionsBoundary(t.Context(), &iam.DeleteRolePermissionsBoundaryInput{RoleName: &role}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: &role, PolicyArn: &slot}); err != nil {
		t.Fatal(err)
	}
	got := compared()
	for _, want := range []string{"role EmergencyDatabase lacks permissions boundary", `role EmergencyDatabase has attached policies besides: "` + slot} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not say %q:\n%s", want, got)
		}
	}
}
