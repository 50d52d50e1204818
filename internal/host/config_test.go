package host_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/host"
)

func TestConfigStrict(t *testing.T) {
	w := newWorld(t)
	data, err := os.ReadFile(w.path)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	swap := func(old, new string) string {
		s := strings.Replace(good, old, new, 1)
		if s == good {
			t.Fatalf("%q is not in\n%s", old, good)
		}
		return s
	}
	for name, bad := range map[string]string{
		"unknown key":    good + "colour: red\n",
		"key twice":      good + "host: again\n",
		"no origin":      swap("origin: "+origin, "origin: \"\""),
		"odd host":       swap("host: "+hostName, "host: \"a b\""),
		"no server":      swap("- https://"+origin, "[]"),
		"plain http":     swap("https://"+origin, "http://"+origin),
		"query":          swap("https://"+origin, "https://"+origin+"?a=b"),
		"user in URL":    swap("https://"+origin, "https://me@"+origin),
		"not a URL":      swap("https://"+origin, "halligan"),
		"list key":       swap("list_key: ", "list_key: x"),
		"relative path":  swap("krl: /", "krl: ./"),
		"unclean path":   swap("krl: /", "krl: /../"),
		"authority":      swap("ssh-ed25519 AAAA", "ssh-ed25519 BBBB"),
		"options on key": swap("ssh-ed25519 AAAA", "cert-authority ssh-ed25519 AAAA"),
		"short pin":      good + "pin: abcd\n",
		"list":           "- a\n",
		"empty":          "",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := host.ParseConfig([]byte(bad)); !errors.Is(err, host.ErrConfig) {
				t.Errorf("got %v for\n%s", err, bad)
			}
		})
	}
	for name, text := range map[string]string{
		"as written": good,
		"JSON":       `{"origin":"` + origin + `","host":"h","servers":["http://127.0.0.1:1/"],"list_key":"` + w.vkey + `","authorities":["` + w.config.Authorities[0] + `"],"report_key":"/k","krl":"/l","principals":"/p","run":"/r"}`,
	} {
		if _, err := host.ParseConfig([]byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("origin: a\nhost: b\nservers: [https://a]\nlist_key: x\nauthorities: []\nreport_key: /k\nkrl: /l\nprincipals: /p\nrun: /r\n"))
	f.Add([]byte(`{"origin":"a"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := host.ParseConfig(data); err != nil && !errors.Is(err, host.ErrConfig) {
			t.Fatalf("no reason: %v", err)
		}
	})
}

// TestSetupAgain: init keeps what is there and prints the same.
func TestSetupAgain(t *testing.T) {
	w := newWorld(t)
	read := func() (all []byte) {
		for _, path := range []string{w.path, w.config.ReportKey, w.config.Principals, w.config.KRL} {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	before := read()
	var first, second bytes.Buffer
	for _, out := range []*bytes.Buffer{&first, &second} {
		if err := host.Setup(w.config, w.path, rand.Reader, out); err != nil {
			t.Fatal(err)
		}
	}
	if first.String() != second.String() || !bytes.Equal(before, read()) {
		t.Error("the second time differs")
	}
	for _, want := range []string{"TrustedUserCAKeys ", "RevokedKeys " + w.config.KRL + "\n", "principals --config " + w.path + " -- %u %i %s\n", "AuthorizedPrincipalsCommandUser root\n"} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("init does not print %q:\n%s", want, first.String())
		}
	}
}

func TestCommandLine(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no command":      {nil, 2, "expected one of"},
		"unknown command": {[]string{"dance"}, 2, "hint:"},
		"help":            {[]string{"--help"}, 0, "principals"},
		"help of run":     {[]string{"run", "--help"}, 0, "--config"},
		"version":         {[]string{"version"}, 0, "halligan-host"},
		"no config":       {[]string{"sessions", "--config", "/nonexistent/host.yaml"}, 1, "error: cannot read the configuration"},
		"what to do":      {[]string{"once", "--config", "/nonexistent/host.yaml"}, 1, "hint: halligan-host init writes it"},
		"dash key id":     {[]string{"principals", "--config", "/nonexistent/host.yaml", "--", "root", "--help", "1"}, 1, "cannot read the configuration"},
		"empty key id":    {[]string{"principals", "--config", "/nonexistent/host.yaml", "--", "root", "", "1"}, 1, "cannot read the configuration"},
	} {
		var out bytes.Buffer
		if code := host.Main(t.Context(), c.args, &out, &out); code != c.code || !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: exit %d\n%s", name, code, out.String())
		}
	}
}

// TestBrokenConfigIsNotPrinted: where it is broken and why is said, with what to do, and
// nothing else of the file.
func TestBrokenConfigIsNotPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "host.yaml")
	for text, want := range map[string]string{
		"origin: x\n\tsecret-word: \x1b[2Jb\n": "[2:1] ",
		"origin: x\nsecret_word: y\n":          "[2:1] unknown field",
		"\x1b]0;secret-word\x07: `\n":          "error: cannot use the configuration: ",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		code := host.Main(t.Context(), []string{"sessions", "--config", path}, &out, &out)
		said := out.String()
		if code != 1 || !strings.Contains(said, want) || strings.Contains(said, "secret-word") || strings.Contains(said, "\x1b") || !strings.Contains(said, "\nhint: mend what stands there") {
			t.Errorf("%q: exit %d\n%s", text, code, said)
		}
	}
}
