package cell_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
)

// TestOrganizationIsReadFromAnAccount: only an account of the cell that has a reader can be
// the one from which the organisation is read; that there is one is told as more, and that
// there is none any more as less.
func TestOrganizationIsReadFromAnAccount(t *testing.T) {
	scenario := celltest.AWSScenario()
	scenarios := map[string]*access.Scenario{scenario.ID: &scenario}
	of := func(account string, reader bool) cell.Document {
		g := celltest.AWSGenesis()
		g.AWS.Accounts[0].Reader, g.AWS.Organization = reader, account
		return cell.Document{Genesis: &g, Scenarios: scenarios}
	}
	for _, account := range []string{"", "prod"} {
		if _, err := of(account, true).Genesis.Check(); err != nil {
			t.Errorf("%q: %v", account, err)
		}
	}
	alone := celltest.Genesis()
	alone.AWS.Organization = "prod"
	for name, g := range map[string]*cell.Genesis{"no reader": of("prod", false).Genesis, "no account": of("nowhere", true).Genesis, "no AWS": &alone} {
		if _, err := g.Check(); err == nil {
			t.Errorf("%s: it is taken", name)
		} else if name != "no AWS" && !strings.Contains(err.Error(), "aws.organization") {
			t.Errorf("%s: %v", name, err)
		}
	}
	without, with := of("", true), of("prod", true)
	if more := cell.Widened(without, with); len(more) != 1 {
		t.Errorf("an organisation that is read widens %v", more)
	}
	if less := cell.Widened(with, without); len(less) != 0 {
		t.Errorf("when it is read no more, %v is wider", less)
	}
	if said := cell.Compare(without, with); !slices.ContainsFunc(said, func(d cell.Difference) bool {
		return d.Of == "aws.organization" && strings.HasSuffix(d.Text, "nobody becomes prod")
	}) {
		t.Errorf("it is told as %+v", said)
	}
}
