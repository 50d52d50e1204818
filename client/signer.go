package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

// Signer makes SSHSIG signatures with one key. It may ask its person for a
// touch or a PIN, and takes as long as they do.
type Signer interface {
	// Key is the public key in wire form.
	Key() []byte
	// Sign signs a message under a namespace and gives the binary SSHSIG.
	Sign(ctx context.Context, namespace string, message []byte) ([]byte, error)
}

// ErrNoKey says that no usable key was found.
var ErrNoKey = errors.New("no usable key was found")

// Ask asks a person for a secret, such as a passphrase.
type Ask func(prompt string) ([]byte, error)

// OpenSigner finds a key: a private key file (a security key's too), a .pub file
// whose key ssh-agent holds, or a SHA256: fingerprint of a key in ssh-agent.
func OpenSigner(name string, ask Ask) (Signer, error) {
	if strings.HasPrefix(name, "SHA256:") {
		return agentSigner(func(key ssh.PublicKey) bool { return ssh.FingerprintSHA256(key) == name })
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the key: %w", err)
	}
	if public, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
		return agentSigner(func(key ssh.PublicKey) bool { return bytes.Equal(key.Marshal(), public.Marshal()) })
	}
	signer, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) && ask != nil {
		secret, asked := ask("passphrase of " + name + ": ")
		if asked != nil {
			return nil, asked
		}
		if signer, err = ssh.ParsePrivateKeyWithPassphrase(data, secret); err != nil {
			return nil, fmt.Errorf("cannot unlock %s: the passphrase is wrong", name)
		}
	}
	if err == nil {
		return plain{signer}, nil
	}
	return openKeygen(name, err)
}

// AgentSigner finds the first key in ssh-agent that a person owns.
func AgentSigner(owns func(fingerprint string) bool) (Signer, error) {
	return agentSigner(func(key ssh.PublicKey) bool { return owns(ssh.FingerprintSHA256(key)) })
}

// plain signs with a key in memory.
type plain struct{ ssh.Signer }

// NewSigner signs with a key that is at hand.
func NewSigner(key ssh.Signer) Signer { return plain{key} }

// Key is the public key in wire form.
func (p plain) Key() []byte { return p.PublicKey().Marshal() }

// Sign signs.
func (p plain) Sign(_ context.Context, namespace string, message []byte) ([]byte, error) {
	return sshsig.Sign(p.Signer, namespace, message)
}

func agentSigner(wanted func(ssh.PublicKey) bool) (Signer, error) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, fmt.Errorf("%w: no ssh-agent is running", ErrNoKey)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("cannot reach ssh-agent: %w", err)
	}
	signers, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot ask ssh-agent: %w", err), conn.Close())
	}
	for _, signer := range signers {
		if wanted(signer.PublicKey()) {
			return plain{signer}, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("%w: ssh-agent does not hold it", ErrNoKey), conn.Close())
}

// keygen signs with ssh-keygen: keys that live in a security key.
type keygen struct {
	file   string
	public ssh.PublicKey
}

func openKeygen(file string, why error) (Signer, error) {
	data, err := os.ReadFile(file + ".pub")
	if err != nil {
		return nil, fmt.Errorf("cannot use %s as an SSH private key: %w", file, why)
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil || !strings.HasPrefix(public.Type(), "sk-") {
		return nil, fmt.Errorf("cannot use %s as an SSH private key: %w", file, why)
	}
	return keygen{file: file, public: public}, nil
}

// Key is the public key in wire form.
func (k keygen) Key() []byte { return k.public.Marshal() }

// Sign runs ssh-keygen -Y sign, which asks for touch and PIN by itself.
func (k keygen) Sign(ctx context.Context, namespace string, message []byte) ([]byte, error) {
	c := exec.CommandContext(ctx, "ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", k.file)
	c.Stdin, c.Stderr = bytes.NewReader(message), os.Stderr
	armored, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("cannot sign with %s: ssh-keygen: %w", k.file, err)
	}
	return sshsig.Normalise(armored)
}
