package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// DefaultConfig is where the configuration is looked for.
const DefaultConfig = "/etc/halligan-host/host.yaml"

// ErrConfig is wrapped by every error about the configuration's content.
var ErrConfig = errors.New("cannot use the configuration")

// Config is host.yaml. Unknown keys are refused; all paths are absolute.
type Config struct {
	// Origin is the cell's ledger origin.
	Origin string `yaml:"origin"`
	// Host is the name under which cell.yaml knows this host.
	Host string `yaml:"host"`
	// Servers are base URLs, tried in order: https, or http on loopback.
	Servers []string `yaml:"servers"`
	// Pin is the SHA-256, in hex, of the server certificate's public key
	// (SubjectPublicKeyInfo). Without it the system's roots decide.
	Pin string `yaml:"pin,omitempty"`
	// ListKey is the C2SP verifier key that signs revocation lists.
	ListKey string `yaml:"list_key"`
	// Authorities are the public keys of the cell's SSH authorities, as lines.
	Authorities []string `yaml:"authorities"`
	// ReportKey is the file of the private key that signs reports.
	ReportKey string `yaml:"report_key"`
	// KRL is the file that sshd's RevokedKeys names. State lies beside it.
	KRL string `yaml:"krl"`
	// Principals is the file that says which principals may log in as whom.
	Principals string `yaml:"principals"`
	// Run is a directory for the records of logins, best on a tmpfs.
	Run string `yaml:"run"`

	authorities [][]byte // wire form
	pin         []byte
}

// LoadConfig reads and checks a configuration file.
func LoadConfig(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &unread{err}
	}
	return ParseConfig(data)
}

// ParseConfig reads and checks a configuration. It fails with ErrConfig.
func ParseConfig(data []byte) (*Config, error) {
	c := new(Config)
	if err := decode(data, c); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return c, nil
}

// decode reads strict YAML. The library panics on some values with a tag of
// their own (v1.19.2; a case is in testdata/fuzz): that is a bad file, no crash.
func decode(data []byte, c *Config) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("not YAML that can be read: %v", p)
		}
	}()
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(c); err != nil {
		return errors.New(canon.Line(yaml.FormatError(err, false, false))) // where and why, and nothing of what the file holds
	}
	return nil
}

func (c *Config) check() error {
	if err := revocation.Empty(c.Origin).Check(); err != nil {
		return errors.New("origin: want the ledger origin of the cell")
	}
	if !revocation.ValidKeyID(c.Host) {
		return errors.New("host: want this host's name as in cell.yaml")
	}
	if len(c.Servers) == 0 {
		return errors.New("servers: want at least one URL")
	}
	for i, s := range c.Servers {
		if err := checkServer(s); err != nil {
			return fmt.Errorf("servers: %w", err)
		}
		c.Servers[i] = strings.TrimRight(s, "/")
	}
	if _, err := note.NewVerifier(c.ListKey); err != nil {
		return errors.New("list_key: want a verifier key (name+hash+base64)")
	}
	for name, path := range map[string]string{"report_key": c.ReportKey, "krl": c.KRL, "principals": c.Principals, "run": c.Run} {
		if !filepath.IsAbs(path) || filepath.Clean(path) != path {
			return fmt.Errorf("%s: want a clean absolute path", name)
		}
	}
	return c.checkKeys()
}

func (c *Config) checkKeys() error {
	if c.Pin != "" {
		pin, err := hex.DecodeString(c.Pin)
		if err != nil || len(pin) != sha256.Size {
			return errors.New("pin: want 64 hex digits")
		}
		c.pin = pin
	}
	if len(c.Authorities) == 0 {
		return errors.New("authorities: want the cell's SSH authority")
	}
	for _, line := range c.Authorities {
		key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
		if err != nil || len(options) > 0 || len(bytes.TrimSpace(rest)) > 0 {
			return errors.New("authorities: want one public key a line, without options")
		}
		c.authorities = append(c.authorities, key.Marshal())
	}
	return nil
}

// checkServer keeps plain http to loopback. List and reports are signed, so TLS
// protects no decision here; it keeps names of hosts and grants private.
func checkServer(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is not a base URL", s)
	}
	if u.Scheme == "https" {
		return nil
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()) {
		return nil
	}
	return fmt.Errorf("%q is not https", s)
}

// unread is the failure of a configuration that cannot be read.
type unread struct{ err error }

// Error says why.
func (u *unread) Error() string { return "cannot read the configuration: " + u.err.Error() }

// Unwrap gives the cause.
func (u *unread) Unwrap() error { return u.err }
