//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package witness_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/witness"
)

// TestKilledBetweenKeepingAndSigning: a witness that is killed when the checkpoint
// is kept and the cosignature is not yet made signs no other of that size
// afterwards. The child is this test again; its clock, which is read between the
// two, kills it.
func TestKilledBetweenKeepingAndSigning(t *testing.T) {
	l := newLog(t, origin).grow(3, "a")
	if folder := os.Getenv("HALLIGAN_WITNESS_DIES"); folder != "" {
		o := options(t, folder, l)
		o.Now = func() canon.Time {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		w, err := witness.Open(o)
		if err != nil {
			t.Fatal(err)
		}
		line, err := w.Add(l.offer(t, 0))
		t.Fatalf("it lived on: %q, %v", line, err)
	}
	folder := filepath.Join(t.TempDir(), "memory")
	if err := witness.Make(folder); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKilledBetweenKeepingAndSigning$")
	child.Env = append(os.Environ(), "HALLIGAN_WITNESS_DIES="+folder)
	out, err := child.CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL || strings.Contains(string(out), "lived on") {
		t.Fatalf("the child ended with %v:\n%s", err, out)
	}
	w := opened(t, folder, l)
	fork := newLog(t, origin).grow(3, "b")
	var stale *witness.Stale
	if line, err := w.Add(fork.offer(t, 0)); !errors.As(err, &stale) || stale.Size != 3 || line != nil {
		t.Fatalf("another root of the size: %q, %v", line, err)
	}
	if line, err := w.Add(witness.Offer{Old: 3, Checkpoint: fork.at(t)}); !errors.As(err, &stale) || !stale.Fork || line != nil {
		t.Fatalf("another root, offered as the same: %q, %v", line, err)
	}
	again := l.offer(t, 3)
	line, err := w.Add(again)
	if err != nil {
		t.Fatal(err)
	}
	good(t, again.Checkpoint, line)
}
