package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rewind puts an older copy of the cell's data, and of its mark, in the place of
// what is there: whoever owns the disk can.
func (w *town) rewind(t *testing.T, to string) {
	t.Helper()
	if err := w.stopServer(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data", "high-water"} {
		if err := os.RemoveAll(w.path("cell", name)); err != nil {
			t.Fatal(err)
		}
		ok[string](t)(output(exec.Command("cp", "-r", w.path(to, name), w.path("cell", name))))
	}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
}

// copied keeps a copy of the cell's data and mark as they are, and goes on.
func (w *town) copied(t *testing.T, to string) {
	t.Helper()
	if err := w.stopServer(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(w.path(to), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"data", "high-water"} {
		ok[string](t)(output(exec.Command("cp", "-r", w.path("cell", name), w.path(to, name))))
	}
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
}

// TestTheLiarForks (T64) is an administrator who brings back an older copy of the data,
// with its mark, so that what ann asked for never was; and then lets others go on.
// Ann's machine knows better, and can prove it to anybody.
func TestTheLiarForks(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{})
	ok[string](t)(w.ask("ann", 10*time.Minute, "primary"))
	w.copied(t, "yesterday")
	ok[string](t)(w.ask("ann", 10*time.Minute, "replica"))
	honest := w.path("honest")
	ok[string](t)(w.as("sid", "evidence", "--all", "-o", honest))
	if said := ok[string](t)(w.as("ann", "ledger", "receipts", "--check")); !strings.Contains(said, "The ledger has all of them") {
		t.Errorf("honest server: %s", said)
	}
	refuses := func(t *testing.T, code int, want string, args ...string) string {
		t.Helper()
		said := refused(t, exec.Command(w.path("bin", "ann"), args...), code)
		if !strings.Contains(said, want) {
			t.Errorf("%q does not say %q:\n%s", args, want, said)
		}
		return said
	}
	ask := []string{"request", "database-locked-out", "--why", "cannot connect", "--for", "10m", "--only", "primary"}
	receipts := ok[[]string](t)(filepath.Glob(w.path("people", "ann", "state", "*", "receipts-*", "*.json")))
	if len(receipts) != 2 {
		t.Fatalf("receipts: %q", receipts)
	}

	w.rewind(t, "yesterday")
	t.Run("the newest entries are taken away", func(t *testing.T) {
		refuses(t, 6, "does not extend the one that this machine has seen", ask...)
		refuses(t, 6, "does not have entry", "ledger", "receipts", "--check")
		// Without what it had seen last, the receipts know.
		t.Cleanup(w.forgets(t, "ann"))
		refuses(t, 6, "does not have entry", "ledger", "receipts", "--check")
	})

	for range 3 {
		ok[string](t)(w.ask("bob", 10*time.Minute, "primary"))
	}
	lie := w.path("lie")
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", lie))
	t.Run("an entry that somebody holds a receipt of is dropped", func(t *testing.T) {
		said := refuses(t, 6, receipts[1], "ledger", "receipts", "--check")
		w.convicts(t, said)
		refuses(t, 6, receipts[1], "ledger", "receipts", "--against", lie)
		ok[string](t)(w.as("ann", "ledger", "receipts", "--against", honest))
		ok[string](t)(w.as("bob", "ledger", "receipts", "--check"))
	})
	t.Run("another past is shown to who knows the first", func(t *testing.T) {
		w.convicts(t, refuses(t, 6, "both checkpoints, which prove it, are kept in", ask...))
		refuses(t, 6, "both checkpoints, which prove it, are kept in", "ledger", "tail")
		refuses(t, 6, "both checkpoints, which prove it, are kept in", "evidence", "--all", "-o", w.path("refused"))
	})
}

// forgets moves away what a person's machine has seen last, and gives what brings
// it back.
func (w *town) forgets(t *testing.T, person string) (again func()) {
	t.Helper()
	seen := ok[[]string](t)(filepath.Glob(w.path("people", person, "state", "*", "seen-*")))
	if len(seen) != 1 {
		t.Fatalf("seen: %q", seen)
	}
	data := ok[[]byte](t)(os.ReadFile(seen[0]))
	if err := os.Remove(seen[0]); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.WriteFile(seen[0], data, 0o600); err != nil {
			t.Error(err)
		}
	}
}

// convicts demands that what a command said names a file that proves the fork to
// anybody who has the anchor, with either program, and only with that anchor.
func (w *town) convicts(t *testing.T, said string) {
	t.Helper()
	anchor := w.path("people", "leo", "anchor.json")
	var file string
	for _, word := range strings.Fields(said) {
		if strings.Contains(word, "/fork-") {
			file = strings.TrimRight(word, ":;")
		}
	}
	if file == "" {
		t.Fatalf("no file of a fork is named:\n%s", said)
	}
	for _, command := range []*exec.Cmd{
		exec.Command(w.program("halligan"), "ledger", "prove-fork", file, "--anchor", anchor),
		exec.Command(w.program("halligan-kit"), "prove-fork", file, "--anchor", anchor),
	} {
		if out := ok[string](t)(output(command)); !strings.Contains(out, "FORK PROVED") {
			t.Errorf("%q: %s", command.Args, out)
		}
	}
	data := ok[[]byte](t)(os.ReadFile(file))
	spoiled := w.path("spoiled.json")
	if err := os.WriteFile(spoiled, []byte(strings.Replace(string(data), `"root":"`, `"root":"0`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, exec.Command(w.program("halligan"), "ledger", "prove-fork", spoiled, "--anchor", anchor), 6)
	refused(t, exec.Command(w.program("halligan-kit"), "prove-fork", spoiled, "--anchor", anchor), 1)
}
