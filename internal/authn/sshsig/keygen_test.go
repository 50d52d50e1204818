package sshsig_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
)

const dummy = "/usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so"

// keygen runs ssh-keygen in dir; where it is missing the test is skipped and
// says so.
func keygen(t *testing.T, dir string, stdin []byte, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed (Debian: openssh-client)")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Env = append(os.Environ(), "SSH_SK_PROVIDER="+dummy, "SSH_ASKPASS_REQUIRE=never")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustKeygen(t *testing.T, dir string, args ...string) {
	t.Helper()
	if out, err := keygen(t, dir, nil, args...); err != nil {
		t.Fatalf("ssh-keygen %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestBothDirectionsWithKeygen(t *testing.T) {
	for name, args := range map[string][]string{
		"ed25519": {"-t", "ed25519"},
		"p256":    {"-t", "ecdsa", "-b", "256"},
		"p384":    {"-t", "ecdsa", "-b", "384"},
		"p521":    {"-t", "ecdsa", "-b", "521"},
		"rsa":     {"-t", "rsa", "-b", "3072"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mustKeygen(t, dir, append([]string{"-q", "-N", "", "-C", "", "-f", "key"}, args...)...)
			public := read(t, dir, "key.pub")
			message := []byte(`{"halligan":"v1"}`)

			for range 4 { // theirs, read by us
				write(t, dir, "message", message)
				os.Remove(filepath.Join(dir, "message.sig"))
				mustKeygen(t, dir, "-Y", "sign", "-f", "key", "-n", kind, "message")
				who := verified(t, read(t, dir, "message.sig"), message)
				if !bytes.Equal(who.Key, wireKey(t, public)) {
					t.Error("another key")
				}
			}

			private, err := ssh.ParsePrivateKey(read(t, dir, "key"))
			if err != nil {
				t.Fatal(err)
			}
			blob, err := sshsig.Sign(private, kind, message) // ours, read by them
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, "ours.sig", sshsig.Armor(blob))
			write(t, dir, "allowed", append([]byte("her "), public...))
			check := []string{"-Y", "verify", "-f", "allowed", "-I", "her", "-n", kind, "-s", "ours.sig"}
			if out, err := keygen(t, dir, message, check...); err != nil {
				t.Errorf("ssh-keygen refuses ours: %s", out)
			}
			if _, err := keygen(t, dir, append(message, '.'), check...); err == nil {
				t.Error("ssh-keygen accepts another message: this test proves nothing")
			}
		})
	}
}

func TestSecurityKeysOfKeygen(t *testing.T) {
	if _, err := os.Stat(dummy); err != nil {
		t.Skip("sk-dummy is not installed (Debian: openssh-tests)")
	}
	for name, c := range map[string]struct {
		typ   string
		opts  []string
		flags byte
	}{
		"ed25519 without touch": {"ed25519-sk", []string{"-O", "no-touch-required"}, 0},
		"ed25519 with touch":    {"ed25519-sk", nil, 1},
		"ed25519 verified":      {"ed25519-sk", []string{"-O", "verify-required"}, 5},
		"ecdsa without touch":   {"ecdsa-sk", []string{"-O", "no-touch-required"}, 0},
		"ecdsa with touch":      {"ecdsa-sk", nil, 1},
		"ecdsa verified":        {"ecdsa-sk", []string{"-O", "verify-required"}, 5},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mustKeygen(t, dir, append([]string{"-q", "-N", "", "-C", "", "-f", "key", "-t", c.typ}, c.opts...)...)
			for range 3 {
				message := []byte("statement")
				write(t, dir, "message", message)
				os.Remove(filepath.Join(dir, "message.sig"))
				mustKeygen(t, dir, "-Y", "sign", "-f", "key", "-n", kind, "message")
				who := verified(t, read(t, dir, "message.sig"), message)
				if who.Flags != c.flags || who.Touched != (c.flags&1 != 0) || who.UserVerified != (c.flags&4 != 0) || !who.Security {
					t.Errorf("flags %d: %+v", c.flags, who)
				}
			}
		})
	}
}

func TestSmallKeyOfKeygen(t *testing.T) {
	dir := t.TempDir()
	mustKeygen(t, dir, "-q", "-N", "", "-f", "key", "-t", "rsa", "-b", "2048")
	write(t, dir, "message", []byte("statement"))
	mustKeygen(t, dir, "-Y", "sign", "-f", "key", "-n", kind, "message")
	if _, err := sshsig.Normalise(read(t, dir, "message.sig")); !errors.Is(err, sshsig.ErrKeySize) {
		t.Errorf("got %v", err)
	}
}

func verified(t *testing.T, armored, message []byte) sshsig.Signer {
	t.Helper()
	blob, err := sshsig.Normalise(armored)
	if err != nil {
		t.Fatal(err)
	}
	who, err := sshsig.Verify(blob, kind, message)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func write(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}
