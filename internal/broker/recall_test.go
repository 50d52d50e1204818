package broker_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/broker/brokertest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
)

// held remembers how many requests the world held at the newest commit.
type held struct{ requests atomic.Int64 }

func (h *held) Committed(w *cell.World, _ []cell.Recorded) { h.requests.Store(int64(len(w.Requests))) }

// TestT69SettledRequestsLeaveMemory: whoever names settled requests, be it a
// stranger, brings them into memory for one decision and not for good.
func TestT69SettledRequestsLeaveMemory(t *testing.T) {
	world := &held{}
	d := brokertest.New(t, brokertest.Setup{Follow: []broker.Follower{world}})
	var settled []canon.Digest
	for _, name := range []string{"1", "2", "3"} {
		id := d.Must(d.Ask("ann", name)).Digest
		d.Must(d.Sign("ann", "ann", &statement.Withdraw{Of: id}))
		answerAlarms(t, d)
		settled = append(settled, id)
	}
	d.Must(d.Sign("sam", "sam", &statement.Session{For: 60}))
	if n := world.requests.Load(); n != 0 {
		t.Fatalf("%d settled requests are in memory before anybody names them", n)
	}
	for _, id := range settled {
		d.Refused(d.Decide("sam", id, statement.Approve), cell.NotPending)
		d.Refused(d.Sign("sam", "stranger", &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack}), cell.UnknownKey)
	}
	d.Must(d.Sign("sam", "sam", &statement.Session{For: 60}))
	if n := world.requests.Load(); n != 0 {
		t.Errorf("%d settled requests stay in memory", n)
	}
}

// answerAlarms has every waiting alarm delivered.
func answerAlarms(t *testing.T, d *brokertest.Cell) {
	t.Helper()
	ctx := context.Background()
	state, err := d.Store.Load(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range state.Tasks {
		_, id, _ := strings.Cut(task.ID, "/")
		if !strings.HasPrefix(id, string(cell.TaskAlarm)+":") {
			continue
		}
		receipt := cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 204}}
		if _, err := d.Effect(ctx, cell.Effect{Kind: cell.EffectAlarmReceipt, Task: id}, receipt); err != nil {
			t.Fatal(err)
		}
	}
}
