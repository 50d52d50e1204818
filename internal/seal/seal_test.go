package seal_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"golang.org/x/crypto/ssh"
	"pgregory.net/rapid"

	"github.com/halligan-dev/halligan/internal/seal"
)

// custodian is a person of a test and what opens their share.
type custodian struct {
	seal.Custodian
	identity age.Identity
}

func agePerson(t testing.TB, id string) custodian {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return custodian{seal.Custodian{ID: id, Recipient: identity.Recipient().String()}, identity}
}

func sshPerson(t testing.TB, id string) custodian {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := agessh.NewEd25519Identity(private)
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
	return custodian{seal.Custodian{ID: id, Recipient: line}, identity}
}

// sealed is an envelope of a test, and whoever holds a share of it.
type sealed struct {
	*seal.Envelope
	people []custodian
}

func order(people []custodian, name string, threshold int) seal.Order {
	o := seal.Order{Origin: "halligan.example.com", Name: name, Serial: 1, Threshold: threshold}
	for _, p := range people {
		o.Custodians = append(o.Custodians, p.Custodian)
	}
	return o
}

const password = "correct horse battery staple"

func seal3of5(t testing.TB, name string) sealed {
	t.Helper()
	people := []custodian{agePerson(t, "ann"), sshPerson(t, "ben"), agePerson(t, "cara"), sshPerson(t, "dan"), agePerson(t, "eve")}
	e, err := seal.Seal(order(people, name, 3), []byte(password))
	if err != nil {
		t.Fatal(err)
	}
	return sealed{e, people}
}

// share opens the share of the custodian at a place.
func (e sealed) share(t testing.TB, i int) seal.Share {
	t.Helper()
	s, err := e.Description.OpenShare(e.people[i].ID, e.Shares[i], e.people[i].identity)
	if err != nil {
		t.Fatalf("%s cannot open the share: %v", e.people[i].ID, err)
	}
	return s
}

func TestAnyThresholdOfCustodiansOpens(t *testing.T) {
	e := seal3of5(t, "root-password")
	for a := range 5 {
		for b := range a {
			for c := range b {
				shares := []seal.Share{e.share(t, a), e.share(t, c), e.share(t, b)}
				secret, err := e.Description.Open(e.Content, shares)
				if err != nil || string(secret) != password {
					t.Errorf("shares %d, %d, %d: %q, %v", a, b, c, secret, err)
				}
			}
		}
	}
	all := []seal.Share{e.share(t, 4), e.share(t, 3), e.share(t, 2), e.share(t, 1), e.share(t, 0)}
	if secret, err := e.Description.Open(e.Content, all); err != nil || string(secret) != password {
		t.Errorf("all five: %q, %v", secret, err)
	}
}

// TestSealProperty: whatever is sealed to however many, exactly the threshold
// opens it, and one fewer does not.
func TestSealProperty(t *testing.T) {
	var people []custodian
	for i := range seal.CustodiansMost {
		people = append(people, agePerson(t, fmt.Sprintf("p%d", i)))
	}
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(2, seal.CustodiansMost).Draw(r, "n")
		k := rapid.IntRange(2, n).Draw(r, "k")
		secret := rapid.SliceOfN(rapid.Byte(), 1, 2000).Draw(r, "secret")
		made, err := seal.Seal(order(people[:n], "e", k), secret)
		if err != nil {
			r.Fatal(err)
		}
		read, err := seal.Decode(made.Description.Encode())
		if err != nil {
			r.Fatal(err)
		}
		e := sealed{made, people[:n]}
		e.Description = *read
		places := rapid.Permutation(slices.Collect(func(yield func(int) bool) {
			for i := range n {
				if !yield(i) {
					return
				}
			}
		})).Draw(r, "places")
		var shares []seal.Share
		for _, i := range places[:k] {
			shares = append(shares, e.share(t, i))
		}
		if got, err := e.Description.Open(e.Content, shares); err != nil || !bytes.Equal(got, secret) {
			r.Fatalf("%d of %d: %v", k, n, err)
		}
		if _, err := e.Description.Open(e.Content, shares[1:]); !errors.Is(err, seal.ErrTooFew) {
			r.Fatalf("%d of %d opened with one share fewer: %v", k, n, err)
		}
	})
}

// TestT52BadShareIsNamed: each way in which a share can be wrong is told apart,
// and says whose share it is wherever that is known.
func TestT52BadShareIsNamed(t *testing.T) {
	e, other := seal3of5(t, "root-password"), seal3of5(t, "root-password")
	good := []seal.Share{e.share(t, 0), e.share(t, 1), e.share(t, 2)}
	altered := func(change func(*seal.Share)) []seal.Share {
		shares := slices.Clone(good)
		change(&shares[1])
		return shares
	}
	for name, c := range map[string]struct {
		shares []seal.Share
		want   string
	}{
		"repeated": {[]seal.Share{good[0], good[1], good[0]}, "share 1 (ann's) was given twice"},
		"another envelope's": {[]seal.Share{good[0], good[2], other.share(t, 1)},
			"share 2 belongs to another envelope, or to this one before it was rotated"},
		"relabelled": {altered(func(s *seal.Share) { s.Value = other.share(t, 1).Value }),
			"share 2 (ben's) is not the one that was sealed: its hash differs"},
		"swapped index": {altered(func(s *seal.Share) { s.Index = 4 }), "share 4 (dan's) is not the one that was sealed: its hash differs"},
		"index beyond":  {altered(func(s *seal.Share) { s.Index = 6 }), "share 6 bears a number that this envelope has not"},
		"index zero":    {altered(func(s *seal.Share) { s.Index = 0 }), "a share bears a number that this envelope has not"},
		"flipped byte":  {altered(func(s *seal.Share) { s.Value[7] ^= 1 }), "share 2 (ben's) is not the one that was sealed: its hash differs"},
		"two":           {good[:2], "too few shares: 2 given, 3 of 5 open envelope root-password"},
		"none":          {nil, "too few shares: 0 given, 3 of 5 open envelope root-password"},
	} {
		secret, err := e.Description.Open(e.Content, c.shares)
		if err == nil || err.Error() != c.want || secret != nil {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "password ") {
			t.Errorf("%s: the error tells the secret", name)
		}
	}
}

// TestEveryByteOfAShareCounts: no single bit of a share's file or of its text
// can be changed unseen.
func TestEveryByteOfAShareCounts(t *testing.T) {
	e := seal3of5(t, "root-password")
	for i := range e.Shares[0] {
		file := slices.Clone(e.Shares[0])
		file[i] ^= 0x10
		if _, err := e.Description.OpenShare("ann", file, e.people[0].identity); err == nil || err.Error() != "share 1 (ann's) is not the file that the envelope names" {
			t.Fatalf("byte %d of the file: %v", i, err)
		}
		if _, err := e.Description.Unwrap(file, e.people[0].identity); err == nil {
			t.Fatalf("byte %d of the file can be changed", i)
		}
	}
	text := e.share(t, 0).Encode()
	for i := range text {
		for bit := range 8 {
			bent := slices.Clone(text)
			bent[i] ^= 1 << bit
			if s, err := seal.DecodeShare(bent); err == nil && e.Description.CheckShare(s) == nil {
				t.Fatalf("bit %d of byte %d of the text can be changed", bit, i)
			}
		}
	}
}

func TestSharesAreForTheirCustodiansAlone(t *testing.T) {
	e := seal3of5(t, "root-password")
	_, err := e.Description.OpenShare("ann", e.Shares[0], e.people[1].identity, e.people[2].identity)
	var bad *seal.BadShare
	if !errors.As(err, &bad) || bad.Fault != seal.FaultKey {
		t.Errorf("another's keys: %v", err)
	}
	if _, err := e.Description.OpenShare("ann", e.Shares[1], e.people[1].identity); err == nil {
		t.Error("ben's file passes for ann's")
	}
	if _, err := e.Description.OpenShare("zoe", e.Shares[0], e.people[0].identity); err == nil {
		t.Error("somebody without a share opened one")
	}
}

func TestResealedToTheHolderAlone(t *testing.T) {
	e := seal3of5(t, "root-password")
	holder, private, public := holderKey(t)
	var received []seal.Share
	for i := range 3 {
		file, err := seal.Reseal(e.share(t, i), public)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Description.Unwrap(file, e.people[i].identity); err == nil {
			t.Error("a share sealed to the holder opens for somebody else")
		}
		s, err := e.Description.Unwrap(file, holder)
		if err != nil {
			t.Fatal(err)
		}
		received = append(received, s)
	}
	if secret, err := e.Description.Open(e.Content, received); err != nil || string(secret) != password {
		t.Errorf("%q, %v", secret, err)
	}
	if _, err := seal.Holder(private[1:]); err == nil {
		t.Error("31 bytes are a key")
	}
}

func TestContentIsTheOneThatWasSealed(t *testing.T) {
	e, other := seal3of5(t, "root-password"), seal3of5(t, "root-password")
	shares := []seal.Share{e.share(t, 0), e.share(t, 1), e.share(t, 2)}
	if _, err := e.Description.Open(other.Content, shares); err == nil {
		t.Error("another content was opened")
	}
	// A server that writes the description anew names a content and a recipient of
	// its own; the shares do not give that key.
	lie := e.Description
	lie.Content, lie.Recipient = other.Description.Content, other.Description.Recipient
	if _, err := lie.Open(other.Content, shares); err == nil || !strings.Contains(err.Error(), "another key than its shares give") {
		t.Errorf("a content for another key: %v", err)
	}
}

func TestOrdersRefused(t *testing.T) {
	people := []custodian{agePerson(t, "ann"), agePerson(t, "ben"), agePerson(t, "cara")}
	for want, change := range map[string]func(*seal.Order){
		"origin":              func(o *seal.Order) { o.Origin = "Not A Host" },
		"name":                func(o *seal.Order) { o.Name = "../root" },
		"serial":              func(o *seal.Order) { o.Serial = 0 },
		"threshold":           func(o *seal.Order) { o.Threshold = 1 },
		"(3), not 4":          func(o *seal.Order) { o.Threshold = 4 },
		"custodians[2]: ann":  func(o *seal.Order) { o.Custodians[2].ID = "ann" },
		"custodians[1]: ben":  func(o *seal.Order) { o.Custodians[1].Recipient = o.Custodians[0].Recipient },
		"keys that only sign": func(o *seal.Order) { o.Custodians[0].Recipient = "sk-ssh-ed25519@openssh.com AAAA" },
		"is no age recipient": func(o *seal.Order) {
			o.Custodians[0].Recipient = "age1" + strings.ToUpper(o.Custodians[0].Recipient[4:])
		},
		"neither an age":       func(o *seal.Order) { o.Custodians[0].Recipient = "ssh-ed25519 AAAA ann@laptop" },
		"is no ssh-ed25519":    func(o *seal.Order) { o.Custodians[0].Recipient = "ssh-ed25519 AAAA" },
		"not 2":                func(o *seal.Order) { o.Custodians = o.Custodians[:1] },
		"custodians: 17":       func(o *seal.Order) { o.Custodians = make([]seal.Custodian, 17) },
		"custodians[0]: \"A\"": func(o *seal.Order) { o.Custodians[0].ID = "A" },
	} {
		o := order(people, "root-password", 2)
		change(&o)
		if _, err := seal.Seal(o, []byte(password)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	for _, secret := range [][]byte{nil, {}, make([]byte, seal.SecretMost+1)} {
		if _, err := seal.Seal(order(people, "root-password", 2), secret); err == nil {
			t.Errorf("a secret of %d bytes was sealed", len(secret))
		}
	}
	most := bytes.Repeat([]byte{7}, seal.SecretMost)
	if _, err := seal.Seal(order(people, "root-password", 2), most); err != nil {
		t.Errorf("the longest secret: %v", err)
	}
}
