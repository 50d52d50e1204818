package e2e_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// patience is how long anything may take that is not a matter of its own time.
const patience = 2 * time.Minute

// process is a program that goes on until it is told to end.
type process struct {
	cmd  *exec.Cmd
	over chan struct{}
	log  *os.File
}

// start starts a program; what it says goes to the end of a file.
func start(log string, cmd *exec.Cmd) (*process, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if cmd.Stdout == nil {
		cmd.Stdout = f
	}
	cmd.Stderr = f
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	p := &process{cmd: cmd, over: make(chan struct{}), log: f}
	go func() {
		_ = cmd.Wait() // whoever wants to know asks for the state
		close(p.over)
	}()
	return p, nil
}

// running tells whether it goes on.
func (p *process) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.over:
		return false
	default:
		return true
	}
}

// end sends a signal and waits until the process is gone; one that does not go
// is killed, which is an error.
func (p *process) end(with syscall.Signal) error {
	if !p.running() {
		return nil
	}
	defer p.log.Close()
	if err := p.cmd.Process.Signal(with); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.over:
		return nil
	case <-time.After(patience):
	}
	err := p.cmd.Process.Kill()
	<-p.over
	return errors.Join(fmt.Errorf("%s did not end at %s", p.cmd.Path, with), err)
}

// until asks again until something is so, or will never be, which is an error at
// once. The last error is told if the time is over. Most questions are a process; so
// what has waited for long is asked less often, and seen a tenth later at most.
func until(longest time.Duration, what string, so func() (bool, error)) error {
	began, deadline := time.Now(), time.After(longest)
	for {
		done, err := so()
		if done {
			return err
		}
		select {
		case <-deadline:
			return errors.Join(fmt.Errorf("%s: not within %s", what, longest), err)
		case <-time.After(min(max(time.Since(began)/10, 100*time.Millisecond), time.Second)):
		}
	}
}

// output runs a command to its end; its error holds what the command said.
func output(cmd *exec.Cmd) (string, error) {
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return string(out), fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out, said.String())
	}
	return string(out), nil
}

// ports are those that freeAddress gives, each once in a run, from where chance
// put it. They lie below what systems give to connections that go out: one of
// those that the kernel names free may be somebody's by the time a server listens.
var ports = func() *atomic.Uint32 {
	n := new(atomic.Uint32)
	n.Store(rand.Uint32N(portsMany))
	return n
}()

const (
	portsFrom = 10_240
	portsMany = 20_000
)

// freeAddress is a loopback address that nobody listens on.
func freeAddress() (address string, err error) {
	for range 100 {
		address = fmt.Sprintf("127.0.0.1:%d", portsFrom+ports.Add(1)%portsMany)
		l, taken := net.Listen("tcp", address)
		if taken == nil {
			return address, l.Close()
		}
		err = taken
	}
	return "", err
}

// answers tells whether somebody listens at an address.
func answers(address string) bool {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return false
	}
	return c.Close() == nil
}
