package view

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/roster"
)

// ProvedWithin is how long it is believed that somebody can still sign with a key.
const ProvedWithin = shownDays * 24 * time.Hour

// keyProofs are when keys were last known to be in somebody's hands: they signed
// something that is recorded, or came into the roster. They are known since the
// oldest entry that was read, which is not the beginning after a start.
type keyProofs struct {
	from   int64 // index of the oldest entry that was read
	next   int64 // of the first that was not, at the other end
	since  canon.Time
	signed map[string]canon.Time // fingerprint → when it signed last
	added  map[string]canon.Time // fingerprint → when it was added
	sealed canon.Time            // when the keys of genesis were
}

func newKeyProofs() keyProofs {
	return keyProofs{signed: map[string]canon.Time{}, added: map[string]canon.Time{}}
}

// learn takes an entry. Each is taken once, in any order.
func (p *keyProofs) learn(r cell.Recorded, people *roster.Roster) {
	at := r.Entry.At
	if p.since.IsZero() {
		p.from, p.since = r.Index, at
	}
	if r.Index < p.from {
		p.from, p.since = r.Index, canon.Earlier(p.since, at)
	}
	p.next = max(p.next, r.Index+1)
	if signature := r.Entry.Cause.Signature; signature != nil {
		if key := roster.Fingerprint(signature.Key()); people.Knows(key) {
			p.signed[key] = canon.Later(p.signed[key], at)
		}
	}
	for _, e := range r.Outcome.Events {
		switch e := e.(type) {
		case *cell.Sealed:
			p.sealed = at
		case *cell.KeyAdded:
			p.added[e.Key] = canon.Later(p.added[e.Key], at)
		}
	}
}

// of is when a key was last proved; zero says that it was not since p.since.
func (p *keyProofs) of(key string) canon.Time {
	proved := canon.Later(p.signed[key], p.added[key])
	if proved.IsZero() {
		return p.sealed
	}
	return proved
}

// unproved tells whether a key is known not to have been proved for too long. A
// key of which nothing is known was last proved before p.since, or is not known
// at all.
func (p *keyProofs) unproved(key string, now canon.Time) bool {
	proved := p.of(key)
	if proved.IsZero() {
		proved = p.since
	}
	return !proved.IsZero() && proved.Before(now.Add(-ProvedWithin))
}

// Unread is where knowledge of signatures, and of what was opened when, begins: at an entry, and at its time,
// which is zero before there is any.
func (c *Cell) Unread() (entry int64, since canon.Time) {
	p := read(c, func(s *state) keyProofs { return s.learned.keys })
	return p.from, p.since
}

// LookBack takes from older entries when keys signed, and when targets were open:
// those just before Unread, in order. Others it leaves alone, and says so.
func (c *Cell) LookBack(older []cell.Recorded) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &c.s.learned.keys
	if len(older) == 0 || older[len(older)-1].Index+1 != p.from {
		return false
	}
	for _, r := range slices.Backward(older) {
		p.learn(r, &c.s.roster)
		c.s.learned.sessions.learn(r)
		c.s.learned.open(r)
	}
	return true
}

// LookedBack takes what another view, of the same ledger and made before, knows
// of signatures and of openings, if nothing lies between what the two have read.
func (c *Cell) LookedBack(before *Cell) {
	old := read(before, func(s *state) keyProofs { return s.learned.keys.clone() })
	opened := read(before, func(s *state) map[canon.Digest]canon.Time { return maps.Clone(s.learned.opened) })
	c.mu.Lock()
	defer c.mu.Unlock()
	p := &c.s.learned.keys
	if old.since.IsZero() || old.from >= p.from || old.next < p.from {
		return
	}
	maps.Copy(c.s.learned.opened, opened)
	p.from, p.since, p.sealed = old.from, old.since, canon.Later(p.sealed, old.sealed)
	for key, at := range old.signed {
		p.signed[key] = canon.Later(p.signed[key], at)
	}
	for key, at := range old.added {
		p.added[key] = canon.Later(p.added[key], at)
	}
}

func (p keyProofs) clone() keyProofs {
	p.signed, p.added = maps.Clone(p.signed), maps.Clone(p.added)
	return p
}

// unprovedKeys is a finding about the keys that nobody has shown to have for too
// long.
func (s *state) unprovedKeys() []Finding {
	var people []string
	for _, p := range s.roster.People {
		if !p.Removed && slices.ContainsFunc(p.Keys, func(k roster.Key) bool { return s.roster.Active(k) && s.unproved(k) }) {
			people = append(people, p.ID)
		}
	}
	if len(people) == 0 {
		return nil
	}
	if more := len(people) - unprovedNamed; more > 0 {
		people = append(people[:unprovedNamed:unprovedNamed], count(more, "other"))
	}
	text := fmt.Sprintf("Keys of %s have signed nothing for %d days: they may be lost. Any signature proves one, such as of halligan inbox.", both(people), shownDays)
	return []Finding{{Kind: FindingUnproved, Text: text}}
}

// unprovedNamed is how many people the finding names.
const unprovedNamed = 10

// FindingUnproved: keys were not shown to be in anybody's hands for too long.
const FindingUnproved FindingKind = "key-unproved"

// unproved tells whether a key is not proved as of the newest entry.
func (s *state) unproved(k roster.Key) bool { return s.learned.keys.unproved(k.Fingerprint, s.at) }

// PasskeyHost is the host on whose pages a key signs; empty when it is no
// passkey. It is what a key of an authenticator was made for, the last of the
// fields on its line, where that is not "ssh:".
func PasskeyHost(k roster.Key) string {
	if !strings.HasPrefix(k.Line, "sk-") {
		return ""
	}
	var last []byte
	for rest := k.Wire(); len(rest) >= 4; {
		size := binary.BigEndian.Uint32(rest)
		if rest = rest[4:]; uint64(size) > uint64(len(rest)) {
			return ""
		}
		last, rest = rest[:size], rest[size:]
	}
	if strings.HasPrefix(string(last), "ssh:") {
		return ""
	}
	return string(last)
}

// Kind is a key's type for people: "passkey of" and its host, that it is a code
// device, or the SSH type.
func (k Key) Kind() string {
	kind := k.Type
	switch {
	case k.Passkey != "":
		kind = "passkey of " + k.Passkey
	case k.Code:
		kind = "code device, held by the server,"
	}
	if k.Maker != "" {
		kind += ", hardware by " + k.Maker + ","
	}
	return kind
}
