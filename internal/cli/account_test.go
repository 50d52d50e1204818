package cli_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// lent is a desk of ann's with a granted request that opens an AWS account. What
// the account gives says how often it was asked.
type lent struct {
	*liar
	*desk
	id     canon.Digest
	asked  atomic.Int64
	change func(*client.Session) // what the account gives instead
	lasts  time.Duration
}

const lentSecret = "canary-secret-access-key-41c7"

func borrowed(t *testing.T) *lent {
	t.Helper()
	g, s := celltest.Genesis(), celltest.Scenario()
	celltest.WithAWS(&g, &s)
	l := &lent{liar: newLiar(t, signedCellOf(t, canon.At(time.Now().Add(-time.Minute)), g, s)), lasts: 15 * time.Minute}
	l.desk = l.liar.desk(t, "ann")
	if code, _, errOut := l.run("request", "database-locked-out", "--why", "x", "--only", "prod"); code != 0 {
		t.Fatal(errOut)
	}
	l.id = l.taken()[0].Digest
	l.shows("granted")
	keys := must(l.keys(l.id, l.cell))
	l.mint = func(s statement.Statement) map[string]any { return l.gives(t, keys, s.Body.(*statement.Fetch)) }
	return l
}

// shows makes the server call the request granted or ended.
func (l *lent) shows(state string) {
	l.says(l.id, state)
	l.mu.Lock()
	defer l.mu.Unlock()
	shown := l.answers["requests/"+l.id.String()].(map[string]any)
	shown["targets"] = []string{"prod"}
	shown["grant"].(map[string]any)["targets"] = []string{"prod"}
}

// gives is the credential of a fetch.
func (l *lent) gives(t *testing.T, keys *client.Holder, f *statement.Fetch) map[string]any {
	now := canon.At(time.Now().Truncate(time.Second))
	n := l.asked.Add(1)
	s := client.Session{
		Version: 1, AccessKeyID: "ASIA" + string(rune('0'+n)), SecretAccessKey: lentSecret, SessionToken: "token/+=",
		Expiration: now.Add(l.lasts).Std().Format(time.RFC3339),
	}
	if f.Console {
		s = client.Session{Version: 1, SignInURL: "https://signin.aws.amazon.com/federation?Action=login&SigninToken=canary-link", Expiration: s.Expiration}
	}
	if l.change != nil {
		l.change(&s)
	}
	sealed, err := seal.ToHolder(canon.MustEncode(s), must(keys.Public()).X25519)
	if err != nil {
		t.Error(err)
	}
	return map[string]any{
		"kind": "aws", "target": "prod", "sealed": sealed, "serial": "00000000000000a1", "after": now, "before": now.Add(l.lasts), "expires": now.Add(l.lasts),
	}
}

func TestCredentialOfAnAccount(t *testing.T) {
	l := borrowed(t)
	id := l.id.String()[:10]
	code, out, errOut := l.run("credential", id, "prod", "--aws-process")
	var process map[string]any
	if err := json.Unmarshal([]byte(out), &process); code != 0 || err != nil || process["Version"] != 1.0 || process["AccessKeyId"] != "ASIA1" || process["SecretAccessKey"] != lentSecret || len(process) != 5 {
		t.Fatalf("code %d, %s%s", code, out, errOut)
	}
	if strings.Contains(errOut, "canary") {
		t.Errorf("stderr: %s", errOut)
	}
	code, out, _ = l.run("credential", id, "--env")
	if code != 0 || !strings.Contains(out, "export AWS_ACCESS_KEY_ID=ASIA2\n") || !strings.Contains(out, "export AWS_REGION=eu-west-1\n") {
		t.Errorf("code %d, %s", code, out)
	}
	file := filepath.Join(l.folder, "session.json")
	if code, out, errOut = l.run("credential", id, "--output", file); code != 0 || strings.Contains(out, "canary") {
		t.Errorf("code %d, %s%s", code, out, errOut)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(string(must(os.ReadFile(file))), lentSecret) {
		t.Errorf("%v, %v", info, err)
	}
	if code, _, errOut = l.run("credential", id, "--output", file); code != 2 {
		t.Errorf("it wrote over a file: code %d, %s", code, errOut)
	}
	if code, out, _ = l.run("credential", id, "--json"); code != 0 || !strings.Contains(out, `"serial": "00000000000000a1"`) || !strings.Contains(out, lentSecret) {
		t.Errorf("code %d, %s", code, out)
	}
	for _, s := range l.taken()[1:] {
		if f, ok := s.Body.(*statement.Fetch); !ok || f.Target != "prod" || f.Console {
			t.Errorf("sent %+v", s.Body)
		}
	}
	asked := l.asked.Load()
	for _, args := range [][]string{{}, {"--print"}, {"--keep"}, {"--aws-profile", "p", "--env"}, {"--aws-process", "--env"}, {"--aws-profile", "a b"}} {
		if code, out, _ := l.run(append([]string{"credential", id, "prod"}, args...)...); code != 2 || strings.Contains(out, "canary") {
			t.Errorf("%q: code %d, %s", args, code, out)
		}
	}
	if l.asked.Load() != asked {
		t.Error("it fetched what it could not give")
	}
}

// TestFlagsOfAccountsAreOfAccounts: at a host they are refused before anything is
// fetched.
func TestFlagsOfAccountsAreOfAccounts(t *testing.T) {
	l, d, id := granted(t)
	sent := len(l.taken())
	for _, args := range [][]string{{"credential", "--aws-process"}, {"credential", "--env"}, {"credential", "--aws-profile", "p"}, {"exec", "--env"}, {"console"}} {
		args = slices.Insert(args, 1, id.String()[:10])
		if code, _, errOut := d.run(args...); code != 2 || !strings.Contains(errOut, "db-1 is no AWS account") {
			t.Errorf("%q: code %d, %s", args, code, errOut)
		}
	}
	if len(l.taken()) != sent {
		t.Error("it fetched")
	}
}

// TestKeptSessionsAreSealed: with --keep the second call fetches nothing, what lies
// on disk holds no key, and a session of which less than half is left is not used.
func TestKeptSessionsAreSealed(t *testing.T) {
	l := borrowed(t)
	call := func(want int64) {
		t.Helper()
		code, out, errOut := l.run("credential", l.id.String(), "prod", "--aws-process", "--keep")
		if code != 0 || !strings.Contains(out, lentSecret) {
			t.Fatalf("code %d, %s%s", code, out, errOut)
		}
		if got := l.asked.Load(); got != want {
			t.Errorf("the account was asked %d times, want %d", got, want)
		}
	}
	call(1)
	call(1)
	kept := must(filepath.Glob(filepath.Join(l.folder, "state", "*", "holders", "*.sealed")))
	if len(kept) != 1 {
		t.Fatalf("%d files are kept", len(kept))
	}
	data := must(os.ReadFile(kept[0]))
	if info := must(os.Stat(kept[0])); info.Mode().Perm() != 0o600 || bytes.Contains(data, []byte("canary")) || bytes.Contains(data, []byte("ASIA")) {
		t.Errorf("mode %o, %q", info.Mode().Perm(), data)
	}
	if err := os.WriteFile(kept[0], []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	call(2)
	l.lasts = 2 * time.Second
	if err := os.Remove(kept[0]); err != nil {
		t.Fatal(err)
	}
	call(3)
	time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(2 * time.Second)))
	call(4)
}

// TestALyingServerTypesAtNoShell: what a server seals is data, whatever it says.
func TestALyingServerTypesAtNoShell(t *testing.T) {
	l := borrowed(t)
	l.change = func(s *client.Session) { s.SessionToken = `';touch${IFS}` + l.folder + `/typed;'` }
	code, out, _ := l.run("credential", l.id.String(), "--env")
	if code != 0 {
		t.Fatalf("code %d", code)
	}
	l.write("lines", []byte(out))
	code, shown, errOut := l.run("exec", l.id.String(), "--", "sh", "-c", `. "$0" && printf %s "$AWS_SESSION_TOKEN"`, filepath.Join(l.folder, "lines"))
	if code != 0 || shown != `';touch${IFS}`+l.folder+`/typed;'` {
		t.Errorf("code %d, %q, %s", code, shown, errOut)
	}
	if _, err := os.Stat(filepath.Join(l.folder, "typed")); err == nil {
		t.Error("a server typed at the shell")
	}
	l.change = func(s *client.Session) { s.SessionToken = "x\nLD_PRELOAD=/tmp/x.so" }
	for _, args := range [][]string{{"credential", l.id.String(), "--aws-process"}, {"exec", l.id.String(), "--env", "--", "env"}} {
		if code, out, _ := l.run(args...); code != 6 || strings.Contains(out, "LD_PRELOAD") {
			t.Errorf("%q: code %d, %s", args, code, out)
		}
	}
	l.change = func(s *client.Session) {
		*s = client.Session{Version: 1, SignInURL: "https://example.com/", Expiration: s.Expiration}
	}
	if code, out, _ := l.run("credential", l.id.String(), "--aws-process"); code != 6 || out != "" {
		t.Errorf("a link in the place of keys: code %d, %s", code, out)
	}
}

func TestProfileFetchesByItself(t *testing.T) {
	l := borrowed(t)
	file := filepath.Join(l.folder, "config")
	l.write("config", []byte("[default]\nregion = us-east-1\n"))
	for range 2 { // again changes nothing
		if code, out, errOut := l.run("credential", l.id.String()[:10], "prod", "--aws-profile", "emergency", "--output", file); code != 0 {
			t.Fatalf("code %d, %s%s", code, out, errOut)
		}
	}
	text := string(must(os.ReadFile(file)))
	if !strings.HasPrefix(text, "[default]\nregion = us-east-1\n\n[profile emergency]\nregion = eu-west-1\ncredential_process = ") || strings.Count(text, "[profile") != 1 {
		t.Errorf("%s", text)
	}
	if !strings.Contains(text, " credential "+l.id.String()+" prod --aws-process --keep --profile ") {
		t.Errorf("%s", text)
	}
	if code, out, _ := l.run("credential", l.id.String(), "--aws-profile", "emergency"); code != 0 || !strings.HasPrefix(out, "[profile emergency]\n") {
		t.Errorf("code %d, %s", code, out)
	}
	l.write("config", []byte("[profile  emergency]\nregion = us-east-1\n"))
	if code, _, _ := l.run("credential", l.id.String(), "--aws-profile", "emergency", "--output", file); code != 2 {
		t.Errorf("it wrote beside another of that name: code %d", code)
	}
	if l.asked.Load() != 0 {
		t.Error("writing a profile fetched")
	}
}

// asks is a command that asks the counter as SDKs do.
const asks = `curl -s -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"`

// environmentOf is what a command finds in its environment.
func (l *lent) environmentOf(args ...string) map[string]string {
	l.t.Helper()
	code, out, errOut := l.run(append(append([]string{"exec", l.id.String()}, args...), "--", "env")...)
	if code != 0 {
		l.t.Fatalf("code %d, %s", code, errOut)
	}
	found := map[string]string{}
	for line := range strings.Lines(out) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		found[name] = value
	}
	return found
}

// TestExecLendsToOneCommand: none of a person's own ways to credentials reaches the
// command, and no key is in its environment unless that is asked for.
func TestExecLendsToOneCommand(t *testing.T) {
	l := borrowed(t)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAOWN", "AWS_SECRET_ACCESS_KEY": "own", "AWS_SESSION_TOKEN": "own", "AWS_PROFILE": "own", "AWS_CONFIG_FILE": "/own",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "/own", "AWS_ROLE_ARN": "own", "AWS_BEARER_TOKEN_BEDROCK": "own", "AWS_PAGER": "cat",
	} {
		t.Setenv(name, value)
	}
	found := l.environmentOf()
	for name, want := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_ROLE_ARN": "", "AWS_BEARER_TOKEN_BEDROCK": "", "AWS_PAGER": "cat", "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1",
	} {
		if found[name] != want {
			t.Errorf("%s is %q, want %q", name, found[name], want)
		}
	}
	if !strings.HasPrefix(found["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "http://127.0.0.1:") || len(found["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) != 64 {
		t.Errorf("%v", found)
	}
	if _, err := http.Get(found["AWS_CONTAINER_CREDENTIALS_FULL_URI"]); err == nil {
		t.Error("the counter answers after the command")
	}
	t.Setenv("AWS_REGION", "eu-central-1")
	if found = l.environmentOf("--env"); found["AWS_ACCESS_KEY_ID"] != "ASIA2" || found["AWS_SECRET_ACCESS_KEY"] != lentSecret || found["AWS_REGION"] != "eu-central-1" || found["AWS_CONTAINER_CREDENTIALS_FULL_URI"] != "" {
		t.Errorf("%v", found)
	}
	if code, _, _ := l.run("exec", l.id.String(), "--", "sh", "-c", "exit 7"); code != 7 {
		t.Errorf("code %d", code)
	}
}

// TestT61TheCounterIsAskedPastAProxy: a proxy of the person's is told neither the
// password nor the keys.
func TestT61TheCounterIsAskedPastAProxy(t *testing.T) {
	l := borrowed(t)
	told := make(chan string, 8)
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.RequestURI }))
	defer proxy.Close()
	for _, spared := range []string{"", "example.com", "*"} {
		t.Setenv("http_proxy", proxy.URL)
		t.Setenv("NO_PROXY", spared)
		t.Setenv("no_proxy", "")
		if code, out, errOut := l.run("exec", l.id.String(), "--", "sh", "-c", asks); code != 0 || !strings.Contains(out, lentSecret) {
			t.Errorf("NO_PROXY %q: code %d, %s", spared, code, errOut)
		}
		if got := l.environmentOf()["no_proxy"]; !strings.HasPrefix(got, spared) {
			t.Errorf("NO_PROXY %q became %q", spared, got)
		}
	}
	if len(told) > 0 {
		t.Errorf("the proxy was asked for %s", <-told)
	}
}

// TestTheCounterKnowsItsCommand: whoever lacks the password, or comes by another
// name as a page in a browser would, gets nothing.
func TestTheCounterKnowsItsCommand(t *testing.T) {
	l := borrowed(t)
	var ask http.Request
	ended := make(chan int, 1)
	out := &onFirst{do: func() {}}
	reader, writer := io.Pipe()
	l.run("version") // sets the environment
	go func() {
		ended <- cli.Run(context.Background(), []string{"exec", l.id.String(), "--", "sh", "-c",
			`echo "$AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_CONTAINER_AUTHORIZATION_TOKEN"; read line`},
			cli.Streams{In: reader, Out: io.MultiWriter(out, &lockedLine{to: func(line string) {
				address, password, _ := strings.Cut(strings.TrimSpace(line), " ")
				ask = *must(http.NewRequest(http.MethodGet, address, nil))
				ask.Header.Set("Authorization", password)
				defer func() { _ = writer.Close() }()
				l.askAll(&ask)
			}}), Err: io.Discard})
	}()
	if code := <-ended; code != 1 { // read fails at the end of the input
		t.Errorf("code %d", code)
	}
	if ask.URL == nil {
		t.Fatal("the command did not say where its counter is")
	}
}

// lockedLine gives the first line that is written to it.
type lockedLine struct {
	to   func(string)
	text []byte
}

func (l *lockedLine) Write(p []byte) (int, error) {
	l.text = append(l.text, p...)
	if i := bytes.IndexByte(l.text, '\n'); i >= 0 && l.to != nil {
		do := l.to
		l.to = nil
		do(string(l.text[:i]))
	}
	return len(p), nil
}

func (l *lent) askAll(right *http.Request) {
	for what, change := range map[string]func(*http.Request){
		"":                    func(*http.Request) {},
		"without a password":  func(r *http.Request) { r.Header.Del("Authorization") },
		"a wrong password":    func(r *http.Request) { r.Header.Set("Authorization", strings.Repeat("0", 64)) },
		"another path":        func(r *http.Request) { r.URL.Path = "/" },
		"another host's name": func(r *http.Request) { r.Host = "rebound.example.com" },
		"a write":             func(r *http.Request) { r.Method = http.MethodPost },
	} {
		ask := right.Clone(context.Background())
		change(ask)
		answer, err := http.DefaultClient.Do(ask)
		if err != nil {
			l.t.Error(err)
			continue
		}
		body := must(io.ReadAll(answer.Body))
		_ = answer.Body.Close()
		var got struct{ AccessKeyId, SecretAccessKey, Token, Expiration string }
		if what == "" {
			if err := json.Unmarshal(body, &got); err != nil || got.SecretAccessKey != lentSecret || got.Token != "token/+=" {
				l.t.Errorf("asked rightly: %d %s", answer.StatusCode, body)
			}
			continue
		}
		if answer.StatusCode < 400 || bytes.Contains(body, []byte("canary")) {
			l.t.Errorf("%s: %d %s", what, answer.StatusCode, body)
		}
	}
}

// TestExecRenews: the counter hands out the session that took the place of the first,
// and the one that took the place of that.
func TestExecRenews(t *testing.T) {
	l := borrowed(t)
	l.lasts = 3 * time.Second
	code, out, errOut := l.run("exec", l.id.String(), "--", "sh", "-c", `for i in $(seq 120); do case "$(`+asks+`)" in *ASIA1*|*ASIA2*) ;; *ASIA*) echo renewed; exit 0;; esac; sleep 0.5; done; exit 9`)
	if code != 0 || !strings.Contains(out, "renewed") {
		t.Errorf("code %d, %s%s", code, out, errOut)
	}
}

// TestExecOfAnAccountEndsWithTheGrant: the command is terminated, not hung up on,
// and killed when it does not go.
func TestExecOfAnAccountEndsWithTheGrant(t *testing.T) {
	for _, script := range []string{
		"trap 'exit 3' TERM; trap '' HUP; echo started; while :; do sleep 0.1; done",
		"trap '' TERM HUP; echo started; while :; do sleep 0.1; done",
	} {
		l := borrowed(t)
		l.run("version") // sets the environment
		out := &onFirst{do: func() { l.shows("ended") }}
		var errOut bytes.Buffer
		code := cli.Run(context.Background(), []string{"exec", l.id.String(), "--", "sh", "-c", script}, cli.Streams{In: strings.NewReader(""), Out: out, Err: &errOut})
		if code != 8 || !strings.Contains(errOut.String(), "stopped by sue") {
			t.Errorf("code %d: %s", code, errOut.String())
		}
	}
}

// TestUseOfAnAccount: nobody is told to log in by SSH where there is an account.
func TestUseOfAnAccount(t *testing.T) {
	r := view.Request{Short: "5f0c1a2b", Grant: &view.Grant{Targets: []string{"db-1", "prod"}}}
	text := cli.UseSheet(r, []view.Opening{
		{Target: "prod", Account: "main", Role: "EmergencyDatabase"},
		{Target: "db-1", Host: "db-1", Address: "db-1.example.com:22", User: "root"},
	})
	for _, want := range []string{"  halligan exec 5f0c1a2b prod -- aws …\n", "in account main, as EmergencyDatabase", "  halligan credential 5f0c1a2b db-1\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it has no %q:\n%s", want, text)
		}
	}
	if text = cli.UseSheet(r, []view.Opening{{Target: "prod", Account: "main"}}); strings.Contains(text, "ssh") {
		t.Errorf("it speaks of ssh:\n%s", text)
	}
}

func TestConsole(t *testing.T) {
	l := borrowed(t)
	code, out, errOut := l.run("console", l.id.String()[:10])
	if code != 0 || !strings.HasPrefix(out, "https://signin.aws.amazon.com/") || strings.Contains(errOut, "canary") {
		t.Fatalf("code %d, %s%s", code, out, errOut)
	}
	if f := l.taken()[1].Body.(*statement.Fetch); !f.Console {
		t.Errorf("sent %+v", f)
	}
	if code, out, _ = l.run("console", l.id.String(), "--json"); code != 0 || !strings.Contains(out, `"url": "https://signin.aws.amazon.com/`) {
		t.Errorf("code %d, %s", code, out)
	}
	l.change = func(s *client.Session) {
		*s = client.Session{Version: 1, AccessKeyID: "A", SecretAccessKey: lentSecret, SessionToken: "t", Expiration: s.Expiration}
	}
	if code, out, _ = l.run("console", l.id.String()); code != 6 || out != "" {
		t.Errorf("keys in the place of a link: code %d, %s", code, out)
	}
}

// TestConsoleOpensABrowser: the browser is given a page that only its owner can
// read, for no command line may hold the link; afterwards it is gone.
func TestConsoleOpensABrowser(t *testing.T) {
	l := borrowed(t)
	bin, seen := t.TempDir(), filepath.Join(l.folder, "seen")
	if err := syscall.Mkfifo(seen, 0o600); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n{ echo \"$@\"; stat -c %a \"$1\"; cat \"$1\"; } > " + seen + "\n"
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	l.run("version") // sets the environment
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	shown := make(chan string, 1)
	go func() {
		shown <- string(must(os.ReadFile(seen)))
		interrupt()
	}()
	var out, errOut bytes.Buffer
	code := cli.Run(ctx, []string{"console", l.id.String(), "--open"}, cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errOut})
	argv, rest, _ := strings.Cut(<-shown, "\n")
	if code != 130 || strings.Contains(out.String()+errOut.String()+argv, "canary-link") {
		t.Errorf("code %d, %s%s, argv %s", code, out.String(), errOut.String(), argv)
	}
	if !strings.HasPrefix(rest, "600\n") || !strings.Contains(rest, "SigninToken=canary-link") {
		t.Errorf("the browser was shown %s", rest)
	}
	if _, err := os.Stat(argv); err == nil {
		t.Errorf("%s is still there", argv)
	}
}
