package cell

import (
	"maps"
	"slices"
	"strings"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/policy"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// The streams. A request's stream is StreamRequest followed by its digest.
const (
	StreamCell    = "cell"
	StreamSession = "session"
	StreamRefused = "refused"
	StreamRequest = "request/"
)

// StreamOf is the stream of a request.
func StreamOf(request canon.Digest) string { return StreamRequest + request.String() }

// RequestOf is the request that a stream is of.
func RequestOf(stream string) (canon.Digest, bool) {
	text, ok := strings.CutPrefix(stream, StreamRequest)
	if !ok {
		return canon.Digest{}, false
	}
	id, err := canon.ParseDigest(text)
	return id, err == nil
}

// World is what a cell's rules know: everything that is live. Requests in it
// are never changed in place, so that whoever got one may keep reading it.
type World struct {
	Name          string       // of the cell: the origin of its first ledger
	Origin        string       // of the ledger, in this epoch
	Genesis       *Genesis     // the document in force; nil before the first founder signed
	GenesisDigest canon.Digest // what founders signed and anchors pin
	Document      canon.Digest // what is in force, and Genesis holds: genesis, until a change amended it
	Founded       []string     // founders who signed
	Sealed        bool
	Rules         int // what the cell decides by; 0 before genesis
	Roster        roster.Roster
	Scenarios     map[string]*access.Scenario
	Digests       map[string]canon.Digest // scenario → digest of its canonical JSON
	Requests      map[canon.Digest]*access.Request
	Changes       map[canon.Digest]*Change
	Cooling       map[string]canon.Time        // key → when it may agree to something for the first time
	Vouched       map[string][]access.Decision // key that cools off → who vouched for it so far; never changed in place
	CoolsWas      canon.Seconds                // the longer cool-off that was in force, until CoolsUntil
	CoolsUntil    canon.Time
	Barred        map[string]canon.Time        // person and scenario → when they may ask under what they widened
	Spent         map[string]canon.Time        // person and key → when they may suspend it anew; never changed in place
	Envelopes     map[string]*custody.Envelope // never changed in place
	Tasks         map[string]Task
	Used          map[string]Used    // actor and nonce → statement that used it
	Revoked       map[string]Revoked // key id → on the revocation list
	List          int64              // number of the newest revocation list: index of the newest closing
	Doubted       bool               // the clock is in doubt
	Stepped       int64              // milliseconds that the wall clock is ahead of recorded time, in doubt
	Agreed        int64              // of them, those that it was agreed to be behind; never positive
	Behind        int64              // milliseconds that people's clocks are taken to be behind recorded time
	Witness       WitnessState
	SilentSince   canon.Time          // what was written since then is not cosigned; zero unless Silent
	Epochs        []Epoch             // that began after the first
	Signing       *Signing            // the next one, which some have signed; never changed in place
	Rotations     []Rotation          // of the ledger's key; never changed in place
	Standing      []access.Assignment // of permission sets that scenarios give, found, that no lease accounts for; sorted; never changed in place
	LastAt        canon.Time
	Tree          ledger.Edge
	Published     []Published
	Last          map[string]int64 // stream → index of its newest entry

	index       int64 // of the next entry
	published   bool  // a checkpoint was published since the newest entry
	attachments Attachments
	partial     bool // entries are missing: rules that need them all are skipped
	changes     Changes
	copied      *access.Request                   // by the entry under way
	leaving     []Channel                         // that the newest amendment took away
	former      map[canon.Digest]*access.Scenario // not in force any more, and requests go on under them
	policies    map[canon.Digest]*policy.File     // that were asked
	tasksOf     map[string][]string               // stream → ids of its tasks, in the order they came
	tally       tally                             // what rules ask of all requests at once
	soonest     canon.Time                        // no key id leaves the revocation list before; it follows from Revoked
}

// Attachments gives what genesis and scenarios say, by SHA-256. It must be
// pure: a digest always gives bytes of that digest, or false.
type Attachments func(digest canon.Digest) ([]byte, bool)

// Change is a proposal that waits for the change quorum: a removal, newer rules,
// another document, or
// another ledger key.
type Change struct {
	ID        canon.Digest      `json:"id"`
	Proposer  string            `json:"proposer"`
	Person    string            `json:"person,omitempty"`
	Key       string            `json:"key,omitempty"`     // empty: the whole person
	Rules     int               `json:"rules,omitzero"`    // of an upgrade
	Step      int64             `json:"step,omitzero"`     // by which the wall clock is right, milliseconds
	From      canon.Digest      `json:"from,omitzero"`     // of an amendment: the document in force
	To        canon.Digest      `json:"to,omitzero"`       // and the one that it proposes
	Without   []string          `json:"without,omitempty"` // people whom it removes
	Recovers  bool              `json:"recovers,omitzero"` // by the recovery quorum, people and groups alone
	Until     canon.Time        `json:"until,omitzero"`    // of a recovery that is agreed: when it takes effect
	LedgerKey string            `json:"ledger_key,omitempty"`
	At        canon.Time        `json:"at"`
	Lapses    canon.Time        `json:"lapses"`
	Decisions []access.Decision `json:"decisions,omitempty"` // a no is of whoever would cancel a recovery
}

// ChangeState is what became of a change.
type ChangeState string

// The ends of a change.
const (
	ChangeDone      ChangeState = "done"
	ChangeDenied    ChangeState = "denied"
	ChangeLapsed    ChangeState = "lapsed"
	ChangeCancelled ChangeState = "cancelled" // a recovery, by two
	ChangeVoid      ChangeState = "void"      // a recovery that can take effect no more
)

// ChangeWaits is how long a proposed change waits for its quorum.
const ChangeWaits = canon.Seconds(72 * 3600)

// Used is a statement that used a nonce, and what it was answered.
type Used struct {
	Digest  canon.Digest `json:"digest"`
	Expires canon.Time   `json:"expires"`
	Entry   int64        `json:"entry"`
	Refused Reason       `json:"refused,omitempty"`
}

// Revoked is a key id on the revocation list.
type Revoked struct {
	List  int64      `json:"list"`  // number of the first list that names it
	Until canon.Time `json:"until"` // when it may leave the list
}

// RevokedFor is how long a key id stays on the list after the last end of any
// certificate that bears it.
const RevokedFor = canon.Seconds(3600)

// Published is a checkpoint that signers may have seen.
type Published struct {
	Size     int64        `json:"size"`
	Root     canon.Digest `json:"root"`
	Replaced canon.Time   `json:"replaced,omitzero"` // when a newer one came; zero: it is the newest
}

// SeenFor is how long after it was replaced a checkpoint may still be named.
const SeenFor = canon.Seconds(600)

// nonceFor is how long a nonce is remembered at least. A clock that is set back
// makes young again what was over; what that statement names as seen is stale by
// then, and until then its nonce is known.
const nonceFor = 2 * SeenFor

// ValidMost is how long a statement may be valid.
const ValidMost = canon.Seconds(900)

// Changes is what one step changed, for whoever keeps the world.
type Changes struct {
	Stream   string
	Cell     bool // the part that belongs to the stream "cell" changed
	Enqueued []Task
	Done     []Task
	Used     []string // keys of World.Used
	Revoked  []string // keys of World.Revoked
}

// New is the world before the first entry of a ledger.
func New(origin string, attachments Attachments) *World {
	return &World{
		Name: origin, Origin: origin, attachments: attachments,
		Scenarios: map[string]*access.Scenario{}, Digests: map[string]canon.Digest{},
		Requests: map[canon.Digest]*access.Request{}, tally: newTally(), Changes: map[canon.Digest]*Change{}, Envelopes: map[string]*custody.Envelope{},
		Cooling: map[string]canon.Time{}, Vouched: map[string][]access.Decision{}, Barred: map[string]canon.Time{}, former: map[canon.Digest]*access.Scenario{}, policies: map[canon.Digest]*policy.File{},
		Tasks: map[string]Task{}, Used: map[string]Used{}, Revoked: map[string]Revoked{},
		Last: map[string]int64{}, tasksOf: map[string][]string{},
	}
}

// Clone is a copy: steps of the one do not show in the other.
func (w *World) Clone() *World {
	c := *w
	c.Founded = slices.Clone(w.Founded)
	c.Roster = w.Roster.Clone()
	c.Scenarios, c.Digests = maps.Clone(w.Scenarios), maps.Clone(w.Digests)
	c.Requests, c.Changes, c.Envelopes = maps.Clone(w.Requests), maps.Clone(w.Changes), maps.Clone(w.Envelopes)
	c.Tasks, c.tasksOf = maps.Clone(w.Tasks), maps.Clone(w.tasksOf)
	c.tally = w.tally.clone()
	c.Cooling, c.Barred, c.former = maps.Clone(w.Cooling), maps.Clone(w.Barred), maps.Clone(w.former)
	c.Vouched, c.policies = maps.Clone(w.Vouched), maps.Clone(w.policies)
	c.Used, c.Revoked, c.Last = maps.Clone(w.Used), maps.Clone(w.Revoked), maps.Clone(w.Last)
	c.Published = slices.Clone(w.Published)
	c.Tree = w.Tree.Clone()
	c.changes = Changes{}
	return &c
}

// UsedKey names a nonce of a person in World.Used.
func UsedKey(h statement.Header) string { return h.Actor + ":" + h.Nonce.String() }

// Publish says that the checkpoint of the tree as it stands was signed and
// published. Whoever steps the world owes a call, before the next step, for
// each checkpoint that a signer may have seen.
func (w *World) Publish() {
	if w.partial {
		w.published = true
		return
	}
	size := w.Tree.Size()
	if n := len(w.Published); n > 0 {
		if w.Published[n-1].Size == size {
			return
		}
		w.Published[n-1].Replaced = w.LastAt
	}
	w.Published = append(w.Published, Published{Size: size, Root: canon.Digest(w.Tree.Root())})
	w.published = true
	w.forgetPublished()
}

// forgetPublished forgets the checkpoints that no statement may name any more.
// What is left follows from the newest entry's time alone, so that a world that
// was kept and restored answers like one that never stopped.
func (w *World) forgetPublished() {
	gone := 0
	for gone < len(w.Published)-1 && w.LastAt.Sub(w.Published[gone].Replaced) > SeenFor.Duration() {
		gone++
	}
	w.Published = w.Published[gone:]
}

// Newest is the newest published checkpoint: what a signer should name as seen.
func (w *World) Newest() Published {
	if len(w.Published) == 0 {
		return Published{Root: canon.Digest(ledger.EmptyRoot())}
	}
	return w.Published[len(w.Published)-1]
}

// seen checks that a statement names a checkpoint that its signer may have seen.
func (w *World) seen(s statement.Seen, at canon.Time) *Refusal {
	if w.partial {
		return nil
	}
	i, found := slices.BinarySearchFunc(w.Published, s.Size, func(p Published, size int64) int {
		return int(min(max(p.Size-size, -1), 1))
	})
	if !found || w.Published[i].Root != s.Root {
		return refuse(SeenUnknown, "the statement names a checkpoint of size %d that this ledger has not published lately", s.Size)
	}
	if p := w.Published[i]; !p.Replaced.IsZero() && at.Sub(p.Replaced) > SeenFor.Duration() {
		return refuse(SeenStale, "the checkpoint of size %d was replaced over %s ago", s.Size, SeenFor)
	}
	return nil
}

// use remembers a nonce. Whoever used it first keeps it: were a refused repeat
// to take its place, with an earlier end, the first statement could be played
// again. A refusal that is not held against the actor, or is because the key was
// removed or suspended, uses nothing: nobody else can spend a person's nonce.
func (w *World) use(h statement.Header, p place, refused *Refused) {
	used := Used{Digest: h.Digest, Expires: h.Expires, Entry: p.index}
	if w.Rules >= rulesBehind {
		used.Expires = canon.Later(h.Expires, p.at.Add(nonceFor.Duration()))
	}
	if refused != nil {
		if w.nonceUsed(h, p.at) || refused.Person != h.Actor || refused.Reason == KeyRemovedReason || refused.Reason == KeySuspendedReason {
			return
		}
		used.Refused = refused.Reason
	}
	key := UsedKey(h)
	w.Used[key] = used
	w.changes.Used = append(w.changes.Used, key)
}

// nonceUsed tells whether a statement that is not over yet used the nonce. When
// sweep forgets one that is over makes no difference.
func (w *World) nonceUsed(h statement.Header, at canon.Time) bool {
	used, ok := w.Used[UsedKey(h)]
	return ok && !used.Expires.Before(at)
}

// sweep forgets what can no longer matter. It is called by the index of the
// entry, so that every replay forgets alike.
func (w *World) sweep(p place) {
	if p.index%1024 != 0 {
		return
	}
	maps.DeleteFunc(w.Used, func(_ string, u Used) bool { return u.Expires.Before(p.at) })
}

// place is where in the ledger something happens.
type place struct {
	index  int64
	stream string
	at     canon.Time
	leaf   ledger.Hash // of the entry
}
