package config

import (
	"errors"
	"fmt"
)

// Starter is what a new cell begins with.
type Starter struct {
	Name     string // public host name
	People   []StarterPerson
	Hosts    []StarterHost // none: an example in a comment, and lint asks for it
	Channels []string      // ids of webhooks; none: an example in a comment
	Trial    bool
}

// StarterPerson is a founder.
type StarterPerson struct {
	ID, Name, Contact string
	Keys              []string // authorized_keys lines
}

// StarterHost is a host to begin with; the example scenarios open the first.
type StarterHost struct {
	ID, Address string
	Keys        []string // authorized_keys lines
	Report      string   // authorized_keys line
	OtherWay    string
}

// Files are cell.yaml and two example scenarios by path, with comments that say
// what each part is for. With four people or more, a host and a channel Lint has
// nothing to say about them; with three it warns that SEV1 has no reserve, and
// with less it says what is missing.
func (s Starter) Files() (map[string][]byte, error) {
	if s.Name == "" || len(s.People) == 0 {
		return nil, errors.New("cannot begin a cell without a name and a person")
	}
	groups := []string{"on-call", "leads", "security"}
	values := struct {
		Starter
		filled
		Groups      []string
		Channels    []string // of the two that have them
		ChangeCount int
	}{s, filled{Channels: s.Channels, Two: len(s.People) > 2, LeadsCount: min(2, max(1, len(s.People)-2)), Host: "db1"}, groups, s.Channels, min(2, max(1, len(s.People)-1))}
	if len(s.Hosts) > 0 {
		values.Host = s.Hosts[0].ID
	}
	files := make(map[string][]byte)
	for path, template := range map[string]string{
		CellFile: "starter/cell.yaml.tmpl",
		ScenariosDir + "/" + databaseLockedOut + ".yaml":        "builtin/" + databaseLockedOut + ".yaml.tmpl",
		ScenariosDir + "/host-unreachable-by-normal-login.yaml": "starter/host-unreachable-by-normal-login.yaml.tmpl",
	} {
		data, err := render(template, values, func(name string) string { return name })
		if err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", path, err)
		}
		files[path] = data
	}
	return files, nil
}
