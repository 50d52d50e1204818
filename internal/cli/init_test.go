package cli_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// foundedAt writes a cell's files into a folder, filled in and signed by every
// founder, and gives the private key of each.
func foundedAt(t *testing.T, folder string) (keys map[string]string) {
	t.Helper()
	keys = begunAt(t, folder)
	for person, key := range keys {
		if code, _, errOut := run("init", "sign", folder, "--as", person, "--key", key); code != 0 {
			t.Fatal(errOut)
		}
	}
	return keys
}

// begunAt is foundedAt before anybody signed.
func begunAt(t *testing.T, folder string) (keys map[string]string) {
	t.Helper()
	keys = map[string]string{}
	args := []string{"init", folder, "--name", "halligan.example.com", "--host", "db1=127.0.0.1:2222"}
	for _, person := range []string{"ann", "ben", "cara", "dan"} {
		key := filepath.Join(t.TempDir(), person)
		block := must(ssh.MarshalPrivateKey(celltest.Key(person), ""))
		for name, data := range map[string][]byte{key: pem.EncodeToMemory(block), key + ".pub": []byte(celltest.Line(person).Line)} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args, keys[person] = append(args, "--person", person+"="+key+".pub"), key
	}
	if code, _, errOut := run(args...); code != 0 {
		t.Fatal(errOut)
	}
	path := filepath.Join(folder, "cell.yaml")
	text := strings.NewReplacer(
		"host_keys: []", "host_keys: ['"+celltest.Line("db-1").Line+"']",
		`report_key: ""`, "report_key: '"+celltest.Line("report").Line+"'",
		`other_way: ""`, "other_way: Serial console",
	).Replace(string(must(os.ReadFile(path))))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestNoCellOfABadName: nothing is written that would stand in the way of the right one.
func TestNoCellOfABadName(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	key := filepath.Join(t.TempDir(), "ann.pub")
	if err := os.WriteFile(key, []byte(celltest.Line("ann").Line), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Bad Name", "halligan.Example.com", "https://halligan.example.com", "halligan.example.com:7878"} {
		if _, said := ended(t, 2, "init", folder, "--name", name, "--person", "ann="+key); !strings.Contains(said, "hint: --name is its public host name, in lower case") {
			t.Errorf("%s: %s", name, said)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s: something was written", name)
		}
	}
}

// TestSealingAgainKeepsTheURL: who seals again, to be sure, must not send every
// profile to another address.
func TestSealingAgainKeepsTheURL(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	keys := foundedAt(t, folder)
	for i, tt := range []struct{ flag, url string }{
		{"", "https://halligan.example.com:7878"}, {"https://127.0.0.1:9", "https://127.0.0.1:9"},
		{"", "https://127.0.0.1:9"}, {"https://127.0.0.1:10", "https://127.0.0.1:10"},
	} {
		args := []string{"init", "seal", folder}
		if tt.flag != "" {
			args = append(args, "--url", tt.flag)
		}
		code, out, errOut := run(args...)
		again := strings.HasPrefix(out, "this cell is sealed already: genesis ")
		if code != 0 || again != (i > 0) || !strings.Contains(out, "wrote profiles/ for "+tt.url+":") {
			t.Fatalf("--url %q: code %d\n%s%s", tt.flag, code, out, errOut)
		}
		if p := must(client.LoadProfile(filepath.Join(folder, "profiles", "cara.json"))); p.URL != tt.url {
			t.Errorf("--url %q: the profile says %s", tt.flag, p.URL)
		}
	}
	code, _, errOut := run("init", "sign", folder, "--as", "bob", "--key", keys["ann"])
	if code != 2 || !strings.Contains(errOut, "the founders are ann, ben, cara and dan") {
		t.Errorf("code %d: %s", code, errOut)
	}
}
