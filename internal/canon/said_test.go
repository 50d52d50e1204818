package canon_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
)

// TestSaid: people are told instants and lists as people say them, and the rest as
// ever.
func TestSaid(t *testing.T) {
	at := canon.At(time.Date(2026, 11, 22, 3, 7, 9, 123e6, time.UTC))
	got := canon.Said("%s opens %v until %s, %d times, %q", "db", []string{"db-1", "db-2"}, at, 3, "x")
	if want := `db opens db-1, db-2 until 2026-11-22 03:07:09 UTC, 3 times, "x"`; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
