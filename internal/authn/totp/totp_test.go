package totp_test

import (
	"bytes"
	"encoding/base32"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/canon"
)

// TestVectorsOfTheRFC: RFC 6238, appendix B, for SHA-1, of whose eight digits six
// are the last six.
func TestVectorsOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := totp.Code(secret, totp.StepAt(time.Unix(at, 0))); got != want[2:] {
			t.Errorf("at %d: %s, want %s", at, got, want[2:])
		}
	}
}

// night is a moment in the middle of a step.
var night = time.Date(2026, 11, 22, 3, 7, 15, 0, time.UTC)

// shelf is a folder of devices and its clock.
type shelf struct {
	*totp.Devices
	folder, key string
	now         time.Time
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	at := t.TempDir()
	s := &shelf{folder: filepath.Join(at, "codes"), key: filepath.Join(at, "codes.key"), now: night}
	s.open(t)
	return s
}

// open reads the folder anew, as a start does.
func (s *shelf) open(t *testing.T) {
	t.Helper()
	var err error
	if s.Devices, err = totp.Open(s.folder, s.key, func() time.Time { return s.now }); err != nil {
		t.Fatal(err)
	}
}

// phone is an app.
type phone struct {
	key    string
	secret []byte
}

func (p phone) at(at time.Time) string { return totp.Code(p.secret, totp.StepAt(at)) }

func invitation(n byte) canon.Digest { return canon.Sum([]byte{n}) }

// made is a device that waits for its first code.
func (s *shelf) made(t *testing.T, person string, by canon.Digest) phone {
	t.Helper()
	made, err := s.Make("halligan.example.com", person, by, canon.At(s.now.Add(24*time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(made.Link)
	if err != nil || at.Scheme != "otpauth" || at.Host != "totp" || at.Path != "/halligan.example.com:"+person || at.Query().Get("secret") != made.Secret || at.Query().Get("issuer") != "halligan.example.com" {
		t.Fatalf("%s, %v", made.Link, err)
	}
	secret, err := base32.StdEncoding.DecodeString(made.Secret)
	if err != nil || len(secret) != 20 {
		t.Fatalf("%d bytes, %v", len(secret), err)
	}
	return phone{made.Key, secret}
}

// confirmed is a device that signs, a minute after its first code.
func (s *shelf) confirmed(t *testing.T, person string) phone {
	t.Helper()
	p := s.made(t, person, invitation(1))
	if err := s.Confirm(totp.Use{Person: person, Key: p.key, Code: p.at(s.now)}, invitation(1)); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
	return p
}

func (s *shelf) sign(person, key, digits, message string) ([]byte, error) {
	return s.Sign(totp.Use{Person: person, Key: key, Code: digits}, "halligan.v1.decision", []byte(message))
}

// TestASignatureByACode is one of the device's key over the message alone, that
// anybody can check.
func TestASignatureByACode(t *testing.T) {
	s := newShelf(t)
	p := s.confirmed(t, "ann")
	blob, err := s.sign("ann", p.key, p.at(s.now), "yes")
	if err != nil {
		t.Fatal(err)
	}
	who, err := sshsig.Verify(blob, "halligan.v1.decision", []byte("yes"))
	if err != nil || who.Type != "ssh-ed25519" || who.Security {
		t.Fatalf("%+v, %v", who, err)
	}
	if _, err := sshsig.Verify(blob, "halligan.v1.decision", []byte("no")); err == nil {
		t.Error("it is good for another message")
	}
}

// TestT20EachCodeIsGoodOnce: not again, not with spaces, not for another statement,
// not of an earlier step, also after a restart; the same once more is the same.
func TestT20EachCodeIsGoodOnce(t *testing.T) {
	s := newShelf(t)
	p := s.confirmed(t, "ann")
	digits := p.at(s.now)
	first, err := s.sign("ann", p.key, digits, "yes")
	if err != nil {
		t.Fatal(err)
	}
	for restarts := range 2 {
		for _, try := range []struct {
			digits, message string
			want            error
		}{
			{digits, "another", totp.ErrUsed},
			{p.at(s.now.Add(-30 * time.Second)), "another", totp.ErrUsed}, // of before
			{" " + digits, "another", totp.ErrWrong}, {digits + " ", "another", totp.ErrWrong}, {digits[:3] + " " + digits[3:], "another", totp.ErrWrong},
			{digits + "\n", "another", totp.ErrWrong}, {"+" + digits[1:], "another", totp.ErrWrong}, {"", "another", totp.ErrWrong},
			{strings.Map(func(r rune) rune { return r - '0' + '٠' }, digits), "another", totp.ErrWrong}, // Arabic digits
		} {
			if _, err := s.sign("ann", p.key, try.digits, try.message); !errors.Is(err, try.want) {
				t.Errorf("%q for %s: %v, want %v", try.digits, try.message, err, try.want)
			}
		}
		again, err := s.sign("ann", p.key, digits, "yes")
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("the same once more: %v", err)
		}
		if _, err := s.Sign(totp.Use{Person: "ann", Key: p.key, Code: digits}, "halligan.v1.stop", []byte("yes")); !errors.Is(err, totp.ErrUsed) {
			t.Errorf("the same bytes as another kind: %v", err)
		}
		if restarts == 0 {
			s.open(t)
		}
	}
}

// TestT20FiftyAtOnce use one code for fifty statements: one is signed.
func TestT20FiftyAtOnce(t *testing.T) {
	s := newShelf(t)
	p := s.confirmed(t, "ann")
	digits := p.at(s.now)
	var signed, used int
	var mu sync.Mutex
	var all sync.WaitGroup
	for n := range 50 {
		all.Go(func() {
			_, err := s.sign("ann", p.key, digits, string(rune('A'+n)))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				signed++
			case errors.Is(err, totp.ErrUsed):
				used++
			}
		})
	}
	all.Wait()
	if signed != 1 || used != 49 {
		t.Errorf("%d signed, %d used", signed, used)
	}
}

// TestT20ClockEdges: a phone may be half a minute off, and no more; a step of later
// uses up those before it.
func TestT20ClockEdges(t *testing.T) {
	step := night.Truncate(30 * time.Second)
	for _, at := range []time.Time{step, step.Add(30*time.Second - 1)} {
		s := newShelf(t)
		s.now = step.Add(-time.Minute)
		p := s.confirmed(t, "ann")
		s.now = at
		for off, want := range map[time.Duration]error{-60 * time.Second: totp.ErrWrong, 60 * time.Second: totp.ErrWrong} {
			if _, err := s.sign("ann", p.key, p.at(step.Add(off)), "yes"); !errors.Is(err, want) {
				t.Errorf("%s off: %v", off, err)
			}
		}
		for _, off := range []time.Duration{0, 30 * time.Second} { // each later than the one before
			if _, err := s.sign("ann", p.key, p.at(step.Add(off)), "yes"); err != nil {
				t.Errorf("%s off: %v", off, err)
			}
		}
		if _, err := s.sign("ann", p.key, p.at(step), "no"); !errors.Is(err, totp.ErrUsed) {
			t.Errorf("a step before: %v", err)
		}
	}
}

// TestT20AnothersDevice signs nothing, and neither does one that nobody confirmed.
func TestT20AnothersDevice(t *testing.T) {
	s := newShelf(t)
	p := s.confirmed(t, "ann")
	other := s.made(t, "bob", invitation(2))
	for name, try := range map[string]struct{ person, key, digits string }{
		"as bob, with ann's":          {"bob", p.key, p.at(s.now)},
		"ann's code, of bob's device": {"bob", other.key, p.at(s.now)},
		"not confirmed":               {"bob", other.key, other.at(s.now)},
		"no such device":              {"ann", "ssh-ed25519 AAAA", p.at(s.now)},
	} {
		if _, err := s.sign(try.person, try.key, try.digits, "yes"); !errors.Is(err, totp.ErrWrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Confirm(totp.Use{Person: "bob", Key: other.key, Code: other.at(s.now)}, invitation(1)); !errors.Is(err, totp.ErrWrong) {
		t.Errorf("with another invitation: %v", err)
	}
	if err := s.Confirm(totp.Use{Person: "bob", Key: other.key, Code: p.at(s.now)}, invitation(2)); !errors.Is(err, totp.ErrWrong) {
		t.Errorf("with ann's code: %v", err)
	}
	digits := other.at(s.now)
	if err := s.Confirm(totp.Use{Person: "bob", Key: other.key, Code: digits}, invitation(2)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sign("bob", other.key, digits, "yes"); !errors.Is(err, totp.ErrUsed) {
		t.Errorf("the code that confirmed it: %v", err)
	}
}

// TestNothingIsSignedThatIsNotUsedUp: where the step cannot be written nothing is
// signed, and the digits are used up until the restart all the same.
func TestNothingIsSignedThatIsNotUsedUp(t *testing.T) {
	s := newShelf(t)
	p := s.confirmed(t, "ann")
	away := s.folder + ".away"
	if err := os.Rename(s.folder, away); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sign("ann", p.key, p.at(s.now), "yes"); err == nil || errors.As(err, new(totp.Refusal)) {
		t.Fatalf("signed without a disk: %v", err)
	}
	if err := os.Rename(away, s.folder); err != nil {
		t.Fatal(err)
	}
	if _, err := s.sign("ann", p.key, p.at(s.now), "no"); !errors.Is(err, totp.ErrUsed) {
		t.Errorf("digits that somebody saw: %v", err)
	}
}

// TestWhatIsForgotten: what nobody confirmed in time, what the cell did not take,
// and what it removed; and a second picture of one invitation voids the first.
func TestWhatIsForgotten(t *testing.T) {
	s := newShelf(t)
	listed, removed := s.confirmed(t, "ann"), s.made(t, "bob", invitation(2))
	if err := s.Confirm(totp.Use{Person: "bob", Key: removed.key, Code: removed.at(s.now)}, invitation(2)); err != nil {
		t.Fatal(err)
	}
	first := s.made(t, "kim", invitation(3))
	second := s.made(t, "kim", invitation(3))
	if err := s.Confirm(totp.Use{Person: "kim", Key: first.key, Code: first.at(s.now)}, invitation(3)); !errors.Is(err, totp.ErrWrong) {
		t.Errorf("the first of two: %v", err)
	}
	standing := func(key string) totp.Standing {
		return map[string]totp.Standing{listed.key: totp.Listed, removed.key: totp.Removed}[key]
	}
	count := func() int {
		files, err := os.ReadDir(s.folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	if err := s.Tidy(standing); err != nil || count() != 2 {
		t.Errorf("%d files, %v", count(), err)
	}
	s.now = s.now.Add(24 * time.Hour)
	if err := s.Confirm(totp.Use{Person: "kim", Key: second.key, Code: second.at(s.now)}, invitation(3)); !errors.Is(err, totp.ErrWrong) {
		t.Errorf("after the invitation's end: %v", err)
	}
	if err := s.Tidy(standing); err != nil || count() != 1 {
		t.Errorf("%d files, %v", count(), err)
	}
	s.now = s.now.Add(365 * 24 * time.Hour)
	if err := s.Tidy(standing); err != nil || count() != 1 {
		t.Errorf("one that the cell lists: %d files, %v", count(), err)
	}
	s.open(t)
	if _, err := s.sign("ann", listed.key, listed.at(s.now), "yes"); err != nil {
		t.Errorf("a year later: %v", err)
	}
}

// TestDevicesAreSealed: no file holds a secret or a key in clear, none is for others
// to read, and one opens under its own key file and as its own person's alone.
func TestDevicesAreSealed(t *testing.T) {
	s := newShelf(t)
	p := s.confirmed(t, "ann")
	files, err := filepath.Glob(filepath.Join(s.folder, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, clear := range [][]byte{p.secret, []byte(base32.StdEncoding.EncodeToString(p.secret))} {
		if bytes.Contains(data, clear) {
			t.Error("the secret is in the file")
		}
	}
	for _, path := range []string{files[0], s.key} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	text := string(data)
	for name, spoilt := range map[string]string{
		"another's":       strings.Replace(text, `"person":"ann"`, `"person":"bob"`, 1),
		"a byte of it":    strings.Replace(text, `"sealed":"`, `"sealed":"A`, 1)[:len(text)-3] + `="}`,
		"unknown member":  strings.Replace(text, `{`, `{"a":1,`, 1),
		"another version": strings.Replace(text, `"v1"`, `"v2"`, 1),
		"trailing":        text + "\n",
		"empty":           "",
	} {
		if spoilt == text {
			t.Fatalf("%s: nothing is spoilt", name)
		}
		if err := os.WriteFile(files[0], []byte(spoilt), 0o600); err != nil {
			t.Fatal(err)
		}
		opened, err := totp.Open(s.folder, s.key, func() time.Time { return s.now })
		for _, person := range []string{"ann", "bob"} {
			if err == nil {
				if _, err := opened.Sign(totp.Use{Person: person, Key: p.key, Code: p.at(s.now)}, "n", []byte("yes")); err == nil {
					t.Errorf("%s: signed for %s", name, person)
				}
			}
		}
	}
	if err := os.WriteFile(files[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, break_ := range map[string]func() error{
		"another key": func() error { return os.WriteFile(s.key, bytes.Repeat([]byte{7}, 32), 0o600) },
		"a short key": func() error { return os.WriteFile(s.key, []byte{7}, 0o600) },
		"others may":  func() error { return os.Chmod(s.key, 0o644) },
		"no key":      func() error { return os.Remove(s.key) },
	} {
		kept, err := os.ReadFile(s.key)
		if err != nil {
			t.Fatal(err)
		}
		if err := break_(); err != nil {
			t.Fatal(err)
		}
		opened, err := totp.Open(s.folder, s.key, func() time.Time { return s.now })
		if err == nil {
			_, err = opened.Sign(totp.Use{Person: "ann", Key: p.key, Code: p.at(s.now)}, "n", []byte("yes"))
		}
		if err == nil || errors.As(err, new(totp.Refusal)) {
			t.Errorf("%s: %v", name, err)
		}
		_ = os.Remove(s.key)
		if err := os.WriteFile(s.key, kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzDeviceFile: whatever lies in a file, opening it refuses or gives what signs
// with no digits that are not its own.
func FuzzDeviceFile(f *testing.F) {
	f.Add([]byte(`{"code_device":"v1","for":"0000000000000000000000000000000000000000000000000000000000000000","invitation":"0000000000000000000000000000000000000000000000000000000000000001","key":"ssh-ed25519 AAAA","person":"ann","sealed":"AAAA","until":"2026-11-23T03:07:15.000Z","used":0}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		at := t.TempDir()
		name := canon.Sum([]byte("ssh-ed25519 AAAA")).String()[:32] + ".json"
		if err := errors.Join(os.WriteFile(filepath.Join(at, name), data, 0o600), os.WriteFile(filepath.Join(at, "key"), make([]byte, 32), 0o600)); err != nil {
			t.Fatal(err)
		}
		opened, err := totp.Open(at, filepath.Join(at, "key"), func() time.Time { return night })
		if err != nil {
			return
		}
		if _, err := opened.Sign(totp.Use{Person: "ann", Key: "ssh-ed25519 AAAA", Code: "000000"}, "n", nil); err == nil {
			t.Error("it signed")
		}
	})
}
