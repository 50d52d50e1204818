package cli_test

import (
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// asksInBrowser makes keys at a desk, and the server say that a request of theirs
// was granted.
func asksInBrowser(t *testing.T, l *liar, d *desk) (canon.Digest, *client.Holder) {
	t.Helper()
	code, out, errOut := d.run("holder", "new")
	if code != 0 {
		t.Fatal(errOut)
	}
	line := strings.TrimSuffix(out, "\n")
	public := must(statement.ParseHolder(line))
	id := canon.Sum([]byte(line))
	l.says(id, "granted")
	l.names(id, public.Ed25519)
	folder := filepath.Join(d.folder, "state", canon.Digest(l.cell.anchor.Genesis).Short()+"-"+d.person)
	keys := must(client.LoadMade(folder, public.Ed25519))
	if got := must(keys.Public()); got != public {
		t.Errorf("it printed %+v and keeps %+v", public, got)
	}
	return id, keys
}

// names makes the server say which key a request names.
func (l *liar) names(id canon.Digest, key canon.Key32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, path := range []string{"requests/" + id.String(), "requests/" + id.String()[:10]} {
		shown := maps.Clone(l.answers[path].(map[string]any))
		shown["holder"] = key
		l.answers[path] = shown
	}
}

// TestHolderNew: keys that were made for a page serve the request that names
// them, on this machine alone, and no other request.
func TestHolderNew(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	d := l.desk(t, "ann")
	id, keys := asksInBrowser(t, l, d)
	other, _ := asksInBrowser(t, l, d)
	l.mint = func(statement.Statement) map[string]any { return minted(t, keys.Private().Public(), nil) }
	if code, out, errOut := d.run("credential", id.String()[:10], "--print"); code != 0 || !strings.HasPrefix(out, "ssh-ed25519-cert-v01@openssh.com ") {
		t.Errorf("code %d, %q %q", code, out, errOut)
	}
	if code, out, _ := d.run("credential", other.String(), "--print"); code != 6 || out != "" {
		t.Errorf("a certificate over the keys of another request was taken: code %d", code)
	}
	if code, _, errOut := d.run("release", id.String()); code != 0 {
		t.Errorf("release: code %d, %s", code, errOut)
	}
	sent := l.taken()
	if release, ok := sent[len(sent)-1].Body.(*statement.Release); !ok || release.Of != id {
		t.Errorf("sent %+v", sent[len(sent)-1].Body)
	}
	if code, _, errOut := l.desk(t, "ann").run("release", id.String()); code != 4 || !strings.Contains(errOut, "halligan stop") {
		t.Errorf("another machine: code %d, %s", code, errOut)
	}
	l.names(id, canon.Key32{1})
	if code, _, _ := d.run("release", id.String()); code != 4 {
		t.Errorf("a request that names other keys: code %d", code)
	}
}

// TestHolderNewHasNoSecret: what is printed is public, as JSON too.
func TestHolderNewHasNoSecret(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	d := l.desk(t, "ann")
	code, out, errOut := d.run("holder", "new", "--json")
	if code != 0 || errOut != "" || !strings.Contains(out, `"line":`) || !strings.Contains(out, "halligan-holder ") {
		t.Fatalf("code %d, %s%s", code, out, errOut)
	}
	made := must(filepath.Glob(filepath.Join(d.folder, "state", "*", "holders", "made-*.json")))
	if len(made) != 1 {
		t.Fatalf("it keeps %q", made)
	}
	public := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(made[0]), "made-"), ".json")
	key := new(canon.Key32)
	if err := key.UnmarshalText([]byte(public)); err != nil {
		t.Fatal(err)
	}
	keys := must(client.LoadMade(filepath.Dir(filepath.Dir(made[0])), *key))
	if strings.Contains(out, keys.Ed25519.String()) || strings.Contains(out, keys.X25519.String()) {
		t.Error("it prints a private key")
	}
}

// TestHolderNewOpensAnEnvelope: the keys are found by what the proved request
// names, whatever the server says.
func TestHolderNewOpensAnEnvelope(t *testing.T) {
	s := newSealedCell(t)
	s.share("bob", s.resealed(t, "bob"))
	s.share("sue", s.resealed(t, "sue"))
	s.tell()
	d := s.desk(t, "ann")
	if code, _, _ := d.run("envelope", "open", s.id.Short()); code != 4 {
		t.Errorf("without the keys: code %d", code)
	}
	must(client.SaveMade(filepath.Join(d.folder, "state", canon.Digest(s.anchor.Genesis).Short()+"-ann"), s.holder))
	if code, out, errOut := d.run("envelope", "open", s.id.Short()); code != 0 || out != rootPassword {
		t.Errorf("code %d, %q %s", code, out, errOut)
	}
}
