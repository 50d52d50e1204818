package view_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/view"
)

var update = flag.Bool("update", false, "write the golden files anew")

// stage is a cell and the view that follows it entry by entry.
type stage struct {
	*celltest.Cell
	t    testing.TB
	View *view.Cell
}

func newStage(t testing.TB, g cell.Genesis, scenarios ...access.Scenario) *stage {
	t.Helper()
	c := celltest.New(g, scenarios...)
	v, err := view.New(view.FoundingOf(c.World))
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{Cell: c, t: t, View: v}
	for _, r := range c.Log {
		s.follow(r)
	}
	return s
}

func sample(t testing.TB) *stage {
	return newStage(t, celltest.Genesis(), celltest.Scenario())
}

// follow gives an entry to the view, as the server does after the commit.
func (s *stage) follow(r cell.Recorded) {
	s.t.Helper()
	var touched *access.Request
	if id, ok := cell.RequestOf(r.Outcome.Stream); ok {
		touched = s.World.Requests[id]
	}
	if err := s.View.Apply(r, touched); err != nil {
		s.t.Fatal(err)
	}
	s.listed()
}

// listed demands that the revocation list that hosts are served is the law's, and one
// that hosts take.
func (s *stage) listed() {
	s.t.Helper()
	want, number := s.World.Revocations()
	list := s.View.Revocations()
	if list.Number != number || !slices.Equal(list.KeyIDs, slices.Sorted(maps.Keys(want))) {
		s.t.Fatalf("hosts are served list %d of %q, and the law has %d of %q", list.Number, list.KeyIDs, number, slices.Sorted(maps.Keys(want)))
	}
	served := revocation.List{Origin: celltest.Origin, Number: list.Number, At: s.Now.Std(), KeyIDs: list.KeyIDs}
	if err := served.Check(); err != nil {
		s.t.Fatalf("hosts do not take the list: %v", err)
	}
}

// do is Must, followed by the view.
func (s *stage) do(c cell.Command) cell.Recorded {
	s.t.Helper()
	if c.Signed != nil {
		c.Observed.Salt = strings.Repeat("ab", 16)
	}
	r, err := s.Do(c)
	if err != nil {
		s.t.Fatalf("entry %d: %v", s.World.Next(), err)
	}
	s.follow(r)
	return r
}

// refused records that a command was refused.
func (s *stage) refused(c cell.Command) cell.Recorded {
	s.t.Helper()
	_, err := cell.Decide(s.World, c)
	refusal, ok := err.(*cell.Refusal)
	if !ok {
		s.t.Fatalf("got %v, want a refusal", err)
	}
	r, err := s.World.StepRefused(c, refusal)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Log = append(s.Log, r)
	s.World.Publish()
	s.follow(r)
	return r
}

func (s *stage) ask(person, name string, targets ...string) canon.Digest {
	s.t.Helper()
	id, _ := cell.RequestOf(s.do(s.Ask(person, name, targets...)).Outcome.Stream)
	return id
}

// effect gives the result of the waiting task of a kind.
func (s *stage) effect(kind cell.TaskKind, result cell.EffectKind, of canon.Digest, target string, o cell.Observed) cell.Recorded {
	s.t.Helper()
	task, ok := first(s.World.Tasks, kind, of, target)
	if !ok {
		s.t.Fatalf("no task %s at %q", kind, target)
	}
	return s.do(s.Effect(result, task.ID, o))
}

// granted has a request agreed by sam and lea, and its targets opened.
func (s *stage) granted(name string, targets ...string) canon.Digest {
	s.t.Helper()
	id := s.ask("ann", name, targets...)
	s.do(s.Approve("sam", id))
	s.do(s.Approve("lea", id))
	for _, target := range targets {
		s.effect(cell.TaskOpen, cell.EffectOpened, id, target, cell.Observed{})
	}
	return id
}

// fetched is granted, with a credential authorised and handed over.
func (s *stage) fetched(name string, targets ...string) canon.Digest {
	s.t.Helper()
	id := s.granted(name, targets...)
	for _, target := range targets {
		s.do(s.Fetch("ann", name, id, target))
		s.effect(cell.TaskDeliver, cell.EffectDelivered, id, target, cell.Observed{})
		s.effect(cell.TaskBaseline, cell.EffectProbed, id, target, celltest.Round(access.Accepted, access.Accepted))
	}
	return id
}

// heard has every channel take what it was sent.
func (s *stage) heard() {
	s.t.Helper()
	for _, id := range slices.Sorted(maps.Keys(s.World.Tasks)) {
		if s.World.Tasks[id].Kind == cell.TaskAlarm {
			s.do(s.Effect(cell.EffectAlarmReceipt, id, cell.Observed{Receipt: &cell.Receipt{Delivered: true, Status: 204}}))
		}
	}
}

func (s *stage) later(d time.Duration) { s.Now = s.Now.Add(d) }

func (s *stage) at() view.Instant { return view.Instant{Now: s.Now} }

func (s *stage) show(viewer string, id canon.Digest) view.Request {
	s.t.Helper()
	r, ok := s.View.Find(id)
	if !ok {
		s.t.Fatalf("the view does not hold %s", id.Short())
	}
	return s.View.Request(viewer, r, s.at())
}

// stream are the entries of a request.
func (s *stage) stream(id canon.Digest) []cell.Recorded {
	var entries []cell.Recorded
	for _, r := range s.Log {
		if r.Outcome.Stream == cell.StreamOf(id) {
			entries = append(entries, r)
		}
	}
	return entries
}

func text(t testing.TB, entries []cell.Recorded) string {
	t.Helper()
	moments, err := view.Timeline(entries)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, m := range moments {
		b.WriteString(m.At.Std().Format("15:04:05") + "  " + m.Text + "\n")
	}
	return b.String()
}

func pretty(t testing.TB, v any) string {
	t.Helper()
	value := jsontext.Value(canon.MustEncode(v))
	if err := value.Indent(); err != nil {
		t.Fatal(err)
	}
	return string(value) + "\n"
}

func golden(t testing.TB, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", name, diff)
	}
}

func same(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
