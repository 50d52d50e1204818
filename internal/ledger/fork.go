package ledger

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
)

const forkVersion = "v1"

// ErrNotShown says that two checkpoints of different sizes were kept without the
// hashes that would show whether they contradict each other.
var ErrNotShown = errors.New("the sizes differ, and nothing shows which root the longer log had at the size of the shorter")

// Fork is two signed checkpoints of one log that cannot both be true. It convicts
// whoever signed them, before anybody who pins their key, and needs no server.
type Fork struct {
	First, Second []byte // signed; the first counts no more entries
	Root          Hash   // that the second's log had at the first's size; zero if the sizes are equal, or if it was not shown
	Proof         []Hash // from Root to the second's root (RFC 6962, section 2.1.2)
}

// forkJSON is the canonical JSON of a fork.
type forkJSON struct {
	First   string `json:"first"`
	Version string `json:"fork"`
	Proof   []Hash `json:"proof,omitempty"`
	Root    Hash   `json:"root,omitzero"`
	Second  string `json:"second"`
}

// NewFork puts two signed checkpoints in order and adds what shows that they
// contradict each other, if the tiles of the longer log can be read from a source,
// which need not be trusted. Check says whether they do.
func NewFork(a Anchor, one, other []byte, src Source) (Fork, error) {
	first, err := a.OpenIn(one)
	if err != nil {
		return Fork{}, err
	}
	second, err := a.OpenIn(other)
	if err != nil {
		return Fork{}, err
	}
	if first.Size > second.Size {
		one, other, first, second = other, one, second, first
	}
	f := Fork{First: one, Second: other}
	if first.Size == second.Size || first.Size == 0 {
		return f, nil
	}
	tiles := RawTiles(src, second.Size)
	root, err := RootAt(first.Size, tiles)
	if err != nil {
		return f, nil // kept as it is: not shown
	}
	proof, err := ConsistencyProof(first.Size, second.Size, tiles)
	if err == nil && CheckConsistency(proof, first.Size, root, second.Size, second.Root) == nil {
		f.Root, f.Proof = root, proof
	}
	return f, nil
}

// Encode writes a fork as canonical JSON.
func (f Fork) Encode() ([]byte, error) {
	return canon.Encode(forkJSON{First: string(f.First), Version: forkVersion, Proof: f.Proof, Root: f.Root, Second: string(f.Second)})
}

// DecodeFork accepts exactly what Encode writes.
func DecodeFork(a Anchor, data []byte) (Fork, error) {
	var wire forkJSON
	if err := openVersion(a, data, &wire, "fork"); err != nil {
		return Fork{}, err
	}
	if wire.Version != forkVersion {
		return Fork{}, fault(ClassEncoding, "fork", fmt.Sprintf("it is of version %q, this program reads %q", wire.Version, forkVersion))
	}
	return Fork{First: []byte(wire.First), Second: []byte(wire.Second), Root: wire.Root, Proof: wire.Proof}, nil
}

// Check gives the two checkpoints, and nil if they contradict each other: that
// is proved. ErrNotShown says that nothing is proved yet, any other error that
// nothing is.
func (f Fork) Check(a Anchor) (first, second Checkpoint, err error) {
	if first, err = a.OpenIn(f.First); err != nil {
		return first, second, err
	}
	if second, err = a.OpenIn(f.Second); err != nil {
		return first, second, err
	}
	agree := fault(ClassProof, "fork", "the two checkpoints do not contradict each other")
	switch {
	case first.Origin != second.Origin:
		return first, second, fault(ClassCheckpointOrigin, "fork", "the two checkpoints are of different epochs, which both may be true")
	case first.Size > second.Size:
		return first, second, fault(ClassEncoding, "fork", "its first checkpoint counts more entries than its second")
	case first.Size == second.Size && (!f.Root.IsZero() || len(f.Proof) > 0):
		return first, second, fault(ClassEncoding, "fork", "checkpoints of one size need no proof")
	case first.Size == 0, first.Size == second.Size && first.Root == second.Root, f.Root == first.Root:
		return first, second, agree
	case first.Size == second.Size:
		return first, second, nil
	case f.Root.IsZero():
		return first, second, ErrNotShown
	}
	return first, second, CheckConsistency(f.Proof, first.Size, f.Root, second.Size, second.Root)
}
