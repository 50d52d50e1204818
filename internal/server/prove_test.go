package server_test

import (
	"crypto/sha256"
	"database/sql"
	"errors"
	"regexp"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT64EveryLiveEntryIsOfTheSignedTree: whoever can write to the database changes
// what the server observed with a request that is live, and the leaf in the tile
// with it, in a tile that is full and in the one that is not. A start proves whole
// tiles at once; none of that may slip through, wherever in its tile it stands.
func TestT64EveryLiveEntryIsOfTheSignedTree(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	settings, serve := serving(t, d)
	asked := []int64{d.Must(d.Ask("ann", "1")).Index, d.Must(d.Ask("ann", "2")).Index}
	for d.Head().Size < ledger.TileWidth-1 {
		d.Must(d.Sign("bob", "bob", &statement.Session{For: 60}))
	}
	for _, holder := range []string{"3", "4", "5"} { // the last of its tile, and two of the next
		asked = append(asked, d.Must(d.Ask("ann", holder)).Index)
	}
	if last := asked[2]; last != ledger.TileWidth-1 {
		t.Fatalf("a request stands at %d, want the last leaf of a tile", last)
	}
	d.Shut()
	must(t, serve(settings))
	for _, index := range asked {
		for _, leaf := range []bool{false, true} {
			var body, tile []byte
			edit(t, d.Folder, func(db *sql.DB) {
				must(t, db.QueryRow("SELECT body FROM entry WHERE idx = ?", index).Scan(&body))
				must(t, db.QueryRow("SELECT data FROM tile WHERE place = ?", index/ledger.TileWidth).Scan(&tile))
				changed := resalted(t, body)
				execute(t, db, "UPDATE entry SET body = ? WHERE idx = ?", changed, index)
				if leaf {
					hash, at := ledger.LeafHash(changed), index%ledger.TileWidth*sha256.Size
					other := append(append(append([]byte{}, tile[:at]...), hash[:]...), tile[at+sha256.Size:]...)
					execute(t, db, "UPDATE tile SET data = ? WHERE place = ?", other, index/ledger.TileWidth)
				}
			})
			// The roots at the right edge come from the tile itself, and the mark knows them.
			err := serve(settings)
			if !errors.Is(err, server.ErrDerived) && !(leaf && index >= ledger.TileWidth && errors.Is(err, server.ErrOlder)) {
				t.Errorf("entry %d is another, its leaf too: %v; a start says %v", index, leaf, err)
			}
			edit(t, d.Folder, func(db *sql.DB) {
				execute(t, db, "UPDATE entry SET body = ? WHERE idx = ?", body, index)
				execute(t, db, "UPDATE tile SET data = ? WHERE place = ?", tile, index/ledger.TileWidth)
			})
		}
	}
	must(t, serve(settings))
	d.Open() // Shut again with the test
}

func resalted(t *testing.T, body []byte) []byte {
	salt := regexp.MustCompile(`"salt":"[0-9a-f]{32}"`)
	if !salt.Match(body) {
		t.Fatalf("there is no salt in %s", body)
	}
	return salt.ReplaceAll(body, []byte(`"salt":"00000000000000000000000000000000"`))
}
