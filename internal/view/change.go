package view

import (
	"errors"
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// errAmended says that another document is in force.
var errAmended = errors.New("another document is in force")

// Document is the digest of the document in force; zero before the first founder
// signed.
func (c *Cell) Document() canon.Digest {
	return read(c, func(s *state) canon.Digest {
		if s.Document.IsZero() {
			return s.Digest
		}
		return s.Document
	})
}

// cools tells whether a key may agree to nothing yet at an instant.
func (s *state) cools(key roster.Key, at canon.Time) bool {
	until, cools := s.cooling[key.Fingerprint]
	return cools && (s.doubted || at.Before(until))
}

// voided is why a request came to nothing without anybody's word on it.
func (s *state) voided(r *access.Request) string {
	owner, ok := s.roster.Owner(r.Key)
	switch {
	case s.roster.Holds(r.Requester, r.Key) && !ok:
		return "void: the key that asked is suspended; nothing was opened"
	case !ok || owner != r.Requester:
		return fmt.Sprintf("void: %s was removed; nothing was opened", r.Requester)
	case s.Digests[r.Scenario] != r.ScenarioDigest:
		return fmt.Sprintf("void: scenario %s is another now than was asked for; nothing was opened", r.Scenario)
	case s.epochs.newest.Number > 0 && !r.At.After(s.epochs.newest.At):
		return "void: entries of the ledger were lost while it waited, and what became of it in those is not known"
	}
	return "void; nothing was opened"
}

// ofAmendment tells of other documents and of added keys.
func (t teller) ofAmendment(e cell.Event) string {
	switch e := e.(type) {
	case *cell.Amended:
		text := fmt.Sprintf("The document %s is in force, in place of %s", e.To.Short(), e.From.Short())
		if len(e.Widened) > 0 {
			text += fmt.Sprintf("; it widens %s, under which %s may not ask before %s", both(e.Widened), both(e.Signers), clock(e.Until, t.at))
		}
		return text + "."
	case *cell.UserMoved:
		return fmt.Sprintf("%s is %s of Identity Center from now on.", e.Person, userWords(e))
	case *cell.KeyAdded:
		return fmt.Sprintf("The key %s is %s's; it can agree to nothing before %s.", e.Key, e.Person, clock(e.Until, t.at))
	case *cell.KeyVouched:
		text := fmt.Sprintf("%s vouches in person for the key %s of %s", e.Vouch.Approver, e.Key, e.Person)
		if !e.Until.IsZero() {
			text += "; that is enough, and it can agree to something from " + clock(e.Until, t.at)
		}
		return text + "."
	}
	return ""
}

func userWords(e *cell.UserMoved) string {
	if e.User == "" {
		return "no user"
	}
	return "user " + e.User
}

// amendAlarm is what channels are told of an amendment.
func amendAlarm(e cell.Event) (kind, sentence string) {
	switch e := e.(type) {
	case *cell.Amended:
		text := fmt.Sprintf("The cell's document is %s from now on, in place of %s (change %s)", e.To.Short(), e.From.Short(), e.Change.Short())
		if len(e.Widened) > 0 {
			text += "; it widens " + both(e.Widened)
		}
		return "cell.amended", text + "."
	case *cell.UserMoved:
		return "user.moved", fmt.Sprintf("%s is %s of Identity Center from now on, by a change of the cell's document: what a grant of theirs opens there is for that user. If %s does not know of it, tell security now.", e.Person, userWords(e), e.Person)
	case *cell.KeyAdded:
		return "key.added", fmt.Sprintf("The key %s was added to %s. It can agree to nothing before %s. If %s does not know of it, tell security now.", e.Key, e.Person, whole(e.Until), e.Person)
	case *cell.KeyVouched:
		text := fmt.Sprintf("%s vouches in person for the key %s of %s", e.Vouch.Approver, e.Key, e.Person)
		if e.Until.IsZero() {
			return "key.vouched", text + "; that is not enough yet."
		}
		return "key.vouched", fmt.Sprintf("%s. It can agree from %s on, VOUCHED FOR and sooner than others. If %s does not know of it, tell security now.", text, whole(e.Until), e.Person)
	}
	return "", ""
}
