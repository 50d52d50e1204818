package server

import (
	"context"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	awsprovider "github.com/halligan-dev/halligan/internal/provider/aws"
	"github.com/halligan-dev/halligan/internal/readiness"
)

// LookOf is a server's look at AWS, when a genesis and scenarios are in force.
func LookOf(g *cell.Genesis, scenarios map[string]*access.Scenario, at *awsprovider.AWS, now func() canon.Time) func(context.Context) readiness.Looked {
	world := &following{}
	world.law.Store(&law{genesis: g, scenarios: scenarios})
	return (&looker{aws: at, world: world, now: now}).Look
}
