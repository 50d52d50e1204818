package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const supported = true

// sendSignal sends sig to that very process. FindProcess takes hold of it by a file
// descriptor (pidfd); if the start time read afterwards is the expected one,
// the descriptor names the right process and goes on naming it, whatever
// becomes of the number. A process that is gone is no error.
func sendSignal(p proc, b birth, sig syscall.Signal) error {
	held, err := os.FindProcess(b.PID)
	if err != nil {
		return nil // gone
	}
	defer held.Release()
	one, err := p.one(b.PID)
	if err != nil || one.Start != b.Start {
		return nil // gone, and the number may be another's
	}
	if err := held.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot signal process %d: %w", b.PID, err)
	}
	return nil
}

// lock takes a lock that lasts as long as the file is open, or fails at once.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot lock %s: another halligan-host is running", path), f.Close())
	}
	return f, nil
}

// ownedByRoot reports why sshd, or we, cannot rely on path: every folder from
// the root and the file itself must be root's and writable by root alone.
func ownedByRoot(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		if err := rootOnly(path, info); err != nil {
			return err
		}
		if path == "/" {
			return nil
		}
		path = filepath.Dir(path)
	}
}

func rootOnly(path string, info fs.FileInfo) error {
	if s, ok := info.Sys().(*syscall.Stat_t); !ok || s.Uid != 0 {
		return fmt.Errorf("%s does not belong to root", path)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s can be written by others than root", path)
	}
	return nil
}
