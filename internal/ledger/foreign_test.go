package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// foreignVerifier finds Tessera's fsck, which shares no code with this package:
//
//	GOBIN=DIR go install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
//	HALLIGAN_FSCK=DIR/fsck go test ./internal/ledger -run Foreign
func foreignVerifier(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("HALLIGAN_FSCK"); path != "" {
		return path // a wrong path fails the test instead of skipping it
	}
	path, err := exec.LookPath("tessera-fsck")
	if err != nil {
		t.Skip("no foreign verifier: set HALLIGAN_FSCK to Tessera's fsck or put tessera-fsck on the path")
	}
	return path
}

// foreignAccepts runs the verifier over a directory. Its exit code says nothing, and
// on some faults it waits for ever: only its last words in time count as a yes.
func foreignAccepts(t *testing.T, verifier, dir, keyFile string, size int64, longest time.Duration) (bool, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, verifier, "-ui=false", "-logtostderr", "-N=8",
		"-storage_url=file://"+dir+"/", "-public_key="+keyFile)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	yes := strings.Contains(said.String(), fmt.Sprintf("Successfully fsck'd log with size %d and", size))
	return err == nil && yes && !strings.Contains(said.String(), "fsck failed"), said.String()
}

func saveLog(t *testing.T, src files) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for path, data := range src {
		file := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestForeignVerifier(t *testing.T) {
	verifier := foreignVerifier(t)
	keyFile := filepath.Join(t.TempDir(), "vkey")
	anchor, _ := testAnchor(t)
	if err := os.WriteFile(keyFile, []byte(anchor.LedgerKeys[0]), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int64{1, 255, 256, 257, 70_000} {
		src, _, _ := exported(t, n)
		if ok, said := foreignAccepts(t, verifier, saveLog(t, src), keyFile, n, 5*time.Minute); !ok {
			t.Errorf("a log of %d entries is refused:\n%s", n, said)
		}
	}

	src, _, _ := exported(t, 257)
	for _, path := range []string{
		"checkpoint", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/1",
	} {
		data, ok := src[path]
		if !ok {
			t.Fatalf("no %s in the log", path)
		}
		bad := bytes.Clone(data)
		bad[len(bad)/2] ^= 1
		if ok, said := foreignAccepts(t, verifier, saveLog(t, src.with(path, bad)), keyFile, 257, 20*time.Second); ok {
			t.Errorf("%s with a flipped byte is accepted:\n%s", path, said)
		}
	}
}
