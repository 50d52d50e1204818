package seal

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"

	"filippo.io/age"
	"github.com/cloudflare/circl/group"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Version stands in the member "envelope" of a description, and "share" of a share.
const Version = "v1"

// Limits of what is sealed, and of what is read.
const (
	ThresholdLeast   = 2        // one person alone never opens an envelope
	CustodiansMost   = 16       //
	SecretMost       = 32 << 10 // bytes of a secret
	DescriptionMost  = 32 << 10
	ContentMost      = SecretMost + 4<<10 // what age adds is far less
	ShareMost        = 4 << 10            // an encrypted share
	shareTextMost    = 512
	serialMost       = 1 << 31
	elementLength    = 32
	shareValueLength = 32
)

// sharing is the group whose scalars are shared. Its scalars are worked on in
// constant time, which those of the NIST curves in this library are not.
var sharing = group.Ristretto255

// Description is what everybody may know of an envelope. Its canonical JSON is
// what a seal statement names by digest.
type Description struct {
	Version     string        `json:"envelope"`
	Origin      string        `json:"origin"` // ledger origin of the cell
	Name        string        `json:"name"`   // of the envelope, for ever
	Serial      int64         `json:"serial"` // 1, then one more at each rotation
	Threshold   int           `json:"threshold"`
	Commitments []canon.Key32 `json:"commitments"` // as many as the threshold
	Shares      []Sealed      `json:"shares"`      // index 1, 2, …
	Recipient   string        `json:"recipient"`   // whom the content is encrypted to
	Content     Blob          `json:"content"`
}

// Sealed is one share as everybody may know it.
type Sealed struct {
	Custodian string       `json:"custodian"`
	Index     int          `json:"index"`
	Recipient string       `json:"recipient"` // of the custodian: age1… or ssh-ed25519 …
	Hash      canon.Digest `json:"hash"`      // commitment to the share
	Proof     canon.Digest `json:"proof"`     // last link of the chain of proofs
	Sealed    Blob         `json:"sealed"`    // the age file for the custodian
}

// Blob names an encrypted file.
type Blob struct {
	Digest canon.Digest `json:"digest"`
	Length int          `json:"length"`
}

// BlobOf names a file.
func BlobOf(data []byte) Blob { return Blob{canon.Sum(data), len(data)} }

// check tells whether data is the file that b names.
func (b Blob) check(what string, data []byte) error {
	if len(data) != b.Length || canon.Sum(data) != b.Digest {
		return fmt.Errorf("%s is not the file that the envelope names: %d bytes of SHA-256 %s are due", what, b.Length, b.Digest.Short())
	}
	return nil
}

// Decode reads a description, strictly, and checks it.
func Decode(data []byte) (*Description, error) {
	var d Description
	if err := canon.Decode(data, DescriptionMost, &d); err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("envelope: %w", err)
	}
	return &d, nil
}

// Encode gives the canonical JSON.
func (d *Description) Encode() []byte { return canon.MustEncode(d) }

// Check tells what is wrong with a description taken by itself.
func (d *Description) Check() error {
	if d.Version != Version {
		return fmt.Errorf("format %q is not supported by this version", d.Version)
	}
	order := Order{Origin: d.Origin, Name: d.Name, Serial: d.Serial, Threshold: d.Threshold}
	for _, s := range d.Shares {
		order.Custodians = append(order.Custodians, Custodian{s.Custodian, s.Recipient})
	}
	if _, err := order.check(); err != nil {
		return err
	}
	for i, s := range d.Shares {
		if s.Index != i+1 {
			return fmt.Errorf("shares[%d]: index %d, where %d is due", i, s.Index, i+1)
		}
		if s.Hash.IsZero() || s.Proof.IsZero() || s.Sealed.Digest.IsZero() || s.Sealed.Length <= 0 || s.Sealed.Length > ShareMost {
			return fmt.Errorf("shares[%d]: hash, proof, and a file of 1 to %d bytes, must be named", i, ShareMost)
		}
	}
	if d.Content.Digest.IsZero() || d.Content.Length <= 0 || d.Content.Length > ContentMost {
		return fmt.Errorf("content: a file of 1 to %d bytes must be named", ContentMost)
	}
	if _, err := age.ParseX25519Recipient(d.Recipient); err != nil {
		return errors.New("recipient: is no age recipient (age1…)")
	}
	_, err := d.points()
	return err
}

// points reads the commitments. One that is the identity would say that its
// coefficient is zero: the threshold would be lower than it is said to be, or
// the secret would be known.
func (d *Description) points() ([]group.Element, error) {
	if len(d.Commitments) != d.Threshold {
		return nil, fmt.Errorf("commitments: %d, where the threshold says %d", len(d.Commitments), d.Threshold)
	}
	points := make([]group.Element, 0, len(d.Commitments))
	for i, c := range d.Commitments {
		point := sharing.NewElement()
		if err := point.UnmarshalBinary(c[:]); err != nil || point.IsIdentity() {
			return nil, fmt.Errorf("commitments[%d]: is no point that can be committed to", i)
		}
		if again, err := point.MarshalBinary(); err != nil || !bytes.Equal(again, c[:]) {
			return nil, fmt.Errorf("commitments[%d]: is not in its one form", i)
		}
		points = append(points, point)
	}
	return points, nil
}

// ID names the sealing: the digest of what fixes the secret and who is needed.
// Shares name it, so that none passes for a share of another envelope, or of
// this one before it was rotated.
func (d *Description) ID() canon.Digest {
	type fixed struct {
		Version     string        `json:"envelope-id"`
		Origin      string        `json:"origin"`
		Name        string        `json:"name"`
		Serial      int64         `json:"serial"`
		Threshold   int           `json:"threshold"`
		Custodians  []string      `json:"custodians"`
		Commitments []canon.Key32 `json:"commitments"`
	}
	f := fixed{Version, d.Origin, d.Name, d.Serial, d.Threshold, nil, d.Commitments}
	for _, s := range d.Shares {
		f.Custodians = append(f.Custodians, s.Custodian)
	}
	return canon.Sum(canon.MustEncode(f))
}

// CommitmentsDigest is the digest of the commitments: what the law keeps of them.
func (d *Description) CommitmentsDigest() canon.Digest {
	return canon.Sum(canon.MustEncode(d.Commitments))
}

// Said is what the seal statement of a sealing says, which the rules took.
type Said struct {
	Origin, Name         string
	Serial               int64
	Threshold            int
	Commitments, Content canon.Digest
	Custodians           []string       // in the order of their shares
	Sealed               []canon.Digest // their files
}

// Says tells whether the description is of what a seal statement says.
func (d *Description) Says(of Said) bool {
	fits := d.Origin == of.Origin && d.Name == of.Name && d.Serial == of.Serial && d.Threshold == of.Threshold &&
		d.CommitmentsDigest() == of.Commitments && d.Content.Digest == of.Content && len(d.Shares) == len(of.Custodians)
	for i := 0; fits && i < len(d.Shares); i++ {
		fits = d.Shares[i].Custodian == of.Custodians[i] && d.Shares[i].Sealed.Digest == of.Sealed[i]
	}
	return fits
}

// Of finds the share of a custodian.
func (d *Description) Of(custodian string) (Sealed, bool) {
	for _, s := range d.Shares {
		if s.Custodian == custodian {
			return s, true
		}
	}
	return Sealed{}, false
}

// hash is the commitment to a share: it hides the value, which nobody can guess.
func hash(id canon.Digest, index int, value []byte) canon.Digest {
	h := sha256.New()
	h.Write([]byte("halligan share v1\n"))
	h.Write(id[:])
	h.Write(binary.BigEndian.AppendUint16(nil, uint16(index)))
	h.Write(value)
	return canon.Digest(h.Sum(nil))
}

func same(a, b canon.Digest) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
