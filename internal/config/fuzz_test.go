package config_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// corpus is the good samples and the broken ones of a kind of file.
func corpus(f *testing.F, file string) {
	f.Helper()
	seeds := 0
	add := func(data []byte) {
		f.Add(data)
		seeds++
	}
	for _, folder := range []string{"testdata/good/small", "testdata/good/full", "testdata/server"} {
		names, err := filepath.Glob(filepath.Join(folder, file))
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range names {
			add(readFile(f, name))
		}
	}
	for _, text := range []string{
		"", "\n", "#", "a", "a:", "a: b", "- a", "[", "{", "{a", "'", "\"", "|", "a: |\n  b", "a: >-\n b\n c", "? a", "*a", "&a b", "!!x", "%Y", "---", "...",
		"a: {b: [c, {d: e}]}", "a: [", "a: b: c", "a:\n\tb", "a: \"\\u202e\"", "name: !!binary x", "<<: {a: b}", "a: 1e999999999", "a: .inf", "a: 0x7fffffffffffffffff",
		strings.Repeat("[", 100), strings.Repeat("- ", 100), strings.Repeat("a:\n ", 50), strings.Repeat("{a: ", 40), "\ufeffa: b", "a: \xff", "a\r\nb: c\r\n",
	} {
		add([]byte(text))
	}
	if seeds < 30 {
		f.Fatalf("%d seeds", seeds)
	}
}

// wellFormed holds every problem to one line in a place of the file, without
// anything that commands a terminal.
func wellFormed(t *testing.T, problems []config.Problem, name string, data []byte) {
	t.Helper()
	lines := bytes.Count(data, []byte("\n")) + 1
	for _, p := range problems {
		if p.What == "" || p.Mend == "" || p.File == "" || p.Severity != config.Error && p.Severity != config.Warning {
			t.Errorf("problem lacks something: %+v", p)
		}
		if p.Line < 0 || p.Column < 0 || p.File == name && p.Line > lines+1 {
			t.Errorf("problem is in line %d of %d: %v", p.Line, lines, p)
		}
		for _, text := range []string{p.File, p.What, p.Mend} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
				t.Errorf("problem cannot be printed: %q", text)
			}
		}
	}
}

func salts() []byte {
	entries := make(map[string]canon.Key32)
	for i, id := range []string{"anna", "ben", "cara", "dan", "eva"} {
		entries[id+" name"], entries[id+" contact"] = canon.Key32{1, byte(i)}, canon.Key32{2, byte(i)}
	}
	return canon.MustEncode(map[string]any{"notes": "v1", "salts": entries})
}

// fuzzFolder lints and compiles a folder with one file in the place of a good one:
// what Lint has no error for, and has a salt, is what the law reads.
func fuzzFolder(t *testing.T, base fstest.MapFS, name string, data []byte) {
	t.Helper()
	files := fstest.MapFS{}
	for path, file := range base {
		files[path] = file
	}
	files[name] = &fstest.MapFile{Data: data, Mode: 0o600}
	problems := config.LintFS(files)
	wellFormed(t, problems, name, data)
	bundle, err := config.CompileFS(files, fixedKeys())
	if config.HasErrors(problems) {
		if err == nil {
			t.Errorf("compiled in spite of %v", problems)
		}
		return
	}
	if err != nil {
		if !isSaltOrKey(err) {
			t.Errorf("Lint has no error, Compile says: %v", err)
		}
		return
	}
	again, err := config.CompileFS(files, fixedKeys())
	if err != nil || !bytes.Equal(bundle.GenesisBytes, again.GenesisBytes) {
		t.Errorf("compiled twice to different bytes: %v", err)
	}
}

// fixedKeys are machineKeys made once.
var fixedKeys = sync.OnceValue(func() config.MachineKeys {
	_, vkey, err := ledger.GenerateKey(&counter{}, "halligan.example.com")
	_, other, err2 := ledger.GenerateKey(&counter{n: 4096}, "halligan.example.com")
	if err != nil || err2 != nil {
		panic("no ledger keys")
	}
	return config.MachineKeys{Ledger: vkey, Revocations: other, Authority: authority}
})

func smallFS(t testing.TB) fstest.MapFS {
	t.Helper()
	return fstest.MapFS{
		"cell.yaml":                 {Data: readFile(t, "testdata/good/small/cell.yaml"), Mode: 0o600},
		"scenarios/locked-out.yaml": {Data: readFile(t, "testdata/good/small/scenarios/locked-out.yaml"), Mode: 0o600},
		"notes.json":                {Data: salts(), Mode: 0o600},
	}
}

func FuzzCell(f *testing.F) {
	corpus(f, "cell.yaml")
	base := smallFS(f)
	f.Fuzz(func(t *testing.T, data []byte) { fuzzFolder(t, base, "cell.yaml", data) })
}

func FuzzScenario(f *testing.F) {
	corpus(f, "scenarios/*.yaml")
	base := smallFS(f)
	f.Fuzz(func(t *testing.T, data []byte) { fuzzFolder(t, base, "scenarios/locked-out.yaml", data) })
}

// FuzzIAM reads policies of roles: whatever is in the file, what Lint takes is what
// the law takes.
func FuzzIAM(f *testing.F) {
	base := fstest.MapFS{"notes.json": {Data: salts(), Mode: 0o600}}
	names, err := filepath.Glob("testdata/good/aws/*/*")
	if err != nil || len(names) < 5 {
		f.Fatalf("%d files, %v", len(names), err)
	}
	for _, name := range append(names, "testdata/good/aws/cell.yaml") {
		data := readFile(f, name)
		base[strings.TrimPrefix(filepath.ToSlash(name), "testdata/good/aws/")] = &fstest.MapFile{Data: data, Mode: 0o600}
		f.Add(data)
	}
	for _, text := range []string{
		"", "{}", "[]", "null", "{", `{"a":1}{}`, `{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}`, strings.Repeat("[", 100), "\"\\ud800\"",
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["*",1,true],"Resource":"*","Condition":{"a":{"b:c":[1e999,false,"x"]}}}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { fuzzFolder(t, base, "policies/database.json", data) })
}

func FuzzServer(f *testing.F) {
	corpus(f, "server.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		server, problems := config.ParseServer(data, "testdata/server")
		wellFormed(t, problems, config.ServerFile, data)
		if !config.HasErrors(problems) && (server.Listen == "" || server.MetricsListen == "" || server.DataFolder == "" || server.Limits.Streams < 1) {
			t.Errorf("settings without a problem and without a value: %+v", server)
		}
	})
}

func FuzzNotes(f *testing.F) {
	base := smallFS(f)
	f.Add(salts())
	for _, text := range []string{"", "{}", "[]", "null", `{"notes":"v2","salts":{}}`, `{"notes":"v1","salts":null}`, `{"notes":"v1","salts":{"anna name":"00"}}`, `{"salts":{},"notes":"v1"}`} {
		f.Add([]byte(text))
	}
	good, err := config.CompileFS(base, fixedKeys())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		files := fstest.MapFS{"cell.yaml": base["cell.yaml"], "scenarios/locked-out.yaml": base["scenarios/locked-out.yaml"], "notes.json": {Data: data, Mode: 0o600}}
		bundle, err := config.CompileFS(files, fixedKeys())
		if err == nil && bytes.Equal(bundle.GenesisBytes, good.GenesisBytes) != bytes.Equal(data, salts()) && !bytes.Contains(data, []byte("anna name")) {
			t.Errorf("compiled with %q", data)
		}
	})
}

// TestLargeFiles: the largest file of the worst kind is judged in a time that a
// person would wait for.
func TestLargeFiles(t *testing.T) {
	base := smallFS(t)
	for name, unit := range map[string]string{
		"keys": "a: 1\n", "hyphens": "- ", "brackets": "[", "braces": "{a: ", "quotes": "\"a\" ", "text": "a ", "colons": "a: ", "comments": "#\n", "block": "a: |\n  x\n",
		"lines": "\n", "commas": "[a, ", "escapes": "\"\\u0041\" ",
	} {
		data := []byte(strings.Repeat(unit, config.FileLimit/len(unit)))
		started := time.Now()
		base["cell.yaml"] = &fstest.MapFile{Data: data, Mode: 0o600}
		wellFormed(t, config.LintFS(base), "cell.yaml", data)
		t.Logf("%s: %v", name, time.Since(started))
		if took := time.Since(started); took > 20*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	over := bytes.Repeat([]byte("#\n"), config.FileLimit/2+1)
	base["cell.yaml"] = &fstest.MapFile{Data: over, Mode: 0o600}
	if problems := config.LintFS(base); len(problems) == 0 || problems[0].What != "has more than 1048576 bytes" {
		t.Errorf("over the limit: %v", problems)
	}
}

// FuzzAWSKeys: what is taken has both keys, and nothing that ends a line or a header.
func FuzzAWSKeys(f *testing.F) {
	f.Add("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = a/b=\naws_session_token=t\n")
	f.Add("[default]\r\n#\naws_access_key_id\n=")
	f.Fuzz(func(t *testing.T, text string) {
		keys, ok := config.DecodeAWSKeys(text)
		if !ok {
			return
		}
		for _, key := range [][]byte{keys.ID.Key(), keys.Secret.Key(), append([]byte("x"), keys.Token.Key()...)} {
			if len(key) == 0 || bytes.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Fatalf("%q was taken for a key", key)
			}
		}
	})
}
