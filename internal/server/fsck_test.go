package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/server"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
)

// TestT64RebuildSignsNoSecondRoot: whoever can write to the database changes what
// only the server observed, which no signature and no rule shows, and spoils the
// checkpoint that would contradict it. The key that signs checkpoints must not be
// lent to that.
func TestT64RebuildSignsNoSecondRoot(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(t *testing.T, db *sql.DB, last int64)
		marked bool // the mark is there
		signs  bool
	}{
		"entry changed":            {changeSalt, true, false},
		"newest entry taken":       {takeNewest, true, false},
		"nothing but checkpoint":   {func(*testing.T, *sql.DB, int64) {}, true, true},
		"no mark, none to compare": {func(*testing.T, *sql.DB, int64) {}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := brokertest.New(t, brokertest.Setup{})
			d.Must(d.Ask("ann", "1"))
			head := d.Head()
			d.Shut()
			mark := filepath.Join(t.TempDir(), "high-water")
			if c.marked {
				data := canon.MustEncode(map[string]any{"root": head.Root, "size": head.Size})
				must(t, os.WriteFile(mark, data, 0o600))
			}
			edit(t, d.Folder, func(db *sql.DB) {
				execute(t, db, "UPDATE head SET checkpoint = x'00'")
				c.spoil(t, db, head.Size-1)
			})
			store, err := sqlite.Open(d.Folder, sqlite.Options{Reserve: -1})
			must(t, err)
			anchor := ledger.Anchor{Origin: celltest.Origin, LedgerKeys: []string{d.Genesis.Ledger}}
			_, _, signer := brokertest.Founding(t)
			found, err := server.Check(context.Background(), server.Checked{Store: store, Anchor: anchor, HighWater: mark}, &server.Keys{Ledger: signer})
			must(t, err)
			if found.Sound() || found.Rebuilt != c.signs {
				t.Errorf("rebuilt: %v, faults %+v", found.Rebuilt, found.Faults)
			}
			kept, err := store.Head(context.Background())
			must(t, err)
			signed, err := ledger.OpenCheckpoint(anchor.Origin, anchor.LedgerKeys, kept.Checkpoint)
			if (err == nil) != c.signs || c.signs && (signed.Size != head.Size || canon.Digest(signed.Root) != head.Root) {
				t.Errorf("the store has the checkpoint %+v: %v", signed, err)
			}
			must(t, store.Close())
			d.Open() // Shut again with the test
		})
	}
}

// changeSalt changes the salt that was observed with the newest entry.
func changeSalt(t *testing.T, db *sql.DB, last int64) {
	var body []byte
	must(t, db.QueryRow("SELECT body FROM entry WHERE idx = ?", last).Scan(&body))
	salt := regexp.MustCompile(`"salt":"[0-9a-f]{32}"`)
	if !salt.Match(body) {
		t.Fatalf("there is no salt in %s", body)
	}
	execute(t, db, "UPDATE entry SET body = ? WHERE idx = ?", salt.ReplaceAll(body, []byte(`"salt":"00000000000000000000000000000000"`)), last)
}

func takeNewest(t *testing.T, db *sql.DB, last int64) {
	execute(t, db, "DELETE FROM entry WHERE idx = ?", last)
}

// edit opens the database as somebody does who has the disk.
func edit(t *testing.T, folder string, change func(*sql.DB)) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(folder, "cell.db"))
	must(t, err)
	change(db)
	must(t, db.Close())
}

func execute(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// serving is what a real server needs to serve a cell of brokertest, and does so
// for a moment.
func serving(t *testing.T, d *brokertest.Cell) (settings config.Server, serve func(config.Server) error) {
	t.Helper()
	keys := filepath.Join(t.TempDir(), "keys")
	_, err := server.MakeKeys(keys, celltest.Origin)
	must(t, err)
	own, _, err := ledger.GenerateKey(bytes.NewReader(celltest.Key("ledger").Seed()), celltest.Origin) // as brokertest has it
	must(t, err)
	must(t, os.WriteFile(filepath.Join(keys, "ledger.key"), []byte(own), 0o600))
	anchor := ledger.Anchor{
		Origin: celltest.Origin, LedgerKeys: []string{d.Genesis.Ledger}, Genesis: ledger.Hash(canon.Sum(canon.MustEncode(d.Genesis))),
	}
	serve = func(settings config.Server) error {
		opened, err := server.Open(context.Background(), server.Options{Settings: settings, Anchor: anchor, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			ended, cancel := context.WithCancel(context.Background())
			cancel()
			err = opened.Serve(ended)
		}
		return err
	}
	settings = config.Server{
		Listen: "127.0.0.1:0", MetricsListen: "127.0.0.1:0", DataFolder: d.Folder, KeysFolder: keys,
		HighWater: filepath.Join(t.TempDir(), "high-water"),
	}
	must(t, server.MakeCertificate(keys, "localhost", time.Now()))
	return settings, serve
}

// TestT64NoOverdueReviewIsHidden: whoever can write to the database says of a
// request whose review is overdue that nothing is owed of it any more. Requests
// that come next would not get the place that it adds to their quorum.
func TestT64NoOverdueReviewIsHidden(t *testing.T) {
	var ahead atomic.Int64
	ahead.Store(int64(-26 * time.Hour))
	d := brokertest.New(t, brokertest.Setup{Wall: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	settings, serve := serving(t, d)
	id := d.Granted("1")
	d.Must(d.Stop("sue", id))
	stream := cell.StreamOf(id)
	d.Shut()
	ahead.Store(0)
	d.Open()
	state, err := d.Store.Load(context.Background())
	must(t, err)
	for _, task := range state.Tasks {
		if _, id, _ := strings.Cut(task.ID, "/"); strings.HasPrefix(id, string(cell.TaskReview)+":") {
			_, err := d.Effect(context.Background(), cell.Effect{Kind: cell.EffectDue, Task: id}, cell.Observed{})
			must(t, err)
		}
	}
	d.Shut()
	must(t, serve(settings))
	edit(t, d.Folder, func(db *sql.DB) {
		execute(t, db, "DELETE FROM task")
		execute(t, db, "UPDATE stream SET live = 0 WHERE id = ?", stream)
	})
	if err := serve(settings); !errors.Is(err, server.ErrDerived) {
		t.Errorf("an overdue review is hidden: %v", err)
	}
	edit(t, d.Folder, func(db *sql.DB) { execute(t, db, "UPDATE stream SET live = 1 WHERE id = ?", stream) })
	must(t, serve(settings))
	d.Open() // Shut again with the test
}

// TestT64NothingIsServedOverAnUnsignedHead: entries that somebody added who has
// the database and no key would be signed over with the next one.
func TestT64NothingIsServedOverAnUnsignedHead(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	settings, serve := serving(t, d)
	id := d.Must(d.Ask("ann", "1")).Digest
	honest, err := d.Store.Stream(context.Background(), cell.StreamOf(id))
	must(t, err)
	d.Shut()
	must(t, serve(settings))

	// T02: a grant that nobody approved, written where the decider reads it.
	r, err := cell.DecodeRequest(honest.Snapshot)
	must(t, err)
	r.State, r.Grant = access.Granted, &access.Grant{From: r.At, Until: r.At.Add(time.Hour), Targets: r.Targets, By: []string{"sam", "lea"}}
	r.Leases = []access.Lease{{Target: "db-1", Host: "db-1", KeyID: cell.KeyID(id, "db-1"), State: access.LeaseOpen}}
	forged := canon.MustEncode(r)
	edit(t, d.Folder, func(db *sql.DB) {
		execute(t, db, "UPDATE stream SET snapshot = ? WHERE snapshot = ?", forged, honest.Snapshot)
	})
	if err := serve(settings); !errors.Is(err, server.ErrDerived) {
		t.Errorf("a grant in the database that the ledger does not give: %v", err)
	}
	edit(t, d.Folder, func(db *sql.DB) {
		execute(t, db, "UPDATE stream SET snapshot = ? WHERE snapshot = ?", honest.Snapshot, forged)
	})
	must(t, serve(settings))

	hidden(t, d, settings, serve)

	edit(t, d.Folder, func(db *sql.DB) { execute(t, db, "UPDATE head SET root = zeroblob(32)") })
	if err := serve(settings); !errors.Is(err, server.ErrUnsigned) {
		t.Errorf("another root than was signed: %v", err)
	}
	must(t, os.RemoveAll(d.Folder))
	must(t, os.MkdirAll(d.Folder, 0o700))
	d.Open() // Shut again with the test
}

// hidden hides the newest entries of requests in the database, whole as the rest
// may look: the mark says where they end.
func hidden(t *testing.T, d *brokertest.Cell, settings config.Server, serve func(config.Server) error) {
	t.Helper()
	snapshot := func(id canon.Digest) broker.Stream {
		kept, err := d.Store.Stream(context.Background(), cell.StreamOf(id))
		must(t, err)
		return kept
	}
	d.Open()
	waits, denied := d.Must(d.Ask("bob", "2")).Digest, d.Must(d.Ask("bob", "3")).Digest
	before := map[canon.Digest]broker.Stream{waits: snapshot(waits), denied: snapshot(denied)}
	d.Must(d.Decide("sam", waits, statement.Approve))
	d.Must(d.Decide("sam", denied, statement.Deny))
	after := map[canon.Digest]broker.Stream{waits: snapshot(waits), denied: snapshot(denied)}
	d.Shut()
	old, err := os.ReadFile(settings.HighWater)
	must(t, err)
	must(t, serve(settings)) // what came since the mark is read from the log
	newest, err := os.ReadFile(settings.HighWater)
	must(t, err)

	const shorten = "UPDATE stream SET live = 1, last = ?, snapshot = ? WHERE id = ?"
	const put = "UPDATE stream SET live = ?, last = ?, snapshot = ? WHERE id = ?"
	edit(t, d.Folder, func(db *sql.DB) { // where hidden entries go
		execute(t, db, "INSERT OR IGNORE INTO stream (id, live, last) VALUES ('"+cell.StreamRefused+"', 0, 0)")
	})
	const move = "UPDATE entry SET stream = (SELECT n FROM stream WHERE id = ?) WHERE idx = ?"
	for name, c := range map[string]struct {
		of   canon.Digest
		hide bool // entry and snapshot; else only that it is live
	}{"a decision": {waits, true}, "a denial": {denied, true}, "that it is live": {waits, false}} {
		was, is, id := before[c.of], after[c.of], cell.StreamOf(c.of)
		edit(t, d.Folder, func(db *sql.DB) {
			if !c.hide {
				execute(t, db, "UPDATE stream SET live = 0 WHERE id = ?", id)
				return
			}
			execute(t, db, move, cell.StreamRefused, is.Last)
			execute(t, db, shorten, was.Last, was.Snapshot, id)
		})
		for which, mark := range map[string][]byte{"newest": newest, "older": old} {
			must(t, os.WriteFile(settings.HighWater, mark, 0o600))
			if err := serve(settings); !errors.Is(err, server.ErrDerived) {
				t.Errorf("%s is hidden, with the %s mark: %v", name, which, err)
			}
		}
		edit(t, d.Folder, func(db *sql.DB) {
			execute(t, db, move, id, is.Last)
			execute(t, db, put, is.Live, is.Last, is.Snapshot, id)
		})
		must(t, os.WriteFile(settings.HighWater, newest, 0o600))
		must(t, serve(settings))
		newest, err = os.ReadFile(settings.HighWater)
		must(t, err)
	}
}
