package host

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/revocation"
)

// Options are the host's surroundings. The zero value is the real ones.
type Options struct {
	Proc   string           // "/proc"
	Parent int              // the process that started this one
	Self   int              // this process
	Now    func() time.Time // the clock
	Log    *slog.Logger     // default: nothing
	// Signal sends a signal to exactly the process of that id and start time
	// (clock ticks since boot) and takes one that is gone for no error.
	Signal func(pid int, start uint64, sig syscall.Signal) error
	// Transport carries requests; default: TLS as the configuration says.
	Transport http.RoundTripper
}

func (o Options) withDefaults() Options {
	if o.Proc == "" {
		o.Proc = "/proc"
	}
	if o.Parent == 0 {
		o.Parent = os.Getppid()
	}
	if o.Self == 0 {
		o.Self = os.Getpid()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Signal == nil {
		p := o.proc()
		o.Signal = func(pid int, start uint64, sig syscall.Signal) error {
			return sendSignal(p, birth{pid, start}, sig)
		}
	}
	return o
}

func (o Options) proc() proc { return proc(o.Proc) }

// Host pulls the list, ends sessions and reports. Its methods are not safe for
// concurrent use; a lock keeps two programs apart.
type Host struct {
	config *Config
	opts   Options
	keep   keep
	book   book
	client *client
	signer ssh.Signer
	lock   *os.File

	pulls, reports backoff
	pulled         error     // of the last attempt
	number         int64     // of the list in force
	changed        time.Time // when it came into force here
	sent           sent
	ended          []revocation.Session // not yet in a report that was taken
}

// sent is what the last report that was taken said.
type sent struct {
	at       time.Time
	list     revocation.ListRef
	problems string
}

// New takes the host's lock and returns a Host. Close gives the lock back.
func New(c *Config, opts Options) (*Host, error) {
	signer, err := readReportKey(c.ReportKey)
	if err != nil {
		return nil, err
	}
	h := &Host{config: c, opts: opts.withDefaults(), keep: newKeep(c), book: book(c.Run), client: newClient(c), signer: signer}
	if opts.Transport != nil {
		h.client.http.Transport = opts.Transport
	}
	if err := h.book.open(); err != nil {
		return nil, err
	}
	if h.lock, err = lock(c.Run + "/lock"); err != nil {
		return nil, err
	}
	return h, nil
}

// Close gives up the lock and idle connections.
func (h *Host) Close() error {
	h.client.http.CloseIdleConnections()
	return h.lock.Close()
}

// readReportKey reads the key that signs reports: Ed25519, for this program alone.
func readReportKey(path string) (ssh.Signer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the report key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot use the report key: %s can be read by others (want mode 0600)", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the report key: %w", err)
	}
	raw, err := ssh.ParseRawPrivateKey(data)
	if err != nil {
		return nil, errors.New("cannot use the report key: not an OpenSSH private key without passphrase")
	}
	key, ok := raw.(*ed25519.PrivateKey)
	if !ok {
		return nil, errors.New("cannot use the report key: want ssh-ed25519")
	}
	return ssh.NewSignerFromKey(*key)
}

// Sessions lists the logins that have a process left, and the login processes
// behind each, without changing anything.
func Sessions(c *Config, opts Options) ([]revocation.Session, error) {
	opts = opts.withDefaults()
	logins, look, err := readLogins(book(c.Run), opts)
	if err != nil {
		return nil, err
	}
	var out []revocation.Session
	for _, l := range logins {
		if found, _ := look.members(l); len(found) > 0 {
			out = append(out, l.sessions()...)
		}
	}
	return out, nil
}

func (l *login) sessions() []revocation.Session {
	out := make([]revocation.Session, len(l.records))
	for i, r := range l.records {
		out[i] = r.session()
	}
	return out
}

// readLogins reads the book and then the process table, in that order.
func readLogins(b book, opts Options) ([]*login, *look, error) {
	boot, err := opts.proc().boot()
	if err != nil {
		return nil, nil, err
	}
	logins, err := b.logins(boot)
	if err != nil || len(logins) == 0 {
		return nil, nil, err
	}
	seen, err := newLook(opts.proc(), opts.Self)
	return logins, seen, err
}

// wait waits for d or until ctx is done, and then returns its error.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
