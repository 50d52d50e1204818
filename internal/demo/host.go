package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/server"
)

// sshd is a real SSH server on loopback that knows the cell.
type sshd struct {
	program string // halligan-host
	address string
	config  string // host.yaml
}

// sshdPaths are where sshd may be; it wants to be called by its whole path.
var sshdPaths = []string{"/usr/sbin/sshd", "/usr/local/sbin/sshd"}

// prepare finds out whether a real host can be had, makes its keys, and writes
// them into cell.yaml.
func (s *stage) prepare(ctx context.Context, address string) error {
	web, err := freePort()
	if err != nil {
		return err
	}
	s.url = "https://" + web
	daemon, why := "", ""
	for _, path := range sshdPaths {
		if _, err := os.Stat(path); err == nil {
			daemon = path
		}
	}
	program := filepath.Join(filepath.Dir(s.Program), "halligan-host")
	switch _, err := os.Stat(program); {
	case daemon == "":
		why = "sshd is not installed"
	case os.Geteuid() != 0:
		why = "only root can run an sshd that lets people in"
	case err != nil:
		why = "halligan-host is not beside " + s.Program
	}
	if why != "" {
		s.tell("db1", "%s: the host will be one that nobody can reach", why)
		return s.hostless()
	}
	if s.secure, err = os.MkdirTemp("/var/lib", "halligan-demo-"); err != nil {
		return err
	}
	if err := os.Chmod(s.secure, 0o755); err != nil {
		return err
	}
	s.sshd = &sshd{program: filepath.Join(s.secure, "halligan-host"), address: address, config: filepath.Join(s.secure, "host.yaml")}
	return s.installHost(ctx, program)
}

// hostless gives the cell a host that does not exist.
func (s *stage) hostless() error {
	for _, key := range []string{"hostkey", "report"} {
		if err := s.key("host", key); err != nil {
			return err
		}
	}
	hostKey, err := os.ReadFile(s.path("host", "hostkey.pub"))
	if err != nil {
		return err
	}
	report, err := os.ReadFile(s.path("host", "report.pub"))
	if err != nil {
		return err
	}
	return s.hostKeys(string(hostKey), string(report))
}

// installHost copies the host program to where sshd will run it, has it make
// its report key, and makes a host key.
func (s *stage) installHost(ctx context.Context, program string) error {
	data, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.sshd.program, data, 0o755); err != nil {
		return err
	}
	if err := s.key("host", "hostkey"); err != nil {
		return err
	}
	hostKey, err := os.ReadFile(s.path("host", "hostkey.pub"))
	if err != nil {
		return err
	}
	list, err := os.ReadFile(s.path("cell", "keys", "revocations.pub"))
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(s.path("cell", "keys", "ssh_authority.pub"))
	if err != nil {
		return err
	}
	pin, err := s.pin()
	if err != nil {
		return err
	}
	out, err := output(exec.CommandContext(ctx, s.sshd.program, "init", "--config", s.sshd.config, "--origin", "halligan.example.com",
		"--host", "db1", "--server", s.url, "--list-key", strings.TrimSpace(string(list)), "--authority", strings.TrimSpace(string(authority)),
		"--pin", pin, "--dir", filepath.Join(s.secure, "state"), "--run-dir", filepath.Join(s.secure, "run")))
	if err != nil {
		return err
	}
	report, config := readInit(string(out))
	if report == "" || config == "" {
		return errors.New("halligan-host init printed no report key or no sshd configuration")
	}
	settings := fmt.Sprintf("ListenAddress %s\nHostKey %s\nPidFile none\nUsePAM no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthorizedKeysFile none\nSetEnv SHLVL=2\n%s",
		s.sshd.address, s.path("host", "hostkey"), config)
	if err := os.WriteFile(filepath.Join(s.secure, "sshd_config"), []byte(settings), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(s.secure, "principals"), []byte("root: emergency-dba\n"), 0o644); err != nil {
		return err
	}
	return s.hostKeys(string(hostKey), report)
}

// readInit takes the report key and the sshd lines out of what halligan-host
// init prints.
func readInit(text string) (report, config string) {
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "ssh-ed25519 "):
			report = line
		case strings.HasPrefix(line, "TrustedUserCAKeys "), strings.HasPrefix(line, "RevokedKeys "), strings.HasPrefix(line, "AuthorizedPrincipalsCommand"), strings.HasPrefix(line, "ExposeAuthInfo "):
			config += line + "\n"
		}
	}
	return report, config
}

// hostKeys writes the host's keys into cell.yaml.
func (s *stage) hostKeys(hostKey, report string) error {
	path := s.path("cell", "cell.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text := strings.NewReplacer(
		"host_keys: []", fmt.Sprintf("host_keys: [%q]", strings.TrimSpace(hostKey)),
		`report_key: ""`, fmt.Sprintf("report_key: %q", strings.TrimSpace(report)),
		`other_way: ""`, "other_way: serial console",
	).Replace(string(data))
	return os.WriteFile(path, []byte(text), 0o600)
}

// pin is what profiles pin of the server.
func (s *stage) pin() (string, error) { return server.ServerKey(s.path("cell", "keys", "tls.crt")) }

// host starts sshd and the program that pulls the revocation list.
func (s *stage) host(ctx context.Context) error {
	if s.sshd == nil {
		s.tell("db1", "cannot be reached: its leases will show that they are not proved dead until a person attests it")
		return nil
	}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		return err
	}
	config := filepath.Join(s.secure, "sshd_config")
	if _, err := s.background("sshd.log", sshdPaths[0], "-D", "-e", "-f", config); err != nil {
		return err
	}
	if _, err := s.background("host.log", s.sshd.program, "run", "--config", s.sshd.config); err != nil {
		return err
	}
	s.tell("db1", "sshd listens at %s: it trusts the cell's CA and refuses what the list revokes", s.sshd.address)
	return until(ctx, 20*time.Second, func() (bool, error) {
		data, err := os.ReadFile(s.path("server.log"))
		return strings.Contains(string(data), "/revocations"), err
	})
}
