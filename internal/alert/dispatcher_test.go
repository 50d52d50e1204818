package alert_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/halligan-dev/halligan/internal/alert"
)

// sink answers as its function says.
type sink func(ctx context.Context, m alert.Message) (alert.Receipt, error)

func (s sink) Send(ctx context.Context, m alert.Message) (alert.Receipt, error) { return s(ctx, m) }

func hang(ctx context.Context, _ alert.Message) (alert.Receipt, error) {
	<-ctx.Done()
	return alert.Receipt{}, ctx.Err()
}

func deliver(context.Context, alert.Message) (alert.Receipt, error) {
	return alert.Receipt{Status: 200, At: time.Now()}, nil
}

// script fails by its list, one error an attempt, then delivers.
func script(errs ...error) sink {
	var mu sync.Mutex
	return func(ctx context.Context, m alert.Message) (alert.Receipt, error) {
		mu.Lock()
		defer mu.Unlock()
		if len(errs) == 0 {
			return deliver(ctx, m)
		}
		err := errs[0]
		errs = errs[1:]
		return alert.Receipt{}, err
	}
}

func temporary(status int, after time.Duration) error {
	return &alert.Undelivered{Channel: "pager", Class: alert.Answered, Status: status, RetryAfter: after}
}

// journal keeps outcomes with the time since it was made.
type journal struct {
	start time.Time
	mu    sync.Mutex
	lines []string
}

func (j *journal) report(o alert.Outcome) {
	j.mu.Lock()
	defer j.mu.Unlock()
	what := fmt.Sprintf("%v %s %s #%d", time.Since(j.start), o.Channel, o.Message.ID, o.Attempt)
	if o.Err == nil {
		what += " delivered"
	}
	if !o.Again.IsZero() {
		what += fmt.Sprintf(" again in %v", time.Until(o.Again))
	}
	j.lines = append(j.lines, what)
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// dispatch starts a dispatcher without jitter, and ends it with the test.
func dispatch(t *testing.T, d alert.Dispatch) (*alert.Dispatcher, *journal) {
	t.Helper()
	j := &journal{start: time.Now()}
	if d.Report == nil {
		d.Report = j.report
	}
	d.Jitter = func() float64 { return 0 }
	dispatcher, err := alert.NewDispatcher(d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(dispatcher.Close)
	return dispatcher, j
}

func submit(t *testing.T, d *alert.Dispatcher, channel string, ids ...string) {
	t.Helper()
	for _, id := range ids {
		m := sample()
		m.ID = id
		if err := d.Submit(channel, m); err != nil {
			t.Fatalf("%s to %s: %v", id, channel, err)
		}
	}
}

func expect(t *testing.T, j *journal, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, j.read()); diff != "" {
		t.Error(diff)
	}
}

// B10: a hung sink delays no other sink and no caller.
func TestAHungSinkDelaysNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, j := dispatch(t, alert.Dispatch{Sinks: map[string]alert.Sink{"dead": sink(hang), "pager": sink(deliver)}})
		for i := range 500 {
			submit(t, d, "dead", fmt.Sprint("a", i))
			submit(t, d, "pager", fmt.Sprint("a", i))
		}
		synctest.Wait()
		if got := j.read(); len(got) != 500 {
			t.Errorf("%d of 500 were delivered", len(got))
		}
		if took := time.Since(j.start); took != 0 {
			t.Errorf("it took %v", took)
		}
		if diff := cmp.Diff(map[string]int{"dead": 500, "pager": 0}, d.Waiting()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFailuresAreTriedAgainUntilDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, j := dispatch(t, alert.Dispatch{Sinks: map[string]alert.Sink{"pager": script(
			temporary(500, 0), errors.New("not ours"), temporary(503, 30*time.Second), temporary(503, time.Second), temporary(0, time.Hour))}})
		submit(t, d, "pager", "m")
		time.Sleep(time.Hour) // of the test's own clock
		expect(t, j,
			"0s pager m #1 again in 1s",
			"1s pager m #2 again in 2s",
			"3s pager m #3 again in 30s",   // what the receiver asked for
			"33s pager m #4 again in 8s",   // not less than the backoff
			"41s pager m #5 again in 5m0s", // and not whatever it asked for
			"5m41s pager m #6 delivered")
		submit(t, d, "pager", "m") // forgotten, so it may come again
		synctest.Wait()
		if got := j.read(); len(got) != 7 {
			t.Errorf("after it was done: %q", got)
		}
	})
}

func TestAPermanentFailureEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := &alert.Undelivered{Channel: "pager", Class: alert.Answered, Status: 410, Permanent: true}
		d, j := dispatch(t, alert.Dispatch{Sinks: map[string]alert.Sink{"pager": script(fmt.Errorf("wrapped: %w", gone))}})
		submit(t, d, "pager", "m")
		time.Sleep(time.Hour)
		expect(t, j, "0s pager m #1")
		if n := d.Waiting()["pager"]; n != 0 {
			t.Errorf("%d alarms are held", n)
		}
	})
}

func TestTooManyRequestsRestTheWholeChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, j := dispatch(t, alert.Dispatch{Workers: 1, Sinks: map[string]alert.Sink{
			"pager": script(temporary(429, 20*time.Second)), "chat": script(temporary(503, 20*time.Second))}})
		submit(t, d, "pager", "a", "b")
		time.Sleep(time.Minute)
		submit(t, d, "chat", "c", "d")
		time.Sleep(time.Minute)
		expect(t, j,
			"0s pager a #1 again in 20s",
			"20s pager b #1 delivered", // news first
			"20s pager a #2 delivered",
			"1m0s chat c #1 again in 20s",
			"1m0s chat d #1 delivered", // a fault of the moment rests one alarm only
			"1m20s chat c #2 delivered")
	})
}

func TestNewsComesBeforeOldFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		failing := script(temporary(500, 0), temporary(500, 0))
		d, j := dispatch(t, alert.Dispatch{Workers: 1, Sinks: map[string]alert.Sink{"pager": sink(func(ctx context.Context, m alert.Message) (alert.Receipt, error) {
			if m.ID == "slow" {
				<-release
			}
			return failing(ctx, m)
		})}})
		submit(t, d, "pager", "old1", "old2")
		synctest.Wait()
		submit(t, d, "pager", "slow")
		time.Sleep(10 * time.Second)
		submit(t, d, "pager", "new")
		close(release)
		synctest.Wait()
		expect(t, j,
			"0s pager old1 #1 again in 1s",
			"0s pager old2 #1 again in 1s",
			"10s pager slow #1 delivered",
			"10s pager new #1 delivered",
			"10s pager old1 #2 delivered",
			"10s pager old2 #2 delivered")
	})
}

func TestAttemptsAtATimeAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most int
		count := func(n int) {
			mu.Lock()
			defer mu.Unlock()
			now += n
			most = max(most, now)
		}
		d, j := dispatch(t, alert.Dispatch{Sinks: map[string]alert.Sink{"pager": sink(func(ctx context.Context, m alert.Message) (alert.Receipt, error) {
			count(1)
			defer count(-1)
			time.Sleep(time.Second)
			return deliver(ctx, m)
		})}})
		for i := range 12 {
			submit(t, d, "pager", fmt.Sprint(i))
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if got := j.read(); len(got) != 12 || most != alert.DefaultWorkers {
			t.Errorf("%d delivered in 3 s, %d at a time", len(got), most)
		}
	})
}

func TestSubmitRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, j := dispatch(t, alert.Dispatch{Queue: 2, Sinks: map[string]alert.Sink{"dead": sink(hang)}})
		m := sample()
		submit(t, d, "dead", m.ID)
		for _, want := range []struct {
			channel string
			change  func(*alert.Message)
			err     error
		}{
			{"dead", func(m *alert.Message) { m.ID = "" }, alert.ErrMessage},
			{"nobody", func(*alert.Message) {}, alert.ErrChannel},
			{"dead", func(*alert.Message) {}, alert.ErrUnderWay},
			{"dead", func(m *alert.Message) { m.ID = "b" }, nil},
			{"dead", func(m *alert.Message) { m.ID = "c" }, alert.ErrFull},
		} {
			m := sample()
			want.change(&m)
			if err := d.Submit(want.channel, m); !errors.Is(err, want.err) {
				t.Errorf("%s to %s: %v, want %v", m.ID, want.channel, err, want.err)
			}
		}
		synctest.Wait()
		d.Close()
		d.Close()
		if err := d.Submit("dead", m); !errors.Is(err, alert.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		expect(t, j) // what was cut off has no outcome
	})
	if _, err := alert.NewDispatcher(alert.Dispatch{}); err == nil {
		t.Error("a dispatcher without Report was made")
	}
}

// What is delivered while closing is reported: it did happen.
func TestADeliveryWhileClosingIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, j := dispatch(t, alert.Dispatch{Sinks: map[string]alert.Sink{"pager": sink(func(ctx context.Context, m alert.Message) (alert.Receipt, error) {
			<-ctx.Done()
			return deliver(ctx, m)
		})}})
		submit(t, d, "pager", "m")
		synctest.Wait()
		d.Close()
		expect(t, j, "0s pager m #1 delivered")
	})
}

// Between an outcome and its record the alarm must not be taken a second time.
func TestAnAlarmIsForgottenAfterItsReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d *alert.Dispatcher
		var during error
		d, _ = dispatch(t, alert.Dispatch{Sinks: map[string]alert.Sink{"pager": sink(deliver)}, Report: func(o alert.Outcome) {
			during = d.Submit(o.Channel, o.Message)
		}})
		submit(t, d, "pager", "m")
		synctest.Wait()
		if !errors.Is(during, alert.ErrUnderWay) {
			t.Errorf("while it was reported: %v", during)
		}
	})
}
