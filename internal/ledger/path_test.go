package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/ledger"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestTilePath(t *testing.T) {
	for want, n := range map[string]ledger.TileName{
		"tile/0/000":                {Level: 0, Index: 0, Width: 256},
		"tile/0/001.p/1":            {Level: 0, Index: 1, Width: 1},
		"tile/0/x001/x234/067.p/5":  {Level: 0, Index: 1234067, Width: 5},
		"tile/5/999":                {Level: 5, Index: 999, Width: 256},
		"tile/1/x001/000":           {Level: 1, Index: 1000, Width: 256},
		"tile/63/x012/345.p/255":    {Level: 63, Index: 12345, Width: 255},
		"tile/entries/000":          {Level: ledger.BundleLevel, Index: 0, Width: 256},
		"tile/entries/x273/112.p/9": {Level: ledger.BundleLevel, Index: 273112, Width: 9},
	} {
		got := ledger.TilePath(n.Level, n.Index, n.Width)
		if n.Level == ledger.BundleLevel {
			got = ledger.BundlePath(n.Index, n.Width)
		}
		if got != want {
			t.Errorf("path of %+v = %s, want %s", n, got, want)
		}
		parsed, err := ledger.ParseTilePath(want)
		if err != nil {
			t.Errorf("ParseTilePath(%s): %v", want, err)
		}
		if diff := cmp.Diff(n, parsed); diff != "" {
			t.Errorf("ParseTilePath(%s) (-want +got):\n%s", want, diff)
		}
	}
}

func TestParseTilePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile//000", "tiles/0/000",
		"tile/00/000", "tile/+0/000", "tile/-1/000", "tile/64/000", "tile/0x0/000", "tile/entry/000",
		"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000", "tile/0/x000/000", "tile/0/001/000",
		"tile/0/x1/000", "tile/0/x001/x000", "tile/0/x001/00", "tile/0/xx001/000", "tile/0/-01", "tile/0/ 00",
		"tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/+1",
		"tile/0/000.p/1/", "tile/0/000.p/1.p/1", "tile/0/000.p", "tile/0/000.q/1", "tile/0/..", "tile/0/../0/000",
		"tile/0/x281/x474/x976/x710/656", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	} {
		if n, err := ledger.ParseTilePath(path); err == nil {
			t.Errorf("accepted %q as %+v", path, n)
		} else {
			wantFault(t, err, ledger.ClassEncoding)
		}
	}
}

// x/mod's tlog has the same paths behind "tile/8/" and writes entries as "data".
func TestTilePathAgreesWithTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := ledger.TileName{
			Level: rapid.IntRange(-1, 5).Draw(t, "level"),
			Index: rapid.OneOf(rapid.Int64Range(0, 2000), rapid.Int64Range(0, ledger.MaxSize)).Draw(t, "index"),
			Width: rapid.IntRange(1, 256).Draw(t, "width"),
		}
		want := tlog.Tile{H: 8, L: n.Level, N: n.Index, W: n.Width}.Path()
		kind := "tile/8/"
		got := "tile/8/" + n.Path()[len("tile/"):]
		if n.Level == ledger.BundleLevel {
			got = kind + "data" + n.Path()[len("tile/entries"):]
		}
		if got != want {
			t.Fatalf("path of %+v is %s, tlog has %s", n, n.Path(), want)
		}
		if parsed, err := ledger.ParseTilePath(n.Path()); err != nil || parsed != n {
			t.Fatalf("ParseTilePath(%s) = %+v, %v", n.Path(), parsed, err)
		}
	})
}
