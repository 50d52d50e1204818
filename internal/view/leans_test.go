package view_test

import (
	"slices"
	"testing"

	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestLeansLeaveNothingOut: a scenario that names no channel alarms on all of them; its
// permission sets are named, and the accounts that it leans on, the one that assigns among
// them; and what no server can look at is named.
func TestLeansLeaveNothingOut(t *testing.T) {
	g, s := celltest.CenterGenesis(), celltest.CenterScenario()
	s.Alarms.To = nil
	c, err := view.FromWorld(celltest.New(g, s).World)
	if err != nil {
		t.Fatal(err)
	}
	all := c.Leans()
	if len(all) != 1 || len(g.Channels) == 0 || len(all[0].Channels) != len(g.Channels) || len(all[0].Unseen) > 0 || !slices.Equal(all[0].Sets, []view.LeansOnSet{{"set-1", "prod", "EmergencyDatabase"}, {"set-2", "prod", "EmergencyDatabase"}}) || !slices.Equal(all[0].Accounts, []string{"prod", "stage"}) {
		t.Errorf("%+v", all)
	}
}

// TestLeansOnAccounts: a root task leans on the account whose root user is meant, and on
// the one by way of which; no server can look at it.
func TestLeansOnAccounts(t *testing.T) {
	g, s := celltest.AWSGenesis(), celltest.RootScenario()
	g.AWS.Accounts[0].Reader, g.AWS.Organization = true, g.AWS.Accounts[0].ID
	c, err := view.FromWorld(celltest.New(g, s).World)
	if err != nil {
		t.Fatal(err)
	}
	if all := c.Leans(); len(all) != 1 || len(all[0].Unseen) == 0 || !slices.Equal(all[0].Accounts, []string{"prod", "stage"}) {
		t.Errorf("%+v", all)
	}
	cloud := c.Cloud()
	if len(cloud.Accounts) != len(g.AWS.Accounts) || cloud.Organization != "prod" || cloud.Accounts[0] != (view.CloudAccount{ID: "prod", Number: g.AWS.Accounts[0].Account, Reader: true}) {
		t.Errorf("%+v", cloud)
	}
}
