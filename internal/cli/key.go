package cli

import "github.com/halligan-dev/halligan/client"

// founderKey finds the key that a founder named: a private key file, which may
// ask for its passphrase or a touch, or a .pub file whose key ssh-agent holds.
func (c *call) founderKey(name string) (client.Signer, error) {
	signer, err := client.OpenSigner(name, c.passphrase())
	if err != nil {
		return nil, because(exitUsage, err, "").or("name a private key such as ~/.ssh/id_ed25519, or a .pub file whose key ssh-agent holds")
	}
	return signer, nil
}
