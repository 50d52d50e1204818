package view

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/policy"
)

// Compared is in what a proposed document differs from the one in force.
type Compared struct {
	InForce     canon.Digest      `json:"in_force"`
	Differences []cell.Difference `json:"differences"`
	Widened     []string          `json:"widened,omitempty"`  // scenarios under which who signs may not ask for a while
	Passkeys    []string          `json:"passkeys,omitempty"` // that it adds, in words
	Follows     []string          `json:"follows"`            // sentences: what comes of agreeing
}

// Compare compares a proposed document with the one in force.
func Compare(inForce canon.Digest, from, to cell.Document) Compared {
	v := Compared{InForce: inForce, Differences: cell.Compare(from, to), Widened: cell.Widened(from, to), Passkeys: NewPasskeys(from, to)}
	if len(v.Widened) > 0 {
		v.Follows = append(v.Follows, fmt.Sprintf("It widens %s. Whoever signs it may not ask under that for %s after it is in force.", both(v.Widened), from.Genesis.Cools()))
	}
	v.Follows = append(v.Follows, fmt.Sprintf("Keys that it adds agree to nothing for %s. Who and what it removes counts no more at once, for good.", from.Genesis.Cools()))
	return v
}

// Compare compares the document in force with one that a change proposes. Read
// gives a document or a scenario by its digest. An error of it is given back; any
// other says why the rules would refuse the document.
func (c *Cell) Compare(to canon.Digest, read func(canon.Digest) ([]byte, error)) (Compared, error) {
	inForce, from := c.InForce()
	var err error
	if from.Policies, err = readPolicies(from.Genesis, read); err != nil {
		return Compared{}, err
	}
	proposed, err := readDocument(to, read)
	if err != nil {
		return Compared{}, err
	}
	return Compare(inForce, from, proposed), nil
}

// readPolicies reads the policies that a document names, by id.
func readPolicies(g *cell.Genesis, read func(canon.Digest) ([]byte, error)) (map[string]*policy.File, error) {
	files := map[string]*policy.File{}
	for _, ref := range g.Policies {
		data, err := read(ref.Digest)
		if err == nil {
			files[ref.ID], err = policy.Decode(data)
		}
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", ref.ID, err)
		}
	}
	return files, nil
}

// InForce is the document in force and its digest, without the texts of its
// policies. Nobody changes what it holds.
func (c *Cell) InForce() (canon.Digest, cell.Document) {
	digest := c.Document()
	return digest, read(c, func(s *state) cell.Document { return cell.Document{Genesis: s.Genesis, Scenarios: s.Scenarios} })
}

func readDocument(digest canon.Digest, read func(canon.Digest) ([]byte, error)) (cell.Document, error) {
	data, err := read(digest)
	if err != nil {
		return cell.Document{}, err
	}
	d := cell.Document{Scenarios: map[string]*access.Scenario{}}
	if d.Genesis, err = cell.DecodeGenesis(data); err != nil {
		return cell.Document{}, err
	}
	people, err := d.Genesis.Check()
	if err != nil {
		return cell.Document{}, err
	}
	for _, ref := range d.Genesis.Scenarios {
		data, err := read(ref.Digest)
		if err != nil {
			return cell.Document{}, fmt.Errorf("scenario %s: %w", ref.ID, err)
		}
		if d.Scenarios[ref.ID], err = cell.DecodeScenario(data, d.Genesis, &people); err != nil {
			return cell.Document{}, err
		}
	}
	d.Policies, err = readPolicies(d.Genesis, read)
	return d, err
}
