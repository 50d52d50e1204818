package config_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
)

// staffed is a cell with the people that every built-in scenario wants, and none
// of the scenarios. Nobody asks, agrees and widens at once.
func staffed(t *testing.T) string {
	t.Helper()
	s := starter(t, 4)
	folder := written(t, s)
	path := filepath.Join(folder, "cell.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text, keys := string(data), moreKeys(t, 8)
	before, after, ok := strings.Cut(text, "# Who asks never counts")
	if !ok {
		t.Fatal(text)
	}
	for i, key := range keys {
		id := "more" + string(rune('a'+i))
		before += "  - { id: " + id + ", name: M, contact: c, keys: [\"" + key + "\"] }\n"
	}
	_, after, _ = strings.Cut(after, "security: group:security")
	groups := "groups:\n  on-call: [person1, person2]\n  security: [person3, person4, morea, moreb]\n  leads: [morec, mored, moree]\n  managers: [moref, moreg, moreh]\nsecurity: group:security"
	text = before + groups + after + "\nprograms:\n  - id: contain\n    opens: The network of one machine\n    can: [probe, list]\n    other_way: the switch\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(folder, "scenarios")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "scenarios"), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

// moreKeys are keys of people who are in no sample.
func moreKeys(t *testing.T, n int) (keys []string) {
	t.Helper()
	for i := range n {
		key, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(i + 1)}, ed25519.SeedSize)).Public())
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))))
	}
	return keys
}

// TestBuiltins: the ten of the product are there, each without a problem in a cell
// that has the people, alone and all together, and each says what a scenario has
// to say.
func TestBuiltins(t *testing.T) {
	all, err := config.Builtins()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"identity-provider-down", "federation-broken", "identity-center-or-region-down", "deploy-pipeline-broken",
		"security-containment", "data-loss", "key-person-unavailable", "root-recovery", "cluster-control-plane", "database-locked-out",
	}
	var got []string
	for _, b := range all {
		got = append(got, b.ID)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("built-in scenarios: %v", got)
	}
	together := staffed(t)
	for _, b := range all {
		for _, program := range []string{"", "contain"} {
			folder := staffed(t)
			filling, err := config.Filling{Program: program}.For(folder, b.ID)
			if err != nil {
				t.Fatal(err)
			}
			data, err := filling.Scenario(b.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, folder := range []string{folder, together} {
				if err := os.WriteFile(filepath.Join(folder, "scenarios", b.ID+".yaml"), data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := render(config.Lint(folder)); got != "" {
				t.Errorf("%s, program %q:\n%s\n%s", b.ID, program, got, data)
			}
		}
	}
	if got := render(config.Lint(together)); got != "" {
		t.Errorf("all of them together:\n%s", got)
	}
	if _, err := config.FillNotes(together, &counter{}); err != nil {
		t.Fatal(err)
	}
	bundle := compiled(t, together)
	for _, id := range want {
		var s access.Scenario
		if err := canon.Decode(bundle.Scenarios[id], access.ScenarioLimit, &s); err != nil {
			t.Fatal(id, err)
		}
		says(t, &s)
	}
}

// TestBuiltinRoles: seven can open a role of AWS, each without a problem and with a
// policy that gives nothing away; the others say that they have none.
func TestBuiltinRoles(t *testing.T) {
	folder := staffed(t)
	path := filepath.Join(folder, "cell.yaml")
	_, section, _ := strings.Cut(string(readFile(t, "testdata/good/aws/cell.yaml")), "\naws:")
	section, _, _ = strings.Cut(section, "\nchannels:")
	if err := os.WriteFile(path, append(readFile(t, path), []byte("\naws:"+section+"\n")...), 0o600); err != nil {
		t.Fatal(err)
	}
	copyTree(t, filepath.Join(folder, "issuer"), "testdata/good/aws/issuer")
	if err := os.MkdirAll(filepath.Join(folder, "policies"), 0o700); err != nil {
		t.Fatal(err)
	}
	all, err := config.Builtins()
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]bool{}
	for _, b := range all {
		filling, err := config.Filling{Account: "prod"}.For(folder, b.ID)
		if b.Role == "" {
			if !errors.Is(err, config.ErrUnfit) || !strings.Contains(err.Error(), "opens no role of AWS") {
				t.Errorf("%s: %v", b.ID, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := filling.Scenario(b.ID)
		if err != nil {
			t.Fatal(err)
		}
		name, policy, err := filling.Policy(b.ID)
		if err != nil || policy == nil {
			t.Fatal(b.ID, err)
		}
		for name, data := range map[string][]byte{name: policy, "scenarios/" + b.ID + ".yaml": data} {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		roles[b.Role] = true
	}
	if got := render(config.Lint(folder)); got != "" || len(roles) != 7 {
		t.Fatalf("%d roles:\n%s", len(roles), got)
	}
	if _, err := config.FillNotes(folder, &counter{}); err != nil {
		t.Fatal(err)
	}
	checked := 0
	for id, data := range compiled(t, folder).Scenarios {
		var s access.Scenario
		if err := canon.Decode(data, access.ScenarioLimit, &s); err != nil {
			t.Fatal(id, err)
		}
		for _, open := range s.Opens {
			if open.AWS == nil {
				continue
			}
			policy, err := access.DecodeIAM(open.AWS.Policy)
			if err != nil || len(open.AWS.Needs()) != 0 || !slices.Contains(open.AWS.Source, access.FromRequest) || len(open.AWS.Regions) != 2 || len(open.AWS.WithoutRails) != 0 {
				t.Errorf("%s: %+v, %v", id, open.AWS, err)
			}
			for _, action := range []string{"iam:CreateUser", "iam:PassRole", "sts:AssumeRole", "s3:GetObject", "ec2:TerminateInstances", "rds:DeleteDBInstance", "secretsmanager:GetSecretValue", "kms:Decrypt", "ssm:SendCommand", "lambda:InvokeFunction", "cloudtrail:StopLogging"} {
				if policy.MayAllow(action) {
					t.Errorf("%s may %s", id, action)
				}
			}
			checked++
		}
	}
	if checked != 7 {
		t.Errorf("%d roles were checked", checked)
	}
	if _, err := (config.Filling{Account: "dev"}).For(folder, "data-loss"); !errors.Is(err, config.ErrUnfit) {
		t.Errorf("an account that is not there: %v", err)
	}
}

// TestBuiltinsEndAlone: where somebody has a security key and a channel hears of it,
// some of the ladders end with going in alone, without a problem.
func TestBuiltinsEndAlone(t *testing.T) {
	folder := staffed(t)
	path := filepath.Join(folder, "cell.yaml")
	text := string(readFile(t, path))
	text = strings.Replace(text, "on-call: [person1, person2]", "on-call: [person1, person2, secure]", 1)
	text = strings.Replace(text, "groups:\n", "  - { id: secure, name: S, contact: c, keys: [\"sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAznls0dLiAwYgz/17G5MYXM4AY8Uez4L7otqNOOiYaDAAAABHNzaDo=\"] }\ngroups:\n", 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var alone []string
	all, err := config.Builtins()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		filling, err := (config.Filling{}).For(folder, b.ID)
		if err != nil {
			t.Fatal(err)
		}
		data, err := filling.Scenario(b.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "scenarios", b.ID+".yaml"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte("solo:")) {
			alone = append(alone, b.ID)
		}
	}
	if got := render(config.Lint(folder)); got != "" {
		t.Errorf("%s\n%s", got, text)
	}
	if want := []string{"identity-provider-down", "cluster-control-plane"}; !slices.Equal(alone, want) {
		t.Errorf("alone: %v, want %v", alone, want)
	}
}

// says checks what a built-in scenario must say.
func says(t *testing.T, b *access.Scenario) {
	t.Helper()
	wrong := func(format string, args ...any) { t.Errorf(b.ID+": "+format, args...) }
	if len(b.UseWhen) < 2 || len(b.DoNotUseWhen) < 2 {
		wrong("%d criteria and %d exclusions, want two of each or more", len(b.UseWhen), len(b.DoNotUseWhen))
	}
	for _, exclusion := range b.DoNotUseWhen {
		if strings.Count(exclusion, " → ") != 1 {
			wrong("%q does not point to the other way", exclusion)
		}
	}
	if len(b.Severities) < 2 || len(b.Ladder) < 1 || b.Owner == "" || len(b.Opens) < 1 {
		wrong("%d severities, %d rungs, owner %q, opens %d", len(b.Severities), len(b.Ladder), b.Owner, len(b.Opens))
	}
	for severity, terms := range b.Severities {
		people := 0
		for _, leg := range terms.Quorum {
			people += leg.Count
		}
		if people < 2 || terms.Longest > 4*3600 || severity == "SEV1" && terms.ReviewDue > 24*3600 {
			wrong("%s is agreed by %d, lasts %s, is reviewed after %s", severity, people, terms.Longest, terms.ReviewDue)
		}
	}
	for _, open := range b.Opens {
		if open.SSH != nil && !slices.Contains(open.SSH.SourceAddress, access.FromRequest) {
			wrong("%s is open to everywhere", open.Name())
		}
	}
	for _, part := range []string{"Before you ask: ", "\nDo: ", "\nDo not: ", "\nAfterwards: "} {
		if !strings.Contains(b.Procedure, part) {
			wrong("the procedure does not say %q", strings.TrimSpace(part))
		}
	}
}

// TestBuiltinFitsTheCell: names of the cell take the place of those of the
// built-ins, and what the cell has not got is said before anything is written.
func TestBuiltinFitsTheCell(t *testing.T) {
	folder := staffed(t)
	for name, tt := range map[string]struct {
		id   string
		with config.Filling
		says string
	}{
		"no such scenario": {"coffee-machine-down", config.Filling{}, "no such scenario"},
		"no such host":     {"data-loss", config.Filling{Host: "db9"}, `there is no host "db9"`},
		"no such program":  {"data-loss", config.Filling{Program: "dance"}, `there is no program "dance"`},
		"no such group":    {"data-loss", config.Filling{Groups: map[string]string{"managers": "bosses"}}, "there is no group bosses"},
	} {
		_, err := tt.with.For(folder, tt.id)
		if err == nil || !strings.Contains(err.Error(), tt.says) || (tt.id == "data-loss") != errors.Is(err, config.ErrUnfit) {
			t.Errorf("%s: %v", name, err)
		}
	}
	filling, err := config.Filling{Groups: map[string]string{"managers": "leads", "leads": "security"}}.For(folder, "data-loss")
	if err != nil || filling.Host != "db1" {
		t.Fatal(filling, err)
	}
	data, err := filling.Scenario("data-loss")
	if err != nil || strings.Contains(string(data), "managers") || !strings.Contains(string(data), "widen: group:leads") {
		t.Errorf("%v\n%s", err, data)
	}
	// What is typed stays a value (T41).
	for _, typed := range []string{"x\"\ntrial: true", "a, b]", "{{.}}"} {
		filling := config.Filling{Host: typed, Program: typed, Groups: map[string]string{"leads": typed}}
		data, err := filling.Scenario("deploy-pipeline-broken")
		if err == nil && strings.Contains(string(data), "\ntrial") {
			t.Errorf("%q became more than a value:\n%s", typed, data)
		}
	}
}

// TestBuiltinsPage holds docs/reference/built-in-scenarios.md to the scenarios.
func TestBuiltinsPage(t *testing.T) {
	all, err := config.Builtins()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Built-in scenarios\n\n<!-- Written by `go test ./internal/config -run TestBuiltinsPage -update`; do not edit. -->\n\n")
	b.WriteString("Ten situations that a team should have thought of on a calm day, as files to begin with: `halligan scenario list`, `show`\nand `add`. Each has criteria, exclusions that point to the other way, two severities with quorums of two people or more, a\nladder, and a procedure that begins with the evidence to note before anybody asks. They name the groups `on-call`, `leads`,\n`security` and `managers` (`--group managers=ID` says what yours is called), and open hosts, envelopes and programs;\nseven can open a role of an AWS account as well (`--account ID`). [Write a scenario](../howto/write-a-scenario.md) says\nhow to go on from them.\n")
	for _, each := range all {
		b.WriteString("\n## " + each.ID + "\n\n" + each.Title + ".\n\n")
		for _, text := range each.UseWhen {
			b.WriteString("- " + text + "\n")
		}
		b.WriteString("\nNot when:\n\n")
		for _, text := range each.DoNotUseWhen {
			b.WriteString("- " + text + "\n")
		}
		var opens []string
		if each.Host {
			opens = append(opens, "a login on a host")
		}
		for _, name := range each.Envelopes {
			opens = append(opens, "the envelope `"+name+"`")
		}
		b.WriteString("\nIt opens " + strings.Join(opens, " and ") + ".")
		if each.Role != "" {
			b.WriteString("\nWith `--account ID` it opens the AWS role `" + each.Role + "` as well, which may do what `policies/" + each.ID + ".json` says.")
		}
		if len(each.Solo) > 0 {
			b.WriteString("\nWhen nobody answers for half an hour, whoever asked may [go in alone](../howto/go-in-alone.md), to the host only. This rung\nis there where the cell has a channel, and somebody of `on-call` a security key.")
		}
		b.WriteString("\n")
	}
	path := filepath.Join("..", "..", "docs", "reference", "built-in-scenarios.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != b.String() {
		t.Errorf("%s is not what the scenarios say; -update writes it anew", path)
	}
}
