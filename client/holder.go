package client

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Holder is the pair of private keys that was made for one request. They never
// leave this machine: whoever has them can use what the request opens.
type Holder struct {
	Ed25519 canon.Key32 `json:"ed25519"` // seed
	X25519  canon.Key32 `json:"x25519"`
}

// ErrNoHolder says that the keys of a request are not on this machine.
var ErrNoHolder = errors.New("the keys that were made for this request are not on this machine")

// NewHolder makes the keys for one request.
func NewHolder() (*Holder, error) {
	h := &Holder{}
	rand.Read(h.Ed25519[:])
	rand.Read(h.X25519[:])
	_, err := h.Public()
	return h, err
}

// Public are the public halves, as a request carries them.
func (h *Holder) Public() (statement.Holder, error) {
	sealed, err := ecdh.X25519().NewPrivateKey(h.X25519[:])
	if err != nil {
		return statement.Holder{}, fmt.Errorf("cannot make a key: %w", err)
	}
	return statement.Holder{
		Ed25519: canon.Key32(h.Private().Public().(ed25519.PublicKey)), X25519: canon.Key32(sealed.PublicKey().Bytes()),
	}, nil
}

// Private is the key that certificates are issued over.
func (h *Holder) Private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(h.Ed25519[:]) }

// Signer signs as the holder.
func (h *Holder) Signer() (Signer, error) {
	signer, err := ssh.NewSignerFromKey(h.Private())
	if err != nil {
		return nil, err
	}
	return plain{signer}, nil
}

// holderFile is where the keys of a request are kept, readable by their owner.
func holderFile(folder string, request canon.Digest) string {
	return filepath.Join(folder, "holders", request.String()+".json")
}

// madeFile is where keys are kept that were made before their request, by the
// public key that the request will name.
func madeFile(folder string, ed25519 canon.Key32) string {
	return filepath.Join(folder, "holders", "made-"+ed25519.String()+".json")
}

// SaveHolder keeps the keys of a request below a folder.
func SaveHolder(folder string, request canon.Digest, h *Holder) error {
	return keep(holderFile(folder, request), h)
}

// SaveMade keeps keys below a folder for a request that is written elsewhere, and
// gives the public halves that it is to name.
func SaveMade(folder string, h *Holder) (statement.Holder, error) {
	public, err := h.Public()
	if err != nil {
		return statement.Holder{}, err
	}
	return public, keep(madeFile(folder, public.Ed25519), h)
}

func keep(file string, h *Holder) error {
	if err := writeFile(file, canon.MustEncode(h), 0o600); err != nil {
		return fmt.Errorf("cannot keep the request's keys: %w", err)
	}
	return nil
}

// LoadHolder finds the keys of a request; ErrNoHolder when there are none.
func LoadHolder(folder string, request canon.Digest) (*Holder, error) {
	return load(holderFile(folder, request))
}

// LoadMade finds the keys that SaveMade kept, by the Ed25519 key that a request
// names; ErrNoHolder when there are none.
func LoadMade(folder string, ed25519 canon.Key32) (*Holder, error) {
	h, err := load(madeFile(folder, ed25519))
	if err != nil {
		return nil, err
	}
	if public, err := h.Public(); err != nil || public.Ed25519 != ed25519 {
		return nil, errors.New("cannot use the request's keys: the file of that name holds others")
	}
	return h, nil
}

func load(file string) (*Holder, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoHolder
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the request's keys: %w", err)
	}
	h := new(Holder)
	if err := canon.Decode(data, 1000, h); err != nil {
		return nil, fmt.Errorf("cannot read the request's keys: %w", err)
	}
	return h, nil
}

// DropHolder forgets the keys of a request.
func DropHolder(folder string, request canon.Digest) error {
	if err := os.Remove(holderFile(folder, request)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot forget the request's keys: %w", err)
	}
	return nil
}
