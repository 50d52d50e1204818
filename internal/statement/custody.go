package statement

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Bounds of custody.
const (
	CustodiansMost = 16       // of one envelope
	SerialMost     = 1 << 31  // of its sealings
	BlobMost       = 48 << 10 // bytes of an encrypted file
	SharesMost     = 4 << 10  // bytes of an encrypted share
)

var bagShape = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/#-]{0,63}$`)

// Blob names an encrypted file that lies beside the ledger and comes with the
// statement. The server cannot read it, and no rule does.
type Blob struct {
	Digest canon.Digest `json:"digest"`
	Length int          `json:"length"`
}

func (b Blob) check(member string, most int) error {
	if b.Digest.IsZero() || b.Length <= 0 || b.Length > most {
		return fmt.Errorf("%s: must name a file of 1 to %d bytes", member, most)
	}
	return nil
}

// Seal says that a secret was sealed for custodians, or, when physical, that it
// lies in numbered bags.
type Seal struct {
	Envelope    string       `json:"envelope"`
	Serial      int64        `json:"serial"` // 1, then one more for each sealing
	Threshold   int          `json:"threshold"`
	Physical    bool         `json:"physical,omitzero"`
	Description *Blob        `json:"description,omitzero"`
	Content     *Blob        `json:"content,omitzero"`
	Commitments canon.Digest `json:"commitments,omitzero"`
	Holders     []Held       `json:"holders"` // in the order of their shares
}

// Held is what one custodian of a sealing gets.
type Held struct {
	Custodian string       `json:"custodian"`
	Proof     canon.Digest `json:"proof,omitzero"`  // whose origin the custodian can tell
	Sealed    *Blob        `json:"sealed,omitzero"` // the share, encrypted to the custodian
	Bag       string       `json:"bag,omitempty"`
	Place     string       `json:"place,omitempty"`
}

// Share gives a custodian's share to one request: encrypted to the key that its
// requester made for it, or in its bag.
type Share struct {
	Of       canon.Digest `json:"of"`
	Envelope string       `json:"envelope"`
	Serial   int64        `json:"serial"`
	Holder   canon.Key32  `json:"holder,omitzero"` // X25519 key that it is sealed to
	Sealed   *Blob        `json:"sealed,omitzero"`
	Bag      string       `json:"bag,omitempty"` // of a physical envelope, handed over
}

// What a rotation was seen to do.
const (
	SeenAccepted = "accepted"
	SeenRefused  = "refused"
)

// Rotate says that the secret of a later sealing is the one in force: it was
// seen to work, and the one before to be refused.
type Rotate struct {
	Envelope string `json:"envelope"`
	Serial   int64  `json:"serial"` // the one in force from now on
	New      string `json:"new"`    // accepted
	Old      string `json:"old"`    // refused
	Note     *Note  `json:"note,omitzero"`
}

// Inspect says what a custodian saw: that they can open their share, where its
// bag lies, and whether that is whole.
type Inspect struct {
	Envelope string       `json:"envelope"`
	Serial   int64        `json:"serial"`
	Proof    canon.Digest `json:"proof,omitzero"` // whose SHA-256 is the last proof told
	Bag      string       `json:"bag,omitempty"`
	Place    string       `json:"place,omitempty"`
	Damaged  bool         `json:"damaged,omitzero"` // the bag, or the share
}

func checkSealing(envelope string, serial int64) error {
	if err := canon.CheckID(envelope); err != nil {
		return fmt.Errorf("envelope: %w", err)
	}
	if serial < 1 || serial > SerialMost {
		return errors.New("serial: must be 1 or more")
	}
	return nil
}

func checkBag(member, bag string) error {
	if !bagShape.MatchString(bag) {
		return fmt.Errorf("%s: %q is not the number of a bag (letters, digits and . _ / # -; at most 64)", member, bag)
	}
	return nil
}

// checkPlace lets a place be left out.
func checkPlace(member, place string) error {
	if place != "" && !bagShape.MatchString(place) {
		return fmt.Errorf("%s: %q is not a place such as hq/safe-2 (letters, digits and . _ / # -; at most 64)", member, place)
	}
	return nil
}

func (b *Seal) check() error {
	if err := checkSealing(b.Envelope, b.Serial); err != nil {
		return err
	}
	least := 2
	if b.Physical {
		least = 1
	}
	if n := len(b.Holders); n > CustodiansMost || b.Threshold < least || b.Threshold > n {
		return fmt.Errorf("threshold: must be %d to the number of holders, which is at most %d", least, CustodiansMost)
	}
	if b.Physical != (b.Description == nil) || b.Physical != (b.Content == nil) || b.Physical != b.Commitments.IsZero() {
		return errors.New("description, content, commitments: must all be there, and none for a physical envelope")
	}
	if !b.Physical {
		if err := errors.Join(b.Description.check("description", BlobMost), b.Content.check("content", BlobMost)); err != nil {
			return err
		}
	}
	for i, h := range b.Holders {
		if err := h.check(b.Physical); err != nil {
			return fmt.Errorf("holders[%d].%w", i, err)
		}
		for _, other := range b.Holders[:i] {
			if other.Custodian == h.Custodian || h.Bag != "" && other.Bag == h.Bag {
				return fmt.Errorf("holders[%d]: each custodian and each bag must stand once", i)
			}
		}
	}
	return nil
}

func (h Held) check(physical bool) error {
	if err := canon.CheckID(h.Custodian); err != nil {
		return fmt.Errorf("custodian: %w", err)
	}
	if !physical {
		if h.Sealed == nil || h.Proof.IsZero() || h.Bag != "" || h.Place != "" {
			return errors.New("sealed: must name a proof and a file, and no bag")
		}
		return h.Sealed.check("sealed", SharesMost)
	}
	if h.Sealed != nil || !h.Proof.IsZero() {
		return errors.New("sealed: a physical envelope has neither proofs nor files")
	}
	return errors.Join(checkBag("bag", h.Bag), checkPlace("place", h.Place))
}

func (b *Share) check() error {
	if err := checkSealing(b.Envelope, b.Serial); err != nil {
		return err
	}
	if b.Bag != "" {
		if b.Sealed != nil || !b.Holder.IsZero() {
			return errors.New("bag: a share is in a bag or in a file, not in both")
		}
		return errors.Join(checkBag("bag", b.Bag), checkOf(b.Of))
	}
	if b.Sealed == nil || b.Holder.IsZero() {
		return errors.New("sealed: must name a file, and holder the key that it is for")
	}
	return errors.Join(b.Sealed.check("sealed", SharesMost), checkOf(b.Of))
}

func (b *Rotate) check() error {
	if b.New != SeenAccepted || b.Old != SeenRefused {
		return fmt.Errorf("new, old: must be %s and %s: anything else is no rotation", SeenAccepted, SeenRefused)
	}
	if b.Note != nil {
		if err := b.Note.check("note"); err != nil {
			return err
		}
	}
	return checkSealing(b.Envelope, b.Serial)
}

func (b *Inspect) check() error {
	if err := checkSealing(b.Envelope, b.Serial); err != nil {
		return err
	}
	if b.Bag == "" {
		if b.Place != "" || b.Proof.IsZero() && !b.Damaged {
			return errors.New("proof, bag, damaged: must say what was seen")
		}
		return nil
	}
	return errors.Join(checkBag("bag", b.Bag), checkPlace("place", b.Place))
}

// Blobs are the files that a body names; they must come with it.
func Blobs(body Body) []Blob {
	var blobs []Blob
	switch b := body.(type) {
	case *Seal:
		for _, blob := range []*Blob{b.Description, b.Content} {
			if blob != nil {
				blobs = append(blobs, *blob)
			}
		}
		for _, h := range b.Holders {
			if h.Sealed != nil {
				blobs = append(blobs, *h.Sealed)
			}
		}
	case *Share:
		if b.Sealed != nil {
			blobs = append(blobs, *b.Sealed)
		}
	case *Change:
		blobs = b.Amend.files()
	case *Recover:
		blobs = b.Amend.files()
	}
	return blobs
}

// Kind is "seal".
func (b *Seal) Kind() Kind                            { return KindSeal }
func (b *Seal) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindSeal, h) }
func (b *Seal) decode(data []byte) (Statement, error) { return decodeFrame[Seal](data) }

// Kind is "share".
func (b *Share) Kind() Kind                            { return KindShare }
func (b *Share) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindShare, h) }
func (b *Share) decode(data []byte) (Statement, error) { return decodeFrame[Share](data) }

// Kind is "rotate".
func (b *Rotate) Kind() Kind                            { return KindRotate }
func (b *Rotate) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindRotate, h) }
func (b *Rotate) decode(data []byte) (Statement, error) { return decodeFrame[Rotate](data) }

// Kind is "inspect".
func (b *Inspect) Kind() Kind                            { return KindInspect }
func (b *Inspect) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindInspect, h) }
func (b *Inspect) decode(data []byte) (Statement, error) { return decodeFrame[Inspect](data) }
