package host

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/disk"
	"github.com/halligan-dev/halligan/internal/revocation"
)

// errForeign: RevokedKeys names a file that somebody else keeps.
var errForeign = errors.New("the revocation list file is not one of this cell's; move it away or name another path")

// keep holds the installed list: one file that sshd reads, which carries its
// own origin, number and time, so that replacing it replaces them together.
type keep struct {
	path        string
	origin      string
	authorities [][]byte
	state       string // file of what must survive the loss of path
}

func newKeep(c *Config) keep {
	return keep{c.KRL, c.Origin, c.authorities, filepath.Join(filepath.Dir(c.KRL), "halligan-host.state")}
}

// installed returns the list in force. It fails with fs.ErrNotExist, with
// errForeign, or with revocation.ErrKRL for a damaged file of ours.
func (k keep) installed() (revocation.List, error) {
	data, err := os.ReadFile(k.path)
	if err != nil {
		return revocation.List{}, err
	}
	l, err := revocation.ParseKRL(data)
	if err == nil && l.Origin == k.origin {
		return l, nil
	}
	start := data[:min(len(data), 512)]
	if len(data) > 0 && (err == nil || !bytes.Contains(start, []byte("halligan "+k.origin+" "))) {
		return revocation.List{}, errForeign
	}
	return revocation.List{}, err
}

// ensure makes sure that sshd has a list to read: without one it would refuse
// every key. It writes an empty list where there is none, or where ours is
// damaged and already refuses everybody. It fails with errForeign, and then
// touches nothing: somebody's own revocations must not be undone.
func (k keep) ensure() (revocation.List, error) {
	leftover, err := filepath.Glob(k.path + ".new-*")
	if err != nil {
		return revocation.List{}, fmt.Errorf("cannot look for old temporary files: %w", err)
	}
	for _, name := range leftover { // a crash between create and rename
		if err := os.Remove(name); err != nil {
			return revocation.List{}, err
		}
	}
	l, err := k.installed()
	if err == nil {
		if want := l.KRL(k.authorities...); !k.holds(want) { // authorities have changed
			return l, k.write(want)
		}
		return l, nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, revocation.ErrKRL) {
		return revocation.List{}, err
	}
	l = revocation.Empty(k.origin)
	return l, k.write(l.KRL(k.authorities...))
}

func (k keep) holds(want []byte) bool {
	have, err := os.ReadFile(k.path)
	return err == nil && bytes.Equal(have, want)
}

// install puts next in force in place of prev, which is what is installed. It
// fails with what List.Follows says, also against the highest list that was
// ever installed here, and then nothing has changed.
func (k keep) install(prev, next revocation.List) error {
	if err := next.Follows(prev); err != nil {
		return err
	}
	s, err := k.load()
	if err != nil {
		return err
	}
	floor := revocation.List{Origin: k.origin, Number: s.Number, At: s.At, KeyIDs: next.KeyIDs}
	if err := next.Follows(floor); err != nil {
		return err
	}
	if err := k.write(next.KRL(k.authorities...)); err != nil {
		return err
	}
	// A crash here leaves the floor behind the list: the list itself guards.
	s.Number, s.At = next.Number, next.At
	return k.save(s)
}

// write replaces the file. Whatever step fails, and wherever the machine stops,
// sshd finds the old file or the new one, whole.
func (k keep) write(krl []byte) error {
	if _, err := revocation.ParseKRL(krl); err != nil {
		return fmt.Errorf("cannot install: %w", err)
	}
	err := replace(k.path, krl, 0o644, func(written []byte) error {
		if !bytes.Equal(written, krl) {
			return errors.New("disk returns other bytes than were written")
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("cannot install the revocation list: %w", err)
	}
	return nil
}

// replace writes data beside path, syncs it, reads it back for check, renames
// it over path and syncs the directory.
func replace(path string, data []byte, mode fs.FileMode, check func([]byte) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name()) // best effort: ensure removes it at the next start
		}
	}()
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if check != nil {
		written, err := os.ReadFile(f.Name())
		if err != nil {
			return err
		}
		if err := check(written); err != nil {
			return err
		}
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(path))
}

// load reads the state; a missing or damaged file counts as none, because what
// it guards is guarded by the installed list as well.
func (k keep) load() (state, error) {
	zero := state{At: revocation.Empty(k.origin).At}
	data, err := os.ReadFile(k.state)
	if errors.Is(err, fs.ErrNotExist) {
		return zero, nil
	}
	if err != nil {
		return zero, fmt.Errorf("cannot read the state: %w", err)
	}
	s := zero
	if err := json.Unmarshal(data, &s, json.RejectUnknownMembers(true)); err != nil || s.Number < 0 || s.Sequence < 0 {
		return zero, nil
	}
	s.At = s.At.UTC()
	return s, nil
}

func (k keep) save(s state) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("cannot encode the state: %w", err)
	}
	if err := replace(k.state, data, 0o600, nil); err != nil {
		return fmt.Errorf("cannot write the state: %w", err)
	}
	return nil
}
