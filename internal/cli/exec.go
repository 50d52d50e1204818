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
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/view"
)

type execCommand struct {
	ID     string `arg:"" help:"Your granted request: its id, or the first 8 or more digits of it."`
	Target string `arg:"" optional:"" help:"The target. Needed only if the request has several."`
	Env    bool   `help:"Of an AWS account: give the command the keys themselves, for programs that can ask nobody. They are not renewed." xor:"keys"`
	Renew  bool   `help:"Of a root user's task: renew its session while the grant lives. Without this it is over in a quarter of an hour at most." xor:"keys"`
	memberFlags
}

// Help is the long help of `exec`.
func (execCommand) Help() string {
	return `Everything after -- is the command. At a host, without one it is ssh to the target. It gets SSH_AUTH_SOCK of an agent of its own that holds nothing but this credential and renews it, and HALLIGAN_HOST, HALLIGAN_PORT, HALLIGAN_USER and HALLIGAN_KNOWN_HOSTS (a file with the host keys that your founders signed). When the grant ends, for whatever reason, the command is told why and gets a hangup, then is terminated. Its exit code is passed on.

At an AWS account, without a command it is your shell. It gets AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN, by which the AWS command line and SDKs ask this program, on loopback, for keys that it renews; nothing is written anywhere. Keys, profiles and files of your own are kept from it, so that it cannot use them by mistake. When the grant ends it is terminated, then killed. A root user's session can be taken back by nobody, so that it is renewed only with --renew. Exit code 8 says that the access ended while the command ran.

Examples:

    halligan exec 5f0c1a2b
    halligan exec 5f0c1a2b db-1 -- ssh root@db-1.example.com
    halligan exec 5f0c1a2b db-1 -- scp root@db-1.example.com:/var/log/postgres.log .
    halligan exec 5f0c1a2b prod -- aws rds describe-db-instances
    halligan exec 5f0c1a2b prod --env -- ./old-script.sh
    halligan exec 5f0c1a2b unlock -- aws s3api delete-bucket-policy --bucket backups`
}

// Run runs the command.
func (e execCommand) Run(c *call) error {
	m, err := c.open(e.memberFlags)
	if err != nil {
		return err
	}
	return m.exec(e.ID, e.Target, lending{fixed: e.Env, renew: e.Renew})
}

// exec runs the command after "--" with a credential that renews itself.
func (m *member) exec(digits, named string, how lending) error {
	h, err := m.holder(digits)
	if err != nil {
		return err
	}
	target, err := h.target(named)
	if err != nil {
		return err
	}
	open, err := m.opening(h, target)
	if err != nil {
		return err
	}
	var j job
	if lends(open) || how != (lending{}) {
		j, err = m.lendTo(h, open, how)
	} else {
		j, err = m.loginTo(h, target)
	}
	if err != nil {
		return err
	}
	defer j.held.remove()
	return m.c.run(m, h, j)
}

// job is what exec runs, and what it gives it.
type job struct {
	target      string
	command     []string // where nothing was named
	environment []string // all of it
	signals     []os.Signal
	held        keeping
	fixed       bool // what is held is not renewed
}

// keeping is what a command is given, and what renews it meanwhile.
type keeping interface {
	// ends is when what is held is over.
	ends() canon.Time
	// renew fetches another and puts it in the place of the one that is held. An
	// error that wraps errNotHeld says that nothing can be held any more.
	renew(m *member, h *holder) error
	// remove takes it away from the command, with every trace. It may be called
	// again, and while renew is under way.
	remove()
}

// errNotHeld says that a renewed credential could not be put into its place.
var errNotHeld = errors.New("cannot hold the renewed credential")

// loginTo is a login at a host, in an agent of its own.
func (m *member) loginTo(h *holder, target string) (job, error) {
	first, err := whenOpen(m, h, target, func() (*login, error) { return m.fetch(h, target) })
	if err != nil {
		return job{}, err
	}
	if text := first.uncosigned(); text != "" {
		m.c.tell("%s", text)
	}
	p, err := newPlace(first)
	if err != nil {
		return job{}, err
	}
	if err := p.hold(first, m.c.now()); err != nil {
		p.remove()
		return job{}, err
	}
	return job{
		target: target, command: first.sshTo("-o", "UserKnownHostsFile="+p.hosts()), environment: p.environment(), held: p,
		signals: []os.Signal{syscall.SIGHUP, syscall.SIGTERM, os.Kill}, // a hangup is what a login is ended by
	}, nil
}

// place is the folder of one exec: the socket of its agent, and known hosts.
type place struct {
	folder string
	socket net.Listener
	keys   agent.Agent
	login  *login // the first; renewals go to keys alone
	before canon.Time
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
	p.before = l.before
	return l.addTo(p.keys, now)
}

func (p *place) ends() canon.Time { return p.before }

func (p *place) renew(m *member, h *holder) error {
	l, err := m.fetch(h, p.login.target.Name)
	if err != nil {
		return err
	}
	if err := p.hold(l, m.c.now()); err != nil {
		return fmt.Errorf("%w: %w", errNotHeld, err)
	}
	return nil
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
func (c *call) run(m *member, h *holder, j job) error {
	command := c.rest
	if len(command) == 0 {
		command = j.command
	}
	child := exec.Command(command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr, child.Env = c.stdin, c.raw, c.rawErr, j.environment
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
	if !j.fixed {
		go func() { ended <- m.keep(h, j.held) }()
	}
	go func() { ended <- m.untilOver(h, j.target) }()
	select {
	case err := <-gone:
		return childExit(err)
	case why := <-ended:
		j.held.remove()
		c.tell("halligan: the access ended: %s; the command is ended too", why)
		end(child.Process, gone, j.signals)
		return failf(exitEnded, "the access ended while the command was running: %s", why).or("halligan status %s", h.id.Short())
	}
}

// endGrace is how long a command has after each signal.
const endGrace = 5 * time.Second

// end ends a process by one signal after the other, the last of which is a kill.
func end(process *os.Process, gone <-chan error, signals []os.Signal) {
	for _, sig := range signals {
		_ = process.Signal(sig) // it may have gone meanwhile
		select {
		case <-gone:
			return
		case <-time.After(endGrace):
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
// credential of a window is left to untilOver, which says when that is over.
func (m *member) keep(h *holder, held keeping) string {
	before := held.ends()
	next := renewAt(before, m.c.now())
	for {
		select {
		case <-m.c.ctx.Done():
			return "it was interrupted"
		case <-time.After(next):
		}
		err := held.renew(m, h)
		after := held.ends()
		code := exitGood
		if err != nil {
			code = classify(err).code
		}
		switch {
		case err == nil && !after.After(before): // the window bounds it: no other lives longer
			next = after.Std().Sub(m.c.now()) + retryAfter
		case err == nil:
			before, next = after, renewAt(after, m.c.now())
		case errors.Is(err, errNotHeld), code == exitRefused, code == exitUnverified, code == exitNotFound:
			return classify(err).Error()
		default:
			m.c.tell("halligan: cannot renew yet: %v", err)
			next = retryAfter
		}
	}
}

// renewAt is when a credential is renewed: after half of what is left of it.
func renewAt(before canon.Time, now time.Time) time.Duration {
	return max(before.Std().Sub(now)/2, time.Second)
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
