package paper_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/halligan-dev/halligan/internal/paper"
)

// moto starts a double of AWS that others made, and gives its address.
func moto(t *testing.T) (url string) {
	t.Helper()
	folder := os.Getenv("HALLIGAN_MOTO")
	if folder == "" {
		t.Skip("HALLIGAN_MOTO does not name the folder with moto_server and aws: make test does (scripts/deps.sh gets them)")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(address)
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(folder, "moto_server"), "-H", host, "-p", port)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-over
	})
	url = "http://" + address
	for limit := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		answer, err := http.Get(url + "/moto-api/data.json")
		if err == nil {
			answer.Body.Close()
			return url
		}
		select {
		case err := <-over:
			over <- err
			t.Fatalf("moto ended: %v: %s", err, said.String())
		default:
		}
		if time.Now().After(limit) {
			t.Fatalf("moto does not start: %s", said.String())
		}
	}
}

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
	url := moto(t)
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
