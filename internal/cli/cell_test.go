package cli_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// files is a whole log in memory.
type files map[string][]byte

func (f files) ReadFile(path string) ([]byte, error) {
	data, ok := f[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (f files) WriteFile(path string, data []byte) error {
	f[path] = data
	return nil
}

// signedCell is a driven cell whose statements and checkpoints are signed for
// real, so that evidence of it verifies.
type signedCell struct {
	*celltest.Cell
	key    note.Signer
	anchor ledger.Anchor
	bodies [][]byte
	notes  []ledger.Note
	asked  int
}

// newSignedCell is a sealed cell of celltest's people, starting a minute ago.
func newSignedCell(t *testing.T) *signedCell {
	t.Helper()
	return signedCellAt(t, canon.At(time.Now().Add(-time.Minute)))
}

// signedCellAt is one that starts at an instant.
func signedCellAt(t *testing.T, at canon.Time) *signedCell {
	t.Helper()
	return signedCellOf(t, at, celltest.Genesis(), celltest.Scenario())
}

// signedCellOf is one of another genesis and scenario.
func signedCellOf(t *testing.T, at canon.Time, g cell.Genesis, of access.Scenario) *signedCell {
	t.Helper()
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 32)), celltest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	g.Ledger = vkey
	c := &signedCell{key: must(note.NewSigner(skey))}
	for i, text := range map[int]string{0: "Ann Example", 1: "Bob Example"} {
		g.People[i].Name = canon.Digest(c.noted(text).Hash())
	}
	g.People[0].Contact = canon.Digest(c.noted("call +49 30 123 456").Hash())
	c.Cell = celltest.Unfounded(g, of)
	c.Now = at
	c.anchor = ledger.Anchor{Origin: g.Origin, Genesis: ledger.Hash(c.Digest), LedgerKeys: []string{vkey}, Witnesses: ledger.NoWitnesses}
	for _, founder := range g.Founders {
		c.do(c.Found(founder))
	}
	return c
}

// noted is a note whose text lies beside the ledger.
func (c *signedCell) noted(text string) ledger.Note {
	n := ledger.Note{Salt: sha256.Sum256([]byte("salt of " + text)), Text: text}
	c.notes = append(c.notes, n)
	return n
}

func (c *signedCell) note(text string) statement.Note {
	n := c.noted(text)
	return statement.Note{Hash: canon.Digest(n.Hash()), Length: len(text)}
}

// sign puts a real signature by the key of a name in the place of celltest's.
func sign(command cell.Command, name string) cell.Command {
	signer := must(ssh.NewSignerFromKey(celltest.Key(name)))
	signed := *command.Signed
	kind := signed.Statement.Body.Kind()
	signed.Signature = ledger.Signature{SSHSig: must(sshsig.Sign(signer, sshsig.Namespace(string(kind)), signed.Bytes))}
	command.Signed = &signed
	return command
}

// do records a command; a refusal is recorded too.
func (c *signedCell) do(command cell.Command) cell.Recorded {
	if command.Signed != nil {
		name := string(bytes.TrimPrefix(command.Signed.Signature.SSHSig, []byte("signed by ")))
		command = sign(command, name)
	}
	recorded, err := c.World.Step(command)
	var refusal *cell.Refusal
	if errors.As(err, &refusal) && refusal.Person != "" {
		recorded, err = c.World.StepRefused(command, refusal)
	}
	if err != nil {
		panic(fmt.Sprintf("entry %d: %v", len(c.bodies), err))
	}
	c.bodies = append(c.bodies, recorded.Body)
	c.World.Publish()
	c.Now = c.Now.Add(time.Second)
	return recorded
}

// ask is a request of a person's, for a reason.
func (c *signedCell) ask(person, why string, targets ...string) canon.Digest {
	c.asked++
	name := fmt.Sprint(c.asked)
	command := c.By(person, person, &statement.Request{
		Scenario: c.Genesis.Scenarios[0].ID, ScenarioDigest: c.Scenario, Severity: "SEV1", For: 3600,
		Targets: targets, Why: c.note(why), Incident: "PD-4711",
		Holder: statement.Holder{Ed25519: celltest.Public("holder " + name), X25519: celltest.Public("sealed " + name)},
	})
	salt := sha256.Sum256([]byte("words of " + name))
	command.Observed.Salt = hex.EncodeToString(salt[:16])
	c.do(command)
	return command.Signed.Statement.Digest
}

// log is the whole ledger as it is served.
func (c *signedCell) log() files { return c.logOf(c.bodies) }

func (c *signedCell) logOf(bodies [][]byte) files {
	out := files{}
	var edge ledger.Edge
	for _, body := range bodies {
		edge.Append(ledger.LeafHash(body))
	}
	signed := must(ledger.SignCheckpoint(ledger.Checkpoint{Origin: c.anchor.Origin, Size: edge.Size(), Root: edge.Root()}, c.key))
	must(ledger.WriteLog(out, c.anchor, ledger.Export{
		Signed: signed,
		Entries: func(yield func([]byte, error) bool) {
			for _, body := range bodies {
				if !yield(body, nil) {
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
	}))
	return out
}

// evidence is partial evidence of requests: of entries that keep lets pass, in a
// log of some bodies.
func (c *signedCell) evidence(bodies [][]byte, keep func(ledger.Entry) bool) []byte {
	log := must(ledger.OpenLog(c.logOf(bodies), c.anchor))
	p := ledger.Partial{Signed: log.Signed(), Attachments: map[ledger.Hash][]byte{}, Notes: c.notes}
	tiles := log.Tiles()
	for i, body := range bodies {
		if !keep(must(ledger.DecodeEntry(body))) {
			continue
		}
		proof := must(ledger.InclusionProof(int64(len(bodies)), int64(i), tiles))
		p.Entries = append(p.Entries, ledger.ProvedEntry{Index: int64(i), Body: body, Proof: proof})
	}
	for digest, data := range c.Beside {
		p.Attachments[ledger.Hash(digest)] = data
	}
	return must(ledger.EncodePartial(c.anchor, p))
}

// about lets the entries of the cell and of a request pass.
func about(id canon.Digest) func(ledger.Entry) bool {
	return func(e ledger.Entry) bool { return e.Stream == cell.StreamCell || e.Stream == cell.StreamOf(id) }
}
