package server

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/halligan-dev/halligan/internal/scheduler"
)

// Whoever asks again and again, and takes back what they asked, could have an
// approver's phone ring until somebody signs to have peace. So a channel is told
// at once the first times; what follows within minutes is told together, a little
// later, and says how often it was. Nothing else waits: not a graver request, not
// another person's, and nothing about an access that was agreed.
const (
	repeatsAtOnce = 2
	repeatsWithin = 10 * time.Minute
	repeatsPause  = 40 * time.Second // under the minute after which a channel is found not to take its alarms
	repeatsNamed  = 6
	repeatsMost   = 10_000 // lines that are remembered
)

// repeatLine is one thing that one channel hears again and again.
type repeatLine struct{ channel, event, person, scenario, severity string }

// repeats folds alarms of one line. It is memory alone: after a restart a channel
// is told at once again, which errs towards telling.
type repeats struct {
	now func() time.Time

	mu    sync.Mutex
	lines map[repeatLine]*repeated
}

// repeated is what is known of one line.
type repeated struct {
	told  []time.Time         // the latest, at most repeatsAtOnce of them
	many  int                 // that it happened within the present row
	since time.Time           // when that row began
	held  map[string]string   // task → id of its request, until it is told
	out   map[string][]string // task that is on its way → those that it tells of besides
	with  map[string]int      // task → status of the alarm that told it
}

func newRepeats(now func() time.Time) *repeats {
	return &repeats{now: now, lines: map[repeatLine]*repeated{}}
}

// lineOf is the line of an alarm; false for those that are never held.
func lineOf(j scheduler.Job, severity string) (repeatLine, bool) {
	if j.Request == nil || !slices.Contains(chatter, j.Task.Event) {
		return repeatLine{}, false
	}
	return repeatLine{j.Task.Channel, j.Task.Event, j.Request.Requester, j.Request.Scenario, severity}, true
}

// turn says what is to be done about an alarm: it was told together with another
// (told, with that one's status), it waits (wait), or it is sent now, and also says
// what is told with it (and).
func (f *repeats) turn(l repeatLine, task, request string) (told bool, status int, wait time.Duration, and string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, r := f.now(), f.lines[l]
	if r == nil || now.Sub(r.last()) > repeatsWithin && len(r.held) == 0 {
		if len(f.lines) >= repeatsMost {
			clear(f.lines)
		}
		r = &repeated{since: now, held: map[string]string{}, out: map[string][]string{}, with: map[string]int{}}
		f.lines[l] = r
	}
	if status, ok := r.with[task]; ok {
		delete(r.with, task)
		return true, status, 0, ""
	}
	if _, again := r.held[task]; !again {
		r.held[task] = request
		r.many++
	}
	lately := 0
	for _, at := range r.told {
		if now.Sub(at) <= repeatsWithin {
			lately++
		}
	}
	if lately+len(r.out) >= repeatsAtOnce {
		if len(r.out) > 0 {
			return false, 0, repeatsPause, ""
		}
		if pause := repeatsPause - now.Sub(r.last()); pause > 0 {
			return false, 0, pause, ""
		}
	}
	others := r.others(task)
	r.out[task] = others
	return false, 0, 0, r.again(others)
}

// failed notes that a channel did not take an alarm: it waits with the others,
// unless it is over and will not be tried again.
func (f *repeats) failed(l repeatLine, task string, over bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r := f.lines[l]; r != nil {
		delete(r.out, task)
		if over {
			delete(r.held, task)
		}
	}
}

// sent notes that a channel took an alarm, and those that it told of besides. What
// came while it was on its way was not told.
func (f *repeats) sent(l repeatLine, task string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.lines[l]
	if r == nil {
		return
	}
	r.told = append(r.told, f.now())
	r.told = r.told[max(0, len(r.told)-repeatsAtOnce):]
	for _, other := range r.out[task] {
		r.with[other] = status
		delete(r.held, other)
	}
	delete(r.held, task)
	delete(r.out, task)
}

// last is when the channel took the latest of a line.
func (r *repeated) last() time.Time {
	if len(r.told) == 0 {
		return r.since
	}
	return r.told[len(r.told)-1]
}

// others are the tasks that an alarm tells of besides its own.
func (r *repeated) others(task string) (tasks []string) {
	for other := range r.held {
		if _, away := r.out[other]; other != task && !away {
			tasks = append(tasks, other)
		}
	}
	slices.Sort(tasks)
	return tasks
}

// again is the sentence that an alarm gets besides its own; empty the first time.
func (r *repeated) again(others []string) string {
	if r.many < 2 {
		return ""
	}
	text := fmt.Sprintf(" The same came %d times since %s", r.many, r.since.UTC().Format("15:04:05 UTC"))
	if len(others) == 0 {
		return text + "."
	}
	named := make([]string, 0, repeatsNamed)
	for _, other := range others[:min(len(others), repeatsNamed)] {
		named = append(named, r.held[other])
	}
	text += "; this tells of " + strings.Join(named, ", ")
	if more := len(others) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text + " as well."
}
