package verify

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// BundleVersion stands in the member "offline" of a bundle.
const BundleVersion = "v1"

// BundleMost is the length in bytes of the longest bundle.
const BundleMost = 512 << 10

// bundleActs bounds the statements of a bundle, and signatureMost each signature.
const (
	bundleActs    = 64
	signatureMost = 4 << 10
)

// Bundle is the file that people hand on while no server can be reached: one
// offline request, what was signed to it, the texts that were written, and the
// shares, encrypted to whoever asked. Nothing in it is secret but to who asked,
// and nothing in it is believed but what is signed.
type Bundle struct {
	Acts  []statement.Act // the request first
	Notes []ledger.Note
	Files [][]byte // encrypted shares that acts name
}

// bundleJSON is the canonical JSON of a bundle.
type bundleJSON struct {
	Acts    []statement.Act `json:"acts"`
	Files   [][]byte        `json:"files,omitempty"`
	Notes   []bundleNote    `json:"notes"`
	Version string          `json:"offline"`
}

type bundleNote struct {
	Salt []byte `json:"salt"`
	Text string `json:"text"`
}

// DecodeBundle reads a bundle, strictly: it is of one request, with every text and
// file that is named and no other. A line end after it is allowed. Whether what it
// holds is well signed, and counts, Count tells.
func DecodeBundle(data []byte) (*Bundle, error) {
	if len(data) > BundleMost {
		return nil, fmt.Errorf("it is %w: %d bytes, at most %d", canon.ErrTooLong, len(data), BundleMost)
	}
	data = bytes.TrimSuffix(data, []byte("\n"))
	var wire bundleJSON
	if err := canon.Decode(data, BundleMost, &wire); err != nil {
		return nil, err
	}
	if wire.Version != BundleVersion {
		return nil, fmt.Errorf("offline: format %q is not supported by this version", wire.Version)
	}
	b := &Bundle{Acts: wire.Acts, Files: wire.Files}
	for i, n := range wire.Notes {
		if len(n.Salt) != ledger.SaltSize {
			return nil, fmt.Errorf("notes[%d]: salt: must be %d bytes", i, ledger.SaltSize)
		}
		b.Notes = append(b.Notes, ledger.Note{Salt: [ledger.SaltSize]byte(n.Salt), Text: n.Text})
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	if again, err := b.Encode(); err != nil || !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), data) {
		return nil, errors.New("acts, notes, files: must stand in their order")
	}
	return b, nil
}

// Encode gives the one form of a bundle, and a line end. It refuses what
// DecodeBundle would.
func (b *Bundle) Encode() ([]byte, error) {
	b.sort()
	if err := b.check(); err != nil {
		return nil, err
	}
	wire := bundleJSON{Version: BundleVersion, Acts: b.Acts, Files: b.Files, Notes: []bundleNote{}}
	for _, n := range b.Notes {
		wire.Notes = append(wire.Notes, bundleNote{Salt: n.Salt[:], Text: n.Text})
	}
	data, err := canon.Encode(wire)
	if err == nil && len(data) >= BundleMost {
		err = fmt.Errorf("it is %w: %d bytes, at most %d", canon.ErrTooLong, len(data), BundleMost)
	}
	return append(data, '\n'), err
}

// sort puts the request first, and all else in the order of its digests.
func (b *Bundle) sort() {
	isRequest := func(a statement.Act) int {
		if s, err := statement.Decode(a.Statement); err == nil && s.Body.Kind() == statement.KindRequest {
			return 0
		}
		return 1
	}
	byDigest := func(x, y []byte) int {
		a, b := canon.Sum(x), canon.Sum(y)
		return bytes.Compare(a[:], b[:])
	}
	slices.SortFunc(b.Acts, func(x, y statement.Act) int {
		return cmp.Or(isRequest(x)-isRequest(y), byDigest(x.Statement, y.Statement))
	})
	slices.SortFunc(b.Notes, func(x, y ledger.Note) int { a, b := x.Hash(), y.Hash(); return bytes.Compare(a[:], b[:]) })
	slices.SortFunc(b.Files, byDigest)
}

// check tells what does not belong together. It relies on no order but that the
// request comes first.
func (b *Bundle) check() error {
	if len(b.Acts) == 0 || len(b.Acts) > bundleActs {
		return fmt.Errorf("acts: must be 1 to %d", bundleActs)
	}
	notes, files := map[canon.Digest]bool{}, map[canon.Digest]bool{}
	seen := map[canon.Digest]bool{}
	for i, act := range b.Acts {
		s, err := statement.Decode(act.Statement)
		switch {
		case err != nil:
			return fmt.Errorf("acts[%d]: %w", i, err)
		case !s.Offline:
			return fmt.Errorf("acts[%d]: must be a statement that says offline", i)
		case len(act.Signature) == 0 || len(act.Signature) > signatureMost:
			return fmt.Errorf("acts[%d]: signature: must be 1 to %d bytes", i, signatureMost)
		case (i == 0) != (s.Body.Kind() == statement.KindRequest) || i > 0 && about(s) != b.ID():
			return fmt.Errorf("acts[%d]: one request comes first, and all else is about it", i)
		case seen[s.Digest]:
			return fmt.Errorf("acts[%d]: stands twice", i)
		}
		seen[s.Digest] = true
		for _, n := range statement.Notes(s.Body) {
			if err := b.brings(n); err != nil {
				return fmt.Errorf("acts[%d]: %w", i, err)
			}
			notes[n.Hash] = true
		}
		for _, blob := range statement.Blobs(s.Body) {
			if b.File(blob.Digest) == nil {
				return fmt.Errorf("acts[%d]: its file %s is missing", i, blob.Digest.Short())
			}
			files[blob.Digest] = true
		}
	}
	if len(notes) != len(b.Notes) || len(files) != len(b.Files) {
		return errors.New("notes, files: each that is named must come once, and no other")
	}
	return nil
}

// about is the request that a decision or share is about.
func about(s statement.Statement) canon.Digest {
	switch body := s.Body.(type) {
	case *statement.Decision:
		return body.Of
	case *statement.Share:
		return body.Of
	}
	return canon.Digest{}
}

// brings demands the text of a note.
func (b *Bundle) brings(n statement.Note) error {
	for _, have := range b.Notes {
		if canon.Digest(have.Hash()) == n.Hash {
			if !n.Matches(have.Salt, have.Text) {
				return fmt.Errorf("its note %s has another length", n.Hash.Short())
			}
			return statement.CleanText(have.Text)
		}
	}
	return fmt.Errorf("its note %s is missing", n.Hash.Short())
}

// ID is the digest of the request.
func (b *Bundle) ID() canon.Digest { return canon.Sum(b.Acts[0].Statement) }

// Asked is the request as it was signed.
func (b *Bundle) Asked() (statement.Statement, *statement.Request, error) {
	s, err := statement.Decode(b.Acts[0].Statement)
	if err != nil {
		return s, nil, err
	}
	return s, s.Body.(*statement.Request), nil
}

// File is the file with a digest; nil if there is none.
func (b *Bundle) File(digest canon.Digest) []byte {
	for _, file := range b.Files {
		if canon.Sum(file) == digest {
			return file
		}
	}
	return nil
}

// Text is the text of a note; empty if it is not there.
func (b *Bundle) Text(hash canon.Digest) string {
	for _, n := range b.Notes {
		if canon.Digest(n.Hash()) == hash {
			return n.Text
		}
	}
	return ""
}

// Add adds what another bundle of the same request has more. Two copies of one
// statement may bear two signatures: whoever hands a file on can sign another's words
// with a key of their own. The one stays that counts more in a proved world, whichever
// was there first.
func (b *Bundle) Add(w *cell.World, other *Bundle) error {
	if b.ID() != other.ID() {
		return fmt.Errorf("they are of two requests, %s and %s", b.ID().Short(), other.ID().Short())
	}
	for _, act := range other.Acts {
		at := slices.IndexFunc(b.Acts, func(have statement.Act) bool { return bytes.Equal(have.Statement, act.Statement) })
		switch {
		case at < 0:
			b.Acts = append(b.Acts, act)
		case signedBy(w, act) > signedBy(w, b.Acts[at]):
			b.Acts[at] = act
		}
	}
	for _, n := range other.Notes {
		if !slices.Contains(b.Notes, n) {
			b.Notes = append(b.Notes, n)
		}
	}
	for _, file := range other.Files {
		if b.File(canon.Sum(file)) == nil {
			b.Files = append(b.Files, file)
		}
	}
	b.sort()
	return b.check()
}

// The ranks of a signature, the worst first.
const (
	byNobody  = iota // it is not good
	byAnother        // good, and by a key that was never its person's
	byFormer         // by a key of the person that signs nothing now
	byPerson
)

// signedBy ranks the signature of an act in a world.
func signedBy(w *cell.World, act statement.Act) int {
	s, err := statement.Decode(act.Statement)
	if err != nil {
		return byNobody
	}
	signer, err := Signatures{}.Statement(s.Body.Kind(), act.Statement, ledger.Signature{SSHSig: act.Signature})
	if err != nil {
		return byNobody
	}
	if owner, active := w.Roster.Owner(signer.Fingerprint); active && owner == s.Actor {
		return byPerson
	}
	person, _ := w.Roster.Person(s.Actor)
	if slices.ContainsFunc(person.Keys, func(k roster.Key) bool { return k.Fingerprint == signer.Fingerprint }) {
		return byFormer
	}
	return byAnother
}

// Count checks every signature and counts what is well signed by the law, in a
// proved world, at an instant by the reader's clock.
func (b *Bundle) Count(w *cell.World, at canon.Time) (*access.Request, error) {
	acts, err := cell.Acts(&statement.Reconcile{Of: b.ID(), Acts: b.Acts}, Signatures{})
	if err != nil {
		return nil, err
	}
	r, refusal := w.Offline(b.ID(), acts, at)
	if refusal != nil {
		return nil, refusal
	}
	return r, nil
}
