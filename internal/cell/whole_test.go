package cell_test

import (
	"bytes"
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
	LastAt  canon.Time
	Root    string
	Moving  string
	Streams map[string]cell.Stream
	Tasks   map[string]cell.Task
	Used    map[string]cell.Used
	Revoked map[string]cell.Revoked
	Seen    []cell.Published
}

func wholeOf(w *cell.World) whole {
	root := w.Tree.Root()
	all := whole{
		Next: w.Next(), LastAt: w.LastAt, Root: canon.Digest(root).String(), Moving: string(w.KeepMoving()), Streams: map[string]cell.Stream{},
		Tasks: w.Tasks, Used: w.Used, Revoked: w.Revoked, Seen: w.Published,
	}
	w = w.Clone()
	all.Tasks, all.Used, all.Revoked, all.Seen = w.Tasks, w.Used, w.Revoked, w.Published
	for stream := range w.Last {
		all.Streams[stream], _ = w.KeepStream(stream)
	}
	return all
}

// replayed replays the log of a cell from nothing.
func replayed(c *celltest.Cell) (*cell.World, error) {
	w := cell.New(c.Genesis.Origin, c.Attachments())
	for _, recorded := range c.Log {
		command := c.Commands[recorded.Index]
		command.Observed.Published = bytes.Contains(recorded.Entry.Observed, []byte(`"published":true`))
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
	if diff := differ(wholeOf(want), wholeOf(got)); diff != "" {
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
