package archtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// worldly are the packages that a pure room must not import itself. A prefix
// ends in a slash. net/netip and net/url are values and stay allowed.
var worldly = []string{
	"os", "os/", "net", "net/", "log", "log/", "database/sql", "database/sql/", "syscall",
	"crypto/rand", "math/rand", "math/rand/", "hash/maphash", "io/ioutil", "runtime/debug",
}

var values = []string{"net/netip", "net/url"}

func TestRoomsImportWhatTheMapAllows(t *testing.T) {
	report(t, checkImports(rooms, readTree(t).pkgs))
}

func TestMapItself(t *testing.T) {
	report(t, checkMap(rooms))
	mustFind(t, checkMap([]room{
		{path: "internal/a", kind: adapter, may: []string{"internal/b"}},
		{path: "internal/b", kind: adapter, may: []string{"internal/gone"}},
		{path: "internal/b", kind: adapter},
	}), "is an adapter", "is drawn twice", "is not on the map")
}

// checkMap looks for faults in the table alone.
func checkMap(table []room) (faults []string) {
	byPath := map[string]room{}
	for _, r := range table {
		if _, twice := byPath[r.path]; twice {
			faults = append(faults, fmt.Sprintf("%s is drawn twice", r.path))
			continue
		}
		byPath[r.path] = r
	}
	for _, r := range table {
		for _, path := range r.may {
			other, known := byPath[path]
			switch {
			case path == everything:
			case !known:
				faults = append(faults, fmt.Sprintf("%s may import %s, which is not on the map", r.path, path))
			case r.kind == adapter && other.kind == adapter:
				faults = append(faults, fmt.Sprintf("%s may import %s: each is an adapter", r.path, path))
			}
		}
	}
	return faults
}

// checkImports holds the packages that are there against the map.
func checkImports(table []room, pkgs []pkg) (faults []string) {
	byPath := map[string]room{}
	for _, r := range table {
		byPath[r.path] = r
	}
	seen, used := map[string]bool{}, map[string]bool{}
	for _, p := range pkgs {
		r, known := byPath[p.path()]
		seen[p.path()] = true
		if !known {
			faults = append(faults, fmt.Sprintf("%s: room is not on the map (internal/archtest/rooms_test.go)", p.path()))
			continue
		}
		for _, path := range p.Imports {
			faults = append(faults, checkImport(byPath, r, path, used)...)
		}
	}
	for _, r := range table {
		switch {
		case r.planned && seen[r.path]:
			faults = append(faults, fmt.Sprintf("%s: is built, take `planned` off the map", r.path))
		case !r.planned && !seen[r.path]:
			faults = append(faults, fmt.Sprintf("%s: is on the map but not in the tree", r.path))
		}
		for _, path := range r.third {
			if !used[r.path+" "+path] && seen[r.path] {
				faults = append(faults, fmt.Sprintf("%s: may import %s but does not", r.path, path))
			}
		}
	}
	return faults
}

// checkImport judges one import of room r and marks the permission it used.
func checkImport(byPath map[string]room, r room, path string, used map[string]bool) []string {
	if ours, ok := strings.CutPrefix(path, module+"/"); ok {
		if slices.Contains(r.may, ours) || slices.Contains(r.may, everything) && open(byPath[ours]) {
			return nil
		}
		return []string{fmt.Sprintf("%s: must not import %s", r.path, ours)}
	}
	if r.kind != pure {
		return nil
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		for _, allowed := range r.third {
			if path == allowed || strings.HasPrefix(path, allowed+"/") {
				used[r.path+" "+allowed] = true
				return nil
			}
		}
		return []string{fmt.Sprintf("%s: pure room must not import %s: not listed for it", r.path, path)}
	}
	if isWorldly(path) {
		return []string{fmt.Sprintf("%s: pure room must not import %s", r.path, path)}
	}
	return nil
}

// open tells whether `everything` covers a room.
func open(r room) bool {
	return r.path != "" && r.kind != tool && r.path != "internal/cli" && !strings.HasPrefix(r.path, "cmd/")
}

func isWorldly(path string) bool {
	if slices.Contains(values, path) {
		return false
	}
	return slices.ContainsFunc(worldly, func(w string) bool {
		return path == w || strings.HasSuffix(w, "/") && strings.HasPrefix(path, w)
	})
}

func TestImportCheckerCanFail(t *testing.T) {
	table := []room{
		{path: "internal/law", may: []string{"internal/ok"}, third: []string{"example.com/good", "example.com/idle"}},
		{path: "internal/ok"},
		{path: "internal/gone"},
		{path: "internal/early", planned: true},
		{path: "internal/cli", kind: edge},
		{path: "internal/server", kind: edge, may: []string{everything}},
	}
	at := func(path string, imports ...string) pkg {
		return pkg{ImportPath: module + "/" + path, Imports: imports}
	}
	mustFind(t, checkImports(table, []pkg{
		at("internal/law", "net/netip", "net/http", "example.com/good/deep", "example.com/goodish", module+"/internal/ok", module+"/internal/server"),
		at("internal/ok"),
		at("internal/early"),
		at("internal/cli"),
		at("internal/server", "net/http", module+"/internal/law", module+"/internal/cli"),
		at("internal/stranger"),
	}),
		"internal/early: is built",
		"internal/gone: is on the map but not in the tree",
		"internal/law: may import example.com/idle but does not",
		"internal/law: must not import internal/server",
		"internal/law: pure room must not import example.com/goodish",
		"internal/law: pure room must not import net/http",
		"internal/server: must not import internal/cli",
		"internal/stranger: room is not on the map",
	)
}

// unlinkable is what a binary must not contain, however deep.
var unlinkable = map[string][]string{
	"cmd/halligan-kit":  {"net/http", "database/sql", "modernc.org/sqlite"},
	"cmd/halligan-host": {"database/sql", "modernc.org/sqlite"},
}

func TestBinariesLinkOnlyWhatTheyShould(t *testing.T) {
	tree := readTree(t)
	for path, banned := range unlinkable {
		if _, err := os.Stat(filepath.Join(tree.root, path)); err != nil {
			t.Errorf("%s: is not in the tree", path)
			continue
		}
		pkgs, err := goList(tree.root, "-json=ImportPath,Deps", "./"+path)
		if err != nil {
			t.Fatal(err)
		}
		report(t, checkLinks(pkgs[0], banned))
	}
}

func checkLinks(p pkg, banned []string) (faults []string) {
	for _, path := range banned {
		if slices.Contains(p.Deps, path) {
			faults = append(faults, fmt.Sprintf("%s: links %s (go mod why, go list -deps)", p.path(), path))
		}
	}
	return faults
}

func TestLinkCheckerCanFail(t *testing.T) {
	p := pkg{ImportPath: module + "/cmd/x", Deps: []string{"fmt", "net/http"}}
	mustFind(t, checkLinks(p, []string{"net/http", "database/sql"}), "links net/http")
}
