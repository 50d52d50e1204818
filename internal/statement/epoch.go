package statement

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Clock proposes that the server's wall clock is right although it left the
// machine's own measure. It is agreed like a change.
type Clock struct {
	Step   int64 `json:"step"` // milliseconds by which the wall clock is ahead of recorded time
	Reason Note  `json:"reason"`
}

// StepMost bounds Clock.Step: a hundred years.
const StepMost = int64(100 * 365 * 24 * 3600 * 1000)

// Epoch begins the ledger anew after entries of it were lost. Every signer signs
// the same body and has seen the same checkpoint, where the new ledger goes on.
type Epoch struct {
	Number int64       `json:"number"` // of the epoch that begins; the first ledger is epoch 1
	Lost   Seen        `json:"lost"`   // the newest checkpoint that anybody is known to have of the ledger that ends
	Salt   canon.Key32 `json:"salt"`   // 32 random bytes: no two beginnings make one ledger
	Reason Note        `json:"reason"`
}

// EpochsMost bounds Epoch.Number.
const EpochsMost = 1000

// EpochValid is how long an epoch statement may be valid: it is carried from hand
// to hand.
const EpochValid = canon.Seconds(24 * 3600)

func (b *Clock) check() error {
	if b.Step == 0 || b.Step > StepMost || b.Step < -StepMost {
		return fmt.Errorf("step: must be 1 to %d milliseconds, ahead or behind", StepMost)
	}
	return b.Reason.check("reason")
}

func (b *Epoch) check() error {
	switch {
	case b.Number < 2 || b.Number > EpochsMost:
		return fmt.Errorf("number: must be 2 to %d: a cell begins with epoch 1", EpochsMost)
	case !b.Lost.valid(KindEpoch):
		return errors.New("lost: must name a checkpoint of the ledger that ends")
	case b.Salt.IsZero():
		return errors.New("salt: must be 32 random bytes")
	}
	return b.Reason.check("reason")
}

// Agreed is the digest of what the signers of an epoch agree to: this body, and
// the ledger and checkpoint that their statements name.
func (b *Epoch) Agreed(of Header) (canon.Digest, error) {
	data, err := canon.Encode(struct {
		Epoch  *Epoch `json:"epoch"`
		Ledger string `json:"ledger"`
		Seen   Seen   `json:"seen"`
	}{b, of.Ledger, of.Seen})
	return canon.Sum(data), err
}
