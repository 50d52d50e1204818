package cell

import (
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/statement"
)

// rulesEpoch are the first rules by which a ledger whose newest entries are lost
// may go on.
const rulesEpoch = 2

// ListsAhead is how far the numbers of revocation lists leap at an epoch: hosts
// take no list with a lower number than they had, and nobody knows how many
// entries were lost beyond the newest checkpoint that somebody kept.
const ListsAhead = int64(1 << 20)

// LostMost bounds the entries that one epoch may say are lost: no ledger is that
// long, and the numbers of lists, which leap by it, stay below 2^53 for every epoch
// that a cell can have.
const LostMost = int64(1 << 42)

// StraysMost bounds the revocation list that a survey adds to: hosts read one of
// twice as many.
const StraysMost = 50_000

// Epoch is one beginning of the cell's ledger after the first. Up to Base it is the
// ledger that ended; what that had beyond is lost.
type Epoch struct {
	Number int64          `json:"number"`
	Before string         `json:"before"` // origin of the ledger that ended
	Origin string         `json:"origin"` // of the ledger from Base on
	Base   statement.Seen `json:"base"`
	Lost   statement.Seen `json:"lost"` // the newest checkpoint that is known of the ledger that ended
	By     []string       `json:"by"`   // who signed
	At     canon.Time     `json:"at"`
	List   int64          `json:"list"`  // number of the first revocation list
	Ahead  int64          `json:"ahead"` // of entries, that numbers of lists are from here on
}

// Signing is an epoch that some of the change quorum have signed, one right after
// the other. It is worth nothing once another entry came between.
type Signing struct {
	Agreed canon.Digest `json:"agreed"`
	By     []string     `json:"by"`
	Next   int64        `json:"next"` // index of the entry that may add to it
}

// Events of epochs, in the stream of the cell.
type (
	// EpochSigned: one of the change quorum agreed to go on from here.
	EpochSigned struct {
		Agreed canon.Digest `json:"agreed"`
		Person string       `json:"person"`
	}
	// EpochBegun: the quorum is filled. From this entry on the ledger has another
	// origin, and what was open before it ends.
	EpochBegun struct {
		Epoch Epoch `json:"epoch"`
	}
	// StraysFound: a host lists sessions that bear the mark of this cell and belong
	// to no lease of its ledger. They are on the revocation list from here on.
	StraysFound struct {
		Host   string     `json:"host"`
		KeyIDs []string   `json:"key_ids"`
		List   int64      `json:"list"`
		Until  canon.Time `json:"until"` // no certificate that bears them can be valid
	}
	// HostSurveyed: a host listed its sessions after the epoch began, when no
	// certificate that lost entries issued could be valid, and none of them is a stray.
	HostSurveyed struct {
		Host string `json:"host"`
	}
)

func (*EpochSigned) event() string  { return "epoch-signed" }
func (*EpochBegun) event() string   { return "epoch-begun" }
func (*StraysFound) event() string  { return "strays-found" }
func (*HostSurveyed) event() string { return "host-surveyed" }

// beginning puts a signature under a new epoch before its rule. Its refusals are
// held against nobody: an entry that only says no would be one more entry of a
// ledger that must not go on.
func (w *World) beginning(s *Signed, rule Rule, c Command) (Outcome, *Refusal) {
	refusal := w.authenticate(s, rule)
	if refusal == nil {
		refusal = w.cool(s, c.At)
	}
	if refusal != nil {
		return Outcome{}, &Refusal{Reason: refusal.Reason, Detail: refusal.Detail}
	}
	return rule.decide(w, s, c)
}

// decideEpoch counts one more signature under a new epoch.
func decideEpoch(w *World, s *Signed, c Command) (Outcome, *Refusal) {
	body, h := s.Statement.Body.(*statement.Epoch), s.Statement.Header
	agreed, err := body.Agreed(h)
	by := w.signedBefore(agreed)
	switch {
	case err != nil || w.Rules < rulesEpoch:
		return Outcome{}, refuse(RulesTooOld, "an epoch needs rules %d; this cell decides by rules %d", rulesEpoch, w.Rules)
	case h.Ledger != w.Origin:
		return Outcome{}, refuse(WrongLedger, "the statement is for the ledger %s, not for %s", h.Ledger, w.Origin)
	case body.Number != w.EpochNow()+1:
		return Outcome{}, refuse(WrongEpoch, "the next epoch of this ledger is %d, not %d", w.EpochNow()+1, body.Number)
	case !w.Genesis.Change.Names(h.Actor, w.Roster.In):
		return Outcome{}, refuse(NotAllowed, "%s is in no leg of the change quorum", h.Actor)
	case slices.Contains(by, h.Actor):
		return Outcome{}, refuse(AlreadyDecided, "%s has signed this epoch already", h.Actor)
	case w.signers(c.At).After(h.Expires):
		return Outcome{}, refuse(StatementExpired, "the statement expired at %s", h.Expires)
	case !w.Doubted && h.Expires.Sub(c.At) > statement.EpochValid.Duration():
		return Outcome{}, refuse(StatementTooLong, "the statement is valid until %s; at most %s from now is taken", h.Expires, statement.EpochValid)
	case w.nonceUsed(h, c.At):
		return Outcome{}, refuse(NonceUsed, "the statement's nonce was used before")
	case h.Seen.Size+int64(len(by)) != w.index || len(by) == 0 && !w.partial && h.Seen.Root != canon.Digest(w.Tree.Root()):
		return Outcome{}, refuse(SeenUnknown, "the epoch goes on from the first %d entries; this ledger has %d, or others", h.Seen.Size, w.index-int64(len(by)))
	case body.Lost.Size < h.Seen.Size || body.Lost.Size == h.Seen.Size && body.Lost.Root != h.Seen.Root:
		return Outcome{}, refuse(WrongEpoch, "the ledger that ends had at least the %d entries that are here", h.Seen.Size)
	case body.Lost.Size-h.Seen.Size > LostMost:
		return Outcome{}, refuse(WrongEpoch, "no ledger has %d entries more than are here", body.Lost.Size-h.Seen.Size)
	}
	events := []Event{&EpochSigned{Agreed: agreed, Person: h.Actor}}
	by = append(slices.Clone(by), h.Actor)
	if w.Genesis.Change.Missing(by, w.Roster.In) == nil {
		events = append(events, w.begin(s.Statement, by, c.At)...)
	}
	return Outcome{StreamCell, events}, nil
}

// signedBefore are those who signed the same, each in the entry right before the
// next one.
func (w *World) signedBefore(agreed canon.Digest) []string {
	if w.Signing == nil || w.Signing.Agreed != agreed || w.Signing.Next != w.index {
		return nil
	}
	return w.Signing.By
}

// begin is what an epoch means for the cell: what waited for its quorum lapses,
// each envelope owes fresh content, for its shares may have been given in what is
// lost, and the witnesses have cosigned nothing of the new ledger.
func (w *World) begin(s statement.Statement, by []string, at canon.Time) []Event {
	body := s.Body.(*statement.Epoch)
	agreed, _ := body.Agreed(s.Header)
	lists := w.ListNumber(w.index) + body.Lost.Size - s.Seen.Size + ListsAhead
	events := []Event{&EpochBegun{Epoch: Epoch{
		Number: body.Number, Before: w.Origin, Origin: canon.EpochOrigin(w.Name, body.Number, agreed),
		Base: s.Seen, Lost: body.Lost, By: by, At: at, List: lists, Ahead: lists - w.index,
	}}}
	ids := make([]canon.Digest, 0, len(w.Changes))
	for id := range w.Changes {
		ids = append(ids, id)
	}
	sortDigests(ids)
	for _, id := range ids {
		events = append(events, &ChangeOver{Change: id, State: ChangeLapsed})
	}
	for _, name := range sortedKeys(w.Envelopes) {
		if w.Envelopes[name].Current != nil && w.Envelopes[name].Owed == nil {
			events = append(events, owe(name, custody.WhyEpoch, "", at))
		}
	}
	if w.Witness == Cosigned {
		events = append(events, &WitnessesSilent{Since: at})
	}
	return events
}

// Outlived is when no certificate can be valid any more that lost entries issued,
// revoked in them or not: the list that they revoked it on is lost too.
func (e Epoch) Outlived() canon.Time {
	return e.At.Add(statement.DayLongest.Duration() + RevokedFor.Duration())
}

// EpochNow is the number of the epoch; the first ledger is epoch 1.
func (w *World) EpochNow() int64 { return int64(len(w.Epochs)) + 1 }

// epoch is the newest beginning; zero in the first epoch.
func (w *World) epoch() Epoch {
	if len(w.Epochs) == 0 {
		return Epoch{}
	}
	return w.Epochs[len(w.Epochs)-1]
}

// ListNumber is the number of the revocation list that an entry makes.
func (w *World) ListNumber(index int64) int64 { return index + w.epoch().Ahead }

// predates tells whether a request was made before entries were lost: what became
// of it in those, nobody knows.
func (w *World) predates(r *access.Request) bool {
	return len(w.Epochs) > 0 && !r.At.After(w.epoch().At)
}

// applyEpoch moves the world on by an event of epochs.
func (w *World) applyEpoch(p place, e Event) {
	switch e := e.(type) {
	case *EpochSigned:
		by := slices.Clone(w.signedBefore(e.Agreed))
		w.Signing = &Signing{Agreed: e.Agreed, By: append(by, e.Person), Next: p.index + 1}
	case *EpochBegun:
		w.Epochs = append(slices.Clip(w.Epochs), e.Epoch)
		w.Origin, w.Signing, w.List = e.Epoch.Origin, nil, e.Epoch.List
	case *StraysFound:
		for _, id := range e.KeyIDs {
			w.list(id, Revoked{List: e.List, Until: e.Until})
			w.changes.Revoked = append(w.changes.Revoked, id)
		}
		w.List = e.List
	}
}

// followEpoch has what was open before it ended, and every host looked at.
func (w *World) followEpoch(p place, e Event) {
	if _, begun := e.(*EpochBegun); !begun {
		return
	}
	w.finish(p.stream, func(t Task) bool { return t.Kind == TaskSurvey })
	for _, host := range w.Genesis.Hosts {
		w.enqueue(p, Task{Kind: TaskSurvey, Target: host.ID})
	}
	w.followRemoval(p)
}

// keyMark begins every key id of a lease.
const keyMark = "halligan:"

// surveyed takes a host's list of its sessions after an epoch began. Whatever bears
// the mark and belongs to no lease that still lives was opened in what is lost, or
// is of one that was proved dead, and must not be there. The host is asked again
// until what was ended in lost entries cannot come back.
func (w *World) surveyed(task Task, c Command) (Outcome, *Refusal) {
	if task.Kind == TaskAssignments {
		return w.standing(c)
	}
	facts, refusal := w.facts(task.Target, c)
	if refusal != nil {
		return Outcome{}, refusal
	}
	if facts.List < w.epoch().List {
		return Outcome{}, refuse(NothingNew, "host %s had revocation list %d; the epoch began with list %d", facts.Host, facts.List, w.epoch().List)
	}
	fresh, left := w.strays(c)
	switch {
	case left == 0 && facts.ListAt.Before(w.epoch().Outlived()):
		return Outcome{}, refuse(NothingNew, "host %s listed no stray under the list of %s; a certificate of the lost entries may be valid until %s", facts.Host, facts.ListAt, w.epoch().Outlived())
	case left == 0:
		return Outcome{StreamCell, []Event{&HostSurveyed{Host: facts.Host}}}, nil
	case len(fresh) == 0:
		return Outcome{}, refuse(NothingNew, "host %s has not ended the %d strays yet", facts.Host, left)
	case len(w.Revoked)+len(fresh) > StraysMost:
		return Outcome{}, refuse(TooMany, "the revocation list has %d key ids already; whatever host %s lists, it gets no longer by that", len(w.Revoked), facts.Host)
	}
	return Outcome{StreamCell, []Event{&StraysFound{
		Host: facts.Host, KeyIDs: fresh, List: w.ListNumber(w.index),
		Until: c.At.Add(statement.DayLongest.Duration() + RevokedFor.Duration()),
	}}}, nil
}

// strays are the key ids that a survey adds to the revocation list, sorted, and how
// many strays the host lists with those that are on it. Evidence that leaves out
// other streams cannot tell whose leases live, and believes what stands in the entry.
func (w *World) strays(c Command) (fresh []string, left int) {
	if c.Effect == nil || w.Tasks[c.Effect.Task].Kind != TaskSurvey || c.Observed.Report == nil {
		return nil, 0
	}
	if w.partial {
		return c.Observed.Strays, len(c.Observed.Strays)
	}
	known := map[string]bool{}
	for _, r := range w.Requests {
		for _, l := range r.Leases {
			known[l.KeyID] = l.State != access.LeaseClosed
		}
	}
	for _, id := range c.Observed.Report.Facts.KeyIDs {
		if !strings.HasPrefix(id, keyMark) || known[id] {
			continue
		}
		left++
		if _, listed := w.Revoked[id]; !listed && !slices.Contains(fresh, id) {
			fresh = append(fresh, id)
		}
	}
	slices.Sort(fresh)
	return fresh, left
}

// facts are what a report says that is one of a host, signed with its report key
// and complete.
func (w *World) facts(name string, c Command) (ReportFacts, *Refusal) {
	if c.Observed.Report == nil {
		return ReportFacts{}, refuse(ReportRefused, "a report must be observed")
	}
	facts := c.Observed.Report.Facts
	host, ok := w.Genesis.Host(name)
	switch {
	case !ok || facts.Host != name || facts.Origin != w.Name || facts.Fingerprint != host.Report.Fingerprint:
		return facts, refuse(ReportRefused, "the report is not one of host %s, signed with its report key", name)
	case !facts.Complete:
		return facts, refuse(ReportRefused, "host %s did not list all of its sessions", name)
	}
	return facts, nil
}
