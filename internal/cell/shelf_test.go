package cell_test

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/cell"
)

// shelf keeps a world part by part after each step, as a store does: it replaces
// what the step says has changed, and forgets memos as soon as it may.
type shelf struct {
	moving  []byte
	streams map[string]cell.Stream
	live    map[string]bool
	memos   map[string]cell.Memo
	tasks   map[string][]byte
}

func newShelf() *shelf {
	return &shelf{streams: map[string]cell.Stream{}, live: map[string]bool{}, memos: map[string]cell.Memo{}, tasks: map[string][]byte{}}
}

func (s *shelf) keep(w *cell.World, c cell.Changes) {
	s.moving = w.KeepMoving()
	changed := []string{c.Stream}
	if c.Cell {
		changed = append(changed, cell.StreamCell)
	}
	for _, t := range c.Enqueued {
		s.tasks[t.Key()] = t.Keep()
		changed = append(changed, t.Stream)
	}
	for _, t := range c.Done {
		delete(s.tasks, t.Key())
	}
	for _, stream := range changed {
		s.streams[stream], s.live[stream] = w.KeepStream(stream)
	}
	for _, memo := range append(w.KeepMemos(c), w.KeepPublished()...) {
		s.memos[memo.Key] = memo
	}
	maps.DeleteFunc(s.memos, func(_ string, m cell.Memo) bool { return !m.Expires.After(w.LastAt) })
}

// published keeps what Publish added.
func (s *shelf) published(w *cell.World) {
	for _, memo := range w.KeepPublished() {
		s.memos[memo.Key] = memo
	}
}

// restore makes a world of what lies there: of the live streams only.
func (s *shelf) restore(like *story) (*cell.World, error) {
	kept := cell.Kept{Moving: s.moving, Streams: map[string]cell.Stream{}, Tree: like.World.Tree.Clone()}
	for id, stream := range s.streams {
		if s.live[id] {
			kept.Streams[id] = stream
		}
	}
	kept.Memos = slices.Collect(maps.Values(s.memos))
	kept.Tasks = slices.Collect(maps.Values(s.tasks))
	return cell.Restore(like.Genesis.Origin, like.Attachments(), kept)
}

// recall brings the request that a command speaks of back into a world.
func (s *shelf) recall(w *cell.World, c cell.Command) error {
	stream := cell.Names(c, w.Tasks)
	kept, ok := s.streams[stream]
	id, ofRequest := cell.RequestOf(stream)
	if !ok || !ofRequest || s.live[stream] || w.Requests[id] != nil {
		return nil
	}
	r, err := cell.DecodeRequest(kept.Snapshot)
	if err != nil {
		return err
	}
	w.Recall(r, kept.Last)
	return nil
}
