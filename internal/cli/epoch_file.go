package cli

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
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
	Signers    []string        `json:"signers,omitempty"` // who may sign, as the proposer says; none: that is not said
	Salt       []byte          `json:"salt"`              // of the reason
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

// signersMost bounds who is named as a signer. Of more than that none is: then it is
// found out when the epoch is to begin.
const signersMost = 200

// epochSigners are the people who may sign an epoch by the ledger that is left.
func epochSigners(w *cell.World) []string {
	people := slices.DeleteFunc(w.Roster.Present(), func(p string) bool {
		return !w.Genesis.Change.Names(p, w.Roster.In) || !w.Roster.CanSign(p)
	})
	if len(people) > signersMost {
		return nil
	}
	return people
}

// maySign refuses whoever is in no leg of the change quorum: their signature would
// spoil the beginning for all.
func (f epochFile) maySign(person string) error {
	if len(f.Signers) == 0 || slices.Contains(f.Signers, person) {
		return nil
	}
	return failf(exitRefused, "nothing was signed: by the ledger that is left %s is in no leg of the change quorum", person).
		or("have it signed by as many of these as the change quorum asks for: %s", strings.Join(f.Signers, ", "))
}

// signedBy refuses a signature over another draft than this one, and says what is
// other in it.
func (f epochFile) signedBy(one epochSigned, base ledger.Checkpoint, path, file string) error {
	s, err := statement.Decode([]byte(one.Statement))
	if err != nil {
		return because(exitUsage, err, "cannot use %s", path).or("name what halligan epoch sign wrote")
	}
	body, ok := s.Body.(*statement.Epoch)
	if !ok {
		return failf(exitUsage, "cannot use %s: %s signed a %s statement", path, s.Actor, s.Body.Kind()).or("name what halligan epoch sign wrote")
	}
	other := ""
	switch ours := f.Epoch; {
	case body.Number != ours.Number:
		other = fmt.Sprintf("it begins epoch %d, and %s begins epoch %d", body.Number, file, ours.Number)
	case s.Ledger != base.Origin:
		other = fmt.Sprintf("it is of the ledger %s, and %s is of %s", s.Ledger, file, base.Origin)
	case s.Seen != statement.Seen{Size: base.Size, Root: canon.Digest(base.Root)}:
		other = fmt.Sprintf("it goes on after %d entries, and %s goes on after %d, or after others", s.Seen.Size, file, base.Size)
	case body.Lost != ours.Lost:
		other = fmt.Sprintf("it says that the ledger had %d entries, and %s says that it had %d, or others", body.Lost.Size, file, ours.Lost.Size)
	case *body != ours:
		other = fmt.Sprintf("%s was proposed anew since, with another reason or the same", file)
	default:
		return nil
	}
	return failf(exitRefused, "nothing was written: what %s signed in %s is another draft: %s", s.Actor, path, other).
		or("have %s sign this very file: halligan epoch sign %s", s.Actor, shellQuoted(file))
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
