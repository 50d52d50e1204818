package cli_test

import (
	"bytes"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// keys are the holder keys of a request on a desk's disk.
func (d *desk) keys(id canon.Digest, c *signedCell) (*client.Holder, error) {
	folder := filepath.Join(d.folder, "state", canon.Digest(c.anchor.Genesis).Short()+"-"+d.person)
	return client.LoadHolder(folder, id)
}

func TestRequestAsksForWhatItShows(t *testing.T) {
	c := newSignedCell(t)
	l := newLiar(t, c)
	d := l.desk(t, "ann")
	code, out, errOut := d.run("request", "database-locked-out", "--why", " pool\r\nexhausted \n", "--incident", "PD-1", "--only", "db-2")
	sent := l.taken()
	if code != 0 || len(sent) != 1 {
		t.Fatalf("code %d, %d statements: %s", code, len(sent), errOut)
	}
	r := sent[0].Body.(*statement.Request)
	if r.Severity != "SEV1" || r.For != 3600 || !slices.Equal(r.Targets, []string{"db-2"}) || r.Incident != "PD-1" ||
		r.ScenarioDigest != c.Scenario || r.Why.Length != len("pool\nexhausted") {
		t.Errorf("sent %+v", r)
	}
	words := statement.Words(sent[0].Digest, [16]byte(bytes.Repeat([]byte{0xab}, 16)))
	for _, want := range []string{"Nobody can log in", "db-2: Log in", "│ pool\n  │ exhausted", "1 of security and 1 of leads", "Words: " + strings.Join(words[:], " ")} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "db-1: Log in") {
		t.Errorf("it shows a target that was not asked for:\n%s", out)
	}
	keys, err := d.keys(sent[0].Digest, c)
	if err != nil {
		t.Fatal(err)
	}
	if public, err := keys.Public(); err != nil || public != r.Holder {
		t.Errorf("the keys on disk are not those of the request (%v)", err)
	}
}

func TestRequestRefusesWhatCannotBe(t *testing.T) {
	c := newSignedCell(t)
	l := newLiar(t, c)
	d := l.desk(t, "ann")
	for _, tt := range []struct {
		code int
		args []string
	}{
		{4, []string{"coffee-machine", "--why", "x"}},
		{2, []string{"database-locked-out", "--why", "x", "--severity", "SEV4"}},
		{2, []string{"database-locked-out", "--why", "x", "--for", "3h"}},
		{2, []string{"database-locked-out", "--why", "x", "--for", "1ms"}},
		{2, []string{"database-locked-out", "--why", "x", "--only", "db-9"}},
		{2, []string{"database-locked-out", "--why", "x", "--incident", "two words"}},
		{2, []string{"database-locked-out", "--why", " "}},
		{2, []string{"database-locked-out", "--why", "\x1b[2Jhello"}},
		{2, []string{"database-locked-out", "--why", "a\u202eb"}},
		{2, []string{"database-locked-out", "--why", strings.Repeat("a", 5000)}},
		{2, []string{"database-locked-out"}},
	} {
		code, _, errOut := d.run(append([]string{"request"}, tt.args...)...)
		if code != tt.code || !strings.HasPrefix(errOut, "error: ") || len(l.taken()) != 0 {
			t.Errorf("%q: code %d, want %d: %s", tt.args, code, tt.code, errOut)
		}
	}
}

// TestRequestRefusesAnotherScenario is a server that shows the requester a
// scenario that the founders did not sign.
func TestRequestRefusesAnotherScenario(t *testing.T) {
	for _, of := range []func(*signedCell) canon.Digest{
		func(c *signedCell) canon.Digest { return c.Scenario },
		func(c *signedCell) canon.Digest { return c.Digest },
	} {
		c := newSignedCell(t)
		l := newLiar(t, c)
		path := ledger.AttachmentPath(ledger.Hash(of(c)))
		l.log[path] = bytes.Replace(l.log[path], []byte("db-1"), []byte("db-7"), 1)
		code, _, errOut := l.desk(t, "ann").run("request", "database-locked-out", "--why", "x")
		if code != 6 || len(l.taken()) != 0 {
			t.Errorf("code %d: %s", code, errOut)
		}
	}
}

func TestServersNoHasItsExitCode(t *testing.T) {
	for _, tt := range []struct {
		status int
		reason string
		code   int
	}{
		{http.StatusForbidden, "wrong-hour", 3}, {http.StatusConflict, "too-many", 3}, {http.StatusUnauthorized, "unknown-key", 3},
		{http.StatusNotFound, "unknown-scenario", 4}, {http.StatusInternalServerError, "internal", 1},
	} {
		c := newSignedCell(t)
		l := newLiar(t, c)
		l.problems[statement.KindRequest] = client.Problem{Status: tt.status, Reason: tt.reason, Detail: "the rule says no", Hint: "ask another"}
		d := l.desk(t, "ann")
		code, _, errOut := d.run("request", "database-locked-out", "--why", "x")
		if code != tt.code || !strings.Contains(errOut, tt.reason) || !strings.Contains(errOut, "hint: ask another") {
			t.Errorf("%s: code %d, want %d: %s", tt.reason, code, tt.code, errOut)
		}
		sent := l.taken()
		if len(sent) == 0 {
			t.Fatalf("%s: nothing was sent", tt.reason)
		}
		if _, err := d.keys(sent[0].Digest, c); tt.code < 5 && tt.code > 1 && err == nil {
			t.Errorf("%s: the keys of a refused request are kept", tt.reason)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the client is patient for a quarter of a minute")
	}
	c := newSignedCell(t)
	l := newLiar(t, c)
	d := l.desk(t, "ann")
	l.Close()
	if code, _, errOut := d.run("status"); code != 5 || !strings.Contains(errOut, "hint: ") {
		t.Errorf("code %d: %s", code, errOut)
	}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HALLIGAN_PROFILE", "")
	if code, _, errOut := run("status"); code != 2 || !strings.Contains(errOut, "there is no profile") {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// TestAnotherServerKey is somebody else's server at the address.
func TestAnotherServerKey(t *testing.T) {
	c := newSignedCell(t)
	l := newLiar(t, c)
	d := l.desk(t, "ann")
	p := must(client.LoadProfile(filepath.Join(d.folder, "profile.json")))
	p.ServerKey = strings.Repeat("0", 64)
	if err := p.Save(filepath.Join(d.folder, "profile.json")); err != nil {
		t.Fatal(err)
	}
	if code, _, errOut := d.run("status"); code != 6 {
		t.Errorf("code %d: %s", code, errOut)
	}
}
