package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"debug/elf"
	"debug/macho"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestReproducible builds this machine's archive twice, the second time from a copy
// of the sources in another folder by a user of another name, and wants the same bytes.
// A soak builds every system so.
func TestReproducible(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the programs twice: not in the short mode")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "elsewhere", "sources")
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	names, err := list.Output()
	if err != nil {
		t.Fatalf("cannot list the sources: %v", err)
	}
	for _, name := range strings.Split(strings.TrimRight(string(names), "\x00"), "\x00") {
		copyFile(t, filepath.Join(root, name), filepath.Join(copied, name))
	}
	systems := []string{runtime.GOOS + "/" + runtime.GOARCH}
	if os.Getenv("HALLIGAN_SOAK") != "" {
		systems = Systems
	}
	one, two := build(t, root, systems), build(t, copied, systems, "USER=somebody", "LOGNAME=somebody", "HOSTNAME=elsewhere", "TZ=Asia/Tokyo")
	if len(one) != len(systems)+1 {
		t.Fatalf("%d files for %d systems", len(one), len(systems))
	}
	for name, data := range one {
		if !bytes.Equal(two[name], data) {
			t.Errorf("%s is another when it is built elsewhere", name)
		}
		if strings.HasSuffix(name, ".tar.gz") {
			inside(t, name, data, root)
		}
	}
	sums := exec.Command("sha256sum", "--check", "--strict", Sums)
	sums.Dir = t.TempDir()
	for name, data := range one {
		if err := os.WriteFile(filepath.Join(sums.Dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := sums.CombinedOutput(); err != nil {
		t.Errorf("sha256sum: %v\n%s", err, out)
	}
}

// build runs the command in a folder and gives what it wrote.
func build(t *testing.T, folder string, systems []string, environment ...string) map[string][]byte {
	t.Helper()
	out := t.TempDir()
	cmd := exec.Command("go", "run", "./scripts/release", "-version", "v0.0.0-test", "-out", out, "-systems", strings.Join(systems, ","))
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), environment...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	files := map[string][]byte{}
	entries, err := os.ReadDir(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(out, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = data
	}
	return files
}

// inside looks through an archive: what must be there, static programs, no path
// of this machine.
func inside(t *testing.T, name string, data []byte, root string) {
	t.Helper()
	system := strings.TrimSuffix(strings.TrimPrefix(name, "halligan-v0.0.0-test-"), ".tar.gz")
	goos, arch, _ := strings.Cut(system, "-")
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(zipped)
	seen := map[string]bool{}
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		_, path, _ := strings.Cut(h.Name, "/")
		seen[path] = true
		if !h.ModTime.Equal(packed) || h.Uid != 0 || h.Uname != "root" {
			t.Errorf("%s: %s bears %v, user %d %q", name, path, h.ModTime, h.Uid, h.Uname)
		}
		if bytes.Contains(content, []byte(root)) {
			t.Errorf("%s: %s holds the folder that it was built in", name, path)
		}
		if h.Mode == 0o755 {
			program(t, name+": "+path, content, goos, arch)
		}
	}
	for _, want := range append(programs(goos+"/"+arch), "LICENSE", "README.md", "man1/halligan.1", "man1/halligan-stop.1", "completion/halligan.bash") {
		if !seen[want] {
			t.Errorf("%s lacks %s", name, want)
		}
	}
	if seen["halligan.service"] != (goos == "linux") {
		t.Errorf("%s: a service is for linux, and is there: %v", name, seen["halligan.service"])
	}
}

// program wants a binary of a system that needs no library of it.
func program(t *testing.T, what string, content []byte, goos, arch string) {
	t.Helper()
	switch goos {
	case "linux":
		f, err := elf.NewFile(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if want := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}[arch]; f.Machine != want {
			t.Errorf("%s is for %v", what, f.Machine)
		}
		if libraries, _ := f.ImportedLibraries(); len(libraries) > 0 {
			t.Errorf("%s needs %v", what, libraries)
		}
	case "darwin":
		f, err := macho.NewFile(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if want := map[string]macho.Cpu{"amd64": macho.CpuAmd64, "arm64": macho.CpuArm64}[arch]; f.Cpu != want {
			t.Errorf("%s is for %v", what, f.Cpu)
		}
	}
}

// TestRefused wants bad versions and systems refused before anything is built.
func TestRefused(t *testing.T) {
	for _, r := range []Release{
		{Version: "", Systems: Systems}, {Version: "../v1", Systems: Systems}, {Version: "v1 -X", Systems: Systems},
		{Version: "v1", Systems: []string{"plan9/amd64"}},
	} {
		r.Out = filepath.Join(t.TempDir(), "dist")
		if err := r.Build(context.Background(), io.Discard); err == nil {
			t.Errorf("version %q for %v was built", r.Version, r.Systems)
		}
		if _, err := os.Stat(r.Out); err == nil {
			t.Errorf("version %q for %v left a folder", r.Version, r.Systems)
		}
	}
}

// TestService has systemd read the service, and judge how much it leaves open.
func TestService(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here (Debian: systemd): the service is not judged")
	}
	data, err := os.ReadFile("../../packaging/halligan.service")
	if err != nil {
		t.Fatal(err)
	}
	// The program stands where this machine has it not.
	path := filepath.Join(t.TempDir(), "halligan.service")
	if err := os.WriteFile(path, bytes.ReplaceAll(data, []byte("/usr/local/bin/halligan"), []byte("/bin/true")), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	// The threshold is in tenths: 1.5 of 10, of which open network families are most.
	if out, err := exec.Command(analyze, "security", "--no-pager", "--offline=true", "--threshold=15", path).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return // removed and not yet committed
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o755); err != nil {
		t.Fatal(err)
	}
}
