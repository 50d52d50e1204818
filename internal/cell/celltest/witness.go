package celltest

import (
	"bytes"
	"crypto/sha256"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// LedgerKey is the ledger key that follows from a name: its two halves.
func LedgerKey(name string) (skey, vkey string) { return LedgerKeyOf(Origin, name) }

// LedgerKeyOf is one of another cell.
func LedgerKeyOf(origin, name string) (skey, vkey string) {
	seed := sha256.Sum256([]byte("halligan test ledger key " + name))
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(seed[:]), origin)
	if err != nil {
		panic(err)
	}
	return skey, vkey
}

// Witness is the witness whose key follows from its name.
func Witness(name string) *ledger.Cosigner {
	return cosigner(name, sha256.Sum256([]byte("halligan test witness "+name)))
}

// WitnessedBy makes a genesis want the cosignatures of so many witnesses.
func WitnessedBy(g cell.Genesis, need int, names ...string) cell.Genesis {
	var vkeys []string
	for _, name := range names {
		vkeys = append(vkeys, Witness(name).VKey())
	}
	policy, err := ledger.NewPolicy(need, vkeys)
	if err != nil {
		panic(err)
	}
	_, g.Ledger = LedgerKey("cell")
	g.Witnesses = policy.String()
	return g
}

// Signed is the signed checkpoint of a size and root, cosigned by witnesses, a
// second after one another, the first at that time.
func Signed(p cell.Published, at canon.Time, witnesses ...string) string {
	skey, _ := LedgerKey("cell")
	signer, err := note.NewSigner(skey)
	if err != nil {
		panic(err)
	}
	text, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: Origin, Size: p.Size, Root: ledger.Hash(p.Root)}, signer)
	if err != nil {
		panic(err)
	}
	for i, name := range witnesses {
		line, err := Witness(name).Cosign(text, at.Add(time.Duration(i)*time.Second))
		if err != nil {
			panic(err)
		}
		text = append(text, line...)
	}
	return string(text)
}

// Twin is a witness with the very key of LedgerKey.
func Twin(name string) *ledger.Cosigner {
	seed := sha256.Sum256([]byte("halligan test ledger key " + name))
	return cosigner(name, seed)
}

func cosigner(name string, seed [sha256.Size]byte) *ledger.Cosigner {
	skey, _, err := ledger.GenerateWitnessKey(bytes.NewReader(seed[:]), name)
	if err != nil {
		panic(err)
	}
	key, err := ledger.NewCosigner(skey)
	if err != nil {
		panic(err)
	}
	return key
}
