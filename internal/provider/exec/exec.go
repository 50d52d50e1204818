package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// Limits of one call.
const (
	OutputMost      = 1 << 20          // bytes on stdout
	DeadlineDefault = 10 * time.Second // of a program that names none
	DeadlineMost    = 20 * time.Second
	atATime         = 4           // calls of one program
	lingerLongest   = time.Second // that pipes may stay open after the process
)

// Program is where a program lies and what it is given, always the same.
type Program struct {
	Path        string        // absolute
	Args        []string      // never of a scenario
	Folder      string        // working directory, absolute
	Environment []string      // NAME=value; nothing else is in its environment
	Deadline    time.Duration // of one call; 0: DeadlineDefault
}

// Usable tells why a program may not be run: whoever can write it could do what
// it does.
func (p Program) Usable() error {
	if !filepath.IsAbs(p.Path) || !filepath.IsAbs(p.Folder) {
		return errors.New("path and folder must be absolute")
	}
	info, err := os.Stat(p.Path)
	switch {
	case err != nil:
		return errors.New("it cannot be found")
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return errors.New("it is not an executable file")
	case info.Mode().Perm()&0o022 != 0 || foreign(info):
		return errors.New("others may write it")
	}
	for folder := filepath.Dir(p.Path); ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if err != nil || foreign(info) || info.Mode().Perm()&0o022 != 0 && info.Mode()&os.ModeSticky == 0 {
			return errors.New("others may put another in its place: a folder above it is theirs to write")
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}

// Exec is the provider. Make it with New.
type Exec struct {
	programs map[string]Program
	now      func() canon.Time
	slots    map[string]chan struct{} // program → calls at a time

	mu    sync.Mutex
	turns map[string]*turn // lease → whose turn it is
}

// turn lets one call at a time at a lease: no late Open comes after its Close.
type turn struct {
	free  chan struct{} // holds one token while nobody is at it
	users int
}

// New makes a provider of programs by id.
func New(programs map[string]Program, now func() canon.Time) *Exec {
	x := &Exec{programs: programs, now: now, slots: map[string]chan struct{}{}, turns: map[string]*turn{}}
	for id := range programs {
		x.slots[id] = make(chan struct{}, atATime)
	}
	return x
}

// Open has the lease opened.
func (x *Exec) Open(ctx context.Context, lease provider.Lease) error {
	_, err := x.call(ctx, Open, lease)
	return err
}

// Close has it closed. It does not begin before an Open under way is over.
func (x *Exec) Close(ctx context.Context, lease provider.Lease) error {
	_, err := x.call(ctx, Close, lease)
	return err
}

// Probe asks about each lease by itself.
func (x *Exec) Probe(ctx context.Context, leases []provider.Lease) []access.Round {
	rounds := make([]access.Round, len(leases))
	var all sync.WaitGroup
	for i, lease := range leases {
		rounds[i] = access.Round{Twin: access.Unreachable, Control: access.Unreachable}
		all.Go(func() {
			if r, err := x.call(ctx, Probe, lease); err == nil {
				rounds[i] = access.Round{Twin: *r.Lease, Control: *r.Control}
			}
		})
	}
	all.Wait()
	return rounds
}

// List gives the leases of ours that stand at the target.
func (x *Exec) List(ctx context.Context, lease provider.Lease) ([]string, error) {
	r, err := x.call(ctx, List, lease)
	return r.Leases, err
}

// call runs the program once. A response without an error is whole, and done.
func (x *Exec) call(ctx context.Context, deed Deed, lease provider.Lease) (Response, error) {
	program, ok := x.programs[lease.Program]
	if !ok {
		return Response{}, fmt.Errorf("cannot %s: program %s is not in server.yaml", deed, lease.Program)
	}
	if err := program.Usable(); err != nil {
		return Response{}, fmt.Errorf("cannot run program %s: %w", lease.Program, err)
	}
	leave, err := x.enter(ctx, lease)
	if err != nil {
		return Response{}, fmt.Errorf("cannot %s: program %s is busy: %w", deed, lease.Program, provider.ErrUnreachable)
	}
	defer leave()
	deadline := program.Deadline
	if deadline <= 0 || deadline > DeadlineMost {
		deadline = DeadlineDefault
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	input, err := json.Marshal(request(deed, lease, x.now().Add(deadline)), json.Deterministic(true))
	if err != nil {
		return Response{}, fmt.Errorf("cannot ask program %s: %w", lease.Program, err)
	}
	output, err := program.run(ctx, input)
	if err != nil {
		return Response{}, fmt.Errorf("cannot %s by program %s: %w", deed, lease.Program, err)
	}
	r, err := DecodeResponse(output, deed)
	if err != nil {
		return Response{}, fmt.Errorf("cannot %s by program %s: %w", deed, lease.Program, err)
	}
	switch r.Why {
	case "":
		return r, nil
	case WhyRefused:
		return Response{}, fmt.Errorf("program %s: %w", lease.Program, provider.ErrRefused)
	default:
		return Response{}, fmt.Errorf("program %s: %w", lease.Program, provider.ErrUnreachable)
	}
}

// enter waits for the turn at the lease, and for room at the program.
func (x *Exec) enter(ctx context.Context, lease provider.Lease) (leave func(), err error) {
	x.mu.Lock()
	t := x.turns[lease.KeyID]
	if t == nil {
		t = &turn{free: make(chan struct{}, 1)}
		t.free <- struct{}{}
		x.turns[lease.KeyID] = t
	}
	t.users++
	x.mu.Unlock()
	gone := func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if t.users--; t.users == 0 {
			delete(x.turns, lease.KeyID)
		}
	}
	select {
	case <-t.free:
	case <-ctx.Done():
		gone()
		return nil, ctx.Err()
	}
	slot := x.slots[lease.Program]
	select {
	case slot <- struct{}{}:
		return func() { <-slot; t.free <- struct{}{}; gone() }, nil
	case <-ctx.Done():
		t.free <- struct{}{}
		gone()
		return nil, ctx.Err()
	}
}

// run starts the process, without a shell, in a process group of its own that is
// killed at the deadline and when the process is over. Its errors say nothing of
// what it wrote.
func (p Program) run(ctx context.Context, input []byte) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, provider.ErrUnreachable
	}
	cmd := exec.CommandContext(ctx, p.Path, p.Args...)
	output := &limited{}
	cmd.Env = append([]string{}, p.Environment...) // never nil: that would be the server's own
	cmd.Dir, cmd.Stdin, cmd.Stdout = p.Folder, bytes.NewReader(input), output
	cmd.WaitDelay = lingerLongest
	grouped(cmd)
	if err := cmd.Start(); err != nil {
		return nil, errors.New("it cannot be started")
	}
	err := cmd.Wait()
	killGroup(cmd)
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("it was not done in time: %w", provider.ErrUnreachable)
	case output.over:
		return nil, fmt.Errorf("it wrote more than %d bytes", OutputMost)
	case errors.As(err, &exit):
		return nil, fmt.Errorf("it ended with code %d: %w", exit.ExitCode(), provider.ErrUnreachable)
	case err != nil:
		return nil, errors.New("it left its output open")
	}
	return output.Bytes(), nil
}

// limited takes what a program writes, up to OutputMost.
type limited struct {
	bytes.Buffer
	over bool
}

var errOver = errors.New("too long")

func (l *limited) Write(data []byte) (int, error) {
	if l.Len()+len(data) > OutputMost {
		l.over = true
		return 0, errOver // the pipe is closed, and the program ends by that
	}
	return l.Buffer.Write(data)
}
