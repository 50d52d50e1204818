package cell

import (
	"errors"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/attestation"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Maker is whose word on an authenticator counts in a cell: a key that it attests is
// hardware, as long as a document that names the maker is in force.
type Maker struct {
	ID     string   `json:"id"`
	Roots  [][]byte `json:"roots"`            // certificates in DER
	Models []string `json:"models,omitempty"` // AAGUIDs, sorted; none: all that it makes
}

// Limits of what a document says of makers.
const (
	MakersMost  = 20
	RootsMost   = 20 // of one maker
	ModelsMost  = 200
	RootLongest = 4 << 10
)

// RulesOfMakers is the number of the first rules by which makers and their attestations are read.
const RulesOfMakers = 2

// checkMakers refuses makers that stand behind nothing.
func (g *Genesis) checkMakers() error {
	if len(g.Makers) > 0 && g.Rules < RulesOfMakers || len(g.Makers) > MakersMost {
		return fmt.Errorf("makers: need rules %d, and are at most %d", RulesOfMakers, MakersMost)
	}
	for i, m := range g.Makers {
		if err := canon.CheckID(m.ID); err != nil {
			return fmt.Errorf("makers: %w", err)
		}
		twice := slices.ContainsFunc(g.Makers[:i], func(other Maker) bool { return other.ID == m.ID })
		long := slices.ContainsFunc(m.Roots, func(root []byte) bool { return len(root) == 0 || len(root) > RootLongest })
		switch {
		case twice, len(m.Roots) == 0, len(m.Roots) > RootsMost, long:
			return fmt.Errorf("makers: %s must stand once, with 1 to %d roots of at most %d bytes", m.ID, RootsMost, RootLongest)
		case len(m.Models) > ModelsMost || slices.ContainsFunc(m.Models, func(model string) bool { return !IsModel(model) }):
			return fmt.Errorf("makers: %s: models must be at most %d AAGUIDs in lower case", m.ID, ModelsMost)
		}
	}
	return nil
}

// IsModel tells whether a text is an AAGUID, as 8-4-4-4-12 hexadecimal digits.
func IsModel(text string) bool {
	if len(text) != 36 || !canon.MadeOf(text, "0123456789abcdef-") {
		return false
	}
	for i := range len(text) {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (text[i] == '-') {
			return false
		}
	}
	return true
}

// checkAttestation refuses at a key what no version reads. Whether it is true gives
// the key its strength, and is no reason to refuse a document.
func (g *Genesis) checkAttestation(k roster.Key) error {
	switch {
	case k.Made != roster.Made{}:
		return errors.New("who made a key is worked out, and no document says it")
	case k.Attestation == "":
		return nil
	case g.Rules < RulesOfMakers:
		return fmt.Errorf("attestations need rules %d", RulesOfMakers)
	}
	if _, err := attestation.Parse(k.Attestation); err != nil {
		return fmt.Errorf("the attestation of key %s %w", k.Fingerprint, err)
	}
	return nil
}

// Attest works out which keys of a roster are hardware by this document: those with an
// attestation of this very key, by a device of a maker whose chain of certificates was
// valid when the attestation came into the cell. That is now, unless the roster before
// had it. Nobody asks later whether a certificate is over since: the device is not
// another one by that.
func (g *Genesis) Attest(r, before *roster.Roster, now canon.Time) {
	since := map[string]roster.Key{}
	for _, p := range before.People {
		for _, k := range p.Keys {
			since[k.Fingerprint] = k
		}
	}
	r.Settle(func(k roster.Key) roster.Made {
		made := roster.Made{At: now}
		if was := since[k.Fingerprint]; was.Attestation == k.Attestation && !was.Made.At.IsZero() {
			made.At = was.Made.At
		}
		made.By, _ = g.MakerOf(k, made.At)
		return made
	})
}

// MakerOf is the maker that stands behind a key's attestation at an instant. Its error
// says why none does.
func (g *Genesis) MakerOf(k roster.Key, at canon.Time) (string, error) {
	a, err := attestation.Parse(k.Attestation)
	if err == nil {
		err = a.Check(k.Wire())
	}
	if err != nil {
		return "", err
	}
	err = errors.New("is of none of the cell's makers: it names none")
	for _, m := range g.Makers {
		if err = a.By(m.Roots, m.Models, at.Std()); err == nil {
			return m.ID, nil
		}
	}
	return "", err
}
