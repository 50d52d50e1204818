package config_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/halligan-dev/halligan/internal/config"
)

func compiledSchemas(t *testing.T) (map[config.Kind]*jsonschema.Schema, map[config.Kind]map[string]any) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	raw := make(map[config.Kind]map[string]any)
	for _, kind := range config.Kinds {
		data, err := config.Schema(kind)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if err := compiler.AddResource("https://schema.invalid/"+string(kind)+".json", document); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		raw[kind] = document.(map[string]any)
		if got, want := raw[kind]["$id"], string(kind)+".json"; got != want {
			t.Errorf("$id = %v, want %v", got, want)
		}
	}
	schemas := make(map[config.Kind]*jsonschema.Schema)
	for _, kind := range config.Kinds {
		schema, err := compiler.Compile("https://schema.invalid/" + string(kind) + ".json")
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		schemas[kind] = schema
	}
	return schemas, raw
}

// plainYAML reads a file as a schema sees it.
func plainYAML(t *testing.T, data []byte) any {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(data, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func kindOf(path string) config.Kind {
	switch filepath.Base(path) {
	case config.CellFile:
		return config.CellKind
	case config.ServerFile:
		return config.ServerKind
	case config.WitnessFile:
		return config.WitnessKind
	default:
		return config.ScenarioKind
	}
}

func TestGoodSamplesFitTheSchemas(t *testing.T) {
	schemas, _ := compiledSchemas(t)
	seen := 0
	for _, pattern := range []string{"testdata/good/*/cell.yaml", "testdata/server/*.yaml", "testdata/witness/*.yaml", "testdata/good/*/scenarios/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no files, %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := schemas[kindOf(file)].Validate(plainYAML(t, data)); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			seen++
		}
	}
	if seen < 6 {
		t.Errorf("%d files seen", seen)
	}
}

// TestSchemasRefuse: a schema that lets everything pass would pass the test above.
func TestSchemasRefuse(t *testing.T) {
	schemas, _ := compiledSchemas(t)
	for _, name := range []string{
		"cell-unknown-key", "cell-founders-none", "cell-name-upper", "cell-name-number", "cell-change-zero", "cell-pending-number", "cell-pending-days",
		"cell-witnesses", "cell-recovery", "cell-trial-text", "cell-host-no-other-way", "cell-host-address", "cell-channel-kind", "cell-key-type",
		"scenario-unknown-key", "scenario-evidence", "scenario-training", "scenario-opens-postgres", "scenario-severity", "scenario-quorum-empty",
		"scenario-principals-none", "scenario-principals-star", "scenario-permit", "scenario-source-address-text",
		"server-unknown-key", "server-limits", "server-tls-half", "server-secret-inline-key", "server-webhook-scheme",
		"server-mail-server", "server-mail-missing", "server-sns", "server-names",
	} {
		folder := t.TempDir()
		archive := readArchive(t, filepath.Join("testdata/broken", name+".txtar"))
		breakFolder(t, folder, archive)
		file := config.CellFile
		switch {
		case strings.HasPrefix(name, "scenario-"):
			file = "scenarios/locked-out.yaml"
		case strings.HasPrefix(name, "server-"):
			file = config.ServerFile
		}
		data, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			t.Fatal(err)
		}
		if schemas[kindOf(file)].Validate(plainYAML(t, data)) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

// TestSchemasNameEveryKey: the keys of the structs and of the schemas are the same.
func TestSchemasNameEveryKey(t *testing.T) {
	_, raw := compiledSchemas(t)
	for _, kind := range config.Kinds {
		w := walker{raw: raw, kind: kind}
		w.walk("", raw[kind])
		slices.Sort(w.keys)
		keys := config.Keys(kind)
		if len(keys) < 6 {
			t.Errorf("%s: %d keys", kind, len(keys))
		}
		slices.Sort(keys)
		for _, key := range keys {
			if !slices.Contains(w.keys, key) {
				t.Errorf("%s: the schema does not know %s", kind, key)
			}
		}
		for _, key := range w.keys {
			if !slices.Contains(keys, key) {
				t.Errorf("%s: the schema knows %s, the file has no such key", kind, key)
			}
		}
	}
	if config.Keys("other") != nil {
		t.Error("an unknown kind has keys")
	}
	if _, err := config.Schema("other"); err == nil {
		t.Error("an unknown kind has a schema")
	}
}

// walker collects the keys of a schema in the form of config.Keys.
type walker struct {
	raw  map[config.Kind]map[string]any
	kind config.Kind
	keys []string
}

func (w *walker) walk(path string, schema map[string]any) {
	if reference, ok := schema["$ref"].(string); ok {
		from := w.kind
		w.walk(path, w.find(reference))
		w.kind = from
		return
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		for name, value := range properties {
			full := strings.TrimPrefix(path+"."+name, ".")
			w.keys = append(w.keys, full)
			w.walk(full, value.(map[string]any))
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		w.walk(path+"[]", items)
	}
	if chosen, ok := schema["additionalProperties"].(map[string]any); ok {
		w.walk(path+".*", chosen)
	}
}

func (w *walker) find(reference string) map[string]any {
	file, name, _ := strings.Cut(reference, "#/$defs/")
	if file != "" {
		w.kind = config.Kind(strings.TrimSuffix(file, ".json"))
	}
	found, ok := w.raw[w.kind]["$defs"].(map[string]any)[name].(map[string]any)
	if !ok {
		panic(fmt.Sprintf("no %s in the schemas", reference))
	}
	return found
}
