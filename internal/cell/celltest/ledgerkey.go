package celltest

import (
	"errors"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// Keyed makes a genesis whose ledger key is LedgerKey("cell"), which can sign and
// so can be exchanged.
func Keyed(g cell.Genesis) cell.Genesis {
	_, g.Ledger = LedgerKey("cell")
	return g
}

// SignedWith is the checkpoint of a size and root under an origin, signed with the
// ledger keys of names in turn.
func SignedWith(origin string, p cell.Published, names ...string) string {
	var signers []note.Signer
	for _, name := range names {
		skey, vkey := LedgerKey(name)
		signer, err := note.NewSigner(skey)
		if err == nil {
			signer, err = ledger.SignerOf(origin, vkey, signer)
		}
		if err != nil {
			panic(err)
		}
		signers = append(signers, signer)
	}
	text, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: p.Size, Root: ledger.Hash(p.Root)}, signers...)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Overlap is the newest checkpoint of a cell, signed with the ledger keys of names,
// and the proof that it counts an entry.
func (c *Cell) Overlap(entry int64, names ...string) *cell.Overlap {
	var tiles ledger.Tiles
	for _, recorded := range c.Log {
		tiles.Append(ledger.LeafHash(recorded.Body))
	}
	proof, err := ledger.InclusionProof(tiles.Size(), entry, func(level int, index int64) ([]byte, error) {
		for _, tile := range tiles.Dirty() {
			if tile.Level == level && tile.Index == index {
				return tile.Data, nil
			}
		}
		return nil, errNoTile
	})
	if err != nil {
		panic(err)
	}
	newest := cell.Published{Size: tiles.Size(), Root: canon.Digest(tiles.Root())}
	return &cell.Overlap{Checkpoint: SignedWith(c.World.Origin, newest, names...), Proof: proof}
}

var errNoTile = errors.New("there is no such tile")
