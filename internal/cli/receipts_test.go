package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/ledger"
)

// TestReceiptsAreListed: what is kept is listed without a key and without the
// server; what cannot be read is named; a folder that is older says nothing.
func TestReceiptsAreListed(t *testing.T) {
	c := newSignedCell(t)
	l := newLiar(t, c)
	older := c.log()
	ann := l.desk(t, "ann")
	if code, out, _ := ann.run("ledger", "receipts", "--check"); code != 0 || !strings.Contains(out, "no receipt on this machine") {
		t.Errorf("none yet: code %d: %s", code, out)
	}
	for range 2 {
		if code, _, errOut := ann.run("request", "database-locked-out", "--why", "pool exhausted"); code != 0 {
			t.Fatal(errOut)
		}
	}
	if code, out, errOut := ann.run("ledger", "receipts", "--check", "--json"); code != 0 || strings.Count(out, `"state": "there"`) != 2 {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	folder := t.TempDir()
	for path, data := range older {
		name := filepath.Join(folder, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, errOut := ann.run("ledger", "receipts", "--against", folder); code != 4 || strings.Count(out, "newer") != 2 || !strings.Contains(errOut, "older than all your receipts") {
		t.Errorf("an older copy: code %d: %s%s", code, out, errOut)
	}
	if code, _, errOut := ann.run("ledger", "receipts", "--check", "--against", folder); code != 2 {
		t.Errorf("both: code %d: %s", code, errOut)
	}
	l.Close() // nobody is asked
	kept, err := filepath.Glob(filepath.Join(ann.folder, "state", "*", "receipts-*", "*"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("%q, %v", kept, err)
	}
	data := must(os.ReadFile(kept[0]))
	if err := os.WriteFile(kept[0], bytes.Replace(data, []byte(`"index":`), []byte(`"index":1`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := ann.run("ledger", "receipts")
	if code != 2 || !strings.Contains(errOut, kept[0]) || !strings.Contains(out, "kept") {
		t.Errorf("a spoiled receipt: code %d: %s%s", code, out, errOut)
	}
}

// TestProveForkProvesNothing: two checkpoints without what shows that they
// contradict each other, and two that agree, convict nobody.
func TestProveForkProvesNothing(t *testing.T) {
	c := newSignedCell(t)
	short := c.log()
	c.ask("ann", "pool exhausted", "db-1")
	long := c.log()
	folder := t.TempDir()
	anchor := filepath.Join(folder, "anchor.json")
	if err := os.WriteFile(anchor, must(c.anchor.Encode()), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, tiles := range map[string]files{"not shown": {}, "they agree": long} {
		fork := must(ledger.NewFork(c.anchor, short["checkpoint"], long["checkpoint"], tiles))
		path := filepath.Join(folder, "fork.json")
		if err := os.WriteFile(path, must(fork.Encode()), 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errOut := run("ledger", "prove-fork", path, "--anchor", anchor)
		if code != 6 || strings.Contains(out, "FORK PROVED") || !strings.Contains(errOut, "proves nothing") {
			t.Errorf("%s: code %d: %s%s", what, code, out, errOut)
		}
		if what == "not shown" && !strings.Contains(out, "NOT PROVED") {
			t.Errorf("%s: %s", what, out)
		}
	}
	if code, _, errOut := run("ledger", "prove-fork", filepath.Join(folder, "nothing"), "--anchor", anchor); code != 2 {
		t.Errorf("no file: code %d: %s", code, errOut)
	}
}
