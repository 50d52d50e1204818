package cell

import (
	"bytes"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

// Alarming lists the events that channels hear of.
var Alarming = []string{
	"request-made", "ladder-widened", "agreed", "request-over", "grant-ended", "credential-authorised", "open-failed", "lease-closed",
	"closing-overdue", "change-proposed", "amended", "key-added", "person-removed", "key-removed", "rules-raised", "clock-doubted",
	"envelope-sealed", "envelope-rotated", "envelope-owed", "envelope-overdue", "share-given", "honey-touched",
	"witnesses-silent", "witnesses-overdue", "witnessed", "credential-unwitnessed",
	"solo-offered", soloTaken, "solo-begun",
	"review-overdue", "review-written", "review-returned", "epoch-begun", "strays-found", "extension-asked", "extended", "key-vouched", "symptom-looked-at", "outage-witnessed", "reconciled",
	"recovery-agreed", "recovery-waits", "recovery-over",
	"ledger-key-rotated",
	"key-suspended", "suspension-opposed", "suspension-over", "assignments-found", "denial-seen", "user-moved",
}

// alarm enqueues one task for each channel that must hear of an event. Of a
// lease's credentials only the first is told, of reviews those that tell of misuse,
// and of symptoms those that are not there.
func (w *World) alarm(p place, e Event) {
	if w.Genesis == nil || !slices.Contains(Alarming, e.event()) {
		return
	}
	name := e.event()
	id, ofRequest := RequestOf(p.stream)
	var to []string
	if ofRequest {
		r := w.Requests[id]
		if authorised, ok := e.(*CredentialAuthorised); ok {
			if l, _ := r.Lease(authorised.Target); l.Issued > 1 {
				return
			}
		}
		if written, ok := e.(*ReviewWritten); ok && written.Written.Misuse != string(statement.Yes) {
			return
		}
		if _, ok := e.(*SymptomLookedAt); ok && !r.FirstAbsent() { // of each look anew nobody would hear the next
			return
		}
		to = w.scenarioOf(r).Alarms.To
		switch e.(type) {
		case *HoneyTouched, *SoloTaken, *SoloBegun, *Reconciled:
			to = nil // everybody hears
		}
	}
	if found, ok := e.(*AssignmentsFound); ok && len(found.Found) == 0 {
		return
	}
	if seen, ok := e.(*DenialSeen); ok && (seen.Denial == access.DenialStands || seen.Denial == access.DenialOver) {
		return
	}
	channels := w.Genesis.Channels
	if _, amended := e.(*Amended); amended {
		channels = append(slices.Clone(channels), w.leaving...) // whoever is no channel any more hears that
	}
	for _, channel := range channels {
		if Hears(to, channel.ID) {
			w.enqueueOnce(p, Task{Kind: TaskAlarm, Channel: channel.ID, Event: name, Target: TargetOf(e)})
		}
	}
}

// Hears tells whether a channel hears what is told to some: to all where none is named.
func Hears(to []string, channel string) bool { return len(to) == 0 || slices.Contains(to, channel) }

// Overdue tells whether a lease should be closed by now.
func Overdue(l *access.Lease, at canon.Time) bool {
	since := canon.Time{}
	if l.Closing != nil {
		since = l.Closing.At
	}
	if l.Assignment != nil && !l.Shut.IsZero() { // from then on it only waits for sessions to be over
		since = l.NotAfter.Add(access.ExpirySkew.Duration())
	}
	return l.State == access.LeaseClosing && at.Sub(since) >= PageAfter.Duration()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortDigests(ids []canon.Digest) {
	slices.SortFunc(ids, func(a, b canon.Digest) int { return bytes.Compare(a[:], b[:]) })
}
