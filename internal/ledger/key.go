package ledger

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

const (
	maxOrigin  = 255
	algEd25519 = 1 // signed-note signature type
	vkeyBytes  = 1 + 32
)

// GenerateKey makes an Ed25519 signed-note key pair whose name is the origin.
// skey is secret and opens with note.NewSigner; vkey goes into the anchor. The
// 32 bytes of the seed are read from rand.
func GenerateKey(rand io.Reader, origin string) (skey, vkey string, err error) {
	if err := checkOrigin(origin); err != nil {
		return "", "", err
	}
	if rand == nil {
		return "", "", errors.New("cannot generate a ledger key: no source of randomness")
	}
	skey, vkey, err = note.GenerateKey(rand, origin)
	if err != nil {
		return "", "", fmt.Errorf("cannot generate a ledger key: %w", err)
	}
	return skey, vkey, nil
}

// checkOrigin accepts 1 to 255 visible ASCII characters other than '+': what is
// at once a key name in a signed note and a single line that reads only one way.
func checkOrigin(origin string) error {
	bad := func(r rune) bool { return r <= ' ' || r > '~' || r == '+' }
	if origin == "" || len(origin) > maxOrigin || strings.ContainsFunc(origin, bad) {
		return &Fault{
			Class: ClassAnchor, Where: "origin " + strconv.Quote(origin),
			Detail: "it is not 1 to 255 visible ASCII characters without '+'",
			Mend:   "use the public host name of the cell",
		}
	}
	return nil
}

// verifiers opens the keys of an origin. It accepts one spelling of a key and no
// key twice.
func verifiers(origin string, keys []string) (note.Verifiers, error) {
	if len(keys) == 0 {
		return nil, &Fault{
			Class: ClassAnchor, Where: "ledger keys", Detail: "there is none",
			Mend: "pin the key that the cell's procedure prints",
		}
	}
	list := make([]note.Verifier, 0, len(keys))
	seen := make(map[uint32]bool)
	for i, key := range keys {
		v, err := verifier(origin, key)
		if err != nil {
			return nil, &Fault{
				Class: ClassAnchor, Where: fmt.Sprintf("ledger key %d", i+1),
				Detail: "it is not an Ed25519 signed-note key named " + strconv.Quote(origin), Err: err,
				Mend: "copy the whole key, ORIGIN+HASH+KEY, as the cell's procedure prints it",
			}
		}
		if seen[v.KeyHash()] {
			return nil, fault(ClassAnchor, fmt.Sprintf("ledger key %d", i+1), "it has the same key hash as an earlier one")
		}
		seen[v.KeyHash()] = true
		list = append(list, v)
	}
	return note.VerifierList(list...), nil
}

// CheckKeys refuses keys that are not Ed25519 signed-note keys of the origin, in
// their one spelling, each once.
func CheckKeys(origin string, keys []string) error {
	if err := checkOrigin(origin); err != nil {
		return err
	}
	_, err := verifiers(origin, keys)
	return err
}

func verifier(origin, key string) (note.Verifier, error) {
	name, rest, _ := strings.Cut(key, "+")
	if name != origin {
		return nil, errors.New("its name is another")
	}
	hash, encoded, _ := strings.Cut(rest, "+")
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, err
	}
	// The signed-note package skips line breaks inside base64 and knows one more
	// spelling of the hash; one key has one spelling here.
	if len(raw) != vkeyBytes || raw[0] != algEd25519 || base64.StdEncoding.EncodeToString(raw) != encoded {
		return nil, errors.New("its base64 is not that of an Ed25519 key")
	}
	v, err := note.NewVerifier(key)
	if err != nil {
		return nil, err
	}
	if fmt.Sprintf("%08x", v.KeyHash()) != hash {
		return nil, errors.New("its key hash is not eight lower-case hex digits")
	}
	return v, nil
}
