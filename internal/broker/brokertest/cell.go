package brokertest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/verify"
)

// Cell is a running broker on a real store, with people who really sign. Its
// cell is celltest.Genesis with celltest.Scenario.
type Cell struct {
	T       testing.TB
	Folder  string
	Genesis cell.Genesis
	Options broker.Options
	Store   *sqlite.Store
	*broker.Broker
	beside [][]byte
	setup  Setup
}

// Setup changes what New makes. The zero Setup is a new cell in a folder that
// goes with the test.
type Setup struct {
	Folder string                                        // of a cell that was made before, or is to stay
	Wrap   func(broker.Store) broker.Store               // to make a store fail
	Beside func(broker.BesideReader) broker.BesideReader // to make files fail that lie beside the log
	Follow []broker.Follower
	Wall   broker.Wall
	Change func(*cell.Genesis, *access.Scenario) // what is founded differently; nil: nothing

	Sessions broker.Sessions // nil: none can be made
}

// New makes a cell, or opens the one in the folder, and closes it with the test.
func New(t testing.TB, setup Setup) *Cell {
	t.Helper()
	if setup.Folder == "" {
		setup.Folder = t.TempDir()
	}
	if setup.Wall == nil {
		setup.Wall = time.Now
	}
	g, scenario, signer := FoundingOf(t, setup.Change)
	c := &Cell{T: t, Folder: setup.Folder, Genesis: g, beside: [][]byte{canon.MustEncode(g), scenario}, setup: setup}
	authority, err := issuer.OpenSSH(authorityKey(t))
	if err != nil {
		t.Fatal(err)
	}
	c.Options = broker.Options{
		Origin: g.Origin, Check: verify.Signatures{}, Signer: signer, Minter: authority, Sessions: setup.Sessions, Wall: setup.Wall,
		Rand: func(b []byte) { rand.Read(b) }, Follow: setup.Follow,
	}
	c.Open()
	t.Cleanup(c.Shut)
	if c.Head().Size > 0 {
		return c
	}
	for _, founder := range g.Founders {
		s := c.Sign(founder, founder, &statement.Found{Genesis: canon.Sum(c.beside[0])})
		s.Attachments = c.beside
		c.Must(s)
	}
	return c
}

// Founding is the genesis of every cell made here, its scenario, and the ledger
// key that follows from the origin.
func Founding(t testing.TB) (cell.Genesis, []byte, note.Signer) { return FoundingOf(t, nil) }

// FoundingOf is Founding of what a Setup changes.
func FoundingOf(t testing.TB, change func(*cell.Genesis, *access.Scenario)) (cell.Genesis, []byte, note.Signer) {
	skey, vkey, err := ledger.GenerateKey(bytes.NewReader(celltest.Key("ledger").Seed()), celltest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	g := celltest.Genesis()
	g.Ledger = vkey
	scenario := celltest.Scenario()
	if change != nil {
		change(&g, &scenario)
	}
	data := canon.MustEncode(scenario)
	g.Scenarios = []cell.ScenarioRef{{ID: scenario.ID, Digest: canon.Sum(data)}}
	return g, data, signer
}

func authorityKey(t testing.TB) []byte {
	block, err := ssh.MarshalPrivateKey(celltest.Key("authority"), "")
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

// Open opens the cell again after Shut.
func (c *Cell) Open() {
	c.T.Helper()
	var err error
	if c.Store, err = sqlite.Open(c.Folder, sqlite.Options{Reserve: -1}); err != nil {
		c.T.Fatal(err)
	}
	c.Options.Store, c.Options.Beside, c.Options.Tiles = c.Store, c.Store, c.Store
	if c.setup.Wrap != nil {
		c.Options.Store = c.setup.Wrap(c.Store)
	}
	if c.setup.Beside != nil {
		c.Options.Beside = c.setup.Beside(c.Store)
	}
	if c.Broker, err = broker.Open(context.Background(), c.Options); err != nil {
		c.T.Fatal(err)
	}
}

// Shut closes broker and store.
func (c *Cell) Shut() {
	c.Close()
	if err := c.Store.Close(); err != nil {
		c.T.Error(err)
	}
}

// Sign makes a person's submission with the key of a name; it is safe for
// concurrent use.
func (c *Cell) Sign(person, key string, body statement.Body) broker.Submission {
	return c.SignAt(person, key, body, canon.At(c.setup.Wall().Add(10*time.Minute)))
}

// SignAt is Sign of a statement that expires at an instant.
func (c *Cell) SignAt(person, key string, body statement.Body, expires canon.Time) broker.Submission {
	head := c.Head()
	h := statement.Header{Actor: person, Ledger: c.Genesis.Origin, Expires: expires,
		Seen: statement.Seen{Size: head.Size, Root: head.Root}}
	if body.Kind() == statement.KindFound {
		h.Seen = statement.Seen{Root: canon.Digest(ledger.EmptyRoot())}
	}
	rand.Read(h.Nonce[:])
	data, err := statement.Encode(statement.Statement{Header: h, Body: body})
	if err != nil {
		panic(err)
	}
	signer, err := ssh.NewSignerFromKey(celltest.Key(key))
	if err != nil {
		panic(err)
	}
	blob, err := sshsig.Sign(signer, sshsig.Namespace(string(body.Kind())), data)
	if err != nil {
		panic(err)
	}
	return broker.Submission{Statement: data, Signature: ledger.Signature{SSHSig: blob}, Address: "192.0.2.7"}
}

// Ask is a SEV1 request for ten minutes at db-1; the holder key is the key named
// "holder " and the name.
func (c *Cell) Ask(person, holder string) broker.Submission {
	return c.AskFor(person, holder, 600, "db-1")
}

// AskFor is Ask for a time at targets.
func (c *Cell) AskFor(person, holder string, length canon.Seconds, targets ...string) broker.Submission {
	text := "cannot connect"
	var salt [32]byte
	rand.Read(salt[:])
	why, err := statement.NewNote(salt, text)
	if err != nil {
		panic(err)
	}
	s := c.Sign(person, person, &statement.Request{
		Scenario: c.Genesis.Scenarios[0].ID, ScenarioDigest: c.Genesis.Scenarios[0].Digest, Severity: "SEV1", For: length,
		Targets: targets, Why: why,
		Holder: statement.Holder{Ed25519: celltest.Public("holder " + holder), X25519: celltest.Public("sealed " + holder)},
	})
	s.Notes = []ledger.Note{{Salt: salt, Text: text}}
	return s
}

// Decide is a verdict after a call back.
func (c *Cell) Decide(person string, of canon.Digest, verdict statement.Verdict) broker.Submission {
	return c.Sign(person, person, &statement.Decision{Of: of, Verdict: verdict, Check: statement.CallBack})
}

// Stop ends a request.
func (c *Cell) Stop(person string, of canon.Digest) broker.Submission {
	var salt [32]byte
	rand.Read(salt[:])
	reason, err := statement.NewNote(salt, "stop it")
	if err != nil {
		panic(err)
	}
	s := c.Sign(person, person, &statement.Stop{Of: of, Reason: reason})
	s.Notes = []ledger.Note{{Salt: salt, Text: "stop it"}}
	return s
}

// Must submits what the test takes for granted.
func (c *Cell) Must(s broker.Submission) broker.Answer {
	c.T.Helper()
	a, err := c.Submit(context.Background(), s)
	if err != nil {
		c.T.Fatalf("submit: %v", err)
	}
	return a
}

// Granted goes through a request of ann's until its lease is open.
func (c *Cell) Granted(holder string) canon.Digest {
	c.T.Helper()
	id := c.Must(c.Ask("ann", holder)).Digest
	c.Must(c.Decide("sam", id, statement.Approve))
	a := c.Must(c.Decide("lea", id, statement.Approve))
	if a.Request.State != access.Granted {
		c.T.Fatalf("the request is %s", a.Request.State)
	}
	task := fmt.Sprintf("open:%s:%d:db-1", id.Short(), a.Index)
	if _, err := c.Effect(context.Background(), cell.Effect{Kind: cell.EffectOpened, Task: task}, cell.Observed{}); err != nil {
		c.T.Fatal(err)
	}
	return id
}

// Refused submits what must be refused with a reason.
func (c *Cell) Refused(s broker.Submission, want cell.Reason) {
	c.T.Helper()
	_, err := c.Submit(context.Background(), s)
	var refusal *cell.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want {
		c.T.Fatalf("got %v, want refusal %s", err, want)
	}
}
