package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
)

// ReaderRole is the role that reads what an account says of itself, and can do nothing
// else.
const ReaderRole = "halligan-reader"

const (
	readerSession = "hg-reader"
	readAnswers   = 16 << 20 // bytes of one answer: a page of IAM holds many policies
	readTries     = 3
	readPause     = 2 * time.Second // at most, between two tries
)

// Reader is whom an account is read as.
type Reader struct {
	Role    string   // ARN
	Regions []string // whose STS is asked, in this order
	Door    string   // how the role is taken
	Policy  string   // of the session: nothing is read that it does not allow
}

// Reading is a session of an account's reader, of a quarter of an hour. It may be used
// concurrently, and prints as nothing.
type Reading struct {
	aws  *AWS
	role role
	keys keys
}

// String hides it.
func (*Reading) String() string { return "(a session that reads)" }

// GoString hides it.
func (r *Reading) GoString() string { return r.String() }

// Reading begins a session of the role that reads an account. Its errors wrap
// provider.ErrRefused where AWS said no, and else provider.ErrUnreachable.
func (a *AWS) Reading(ctx context.Context, of Reader) (*Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	r, err := a.roleOf(of.Role)
	if err != nil {
		return nil, err
	}
	if r.name != ReaderRole || of.Policy == "" {
		return nil, fmt.Errorf("%s reads nothing: %w", r.arn(), provider.ErrRefused)
	}
	k, err := a.assume(ctx, a.own(access.Session{
		Audience: access.STSAudience, Subject: a.Cell().Origin + "/reader", RoleARN: r.arn(), Name: readerSession, SourceIdentity: readerSession,
		Policy: of.Policy, Duration: stopperLives, Regions: of.Regions, Door: of.Door,
	}))
	if err != nil {
		return nil, err
	}
	return &Reading{a, r, k}, nil
}

// Config is for a client of the SDK that asks a service in a region as this session.
// Services are called as endpoints are: iam, organizations, events, sso, …. What has no
// region, such as iam, is asked where its partition has it.
func (r *Reading) Config(service, region string) sdk.Config {
	at := r.aws.at(service, r.role, region)
	return sdk.Config{
		Region: at.region, BaseEndpoint: &at.url, HTTPClient: r.aws.reads, Credentials: r.keys,
		Retryer: func() sdk.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = readTries, readPause })
		},
	}
}

// Judge is an error of such a client in our words: it says what was tried and the name
// of AWS's error, and nothing else that AWS said. It wraps provider.ErrRefused or
// provider.ErrUnreachable. Nil, and an error that is of no client, stay as they are.
func (*Reading) Judge(ctx context.Context, tried string, err error) error {
	var call *smithy.OperationError
	if err != nil && ctx.Err() == nil && !errors.As(err, &call) {
		return err
	}
	return judge(ctx, tried, err)
}
