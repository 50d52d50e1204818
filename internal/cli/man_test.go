package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/cli"
)

// TestManual writes the manual and has troff read every page without a complaint.
func TestManual(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: groff reads every page")
	}
	model, err := cli.Model()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "man1")
	if code, _, said := run("man", "--to", folder); code != 0 {
		t.Fatalf("exit %d: %s", code, said)
	}
	pages, err := filepath.Glob(filepath.Join(folder, "*.1"))
	if err != nil || len(pages) != len(model.Leaves(true))+1 {
		t.Fatalf("%d pages for %d commands, %v", len(pages), len(model.Leaves(true)), err)
	}
	stop := read(t, filepath.Join(folder, "halligan-stop.1"))
	golden(t, filepath.Join("testdata", "halligan-stop.1"), stop)
	if whole := read(t, filepath.Join(folder, "halligan.1")); !strings.Contains(whole, "halligan change propose") {
		t.Error("halligan(1) does not name halligan change propose")
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not here (Debian: groff-base); the pages were written, and not read by troff")
	}
	for _, page := range pages {
		out, err := exec.Command(groff, "-man", "-Tutf8", "-ww", "-z", page).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", filepath.Base(page), err, out)
		}
	}
}

// TestManualEscapes wants text that begins like a request, or holds escapes, to stay text.
func TestManualEscapes(t *testing.T) {
	folder := t.TempDir()
	if code, _, said := run("man", "--to", folder); code != 0 {
		t.Fatalf("exit %d: %s", code, said)
	}
	pages, _ := filepath.Glob(filepath.Join(folder, "*.1"))
	for _, page := range pages {
		for i, line := range strings.Split(read(t, page), "\n") {
			request, _, _ := strings.Cut(line, " ")
			switch {
			case strings.HasPrefix(line, "'"):
				t.Errorf("%s:%d begins with a quote: %s", filepath.Base(page), i+1, line)
			case strings.HasPrefix(line, ".") && !strings.Contains(".TH .SH .B .BR .TP .PP .nf .fi .RS .RE", request):
				t.Errorf("%s:%d is a request that nobody wrote: %s", filepath.Base(page), i+1, line)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
