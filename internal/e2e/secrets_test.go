package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/client"
)

// canary is something that may be in some places only: below a folder of the
// town, or in files of a name.
type canary struct {
	name    string
	needles [][]byte
	may     []string // patterns of paths below the town, as filepath.Match has them
}

// canaries are all the secrets of a town.
func canaries(t *testing.T, w *town) []canary {
	t.Helper()
	all := []canary{
		{"why", [][]byte{[]byte(canaryWhy)}, []string{"cell/data/cell.db*", "one.json", "transcript", "argv", "answer-200-*"}},
		{"note", [][]byte{[]byte(canaryNote)}, []string{"cell/data/cell.db*", "one.json", "transcript", "argv"}},
		{"reason of the stop", [][]byte{[]byte(canaryStop)}, []string{"cell/data/cell.db*", "one.json", "transcript", "argv"}},
		{"webhook path", [][]byte{[]byte("canary-in-the-path-4f1c")}, []string{"cell/server.yaml"}},
		{"webhook secret", spelled(w.hooks["pager"].secret), []string{"cell/pager.secret"}},
		{"mail password", spelled([]byte(mailPassword)), []string{"cell/desk.secret"}},
		{"mail user", spelled([]byte(mailUser)), []string{"cell/server.yaml"}},
		{"mail address", [][]byte{[]byte("oncall@example.com")}, []string{"cell/server.yaml", "letters"}},
		{"session key", spelled([]byte(raw(t, w.path("cell", "keys", "session.key")))), []string{"cell/keys/session.key"}},
		{"tls key", pemLines(t, w.path("cell", "keys", "tls.key")), []string{"cell/keys/tls.key"}},
		{"tls authority key", ellipticKey(t, w.path("cell", "keys", "tls_authority.key")), []string{"cell/keys/tls_authority.key"}},
		{"authority", private(t, w.path("cell", "keys", "ssh_authority")), []string{"cell/keys/ssh_authority"}},
		{"ledger key", noteKey(t, w.path("cell", "keys", "ledger.key")), []string{"cell/keys/ledger.key"}},
		{"revocations key", noteKey(t, w.path("cell", "keys", "revocations.key")), []string{"cell/keys/revocations.key"}},
		{"host key", private(t, w.path("host", "hostkey")), []string{"host/hostkey"}},
	}
	for _, person := range people {
		all = append(all, canary{"key of " + person, private(t, w.path("people", person, "key")), []string{"people/" + person + "/key"}})
	}
	for _, token := range tokens(t, w) {
		all = append(all, canary{"session token", [][]byte{[]byte(token)}, []string{"people/*/state/*/session-*"}})
	}
	holders := ok[[]string](t)(w.holderFiles("ann"))
	if len(holders) == 0 {
		t.Fatal("ann has no keys of a request")
	}
	for _, file := range holders {
		var h client.Holder
		if err := json.Unmarshal([]byte(raw(t, file)), &h); err != nil {
			t.Fatal(err)
		}
		may := []string{"people/ann/state/*/holders/*", "fetched/primary"}
		all = append(all, canary{"holder key", append(spelled(h.Ed25519[:]), spelled(h.X25519[:])...), may})
	}
	return all
}

func raw(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		t.Fatalf("cannot read %s: %v", path, err)
	}
	return string(data)
}

// spelled are the ways in which bytes may be written.
func spelled(secret []byte) [][]byte {
	url := strings.TrimRight(base64.URLEncoding.EncodeToString(secret), "=")
	plain := strings.TrimRight(base64.StdEncoding.EncodeToString(secret), "=")
	quoted := strings.ReplaceAll(fmt.Sprint(secret), " ", ",") // as JSON without base64
	return [][]byte{secret, []byte(plain), []byte(url), []byte(hex.EncodeToString(secret)), []byte(strings.ToUpper(hex.EncodeToString(secret))), []byte(quoted[1 : len(quoted)-1])}
}

// private is an OpenSSH private key: its seed, and its file line by line.
func private(t *testing.T, path string) [][]byte {
	t.Helper()
	key, err := ssh.ParseRawPrivateKey([]byte(raw(t, path)))
	if err != nil {
		t.Fatal(err)
	}
	seeded, isSeeded := key.(*ed25519.PrivateKey)
	if !isSeeded {
		t.Fatalf("%s has no seed", path)
	}
	return append(spelled(seeded.Seed()), pemLines(t, path)...)
}

// pemLines are the lines of a PEM file that the secret is in.
func pemLines(t *testing.T, path string) (lines [][]byte) {
	t.Helper()
	text := raw(t, path)
	if block, _ := pem.Decode([]byte(text)); block == nil {
		t.Fatalf("%s is not PEM", path)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if len(line) < 40 || strings.HasPrefix(line, "-----") {
			continue
		}
		lines = append(lines, []byte(line))
	}
	return lines[min(1, len(lines)-1):] // the first holds a header and the public key
}

// ellipticKey is the secret of an elliptic key, and the line of its file that has
// most of it: what follows there is public, and stands in certificates.
func ellipticKey(t *testing.T, path string) [][]byte {
	t.Helper()
	block, _ := pem.Decode([]byte(raw(t, path)))
	if block == nil {
		t.Fatalf("%s is not PEM", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.(*ecdsa.PrivateKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return append(spelled(secret), pemLines(t, path)[0])
}

// noteKey is a private key of signed notes: PRIVATE+KEY+NAME+HASH+BASE64.
func noteKey(t *testing.T, path string) [][]byte {
	t.Helper()
	parts := strings.SplitN(strings.TrimSpace(raw(t, path)), "+", 5)
	data, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(data) != 33 {
		t.Fatalf("%s is no private key of signed notes: %v", path, err)
	}
	return append(spelled(data[1:]), []byte(parts[4])) // the first byte is the algorithm
}

// search looks for a canary in every file below the town, and at the host. It
// gives the number of places where it may be and is.
func (c canary) search(t *testing.T, w *town) (found int) {
	t.Helper()
	roots := []string{w.dir}
	if w.host != nil {
		roots = append(roots, w.host.dir)
	}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			for _, needle := range c.needles {
				if len(needle) < 12 {
					t.Fatalf("%s: %q is too short to look for", c.name, needle)
				}
				if !bytes.Contains(data, needle) {
					continue
				}
				if slices.ContainsFunc(c.may, func(p string) bool { ok, _ := filepath.Match(p, name); return ok }) {
					found++
				} else {
					t.Errorf("%s is in %s: %q", c.name, name, around(data, needle))
				}
				return nil
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found == 0 {
		t.Errorf("%s was found nowhere, not even where it must be", c.name)
	}
	return found
}

// around is what stands around a needle.
func around(data, needle []byte) []byte {
	i := bytes.Index(data, needle)
	return data[max(0, i-80):min(len(data), i+len(needle)+20)]
}
