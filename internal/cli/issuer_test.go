package cli_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const awsOfCell = `
aws:
  issuers: [https://127.0.0.1, https://127.0.0.2]
  keys: [issuer/current.jwk, issuer/next.jwk]
  accounts:
    - { id: prod, account: "123456789012", regions: [eu-west-1] }
`

// issuing is a cell's folder with two keys of an issuer.
func issuing(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "cell")
	begunAt(t, folder)
	for range 2 {
		if code, _, errOut := run("issuer", "new", folder); code != 0 {
			t.Fatal(errOut)
		}
	}
	path := filepath.Join(folder, "cell.yaml")
	if err := os.WriteFile(path, append(must(os.ReadFile(path)), awsOfCell...), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestIssuerNew: each key is a private file of its own, its public half is the first
// of the two names that is free, and a third is refused.
func TestIssuerNew(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	begunAt(t, folder)
	for _, name := range []string{"current", "next"} {
		code, out, errOut := run("issuer", "new", folder, "--json")
		var made struct{ ID, Public, Private string }
		if err := json.Unmarshal([]byte(out), &made); code != 0 || err != nil {
			t.Fatalf("%d %v %s", code, err, errOut)
		}
		info := must(os.Stat(made.Private))
		if made.Public != filepath.Join(folder, "issuer", name+".jwk") || info.Mode().Perm() != 0o600 || filepath.Base(made.Private) != "issuer-"+made.ID[:16]+".pem" {
			t.Errorf("made %+v, mode %s", made, info.Mode())
		}
		public := string(must(os.ReadFile(made.Public)))
		if !strings.Contains(public, `"kid":"`+made.ID+`"`) || strings.Contains(public, `"d":`) || strings.Contains(out+errOut, "PRIVATE") {
			t.Errorf("the public half is %s, printed %s", public, out)
		}
	}
	if code, _, errOut := run("issuer", "new", folder); code != 2 || !strings.Contains(errOut, "next key already") {
		t.Errorf("a third: %d %s", code, errOut)
	}
	if keys := must(filepath.Glob(filepath.Join(folder, "keys", "issuer-*.pem"))); len(keys) != 2 {
		t.Errorf("keys: %v", keys)
	}
	if code, _, errOut := run("issuer", "new", t.TempDir()); code == 0 {
		t.Errorf("made in a folder that is no cell's: %s", errOut)
	}
}

// TestIssuerPublish: the same bytes each time, whole, and what the law says.
func TestIssuerPublish(t *testing.T) {
	folder, to := issuing(t), filepath.Join(t.TempDir(), "issuers")
	code, first, errOut := run("issuer", "publish", folder, "--to", to, "--json")
	if code != 0 {
		t.Fatal(errOut)
	}
	file := filepath.Join(to, "127.0.0.2", "jwks.json")
	set := must(os.ReadFile(file))
	if err := os.WriteFile(file, []byte("something else, and longer than what was there"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, again, errOut := run("issuer", "publish", folder, "--to", to, "--json"); code != 0 || again != first {
		t.Errorf("again: %d %s\n%s", code, again, errOut)
	}
	if now := must(os.ReadFile(file)); !bytes.Equal(now, set) || must(os.Stat(file)).Mode().Perm() != 0o644 {
		t.Errorf("published %s", now)
	}
	found := string(must(os.ReadFile(filepath.Join(to, "127.0.0.1", ".well-known", "openid-configuration"))))
	if !strings.Contains(found, `"issuer":"https://127.0.0.1"`) || !strings.Contains(found, `"jwks_uri":"https://127.0.0.1/jwks.json"`) {
		t.Errorf("discovery: %s", found)
	}
	current := bytes.TrimSpace(must(os.ReadFile(filepath.Join(folder, "issuer", "current.jwk"))))
	if !bytes.HasPrefix(set, append([]byte(`{"keys":[`), current...)) {
		t.Errorf("the key that signs is not first: %s", set)
	}
}

// TestIssuerCheck: hosts that do not answer are named, one by one, by exit code 6.
func TestIssuerCheck(t *testing.T) {
	folder := issuing(t)
	code, out, errOut := run("issuer", "check", folder, "--json")
	var seen []struct {
		Issuer, Why string
		Good        bool
	}
	if err := json.Unmarshal([]byte(out), &seen); code != 6 || err != nil || len(seen) != 2 || seen[1].Issuer != "https://127.0.0.2" || seen[1].Good || seen[1].Why == "" {
		t.Errorf("%d %v %s %s", code, err, out, errOut)
	}
	bare := filepath.Join(t.TempDir(), "cell")
	begunAt(t, bare)
	if code, _, errOut := run("issuer", "check", bare); code != 2 || !strings.Contains(errOut, "no issuer") {
		t.Errorf("without an issuer: %d %s", code, errOut)
	}
}
