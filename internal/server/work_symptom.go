package server

import (
	"context"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/config"
	"github.com/halligan-dev/halligan/internal/lookout"
	"github.com/halligan-dev/halligan/internal/scheduler"
)

// lookoutOf is what the settings say of networks and trackers.
func lookoutOf(settings config.Server) *lookout.Lookout {
	networks := map[string]lookout.Network{}
	for id, n := range settings.Networks {
		networks[id] = lookout.Network{From: n.From, Proxy: n.Proxy, Control: n.Control}
	}
	trackers := map[string]lookout.Tracker{}
	for id, t := range settings.Trackers {
		tracker := lookout.Tracker{URL: t.URL, Member: t.Member, Open: t.Open}
		if key := t.Authorization.Key(); len(key) > 0 {
			tracker.Header = func() string { return string(key) }
		}
		trackers[id] = tracker
	}
	return lookout.New(networks, trackers, nil)
}

// look looks at a symptom of the scenario that a request was signed for.
func (w *works) look(ctx context.Context, jobs []scheduler.Job) []scheduler.Result {
	results := make([]scheduler.Result, len(jobs))
	for i, j := range jobs {
		results[i] = scheduler.Result{Kind: cell.EffectLooked, Observed: cell.Observed{Seen: w.seen(ctx, j)}}
	}
	return results
}

func (w *works) seen(ctx context.Context, j scheduler.Job) access.Seen {
	if j.Request == nil {
		return access.Unknown
	}
	scenario, err := w.broker().ScenarioOf(ctx, j.Request)
	if err != nil {
		return access.Unknown
	}
	at := slices.IndexFunc(scenario.Symptoms, func(s access.Symptom) bool { return s.Name == j.Task.Target })
	if at < 0 {
		return access.Unknown
	}
	return w.lookout.Look(ctx, scenario.Symptoms[at], j.Task.Channel, j.Request.Incident)
}
