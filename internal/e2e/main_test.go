package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// atATime is how many cells are at work at a time. Most of a story is waiting, so
// that it is more than there are cores. Tests that wait for minutes take no slot,
// so that they begin first: the whole is as long as the longest.
const atATime = 8

var slots = make(chan struct{}, atATime)

// slot waits for a slot and gives what frees it.
func slot() func() {
	slots <- struct{}{}
	return func() { <-slots }
}

// binaries is the folder of the programs, for all tests together.
var binaries string

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given {
		if err := flag.Set("test.parallel", "100"); err != nil { // slots bound it
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	folder, err := os.MkdirTemp("", "halligan-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	binaries = folder
	code := m.Run()
	if err := os.RemoveAll(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// programs builds the programs once, as they are shipped, and gives their folder.
var programs = sync.OnceValues(func() (string, error) { return binaries, buildAll(binaries) })

func buildAll(folder string, flags ...string) error {
	args := append([]string{"build", "-buildvcs=false", "-ldflags=-s -w", "-o", folder + string(filepath.Separator)}, flags...)
	for _, name := range []string{"halligan", "halligan-host", "halligan-kit"} {
		args = append(args, "github.com/halligan-dev/halligan/cmd/"+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot build the programs: %w\n%s", err, out)
	}
	return nil
}
