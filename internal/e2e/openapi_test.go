package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/oidc/oidctest"
)

// What one run of the fuzzer is.
const (
	casesLeast     = 600 // and in a soak casesLeastSoak
	casesLeastSoak = 5000
	fuzzLongest    = 20 * time.Minute
	fuzzSoak       = 40 * time.Minute
)

// fuzzChecks are what a fuzzer looks for. Left out is that everything of the
// right shape is taken: most of it must not be.
const fuzzChecks = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance," +
	"response_schema_conformance,negative_data_rejection,missing_required_header,unsupported_method,allow_header_conformance,ignored_auth"

// TestServerKeepsToItsDocument has a foreign fuzzer read the document of the API
// and send a real server what it thinks up, properly signed where it is of the
// right shape. Nothing that is not declared may come back, and everything that
// is must.
func TestServerKeepsToItsDocument(t *testing.T) {
	fuzzer := schemathesis(t)
	t.Parallel()
	provider := ok[*oidctest.Provider](t)(oidctest.New())
	t.Cleanup(provider.Stop)
	w := foundTown(t, founding{envelope: true, long: soaking(), provider: provider})
	limit(t, w, 1_000_000, 1_000_000)
	if err := w.serve(); err != nil {
		t.Fatal(err)
	}
	s := newFuzzed(t, w)
	s.tour(t)
	proxy := httptest.NewServer(s.handler())
	t.Cleanup(proxy.Close)
	fuzz(t, fuzzer, proxy.URL)
	s.floods(t)

	cases, signed, words := s.way.counted()
	t.Logf("%d exchanges; statements of the right shape: %v; %s", cases, signed, words)
	least := casesLeast
	if soaking() {
		least = casesLeastSoak
	}
	if cases < least {
		t.Errorf("%d exchanges, at least %d are due", cases, least)
	}
	all := 0
	for _, n := range signed {
		all += n
	}
	if signed[400] > all/2 || signed[201] == 0 {
		t.Errorf("of %d statements of the right shape, %d were taken and %d were malformed", all, signed[201], signed[400])
	}
	for _, fault := range s.way.faults {
		t.Error(fault)
	}
	for _, missing := range s.way.missing(excused) {
		t.Error(missing)
	}
}

// excused are answers that no honest cell can be made to give in a minute. Tests
// of internal/api give them, and hold them to the document.
func excused(operation string, status int) bool {
	switch status {
	case 500, 503:
		return true // a fault of ours, or a server that is very busy
	case 404:
		return strings.HasSuffix(operation, "/checkpoint") || strings.Contains(operation, "/sign-in/") ||
			strings.HasSuffix(operation, "/codes") || strings.Contains(operation, "/enrol/device") // a sealed cell has one; this cell has a provider; and code devices
	case 422:
		return strings.HasSuffix(operation, "/offers/{id}") // somebody else is left without a key
	case 409:
		return strings.Contains(operation, "{id}") // two ids that begin alike
	case 413:
		return strings.HasSuffix(operation, "/evidence") // 20,000 entries
	}
	return false
}

// schemathesis is the fuzzer's command.
func schemathesis(t *testing.T) string {
	t.Helper()
	name := os.Getenv("HALLIGAN_SCHEMATHESIS")
	if name == "" {
		t.Skip("HALLIGAN_SCHEMATHESIS does not name the fuzzer: make test does (scripts/deps.sh gets it)")
	}
	if _, err := os.Stat(name); err != nil {
		t.Skip("schemathesis is missing: scripts/deps.sh gets it from PyPI")
	}
	return name
}

// limit sets the limits of a town that is not served yet.
func limit(t *testing.T, w *town, reads, statements int) {
	t.Helper()
	err := edit(w.path("cell", "server.yaml"), func(text string) string {
		before, _, _ := strings.Cut(text, "\nlimits:")
		return before + fmt.Sprintf("\nlimits:\n  requests_per_minute: %d\n  statements_per_minute: %d\n", reads, statements)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// newFuzzed is a scribe with a way of its own to the server.
func newFuzzed(t *testing.T, w *town) *scribe {
	t.Helper()
	wire := newWire(t, w)
	s, err := newScribe(wire)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// cookieAllowed is what the document says of each operation that takes a cookie.
var cookieAllowed = regexp.MustCompile(`,\s*\{\s*"cookie": \[\]\s*\}`)

// fuzz runs the fuzzer to its end.
func fuzz(t *testing.T, fuzzer, server string) {
	t.Helper()
	document, err := api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	// It would bring a token in the header and another in a cookie, at once.
	document = cookieAllowed.ReplaceAll(document, nil)
	dir := t.TempDir()
	file := filepath.Join(dir, "openapi.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	// Every member of every kind, wrong in every way, is for the soak.
	examples, longest, seed, settings := 6, fuzzLongest, 1, "[[operations]]\ninclude-name = \"POST /api/v1/statements\"\nphases.coverage.generation.mode = \"positive\"\ngeneration.max-examples = 30\n"
	if soaking() {
		examples, longest, seed, settings = 100, fuzzSoak, int(time.Now().Unix()), ""
	}
	if err := os.WriteFile(filepath.Join(dir, "schemathesis.toml"), []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Logf("the fuzzer's seed is %d", seed)
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, fuzzer, "run", file, "--url", server, "--checks", fuzzChecks,
		"--phases", "examples,coverage,fuzzing", "--max-examples", strconv.Itoa(examples), "--seed", strconv.Itoa(seed),
		"--header", "Authorization: "+tokenAsked, "--request-timeout", "90", "--workers", "1", "--no-color", "--no-shrink",
		"--suppress-health-check", "all", "--generation-database", "none", "--continue-on-failure", "--warnings", "off")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
	began := time.Now()
	if err := cmd.Run(); err != nil {
		said := out.String()
		t.Errorf("the fuzzer ended with %v:\n%s", err, said[:min(len(said), 20_000)])
	}
	said := out.String()
	t.Logf("the fuzzer took %s:\n%s", time.Since(began).Round(time.Second), said[max(0, len(said)-1500):])
}
