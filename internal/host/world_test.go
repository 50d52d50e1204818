package host_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/host"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// world is a made-up machine: a folder that looks like /proc, and a host whose
// files lie in a temporary folder.
type world struct {
	t      *testing.T
	proc   string
	config *host.Config
	path   string // of the configuration
	net    *wire
	vkey   string
	sent   []string // signals, "pid NAME"
	stays  map[int]bool
	mu     sync.Mutex
}

const listener = 100 // the sshd that listens

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, proc: filepath.Join(dir, "proc"), path: filepath.Join(dir, "etc", "host.yaml"), stays: map[int]bool{}}
	w.put("sys/kernel/random/boot_id", "boot-1\n")
	w.put("uptime", "5000.25 9000.00\n")
	w.process(1, 0, 1, 1, "systemd", "")
	w.process(listener, 1, listener, 50, "sshd", "")
	signer, vkey := newListKey(t)
	w.net = &wire{t: t, signer: signer, list: revocation.Empty(origin)}
	w.vkey = vkey
	_, authority, err := issuer.GenerateSSH(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w.config = &host.Config{
		Origin: origin, Host: hostName, Servers: []string{"https://" + origin}, ListKey: vkey,
		Authorities: []string{authority}, ReportKey: filepath.Join(dir, "etc", "report.key"),
		KRL: filepath.Join(dir, "state", "revoked.krl"), Principals: filepath.Join(dir, "etc", "principals"),
		Run: filepath.Join(dir, "run"),
	}
	var said bytes.Buffer
	if err := host.Setup(w.config, w.path, rand.Reader, &said); err != nil {
		t.Fatal(err)
	}
	if w.config, err = host.LoadConfig(w.path); err != nil {
		t.Fatal(err)
	}
	if key, _ := ssh.ParsePublicKey(reportKey(t, w.config)); !strings.Contains(said.String(), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))) {
		t.Errorf("init does not show the report key:\n%s", said.String())
	}
	if err := os.WriteFile(w.config.Principals, []byte("root: emergency-dba\nweb: a b # two\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) put(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.proc, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// process adds a process, or moves one, with an environment.
func (w *world) process(pid, parent, session, start int, name string, env ...string) {
	w.t.Helper()
	dir := strconv.Itoa(pid)
	w.put(dir+"/stat", fmt.Sprintf("%d (%s) S %d %d %d 0 -1 4194560 1 1 1 1 1 1 1 1 20 0 1 0 %d 1 1\n", pid, name, parent, pid, session, start))
	w.put(dir+"/environ", strings.Join(env, "\x00")+"\x00")
	w.put(dir+"/sessionid", "4294967295\n")
	w.put(dir+"/cgroup", "0::/system.slice/ssh.service\n")
}

func (w *world) exit(pid int) {
	if err := os.RemoveAll(filepath.Join(w.proc, strconv.Itoa(pid))); err != nil {
		w.t.Error(err)
	}
}

func (w *world) gone(pid int) bool {
	_, err := os.Stat(filepath.Join(w.proc, strconv.Itoa(pid)))
	return err != nil
}

func (w *world) options(parent int) host.Options {
	return host.Options{Proc: w.proc, Parent: parent, Self: 99, Signal: w.signal, Transport: w.net}
}

// signal ends the process, unless it stays; its children go to process 1.
func (w *world) signal(pid int, start uint64, sig syscall.Signal) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, fmt.Sprintf("%d %d", pid, sig))
	stat, err := os.ReadFile(filepath.Join(w.proc, strconv.Itoa(pid), "stat"))
	if err != nil {
		return nil
	}
	if !strings.Contains(string(stat), fmt.Sprintf(" %d 1 1\n", start)) {
		w.t.Errorf("process %d was meant to have started at %d: %s", pid, start, stat)
	}
	if w.stays[pid] {
		return nil
	}
	w.exit(pid)
	entries, err := os.ReadDir(w.proc)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range entries {
		path := filepath.Join(w.proc, e.Name(), "stat")
		if text, err := os.ReadFile(path); err == nil {
			moved := strings.Replace(string(text), fmt.Sprintf(") S %d ", pid), ") S 1 ", 1)
			if err := os.WriteFile(path, []byte(moved), 0o644); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return nil
}

// login adds sshd's process for a connection and admits the key id there.
func (w *world) login(sshd, start int, keyID string) {
	w.t.Helper()
	w.process(sshd, listener, sshd, start, "sshd")
	w.connect(sshd)
	got, err := host.Admit(w.config, host.Offer{User: "root", KeyID: keyID, Serial: "7"}, w.options(sshd))
	if err != nil || len(got) != 1 || got[0] != "emergency-dba" {
		w.t.Fatalf("%s is not admitted: %q, %v", keyID, got, err)
	}
}

// connect gives a process of sshd a socket from 192.0.2.1, port = process id.
func (w *world) connect(sshd int) {
	w.t.Helper()
	dir := strconv.Itoa(sshd)
	w.put(dir+"/net/tcp", "  sl  local_address rem_address   st\n"+
		"   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9001 1\n"+
		fmt.Sprintf("   1: 050200C0:0016 010200C0:%04X 01 00000000:00000000 02:000A0000 00000000     0        0 %d 2\n", sshd, 70000+sshd))
	if err := os.MkdirAll(filepath.Join(w.proc, dir, "fd"), 0o755); err != nil {
		w.t.Fatal(err)
	}
	for fd, to := range map[string]string{"0": "/dev/null", "2": "socket:[5]", "4": fmt.Sprintf("socket:[%d]", 70000+sshd)} {
		if err := os.Symlink(to, filepath.Join(w.proc, dir, "fd", fd)); err != nil {
			w.t.Fatal(err)
		}
	}
}

func connection(sshd int) string {
	return fmt.Sprintf("SSH_CONNECTION=192.0.2.1 %d 192.0.2.5 22", sshd)
}

func (w *world) host() *host.Host {
	w.t.Helper()
	h, err := host.New(w.config, w.options(0))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close() })
	return h
}

// wire is a network of one server, without any network.
type wire struct {
	t      *testing.T
	signer interface {
		Name() string
		KeyHash() uint32
		Sign([]byte) ([]byte, error)
	}
	mu      sync.Mutex
	list    revocation.List
	body    []byte // if set, served in place of list
	down    error
	hangs   bool // accepts requests and never answers
	refuse  int  // status of answers to reports
	fetched []time.Time
	reports []revocation.Report
	at      []time.Time
}

func (n *wire) revoke(ids ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list.Number, n.list.KeyIDs = n.list.Number+1, ids
}

func (n *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if n.hangs {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	answer := func(status int, body []byte) (*http.Response, error) {
		return &http.Response{StatusCode: status, Status: strconv.Itoa(status), Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
	}
	if r.Method == http.MethodGet {
		n.fetched = append(n.fetched, time.Now())
		if n.down != nil {
			return nil, n.down
		}
		if n.body != nil {
			return answer(http.StatusOK, n.body)
		}
		body, err := n.list.Sign(n.signer)
		if err != nil {
			n.t.Error(err)
		}
		return answer(http.StatusOK, body)
	}
	if n.down != nil {
		return nil, n.down
	}
	if n.refuse != 0 {
		return answer(n.refuse, nil)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		n.t.Error(err)
	}
	text, _, _ := strings.Cut(strings.TrimPrefix(string(body), `{"report":`), `,"signature":`)
	report, err := revocation.DecodeReport([]byte(text))
	if err != nil {
		n.t.Errorf("%v: %s", err, body)
	}
	n.reports, n.at = append(n.reports, report), append(n.at, time.Now())
	return answer(http.StatusNoContent, nil)
}
