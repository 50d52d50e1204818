package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// learned is what no world holds, because no rule reads it: only entries tell.
type learned struct {
	salts    map[canon.Digest]string // request → salt of its words
	told     map[canon.Digest][]Told
	unheard  map[string]Unheard    // channel → what it missed since it last answered well
	took     map[string]canon.Time // channel → when it last took an alarm
	refused  Refusals
	keys     keyProofs
	sessions sessions
	opened   map[canon.Digest]canon.Time // request → when its first target was open
}

// Told is what became of one alarm of a request on one channel.
type Told struct {
	Channel   string     `json:"channel"`
	Event     string     `json:"event"` // that the alarm spoke of
	Delivered bool       `json:"delivered"`
	At        canon.Time `json:"at"`
}

// Unheard is what a channel missed since it last took an alarm.
type Unheard struct {
	Channel string     `json:"channel"`
	Count   int64      `json:"count"`
	Since   canon.Time `json:"since"`           // the first of them
	Status  int        `json:"status,omitzero"` // what it answered last; 0 is no answer
}

// Refusals counts attempts that a rule refused, as far back as the view
// learned entries.
type Refusals struct {
	Count    int64            `json:"count"`
	ByReason map[string]int64 `json:"by_reason,omitempty"`
	ByPerson map[string]int64 `json:"by_person,omitempty"` // only what has an entry of its own
	Last     canon.Time       `json:"last,omitzero"`
}

// toldMost bounds the answers that are kept of one request.
const toldMost = 64

func newLearned() learned {
	return learned{
		salts: map[canon.Digest]string{}, told: map[canon.Digest][]Told{}, unheard: map[string]Unheard{}, took: map[string]canon.Time{},
		refused:  Refusals{ByReason: map[string]int64{}, ByPerson: map[string]int64{}},
		keys:     newKeyProofs(),
		sessions: newSessions(),
		opened:   map[canon.Digest]canon.Time{},
	}
}

func (l *learned) forget(id canon.Digest) {
	delete(l.salts, id)
	delete(l.told, id)
	delete(l.opened, id)
}

// Salt is the salt of the words of the request that an entry made; empty when
// the entry made none.
func Salt(r cell.Recorded) string {
	made := slices.ContainsFunc(r.Outcome.Events, func(e cell.Event) bool { _, ok := e.(*cell.RequestMade); return ok })
	if !made || r.Entry.Observed == nil {
		return ""
	}
	var observed cell.Observed
	if canon.Decode(r.Entry.Observed, ledger.EntryLimit, &observed) != nil {
		return ""
	}
	return observed.Salt
}

// Recorded reads the entry with an index back from its bytes, as Learn and
// Timeline take it.
func Recorded(index int64, body []byte) (cell.Recorded, error) {
	entry, err := ledger.DecodeEntry(body)
	if err != nil {
		return cell.Recorded{}, fmt.Errorf("entry %d: %w", index, err)
	}
	events, err := cell.DecodeEvents(entry.Events)
	if err != nil {
		return cell.Recorded{}, fmt.Errorf("entry %d: %w", index, err)
	}
	return cell.Recorded{Index: index, Body: body, Entry: entry, Outcome: cell.Outcome{Stream: entry.Stream, Events: events}}, nil
}

func (s *state) learn(r cell.Recorded) {
	s.learned.keys.learn(r, &s.roster)
	s.learned.sessions.learn(r)
	s.learned.open(r)
	for _, e := range r.Outcome.Events {
		switch e := e.(type) {
		case *cell.RequestMade:
			if salt := Salt(r); salt != "" {
				s.learned.salts[e.Request.ID] = salt
			}
		case *cell.AlarmAnswered:
			s.learned.answered(r, e)
		case *cell.Refused:
			s.learned.refused.add(string(e.Reason), 1, r.Entry.At)
			s.learned.refused.ByPerson[e.Person]++
		case *cell.RefusalsCounted:
			for reason, count := range e.Counts {
				s.learned.refused.add(reason, count, r.Entry.At)
			}
		}
	}
}

func (l *learned) answered(r cell.Recorded, e *cell.AlarmAnswered) {
	if id, ok := cell.RequestOf(r.Outcome.Stream); ok {
		told := Told{Channel: e.Channel, Event: eventOfTask(r.Entry.Cause.Task), Delivered: e.Delivered, At: r.Entry.At}
		kept := append(slices.Clone(l.told[id]), told)
		l.told[id] = kept[max(0, len(kept)-toldMost):]
	}
	if e.Delivered {
		delete(l.unheard, e.Channel)
		l.took[e.Channel] = r.Entry.At
		return
	}
	missed := l.unheard[e.Channel]
	if missed.Count == 0 {
		missed = Unheard{Channel: e.Channel, Since: r.Entry.At}
	}
	missed.Count, missed.Status = missed.Count+1, e.Status
	l.unheard[e.Channel] = missed
}

func (r *Refusals) add(reason string, count int64, at canon.Time) {
	r.Count += count
	r.ByReason[reason] += count
	r.Last = canon.Later(r.Last, at)
}

func (r Refusals) clone() Refusals {
	r.ByReason, r.ByPerson = maps.Clone(r.ByReason), maps.Clone(r.ByPerson)
	return r
}

// eventOfTask is the event that an alarm's task speaks of: the last part of the
// task's id.
func eventOfTask(task string) string { return task[strings.LastIndexByte(task, ':')+1:] }
