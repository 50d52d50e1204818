package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
)

// TestClockOfAPausedMachine (I4, story 14): a machine was paused for an hour, so
// that its own measure stands an hour behind its clock. Nothing is over and nothing
// grows until the change quorum agrees that the clock is right; then recorded time
// follows, and what is over by then ends.
func TestClockOfAPausedMachine(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	live := d.Must(d.Ask("ann", "live")).Digest
	d.Must(d.Decide("sam", live, statement.Approve))
	d.Must(d.Decide("lea", live, statement.Approve))
	before := d.Now()
	const paused = int64(3_600_000)
	tick(t, d, paused)

	if at := d.Now(); at.Sub(before) > time.Minute {
		t.Fatalf("recorded time jumped by %s", at.Sub(before))
	}
	asked := d.Must(d.Ask("bob", "doubted"))
	d.Must(d.Decide("sam", asked.Digest, statement.Approve))
	agreed := d.Must(d.Decide("lea", asked.Digest, statement.Approve))
	scenario := celltest.Scenario()
	if grant := agreed.Request.Grant; grant == nil || grant.Until.Sub(grant.From) > scenario.ShortestWindow().Duration() {
		t.Fatalf("in doubt the grant is %+v", grant)
	}
	if stopped := d.Must(d.Stop("sue", asked.Digest)); stopped.Request.State != access.Ended {
		t.Fatalf("after stop the request is %s", stopped.Request.State)
	}

	salt := [32]byte{7}
	note, err := statement.NewNote(salt, "the machine was paused")
	if err != nil {
		t.Fatal(err)
	}
	agreement := d.Sign("sam", "sam", &statement.Clock{Step: paused, Reason: note})
	agreement.Notes = []ledger.Note{{Salt: salt, Text: "the machine was paused"}}
	change := d.Must(agreement)
	d.Must(d.Decide("lea", change.Digest, statement.Approve))
	if at := d.Now(); at.Sub(before) < time.Hour || at.Sub(before) > time.Hour+time.Minute {
		t.Fatalf("recorded time moved by %s, want an hour", at.Sub(before))
	}
	lapse(t, d) // the window of the first grant
	tick(t, d, 0)
}

// TestRefillOfAnAgreedClock: the entry that moved recorded time is refilled like any
// other.
func TestRefillOfAnAgreedClock(t *testing.T) {
	d, ctx := brokertest.New(t, brokertest.Setup{}), context.Background()
	folder := t.TempDir()
	if err := sqlite.Copy(ctx, d.Folder, folder); err != nil {
		t.Fatal(err)
	}
	from := d.Head().Size
	const paused = int64(3_600_000)
	tick(t, d, paused)
	salt := [32]byte{7}
	note, err := statement.NewNote(salt, "the machine was paused")
	if err != nil {
		t.Fatal(err)
	}
	agreement := d.Sign("sam", "sam", &statement.Clock{Step: paused, Reason: note})
	agreement.Notes = []ledger.Note{{Salt: salt, Text: "the machine was paused"}}
	change := d.Must(agreement)
	agreed := d.Must(d.Decide("lea", change.Digest, statement.Approve))

	store, err := sqlite.Open(folder, sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	bodies, err := d.Store.Entries(ctx, from, 100)
	if err != nil {
		t.Fatal(err)
	}
	o := d.Options
	o.Store, o.Beside = store, store
	head := agreed.Checkpoint
	after, err := broker.Refill(ctx, o, ledger.Checkpoint{Origin: celltest.Origin, Size: head.Size, Root: ledger.Hash(head.Root)}, broker.Tail{
		Signed: head.Text,
		Entries: func(yield func([]byte, error) bool) {
			for _, body := range bodies {
				if !yield(body, nil) {
					return
				}
			}
		},
		Attachment: func(canon.Digest) ([]byte, error) { return nil, broker.ErrAbsent },
		Note:       func(ledger.Hash) (ledger.Note, error) { return ledger.Note{}, broker.ErrAbsent },
	})
	if err != nil || after.Size != head.Size || after.Root != head.Root {
		t.Fatalf("refilled to %d, want %d: %v", after.Size, head.Size, err)
	}
}
