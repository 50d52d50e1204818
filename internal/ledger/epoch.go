package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
)

// KeyOf is a ledger key under the origin of another epoch of its cell: the same
// key with that name and the key hash that follows from it (C2SP signed-note).
func KeyOf(origin, vkey string) (string, error) {
	name, rest, _ := strings.Cut(vkey, "+")
	if _, err := verifier(name, vkey); err != nil {
		return "", fault(ClassAnchor, "ledger key of "+origin, err.Error())
	}
	if err := checkOrigin(origin); err != nil {
		return "", err
	}
	_, encoded, _ := strings.Cut(rest, "+")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s+%x+%s", origin, keyHash(origin, key), encoded), nil
}

// OpenIn is OpenCheckpoint for whoever knows the cell, and neither the epoch nor
// which key was in force: it takes a checkpoint of any epoch of the anchor's cell,
// signed with the key of the anchor, or its successor, that was in force when the
// ledger had so many entries. That an epoch began is nothing that a checkpoint shows:
// the caller owes a replay that ends with this origin.
func (a Anchor) OpenIn(text []byte) (Checkpoint, error) {
	cp, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, err
	}
	name, epoch, ok := canon.CellOf(cp.Origin)
	if cp.Origin == a.Origin {
		name, epoch, ok = a.Origin, 1, true
	}
	switch {
	case !ok || name != a.Origin:
		return OpenCheckpoint(a.Origin, a.LedgerKeys, text)
	case a.Deferred:
		return cp, nil
	}
	keys, since := a.inForce(epoch, cp.Size)
	opened, err := a.openUnder(cp.Origin, keys, text)
	if err != nil && since >= 0 {
		if _, former := a.openUnder(cp.Origin, a.former(keys), text); former == nil {
			return opened, fault(ClassCheckpointSignature, whereCheckpoint, fmt.Sprintf(
				"a ledger key signed it that was not in force at %d entries: another was, since entry %d", cp.Size, since))
		}
	}
	return opened, err
}

// openUnder is OpenCheckpoint with keys of the first epoch.
func (a Anchor) openUnder(origin string, vkeys []string, text []byte) (Checkpoint, error) {
	if origin == a.Origin {
		return OpenCheckpoint(origin, vkeys, text)
	}
	keys := make([]string, 0, len(vkeys))
	for _, vkey := range vkeys {
		key, err := KeyOf(origin, vkey)
		if err != nil {
			return Checkpoint{}, err
		}
		keys = append(keys, key)
	}
	return OpenCheckpoint(origin, keys, text)
}

// inForce are the keys that may sign a checkpoint of an epoch and a size, and the
// entry that put them in force; -1: the anchor pins them.
func (a Anchor) inForce(epoch, size int64) (keys []string, since int64) {
	keys, since = a.LedgerKeys, -1
	for _, s := range a.Successors {
		if s.Entry < size && s.Epoch <= epoch && (s.Until == 0 || epoch < s.Until) {
			keys, since = []string{s.VKey}, s.Entry
		}
	}
	return keys, since
}

// former are the keys that the anchor knows besides some.
func (a Anchor) former(besides []string) []string {
	all := slices.Clone(a.LedgerKeys)
	for _, s := range a.Successors {
		all = append(all, s.VKey)
	}
	return slices.DeleteFunc(all, func(vkey string) bool { return slices.Contains(besides, vkey) })
}

// UnknownKey tells of an error of OpenIn, and of what calls it, that it may be so
// only because a successor of the pinned keys is not known: no key that is known
// signed the checkpoint.
func UnknownKey(err error) bool {
	var f *Fault
	var unverified *note.UnverifiedNoteError
	return errors.As(err, &f) && f.Class == ClassCheckpointSignature && errors.As(err, &unverified)
}

// SignerOf is a signer under the origin of another epoch; vkey is its key.
func SignerOf(origin, vkey string, signer note.Signer) (note.Signer, error) {
	if signer.Name() == origin {
		return signer, nil
	}
	key, err := KeyOf(origin, vkey)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	return renamed{signer, origin, verifier.KeyHash()}, nil
}

// renamed signs the same bytes with the same key under another name.
type renamed struct {
	note.Signer
	name string
	hash uint32
}

func (r renamed) Name() string    { return r.name }
func (r renamed) KeyHash() uint32 { return r.hash }
