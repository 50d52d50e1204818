package aws

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

var (
	memberShape = regexp.MustCompile(`^[0-9]{12}$`)
	taskShape   = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):iam::aws:policy/root-task/[A-Za-z0-9]{1,64}$`)
)

// asRoot has the session of a role become that of a root user, for one task. The
// role's session is used for this and forgotten. STS gives no session of a root user
// for longer than is asked, and we ask for what is left of the session's time, so
// that it needs nobody to end it. AWS takes the call at endpoints of regions alone,
// which are all that we ask.
func (a *AWS) asRoot(ctx context.Context, s access.Session, by keys) (keys, error) {
	r, err := a.roleOf(s.RoleARN)
	if err != nil {
		return keys{}, err
	}
	if !memberShape.MatchString(s.Root.Target) || !taskShape.MatchString(s.Root.Task) || s.Duration == 0 {
		return keys{}, fmt.Errorf("%q by %q is not a task of a member account's root user: %w", s.Root.Target, s.Root.Task, provider.ErrRefused)
	}
	regions := append([]string{by.region}, s.Regions...) // that region answered a moment ago
	var got keys
	err = a.inTurn(ctx, regions, func(ctx context.Context, region string) (err error) {
		got, err = a.rootOnce(ctx, s, by, place{a.at("sts", r, region).url, region})
		return err
	})
	if err != nil {
		return keys{}, err
	}
	return got, nil
}

// rootOnce is AssumeRoot, once. A session that it began although it failed is
// nobody's, and over with the time that was asked for.
func (a *AWS) rootOnce(ctx context.Context, s access.Session, by keys, at place) (keys, error) {
	ctx, cancel := context.WithTimeout(ctx, stsLongest)
	defer cancel()
	tried := "become the root user of " + s.Root.Target + " in " + at.region
	left := canon.Seconds(s.Before.Sub(a.Now()) / time.Second)
	if left < 1 {
		return keys{}, errOver
	}
	asked := min(s.Duration, left)
	client := sts.New(sts.Options{Region: at.region, BaseEndpoint: &at.url, HTTPClient: a.client, Credentials: by, Retryer: noRetry})
	out, err := client.AssumeRoot(ctx, &sts.AssumeRootInput{
		TargetPrincipal: &s.Root.Target, TaskPolicyArn: &types.PolicyDescriptorType{Arn: &s.Root.Task}, DurationSeconds: seconds(asked),
	})
	if err = judge(ctx, tried, err); names(err, denied...) {
		return keys{}, fmt.Errorf("%w; root sessions must be enabled in the organisation, the role's account delegated for IAM, and %s a member", err, s.Root.Target)
	}
	if err != nil {
		return keys{}, err
	}
	wrong := func(what string) (keys, error) {
		return keys{}, &fault{tried: "use what STS gave for the root user of " + s.Root.Target, said: "something else than was asked: " + what, kind: provider.ErrRefused}
	}
	got, whole := keysOf(out.Credentials, at.region)
	switch now := a.Now(); {
	case !whole:
		return keys{}, silent(tried)
	case out.SourceIdentity != nil && *out.SourceIdentity != s.SourceIdentity:
		return wrong("another source identity")
	case got.until.After(now.Add((asked + access.ExpirySkew).Duration())):
		return wrong("a longer session")
	case !got.until.After(now):
		return wrong("a session that is over; compare this server's clock")
	}
	return got, nil
}
