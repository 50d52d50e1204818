package aws_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// TestTryIsARealSession: a role is there if a session of it begins and reads in every
// region. That AWS said no is told from that nobody answered; a session that is tried
// bears no slot, and that of the stopper may do nothing.
func TestTryIsARealSession(t *testing.T) {
	for name, c := range map[string]struct {
		spoil   func(*world)
		role    error
		stopper error
	}{
		"well":             {func(*world) {}, nil, nil},
		"no such role":     {func(w *world) { w.double.AddRole(awstest.Role{ARN: roleARN}) }, provider.ErrRefused, nil},
		"no stopper":       {func(w *world) { w.double.AddRole(awstest.Role{ARN: stopARN}) }, nil, provider.ErrRefused},
		"may not read":     {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", How: "AccessDenied"}) }, provider.ErrRefused, nil},
		"a region is down": {func(w *world) { w.double.Break(awstest.Fault{Kind: "probe", Region: regions[1], How: awstest.Down}) }, provider.ErrUnreachable, nil},
		"sts is down":      {func(w *world) { w.double.Break(awstest.Fault{Kind: "sts", How: awstest.Down}) }, provider.ErrUnreachable, provider.ErrUnreachable},
		"issuers unknown": {func(w *world) {
			w.double.RemoveIssuer(first)
			w.double.RemoveIssuer(standby)
		}, provider.ErrUnreachable, provider.ErrUnreachable}, // they may be back
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			trial := w.lease("one").AWS.Control
			c.spoil(w)
			err, stop := w.aws.Try(t.Context(), trial, regions), w.aws.TryStopper(t.Context(), trial)
			if !errors.Is(err, c.role) {
				t.Errorf("the role: %v, want %v", err, c.role)
			}
			if !errors.Is(stop, c.stopper) {
				t.Errorf("the stopper: %v, want %v", stop, c.stopper)
			}
			w.hides(t, err)
			w.hides(t, stop)
			for _, s := range w.double.Sessions() {
				switch {
				case s.Role == stopARN && !strings.Contains(s.Policy, `"Action":["*"],"Effect":"Deny"`):
					t.Errorf("the stopper's session may %s", s.Policy)
				case s.Role == roleARN && s.Tags[access.TagSlot] != access.SlotControl:
					t.Errorf("a session that is tried bears %v", s.Tags)
				}
			}
		})
	}
}
