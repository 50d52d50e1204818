package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/revocation"
)

// record is what is known of a login when sshd asks for principals. One
// connection may leave several: a client may offer more than one certificate,
// and nobody says here which of them was taken in the end, so all of them stand
// and a session is listed under each (rather too many than one too few).
type record struct {
	Boot   string    `json:"boot"`
	SSHD   birth     `json:"sshd"` // the process that serves the connection
	KeyID  string    `json:"key_id"`
	Serial uint64    `json:"serial,string"`
	User   string    `json:"user"`
	At     time.Time `json:"at"`
	// Connection, Audit and Scope are the marks of the sshd process at that
	// time: the last two are those of the service, and a login that opens its
	// own has others later.
	Connection string `json:"connection"`
	Audit      string `json:"audit"`
	Scope      string `json:"scope"`
}

// session returns the record as reports show it.
func (r record) session() revocation.Session {
	return revocation.Session{
		KeyID: r.KeyID, Serial: r.Serial, User: r.User, PID: r.SSHD.PID,
		Started: r.At.UTC().Truncate(time.Millisecond),
	}
}

// book is the directory of records. `principals` adds, `run` reads and removes.
type book string

const (
	recordEnd = ".login"
	memberEnd = ".members"
)

func stem(b birth) string {
	return strconv.Itoa(b.PID) + "-" + strconv.FormatUint(b.Start, 10)
}

// open makes the directory, for root alone.
func (b book) open() error {
	if err := os.MkdirAll(string(b), 0o700); err != nil {
		return fmt.Errorf("cannot make the directory for logins: %w", err)
	}
	return nil
}

// add puts a record in place, whole or not at all. The same login may be added
// again: sshd asks once for the offer and once for the signature.
func (b book) add(r record) error {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", r.KeyID, r.Serial, r.User))
	return b.put(stem(r.SSHD)+"-"+hex.EncodeToString(sum[:8])+recordEnd, r)
}

func (b book) put(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("cannot encode %s: %w", name, err)
	}
	f, err := os.CreateTemp(string(b), ".new-*")
	if err != nil {
		return fmt.Errorf("cannot record: %w", err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		// Nothing is synced: records end with the boot that they name.
		err = os.Rename(f.Name(), filepath.Join(string(b), name))
	}
	if err != nil {
		os.Remove(f.Name())
		return fmt.Errorf("cannot record: %w", err)
	}
	return nil
}

// login is all that is on record of one connection.
type login struct {
	sshd    birth
	records []record
	seen    seen
}

// seen is what `run` remembers of a login from look to look.
type seen struct {
	Members []birth `json:"members"`
	Audit   string  `json:"audit"` // marks that the login opened for itself
	Scope   string  `json:"scope"`
	// Gone is when sshd's process was first missed, in ticks since boot.
	Gone uint64 `json:"gone"`
}

// logins reads the book. Records of earlier boots are left out. A record that
// cannot be read is an error, named with its file: it may be a session.
func (b book) logins(boot string) ([]*login, error) {
	entries, err := os.ReadDir(string(b))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the records of logins: %w", err)
	}
	byStem := make(map[string]*login)
	var out []*login
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), recordEnd) {
			continue
		}
		var r record
		err := b.get(e.Name(), &r)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if r.Boot != boot {
			continue
		}
		l := byStem[stem(r.SSHD)]
		if l == nil {
			l = &login{sshd: r.SSHD}
			if err := b.get(stem(r.SSHD)+memberEnd, &l.seen); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			byStem[stem(r.SSHD)] = l
			out = append(out, l)
		}
		l.records = append(l.records, r)
	}
	return out, nil
}

func (b book) get(name string, v any) error {
	data, err := os.ReadFile(filepath.Join(string(b), name))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("cannot read the record %s: %w", name, err)
	}
	return nil
}

// remember writes what was seen of a login.
func (b book) remember(l *login) error { return b.put(stem(l.sshd)+memberEnd, l.seen) }

// forget removes the records of a login that is over.
func (b book) forget(l *login) error {
	names, err := filepath.Glob(filepath.Join(string(b), stem(l.sshd)+"-*"+recordEnd))
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range append(names, filepath.Join(string(b), stem(l.sshd)+memberEnd)) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
