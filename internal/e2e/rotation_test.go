package e2e_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

// contents says what lies in the envelope prod-root.
func (w *town) contents(of string) error {
	if of == "" {
		return nil
	}
	return edit(w.path("cell", "scenarios", "cloud-root-locked-out.yaml"), func(text string) string {
		return strings.Replace(text, "name: prod-root, ", "name: prod-root, contents: "+of+", ", 1)
	})
}

// rotating is a person who rotates in AWS, with credentials of their own there.
func rotating(t *testing.T, w *town, at *awstest.Double, person string, args ...string) *exec.Cmd {
	t.Helper()
	env := append(endpoints(at), "AWS_ACCESS_KEY_ID=AKIAOPERATOR", "AWS_SECRET_ACCESS_KEY=secret-of-the-operator", "AWS_REGION=us-east-1",
		"AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_EC2_METADATA_DISABLED=true")
	desk := strings.Replace(raw(t, w.path("bin", person)), "env -i ", "env -i "+strings.Join(env, " ")+" ", 1)
	if err := os.WriteFile(w.path("bin", person+"-in-aws"), []byte(desk), 0o700); err != nil {
		t.Fatal(err)
	}
	return exec.Command(w.path("bin", person+"-in-aws"), append([]string{"envelope", "rotate", "prod-root", "--aws"}, args...)...)
}

func endpoints(at *awstest.Double) (env []string) {
	for kind, name := range map[string]string{"iam": "IAM", "sts": "STS", "secretsmanager": "SECRETS_MANAGER"} {
		env = append(env, "AWS_ENDPOINT_URL_"+name+"="+strings.ReplaceAll(at.Endpoints()[kind], "{region}", "us-east-1"))
	}
	return env
}

// inspected starts a rotation and, when it waits for that, has two custodians show
// that they can open what was sealed. killed ends it there instead, by SIGKILL.
func inspected(t *testing.T, w *town, cmd *exec.Cmd, killed bool) string {
	t.Helper()
	before := ok[[]string](t)(filepath.Glob(w.path("rotation-*")))
	said := w.path(fmt.Sprintf("rotation-%d", len(before)))
	p, err := start(said, cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	err = until(patience, "a sealing", func() (bool, error) {
		select {
		case <-p.over:
			return false, errors.New("it ended")
		default:
		}
		data, err := os.ReadFile(said)
		return bytes.Contains(data, []byte("Waiting until 2 custodians")), err
	})
	if err != nil {
		t.Fatalf("%v: %s", err, raw(t, said))
	}
	if killed {
		_ = cmd.Process.Kill()
		<-p.over
		return ""
	}
	for _, custodian := range []string{"sue", "sid"} {
		ok[string](t)(w.as(custodian, "envelope", "inspect", "prod-root"))
	}
	<-p.over
	if !cmd.ProcessState.Success() {
		t.Fatalf("%s: %s", cmd, raw(t, said))
	}
	return raw(t, said)
}

var keyFile = regexp.MustCompile("^\\[default\\]\naws_access_key_id = (\\S+)\naws_secret_access_key = (\\S+)\n$")

// TestT53RotatedInAWS (T53, I9): the access key of an IAM user lies in an envelope. It
// is made, sealed, opened for an emergency, and replaced by a rotation that is killed
// in between and goes on. Then the old one is refused, the lease that opened it is
// closed, and neither key is anywhere but where it was opened.
func TestT53RotatedInAWS(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	at.AddUser("AKIAOPERATOR", "secret-of-the-operator")
	at.AddIAMUser("breaker")
	w := foundTown(t, founding{envelope: true, contents: `{ aws_access_key: { account: "123456789012", user: breaker } }`})
	w.serveAs = []string{"--log", "debug"}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	look := lookAround(t, w)
	inspected(t, w, rotating(t, w, at, "lea", "--yes"), false)
	first := at.UserKeys("breaker")
	if len(first) != 1 || first[0].Status != awstest.Active {
		t.Fatalf("%+v", first)
	}
	id := grantRoot(t, w).String()
	for _, custodian := range []string{"sue", "sid"} {
		ok[string](t)(w.as(custodian, "share", id, "--yes"))
	}
	ok[string](t)(w.as("ann", "envelope", "open", id, "-o", w.path("opened")))
	if m := keyFile.FindStringSubmatch(raw(t, w.path("opened"))); m == nil || m[1] != first[0].ID || m[2] != first[0].Secret {
		t.Fatalf("what was opened is no credentials file with the key that works")
	}
	whoAmI(t, w, at, "breaker")
	if list := ok[string](t)(w.as("sue", "envelope", "list")); !strings.Contains(list, "halligan envelope rotate prod-root --aws") {
		t.Error(list)
	}
	inspected(t, w, rotating(t, w, at, "leo", "--yes"), true)
	said := inspected(t, w, rotating(t, w, at, "leo", "--yes", "--json"), false)
	if !strings.Contains(said, "Going on with the rotation") {
		t.Error(said)
	}
	second := at.UserKeys("breaker")
	if len(second) != 1 || second[0].ID == first[0].ID || second[0].Status != awstest.Active {
		t.Fatalf("%+v", second)
	}
	whoAmI(t, w, at, "")
	err := until(patience, "the lease is closed", func() (bool, error) {
		out, err := w.as("ann", "status", id)
		return strings.Contains(out, "closed"), err
	})
	if err != nil {
		t.Error(err)
	}
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("evidence")))
	look.end(t)
	gather(t, w)
	if err := os.WriteFile(w.path("known"), []byte(second[0].Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	canary{"the first key", spelled([]byte(first[0].Secret)), []string{"opened"}}.search(t, w)
	canary{"the second key", spelled([]byte(second[0].Secret)), []string{"known"}}.search(t, w)
}

// whoAmI asks AWS, by its own command line where there is one, as whoever has what was
// opened. Nobody is asked for refusal.
func whoAmI(t *testing.T, w *town, at *awstest.Double, user string) {
	t.Helper()
	if os.Getenv("HALLIGAN_MOTO") == "" {
		t.Log("HALLIGAN_MOTO does not name the folder of AWS's command line: nobody tries the key with it")
		return
	}
	cmd := exec.Command(mototest.Program(t, "aws"), "sts", "get-caller-identity", "--output", "text", "--query", "Arn")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_DEFAULT_REGION=us-east-1", "AWS_CONFIG_FILE=/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE=" + w.path("opened"), "AWS_EC2_METADATA_DISABLED=true"}, endpoints(at)...)
	out, err := cmd.CombinedOutput()
	switch {
	case user != "" && (err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), ":user/"+user)):
		t.Errorf("%v: %s", err, out)
	case user == "" && (err == nil || !strings.Contains(string(out), "InvalidClientTokenId")):
		t.Errorf("the old key works: %v: %s", err, out)
	}
}
