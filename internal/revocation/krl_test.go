package revocation_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/revocation"
)

func keygen(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	path, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Skip("ssh-keygen is not installed (Debian: openssh-client)")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func put(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func publicKey(t *testing.T, dir, name string) []byte {
	t.Helper()
	line, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	key, _, _, _, err := ssh.ParseAuthorizedKey(line)
	if err != nil {
		t.Fatal(err)
	}
	return key.Marshal()
}

// TestKeygenReadsTheKRL asks ssh-keygen which certificates our KRL revokes.
func TestKeygenReadsTheKRL(t *testing.T) {
	dir := t.TempDir()
	must := func(args ...string) {
		t.Helper()
		if out, err := keygen(t, dir, args...); err != nil {
			t.Fatalf("ssh-keygen %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	for _, key := range []string{"ca", "ca2", "gone", "good", "alien"} {
		must("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
	}
	must("-q", "-s", "ca", "-I", "halligan:00000000000003e7:db.prod.internal", "-n", "root", "gone.pub")
	must("-q", "-s", "ca", "-I", "halligan:ffffffffffffffff:db.prod.internal", "-n", "root", "good.pub")
	must("-q", "-s", "ca2", "-I", "halligan:00000000000003e7:db.prod.internal", "-n", "root", "alien.pub")
	ca, ca2 := publicKey(t, dir, "ca.pub"), publicKey(t, dir, "ca2.pub")
	one := list("halligan:00000000000003e7:db.prod.internal")
	for name, c := range map[string]struct {
		krl     []byte
		revoked []string
		good    []string
	}{
		"empty":        {revocation.Empty(origin).KRL(ca), nil, []string{"gone", "good", "alien"}},
		"one":          {one.KRL(ca), []string{"gone"}, []string{"good", "alien"}},
		"thousand":     {list(many(1000)...).KRL(ca), []string{"gone"}, []string{"good", "alien"}},
		"many":         {list(many(20_000)...).KRL(ca), []string{"gone"}, []string{"good", "alien"}},
		"two CAs":      {one.KRL(ca2, ca), []string{"gone", "alien"}, []string{"good"}},
		"whichever CA": {one.KRL(), []string{"gone", "alien"}, []string{"good"}},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, dir, "krl", c.krl)
			for _, cert := range c.revoked {
				out, err := keygen(t, dir, "-Q", "-f", "krl", cert+"-cert.pub")
				if err == nil || !strings.Contains(out, "REVOKED") {
					t.Errorf("%s is not revoked: %v %s", cert, err, out)
				}
			}
			for _, cert := range c.good {
				if out, err := keygen(t, dir, "-Q", "-f", "krl", cert+"-cert.pub"); err != nil {
					t.Errorf("%s is revoked: %v %s", cert, err, out)
				}
			}
			if out, err := keygen(t, dir, "-Q", "-f", "krl", "good.pub"); err != nil {
				t.Errorf("a plain key is revoked: %v %s", err, out)
			}
		})
	}
	put(t, dir, "krl", one.KRL(ca))
	out, err := keygen(t, dir, "-Q", "-l", "-f", "krl", "good.pub")
	if err != nil || !strings.Contains(out, "halligan:00000000000003e7:db.prod.internal") || !strings.Contains(out, "version 41") {
		t.Errorf("listing: %v\n%s", err, out)
	}
}

func TestParseKRL(t *testing.T) {
	ca := []byte("some wire key")
	for name, l := range map[string]revocation.List{
		"empty": revocation.Empty(origin),
		"two":   list("a", "b"),
		"full":  list(many(revocation.MaxKeyIDs)...),
	} {
		for _, cas := range [][][]byte{nil, {ca}, {ca, []byte("second")}} {
			got, err := revocation.ParseKRL(l.KRL(cas...))
			if err != nil {
				t.Fatalf("%s, %d authorities: %v", name, len(cas), err)
			}
			if d := cmp.Diff(l, got); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
	}
	good := list("a", "b").KRL(ca, []byte("second"))
	one := list("a", "b").KRL(ca)
	for n := range one {
		if _, err := revocation.ParseKRL(one[:n]); !errors.Is(err, revocation.ErrKRL) {
			t.Fatalf("cut to %d of %d bytes: %v", n, len(one), err)
		}
	}
	if _, err := revocation.ParseKRL(append(bytes.Clone(good), 0)); !errors.Is(err, revocation.ErrKRL) {
		t.Errorf("a byte after: %v", err)
	}
	version := bytes.Clone(good)
	binary.BigEndian.PutUint64(version[12:], 42)
	if _, err := revocation.ParseKRL(version); !errors.Is(err, revocation.ErrKRL) {
		t.Errorf("version and comment differ: %v", err)
	}
}

func FuzzParseKRL(f *testing.F) {
	ca := []byte("some wire key")
	f.Add(revocation.Empty(origin).KRL(ca))
	f.Add(list("a", "b").KRL(ca))
	f.Add(list("a", "b").KRL(ca, ca))
	f.Add(list("a").KRL())
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := revocation.ParseKRL(data)
		if err != nil {
			if !errors.Is(err, revocation.ErrKRL) {
				t.Fatalf("no reason: %v", err)
			}
			return
		}
		if err := l.Check(); err != nil {
			t.Fatal(err)
		}
	})
}
