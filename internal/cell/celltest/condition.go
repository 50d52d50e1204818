package celltest

import (
	"maps"
	"slices"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// Policy names a policy of a text.
func Policy(id, text string) access.PolicyRef {
	return access.PolicyRef{ID: id, Digest: canon.Sum([]byte(text))}
}

// WithPolicies is New of a genesis that names policies, by id; those of rails hold
// for every scenario.
func WithPolicies(g cell.Genesis, policies map[string]string, rails []string, scenarios ...access.Scenario) *Cell {
	Name(&g, policies, rails...)
	c := Unfounded(g, scenarios...)
	c.Lay(policies)
	for _, founder := range g.Founders {
		c.Must(c.Found(founder))
	}
	return c
}

// Name makes a genesis name policies, by id, and those of them that are guard
// rails, and no other.
func Name(g *cell.Genesis, policies map[string]string, rails ...string) {
	g.Policies, g.GuardRails = nil, rails
	for _, id := range slices.Sorted(maps.Keys(policies)) {
		g.Policies = append(g.Policies, Policy(id, policies[id]))
	}
}

// Lay puts the texts of policies beside the ledger.
func (c *Cell) Lay(policies map[string]string) {
	for _, text := range policies {
		c.lay([]byte(text))
	}
}
