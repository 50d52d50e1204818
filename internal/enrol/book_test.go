package enrol_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
)

var start = canon.At(time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC))

func wish(act enrol.Act, actor string, of canon.Digest) enrol.Wish {
	w := enrol.Wish{Cell: "halligan.example.com", Act: act, Actor: actor, Of: of, Nonce: canon.Key32{1}, Expires: start.Add(time.Minute)}
	if act == enrol.Invite {
		w.Person = "ann"
	}
	return w
}

func nobody(string) bool { return false }

func open(t *testing.T, path string) *enrol.Book {
	t.Helper()
	b, err := enrol.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func code(n byte) (canon.Key32, canon.Digest) {
	c := canon.Key32{n}
	return c, canon.Sum(c[:])
}

// TestBookIsKept: what was taken is there after a restart, what is over is not, and
// neither a file of others nor one that was changed is read.
func TestBookIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "enrolments.json")
	first, id := code(1)
	second, other := code(2)
	b := open(t, path)
	for _, w := range []enrol.Wish{wish(enrol.Invite, "sam", id), wish(enrol.Invite, "lea", other)} {
		if err := b.Take(w, start); err != nil {
			t.Fatal(err)
		}
	}
	offer, err := b.Use(first, enrol.Offer{Key: "ssh-ed25519 AAAA", Fingerprint: "SHA256:a"}, start.Add(time.Minute))
	if err != nil || offer.Person != "ann" || offer.By != "sam" || offer.ID != enrol.IDOf("ann", "ssh-ed25519 AAAA") {
		t.Fatalf("%+v, %v", offer, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	b = open(t, path)
	if _, err := b.Look(first, start); !errors.Is(err, enrol.ErrCode) {
		t.Errorf("a spent code after a restart: %v", err)
	}
	if _, err := b.Look(second, start.Add(enrol.InvitationLasts-time.Second)); err != nil {
		t.Errorf("an open one: %v", err)
	}
	if _, err := b.Look(second, start.Add(enrol.InvitationLasts)); !errors.Is(err, enrol.ErrCode) {
		t.Errorf("one of yesterday: %v", err)
	}
	for at, want := range map[time.Duration]int{0: 1, enrol.OfferLasts + time.Minute: 0} {
		if _, offers := b.List(start.Add(at), nobody); len(offers) != want {
			t.Errorf("after %s: %d offers", at, len(offers))
		}
	}
	if _, offers := b.List(start, func(key string) bool { return key == "SHA256:a" }); len(offers) != 0 {
		t.Error("the key is in the roster and still offered")
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"empty": "", "another version": strings.Replace(string(good), `"v1"`, `"v2"`, 1), "unknown member": strings.Replace(string(good), `{`, `{"a":1,`, 1), "trailing": string(good) + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := enrol.Open(path); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// TestNothingIsTakenThatIsNotKept: without a disk no code is spent and no offer made.
func TestNothingIsTakenThatIsNotKept(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	b := open(t, filepath.Join(folder, "enrolments.json"))
	c, id := code(1)
	if err := b.Take(wish(enrol.Invite, "sam", id), start); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Use(c, enrol.Offer{Key: "k"}, start); err == nil {
		t.Fatal("it was not written and was taken")
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, offers := b.List(start, nobody); len(offers) != 0 {
		t.Error("an offer that nobody was told of")
	}
	if _, err := b.Use(c, enrol.Offer{Key: "k"}, start); err != nil {
		t.Errorf("the code was spent for nothing: %v", err)
	}
}

// TestT18OffersCanBeReadAgain: however long what is offered is, the file stays one that
// the next start reads.
func TestT18OffersCanBeReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "invitations")
	b := open(t, path)
	full := false
	for n := range byte(100) {
		c, id := code(n + 1)
		if err := b.Take(wish(enrol.Invite, fmt.Sprint("p", n/20), id), start); err != nil && !errors.Is(err, enrol.ErrMany) {
			t.Fatal(err)
		}
		_, err := b.Use(c, enrol.Offer{Key: fmt.Sprint(n) + strings.Repeat("k", 64<<10)}, start)
		if full = errors.Is(err, enrol.ErrMany); full {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !full {
		t.Error("a hundred long offers were taken")
	}
	_, before := b.List(start, nobody)
	if _, after := open(t, path).List(start, nobody); len(before) < 10 || len(after) != len(before) {
		t.Errorf("%d offers were taken, and %d are there after a start", len(before), len(after))
	}
}

// TestT18InvitationsAreBounded: one person's are, and leave room for others'.
func TestT18InvitationsAreBounded(t *testing.T) {
	b := open(t, "")
	refused := 0
	for n := range byte(100) {
		_, id := code(n + 1)
		if err := b.Take(wish(enrol.Invite, "sam", id), start); errors.Is(err, enrol.ErrMany) {
			refused++
		} else if err != nil {
			t.Fatal(err)
		}
		_ = b.Take(wish(enrol.Revoke, "sam", id), start) // revoking makes no room for more
	}
	if refused != 80 {
		t.Errorf("%d of 100 were refused", refused)
	}
	_, id := code(200)
	if err := b.Take(wish(enrol.Invite, "lea", id), start); err != nil {
		t.Errorf("lea: %v", err)
	}
	if err := b.Take(wish(enrol.Invite, "sam", id), start); !errors.Is(err, enrol.ErrSpent) {
		t.Errorf("sam with lea's code: %v", err)
	}
	if err := b.Take(wish(enrol.Invite, "sam", canon.Sum([]byte("tomorrow"))), start.Add(enrol.InvitationLasts)); err != nil {
		t.Errorf("the day after: %v", err)
	}
}

func TestWishes(t *testing.T) {
	good := wish(enrol.Invite, "sam", canon.Sum([]byte("x")))
	data, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enrol.DecodeWish(data); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*enrol.Wish){
		"no actor": func(w *enrol.Wish) { w.Actor = "" }, "no person": func(w *enrol.Wish) { w.Person = "" }, "no act": func(w *enrol.Wish) { w.Act = "" },
		"no code": func(w *enrol.Wish) { w.Of = canon.Digest{} }, "no nonce": func(w *enrol.Wish) { w.Nonce = canon.Key32{} }, "no end": func(w *enrol.Wish) { w.Expires = canon.Time{} },
		"no cell": func(w *enrol.Wish) { w.Cell = "" }, "a person to revoke": func(w *enrol.Wish) { w.Act = enrol.Revoke }, "a path": func(w *enrol.Wish) { w.Person = "../ann" },
	} {
		w := good
		change(&w)
		if _, err := w.Encode(); err == nil {
			t.Errorf("%s is signed", name)
		}
	}
	for name, text := range map[string]string{
		"a space": " " + string(data), "a statement": strings.Replace(string(data), `"invitation"`, `"decision"`, 1), "twice": strings.Replace(string(data), `{`, `{"act":"invite",`, 1),
	} {
		if _, err := enrol.DecodeWish([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// TestWordsOfAKey: they are of the key, and always the same.
func TestWordsOfAKey(t *testing.T) {
	a, again, other := enrol.WordsOf("a"), enrol.WordsOf("a"), enrol.WordsOf("b")
	if len(a) != 4 || strings.Join(a, " ") != strings.Join(again, " ") || strings.Join(a, " ") == strings.Join(other, " ") {
		t.Errorf("%v, %v, %v", a, again, other)
	}
}

// TestWhatIsOffered: each sort of key has its name.
func TestWhatIsOffered(t *testing.T) {
	key := attestationtest.New("Acme").SSH("ssh:", nil).Line()
	for want, o := range map[string]enrol.Offer{
		"A security key": {Key: key}, "A code device": {Key: key, Code: true}, "A passkey": {Key: passkeytest.New("ann", "halligan.example.com").Line()},
	} {
		if o.What() != want {
			t.Errorf("%s, not %s", o.What(), want)
		}
	}
	if got := (enrol.Offer{Key: "sk-ssh-ed25519@openssh.com !"}).What(); got != "A passkey" {
		t.Errorf("of what cannot be read: %s", got)
	}
}

// TestChallengesOfKeys: each cell, person and code has its own, and it is the one of
// the reference.
func TestChallengesOfKeys(t *testing.T) {
	c, _ := code(1)
	other, _ := code(2)
	want := sha256.Sum256(append([]byte("halligan security key of an invitation v1\nhalligan.example.com\nann\n"), c[:]...))
	if !bytes.Equal(enrol.KeyChallenge("halligan.example.com", "ann", c), want[:]) {
		t.Error("it is another than the reference says")
	}
	all := map[string]bool{string(want[:]): true}
	for _, each := range [][]byte{
		enrol.KeyChallenge("other.example.com", "ann", c), enrol.KeyChallenge("halligan.example.com", "bob", c), enrol.KeyChallenge("halligan.example.com", "ann", other),
	} {
		if all[string(each)] {
			t.Error("two have one challenge")
		}
		all[string(each)] = true
	}
}

// FuzzWish: what is read encodes to the same bytes.
func FuzzWish(f *testing.F) {
	data, err := wish(enrol.Invite, "sam", canon.Sum([]byte("x"))).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		w, err := enrol.DecodeWish(data)
		if err != nil {
			return
		}
		if again, err := w.Encode(); err != nil || string(again) != string(data) {
			t.Errorf("%q, %v", again, err)
		}
	})
}
