package cli

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/view"
)

// scenarioBook is the document in force and the scenarios that it names, each
// checked against the digest that the person's anchor leads to: what founders
// signed, or proved amendments of it, whoever sent it. Who was removed since, it
// does not know.
type scenarioBook struct {
	genesis   *cell.Genesis
	Scenarios map[string]*access.Scenario
	Digests   map[string]canon.Digest
	view      *view.Cell
	now       canon.Time
}

// attachments gives what lies beside the ledger, by digest.
type attachments func(digest canon.Digest) ([]byte, error)

// bookOf reads and checks a document and its scenarios.
func bookOf(anchor ledger.Anchor, document canon.Digest, read attachments, now canon.Time) (*scenarioBook, error) {
	data, err := attachment(read, document)
	if no := (*client.Problem)(nil); errors.As(err, &no) && no.Status == http.StatusNotFound {
		return nil, failf(exitUnverified, "the server has no genesis %s, which your profile pins", anchor.Genesis).
			or("use the profile of the cell that this server runs; if it is that one, sign nothing and tell security")
	}
	if err != nil {
		return nil, err
	}
	b := &scenarioBook{Scenarios: map[string]*access.Scenario{}, Digests: map[string]canon.Digest{}, now: now}
	if b.genesis, err = cell.DecodeGenesis(data); err != nil {
		return nil, because(exitUnverified, err, "cannot use genesis")
	}
	for _, ref := range b.genesis.Scenarios {
		data, err := attachment(read, ref.Digest)
		if err != nil {
			return nil, err
		}
		var s access.Scenario
		if err := canon.Decode(data, access.ScenarioLimit, &s); err != nil {
			return nil, because(exitUnverified, err, "cannot use scenario %s", ref.ID)
		}
		b.Scenarios[ref.ID], b.Digests[ref.ID] = &s, ref.Digest
	}
	policies, err := view.ReadPolicies(b.genesis, func(of canon.Digest) ([]byte, error) { return attachment(read, of) })
	if err != nil {
		return nil, because(exitUnverified, err, "cannot use the policies")
	}
	b.view, err = view.New(view.Founding{
		Origin: b.genesis.Origin, Genesis: b.genesis, Digest: canon.Digest(anchor.Genesis), Document: document,
		Scenarios: b.Scenarios, Digests: b.Digests, Policies: policies, At: canon.At(time.Now()),
	})
	return b, err
}

// filesBook is what the files of a folder say, which nobody need have signed.
func filesBook(folder string) (*scenarioBook, error) {
	document, err := config.Read(folder)
	if _, missing := os.Stat(filepath.Join(folder, config.CellFile)); err != nil && missing != nil {
		return nil, because(exitUsage, err, "").or("name the folder that holds %s", config.CellFile)
	}
	if err != nil {
		return nil, because(exitUsage, err, "").or("halligan lint %s says how to mend it", shellQuoted(folder))
	}
	known := &scenarioBook{genesis: document.Genesis, Scenarios: document.Scenarios}
	known.view, err = view.New(view.Founding{Origin: document.Genesis.Origin, Genesis: document.Genesis, Scenarios: document.Scenarios, Policies: document.Policies, At: canon.At(time.Now())})
	if err != nil {
		return nil, because(exitUsage, err, "cannot use the files of %s", folder)
	}
	return known, nil
}

// attachment reads what has a digest, and nothing else.
func attachment(read attachments, digest canon.Digest) ([]byte, error) {
	data, err := read(digest)
	if err != nil {
		return nil, err
	}
	if canon.Sum(data) != digest {
		return nil, unproved(fmt.Sprintf("the server sent something else for attachment %s", digest.Short()))
	}
	return data, nil
}

// host is a host of genesis.
func (b *scenarioBook) host(id string) (*cell.Host, error) {
	host, ok := b.genesis.Host(id)
	if !ok {
		return nil, failf(exitNotFound, "genesis names no host %q", id).or("the scenario opens what the cell does not have: halligan lint says where, on the cell's files")
	}
	return host, nil
}
