package host

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// proc reads Linux' /proc, or a folder that looks like it.
type proc string

// birth names a process for as long as the machine runs: ids are used again,
// the start time in clock ticks since boot tells them apart.
type birth struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// process is a line of the process table.
type process struct {
	birth
	parent  int
	session int // kernel session: the id of the process that began it
	name    string
	dead    bool // a zombie: it only waits to be collected
}

func (p proc) path(pid int, file string) string {
	return filepath.Join(string(p), strconv.Itoa(pid), file)
}

// one reads a process. It fails with an error that wraps fs.ErrNotExist, or
// another, when there is none.
func (p proc) one(pid int) (process, error) {
	data, err := os.ReadFile(p.path(pid, "stat"))
	if err != nil {
		return process{}, err
	}
	return parseStat(pid, data)
}

// parseStat reads proc_pid_stat(5). The name in brackets may hold anything, so
// the fields are counted from the last bracket.
func parseStat(pid int, data []byte) (process, error) {
	open, last := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 0 || last < open {
		return process{}, fmt.Errorf("cannot read the state of process %d", pid)
	}
	f := bytes.Fields(data[last+1:])
	if len(f) < 20 {
		return process{}, fmt.Errorf("cannot read the state of process %d", pid)
	}
	parent, err1 := strconv.Atoi(string(f[1]))
	session, err2 := strconv.Atoi(string(f[3]))
	start, err3 := strconv.ParseUint(string(f[19]), 10, 64)
	if err := errors.Join(err1, err2, err3); err != nil {
		return process{}, fmt.Errorf("cannot read the state of process %d: %w", pid, err)
	}
	state := f[0][0]
	return process{
		birth: birth{pid, start}, parent: parent, session: session,
		name: string(data[open+1 : last]), dead: state == 'Z' || state == 'X',
	}, nil
}

// all reads the process table, zombies left out. Processes that go away
// meanwhile are left out too.
func (p proc) all() (map[int]process, error) {
	dir, err := os.Open(string(p))
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("cannot list processes: %w", err)
	}
	table := make(map[int]process, len(names))
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if one, err := p.one(pid); err == nil && !one.dead {
			table[pid] = one
		}
	}
	if len(table) == 0 {
		return nil, errors.New("cannot list processes: no process in sight")
	}
	return table, nil
}

// boot names this run of the machine.
func (p proc) boot() (string, error) {
	data, err := os.ReadFile(filepath.Join(string(p), "sys/kernel/random/boot_id"))
	if err != nil {
		return "", fmt.Errorf("cannot tell this boot from others: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// uptime is the time since boot in clock ticks, of which Linux shows 100 a
// second to all programs.
func (p proc) uptime() (uint64, error) {
	data, err := os.ReadFile(filepath.Join(string(p), "uptime"))
	if err != nil {
		return 0, err
	}
	whole, rest, _ := strings.Cut(string(data), ".")
	seconds, err := strconv.ParseUint(whole, 10, 64)
	if err != nil || len(rest) < 2 {
		return 0, errors.New("cannot read the time since boot")
	}
	hundredths, err := strconv.ParseUint(rest[:2], 10, 64)
	return seconds*100 + hundredths, err
}

// noAudit is what the kernel shows for a process without an audit session.
const noAudit = "4294967295"

// audit returns the audit session, which pam_loginuid opens for a login and
// which no process can leave without a privilege; "" if there is none.
func (p proc) audit(pid int) string {
	data, err := os.ReadFile(p.path(pid, "sessionid"))
	if id := strings.TrimSpace(string(data)); err == nil && id != noAudit {
		return id
	}
	return ""
}

// scope returns the control group that systemd made for a login session; "" if
// the process is in none.
func (p proc) scope(pid int) string {
	data, err := os.ReadFile(p.path(pid, "cgroup"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		_, path, _ := strings.Cut(strings.TrimSpace(line), ":")
		_, path, _ = strings.Cut(path, ":")
		for part := range strings.SplitSeq(path, "/") {
			if strings.HasPrefix(part, "session-") && strings.HasSuffix(part, ".scope") {
				return path[:strings.Index(path, part)+len(part)]
			}
		}
	}
	return ""
}

// variable returns the value of an environment variable as the process was
// started with it.
func (p proc) variable(pid int, name string) string {
	data, err := os.ReadFile(p.path(pid, "environ"))
	if err != nil {
		return ""
	}
	for entry := range bytes.SplitSeq(data, []byte{0}) {
		if key, value, ok := bytes.Cut(entry, []byte("=")); ok && string(key) == name {
			return string(value)
		}
	}
	return ""
}
