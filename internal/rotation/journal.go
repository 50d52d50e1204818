package rotation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/disk"
)

// ErrBusy says that another process rotates the envelope.
var ErrBusy = errors.New("another process on this machine rotates this envelope")

const (
	journalVersion = 1
	journalLimit   = 64 << 10
)

// record is what is written down of a rotation that was begun. Nothing in it is
// secret.
type record struct {
	Version  int             `json:"version"`
	Origin   string          `json:"cell"`
	Envelope string          `json:"envelope"`
	Contents access.Contents `json:"contents"`
	Begun    canon.Time      `json:"begun"`
	Step     string          `json:"step"` // the last that was begun; its kind of contents says what may be
	Old      []string        `json:"old,omitempty"`
	Asleep   []string        `json:"asleep,omitempty"` // of Old: what did not work when it was begun
	New      string          `json:"new,omitempty"`
	Asked    []canon.Time    `json:"asked,omitempty"` // when something was asked of AWS whose outcome nobody knows
	Fresh    bool            `json:"fresh,omitzero"`  // there was no password before
	Sets     bool            `json:"sets,omitzero"`   // the value is set where it counts, before it is the current one
	Sealing  *Sealing        `json:"sealing,omitzero"`
}

// Most of what a record may hold.
const (
	oldMost   = 64
	askedMost = 64
)

func (r *record) check() error {
	switch {
	case r.Version != journalVersion:
		return fmt.Errorf("version: %d is not %d", r.Version, journalVersion)
	case r.Begun.IsZero():
		return errors.New("begun: must be there")
	case len(r.Old) > oldMost || len(r.Asleep) > oldMost || len(r.Asked) > askedMost:
		return fmt.Errorf("old, asleep, asked: at most %d, %d and %d", oldMost, oldMost, askedMost)
	case r.Sealing != nil && (r.Sealing.Serial < 1 || r.Sealing.Content.IsZero()):
		return errors.New("sealing: must have a serial and a content")
	}
	if err := canon.CheckID(r.Envelope); err != nil {
		return fmt.Errorf("envelope: %w", err)
	}
	if err := r.Contents.Check(); err != nil {
		return err
	}
	return r.checkStep()
}

// checkStep refuses a step that is none, or that lacks what it goes on from.
func (r *record) checkStep() error {
	whole := true
	switch r.Step {
	case keyBegun, undoing:
	case keyCreating:
		whole = len(r.Asked) > 0
	case keyCreated:
		whole = r.New != ""
	case passwordSetting:
		whole = r.Sealing != nil && len(r.Asked) > 0
	case passwordSet:
		whole = r.Sealing != nil
	case keySealing:
		whole = r.Sealing != nil && (r.New != "" || r.Contents.Password != nil)
	case keyProved, keyRetiring, keyRefused, keySigned, secretPromoting, secretPromoted:
		whole = r.Sealing != nil && r.New != ""
	default:
		return fmt.Errorf("step: %q is none", r.Step)
	}
	if !whole {
		return fmt.Errorf("step: %q lacks what it goes on from", r.Step)
	}
	return nil
}

// decodeRecord reads a record strictly.
func decodeRecord(data []byte) (record, error) {
	var r record
	if err := canon.Decode(data, journalLimit, &r); err != nil {
		return record{}, err
	}
	return r, r.check()
}

// journal is a record in a file that one process holds.
type journal struct {
	record
	path string
	lock *os.File
	now  func() canon.Time
}

// openJournal takes what was begun, if anything was. What was begun of something
// else is refused.
func openJournal(o Order) (*journal, error) {
	if err := os.MkdirAll(o.Folder, 0o700); err != nil {
		return nil, err
	}
	j := &journal{path: filepath.Join(o.Folder, o.Envelope+".json"), now: func() canon.Time { return canon.At(o.Now()) }}
	var err error
	if j.lock, err = os.OpenFile(filepath.Join(o.Folder, o.Envelope+".lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	}
	if err := disk.Lock(j.lock, ErrBusy); err != nil {
		return nil, errors.Join(err, j.lock.Close())
	}
	j.record = record{Version: journalVersion, Origin: o.Origin, Envelope: o.Envelope, Contents: *o.Contents}
	data, err := os.ReadFile(j.path)
	if err == nil {
		err = j.take(data)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.close()
		return nil, err
	}
	return j, nil
}

func (j *journal) take(data []byte) error {
	r, err := decodeRecord(data)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", j.path, err)
	}
	if r.Origin != j.Origin || r.Envelope != j.Envelope || r.Contents.String() != j.Contents.String() {
		return fmt.Errorf("%s is of a rotation of %s that was begun in another cell, or before the envelope held something else: end that by hand, and remove the file", j.path, &r.Contents)
	}
	j.record = r
	return nil
}

// save writes down which step was begun. After nil it is durable.
func (j *journal) save(step string) error {
	j.Step = step
	if j.Begun.IsZero() {
		j.Begun = j.now()
	}
	data, err := canon.Encode(&j.record)
	if err == nil {
		err = disk.Replace(j.path, data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot write down what is begun: %w", err)
	}
	return nil
}

// remove forgets what was begun, for it is done. What if we crash before: it is
// done again, which changes nothing.
func (j *journal) remove() error {
	if err := os.Remove(j.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return disk.SyncFolder(filepath.Dir(j.path))
}

func (j *journal) close() { _ = j.lock.Close() }
