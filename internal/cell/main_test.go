package cell_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

// TestMain has memory swept seldom. The search and the random lives keep little and make
// much, which would be swept for each few megabytes; what is never touched stands for a
// larger heap, and costs nothing.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	untouched := make([]byte, 64<<20)
	code := m.Run()
	runtime.KeepAlive(untouched)
	os.Exit(code)
}
