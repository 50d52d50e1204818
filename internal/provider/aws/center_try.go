package aws

import (
	"context"
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
)

// Try tells whether the role that assigns can be had, and whether a permission set of
// the center is there under the name that a scenario gives, with sessions that are no
// longer than it says: Of.Set, Set and Session of an assignment to nobody. The session
// may look at that one permission set, and do nothing else. Its errors are those of
// AWS.Try.
func (c Center) Try(ctx context.Context, of provider.Assignment) error {
	ctx, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	_, instance, ok := access.SetOf(of.Of.Set)
	client, err := c.narrowed(ctx, of.Center, func(_, _ string) access.IAMPolicy {
		return access.IAMPolicy{Version: access.IAMVersion, Statement: []access.IAMStatement{
			{Effect: access.IAMAllow, Action: []string{"sso:DescribePermissionSet"}, Resource: []string{of.Center.Instance, of.Of.Set}},
		}}
	})
	if err != nil {
		return err
	}
	if _, in, _ := access.InstanceOf(of.Center.Instance); !ok || in != instance {
		return fmt.Errorf("%q is no permission set of the instance: %w", of.Of.Set, provider.ErrRefused)
	}
	return (&desk{aws: c.AWS, client: client, of: of}).asSigned(ctx)
}
