package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// document is the digest of the document that is in force: genesis, or what this
// machine has proved to be in its place. A server that hides an amendment can
// only bring a person to sign what the rules refuse.
func (m *member) document() (canon.Digest, error) {
	genesis := canon.Digest(m.pinned.Genesis)
	now, err := readAs[struct {
		Genesis  canon.Digest `json:"genesis"`
		Document canon.Digest `json:"document"`
	}](m, "cell")
	if err != nil {
		return canon.Digest{}, err
	}
	if now.Genesis != genesis || now.Document.IsZero() || now.Document == genesis {
		return genesis, nil
	}
	if data, err := os.ReadFile(m.documentPath()); err == nil && string(data) == now.Document.String() {
		return now.Document, nil
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return canon.Digest{}, because(exitInternal, err, "cannot read what this machine proved before")
	}
	p, err := m.provedCell()
	if err != nil {
		return canon.Digest{}, err
	}
	// What if it cannot be kept: it is proved again by the next command.
	_ = os.WriteFile(m.documentPath(), []byte(p.world.Document.String()), 0o600)
	return p.world.Document, nil
}

// documentPath is where this machine keeps which document it proved to be in
// force.
func (m *member) documentPath() string { return filepath.Join(m.way.client.Folder(), "document") }

// agreed is the scenario that a request was agreed under. Where that is another
// than in force now, only evidence can say.
func (m *member) agreed(known *scenarioBook, h *holder) (*access.Scenario, error) {
	if scenario := known.Scenarios[h.scenario]; scenario != nil && (h.digest.IsZero() || known.Digests[h.scenario] == h.digest) {
		return scenario, nil
	}
	p, err := m.prove("requests/" + h.id.String() + "/evidence")
	if err != nil {
		return nil, err
	}
	r, _, err := p.request(h.id)
	if err != nil {
		return nil, err
	}
	scenario := p.world.ScenarioOf(r)
	if scenario.ID == "" {
		return nil, unproved("the scenario that was agreed is not in the evidence")
	}
	return scenario, nil
}

// signatories says who vouches for what the document in force says of people.
func (p *proof) signatories() string {
	if p.world.Document == p.world.GenesisDigest {
		return "the founders"
	}
	return "the founders or the change quorum"
}
