package ssh_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// TestOpenSSH: a real sshd is asked about leases of which some are on the
// revocation list, as it comes and as people harden it; where it takes four keys
// and the control, no login fails.
func TestOpenSSH(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real sshd: left out by -short")
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: sshd of others lets nobody in")
	}
	if _, err := exec.LookPath("/usr/sbin/sshd"); err != nil {
		t.Skip("/usr/sbin/sshd is missing (Debian: openssh-server)")
	}
	for _, c := range []struct {
		tries  int // MaxAuthTries; 0: what it comes with
		fails  bool
		logins int64
	}{{0, false, 3}, {5, false, 3}, {4, true, 0}, {2, true, 0}, {1, true, 0}} {
		t.Run(fmt.Sprint(c.tries), func(t *testing.T) {
			p, ca := newProbe(t)
			var leases []provider.Lease
			var revoked []string
			var want []access.Round
			for i := range 9 {
				id := fmt.Sprintf("halligan:%02d:db-1", i)
				round := accepted
				if i < 8 { // two logins of four, and one that is taken
					revoked, round = append(revoked, id), refused
				}
				leases, want = append(leases, provider.Lease{KeyID: id, Target: "db-1", User: "root", Principals: []string{"root"}, Until: canon.At(time.Now().Add(time.Hour))}), append(want, round)
			}
			address, log, pid := sshd(t, ca.PublicKey(), revoked, c.tries)
			for i := range leases {
				leases[i].Host = provider.Host{ID: "db-1", Address: address, Keys: []string{celltest.Line("db-1").Line}}
			}
			n := counted(p, 1000)
			if got := p.Probe(context.Background(), leases); !slices.Equal(got, want) {
				t.Errorf("%+v, want %+v", got, want)
			}
			if c.logins > 0 && n.Load() != c.logins+1 { // the control after the one that was taken
				t.Errorf("%d connections, want %d", n.Load(), c.logins+1)
			}
			for limit := time.Now().Add(longest); children(t, pid) > 0; time.Sleep(20 * time.Millisecond) { // each has a connection, and says what became of it
				if time.Now().After(limit) {
					t.Fatal("connections go on")
				}
			}
			said, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			if failed := bytes.Contains(said, []byte("authenticating user")); failed != c.fails {
				t.Errorf("a login failed: %v, want %v", failed, c.fails)
			}
			if t.Failed() {
				t.Logf("%s", said)
			}
		})
	}
}

// longest is how long anything may take that is not a matter of its own time.
const longest = time.Minute

// children are the processes that a process has begun and that are not over.
func children(t *testing.T, of int) (n int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(all) == 0 {
		t.Fatalf("%d processes: %v", len(all), err)
	}
	for _, each := range all {
		data, err := os.ReadFile(each)
		if err != nil {
			continue // it is over
		}
		_, rest, _ := bytes.Cut(data[bytes.LastIndexByte(data, ')')+1:], []byte(" "))
		if fields := bytes.Fields(rest); len(fields) > 1 && string(fields[1]) == strconv.Itoa(of) {
			n++
		}
	}
	return n
}

// sshd starts one that knows an authority and refuses key ids.
func sshd(t *testing.T, authority []byte, revoked []string, tries int) (address, log string, pid int) {
	t.Helper()
	folder := t.TempDir()
	list := revocation.List{Origin: celltest.Origin, Number: 1, At: time.Now().UTC().Truncate(time.Millisecond), KeyIDs: revoked}
	ca, err := ssh.ParsePublicKey(authority)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(celltest.Key("db-1"), "")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("ListenAddress 127.0.0.1\nHostKey %s/host\nPidFile none\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nTrustedUserCAKeys %s/ca\nRevokedKeys %s/krl\nLogLevel VERBOSE\nStrictModes no\n", folder, folder, folder)
	if tries > 0 {
		config += "MaxAuthTries " + strconv.Itoa(tries) + "\n"
	}
	for name, data := range map[string][]byte{
		"host": pem.EncodeToMemory(block), "ca": ssh.MarshalAuthorizedKey(ca), "krl": list.KRL(authority), "config": []byte(config),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	for try := range 10 { // a port may be somebody's by the time that sshd listens
		log = filepath.Join(folder, fmt.Sprint("log-", try))
		if address, pid = listens(t, filepath.Join(folder, "config"), log); address != "" {
			return address, log, pid
		}
	}
	said, _ := os.ReadFile(log)
	t.Fatalf("sshd does not listen:\n%s", said)
	return "", "", 0
}

// listens starts sshd at a free port and gives its address and process, once it listens
// there; "" if another does.
func listens(t *testing.T, config, log string) (address string, pid int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	listener.Close()
	_, port, _ := net.SplitHostPort(address)
	server := exec.Command("/usr/sbin/sshd", "-D", "-f", config, "-p", port, "-E", log)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { _ = server.Wait(); close(over) }()
	t.Cleanup(func() { _ = server.Process.Kill(); <-over })
	for limit := time.Now().Add(longest); time.Now().Before(limit); {
		if said, _ := os.ReadFile(log); bytes.Contains(said, []byte("Server listening on 127.0.0.1 port "+port+".")) {
			return address, server.Process.Pid
		}
		select {
		case <-over:
			return "", 0
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal("sshd does not listen, and goes on")
	return "", 0
}
