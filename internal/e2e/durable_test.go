package e2e_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// traced is how many statements TestNoReplyBeforeTheDisk sends; more in a soak.
func traced() int {
	if soaking() {
		return 500
	}
	return 50
}

// TestNoReplyBeforeTheDisk runs the server under strace and sends statements of
// every kind that people sign, one after the other. Between the arrival of each
// and the first byte of its 201, something was written to the database's WAL and
// then flushed.
func TestNoReplyBeforeTheDisk(t *testing.T) {
	t.Parallel()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	posts, calls := trace(t, bin)
	if len(posts) < traced() {
		t.Fatalf("only %d statements were taken", len(posts))
	}
	for i, fault := range early(posts, calls) {
		t.Errorf("statement %d: %s", i, fault)
	}
	if t.Failed() {
		return
	}
	t.Logf("%d statements, none was answered before the disk had it (%d calls traced)", len(posts), len(calls))
}

// TestNoReplyBeforeTheDiskCanFail does the same to a build that does not wait for
// the disk: every single reply must be found too early.
func TestNoReplyBeforeTheDiskCanFail(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts real servers: left out by -short")
	}
	faulty := t.TempDir()
	if err := buildAll(faulty, "-tags", "halligan_sync_off"); err != nil {
		t.Fatal(err)
	}
	posts, calls := trace(t, faulty)
	if found := early(posts, calls); len(posts) < traced() || len(found) != len(posts) {
		t.Errorf("%d of %d replies were found to leave before the disk had them; all did", len(found), len(posts))
	}
}

// taken is a statement that was answered with 201, and the connection's port at
// this end.
type taken struct {
	said
	port int
}

// trace runs a server under strace and sends statements.
func trace(t *testing.T, bin string) ([]taken, []syscallSeen) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is missing (Debian: strace)")
	}
	w := foundTown(t, founding{})
	w.bin = bin
	out := filepath.Join(w.dir, "strace")
	w.wrap = []string{strace, "-D", "-f", "-ttt", "-yy", "-s", "0", "--seccomp-bpf", "-e", "trace=read,write,writev,sendto,fsync,fdatasync,pwrite64", "-o", out}
	if err := w.serve(); err != nil {
		if strings.Contains(text(w.path("serve.log")), "ptrace") {
			t.Skipf("strace cannot trace here:\n%s", text(w.path("serve.log")))
		}
		t.Fatal(err)
	}
	posts := statements(t, newWire(t, w))
	pid := w.server.cmd.Process.Pid // of the server: strace is its child (-D)
	if err := w.stopServer(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	last := regexp.MustCompile(fmt.Sprintf(`(?m)^%d .*\+\+\+ exited`, pid))
	err = until(patience, "strace to write everything", func() (bool, error) { return last.MatchString(text(out)), nil })
	if err != nil {
		t.Fatal(err)
	}
	return posts, readTrace(t, out)
}

// statements sends statements of many kinds and gives those that were taken.
func statements(t *testing.T, wr *wire) (posts []taken) {
	t.Helper()
	port := 0
	wr.http.Transport.(*http.Transport).DialContext = portOf(&port)
	if _, err := wr.checkpoint(); err != nil {
		t.Fatal(err)
	}
	note := func(s said, err error) said {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if s.status == http.StatusCreated {
			posts = append(posts, taken{s, port})
		}
		return s
	}
	for len(posts) < traced() {
		body, holder, why, err := wr.asking(time.Minute, "primary")
		if err != nil {
			t.Fatal(err)
		}
		signer := ok[client.Signer](t)(holder.Signer())
		id := ok[string](t)(note(wr.send("ann", body, why)).must(nil, "digest"))
		digest := ok[canon.Digest](t)(canon.ParseDigest(id))
		for _, approver := range []string{"sam", "lea"} {
			note(wr.send(approver, &statement.Decision{Of: digest, Verdict: statement.Approve, Check: statement.CallBack}))
		}
		err = until(patience, "the target to open", func() (bool, error) {
			s := note(wr.sendWith("ann", signer, &statement.Fetch{Of: digest, Target: "primary"}))
			return s.status == http.StatusCreated, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		note(wr.sendWith("ann", signer, &statement.Release{Of: digest}))
		note(wr.send("leo", &statement.Session{For: 60}))
		note(wr.send("sid", &statement.Session{For: 60}))
	}
	return posts
}

// syscallSeen is one system call: where its line begins and ends in the trace,
// which orders what happened.
type syscallSeen struct {
	name       string
	file       string // what the descriptor is
	began      float64
	start, end int
	result     int64
}

var (
	traceLine = regexp.MustCompile(`^(\d+) +(\d+\.\d+) (?:<\.\.\. )?(\w+)(?: resumed>|\((\d+)<(.*?)>[,) ])(.*)$`)
	traceEnd  = regexp.MustCompile(`= (-?\d+)[^=]*$`)
)

// readTrace reads what strace wrote.
func readTrace(t *testing.T, path string) (calls []syscallSeen) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open := map[string]int{} // by process: what has not come back
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 0; lines.Scan(); n++ {
		m := traceLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		if strings.Contains(lines.Text(), " resumed>") {
			if i, known := open[m[1]+m[3]]; known {
				calls[i].finish(n, lines.Text())
				delete(open, m[1]+m[3])
			}
			continue
		}
		began, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, syscallSeen{name: m[3], file: m[5], began: began, start: n, end: -1})
		if strings.HasSuffix(lines.Text(), "<unfinished ...>") {
			open[m[1]+m[3]] = len(calls) - 1
			continue
		}
		calls[len(calls)-1].finish(n, lines.Text())
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return calls
}

func (c *syscallSeen) finish(line int, text string) {
	c.end, c.result = line, -1
	if m := traceEnd.FindStringSubmatch(text); m != nil {
		c.result, _ = strconv.ParseInt(m[1], 10, 64)
	}
}

// early gives, by number, the statements whose reply left before a write to the
// WAL and a flush of it that both came after the statement's arrival.
func early(posts []taken, calls []syscallSeen) map[int]string {
	faults := map[int]string{}
	for i, p := range posts {
		arrived, replied, ok := p.find(calls)
		switch {
		case !ok:
			faults[i] = "the trace does not show its arrival and its reply"
		case !flushed(calls, arrived, replied):
			faults[i] = "its reply left before the disk had it"
		}
	}
	return faults
}

// find gives the lines at which a statement had arrived and its reply began to
// leave: what is read from a connection and what is written to it take turns.
func (p taken) find(calls []syscallSeen) (arrived, replied int, ok bool) {
	peer, from, to := fmt.Sprintf("->127.0.0.1:%d]", p.port), stamp(p.began), stamp(p.landed)
	var turns []syscallSeen
	for _, c := range calls {
		if strings.HasSuffix(c.file, peer) && (c.name != "read" || c.result > 0) {
			turns = append(turns, c)
		}
	}
	slices.SortFunc(turns, func(a, b syscallSeen) int { return cmp.Compare(a.moment(), b.moment()) })
	arrived = -1
	for _, c := range turns {
		switch {
		case c.name == "read" && arrived < 0:
			arrived = c.end
		case c.name == "read":
		case c.began >= from && c.began <= to:
			return arrived, c.start, arrived >= 0
		default:
			arrived = -1
		}
	}
	return 0, 0, false
}

// moment is the line at which a call had its effect: a read when it came back, a
// write when it began.
func (c syscallSeen) moment() int {
	if c.name == "read" {
		return c.end
	}
	return c.start
}

// flushed tells whether between two lines the WAL was written to, and then a
// flush of it came to a good end.
func flushed(calls []syscallSeen, after, before int) bool {
	written := false
	for _, c := range calls {
		if c.start < after || c.end < 0 || c.end > before || !strings.HasSuffix(c.file, "cell.db-wal") {
			continue
		}
		switch c.name {
		case "pwrite64":
			written = true
		case "fsync", "fdatasync":
			if written && c.result == 0 {
				return true
			}
		}
	}
	return false
}

func stamp(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }

// portOf notes the local port of each connection that is made.
func portOf(port *int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err == nil {
			*port = conn.LocalAddr().(*net.TCPAddr).Port
		}
		return conn, err
	}
}
