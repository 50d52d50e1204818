package cli

import (
	"errors"
	"os"

	"golang.org/x/crypto/ssh"
)

// privateKey reads an SSH private key from a file.
func (c *call) privateKey(path string) (ssh.Signer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, because(exitUsage, err, "cannot read the key")
	}
	signer, err := ssh.ParsePrivateKey(data)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, failf(exitUsage, "cannot use %s: it is locked with a passphrase", path).or("ssh-add %s, and leave --key away or name its .pub file", path)
	case err != nil:
		return nil, because(exitUsage, err, "cannot use %s as an SSH private key", path).or("name a private key such as ~/.ssh/id_ed25519")
	}
	return signer, nil
}
