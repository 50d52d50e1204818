package canon_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
)

func TestOriginsOfEpochs(t *testing.T) {
	t.Parallel()
	const name = "halligan.example.com"
	second := canon.EpochOrigin(name, 2, canon.Sum([]byte("agreed")))
	for origin, number := range map[string]int64{name: 1, second: 2, canon.EpochOrigin(name, 17, canon.Sum(nil)): 17} {
		cell, got, ok := canon.CellOf(origin)
		if !ok || cell != name || got != number {
			t.Errorf("%s: is of %q, epoch %d, %v; want %q, %d", origin, cell, got, ok, name, number)
		}
		if err := canon.CheckLedger(origin); err != nil {
			t.Error(err)
		}
	}
	for _, wrong := range []string{
		"", "/epoch/2/" + second[len(second)-32:], name + "/epoch/1/" + second[len(second)-32:], name + "/epoch/02/" + second[len(second)-32:],
		name + "/epoch/2", name + "/epoch/2/", name + "/epoch/2/ABCDEF0123456789abcdef0123456789", second + "0", second + "/x", name + "/2",
		name + "/epoch/-2/" + second[len(second)-32:], name + "/epoch/99999999999/" + second[len(second)-32:], "Name" + second,
	} {
		if _, _, ok := canon.CellOf(wrong); ok || canon.CheckLedger(wrong) == nil {
			t.Errorf("%q is taken for an origin", wrong)
		}
	}
}
