package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// The layout of C2SP tlog-cosignature v1 with Ed25519: a signature line holds the
// key's hash, the time, and the signature.
const (
	algCosignature = 4
	hashBytes      = 4
	timeBytes      = 8
	cosigBytes     = hashBytes + timeBytes + ed25519.SignatureSize
	timeMost       = 253402300799 // the last second of the year 9999
)

// witness is one of a policy.
type witness struct {
	name string
	vkey string
	key  [ed25519.PublicKeySize]byte
	hash [hashBytes]byte
}

// mine gives what a signature line holds if it bears the witness's name and hash.
func (w witness) mine(line string) (blob []byte, mine bool) {
	encoded, mine := strings.CutPrefix(line, "— "+w.name+" ")
	if !mine {
		return nil, false
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSuffix(encoded, "\n"))
	return blob, err == nil && bytes.HasPrefix(blob, w.hash[:])
}

var errCosignature = errors.New("its signature does not verify")

// verify checks a cosignature over a checkpoint's body and gives its time.
func (w witness) verify(body, blob []byte) (canon.Time, error) {
	if len(blob) != cosigBytes {
		return canon.Time{}, fmt.Errorf("it has %d bytes instead of %d", len(blob), cosigBytes)
	}
	seconds := binary.BigEndian.Uint64(blob[hashBytes:])
	if seconds == 0 || seconds > timeMost {
		return canon.Time{}, errors.New("its time is none")
	}
	if !ed25519.Verify(w.key[:], cosigned(seconds, body), blob[hashBytes+timeBytes:]) {
		return canon.Time{}, errCosignature
	}
	return canon.At(time.Unix(int64(seconds), 0)), nil
}

// cosigned is the message that a cosignature signs.
func cosigned(seconds uint64, body []byte) []byte {
	return append([]byte("cosignature/v1\ntime "+strconv.FormatUint(seconds, 10)+"\n"), body...)
}

// parseWitness reads a verifier key in its one spelling.
func parseWitness(vkey string) (witness, error) {
	name, raw, err := splitKey(vkey)
	if err != nil {
		return witness{}, err
	}
	if err := checkOrigin(name); err != nil {
		return witness{}, errors.New("its name is not 1 to 255 visible ASCII characters")
	}
	if len(raw) != vkeyBytes || raw[0] != algCosignature {
		return witness{}, errors.New("it is not of signature type 4, Ed25519 cosignatures")
	}
	w := witness{name: name, vkey: vkey, key: [ed25519.PublicKeySize]byte(raw[1:]), hash: keyHash(name, raw)}
	if w.spell() != vkey {
		return witness{}, errors.New("its key hash or spelling is another than its name and key give")
	}
	return w, nil
}

// spell writes the verifier key.
func (w witness) spell() string {
	raw := append([]byte{algCosignature}, w.key[:]...)
	return fmt.Sprintf("%s+%x+%s", w.name, w.hash, base64.StdEncoding.EncodeToString(raw))
}

// splitKey gives the name and the bytes of a key: NAME+HASH+BASE64.
func splitKey(key string) (name string, raw []byte, err error) {
	name, rest, _ := strings.Cut(key, "+")
	_, encoded, ok := strings.Cut(rest, "+")
	if !ok {
		return "", nil, errors.New("it is not NAME+HASH+KEY")
	}
	raw, err = base64.StdEncoding.Strict().DecodeString(encoded)
	return name, raw, err
}

func keyHash(name string, raw []byte) [hashBytes]byte {
	sum := sha256.Sum256(append([]byte(name+"\n"), raw...))
	return [hashBytes]byte(sum[:])
}

const (
	secretPrefix = "PRIVATE+KEY+"
	seedBytes    = 1 + ed25519.SeedSize
)

// Cosigner is a witness's secret key.
type Cosigner struct {
	witness
	secret ed25519.PrivateKey
}

// GenerateWitnessKey makes a witness's key pair under a name, by custom an address
// without its scheme. skey is secret and opens with NewCosigner; vkey is for
// those who rely on the witness. The 32 bytes of the seed are read from rand.
func GenerateWitnessKey(rand io.Reader, name string) (skey, vkey string, err error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return "", "", fmt.Errorf("cannot generate a witness key: %w", err)
	}
	c, err := newCosigner(name, seed)
	if err != nil {
		return "", "", err
	}
	encoded := base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, seed...))
	return fmt.Sprintf("%s%s+%x+%s", secretPrefix, name, c.hash, encoded), c.vkey, nil
}

// NewCosigner opens a witness's secret key. Its error never holds the key.
func NewCosigner(skey string) (*Cosigner, error) {
	key, ok := strings.CutPrefix(skey, secretPrefix)
	name, raw, err := splitKey(key)
	if !ok || err != nil || len(raw) != seedBytes || raw[0] != algCosignature {
		return nil, errors.New("cannot use the witness's key: it is not of signature type 4, Ed25519 cosignatures")
	}
	return newCosigner(name, raw[1:])
}

func newCosigner(name string, seed []byte) (*Cosigner, error) {
	secret := ed25519.NewKeyFromSeed(seed)
	public := [ed25519.PublicKeySize]byte(secret.Public().(ed25519.PublicKey))
	w := witness{name: name, key: public}
	w.hash = keyHash(name, append([]byte{algCosignature}, public[:]...))
	w.vkey = w.spell()
	if _, err := parseWitness(w.vkey); err != nil {
		return nil, fmt.Errorf("cannot make a witness named %q: %w", name, err)
	}
	return &Cosigner{witness: w, secret: secret}, nil
}

// Name is the witness's name.
func (c *Cosigner) Name() string { return c.name }

// VKey is the witness's verifier key.
func (c *Cosigner) VKey() string { return c.vkey }

// Cosign gives the signature line over a signed checkpoint. It signs whatever is
// well-formed: that the checkpoint is the log's, that it goes on from what was
// cosigned before, and that the latter is already durable, the caller must know.
func (c *Cosigner) Cosign(text []byte, at canon.Time) ([]byte, error) {
	if _, err := parseCheckpoint(text); err != nil {
		return nil, err
	}
	seconds := at.Std().Unix()
	if seconds < 1 || seconds > timeMost {
		return nil, errors.New("cannot cosign: the clock shows no time")
	}
	body, _, _ := cutNote(text)
	blob := binary.BigEndian.AppendUint64(c.hash[:], uint64(seconds))
	blob = append(blob, ed25519.Sign(c.secret, cosigned(uint64(seconds), body))...)
	return []byte("— " + c.name + " " + base64.StdEncoding.EncodeToString(blob) + "\n"), nil
}
