package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMirrorHasWhatLiesBeside: a mirror holds the encrypted files of envelopes, the
// document and its scenarios; one that the server lacks is missing, and nothing else.
func TestMirrorHasWhatLiesBeside(t *testing.T) {
	s := newSealedCell(t)
	sid := s.desk(t, "sid")
	mirror := filepath.Join(t.TempDir(), "mirror")
	if code, out, errOut := sid.run("ledger", "mirror", "--to", mirror, "--once"); code != 0 || !strings.Contains(out, "of them new") {
		t.Fatalf("code %d: %s%s", code, out, errOut)
	}
	wanted := 0
	for path, data := range s.liar.log {
		if !strings.HasPrefix(path, "attachments/") {
			continue
		}
		wanted++
		if got, err := os.ReadFile(filepath.Join(mirror, filepath.FromSlash(path))); err != nil || string(got) != string(data) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if wanted < 6 {
		t.Fatalf("only %d files lie beside the ledger", wanted)
	}
	anchor := must(s.anchor.Encode())
	sid.write("anchor.json", anchor)
	if code, out, errOut := sid.run("verify", mirror, "--anchor", filepath.Join(sid.folder, "anchor.json")); code != 0 {
		t.Errorf("code %d: %s%s", code, out, errOut)
	}
	// Without the document the mirror is not taken; without a file of a statement it is.
	for path := range s.beside {
		s.mu.Lock()
		delete(s.liar.log, path)
		s.mu.Unlock()
	}
	if code, _, errOut := sid.run("ledger", "mirror", "--to", filepath.Join(t.TempDir(), "second"), "--once"); code != 0 {
		t.Errorf("without the files of envelopes: code %d: %s", code, errOut)
	}
	s.mu.Lock()
	delete(s.liar.log, "attachments/"+s.Digest.String())
	s.mu.Unlock()
	other := s.desk(t, "sam")
	third := filepath.Join(t.TempDir(), "third")
	if code, _, errOut := other.run("ledger", "mirror", "--to", third, "--once"); code == 0 {
		t.Errorf("without genesis: code %d: %s", code, errOut)
	}
	if _, err := os.Stat(filepath.Join(third, "checkpoint")); err == nil {
		t.Error("a mirror without genesis has a checkpoint")
	}
}
