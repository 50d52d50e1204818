package aws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// TestTryPermissionSet: a permission set is as signed if the role that assigns can be
// had, the set is there under its name, and its sessions are no longer than the scenario
// says. The session that looks may do nothing else, and nothing is assigned.
func TestTryPermissionSet(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world, *provider.Assignment)
		want  error
		says  string
	}{
		"well":         {func(*world, *provider.Assignment) {}, nil, ""},
		"shorter":      {func(_ *world, a *provider.Assignment) { a.Session = 7200 }, nil, ""},
		"no role":      {func(w *world, _ *provider.Assignment) { w.double.AddRole(awstest.Role{ARN: centerARN}) }, provider.ErrRefused, "AccessDenied"},
		"no such set":  {func(_ *world, a *provider.Assignment) { a.Of.Set = strings.Replace(setARN, "6677", "6678", 1) }, provider.ErrRefused, "not there"},
		"another name": {func(_ *world, a *provider.Assignment) { a.Set = "Other" }, provider.ErrRefused, "not named Other"},
		"longer":       {func(w *world, _ *provider.Assignment) { w.double.AddSet(setARN, "EmergencyDatabase", "PT2H") }, provider.ErrRefused, "PT2H"},
		"another instance": {func(_ *world, a *provider.Assignment) {
			a.Of.Set = strings.Replace(setARN, "ssoins-72", "ssoins-73", 1)
		}, provider.ErrRefused, "no permission set of the instance"},
		"may not look": {func(w *world, _ *provider.Assignment) {
			w.double.Break(awstest.Fault{Kind: "sso", How: "AccessDeniedException"})
		}, provider.ErrRefused, "AccessDenied"},
		"down": {func(w *world, _ *provider.Assignment) { w.double.Break(awstest.Fault{Kind: "sso", How: awstest.Down}) }, provider.ErrUnreachable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, center := centerWorld(t)
			of := *w.assignment("one").Assignment
			of.Of.User, of.Claimed = "", false
			c.spoil(w, &of)
			err := center.Try(t.Context(), of)
			if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %v and %q", err, c.want, c.says)
			}
			w.hides(t, err)
			for _, s := range w.double.Sessions() {
				if s.Role == centerARN && (strings.Contains(s.Policy, "Assignment") || !strings.Contains(s.Policy, `"sso:DescribePermissionSet"`)) {
					t.Errorf("the session may %s", s.Policy)
				}
			}
			if len(w.double.Assignments()) > 0 {
				t.Error("something is assigned")
			}
		})
	}
}
