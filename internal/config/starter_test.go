package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/config"
)

// sampleKeys are the six keys of testdata/good/small: four people's, a host's and
// its reports'.
func sampleKeys(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/good/small/cell.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, part := range strings.Split(string(data), "ssh-ed25519 ")[1:] {
		keys = append(keys, "ssh-ed25519 "+part[:68])
	}
	if len(keys) != 6 {
		t.Fatalf("%d keys in the sample, want 6", len(keys))
	}
	return keys
}

func starter(t *testing.T, people int) config.Starter {
	t.Helper()
	keys := sampleKeys(t)
	s := config.Starter{
		Name:     "halligan.example.com",
		Channels: []string{"pager"},
		Hosts:    []config.StarterHost{{ID: "db1", Address: "127.0.0.1:2222", Keys: keys[4:5], Report: keys[5], OtherWay: "console"}},
	}
	for i := range people {
		id := fmt.Sprintf("person%d", i+1)
		s.People = append(s.People, config.StarterPerson{ID: id, Name: "Person " + id, Contact: "call: \"7\" # " + id, Keys: keys[i : i+1]})
	}
	return s
}

func written(t *testing.T, s config.Starter) string {
	t.Helper()
	files, err := s.Files()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, data := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestStarterIsClean(t *testing.T) {
	folder := written(t, starter(t, 4))
	if got := render(config.Lint(folder)); got != "" {
		t.Errorf("Lint of a new cell of four:\n%s", got)
	}
	if _, err := config.FillNotes(folder, &counter{}); err != nil {
		t.Fatal(err)
	}
	bundle := compiled(t, folder)
	if len(bundle.Scenarios) != 2 {
		t.Errorf("%d scenarios, want 2", len(bundle.Scenarios))
	}
	if got := bundle.Notes[1].Text; got != `call: "7" # person1` {
		t.Errorf("contact = %q", got)
	}
}

// TestStarterSaysWhatIsMissing: three people have no reserve, fewer no quorum,
// and without hosts there is nothing to open.
func TestStarterSaysWhatIsMissing(t *testing.T) {
	for people, want := range map[int]config.Severity{3: config.Warning, 2: config.Warning, 1: config.Error} {
		problems := config.Lint(written(t, starter(t, people)))
		if len(problems) == 0 || config.HasErrors(problems) != (want == config.Error) {
			t.Errorf("%d people: %v, want a %s", people, render(problems), want)
		}
	}
	s := starter(t, 4)
	s.Hosts = nil
	problems := config.Lint(written(t, s))
	if len(problems) != 2 || problems[0].What != `host "db1" does not exist` {
		t.Errorf("without hosts: %s", render(problems))
	}
	s = starter(t, 4)
	s.Channels, s.Trial = nil, true
	if problems := config.Lint(written(t, s)); len(problems) != 2 || config.HasErrors(problems) {
		t.Errorf("without channels: %s", render(problems))
	}
	s = starter(t, 4)
	s.Hosts, s.People[0].Keys = []config.StarterHost{{ID: "db1", Address: "db1:22"}}, nil
	want := []string{
		"person person1 has no key: person1 could sign nothing",
		"host db1 has no host key: a probe could not tell it from another",
		"report_key is empty", "other_way is empty",
	}
	var got []string
	for _, p := range config.Lint(written(t, s)) {
		got = append(got, p.What)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("a host to fill in (-want +got):\n%s", diff)
	}
	if _, err := (config.Starter{}).Files(); err == nil {
		t.Error("a cell without a name and people was begun")
	}
}

// TestStarterValuesStayValues: what somebody typed cannot become a key, a line or
// a comment (T41).
func TestStarterValuesStayValues(t *testing.T) {
	s := starter(t, 4)
	hostile := "x\"\ntrial: true #\nfounders: [person1] {{.}} ${HOME}"
	s.People[0].Name = hostile
	folder := written(t, s)
	if got := render(config.Lint(folder)); got != "" {
		t.Fatalf("Lint:\n%s", got)
	}
	if _, err := config.FillNotes(folder, &counter{}); err != nil {
		t.Fatal(err)
	}
	bundle := compiled(t, folder)
	if bundle.Genesis.Trial || len(bundle.Genesis.Founders) != 4 || bundle.Notes[0].Text != hostile {
		t.Errorf("genesis = %s", bundle.GenesisBytes)
	}
}
