package view

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Inbox is what waits for one person, oldest first.
type Inbox struct {
	Requests []Ask    `json:"requests"`
	Changes  []Change `json:"changes"`
	Recovery *Change  `json:"recovery,omitzero"` // that is agreed, waits, and that the person could sign against
	Shares   []Share  `json:"shares"`
	Reviews  []Owed   `json:"reviews"`
	Alone    []Row    `json:"alone,omitempty"` // own requests under which the person may go in alone now
	// Offers are passkeys that wait to be proposed. They lie beside the ledger, and
	// whoever shows an inbox fills them in.
	Offers []Offered `json:"offers,omitempty"`
}

// Offered is a key that was made with an invitation, and is in no roster.
type Offered struct {
	ID          canon.Digest `json:"id"`
	Person      string       `json:"person"`
	Fingerprint string       `json:"fingerprint"`
	At          canon.Time   `json:"at"`
}

// Ask is a request, or an extension of its grant, that a person's yes would bring closer to its quorum.
type Ask struct {
	Row     `json:",embed"`
	For     canon.Seconds `json:"for"`
	Lapses  canon.Time    `json:"lapses"`
	Extends canon.Digest  `json:"extends,omitzero"` // the extension of its grant that waits, if it is granted
	Until   canon.Time    `json:"until,omitzero"`   // when the grant would end if that were agreed to now
	Legs    []string      `json:"legs"`             // the groups with an empty place that the person could fill
	Before  []Repeat      `json:"before,omitempty"` // requests of the same person for the same, which wait as well, oldest first
}

// Change is a proposed change of the cell: a removal, another document, newer rules,
// or a recovery.
type Change struct {
	ID        canon.Digest `json:"id"`
	Short     string       `json:"short"`
	Proposer  string       `json:"proposer"`
	Person    string       `json:"person"`
	Key       string       `json:"key,omitempty"`        // fingerprint; none: the whole person
	From      canon.Digest `json:"from,omitzero"`        // of an amendment: the document that was in force
	To        canon.Digest `json:"to,omitzero"`          // and the one that is proposed
	LedgerKey string       `json:"ledger_key,omitempty"` // of a rotation: the one that is proposed
	At        canon.Time   `json:"at"`
	Lapses    canon.Time   `json:"lapses"`
	Legs      []Leg        `json:"legs"`
	Decisions []Decision   `json:"decisions,omitempty"`
	Recovers  bool         `json:"recovers,omitzero"` // by the recovery quorum: people and groups alone
	Until     canon.Time   `json:"until,omitzero"`    // of a recovery that is agreed: when it takes effect
	Against   []string     `json:"against,omitempty"` // who signed against a recovery; two cancel it
	Text      string       `json:"text"`
}

// Inbox is what waits for a person: requests with an empty place that the
// person could fill, changes that the person has not agreed to, granted requests
// that wait for the person's share of an envelope, reviews that are to be
// written or signed off, and own requests that nobody answered.
func (c *Cell) Inbox(person string, at Instant) Inbox {
	return read(c, func(s *state) Inbox {
		inbox := Inbox{Requests: []Ask{}, Changes: []Change{}, Shares: s.sharesOf(person, at), Reviews: s.reviewsOf(person, at)}
		for _, h := range slices.Backward(s.unsettled()) {
			if ask, ok := s.ask(person, h.Request, at); ok {
				inbox.Requests = append(inbox.Requests, ask)
			}
			if solo := s.solo(h.Request, at.Now); solo != nil && h.Request.Requester == person && solo.Offered && solo.Taken.IsZero() && solo.Blocked == "" {
				inbox.Alone = append(inbox.Alone, s.row(person, h.Request, at))
			}
		}
		inbox.Requests = folded(inbox.Requests)
		for _, change := range s.sortedChanges() {
			if b := s.ballotOn(change); at.Now.Before(change.Lapses) && b.may(person) && b.quorum.Names(person, b.in) {
				inbox.Changes = append(inbox.Changes, s.change(change))
			}
			if !change.Until.IsZero() && s.mayCancel(person, change) {
				inbox.Recovery = s.recovering()
			}
		}
		return inbox
	})
}

// Changes are the changes that wait, oldest first.
func (c *Cell) Changes() []Change {
	return read(c, func(s *state) []Change {
		changes := []Change{}
		for _, change := range s.sortedChanges() {
			changes = append(changes, s.change(change))
		}
		return changes
	})
}

func (s *state) ask(person string, r *access.Request, at Instant) (Ask, bool) {
	asks, extension := asksNow(r)
	if asks.State != access.Pending || !at.Now.Before(asks.Lapses) {
		return Ask{}, false
	}
	b, ok := s.ballotOf(asks)
	if !ok || !b.helps(person) {
		return Ask{}, false
	}
	ask := Ask{Row: s.row(person, r, at), For: asks.For, Lapses: asks.Lapses}
	if extension != nil {
		length, _ := asks.Narrowed(s.counts)
		ask.Extends, ask.Targets, ask.Until = extension.ID, extension.Targets, r.Grant.Longer(length, at.Now)
	}
	for _, leg := range b.legs([]string{person}) {
		if len(leg.CouldFill) > 0 {
			ask.Legs = append(ask.Legs, group(leg.From))
		}
	}
	return ask, true
}

func (s *state) sortedChanges() []*cell.Change {
	return slices.SortedFunc(maps.Values(s.changes), func(a, b *cell.Change) int {
		return cmp.Or(a.At.Std().Compare(b.At.Std()), cmp.Compare(a.ID.String(), b.ID.String()))
	})
}

// ballotOn is the ballot on a change: whoever is to be removed has no say.
func (s *state) ballotOn(change *cell.Change) ballot {
	b := ballot{quorum: s.quorumOf(change).Merged(), in: s.roster.In}
	for _, d := range change.Decisions {
		if d.Approves && !change.Removes(d.Approver) && s.counts(d) && !slices.Contains(b.agreed, d.Approver) {
			b.agreed = append(b.agreed, d.Approver)
		}
	}
	b.may = func(person string) bool {
		signed := slices.ContainsFunc(change.Decisions, func(d access.Decision) bool { return d.Approver == person && d.Approves })
		return change.Until.IsZero() && !change.Removes(person) && !signed && s.canSign(person, "", s.at)
	}
	return b
}

func (s *state) change(change *cell.Change) Change {
	b := s.ballotOn(change)
	v := Change{
		ID: change.ID, Short: change.ID.Short(), Proposer: change.Proposer, Person: change.Person, Key: change.Key,
		From: change.From, To: change.To, LedgerKey: change.LedgerKey,
		Recovers: change.Recovers, Until: change.Until, Against: s.against(change),
		At: change.At, Lapses: change.Lapses, Legs: b.legs(s.candidates(b.quorum)),
		Text: change.Proposer + " proposes to " + proposal(change),
	}
	for _, d := range change.Decisions {
		v.Decisions = append(v.Decisions, s.decision(d))
	}
	return v
}

// proposal is what a change would do: "remove ann", "decide by rules 2 from then on".
func proposal(change *cell.Change) string {
	if change.Recovers {
		return fmt.Sprintf("recover the cell: put document %s in force, in place of %s", change.To.Short(), change.From.Short())
	}
	if change.Amends() {
		return fmt.Sprintf("put document %s in force, in place of %s", change.To.Short(), change.From.Short())
	}
	if change.Asks() {
		return "trust the clock, " + seconds(change.Step) + " s ahead of its own measure"
	}
	if change.Rotates() {
		return "sign the ledger with the key " + change.LedgerKey + " from then on"
	}
	if change.Rules != 0 {
		return fmt.Sprintf("decide by rules %d from then on", change.Rules)
	}
	return "remove " + removal(change.Person, change.Key)
}

// removal is "ann" or "the key SHA256:… of ann".
func removal(person, key string) string {
	if key == "" {
		return person
	}
	return "the key " + key + " of " + person
}
