package cell

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/custody"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
)

// Kept is a world as parts that whoever keeps it can replace one by one. Every
// part is derived: losing them all loses nothing that Replay does not give.
type Kept struct {
	Moving  []byte            // what changes with every entry
	Cell    []byte            // what belongs to the stream "cell"
	Streams map[string]Stream // the live streams, "cell", "session" and "refused" among them
	Memos   []Memo
	Tasks   [][]byte
	Tree    ledger.Edge
}

// Stream is one stream as it is kept.
type Stream struct {
	Last     int64
	Snapshot []byte // of a request; empty for the other streams
}

// Memo is something to remember before an instant: it may be forgotten when an
// entry at that instant or later was written.
type Memo struct {
	Key     string
	Expires canon.Time
	Body    []byte
}

type moving struct {
	Agreed  int64      `json:"agreed,omitzero"`
	Behind  int64      `json:"behind,omitzero"`
	Doubted bool       `json:"doubted,omitzero"`
	LastAt  canon.Time `json:"last_at,omitzero"`
	List    int64      `json:"list,omitzero"`
	Step    int64      `json:"step,omitzero"`
}

type cellPart struct {
	Genesis   canon.Digest                 `json:"genesis,omitzero"`
	Founded   []string                     `json:"founded,omitempty"`
	Sealed    bool                         `json:"sealed,omitzero"`
	Rules     int                          `json:"rules,omitzero"`
	Roster    *roster.Roster               `json:"roster,omitzero"`
	Changes   []*Change                    `json:"changes,omitempty"`
	Envelopes []*custody.Envelope          `json:"envelopes,omitempty"`
	Document  canon.Digest                 `json:"document,omitzero"` // zero: genesis
	Cooling   map[string]canon.Time        `json:"cooling,omitempty"`
	Vouched   map[string][]access.Decision `json:"vouched,omitempty"`
	CoolsWas  canon.Seconds                `json:"cools_was,omitzero"`
	CoolsTill canon.Time                   `json:"cools_until,omitzero"`
	Barred    map[string]canon.Time        `json:"barred,omitempty"`
	Spent     map[string]canon.Time        `json:"spent,omitempty"`
	Witness   WitnessState                 `json:"witness,omitempty"`
	Silent    canon.Time                   `json:"silent,omitzero"`
	Epochs    []Epoch                      `json:"epochs,omitempty"`
	Signing   *Signing                     `json:"signing,omitzero"`
	Rotations []Rotation                   `json:"rotations,omitempty"`
	Standing  []access.Assignment          `json:"standing,omitempty"`
}

type memoBody struct {
	Used      *Used      `json:"used,omitzero"`
	Revoked   *Revoked   `json:"revoked,omitzero"`
	Published *Published `json:"published,omitzero"`
}

const (
	memoUsed      = "used/"
	memoRevoked   = "revoked/"
	memoPublished = "published/"
	partLimit     = 64 << 20
	instant       = 1e6                        // a millisecond, the least step of recorded time
	forGood       = 100 * 365 * 24 * time.Hour // until something else is kept in its place
)

// KeepMoving is the part of the world that changes with every entry.
func (w *World) KeepMoving() []byte {
	return canon.MustEncode(moving{Agreed: w.Agreed, Behind: w.Behind, Doubted: w.Doubted, LastAt: w.LastAt, List: w.List, Step: w.Stepped})
}

// KeepStream is a stream as it is now, and whether it is live.
func (w *World) KeepStream(stream string) (s Stream, live bool) {
	s.Last = w.last(stream)
	if stream == StreamCell {
		s.Snapshot = w.keepCell()
	}
	id, ofRequest := RequestOf(stream)
	if !ofRequest {
		return s, true
	}
	s.Snapshot = canon.MustEncode(w.Requests[id])
	return s, !w.settled(stream)
}

func (w *World) keepCell() []byte {
	part := cellPart{
		Genesis: w.GenesisDigest, Founded: w.Founded, Sealed: w.Sealed, Rules: w.Rules, Witness: w.Witness, Silent: w.SilentSince,
		Cooling: w.Cooling, Vouched: w.Vouched, Barred: w.Barred, Spent: w.Spent, CoolsWas: w.CoolsWas, CoolsTill: w.CoolsUntil,
		Epochs: w.Epochs, Signing: w.Signing, Rotations: w.Rotations, Standing: w.Standing,
	}
	if w.Document != w.GenesisDigest {
		part.Document = w.Document
	}
	if w.Genesis != nil {
		part.Roster = &w.Roster
	}
	for _, change := range w.Changes {
		part.Changes = append(part.Changes, change)
	}
	slices.SortFunc(part.Changes, func(a, b *Change) int { return slices.Compare(a.ID[:], b.ID[:]) })
	for _, name := range sortedKeys(w.Envelopes) {
		part.Envelopes = append(part.Envelopes, w.Envelopes[name])
	}
	return canon.MustEncode(part)
}

// KeepMemos gives what a step gave the world to remember.
func (w *World) KeepMemos(c Changes) []Memo {
	var memos []Memo
	for _, key := range c.Used {
		if used, ok := w.Used[key]; ok {
			memos = append(memos, Memo{fmt.Sprintf("%s%016x/%s", memoUsed, used.Entry, key), used.Expires.Add(instant), canon.MustEncode(memoBody{Used: &used})})
		}
	}
	for _, key := range c.Revoked {
		revoked, listed := w.Revoked[key]
		memo := Memo{memoRevoked + key, w.LastAt, canon.MustEncode(memoBody{Revoked: &revoked})}
		if listed {
			memo.Expires = w.LastAt.Add(forGood)
		}
		memos = append(memos, memo)
	}
	return memos
}

// Key is under what a task is kept. The entry that asked for it stands before its id,
// so that whoever keeps tasks sorted writes and forgets side by side what comes and
// goes together: an id begins with its kind.
func (t Task) Key() string { return fmt.Sprintf("%016x/%s", t.Entry, t.ID) }

// Keep is a task as it is kept.
func (t Task) Keep() []byte { return canon.MustEncode(&t) }

// KeepPublished gives the newest checkpoints to remember: the one that the
// last call of Publish added, and the one that it replaced.
func (w *World) KeepPublished() []Memo {
	var memos []Memo
	for _, p := range w.Published[max(0, len(w.Published)-2):] {
		expires := p.Replaced.Add(SeenFor.Duration() + instant)
		if p.Replaced.IsZero() {
			expires = w.LastAt.Add(forGood)
		}
		memos = append(memos, Memo{fmt.Sprintf("%s%016x", memoPublished, p.Size), expires, canon.MustEncode(memoBody{Published: &p})})
	}
	return memos
}

// Restore makes the world that parts are of.
func Restore(origin string, attachments Attachments, kept Kept) (*World, error) {
	w := New(origin, attachments)
	w.Tree, w.index = kept.Tree, kept.Tree.Size()
	if kept.Moving != nil {
		var m moving
		if err := canon.Decode(kept.Moving, partLimit, &m); err != nil {
			return nil, fmt.Errorf("kept world: %w", err)
		}
		w.Agreed, w.Behind, w.Stepped = m.Agreed, m.Behind, m.Step
		w.Doubted, w.LastAt, w.List = m.Doubted, m.LastAt, m.List
	}
	if err := w.restoreCell(kept.Streams[StreamCell].Snapshot); err != nil {
		return nil, fmt.Errorf("kept cell: %w", err)
	}
	for id, stream := range kept.Streams {
		w.Last[id] = stream.Last
		if _, ok := RequestOf(id); ok {
			r, err := DecodeRequest(stream.Snapshot)
			if err != nil {
				return nil, fmt.Errorf("kept stream %s: %w", id, err)
			}
			w.put(r)
		}
	}
	if err := w.restoreMemos(kept.Memos); err != nil {
		return nil, err
	}
	return w, w.restoreTasks(kept.Tasks)
}

// DecodeRequest reads a request's snapshot. How it is spelled proves nothing, and a
// start reads a thousand, so that it is not encoded again to be compared: whoever
// trusts a snapshot compares it with what the ledger gives.
func DecodeRequest(snapshot []byte) (*access.Request, error) {
	r := new(access.Request)
	if len(snapshot) > partLimit {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", canon.ErrTooLong, len(snapshot), partLimit)
	}
	return r, json.Unmarshal(snapshot, r, json.RejectUnknownMembers(true))
}

func (w *World) restoreCell(snapshot []byte) error {
	if snapshot == nil {
		return nil
	}
	var part cellPart
	if err := canon.Decode(snapshot, partLimit, &part); err != nil {
		return err
	}
	genesis, r, err := w.readGenesis(part.Genesis)
	if err != nil {
		return err
	}
	scenarios, err := w.readScenarios(genesis, &r)
	if err != nil {
		return err
	}
	w.Genesis, w.GenesisDigest, w.Document, w.Scenarios, w.Digests = genesis, part.Genesis, part.Genesis, scenarios, digestsOf(genesis)
	w.Founded, w.Sealed, w.Rules, w.Roster = part.Founded, part.Sealed, part.Rules, *part.Roster
	w.Witness, w.SilentSince = part.Witness, part.Silent
	w.Epochs, w.Signing, w.Rotations, w.Standing = part.Epochs, part.Signing, part.Rotations, part.Standing
	if len(w.Epochs) > 0 {
		w.Origin = w.epoch().Origin
	}
	if err := w.restoreDocument(part); err != nil {
		return err
	}
	for _, change := range part.Changes {
		w.Changes[change.ID] = change
	}
	for _, envelope := range part.Envelopes {
		w.Envelopes[envelope.Name] = envelope
	}
	return w.Roster.Restore()
}

// restoreDocument reads the document that is in force in place of genesis.
func (w *World) restoreDocument(part cellPart) error {
	maps.Copy(w.Cooling, part.Cooling)
	maps.Copy(w.Vouched, part.Vouched)
	maps.Copy(w.Barred, part.Barred)
	w.Spent = part.Spent
	w.CoolsWas, w.CoolsUntil = part.CoolsWas, part.CoolsTill
	if part.Document.IsZero() {
		return nil
	}
	data, err := w.attachment(part.Document)
	if err != nil {
		return err
	}
	genesis, err := DecodeGenesis(data)
	if err != nil {
		return err
	}
	people, err := genesis.Check()
	if err != nil {
		return err
	}
	w.Document, w.Genesis, w.Digests = part.Document, genesis, digestsOf(genesis)
	w.Scenarios, err = w.readScenarios(genesis, &people)
	return err
}

func (w *World) restoreMemos(memos []Memo) error {
	for _, memo := range memos {
		if !memo.Expires.After(w.LastAt) {
			continue // whoever keeps them has not swept it yet
		}
		if p, ok := readPublished(string(memo.Body)); ok {
			w.Published = append(w.Published, p)
			continue
		}
		var body memoBody
		// Their spelling is nobody's proof, and a start reads thousands: they are not
		// encoded again and compared.
		if err := json.Unmarshal(memo.Body, &body, json.RejectUnknownMembers(true)); err != nil {
			return fmt.Errorf("kept memo %s: %w", memo.Key, err)
		}
		switch {
		case body.Used != nil:
			w.restoreUsed(memo.Key[len(memoUsed):], *body.Used)
		case body.Revoked != nil:
			w.list(memo.Key[len(memoRevoked):], *body.Revoked)
		case body.Published != nil:
			w.Published = append(w.Published, *body.Published)
		}
	}
	slices.SortFunc(w.Published, func(a, b Published) int { return int(a.Size - b.Size) })
	w.forgetPublished()
	w.published = len(w.Published) > 0 && w.Newest().Size == w.index
	return nil
}

// readPublished reads the memo of a checkpoint as KeepPublished spells it: a start
// reads thousands. False: it is spelled in another way, or is another memo.
func readPublished(memo string) (p Published, ok bool) {
	rest, ok := strings.CutPrefix(memo, `{"published":{`)
	if !ok {
		return p, false
	}
	if at, after, replaced := strings.Cut(rest, `","root":"`); replaced {
		at, ok = strings.CutPrefix(at, `"replaced":"`)
		ok, rest = ok && p.Replaced.UnmarshalText([]byte(at)) == nil, after
	} else {
		rest, ok = strings.CutPrefix(rest, `"root":"`)
	}
	root, rest, _ := strings.Cut(rest, `","size":`)
	size, ended := strings.CutSuffix(rest, "}}")
	var err error
	p.Size, err = strconv.ParseInt(size, 10, 64)
	return p, ok && ended && err == nil && p.Root.UnmarshalText([]byte(root)) == nil
}

// restoreUsed takes a used nonce back. The entry stands before the nonce in the key
// of its memo, so that whoever keeps memos sorted writes the newest side by side;
// older versions kept the nonce alone. One that was used again is kept twice until
// the first is forgotten: the later entry counts.
func (w *World) restoreUsed(key string, used Used) {
	if _, nonce, ok := strings.Cut(key, "/"); ok {
		key = nonce
	}
	if known, ok := w.Used[key]; !ok || known.Entry < used.Entry {
		w.Used[key] = used
	}
}

func (w *World) restoreTasks(tasks [][]byte) error {
	for _, data := range tasks {
		var t Task
		if err := canon.Decode(data, partLimit, &t); err != nil {
			return fmt.Errorf("kept task: %w", err)
		}
		w.addTask(t)
	}
	for stream := range w.tasksOf {
		slices.SortStableFunc(w.tasksOf[stream], func(a, b string) int {
			return int(w.Tasks[a].Entry - w.Tasks[b].Entry)
		})
	}
	return nil
}
