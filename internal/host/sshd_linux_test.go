package host_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/host"
)

// target is a real sshd on loopback that trusts an authority of its own and is
// kept by a real halligan-host, in a folder that root alone can change.
type target struct {
	t          *testing.T
	dir        string
	program    string
	configPath string
	config     *host.Config
	cell       *cell
	port       int
	serial     int
}

// newTarget starts sshd, or skips the test and says why.
func newTarget(t *testing.T) *target {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a real sshd: left out by -short")
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: sshd runs the command for principals only if root owns it")
	}
	for _, tool := range []string{"/usr/sbin/sshd", "ssh", "ssh-keygen", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing (Debian: openssh-server, openssh-client)", tool)
		}
	}
	dir, err := os.MkdirTemp("/var/lib", "halligan-host-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	tg := &target{t: t, dir: dir, program: filepath.Join(dir, "bin", "halligan-host"), configPath: filepath.Join(dir, "etc", "host.yaml")}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	tg.build()
	tg.cell = newCell(t)
	tg.install()
	tg.startSSHD()
	return tg
}

func (tg *target) path(parts ...string) string {
	return filepath.Join(append([]string{tg.dir}, parts...)...)
}

// built is halligan-host, of which each target has a copy of its own.
var built = filepath.Join(os.TempDir(), fmt.Sprintf("halligan-host-%d", os.Getpid()))

// buildOnce builds it.
var buildOnce = sync.OnceValue(func() error {
	cmd := exec.Command("go", "build", "-o", built, "github.com/halligan-dev/halligan/cmd/halligan-host")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	os.Remove(built)
	os.Exit(code)
}

// build copies the program by a process of its own: one that this process holds open
// for writing while another is started cannot be run.
func (tg *target) build() {
	tg.t.Helper()
	if err := buildOnce(); err != nil {
		tg.t.Fatal(err)
	}
	tg.must("install", "-D", "-m", "755", built, tg.program)
}

// install makes the keys and runs halligan-host init.
func (tg *target) install() {
	tg.t.Helper()
	for _, key := range []string{"ca", "hostkey", "id", "plain"} {
		tg.must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", tg.path(key))
	}
	authority, err := os.ReadFile(tg.path("ca.pub"))
	if err != nil {
		tg.t.Fatal(err)
	}
	tg.must(tg.program, "init", "--config", tg.configPath, "--origin", origin, "--host", hostName,
		"--server", tg.cell.server.URL, "--list-key", tg.cell.vkey, "--authority", strings.TrimSpace(string(authority)),
		"--dir", tg.path("state"), "--run-dir", tg.path("run"))
	if tg.config, err = host.LoadConfig(tg.configPath); err != nil {
		tg.t.Fatal(err)
	}
	if err := os.WriteFile(tg.config.Principals, []byte("# who\nroot: emergency-dba other\n"), 0o644); err != nil {
		tg.t.Fatal(err)
	}
	tg.cell.reportKey = reportKey(tg.t, tg.config)
}

func (tg *target) startSSHD() {
	t := tg.t
	t.Helper()
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(tg.path("plain.pub"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(tg.path("authorized_keys"), public, 0o600); err != nil {
		t.Fatal(err)
	}
	for tries := 0; !tg.listens(); tries++ { // a port may be somebody's by the time that sshd listens
		if log, _ := os.ReadFile(tg.path("log")); tries == 10 {
			t.Fatalf("sshd does not listen:\n%s", log)
		}
	}
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(tg.path("log"))
			t.Logf("sshd says:\n%s", log[max(0, len(log)-6000):])
		}
	})
}

// listens starts sshd at a free port, and tells whether it is that which listens there.
func (tg *target) listens() bool {
	t := tg.t
	t.Helper()
	tg.port = freePort(t)
	// SHLVL keeps bash from reading root's .bashrc, whatever may be in it, and
	// from being killed in the middle of that.
	config := fmt.Sprintf(`Port %d
ListenAddress 127.0.0.1
HostKey %s
PidFile none
UsePAM no
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile %s
LogLevel VERBOSE
SetEnv SHLVL=2
`, tg.port, tg.path("hostkey"), tg.path("authorized_keys")) + host.SSHDConfig(tg.config, tg.configPath, tg.program)
	if err := os.WriteFile(tg.path("sshd_config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	tg.must("/usr/sbin/sshd", "-t", "-f", tg.path("sshd_config"))
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-f", tg.path("sshd_config"), "-E", tg.path("log"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { cmd.Wait(); close(over) }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-over
	})
	begun := fmt.Sprintf("Server listening on 127.0.0.1 port %d.", tg.port)
	listens := false
	poll(t, "sshd to listen", func() bool {
		log, _ := os.ReadFile(tg.path("log"))
		listens = strings.Contains(string(log), begun)
		select {
		case <-over:
			return true
		default:
			return listens
		}
	})
	return listens
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// poll waits for something that another process does and nobody announces.
func poll(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(longest)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (tg *target) must(name string, args ...string) string {
	tg.t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		tg.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// certificate signs one with a new serial for that key id and returns its file.
func (tg *target) certificate(keyID string) string {
	tg.t.Helper()
	tg.serial++
	tg.must("ssh-keygen", "-q", "-s", tg.path("ca"), "-I", keyID, "-n", "emergency-dba",
		"-z", strconv.Itoa(tg.serial), "-V", "-1m:+5m", tg.path("id.pub"))
	file := tg.path(fmt.Sprintf("cert-%d.pub", tg.serial))
	if err := os.Rename(tg.path("id-cert.pub"), file); err != nil {
		tg.t.Fatal(err)
	}
	return file
}

// ssh returns a command that logs in as root, with a certificate or, if that is
// empty, with the plain key.
func (tg *target) ssh(certificate string, command string) *exec.Cmd {
	args := []string{"-F", "none", "-p", strconv.Itoa(tg.port), "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"}
	if certificate == "" {
		args = append(args, "-i", tg.path("plain"))
	} else {
		args = append(args, "-i", tg.path("id"), "-o", "CertificateFile="+certificate)
	}
	return exec.Command("ssh", append(args, "root@127.0.0.1", command)...)
}

func (tg *target) accepts(certificate string) bool {
	out, err := tg.ssh(certificate, "echo in").CombinedOutput()
	return err == nil && string(out) == "in\n"
}

// session starts a command over ssh and waits for its first line, which it
// returns. The channel is closed when the connection is over.
func (tg *target) session(keyID, command string) (string, <-chan struct{}) {
	t := tg.t
	t.Helper()
	cmd := tg.ssh(tg.certificate(keyID), command)
	first := &firstLine{line: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = first, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() { cmd.Wait(); close(over) }()
	t.Cleanup(func() { cmd.Process.Kill(); <-over })
	select {
	case line := <-first.line:
		return line, over
	case <-over:
		t.Fatalf("session of %s ended at once", keyID)
	case <-time.After(longest):
		t.Fatalf("session of %s says nothing", keyID)
	}
	return "", nil
}

// firstLine hands on the first line that is written to it.
type firstLine struct {
	buf  bytes.Buffer
	line chan string
	sent bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	f.buf.Write(p)
	if line, _, ok := strings.Cut(f.buf.String(), "\n"); ok && !f.sent {
		f.sent = true
		f.line <- line
	}
	return len(p), nil
}

func gone(pid string) bool {
	data, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return true
	}
	return bytes.Contains(data[bytes.LastIndexByte(data, ')'):], []byte(") Z "))
}
