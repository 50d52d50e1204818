package exec_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/exec"
	"github.com/halligan-dev/halligan/internal/provider/providertest"
)

// sample builds the program of docs/howto once.
var sample = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "group-file")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "group-file")
	out, err := osexec.Command("go", "build", "-o", path, "../../../docs/howto/group-file.go").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := sample(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func now() canon.Time { return canon.At(time.Now()) }

func lease(name string) provider.Lease {
	return provider.Lease{
		KeyID: fmt.Sprintf("halligan:%016x:%s", len(name), name), Target: name, Program: "p", Request: fmt.Sprintf("%016x", len(name)),
		Person: "ann", Parameters: map[string]string{"group": "dba-admins"}, Until: canon.At(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)),
	}
}

// longest is how long anything may take that is not a matter of its own time.
const longest = time.Minute

// script is a program of one shell script.
func script(t *testing.T, text string, environment ...string) (*exec.Exec, exec.Program) {
	t.Helper()
	return scriptWithin(t, exec.DeadlineMost, text, environment...)
}

// scriptWithin is script with a deadline.
func scriptWithin(t *testing.T, deadline time.Duration, text string, environment ...string) (*exec.Exec, exec.Program) {
	t.Helper()
	folder := t.TempDir()
	p := exec.Program{Path: filepath.Join(folder, "program"), Folder: folder, Environment: environment, Deadline: deadline}
	if err := os.WriteFile(p.Path, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return exec.New(map[string]exec.Program{"p": p}, now), p
}

const done = `echo '{"halligan":"exec-v1","done":true}'`

// TestContract runs the suite of every provider over the program of the how-to.
// Between the two stands a script that fails as the suite says.
func TestContract(t *testing.T) {
	program, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	providertest.Exercise(t, func(t *testing.T) providertest.Subject {
		x, p := script(t, `read how < fault
case "$how" in
"did not") echo hunter2; echo hunter2 >&2; exit 1 ;;
"did anyway") "`+program+`" groups > /dev/null; echo hunter2; exit 1 ;;
hangs) sleep 60 & wait ;;
*) exec "`+program+`" groups ;;
esac`, "TOKEN=hunter2")
		fail := func(f providertest.Fault) {
			if err := os.WriteFile(filepath.Join(p.Folder, "fault"), []byte(string(f)+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(p.Folder, "groups"), 0o700); err != nil {
			t.Fatal(err)
		}
		fail(providertest.Sound)
		return providertest.Subject{
			Provider: x, Lease: lease, Fail: fail, Secrets: []string{"hunter2"},
			Open: func(l provider.Lease) int {
				data, err := os.ReadFile(filepath.Join(p.Folder, "groups", "dba-admins"))
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					t.Fatal(err)
				}
				return strings.Count(string(data), l.KeyID+" ann ")
			},
		}
	})
}

// TestOnlyWhatIsDeclared: nothing of the server's environment, of a scenario or
// of a lease is in the environment or the arguments (T71, I9).
func TestOnlyWhatIsDeclared(t *testing.T) {
	t.Setenv("HALLIGAN_CANARY", "canary")
	x, p := script(t, `env > seen; for a in "$0" "$@"; do echo "$a" >> seen; done; pwd >> seen; cat > asked; `+done, "DECLARED=yes")
	if err := x.Open(t.Context(), lease("one")); err != nil {
		t.Fatal(err)
	}
	seen, err := os.ReadFile(filepath.Join(p.Folder, "seen"))
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"canary", "dba-admins", "ann", "halligan:"} {
		if strings.Contains(strings.ReplaceAll(string(seen), p.Folder, ""), never) {
			t.Errorf("environment or arguments hold %q:\n%s", never, seen)
		}
	}
	if !strings.Contains(string(seen), "DECLARED=yes") || !strings.Contains(string(seen), p.Folder+"\n") {
		t.Errorf("what is declared is missing:\n%s", seen)
	}
	asked, err := os.ReadFile(filepath.Join(p.Folder, "asked"))
	if err != nil {
		t.Fatal(err)
	}
	fits(t, asked)
}

// fits checks a document against the published schema.
func fits(t *testing.T, document []byte) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	read := func(data []byte) any {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if err := compiler.AddResource("exec-v1.json", read(exec.Schema)); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("exec-v1.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(read(document)); err != nil {
		t.Errorf("%s does not fit the schema: %v", document, err)
	}
}

// TestWhatIsNoAnswer: whatever is not a whole, right document is none, and none
// of it is repeated.
func TestWhatIsNoAnswer(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           ``,
		"no JSON":           `echo secret-canary`,
		"another version":   `echo '{"halligan":"exec-v2","done":true}'`,
		"one member more":   `echo '{"halligan":"exec-v1","done":true,"secret-canary":"x"}'`,
		"a member twice":    `echo '{"halligan":"exec-v1","done":false,"done":true}'`,
		"two documents":     done + `;` + done,
		"done, and why not": `echo '{"halligan":"exec-v1","done":true,"why":"refused"}'`,
		"not done, no why":  `echo '{"halligan":"exec-v1","done":false}'`,
		"a why of its own":  `echo '{"halligan":"exec-v1","done":false,"why":"secret-canary"}'`,
		"a list, unasked":   `echo '{"halligan":"exec-v1","done":true,"leases":[]}'`,
		"right, and fails":  done + `; exit 3`,
		"killed":            done + `; kill -9 $$`,
	} {
		x, _ := script(t, text)
		err := x.Open(t.Context(), lease("one"))
		if err == nil {
			t.Errorf("%s is taken for an answer", name)
			continue
		}
		if said := err.Error(); strings.Contains(said, "canary") {
			t.Errorf("%s: the error repeats what the program wrote: %s", name, said)
		}
	}
	for name, text := range map[string]string{
		"no list":         `{"halligan":"exec-v1","done":true}`,
		"a foreign lease": `{"halligan":"exec-v1","done":true,"leases":["secret-canary"]}`,
	} {
		x, _ := script(t, `echo '`+text+`'`)
		if got, err := x.List(t.Context(), lease("one")); err == nil {
			t.Errorf("%s is taken for the list %v", name, got)
		}
	}
	for name, text := range map[string]string{
		"no control":      `{"halligan":"exec-v1","done":true,"lease":"refused"}`,
		"a vague answer":  `{"halligan":"exec-v1","done":true,"lease":"maybe","control":"accepted"}`,
		"not done at all": `{"halligan":"exec-v1","done":false,"why":"unreachable"}`,
	} {
		x, _ := script(t, `echo '`+text+`'`)
		if got := x.Probe(t.Context(), []provider.Lease{lease("one")})[0]; got.Twin != access.Unreachable {
			t.Errorf("%s is taken for %v", name, got)
		}
	}
}

// TestLimits: a program that writes without end, hangs with children, or leaves
// some behind, is over at its deadline, and so are they.
func TestLimits(t *testing.T) {
	for name, text := range map[string]string{
		"floods":         `yes`,
		"hangs":          `sleep 60`,
		"hangs in child": `sleep 60 & echo $! > child; wait`,
		"leaves a child": `(sleep 60 & echo $! > child) ; ` + done,
	} {
		x, p := scriptWithin(t, 2*time.Second, text)
		began := time.Now()
		err := x.Open(t.Context(), lease("one"))
		if err == nil {
			t.Errorf("%s: is taken for an answer", name)
		}
		if took := time.Since(began); took > 45*time.Second {
			t.Errorf("%s: was over after %s", name, took)
		}
		if child, err := os.ReadFile(filepath.Join(p.Folder, "child")); err == nil {
			gone := func() bool {
				stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(child)) + "/stat")
				return err != nil || strings.Contains(string(stat), ") Z ")
			}
			for limit := time.Now().Add(longest); !gone() && time.Now().Before(limit); {
				time.Sleep(20 * time.Millisecond)
			}
			if !gone() {
				t.Errorf("%s: its child %s lives on", name, child)
			}
		}
	}
}

// TestWritableProgramsAreRefused: whoever could write it would be it.
func TestWritableProgramsAreRefused(t *testing.T) {
	x, p := script(t, done)
	if err := x.Open(t.Context(), lease("one")); err != nil {
		t.Fatal(err)
	}
	for mode, name := range map[os.FileMode]string{0o720: "group", 0o702: "others", 0o600: "not executable"} {
		if err := os.Chmod(p.Path, mode); err != nil {
			t.Fatal(err)
		}
		if x.Open(t.Context(), lease("one")) == nil {
			t.Errorf("%s: is run", name)
		}
	}
	stranger := lease("one")
	stranger.Program = "q"
	if x.Open(t.Context(), stranger) == nil {
		t.Error("a program that server.yaml does not name is run")
	}
}

// TestCloseWaitsForOpen: an Open that is still under way cannot come after the
// Close that ends the same lease.
func TestCloseWaitsForOpen(t *testing.T) {
	x, p := script(t, `read line; case "$line" in *'"deed":"open"'*) > begun; sleep 0.5; echo opened >> log ;; *) echo closed >> log ;; esac; `+done)
	opening := make(chan error, 1)
	go func() { opening <- x.Open(context.Background(), lease("one")) }()
	for limit := time.Now().Add(longest); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(p.Folder, "begun")); err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("it does not open")
		}
	}
	if err := x.Close(t.Context(), lease("one")); err != nil {
		t.Fatal(err)
	}
	if err := <-opening; err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(p.Folder, "log"))
	if err != nil || string(log) != "opened\nclosed\n" {
		t.Errorf("log %q, %v", log, err)
	}
}

func FuzzDecodeResponse(f *testing.F) {
	for _, seed := range []string{
		`{"halligan":"exec-v1","done":true}`, `{"halligan":"exec-v1","done":false,"why":"refused"}`,
		`{"halligan":"exec-v1","done":true,"lease":"refused","control":"accepted"}`,
		`{"halligan":"exec-v1","done":true,"leases":["halligan:0123456789abcdef:db-1"]}`, `[]`, `{`,
	} {
		for _, deed := range []exec.Deed{exec.Open, exec.Close, exec.Probe, exec.List} {
			f.Add([]byte(seed), string(deed))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, deed string) {
		r, err := exec.DecodeResponse(data, exec.Deed(deed))
		if err != nil {
			return
		}
		if again, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		} else if _, err := exec.DecodeResponse(again, exec.Deed(deed)); err != nil {
			t.Fatalf("%s is taken, and %s is not: %v", data, again, err)
		}
	})
}

// TestNoProgramThatOthersCouldReplace: whoever can write a program, or a folder
// above it, could do what it does.
func TestNoProgramThatOthersCouldReplace(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "bin")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	p := exec.Program{Path: filepath.Join(folder, "program"), Folder: folder}
	if err := os.WriteFile(p.Path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := p.Usable(); err != nil {
		t.Errorf("as it should be: %v", err)
	}
	if err := os.Chmod(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if p.Usable() == nil {
		t.Error("a folder that everybody writes")
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(p.Path, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if p.Usable() == nil {
			t.Error("somebody else's program")
		}
	}
}
