//go:build !linux

package cli

import "github.com/halligan-dev/halligan/client"

// passphrase is nil: here a locked key is used through ssh-agent.
func (c *call) passphrase() client.Ask { return nil }
