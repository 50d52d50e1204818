package sqlite_test

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// call is one system call of a traced helper, in the order of their ends.
type call struct {
	name string
	path string // of the file that it is about
	args string // all of them, as strace writes them
	ok   bool
}

var (
	begun   = regexp.MustCompile(`^(?:\[pid +)?(\d+)\]? +(\w+)\((.*)$`)
	resumed = regexp.MustCompile(`^(?:\[pid +)?(\d+)\]? +<\.\.\. \w+ resumed>(.*)$`)
	result  = regexp.MustCompile(`^(.*)\) += (-?\d+)[^"]*$`)
	subject = regexp.MustCompile(`^-?\w*<([^>]*)>`)
)

// traced runs a helper under strace and gives its calls. It skips where strace
// cannot be had, and says so.
func traced(t *testing.T, mode, folder string, count int, options ...string) []call {
	t.Helper()
	log := filepath.Join(t.TempDir(), "trace")
	below := append([]string{"strace", "-f", "-y", "-o", log}, options...)
	cmd := helper(mode, folder, count, append(below, "--")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the helper under strace: %v: %s", err, out)
	}
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	calls, err := parseTrace(bufio.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	return calls
}

func needStrace(t *testing.T) {
	t.Helper()
	if err := exec.Command("strace", "-o", os.DevNull, "true").Run(); err != nil {
		t.Skipf("skipped: strace cannot trace here (%v); Debian: apt-get install strace", err)
	}
}

func parseTrace(in *bufio.Reader) ([]call, error) {
	var calls []call
	waiting := map[string]string{} // by thread: the call that has begun
	for {
		line, err := in.ReadString('\n')
		if line == "" {
			return calls, nil
		}
		if err != nil {
			return nil, fmt.Errorf("a line without end: %w", err)
		}
		line = strings.TrimSuffix(line, "\n")
		if half, unfinished := strings.CutSuffix(line, " <unfinished ...>"); unfinished {
			if m := begun.FindStringSubmatch(half); m != nil {
				waiting[m[1]] = half
			}
			continue
		}
		if m := resumed.FindStringSubmatch(line); m != nil {
			line = waiting[m[1]] + m[2]
		}
		m := begun.FindStringSubmatch(line)
		if m == nil {
			continue // a signal, an exit
		}
		r := result.FindStringSubmatch(m[3])
		if r == nil {
			continue
		}
		c := call{name: m[2], args: r[1], ok: !strings.HasPrefix(r[2], "-")}
		if s := subject.FindStringSubmatch(c.args); s != nil {
			if c.path = s[1]; strings.HasPrefix(c.path, `\x`) {
				path, err := unhex(c.path)
				if err != nil {
					return nil, err
				}
				c.path = string(path)
			}
		}
		calls = append(calls, c)
	}
}

// TestAcknowledgedIsFlushed follows the system calls of a process that appends:
// no acknowledgement leaves while anything that was written to the WAL since the
// last flush waits in memory.
func TestAcknowledgedIsFlushed(t *testing.T) {
	needStrace(t)
	const appends = 50
	calls := traced(t, "append", filepath.Join(t.TempDir(), "cell"), appends, "-s", "16",
		"-e", "trace=fsync,fdatasync,write,pwrite64,pwritev,writev,sync_file_range,msync")
	acks, written, waiting := 0, 0, 0
	for _, c := range calls {
		wal := strings.HasSuffix(c.path, "cell.db-wal")
		switch {
		case wal && strings.Contains(c.name, "write"):
			written++
			waiting++
		case wal && strings.HasSuffix(c.name, "sync") && c.ok:
			waiting = 0
		case c.name == "write" && strings.Contains(c.args, `"ack `):
			acks++
			if written == 0 || waiting > 0 {
				t.Fatalf("acknowledgement %d left with %d of %d writes not flushed", acks, waiting, written)
			}
			written = 0
		}
	}
	if acks != appends {
		t.Errorf("%d acknowledgements were seen, want %d", acks, appends)
	}
}

// TestFoundIsFlushed opens what a process left that ended without closing: nothing
// is said of it before the WAL and what is copied from it were flushed, for it may
// never have been.
func TestFoundIsFlushed(t *testing.T) {
	needStrace(t)
	folder := filepath.Join(t.TempDir(), "cell")
	if out, err := helper("append", folder, 5).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	calls := traced(t, "look", folder, 1, "-s", "16", "-e", "trace=fsync,fdatasync,write,pwrite64")
	flushed, waiting := map[string]int{}, map[string]int{}
	for _, c := range calls {
		name := filepath.Base(c.path)
		switch {
		case c.name == "pwrite64" && name != "cell.db-shm":
			waiting[name]++
		case strings.HasSuffix(c.name, "sync") && c.ok:
			flushed[name]++
			delete(waiting, name)
		case c.name == "write" && strings.Contains(c.args, `"final `):
			if flushed["cell.db-wal"] == 0 || flushed["cell.db"] == 0 || len(waiting) > 0 {
				t.Errorf("flushed before it spoke: %v, not flushed: %v", flushed, waiting)
			}
			return
		}
	}
	t.Error("it said nothing")
}

// TestSeededFaultIsCaught builds the store with its commits not waiting for the
// disk, and insists that the tests of durability fail then.
func TestSeededFaultIsCaught(t *testing.T) {
	needStrace(t)
	if testing.Short() {
		t.Skip("skipped: -short, it builds the tests anew")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skipf("skipped: no go command: %v", err)
	}
	seeded := filepath.Join(t.TempDir(), "seeded.test")
	if out, err := exec.Command("go", "test", "-c", "-tags", "halligan_sync_off", "-o", seeded, ".").CombinedOutput(); err != nil {
		t.Fatalf("cannot build: %v: %s", err, out)
	}
	for name, complaint := range map[string]string{
		"TestAcknowledgedIsFlushed": "acknowledgement 1 left with",
		"TestPowerCut":              "is lost",
	} {
		out, err := exec.Command(seeded, "-test.run", "^"+name+"$", "-test.v").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "--- FAIL: "+name) || !strings.Contains(string(out), complaint) {
			t.Errorf("%s does not notice commits that do not wait for the disk: %v\n%s", name, err, out)
		}
	}
}

// bytesOf reads the string that strace wrote with -xx, all of it.
func bytesOf(args string) ([]byte, error) {
	_, rest, found := strings.Cut(args, `"`)
	text, _, closed := strings.Cut(rest, `"`)
	if !found || !closed || strings.Contains(args, `"...`) {
		return nil, fmt.Errorf("not a whole string: %.60s", args)
	}
	return unhex(text)
}

func unhex(text string) ([]byte, error) { return hex.DecodeString(strings.ReplaceAll(text, `\x`, "")) }

// lastNumber is the last argument.
func lastNumber(args string) (int64, error) {
	return strconv.ParseInt(strings.TrimSpace(args[strings.LastIndex(args, ",")+1:]), 10, 64)
}
