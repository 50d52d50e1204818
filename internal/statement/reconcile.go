package statement

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
)

// Bounds of what is signed with no server, and of what carries it back: an entry
// holds it all, and what it comes to.
const (
	OfflineFor         = canon.Seconds(12 * 3600) // from the signature to Header.Expires
	OfflineTargetsMost = 8
	ActsMost           = 24       // in one reconcile statement
	ActsBytes          = 10 << 10 // of them together
)

// Act is a statement that was signed with no server, and its signature.
type Act struct {
	Signature []byte         `json:"signature"` // binary SSHSIG
	Statement jsontext.Value `json:"statement"` // the very bytes that were signed
}

// Reconcile carries offline statements back: a request and what was signed to
// it, or more that was signed to one that was carried back before.
type Reconcile struct {
	Of   canon.Digest `json:"of"` // the offline request
	Acts []Act        `json:"acts"`
}

// SignedAt is when the signer's machine says that an offline statement was signed.
func (h Header) SignedAt() canon.Time { return h.Expires.Add(-OfflineFor.Duration()) }

// OfflineWords are the confirmation words of an offline request. No server drew a
// salt for them after the digest was fixed, so whoever asks could have looked for two
// requests that have the same: the first digits of the digest are read out with them.
func OfflineWords(digest canon.Digest) [4]string { return Words(digest, [16]byte(digest[:16])) }

// checkOffline tells why a body cannot be signed with no server.
func checkOffline(body Body) error {
	switch b := body.(type) {
	case *Request:
		if len(b.Targets) <= OfflineTargetsMost {
			return nil
		}
		return fmt.Errorf("%d targets, at most %d with no server", len(b.Targets), OfflineTargetsMost)
	case *Decision:
		if b.Narrow == nil {
			return nil
		}
		return errors.New("nothing is narrowed with no server")
	case *Share:
		if b.Bag == "" {
			return nil
		}
		return errors.New("a bag is handed over without the kit")
	}
	return errors.New("only a request, a decision and a share can be signed with no server")
}

func (b *Reconcile) check() error {
	if len(b.Acts) == 0 || len(b.Acts) > ActsMost {
		return fmt.Errorf("acts: must be 1 to %d", ActsMost)
	}
	seen, size := map[canon.Digest]bool{}, 0
	for i, act := range b.Acts {
		s, err := Decode(act.Statement)
		size += len(act.Statement) + len(act.Signature)*4/3
		switch {
		case err != nil:
			return fmt.Errorf("acts[%d]: %w", i, err)
		case !s.Offline:
			return fmt.Errorf("acts[%d]: must be a statement that says offline", i)
		case len(act.Signature) == 0:
			return fmt.Errorf("acts[%d]: signature: must be there", i)
		case s.subject() != b.Of:
			return fmt.Errorf("acts[%d]: must be the request of, or be about it", i)
		case seen[s.Digest]:
			return fmt.Errorf("acts[%d]: stands twice", i)
		}
		seen[s.Digest] = true
	}
	if size > ActsBytes {
		return fmt.Errorf("acts: %w: %d bytes, at most %d", canon.ErrTooLong, size, ActsBytes)
	}
	return checkOf(b.Of)
}

// subject is the request that an offline statement is or is about.
func (s Statement) subject() canon.Digest {
	switch b := s.Body.(type) {
	case *Decision:
		return b.Of
	case *Share:
		return b.Of
	}
	return s.Digest
}

// notes are those of everything that is carried back.
func (b *Reconcile) notes() []Note {
	var notes []Note
	for _, act := range b.Acts {
		if s, err := Decode(act.Statement); err == nil {
			notes = append(notes, Notes(s.Body)...)
		}
	}
	return notes
}

// Kind is "reconcile".
func (b *Reconcile) Kind() Kind                            { return KindReconcile }
func (b *Reconcile) encode(h Header) ([]byte, error)       { return encodeFrame(b, KindReconcile, h) }
func (b *Reconcile) decode(data []byte) (Statement, error) { return decodeFrame[Reconcile](data) }
