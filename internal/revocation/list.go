package revocation

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

const (
	// MaxKeyIDs is the greatest number of key ids in a list.
	MaxKeyIDs = 100_000
	// MaxKeyID is the greatest length of a key id in bytes.
	MaxKeyID = 200
	// MaxNote is the greatest length in bytes of a signed list.
	MaxNote = MaxKeyIDs*(MaxKeyID+1) + 16<<10

	stamp = "2006-01-02T15:04:05.000Z"
)

var (
	// ErrList is wrapped by every error about a list that is not well formed.
	ErrList = errors.New("not a revocation list")
	// ErrSignature: the list is not signed by the key that was asked for.
	ErrSignature = errors.New("revocation list is not signed by the expected key")
	// ErrOrigin: the list belongs to another cell.
	ErrOrigin = errors.New("revocation list belongs to another cell")
	// ErrRollback: the list is older than one that was already seen.
	ErrRollback = errors.New("revocation list is older than the installed one")
	// ErrRewritten: the list differs from one with the same number.
	ErrRewritten = errors.New("revocation list differs from the installed one of the same number")
)

// A List names the key ids whose certificates hosts refuse and whose sessions
// they end.
type List struct {
	Origin string // of the ledger
	// Number is the ledger index of the newest closing that the list covers;
	// zero, which is genesis, covers none.
	Number int64
	At     time.Time // when it was made, UTC, whole milliseconds
	KeyIDs []string  // sorted, unique, each of [A-Za-z0-9:._/-], 1 to 200 bytes
}

// Empty returns the list that covers nothing and that every list follows. A
// host installs it before it has seen any other.
func Empty(origin string) List {
	return List{Origin: origin, At: time.Unix(0, 0).UTC()}
}

// Has reports whether the list names keyID.
func (l List) Has(keyID string) bool {
	_, found := slices.BinarySearch(l.KeyIDs, keyID)
	return found
}

// Check reports why l has no encoding: ErrList, or nil.
func (l List) Check() error {
	switch {
	case !validOrigin(l.Origin):
		return fmt.Errorf("%w: bad origin", ErrList)
	case l.Number < 0:
		return fmt.Errorf("%w: number below zero", ErrList)
	case !validTime(l.At):
		return fmt.Errorf("%w: time is not UTC in whole milliseconds since 1970", ErrList)
	case len(l.KeyIDs) > MaxKeyIDs:
		return fmt.Errorf("%w: over %d key ids", ErrList, MaxKeyIDs)
	}
	for i, id := range l.KeyIDs {
		if !ValidKeyID(id) {
			return fmt.Errorf("%w: bad key id at place %d", ErrList, i)
		}
		if i > 0 && l.KeyIDs[i-1] >= id {
			return fmt.Errorf("%w: key ids are not sorted and unique at place %d", ErrList, i)
		}
	}
	return nil
}

// Follows reports whether a holder of prev may put l in its place: the same
// origin, neither number nor time lower, and nothing changed while the number
// stays (key ids that expired long ago leave only when it grows). It returns
// ErrOrigin, ErrRollback, ErrRewritten or nil.
func (l List) Follows(prev List) error {
	switch {
	case l.Origin != prev.Origin:
		return ErrOrigin
	case l.Number < prev.Number || l.At.Before(prev.At):
		return ErrRollback
	case l.Number == prev.Number && !slices.Equal(l.KeyIDs, prev.KeyIDs):
		return ErrRewritten
	}
	return nil
}

// Sign returns the list as a C2SP signed note. It fails with ErrList, or with
// the signer's error.
func (l List) Sign(s note.Signer) ([]byte, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: l.text()}, s)
}

func (l List) text() string {
	var b strings.Builder
	size := len(l.Origin) + 100
	for _, id := range l.KeyIDs {
		size += len(id) + 1
	}
	b.Grow(size)
	fmt.Fprintf(&b, "%s/revocations\n%d\n%s\n%d\n", l.Origin, l.Number, l.At.Format(stamp), len(l.KeyIDs))
	for _, id := range l.KeyIDs {
		b.WriteString(id)
		b.WriteByte('\n')
	}
	return b.String()
}

// OpenList returns the list in a signed note, if the key vkey (a C2SP verifier
// key) signed it and it belongs to origin. It fails with ErrSignature,
// ErrOrigin or ErrList; signatures by other keys are ignored.
func OpenList(origin, vkey string, data []byte) (List, error) {
	if len(data) > MaxNote {
		return List{}, fmt.Errorf("%w: over %d bytes", ErrList, MaxNote)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return List{}, fmt.Errorf("cannot use the list's verifier key: %w", err)
	}
	n, err := note.Open(data, note.VerifierList(v))
	if err != nil {
		return List{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	l, err := parseText(n.Text)
	if err != nil {
		return List{}, err
	}
	if l.Origin != origin {
		return List{}, ErrOrigin
	}
	return l, nil
}

func parseText(text string) (List, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 5 || lines[len(lines)-1] != "" {
		return List{}, fmt.Errorf("%w: too short", ErrList)
	}
	origin, ok := strings.CutSuffix(lines[0], "/revocations")
	number, err1 := strconv.ParseInt(lines[1], 10, 64)
	at, err2 := time.Parse(stamp, lines[2])
	count, err3 := strconv.Atoi(lines[3])
	ids := lines[4 : len(lines)-1]
	if !ok || err1 != nil || err2 != nil || err3 != nil || count != len(ids) {
		return List{}, fmt.Errorf("%w: bad first lines", ErrList)
	}
	l := List{Origin: origin, Number: number, At: at}
	if len(ids) > 0 {
		l.KeyIDs = ids
	}
	if err := l.Check(); err != nil {
		return List{}, err
	}
	if l.text() != text { // signs, leading zeros and the like
		return List{}, fmt.Errorf("%w: not in its one encoding", ErrList)
	}
	return l, nil
}

// ValidKeyID reports whether id may stand in a list: 1 to 200 bytes of
// [A-Za-z0-9:._/-].
func ValidKeyID(id string) bool {
	if len(id) == 0 || len(id) > MaxKeyID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == ':', c == '.', c == '_', c == '/', c == '-':
		default:
			return false
		}
	}
	return true
}

// validOrigin accepts what a schema-less URL needs and what splits no line.
func validOrigin(origin string) bool { return ValidKeyID(origin) }

func validTime(t time.Time) bool {
	return t.Location() == time.UTC && t.Unix() >= 0 && t.Year() <= 9999 && t.Nanosecond()%1e6 == 0
}
