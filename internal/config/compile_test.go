package config_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// authority is the SSH CA of every test.
const authority = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHyEw/+LPxslHHYRSUVWveqhUHuXvhB+3exgGw+E7kM5"

// counter is a source of bytes that differ and repeat from run to run.
type counter struct{ n uint64 }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		if c.n%sha256.Size == 0 {
			c.n++
		}
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, c.n/sha256.Size))
		p[i] = sum[c.n%sha256.Size]
		c.n++
	}
	return len(p), nil
}

func machineKeys(t testing.TB, origin string) config.MachineKeys {
	t.Helper()
	_, ledgerKey, err := ledger.GenerateKey(&counter{}, origin)
	if err != nil {
		t.Fatal(err)
	}
	_, revocations, err := ledger.GenerateKey(&counter{n: 4096}, origin)
	if err != nil {
		t.Fatal(err)
	}
	return config.MachineKeys{Ledger: ledgerKey, Revocations: revocations, Authority: authority + " ca"}
}

// isSaltOrKey tells whether Compile lacks only what Lint does not look at: salts
// and the server's keys.
func isSaltOrKey(err error) bool {
	var broken *config.BrokenError
	if !errors.As(err, &broken) {
		return false
	}
	for _, p := range broken.Problems {
		if p.Severity == config.Error && !strings.Contains(p.What, "has no salt") && !strings.Contains(p.What, "SSH authority") {
			return false
		}
	}
	return true
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// copied is a sample in a folder of its own, with salts.
func copied(t *testing.T, sample string) string {
	t.Helper()
	folder := t.TempDir()
	copyTree(t, folder, sample)
	if _, err := config.FillNotes(folder, &counter{}); err != nil {
		t.Fatal(err)
	}
	return folder
}

// copyTree copies a sample into folder, with permissions that do not depend on
// the umask of whoever checked it out.
func copyTree(t *testing.T, folder, sample string) {
	t.Helper()
	if err := os.CopyFS(folder, os.DirFS(sample)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func compiled(t *testing.T, folder string) config.Bundle {
	t.Helper()
	bundle, err := config.Compile(folder, machineKeys(t, "halligan.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func TestCompileGivesWhatTheLawReads(t *testing.T) {
	for _, sample := range goodFolders(t) {
		bundle := compiled(t, copied(t, sample))
		genesis, err := cell.DecodeGenesis(bundle.GenesisBytes)
		if err != nil {
			t.Fatalf("%s: %v", sample, err)
		}
		if diff := cmp.Diff(canon.MustEncode(bundle.Genesis), canon.MustEncode(genesis)); diff != "" {
			t.Errorf("%s: Genesis and GenesisBytes differ: %s", sample, diff)
		}
		people, err := genesis.Check()
		if err != nil {
			t.Fatalf("%s: %v", sample, err)
		}
		for _, ref := range genesis.Scenarios {
			data := bundle.Scenarios[ref.ID]
			if canon.Sum(data) != ref.Digest {
				t.Errorf("%s: scenario %s has another digest than genesis says", sample, ref.ID)
			}
			if _, err := cell.DecodeScenario(data, genesis, &people); err != nil {
				t.Errorf("%s: %v", sample, err)
			}
		}
		if len(bundle.Attachments) != len(genesis.Files())+1 || !bytes.Equal(bundle.Attachments[0], bundle.GenesisBytes) {
			t.Errorf("%s: %d attachments for genesis and the %d files that it names", sample, len(bundle.Attachments), len(genesis.Files()))
		}
	}
}

func TestCompileFull(t *testing.T) {
	bundle := compiled(t, copied(t, "testdata/good/full"))
	g := bundle.Genesis
	if got, want := g.Pending, canon.Seconds(5400); got != want {
		t.Errorf("pending = %v, want %v", got, want)
	}
	if diff := cmp.Diff([]string{"cara", "dan"}, g.Groups["security"][1:]); diff != "" {
		t.Errorf("group security is not sorted: %s", diff)
	}
	if len(g.People[1].Keys) != 2 || !g.Trial || g.Hosts[0].ID != "db1" || g.Channels[0].ID != "incident" {
		t.Errorf("genesis = %+v", g)
	}
	var s access.Scenario
	if err := canon.Decode(bundle.Scenarios["everything"], access.ScenarioLimit, &s); err != nil {
		t.Fatal(err)
	}
	want := []access.SSH{
		{Name: "db1", Host: "db1", User: "postgres", Principals: []string{"emergency-dba", "emergency-root"}, SourceAddress: []string{"request"}, Permit: []string{"pty", "port-forwarding"}},
		{Name: "db1-look", Host: "db1", User: "look", Principals: []string{"look"}, SourceAddress: []string{"request", "192.0.2.0/24"}, Permit: []string{}},
		{Name: "web1", Host: "web1", User: "emergency-root", Principals: []string{"emergency-root"}, SourceAddress: []string{"10.0.0.0/8"}, Permit: []string{"pty"}},
	}
	if want := (access.Exec{Name: "group", Program: "directory", Parameters: map[string]string{"group": "dba-admins", "level": "2", "mode": "read"}}); len(s.Opens) != 4 || cmp.Diff(want, *s.Opens[3].Exec) != "" {
		t.Fatalf("opens = %+v", s.Opens)
	}
	for i, open := range s.Opens[:3] {
		if diff := cmp.Diff(want[i], *open.SSH); diff != "" {
			t.Errorf("opens[%d] (-want +got):\n%s", i, diff)
		}
	}
	if got := s.Severities["SEV4"]; got.Longest != 60 || got.ReviewDue != 720*3600 || len(got.Quorum) != 1 {
		t.Errorf("SEV4 = %+v", got)
	}
	if got := s.Solo(); got == nil || got.Longest != 60 || got.RaiseTo != "SEV1" || !slices.Equal(got.Opens, []string{"db1", "group"}) {
		t.Errorf("solo = %+v", got)
	}
	if got := s.Controls; got.MFA != "user-verified" || len(got.Source) != 2 || len(got.Hours) != 2 || !got.Hours[0].Valid() {
		t.Errorf("controls = %+v", got)
	}
}

// TestNoNameInWhatIsKeptForEver: names and contacts are in the notes and nowhere
// in the attachments.
func TestNoNameInWhatIsKeptForEver(t *testing.T) {
	bundle := compiled(t, copied(t, "testdata/good/full"))
	if len(bundle.Notes) != 12 {
		t.Fatalf("%d notes, want a name and a contact of 6 people", len(bundle.Notes))
	}
	hashes := map[canon.Digest]bool{}
	for _, p := range bundle.Genesis.People {
		hashes[p.Name], hashes[p.Contact] = true, true
	}
	for _, note := range bundle.Notes {
		if !hashes[canon.Digest(note.Hash())] {
			t.Errorf("note %q is of nobody in genesis", note.Text)
		}
		for i, attachment := range bundle.Attachments {
			if bytes.Contains(attachment, []byte(note.Text)) {
				t.Errorf("attachment %d holds %q", i, note.Text)
			}
		}
	}
}

func TestCompileIsStable(t *testing.T) {
	folder := copied(t, "testdata/good/small")
	first := compiled(t, folder)
	if added, err := config.FillNotes(folder, &counter{n: 99}); added != 0 || err != nil {
		t.Errorf("a second FillNotes added %d salts, %v", added, err)
	}
	path := filepath.Join(folder, config.CellFile)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The same cell, written in another order.
	text := string(data)
	text = strings.Replace(text, "[ben, cara, dan]", "[dan, cara, ben]", 1)
	text = strings.Replace(text, "founders: [anna, ben, cara]", "founders: [cara, anna, ben]", 1)
	from, to := strings.Index(text, "  - id: anna"), strings.Index(text, "  - id: ben")
	end := strings.Index(text, "groups:")
	text = text[:from] + text[to:end] + text[from:to] + text[end:]
	if err := os.WriteFile(path, []byte("# another comment\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	second := compiled(t, folder)
	if diff := cmp.Diff(string(first.GenesisBytes), string(second.GenesisBytes)); diff != "" {
		t.Errorf("the same cell in another order (-first +second):\n%s", diff)
	}
	if first.Digest() != second.Digest() || !slices.Equal(first.Notes, second.Notes) {
		t.Error("digest or notes differ")
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, "db1.example.com", "db2.example.com", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if compiled(t, folder).Digest() == first.Digest() {
		t.Error("another address gives the same digest")
	}
}

func TestFillNotesKeepsSalts(t *testing.T) {
	folder := t.TempDir()
	copyTree(t, folder, "testdata/good/small")
	_, err := config.Compile(folder, machineKeys(t, "halligan.example.com"))
	var broken *config.BrokenError
	if !errors.As(err, &broken) || len(broken.Problems) != 8 {
		t.Fatalf("Compile without salts = %v, want 8 problems", err)
	}
	if got, want := broken.Problems[0].String(), "error: cell.yaml:5:11: notes.json has no salt for this text\nhint: run halligan init in this folder, which adds it"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if added, err := config.FillNotes(folder, &counter{}); added != 8 || err != nil {
		t.Fatalf("FillNotes = %d, %v, want 8", added, err)
	}
	info, err := os.Stat(filepath.Join(folder, config.NotesFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("notes.json: %v, %v, want mode 0600", info.Mode(), err)
	}
	before := compiled(t, folder)
	if err := os.WriteFile(filepath.Join(folder, config.NotesFile), []byte(`{"notes":"v1","salts":{"anna name":"00"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := config.FillNotes(folder, &counter{}); err == nil {
		t.Error("FillNotes wrote over a notes.json that it cannot read")
	}
	if _, err := config.FillNotes(t.TempDir(), &counter{}); err == nil {
		t.Error("FillNotes worked without cell.yaml")
	}
	salts := map[[32]byte]bool{}
	for _, n := range before.Notes {
		salts[n.Salt] = true
	}
	if len(salts) != len(before.Notes) {
		t.Errorf("%d salts for %d notes", len(salts), len(before.Notes))
	}
}

func TestCompileRefusesMachineKeys(t *testing.T) {
	folder := copied(t, "testdata/good/small")
	good := machineKeys(t, "halligan.example.com")
	data, err := os.ReadFile(filepath.Join(folder, config.CellFile))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		if _, key, ok := strings.Cut(line, "ssh-ed25519 "); ok {
			lines = append(lines, "ssh-ed25519 "+strings.FieldsFunc(key, func(r rune) bool { return r == ' ' || r == ']' || r == '\n' })[0])
		}
	}
	if len(lines) != 6 {
		t.Fatalf("%d keys in the sample, want 6", len(lines))
	}
	cases := map[string]config.MachineKeys{
		"no ledger key":                 {"", good.Revocations, good.Authority},
		"ledger key of another":         {machineKeys(t, "other.example.com").Ledger, good.Revocations, good.Authority},
		"one key for both":              {good.Ledger, good.Ledger, good.Authority},
		"no authority":                  {good.Ledger, good.Revocations, ""},
		"authority is a person's":       {good.Ledger, good.Revocations, lines[0]},
		"authority is a host's":         {good.Ledger, good.Revocations, lines[4]},
		"authority is a host's reports": {good.Ledger, good.Revocations, lines[5]},
		"authority is no key":           {good.Ledger, good.Revocations, "ssh-ed25519 AAAA"},
	}
	for name, keys := range cases {
		if _, err := config.Compile(folder, keys); err == nil {
			t.Errorf("%s: compiled", name)
		}
	}
	if _, err := config.Compile(folder, good); err != nil {
		t.Errorf("good keys: %v", err)
	}
}
