package view

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// FindingUnderway: a channel should have taken alarms by now, and they are tried again.
const FindingUnderway FindingKind = "alarm-underway"

// takenWithin is how long a channel may take for an alarm before it is a finding:
// a receiver has five seconds, and the first pauses between tries are short.
const takenWithin = time.Minute

// onItsWay is an alarm that no channel has taken and nobody has given up.
type onItsWay struct {
	channel string
	since   canon.Time
}

// underway are the alarms on their way, by task.
type underway map[string]onItsWay

func (u underway) from(w *cell.World) {
	for _, t := range w.Tasks {
		u.add(t)
	}
}

// apply takes what an entry asked for, and what it finished.
func (u underway) apply(c cell.Changes) {
	for _, t := range c.Enqueued {
		u.add(t)
	}
	for _, t := range c.Done {
		delete(u, t.ID)
	}
}

func (u underway) add(t cell.Task) {
	if t.Kind == cell.TaskAlarm {
		u[t.ID] = onItsWay{channel: t.Channel, since: t.Due}
	}
}

// findings are the channels that have not taken for too long what they were sent.
func (u underway) findings(now canon.Time) (found []Finding) {
	late := map[string]onItsWay{}
	counts := map[string]int{}
	for _, alarm := range u {
		if now.Sub(alarm.since) < takenWithin {
			continue
		}
		counts[alarm.channel]++
		if first, ok := late[alarm.channel]; !ok || alarm.since.Before(first.since) {
			late[alarm.channel] = alarm
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(late)) {
		since := late[channel].since
		found = append(found, Finding{Kind: FindingUnderway, Channel: channel, Since: since, Text: fmt.Sprintf(
			"Channel %s has not taken %s yet, the first since %s; every one is tried again for about three hours.",
			channel, count(counts[channel], "alarm"), clock(since, now))})
	}
	return found
}
