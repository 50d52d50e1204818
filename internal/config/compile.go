package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/roster"
)

// MachineKeys are the keys that the server made for a new cell.
type MachineKeys struct {
	Ledger      string // vkey of checkpoints, named after the cell
	Revocations string // vkey of revocation lists
	Authority   string // SSH CA, as an authorized_keys line
}

// Bundle is what the founders sign and what travels with it.
type Bundle struct {
	Genesis      cell.Genesis
	GenesisBytes []byte            // canonical JSON
	Scenarios    map[string][]byte // canonical JSON by scenario id
	Policies     map[string][]byte // as they are, by id
	Attachments  [][]byte          // genesis, then the scenarios and the policies, each by id
	Notes        []ledger.Note     // names and contacts, by person
}

// Digest is what the founders sign and every anchor pins.
func (b Bundle) Digest() canon.Digest { return canon.Sum(b.GenesisBytes) }

// Compile makes the bundle of a folder. The same files, salts and keys give the
// same bytes, in whatever order people, groups and scenarios are written. It
// fails with a BrokenError where Lint has errors, where notes.json lacks a salt,
// and where a machine's key is also a person's.
func Compile(folder string, keys MachineKeys) (Bundle, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return Bundle{}, fmt.Errorf("cannot compile the cell: %w", err)
	}
	bundle, err := CompileFS(root.FS(), keys)
	return bundle, errors.Join(err, root.Close())
}

// CompileFS is Compile of a file system.
func CompileFS(folder fs.FS, keys MachineKeys) (Bundle, error) {
	f := &findings{}
	facts, scenarios := readFolder(f, folder)
	salts := readSalts(f, folder)
	var authority roster.Key
	if facts != nil {
		authority = facts.authority(f, keys.Authority)
		facts.checkSalts(f, salts)
	}
	if HasErrors(f.list) {
		return Bundle{}, &BrokenError{f.sorted()}
	}
	bundle := Bundle{Genesis: facts.genesis(keys, authority), Scenarios: map[string][]byte{}}
	bundle.Policies = facts.law(&bundle.Genesis)
	for i, p := range facts.people {
		bundle.name(&bundle.Genesis.People[i], p, salts)
	}
	slices.SortFunc(scenarios, func(a, b *scenarioFacts) int { return strings.Compare(a.out.ID, b.out.ID) })
	if err := bundle.add(scenarios); err != nil {
		return Bundle{}, err
	}
	return bundle, bundle.check()
}

// Read gives what a folder says, as the law reads it, before the server has made
// its keys and whatever notes.json holds: to look at, never to be signed. It fails
// with a BrokenError where Lint has errors.
func Read(folder string) (cell.Document, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return cell.Document{}, fmt.Errorf("cannot read the cell: %w", err)
	}
	f := &findings{}
	facts, scenarios := readFolder(f, root.FS())
	if err := root.Close(); err != nil {
		return cell.Document{}, fmt.Errorf("cannot read the cell: %w", err)
	}
	if HasErrors(f.list) {
		return cell.Document{}, &BrokenError{f.sorted()}
	}
	placeholder := roster.Ed25519Key(canon.Key32(canon.Sum([]byte("no key of anybody"))))
	bundle := Bundle{Genesis: facts.genesis(MachineKeys{Ledger: "none", Revocations: "none yet"}, placeholder), Scenarios: map[string][]byte{}}
	bundle.Policies = facts.law(&bundle.Genesis)
	if err := bundle.add(scenarios); err != nil {
		return cell.Document{}, err
	}
	return bundle.Document()
}

// Under is a bundle for a cell that began with other rules than those of this
// version: what its people signed says which.
func (b Bundle) Under(rules int) (Bundle, error) {
	b.Genesis.Rules = rules
	data, err := canon.Encode(b.Genesis)
	if err != nil {
		return Bundle{}, fmt.Errorf("cannot compile %s: %w", CellFile, err)
	}
	b.GenesisBytes, b.Attachments = data, append([][]byte{data}, b.Attachments[1:]...)
	return b, nil
}

// Document is what the bundle says, as the law reads it.
func (b Bundle) Document() (cell.Document, error) {
	people, err := b.Genesis.Check()
	if err != nil {
		return cell.Document{}, err
	}
	d := cell.Document{Genesis: &b.Genesis, Scenarios: map[string]*access.Scenario{}, Policies: map[string]*policy.File{}}
	for _, ref := range b.Genesis.Policies {
		if d.Policies[ref.ID], err = policy.Decode(b.Policies[ref.ID]); err != nil {
			return cell.Document{}, fmt.Errorf("policy %s: %w", ref.ID, err)
		}
	}
	for _, ref := range b.Genesis.Scenarios {
		if d.Scenarios[ref.ID], err = cell.DecodeScenario(b.Scenarios[ref.ID], d.Genesis, &people); err != nil {
			return cell.Document{}, err
		}
	}
	return d, nil
}

// authority reads the CA's key, and notes when it is somebody else's too.
func (c *cellFacts) authority(f *findings, line string) roster.Key {
	read := &findings{}
	key, ok := readMachineKey(read, word{line, place{CellFile, 0, 0}})
	if !ok {
		f.errorf(place{CellFile, 0, 0}, "make it anew with halligan init", "cannot be compiled: the SSH authority's key is not a public key")
		return roster.Key{}
	}
	owner, taken := c.owner[key.Fingerprint]
	if taken {
		f.errorf(c.placeOf(key.Fingerprint), "the server made this key for itself: nobody else may have it", "key %s of %s is also the SSH authority's", key.Fingerprint, owner)
	}
	return key.Key
}

// placeOf is where a key stands.
func (c *cellFacts) placeOf(fingerprint string) place {
	var keys []publicKey
	for _, p := range c.people {
		keys = append(keys, p.keys...)
	}
	for _, h := range c.hosts {
		keys = append(append(keys, h.keys...), h.report)
	}
	i := slices.IndexFunc(keys, func(k publicKey) bool { return k.Fingerprint == fingerprint })
	if i < 0 {
		return place{CellFile, 0, 0}
	}
	return keys[i].at
}

// genesis puts the cell into the form that is signed, everything in order. It
// also sorts the people of c, so that both have the same order.
func (c *cellFacts) genesis(keys MachineKeys, authority roster.Key) cell.Genesis {
	g := cell.Genesis{
		Version: cell.GenesisVersion, Rules: cell.RulesNow,
		Origin: c.file.Name.text, Founders: texts(c.file.Founders), Groups: c.groups,
		Security: c.file.Security.text, Pending: c.pending(), CoolOff: c.file.CoolOff.seconds, Witnesses: c.witnesses, Trial: c.file.Trial.on,
		Ledger: keys.Ledger, Revocations: keys.Revocations, Authority: authority,
	}
	slices.Sort(g.Founders)
	quorum, _ := c.readQuorum(&findings{}, c.file.Change.at, c.file.Change.Quorum)
	g.Change, g.Recovery = quorum.Quorum, c.recovery()
	slices.SortFunc(c.people, func(a, b person) int { return strings.Compare(a.id, b.id) })
	for _, p := range c.people {
		g.People = append(g.People, roster.Person{ID: p.id, Keys: keysOnly(p.keys), OIDC: p.identities, User: p.user})
	}
	for _, h := range c.hosts {
		g.Hosts = append(g.Hosts, cell.Host{ID: h.id, Address: h.address, Keys: keysOnly(h.keys), Report: h.report.Key, Other: h.other})
	}
	slices.SortFunc(g.Hosts, func(a, b cell.Host) int { return strings.Compare(a.ID, b.ID) })
	for _, ch := range c.file.Channels {
		g.Channels = append(g.Channels, cell.Channel{ID: ch.ID.text, Kind: ch.Kind.text})
	}
	g.Makers = slices.SortedFunc(slices.Values(c.makers), func(a, b cell.Maker) int { return strings.Compare(a.ID, b.ID) })
	g.AWS = c.aws
	g.AWS.Accounts = slices.Clone(c.aws.Accounts)
	slices.SortFunc(g.AWS.Accounts, func(a, b cell.Account) int { return strings.Compare(a.ID, b.ID) })
	g.Networks = slices.Sorted(slices.Values(texts(c.file.Networks)))
	g.Programs = slices.Clone(c.programs)
	slices.SortFunc(g.Programs, func(a, b cell.Program) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(g.Channels, func(a, b cell.Channel) int { return strings.Compare(a.ID, b.ID) })
	return g
}

// name gives a person of genesis the hashes of their name and contact, and the
// bundle the notes.
func (b *Bundle) name(to *roster.Person, p person, salts map[string]canon.Key32) {
	if p.name.text != "" {
		note := ledger.Note{Salt: salts[saltID(p.id, "name")], Text: p.name.text}
		to.Name = canon.Digest(note.Hash())
		b.Notes = append(b.Notes, note)
	}
	if p.contact.text != "" {
		note := ledger.Note{Salt: salts[saltID(p.id, "contact")], Text: p.contact.text}
		to.Contact = canon.Digest(note.Hash())
		b.Notes = append(b.Notes, note)
	}
}

// add encodes the scenarios, names them in genesis, and encodes that.
func (b *Bundle) add(scenarios []*scenarioFacts) error {
	var attachments [][]byte
	for _, s := range scenarios {
		data, err := canon.Encode(s.out)
		if err != nil {
			return fmt.Errorf("cannot compile scenario %s: %w", s.out.ID, err)
		}
		b.Scenarios[s.out.ID] = data
		b.Genesis.Scenarios = append(b.Genesis.Scenarios, cell.ScenarioRef{ID: s.out.ID, Digest: canon.Sum(data)})
		attachments = append(attachments, data)
	}
	for _, ref := range b.Genesis.Policies {
		attachments = append(attachments, b.Policies[ref.ID])
	}
	data, err := canon.Encode(b.Genesis)
	if err != nil {
		return fmt.Errorf("cannot compile %s: %w", CellFile, err)
	}
	b.GenesisBytes = data
	b.Attachments = append([][]byte{data}, attachments...)
	return nil
}

// check reads everything back as the law will. What Lint lets through and the
// law refuses would be found only after the founders had signed.
func (b *Bundle) check() error {
	genesis, err := cell.DecodeGenesis(b.GenesisBytes)
	if err != nil {
		return fmt.Errorf("cannot compile %s: %w", CellFile, err)
	}
	people, err := genesis.Check()
	if err != nil {
		return fmt.Errorf("cannot compile %s: %w", CellFile, err)
	}
	for _, ref := range genesis.Scenarios {
		if _, err := cell.DecodeScenario(b.Scenarios[ref.ID], genesis, &people); err != nil {
			return fmt.Errorf("cannot compile: %w", err)
		}
	}
	anchor := ledger.Anchor{Origin: genesis.Origin, Genesis: ledger.Hash(b.Digest()), LedgerKeys: []string{genesis.Ledger}, Witnesses: genesis.Witnesses}
	if _, err := anchor.Encode(); err != nil {
		return fmt.Errorf("cannot compile %s: the ledger's key cannot be pinned: %w", CellFile, err)
	}
	return nil
}
