package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

const pkg = "github.com/halligan-dev/halligan/cmd/halligan-kit"

// TestLinksNoNetworkAndNoSQL: the kit works where nothing else does, and cannot
// be made to call anybody.
func TestLinksNoNetworkAndNoSQL(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", pkg).Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "github.com/halligan-dev/halligan/internal/verify") {
		t.Fatal("the list of packages is not the kit's")
	}
	for _, dep := range deps {
		if strings.HasPrefix(dep, "net/http") || strings.HasPrefix(dep, "database/sql") || strings.Contains(dep, "sqlite") {
			t.Errorf("the kit links %s", dep)
		}
	}
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "halligan-kit")
	if out, err := exec.Command("go", "build", "-o", binary, pkg).CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v\n%s", err, out)
	}
	return binary
}

func run(t *testing.T, binary string, args ...string) (code int, out string) {
	t.Helper()
	data, err := exec.Command(binary, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return code, string(data)
}

// folder is a Sink below one folder.
type folder string

func (f folder) WriteFile(path string, data []byte) error {
	full := filepath.Join(string(f), filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return err
	}
	return os.WriteFile(full, data, 0o600)
}

// export writes a log of two founders and one request into a folder, and the
// anchor and checkpoint beside it; it gives the request's digest.
func export(t *testing.T, dir string) canon.Digest {
	t.Helper()
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{5}, 32)), celltest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	g, s := celltest.Genesis(), canon.MustEncode(celltest.Scenario())
	g.Ledger, g.Scenarios = vkey, []cell.ScenarioRef{{ID: celltest.Scenario().ID, Digest: canon.Sum(s)}}
	genesis := canon.MustEncode(g)
	c := &celltest.Cell{
		Now: celltest.Start, Address: "192.0.2.7", Genesis: g, Digest: canon.Sum(genesis), Scenario: canon.Sum(s),
		Beside: map[canon.Digest][]byte{canon.Sum(s): s, canon.Sum(genesis): genesis}, Commands: map[int64]cell.Command{},
	}
	c.World = cell.New(g.Origin, c.Attachments())
	act := func(person string, command cell.Command) cell.Recorded {
		sshSigner, err := ssh.NewSignerFromKey(celltest.Key(person))
		if err != nil {
			t.Fatal(err)
		}
		signed := command.Signed
		signed.Signature.SSHSig, err = sshsig.Sign(sshSigner, sshsig.Namespace(string(signed.Statement.Body.Kind())), signed.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return c.Must(command)
	}
	for _, founder := range g.Founders {
		act(founder, c.Found(founder))
	}
	command := c.Ask("ann", "1", "db-1")
	command.Observed.Salt = "000102030405060708090a0b0c0d0e0f"
	id, _ := cell.RequestOf(act("ann", command).Outcome.Stream)
	anchor := ledger.Anchor{Origin: g.Origin, Genesis: ledger.Hash(c.Digest), LedgerKeys: []string{vkey}, Witnesses: ledger.NoWitnesses}
	signed, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: g.Origin, Size: c.World.Tree.Size(), Root: c.World.Tree.Root()}, signer)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ledger.WriteLog(folder(filepath.Join(dir, "log")), anchor, ledger.Export{
		Signed: signed,
		Entries: func(yield func([]byte, error) bool) {
			for _, recorded := range c.Log {
				if !yield(recorded.Body, nil) {
					return
				}
			}
		},
		Attachments: func(yield func([]byte, error) bool) { _ = yield(genesis, nil) && yield(s, nil) },
	})
	if err != nil {
		t.Fatal(err)
	}
	data, err := anchor.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "anchor"), data)
	write(t, filepath.Join(dir, "seen"), signed)
	for name, more := range map[string]int64{"fork": 0, "open-fork": 1} {
		other, err := ledger.SignCheckpoint(ledger.Checkpoint{Origin: g.Origin, Size: c.World.Tree.Size() + more, Root: ledger.LeafHash(genesis)}, signer)
		if err != nil {
			t.Fatal(err)
		}
		fork, err := ledger.NewFork(anchor, signed, other, nothing{})
		if err != nil {
			t.Fatal(err)
		}
		data, err := fork.Encode()
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), data)
	}
	return id
}

// nothing is a source without files.
type nothing struct{}

func (nothing) ReadFile(string) ([]byte, error) { return nil, os.ErrNotExist }

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestVerify goes through the command's options and exit codes.
func TestVerify(t *testing.T) {
	binary, dir := build(t), t.TempDir()
	id := export(t, dir)
	log, anchor, seen := filepath.Join(dir, "log"), filepath.Join(dir, "anchor"), filepath.Join(dir, "seen")
	words := statement.Words(id, [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
	copied := func(path, to string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, to, data)
	}
	partial := filepath.Join(dir, "partial")
	write(t, partial, []byte("{}"))
	for name, c := range map[string]struct {
		code int
		says string
		args []string
	}{
		"verified":            {0, "VERIFIED: cell.example.com", []string{"verify", log, "--anchor", anchor}},
		"options first":       {0, "VERIFIED", []string{"verify", "--anchor", anchor, "--seen", seen, log}},
		"extends seen":        {0, "extends the checkpoint of 3 entries", []string{"verify", log, "--anchor=" + anchor, "--seen=" + seen}},
		"json":                {0, `"verdict": "verified"`, []string{"verify", log, "--json", "--anchor", anchor}},
		"words":               {0, strings.Join(words[:], " "), []string{"verify", log, "--anchor", anchor, "--words", id.Short()}},
		"words of nothing":    {1, "not one request", []string{"verify", log, "--anchor", anchor, "--words", "0123456789"}},
		"without an anchor":   {3, "SELF-CONSISTENT ONLY", []string{"verify", log}},
		"words unpinned":      {3, strings.Join(words[:], " "), []string{"verify", log, "--words", id.Short()}},
		"refused":             {1, "REFUSED", []string{"verify", partial, "--anchor", anchor}},
		"refused in json":     {1, `"class": "encoding"`, []string{"verify", partial, "--anchor", anchor, "--json"}},
		"no path":             {2, "error: no PATH is named", []string{"verify", "--anchor", anchor}},
		"two paths":           {2, "one PATH", []string{"verify", log, log, "--anchor", anchor}},
		"no such path":        {2, "cannot read the evidence", []string{"verify", filepath.Join(dir, "nowhere"), "--anchor", anchor}},
		"no such anchor":      {2, "cannot read the anchor", []string{"verify", log, "--anchor", filepath.Join(dir, "nowhere")}},
		"not an anchor":       {2, "cannot use the anchor", []string{"verify", log, "--anchor", seen}},
		"not a checkpoint":    {2, "cannot use the checkpoint", []string{"verify", log, "--anchor", anchor, "--seen", anchor}},
		"seen without anchor": {2, "needs --anchor", []string{"verify", log, "--seen", seen}},
		"unknown option":      {2, "not defined", []string{"verify", log, "--trust-me"}},
		"json and words":      {2, "do not go together", []string{"verify", log, "--json", "--words", id.Short()}},
		"fork":                {0, "FORK PROVED", []string{"prove-fork", filepath.Join(dir, "fork"), "--anchor", anchor}},
		"fork in json":        {0, `"proved": true`, []string{"prove-fork", "--json", filepath.Join(dir, "fork"), "--anchor", anchor}},
		"fork not shown":      {1, "NOT PROVED", []string{"prove-fork", filepath.Join(dir, "open-fork"), "--anchor", anchor}},
		"no fork":             {1, "proves nothing", []string{"prove-fork", seen, "--anchor", anchor}},
		"no such fork":        {2, "cannot read the fork", []string{"prove-fork", filepath.Join(dir, "nowhere"), "--anchor", anchor}},
		"fork unpinned":       {2, "wants --anchor", []string{"prove-fork", filepath.Join(dir, "fork")}},
		"fork and words":      {2, "no other option", []string{"prove-fork", filepath.Join(dir, "fork"), "--anchor", anchor, "--words", "x"}},
		"unknown command":     {2, "is not a command", []string{"bless"}},
		"nothing":             {2, "error: there is no command\nhint: halligan-kit help", nil},
		"help of verify":      {0, "Exit codes", []string{"verify", "--help"}},
		"help":                {0, "Exit codes", []string{"help"}},
	} {
		if code, out := run(t, binary, c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s", name, code, c.code, c.says, out)
		}
	}
	bundle := filepath.Join(log, "tile", "entries", "000.p", "3")
	data, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	write(t, bundle, data)
	if code, out := run(t, binary, "verify", log, "--anchor", anchor); code != 1 || !strings.Contains(out, "FAULT entry at entry ") {
		t.Errorf("one byte changed: exit %d\n%s", code, out)
	}
	// A link that leads out of the folder is not followed.
	copied(seen, filepath.Join(dir, "outside"))
	if err := os.Remove(filepath.Join(log, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(dir, "outside"), filepath.Join(log, "checkpoint")); err != nil {
		t.Fatal(err)
	}
	if code, out := run(t, binary, "verify", log, "--anchor", anchor); code != 1 || !strings.Contains(out, "checkpoint-missing") {
		t.Errorf("a link out of the folder: exit %d\n%s", code, out)
	}
}
