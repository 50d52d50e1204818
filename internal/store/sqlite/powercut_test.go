package sqlite_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sector = 512

// write is one that the file system has taken and the disk may not have.
type write struct {
	at   int64
	data []byte // nil: the file was cut to the length at
}

// disk is a folder as a power cut would find it: what was flushed, and after it
// what was only written.
type disk struct {
	flushed map[string][]byte
	waiting map[string][]write
}

func newDisk() *disk { return &disk{map[string][]byte{}, map[string][]write{}} }

func (w write) on(content []byte) []byte {
	if w.data == nil {
		return append(content[:min(int64(len(content)), w.at)], make([]byte, max(0, w.at-int64(len(content))))...)
	}
	if need := w.at + int64(len(w.data)); int64(len(content)) < need {
		content = append(content, make([]byte, need-int64(len(content)))...)
	}
	copy(content[w.at:], w.data)
	return content
}

// apply does what the call did. The names of files are taken for durable at once:
// SQLite flushes the folder when it makes a WAL.
func (d *disk) apply(c call) error {
	name := filepath.Base(c.path)
	switch c.name {
	case "pwrite64":
		data, err := bytesOf(c.args)
		if err != nil {
			return err
		}
		at, err := lastNumber(c.args)
		if err != nil {
			return err
		}
		d.waiting[name] = append(d.waiting[name], write{at, data})
	case "ftruncate":
		at, err := lastNumber(c.args)
		if err != nil {
			return err
		}
		d.waiting[name] = append(d.waiting[name], write{at: at})
	case "fsync", "fdatasync":
		for _, w := range d.waiting[name] {
			d.flushed[name] = w.on(d.flushed[name])
		}
		delete(d.waiting, name)
	case "unlink", "unlinkat":
		name := nameIn(c.args)
		delete(d.flushed, name)
		delete(d.waiting, name)
	default:
		return fmt.Errorf("no notion of what %s does", c.name)
	}
	return nil
}

// nameIn is the base name of the file that an unlink names, in hexadecimal.
func nameIn(args string) string {
	path, err := bytesOf(args)
	if err != nil {
		return ""
	}
	return filepath.Base(string(path))
}

// cut writes the folder as the power cut leaves it: of the writes that waited,
// each may have reached the disk or not, in any order, whole or torn between
// sectors.
func (d *disk) cut(folder string, rnd *rand.Rand) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(d.flushed))
	for name := range d.waiting {
		if _, known := d.flushed[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if !strings.HasPrefix(name, "cell.db") || strings.HasSuffix(name, "-shm") {
			continue
		}
		content := slices.Clone(d.flushed[name])
		for _, w := range d.waiting[name] {
			content = tear(content, w, rnd)
		}
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func tear(content []byte, w write, rnd *rand.Rand) []byte {
	switch fate := rnd.IntN(3); {
	case fate == 0:
		return content // lost
	case fate == 1 || w.data == nil:
		return w.on(content)
	}
	for from := int64(0); from < int64(len(w.data)); {
		to := min((w.at+from)/sector*sector+sector-w.at, int64(len(w.data)))
		if rnd.IntN(2) == 0 {
			content = write{w.at + from, w.data[from:to]}.on(content)
		}
		from = to
	}
	return content
}

// TestPowerCut records every write and flush of a process that appends, closes
// and opens again, then cuts the power at many points: the folder is made as the
// disk might have it, and opened. Nothing acknowledged may be lost.
func TestPowerCut(t *testing.T) {
	needStrace(t)
	folder := filepath.Join(t.TempDir(), "cell")
	calls := traced(t, "reopen", folder, 4, "-xx", "-s", "100000",
		"-e", "trace=fsync,fdatasync,write,pwrite64,pwritev,ftruncate,unlink,unlinkat")
	points, err := cuttable(calls)
	if err != nil {
		t.Fatal(err)
	}
	cuts := rounds(200, 3000)
	rnd := rand.New(rand.NewPCG(1, uint64(len(calls))))
	at := map[int]int{}
	for range cuts {
		at[points[rnd.IntN(len(points))]]++
	}
	d, marks := newDisk(), []mark(nil)
	for i, c := range calls {
		if m, ok := ackIn(c); ok {
			marks = append(marks, m)
		} else if strings.HasPrefix(filepath.Base(c.path), "cell.db") || strings.HasPrefix(c.name, "unlink") {
			if err := d.apply(c); err != nil {
				t.Fatal(err)
			}
		}
		for range at[i] {
			if err := afterCut(t.TempDir(), d, marks, rnd); err != nil {
				t.Fatalf("power cut after call %d of %d (%s), %d batches acknowledged: %v", i, len(calls), c.name, len(marks), err)
			}
		}
	}
	t.Logf("%d power cuts among %d calls, %d batches acknowledged", cuts, len(calls), len(marks))
}

// cuttable gives the calls after which there is something to lose: from the first
// acknowledgement on.
func cuttable(calls []call) (points []int, err error) {
	seen := false
	for i, c := range calls {
		_, ack := ackIn(c)
		if seen = seen || ack; seen {
			points = append(points, i)
		}
	}
	if len(points) < 100 {
		return nil, errors.New("the trace shows next to nothing")
	}
	return points, nil
}

func ackIn(c call) (mark, bool) {
	if c.name != "write" || !strings.HasPrefix(c.args, "1<") {
		return mark{}, false
	}
	line, err := bytesOf(c.args)
	if err != nil {
		return mark{}, false
	}
	m, err := parseMark(string(line))
	return m, err == nil && m.word == "ack"
}

func afterCut(place string, d *disk, marks []mark, rnd *rand.Rand) error {
	folder := filepath.Join(place, "cell")
	if err := d.cut(folder, rnd); err != nil {
		return err
	}
	_, err := whole(folder, marks)
	return errors.Join(err, os.RemoveAll(folder))
}
