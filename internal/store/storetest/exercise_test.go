package storetest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/store/sqlite"
	"github.com/halligan-dev/halligan/internal/store/storetest"
)

const chosenDefect = "HALLIGAN_STORE_DEFECT"

// defects are stores that break one promise each, and the part of the suite that
// has to notice.
var defects = map[string]struct {
	wrap   func(storetest.Store) storetest.Store
	notice string
}{
	"no compare and set":         {func(s storetest.Store) storetest.Store { return noCompare{s} }, "compare_and_set"},
	"any error for ErrHeadMoved": {func(s storetest.Store) storetest.Store { return vague{s} }, "compare_and_set"},
	"half a batch":               {func(s storetest.Store) storetest.Store { return halved{s} }, "compare_and_set"},
	"two appends for one":        {func(s storetest.Store) storetest.Store { return twoSteps{s} }, "readers_beside"},
	"no tasks":                   {func(s storetest.Store) storetest.Store { return forgets{Store: s, tasks: true} }, "tasks"},
	"no nonces":                  {func(s storetest.Store) storetest.Store { return forgets{Store: s, nonces: true} }, "nonces"},
	"no tiles":                   {func(s storetest.Store) storetest.Store { return forgets{Store: s, tiles: true} }, "round_trip"},
	"closed streams too":         {func(s storetest.Store) storetest.Store { return allStreams{s} }, "live_and_closed"},
	"no limit":                   {func(s storetest.Store) storetest.Store { return boundless{s} }, "long_entries"},
	"prefix as a pattern":        {func(s storetest.Store) storetest.Store { return patterns{s} }, "streams"},
	"nothing for absent":         {func(s storetest.Store) storetest.Store { return neverAbsent{s} }, "empty"},
	"a torn attachment":          {func(s storetest.Store) storetest.Store { return tornAttachment{s} }, "beside_the_log"},
}

// TestContract runs the suite; in a process that was told a defect, on a store
// that has it.
func TestContract(t *testing.T) {
	storetest.Exercise(t, func(t *testing.T, place string) storetest.Store {
		s, err := sqlite.Open(filepath.Join(place, "cell"), sqlite.Options{Reserve: -1})
		if err != nil {
			t.Fatal(err)
		}
		if name := os.Getenv(chosenDefect); name != "" {
			return defects[name].wrap(s)
		}
		return s
	})
}

// TestEachDefectIsNoticed shows that the suite can fail.
func TestEachDefectIsNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short, it runs the suite once for each defect")
	}
	for name, d := range defects {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run", "^TestContract$/^"+d.notice+"$")
			cmd.Env = append(os.Environ(), chosenDefect+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestContract/"+d.notice) {
				t.Errorf("nobody notices: %v\n%s", err, out)
			}
		})
	}
}

type noCompare struct{ storetest.Store }

func (s noCompare) Append(ctx context.Context, _ broker.Head, b broker.Batch) error {
	head, err := s.Head(ctx)
	if err != nil {
		return err
	}
	b.Head.Size = head.Size + int64(len(b.Entries))
	for i := range b.Entries {
		b.Entries[i].Index = head.Size + int64(i)
	}
	return s.Store.Append(ctx, head, b)
}

type vague struct{ storetest.Store }

func (s vague) Append(ctx context.Context, on broker.Head, b broker.Batch) error {
	if s.Store.Append(ctx, on, b) != nil {
		return errors.New("it did not work")
	}
	return nil
}

// halved leaves what lies beside the log although the append fails.
type halved struct{ storetest.Store }

func (s halved) Append(ctx context.Context, on broker.Head, b broker.Batch) error {
	err := s.Store.Append(ctx, on, b)
	if errors.Is(err, broker.ErrHeadMoved) {
		head, _ := s.Head(ctx)
		return errors.Join(err, s.Store.Append(ctx, head, broker.Batch{Head: head, Attachments: b.Attachments}))
	}
	return err
}

// twoSteps lets readers see the entries before the rest.
type twoSteps struct{ storetest.Store }

func (s twoSteps) Append(ctx context.Context, on broker.Head, b broker.Batch) error {
	late := broker.Batch{Head: b.Head, World: b.World, Attachments: b.Attachments}
	b.World, b.Attachments = nil, nil
	if err := s.Store.Append(ctx, on, b); err != nil {
		return err
	}
	return s.Store.Append(ctx, late.Head, late)
}

type forgets struct {
	storetest.Store
	tasks, nonces, tiles bool
}

func (s forgets) Load(ctx context.Context) (broker.State, error) {
	state, err := s.Store.Load(ctx)
	if s.tasks {
		state.Tasks = nil
	}
	if s.nonces && len(state.Memos) > 0 {
		state.Memos = state.Memos[:len(state.Memos)-1]
	}
	if s.tiles {
		state.Tiles = nil
	}
	return state, err
}

type allStreams struct{ storetest.Store }

func (s allStreams) Append(ctx context.Context, on broker.Head, b broker.Batch) error {
	for i := range b.Streams {
		b.Streams[i].Live = true
	}
	return s.Store.Append(ctx, on, b)
}

type boundless struct{ storetest.Store }

func (s boundless) Entries(ctx context.Context, index int64, most int) (all [][]byte, err error) {
	for {
		more, err := s.Store.Entries(ctx, index, most)
		if err != nil || len(more) == 0 || most == 0 {
			return all, err
		}
		all, index, most = append(all, more...), index+int64(len(more)), most-len(more)
	}
}

type patterns struct{ storetest.Store }

func (s patterns) Streams(ctx context.Context, prefix string, before int64, most int) ([]broker.Stream, error) {
	prefix, _, _ = strings.Cut(prefix, "%")
	return s.Store.Streams(ctx, prefix, before, most)
}

type neverAbsent struct{ storetest.Store }

func (s neverAbsent) Stream(ctx context.Context, id string) (broker.Stream, error) {
	st, err := s.Store.Stream(ctx, id)
	if errors.Is(err, broker.ErrAbsent) {
		return broker.Stream{}, nil
	}
	return st, err
}

type tornAttachment struct{ storetest.Store }

func (s tornAttachment) Attachment(ctx context.Context, digest canon.Digest) ([]byte, error) {
	data, err := s.Store.Attachment(ctx, digest)
	if len(data) > 0 {
		data = data[:len(data)-1]
	}
	return data, err
}

// TestFaulty shows both ways to fail, and that nothing else changes.
func TestFaulty(t *testing.T) {
	ctx := t.Context()
	s, err := sqlite.Open(filepath.Join(t.TempDir(), "cell"), sqlite.Options{Reserve: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log, err := storetest.NewLog(broker.State{})
	if err != nil {
		t.Fatal(err)
	}
	f := storetest.NewFaulty(s)
	f.DidNot(2)
	f.DidAnyway(3)
	f.CannotLoad(1)
	for call, want := range []struct {
		err  error
		size int64
	}{{nil, 1}, {storetest.ErrInjected, 1}, {storetest.ErrInjected, 2}, {nil, 3}} {
		on, ahead := log.Head(), log.Clone()
		err := f.Append(ctx, on, ahead.Batch("cell"))
		head, failed := f.Head(ctx)
		if !errors.Is(err, want.err) || failed != nil || head.Size != want.size {
			t.Fatalf("Append %d: %v, then a head at %d (%v); want %v, %d", call+1, err, head.Size, failed, want.err, want.size)
		}
		if head.Size > on.Size {
			log = ahead
		}
	}
	f.DidAnyway(1)
	if err := f.Append(ctx, broker.Head{}, log.Clone().Batch("cell")); err == nil || errors.Is(err, storetest.ErrInjected) {
		t.Errorf("a real failure is hidden by a planned one: %v", err)
	}
	if _, err := f.Load(ctx); !errors.Is(err, storetest.ErrInjected) {
		t.Errorf("Load: %v", err)
	}
	if state, err := f.Load(ctx); err != nil || state.Head.Size != 3 || f.Appends() != 5 {
		t.Errorf("the second Load: head %d, %v, after %d appends", state.Head.Size, err, f.Appends())
	}
}
