package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

// The tests of durability need a process that can be traced and killed: this test
// binary itself, told by these variables to be one.
const (
	helperMode   = "HALLIGAN_STORE_HELPER"
	helperFolder = "HALLIGAN_STORE_FOLDER"
	helperCount  = "HALLIGAN_STORE_COUNT"
)

func TestMain(m *testing.M) {
	if mode := os.Getenv(helperMode); mode != "" {
		if err := help(mode, os.Getenv(helperFolder)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// help appends, says so on standard output after each Append that returned, and
// ends without closing the store. Each line is one system call: "ack SIZE ROOT".
func help(mode, folder string) error {
	runtime.LockOSThread() // strace counts what to spoil by thread
	count, err := strconv.Atoi(os.Getenv(helperCount))
	if err != nil {
		return err
	}
	s, err := sqlite.Open(folder, sqlite.Options{Reserve: -1})
	if err != nil {
		return err
	}
	if mode == "reopen" {
		return appendAndReopen(s, folder, count)
	}
	log, err := continued(s)
	if err != nil {
		return err
	}
	if mode != "look" {
		err = appendMany(s, log, count)
		if mode == "append" || err == nil {
			return err
		}
		// Mode "settle": an append failed, what does the store say of it?
		fmt.Printf("failed %d\n", log.Head().Size)
		if _, err := continued(s); err != nil {
			return err
		}
	}
	head, err := s.Head(context.Background())
	if err != nil {
		return err
	}
	fmt.Printf("final %d %v\n", head.Size, head.Root)
	return nil
}

func continued(s *sqlite.Store) (*storetest.Log, error) {
	state, err := s.Load(context.Background())
	if err != nil {
		return nil, err
	}
	return storetest.NewLog(state)
}

// appendMany appends batches until there are count, or for ever.
func appendMany(s *sqlite.Store, log *storetest.Log, count int) error {
	for i := 0; count == 0 || i < count; i++ {
		on := log.Head()
		b := log.Batch(streams(1 + rand.IntN(24))...)
		if i%5 == 0 {
			b.Attachments = [][]byte{fmt.Appendf(nil, "%d %v", i, on.Root), make([]byte, rand.IntN(20_000))}
		}
		if err := s.Append(context.Background(), on, b); err != nil {
			return err
		}
		fmt.Printf("ack %d %v\n", b.Head.Size, b.Head.Root)
	}
	return nil
}

// appendAndReopen also copies the WAL back, now and then, as closing does.
func appendAndReopen(s *sqlite.Store, folder string, count int) error {
	for range count {
		log, err := continued(s)
		if err != nil {
			return err
		}
		if err := appendMany(s, log, 8); err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
		if s, err = sqlite.Open(folder, sqlite.Options{Reserve: -1}); err != nil {
			return err
		}
	}
	return nil
}

func streams(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "request/" + strconv.Itoa(rand.IntN(40))
	}
	return all
}

// helper is the command that runs this binary as a helper, below the words given.
func helper(mode, folder string, count int, below ...string) *exec.Cmd {
	args := append(below, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), helperMode+"="+mode, helperFolder+"="+folder, helperCount+"="+strconv.Itoa(count))
	return cmd
}

// mark is a place in the log that a helper spoke of.
type mark struct {
	word string // ack, final
	size int64
	root ledger.Hash
}

func parseMark(line string) (m mark, err error) {
	var root string
	if _, err = fmt.Sscanf(line, "%s %d %s", &m.word, &m.size, &root); err != nil {
		return m, fmt.Errorf("%q: %w", line, err)
	}
	m.root, err = ledger.ParseHash(root)
	return m, err
}

// whole reopens the cell and insists that it is one whole and has every mark in
// its past; it gives the head.
func whole(folder string, marks []mark) (head broker.Head, err error) {
	ctx := context.Background()
	s, err := sqlite.Open(folder, sqlite.Options{Reserve: -1})
	if err != nil {
		return head, err
	}
	defer func() {
		if failed := s.Close(); err == nil {
			err = failed
		}
	}()
	if err := storetest.Verify(ctx, s); err != nil {
		return head, err
	}
	if err := s.Check(ctx); err != nil {
		return head, err
	}
	if head, err = s.Head(ctx); err != nil {
		return head, err
	}
	return head, hasPast(ctx, s, marks)
}

func hasPast(ctx context.Context, s *sqlite.Store, marks []mark) error {
	var edge ledger.Edge
	for _, m := range marks {
		for edge.Size() < m.size {
			bodies, err := s.Entries(ctx, edge.Size(), int(m.size-edge.Size()))
			if err != nil {
				return err
			}
			if len(bodies) == 0 {
				return fmt.Errorf("%s %d is lost: the log ends at %d", m.word, m.size, edge.Size())
			}
			for _, body := range bodies {
				edge.Append(ledger.LeafHash(body))
			}
		}
		if edge.Size() == m.size && m.size > 0 && edge.Root() != m.root {
			return fmt.Errorf("%s %d has the root %v, was promised %v", m.word, m.size, edge.Root().Short(), m.root.Short())
		}
	}
	return nil
}

// rounds is how often a test is repeated: more when there is time, fewer under
// -short, which the race detector's runs take.
func rounds(usual, soak int) int {
	switch {
	case os.Getenv("HALLIGAN_SOAK") != "":
		return soak
	case testing.Short():
		return max(2, usual/10)
	}
	return usual
}

// TestKilled kills a process that appends, without warning and at any point, and
// looks at what the next one finds. It says nothing of power cuts: what was
// written but not flushed survives a killed process.
func TestKilled(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cell")
	var marks []mark
	var before int64
	for round := range rounds(20, 300) {
		acked := killOne(t, folder, rand.IntN(30))
		marks = append(marks, acked...)
		head, err := whole(folder, marks)
		if err != nil {
			t.Fatalf("round %d, after %d acknowledgements: %v", round, len(acked), err)
		}
		if head.Size < before {
			t.Fatalf("round %d: the log went back from %d to %d", round, before, head.Size)
		}
		before = head.Size
	}
	if len(marks) < 2 {
		t.Errorf("only %d acknowledgements in all: nothing was tried", len(marks))
	}
	t.Logf("%d acknowledged batches, %d entries", len(marks), before)
}

// killOne runs a helper until it has acknowledged so many batches, kills it, and
// gives all that it acknowledged.
func killOne(t *testing.T, folder string, after int) (acked []mark) {
	t.Helper()
	cmd := helper("append", folder, 0)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		m, err := parseMark(lines.Text())
		if err != nil {
			t.Error(err)
			break
		}
		if acked = append(acked, m); len(acked) == after+1 {
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || complaint.Len() > 0 {
		t.Fatalf("the helper ended by itself: %v: %s", err, complaint.String())
	}
	return acked
}

// heavy is a batch with half a MiB beside it.
func heavy(log *storetest.Log, n int) broker.Batch {
	b := log.Batch("cell")
	data := make([]byte, 512<<10)
	copy(data, fmt.Sprint(n))
	b.Attachments = [][]byte{data}
	return b
}
