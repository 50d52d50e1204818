package seal

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Custodian is a person who gets a share, and the key that it is encrypted to.
type Custodian struct {
	ID        string `json:"custodian"`
	Recipient string `json:"recipient"` // age1…, or the line of an ssh-ed25519 key
}

// Order says what is to be sealed for whom.
type Order struct {
	Origin     string
	Name       string
	Serial     int64
	Threshold  int
	Custodians []Custodian
}

// Envelope is a secret that has been sealed: nothing of it is secret.
type Envelope struct {
	Description Description
	Content     []byte   // age file, for the key that the shares give
	Shares      [][]byte // age files, for the custodian at the same place
}

// check tells what is wrong with an order, and reads the recipients.
func (o *Order) check() ([]age.Recipient, error) {
	if err := canon.CheckOrigin(o.Origin); err != nil {
		return nil, fmt.Errorf("origin: %w", err)
	}
	if err := canon.CheckID(o.Name); err != nil {
		return nil, fmt.Errorf("name: %w", err)
	}
	n := len(o.Custodians)
	switch {
	case o.Serial < 1 || o.Serial > serialMost:
		return nil, errors.New("serial: must be 1 or more")
	case n > CustodiansMost:
		return nil, fmt.Errorf("custodians: %d, at most %d", n, CustodiansMost)
	case o.Threshold < ThresholdLeast || o.Threshold > n:
		return nil, fmt.Errorf("threshold: must be %d to the number of custodians (%d), not %d", ThresholdLeast, n, o.Threshold)
	}
	recipients := make([]age.Recipient, 0, n)
	for i, c := range o.Custodians {
		if err := canon.CheckID(c.ID); err != nil {
			return nil, fmt.Errorf("custodians[%d]: %w", i, err)
		}
		recipient, err := ParseRecipient(c.Recipient)
		if err != nil {
			return nil, fmt.Errorf("custodians[%d] (%s): %w", i, c.ID, err)
		}
		for _, other := range o.Custodians[:i] {
			if other.ID == c.ID || other.Recipient == c.Recipient {
				return nil, fmt.Errorf("custodians[%d]: %s: each person, and each key, holds one share", i, c.ID)
			}
		}
		recipients = append(recipients, recipient)
	}
	return recipients, nil
}

// ParseRecipient reads the public key of a custodian in its one form: an age
// recipient (age1…) or "ssh-ed25519 AAAA…" without a comment. RSA keys are
// refused, and so are keys that can only sign (sk-…).
func ParseRecipient(text string) (age.Recipient, error) {
	if strings.HasPrefix(text, "age1") {
		r, err := age.ParseX25519Recipient(text)
		if err != nil || r.String() != text {
			return nil, errors.New("is no age recipient (age1…, as age-keygen prints it)")
		}
		return r, nil
	}
	if fields := strings.Split(text, " "); len(fields) == 2 && fields[0] == "ssh-ed25519" {
		r, err := agessh.ParseRecipient(text)
		if err != nil {
			return nil, errors.New("is no ssh-ed25519 key")
		}
		return r, nil
	}
	return nil, errors.New(`is neither an age recipient (age1…) nor "ssh-ed25519 AAAA…" without a comment; keys that only sign cannot hold a share`)
}

// Seal puts a secret into an envelope. It wipes nothing of secret, which is the
// caller's; what it made of it is wiped.
func Seal(o Order, secret []byte) (*Envelope, error) {
	recipients, err := o.check()
	if err != nil {
		return nil, err
	}
	if len(secret) == 0 || len(secret) > SecretMost {
		return nil, fmt.Errorf("the secret has %d bytes; it must have 1 to %d", len(secret), SecretMost)
	}
	scalar := sharing.RandomNonZeroScalar(rand.Reader)
	defer scalar.SetUint64(0)
	split := secretsharing.New(rand.Reader, uint(o.Threshold-1), scalar)
	e := &Envelope{Description: Description{
		Version: Version, Origin: o.Origin, Name: o.Name, Serial: o.Serial, Threshold: o.Threshold,
		Commitments: committed(split.CommitSecret()),
	}}
	for i, c := range o.Custodians {
		e.Description.Shares = append(e.Description.Shares, Sealed{Custodian: c.ID, Index: i + 1, Recipient: c.Recipient})
	}
	for i, share := range split.Share(uint(len(recipients))) {
		if err := e.give(i, share, recipients[i]); err != nil {
			return nil, err
		}
	}
	return e, e.fill(scalar, secret)
}

// give encrypts a share to its custodian.
func (e *Envelope) give(i int, share secretsharing.Share, to age.Recipient) error {
	defer share.Value.SetUint64(0)
	value, err := share.Value.MarshalBinary()
	if err != nil || len(value) != shareValueLength {
		return errors.New("cannot encode a share")
	}
	defer clear(value)
	id := e.Description.ID()
	s := Share{Version, id, i + 1, Value(value)}
	defer s.Wipe()
	file, err := encrypt(s.Encode(), to)
	if err != nil {
		return fmt.Errorf("cannot encrypt the share of %s: %w", e.Description.Shares[i].Custodian, err)
	}
	sealed := &e.Description.Shares[i]
	sealed.Hash, sealed.Proof, sealed.Sealed = hash(id, i+1, value), s.chain()[ProofsMost], BlobOf(file)
	e.Shares = append(e.Shares, file)
	return nil
}

// fill encrypts the secret to the key that the scalar gives.
func (e *Envelope) fill(scalar group.Scalar, secret []byte) error {
	key, err := e.Description.key(scalar)
	if err != nil {
		return err
	}
	e.Content, err = encrypt(secret, key.identity.Recipient())
	if err != nil {
		return fmt.Errorf("cannot encrypt the content: %w", err)
	}
	e.Description.Recipient, e.Description.Content = key.identity.Recipient().String(), BlobOf(e.Content)
	return e.Description.Check()
}

// Key opens the content of one envelope. It prints as nothing; Text gives it.
type Key struct{ identity *age.X25519Identity }

// Text is the key as `age -d -i` reads it: a secret.
func (k *Key) Text() string { return k.identity.String() }

// String hides the key.
func (k *Key) String() string { return "(the key of an envelope)" }

// GoString hides the key.
func (k *Key) GoString() string { return k.String() }

// key derives the key of the content from the shared scalar: HKDF-SHA256 with
// the sealing's ID as salt, and as info what the envelope is called, where and
// which. So the key of one envelope never opens another, whatever was shared.
func (d *Description) key(scalar group.Scalar) (*Key, error) {
	shared, err := scalar.MarshalBinary()
	if err != nil {
		return nil, errors.New("cannot encode the shared scalar")
	}
	defer clear(shared)
	id := d.ID()
	info := fmt.Sprintf("halligan envelope v1\n%s\n%s\n%d", d.Origin, d.Name, d.Serial)
	secret, err := hkdf.Key(sha256.New, shared, id[:], info, 32)
	if err != nil {
		return nil, fmt.Errorf("cannot derive the key of the content: %w", err)
	}
	defer clear(secret)
	identity, err := age.ParseX25519Identity(bech32Upper("age-secret-key-", secret))
	if err != nil {
		return nil, errors.New("cannot derive the key of the content")
	}
	return &Key{identity}, nil
}

func committed(points secretsharing.SecretCommitment) []canon.Key32 {
	out := make([]canon.Key32, 0, len(points))
	for _, point := range points {
		data, err := point.MarshalBinary()
		if err != nil || len(data) != elementLength {
			panic("a point of Ristretto255 has 32 bytes")
		}
		out = append(out, canon.Key32(data))
	}
	return out
}

func encrypt(plain []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
