package e2e_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
	"github.com/halligan-dev/halligan/internal/provider/aws/mototest"
)

const (
	emergencyRole = "arn:aws:iam::123456789012:role/EmergencyDatabase"
	stopperRole   = "arn:aws:iam::123456789012:role/halligan-stopper"
	readerRole    = "arn:aws:iam::123456789012:role/halligan-reader"
	wayRole       = "arn:aws:iam::123456789012:role/EmergencyAudit"
	memberAccount = "210987654321"
	firstIssuer   = "https://oidc.halligan.example.com"
)

// account gives the cell an AWS account, which a double plays, with what a blueprint
// would have made there; and gives its scenario a role of it.
func (w *town) account(f founding) error {
	at := f.aws
	if at == nil {
		return nil
	}
	policy, bounds := `"rds:*"`, ""
	if f.outlives {
		policy, bounds = `["rds:*","ssm:StartSession"]`, "regions: [eu-west-1]\n      "
	}
	private, public, err := issuer.GenerateOIDC(rand.Reader)
	if err != nil {
		return err
	}
	key, err := issuer.ParseJWK(public)
	if err != nil {
		return err
	}
	at.AddIssuer(firstIssuer, func() ([]byte, error) { return fmt.Appendf(nil, `{"keys":[%s]}`, public), nil })
	at.AddRole(awstest.Role{
		ARN: emergencyRole, Audience: "sts.amazonaws.com", Subjects: []string{origin + "/database-locked-out/prod"}, Sources: "hg-", Allows: []string{"rds:*"},
	})
	at.AddRole(awstest.Role{
		ARN: wayRole, Audience: "sts.amazonaws.com", Subjects: []string{origin + "/database-locked-out/audit"}, Sources: "hg-", Allows: []string{"sts:AssumeRoot"},
	})
	at.AddMember(memberAccount)
	at.AddRole(awstest.Role{
		ARN: stopperRole, Audience: "sts.amazonaws.com", Subjects: []string{origin + "/stopper"}, Sources: "hg-",
		Allows: []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy", "ssm:DescribeSessions", "ssm:TerminateSession"},
	})
	door := ""
	if f.base {
		door = w.withBase(at)
	}
	if f.reader {
		door += "reader: true, "
		at.AddRole(awstest.Role{ARN: readerRole, Audience: "sts.amazonaws.com", Subjects: []string{origin + "/reader"}, Sources: "hg-", Allows: []string{"iam:*", "events:*", "sns:*"}})
	}
	endpoints := "aws:\n  endpoints:\n"
	for kind, url := range at.Endpoints() {
		if kind == "secretsmanager" { // no server asks it: people's commands do
			continue
		}
		endpoints += fmt.Sprintf("    %s: %q\n", kind, url)
	}
	return errors.Join(
		os.WriteFile(w.path("cell", "keys", "issuer-"+key.ID[:16]+".pem"), private, 0o600),
		os.Mkdir(w.path("cell", "issuer"), 0o700), os.Mkdir(w.path("cell", "policies"), 0o700),
		os.WriteFile(w.path("cell", "issuer", "current.jwk"), public, 0o600),
		os.WriteFile(w.path("cell", "policies", "rds.json"), []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":`+policy+`,"Resource":"*"}]}`), 0o600),
		edit(w.path("cell", "cell.yaml"), func(text string) string {
			return text + fmt.Sprintf(`
aws:
  issuers: [%s]
  keys: [issuer/current.jwk]
  accounts:
    - { id: prod, account: "123456789012", regions: [eu-west-1], %sother_way: "root, in the envelope prod-root" }
    - { id: member, account: "%s", regions: [eu-west-1], other_way: "root, in the envelope member-root" }
`, firstIssuer, door, memberAccount)
		}),
		edit(w.path("cell", "server.yaml"), func(text string) string { return text + endpoints }),
		edit(w.path("cell", "scenarios", "database-locked-out.yaml"), func(text string) string {
			return strings.Replace(text, "alarms:", `  - aws:
      account: prod
      role: EmergencyDatabase
      policy: policies/rds.json
      `+bounds+`probe: { service: rds, action: DescribeDBInstances }
      console: true
      allows: Start, stop and change databases of prod
  - aws_root_task: { name: audit, account: member, task: IAMAuditRootUserCredentials, through: prod, role: EmergencyAudit }
alarms:`, 1)
		}),
	)
}

// awsKeys are what an account gave, as a program reads them.
type awsKeys struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
	Version         int
}

// keysOf has a person fetch keys as a credential_process does.
func (w *town) keysOf(t *testing.T, person string, id canon.Digest) awsKeys {
	t.Helper()
	var k awsKeys
	if err := json.Unmarshal([]byte(ok[string](t)(w.as(person, "credential", id.String(), "prod", "--aws-process"))), &k); err != nil {
		t.Fatal(err)
	}
	return k
}

// works tells whether keys can read the databases at a double.
func (k awsKeys) works(t *testing.T, at *awstest.Double) bool {
	t.Helper()
	const body = "Action=DescribeDBInstances&Version=2014-10-31"
	url := strings.NewReplacer("{region}", "eu-west-1", "{service}", "rds").Replace(at.Endpoints()["probe"])
	ask := ok[*http.Request](t)(http.NewRequest(http.MethodPost, url+"/", strings.NewReader(body)))
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(body))
	by := aws.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey, SessionToken: k.SessionToken}
	if err := v4.NewSigner().SignHTTP(t.Context(), by, ask, hex.EncodeToString(sum[:]), "rds", "eu-west-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	answer := ok[*http.Response](t)(http.DefaultClient.Do(ask))
	said := ok[[]byte](t)(io.ReadAll(answer.Body))
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK && !strings.Contains(string(said), "AccessDenied") {
		t.Fatalf("the account says %d %s", answer.StatusCode, said)
	}
	return answer.StatusCode == http.StatusOK
}

// inAccount is a grant of a person's at the account, whose lease is open.
func (w *town) inAccount(t *testing.T, person string, length time.Duration) canon.Digest {
	t.Helper()
	return w.inTarget(t, person, "prod", length)
}

// inTarget is a grant of a person's at one target, whose lease is open.
func (w *town) inTarget(t *testing.T, person, target string, length time.Duration) canon.Digest {
	t.Helper()
	id := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(w.ask(person, length, target))))
	for _, approver := range []string{"sam", "lea"} {
		ok[string](t)(w.as(approver, "approve", id.String(), "--check", "call-back", "--yes"))
	}
	w.lease(t, id, "state", "open")
	return id
}

// TestAccountFromRequestToProof is an emergency at an AWS account: asked for, agreed,
// used and renewed; then stopped, which ends it and nobody else's, and is proved by
// a twin that is refused.
func TestAccountFromRequestToProof(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at})
	anns, bobs := w.inAccount(t, "ann", 20*time.Minute), w.inAccount(t, "bob", 20*time.Minute)
	first, others := w.keysOf(t, "ann", anns), w.keysOf(t, "bob", bobs)
	again := w.keysOf(t, "ann", anns)
	if first.Version != 1 || first.Expiration == "" || first.AccessKeyID == again.AccessKeyID {
		t.Errorf("fetched %s and %s, version %d", first.AccessKeyID, again.AccessKeyID, first.Version)
	}
	for _, k := range []awsKeys{first, again, others} {
		if !k.works(t, at) {
			t.Errorf("%s does not open the account", k.AccessKeyID)
		}
	}
	w.lease(t, anns, "worked", "true")
	ok[string](t)(w.as("sue", "stop", anns.String(), "--why", "enough"))
	w.lease(t, anns, "state", "closed")
	shown := status(t, w, anns, "leases.0.proofs.0.kind", "state")
	if shown[0] != "refused" || shown[1] != "ended" {
		t.Errorf("it is proved by %q, and is %q", shown[0], shown[1])
	}
	if first.works(t, at) || again.works(t, at) {
		t.Error("what was stopped opens the account")
	}
	if !others.works(t, at) {
		t.Error("the stop of ann's grant ended bob's")
	}
	if got := status(t, w, bobs, "leases.0.state")[0]; got != "open" {
		t.Errorf("bob's lease is %s", got)
	}
	if len(at.Attached(emergencyRole)) != 1 {
		t.Errorf("attached: %v", at.Attached(emergencyRole))
	}
	if _, err := w.as("ann", "credential", anns.String(), "prod", "--aws-process"); err == nil {
		t.Error("a stopped grant gives keys")
	}
	ok[string](t)(w.as("bob", "release", bobs.String()))
	w.lease(t, bobs, "state", "closed")
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("evidence")))
	said := ok[string](t)(w.as("sue", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json")))
	if !strings.Contains(said, "VERIFIED") {
		t.Errorf("verify says:\n%s", said)
	}
}

// TestOneCallFromAgreementToCredential: whoever was agreed waits for the one call of
// STS that begins their session. Twins and controls, which begin at the same time, may
// be as slow as they like; and once they answer, the lease is seen to work.
func TestOneCallFromAgreementToCredential(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at})
	for _, name := range []string{"-twin", "-control"} {
		at.Break(awstest.Fault{Kind: "sts", Body: name, How: awstest.Hangs})
	}
	at.Break(awstest.Fault{Kind: "iam", How: awstest.Hangs})
	id := w.inAccount(t, "ann", 20*time.Minute)
	if keys := w.keysOf(t, "ann", id); !keys.works(t, at) {
		t.Error("the keys do not open the account")
	}
	mine := 0
	for _, call := range at.Calls() {
		if call.Kind == "sts" && !strings.Contains(call.Body, "-twin") && !strings.Contains(call.Body, "-control") {
			mine++
		}
	}
	if mine != 1 {
		t.Errorf("%d calls of STS were made for the first credential, want 1", mine)
	}
	at.Mend()
	w.lease(t, id, "worked", "true")
}

// readyItem is one of a report, as far as tests look.
type readyItem struct{ ID, State, Text string }

// ready is how it stands to ann, by id.
func (w *town) ready(t *testing.T, args ...string) map[string]readyItem {
	t.Helper()
	cmd := exec.Command(w.path("bin", "ann"), append([]string{"ready", "--json"}, args...)...)
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); err == nil || code != 11 && code != 12 {
		t.Fatalf("exit code %d, %v", code, err)
	}
	var report struct {
		Items []readyItem `json:"items"`
	}
	if err := json.Unmarshal(out, &report, json.MatchCaseInsensitiveNames(true)); err != nil {
		t.Fatal(err)
	}
	items := map[string]readyItem{}
	for _, item := range report.Items {
		items[item.ID] = item
	}
	return items
}

// TestReadyLooksAtTheAccount: asked to, the server begins a real session of the role and
// of the stopper, without any grant, and says what it saw; what it cannot see is not
// green, and the exit code tells.
func TestReadyLooksAtTheAccount(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at})
	at.AddRole(awstest.Role{ARN: stopperRole})
	if got := w.ready(t); got["role:prod/EmergencyDatabase"].State != "not-looked" || len(at.Calls()) > 0 {
		t.Errorf("unasked, after %d calls: %v", len(at.Calls()), got)
	}
	got := w.ready(t, "--live")
	for id, want := range map[string]string{
		"role:prod/EmergencyDatabase": "green", "stopper:prod": "red", "issuer:" + firstIssuer: "not-looked", "deployed:prod": "not-looked", "token-key": "green",
	} {
		if got[id].State != want {
			t.Errorf("%s is %q, want %q", id, got[id].State, want)
		}
	}
	if again := w.ready(t); again["role:prod/EmergencyDatabase"].State != "green" {
		t.Errorf("what was seen is forgotten: %v", again)
	}
	for _, s := range at.Sessions() {
		if s.Source != "hg-control" || s.Tags["halligan-grant"] != "control" {
			t.Errorf("a session that nobody was granted bears %s and %v", s.Source, s.Tags)
		}
	}
}

// TestReaderLooksAtTheAccount: where the cell says so, a look begins one session of the
// reader, which may do what it is for and nothing else; what it saw turns the items. What
// IAM does not show is not looked at, and nothing that it was refused is green.
func TestReaderLooksAtTheAccount(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at, reader: true})
	const report = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date\n" +
		"<root_account>,arn:aws:iam::123456789012:root,2020-01-01T00:00:00+00:00,true,N/A,not_supported,false,false,N/A,N/A,false,N/A,N/A\n"
	for action, result := range map[string]string{
		"GetAccountAuthorizationDetails": "<IsTruncated>false</IsTruncated>", "ListOpenIDConnectProviders": "",
		"GenerateCredentialReport": "<State>COMPLETE</State>",
		"ListRules":                `{"Rules":[]}`, "ListSubscriptionsByTopic": "<Subscriptions></Subscriptions>",
		"GetCredentialReport": "<Content>" + base64.StdEncoding.EncodeToString([]byte(report)) + "</Content><GeneratedTime>2026-01-01T00:00:00Z</GeneratedTime>",
	} {
		at.Describe(action, result)
	}
	got := w.ready(t, "--live")
	for id, want := range map[string]readyItem{
		"slots:prod": {State: "red", Text: "halligan-stop-slot-EmergencyDatabase-1 is not deployed"}, "trust:prod": {State: "red", Text: "role EmergencyDatabase is not deployed"},
		"root:prod": {State: "red", Text: "no second factor"}, "changers:prod": {State: "green"}, "saml:prod": {State: "not-looked", Text: "AWS says AccessDenied"},
		"rules:prod": {State: "red", Text: "in us-east-1 is not deployed"}, "organization": {State: "not-looked", Text: "names no account"},
	} {
		if got[id].State != want.State || !strings.Contains(got[id].Text, want.Text) {
			t.Errorf("%s is %+v, want %+v", id, got[id], want)
		}
	}
	read := 0
	for _, s := range at.Sessions() {
		if s.Role != readerRole {
			continue
		}
		if read++; s.Source != "hg-reader" || len(s.Tags) > 0 || !strings.Contains(s.Policy, "iam:GetCredentialReport") || strings.Contains(s.Policy, "Put") {
			t.Errorf("the reader's session: %+v", s)
		}
	}
	if read != 1 {
		t.Errorf("%d sessions of the reader", read)
	}
}

// TestSlotOfThePastIsTakenOff: what stopped somebody else long ago is still attached
// when a grant begins in its slot. It is found and taken off while the grant lives.
func TestSlotOfThePastIsTakenOff(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at})
	at.Attach(emergencyRole, "arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyDatabase-1")
	id := w.inAccount(t, "ann", 20*time.Minute)
	w.lease(t, id, "worked", "true")
	if left := at.Attached(emergencyRole); len(left) > 0 {
		t.Errorf("attached: %v", left)
	}
	if keys := w.keysOf(t, "ann", id); !keys.works(t, at) {
		t.Error("the keys do not open the account")
	}
}

// TestAccountInACommand: the command finds its keys as SDKs do, is terminated when
// somebody stops the grant, and a link signs in to the console.
func TestAccountInACommand(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at})
	id := w.inAccount(t, "ann", 20*time.Minute)
	const ask = `curl -sS -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"`
	var got struct{ AccessKeyId, SecretAccessKey, Token string }
	if err := json.Unmarshal([]byte(ok[string](t)(w.as("ann", "exec", id.String(), "--", "sh", "-c", ask))), &got); err != nil {
		t.Fatal(err)
	}
	if k := (awsKeys{AccessKeyID: got.AccessKeyId, SecretAccessKey: got.SecretAccessKey, SessionToken: got.Token}); !k.works(t, at) {
		t.Error("what the command was given does not open the account")
	}
	link := strings.TrimSpace(ok[string](t)(w.as("ann", "console", id.String(), "prod")))
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer := ok[*http.Response](t)(browser.Get(link))
	_ = answer.Body.Close()
	if to := answer.Header.Get("Location"); answer.StatusCode != http.StatusFound || to != "https://console.aws.amazon.com/" {
		t.Errorf("the link answers %s and leads to %q", answer.Status, to)
	}
	running := w.typing(t, "ann", "exec", id.String(), "--", "sh", "-c", "echo started; exec sleep 300")
	if err := until(patience, "the command to start", func() (bool, error) { return strings.Contains(text(w.path("typed")), "started"), nil }); err != nil {
		t.Fatal(err)
	}
	ok[string](t)(w.as("sue", "stop", id.String(), "--why", "enough"))
	if err := until(patience, "the command to end", func() (bool, error) { return !running.running(), nil }); err != nil {
		t.Fatal(err)
	}
	if code := running.cmd.ProcessState.ExitCode(); code != 8 {
		t.Errorf("the exit code is %d, want 8", code)
	}
}

// typing is a command of a person that goes on; what it prints is in "typed".
func (w *town) typing(t *testing.T, person string, args ...string) *process {
	t.Helper()
	p := ok[*process](t)(start(w.path("typed"), exec.Command(w.path("bin", person), args...)))
	t.Cleanup(func() {
		if p.running() {
			_ = p.cmd.Process.Kill()
		}
	})
	return p
}

// TestAccountExpires: where nothing can be attached, the end is proved by time, and
// not before.
func TestAccountExpires(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at, long: true})
	at.Break(awstest.Fault{Kind: "iam", How: awstest.Down})
	id := w.inAccount(t, "ann", 90*time.Second)
	keys := w.keysOf(t, "ann", id)
	if !keys.works(t, at) {
		t.Error("the keys do not open the account")
	}
	w.lease(t, id, "state", "closing")
	w.lease(t, id, "state", "closed")
	if got := status(t, w, id, "leases.0.proofs.0.kind")[0]; got != "expired" {
		t.Errorf("it is proved by %q", got)
	}
	if keys.works(t, at) {
		t.Error("keys that are expired open the account")
	}
	// With IAM back a stop attaches its slot, and its last session's end takes it off.
	at.Mend()
	id = w.inAccount(t, "ann", 90*time.Second)
	w.keysOf(t, "ann", id)
	ok[string](t)(w.as("sue", "stop", id.String(), "--why", "enough"))
	w.lease(t, id, "state", "closed")
	if got := at.Attached(emergencyRole); len(got) != 1 {
		t.Errorf("after the stop, attached: %v", got)
	}
	if err := until(3*patience, "the slot to be taken off", func() (bool, error) { return len(at.Attached(emergencyRole)) == 0, nil }); err != nil {
		t.Error(err)
	}
}

// TestT48KilledWhileTheCloudAnswers: the server dies after it wrote what it
// authorises and before it had it, whether the account began a session or not. The
// entry stands, nothing left, and a new fetch is a new session.
func TestT48KilledWhileTheCloudAnswers(t *testing.T) {
	t.Parallel()
	for _, how := range []awstest.How{awstest.Hangs, awstest.Lost} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			at := awstest.New(t)
			w := newTown(t, founding{aws: at, long: true})
			id := w.inAccount(t, "ann", 20*time.Minute)
			w.lease(t, id, "worked", "true")
			at.Break(awstest.Fault{Kind: "sts", Action: "AssumeRoleWithWebIdentity", How: how})
			before := len(at.Calls())
			w.typing(t, "ann", "credential", id.String(), "prod", "--aws-process")
			if err := until(patience, "the account to be asked", func() (bool, error) { return len(at.Calls()) > before, nil }); err != nil {
				t.Fatal(err)
			}
			if err := w.stopServer(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			at.Mend()
			if err := w.serve(); err != nil {
				t.Fatal(err)
			}
			if keys := w.keysOf(t, "ann", id); !keys.works(t, at) {
				t.Error("a new fetch gives nothing that works")
			}
			if err := until(3*patience, "that it was interrupted to be recorded", func() (bool, error) {
				out, err := w.as("sue", "status", id.String(), "--timeline")
				return strings.Contains(out, "interrupted") || strings.Contains(out, "server died"), err
			}); err != nil {
				t.Error(err)
			}
			ok[string](t)(w.as("sue", "evidence", id.String(), "-o", w.path("one.json")))
			if said := ok[string](t)(w.as("sue", "verify", w.path("one.json"), "--anchor", w.path("cell", "anchor.json"))); !strings.Contains(said, "VERIFIED") {
				t.Errorf("verify says:\n%s", said)
			}
		})
	}
}

// TestT61TokensAndKeysStayInside (T61, T71) runs an emergency at an account with
// everything logged, and with the account failing, and then looks for every token
// that was sent to AWS and everything that AWS gave, in every file that came of it
// and in all that commands printed. Keys may be where the responder had them written.
func TestT61TokensAndKeysStayInside(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := foundTown(t, founding{aws: at})
	w.serveAs = []string{"--log", "debug"}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	look := lookAround(t, w)
	id := w.inAccount(t, "ann", 20*time.Minute)
	var transcript strings.Builder
	do := func(person string, args ...string) {
		out, err := exec.Command(w.path("bin", person), args...).CombinedOutput()
		fmt.Fprintf(&transcript, "%s %s: %v\n%s\n", person, args[0], err, out)
	}
	w.lease(t, id, "worked", "true")
	for _, how := range []awstest.How{awstest.Down, awstest.Lost, "InvalidIdentityToken", "AccessDenied", "IDPCommunicationError"} {
		at.Break(awstest.Fault{Kind: "sts", How: how})
		do("ann", "credential", id.String(), "prod", "--aws-process")
		at.Mend()
	}
	ok[string](t)(w.as("ann", "credential", id.String(), "prod", "--output", w.path("written")))
	do("ann", "exec", id.String(), "prod", "--", "true")
	ok[string](t)(w.as("ann", "console", id.String(), "prod"))
	do("sue", "stop", id.String(), "--why", "enough")
	w.lease(t, id, "state", "closed")
	for _, args := range [][]string{{"status", id.String(), "--timeline"}, {"status", id.String(), "--json"}, {"findings", "--json"}, {"ledger", "tail", "-n", "100", "--json"}} {
		do("sue", args...)
	}
	do("sue", "evidence", "--all", "-o", w.path("evidence"))
	if err := os.WriteFile(w.path("transcript"), []byte(transcript.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	look.end(t)
	gather(t, w)
	var tokens, keys canary
	tokens.name, keys.name, keys.may = "web token", "what AWS gave", []string{"written"}
	for _, call := range at.Calls() {
		if _, rest, ok := strings.Cut(call.Body, "WebIdentityToken="); ok {
			token, _, _ := strings.Cut(rest, "&")
			tokens.needles = append(tokens.needles, []byte(token), []byte(token[strings.LastIndexByte(token, '.')+1:]))
		}
	}
	for _, s := range at.Sessions() {
		keys.needles = append(keys.needles, []byte(s.Secret), []byte(s.Token))
	}
	if len(tokens.needles) < 8 || len(keys.needles) < 8 {
		t.Fatalf("%d tokens and %d keys to look for", len(tokens.needles), len(keys.needles))
	}
	private := ok[[]string](t)(filepath.Glob(w.path("cell", "keys", "issuer-*.pem")))
	issuerKey := canary{"token key", pemLines(t, private[0]), []string{"cell/keys/issuer-*.pem"}}
	issuerKey.search(t, w)
	keys.search(t, w)
	tokens.nowhere(t, w)
}

// nowhere is search for what may be nowhere at all.
func (c canary) nowhere(t *testing.T, w *town) {
	t.Helper()
	marker := w.path("marker")
	if err := os.WriteFile(marker, c.needles[0], 0o600); err != nil { // search itself must be able to find
		t.Fatal(err)
	}
	c.may = append(c.may, "marker")
	if found := c.search(t, w); found != 1 {
		t.Errorf("%s was found at %d places, want the marker alone", c.name, found)
	}
}

// TestForeignProgramsFindTheirKeys: AWS's own command line finds what exec lends,
// and fetches by a profile that credential wrote, and nothing else of a person's.
func TestForeignProgramsFindTheirKeys(t *testing.T) {
	t.Parallel()
	foreign := mototest.Program(t, "aws")
	at := awstest.New(t)
	w := newTown(t, founding{aws: at})
	id := w.inAccount(t, "ann", 20*time.Minute)
	url := strings.NewReplacer("{region}", "eu-west-1", "{service}", "rds").Replace(at.Endpoints()["probe"])
	read := []string{foreign, "rds", "describe-db-instances", "--endpoint-url", url}
	before := len(at.Sessions())
	ok[string](t)(w.as("ann", append([]string{"exec", id.String(), "prod", "--"}, read...)...))
	ok[string](t)(w.as("ann", append([]string{"exec", id.String(), "prod", "--env", "--"}, read...)...))
	config := w.path("people", "ann", "config")
	ok[string](t)(w.as("ann", "credential", id.String(), "prod", "--aws-profile", "emergency", "--output", config))
	for range 2 {
		by := exec.Command(read[0], append(read[1:], "--profile", "emergency")...)
		by.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.path("people", "ann"), "AWS_CONFIG_FILE=" + config, "HALLIGAN_STATE=" + w.path("people", "ann", "state")}
		ok[string](t)(output(by))
	}
	names := map[string]bool{}
	for _, s := range at.Sessions()[before:] {
		names[s.Name] = true
	}
	if len(names) < 3 {
		t.Errorf("sessions %v, want one of each way", names)
	}
	reads := 0
	for _, call := range at.Calls() {
		if call.Kind == "probe" && strings.HasPrefix(call.By, "hg-"+id.Short()) && !strings.HasSuffix(call.By, "-twin") {
			reads++
		}
	}
	if reads < 4 {
		t.Errorf("%d reads by sessions of the request, want 4", reads)
	}
}

// TestAccountWithoutItsKey: a server that lacks the key for tokens starts, says so to
// whoever asks what is wrong, and opens nothing at the account.
func TestAccountWithoutItsKey(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := foundTown(t, founding{aws: at})
	key := ok[[]string](t)(filepath.Glob(w.path("cell", "keys", "issuer-*.pem")))[0]
	if err := os.Rename(key, key+".away"); err != nil {
		t.Fatal(err)
	}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	found := ok[string](t)(w.as("sam", "findings", "--json"))
	if !strings.Contains(found, `"not-ready"`) || !strings.Contains(found, "not in the server's keys folder") {
		t.Errorf("findings: %s", found)
	}
	id := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(w.ask("ann", 20*time.Minute, "prod"))))
	for _, approver := range []string{"sam", "lea"} {
		ok[string](t)(w.as(approver, "approve", id.String(), "--check", "call-back", "--yes"))
	}
	w.lease(t, id, "trouble", "unready")
	if len(at.Calls()) != 0 {
		t.Errorf("AWS was asked %d times", len(at.Calls()))
	}
	if err := errors.Join(w.stopServer(syscall.SIGINT), os.Rename(key+".away", key), w.serve()); err != nil {
		t.Fatal(err)
	}
	w.lease(t, id, "state", "open")
	if found = ok[string](t)(w.as("sam", "findings", "--json")); strings.Contains(found, `"not-ready"`) {
		t.Errorf("findings: %s", found)
	}
}

// TestAccountEndsWhatOutlivesASession: a session of Systems Manager goes on when the
// keys that began it are over. It is ended with the grant, and the lease is closed only
// when the account lists none any more; another person's goes on.
func TestAccountEndsWhatOutlivesASession(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at, outlives: true})
	anns, bobs := w.inAccount(t, "ann", 20*time.Minute), w.inAccount(t, "bob", 20*time.Minute)
	for person, id := range map[string]canon.Digest{"ann": anns, "bob": bobs} {
		if keys := w.keysOf(t, person, id); !keys.works(t, at) {
			t.Errorf("%s's keys do not open the account", person)
		}
		for _, s := range at.Sessions() {
			if s.Source == "hg-"+id.Short() && !strings.HasSuffix(s.Name, "-twin") {
				at.Visit("eu-west-1", emergencyRole, s.Name)
			}
		}
	}
	if n := len(at.Visits()); n != 2 {
		t.Fatalf("%d sessions go on, want 2", n)
	}
	w.lease(t, anns, "worked", "true")
	at.Break(awstest.Fault{Kind: "ssm", How: awstest.Down})
	ok[string](t)(w.as("sue", "stop", anns.String(), "--why", "enough"))
	w.lease(t, anns, "proofs.0.kind", "refused")
	if got := status(t, w, anns, "leases.0.state")[0]; got != "closing" {
		t.Errorf("while nothing is listed the lease is %s", got)
	}
	at.Mend()
	w.lease(t, anns, "state", "closed")
	if got := status(t, w, anns, "leases.0.proofs.1.kind")[0]; got != "ended" {
		t.Errorf("the second proof is %q", got)
	}
	if left := at.Visits(); len(left) != 1 || !strings.Contains(left[0].Owner, "hg-"+bobs.Short()) {
		t.Errorf("what goes on: %+v", left)
	}
}
