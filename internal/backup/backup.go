package backup

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filippo.io/age"
)

const (
	filesMost = 10_000
	bytesMost = 1 << 40
)

// ErrRefused says that an archive holds what Pack does not write.
var ErrRefused = errors.New("not an archive of halligan backup")

// File is one file to pack.
type File struct {
	Name string // in the archive: local, with slashes
	Path string // on disk
}

// Pack writes the files, encrypted to every recipient.
func Pack(w io.Writer, files []File, to ...age.Recipient) error {
	if len(files) > filesMost {
		return fmt.Errorf("there are %d files, at most %d fit", len(files), filesMost)
	}
	sealed, err := age.Encrypt(w, to...)
	if err != nil {
		return fmt.Errorf("cannot encrypt: %w", err)
	}
	archive := tar.NewWriter(sealed)
	for _, f := range files {
		if err := pack(archive, f); err != nil {
			return fmt.Errorf("cannot pack %s: %w", f.Path, err)
		}
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("cannot pack: %w", err)
	}
	return sealed.Close()
}

func pack(archive *tar.Writer, f File) (err error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: info.Size(), Mode: 0o600}); err != nil {
		return err
	}
	_, err = io.Copy(archive, in)
	return err
}

// Unpack writes the files of an archive into an empty folder, readable by their
// owner alone, and gives how many they were.
func Unpack(r io.Reader, folder string, by ...age.Identity) (n int, err error) {
	plain, err := age.Decrypt(r, by...)
	if err != nil {
		return 0, fmt.Errorf("cannot decrypt: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	archive, left := tar.NewReader(plain), int64(bytesMost)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return n, fmt.Errorf("%w: %w", ErrRefused, err)
		}
		if n, left = n+1, left-h.Size; h.Typeflag != tar.TypeReg || !filepath.IsLocal(h.Name) || n > filesMost || left < 0 {
			return n, fmt.Errorf("%w: %q is no plain file below the folder, or there is too much", ErrRefused, h.Name)
		}
		if err := unpack(root, h.Name, archive); err != nil {
			return n, fmt.Errorf("cannot unpack %s: %w", h.Name, err)
		}
	}
	// The last block of age says that nothing was cut off.
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return n, fmt.Errorf("cannot decrypt: %w", err)
	}
	return n, nil
}

func unpack(root *os.Root, name string, from io.Reader) (err error) {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, from); err != nil {
		return err
	}
	return out.Sync()
}
