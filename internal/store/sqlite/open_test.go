package sqlite_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

func TestOpenIsExclusive(t *testing.T) {
	place := t.TempDir()
	s := open(t, place)
	folder := filepath.Join(place, "cell")
	if _, err := sqlite.Open(folder, sqlite.Options{Reserve: -1}); !errors.Is(err, sqlite.ErrLocked) {
		t.Errorf("a second Open here: %v, want ErrLocked", err)
	}
	out, err := helper("append", folder, 1).CombinedOutput()
	if err == nil || !strings.Contains(string(out), sqlite.ErrLocked.Error()) {
		t.Errorf("a second process: %v: %s", err, out)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if out, err := helper("append", folder, 1).CombinedOutput(); err != nil {
		t.Errorf("after Close: %v: %s", err, out)
	}
}

func TestClosedStore(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), broker.Head{}, log.Batch("cell")); err == nil || errors.Is(err, broker.ErrHeadMoved) {
		t.Errorf("Append on a closed store: %v", err)
	}
	if _, err := s.Load(t.Context()); err == nil {
		t.Error("Load of a closed store answers")
	}
	if _, err := s.Head(t.Context()); err == nil {
		t.Error("Head of a closed store answers")
	}
}

// TestPermissions looks at every file there is while the cell is open.
func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("skipped: no permissions of this kind on Windows")
	}
	place := t.TempDir()
	folder := filepath.Join(place, "a", "cell")
	if err := os.Mkdir(filepath.Dir(folder), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(folder, sqlite.Options{Reserve: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), broker.Head{}, log.Batch("cell")); err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has %v, want %v", path, got, want)
		}
		return nil
	})
	if err != nil || files < 5 {
		t.Errorf("%d files were looked at, %v", files, err)
	}
}

// tamper runs SQL on the file behind the store's back.
func tamper(t *testing.T, place string, text string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(place, "cell", "cell.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// TestTasksOfAnOlderFile: a file of the first version keeps its tasks under the keys
// that the broker gives them now, and its memos.
func TestTasksOfAnOlderFile(t *testing.T) {
	place := t.TempDir()
	if err := open(t, place).Close(); err != nil {
		t.Fatal(err)
	}
	tamper(t, place, `DROP TABLE task; DROP TABLE nonce; DELETE FROM migration WHERE number > 1;
		CREATE TABLE nonce (seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, expires INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
		CREATE TABLE task (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body BLOB NOT NULL) STRICT`)
	tasks := []cell.Task{{ID: "open:ab:266:db-1", Kind: cell.TaskOpen, Stream: "request/ab", Target: "db-1", Entry: 266}, {ID: "clock:cell:3", Kind: cell.TaskClock, Stream: "cell", Entry: 3}}
	var want []broker.Task
	for _, task := range tasks {
		tamper(t, place, "INSERT INTO task (id, body) VALUES (?, ?)", task.ID, task.Keep())
		want = append(want, broker.Task{ID: task.Key(), Body: task.Keep()})
	}
	memo := broker.Memo{Key: "used/00000000000000aa/ann:1", Expires: storetest.Start, Body: []byte(`{}`)}
	tamper(t, place, "INSERT INTO nonce (key, expires, body) VALUES (?, ?, ?)", memo.Key, memo.Expires.Std().UnixMilli(), memo.Body)
	s := open(t, place)
	defer s.Close()
	state, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sorted := cmpopts.SortSlices(func(a, b broker.Task) bool { return a.ID < b.ID })
	if diff := cmp.Diff(want, state.Tasks, sorted); diff != "" {
		t.Errorf("tasks (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]broker.Memo{memo}, state.Memos, cmp.Comparer(canon.Time.Equal)); diff != "" {
		t.Errorf("memos (-want +got):\n%s", diff)
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	for name, change := range map[string]string{
		"another program's":       "PRAGMA application_id = 42",
		"one without a mark":      "PRAGMA application_id = 0",
		"a newer version's":       "INSERT INTO migration VALUES (1000, '1000_future.sql', x'00')",
		"one of another text":     "UPDATE migration SET sha256 = x'00' WHERE number = 1",
		"one that half forgot it": "DELETE FROM migration",
	} {
		t.Run(name, func(t *testing.T) {
			place := t.TempDir()
			if err := open(t, place).Close(); err != nil {
				t.Fatal(err)
			}
			tamper(t, place, change)
			before, err := os.ReadFile(filepath.Join(place, "cell", "cell.db"))
			if err != nil {
				t.Fatal(err)
			}
			s, err := sqlite.Open(filepath.Join(place, "cell"), sqlite.Options{Reserve: -1})
			if err == nil {
				err = s.Close()
				t.Fatalf("Open takes it (%v)", err)
			}
			if name != "one that half forgot it" && !errors.Is(err, sqlite.ErrForeign) {
				t.Errorf("Open: %v, want ErrForeign", err)
			}
			after, err := os.ReadFile(filepath.Join(place, "cell", "cell.db"))
			if err != nil || string(before) != string(after) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
	t.Run("no database at all", func(t *testing.T) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "cell.db"), []byte(strings.Repeat("not a database. ", 400)), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := sqlite.Open(folder, sqlite.Options{Reserve: -1}); err == nil {
			t.Errorf("Open takes it: %v", s.Close())
		}
	})
}
