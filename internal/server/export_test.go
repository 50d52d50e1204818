package server

import (
	"net/http"

	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/scheduler"
	"github.com/halligan-dev/halligan/internal/verify"
)

// HostsOf is the server's side of host programs for a genesis.
func HostsOf(g *cell.Genesis, effect scheduler.Broker) *hosts {
	world := &following{}
	world.law.Store(&law{genesis: g})
	return &hosts{
		origin: g.Origin, check: verify.Signatures{}, world: world, tasks: scheduler.New(nil, nil, nil), effect: effect,
		turns: broker.NewTurns(1, 1), heard: map[string]heard{},
	}
}

// Handler is what the door answers.
func (d *Door) Handler() http.Handler { return d.handler() }

// Kinds are the kinds of task that the server has work for.
func Kinds() map[cell.TaskKind]bool {
	kinds := map[cell.TaskKind]bool{}
	for kind := range new(works).table() {
		kinds[kind] = true
	}
	return kinds
}
