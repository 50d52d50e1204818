package config_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/halligan-dev/halligan/internal/config"
)

var update = flag.Bool("update", false, "write what Lint says into testdata/broken")

// brokenLeast is the number of broken samples that may only grow.
const brokenLeast = 250

// TestBrokenSamples lints testdata/good/small, broken in one way by each archive
// of testdata/broken, and compares every word. In an archive
//
//	-- edit FILE --    holds what stands in the file once, =>, and what it becomes
//	-- mode FILE --    holds the permissions of a file
//	-- drop FILE --    takes a file away
//	-- want --         holds the problems
//
// and any other name is a file. {U+202E} stands for that character.
func TestBrokenSamples(t *testing.T) {
	archives, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil || len(archives) < brokenLeast {
		t.Fatalf("%d broken samples, at least %d: %v", len(archives), brokenLeast, err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive := readArchive(t, name)
			folder := t.TempDir()
			want := breakFolder(t, folder, archive)
			got := render(config.Lint(folder))
			if *update {
				setWant(t, name, archive, got)
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if !strings.HasPrefix(want, "error: ") && !strings.Contains(want, "\nerror: ") && !strings.HasPrefix(want, "warning: ") {
				t.Errorf("the sample is not broken: %q", want)
			}
		})
	}
}

// TestBrokenSamplesDoNotCompile: what Lint calls an error never becomes bytes to
// sign, and what it only warns of does.
func TestBrokenSamplesDoNotCompile(t *testing.T) {
	archives, err := filepath.Glob("testdata/broken/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, name := range archives {
		archive := readArchive(t, name)
		folder := t.TempDir()
		breakFolder(t, folder, archive)
		var cellProblems []config.Problem
		for _, p := range config.Lint(folder) {
			if p.File != config.ServerFile {
				cellProblems = append(cellProblems, p)
			}
		}
		_, _ = config.FillNotes(folder, &counter{})
		_, err = config.Compile(folder, machineKeys(t, "halligan.example.com"))
		if got, want := err != nil, config.HasErrors(cellProblems); got != want {
			t.Errorf("%s: Compile failed: %v, Lint has errors: %v (%v)", name, got, want, err)
		}
		if err != nil {
			refused++
		}
	}
	if refused < 60 {
		t.Errorf("%d broken samples were refused, at least 60", refused)
	}
}

func readArchive(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return archive
}

var escaped = regexp.MustCompile(`\{U\+([0-9A-F]+)\}`)

func unescape(text []byte) string {
	return escaped.ReplaceAllStringFunc(string(text), func(s string) string {
		n, err := strconv.ParseUint(s[3:len(s)-1], 16, 32)
		if err != nil {
			return s
		}
		return string(rune(n))
	})
}

// breakFolder writes the good sample, broken, and gives what Lint must say.
func breakFolder(t *testing.T, folder string, archive *txtar.Archive) (want string) {
	t.Helper()
	copyTree(t, folder, "testdata/good/small")
	for _, f := range archive.Files {
		verb, name, plain := strings.Cut(f.Name, " ")
		path := filepath.Join(folder, name)
		var err error
		switch {
		case f.Name == "want":
			want = string(f.Data)
		case !plain:
			path = filepath.Join(folder, f.Name)
			err = os.MkdirAll(filepath.Dir(path), 0o700)
			if err == nil {
				err = os.WriteFile(path, []byte(unescape(f.Data)), 0o600)
			}
		case verb == "edit":
			err = edit(path, unescape(f.Data))
		case verb == "drop":
			err = os.RemoveAll(path)
		case verb == "mode":
			err = chmod(path, strings.TrimSpace(string(f.Data)))
		default:
			err = fmt.Errorf("%q is no verb", verb)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return want
}

func edit(path, change string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	from, to, ok := strings.Cut(change, "=>\n")
	if from, to = strings.TrimSuffix(from, "\n"), strings.TrimSuffix(to, "\n"); !ok || strings.Count(string(data), from) != 1 {
		return fmt.Errorf("%q stands %d times, must stand once", from, strings.Count(string(data), from))
	}
	return os.WriteFile(path, []byte(strings.Replace(string(data), from, to, 1)), 0o600)
}

func chmod(path, octal string) error {
	mode, err := strconv.ParseUint(octal, 8, 32)
	if err != nil {
		return err
	}
	return os.Chmod(path, os.FileMode(mode))
}

func render(problems []config.Problem) string {
	var out strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&out, p)
	}
	return out.String()
}

func setWant(t *testing.T, name string, archive *txtar.Archive, want string) {
	t.Helper()
	kept := archive.Files[:0]
	for _, f := range archive.Files {
		if f.Name != "want" {
			kept = append(kept, f)
		}
	}
	archive.Files = append(kept, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
		t.Fatal(err)
	}
}
