package verify_test

import (
	"bytes"
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// files is a whole log in memory: a Source and a Sink.
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

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// keyPair is the ledger key that follows from a byte.
func keyPair(seed byte) (note.Signer, string) {
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), celltest.Origin)
	if err != nil {
		panic(err)
	}
	return must(note.NewSigner(skey)), vkey
}

// leaCurve is a second key of lea's: ECDSA, so that its signatures have two forms.
var leaCurve = sync.OnceValue(func() *ecdsa.PrivateKey {
	scalar := sha256.Sum256([]byte("halligan test key of lea on P-256"))
	return must(ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:]))
})

const leaCurveName = "lea/p256"

var (
	signersLock sync.Mutex
	signers     = map[string]ssh.Signer{}
)

// signerOf is the SSH signer that follows from a name.
func signerOf(name string) ssh.Signer {
	signersLock.Lock()
	defer signersLock.Unlock()
	if s, ok := signers[name]; ok {
		return s
	}
	var key crypto.PrivateKey = celltest.Key(name)
	if name == leaCurveName {
		key = leaCurve()
	}
	signers[name] = must(ssh.NewSignerFromKey(key))
	return signers[name]
}

// cellOf is a driven cell that signs for real, and what it needs for export.
type cellOf struct {
	*celltest.Cell
	rand   *rand.Rand
	key    note.Signer
	keys   map[string]note.Signer // ledger keys that came after it, by verifier key
	anchor ledger.Anchor
	bodies [][]byte
	notes  []ledger.Note
	made   int // holder keys so far
	asked  []ask
}

// ask is a request and the name of its holder key.
type ask struct {
	id     canon.Digest
	person string
	holder string
}

// newCell is a sealed cell whose randomness follows from a seed and whose ledger
// key follows from a byte.
func newCell(seed uint64, key byte, change func(*cell.Genesis)) *cellOf {
	return newCellOf(seed, key, celltest.Scenario(), change)
}

// newCellOf is newCell with a scenario of one's own, and policies that lie beside it.
func newCellOf(seed uint64, key byte, s access.Scenario, change func(*cell.Genesis), policies ...map[string]string) *cellOf {
	signer, vkey := keyPair(key)
	g := celltest.Genesis()
	g.Ledger = vkey
	for i := range g.People {
		if g.People[i].ID == "lea" {
			wire := signerOf(leaCurveName).PublicKey().Marshal()
			g.People[i].Keys = append(g.People[i].Keys, must(roster.ParseKey("ecdsa-sha2-nistp256 "+base64.StdEncoding.EncodeToString(wire))))
		}
	}
	if change != nil {
		change(&g)
	}
	scenario := canon.MustEncode(s)
	g.Scenarios = []cell.ScenarioRef{{ID: s.ID, Digest: canon.Sum(scenario)}}
	genesis := canon.MustEncode(g)
	c := &cellOf{
		Cell: &celltest.Cell{
			Now: celltest.Start, Address: "192.0.2.7", Genesis: g, Digest: canon.Sum(genesis), Scenario: canon.Sum(scenario),
			Beside:   map[canon.Digest][]byte{canon.Sum(scenario): scenario, canon.Sum(genesis): genesis},
			Commands: map[int64]cell.Command{},
		},
		rand: rand.New(rand.NewPCG(seed, 7)), key: signer,
		anchor: ledger.Anchor{
			Origin: g.Origin, Genesis: ledger.Hash(canon.Sum(genesis)), LedgerKeys: []string{vkey}, Witnesses: ledger.NoWitnesses,
		},
	}
	for _, texts := range policies {
		c.Lay(texts)
	}
	c.World = cell.New(g.Origin, c.Attachments())
	for _, founder := range g.Founders {
		c.must(c.Found(founder))
	}
	return c
}

// sign signs a command's statement with the key whose name celltest put in the
// place of a signature.
func sign(command cell.Command) cell.Command {
	if command.Signed == nil {
		return command
	}
	name, ok := strings.CutPrefix(string(command.Signed.Signature.SSHSig), "signed by ")
	if !ok {
		return command
	}
	signed := *command.Signed
	signed.Signature = signature(name, signed.Statement.Body.Kind(), signed.Bytes)
	signed.Signer = signerFacts(signerOf(name), signed.Signer)
	command.Signed = &signed
	return command
}

func signature(name string, kind statement.Kind, data []byte) ledger.Signature {
	return ledger.Signature{SSHSig: must(sshsig.Sign(signerOf(name), sshsig.Namespace(string(kind)), data))}
}

func signerFacts(s ssh.Signer, facts cell.Signer) cell.Signer {
	facts.Fingerprint = ssh.FingerprintSHA256(s.PublicKey())
	if s.PublicKey().Type() != ssh.KeyAlgoED25519 {
		facts.Ed25519 = canon.Key32{}
	}
	return facts
}

// do steps the world by a command; a refusal that may be recorded is recorded.
func (c *cellOf) do(command cell.Command) (cell.Recorded, error) {
	command = sign(command)
	recorded, err := c.World.Step(command)
	var refusal *cell.Refusal
	if errors.As(err, &refusal) && refusal.Person != "" {
		recorded, err = c.World.StepRefused(command, refusal)
	}
	if err == nil {
		c.bodies = append(c.bodies, recorded.Body)
		if c.rand.IntN(8) > 0 {
			c.World.Publish()
		}
	}
	return recorded, err
}

func (c *cellOf) must(command cell.Command) cell.Recorded {
	recorded, err := c.do(command)
	if err != nil {
		panic(fmt.Sprintf("entry %d: %v", len(c.bodies), err))
	}
	if recorded.Outcome.Stream == cell.StreamRefused {
		panic(fmt.Sprintf("entry %d was refused: %s", len(c.bodies)-1, recorded.Body))
	}
	return recorded
}

// note makes a note and keeps its text.
func (c *cellOf) note(text string) statement.Note {
	n := ledger.Note{Text: fmt.Sprintf("%s %d", text, c.rand.Uint32())}
	for i := range n.Salt {
		n.Salt[i] = byte(c.rand.Uint32())
	}
	c.notes = append(c.notes, n)
	return statement.Note{Hash: canon.Digest(n.Hash()), Length: len(n.Text)}
}

func (c *cellOf) ask(person string, targets ...string) cell.Command {
	c.made++
	name := fmt.Sprint(c.made)
	command := c.By(person, person, &statement.Request{
		Scenario: c.Genesis.Scenarios[0].ID, ScenarioDigest: c.Scenario, Severity: "SEV1", For: canon.Seconds(900 + c.rand.IntN(900)),
		Targets: targets, Why: c.note("cannot connect"), Incident: fmt.Sprintf("INC-%d", c.made),
		Holder: statement.Holder{Ed25519: celltest.Public("holder " + name), X25519: celltest.Public("sealed " + name)},
	})
	var salt [16]byte
	for i := range salt {
		salt[i] = byte(c.rand.Uint32())
	}
	command.Observed.Salt = hex.EncodeToString(salt[:])
	c.asked = append(c.asked, ask{command.Signed.Statement.Digest, person, name})
	return command
}

// tasks are the waiting tasks that are due, in a fixed order.
func (c *cellOf) tasks(of canon.Digest, kinds ...cell.TaskKind) []cell.Task {
	var due []cell.Task
	for _, t := range c.World.Tasks {
		if !t.Due.After(c.Now) && (of.IsZero() || t.Stream == cell.StreamOf(of)) && (len(kinds) == 0 || slices.Contains(kinds, t.Kind)) {
			due = append(due, t)
		}
	}
	slices.SortFunc(due, func(a, b cell.Task) int { return cmp.Compare(a.ID, b.ID) })
	return due
}

// export writes the log that bodies are, signed with the cell's real key.
func (c *cellOf) export(bodies [][]byte) (files, ledger.Checkpoint) {
	out, anchor := files{}, c.anchor
	anchor.Deferred = true // the signatures are what is tested
	cp := must(ledger.WriteLog(out, anchor, ledger.Export{
		Signed: c.signed(bodies),
		Entries: func(yield func([]byte, error) bool) {
			for _, body := range bodies {
				if !yield(body, nil) {
					return
				}
			}
		},
		Attachments: func(yield func([]byte, error) bool) {
			for _, digest := range slices.SortedFunc(maps.Keys(c.Beside), func(a, b canon.Digest) int { return bytes.Compare(a[:], b[:]) }) {
				if !yield(c.Beside[digest], nil) {
					return
				}
			}
		},
		Notes: func(yield func(ledger.Note, error) bool) {
			for _, n := range c.notes {
				if !yield(n, nil) {
					return
				}
			}
		},
	}))
	return out, cp
}

func (c *cellOf) signed(bodies [][]byte) []byte {
	var edge ledger.Edge
	for _, body := range bodies {
		edge.Append(ledger.LeafHash(body))
	}
	// Up to where an epoch began, the ledger before it signed.
	origin := c.anchor.Origin
	for _, e := range c.World.Epochs {
		if edge.Size() > e.Base.Size {
			origin = e.Origin
		}
	}
	var signers []note.Signer
	for _, vkey := range c.signedBy(edge.Size()) {
		signers = append(signers, must(ledger.SignerOf(origin, vkey, c.signer(vkey))))
	}
	return must(ledger.SignCheckpoint(ledger.Checkpoint{Origin: origin, Size: edge.Size(), Root: edge.Root()}, signers...))
}

// signedBy are the ledger keys that sign the checkpoint of a size.
func (c *cellOf) signedBy(size int64) []string {
	keys := c.anchor.LedgerKeys[:1]
	for _, r := range c.World.Rotations {
		switch {
		case r.Entry >= size:
		case r.Held == 0 || r.Held >= size:
			keys = []string{r.To, r.From}
		default:
			keys = []string{r.To}
		}
	}
	return keys
}

func (c *cellOf) signer(vkey string) note.Signer {
	if signer, ok := c.keys[vkey]; ok {
		return signer
	}
	return c.key
}
