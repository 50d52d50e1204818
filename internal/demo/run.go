package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// stepLongest bounds one command.
const stepLongest = time.Minute

// as runs a command line as one person: in a process of its own, with that
// person's profile, key and state, and nobody else's.
func (s *stage) as(ctx context.Context, person string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, stepLongest)
	defer cancel()
	c := exec.CommandContext(ctx, s.Program, args...)
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.path("home", person),
		"HALLIGAN_PROFILE=" + s.path("cell", "profiles", person+".json"),
		"HALLIGAN_KEY=" + s.path("keys", person), "HALLIGAN_STATE=" + s.path("home", person, "state"),
	}
	return output(c)
}

// output runs a command; its error holds what the command said.
func output(c *exec.Cmd) ([]byte, error) {
	var said bytes.Buffer
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		return out, fmt.Errorf("%s: %w\n%s%s", strings.Join(c.Args, " "), err, out, said.Bytes())
	}
	return out, nil
}

// into is as with --json, read into a value.
func (s *stage) into(ctx context.Context, person string, v any, args ...string) error {
	out, err := s.as(ctx, person, append(args, "--json")...)
	if err != nil {
		return err
	}
	return json.Unmarshal(out, v)
}

// background starts a program that goes on until the demo ends.
func (s *stage) background(log string, name string, args ...string) (*exec.Cmd, error) {
	f, err := os.Create(s.path(log))
	if err != nil {
		return nil, err
	}
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = f, f
	if err := c.Start(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s.later(func() error {
		_ = c.Process.Signal(os.Interrupt)
		force := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() })
		defer force.Stop()
		_ = c.Wait() // it was told to end; how it ends tells nothing
		return f.Close()
	})
	return c, nil
}

// until asks again until something is so, or the time is over.
func until(ctx context.Context, longest time.Duration, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	var last error
	for {
		done, err := so()
		if done {
			return nil
		}
		last = err
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("it did not come within %s", longest), last)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// freePort is a loopback address that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
