package view_test

import (
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestLeansLeaveNothingOut: a scenario that names no channel alarms on all of them, and
// what no server can look at is named.
func TestLeansLeaveNothingOut(t *testing.T) {
	g, s := celltest.CenterGenesis(), celltest.CenterScenario()
	s.Alarms.To = nil
	c, err := view.FromWorld(celltest.New(g, s).World)
	if err != nil {
		t.Fatal(err)
	}
	all := c.Leans()
	if len(all) != 1 || len(g.Channels) == 0 || len(all[0].Channels) != len(g.Channels) || !slices.Equal(all[0].Unseen, []string{"set-1", "set-2"}) {
		t.Errorf("%+v", all)
	}
}
