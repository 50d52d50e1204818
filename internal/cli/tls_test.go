package cli_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/certificate"
)

// TestTLSOnTheFirstDay: init leaves an authority that browsers can come to trust,
// and what is printed of it is it.
func TestTLSOnTheFirstDay(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	begunAt(t, folder)
	code, out, told := run("tls", "trust", folder)
	block, rest := pem.Decode([]byte(out))
	if code != 0 || block == nil || len(rest) != 0 {
		t.Fatalf("code %d, %q, %s", code, out, told)
	}
	authority, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{certificate.Fingerprint(authority), "for halligan.example.com and localhost", "remove:", "Certificate Trust Settings"} {
		if !strings.Contains(told, want) {
			t.Errorf("not told: %q in\n%s", want, told)
		}
	}
	var shown struct {
		Names     []string `json:"names"`
		Days      int      `json:"days"`
		Issuer    string   `json:"issuer"`
		ServerKey string   `json:"server_key"`
		SHA256    string   `json:"authority_sha256"`
	}
	show := func() {
		t.Helper()
		code, out, told := run("tls", "show", folder, "--json")
		if code != 0 {
			t.Fatalf("code %d: %s", code, told)
		}
		if err := json.Unmarshal([]byte(out), &shown); err != nil {
			t.Fatal(err)
		}
	}
	show()
	if shown.Issuer != "local" || shown.Days < 40 || shown.SHA256 != certificate.Fingerprint(authority) || shown.Names[0] != "halligan.example.com" {
		t.Errorf("%+v", shown)
	}
	if code, _, told := run("tls", "authority", folder); code != 2 || !strings.Contains(told, "has a local authority already") {
		t.Errorf("a second authority: %d %s", code, told)
	}

	// A cell that was begun before: one command, and the key stays.
	before := shown.ServerKey
	for _, file := range []string{"tls_authority.crt", "tls_authority.key"} {
		if err := os.Remove(filepath.Join(folder, "keys", file)); err != nil {
			t.Fatal(err)
		}
	}
	if show(); shown.Issuer != "self" {
		t.Errorf("without an authority: %+v", shown)
	}
	if code, _, told := run("tls", "trust", folder); code != 2 || !strings.Contains(told, "hint: on the server: halligan tls authority") {
		t.Errorf("trusting none: %d %s", code, told)
	}
	if code, out, told := run("tls", "authority", folder); code != 0 || !strings.Contains(out, before) {
		t.Errorf("%d %s %s", code, out, told)
	}
	if show(); shown.Issuer != "local" || shown.ServerKey != before || shown.SHA256 == certificate.Fingerprint(authority) {
		t.Errorf("after it: %+v", shown)
	}
}
