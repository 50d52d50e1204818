package verify

import (
	"errors"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// ForkReport is what a kept fork shows to whoever pins the ledger's key.
type ForkReport struct {
	Proved bool         `json:"proved"`
	Origin string       `json:"origin"`
	First  Checkpoint   `json:"first"`
	Second Checkpoint   `json:"second"`
	Had    canon.Digest `json:"had,omitzero"` // the root of the second's ledger at the first's size
}

// Fork checks a kept fork from an anchor. An error says that it cannot be used, or
// that its checkpoints agree.
func Fork(anchor ledger.Anchor, data []byte) (*ForkReport, error) {
	f, err := ledger.DecodeFork(anchor, data)
	if err != nil {
		return nil, err
	}
	first, second, err := f.Check(anchor)
	if err != nil && !errors.Is(err, ledger.ErrNotShown) {
		return nil, err
	}
	return &ForkReport{
		Proved: err == nil, Origin: first.Origin, Had: f.Root,
		First: Checkpoint{first.Size, first.Root}, Second: Checkpoint{second.Size, second.Root},
	}, nil
}

// Text is the report in plain sentences.
func (r *ForkReport) Text() string {
	w := new(writer)
	if r.Proved {
		w.say("FORK PROVED: two checkpoints of %s, signed with its ledger key, contradict each other.", r.Origin)
	} else {
		w.say("NOT PROVED: two checkpoints of %s, signed with its ledger key, and nothing that shows how one leads to the other.", r.Origin)
	}
	w.say("  one: %d entries, root %s", r.First.Size, r.First.Root)
	w.say("  two: %d entries, root %s", r.Second.Size, r.Second.Root)
	switch {
	case !r.Proved:
		w.say("Whoever runs the ledger can prove that the second goes on from the first, if it does. Demand that proof from them.")
	case !r.Had.IsZero():
		w.say("  With %d entries, the ledger of the second had the root %s.", r.First.Size, r.Had)
		fallthrough
	default:
		w.say("Whoever held the key told two histories. Which of them is true, this cannot tell.")
	}
	return w.String()
}
