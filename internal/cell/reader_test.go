package cell_test

import (
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// TestReaderWidens: that the server may read an account is told as more, and that it may
// no longer as less.
func TestReaderWidens(t *testing.T) {
	from, to := celltest.AWSGenesis(), celltest.AWSGenesis()
	to.AWS.Accounts[0].Reader = true
	scenario := celltest.AWSScenario()
	scenarios := map[string]*access.Scenario{scenario.ID: &scenario}
	without, with := cell.Document{Genesis: &from, Scenarios: scenarios}, cell.Document{Genesis: &to, Scenarios: scenarios}
	if more := cell.Widened(without, with); len(more) != 1 {
		t.Errorf("a reader widens %v", more)
	}
	if less := cell.Widened(with, without); len(less) != 0 {
		t.Errorf("without a reader %v is wider", less)
	}
	if said := cell.Compare(without, with); !slices.ContainsFunc(said, func(d cell.Difference) bool { return d.Of == "reader" && d.Text == "false becomes true" }) {
		t.Errorf("it is told as %+v", said)
	}
}
