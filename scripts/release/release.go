package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Systems are those that a release is for.
var Systems = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64"}

// programs of an archive. The one for SSH hosts is built for Linux alone: nobody
// tried it on another system.
func programs(system string) []string {
	if strings.HasPrefix(system, "linux/") {
		return []string{"halligan", "halligan-host", "halligan-kit"}
	}
	return []string{"halligan", "halligan-kit"}
}

// Sums is the name of the list of digests, as sha256sum -c reads it.
const Sums = "SHA256SUMS"

// Release is what is to be built, from the module in the working folder.
type Release struct {
	Version string
	Out     string
	Systems []string
}

// versions are what an archive may be called after.
var versions = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,63}$`)

// Build builds every archive, and says which while it works.
func (r Release) Build(ctx context.Context, say io.Writer) error {
	if !versions.MatchString(r.Version) {
		return fmt.Errorf("-version %q: must be 1 to 64 letters, digits, . _ + -, beginning with a letter or digit", r.Version)
	}
	for _, system := range r.Systems {
		if !slices.Contains(Systems, system) {
			return fmt.Errorf("-systems: %q is not one of %s", system, strings.Join(Systems, ", "))
		}
	}
	if err := os.MkdirAll(r.Out, 0o755); err != nil {
		return err
	}
	made, err := os.MkdirTemp("", "halligan-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(made)
	common, err := r.common(ctx, made)
	if err != nil {
		return err
	}
	var sums bytes.Buffer
	for _, system := range slices.Sorted(slices.Values(r.Systems)) {
		name, archive, err := r.archive(ctx, system, made, common)
		if err != nil {
			return fmt.Errorf("%s: %w", system, err)
		}
		if err := os.WriteFile(filepath.Join(r.Out, name), archive, 0o644); err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(archive), name)
		fmt.Fprintf(say, "%s, %.1f MB\n", name, float64(len(archive))/1e6)
	}
	return os.WriteFile(filepath.Join(r.Out, Sums), sums.Bytes(), 0o644)
}

// common are the files that every archive has: texts, completions, the manual.
// They are written by the program itself, built for this machine.
func (r Release) common(ctx context.Context, made string) ([]file, error) {
	var files []file
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, file{name, data, 0o644})
	}
	here := filepath.Join(made, "halligan")
	if err := r.compile(ctx, "halligan", here, nil); err != nil {
		return nil, err
	}
	for shell, name := range map[string]string{"bash": "completion/halligan.bash", "zsh": "completion/_halligan", "fish": "completion/halligan.fish"} {
		script, err := exec.CommandContext(ctx, here, "completion", shell).Output()
		if err != nil {
			return nil, fmt.Errorf("halligan completion %s: %w", shell, err)
		}
		files = append(files, file{name, script, 0o644})
	}
	man := filepath.Join(made, "man1")
	if out, err := exec.CommandContext(ctx, here, "man", "--to", man).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("halligan man: %w: %s", err, out)
	}
	pages, err := filepath.Glob(filepath.Join(man, "*.1"))
	if err != nil || len(pages) == 0 {
		return nil, errors.Join(err, errors.New("halligan man wrote no page"))
	}
	for _, page := range pages {
		data, err := os.ReadFile(page)
		if err != nil {
			return nil, err
		}
		files = append(files, file{"man1/" + filepath.Base(page), data, 0o644})
	}
	return files, nil
}

// archive builds the programs for a system and packs them with the common files.
func (r Release) archive(ctx context.Context, system, made string, common []file) (name string, data []byte, err error) {
	goos, goarch, _ := strings.Cut(system, "/")
	files := slices.Clone(common)
	for _, program := range programs(system) {
		path := filepath.Join(made, goos+"-"+goarch+"-"+program)
		if err := r.compile(ctx, program, path, []string{"GOOS=" + goos, "GOARCH=" + goarch}); err != nil {
			return "", nil, err
		}
		binary, err := os.ReadFile(path)
		if err != nil {
			return "", nil, err
		}
		files = append(files, file{program, binary, 0o755})
	}
	if goos == "linux" {
		unit, err := os.ReadFile("packaging/halligan.service")
		if err != nil {
			return "", nil, err
		}
		files = append(files, file{"halligan.service", unit, 0o644})
	}
	folder := "halligan-" + r.Version + "-" + goos + "-" + goarch
	data, err = pack(folder, files)
	return folder + ".tar.gz", data, err
}

// compile builds one program: static, without the machine's paths, without what
// the version control happens to say, for the oldest processors of each kind.
func (r Release) compile(ctx context.Context, program, path string, system []string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -buildid= -X github.com/halligan-dev/halligan/internal/cli.version="+r.Version, "-o", path, "./cmd/"+program)
	cmd.Env = append(os.Environ(), append(system, "CGO_ENABLED=0", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", program, err, out)
	}
	return nil
}
