package server_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT26EndedSessionIsKept: what a running server was told to end lies beside its
// database, where a restart looks for it.
func TestT26EndedSessionIsKept(t *testing.T) {
	r := run(t, config.Limits{}, nil)
	signed, web := r.sign("ann", &statement.Session{For: 300}), r.from("127.0.0.1")
	body, err := json.Marshal(struct {
		Statement jsontext.Value   `json:"statement"`
		Signature ledger.Signature `json:"signature"`
		Browser   bool             `json:"browser"`
	}{signed.Statement, signed.Signature, true})
	must(t, err)
	resp, err := web.Post("https://"+r.at+"/api/v1/statements", "application/json", bytes.NewReader(body))
	must(t, err)
	must(t, resp.Body.Close())
	if resp.StatusCode != http.StatusCreated || len(resp.Cookies()) != 1 {
		t.Fatalf("status %d, %d cookies", resp.StatusCode, len(resp.Cookies()))
	}
	do := func(method, path string) int {
		req, err := http.NewRequest(method, "https://"+r.at+path, nil)
		must(t, err)
		req.AddCookie(resp.Cookies()[0])
		got, err := web.Do(req)
		must(t, err)
		must(t, got.Body.Close())
		return got.StatusCode
	}
	if read, ended, after := do("GET", "/api/v1/me"), do("POST", "/api/v1/session/end"), do("GET", "/api/v1/me"); read != 200 || ended != 204 || after != 401 {
		t.Errorf("reading %d, ending %d, reading after that %d", read, ended, after)
	}
	kept, err := os.ReadFile(filepath.Join(r.Folder, "ended-sessions.json"))
	if err != nil || !strings.Contains(string(kept), canon.Sum(signed.Statement).String()) {
		t.Errorf("beside the database lies %q: %v", kept, err)
	}
}
