package ledger

import "fmt"

// Step is one step on the way from a leaf to a root: the hash of a one byte, Left
// and Right (RFC 6962, section 2.1).
type Step struct {
	Left, Right Hash
	FromLeft    bool // what was climbed so far is Left; else it is Right
	Hash        Hash
}

// Climb spells out the way that an inclusion proof leads (RFC 9162, section
// 2.1.3.2), for people who want to redo it; the last Hash, or without steps the
// leaf itself, is where it arrives. Whether that is the root is for the caller to
// compare, as CheckInclusion does. A proof that does not fit the size is refused.
func Climb(proof []Hash, size, index int64, leaf Hash) ([]Step, error) {
	bad := func(detail string) ([]Step, error) {
		return nil, fault(ClassProof, fmt.Sprintf("proof of entry %d", index), detail)
	}
	if index < 0 || index >= size || size > MaxSize {
		return bad(fmt.Sprintf("a log of size %d has no such entry", size))
	}
	at, last, here := index, size-1, leaf
	steps := make([]Step, 0, len(proof))
	for _, sibling := range proof {
		if last == 0 {
			return bad(fmt.Sprintf("it is longer than the way in a log of size %d", size))
		}
		step := Step{Left: here, Right: sibling, FromLeft: true}
		if at&1 == 1 || at == last {
			step = Step{Left: sibling, Right: here}
			for at&1 == 0 && at != 0 { // the way skips levels at the right edge
				at, last = at>>1, last>>1
			}
		}
		step.Hash = nodeHash(step.Left, step.Right)
		here, steps = step.Hash, append(steps, step)
		at, last = at>>1, last>>1
	}
	if last != 0 {
		return bad(fmt.Sprintf("it is shorter than the way in a log of size %d", size))
	}
	return steps, nil
}
