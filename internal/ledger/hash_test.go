package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/halligan-dev/halligan/internal/ledger"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func TestHashText(t *testing.T) {
	digits := strings.Repeat("0123456789abcdef", 4)
	h, err := ledger.ParseHash(digits)
	if err != nil {
		t.Fatal(err)
	}
	if h.String() != digits || h.Short() != digits[:16] || h.IsZero() {
		t.Fatalf("String %s, Short %s, IsZero %v", h, h.Short(), h.IsZero())
	}
	data, err := json.Marshal(map[ledger.Hash]ledger.Hash{h: h})
	if want := `{"` + digits + `":"` + digits + `"}`; err != nil || string(data) != want {
		t.Fatalf("as JSON: %s, %v", data, err)
	}
	for name, text := range map[string]string{
		"empty": "", "short": digits[1:], "long": digits + "0", "upper case": strings.ToUpper(digits),
		"not hex": digits[1:] + "g", "space": digits[1:] + " ", "prefixed": "0x" + digits[2:],
	} {
		before := h
		if h.UnmarshalText([]byte(text)) == nil {
			t.Errorf("%s was accepted", name)
		}
		if h != before {
			t.Errorf("%s: the refused text changed the hash", name)
		}
	}
}

// The test tree of Certificate Transparency's reference implementation.
func TestCertificateTransparencyVectors(t *testing.T) {
	leaves := []string{
		"", "\x00", "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43",
		"\x50\x51\x52\x53\x54\x55\x56\x57", "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
	}
	roots := []string{
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
	}
	if got := ledger.EmptyRoot().String(); got != roots[0] {
		t.Fatalf("EmptyRoot = %s", got)
	}
	var edge ledger.Edge
	var tiles ledger.Tiles
	for n, want := range roots {
		if got := edge.Root().String(); got != want {
			t.Errorf("Edge.Root at %d = %s, want %s", n, got, want)
		}
		if got := tiles.Root().String(); got != want {
			t.Errorf("Tiles.Root at %d = %s, want %s", n, got, want)
		}
		if n < len(leaves) {
			edge.Append(ledger.LeafHash([]byte(leaves[n])))
			tiles.Append(ledger.LeafHash([]byte(leaves[n])))
		}
	}
}

func TestLeafHashAgreesWithTlog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(0, 64), rapid.IntRange(2030, 2060), rapid.IntRange(0, ledger.MaxEntry)).Draw(t, "length")
		entry := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, n)
		if got, want := ledger.LeafHash(entry), ledger.Hash(tlog.RecordHash(entry)); got != want {
			t.Fatalf("LeafHash of %d bytes = %s, want %s", n, got, want)
		}
	})
}
