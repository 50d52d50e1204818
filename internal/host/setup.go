package host

import (
	"crypto/ed25519"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/disk"
)

// Setup writes what is missing of a host's files and says on out what to put
// where. It never overwrites: run again, it prints the same.
func Setup(c *Config, path string, random io.Reader, out io.Writer) error {
	data, err := yaml.Marshal(c)
	if err != nil {
		return fmt.Errorf("cannot encode the configuration: %w", err)
	}
	if c, err = ParseConfig(data); err != nil {
		return err
	}
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(c.KRL), filepath.Dir(c.ReportKey), filepath.Dir(c.Principals)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("cannot make a directory: %w", err)
		}
	}
	if err := makeReportKey(c, random); err != nil {
		return err
	}
	authorities := authoritiesFile(path)
	for _, f := range []struct {
		path, text string
	}{
		{path, string(data)},
		{authorities, strings.Join(c.Authorities, "\n") + "\n"},
		{c.Principals, "# user: principal principal …\n"},
	} {
		if err := disk.Create(f.path, []byte(f.text), 0o644); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("cannot write %s: %w", f.path, err)
		}
	}
	// The list must be there before sshd is told of it.
	if _, err := newKeep(c).ensure(); err != nil {
		return err
	}
	signer, err := readReportKey(c.ReportKey)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program's path: %w", err)
	}
	public := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(signer.PublicKey())))
	_, err = fmt.Fprintf(out, instructions, c.Host, public, SSHDConfig(c, path, program), program, path)
	return err
}

const instructions = `# The key of %s for cell.yaml:
%s

# For sshd_config (then: sshd -t, reload, halligan-host check):
%s
# For /etc/systemd/system/halligan-host.service:
[Unit]
Description=halligan revocation and sessions
After=network-online.target
[Service]
ExecStart=%s run --config %s
Restart=always
RestartSec=2
[Install]
WantedBy=multi-user.target
`

// SSHDConfig returns the lines that make sshd trust the cell's authority, obey
// the list and ask this program for principals. A user who is not in the
// principals file gets in by no certificate.
func SSHDConfig(c *Config, configPath, program string) string {
	return fmt.Sprintf(`TrustedUserCAKeys %s
RevokedKeys %s
AuthorizedPrincipalsCommand %s principals --config %s -- %%u %%i %%s
AuthorizedPrincipalsCommandUser root
`, authoritiesFile(configPath), c.KRL, program, configPath)
}

func authoritiesFile(configPath string) string {
	return filepath.Join(filepath.Dir(configPath), "authorities.pub")
}

func makeReportKey(c *Config, random io.Reader) error {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(random, seed); err != nil {
		return fmt.Errorf("cannot make the report key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(ed25519.NewKeyFromSeed(seed), "halligan-host "+c.Host)
	if err != nil {
		return fmt.Errorf("cannot encode the report key: %w", err)
	}
	err = disk.Create(c.ReportKey, pem.EncodeToMemory(block), 0o600)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot write the report key: %w", err)
	}
	return nil
}
