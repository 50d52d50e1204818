package totp

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/disk"
)

// What is kept, and for how long.
const (
	// KeptUnlisted is how long a confirmed device waits for the cell to list its key.
	KeptUnlisted = 30 * 24 * time.Hour

	devicesMost = 10_000
	suffix      = ".json"
)

// Standing is what the cell says of a key.
type Standing int

// The standings.
const (
	Unlisted Standing = iota // the cell has never had it
	Listed
	Removed // for good: nothing is signed with it any more
)

// Devices are the code devices of a server, a file each. Its methods may be called
// concurrently.
type Devices struct {
	folder, keyFile string
	now             func() time.Time

	mu    sync.Mutex
	under []byte // the key that they are sealed under; nil before the first
	byKey map[string]device
}

// Open reads the devices in a folder, and the key file that they are sealed under.
// Neither need be there: the first device makes both. Codes are of the time that now
// gives, which is what phones have. A file that cannot be read is an error.
func Open(folder, keyFile string, now func() time.Time) (*Devices, error) {
	d := &Devices{folder: folder, keyFile: keyFile, now: now, byKey: map[string]device{}}
	files, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("cannot read the code devices: %w", err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), suffix) {
			continue // the rest of a crash while one was written
		}
		one, err := readDevice(filepath.Join(folder, file.Name()))
		if err == nil && one.name() != file.Name() {
			err = errors.New("it is named as another device's file")
		}
		if err != nil {
			return nil, fmt.Errorf("cannot read the code device in %s: %w", file.Name(), err)
		}
		d.byKey[one.Key] = one
		if !one.Confirmed && !canon.At(now()).Before(one.Until) {
			if err := d.forget(one.Key); err != nil {
				return nil, err
			}
		}
	}
	if d.under, err = readKey(keyFile); err == nil && d.under == nil && len(d.byKey) > 0 {
		err = fmt.Errorf("cannot open the code devices in %s: their key file %s is not there", folder, keyFile)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

func readDevice(path string) (one device, err error) {
	data, err := os.ReadFile(path)
	if err == nil {
		err = canon.Decode(data, deviceLimit, &one)
	}
	if err == nil {
		err = one.check()
	}
	return one, err
}

// readKey reads the key that devices are sealed under; nil where there is none.
func readKey(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the key of code devices: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot use %s: others may read it; chmod 600 mends that", path)
	}
	key, err := os.ReadFile(path)
	if err == nil && len(key) != keySize {
		err = fmt.Errorf("cannot use %s: it is not %d bytes", path, keySize)
	}
	return key, err
}

// Made is a new device, as its person sees it, this once.
type Made struct {
	Key    string // public, as the roster has keys
	Secret string // base32, for an app that reads no pictures
	Link   string // otpauth:// with the same secret
}

// Make makes a device of a person for whoever has the code of an invitation that is
// good until an instant. It takes the place of one that was made with the same
// invitation and not confirmed, whose secret is good for nothing then.
func (d *Devices) Make(cell, person string, invitation canon.Digest, until canon.Time) (Made, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, had := range d.byKey {
		if had.Invitation == invitation && !had.Confirmed {
			if err := d.forget(key); err != nil {
				return Made{}, err
			}
		}
	}
	if len(d.byKey) >= devicesMost {
		return Made{}, ErrMany
	}
	if err := d.ready(); err != nil {
		return Made{}, err
	}
	o := opened{secret: make([]byte, secretSize)}
	rand.Read(o.secret)
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return Made{}, err
	}
	o.key = private
	made := device{Version: version, Person: person, Invitation: invitation, Until: until}
	if made.Key, err = lineOf(o.key); err == nil {
		err = made.seal(d.under, o)
	}
	if err == nil {
		err = d.keep(made)
	}
	if err != nil {
		return Made{}, err
	}
	return Made{Key: made.Key, Secret: base32Text.EncodeToString(o.secret), Link: link(cell, person, o.secret)}, nil
}

// ready makes folder and key file where they are not there.
func (d *Devices) ready() error {
	if err := os.MkdirAll(d.folder, 0o700); err != nil {
		return fmt.Errorf("cannot make the folder of code devices: %w", err)
	}
	if d.under != nil {
		return nil
	}
	key := make([]byte, keySize)
	rand.Read(key)
	if err := disk.Create(d.keyFile, key, 0o600); err != nil {
		return fmt.Errorf("cannot make the key of code devices: %w", err)
	}
	d.under = key
	return nil
}

// keep makes a device durable.
func (d *Devices) keep(one device) error {
	data, err := canon.Encode(one)
	if err == nil {
		err = disk.Replace(filepath.Join(d.folder, one.name()), data, 0o600)
	}
	if err != nil {
		return fmt.Errorf("cannot keep a code device: %w", err)
	}
	d.byKey[one.Key] = one
	return nil
}

// forget takes a device away, file first.
func (d *Devices) forget(key string) error {
	one := d.byKey[key]
	if err := os.Remove(filepath.Join(d.folder, one.name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot forget a code device: %w", err)
	}
	delete(d.byKey, key)
	return nil
}

// Use is a code that somebody gave, and of whose device they say it is.
type Use struct {
	Person string
	Key    string // public, as the roster has keys
	Code   string // six digits
}

// Confirm takes the first code of a device that was made with an invitation, and
// uses it up. Whoever confirms again, with another code, is answered the same.
func (d *Devices) Confirm(u Use, invitation canon.Digest) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, known := d.byKey[u.Key]
	if !known || one.Person != u.Person || one.Invitation != invitation {
		return ErrWrong
	}
	if _, err := d.take(&one, u.Code, canon.Digest{}); err != nil {
		return err
	}
	one.Confirmed, one.Until = true, canon.At(d.now()).Add(KeptUnlisted)
	return d.keep(one)
}

// Sign signs a message under a namespace with a person's device, if the code is its
// of now and was not used. What was signed with a code is signed with it again while
// it is good, so that whoever got no answer may ask once more.
//
// What if we crash here: before the step is durable nothing is signed; after it,
// the code is used up, whatever becomes of the signature.
func (d *Devices) Sign(u Use, namespace string, message []byte) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, known := d.byKey[u.Key]
	if !known || one.Person != u.Person || !one.Confirmed {
		return nil, ErrWrong
	}
	o, err := d.take(&one, u.Code, canon.Sum([]byte(namespace+"\n"+string(message))))
	if err != nil {
		return nil, err
	}
	signer, err := ssh.NewSignerFromKey(o.key)
	if err != nil {
		return nil, fmt.Errorf("cannot sign with a code device: %w", err)
	}
	return sshsig.Sign(signer, namespace, message)
}

// take uses digits up for one purpose, durably, and opens the device.
func (d *Devices) take(one *device, digits string, purpose canon.Digest) (opened, error) {
	now := d.now()
	if !CheckDigits(digits) || !one.Confirmed && !canon.At(now).Before(one.Until) {
		return opened{}, ErrWrong
	}
	o, err := one.open(d.under)
	if err != nil {
		return opened{}, fmt.Errorf("cannot open a code device: %w", err)
	}
	step, ok := matching(o.secret, digits, now)
	switch {
	case !ok:
		return opened{}, ErrWrong
	case step == one.Used && purpose == one.For && !purpose.IsZero():
		return o, nil
	case step <= one.Used:
		return opened{}, ErrUsed
	}
	one.Used, one.For = step, purpose
	// Used up in memory even if it cannot be written: nothing is signed then, and
	// whoever saw these digits shall not try them again.
	d.byKey[one.Key] = *one
	return o, d.keep(*one)
}

// Tidy forgets the devices that nobody confirmed in time, those that the cell never
// listed, and those whose keys it removed. It goes on after one that cannot be
// forgotten.
func (d *Devices) Tidy(standing func(key string) Standing) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := canon.At(d.now())
	var failed error
	for key, one := range d.byKey {
		in := standing(key)
		if in == Removed || in == Unlisted && !now.Before(one.Until) {
			failed = errors.Join(failed, d.forget(key))
		}
	}
	return failed
}
