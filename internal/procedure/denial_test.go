package procedure_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/procedure"
)

// TestDenialByHandStays: a cell that names a policy of denials says so where sessions are
// ended by hand, with every command that a cell without one has, and is another version.
func TestDenialByHandStays(t *testing.T) {
	const policy = "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1"
	c, s := everything()
	without := procedure.Write(c, s)
	center := *c.Center
	center.Denial, c.Center = policy, &center
	with := procedure.Write(c, s)
	said, before := with.Text(with.Pages), without.Text(without.Pages)
	flat := strings.Join(strings.Fields(said), " ")
	if !strings.Contains(flat, policy) || !strings.Contains(flat, "do it by hand, in a policy of its own") || strings.Contains(before, "organizations::") {
		t.Errorf("with a policy of denials:\n%s", said)
	}
	for _, command := range []string{"aws organizations create-policy", "aws organizations attach-policy", "aws sso-admin delete-account-assignment"} {
		if n := strings.Count(before, command); n == 0 || strings.Count(said, command) != n {
			t.Errorf("%s stands %d times, and %d without", command, strings.Count(said, command), n)
		}
	}
	if with.Version == without.Version {
		t.Error("an old print is not told")
	}
}
