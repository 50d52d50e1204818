package cli

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"net"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// login is a certificate for one target, with the key it is for and what is
// known of the target from the founders' signature.
type login struct {
	target *access.SSH
	host   *cell.Host
	key    ed25519.PrivateKey
	cert   *ssh.Certificate
	serial string
	after  canon.Time
	before canon.Time

	unwitnessed bool // it left before the witnesses had cosigned that it was authorised
}

// fetch asks for a certificate of a target and checks what came.
func (m *member) fetch(h *holder, target string) (*login, error) {
	known, err := m.founding()
	if err != nil {
		return nil, err
	}
	what := ""
	if !m.pinned.Policy().None() {
		what = "witnesses to cosign that the credential is authorised; it leaves without them in a moment"
	}
	a, err := m.send(order{body: &statement.Fetch{Of: h.id, Target: target}, signer: h.signer, waits: what})
	if err != nil {
		return nil, err
	}
	if a.Credential == nil {
		return nil, failf(exitInternal, "the server took the fetch as entry %d and sent no certificate", a.Entry).or("fetch anew")
	}
	scenario, err := m.agreed(known, h)
	if err != nil {
		return nil, err
	}
	l := &login{key: h.key, serial: a.Credential.Serial, after: a.Credential.After, before: a.Credential.Before, unwitnessed: a.Credential.Unwitnessed}
	var ok bool
	if l.target, ok = scenario.Target(target); !ok {
		return nil, failf(exitNotFound, "%s opens no target %q", scenario.ID, target).or("it opens %s", both(scenario.Targets()))
	}
	if l.host, err = known.host(l.target.Host); err != nil {
		return nil, err
	}
	l.cert, err = readCertificate(a.Credential.Certificate)
	if err == nil {
		err = l.check(known.genesis.Authority.Wire())
	}
	if err != nil {
		return nil, because(exitUnverified, err, "cannot use the certificate that the server sent").or("stop the grant and tell security")
	}
	return l, nil
}

// uncosigned says how a credential left that no witness had seen; empty for others.
func (l *login) uncosigned() string {
	if !l.unwitnessed {
		return ""
	}
	return "UNWITNESSED: it left before the witnesses had cosigned that it was authorised; that is recorded, and every channel hears it."
}

func readCertificate(line string) (*ssh.Certificate, error) {
	key, _, _, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return nil, err
	}
	cert, ok := key.(*ssh.Certificate)
	if !ok || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("it is not one SSH certificate")
	}
	return cert, nil
}

// check demands that the certificate is over our key, for this target, by the
// authority that the founders signed.
func (l *login) check(authority []byte) error {
	ours, err := ssh.NewPublicKey(l.key.Public())
	if err != nil {
		return err
	}
	checker := &ssh.CertChecker{Clock: func() time.Time { return l.after.Std() }, SupportedCriticalOptions: []string{"source-address", "force-command"}}
	switch c := l.cert; {
	case !bytes.Equal(c.Key.Marshal(), ours.Marshal()):
		return fmt.Errorf("it is over another key than the one made for this request")
	case c.CertType != ssh.UserCert:
		return fmt.Errorf("it is not a user's certificate")
	case !bytes.Equal(c.SignatureKey.Marshal(), authority):
		return fmt.Errorf("it is signed by %s, which is not the cell's authority", ssh.FingerprintSHA256(c.SignatureKey))
	case len(c.ValidPrincipals) == 0 || strings.Join(c.ValidPrincipals, " ") != strings.Join(l.target.Principals, " "):
		return fmt.Errorf("it names the principals %q, the scenario %q", c.ValidPrincipals, l.target.Principals)
	case access.SerialText(c.Serial) != l.serial || int64(c.ValidBefore) != l.before.Std().Unix():
		return fmt.Errorf("its serial or end is not what was announced")
	}
	return checker.CheckCert(l.target.Principals[0], l.cert)
}

// line is the certificate as ssh reads it from a file.
func (l *login) line() string {
	return string(bytes.TrimSpace(ssh.MarshalAuthorizedKey(l.cert)))
}

// knownHosts is the host's keys, as the founders signed them, in the form of
// ssh's known_hosts.
func (l *login) knownHosts() string {
	name := l.host.Address
	if host, port, err := net.SplitHostPort(l.host.Address); err == nil {
		if name = host; port != "22" {
			name = "[" + host + "]:" + port
		}
	}
	var b strings.Builder
	for _, key := range l.host.Keys {
		fmt.Fprintf(&b, "%s %s\n", name, key.Line)
	}
	return b.String()
}

// privateKey is the key in OpenSSH's form.
func (l *login) privateKey() ([]byte, error) { return opensshKey(l.key, l.comment()) }

func (l *login) comment() string { return "halligan " + l.target.Name }

// sshTo is the ssh command line for a login.
func (l *login) sshTo(options ...string) []string {
	return append(append([]string{"ssh"}, options...), destination(l.host.Address, l.target.User)...)
}

// sshCommand is the ssh command line for what a scenario opens.
func sshCommand(o view.Opening) []string {
	return append([]string{"ssh"}, destination(o.Address, o.User)...)
}

func destination(address, user string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return []string{user + "@" + address}
	}
	if port == "22" {
		return []string{user + "@" + host}
	}
	return []string{"-p", port, user + "@" + host}
}
