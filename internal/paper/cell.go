package paper

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/procedure"
)

// What the pure rooms give and take, by the names that commands know it under.
type (
	Blueprint  = blueprint.Blueprint
	File       = blueprint.File
	Size       = blueprint.Size
	Difference = blueprint.Difference
	Deployed   = blueprint.Deployed
	Procedure  = procedure.Procedure
	Page       = procedure.Page
	Person     = procedure.Person
	Role       = procedure.Role
)

var (
	// ErrNoAccounts says that a cell has nothing to do with AWS.
	ErrNoAccounts = errors.New("the cell has no AWS account")
	// ErrNotThere says that none of its accounts is meant.
	ErrNotThere = errors.New("no account of the cell is meant")
)

// Cell is a document of a cell.
type Cell struct {
	Genesis   *cell.Genesis
	Scenarios map[string]*access.Scenario
}

// Accounts are the ids of the cell's AWS accounts.
func (c Cell) Accounts() (ids []string) {
	for i := range c.Genesis.AWS.Accounts {
		ids = append(ids, c.Genesis.AWS.Accounts[i].ID)
	}
	return ids
}

// Blueprints are those of the accounts that are named, or of all; of management
// accounts or of the others.
func (c Cell) Blueprints(named []string, management bool) (all []*Blueprint, err error) {
	of := c.blueprint()
	if len(of.Accounts) == 0 {
		return nil, ErrNoAccounts
	}
	for _, account := range of.Accounts {
		if len(named) > 0 && !slices.Contains(named, account.ID) || account.Management != management {
			continue
		}
		b, err := blueprint.Of(of, account.ID)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	if len(all) == 0 {
		return nil, ErrNotThere
	}
	return all, nil
}

// Blueprint is that of one account, whatever it is.
func (c Cell) Blueprint(account string) (*Blueprint, error) {
	return blueprint.Of(c.blueprint(), account)
}

// Organization are the service control policies of blueprints.
func Organization(all []*Blueprint, keepers []string) ([]File, error) {
	if err := blueprint.CheckOrganization(all, keepers); err != nil {
		return nil, err
	}
	return blueprint.Organization(all, keepers), nil
}

func (c Cell) blueprint() blueprint.Cell {
	of := blueprint.Cell{Origin: c.Genesis.Origin, Issuers: c.Genesis.AWS.Issuers, Groups: c.Genesis.Groups, Organization: c.Genesis.AWS.Organization}
	for i := range c.Genesis.AWS.Accounts {
		a := &c.Genesis.AWS.Accounts[i]
		of.Accounts = append(of.Accounts, blueprint.Account{
			ID: a.ID, Number: a.Account, Partition: a.In(), Regions: a.Regions, Management: a.Management, Other: a.Other, Door: a.Door, Base: a.Base, Reader: a.Reader,
		})
	}
	if center := c.Genesis.AWS.Center; center != nil {
		of.Center = &blueprint.Center{Instance: center.Instance, Region: center.Region, Account: center.Account, Denial: center.Denial}
	}
	for _, id := range slices.Sorted(maps.Keys(c.Scenarios)) {
		of.Scenarios = append(of.Scenarios, c.Scenarios[id])
	}
	return of
}

// Procedure is the procedure of a scenario that the cell has. Places says what of
// the cell its document does not say: its genesis, its address, and its people.
func (c Cell) Procedure(scenario string, places Places) Procedure {
	of := procedure.Cell{
		Origin: c.Genesis.Origin, Genesis: places.Genesis, Server: places.Server, People: places.People,
		Groups: c.Genesis.Groups, Security: c.Genesis.Security,
	}
	for _, h := range c.Genesis.Hosts {
		of.Hosts = append(of.Hosts, procedure.Host{ID: h.ID, Address: h.Address, Other: h.Other})
	}
	for _, p := range c.Genesis.Programs {
		of.Programs = append(of.Programs, procedure.Program{ID: p.ID, Opens: p.Opens, Other: p.Other})
	}
	for i := range c.Genesis.AWS.Accounts {
		a := &c.Genesis.AWS.Accounts[i]
		of.Accounts = append(of.Accounts, procedure.Account{
			ID: a.ID, Number: a.Account, ARN: strings.TrimSuffix(a.ARN(""), ":"), Regions: strings.Join(a.Regions, ", "), Other: a.Other,
		})
	}
	if center := c.Genesis.AWS.Center; center != nil {
		of.Center = &procedure.Center{Instance: center.Instance, Region: center.Region, Store: center.Store, Portal: center.Portal, Denial: center.Denial}
	}
	return procedure.Write(of, c.Scenarios[scenario])
}
