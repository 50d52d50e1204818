package cli_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/cli"
	"github.com/halligan-dev/halligan/internal/statement"
)

// granted is a desk of ann's with a request that the server calls granted.
func granted(t *testing.T) (l *liar, d *desk, id canon.Digest) {
	t.Helper()
	c := newSignedCell(t)
	l = newLiar(t, c)
	d = l.desk(t, "ann")
	if code, _, errOut := d.run("request", "database-locked-out", "--why", "x", "--only", "db-1"); code != 0 {
		t.Fatal(errOut)
	}
	id = l.taken()[0].Digest
	l.says(id, "granted")
	keys := must(d.keys(id, c))
	l.mint = func(statement.Statement) map[string]any { return minted(t, keys.Private().Public(), nil) }
	return l, d, id
}

// says makes the server call a request granted or ended.
func (l *liar) says(id canon.Digest, state string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	shown := map[string]any{
		"id": id, "short": id.Short(), "scenario": "database-locked-out", "state": state, "targets": []string{"db-1"}, "last": 4,
		"grant": map[string]any{"from": canon.At(time.Now()), "until": canon.At(time.Now().Add(time.Hour)), "remaining": 3600, "targets": []string{"db-1"}, "by": []string{"sam", "lea"}},
	}
	if state == "ended" {
		shown["end"] = map[string]any{"at": canon.At(time.Now()), "why": "stopped", "by": "sue", "text": "it was stopped by sue"}
		shown["last"] = 5
	}
	l.answers["requests/"+id.String()], l.answers["requests/"+id.String()[:10]] = shown, shown
}

// minted is a credential over a key, as the cell's authority makes it, unless
// changed before it is signed.
func minted(t *testing.T, key any, change func(*ssh.Certificate) ssh.Signer) map[string]any {
	t.Helper()
	now := canon.At(time.Now().Truncate(time.Second))
	cert := &ssh.Certificate{
		Key: must(ssh.NewPublicKey(key)), Serial: 77, CertType: ssh.UserCert, KeyId: "halligan:x:db-1", ValidPrincipals: []string{"emergency-dba"},
		ValidAfter: uint64(now.Std().Unix()), ValidBefore: uint64(now.Std().Unix() + 300),
	}
	authority := must(ssh.NewSignerFromKey(celltest.Key("authority")))
	if change != nil {
		if other := change(cert); other != nil {
			authority = other
		}
	}
	if err := cert.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	return map[string]any{
		"target": "db-1", "certificate": strings.TrimSpace(string(ssh.MarshalAuthorizedKey(cert))), "key_id": cert.KeyId,
		"serial": access.SerialText(77), "after": now, "before": now.Add(300 * time.Second),
	}
}

func TestCredentialRefusesAnotherCertificate(t *testing.T) {
	l, d, id := granted(t)
	keys := must(d.keys(id, l.cell)).Private().Public()
	for name, change := range map[string]func(*ssh.Certificate) ssh.Signer{
		"another authority": func(*ssh.Certificate) ssh.Signer { return must(ssh.NewSignerFromKey(celltest.Key("eve"))) },
		"another key": func(c *ssh.Certificate) ssh.Signer {
			c.Key = must(ssh.NewPublicKey(celltest.Key("eve").Public()))
			return nil
		},
		"a host's":          func(c *ssh.Certificate) ssh.Signer { c.CertType = ssh.HostCert; return nil },
		"another principal": func(c *ssh.Certificate) ssh.Signer { c.ValidPrincipals = []string{"root"}; return nil },
		"no principal":      func(c *ssh.Certificate) ssh.Signer { c.ValidPrincipals = nil; return nil },
		"a longer life":     func(c *ssh.Certificate) ssh.Signer { c.ValidBefore += 3600; return nil },
		"another serial":    func(c *ssh.Certificate) ssh.Signer { c.Serial++; return nil },
		"an unknown command": func(c *ssh.Certificate) ssh.Signer {
			c.CriticalOptions = map[string]string{"verify-required": ""}
			return nil
		},
	} {
		l.mint = func(statement.Statement) map[string]any { return minted(t, keys, change) }
		if code, out, errOut := d.run("credential", id.String()[:10], "--print"); code != 6 || out != "" {
			t.Errorf("%s: code %d, %q %q", name, code, out, errOut)
		}
	}
}

func TestCredentialWhereItIsWanted(t *testing.T) {
	l, d, id := granted(t)
	code, out, errOut := d.run("credential", id.String()[:10], "--print")
	if code != 0 || !strings.HasPrefix(out, "ssh-ed25519-cert-v01@openssh.com ") {
		t.Errorf("code %d, %q %q", code, out, errOut)
	}
	file := filepath.Join(d.folder, "emergency")
	for range 2 { // again is renewal
		if code, out, errOut = d.run("credential", id.String(), "db-1", "--output", file); code != 0 || !strings.Contains(out, "root@db-1.example.com") {
			t.Fatalf("code %d, %q %q", code, out, errOut)
		}
	}
	for _, name := range []string{file, file + "-cert.pub", file + "-known_hosts"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if hosts := string(must(os.ReadFile(file + "-known_hosts"))); hosts != "db-1.example.com "+celltest.Line("db-1").Line+"\n" {
		t.Errorf("known hosts %q", hosts)
	}
	d.write("taken", []byte("something else"))
	if code, _, errOut = d.run("credential", id.String(), "--output", filepath.Join(d.folder, "taken")); code != 2 {
		t.Errorf("it wrote over another file: code %d, %s", code, errOut)
	}
	keys := listen(t)
	code, out, errOut = d.run("credential", id.String(), "--json")
	held := must(keys.List())
	if code != 0 || len(held) != 1 || held[0].Format != "ssh-ed25519-cert-v01@openssh.com" {
		t.Errorf("code %d, %d keys in the agent, %s%s", code, len(held), out, errOut)
	}
	for _, s := range l.taken()[1:] {
		if s.Body.Kind() != statement.KindFetch {
			t.Errorf("sent a %s", s.Body.Kind())
		}
	}
	if code, _, errOut = d.run("credential", id.String(), "db-9"); code != 4 {
		t.Errorf("another target: code %d, %s", code, errOut)
	}
	if code, _, errOut = l.desk(t, "ann").run("credential", id.String(), "--print"); code != 4 || !strings.Contains(errOut, "halligan stop") {
		t.Errorf("another machine: code %d, %s", code, errOut)
	}
}

// listen runs an ssh-agent for the test.
func listen(t *testing.T) agent.Agent {
	t.Helper()
	keys := agent.NewKeyring()
	socket := filepath.Join(t.TempDir(), "agent")
	l := must(net.Listen("unix", socket))
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(keys, conn) }()
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	return keys
}

func TestExecPassesTheExitCodeOn(t *testing.T) {
	_, d, id := granted(t)
	code, out, errOut := d.run("exec", id.String()[:10], "db-1", "--", "sh", "-c", `test -S "$SSH_AUTH_SOCK" && cat "$HALLIGAN_KNOWN_HOSTS" && echo "$HALLIGAN_USER@$HALLIGAN_HOST:$HALLIGAN_PORT $0" && exit 7`, "--json")
	if code != 7 || !strings.Contains(out, "root@db-1.example.com:22 --json") || !strings.Contains(out, celltest.Line("db-1").Line) {
		t.Errorf("code %d, %q %q", code, out, errOut)
	}
	if code, _, errOut = d.run("exec", id.String(), "--", "/no/such/program"); code != 2 {
		t.Errorf("code %d, %q", code, errOut)
	}
	if code, _, _ = d.run("exec", id.String(), "--", "sh", "-c", "kill -9 $$"); code != 137 {
		t.Errorf("killed: code %d", code)
	}
}

// onFirst does something when the first byte comes.
type onFirst struct {
	once sync.Once
	do   func()
}

func (o *onFirst) Write(p []byte) (int, error) {
	o.once.Do(o.do)
	return len(p), nil
}

// TestExecEndsWithTheGrant stops the grant while the command runs.
func TestExecEndsWithTheGrant(t *testing.T) {
	l, d, id := granted(t)
	d.run("version") // sets the environment
	out := &onFirst{do: func() { l.says(id, "ended") }}
	var errOut bytes.Buffer
	began := time.Now()
	code := cli.Run(context.Background(), []string{"exec", id.String(), "--", "sh", "-c", "echo started; exec sleep 120"},
		cli.Streams{In: strings.NewReader(""), Out: out, Err: &errOut})
	if code != 8 || !strings.Contains(errOut.String(), "stopped by sue") || time.Since(began) > time.Minute {
		t.Errorf("code %d after %s: %s", code, time.Since(began), errOut.String())
	}
}
