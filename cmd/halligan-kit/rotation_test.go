package main_test

import (
	"crypto/sha256"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// rotated writes below dir the ledger of a cell whose key was exchanged, the anchor of
// its founders, and two checkpoints that the later key signed and that contradict each
// other.
func rotated(t *testing.T, dir string) {
	t.Helper()
	c := celltest.Unfounded(celltest.Keyed(celltest.Genesis()), celltest.Scenario())
	act := func(person string, command cell.Command) cell.Recorded {
		t.Helper()
		if signed := command.Signed; signed != nil {
			signer, err := ssh.NewSignerFromKey(celltest.Key(person))
			if err != nil {
				t.Fatal(err)
			}
			if signed.Signature.SSHSig, err = sshsig.Sign(signer, sshsig.Namespace(string(signed.Statement.Body.Kind())), signed.Bytes); err != nil {
				t.Fatal(err)
			}
		}
		return c.Must(command)
	}
	for _, founder := range c.Genesis.Founders {
		act(founder, c.Found(founder))
	}
	_, next := celltest.LedgerKey("next")
	held := func(command cell.Command) cell.Command {
		command.Observed.Held = true
		return command
	}
	proposed := act("sam", held(c.By("sam", "sam", &statement.Change{LedgerKey: next, Reason: celltest.Note("old")})))
	agreed := act("lea", held(c.Approve("lea", canon.Sum(proposed.Entry.Cause.Statement))))
	task, _ := c.Task(cell.TaskOverlap, canon.Digest{}, "")
	act("", c.Effect(cell.EffectOverlapped, task.ID, cell.Observed{Overlap: c.Overlap(agreed.Index, "next", "cell")}))

	anchor := ledger.Anchor{Origin: c.Genesis.Origin, Genesis: ledger.Hash(c.Digest), LedgerKeys: []string{c.Genesis.Ledger}, Witnesses: ledger.NoWitnesses}
	data, err := anchor.Encode()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "anchor"), data)
	anchor.Successors = c.World.Successors()
	signed := []byte(celltest.SignedWith(c.Genesis.Origin, c.World.Newest(), "next"))
	_, err = ledger.WriteLog(folder(filepath.Join(dir, "log")), anchor, ledger.Export{
		Signed: signed,
		Entries: func(yield func([]byte, error) bool) {
			for _, recorded := range c.Log {
				if !yield(recorded.Body, nil) {
					return
				}
			}
		},
		Attachments: func(yield func([]byte, error) bool) {
			for _, data := range c.Beside {
				if !yield(data, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	other := c.World.Newest()
	other.Root = canon.Digest(sha256.Sum256([]byte("another")))
	for name, by := range map[string]string{"fork": "next", "no-fork": "cell"} {
		fork := ledger.Fork{First: signed, Second: []byte(celltest.SignedWith(c.Genesis.Origin, other, by))}
		data, err := fork.Encode()
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), data)
	}
}

// TestKitAcrossARotation: the kit verifies from the founders' anchor, and convicts by
// a later key when evidence shows it; a former key, which a thief may have, convicts
// nobody.
func TestKitAcrossARotation(t *testing.T) {
	binary, dir := build(t), t.TempDir()
	rotated(t, dir)
	at := func(name string) string { return filepath.Join(dir, name) }
	anchor := []string{"--anchor", at("anchor")}
	for name, c := range map[string]struct {
		code int
		says string
		args []string
	}{
		"log":                      {0, "exchanged by the change quorum", append([]string{"verify", at("log")}, anchor...)},
		"fork, with evidence":      {0, "FORK PROVED", append([]string{"prove-fork", at("fork"), "--evidence", at("log")}, anchor...)},
		"fork, without":            {1, "--evidence", append([]string{"prove-fork", at("fork")}, anchor...)},
		"signed with a former key": {1, "was not in force", append([]string{"prove-fork", at("no-fork"), "--evidence", at("log")}, anchor...)},
		"no evidence":              {1, "cannot use the evidence", append([]string{"prove-fork", at("fork"), "--evidence", at("nowhere")}, anchor...)},
		"evidence of evidence":     {2, "PATH is the evidence", append([]string{"verify", at("log"), "--evidence", at("log")}, anchor...)},
	} {
		if code, out := run(t, binary, c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("%s: exit %d, want %d and %q:\n%s", name, code, c.code, c.says, out)
		}
	}
}
