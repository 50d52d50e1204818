package seal

import (
	"fmt"

	"filippo.io/age"
	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Share is one custodian's part of the key, in the clear: a secret. Its
// canonical JSON is what the custodian's age file holds.
type Share struct {
	Version  string       `json:"share"`
	Envelope canon.Digest `json:"envelope"` // ID of the sealing
	Index    int          `json:"index"`
	Value    Value        `json:"value"`
}

// Value is a scalar of the group, 32 bytes, little-endian. Printed by mistake it
// says nothing.
type Value [shareValueLength]byte

// MarshalText gives lower-case hexadecimal digits.
func (v Value) MarshalText() ([]byte, error) { return canon.Key32(v).MarshalText() }

// UnmarshalText reads 64 lower-case hexadecimal digits.
func (v *Value) UnmarshalText(text []byte) error { return (*canon.Key32)(v).UnmarshalText(text) }

// String hides the value.
func (v Value) String() string { return "(a share's value)" }

// GoString hides the value.
func (v Value) GoString() string { return v.String() }

// DecodeShare reads a share, strictly. Its errors never quote it.
func DecodeShare(data []byte) (Share, error) {
	var s Share
	if err := canon.Decode(data, shareTextMost, &s); err != nil {
		return Share{}, errShareForm
	}
	if s.Version != Version {
		return Share{}, errShareForm
	}
	if _, err := s.scalar(); err != nil || s.Index < 1 || s.Index > CustodiansMost || s.Envelope.IsZero() {
		return Share{}, errShareForm
	}
	return s, nil
}

// Encode gives the canonical JSON: a secret. Wipe it when it has been used.
func (s Share) Encode() []byte { return canon.MustEncode(s) }

// Wipe overwrites the value, as far as Go allows: copies that were made before
// are out of reach.
func (s *Share) Wipe() { clear(s.Value[:]) }

func (s Share) scalar() (group.Scalar, error) {
	scalar := sharing.NewScalar()
	if err := scalar.UnmarshalBinary(s.Value[:]); err != nil {
		return nil, errShareForm // it quotes nothing
	}
	return scalar, nil
}

// Fault says what is wrong with a share.
type Fault string

// The faults of a share.
const (
	FaultForm     Fault = "is not a share as this version writes them"
	FaultForeign  Fault = "belongs to another envelope, or to this one before it was rotated"
	FaultIndex    Fault = "bears a number that this envelope has not"
	FaultRepeated Fault = "was given twice"
	FaultHash     Fault = "is not the one that was sealed: its hash differs"
	FaultProof    Fault = "does not give the proofs that the envelope names"
	FaultFeldman  Fault = "does not fit the commitments of the envelope"
	FaultKey      Fault = "cannot be opened with this key: it is encrypted to another"
	FaultFile     Fault = "is not the file that the envelope names"
)

// BadShare names a share that cannot be used, whose it is, and why.
type BadShare struct {
	Index     int    // 0 when the share does not say
	Custodian string // empty when nobody's
	Fault     Fault
}

// Error names the share.
func (b *BadShare) Error() string {
	switch {
	case b.Index == 0:
		return "a share " + string(b.Fault)
	case b.Custodian == "":
		return fmt.Sprintf("share %d %s", b.Index, b.Fault)
	}
	return fmt.Sprintf("share %d (%s's) %s", b.Index, b.Custodian, b.Fault)
}

var errShareForm = &BadShare{Fault: FaultForm}

func (d *Description) bad(index int, fault Fault) error {
	b := &BadShare{Index: index, Fault: fault}
	if index >= 1 && index <= len(d.Shares) {
		b.Custodian = d.Shares[index-1].Custodian
	}
	return b
}

// CheckShare tells whether a share is the one that was sealed under its number
// (*BadShare if not): first by its hash, then by the commitments. Both must
// hold; the second shows that whoever sealed did not lie about the first.
func (d *Description) CheckShare(s Share) error {
	switch {
	case s.Envelope != d.ID():
		return d.foreign(s)
	case s.Index < 1 || s.Index > len(d.Shares):
		return d.bad(s.Index, FaultIndex)
	case !same(hash(s.Envelope, s.Index, s.Value[:]), d.Shares[s.Index-1].Hash):
		return d.bad(s.Index, FaultHash)
	case !same(s.chain()[ProofsMost], d.Shares[s.Index-1].Proof):
		return d.bad(s.Index, FaultProof)
	}
	points, err := d.points()
	if err != nil {
		return err
	}
	scalar, err := s.scalar()
	if err != nil {
		return d.bad(s.Index, FaultForm)
	}
	defer scalar.SetUint64(0)
	id := sharing.NewScalar().SetUint64(uint64(s.Index))
	if !secretsharing.Verify(uint(d.Threshold-1), secretsharing.Share{ID: id, Value: scalar}, points) {
		return d.bad(s.Index, FaultFeldman)
	}
	return nil
}

// foreign names a share of another sealing: its number says nothing about whose
// it is.
func (d *Description) foreign(s Share) error { return &BadShare{Index: s.Index, Fault: FaultForeign} }

// OpenShare takes a custodian's share out of its age file and checks it.
func (d *Description) OpenShare(custodian string, file []byte, identities ...age.Identity) (Share, error) {
	sealed, ok := d.Of(custodian)
	if !ok {
		return Share{}, fmt.Errorf("%s holds no share of envelope %s, serial %d", custodian, d.Name, d.Serial)
	}
	if sealed.Sealed.check("", file) != nil {
		return Share{}, d.bad(sealed.Index, FaultFile)
	}
	s, err := d.Unwrap(file, identities...)
	if err != nil {
		return Share{}, err
	}
	if s.Index != sealed.Index {
		return Share{}, d.bad(sealed.Index, FaultIndex)
	}
	return s, nil
}

// Unwrap takes a share out of an age file for one of the identities, whoever
// encrypted it, and checks it against the envelope.
func (d *Description) Unwrap(file []byte, identities ...age.Identity) (Share, error) {
	text, err := decrypt(file, shareTextMost, identities)
	if err != nil {
		return Share{}, &BadShare{Fault: FaultKey}
	}
	defer clear(text)
	s, err := DecodeShare(text)
	if err != nil {
		return Share{}, err
	}
	return s, d.CheckShare(s)
}
