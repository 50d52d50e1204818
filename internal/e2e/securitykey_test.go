package e2e_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/enrol"
)

// maker has the cell name a maker, and gives ann an agent for a key that is to come.
// The paths of sockets must be short.
func (w *town) maker(m *attestationtest.Maker) error {
	if m == nil {
		return nil
	}
	folder, err := os.MkdirTemp("", "sk")
	if err != nil {
		return err
	}
	w.ends = append(w.ends, func() error { return os.RemoveAll(folder) })
	w.sockets = map[string]string{"ann": filepath.Join(folder, "ann")}
	root := "      - |\n        " + strings.ReplaceAll(strings.TrimSpace(m.PEM()), "\n", "\n        ")
	return edit(w.path("cell", "cell.yaml"), func(text string) string {
		return text + "\nattestation:\n  - maker: acme\n    roots:\n" + root + "\n"
	})
}

// enrols runs `halligan enrol` as a person who pastes an address.
func (w *town) enrols(person, address string, args ...string) (string, error) {
	cmd := exec.Command(w.path("bin", person), append([]string{"enrol"}, args...)...)
	cmd.Stdin = strings.NewReader(address + "\n")
	return output(cmd)
}

// tokenOf makes a key as ssh-keygen does with a device of a maker, under the challenge
// in a file, and writes what it writes beside it.
func tokenOf(m *attestationtest.Maker, challenge, name string) (*authenticator, error) {
	data, err := os.ReadFile(challenge)
	if err != nil {
		return nil, err
	}
	made := m.SSH(application, data)
	line, err := ssh.ParsePublicKey(made.Wire)
	return &authenticator{key: made.Private, line: line}, errors.Join(err,
		os.WriteFile(name+".pub", []byte(made.Line()+" ann@laptop\n"), 0o644), os.WriteFile(name+".attestation", made.File(), 0o600))
}

// TestSecurityKeyAtACommandLine: somebody is invited, makes a security key under the
// challenge of the invitation, offers it with what its maker says, and once that is
// agreed to stops with it: hardware, as whoever verifies sees. The challenge of another
// invitation, another's file and another maker give nothing.
func TestSecurityKeyAtACommandLine(t *testing.T) {
	t.Parallel()
	acme := attestationtest.New("Acme")
	w := newTown(t, founding{maker: acme})
	home := func(name string) string { return w.path("people", "ann", name) }
	invited := func() string {
		return ok[string](t)(at(ok[string](t)(w.as("sam", "invite", "ann", "--json")), "address"))
	}
	refused := func(what, want string, out string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v; want %q", what, out, err, want)
		}
	}
	offers := func(address, key, file string, more ...string) (string, error) {
		return w.enrols("ann", address, append([]string{"--security-key", home(key + ".pub"), "--attestation", home(file + ".attestation")}, more...)...)
	}

	first, second := invited(), invited()
	said := ok[string](t)(w.enrols("ann", first, "--challenge", home("first")))
	if !strings.Contains(said, "whom sam invited") || !strings.Contains(said, "-O challenge="+home("first")+" -O write-attestation="+home("first.attestation")) {
		t.Errorf("what to do: %s", said)
	}
	ok[string](t)(w.enrols("ann", second, "--challenge", home("second")))
	out, err := w.enrols("ann", first, "--challenge", home("first"))
	refused("a challenge over another", "name a file that is not there yet", out, err)
	token := ok[*authenticator](t)(tokenOf(acme, home("first"), home("token")))
	ok[*authenticator](t)(tokenOf(acme, home("second"), home("late")))
	ok[*authenticator](t)(tokenOf(attestationtest.New("Other"), home("second"), home("other")))
	if err := os.WriteFile(home("old.attestation"), append(attestationtest.Fields([]byte("ssh-sk-attest-v00"), []byte{1}, []byte{2}), make([]byte, 8)...), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err = offers(first, "late", "late")
	refused("the challenge of another invitation", "made under another challenge than that of this invitation", out, err)
	out, err = offers(first, "late", "token")
	refused("another's file", "is of another key", out, err)
	out, err = offers(first, "token", "old")
	refused("of an older OpenSSH", "ssh-sk-attest-v00", out, err)
	out, err = w.enrols("ann", first, "--security-key", home("key.pub"), "--attestation", home("token.attestation"))
	refused("a key in a file", "is of no security key", out, err)
	out, err = w.enrols("ann", first, "--security-key", home("key"), "--attestation", home("token.attestation"))
	refused("a private key", "it is a private key", out, err)

	answer := ok[string](t)(offers(first, "token", "token", "--json"))
	words := strings.Join(enrol.WordsOf(strings.TrimSuffix(strings.TrimSpace(text(home("token.pub"))), " ann@laptop")), " ")
	if maker, got := ok[string](t)(at(answer, "maker")), strings.Join(strings.Fields(answer), " "); maker != "acme" || !strings.Contains(got, `"`+strings.ReplaceAll(words, " ", `", "`)+`"`) {
		t.Errorf("by %q, words %s: %s", maker, words, answer)
	}
	if said := ok[string](t)(offers(second, "other", "other")); !strings.Contains(said, "it will be no hardware") {
		t.Errorf("of another maker: %s", said)
	}
	if list := ok[string](t)(w.as("sam", "invite", "--list")); strings.Count(list, "a security key for ann") != 2 || !strings.Contains(list, words) {
		t.Errorf("the offers: %s", list)
	}
	for i, says := range []string{"it is hardware, by acme", "No maker of the cell stands behind it"} {
		offer := ok[string](t)(at(ok[string](t)(w.as("sam", "invite", "--list", "--json")), fmt.Sprintf("offers.%d.id", i)))
		sheet := exec.Command(w.path("bin", "sam"), "change", "propose", "--offer", offer, "--dry-run")
		if shown, err := sheet.CombinedOutput(); err != nil || !strings.Contains(string(shown), says) {
			t.Errorf("offer %d: %v, %s", i, err, shown)
		}
	}
	offer := ok[string](t)(at(ok[string](t)(w.as("sam", "invite", "--list", "--json")), "offers.0.id"))
	change := ok[string](t)(at(ok[string](t)(w.as("sam", "change", "propose", "--offer", offer, "--why", "her token", "--yes", "--json")), "change"))
	ok[string](t)(w.as("sid", "change", "sign", change, "--check", "in-person", "--yes"))
	if list := ok[string](t)(w.as("bob", "people")); !strings.Contains(list, "hardware by acme") {
		t.Errorf("people: %s", list)
	}

	listener, err := net.Listen("unix", w.sockets["ann"])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go answerAll(listener, token)
	id := ok[string](t)(w.grant(10*time.Minute, "primary"))
	ok[string](t)(w.as("ann", "stop", id, "--why", "enough", "--key", home("token.pub"))) // which a key that cools off may
	ok[string](t)(w.as("sid", "evidence", id, "-o", w.path("evidence")))
	verified := ok[string](t)(w.as("sid", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json"), "--json"))
	if !strings.Contains(verified, `"hardware"`) {
		t.Errorf("verify: %s", verified)
	}
}
