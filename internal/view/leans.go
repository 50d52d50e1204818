package view

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Leans is what a scenario leans on when it is used.
type Leans struct {
	Scenario string
	Hosts    []string
	Roles    []LeansOn // of AWS accounts
	Channels []string  // that hear of it
	Unseen   []string  // targets that no server can look at: root tasks, permission sets, programs
	Widens   int       // rungs of its ladder that ask more people
	Solo     bool      // the last of them lets whoever asked go in alone
	Sealed   bool      // it opens an envelope
}

// LeansOn is a role of an AWS account, and the target that opens it.
type LeansOn struct{ Target, Account, Role string }

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
			all = append(all, l)
		}
		return all
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
