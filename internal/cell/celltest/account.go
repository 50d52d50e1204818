package celltest

import (
	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
)

// WithAWS gives a cell AWS, and a scenario the target "prod": Role, to the console
// too.
func WithAWS(g *cell.Genesis, s *access.Scenario) {
	g.AWS = AWS()
	role := Role()
	role.Name, role.Console = "prod", true
	s.Opens = append(s.Opens, access.Open{AWS: &role})
}
