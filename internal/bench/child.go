package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program that this one started, and will end.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Scanner
	errs *os.File
}

// launch starts a program; what it says on standard error goes into a file of the
// run's folder.
func (r *run) launch(name string, command string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(command, args...)}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if p.errs, err = os.Create(r.path(name + ".log")); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.errs
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	r.started = append(r.started, p)
	return p, nil
}

// end asks the process to end, and insists after a while.
func (p *process) end() {
	if p.cmd.ProcessState != nil {
		return
	}
	p.in.Close()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	over := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-over
	}
	p.errs.Close()
}

// line waits for the next line of the process.
func (p *process) line() (string, error) {
	if p.out.Scan() {
		return p.out.Text(), nil
	}
	said, _ := os.ReadFile(p.errs.Name())
	return "", fmt.Errorf("%s ended: %s", p.cmd.Path, tail(said))
}

func tail(said []byte) string {
	text := strings.TrimSpace(string(said))
	return text[max(0, len(text)-600):]
}

// appender has a child append for a while with so many callers.
func (p *process) appender(writers int, length time.Duration) func() (turn, error) {
	return func() (turn, error) {
		if _, err := fmt.Fprintln(p.in, writers, length.Milliseconds()); err != nil {
			return turn{}, err
		}
		text, err := p.line()
		if err != nil {
			return turn{}, err
		}
		var t turn
		_, err = fmt.Sscan(text, &t.Count, &t.Took, &t.P50, &t.P99)
		return t, err
	}
}

// resident is the memory in bytes that a process holds now.
func (p *process) resident() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmRSS:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("the system does not say how much memory a process holds")
}

// used is the processor time in user and system mode that a process has used.
func (p *process) used() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, after, ok := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if !ok || len(fields) < 13 {
		return 0, errors.New("the system does not say how much time a process used")
	}
	const ticks = 100 // a second, on every Linux that Go runs on
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, errors.Join(err1, err2)
}

// billed adds to a turn what it cost in processor time: the process and this one,
// which calls it.
func (p *process) billed(run func() (turn, error)) func() (turn, error) {
	return func() (turn, error) {
		theirs, err := p.used()
		if err != nil {
			return turn{}, err
		}
		mine := usedHere()
		t, err := run()
		if err != nil {
			return turn{}, err
		}
		after, err := p.used()
		t.Server, t.Callers = after-theirs, usedHere()-mine
		return t, err
	}
}

// usedHere is the processor time that this process has used.
func usedHere() time.Duration {
	var use syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &use) // of ourselves it cannot fail
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
