package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
	"github.com/cloudflare/circl/secretsharing"

	"github.com/halligan-dev/halligan/internal/canon"
)

// ErrTooFew says that more shares are needed.
var ErrTooFew = errors.New("too few shares")

// ErrWrongContent says that the content was not opened by the key that the
// shares give.
var ErrWrongContent = errors.New("the content cannot be opened by the key that these shares give")

// Reseal encrypts a share to the X25519 key that the holder made for one
// request, and to nothing else. The caller has checked the share.
func Reseal(s Share, holder canon.Key32) ([]byte, error) {
	recipient, err := age.ParseX25519Recipient(bech32("age", holder[:]))
	if err != nil {
		return nil, errors.New("the holder's key is no X25519 key")
	}
	text := s.Encode()
	defer clear(text)
	return encrypt(text, recipient)
}

// Holder is the age identity of a holder's X25519 private key.
func Holder(private []byte) (age.Identity, error) {
	if len(private) != 32 {
		return nil, errors.New("a holder's X25519 key has 32 bytes")
	}
	return age.ParseX25519Identity(bech32Upper("age-secret-key-", private))
}

// UnwrapFrom is Unwrap of what a custodian gave: the share must be theirs, and
// what is wrong names them.
func (d *Description) UnwrapFrom(custodian string, file []byte, identities ...age.Identity) (Share, error) {
	sealed, ok := d.Of(custodian)
	if !ok {
		return Share{}, fmt.Errorf("%s holds no share of envelope %s, serial %d", custodian, d.Name, d.Serial)
	}
	s, err := d.Unwrap(file, identities...)
	var bad *BadShare
	switch {
	case errors.As(err, &bad):
		return Share{}, d.bad(sealed.Index, bad.Fault)
	case err == nil && s.Index != sealed.Index:
		s.Wipe()
		return Share{}, d.bad(sealed.Index, FaultIndex)
	}
	return s, err
}

// Combine makes the key of the content from as many different, good shares as
// the threshold demands; more are checked and not needed. A bad share
// (*BadShare) is named and nothing is combined, though the others might do.
func (d *Description) Combine(shares []Share) (*Key, error) {
	given := map[int]bool{}
	var parts []secretsharing.Share
	defer func() {
		for _, part := range parts {
			part.Value.SetUint64(0)
		}
	}()
	for _, s := range shares {
		if err := d.CheckShare(s); err != nil {
			return nil, err
		}
		if given[s.Index] {
			return nil, d.bad(s.Index, FaultRepeated)
		}
		given[s.Index] = true
		value, err := s.scalar()
		if err != nil {
			return nil, d.bad(s.Index, FaultForm)
		}
		parts = append(parts, secretsharing.Share{ID: sharing.NewScalar().SetUint64(uint64(s.Index)), Value: value})
	}
	if len(parts) < d.Threshold {
		return nil, fmt.Errorf("%w: %d given, %d of %d open envelope %s", ErrTooFew, len(parts), d.Threshold, len(d.Shares), d.Name)
	}
	scalar, err := secretsharing.Recover(uint(d.Threshold-1), parts)
	if err != nil {
		return nil, errors.New("cannot combine the shares")
	}
	defer scalar.SetUint64(0)
	key, err := d.key(scalar)
	if err != nil {
		return nil, err
	}
	// Good shares give this key and no other; a description that names another
	// recipient was written by somebody who lied.
	if key.identity.Recipient().String() != d.Recipient {
		return nil, fmt.Errorf("envelope %s: its content is encrypted to another key than its shares give", d.Name)
	}
	return key, nil
}

// Open gives the secret. Wipe it when it has been used.
func (d *Description) Open(content []byte, shares []Share) ([]byte, error) {
	if err := d.Content.check("the content", content); err != nil {
		return nil, err
	}
	key, err := d.Combine(shares)
	if err != nil {
		return nil, err
	}
	secret, err := decrypt(content, SecretMost, []age.Identity{key.identity})
	if err != nil {
		return nil, ErrWrongContent
	}
	return secret, nil
}

// decrypt reads an age file of at most most bytes of plain text.
func decrypt(file []byte, most int, identities []age.Identity) ([]byte, error) {
	if len(identities) == 0 {
		return nil, errors.New("no key to decrypt with")
	}
	r, err := age.Decrypt(bytes.NewReader(file), identities...)
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	if err != nil || len(plain) > most {
		clear(plain)
		return nil, errors.New("cannot decrypt")
	}
	return plain, nil
}
