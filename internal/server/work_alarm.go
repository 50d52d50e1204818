package server

import (
	"context"
	"errors"
	"slices"

	"github.com/halligan-dev/halligan/internal/alert"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/view"
)

// sink sends an alarm on one channel, once.
type sink interface {
	Send(ctx context.Context, m alert.Message) (alert.Receipt, error)
}

// Limits of alarms: how many of one channel are on their way at a time, and
// after how many tries one is given up, which is itself recorded.
const (
	alarmsAtATime = 4
	alarmTries    = 40 // with pauses up to five minutes: about three hours
)

// chatter are the events that one person can cause alone, again and again. What
// they say is not urgent beside an access that was agreed, used or is not closed.
var chatter = []string{"request-made", "request-over", "change-proposed"}

// alarmTurn puts what pages about an access before what was only asked for; and
// gives each person's requests turns of their own, so that a flood of one is a
// line that they stand in themselves.
func alarmTurn(j scheduler.Job) scheduler.Turn {
	turn := scheduler.Turn{}
	if _, ofRequest := cell.RequestOf(j.Task.Stream); !ofRequest {
		turn.Share = j.Task.Stream
	} else if j.Request != nil {
		turn.Share = "of " + j.Request.Requester
	} // else it was over before the last start: all of those share one turn
	if slices.Contains(chatter, j.Task.Event) {
		turn.Class = 1
	}
	return turn
}

// alarm tells one channel. A hung channel delays no other.
func (w *works) alarm(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		results[i] = w.send(ctx, j)
	}
	return results
}

func (w *works) send(ctx context.Context, j scheduler.Job) scheduler.Result {
	to, configured := w.channels[j.Task.Channel]
	if !configured {
		return scheduler.Result{Kind: cell.EffectAlarmReceipt, Observed: cell.Observed{Receipt: &cell.Receipt{}}}
	}
	message, err := w.message(ctx, j)
	if err != nil {
		return scheduler.Result{} // the ledger cannot be read now; later it can
	}
	line, again := lineOf(j, message.Severity)
	if again {
		told, status, wait, and := w.repeats.turn(line, j.Task.ID, message.Request)
		switch {
		case told:
			return scheduler.Result{Kind: cell.EffectAlarmReceipt, Observed: cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: status}}}
		case wait > 0:
			return scheduler.Result{After: wait}
		}
		message.Text += and
	}
	receipt, err := to.Send(ctx, message)
	switch {
	case again && err == nil:
		w.repeats.sent(line, j.Task.ID, receipt.Status)
	case again:
		w.repeats.failed(line, j.Task.ID, givenUp(err, j))
	}
	if err == nil {
		return scheduler.Result{Kind: cell.EffectAlarmReceipt, Observed: cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: receipt.Status}}}
	}
	var undelivered *alert.Undelivered
	if errors.As(err, &undelivered) {
		if givenUp(err, j) {
			return scheduler.Result{Kind: cell.EffectAlarmReceipt, Observed: cell.Observed{Receipt: &cell.Receipt{Status: undelivered.Status}}}
		}
		return scheduler.Result{After: undelivered.RetryAfter}
	}
	return scheduler.Result{}
}

// givenUp tells whether an alarm is tried no more.
func givenUp(err error, j scheduler.Job) bool {
	var undelivered *alert.Undelivered
	return errors.As(err, &undelivered) && (undelivered.Permanent || j.Tries >= alarmTries)
}

// message makes an alarm of the event that the job's task speaks of.
func (w *works) message(ctx context.Context, j scheduler.Job) (alert.Message, error) {
	entry, err := w.entry(ctx, j.Task.Entry)
	if err != nil {
		return alert.Message{}, err
	}
	m := alert.Message{
		ID: alert.MessageID(j.Task.ID), At: entry.Entry.At.Std(), Type: j.Task.Event, Cell: w.origin, Target: j.Task.Target,
	}
	if r := j.Request; r != nil {
		m.Request, m.Scenario, m.Severity, m.Person = r.ID.Short(), r.Scenario, string(view.Gravity(r)), r.Requester
	}
	if e, ok := view.Alarmed(entry.Outcome.Events, j.Task); ok {
		m.Type, m.Text = view.Alarm(e, j.Request)
	}
	return m, nil
}

// entry reads a durable entry again.
func (w *works) entry(ctx context.Context, index int64) (cell.Recorded, error) {
	bodies, err := w.log.Entries(ctx, index, 1)
	if err != nil {
		return cell.Recorded{}, err
	}
	if len(bodies) == 0 {
		return cell.Recorded{}, broker.ErrAbsent
	}
	return view.Recorded(index, bodies[0])
}
