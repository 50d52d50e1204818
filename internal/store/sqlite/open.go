package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	_ "modernc.org/sqlite" // registers the driver

	"github.com/halligan-dev/halligan/internal/disk"
)

// ErrLocked says that another process, or another Store of this one, has the
// folder open.
var ErrLocked = errors.New("another process has the cell open")

const (
	file        = "cell.db"
	busyMillis  = 10_000
	writerCache = 16384 // KiB
	readerCache = 2048  // KiB, for each reader
	readers     = 4
)

// Options are what a store needs to know beside its folder.
type Options struct {
	// Reserve is how many bytes are kept for the hour in which the disk is full.
	// Zero is DefaultReserve; less than zero keeps none.
	Reserve int64
	// Space is told what becomes of the reserve, in the goroutine that appends:
	// it must not wait for an Append. It may be nil.
	Space func(Space)
}

// Store keeps a cell in a folder. It is a broker.Store and a broker.Reader.
type Store struct {
	folder string
	lock   *os.File
	readDB *sql.DB
	read   readStatements

	mu        sync.Mutex // held by whoever writes
	writeDB   *sql.DB
	w         *writer // nil when it has to be opened anew
	unsettled bool    // a commit failed, and may still appear
	closed    bool
	reserve   reserve
	sweep     sweep
	copier    copier
}

// Path is where the cell of a folder lies.
func Path(folder string) string { return filepath.Join(folder, file) }

// Open opens the cell in the folder for reading and writing, and makes both if
// there are none: the folder readable by its owner only, if Open makes it, and
// the files in any case. What it finds there is durable when it returns. It is
// ErrLocked when somebody else has the folder open, and ErrForeign when the file
// is not a cell that this version can read.
func Open(folder string, opts Options) (*Store, error) {
	s, err := open(folder, opts)
	if err != nil {
		return nil, fmt.Errorf("cannot open the cell in %s: %w", folder, err)
	}
	return s, nil
}

func open(folder string, opts Options) (_ *Store, err error) {
	folder, err = filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	if opts.Reserve == 0 {
		opts.Reserve = DefaultReserve
	}
	s := &Store{folder: folder, reserve: reserve{folder: folder, size: opts.Reserve, tell: opts.Space}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := makeFolder(folder); err != nil {
		return nil, err
	}
	if s.lock, err = openLocked(filepath.Join(folder, "lock")); err != nil {
		return nil, err
	}
	if _, err := s.reserve.take(); err != nil {
		return nil, fmt.Errorf("cannot reserve space: %w", err)
	}
	if err := s.openFile(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Store) openFile() (err error) {
	path := Path(s.folder)
	// SQLite gives the WAL and its shared memory the permissions of the file.
	f, err := openPrivate(path)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.writeDB, err = sql.Open("sqlite", writerDSN(path)); err != nil {
		return err
	}
	s.writeDB.SetMaxOpenConns(1)
	s.mu.Lock()
	err = s.revive()
	if isFull(err) && s.reserve.spend() {
		err = s.revive()
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := syncFolders(s.folder); err != nil {
		return err
	}
	if s.readDB, err = sql.Open("sqlite", readerDSN(path)); err != nil {
		return err
	}
	s.readDB.SetMaxOpenConns(readers)
	s.readDB.SetMaxIdleConns(readers)
	if err := s.read.prepare(s.readDB); err != nil {
		return err
	}
	return s.copier.start(path, &s.mu)
}

// Close lets go of the folder. It waits for an Append that is under way.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	errs := []error{s.copier.stop()}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readDB != nil {
		errs = append(errs, s.readDB.Close())
	}
	errs = append(errs, s.dropWriter())
	if s.writeDB != nil {
		errs = append(errs, s.writeDB.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close()) // the lock goes last
	}
	return errors.Join(errs...)
}

func dsn(path string, pragmas ...string) string {
	q := url.Values{"_dqs": {"0"}, "_defensive": {"1"}, "_pragma": pragmas}
	q.Add("_pragma", "busy_timeout="+strconv.Itoa(busyMillis))
	q.Add("_pragma", "trusted_schema=0")
	q.Add("_pragma", "temp_store=memory")
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func writerDSN(path string) string {
	// fullfsync asks Apple's systems for what fsync means elsewhere.
	return dsn(path, "journal_mode=WAL", "synchronous="+synchronous, "fullfsync=1", "checkpoint_fullfsync=1",
		"wal_autocheckpoint="+strconv.Itoa(walPages), "cache_size=-"+strconv.Itoa(writerCache)) + "&_txlock=immediate"
}

func copierDSN(path string) string {
	return dsn(path, "synchronous="+synchronous, "fullfsync=1", "checkpoint_fullfsync=1", "wal_autocheckpoint=0", "cache_size=-64")
}

func readerDSN(path string) string {
	return dsn(path, "query_only=1", "cache_size=-"+strconv.Itoa(readerCache))
}

func makeFolder(folder string) error {
	if _, err := os.Stat(folder); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.MkdirAll(folder, 0o700)
}

// openPrivate opens or makes a file that only its owner can read.
func openPrivate(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(0o600); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func openLocked(path string) (*os.File, error) {
	f, err := openPrivate(path)
	if err != nil {
		return nil, err
	}
	if err := disk.Lock(f, ErrLocked); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// syncFolders makes the names of the files durable, and the folder's own.
func syncFolders(folder string) error {
	for _, path := range []string{folder, filepath.Dir(folder)} {
		if err := disk.SyncFolder(path); err != nil {
			return err
		}
	}
	return nil
}

// revive makes the file ready. What the WAL holds, from a process that was killed, is
// copied back and flushed, so that what this store finds it will find again.
func (s *Store) revive() error {
	ctx := context.Background()
	if err := s.dropWriter(); err != nil {
		return err
	}
	conn, err := s.writeDB.Conn(ctx)
	if err != nil {
		return err
	}
	found, err := flush(ctx, conn)
	if err == nil {
		err = migrate(ctx, conn)
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		return err
	}
	s.unsettled = found
	return s.settled(ctx)
}

// openWriter opens the one connection that writes. The readers keep the shared
// memory of the WAL alive meanwhile, and so a commit that failed stays unseen.
func (s *Store) openWriter(ctx context.Context) (*writer, error) {
	conn, err := s.writeDB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{conn: conn}
	if err := w.prepare(ctx); err != nil {
		return nil, errors.Join(err, w.close())
	}
	s.w = w
	return w, nil
}
