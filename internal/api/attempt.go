package api

import (
	"errors"
	"maps"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// Bounds of what is remembered of attempts. People are those of the roster, so
// that a stranger cannot add one; networks are whatever comes.
const (
	attemptsQuiet = time.Hour // after which a new row begins
	peopleMost    = 10_000
	networksMost  = 1024
	placesEach    = 8
)

// attempts remembers who tried what in vain. It refuses nobody: limits do that,
// and rules. It is memory alone, and a restart forgets it; what a rule refused to
// somebody of the cell is in the ledger besides.
type attempts struct {
	now   func() canon.Time
	count *prometheus.CounterVec // nil: nothing is counted

	mu       sync.Mutex
	people   map[triedPerson]*view.Attempts
	networks map[netip.Prefix]*view.Attempts
}

type triedPerson struct {
	person string
	of     view.AttemptOf
}

func newAttempts(now func() canon.Time, count *prometheus.CounterVec) *attempts {
	return &attempts{now: now, count: count, people: map[triedPerson]*view.Attempts{}, networks: map[netip.Prefix]*view.Attempts{}}
}

// person notes an attempt that names somebody of the roster, and what it would
// have been.
func (t *attempts) person(of view.AttemptOf, person, what string, from netip.Prefix) {
	t.counted(of, what)
	t.mu.Lock()
	defer t.mu.Unlock()
	key := triedPerson{person, of}
	row := t.people[key]
	if row == nil {
		if len(t.people) >= peopleMost {
			clear(t.people)
		}
		row = &view.Attempts{Of: of, Person: person}
		t.people[key] = row
	}
	t.add(row, what, from)
}

// stranger notes an attempt of nobody.
func (t *attempts) stranger(what string, from netip.Prefix) {
	t.counted(view.AttemptStranger, what)
	t.mu.Lock()
	defer t.mu.Unlock()
	row := t.networks[from]
	if row == nil {
		t.room()
		row = &view.Attempts{Of: view.AttemptStranger}
		t.networks[from] = row
	}
	t.add(row, what, from)
}

func (t *attempts) counted(of view.AttemptOf, what string) {
	if t.count != nil {
		t.count.WithLabelValues(string(of), what).Inc()
	}
}

// add adds one to a row. After an hour of quiet it begins anew.
func (t *attempts) add(row *view.Attempts, what string, from netip.Prefix) {
	now := t.now()
	if row.Count == 0 || now.Sub(row.Last) > attemptsQuiet {
		*row = view.Attempts{Of: row.Of, Person: row.Person, First: now, What: map[string]int64{}, From: map[string]int64{}}
	}
	row.Count, row.Last = row.Count+1, now
	row.What[what]++
	if place := from.String(); row.From[place] > 0 || len(row.From) < placesEach {
		row.From[place]++
	}
}

// room forgets the network that has been quiet for longest.
func (t *attempts) room() {
	if len(t.networks) < networksMost {
		return
	}
	var oldest netip.Prefix
	var when canon.Time
	for network, row := range t.networks {
		if when.IsZero() || row.Last.Before(when) {
			oldest, when = network, row.Last
		}
	}
	delete(t.networks, oldest)
}

// list is what there is, as copies.
func (t *attempts) list() (all []view.Attempts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	take := func(row *view.Attempts) {
		if now.Sub(row.Last) > attemptsQuiet {
			return
		}
		copied := *row
		copied.What, copied.From = maps.Clone(row.What), maps.Clone(row.From)
		all = append(all, copied)
	}
	for _, row := range t.people {
		take(row)
	}
	for _, row := range t.networks {
		take(row)
	}
	return all
}

// tried notes what a statement that was sent came to, if that was nothing. What
// was sent before proves nothing of whoever sends it again, and accuses nobody.
func (s *service) tried(c *call, sent *broker.Submission, a broker.Answer, err error) {
	if err == nil || a.Again {
		return
	}
	from, what := Network(c.from), kindOf(sent)
	var refusal *cell.Refusal
	var bad *broker.Malformed
	switch {
	case errors.As(err, &refusal) && refusal.Person != "":
		s.attempts.person(view.AttemptRefused, refusal.Person, what, from)
	case errors.As(err, &bad) && bad.What == "signature":
		fingerprint, _ := named(sent.Signature.SSHSig)
		if owner, ok := s.Live.Owner(fingerprint); ok {
			s.attempts.person(view.AttemptForged, owner, what, from)
			return
		}
		s.attempts.stranger(what, from)
	case refusal != nil || bad != nil:
		s.attempts.stranger(what, from)
	}
}

// watched is what machines are told: how many people and networks there are of
// whom it is a finding, and the most attempts of one of them. It names nobody.
func (t *attempts) watched() (many, most map[string]int64) {
	many, most = map[string]int64{"person": 0, "network": 0}, map[string]int64{"person": 0, "network": 0}
	for _, a := range t.list() {
		of := "person"
		if a.Of == view.AttemptStranger {
			of = "network"
		}
		most[of] = max(most[of], a.Count)
		if a.Often() {
			many[of]++
		}
	}
	return many, most
}

// kindOf is what a statement would have been, in few words: labels of figures are
// not a stranger's to choose.
func kindOf(sent *broker.Submission) string {
	of, err := sent.Decode()
	if err != nil {
		return "other"
	}
	switch kind := of.Body.Kind(); kind {
	case statement.KindSession, statement.KindDecision, statement.KindRequest, statement.KindChange:
		return string(kind)
	}
	return "other"
}
