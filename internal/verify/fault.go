package verify

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Class names what kind of thing is wrong with evidence. Programs branch on it.
type Class string

// The classes of faults; Classes says what each means.
const (
	ClassAnchor              Class = ledger.ClassAnchor
	ClassEncoding            Class = ledger.ClassEncoding
	ClassCheckpointMissing   Class = ledger.ClassCheckpointMissing
	ClassCheckpointOrigin    Class = ledger.ClassCheckpointOrigin
	ClassCheckpointSignature Class = ledger.ClassCheckpointSignature
	ClassTile                Class = ledger.ClassTile
	ClassEntry               Class = ledger.ClassEntry
	ClassEntryMissing        Class = ledger.ClassEntryMissing
	ClassRoot                Class = ledger.ClassRoot
	ClassProof               Class = ledger.ClassProof
	ClassAttachment          Class = ledger.ClassAttachment
	ClassNote                Class = ledger.ClassNote
	ClassTruncated           Class = "truncated"
	ClassForked              Class = "forked"
	ClassGenesis             Class = "genesis"
	ClassSignature           Class = "signature"
	ClassReport              Class = "report"
	ClassTime                Class = "time"
	ClassChain               Class = "chain"
	ClassLaw                 Class = "law"
	ClassEvents              Class = "events"
	ClassEngine              Class = "engine"
	ClassInternal            Class = "internal"
)

// Meaning is a line of the table of classes.
type Meaning struct {
	Class Class
	Means string
}

// Classes is the table of faults, in the order in which they are looked for.
// Everything down to "proof" is found by hashes; whoever holds the ledger's key
// can avoid those, and not one of those below.
var Classes = []Meaning{
	{ClassAnchor, "the anchor is malformed, so nothing can be checked against it"},
	{ClassCheckpointMissing, "there is no checkpoint to read"},
	{ClassCheckpointOrigin, "the checkpoint is of another cell's ledger"},
	{ClassCheckpointSignature, "no pinned key signed the checkpoint, or a signature that names a pinned key is wrong"},
	{ClassTile, "a hash tile is missing, of another length, or does not fit the signed root"},
	{ClassEntry, "an entry's bytes are not the ones that the log committed to"},
	{ClassEntryMissing, "an entry that the checkpoint counts is not there"},
	{ClassRoot, "the signed root is not the root of the entries"},
	{ClassProof, "an entry's proof does not lead to the signed root"},
	{ClassTruncated, "the log is shorter than the checkpoint that the reader had seen"},
	{ClassForked, "the log does not begin with the log of the checkpoint that the reader had seen"},
	{ClassEncoding, "bytes are not in the one accepted spelling of their format"},
	{ClassAttachment, "genesis, a scenario or a policy is missing or is not what its digest says"},
	{ClassNote, "a note is not what its hash says"},
	{ClassGenesis, "the log does not begin with the pinned genesis, or genesis names another ledger key than the anchor"},
	{ClassSignature, "the signature of a statement is not good"},
	{ClassReport, "a host's report cannot be read, or its signature is not good"},
	{ClassTime, "recorded time goes back"},
	{ClassChain, "an entry does not name the entry of its stream, or of the cell, that comes before it: one is missing or forged"},
	{ClassLaw, "the rules refuse what an entry records as done; the reason is the rule's"},
	{ClassEvents, "the rules make other events, or observe other things, than an entry records"},
	{ClassEngine, "another engine than this version's judged a condition, and this one judges otherwise: check with the version that the entry names"},
	{ClassInternal, "the check itself could not go on"},
}

// Fault is one thing that is wrong with evidence.
type Fault struct {
	Class  Class  `json:"class"`
	Reason string `json:"reason,omitempty"` // of the rule or the signature check that said no
	Entry  *int64 `json:"entry,omitempty"`  // index, where one entry is at fault
	Where  string `json:"where"`
	Detail string `json:"detail"`
	Mend   string `json:"mend,omitempty"`

	err error
}

// Error says class, place and detail on one line.
func (f *Fault) Error() string {
	s := fmt.Sprintf("%s at %s: %s", f.Class, f.Where, f.Detail)
	if f.Reason != "" {
		s += " (" + f.Reason + ")"
	}
	return s
}

// Unwrap gives the error of the check underneath, if there was one.
func (f *Fault) Unwrap() error { return f.err }

// at says which entry is at fault.
func (f *Fault) at(index int64) *Fault {
	f.Entry = &index
	if f.Where == "" {
		f.Where = fmt.Sprintf("entry %d", index)
	}
	return f
}

func newFault(class Class, where, format string, args ...any) *Fault {
	return &Fault{Class: class, Where: where, Detail: fmt.Sprintf(format, args...)}
}

// classified turns any error of a check into a fault.
func classified(err error) *Fault {
	var ours *Fault
	var theirs *ledger.Fault
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &theirs):
		f := &Fault{Class: Class(theirs.Class), Where: theirs.Where, Detail: theirs.Detail, Mend: theirs.Mend, err: err}
		if theirs.Err != nil {
			f.Detail += ": " + theirs.Err.Error()
		}
		return f
	case errors.Is(err, cell.ErrTimeWentBack):
		return &Fault{Class: ClassTime, Detail: err.Error(), err: err}
	case errors.Is(err, cell.ErrOtherEngine):
		return &Fault{Class: ClassEngine, Detail: err.Error(), err: err}
	case errors.Is(err, cell.ErrRefused):
		return &Fault{Class: ClassLaw, Detail: err.Error(), err: err}
	case errors.Is(err, cell.ErrDifferent):
		return &Fault{Class: ClassEvents, Detail: err.Error(), err: err}
	}
	return &Fault{Class: ClassInternal, Where: "evidence", Detail: err.Error(), err: err}
}

// unsigned is the fault of a signature or of what it should cover.
func unsigned(class Class, err error) *Fault {
	f := &Fault{Class: class, Detail: err.Error(), err: err}
	var refusal sshsig.Refusal
	if errors.As(err, &refusal) {
		f.Reason = refusal.Reason()
	}
	return f
}
