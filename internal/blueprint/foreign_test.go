package blueprint_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/blueprint"
)

// lay writes files into a folder.
func lay(t *testing.T, folder string, all []blueprint.File) {
	t.Helper()
	for _, f := range all {
		path := filepath.Join(folder, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// tool finds a foreign program: in .tools, or where the machine has it.
func tool(t *testing.T, name string, below ...string) string {
	t.Helper()
	for _, path := range below {
		if abs, err := filepath.Abs(filepath.Join("..", "..", ".tools", path)); err == nil {
			if _, err := os.Stat(abs); err == nil {
				return abs
			}
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is missing (scripts/deps.sh brings cfn-lint; terraform and its AWS provider must be on the machine)", name)
	}
	return path
}

// TestCfnLint has AWS's own linter read every template, of actions, conditions,
// properties and their values.
func TestCfnLint(t *testing.T) {
	lint := tool(t, "cfn-lint", "cfn-lint/bin/cfn-lint")
	dir := t.TempDir()
	var names []string
	add := func(made []blueprint.File, err error) {
		t.Helper()
		lay(t, dir, files(t, made, err))
		for _, f := range made {
			if strings.HasSuffix(f.Name, ".yaml") && !strings.Contains(f.Name, "/Halligan-") {
				names = append(names, f.Name)
			}
		}
	}
	add(of(t, "prod").CloudFormation())
	assigning, err := blueprint.Of(withDenial(), "identity")
	if err != nil {
		t.Fatal(err)
	}
	add(assigning.CloudFormation())
	add(tools(t).CloudFormation())
	add(of(t, "payer").CloudFormation())
	add(of(t, "prod").SSM())
	run := func(files ...string) (string, error) {
		cmd := exec.Command(lint, append([]string{"--non-zero-exit-code", "informational", "-t"}, files...)...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "AWS_DEFAULT_REGION=eu-west-1")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if len(names) != 8 {
		t.Fatalf("%d templates: %v", len(names), names)
	}
	if out, err := run(names...); err != nil {
		t.Errorf("cfn-lint: %v\n%s", err, out)
	}
	// The linter must be one that says no.
	data, err := os.ReadFile(filepath.Join(dir, "prod", "halligan.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	spoilt := strings.Replace(string(data), "MaxSessionDuration: 3600", "MaxSessionDuration: 36000000", 1)
	if err := os.WriteFile(filepath.Join(dir, "spoilt.yaml"), []byte(spoilt), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run("spoilt.yaml"); err == nil {
		t.Errorf("cfn-lint takes a session of a year: %s", out)
	}
}

// plugins is the folder of Terraform's providers on this machine.
func plugins(t *testing.T) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("HALLIGAN_TF_PLUGINS"), "/opt/tf-plugins", "/usr/share/terraform/plugins", "/usr/local/share/terraform/plugins"} {
		if found, _ := filepath.Glob(filepath.Join(dir, "registry.terraform.io/hashicorp/aws/*/*/terraform-provider-aws*")); dir != "" && len(found) > 0 {
			return dir
		}
	}
	t.Skip("Terraform's AWS provider is missing: HALLIGAN_TF_PLUGINS names the folder that terraform init -plugin-dir takes")
	return ""
}

// TestTerraform has Terraform, with the AWS provider of this machine and without
// a network, format, validate and plan every module.
func TestTerraform(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Terraform's AWS provider: left out by -short")
	}
	terraform, dir := tool(t, "terraform"), plugins(t)
	for _, account := range []string{"prod", "payer"} {
		b := of(t, account)
		root := t.TempDir()
		lay(t, root, b.Terraform())
		at := filepath.Join(root, account)
		run := func(args ...string) string {
			t.Helper()
			cmd := exec.Command(terraform, args...)
			cmd.Dir = at
			cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
				"AWS_SECRET_ACCESS_KEY=none", "AWS_EC2_METADATA_DISABLED=true", "HOME="+root)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
			}
			return string(out)
		}
		run("fmt", "-check", "-recursive", "-diff")
		lay(t, at, []blueprint.File{{Name: "offline_override.tf", Data: []byte(offline(b))}})
		run("init", "-no-color", "-input=false", "-plugin-dir="+dir)
		run("validate", "-no-color")
		plan := run("plan", "-no-color", "-input=false", "-lock=false", "-refresh=false")
		want := strings.Count(string(b.Terraform()[0].Data), "\nresource ")
		if !strings.Contains(plan, " to add, 0 to change, 0 to destroy") || strings.Count(plan, "will be created") < want || want == 0 && account == "prod" {
			t.Errorf("%s: the plan does not create %d resources:\n%s", account, want, plan)
		}
		if account == "payer" && strings.Contains(plan, `"aws_iam_role"`) {
			t.Error("the management account gets a role")
		}
	}
}

// TestTerraformOfOtherAccounts has Terraform format and validate the modules of accounts
// that hold one kind of role each, as the golden files have them.
func TestTerraformOfOtherAccounts(t *testing.T) {
	if testing.Short() {
		t.Skip("starts Terraform's AWS provider: left out by -short")
	}
	terraform, dir := tool(t, "terraform"), plugins(t)
	for _, account := range []string{"audit", "denial", "identity", "tools"} {
		at := filepath.Join(t.TempDir(), account)
		if err := os.CopyFS(at, os.DirFS(filepath.Join("testdata", "terraform", account))); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"fmt", "-check", "-recursive", "-diff"}, {"init", "-no-color", "-input=false", "-plugin-dir=" + dir}, {"validate", "-no-color"}} {
			cmd := exec.Command(terraform, args...)
			cmd.Dir = at
			cmd.Env = append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1", "HOME="+at)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: terraform %s: %v\n%s", account, strings.Join(args, " "), err, out)
			}
		}
	}
}

// offline tells the providers to ask nobody who they are.
func offline(b *blueprint.Blueprint) string {
	var text strings.Builder
	for _, region := range append([]string{""}, b.RuleRegions()...) {
		alias := ""
		if region != "" {
			alias = fmt.Sprintf("alias = %q\n", strings.ReplaceAll(region, "-", "_"))
		}
		fmt.Fprintf(&text, "provider \"aws\" {\n%sallowed_account_ids = null\nskip_credentials_validation = true\nskip_requesting_account_id = true\nskip_metadata_api_check = true\n}\n", alias)
	}
	return text.String()
}
