package server_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/server"
)

// TestPublishedKeysAreTheLaws: what is published is what the law takes for the keys
// of the cell, byte for byte.
func TestPublishedKeysAreTheLaws(t *testing.T) {
	keys := filepath.Join(t.TempDir(), "keys")
	if _, err := server.MakeKeys(keys, "halligan.example.com"); err != nil {
		t.Fatal(err)
	}
	of := cell.AWS{Issuers: []string{"https://oidc.example.com/one"}}
	for range 2 {
		public, id, _, err := server.MakeIssuerKey(keys)
		if err != nil {
			t.Fatal(err)
		}
		if known, err := cell.CheckIssuerKey(string(public)); err != nil || known != id {
			t.Errorf("the law calls %s %s: %v", id, known, err)
		}
		of.Keys = append(of.Keys, cell.IssuerKey{ID: id, Public: string(public)})
	}
	to := t.TempDir()
	if _, err := server.PublishIssuers(of, to); err != nil {
		t.Fatal(err)
	}
	set, err := os.ReadFile(filepath.Join(to, "oidc.example.com", "one", "jwks.json"))
	if err != nil || string(set) != string(of.JWKS()) {
		t.Errorf("published %s, the law says %s (%v)", set, of.JWKS(), err)
	}
}
