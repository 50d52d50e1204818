package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// run is one run of the bench.
type run struct {
	quick   bool
	only    []string
	folder  string // everything that the run writes but the page
	bao     string // OpenBao's binary; empty: it could not be had
	profile string // where the profile of the server of B1, B2 or B9 goes; empty: none is taken
	rows    []row
	started []*process
	old     map[int64]*folderOf // by their entries
}

func main() {
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], childPrefix) {
		if err := child(os.Args[1][len(childPrefix):], os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	r := &run{old: map[int64]*folderOf{}}
	var only, page string
	flag.BoolVar(&r.quick, "quick", false, "few and short turns: about two minutes")
	flag.StringVar(&only, "only", "", "ids to measure, such as B1,B3; all if not given")
	flag.StringVar(&page, "page", "docs/reference/benchmarks.md", "where the table is written when everything was measured; empty: nowhere")
	flag.StringVar(&r.bao, "bao", "", "OpenBao's binary, for B1 and B6; without it they stand beside the limits alone")
	flag.StringVar(&r.profile, "profile", "", "file for a CPU profile of the server of B1, B2 or B9; one of its allocations and one of its callers stand beside it")
	flag.Parse()
	if only != "" {
		r.only, page = strings.Split(only, ","), ""
	}
	if err := r.all(page); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// all measures everything that was asked for and writes the page.
func (r *run) all(page string) (err error) {
	begun, load := time.Now(), busy()
	// Not in the system's folder for temporary files, which may be memory.
	if err := os.MkdirAll(".tools", 0o755); err != nil {
		return err
	}
	if r.folder, err = os.MkdirTemp(".tools", "run-"); err != nil {
		return err
	}
	if r.folder, err = filepath.Abs(r.folder); err != nil {
		return err
	}
	defer func() {
		for _, p := range r.started {
			p.end()
		}
		err = errors.Join(err, os.RemoveAll(r.folder))
	}()
	if r.profile != "" { // of those who call, too
		stop, err := profiled(r.profile + ".callers")
		if err != nil {
			return err
		}
		defer stop()
	}
	fmt.Printf("%s; load average %s\n", machine(), load)
	for _, m := range []struct {
		id      string
		measure func() error
	}{
		{"B1", r.measureMint}, {"B2", r.measureWhole}, {"B3", r.measureAppend}, {"B4", r.measureVerify}, {"B6", r.measureStart}, {"B7", r.measureGrowth},
		{"B8", r.measureAccess}, {"B9", r.measureStorm}, {"B10", r.measurePage}, {"B12", r.measureAccount},
	} {
		if r.only != nil && !slices.Contains(r.only, m.id) {
			continue
		}
		if err := m.measure(); err != nil {
			return fmt.Errorf("%s: %w", m.id, err)
		}
	}
	fmt.Printf("took %s\n", time.Since(begun).Round(time.Second))
	if page == "" {
		return nil
	}
	return os.WriteFile(page, []byte(document(r.rows, begun, load, r.quick)), 0o644)
}

func (r *run) add(one row) {
	r.rows = append(r.rows, one)
	printRow(os.Stdout, one)
}

// path is a place in the run's folder.
func (r *run) path(name string) string { return filepath.Join(r.folder, name) }

// rounds is how often each side has its turn.
func (r *run) rounds(usual int) int {
	if r.quick {
		return min(usual, 3)
	}
	return usual
}

// length is how long a turn lasts.
func (r *run) length(usual time.Duration) time.Duration {
	if r.quick {
		return usual / 3
	}
	return usual
}

// self starts this program as one of its own children.
func (r *run) self(name string, args ...string) (*process, error) {
	me, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return r.launch(name, me, append([]string{childPrefix + name}, args...)...)
}

const childPrefix = "child:"

// child is what this program does when it is started by itself.
func child(name string, args []string) error {
	switch name {
	case "append":
		return appendChild(args[0], os.Stdin, os.Stdout)
	case "hello":
		return helloChild(args[0], args[1])
	case "serve":
		return serveChild(args[0], args[1])
	case "storm":
		return stormChild(args[0], args[1], args[2])
	}
	return fmt.Errorf("no such child: %s", name)
}

// peers builds the module of peers, once.
func (r *run) peers() (string, error) { return r.build("peers", "internal/bench/peers", ".") }

// build builds a program of the folder, once for each name.
func (r *run) build(name, folder, what string) (string, error) {
	out := r.path(name)
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", out, what)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build %s: %w: %s", name, err, tail(said))
	}
	return out, nil
}
