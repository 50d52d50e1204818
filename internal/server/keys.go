package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/issuer"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// The files of a keys folder. Each is readable by its owner alone.
const (
	ledgerKeyFile      = "ledger.key"
	revocationsKeyFile = "revocations.key"
	authorityKeyFile   = "ssh_authority"
	sessionKeyFile     = "session.key"
	codesKeyFile       = "codes.key" // made with the first code device
)

// Keys are the private keys of one server.
type Keys struct {
	Ledger      note.Signer // of checkpoints, with the key that genesis names; nil: it is gone
	Revocations note.Signer // of revocation lists
	Authority   *issuer.SSH // of certificates
	Session     []byte      // of reading tokens, 32 bytes

	folder string
}

// MakeKeys makes a new cell's keys in a folder and gives their public halves.
// It refuses a folder that has any already.
func MakeKeys(folder, origin string) (config.MachineKeys, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return config.MachineKeys{}, fmt.Errorf("cannot make the keys folder: %w", err)
	}
	ledgerKey, ledgerPublic, err := ledger.GenerateKey(rand.Reader, origin)
	if err != nil {
		return config.MachineKeys{}, err
	}
	listKey, listPublic, err := ledger.GenerateKey(rand.Reader, origin)
	if err != nil {
		return config.MachineKeys{}, err
	}
	authority, authorityPublic, err := issuer.GenerateSSH(rand.Reader)
	if err != nil {
		return config.MachineKeys{}, err
	}
	session := make([]byte, 32)
	rand.Read(session)
	for name, data := range map[string][]byte{
		ledgerKeyFile: []byte(ledgerKey), revocationsKeyFile: []byte(listKey),
		authorityKeyFile: authority, sessionKeyFile: session,
		"ledger.pub": []byte(ledgerPublic), "revocations.pub": []byte(listPublic),
		"ssh_authority.pub": []byte(strings.TrimSpace(authorityPublic) + "\n"),
	} {
		if err := writeNew(filepath.Join(folder, name), data); err != nil {
			return config.MachineKeys{}, fmt.Errorf("cannot make keys: %w", err)
		}
	}
	return config.MachineKeys{Ledger: ledgerPublic, Revocations: listPublic, Authority: strings.TrimSpace(authorityPublic)}, nil
}

// PublicKeys reads the public halves of a keys folder.
func PublicKeys(folder string) (config.MachineKeys, error) {
	var texts [3]string
	for i, name := range []string{"ledger.pub", "revocations.pub", "ssh_authority.pub"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return config.MachineKeys{}, fmt.Errorf("cannot read the cell's keys: %w", err)
		}
		texts[i] = strings.TrimSpace(string(data))
	}
	return config.MachineKeys{Ledger: texts[0], Revocations: texts[1], Authority: texts[2]}, nil
}

// OpenKeys reads the private keys of a folder. It refuses a file that others
// may read.
func OpenKeys(folder string) (*Keys, error) {
	k := &Keys{folder: folder}
	if err := k.readFirst(); err != nil {
		return nil, err
	}
	listKey, err := readPrivate(folder, revocationsKeyFile)
	if err != nil {
		return nil, err
	}
	authority, err := readPrivate(folder, authorityKeyFile)
	if err != nil {
		return nil, err
	}
	if k.Session, err = readPrivate(folder, sessionKeyFile); err != nil {
		return nil, err
	}
	if len(k.Session) != 32 {
		return nil, fmt.Errorf("cannot use %s: it is not 32 bytes", sessionKeyFile)
	}
	if k.Revocations, err = note.NewSigner(strings.TrimSpace(string(listKey))); err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", revocationsKeyFile, err)
	}
	if k.Authority, err = issuer.OpenSSH(authority); err != nil {
		return nil, fmt.Errorf("cannot use %s: %w", authorityKeyFile, err)
	}
	return k, nil
}

func readPrivate(folder, name string) ([]byte, error) {
	path := filepath.Join(folder, name)
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the cell's keys: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("cannot use %s: others may read it; chmod 600 mends that", path)
	}
	return os.ReadFile(path)
}

// writeNew writes a private file that must not exist yet.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: %w", path, err)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
