package server

import (
	"context"
	"time"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/witness"
)

// cosignedWait is how long a credential waits for the witnesses, and so does
// whoever asks for evidence; afterwards it goes on without, which is recorded.
const cosignedWait = 2 * time.Second

// witnessEvery is how often the ledger is told how it stands with its witnesses,
// when that has changed.
const witnessEvery = time.Second

// tileLongest bounds the reading of one tile for a witness.
const tileLongest = 5 * time.Second

// gather makes the circle of the cell's witnesses, if it has any. One whose
// address server.yaml does not give is never asked.
func (s *Server) gather(ctx context.Context) error {
	policy := s.Anchor.Policy()
	if policy.None() {
		return nil
	}
	o := witness.CircleOptions{
		Policy: policy, Log: s.Log, Wall: s.Wall,
		Head: func() (int64, []byte) { head := s.broker.Head(); return head.Size, head.Text },
		Tiles: func(level int, index int64) ([]byte, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tileLongest)
			defer cancel()
			return s.store.Tile(ctx, level, index)
		},
	}
	for _, name := range policy.Names() {
		address, known := s.Settings.Witnesses[name]
		if !known {
			s.Log.Warn("a witness has no address and is never asked: add it under witnesses in server.yaml", "witness", name)
			continue
		}
		client, err := witness.NewClient(name, address)
		if err != nil {
			return err
		}
		o.Clients = append(o.Clients, client)
	}
	s.circle = witness.NewCircle(o)
	return nil
}

// cosigned is what the broker asks before a credential leaves.
func (s *Server) cosigned() func(context.Context, int64) string {
	if s.circle == nil {
		return nil
	}
	return func(ctx context.Context, entry int64) string {
		newest, _ := s.circle.Await(ctx, entry, cosignedWait)
		return string(newest.Text)
	}
}

// witnesses is the circle as the API and its figures know it.
func (s *Server) witnesses() api.Witnesses {
	if s.circle == nil {
		return nil
	}
	return seen{s.circle, func() canon.Time { return s.broker.Now() }}
}

type seen struct {
	circle *witness.Circle
	now    func() canon.Time
}

// Await does what api.Witnesses says: while the witnesses are silent, nobody
// waits for evidence that is needed before signing.
func (c seen) Await(ctx context.Context, entry int64) (int64, []byte) {
	longest := cosignedWait
	if _, since := c.circle.Newest(); !since.IsZero() {
		longest = max(0, cosignedWait-c.now().Sub(since))
	}
	newest, _ := c.circle.Await(ctx, entry, longest)
	return newest.Size, newest.Text
}

// Newest does what api.Witnesses says.
func (c seen) Newest() (int64, []byte) {
	newest, _ := c.circle.Newest()
	return newest.Size, newest.Text
}

// Troubles does what api.Witnesses says.
func (c seen) Troubles() map[string]string {
	all := map[string]string{}
	for _, m := range c.circle.Members() {
		all[m.Name] = m.Trouble
	}
	return all
}

// Clocks does what api.Witnesses says.
func (c seen) Clocks() map[string]time.Duration {
	all := map[string]time.Duration{}
	for _, m := range c.circle.Members() {
		if m.Size > 0 {
			all[m.Name] = m.Ahead
		}
	}
	return all
}

// grown tells the circle how far the ledger is.
type grown struct {
	circle *witness.Circle
	wall   broker.Wall
}

// Committed is broker.Follower. At a start nobody has waited yet.
func (g grown) Committed(w *cell.World, recorded []cell.Recorded) {
	at := w.LastAt
	if recorded == nil {
		at = canon.Later(canon.At(g.wall()), at)
	}
	g.circle.Grew(w.Newest().Size, at)
}

// waited tells what the witnesses cosigned of where a request stands, so that it is
// proved how long its requester waited. What is not cosigned in time is asked again.
func (w *works) waited(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	if w.circle == nil {
		return results
	}
	for i, j := range jobs {
		if newest, ok := w.circle.Await(ctx, j.Task.Entry, cosignedWait); ok {
			results[i] = scheduler.Result{Kind: cell.EffectCosigned, Observed: cell.Observed{Cosigned: string(newest.Text)}}
		}
	}
	return results
}

// cosigned is the standing task: the ledger hears when its witnesses fall silent,
// and when they are back.
func (w *works) cosigned(context.Context, []scheduler.Job) []scheduler.Result {
	known := w.world.witness.Load()
	if w.circle == nil || known == nil {
		return []scheduler.Result{{After: witnessEvery}}
	}
	newest, since := w.circle.Newest()
	switch {
	case known.state != cell.Cosigned && newest.Size > known.last:
		return []scheduler.Result{{Kind: cell.EffectCosigned, Observed: cell.Observed{Cosigned: string(newest.Text)}, After: witnessEvery}}
	case known.state == cell.Cosigned && !since.IsZero() && w.broker().Now().Sub(since) >= cell.SilentAfter.Duration():
		return []scheduler.Result{{Kind: cell.EffectUnwitnessed, Observed: cell.Observed{Since: since}, After: witnessEvery}}
	}
	return []scheduler.Result{{After: witnessEvery}}
}
