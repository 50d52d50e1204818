package cli

import (
	"bytes"
	"errors"
	"io"
	"os"

	"github.com/halligan-dev/halligan/internal/seal"
)

// secret reads a secret from a file, from a pipe byte for byte, or has it typed
// twice without showing it.
func (c *call) secret(path string) ([]byte, error) {
	switch {
	case path != "":
		f, err := os.Open(path)
		if err != nil {
			return nil, because(exitUsage, err, "cannot read the secret")
		}
		defer f.Close()
		return readSecret(f)
	case !c.asks:
		return readSecret(c.in)
	}
	ask := c.passphrase()
	if ask == nil {
		return nil, failf(exitUnsigned, "nobody can be asked for the secret here").or("pipe it in, or name a file with --secret")
	}
	first, err := ask("Secret, as one line; it is not shown: ")
	if err != nil {
		return nil, err
	}
	again, err := ask("Once more: ")
	if err != nil {
		return nil, err
	}
	defer clear(again)
	if !bytes.Equal(first, again) || len(first) == 0 {
		clear(first)
		return nil, failf(exitUnsigned, "the two differ, or are empty; nothing was sealed")
	}
	return first, nil
}

func readSecret(from io.Reader) ([]byte, error) {
	secret := make([]byte, seal.SecretMost+1) // at once, so that growing leaves no copies
	n, err := io.ReadFull(from, secret)
	switch {
	case err == nil:
		clear(secret)
		return nil, failf(exitUsage, "the secret is longer than %d bytes", seal.SecretMost).or("seal the key of a file that is encrypted, not the file")
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		clear(secret)
		return nil, because(exitUsage, err, "cannot read the secret")
	case n == 0:
		return nil, failf(exitUsage, "there is no secret on stdin").or("pipe it in, or name a file with --secret; --dry-run needs none")
	}
	return secret[:n], nil
}
