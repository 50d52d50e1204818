package broker

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// commitLongest bounds one append; reloadTries bounds the attempts to learn
// what became of one.
const (
	commitLongest = 30 * time.Second
	reloadTries   = 20
)

// decider is the one goroutine that owns the world.
type decider struct {
	broker   *Broker
	world    *cell.World
	tiles    *ledger.Tiles
	head     Head
	often    *often
	prompt   *lane // results that somebody may wait for
	yielding *lane // results that yield
	pace     pace  // of those
	law      atomic.Pointer[law]
	fresh    map[ledger.Hash][]byte // attachments that are not yet durable
	unread   error                  // of attachments: what was decided without one that may be there is not recorded
}

// run decides until the broker is closed or the store fails for good.
func (d *decider) run() {
	defer close(d.broker.over)
	for {
		first, more := d.next()
		if !more {
			return
		}
		if err := d.decide(d.gather(first)); err != nil {
			d.broker.failed.Store(&err)
			return
		}
	}
}

// next waits until there is something to decide. It gives what a person said, nil
// when it is the turn of results alone, and false when nothing will come any more.
func (d *decider) next() (first *job, more bool) {
	for d.prompt.waiting == 0 {
		var rested <-chan time.Time
		if d.yielding.waiting > 0 {
			wait := d.pace.wait(d.broker.Wall())
			if wait == 0 {
				break
			}
			rested = time.After(wait)
		}
		select {
		case first := <-d.broker.queue:
			return first, true
		case j := <-d.broker.effects:
			d.laneIn(j)
		case <-rested:
		case <-d.broker.quit:
			if d.pace = (pace{}); d.yielding.waiting == 0 && len(d.broker.queue) == 0 && len(d.broker.effects) == 0 {
				return nil, false
			}
		}
	}
	return nil, true
}

// let lets whoever was just answered and is about to ask again come first, or
// every other batch would be a small one.
func (d *decider) let() {
	came := func() int { return len(d.broker.queue) + len(d.broker.effects) }
	for before := -1; before < came() && before < batchMost; {
		before = came()
		runtime.Gosched()
	}
}

// decide decides jobs in order and then results of tasks, commits what they became
// and answers them. Its error ends the broker.
func (d *decider) decide(jobs []*job) error {
	batch, began := newBatch(d), d.broker.Wall()
	for _, j := range jobs {
		d.step(j, batch)
	}
	jobs = d.results(d.prompt, batch, jobs)
	if before := len(jobs); d.pace.wait(began) == 0 {
		if jobs = d.results(d.yielding, batch, jobs); len(jobs) > before {
			defer func() {
				now := d.broker.Wall()
				d.pace.yielded(now, now.Sub(began))
			}()
		}
	}
	err := d.unread
	if err == nil {
		err = d.commit(batch, jobs)
	}
	if err != nil {
		answer(jobs, err)
		return err
	}
	answer(jobs, nil)
	return nil
}

// answer tells everybody who waits. An error of the commit takes the place of
// every answer that is not a refusal by itself.
func answer(jobs []*job, err error) {
	for _, j := range jobs {
		if err != nil && !standsAlone(j) {
			j.err = fmt.Errorf("%w: %w", ErrUnknown, err)
		}
		if j.done != nil {
			close(j.done)
		}
	}
}

// standsAlone tells whether a job's answer rests on no entry of the batch.
func standsAlone(j *job) bool { return j.err != nil && j.answer.Index < 0 }

// step decides one job on the world as the jobs before it left it.
func (d *decider) step(j *job, batch *batch) {
	j.answer.Index = -1
	j.command.At = canon.Later(d.broker.clock.now(), d.world.LastAt)
	if signed := j.command.Signed; signed != nil {
		if used, again := d.world.Again(signed); again {
			j.answer = Answer{Index: used.Entry, Digest: signed.Statement.Digest, Again: true}
			if used.Refused != "" {
				j.err = &cell.Refusal{Reason: used.Refused, Detail: "this statement was refused before: " + string(used.Refused), Person: signed.Statement.Actor}
			}
			return
		}
	}
	defer d.forget(j, d.bring(j.attachments))
	if err := d.recall(cell.Names(j.command, d.world.Tasks), batch); err != nil {
		j.err = err
		return
	}
	j.command.Observed.Held = d.held(j.command)
	key, counts := d.often.of(d.world, j.command.Signed)
	if counts {
		if err := d.often.check(key, j.command.At); err != nil {
			d.broker.refused.count(reasonOften)
			j.err = err
			return
		}
	}
	recorded, err := d.world.Step(j.command)
	if err == nil && counts {
		d.often.took(key, j.command.At)
	}
	var refusal *cell.Refusal
	if errors.As(err, &refusal) {
		j.err = refusal
		if j.command.Signed == nil || !d.broker.refused.record(refusal, j.command.At) {
			return
		}
		j.attachments = nil // nobody's refused files are kept
		recorded, err = d.world.StepRefused(j.command, refusal)
	}
	if err != nil {
		j.err = err
		return
	}
	d.answered(j, recorded)
	batch.add(j, recorded)
}

// bring lays a job's files where the rules find them, and gives those that are new.
func (d *decider) bring(files [][]byte) (fresh []ledger.Hash) {
	for _, data := range files {
		digest := ledger.AttachmentHash(data)
		if _, known := d.fresh[digest]; !known {
			d.fresh[digest] = data
			fresh = append(fresh, digest)
		}
	}
	return fresh
}

// forget takes files away again whose job was not recorded with them: no other job
// is decided by what nobody keeps.
func (d *decider) forget(j *job, fresh []ledger.Hash) {
	if j.answer.Index >= 0 && j.err == nil {
		return
	}
	for _, digest := range fresh {
		delete(d.fresh, digest)
	}
}

func (d *decider) answered(j *job, recorded cell.Recorded) {
	j.answer.Index, j.answer.At, j.answer.Stream = recorded.Index, recorded.Entry.At, recorded.Outcome.Stream
	j.answer.Body, j.answer.Events, j.answer.Encoded = recorded.Body, recorded.Outcome.Events, recorded.Entry.Events
	if j.command.Signed != nil {
		j.answer.Digest = j.command.Signed.Statement.Digest
	}
	if id, ok := cell.RequestOf(recorded.Outcome.Stream); ok {
		j.answer.Request = d.world.Requests[id]
	}
}

// recall brings a settled request back into the world, if a command names one.
// It leaves again with the batch, also when the command was refused.
func (d *decider) recall(stream string, batch *batch) error {
	id, ok := cell.RequestOf(stream)
	if !ok || d.world.Requests[id] != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitLongest)
	defer cancel()
	kept, err := d.broker.Store.Stream(ctx, stream)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := cell.DecodeRequest(kept.Snapshot)
	if err != nil {
		return err
	}
	if !r.AtRest() {
		return fmt.Errorf("stream %s is kept as closed, and its snapshot says that it is live: the database was changed", stream)
	}
	d.world.Recall(r, kept.Last)
	batch.recalled = append(batch.recalled, stream)
	return nil
}

// commit makes a batch durable. When it returns nil, everything that the jobs
// were told is true for good, or each job has its own error.
func (d *decider) commit(batch *batch, jobs []*job) error {
	if len(batch.recorded) == 0 {
		batch.evict()
		return nil
	}
	expected := d.head
	after, err := batch.seal()
	if err != nil {
		return err
	}
	// What if we crash here: nothing was written and nobody was answered.
	ctx, cancel := context.WithTimeout(context.Background(), commitLongest)
	defer cancel()
	err = d.broker.Store.Append(ctx, expected, batch.Batch)
	// What if we crash here: it may be durable though nobody was answered;
	// whoever asks again with the same statement is told so.
	if err != nil {
		return d.settle(err, after, jobs)
	}
	d.committed(batch, after)
	for _, j := range jobs {
		j.answer.Checkpoint = d.broker.Head()
	}
	return nil
}

// committed goes on from a durable batch.
func (d *decider) committed(batch *batch, after Head) {
	d.head = after
	d.tiles.Clean()
	clear(d.fresh)
	d.publish(batch.Tiles)
	for _, r := range batch.recorded {
		d.setClock(r.Outcome.Events)
	}
	d.follow(batch.recorded)
	batch.evict()
}

// setClock takes over what others agreed that the time is.
func (d *decider) setClock(events []cell.Event) {
	for _, e := range events {
		if agreed, ok := e.(*cell.ClockAgreed); ok && agreed.Step > 0 {
			d.broker.clock.advance(time.Duration(agreed.Step) * time.Millisecond)
		}
	}
}

// settle finds out what became of an append that failed: the scratch state is
// thrown away and the head is read.
func (d *decider) settle(cause error, after Head, jobs []*job) error {
	var err error
	for try := range reloadTries {
		ctx, cancel := context.WithTimeout(context.Background(), commitLongest)
		err = d.load(ctx)
		cancel()
		if err == nil {
			break
		}
		time.Sleep(min(time.Second, time.Millisecond<<try))
	}
	if err != nil {
		return fmt.Errorf("cannot learn what became of an append (%w): %w", cause, err)
	}
	if d.head.Size == after.Size && d.head.Root == after.Root {
		for _, j := range jobs {
			d.setClock(j.answer.Events)
		}
		d.follow(nil)
		return nil
	}
	for _, j := range jobs {
		if !standsAlone(j) {
			j.answer, j.err = Answer{Index: -1}, fmt.Errorf("nothing was written; ask again: %w", cause)
		}
	}
	d.follow(nil)
	return nil
}

// load makes the world from what the store keeps.
func (d *decider) load(ctx context.Context) error {
	state, err := d.broker.Store.Load(ctx)
	if err != nil {
		return err
	}
	d.tiles, err = ledger.OpenTiles(state.Head.Size, func(level int, index int64) ([]byte, error) {
		for _, tile := range state.Tiles {
			if tile.Level == level && tile.Index == index {
				return tile.Data, nil
			}
		}
		return nil, ErrAbsent
	})
	if err != nil {
		return err
	}
	if d.tiles.Root() != state.Head.Root && state.Head.Size > 0 {
		return fmt.Errorf("the stored tiles give root %s, the stored head says %s", d.tiles.Root(), state.Head.Root)
	}
	d.world, err = cell.Restore(d.broker.Origin, d.attachment, kept(state, d.tiles.Edge()))
	if err != nil {
		return err
	}
	d.head = state.Head
	d.publish(nil)
	return nil
}

// kept turns what a store holds into what a world is restored from.
func kept(state State, tree ledger.Edge) cell.Kept {
	k := cell.Kept{Moving: state.World, Streams: map[string]cell.Stream{}, Tree: tree}
	for _, s := range state.Streams {
		k.Streams[s.ID] = cell.Stream{Last: s.Last, Snapshot: s.Snapshot}
	}
	for _, n := range state.Memos {
		k.Memos = append(k.Memos, cell.Memo{Key: n.Key, Expires: n.Expires, Body: n.Body})
	}
	for _, t := range state.Tasks {
		k.Tasks = append(k.Tasks, t.Body)
	}
	return k
}

// attachment gives what genesis and scenarios say.
func (d *decider) attachment(digest canon.Digest) ([]byte, bool) {
	if data, ok := d.fresh[ledger.Hash(digest)]; ok {
		return data, true
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitLongest)
	defer cancel()
	data, err := d.broker.Beside.Attachment(ctx, digest)
	if err != nil && !errors.Is(err, ErrAbsent) {
		d.unread = errors.Join(d.unread, fmt.Errorf("cannot read attachment %s: %w", digest.Short(), err))
	}
	return data, err == nil
}

// publish lets signers see the newest durable checkpoint, and the tiles that grew
// on the way to it.
func (d *decider) publish(grown []ledger.TileEdit) {
	if d.head.Size > 0 {
		d.world.Publish()
	}
	d.broker.head.Store(&Published{Size: d.head.Size, Root: canon.Digest(d.tiles.Root()), Text: d.head.Checkpoint, Tiles: grown})
}

// follow tells the followers, and whoever mints, what is durable now.
func (d *decider) follow(recorded []cell.Recorded) {
	d.law.Store(&law{genesis: d.world.Genesis, scenarios: d.world.Scenarios, digests: d.world.Digests})
	for _, f := range d.broker.Follow {
		f.Committed(d.world, recorded)
	}
}
