package server

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// Founding is one founder's signed statement over genesis.
type Founding struct {
	Statement []byte
	Signature ledger.Signature
}

// FoundStatement is what a founder signs: the bytes of a found statement over a
// bundle's genesis.
func FoundStatement(b *config.Bundle, founder string) ([]byte, error) {
	h := statement.Header{
		Actor: founder, Ledger: b.Genesis.Origin, Seen: statement.Seen{Root: canon.Digest(ledger.EmptyRoot())},
		Expires: canon.At(time.Now().Add(30 * 24 * time.Hour)),
	}
	rand.Read(h.Nonce[:])
	return statement.Encode(statement.Statement{Header: h, Body: &statement.Found{Genesis: b.Digest()}})
}

// AnchorOf is what verifiers of a bundle's cell pin.
func AnchorOf(b *config.Bundle) ledger.Anchor {
	return ledger.Anchor{
		Origin: b.Genesis.Origin, Genesis: ledger.Hash(b.Digest()),
		LedgerKeys: []string{b.Genesis.Ledger}, Witnesses: b.Genesis.Witnesses,
	}
}

// WriteAnchor keeps an anchor in a cell's folder. A server that waits for it goes
// on when it is there: it is there whole.
func WriteAnchor(path string, anchor ledger.Anchor) error {
	data, err := anchor.Encode()
	if err != nil {
		return err
	}
	return disk.Replace(path, data, 0o644)
}

// ErrFounders says that signatures of founders are missing.
var ErrFounders = errors.New("not every founder has signed genesis")

// Seal begins the ledger of a new cell with the signatures of its founders. It
// writes nothing unless all of them are there and good. A cell that was sealed
// with the same genesis before is left as it is.
func Seal(ctx context.Context, settings config.Server, b *config.Bundle, signed []Founding) error {
	if err := checkFounders(b, signed); err != nil {
		return err
	}
	keys, err := OpenKeys(settings.KeysFolder)
	if err != nil {
		return err
	}
	store, err := sqlite.Open(settings.DataFolder, sqlite.Options{})
	if err != nil {
		return err
	}
	decider, err := broker.Open(ctx, broker.Options{
		Origin: b.Genesis.Origin, Store: store, Beside: store, Check: verify.Signatures{}, Signer: keys.Ledger,
		Minter: keys.Authority, Wall: time.Now, Rand: random,
	})
	if err != nil {
		return errors.Join(err, store.Close())
	}
	for _, s := range signed {
		_, err = decider.Submit(ctx, broker.Submission{Statement: s.Statement, Signature: s.Signature, Attachments: b.Attachments, Notes: b.Notes})
		var refusal *cell.Refusal
		if errors.As(err, &refusal) && refusal.Reason == cell.AlreadySealed {
			err = fmt.Errorf("the ledger in %s is sealed already", filepath.Clean(settings.DataFolder))
		}
		if err != nil {
			break
		}
	}
	decider.Close()
	return errors.Join(err, store.Close())
}

// checkFounders demands one good signature of each founder over this genesis.
func checkFounders(b *config.Bundle, signed []Founding) error {
	missing := map[string]bool{}
	for _, founder := range b.Genesis.Founders {
		missing[founder] = true
	}
	for _, s := range signed {
		founder, err := checkFounder(b, s)
		if err != nil {
			return err
		}
		delete(missing, founder)
	}
	for _, founder := range b.Genesis.Founders {
		if missing[founder] {
			return fmt.Errorf("%w: %s is missing", ErrFounders, founder)
		}
	}
	return nil
}

// checkFounder demands a good signature of a founder over this genesis, and says
// whose it is.
func checkFounder(b *config.Bundle, s Founding) (string, error) {
	people, err := b.Genesis.Check()
	if err != nil {
		return "", err
	}
	decoded, err := statement.Decode(s.Statement)
	if err != nil {
		return "", err
	}
	found, ok := decoded.Body.(*statement.Found)
	if !ok || found.Genesis != b.Digest() {
		return "", fmt.Errorf("%s signed another genesis than %s; the files were changed since, so sign again", decoded.Actor, b.Digest())
	}
	if !slices.Contains(b.Genesis.Founders, decoded.Actor) {
		return "", fmt.Errorf("%s is no founder", decoded.Actor)
	}
	signer, err := verify.Signatures{}.Statement(statement.KindFound, s.Statement, s.Signature)
	if err != nil {
		return "", fmt.Errorf("signature of %s: %w", decoded.Actor, err)
	}
	if owner, _ := people.Owner(signer.Fingerprint); owner != decoded.Actor {
		return "", fmt.Errorf("signature of %s: %s is not one of their keys", decoded.Actor, signer.Fingerprint)
	}
	return decoded.Actor, nil
}

// random fills b with random bytes; crypto/rand never fails.
func random(b []byte) { rand.Read(b) }
