package cli

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/verify"
)

// The files of an epoch, which are carried from hand to hand.
const (
	epochVersion       = "halligan-epoch-v1"
	epochSignedVersion = "halligan-epoch-signed-v1"
	epochLimit         = 64 << 10
	epochValid         = 12 * time.Hour
)

// epochFile is what is proposed. Nothing in it is believed but what the ledger's
// key signed, and what the reader compares.
type epochFile struct {
	Version    string          `json:"version"`
	Genesis    canon.Digest    `json:"genesis"`
	At         canon.Time      `json:"at"`         // of the newest entry that is left, as the proposer says
	Checkpoint string          `json:"checkpoint"` // with which the ledger goes on, signed
	Lost       string          `json:"lost"`       // the newest that is known, signed; empty: only the mark tells
	Epoch      statement.Epoch `json:"epoch"`
	Salt       []byte          `json:"salt"` // of the reason
	Why        string          `json:"why"`
}

// epochSigned is one signature under it.
type epochSigned struct {
	Version   string           `json:"version"`
	Statement string           `json:"statement"`
	Signature ledger.Signature `json:"signature"`
}

// decodeEpoch reads a proposal and demands that it holds together: the ledger's key
// signed where it goes on, and what is lost.
func decodeEpoch(data []byte, anchor ledger.Anchor) (f epochFile, base ledger.Checkpoint, err error) {
	if err := canon.Decode(bytes.TrimSpace(data), epochLimit, &f); err != nil {
		return f, base, err
	}
	if f.Version != epochVersion {
		return f, base, fmt.Errorf("version: %q is not %s", f.Version, epochVersion)
	}
	if ledger.Hash(f.Genesis) != anchor.Genesis {
		return f, base, errors.New("genesis: it is of another cell than your anchor pins")
	}
	if base, err = anchor.OpenIn([]byte(f.Checkpoint)); err != nil {
		return f, base, err
	}
	if f.Lost != "" {
		lost, err := anchor.OpenIn([]byte(f.Lost))
		if err != nil {
			return f, base, fmt.Errorf("lost: %w", err)
		}
		if lost.Origin != base.Origin || lost.Size != f.Epoch.Lost.Size || canon.Digest(lost.Root) != f.Epoch.Lost.Root {
			return f, base, errors.New("lost: the signed checkpoint is not what the epoch names")
		}
	}
	note, _, err := f.reason()
	if err != nil || note != f.Epoch.Reason {
		return f, base, errors.Join(errors.New("why: it is not the reason that the epoch names"), err)
	}
	return f, base, nil
}

// reason is the note that the epoch names, and its text.
func (f epochFile) reason() (statement.Note, client.Noted, error) {
	var salt [ledger.SaltSize]byte
	if len(f.Salt) != len(salt) {
		return statement.Note{}, client.Noted{}, fmt.Errorf("salt: must have %d bytes", len(salt))
	}
	copy(salt[:], f.Salt)
	note, err := statement.NewNote(salt, f.Why)
	return note, client.Noted{Salt: f.Salt, Text: f.Why}, err
}

// fits refuses what contradicts what this machine has seen of the ledger that ends.
func (f epochFile) fits(base, known ledger.Checkpoint) error {
	lost := f.Epoch.Lost
	_, epoch, _ := canon.CellOf(known.Origin)
	switch {
	case epoch >= f.Epoch.Number:
		return failf(exitUnverified, "nothing was signed: epoch %d is proposed, and this machine knows that epoch %d has begun", f.Epoch.Number, epoch).
			or("a second epoch %d would undo all of it, and no machine that knows the first would follow; find a newer copy of the ledger, and tell security", f.Epoch.Number)
	case known.Size == 0 || known.Origin != base.Origin:
		return nil
	case known.Size > lost.Size:
		return failf(exitUnverified, "nothing was signed: this machine has seen %d entries of the ledger, and the epoch says that it had %d", known.Size, lost.Size).
			or("have it proposed again, with --seen and the file seen-… of your state folder")
	case known.Size == lost.Size && canon.Digest(known.Root) != lost.Root, known.Size == base.Size && known.Root != base.Root:
		return failf(exitUnverified, "nothing was signed: at %d entries this machine has seen another ledger", known.Size).
			or("keep the file seen-… of your state folder: with the proposal it proves that somebody signed two histories; tell security")
	}
	return nil
}

// epochSheet is the one screen of an epoch.
func epochSheet(f epochFile, base ledger.Checkpoint) string {
	s := new(sheet)
	s.say("Epoch %d of the cell. Its ledger is %s, and goes on after %d entries (root %s).", f.Epoch.Number, base.Origin, base.Size, base.Root.Short())
	s.say("The newest entry that is left is of %s, as the proposer says.", f.At)
	if n := f.Epoch.Lost.Size - base.Size; n > 0 {
		s.say("Lost: %s, from entry %d to %d, and whatever came after.", entries(n), base.Size, f.Epoch.Lost.Size-1)
	} else {
		s.say("Lost: whatever came after; nobody has named a newer checkpoint.")
	}
	s.say("Why:")
	s.WriteString(quoted("  ", f.Why))
	s.say("What follows: all that was open or waited ends; hosts are asked for sessions that nobody knows of; every envelope owes fresh content;")
	s.say("what was removed or changed in what is lost is as before, and must be done again.")
	return s.String()
}

// seenSheet says how that stands to what this machine has seen.
func seenSheet(f epochFile, base, known ledger.Checkpoint) string {
	s := new(sheet)
	switch {
	case known.Size == 0:
		s.say("This machine has seen nothing of the ledger: it can compare nothing.")
	case known.Origin != base.Origin:
		s.say("This machine last saw the ledger in another epoch (%s): it can compare nothing.", known.Origin)
	case known.Size > base.Size:
		s.say("This machine has seen %d entries: %s of them are lost.", known.Size, entries(known.Size-base.Size))
	default:
		s.say("This machine has seen %d entries; none of them is lost.", known.Size)
	}
	return s.String()
}

func readSigned(path string) (one epochSigned, err error) {
	data, err := verify.ReadLimited(path, epochLimit)
	if err == nil {
		err = canon.Decode(bytes.TrimSpace(data), epochLimit, &one)
	}
	if err == nil && one.Version != epochSignedVersion {
		err = fmt.Errorf("version: %q is not %s", one.Version, epochSignedVersion)
	}
	if err != nil {
		return one, because(exitUsage, err, "cannot use %s", path).or("name what halligan epoch sign wrote")
	}
	return one, nil
}
