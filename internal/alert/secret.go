package alert

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

const (
	secretPrefix = "whsec_"
	secretLeast  = 24 // bytes, by the specification
	secretMost   = 64
	secretMade   = 32
	secretFile   = 1024
)

// Refusals of secrets. None quotes what was read.
var (
	ErrSecret     = errors.New("cannot use this webhook secret: want whsec_ and the base64 of 24 to 64 bytes")
	ErrSecretFile = errors.New("cannot use this secret file: want a regular file that only its owner may read (mode 0600)")
)

func fits(secret []byte) bool { return len(secret) >= secretLeast && len(secret) <= secretMost }

// GenerateSecret makes a new secret from 32 bytes of rand, as text that
// ParseSecret reads. The caller keeps it secret.
func GenerateSecret(rand io.Reader) (string, error) {
	secret := make([]byte, secretMade)
	if _, err := io.ReadFull(rand, secret); err != nil {
		return "", fmt.Errorf("cannot make a webhook secret: %w", err)
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(secret), nil
}

// ParseSecret reads "whsec_" and base64 (with padding). It fails with ErrSecret.
func ParseSecret(text string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(text, secretPrefix)
	secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || err != nil || !fits(secret) || strings.ContainsAny(encoded, "\r\n") {
		return nil, ErrSecret // the decoder's error says at which character
	}
	return secret, nil
}

// ReadSecret reads a secret from a file of one line. It fails with
// ErrSecretFile where anybody but the owner may touch the file, with ErrSecret
// for other content, or with the system's error.
func ReadSecret(path string) ([]byte, error) {
	// Not to block on a pipe that was put in the file's place.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot read the webhook secret: %w", err)
	}
	defer file.Close()
	info, err := file.Stat() // of what was opened, not of what the name means now
	if err != nil {
		return nil, fmt.Errorf("cannot read the webhook secret: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&^fs.FileMode(0o600) != 0 {
		return nil, fmt.Errorf("%w: %s", ErrSecretFile, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, secretFile))
	if err != nil {
		return nil, fmt.Errorf("cannot read the webhook secret: %w", err)
	}
	secret, err := ParseSecret(strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return secret, nil
}
