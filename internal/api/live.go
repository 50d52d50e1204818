package api

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/authn/totp"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/view"
)

// recentMost is how many entries are kept for those who watch.
const recentMost = 1024

// Live is the cell as it is now, for readers: it follows the broker
// (broker.Follower), keeps the view, and wakes whoever waits. Readers may call
// it concurrently.
type Live struct {
	log broker.LogReader
	out *slog.Logger

	view   atomic.Pointer[view.Cell]
	people atomic.Pointer[roster.Roster]

	mu      sync.Mutex
	recent  []cell.Recorded   // the newest, without gaps
	next    int64             // index of the next entry
	newest  canon.Time        // recorded time of the newest entry
	alarms  map[string]string // task of an alarm that is not over → its channel
	changed chan struct{}     // closed when next has grown
	over    chan struct{}

	from  int64         // index of the entry that Remember reads up to; 0: it has nothing to read
	whole chan struct{} // closed once what is older was read; nil: it was read at once
}

// NewLive makes one that knows nothing yet; the broker tells it when it opens.
func NewLive(log broker.LogReader, out *slog.Logger) *Live {
	return &Live{log: log, out: out, alarms: map[string]string{}, changed: make(chan struct{}), over: make(chan struct{})}
}

// Close ends everybody's waiting, so that a server can close.
func (l *Live) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.over:
	default:
		close(l.over)
	}
}

// View is the cell as people look at it. Take it anew for each question: after
// trouble with the store there is a new one.
func (l *Live) View() *view.Cell { return l.view.Load() }

// Owner is the person whose key bears the fingerprint now.
func (l *Live) Owner(fingerprint string) (string, bool) {
	people := l.people.Load()
	if people == nil {
		return "", false
	}
	return people.Owner(fingerprint)
}

// Proves is what a signature by a key proves of its owner, of which the signature
// itself shows shown.
func (l *Live) Proves(fingerprint string, shown roster.Strength) roster.Strength {
	if people := l.people.Load(); people != nil {
		key, _ := people.Key(fingerprint)
		return key.Proves(shown)
	}
	return shown
}

// Devices are the code devices of a person that may sign now, by their public lines.
func (l *Live) Devices(person string) (lines []string) {
	people := l.people.Load()
	if people == nil {
		return nil
	}
	of, _ := people.Person(person)
	for _, key := range of.Keys {
		if _, present := people.Owner(key.Fingerprint); present && key.Code {
			lines = append(lines, key.Line)
		}
	}
	return lines
}

// Standing says of a code device's key where it stands in the cell. While nothing is
// known of the cell, each is one that it lists: nothing is forgotten then.
func (l *Live) Standing(line string) totp.Standing {
	people := l.people.Load()
	key, err := roster.ParseKey(line)
	if people == nil || err != nil {
		return totp.Listed
	}
	switch known, ok := people.Key(key.Fingerprint); {
	case !ok:
		return totp.Unlisted
	case known.Removed:
		return totp.Removed
	}
	return totp.Listed
}

// Identified is the person who has an identity of a provider now.
func (l *Live) Identified(as roster.Identity) (string, bool) {
	people := l.people.Load()
	if people == nil {
		return "", false
	}
	return people.Identified(as)
}

// Silenced tells whether every key of a person is suspended.
func (l *Live) Silenced(person string) bool {
	people := l.people.Load()
	return people != nil && people.Silenced(person)
}

// Keys are a person's keys in wire form, removed ones among them: what a removed
// key signed is for the law to refuse.
func (l *Live) Keys(person string) [][]byte {
	people := l.people.Load()
	if people == nil {
		return nil
	}
	of, _ := people.Person(person)
	var keys [][]byte
	for _, key := range of.Keys {
		keys = append(keys, key.Wire())
	}
	return keys
}

// Oversees tells whether a person decides on who is in the cell: security, and
// the change quorum.
func (l *Live) Oversees(person string, g *cell.Genesis) bool {
	people := l.people.Load()
	return people != nil && (people.In(person, g.Security) || g.Change.Names(person, people.In))
}

// Committed does what broker.Follower says.
func (l *Live) Committed(w *cell.World, recorded []cell.Recorded) {
	if recorded == nil || l.view.Load() == nil {
		l.reset(w)
	}
	if l.view.Load() == nil {
		return
	}
	for _, r := range recorded {
		var touched *access.Request
		if id, ok := cell.RequestOf(r.Outcome.Stream); ok {
			touched = w.Requests[id]
		}
		if err := l.view.Load().Apply(r, touched); err != nil {
			// It says that it must be made again (view.ErrRebuild), and the world is
			// already past every entry that was given here.
			l.reset(w)
			break
		}
		if r.Changes.Cell || r.Outcome.Stream == cell.StreamCell {
			people := w.Roster.Clone()
			l.people.Store(&people)
		}
	}
	l.announce(w, recorded)
}

// reset makes everything again from the world.
func (l *Live) reset(w *cell.World) {
	made, err := view.FromWorld(w)
	if err != nil {
		// The world was loaded with this very genesis, so it cannot be unfit.
		l.out.Error("the view cannot be made", slog.Any("error", err))
		return
	}
	made.Await()
	if l.whole != nil && l.view.Load() == nil {
		l.from = w.Next()
	} else {
		l.reread(made, w.Next())
	}
	if before := l.view.Load(); before != nil {
		made.LookedBack(before)
	}
	l.view.Store(made)
	people := w.Roster.Clone()
	l.people.Store(&people)
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.alarms)
	for _, t := range w.Tasks {
		l.alarm(t)
	}
}

// alarm remembers the task of an alarm.
func (l *Live) alarm(t cell.Task) {
	if t.Kind == cell.TaskAlarm {
		l.alarms[t.ID] = t.Channel
	}
}

// announce tells waiters that the ledger has grown.
func (l *Live) announce(w *cell.World, recorded []cell.Recorded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range recorded {
		for _, t := range r.Changes.Enqueued {
			l.alarm(t)
		}
		for _, t := range r.Changes.Done {
			delete(l.alarms, t.ID)
		}
	}
	if len(recorded) == 0 {
		l.recent = nil // after a reload there may be a gap
	}
	l.recent = append(l.recent, recorded...)
	if extra := len(l.recent) - recentMost; extra > recentMost/2 {
		l.recent = slices.Clone(l.recent[extra:])
	}
	l.next, l.newest = w.Next(), w.LastAt
	close(l.changed)
	l.changed = make(chan struct{})
}

// Next is the index of the next entry, and a channel that is closed when there
// is one.
func (l *Live) Next() (int64, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next, l.changed
}

// Newest is the recorded time of the newest entry; zero when there is none.
func (l *Live) Newest() canon.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newest
}

// Undelivered counts the alarms that no channel has answered for good, by
// channel.
func (l *Live) Undelivered() map[string]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	count := map[string]int{}
	for _, channel := range l.alarms {
		count[channel]++
	}
	return count
}

// Over is closed when nobody is to wait any more.
func (l *Live) Over() <-chan struct{} { return l.over }

// Since gives entries from an index on, at least one if there is one: from
// memory if they are recent, else from the store.
func (l *Live) Since(ctx context.Context, from int64) ([]cell.Recorded, error) {
	l.mu.Lock()
	next := l.next
	var found []cell.Recorded
	if len(l.recent) > 0 && l.recent[0].Index <= from {
		found = slices.Clone(l.recent[min(int(from-l.recent[0].Index), len(l.recent)):])
	}
	l.mu.Unlock()
	if len(found) > 0 || from >= next {
		return found, nil
	}
	bodies, err := l.log.Entries(ctx, from, learnedPage)
	if err != nil {
		return nil, err
	}
	for i, body := range bodies {
		index := from + int64(i)
		if index >= next {
			break
		}
		r, err := view.Recorded(index, body)
		if err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, nil
}
