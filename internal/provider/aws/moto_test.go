package aws_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

// motoWorld is a world whose AWS is moto. Its clock is the machine's, as moto's is.
func motoWorld(t *testing.T) (*world, *iam.Client, string) {
	t.Helper()
	url := mototest.Start(t)
	w := newWorld(t, func(o *aws.Options) {
		o.Endpoints = aws.Endpoints{}
		for _, kind := range []string{"sts", "iam", "ssm", "probe"} {
			o.Endpoints[kind] = url
		}
	})
	w.clock.t = time.Now()
	by := sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) {
		return sdk.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "x"}, nil
	})
	client := iam.New(iam.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: by})
	document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com"}}]}`
	for _, name := range []string{"EmergencyDatabase", "halligan-stopper"} {
		if _, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &document}); err != nil {
			t.Fatal(err)
		}
	}
	for slot := range 3 {
		name := fmt.Sprintf("halligan-stop-slot-EmergencyDatabase-%d", slot+1)
		stop := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/halligan-slot":"%d"}}}]}`, slot+1)
		if _, err := client.CreatePolicy(t.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &stop}); err != nil {
			t.Fatal(err)
		}
	}
	return w, client, url
}

// TestMotoSlots: opening, closing twice, and probing in moto's eyes.
func TestMotoSlots(t *testing.T) {
	w, client, _ := motoWorld(t)
	attached := func() (all []string) {
		t.Helper()
		name := "EmergencyDatabase"
		out, err := client.ListAttachedRolePolicies(t.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: &name})
		if err != nil {
			t.Fatal(err)
		}
		for _, policy := range out.AttachedPolicies {
			all = append(all, *policy.PolicyArn)
		}
		return all
	}
	a, b := w.lease("one"), w.lease("two")
	for _, lease := range []provider.Lease{a, b} {
		if err := w.aws.Open(t.Context(), lease); err != nil {
			t.Fatal(err)
		}
	}
	if len(attached()) > 0 {
		t.Errorf("opening attached %v", attached())
	}
	for range 2 {
		if err := w.aws.Close(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if got := attached(); !slices.Equal(got, []string{slotOne}) {
		t.Errorf("closing attached %v", got)
	}
	gone := a
	gone.AWS = &provider.AWS{Twin: a.AWS.Twin, Control: a.AWS.Control, Probe: a.AWS.Probe, Regions: regions, Slot: 9}
	if err := w.aws.Close(t.Context(), gone); err == nil || !strings.Contains(err.Error(), "NoSuchEntity") {
		t.Errorf("a slot that is not there: %v", err)
	}
}

// TestMotoProbes: each read that may be a probe and that moto knows is one in moto's
// eyes too.
func TestMotoProbes(t *testing.T) {
	w, _, _ := motoWorld(t)
	want := access.Round{Twin: access.Accepted, Control: access.Accepted}
	asked := 0
	for _, probe := range access.AWSProbes {
		switch probe.Service {
		case "lambda", "organizations", "ssm": // moto wants Docker, and an organisation that somebody made, and knows no instances
			continue
		}
		asked++
		lease := w.lease("one")
		lease.AWS.Probe = probe
		got := w.aws.Probe(t.Context(), []provider.Lease{lease})
		for again := 0; again < 3 && (got[0].Twin == access.Unreachable || got[0].Control == access.Unreachable); again++ {
			got = w.aws.Probe(t.Context(), []provider.Lease{lease}) // moto loads a service when it is first asked, for longer than a probe waits
		}
		if got[0] != want {
			t.Errorf("%s: %v", probe.IAM(), got)
		}
	}
	if asked < 8 {
		t.Errorf("only %d reads were asked for", asked)
	}
}

// TestAWSCommandLine: AWS's own command line takes what a holder opens as the output
// of a credential_process, and is the session that was authorised.
func TestAWSCommandLine(t *testing.T) {
	w, _, url := motoWorld(t)
	program := mototest.Program(t, "aws")
	s := w.session("00112233445566ff", 1, 10*time.Minute)
	m, err := w.aws.Mint(t.Context(), s, w.recipient())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, text := range map[string]string{
		"process": w.open(t, m),
		"config":  "[profile emergency]\nregion = eu-west-1\noutput = text\ncredential_process = cat " + filepath.Join(folder, "process") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, program, append([]string{"--profile", "emergency", "--endpoint-url", url}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "AWS_CONFIG_FILE=" + filepath.Join(folder, "config"), "AWS_EC2_METADATA_DISABLED=true"}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("aws %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	want := "arn:aws:sts::" + account + ":assumed-role/EmergencyDatabase/" + s.Name
	if got := run("sts", "get-caller-identity", "--query", "Arn"); got != want {
		t.Errorf("the command line is %s, want %s", got, want)
	}
	if got := run("rds", "describe-db-instances", "--query", "length(DBInstances)"); got != "0" {
		t.Errorf("it sees %s databases", got)
	}
}

// TestMotoExternalID: the door by an external id in moto's eyes: a session of the role,
// under the name that was asked for, whose read is answered. What its trust demands moto
// does not weigh; internal/meaning does.
func TestMotoExternalID(t *testing.T) {
	w, _, _ := motoWorld(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	s := w.session("00112233445566ff", 1, 10*time.Minute)
	s.Door = access.DoorExternalID
	m, err := w.aws.Mint(t.Context(), s, w.recipient())
	if err != nil {
		t.Fatal(err)
	}
	if text := w.open(t, m); !strings.Contains(text, `"AccessKeyId":"ASIA`) || len(w.signer.signed()) != 0 {
		t.Errorf("moto gave %.60s, and %d tokens were signed", text, len(w.signer.signed()))
	}
	lease := w.lease("one")
	lease.AWS.Twin.Door, lease.AWS.Control.Door = s.Door, s.Door
	if got := w.aws.Probe(t.Context(), []provider.Lease{lease})[0]; got != (access.Round{Twin: access.Accepted, Control: access.Accepted}) {
		t.Errorf("a round: %v", got)
	}
}
