package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/halligan-dev/halligan/internal/disk"
)

// folder is where a witness remembers: for each log one file, the checkpoint
// that it cosigned last, as the log signed it.
type folder string

// lockFile is held while a witness runs: two that share a folder could each
// cosign a history of their own.
const lockFile = "lock"

// ErrLocked says that another witness runs on the same folder.
var ErrLocked = errors.New("another witness runs on this folder")

// Make makes the folder of a new witness, which must not exist. A witness never
// makes it by itself: one whose memory was lost must not begin anew under the
// same key, or it would cosign a second history.
func Make(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return fmt.Errorf("cannot make the witness's memory: %w", err)
	}
	return disk.SyncFolder(filepath.Dir(path))
}

// name is the file of a log. Origins may hold what file names may not.
func name(kind, origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return kind + "-" + hex.EncodeToString(sum[:16])
}

// read gives what is kept under a name; nil when nothing is.
func (f folder) read(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(string(f), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// replace keeps data under a name: whole, and durable when it returns nil. After
// an error either the old or the new is there, and neither is sure to last.
func (f folder) replace(name string, data []byte) error {
	return disk.Replace(filepath.Join(string(f), name), data, 0o600)
}

// lock keeps others out until the file is closed or the process ends.
func (f folder) lock() (*os.File, error) {
	info, err := os.Stat(string(f))
	if err == nil && !info.IsDir() {
		err = errors.New("it is not a folder")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the witness's memory (a witness that lost it must not go on under the same key): %w", err)
	}
	file, err := os.OpenFile(filepath.Join(string(f), lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the witness's memory: %w", err)
	}
	if err := disk.Lock(file, ErrLocked); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
