package server

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"github.com/halligan-dev/halligan/internal/backup"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/disk"
)

// CellFiles are what a backup of a cell holds: its files, a copy of its database, and
// the code devices, sealed as they are. The server's private keys, the one that those
// are sealed under among them, and its mark are left out. Restored devices have used
// up fewer codes than were: of those, none is good any more.
type CellFiles struct {
	Folder   string // absolute
	Data     string // the data folder, below Folder
	Copy     string // the copy of the database
	Leave    string // the file that is being written
	Settings config.Server
}

// Pack writes them, encrypted to every recipient.
func (c CellFiles) Pack(w io.Writer, to ...age.Recipient) error {
	files, err := besides(c.Folder, c.Leave, c.Settings)
	if err != nil {
		return err
	}
	files = append(files, backup.File{Name: filepath.ToSlash(filepath.Join(c.Data, "cell.db")), Path: c.Copy})
	devices, err := filepath.Glob(filepath.Join(c.Folder, c.Data, codesFolder, "*.json"))
	if err != nil {
		return err
	}
	for _, device := range devices {
		files = append(files, backup.File{Name: filepath.ToSlash(filepath.Join(c.Data, codesFolder, filepath.Base(device))), Path: device})
	}
	return backup.Pack(w, files, to...)
}

// Unpack writes what Pack packed into an empty folder.
func Unpack(r io.Reader, folder string, by ...age.Identity) error {
	_, err := backup.Unpack(r, folder, by...)
	return err
}

// besides lists the cell's files without data, private keys, mark and backup.
func besides(folder, to string, settings config.Server) (files []backup.File, err error) {
	to, err = filepath.Abs(to)
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == settings.DataFolder || path == settings.KeysFolder || strings.HasPrefix(d.Name(), ".halligan-"):
			return filepath.SkipDir
		case d.IsDir() || path == to || strings.TrimSuffix(strings.TrimPrefix(path, filepath.Dir(settings.HighWater)+"/."), ".new") == filepath.Base(settings.HighWater), path == settings.HighWater:
			return nil
		case !d.Type().IsRegular():
			return errors.New(path + " is no plain file")
		}
		name, err := filepath.Rel(folder, path)
		files = append(files, backup.File{Name: filepath.ToSlash(name), Path: path})
		return err
	})
	return files, err
}

// PutInPlace moves a folder that is ready to where a cell is to lie, and makes that
// durable.
func PutInPlace(staging, to string) error {
	if err := os.Rename(staging, to); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(filepath.Clean(to)))
}
