package view

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Leans is what a scenario leans on when it is used.
type Leans struct {
	Scenario string
	Hosts    []string
	Roles    []LeansOn // of AWS accounts
	Sets     []LeansOnSet
	Accounts []string // of AWS, that it opens something in, or by way of
	Channels []string // that hear of it
	Unseen   []string // targets that no server can look at: root tasks, programs
	Widens   int      // rungs of its ladder that ask more people
	Solo     bool     // the last of them lets whoever asked go in alone
	Sealed   bool     // it opens an envelope
}

// LeansOn is a role of an AWS account, and the target that opens it.
type LeansOn struct{ Target, Account, Role string }

// LeansOnSet is a permission set, the account that it is given in, and the target that
// gives it.
type LeansOnSet struct{ Target, Account, Set string }

// Leans gives it of every scenario, by id.
func (c *Cell) Leans() []Leans {
	return read(c, func(s *state) []Leans {
		all := []Leans{}
		for _, id := range slices.Sorted(maps.Keys(s.Scenarios)) {
			of := s.Scenarios[id]
			l := Leans{Scenario: id}
			for _, open := range of.Opens {
				switch {
				case open.SSH != nil:
					l.Hosts = append(l.Hosts, open.SSH.Host)
				case open.AWS != nil:
					l.Roles = append(l.Roles, LeansOn{open.AWS.Name, open.AWS.Account, open.AWS.Role})
				case open.IdentityCenter != nil:
					l.Sets = append(l.Sets, LeansOnSet{open.IdentityCenter.Name, open.IdentityCenter.Account, open.IdentityCenter.Set})
				case open.Envelope != nil:
					l.Sealed = true
				default:
					l.Unseen = append(l.Unseen, open.Name())
				}
			}
			for _, channel := range s.Genesis.Channels {
				if cell.Hears(of.Alarms.To, channel.ID) {
					l.Channels = append(l.Channels, channel.ID)
				}
			}
			for _, rung := range of.Ladder {
				if rung.Solo != nil {
					l.Solo = true
				} else {
					l.Widens++
				}
			}
			slices.Sort(l.Hosts)
			l.Hosts = slices.Compact(l.Hosts)
			l.Accounts = s.accountsOf(of)
			all = append(all, l)
		}
		return all
	})
}

// accountsOf are the AWS accounts that a scenario leans on, by id, each once.
func (s *state) accountsOf(of *access.Scenario) (all []string) {
	for _, open := range of.Opens {
		switch {
		case open.AWS != nil:
			all = append(all, open.AWS.Account)
		case open.RootTask != nil:
			all = append(all, open.RootTask.Account, open.RootTask.Through)
		case open.IdentityCenter != nil:
			all = append(all, open.IdentityCenter.Account)
			if center := s.Genesis.AWS.Center; center != nil {
				all = append(all, center.Account)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// CloudAccount is an AWS account of the cell.
type CloudAccount struct {
	ID, Number string
	Management bool // of the organisation
	Reader     bool // the server may read what it says of itself
}

// Cloud is what the cell has in AWS.
type Cloud struct {
	Accounts     []CloudAccount
	Organization string // id of the account that reads the organisation; empty: none does
}

// Cloud gives it.
func (c *Cell) Cloud() Cloud {
	return read(c, func(s *state) (of Cloud) {
		if s.Genesis == nil {
			return of
		}
		of.Organization = s.Genesis.AWS.Organization
		for i := range s.Genesis.AWS.Accounts {
			a := &s.Genesis.AWS.Accounts[i]
			of.Accounts = append(of.Accounts, CloudAccount{ID: a.ID, Number: a.Account, Management: a.Management, Reader: a.Reader})
		}
		return of
	})
}

// Issuers are where the keys of the cell's tokens for AWS are shown.
func (c *Cell) Issuers() []string {
	return read(c, func(s *state) []string {
		if s.Genesis == nil {
			return nil
		}
		return slices.Clone(s.Genesis.AWS.Issuers)
	})
}

// Readers are the AWS accounts that the server may read.
func (c *Cell) Readers() []string {
	return read(c, func(s *state) (ids []string) {
		if s.Genesis == nil {
			return nil
		}
		for i := range s.Genesis.AWS.Accounts {
			if a := &s.Genesis.AWS.Accounts[i]; a.Reader {
				ids = append(ids, a.ID)
			}
		}
		return ids
	})
}

// Took says when each channel last took an alarm, as far back as is known.
func (c *Cell) Took() map[string]canon.Time {
	return read(c, func(s *state) map[string]canon.Time { return maps.Clone(s.learned.took) })
}
