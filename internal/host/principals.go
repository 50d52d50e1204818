package host

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/revocation"
)

// ErrRevoked: the certificate's key id is on the installed list.
var ErrRevoked = errors.New("key id is on the revocation list")

// Offer is a certificate that sshd asks about: the user it would log in as
// (%u), its key id (%i) and serial (%s).
type Offer struct {
	User   string
	KeyID  string
	Serial string
}

// Admit records the login that sshd is about to admit and returns the
// principals that the user accepts. Any error means that nobody is admitted.
//
// The order is what matters. First the record, then the look at the list: if
// the list is installed before the look, the login is refused here; if after,
// the record was there before any session was listed under that list. And a
// login that cannot be recorded is not admitted: it could neither be ended nor
// truly be called absent, and there is another way into the host.
func Admit(c *Config, o Offer, opts Options) ([]string, error) {
	allowed, err := readPrincipals(c.Principals, o.User)
	if err != nil {
		return nil, err
	}
	if len(allowed) == 0 {
		return nil, nil
	}
	if revocation.ValidKeyID(o.KeyID) { // others cannot be on a list
		if err := enter(c, o, opts.withDefaults()); err != nil {
			return nil, err
		}
	}
	list, err := newKeep(c).installed()
	if err != nil {
		return nil, fmt.Errorf("cannot read the revocation list: %w", err)
	}
	if list.Has(o.KeyID) {
		return nil, ErrRevoked
	}
	return allowed, nil
}

func enter(c *Config, o Offer, opts Options) error {
	serial, err := strconv.ParseUint(o.Serial, 10, 64)
	if err != nil {
		return fmt.Errorf("cannot read the serial %q", o.Serial)
	}
	sshd, err := opts.proc().one(opts.Parent)
	if err != nil {
		return fmt.Errorf("cannot find sshd's process: %w", err)
	}
	if !strings.HasPrefix(sshd.name, "sshd") {
		return fmt.Errorf("cannot record a login: started by %q and not by sshd", sshd.name)
	}
	boot, err := opts.proc().boot()
	if err != nil {
		return err
	}
	b := book(c.Run)
	if err := b.open(); err != nil {
		return err
	}
	return b.add(record{
		Boot: boot, SSHD: sshd.birth, KeyID: o.KeyID, Serial: serial, User: o.User,
		At:         opts.Now().UTC().Truncate(time.Millisecond),
		Connection: opts.proc().connection(sshd.PID),
		Audit:      opts.proc().audit(sshd.PID),
		Scope:      opts.proc().scope(sshd.PID),
	})
}

// readPrincipals reads a file of lines "user: principal principal …", with
// comments after "#", and returns the user's principals, none if there is no
// line. A line that is not understood fails the whole: half a file is no rule.
func readPrincipals(path, user string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the principals: %w", err)
	}
	var out []string
	seen := make(map[string]bool)
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(text) == "" {
			continue
		}
		name, rest, ok := strings.Cut(text, ":")
		name = strings.TrimSpace(name)
		principals := strings.Fields(rest)
		if !ok || name == "" || len(principals) == 0 || seen[name] || strings.ContainsAny(rest, `"=,`) {
			return nil, fmt.Errorf("%s:%d: want one line a user: \"user: principal principal\"", path, n)
		}
		seen[name] = true
		if name == user {
			out = principals
		}
	}
	return out, lines.Err()
}
