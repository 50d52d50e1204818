package ledger

import (
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
)

const anchorVersion = "v1"

// Anchor is what a verifier pins before looking at any evidence: which log, which
// genesis, whose keys, which witnesses. Evidence never supplies it.
type Anchor struct {
	Origin     string
	Genesis    Hash     // digest of the cell's genesis
	LedgerKeys []string // signed-note verifier keys, a set
	Witnesses  string   // NoWitnesses, or the text of another Policy

	// Successors are the ledger keys that came after those, in order. No file of an
	// anchor holds them: whoever sets them owes a replay from this anchor that gave
	// them.
	Successors []Successor
	// Deferred has no signature of a checkpoint looked at, because a key may have come
	// after those that are pinned. Whoever sets it owes a replay of what the checkpoint
	// counts, and OpenIn of the anchor that has the successors which that gives.
	Deferred bool
}

// Successor is a ledger key that came after another.
type Successor struct {
	Entry int64  // that exchanged the keys: a checkpoint that counts it is signed with VKey
	Epoch int64  // in which it did
	Until int64  // first epoch that does not have the entry; zero: all later ones have it
	VKey  string // under the name of the first epoch
}

// anchorJSON is the canonical JSON of an Anchor.
type anchorJSON struct {
	Version   string   `json:"anchor"`
	Genesis   Hash     `json:"genesis"`
	Keys      []string `json:"ledger_keys"`
	Origin    string   `json:"origin"`
	Witnesses string   `json:"witnesses"`
}

// Encode writes the anchor as canonical JSON, the keys sorted. An anchor has one
// encoding. It refuses what DecodeAnchor would refuse.
func (a Anchor) Encode() ([]byte, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	keys := slices.Clone(a.LedgerKeys)
	slices.Sort(keys)
	return canon.Encode(anchorJSON{
		Version: anchorVersion, Genesis: a.Genesis, Keys: keys, Origin: a.Origin, Witnesses: a.Witnesses,
	})
}

// DecodeAnchor accepts exactly what Encode writes.
func DecodeAnchor(data []byte) (Anchor, error) {
	var wire anchorJSON
	if err := decodeCanonical(data, &wire, ClassAnchor, "anchor"); err != nil {
		return Anchor{}, err
	}
	if wire.Version != anchorVersion {
		return Anchor{}, &Fault{
			Class: ClassAnchor, Where: "anchor",
			Detail: fmt.Sprintf("it is of version %q, this program reads %q", wire.Version, anchorVersion),
			Mend:   "use the program version that wrote it, or print the anchor again",
		}
	}
	a := Anchor{Origin: wire.Origin, Genesis: wire.Genesis, LedgerKeys: wire.Keys, Witnesses: wire.Witnesses}
	if err := a.check(); err != nil {
		return Anchor{}, err
	}
	if !slices.IsSorted(a.LedgerKeys) {
		return Anchor{}, &Fault{
			Class: ClassAnchor, Where: "anchor", Detail: "its ledger keys are not sorted",
			Mend: "use the file as it was written, without editing it",
		}
	}
	return a, nil
}

func (a Anchor) check() error {
	if err := checkOrigin(a.Origin); err != nil {
		return err
	}
	if a.Genesis.IsZero() {
		return &Fault{
			Class: ClassAnchor, Where: "anchor", Detail: "it pins no genesis digest",
			Mend: "copy the digest that every procedure of the cell prints",
		}
	}
	if _, err := verifiers(a.Origin, a.LedgerKeys); err != nil {
		return err
	}
	policy, err := ParsePolicy(a.Witnesses)
	if err != nil {
		return err
	}
	return policy.Strangers(a.LedgerKeys)
}

// Policy is the anchor's witness policy. An anchor that names none that can be
// read has none: such an anchor opens nothing.
func (a Anchor) Policy() Policy {
	policy, err := ParsePolicy(a.Witnesses)
	if err != nil {
		return Policy{}
	}
	return policy
}
