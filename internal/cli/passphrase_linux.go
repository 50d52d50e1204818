package cli

import (
	"bytes"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/halligan-dev/halligan/client"
)

// passphrase asks at the terminal without showing what is typed; nil where
// nobody sits at one.
func (c *call) passphrase() client.Ask {
	tty, ok := c.stdin.(*os.File)
	if !ok || !c.asks {
		return nil
	}
	return func(prompt string) (secret []byte, err error) {
		before, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
		if err != nil {
			return nil, because(exitUsage, err, "cannot ask for a passphrase").or("ssh-add the key instead")
		}
		silent := *before
		silent.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, &silent); err != nil {
			return nil, because(exitUsage, err, "cannot ask for a passphrase").or("ssh-add the key instead")
		}
		_, _ = io.WriteString(c.err, prompt)
		secret, err = c.in.ReadBytes('\n')
		_, _ = io.WriteString(c.err, "\n")
		if restored := unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, before); err == nil {
			err = restored
		}
		return bytes.TrimRight(secret, "\r\n"), err
	}
}
