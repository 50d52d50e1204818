package server_test

import (
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/server"
)

// TestAbsentHostIsAskedAgainSoon: a host that was not there is left alone for a
// moment, no other is for its sake, and what is at no host always is asked.
func TestAbsentHostIsAskedAgainSoon(t *testing.T) {
	t.Parallel()
	at := canon.At(time.Date(2026, 11, 30, 3, 0, 0, 0, time.UTC))
	var gone server.Absent
	gone.Note("db-1", at)
	gone.Note("", at)
	for _, look := range []struct {
		host  string
		after time.Duration
		want  bool
	}{
		{"db-1", 0, true}, {"db-1", 399 * time.Millisecond, true}, {"db-2", 0, false}, {"", 0, false},
		{"db-1", 400 * time.Millisecond, false}, {"db-1", 0, false},
	} {
		if got := gone.Was(look.host, at.Add(look.after)); got != look.want {
			t.Errorf("%q after %s: left alone is %v, want %v", look.host, look.after, got, look.want)
		}
	}
}
