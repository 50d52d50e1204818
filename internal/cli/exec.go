package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/view"
)

type execCommand struct {
	ID     string `arg:"" help:"Your granted request: its id, or the first 8 or more digits of it."`
	Target string `arg:"" optional:"" help:"The target. Needed only if the request has several."`
	memberFlags
}

// Help is the long help of `exec`.
func (execCommand) Help() string {
	return `Everything after -- is the command; without one it is ssh to the target. It gets SSH_AUTH_SOCK of an agent of its own that holds nothing but this credential and renews it, and HALLIGAN_HOST, HALLIGAN_PORT, HALLIGAN_USER and HALLIGAN_KNOWN_HOSTS (a file with the host keys that your founders signed). When the grant ends, for whatever reason, the command is told why and gets a hangup, then is terminated. Its exit code is passed on.

Examples:

    halligan exec 5f0c1a2b
    halligan exec 5f0c1a2b db-1 -- ssh root@db-1.example.com
    halligan exec 5f0c1a2b db-1 -- scp root@db-1.example.com:/var/log/postgres.log .`
}

// Run runs the command.
func (e execCommand) Run(c *call) error {
	m, err := c.open(e.memberFlags)
	if err != nil {
		return err
	}
	return m.exec(e.ID, e.Target)
}

// exec runs the command after "--" with a credential that renews itself.
func (m *member) exec(digits, named string) error {
	h, err := m.holder(digits)
	if err != nil {
		return err
	}
	target, err := h.target(named)
	if err != nil {
		return err
	}
	first, err := m.fetchOpen(h, target)
	if err != nil {
		return err
	}
	if text := first.uncosigned(); text != "" {
		m.c.tell("%s", text)
	}
	place, err := newPlace(first)
	if err != nil {
		return err
	}
	defer place.remove()
	return m.c.run(m, h, place, m.c.rest)
}

// fetchOpen fetches, and waits while the target is still being opened.
func (m *member) fetchOpen(h *holder, target string) (*login, error) {
	deadline, since := m.c.now().Add(time.Minute), int64(-1)
	for {
		l, err := m.fetch(h, target)
		if !refusedFor(err, "lease-not-open") || m.c.now().After(deadline) {
			return l, err
		}
		if since < 0 {
			m.c.tell("%s is still being opened; waiting", target)
		}
		r, err := m.follow(h.id, since)
		if err != nil {
			return nil, err
		}
		since = r.Last
	}
}

// place is the folder of one exec: the socket of its agent, and known hosts.
type place struct {
	folder string
	socket net.Listener
	keys   agent.Agent
	login  *login // the first; renewals go to keys alone
}

func newPlace(l *login) (*place, error) {
	folder, err := os.MkdirTemp("", "halligan-") // readable for its owner alone
	if err != nil {
		return nil, because(exitInternal, err, "cannot make a folder for the agent")
	}
	p := &place{folder: folder, keys: agent.NewKeyring(), login: l}
	if err := os.WriteFile(p.hosts(), []byte(l.knownHosts()), 0o600); err != nil {
		p.remove()
		return nil, because(exitInternal, err, "cannot write known hosts")
	}
	if p.socket, err = net.Listen("unix", filepath.Join(folder, "agent")); err != nil {
		p.remove()
		return nil, because(exitInternal, err, "cannot listen for the agent")
	}
	go p.serve()
	return p, nil
}

func (p *place) hosts() string { return filepath.Join(p.folder, "known_hosts") }

func (p *place) serve() {
	for {
		conn, err := p.socket.Accept()
		if err != nil {
			return // closed
		}
		go serveAgent(p.keys, conn)
	}
}

// hold puts a renewed certificate in the place of the one before.
func (p *place) hold(l *login, now time.Time) error {
	if err := p.keys.RemoveAll(); err != nil {
		return because(exitInternal, err, "cannot empty the agent")
	}
	return l.addTo(p.keys, now)
}

// remove closes the agent and takes the folder away.
func (p *place) remove() {
	_ = p.keys.RemoveAll()
	if p.socket != nil {
		_ = p.socket.Close()
	}
	_ = os.RemoveAll(p.folder)
}

// environment is what the command gets beside our own.
func (p *place) environment() []string {
	host, port, err := net.SplitHostPort(p.login.host.Address)
	if err != nil {
		host, port = p.login.host.Address, "22"
	}
	return append(os.Environ(), "SSH_AUTH_SOCK="+p.socket.Addr().String(), "HALLIGAN_HOST="+host, "HALLIGAN_PORT="+port,
		"HALLIGAN_USER="+p.login.target.User, "HALLIGAN_KNOWN_HOSTS="+p.hosts())
}

// run runs the command until it ends by itself or the grant does.
func (c *call) run(m *member, h *holder, p *place, command []string) error {
	if len(command) == 0 {
		command = p.login.sshTo("-o", "UserKnownHostsFile="+p.hosts())
	}
	if err := p.hold(p.login, c.now()); err != nil {
		return err
	}
	child := exec.Command(command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr, child.Env = c.stdin, c.raw, c.rawErr, p.environment()
	// An interrupt from the keyboard is the command's to answer; ours is to wait.
	ctx, stop := signal.NotifyContext(context.WithoutCancel(c.ctx), syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := child.Start(); err != nil {
		return because(exitUsage, err, "cannot run %s", command[0])
	}
	gone := make(chan error, 1)
	go func() { gone <- child.Wait() }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan string, 2)
	m = m.in(ctx)
	go func() { ended <- m.keep(h, p) }()
	go func() { ended <- m.untilOver(h, p.login.target.Name) }()
	select {
	case err := <-gone:
		return childExit(err)
	case why := <-ended:
		_ = p.keys.RemoveAll()
		c.tell("halligan: the access ended: %s; the command is ended too", why)
		end(child.Process, gone, hangupGrace)
		return failf(exitEnded, "the access ended while the command was running: %s", why).or("halligan status %s", h.id.Short())
	}
}

// hangupGrace is how long a command has after a hangup, and again after the
// termination that follows.
const hangupGrace = 5 * time.Second

// end ends a process: a hangup, then termination, then a kill.
func end(process *os.Process, gone <-chan error, grace time.Duration) {
	for _, sig := range []os.Signal{syscall.SIGHUP, syscall.SIGTERM, os.Kill} {
		_ = process.Signal(sig) // it may have gone meanwhile
		select {
		case <-gone:
			return
		case <-time.After(grace):
		}
	}
	<-gone
}

// childExit passes the exit code of a command on.
func childExit(err error) error {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exited(exit.ExitCode())
	case errors.As(err, &exit):
		if status, ok := exit.Sys().(syscall.WaitStatus); ok {
			return exited(128 + int(status.Signal()))
		}
	}
	return because(exitInternal, err, "cannot wait for the command")
}

// retryAfter is how long a renewal that failed waits.
const retryAfter = 10 * time.Second

// keep renews the credential until the context is over or a rule says no, and
// says why it ended. While the server cannot be reached it goes on trying: what
// runs is not ended because of that, only nothing new can begin. The last
// certificate of a window is left to untilOver, which says when that is over.
func (m *member) keep(h *holder, p *place) string {
	held, next := p.login.before, renewAt(p.login, m.c.now())
	for {
		select {
		case <-m.c.ctx.Done():
			return "it was interrupted"
		case <-time.After(next):
		}
		l, err := m.fetch(h, p.login.target.Name)
		switch {
		case err == nil:
			if err := p.hold(l, m.c.now()); err != nil {
				return err.Error()
			}
			if next = renewAt(l, m.c.now()); !l.before.After(held) { // the window bounds it: no other lives longer
				next = l.before.Std().Sub(m.c.now()) + retryAfter
			}
			held = l.before
		case classify(err).code == exitRefused || classify(err).code == exitUnverified || classify(err).code == exitNotFound:
			return classify(err).Error()
		default:
			m.c.tell("halligan: cannot renew yet: %v", err)
			next = retryAfter
		}
	}
}

// renewAt is when a certificate is renewed: after half of what is left of it.
func renewAt(l *login, now time.Time) time.Duration {
	return max(l.before.Std().Sub(now)/2, time.Second)
}

// untilOver follows a request until its grant, or the lease at the target, is
// over, and says why.
func (m *member) untilOver(h *holder, target string) string {
	var until time.Time
	for since := int64(-1); ; {
		r, err := m.follow(h.id, since)
		switch {
		case m.c.ctx.Err() != nil:
			return "it was interrupted"
		case err == nil:
			if why := overAt(r, target); why != "" {
				return why
			}
			since, until = r.Last, r.Grant.Until.Std()
			continue
		case !until.IsZero() && m.c.now().After(until):
			return "the window is over"
		}
		m.c.tell("halligan: cannot see whether the access goes on: %v", err)
		select {
		case <-m.c.ctx.Done():
		case <-time.After(retryAfter):
		}
	}
}

// overAt says why nothing may be done at a target any more; empty if it may.
func overAt(r view.Request, target string) string {
	if r.State != access.Granted || r.Grant == nil {
		if r.End != nil {
			return r.End.Text
		}
		return fmt.Sprintf("the request is %s", r.State)
	}
	for _, l := range r.Leases {
		if l.Target == target && (l.State == access.LeaseClosing || l.State == access.LeaseClosed) {
			return l.Known
		}
	}
	return ""
}
