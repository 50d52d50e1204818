package view_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestConditionsAreSaid: what can say no is shown before anybody asks, in the words
// of whoever wrote it, rule by rule.
func TestConditionsAreSaid(t *testing.T) {
	office := `@title("Only from the office") @reason("Come through the VPN.") forbid (principal, action, resource) unless { context.source.isInRange(ip("10.0.0.0/8")) };`
	rail := `@reason("Nobody acts from abroad") forbid (principal, action, resource) when { context.source.isIpv6() };`
	s := celltest.Scenario()
	s.Conditions = []access.PolicyRef{celltest.Policy("office", office)}
	c := celltest.WithPolicies(celltest.Genesis(), map[string]string{"office": office, "abroad": rail}, []string{"abroad"}, s)
	v, err := view.FromWorld(c.World)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"The guard rail abroad can say no: Nobody acts from abroad.",
		"The condition office can say no: Only from the office. Whoever it refuses is told: Come through the VPN.",
	}
	explained, ok := v.Explain(s.ID, "SEV1", view.Asking{Requester: "ann", Now: c.Now})
	if !ok || !slices.Equal(explained.Conditions, want) {
		t.Errorf("explained:\n%s", strings.Join(explained.Conditions, "\n"))
	}
	shown, ok := v.Scenario("ann", s.ID)
	if !ok || !slices.Equal(shown.Conditions, want) {
		t.Errorf("shown:\n%s", strings.Join(shown.Conditions, "\n"))
	}
}
