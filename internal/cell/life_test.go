package cell_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// names gives the events of a recorded command.
func names(r cell.Recorded) []string {
	var all []string
	for _, e := range r.Outcome.Events {
		all = append(all, cell.NameOf(e))
	}
	return all
}

func expect(t *testing.T, r cell.Recorded, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, names(r)); diff != "" {
		t.Fatalf("events (-want +got):\n%s", diff)
	}
}

func expectRefusal(t *testing.T, c *celltest.Cell, command cell.Command, want cell.Reason) {
	t.Helper()
	_, err := c.Do(command)
	var refusal *cell.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want {
		t.Fatalf("got %v, want refusal %s", err, want)
	}
}

// TestLife goes through one emergency, from the request to the proved end.
func TestLife(t *testing.T) {
	c := celltest.Sample()
	ask := c.Must(c.Ask("ann", "1", "db-1", "db-2"))
	expect(t, ask, "request-made")
	id, _ := cell.RequestOf(ask.Outcome.Stream)

	expectRefusal(t, c, c.Fetch("ann", "1", id, "db-1"), cell.NotLive)
	expectRefusal(t, c, c.Approve("ann", id), cell.SelfApproval)
	expectRefusal(t, c, c.Approve("bob", id), cell.NotApprover)
	expect(t, c.Must(c.Approve("sam", id)), "decided")
	expectRefusal(t, c, c.Approve("sam", id), cell.AlreadyDecided)
	expect(t, c.Must(c.Approve("sue", id)), "decided")
	expect(t, c.Must(c.Approve("leo", id)), "decided", "agreed")

	for _, target := range []string{"db-1", "db-2"} {
		expectRefusal(t, c, c.Fetch("ann", "1", id, target), cell.LeaseNotOpen)
		open, _ := c.Task(cell.TaskOpen, id, target)
		expect(t, c.Must(c.Effect(cell.EffectOpened, open.ID, cell.Observed{})), "lease-opened")
	}
	fetched := c.Must(c.Fetch("ann", "1", id, "db-1"))
	expect(t, fetched, "credential-authorised")
	expectRefusal(t, c, c.Fetch("ann", "other", id, "db-1"), cell.NotHolder)
	deliver, _ := c.Task(cell.TaskDeliver, id, "db-1")
	expect(t, c.Must(c.Effect(cell.EffectDelivered, deliver.ID, cell.Observed{})), "credential-delivered")
	baseline, _ := c.Task(cell.TaskBaseline, id, "db-1")
	expect(t, c.Must(c.Effect(cell.EffectProbed, baseline.ID, celltest.Round(access.Accepted, access.Accepted))), "twin-worked")

	expect(t, c.Must(c.Release("ann", "1", id, "db-2")), "lease-closing", "lease-proved", "lease-closed")
	c.Now = c.Now.Add(31 * time.Minute)
	end, _ := c.Task(cell.TaskEnd, id, "")
	expect(t, c.Must(c.Effect(cell.EffectDue, end.ID, cell.Observed{})), "grant-ended", "lease-closing", "review-opened")

	list, _ := c.Task(cell.TaskList, id, "db-1")
	expectRefusal(t, c, c.Effect(cell.EffectListed, list.ID, c.Report("db-1", c.World.List, c.Now)), cell.NothingNew)
	prove, _ := c.Task(cell.TaskProve, id, "db-1")
	expectRefusal(t, c, c.Effect(cell.EffectProbed, prove.ID, celltest.Round(access.Refused, access.Refused)), cell.NothingNew)
	expect(t, c.Must(c.Effect(cell.EffectProbed, prove.ID, celltest.Round(access.Refused, access.Accepted))), "lease-proved")
	keyID := "halligan:" + id.Short() + ":db-1"
	expectRefusal(t, c, c.Effect(cell.EffectListed, list.ID, c.Report("db-1", c.World.List, c.Now, keyID)), cell.NothingNew)
	expect(t, c.Must(c.Effect(cell.EffectListed, list.ID, c.Report("db-1", c.World.List, c.Now))), "lease-proved", "lease-closed")

	if r := c.World.Requests[id]; !r.Settled() || r.Review == nil {
		t.Errorf("the request is not settled with a review: %+v", r)
	}
	replays(t, c)
	restores(t, c)
}

// replays replays the log of a cell and demands the same root.
func replays(t *testing.T, c *celltest.Cell) {
	t.Helper()
	w := cell.New(celltest.Origin, c.Attachments())
	for i, recorded := range c.Log {
		again, err := w.Replay(cell.Prepared{Body: recorded.Body, Entry: recorded.Entry, Command: commandOf(t, c, recorded)})
		if err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
		if string(again.Body) != string(recorded.Body) {
			t.Fatalf("entry %d differs", i)
		}
	}
	if w.Tree.Root() != c.World.Tree.Root() {
		t.Error("the replayed root differs")
	}
}

// restores keeps the world part by part and demands an equal one back.
func restores(t *testing.T, c *celltest.Cell) {
	t.Helper()
	kept := cell.Kept{Moving: c.World.KeepMoving(), Streams: map[string]cell.Stream{}, Tree: c.World.Tree.Clone()}
	for stream := range c.World.Last {
		s, _ := c.World.KeepStream(stream)
		kept.Streams[stream] = s
	}
	var all cell.Changes
	for key := range c.World.Used {
		all.Used = append(all.Used, key)
	}
	for key := range c.World.Revoked {
		all.Revoked = append(all.Revoked, key)
	}
	kept.Memos = append(c.World.KeepMemos(all), c.World.KeepPublished()...)
	for _, task := range c.World.Tasks {
		kept.Tasks = append(kept.Tasks, canon.MustEncode(task))
	}
	w, err := cell.Restore(celltest.Origin, c.Attachments(), kept)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := string(c.World.KeepMoving()), string(w.KeepMoving()); a != b {
		t.Errorf("moving part: %s, restored %s", a, b)
	}
	for stream := range c.World.Last {
		before, _ := c.World.KeepStream(stream)
		after, _ := w.KeepStream(stream)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("stream %s (-before +after):\n%s", stream, diff)
		}
	}
	if diff := cmp.Diff(c.World.Tasks, w.Tasks); diff != "" {
		t.Errorf("tasks (-before +after):\n%s", diff)
	}
}

func commandOf(t *testing.T, c *celltest.Cell, r cell.Recorded) cell.Command {
	t.Helper()
	command, ok := c.Commands[r.Index]
	if !ok {
		t.Fatalf("no command for entry %d", r.Index)
	}
	command.Observed.Published = r.Index > 0
	return command
}
