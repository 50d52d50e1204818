package cli

import (
	"maps"
	"slices"
)

// completable are the ids of a cell that shells complete, by what asks for them.
var completable = map[string]func(*scenarioBook) []string{
	"scenarios": func(b *scenarioBook) []string { return slices.Sorted(maps.Keys(b.Scenarios)) },
	"people": func(b *scenarioBook) (ids []string) {
		for _, person := range b.genesis.People {
			ids = append(ids, person.ID)
		}
		return ids
	},
	"envelopes": func(b *scenarioBook) (names []string) {
		for _, id := range slices.Sorted(maps.Keys(b.Scenarios)) {
			for _, open := range b.Scenarios[id].Opens {
				if open.Envelope != nil && !slices.Contains(names, open.Envelope.Name) {
					names = append(names, open.Envelope.Name)
				}
			}
		}
		return names
	},
	"accounts": func(b *scenarioBook) (ids []string) {
		for i := range b.genesis.AWS.Accounts {
			ids = append(ids, b.genesis.AWS.Accounts[i].ID)
		}
		return ids
	},
}

// completeCommand is for the scripts of `completion`. It speaks to nobody: a shell
// that waits for a server while somebody types is worse than one that completes
// nothing.
type completeCommand struct {
	What  string `arg:"" enum:"scenarios,people,envelopes,accounts" help:"Which ids."`
	Files string `help:"Of a folder with cell.yaml." placeholder:"DIR"`
	profileFlags
}

// Run prints a line for each.
func (s completeCommand) Run(c *call) error {
	book, err := s.book(c)
	if err != nil {
		return err
	}
	ids := append([]string{}, completable[s.What](book)...)
	return c.answer(ids, func() {
		for _, id := range ids {
			c.say("%s", id)
		}
	})
}

func (s completeCommand) book(c *call) (*scenarioBook, error) {
	if s.Files != "" {
		return filesBook(s.Files)
	}
	m, err := c.reader(s.profileFlags)
	if err != nil {
		return nil, err
	}
	book, _, err := m.keptBook()
	return book, err
}
