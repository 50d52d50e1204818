package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Exercise(t, func(t *testing.T, place string) storetest.Store { return open(t, place) })
}

// open opens the cell in the folder, without a reserve.
func open(t testing.TB, place string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(filepath.Join(place, "cell"), sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
