package config

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"text/template"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/canon"
	law "github.com/halligan-dev/halligan/internal/cell"
)

//go:embed builtin/*.tmpl builtin/*.json starter/*.tmpl
var templates embed.FS

// builtins are the scenarios that come with the program, in the order in which
// they are listed. The last is one that every new cell begins with.
var builtins = []string{
	"identity-provider-down", "federation-broken", "identity-center-or-region-down", "deploy-pipeline-broken",
	"security-containment", "data-loss", "key-person-unavailable", "root-recovery", "cluster-control-plane",
	databaseLockedOut,
}

const databaseLockedOut = "database-locked-out"

// Builtin is a scenario that comes with the program, as it is before anybody
// changed it.
type Builtin struct {
	ID           string   `json:"scenario"`
	Title        string   `json:"title"`
	UseWhen      []string `json:"use_when"`
	DoNotUseWhen []string `json:"do_not_use_when"`
	Groups       []string `json:"groups"`              // that it names, as the built-ins call them; sorted
	Host         bool     `json:"host,omitzero"`       // it opens a host
	Envelopes    []string `json:"envelopes,omitempty"` // that it opens
	Role         string   `json:"role,omitempty"`      // of AWS, that it opens as well where an account is named
	Solo         []string `json:"solo,omitempty"`      // what its requester may open alone when nobody answers
}

// Builtins lists them.
func Builtins() ([]Builtin, error) {
	var all []Builtin
	for _, id := range builtins {
		b, _, err := (Filling{Host: "host", Account: "account", regions: []string{"eu-west-1"}, Solo: true}).read(id)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
	}
	return all, nil
}

// Filling is what a built-in scenario is filled in with: the names of one cell.
type Filling struct {
	Host    string            // empty where it opens none
	Program string            // empty: it opens none
	Account string            // of AWS; empty: it opens no role
	Groups  map[string]string // of the cell, by the names that the built-ins use; absent: the same name
	Solo    bool              // somebody could go in alone, and somebody would hear of it
	regions []string          // of the account
}

// ErrNoBuiltin says that no scenario of that name comes with the program.
var ErrNoBuiltin = errors.New("no such scenario comes with the program")

// ErrUnfit says that a cell lacks what a scenario names.
var ErrUnfit = errors.New("the cell lacks what the scenario names")

// Scenario is the file of a built-in scenario.
func (f Filling) Scenario(id string) ([]byte, error) {
	_, data, err := f.read(id)
	return data, err
}

// Policy is the file of the most that a built-in scenario's role may do, and its
// name in the folder of the cell; nil where the filling opens no role.
func (f Filling) Policy(id string) (name string, data []byte, err error) {
	name = PoliciesDir + "/" + id + iamSuffix
	if f.Account == "" || !slices.Contains(builtins, id) {
		return name, nil, nil
	}
	data, err = fs.ReadFile(templates, "builtin/"+id+iamSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %s opens no role of AWS", ErrUnfit, id)
	}
	return name, data, err
}

// For is the filling with what it does not say taken from the cell of a folder:
// its first host, and whether anybody could go in alone there. It fails with ErrUnfit where the cell has no group, host or
// program of a name that the scenario would have.
func (f Filling) For(folder, id string) (Filling, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return f, fmt.Errorf("cannot read %s: %w", CellFile, reason(err))
	}
	found := &findings{}
	cell := readCell(found, root.FS())
	if err := root.Close(); err != nil || cell == nil {
		return f, errors.Join(err, &BrokenError{found.sorted()})
	}
	wanted, _, err := Filling{Host: "host"}.read(id)
	if err != nil {
		return f, err
	}
	hosts := cell.hostIDs()
	if f.Host == "" && wanted.Host && len(hosts) > 0 {
		f.Host = hosts[0]
	}
	if wanted.Host && !slices.Contains(hosts, f.Host) {
		return f, fmt.Errorf("%w: it opens a host, and there is no host %q", ErrUnfit, f.Host)
	}
	if f.Program != "" && !slices.Contains(cell.programIDs(), f.Program) {
		return f, fmt.Errorf("%w: there is no program %q", ErrUnfit, f.Program)
	}
	if f.Account != "" {
		i := slices.IndexFunc(cell.aws.Accounts, func(a law.Account) bool { return a.ID == f.Account })
		if i < 0 {
			return f, fmt.Errorf("%w: there is no AWS account %q", ErrUnfit, f.Account)
		}
		f.regions = cell.aws.Accounts[i].Regions
		if _, _, err := f.Policy(id); err != nil {
			return f, err
		}
	}
	for _, name := range wanted.Groups {
		if _, ok := cell.groups[f.group(name)]; !ok {
			return f, fmt.Errorf("%w: there is no group %s", ErrUnfit, f.group(name))
		}
	}
	f.Solo = len(cell.file.Channels) > 0 && slices.ContainsFunc(cell.groups[f.group("on-call")], func(p string) bool { return cell.secure[p] })
	return f, nil
}

// group is what a cell calls a group of the built-ins.
func (f Filling) group(name string) string {
	if own, ok := f.Groups[name]; ok {
		return own
	}
	return name
}

// filled are the values of the templates. What only a new cell's are filled in
// with stands in Starter.
type filled struct {
	Host, Program string
	Account       string // of AWS
	Regions       []string
	Channels      []string
	Two, Ladder   bool // a requester and two approvers; a ladder
	Solo          bool // which ends alone
	LeadsCount    int
}

// read fills in a scenario and reads it back.
func (f Filling) read(id string) (Builtin, []byte, error) {
	if !slices.Contains(builtins, id) {
		return Builtin{}, nil, fmt.Errorf("%q: %w", id, ErrNoBuiltin)
	}
	groups := map[string]bool{}
	name := ScenariosDir + "/" + id + ".yaml"
	data, err := render("builtin/"+id+".yaml.tmpl", filled{Host: f.Host, Program: f.Program, Account: f.Account, Regions: f.regions, Two: true, Ladder: true, Solo: f.Solo, LeadsCount: 2}, func(name string) string {
		groups[name] = true
		return f.group(name)
	})
	if err != nil {
		return Builtin{}, nil, fmt.Errorf("cannot write %s: %w", name, err)
	}
	found := &findings{}
	root := parse(name, data, found)
	if root == nil {
		return Builtin{}, nil, &BrokenError{found.sorted()}
	}
	s := scenarioOf(found, root, name, nil)
	if HasErrors(found.list) {
		return Builtin{}, nil, &BrokenError{found.sorted()}
	}
	b := Builtin{ID: id, Title: s.out.Title, UseWhen: s.out.UseWhen, DoNotUseWhen: s.out.DoNotUseWhen, Groups: slices.Sorted(maps.Keys(groups))}
	if solo := s.out.Solo(); solo != nil {
		b.Solo = solo.Opens
	}
	for _, open := range s.out.Opens {
		b.Host = b.Host || open.SSH != nil
		if open.AWS != nil {
			b.Role = open.AWS.Role
		}
		if open.Envelope != nil {
			b.Envelopes = append(b.Envelopes, open.Envelope.Name)
		}
	}
	return b, data, nil
}

// render fills in a template. What is filled in is quoted, unless it is an id, so
// that nothing in it can begin a key or a line.
func render(file string, values any, group func(string) string) ([]byte, error) {
	reference := func(name string) (string, error) {
		if own := group(name); canon.CheckID(own) == nil {
			return "group:" + own, nil
		}
		return quoteYAML("group:" + group(name))
	}
	source, err := fs.ReadFile(templates, file)
	if err != nil {
		return nil, err
	}
	t, err := template.New(file).Funcs(template.FuncMap{"quote": quoteYAML, "group": reference}).Parse(string(source))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, values)
	return out.Bytes(), err
}

// quoteYAML writes a value in quotation marks, so that nothing in it can begin a
// key or a line. A JSON string is a YAML string.
func quoteYAML(value string) (string, error) {
	data, err := json.Marshal(value)
	return string(data), err
}
