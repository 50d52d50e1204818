package cli_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakesWithAnEnvelope are answered on this machine, before anything is shown,
// signed or sent.
func TestMistakesWithAnEnvelope(t *testing.T) {
	s := newSealedCell(t)
	id := s.id.String()[:10]
	s.says(s.id, "granted")
	shown := s.answers["requests/"+s.id.String()].(map[string]any)
	shown["targets"], shown["grant"].(map[string]any)["targets"] = []string{"root"}, []string{"root"}
	desks := map[string]*desk{"ann": s.responder(t), "leo": s.desk(t, "leo")}
	for _, tt := range []struct {
		who, args string
		code      int
		says      string
	}{
		{"ann", "credential " + id + " root", 3, "hint: halligan envelope open " + s.id.Short() + " root"},
		{"ann", "exec " + id + " root", 3, "hint: halligan envelope open " + s.id.Short() + " root"},
		{"ann", "console " + id + " root", 3, "hint: halligan envelope open " + s.id.Short() + " root"},
		{"leo", "envelope seal root --threshold 9 --dry-run", 2, "error: 9 shares cannot open envelope root: 2 at least, and no more than the 3 custodians who get one"},
		{"leo", "envelope seal root --threshold -1 --dry-run", 2, "error: "},
		{"leo", "envelope rotate root --aws", 3, "error: no scenario that opens envelope root says what lies in it"},
	} {
		before := len(s.taken())
		code, out, errOut := desks[tt.who].run(strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(errOut, tt.says) || strings.Contains(out, "You, ") {
			t.Errorf("%s: code %d:\n%s%s", tt.args, code, out, errOut)
		}
		if len(s.taken()) != before {
			t.Errorf("%s: something was sent", tt.args)
		}
	}
}

// TestMistakesWithAWitness: what is wrong with its file is said where it stands, and
// that its address is taken with what mends it.
func TestMistakesWithAWitness(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "witness")
	ended(t, 0, "witness", "init", folder, "--name", "witness.example.net/halligan")
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for text, want := range map[string]string{
		"logs:\n\t- x\n": "error: cannot use " + filepath.Join(folder, "witness.yaml") + ":2:1: a tab stands here\nhint: use spaces, here and everywhere",
		"listen: " + busy.Addr().String() + "\nlogs: []\n": "hint: end what listens there already",
	} {
		if err := os.WriteFile(filepath.Join(folder, "witness.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, said := ended(t, 2, "witness", "serve", folder); !strings.Contains(said, want) {
			t.Errorf("%q: %s", text, said)
		}
	}
	if _, said := ended(t, 2, "witness", "serve", t.TempDir()); !strings.Contains(said, "hint: name the folder that halligan witness init made") {
		t.Error(said)
	}
}

// TestMistakesWithAPrint: what is no version is not called stale.
func TestMistakesWithAPrint(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	begunAt(t, folder)
	for _, is := range []string{"xyz", "0123", "0123456789abcdeg"} {
		if _, said := ended(t, 2, "procedure", "database-locked-out", "--files", folder, "--is", is); !strings.Contains(said, "is no version of a print") {
			t.Errorf("%s: %s", is, said)
		}
	}
	if _, said := ended(t, 10, "procedure", "database-locked-out", "--files", folder, "--is", "0123456789ABCDEF"); !strings.Contains(said, "is stale") {
		t.Error(said)
	}
}
