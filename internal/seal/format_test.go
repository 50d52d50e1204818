package seal_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/cloudflare/circl/group"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestKeyTextIsAges checks our spelling of keys against age's own.
func TestKeyTextIsAges(t *testing.T) {
	for range 50 {
		key, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		want, err := plugin.EncodeX25519Recipient(key.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		identity, err := seal.Holder(key.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := identity.(*age.X25519Identity).Recipient().String(); got != want {
			t.Fatalf("%s, age says %s", got, want)
		}
	}
}

// order of Ristretto255, from RFC 9496.
var groupOrder, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

// byHand opens an envelope as docs/reference/formats.md tells it, with nothing
// of this package: Lagrange over the order of the group, HKDF, bech32 by age.
func byHand(t *testing.T, e sealed, places []int) *age.X25519Identity {
	t.Helper()
	scalar := new(big.Int)
	for _, i := range places {
		value := e.share(t, i).Value
		slices.Reverse(value[:]) // little-endian
		term := new(big.Int).SetBytes(value[:])
		for _, j := range places {
			if j != i {
				term.Mul(term, big.NewInt(int64(j+1)))
				term.Mul(term, new(big.Int).ModInverse(new(big.Int).Mod(big.NewInt(int64(j-i)), groupOrder), groupOrder))
			}
		}
		scalar.Mod(scalar.Add(scalar, term), groupOrder)
	}
	shared := scalar.FillBytes(make([]byte, 32))
	slices.Reverse(shared)
	d := e.Description
	id := d.ID()
	secret, err := hkdf.Key(sha256.New, shared, id[:], fmt.Sprintf("halligan envelope v1\n%s\n%s\n%d", d.Origin, d.Name, d.Serial), 32)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := seal.Holder(secret)
	if err != nil {
		t.Fatal(err)
	}
	return identity.(*age.X25519Identity)
}

// TestFormatByAnotherHand works the key out again with other arithmetic, and
// opens the content with it and with the age program.
func TestFormatByAnotherHand(t *testing.T) {
	e := seal3of5(t, "root-password")
	identity := byHand(t, e, []int{4, 0, 2})
	key, err := e.Description.Combine([]seal.Share{e.share(t, 1), e.share(t, 2), e.share(t, 3)})
	if err != nil {
		t.Fatal(err)
	}
	if identity.String() != key.Text() {
		t.Fatal("the key worked out by another hand is another")
	}
	program, err := exec.LookPath("age")
	if err != nil {
		t.Skip("skipped: no age here; install it to open a content with it")
	}
	dir := t.TempDir()
	keyFile, content := filepath.Join(dir, "key.txt"), filepath.Join(dir, "content.age")
	for file, data := range map[string][]byte{keyFile: []byte(key.Text() + "\n"), content: e.Content} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(program, "-d", "-i", keyFile, content).Output()
	if err != nil || string(out) != password {
		t.Errorf("age says %q, %v", out, err)
	}
}

// TestLyingSealer: shares that fit their hashes but not the commitments are
// named, so that whoever seals cannot hand out shares that give nothing.
func TestLyingSealer(t *testing.T) {
	e, other := seal3of5(t, "root-password"), seal3of5(t, "root-password")
	lie := e.Description
	lie.Commitments = slices.Clone(lie.Commitments)
	lie.Commitments[1] = other.Description.Commitments[1]
	s := e.share(t, 0)
	s.Envelope = lie.ID()
	h := sha256.New()
	h.Write([]byte("halligan share v1\n"))
	h.Write(s.Envelope[:])
	h.Write(binary.BigEndian.AppendUint16(nil, 1))
	h.Write(s.Value[:])
	lie.Shares = slices.Clone(lie.Shares)
	lie.Shares[0].Hash = canon.Digest(h.Sum(nil))
	if err := lie.CheckShare(s); err == nil || err.Error() != "share 1 (ann's) does not give the proofs that the envelope names" {
		t.Errorf("%v", err)
	}
	lie.Shares[0].Proof = lastProof(s)
	if err := lie.Check(); err != nil {
		t.Fatal(err)
	}
	if err := lie.CheckShare(s); err == nil || err.Error() != "share 1 (ann's) does not fit the commitments of the envelope" {
		t.Errorf("%v", err)
	}
}

// lastProof works out the public proof of a share as the format tells it.
func lastProof(s seal.Share) canon.Digest {
	data := append([]byte("halligan proof v1\n"), s.Envelope[:]...)
	data = append(append(data, 0, byte(s.Index)), s.Value[:]...)
	link := canon.Sum(data)
	for range 128 {
		link = canon.Sum(link[:])
	}
	return link
}

// TestProofsOfAShare: each proof is the SHA-256's origin of the one before, none
// serves twice, and another share gives none.
func TestProofsOfAShare(t *testing.T) {
	e := seal3of5(t, "root-password")
	s, public := e.share(t, 1), e.Description.Shares[1].Proof
	seen := map[canon.Digest]bool{}
	for range seal.ProofsMost {
		proof, err := s.Prove(public)
		if err != nil || canon.Sum(proof[:]) != public || seen[proof] {
			t.Fatalf("proof %d: %v", len(seen), err)
		}
		seen[proof], public = true, proof
	}
	if _, err := s.Prove(public); !errors.Is(err, seal.ErrProofsUsed) {
		t.Errorf("one proof too many: %v", err)
	}
	if _, err := s.Prove(e.Description.Shares[0].Proof); err == nil {
		t.Error("a share proves another")
	}
}

func TestDescriptionsRefused(t *testing.T) {
	identity, err := group.Ristretto255.Identity().MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*seal.Description){
		"format":            func(d *seal.Description) { d.Version = "v2" },
		"commitments: 4":    func(d *seal.Description) { d.Commitments = append(d.Commitments, d.Commitments[0]) },
		"commitments[2]":    func(d *seal.Description) { d.Commitments[2] = canon.Key32(identity) },
		"commitments[0]":    func(d *seal.Description) { d.Commitments[0] = canon.Key32(bytes.Repeat([]byte{0xff}, 32)) },
		"shares[1]: index":  func(d *seal.Description) { d.Shares[1].Index = 1 },
		"shares[0]: hash":   func(d *seal.Description) { d.Shares[0].Hash = canon.Digest{} },
		"shares[4]: hash":   func(d *seal.Description) { d.Shares[4].Sealed.Length = seal.ShareMost + 1 },
		"content":           func(d *seal.Description) { d.Content.Length = 0 },
		"recipient: is no":  func(d *seal.Description) { d.Recipient = "age1" },
		"threshold: must":   func(d *seal.Description) { d.Threshold = 6 },
		"custodians[0]: an": func(d *seal.Description) { d.Shares[0].Recipient, d.Shares[0].Custodian = "x", "an" },
	} {
		e := seal3of5(t, "root-password")
		change(&e.Description)
		if _, err := seal.Decode(e.Description.Encode()); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(want, ": an")) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if len(seal3of5(t, "e").Description.Encode()) > seal.DescriptionMost/4 {
		t.Error("a description of five takes more than a quarter of what sixteen may take")
	}
}

func TestWordsOfAShare(t *testing.T) {
	list := statement.WordList()
	e, other := seal3of5(t, "root-password"), seal3of5(t, "root-password")
	for i := range 5 {
		s := e.share(t, i)
		words, err := s.Words(list)
		if err != nil || len(words) != seal.WordCount {
			t.Fatalf("%d words, %v", len(words), err)
		}
		text := strings.Join(words, "\n ")
		back, err := e.Description.ShareOf(text, list)
		if err != nil || back != s {
			t.Fatalf("read back: %v", err)
		}
		if _, err := other.Description.ShareOf(text, list); err == nil || !strings.Contains(err.Error(), "another envelope") {
			t.Errorf("words of another envelope: %v", err)
		}
		for at := range words {
			bent := slices.Clone(words)
			bent[at] = list[(slices.Index(list, bent[at])+1)%len(list)]
			if _, err := e.Description.ShareOf(strings.Join(bent, " "), list); err == nil {
				t.Errorf("word %d can be another", at+1)
			}
			bent[at] = "xyzzy"
			_, err := e.Description.ShareOf(strings.Join(bent, " "), list)
			if want := fmt.Sprintf("word %d is not in the list", at+1); err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		words[3], words[4] = words[4], words[3]
		if _, err := e.Description.ShareOf(strings.Join(words, " "), list); err == nil {
			t.Error("two words can be swapped")
		}
	}
	if _, err := e.share(t, 0).Words(list[1:]); err == nil {
		t.Error("a list of 2,047 words serves")
	}
	if _, err := e.Description.ShareOf("abacus", list); err == nil {
		t.Error("one word is a share")
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	e := seal3of5(t, "root-password")
	s := e.share(t, 0)
	key, err := e.Description.Combine([]seal.Share{s, e.share(t, 1), e.share(t, 2)})
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{key.Text(), hex.EncodeToString(s.Value[:]), fmt.Sprint([32]byte(s.Value))}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		out := fmt.Sprintf(format+format, s, key)
		for _, secret := range secrets {
			if strings.Contains(out, secret) {
				t.Errorf("%s prints a secret", format)
			}
		}
	}
	s.Wipe()
	if s.Value != (seal.Value{}) {
		t.Error("a wiped share has a value")
	}
}
