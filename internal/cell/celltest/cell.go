package celltest

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Origin is the ledger origin of every cell made here.
const Origin = "cell.example.com"

// Start is when every cell made here begins.
var Start = canon.At(time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC))

// Key is the private key that follows from a name.
func Key(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("halligan test key " + name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// Public is the public half of Key.
func Public(name string) canon.Key32 {
	if known, ok := publics.Load(name); ok {
		return known.(canon.Key32)
	}
	public := canon.Key32(Key(name).Public().(ed25519.PublicKey))
	publics.Store(name, public)
	return public
}

// PublicP256 is the public key on P-256 of a name.
func PublicP256(name string) canon.KeyP256 {
	scalar := canon.Sum([]byte(name))
	private, err := ecdh.P256().NewPrivateKey(scalar[:])
	if err != nil {
		panic(err)
	}
	return canon.KeyP256(private.PublicKey().Bytes())
}

// publics remembers what Public gave: making a key takes longer than a command.
var publics sync.Map

// Line is the public half of Key as people write it.
func Line(name string) roster.Key { return roster.Ed25519Key(Public(name)) }

// Genesis is a cell with two security people (sam, sue), two leads (lea, leo),
// two on call (ann, bob), and hosts db-1 and db-2.
func Genesis() cell.Genesis {
	g := cell.Genesis{
		Version: cell.GenesisVersion, Origin: Origin, Founders: []string{"sam", "lea"},
		Groups: map[string][]string{
			"security": {"sam", "sue"}, "leads": {"lea", "leo"}, "on-call": {"ann", "bob", "lea"},
		},
		Security: "group:security",
		Change:   access.Quorum{{From: "group:security", Count: 1}, {From: "group:leads", Count: 1}},
		Pending:  3600, Ledger: "ledger-key", Revocations: "revocations-key",
		Channels:  []cell.Channel{{ID: "pager", Kind: "webhook"}},
		Authority: Line("authority"), Witnesses: "none", Rules: cell.RulesNow,
	}
	for _, person := range []string{"ann", "bob", "lea", "leo", "sam", "sue"} {
		g.People = append(g.People, roster.Person{ID: person, Keys: []roster.Key{Line(person)}})
	}
	for _, host := range []string{"db-1", "db-2"} {
		g.Hosts = append(g.Hosts, cell.Host{ID: host, Address: host + ".example.com:22", Keys: []roster.Key{Line(host)}, Report: Line("report " + host), Other: "console"})
	}
	return g
}

// Scenario is a scenario of Genesis: ann, bob or lea may ask; SEV1 needs one of
// security and one lead, SEV2 two leads or security people of one leg each.
func Scenario() access.Scenario {
	both := access.Quorum{{From: "group:security", Count: 1}, {From: "group:leads", Count: 1}}
	return access.Scenario{
		ID: "database-locked-out", Title: "Database refuses everyone", UseWhen: []string{"Nobody can log in"},
		MayRequest: []string{"group:on-call"},
		Severities: map[access.Severity]access.Terms{
			"SEV1": {Longest: 3600, Quorum: both, ReviewDue: 24 * 3600},
			"SEV2": {Longest: 7200, Quorum: access.Quorum{{From: "group:security", Count: 2}}, ReviewDue: 72 * 3600},
		},
		Opens: []access.Open{
			{SSH: &access.SSH{Name: "db-1", Host: "db-1", User: "root", Principals: []string{"emergency-dba"}, Permit: []string{"pty"}}},
			{SSH: &access.SSH{Name: "db-2", Host: "db-2", User: "root", Principals: []string{"emergency-dba"}, SourceAddress: []string{access.FromRequest}, Permit: []string{"pty"}}},
		},
	}
}

// Cell drives a world. Its fields may be set between commands.
type Cell struct {
	World    *cell.World
	Now      canon.Time
	Address  string
	Genesis  cell.Genesis
	Digest   canon.Digest // of genesis
	Scenario canon.Digest // of the first scenario
	Log      []cell.Recorded
	Commands map[int64]cell.Command  // what each entry of Log came from
	Beside   map[canon.Digest][]byte // the attachments
	count    uint64
}

// New is a sealed cell of a genesis and its scenarios.
func New(g cell.Genesis, scenarios ...access.Scenario) *Cell {
	c := Unfounded(g, scenarios...)
	for _, founder := range g.Founders {
		c.Must(c.Found(founder))
	}
	return c
}

// Unfounded is a cell whose genesis nobody has signed yet.
func Unfounded(g cell.Genesis, scenarios ...access.Scenario) *Cell {
	c := &Cell{Now: Start, Address: "192.0.2.7", Beside: map[canon.Digest][]byte{}, Commands: map[int64]cell.Command{}}
	for i, s := range scenarios {
		data := canon.MustEncode(s)
		if i == 0 {
			c.Scenario = canon.Sum(data)
		}
		g.Scenarios = append(g.Scenarios, cell.ScenarioRef{ID: s.ID, Digest: canon.Sum(data)})
		c.Beside[canon.Sum(data)] = data
	}
	data := canon.MustEncode(g)
	c.Genesis, c.Digest = g, canon.Sum(data)
	c.Beside[c.Digest] = data
	c.World = cell.New(g.Origin, c.Attachments())
	return c
}

// Sample is New of Genesis and Scenario.
func Sample() *Cell { return New(Genesis(), Scenario()) }

// Attachments gives what lies beside the ledger.
func (c *Cell) Attachments() cell.Attachments {
	return func(digest canon.Digest) ([]byte, bool) {
		data, ok := c.Beside[digest]
		return data, ok
	}
}

// Found is a founder's signature over genesis.
func (c *Cell) Found(founder string) cell.Command {
	return c.By(founder, founder, &statement.Found{Genesis: c.Digest})
}

// By is a statement of a person, signed with the key of that name.
func (c *Cell) By(person, key string, body statement.Body) cell.Command {
	c.count++
	nonce := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("nonce"), c.count))
	newest := c.World.Newest()
	switch {
	case body.Kind() == statement.KindFound:
		newest = cell.Published{Root: canon.Digest(ledger.EmptyRoot())}
	case newest.Size == 0: // nothing is published: no statement can name what is
		newest.Size = 1
	}
	s := statement.Statement{Header: statement.Header{
		Actor: person, Expires: c.Now.Add(10 * time.Minute), Ledger: c.World.Origin, Nonce: nonce,
		Seen: statement.Seen{Size: newest.Size, Root: newest.Root},
	}, Body: body}
	return c.sign(s, key)
}

// Resign changes a command's statement and signs it again with the same key.
func (c *Cell) Resign(command cell.Command, change func(*statement.Statement)) cell.Command {
	s := command.Signed.Statement
	change(&s)
	again := c.sign(s, "")
	again.Signed.Signer = command.Signed.Signer
	return again
}

func (c *Cell) sign(s statement.Statement, key string) cell.Command {
	data, err := statement.Encode(s)
	if err != nil {
		panic(fmt.Sprintf("cannot encode: %v", err))
	}
	if s, err = statement.Decode(data); err != nil {
		panic(err)
	}
	return cell.Command{
		At: c.Now, Observed: cell.Observed{Address: c.Address},
		Signed: &cell.Signed{
			Statement: s, Bytes: data, Signature: ledger.Signature{SSHSig: []byte("signed by " + key)},
			Signer: cell.Signer{Fingerprint: Line(key).Fingerprint, Ed25519: Public(key), Strength: roster.Possession},
		},
	}
}

// Effect is the result of a task.
func (c *Cell) Effect(kind cell.EffectKind, task string, observed cell.Observed) cell.Command {
	return cell.Command{At: c.Now, Effect: &cell.Effect{Kind: kind, Task: task}, Observed: observed}
}

// Do steps the world by a command and publishes the new checkpoint.
func (c *Cell) Do(command cell.Command) (cell.Recorded, error) {
	recorded, err := c.World.Step(command)
	if err == nil {
		c.Log = append(c.Log, recorded)
		c.Commands[recorded.Index] = command
		c.World.Publish()
	}
	return recorded, err
}

// Refuse records that a command was refused, and publishes the new checkpoint.
func (c *Cell) Refuse(command cell.Command, refusal *cell.Refusal) (cell.Recorded, error) {
	recorded, err := c.World.StepRefused(command, refusal)
	if err == nil {
		c.Log = append(c.Log, recorded)
		c.Commands[recorded.Index] = command
		c.World.Publish()
	}
	return recorded, err
}

// Must is Do for what the test takes for granted.
func (c *Cell) Must(command cell.Command) cell.Recorded {
	recorded, err := c.Do(command)
	if err != nil {
		panic(fmt.Sprintf("entry %d: %v", c.World.Next(), err))
	}
	return recorded
}

// Fork is a copy: commands of the one do not show in the other.
func (c *Cell) Fork() *Cell {
	f := *c
	f.World, f.Log, f.Commands = c.World.Clone(), slices.Clone(c.Log), maps.Clone(c.Commands)
	return &f
}
