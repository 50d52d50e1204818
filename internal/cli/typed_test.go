package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/cli"
)

// TestMistypedSaysWhatIsRight types what new people type.
func TestMistypedSaysWhatIsRight(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "cell.yaml"), []byte("name: halligan.example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		code int
		args string
		says string
	}{
		{0, "help", "You need access:"},
		{0, "help change sign", "halligan change sign"},
		{0, "--version", "halligan dev"},
		{0, "init --help", "halligan init cell --name"},
		{2, "request x --why y --for 1d", `"1d" is not a time such as`},
		{2, "request x --why y --for 0s", "is not a time such as"},
		{2, "approve 12345678 --check callback", "it is call-back, video, in-person or not-checked"},
		{2, "change sign 12345678 --check ", "it is call-back, video, in-person or not-checked"},
		{2, "status --profile " + filepath.Join(folder, "cell.yaml"), "hint: a profile is what halligan init seal wrote"},
		{2, "verify x --anchor " + filepath.Join(folder, "cell.yaml"), "hint: an anchor is"},
		{2, "serve " + filepath.Join(folder, "nowhere"), "hint: name the folder that halligan init wrote"},
		{2, "fsck " + filepath.Join(folder, "nowhere"), "hint: name the folder that halligan init wrote"},
		{2, "fsck " + folder, "hint: halligan init seal begins"},
		{2, "serve " + folder, "hint: halligan init makes the cell's keys"},
	} {
		code, out, errOut := run(strings.Split(tt.args, " ")...)
		if code != tt.code || !strings.Contains(out+errOut, tt.says) {
			t.Errorf("%q: code %d, want %d and %q:\n%s%s", tt.args, code, tt.code, tt.says, out, errOut)
		}
	}
}

// TestWrongIDHasAHint: whoever mistypes an id is told where ids are, and it is
// no rule that said no.
func TestWrongIDHasAHint(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	d := l.desk(t, "ann")
	code, _, errOut := d.run("status", "deadbeef00")
	if code != 4 || !strings.Contains(errOut, "hint: halligan status --all") {
		t.Errorf("code %d: %s", code, errOut)
	}
	l.answers["people"] = map[string]any{"people": []map[string]any{{"id": "sam", "keys": []any{}, "can_sign": true}}, "groups": []any{}}
	for _, args := range [][]string{{"bob"}, {"sam", "--key", "SHA256:AAAA"}} {
		code, _, errOut := d.run(append([]string{"change", "propose", "remove", "--why", "x"}, args...)...)
		if code != 4 || !strings.Contains(errOut, "hint: halligan people") || len(l.taken()) != 0 {
			t.Errorf("%q: code %d: %s", args, code, errOut)
		}
	}
}

// TestMalformedIDIsUsage holds the server's "this is no id" to the exit code of
// a command line.
func TestMalformedIDIsUsage(t *testing.T) {
	err := &client.Problem{Status: http.StatusBadRequest, Reason: "malformed-query", Detail: "an id is hexadecimal"}
	if code := cli.Code(err); code != 2 {
		t.Errorf("code %d", code)
	}
}

// TestAnotherCellsProfile has a profile that pins a genesis which the server
// does not have.
func TestAnotherCellsProfile(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	for path := range l.log {
		if strings.HasPrefix(path, "attachments/") {
			delete(l.log, path)
		}
	}
	code, _, errOut := l.desk(t, "ann").run("request", "database-locked-out", "--why", "x")
	if code != 6 || !strings.Contains(errOut, "which your profile pins") || len(l.taken()) != 0 {
		t.Errorf("code %d: %s", code, errOut)
	}
}

// TestStopWithoutAServer points to the host when nobody answers, and only then.
func TestStopWithoutAServer(t *testing.T) {
	if hint := cli.ByHand(fmt.Errorf("cannot ask: %w", client.ErrUnreachable)); !strings.Contains(hint, "halligan stop --help") {
		t.Errorf("hint: %s", hint)
	}
	no := &client.Problem{Status: http.StatusForbidden, Reason: "not-allowed", Hint: "look at it first"}
	if hint := cli.ByHand(no); hint != no.Hint {
		t.Errorf("hint: %s", hint)
	}
}

// TestWatchTellsWhenItWasRecorded: what comes late, after a broken connection,
// still has the time of its entry.
func TestWatchTellsWhenItWasRecorded(t *testing.T) {
	l := newLiar(t, newSignedCell(t))
	l.answers["watch"] = []byte(`data: {"entry":7,"at":"2026-01-02T03:04:05.678Z","stream":"x","events":[],"sentence":"ann asks."}` + "\n\n")
	d := l.desk(t, "sam")
	d.run("version") // sets the environment
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &until{done: cancel}
	var errOut bytes.Buffer
	code := cli.Run(ctx, []string{"watch"}, cli.Streams{In: strings.NewReader(""), Out: out, Err: &errOut})
	if code != 130 || out.String() != "     7  2026-01-02 03:04:05 UTC  ann asks.\n" {
		t.Errorf("code %d, %q %q", code, out.String(), errOut.String())
	}
}

// until keeps what is written, and calls done with the first of it.
type until struct {
	bytes.Buffer
	done func()
}

// Write does what io.Writer says.
func (u *until) Write(p []byte) (int, error) {
	defer u.done()
	return u.Buffer.Write(p)
}

// TestDenyWhatIsOver signs nothing where nothing is left to end.
func TestDenyWhatIsOver(t *testing.T) {
	c := newSignedCell(t)
	id := c.ask("ann", "pool exhausted", "db-1")
	l := newLiar(t, c)
	c.do(c.Deny("sam", id))
	l.honest(id)
	code, _, errOut := l.desk(t, "lea").run("deny", id.String()[:10], "--check", "video")
	if code != 3 || !strings.Contains(errOut, "nothing left to deny: the request is denied") || len(l.taken()) != 0 {
		t.Errorf("code %d, %d statements: %s", code, len(l.taken()), errOut)
	}
}
