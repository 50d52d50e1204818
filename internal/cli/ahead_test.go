package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAttachmentsAreKept: what founders signed is read from this machine when it
// is there whole, and from the server again when somebody changed it.
func TestAttachmentsAreKept(t *testing.T) {
	c := newSignedCell(t)
	l := newLiar(t, c)
	d := l.desk(t, "ann")
	ask := func(what string) {
		t.Helper()
		code, out, errOut := d.run("request", "database-locked-out", "--why", "pool exhausted")
		if code != 0 || !strings.Contains(out, "db-1: Log in") {
			t.Fatalf("%s: code %d: %s\n%s", what, code, errOut, out)
		}
	}
	ask("first")
	kept, err := filepath.Glob(filepath.Join(d.folder, "state", "*", "attachments", "*"))
	if err != nil || len(kept) < 2 {
		t.Fatalf("kept are %q (%v)", kept, err)
	}
	l.mu.Lock()
	for path := range l.log {
		if strings.HasPrefix(path, "attachments/") {
			delete(l.log, path)
		}
	}
	l.mu.Unlock()
	ask("the server has none")
	data, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept[0], bytes.ReplaceAll(data, []byte("db-1"), []byte("db-9")), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := d.run("request", "database-locked-out", "--why", "pool exhausted"); code == 0 || strings.Contains(out, "db-9") {
		t.Errorf("what was changed on disk is believed: code %d\n%s", code, out)
	}
}
