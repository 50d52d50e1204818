package config

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
)

// The files of a folder.
const (
	CellFile     = "cell.yaml"
	ServerFile   = "server.yaml"
	NotesFile    = "notes.json"
	ScenariosDir = "scenarios"
)

// scenariosMost bounds the files of a folder.
const scenariosMost = 500

// readFile reads at most one byte more than FileLimit, so that the caller can
// tell that there was more.
func readFile(folder fs.FS, name string) (data []byte, err error) {
	file, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, FileLimit+1))
}

// open reads and parses a file. It gives nil, and has noted why, when it cannot.
func open(f *findings, folder fs.FS, name, mend string) *node {
	data, err := readFile(folder, name)
	if err != nil {
		f.errorf(place{name, 0, 0}, mend, "cannot be read: %v", reason(err))
		return nil
	}
	return parse(name, data, f)
}

// reason is an error of a file system without the path, which the problem names.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// scenarioNames lists the scenario files. A file that would be left out without
// a word is a problem.
func scenarioNames(f *findings, folder fs.FS) []string {
	entries, err := fs.ReadDir(folder, ScenariosDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.errorf(place{ScenariosDir, 0, 0}, "make it a folder that you can read", "cannot be read: %v", reason(err))
		return nil
	}
	var names []string
	for _, e := range entries {
		name := path.Join(ScenariosDir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."), strings.HasSuffix(e.Name(), "~"):
		case e.IsDir():
			f.errorf(place{name, 0, 0}, "move its files one folder up", "is a folder: scenarios stand in one folder")
		case !strings.HasSuffix(e.Name(), ".yaml"):
			f.errorf(place{name, 0, 0}, "rename it to end in .yaml, or move it away", "is in the folder of scenarios but would not be read")
		default:
			names = append(names, name)
		}
	}
	if len(entries) == 0 || len(names) == 0 && !HasErrors(f.list) {
		f.errorf(place{ScenariosDir, 0, 0}, "write one: halligan init gives two to begin with", "holds no scenario: nothing could ever be opened")
	}
	if len(names) > scenariosMost {
		f.errorf(place{ScenariosDir, 0, 0}, "make cells of fewer scenarios", "holds %d scenarios, at most %d", len(names), scenariosMost)
		return nil
	}
	return names
}
