package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/halligan-dev/halligan/internal/server"
)

const sshdPath = "/usr/sbin/sshd"

// noTarget says why a real SSH host cannot be had here; empty if it can.
func noTarget() string {
	if os.Geteuid() != 0 {
		return "needs root: sshd runs the command for principals only if root owns it"
	}
	for _, tool := range []string{sshdPath, "ssh"} {
		if _, err := exec.LookPath(tool); err != nil {
			return tool + " is missing (Debian: openssh-server, openssh-client)"
		}
	}
	return ""
}

// needTarget skips where a real SSH host cannot be had.
func needTarget(t *testing.T) {
	t.Helper()
	if why := noTarget(); why != "" {
		t.Skip(why)
	}
}

// target is a real SSH host on loopback: sshd and halligan-host, in a folder that
// root alone can change.
type target struct {
	dir     string
	address string
	report  string // public key
	logs    string
	sshd    *process
	keeper  *process
	inside  []*session
}

// newTarget installs halligan-host as people do, and writes an sshd_config.
func (w *town) newTarget(address, hostKey string) (*target, error) {
	dir, err := os.MkdirTemp("/var/lib", "halligan-e2e-")
	if err != nil {
		return nil, err
	}
	g := &target{dir: dir, address: address, logs: w.path("host")}
	// Copied by a process of its own: a program that this one holds open for writing
	// while another is started cannot be run.
	if _, err := output(exec.Command("cp", w.program("halligan-host"), g.path("halligan-host"))); err != nil {
		return g, err
	}
	if err := errors.Join(os.Chmod(dir, 0o755), os.MkdirAll("/run/sshd", 0o755)); err != nil {
		return g, err
	}
	pin, err := server.ServerKey(w.path("cell", "keys", "tls.crt"))
	if err != nil {
		return g, err
	}
	out, err := output(exec.Command(g.path("halligan-host"), "init", "--config", g.path("host.yaml"), "--origin", origin, "--host", "db1",
		"--server", "https://"+w.web, "--list-key", text(w.path("cell", "keys", "revocations.pub")),
		"--authority", text(w.path("cell", "keys", "ssh_authority.pub")), "--pin", pin, "--dir", g.path("state"), "--run-dir", g.path("run")))
	if err != nil {
		return g, err
	}
	trust := ""
	for lines := bufio.NewScanner(strings.NewReader(out)); lines.Scan(); {
		line := lines.Text()
		switch word, _, _ := strings.Cut(line, " "); word {
		case "ssh-ed25519":
			g.report = line
		case "TrustedUserCAKeys", "RevokedKeys", "AuthorizedPrincipalsCommand", "AuthorizedPrincipalsCommandUser":
			trust += line + "\n"
		}
	}
	// SHLVL keeps bash from reading root's .bashrc, whatever may be in it, and
	// from being killed in the middle of that.
	settings := fmt.Sprintf("ListenAddress %s\nHostKey %s\nPidFile none\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"+
		"KbdInteractiveAuthentication no\nAuthorizedKeysFile none\nMaxStartups 200\nLogLevel VERBOSE\nSetEnv SHLVL=2\n%s", address, hostKey, trust)
	return g, errors.Join(
		os.WriteFile(g.path("sshd_config"), []byte(settings), 0o600),
		os.WriteFile(g.path("principals"), []byte("root: emergency-dba\n"), 0o644),
	)
}

func (g *target) path(parts ...string) string {
	return filepath.Join(append([]string{g.dir}, parts...)...)
}

// text is what a file says; nothing if it cannot be read.
func text(path string) string {
	data, _ := os.ReadFile(path)
	return strings.TrimSpace(string(data))
}

// up connects the host: sshd listens, halligan-host works.
func (g *target) up() (err error) {
	if !g.sshd.running() {
		if g.sshd, err = start(filepath.Join(g.logs, "sshd.log"), exec.Command(sshdPath, "-D", "-e", "-f", g.path("sshd_config"))); err != nil {
			return err
		}
	}
	if !g.keeper.running() {
		if g.keeper, err = start(filepath.Join(g.logs, "host.log"), exec.Command(g.path("halligan-host"), "run", "--config", g.path("host.yaml"))); err != nil {
			return err
		}
	}
	return until(patience, "sshd to listen", func() (bool, error) { return answers(g.address), nil })
}

// down cuts the host off: nobody new comes in and nothing is heard of it. What
// runs there goes on.
func (g *target) down() error {
	return errors.Join(g.sshd.end(syscall.SIGKILL), g.keeper.end(syscall.SIGKILL))
}

func (g *target) close() error {
	for _, s := range g.inside {
		s.close()
	}
	return errors.Join(g.down(), os.RemoveAll(g.dir))
}

// ssh is a login with a credential that was fetched into a file.
func (g *target) ssh(file, command string) *exec.Cmd {
	host, port, _ := strings.Cut(g.address, ":")
	return exec.Command("ssh", "-F", "none", "-i", file, "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-o", "UserKnownHostsFile="+file+"-known_hosts",
		"-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-p", port, "root@"+host, command)
}

// accepts tells whether a credential opens the host; what it says if not must be
// the refusal, or this is an error. A host that is ending a lease may cut off a
// login before it has said so: then it is asked again.
func (g *target) accepts(file string) (in bool, err error) {
	err = until(patience, "the host to accept or refuse", func() (bool, error) {
		out, err := g.ssh(file, "echo in").CombinedOutput()
		in = err == nil && string(out) == "in\n"
		if in || strings.Contains(string(out), "Permission denied") {
			return true, nil
		}
		return len(out) > 0, fmt.Errorf("the login failed otherwise than by refusal: %w\n%s", err, out)
	})
	return in, err
}

// session is a login that goes on.
type session struct {
	cmd  *exec.Cmd
	pid  int // of the command at the host
	over chan struct{}
}

// session logs in and stays.
func (g *target) session(file string) (*session, error) {
	return g.sessionOf(file, "echo $$; exec sleep 600")
}

// sessionOf is session with a command, whose first line is a process number.
func (g *target) sessionOf(file, command string) (*session, error) {
	s := &session{cmd: g.ssh(file, command), over: make(chan struct{})}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var said strings.Builder
	s.cmd.Stderr = &said
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		s.pid, err = strconv.Atoi(strings.TrimSpace(line))
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.over)
	}()
	if err != nil {
		<-s.over
		return nil, fmt.Errorf("the session did not begin: %w: %s\nsshd says:\n%s\nhalligan-host says:\n%s", err, said.String(),
			text(filepath.Join(g.logs, "sshd.log")), text(filepath.Join(g.logs, "host.log")))
	}
	g.inside = append(g.inside, s)
	return s, nil
}

// alive tells whether the command runs at the host.
func (s *session) alive() bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(data), ") ")
	return !strings.HasPrefix(state, "Z")
}

// ended waits until the command and the connection are gone.
func (s *session) ended() error {
	return until(patience, "the session to end", func() (bool, error) {
		select {
		case <-s.over:
			return !s.alive(), nil
		default:
			return false, nil
		}
	})
}

func (s *session) close() {
	if s.alive() {
		_ = syscall.Kill(s.pid, syscall.SIGKILL)
	}
	_ = s.cmd.Process.Kill()
	<-s.over
}
