package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/base32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/authn/totp/totptest"
	"github.com/halligan-dev/halligan/internal/enrol"
)

// enrolling types at `halligan enrol --totp` as a person with a phone beside them.
func (w *town) enrolling(t *testing.T, person, address string) (phone totptest.Phone, told, answer string) {
	t.Helper()
	cmd := exec.Command(w.path("bin", person), "enrol", "--totp", "--json")
	in, typed := io.Pipe()
	shown, out := io.Pipe()
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &said, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(typed, address+"\n") }()
	link := make(chan string, 1)
	var all strings.Builder
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(shown); lines.Scan(); {
			all.WriteString(lines.Text() + "\n")
			if strings.HasPrefix(lines.Text(), "otpauth://") {
				link <- lines.Text()
			}
		}
	}()
	select {
	case picture := <-link:
		phone = ok[totptest.Phone](t)(totptest.Scan(picture))
	case <-time.After(patience):
		t.Fatal("no secret was shown")
	}
	digits := phone.Code(time.Now())
	_, _ = io.WriteString(typed, digits[:3]+" "+digits[3:]+"\n") // as apps show it
	_ = typed.Close()
	err := cmd.Wait()
	_ = out.Close()
	<-read
	if err != nil {
		t.Fatalf("enrol: %v\n%s", err, all.String())
	}
	return phone, all.String(), said.String()
}

// byCode runs a command with codes of the phone, one for reading and one for signing.
func (w *town) byCode(person string, phone totptest.Phone, args ...string) (string, error) {
	// Steps are used in order: the first of a pair must be later than all before it.
	first := time.Now().Truncate(30 * time.Second).Add(30 * time.Second)
	time.Sleep(time.Until(first))
	cmd := exec.Command(w.path("bin", person), append(args, "--totp")...)
	cmd.Stdin = strings.NewReader(phone.Code(first) + "\n" + phone.Code(first.Add(30*time.Second)) + "\n")
	return output(cmd)
}

// TestCodesAtACommandLine: somebody is invited, makes a code device, reads the words,
// has it agreed to, and stops with it at once, which is marked wherever it stands.
// Neither secret nor codes are in any file, argument or log.
func TestCodesAtACommandLine(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for codes: left out by -short")
	}
	t.Parallel()
	w := newTown(t, founding{long: true})
	address := ok[string](t)(at(ok[string](t)(w.as("sam", "invite", "lea", "--json")), "address"))
	phone, told, answer := w.enrolling(t, "lea", address)
	if !strings.Contains(told, "It is shown only now") {
		t.Errorf("it said:\n%s", told)
	}
	key := ok[string](t)(at(answer, "key"))
	words := strings.Join(enrol.WordsOf("totp "+key), " ")
	if !strings.Contains(strings.Join(strings.Fields(answer), " "), `"`+strings.Join(enrol.WordsOf("totp "+key), `", "`)+`"`) {
		t.Errorf("other words than %s: %s", words, answer)
	}
	if list := ok[string](t)(w.as("sam", "invite", "--list")); !strings.Contains(list, "a code device for lea") || !strings.Contains(list, words) {
		t.Errorf("the offer: %s", list)
	}
	offer := ok[string](t)(at(ok[string](t)(w.as("sam", "invite", "--list", "--json")), "offers.0.id"))
	change := ok[string](t)(at(ok[string](t)(w.as("sam", "change", "propose", "--offer", offer, "--why", "her app", "--yes", "--json")), "change"))
	if sheet := ok[string](t)(w.as("sid", "change", "show", change)); !strings.Contains(sheet, "a code device; the server holds the key") {
		t.Errorf("the change: %s", sheet)
	}
	ok[string](t)(w.as("sid", "change", "sign", change, "--check", "in-person", "--yes"))
	if list := ok[string](t)(w.as("bob", "people")); !strings.Contains(list, "code device, held by the server,") {
		t.Errorf("people: %s", list)
	}
	if out, err := w.as("ann", "status", "--totp"); err == nil || !strings.Contains(err.Error(), "halligan enrol --totp makes one") {
		t.Errorf("ann, who has none: %s, %v", out, err)
	}

	id := ok[string](t)(w.grant(10*time.Minute, "primary"))
	if out, err := w.byCode("lea", phone, "invite", "bob"); err == nil || !strings.Contains(err.Error(), "cannot sign this with a code") {
		t.Errorf("an invitation by code: %s, %v", out, err)
	}
	ok[string](t)(w.byCode("lea", phone, "stop", id, "--why", "enough"))
	if shown := ok[string](t)(w.as("sid", "status", id)); !strings.Contains(shown, "it was stopped by lea, with a code: that it was them is the server's word") {
		t.Errorf("the stop: %s", shown)
	}
	ok[string](t)(w.as("sid", "evidence", id, "-o", w.path("evidence")))
	verified := ok[string](t)(w.as("sid", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json"), "--json"))
	if !strings.Contains(verified, `"server-attested"`) {
		t.Errorf("verify does not name it: %s", verified)
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	files := 0
	secret := base32.StdEncoding.EncodeToString(phone.Secret())
	err := filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if files++; bytes.Contains(data, phone.Secret()) || bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds the secret", path)
		}
		return err
	})
	if err != nil || files < 20 {
		t.Errorf("%d files, %v", files, err)
	}
}
