package broker_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// TestT69FilesOfTheRefusedAreLetGo: whoever may propose nothing, or is nobody, fills
// no memory with files, and nothing is decided by them.
func TestT69FilesOfTheRefusedAreLetGo(t *testing.T) {
	d := brokertest.New(t, brokertest.Setup{})
	for _, who := range []struct{ person, key string }{{"ann", "ann"}, {"sam", "stranger"}} {
		for i := range byte(20) {
			data := []byte{i}
			why, texts := noted(t, "x")
			s := d.Sign(who.person, who.key, &statement.Change{
				Amend: &statement.Amend{From: canon.Sum(nil), To: statement.Blob{Digest: canon.Sum(data), Length: len(data)}}, Reason: why,
			})
			s.Notes, s.Attachments = texts, [][]byte{data}
			var refusal *cell.Refusal
			if _, err := d.Submit(context.Background(), s); !errors.As(err, &refusal) {
				t.Fatalf("%s by %s: %v", who.person, who.key, err)
			}
			if n := d.Fresh(); n != 0 {
				t.Fatalf("%d files of %s are kept", n, who.key)
			}
		}
	}
}

// failing is files beside the log that cannot be read while it says so.
type failing struct {
	broker.BesideReader
	now *atomic.Bool
}

func (f failing) Attachment(ctx context.Context, digest canon.Digest) ([]byte, error) {
	if f.now.Load() {
		return nil, context.DeadlineExceeded
	}
	return f.BesideReader.Attachment(ctx, digest)
}

// TestWhatCannotBeReadDecidesNothing: a file that is there and cannot be read is
// none that is absent. Nothing is recorded; after a start it is decided as it should.
func TestWhatCannotBeReadDecidesNothing(t *testing.T) {
	var fails atomic.Bool
	d := brokertest.New(t, brokertest.Setup{Change: founded, Beside: func(b broker.BesideReader) broker.BesideReader { return failing{b, &fails} }})
	after := d.Genesis
	after.CoolOff = 3 * 3600
	data := canon.MustEncode(after)
	why, texts := noted(t, "shorter")
	s := d.Sign("sam", "sam", &statement.Change{
		Amend: &statement.Amend{From: canon.Sum(canon.MustEncode(d.Genesis)), To: statement.Blob{Digest: canon.Sum(data), Length: len(data)}}, Reason: why,
	})
	s.Notes, s.Attachments = texts, [][]byte{data}
	id := d.Must(s).Digest

	size := d.Head().Size
	fails.Store(true)
	_, err := d.Submit(context.Background(), d.Decide("lea", id, statement.Approve))
	var refusal *cell.Refusal
	if err == nil || errors.As(err, &refusal) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("decided by what could not be read: %v", err)
	}
	fails.Store(false)
	d.Close()
	if err := d.Store.Close(); err != nil {
		t.Fatal(err)
	}
	d.Open()
	if d.Head().Size != size {
		t.Errorf("%d entries were recorded", d.Head().Size-size)
	}
	done := d.Must(d.Decide("lea", id, statement.Approve))
	if _, over := done.Events[1].(*cell.ChangeOver); !over {
		t.Errorf("%T", done.Events[1])
	}
}
