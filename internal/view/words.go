package view

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
)

// clock is an instant for people: the time of day, with its date when that is
// not the day of reference.
func clock(t, reference canon.Time) string {
	const day = 24 * time.Hour
	if t.Std().Truncate(day).Equal(reference.Std().Truncate(day)) {
		return t.Std().Format("15:04:05 UTC")
	}
	return t.Std().Format("2006-01-02 15:04:05 UTC")
}

// series joins words: "a", "a and b", "a, b and c".
func series(words []string, last string) string {
	switch len(words) {
	case 0:
		return "nobody"
	case 1:
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

func both(words []string) string { return series(words, "and") }

func either(words []string) string { return series(words, "or") }

// count is "1 credential", "3 credentials".
func count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

var small = []string{"No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten"}

// doors is "One door is", "Two doors are".
func doors(n int) string {
	number := fmt.Sprint(n)
	if n < len(small) {
		number = small[n]
	}
	if n == 1 {
		return number + " door is"
	}
	return number + " doors are"
}

// group is the name in a group reference; what is no reference stays.
func group(reference string) string {
	if name, ok := access.Group(reference); ok {
		return name
	}
	return reference
}

func groups(references []string) []string {
	names := make([]string, len(references))
	for i, reference := range references {
		names[i] = group(reference)
	}
	return names
}

// plain makes words of a reason or event name.
func plain(name string) string { return strings.ReplaceAll(name, "-", " ") }

// quorum is "1 of security and 1 of leads".
func quorum(q access.Quorum) string {
	var legs []string
	for _, leg := range q.Merged() {
		legs = append(legs, fmt.Sprintf("%d of %s", leg.Count, group(leg.From)))
	}
	return both(legs)
}

var checks = map[string]string{
	"call-back": "after a call back", "video": "after a video call", "in-person": "after seeing them in person",
	"not-checked": "without having checked who asks", "proposer": "as the proposer",
}

var failures = map[string]string{
	"unreachable": "there was no answer", "refused": "it was refused",
	"internal": "something went wrong at the server", "interrupted": "the server was interrupted",
	access.TroubleStands:  "the requester had the permission set before, by somebody else's hand: Halligan neither gives it nor takes it away",
	access.TroubleChanged: "what is there is not what was signed",
	access.TroubleWaits:   "an earlier grant is for the same and is not closed yet: its end would take away what this one opens, which is opened after it; whoever does not need the earlier one gives it back",
	"unready":             "the server lacks what it needs for it, and halligan findings says what",
}

var ends = map[string]string{
	access.EndExpired: "the window is over", access.EndStopped: "it was stopped", access.EndVetoed: "it was vetoed",
	access.EndReleased: "it was released", access.EndRemoved: "the requester was removed",
	access.EndKeyGone: "the key that asked was removed", access.EndSuspended: "the key that asked was suspended",
	access.EndEpoch: "entries of the ledger were lost while it lived", access.EndNarrowed: "the grant was extended without it",
	access.EndOffline: "it was opened with no server",
}

// sentences puts those together that there are.
func sentences(all ...string) string {
	return strings.Join(slices.DeleteFunc(all, func(s string) bool { return s == "" }), " ")
}

// say looks a word up and falls back to the word itself.
func say(words map[string]string, word string) string {
	if text, ok := words[word]; ok {
		return text
	}
	return plain(word)
}
