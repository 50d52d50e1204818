package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// keyMost bounds the file of a key.
const keyMost = 64 << 10

const keyHint = "name it with --key or HALLIGAN_KEY: a private key file, or a .pub file or SHA256: fingerprint of a key that ssh-agent holds"

// signer makes signatures with one key of a person of the roster.
type signer struct {
	person string
	sign   func(namespace string, message []byte) ([]byte, error)
}

// fill makes random bytes; it never fails.
func fill(b []byte) { _, _ = rand.Read(b) }

// signer finds the key that was named, and whose it is by the evidence.
func (k *kit) signer(p *proved, named string) (signer, error) {
	if named == "" {
		return signer{}, fail(exitUsage, keyHint, "no key is named")
	}
	key, s, err := openKey(named)
	if err != nil {
		return signer{}, fail(exitUsage, keyHint, "cannot sign with %s: %w", named, err)
	}
	fingerprint := ssh.FingerprintSHA256(key)
	owner, known := p.world.Roster.Owner(fingerprint)
	if !known {
		return signer{}, fail(exitRefused, "sign with a key of yours that the cell knows", "the key %s is nobody's by your evidence", fingerprint)
	}
	s.person = owner
	return s, nil
}

func openKey(named string) (ssh.PublicKey, signer, error) {
	if strings.HasPrefix(named, "SHA256:") {
		return agentKey(func(key ssh.PublicKey) bool { return ssh.FingerprintSHA256(key) == named })
	}
	data, err := verify.ReadLimited(named, keyMost)
	if err != nil {
		return nil, signer{}, err
	}
	defer clear(data)
	if public, _, _, _, err := ssh.ParseAuthorizedKey(data); err == nil {
		return agentKey(func(key ssh.PublicKey) bool { return bytes.Equal(key.Marshal(), public.Marshal()) })
	}
	key, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case err == nil:
		return key.PublicKey(), plainKey(key), nil
	case errors.As(err, &locked) && locked.PublicKey != nil && !strings.HasPrefix(locked.PublicKey.Type(), "sk-"):
		return nil, signer{}, errors.New("it has a passphrase: ssh-add it, and name its .pub file")
	}
	return keygenKey(named, err)
}

func plainKey(key ssh.Signer) signer {
	return signer{sign: func(namespace string, message []byte) ([]byte, error) { return sshsig.Sign(key, namespace, message) }}
}

// agentKey finds a key in ssh-agent.
func agentKey(wanted func(ssh.PublicKey) bool) (ssh.PublicKey, signer, error) {
	socket := os.Getenv("SSH_AUTH_SOCK")
	if socket == "" {
		return nil, signer{}, errors.New("no ssh-agent is running")
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, signer{}, err
	}
	keys, err := agent.NewClient(conn).Signers()
	if err != nil {
		return nil, signer{}, err
	}
	for _, key := range keys {
		if wanted(key.PublicKey()) {
			return key.PublicKey(), plainKey(key), nil
		}
	}
	return nil, signer{}, errors.New("ssh-agent does not hold it")
}

// keygenKey signs with ssh-keygen: a key that lives in a security key.
func keygenKey(file string, why error) (ssh.PublicKey, signer, error) {
	data, err := verify.ReadLimited(file+".pub", keyMost)
	if err != nil {
		return nil, signer{}, why
	}
	public, _, _, _, err := ssh.ParseAuthorizedKey(data)
	if err != nil || !strings.HasPrefix(public.Type(), "sk-") {
		return nil, signer{}, why
	}
	return public, signer{sign: func(namespace string, message []byte) ([]byte, error) {
		c := exec.Command("ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", file)
		c.Stdin, c.Stderr = bytes.NewReader(message), os.Stderr
		armored, err := c.Output()
		if err != nil {
			return nil, err
		}
		return sshsig.Normalise(armored)
	}}, nil
}

// sign makes an act: a statement that says offline, over the newest checkpoint of
// the signer's own evidence, and its signature.
func (k *kit) sign(p *proved, s signer, body statement.Body) (statement.Act, error) {
	h := statement.Header{
		Actor: s.person, Ledger: p.world.Origin, Offline: true, Expires: canon.At(k.now()).Add(statement.OfflineFor.Duration()),
		Seen: statement.Seen{Size: p.report.Checkpoint.Size, Root: p.report.Checkpoint.Root},
	}
	fill(h.Nonce[:])
	data, err := statement.Encode(statement.Statement{Header: h, Body: body})
	if err != nil {
		return statement.Act{}, fail(exitUsage, seeHelp, "cannot make the statement: %w", err)
	}
	signature, err := s.sign(sshsig.Namespace(string(body.Kind())), data)
	if err != nil {
		return statement.Act{}, fail(exitRefused, keyHint, "cannot sign: %w", err)
	}
	return statement.Act{Signature: signature, Statement: data}, nil
}
