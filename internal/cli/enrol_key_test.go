package cli_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
)

// TestChallengeIsWorkedOutHere: what a key is made under follows from the address, the
// person and the cell that is pinned, whatever a server says; nothing is written over,
// and the words are those of the key that was sent.
func TestChallengeIsWorkedOutHere(t *testing.T) {
	c := newSignedCell(t)
	l := newLiar(t, c)
	d := l.desk(t, "ann")
	l.answers["enrol/look"] = map[string]any{"person": "ann", "by": "sam\x1b[2J", "until": canon.Time{}, "cell": "other.example.com", "challenge": []byte("of another")}
	code := canon.Key32{7}
	address := "https://" + c.anchor.Origin + "/enrol#" + code.String() + "\n"
	file := filepath.Join(d.folder, "it's a challenge")
	exit, out, errOut := d.piped(address, "enrol", "--challenge", file)
	written, err := os.ReadFile(file)
	if exit != 0 || err != nil || !bytes.Equal(written, enrol.KeyChallenge(c.anchor.Origin, "ann", code)) {
		t.Fatalf("code %d, %x, %v: %s", exit, written, err, errOut)
	}
	if strings.Contains(out, "\x1b") || !strings.Contains(out, `-O challenge='`+strings.ReplaceAll(file, "'", `'\''`)+`'`) {
		t.Errorf("what to do: %q", out)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if exit, _, errOut = d.piped(address, "enrol", "--challenge", file); exit != 2 || !strings.Contains(errOut, "hint: name a file that is not there yet") {
		t.Errorf("over another: code %d: %s", exit, errOut)
	}

	made := attestationtest.New("Acme").SSH("ssh:", written)
	d.write("token.pub", []byte(made.Line()+" ann@laptop\n"))
	d.write("token.attestation", made.File())
	l.answers["enrol/key"] = map[string]any{"person": "ann", "fingerprint": "SHA256:x", "words": []string{"not", "these", "four", "words"}, "doubt": "none\x1b[2J"}
	exit, out, errOut = d.piped(address, "enrol", "--security-key", filepath.Join(d.folder, "token.pub"), "--attestation", filepath.Join(d.folder, "token.attestation"))
	if exit != 0 || !strings.Contains(out, strings.Join(enrol.WordsOf(made.Line()), " ")) || strings.Contains(out, "not these") || strings.Contains(out, "\x1b") {
		t.Errorf("code %d: %q%s", exit, out, errOut)
	}
}

// TestMistakesOfEnrolling: each is answered with what to do, before a server is asked.
func TestMistakesOfEnrolling(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	d := l.desk(t, "ann")
	l.Config.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s was asked", r.URL.Path) })
	at := func(name string) string { return filepath.Join(d.folder, name) }
	made := attestationtest.New("Acme").SSH("ssh:", nil)
	d.write("token.pub", []byte(made.Line()+"\n"))
	d.write("soft.pub", []byte("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g ann\n"))
	d.write("empty", nil)
	d.write("large", make([]byte, 17<<10))
	for name, c := range map[string]struct {
		says string
		args []string
	}{
		"nothing":             {"open the address that you were given", nil},
		"two ways":            {"do not go together", []string{"--totp", "--challenge", at("c")}},
		"both steps":          {"do not go together", []string{"--challenge", at("c"), "--security-key", at("token.pub"), "--attestation", at("large")}},
		"no attestation":      {"--security-key and --attestation go together", []string{"--security-key", at("token.pub")}},
		"no key":              {"--security-key and --attestation go together", []string{"--attestation", at("token.pub")}},
		"a key in a file":     {"is of no security key", []string{"--security-key", at("soft.pub"), "--attestation", at("token.pub")}},
		"a private key":       {"it is a private key", []string{"--security-key", at("key"), "--attestation", at("token.pub")}},
		"no such key":         {"cannot read the public key", []string{"--security-key", at("none"), "--attestation", at("token.pub")}},
		"no such attestation": {"cannot read the attestation", []string{"--security-key", at("token.pub"), "--attestation", at("none")}},
		"an empty one":        {"it has 0 bytes", []string{"--security-key", at("token.pub"), "--attestation", at("empty")}},
		"a large one":         {"is no attestation", []string{"--security-key", at("token.pub"), "--attestation", at("large")}},
		"an address of what":  {"what came is no address of an invitation", []string{"--challenge", at("c")}},
	} {
		exit, out, errOut := d.piped("not an address\n", append([]string{"enrol"}, c.args...)...)
		if exit != 2 || !strings.Contains(errOut, c.says) || !strings.Contains(errOut, "hint: ") {
			t.Errorf("%s: code %d, want %q: %s%s", name, exit, c.says, out, errOut)
		}
	}
	if _, err := os.Stat(at("c")); err == nil {
		t.Error("a challenge of nothing was written")
	}
}
