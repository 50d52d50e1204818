//go:build unix

package seal_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/halligan-dev/halligan/internal/seal"
)

// TestNoCoreFile: after it was asked for, a crash of this process leaves no file with
// what was in its memory.
func TestNoCoreFile(t *testing.T) {
	var before, after unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	raised := before
	raised.Cur = raised.Max
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &raised); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_CORE, &before) })
	seal.KeepFromDumps()
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &after); err != nil || after.Cur != 0 || after.Max != raised.Max {
		t.Errorf("the limit of core files is %+v, %v", after, err)
	}
}
