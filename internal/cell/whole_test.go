package cell_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// whole is everything of a world that is kept, comparable.
type whole struct {
	Next    int64
	Root    string
	Moving  string
	Streams map[string]cell.Stream
	Tasks   map[string]cell.Task
	Used    map[string]cell.Used
	Revoked map[string]cell.Revoked
	Seen    []cell.Published
}

func wholeOf(t testing.TB, w *cell.World) whole {
	t.Helper()
	root := w.Tree.Root()
	all := whole{
		Next: w.Next(), Root: canon.Digest(root).String(), Moving: string(w.KeepMoving()), Streams: map[string]cell.Stream{},
		Tasks: w.Tasks, Used: w.Used, Revoked: w.Revoked, Seen: w.Published,
	}
	w = w.Clone()
	all.Tasks, all.Used, all.Revoked, all.Seen = w.Tasks, w.Used, w.Revoked, w.Published
	for stream := range w.Last {
		all.Streams[stream], _ = w.KeepStream(stream)
	}
	return all
}

// keep is a world in the parts that a store keeps.
func keep(w *cell.World) cell.Kept {
	kept := cell.Kept{Moving: w.KeepMoving(), Streams: map[string]cell.Stream{}, Tree: w.Tree.Clone()}
	for stream := range w.Last {
		s, _ := w.KeepStream(stream)
		kept.Streams[stream] = s
	}
	var all cell.Changes
	for key := range w.Used {
		all.Used = append(all.Used, key)
	}
	for key := range w.Revoked {
		all.Revoked = append(all.Revoked, key)
	}
	kept.Memos = append(w.KeepMemos(all), w.KeepPublished()...)
	for _, task := range w.Tasks {
		kept.Tasks = append(kept.Tasks, canon.MustEncode(task))
	}
	return kept
}

// replayed replays the log of a cell from nothing.
func replayed(c *celltest.Cell) (*cell.World, error) {
	w := cell.New(c.Genesis.Origin, c.Attachments())
	for _, recorded := range c.Log {
		command := c.Commands[recorded.Index]
		command.Observed.Published = recorded.Index > 0
		if _, err := w.Replay(cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: command}); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// same demands that two worlds are equal in all that is kept.
func same(t testing.TB, want, got *cell.World) {
	t.Helper()
	t.Helper()
	if diff := differ(wholeOf(t, want), wholeOf(t, got)); diff != "" {
		t.Errorf("the worlds differ (-want +got):\n%s", diff)
	}
}

// differ is cmp.Diff for values that are mostly equal.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}
