package config

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"text/template"

	"github.com/go-json-experiment/json"
)

//go:embed starter/*.tmpl
var starters embed.FS

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
	templates, err := template.New("").Funcs(template.FuncMap{"quote": quoteYAML}).ParseFS(starters, "starter/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("cannot read the files of a new cell: %w", err)
	}
	values := struct {
		Starter
		Groups                  []string
		ChangeCount, LeadsCount int
		Two                     bool // a requester and two approvers
		Host                    string
	}{s, []string{"on-call", "leads", "security"}, min(2, max(1, len(s.People)-1)), min(2, max(1, len(s.People)-2)), len(s.People) > 2, "db1"}
	if len(s.Hosts) > 0 {
		values.Host = s.Hosts[0].ID
	}
	files := make(map[string][]byte)
	for path, name := range map[string]string{
		CellFile: "cell.yaml.tmpl",
		ScenariosDir + "/database-locked-out.yaml":              "database-locked-out.yaml.tmpl",
		ScenariosDir + "/host-unreachable-by-normal-login.yaml": "host-unreachable-by-normal-login.yaml.tmpl",
	} {
		var out bytes.Buffer
		if err := templates.ExecuteTemplate(&out, name, values); err != nil {
			return nil, fmt.Errorf("cannot write %s: %w", path, err)
		}
		files[path] = out.Bytes()
	}
	return files, nil
}

// quoteYAML writes a value in quotation marks, so that nothing in it can begin a
// key or a line. A JSON string is a YAML string.
func quoteYAML(value string) (string, error) {
	data, err := json.Marshal(value)
	return string(data), err
}
