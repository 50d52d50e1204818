package client_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

const namespace = "halligan.v1.decision"

// signs demands that a signer makes signatures that cells take, many times:
// some algorithms make another value each time.
func signs(t *testing.T, s client.Signer, want ssh.PublicKey) {
	t.Helper()
	if !bytes.Equal(s.Key(), want.Marshal()) {
		t.Errorf("the signer's key is another")
	}
	for range 16 {
		blob, err := s.Sign(context.Background(), namespace, []byte("message"))
		must(t, err)
		who, err := sshsig.Verify(blob, namespace, []byte("message"))
		must(t, err)
		same(t, "signed by", who.Fingerprint, ssh.FingerprintSHA256(want))
	}
}

// private are keys of the types that people have.
func private(t *testing.T) map[string]any {
	t.Helper()
	found := map[string]any{"ed25519": celltest.Key("ann"), "rsa": newKeys(t).rsaKey}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		must(t, err)
		found[name] = key
	}
	return found
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

// TestKeyFiles opens key files of every type, with and without a passphrase.
func TestKeyFiles(t *testing.T) {
	t.Setenv("SSH_AUTH_SOCK", "")
	for name, key := range private(t) {
		signer, err := ssh.NewSignerFromKey(key)
		must(t, err)
		block, err := ssh.MarshalPrivateKey(key, "")
		must(t, err)
		open, err := client.OpenSigner(write(t, name, pem.EncodeToMemory(block)), nil)
		must(t, err)
		signs(t, open, signer.PublicKey())
		block, err = ssh.MarshalPrivateKeyWithPassphrase(key, "", []byte("correct horse"))
		must(t, err)
		path := write(t, name, pem.EncodeToMemory(block))
		asked := 0
		open, err = client.OpenSigner(path, func(string) ([]byte, error) { asked++; return []byte("correct horse"), nil })
		must(t, err)
		signs(t, open, signer.PublicKey())
		same(t, "asked for the passphrase", asked, 1)
		if _, err := client.OpenSigner(path, func(string) ([]byte, error) { return []byte("wrong"), nil }); err == nil {
			t.Errorf("%s: a wrong passphrase opens it", name)
		}
		if _, err := client.OpenSigner(path, nil); err == nil {
			t.Errorf("%s: no passphrase opens it", name)
		}
	}
	for what, text := range map[string]string{"nothing": "", "not a key": "-----BEGIN NONSENSE-----\n"} {
		if _, err := client.OpenSigner(write(t, "key", []byte(text)), nil); err == nil {
			t.Errorf("%s is opened as a key", what)
		}
	}
}

// TestAgent signs with keys that an ssh-agent holds.
func TestAgent(t *testing.T) {
	ring := agent.NewKeyring()
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go agent.ServeAgent(ring, conn)
		}
	}()
	t.Setenv("SSH_AUTH_SOCK", socket)
	for name, key := range private(t) {
		must(t, ring.Add(agent.AddedKey{PrivateKey: key, Comment: name}))
		signer, err := ssh.NewSignerFromKey(key)
		must(t, err)
		print := ssh.FingerprintSHA256(signer.PublicKey())
		byPrint, err := client.OpenSigner(print, nil)
		must(t, err)
		signs(t, byPrint, signer.PublicKey())
		byFile, err := client.OpenSigner(write(t, name+".pub", ssh.MarshalAuthorizedKey(signer.PublicKey())), nil)
		must(t, err)
		signs(t, byFile, signer.PublicKey())
		owned, err := client.AgentSigner(func(fingerprint string) bool { return fingerprint == print })
		must(t, err)
		signs(t, owned, signer.PublicKey())
	}
	if _, err := client.OpenSigner("SHA256:none", nil); !errors.Is(err, client.ErrNoKey) {
		t.Errorf("a key that the agent does not hold: %v", err)
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	if _, err := client.AgentSigner(func(string) bool { return true }); !errors.Is(err, client.ErrNoKey) {
		t.Errorf("without an agent: %v", err)
	}
}

// TestSecurityKeyFile: the private file of a security key has no secret that we
// could use; ssh-keygen is asked, as the file beside it says whose key it is.
// With no device at hand it fails, and says that it was ssh-keygen.
func TestSecurityKeyFile(t *testing.T) {
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		t.Skip("no ssh-keygen on this machine")
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	public, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	wire := ssh.Marshal(struct {
		Name        string
		Key         []byte
		Application string
	}{"sk-ssh-ed25519@openssh.com", public, "ssh:"})
	key, err := ssh.ParsePublicKey(wire)
	must(t, err)
	path := write(t, "id_sk", []byte("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"))
	must(t, os.WriteFile(path+".pub", ssh.MarshalAuthorizedKey(key), 0o600))
	signer, err := client.OpenSigner(path, nil)
	must(t, err)
	if !bytes.Equal(signer.Key(), wire) {
		t.Error("the signer's key is another")
	}
	if _, err := signer.Sign(context.Background(), namespace, []byte("message")); err == nil {
		t.Error("a broken file of a security key signs")
	}
}
