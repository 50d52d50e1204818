package ledger

import (
	"encoding/base64"
	"fmt"
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

// OpenIn is OpenCheckpoint for whoever knows the cell and not the epoch: it takes
// a checkpoint of any epoch of the anchor's cell, signed with a key of the anchor.
// That an epoch began is nothing that a checkpoint shows: the caller owes a replay
// that ends with this origin.
func (a Anchor) OpenIn(text []byte) (Checkpoint, error) {
	cp, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, err
	}
	if name, _, ok := canon.CellOf(cp.Origin); !ok || name != a.Origin || cp.Origin == a.Origin {
		return OpenCheckpoint(a.Origin, a.LedgerKeys, text)
	}
	keys := make([]string, 0, len(a.LedgerKeys))
	for _, vkey := range a.LedgerKeys {
		key, err := KeyOf(cp.Origin, vkey)
		if err != nil {
			return Checkpoint{}, err
		}
		keys = append(keys, key)
	}
	return OpenCheckpoint(cp.Origin, keys, text)
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
