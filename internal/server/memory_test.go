package server_test

import (
	"testing"

	"github.com/halligan-dev/halligan/internal/server"
)

// TestMemoryGrowsByABound: a small cell is swept seldom; the more is in use, the less
// may lie beside it, and never less than as much again.
func TestMemoryGrowsByABound(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{{0, 300}, {10 << 20, 300}, {64 << 20, 300}, {96 << 20, 200}, {128 << 20, 150}, {192 << 20, 100}, {4 << 30, 100}} {
		if got := server.PercentOf(c.live); got != c.want {
			t.Errorf("%d MB in use may grow by %d %%, want %d", c.live>>20, got, c.want)
		}
	}
}
