package cli_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/halligan-dev/halligan/internal/cli"
)

// TestLongWorkIsToldOf: what takes long says so, and again; what does not, nothing.
func TestLongWorkIsToldOf(t *testing.T) {
	for took, want := range map[time.Duration]string{
		time.Second:      "",
		3 * time.Second:  "still replaying the ledger, for 2s …\n",
		40 * time.Second: "still replaying the ledger, for 2s …\nstill replaying the ledger, for 32s …\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var told bytes.Buffer
			off := cli.Busy(&told, "replaying the ledger")
			time.Sleep(took)
			off()
			off()
			if got := told.String(); got != want {
				t.Errorf("after %s: %q", took, got)
			}
		})
	}
}
