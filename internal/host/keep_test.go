package host_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/host"
	"github.com/halligan-dev/halligan/internal/revocation"
)

func installed(t *testing.T, c *host.Config) revocation.List {
	t.Helper()
	data, err := os.ReadFile(c.KRL)
	if err != nil {
		t.Fatal(err)
	}
	l, err := revocation.ParseKRL(data)
	if err != nil {
		t.Fatalf("what is installed: %v", err)
	}
	return l
}

// TestWhatLiesAtThePath: the first round finds various things where the list
// should be.
func TestWhatLiesAtThePath(t *testing.T) {
	ours := revocation.List{Origin: origin, Number: 7, At: time.Unix(100, 0).UTC(), KeyIDs: []string{grantA}}
	theirs := ours
	theirs.Origin = "other.example.com"
	for name, c := range map[string]struct {
		data  []byte
		kept  bool // byte for byte
		works bool
	}{
		"nothing":           {nil, false, true},
		"empty file":        {[]byte{}, false, true},
		"ours":              {ours.KRL([]byte("another authority")), false, true},
		"ours, cut":         {ours.KRL()[:100], false, true},
		"another cell's":    {theirs.KRL(), true, false},
		"a list of keys":    {[]byte("ssh-ed25519 AAAA\n"), true, false},
		"ssh-keygen's file": {append([]byte("SSHKRL\n\x00"), make([]byte, 64)...), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.net.list.Number = 8
			if c.data == nil {
				if err := os.Remove(w.config.KRL); err != nil {
					t.Fatal(err)
				}
			} else if err := os.WriteFile(w.config.KRL, c.data, 0o644); err != nil {
				t.Fatal(err)
			}
			litter := w.config.KRL + ".new-123"
			if err := os.WriteFile(litter, []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
			w.net.list.At = time.Unix(200, 0).UTC()
			out := w.host().Once(t.Context())
			if _, err := os.Stat(litter); err == nil {
				t.Error("a leftover of a crash is still there")
			}
			if (len(out.Problems) == 0) != c.works {
				t.Errorf("%+v", out)
			}
			after, err := os.ReadFile(w.config.KRL)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(after, c.data) != c.kept {
				t.Errorf("kept: %v, want %v", !c.kept, c.kept)
			}
			if c.works {
				if l := installed(t, w.config); l.Number != 8 {
					t.Errorf("installed: %+v", l)
				}
			}
		})
	}
}

// TestMode: sshd reads the list as whoever it likes; nobody else may write it.
func TestMode(t *testing.T) {
	w := newWorld(t)
	w.net.revoke(grantA)
	w.host().Once(t.Context())
	for path, want := range map[string]os.FileMode{w.config.KRL: 0o644, w.config.ReportKey: 0o600, w.config.Run: 0o700 | os.ModeDir} {
		info, err := os.Stat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("%s: %v (%v), want %v", path, info.Mode(), err, want)
		}
	}
}

// TestCannotWrite: no room for the new list leaves the old one in force.
func TestCannotWrite(t *testing.T) {
	w := newWorld(t)
	h := w.host()
	w.net.revoke(grantA)
	h.Once(t.Context())
	// The folder is moved away, so that every write fails, and comes back.
	dir := filepath.Dir(w.config.KRL)
	list := installed(t, w.config)
	w.net.revoke(grantA, grantB)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if out := h.Once(t.Context()); len(out.Problems) == 0 || out.Reported {
		t.Errorf("without the folder: %+v", out)
	}
	if err := os.Rename(dir+".away", dir); err != nil {
		t.Fatal(err)
	}
	if l := installed(t, w.config); l.Number != list.Number {
		t.Errorf("installed: %+v", l)
	}
	if out := h.Once(t.Context()); out.List.Number != list.Number+1 || len(out.Problems) > 0 {
		t.Errorf("afterwards: %+v", out)
	}
}

// TestKilledWhileInstalling kills a program that installs list after list, at
// random moments: sshd can read the list each time, and none that was
// announced as installed is lost.
func TestKilledWhileInstalling(t *testing.T) {
	if os.Getenv("HALLIGAN_HOST_INSTALLS") != "" {
		installForEver(t)
	}
	krl := filepath.Join(t.TempDir(), "revoked.krl")
	var last int64
	for range 25 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileInstalling$")
		cmd.Env = append(os.Environ(), "HALLIGAN_HOST_INSTALLS="+krl, fmt.Sprintf("HALLIGAN_HOST_FROM=%d", last))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		said := func() {
			if _, err := fmt.Sscanf(lines.Text(), "installed %d", &last); err != nil {
				t.Fatalf("the program says %q", lines.Text())
			}
		}
		for range rand.N(6) + 1 {
			if !lines.Scan() {
				t.Fatal("the program ended by itself")
			}
			said()
		}
		time.AfterFunc(rand.N(4*time.Millisecond), func() { cmd.Process.Kill() })
		for lines.Scan() {
			said()
		}
		cmd.Wait()
		data, err := os.ReadFile(krl)
		if err != nil {
			t.Fatal(err)
		}
		l, err := revocation.ParseKRL(data)
		if err != nil || l.Number < last || len(l.KeyIDs) != 2000 {
			t.Fatalf("after the kill: number %d of %d, %d key ids, %v", l.Number, last, len(l.KeyIDs), err)
		}
		last = l.Number
	}
}

func installForEver(t *testing.T) {
	w := newWorld(t)
	w.config.KRL = os.Getenv("HALLIGAN_HOST_INSTALLS")
	h := w.host()
	if _, err := fmt.Sscan(os.Getenv("HALLIGAN_HOST_FROM"), &w.net.list.Number); err != nil {
		t.Fatal(err)
	}
	ids := make([]string, 2000)
	for i := range ids {
		ids[i] = fmt.Sprintf("halligan:%016x:db.prod.internal", i)
	}
	for {
		w.net.revoke(ids...)
		out := h.Once(t.Context())
		if len(out.Problems) > 0 {
			t.Fatal(strings.Join(out.Problems, "; "))
		}
		fmt.Println("installed", out.List.Number)
	}
}
