package aws

import (
	"context"
	"errors"
	"fmt"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/provider"
)

// noRetry leaves trying again to inTurn.
var noRetry = sdk.NopRetryer{}

const (
	pageSize  = 200 // of sessions, the most that SSM gives
	pagesMost = 50
)

// List gives the key ids of the leases of the role that have Systems Manager
// sessions, in the regions of the lease. These are all that can be inside: whatever
// else the role may do needs a session of the role for each call.
func (a *AWS) List(ctx context.Context, lease provider.Lease) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, askLongest)
	defer cancel()
	r, err := a.checked(lease)
	if err != nil {
		return nil, err
	}
	if lease.AWS.Root {
		return nil, fmt.Errorf("nothing lists the sessions of a root user: %w", provider.ErrRefused)
	}
	k, err := a.assume(ctx, a.watching(r, lease.AWS))
	if err != nil {
		return nil, err
	}
	ids := []string{}
	for _, region := range lease.AWS.Regions {
		inside, err := a.inside(ctx, r, region, k)
		if err != nil {
			return nil, err
		}
		for _, session := range inside {
			if id := "halligan:" + session.request + ":" + lease.Target; session.request != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// endSessions ends those of the lease's request under the role.
func (a *AWS) endSessions(ctx context.Context, r role, lease provider.Lease) error {
	k, err := a.assume(ctx, a.watching(r, lease.AWS))
	if err != nil {
		return err
	}
	var all error
	for _, region := range lease.AWS.Regions {
		inside, err := a.inside(ctx, r, region, k)
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		client := a.ssm(r, region, k)
		for _, session := range inside {
			if session.request != lease.Request {
				continue
			}
			all = errors.Join(all, a.inTurn(ctx, []string{region}, func(ctx context.Context, region string) error {
				ctx, cancel := context.WithTimeout(ctx, readLongest)
				defer cancel()
				_, err := client.TerminateSession(ctx, &ssm.TerminateSessionInput{SessionId: &session.id})
				return judge(ctx, "end a session of Systems Manager in "+region, err)
			}))
		}
	}
	return all
}

// watching is the session that may list and end sessions of ours.
func (a *AWS) watching(r role, of *provider.AWS) access.Session {
	ours := "arn:" + r.partition + ":ssm:*:" + r.account + ":session/hg-*"
	return a.asStopper(r, of.Twin, access.IAMPolicy{Version: access.IAMVersion, Statement: []access.IAMStatement{
		{Effect: access.IAMAllow, Action: []string{"ssm:DescribeSessions"}, Resource: []string{"*"}},
		{Effect: access.IAMAllow, Action: []string{"ssm:TerminateSession"}, Resource: []string{ours}},
	}})
}

// visit is one Systems Manager session of a role, and the request it is under.
type visit struct{ id, request string }

// inside lists the sessions of a role in one region, all of them or an error.
func (a *AWS) inside(ctx context.Context, r role, region string, k keys) ([]visit, error) {
	client := a.ssm(r, region, k)
	owner := r.session(access.IdentityPrefix)
	var all []visit
	var next *string
	for range pagesMost {
		var page *ssm.DescribeSessionsOutput
		err := a.inTurn(ctx, []string{region}, func(ctx context.Context, region string) error {
			ctx, cancel := context.WithTimeout(ctx, readLongest)
			defer cancel()
			var err error
			page, err = client.DescribeSessions(ctx, &ssm.DescribeSessionsInput{
				State: types.SessionStateActive, MaxResults: sdk.Int32(pageSize), NextToken: next,
			})
			return judge(ctx, "list the sessions of Systems Manager in "+region, err)
		})
		if err != nil {
			return nil, err
		}
		for _, session := range page.Sessions {
			if name, ok := strings.CutPrefix(sdk.ToString(session.Owner), owner); ok && session.SessionId != nil {
				request, _, _ := strings.Cut(name, "-")
				all = append(all, visit{*session.SessionId, request})
			}
		}
		if next = page.NextToken; sdk.ToString(next) == "" {
			return all, nil
		}
	}
	return nil, silent("list all sessions of Systems Manager in " + region)
}

func (a *AWS) ssm(r role, region string, k keys) *ssm.Client {
	at := a.at("ssm", r, region)
	return ssm.New(ssm.Options{Region: at.region, BaseEndpoint: &at.url, HTTPClient: a.client, Credentials: k, Retryer: noRetry})
}
