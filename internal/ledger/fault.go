package ledger

// The classes of Fault. A caller branches on these; the words in Detail are for
// people and may change.
const (
	// ClassAnchor: the anchor is malformed, so nothing can be checked against it.
	ClassAnchor = "anchor"
	// ClassEncoding: bytes are not in the one accepted spelling of their format.
	ClassEncoding = "encoding"
	// ClassCheckpointMissing: there is no checkpoint to read.
	ClassCheckpointMissing = "checkpoint-missing"
	// ClassCheckpointOrigin: the checkpoint speaks for another log.
	ClassCheckpointOrigin = "checkpoint-origin"
	// ClassCheckpointSignature: no pinned key signed the checkpoint, or a
	// signature that names a pinned key is wrong.
	ClassCheckpointSignature = "checkpoint-signature"
	// ClassCosignature: a cosignature that names a witness of the policy is wrong.
	ClassCosignature = "cosignature"
	// ClassTile: a hash tile is missing, has the wrong length, or does not hash to
	// what the tile above it, or the signed root, says.
	ClassTile = "tile"
	// ClassEntry: an entry's bytes are not the ones the log committed to.
	ClassEntry = "entry"
	// ClassEntryMissing: an entry that the checkpoint counts is not there.
	ClassEntryMissing = "entry-missing"
	// ClassRoot: entries and tiles agree with one another, the signed root does not.
	ClassRoot = "root"
	// ClassProof: an inclusion or consistency proof does not lead to the root.
	ClassProof = "proof"
	// ClassAttachment: an attachment is missing, too long, or has another hash.
	ClassAttachment = "attachment"
	// ClassNote: a note is missing, too long, or has another hash.
	ClassNote = "note"
)

// Fault is the error of everything that reads bytes it does not trust. Find it
// with errors.As.
type Fault struct {
	Class  string // one of the Class constants
	Where  string // the thing at fault: "entry 17", "tile/0/000", "checkpoint"
	Detail string // what is wrong with it
	Mend   string // what a person can do about it; often empty
	Err    error  // what the reader underneath said; often nil
}

// Error says what is wrong and where, on one line. It leaves out the mend.
func (f *Fault) Error() string {
	s := "cannot accept " + f.Where + ": " + f.Detail
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap returns the error of the reader underneath, if there was one.
func (f *Fault) Unwrap() error { return f.Err }

func fault(class, where, detail string) *Fault {
	return &Fault{Class: class, Where: where, Detail: detail}
}
