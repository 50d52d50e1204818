package aws

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// DenialRole is the role that reads and writes the policy of denials and can do
// nothing else.
const DenialRole = "halligan-denial"

const (
	denialSession = "hg-denial"
	denialLongest = 90 * time.Second // of making the policy what it should be, its turn included
	policyLongest = 8 * time.Second
)

// Deny makes the policy of denials what it should be at the moment of its turn, and
// returns nil only when the organisation shows it so. How soon AWS heeds it everywhere
// nobody is told. What somebody else wrote into it is left, and is ErrForeign.
func (c Center) Deny(ctx context.Context, d provider.Denial) error {
	ctx, cancel := context.WithTimeout(ctx, denialLongest)
	defer cancel()
	b, err := c.board(ctx, d)
	if err != nil {
		return err
	}
	leave, err := c.enter(ctx, d.Policy)
	if err != nil {
		return err
	}
	defer leave()
	wanted, err := d.Wanted() // asked within the turn: whoever ends a lease after this writes after us
	if err != nil {
		return err
	}
	for pause := workFirst; ; pause = min(2*pause, workMost) {
		line, ours, err := b.read(ctx)
		switch {
		case err != nil:
			return err
		case bytes.Equal(line, wanted):
			return nil
		case !ours:
			return fmt.Errorf("the policy %s has what nobody here wrote: %w", d.Policy, provider.ErrForeign)
		}
		// An answer that was lost, and one that others are at it, are answered alike: by
		// looking again what is so.
		if err := b.write(ctx, wanted); err != nil && classOf(err) == final {
			return err
		}
		if line, _, err := b.read(ctx); err == nil && bytes.Equal(line, wanted) {
			return nil
		}
		if c.Wait(ctx, pause) != nil {
			return silent("see the policy " + d.Policy + " as it was written")
		}
	}
}

// board is where the policy of denials hangs.
type board struct {
	aws    *AWS
	client *organizations.Client
	of     provider.Denial
	id     string // of the policy
	region string
}

func (c Center) board(ctx context.Context, d provider.Denial) (*board, error) {
	r, err := c.roleOf(d.Role)
	if err != nil {
		return nil, err
	}
	partition, _, id, ok := access.PolicyOf(d.Policy)
	if !ok || partition != r.partition || r.name != DenialRole {
		return nil, fmt.Errorf("%s does not write the policy %q: %w", r.arn(), d.Policy, provider.ErrRefused)
	}
	policy := access.IAMPolicy{Version: access.IAMVersion, Statement: []access.IAMStatement{{
		Effect: access.IAMAllow, Action: []string{"organizations:DescribePolicy", "organizations:UpdatePolicy"}, Resource: []string{d.Policy},
	}}}
	k, err := c.assume(ctx, c.own(access.Session{
		Audience: access.STSAudience, Subject: c.Cell().Origin + "/denial", RoleARN: r.arn(), Name: denialSession, SourceIdentity: denialSession,
		Policy: string(canon.MustEncode(policy)), Duration: stopperLives, Regions: d.Regions,
	}))
	if err != nil {
		return nil, err
	}
	at := c.at("organizations", r, "")
	client := organizations.New(organizations.Options{Region: at.region, BaseEndpoint: &at.url, HTTPClient: c.AWS.client, Credentials: k, Retryer: noRetry})
	return &board{c.AWS, client, d, id, at.region}, nil
}

// read is what the policy says, on one line, and whether all of it is ours.
func (b *board) read(ctx context.Context) (line []byte, ours bool, err error) {
	tried := "look at the policy " + b.of.Policy
	err = b.aws.inTurn(ctx, []string{b.region}, func(ctx context.Context, _ string) error {
		ctx, cancel := context.WithTimeout(ctx, policyLongest)
		defer cancel()
		out, err := b.client.DescribePolicy(ctx, &organizations.DescribePolicyInput{PolicyId: &b.id})
		if err != nil {
			return judge(ctx, tried, err)
		}
		if out.Policy == nil || out.Policy.PolicySummary == nil || sdk.ToString(out.Policy.PolicySummary.Arn) != b.of.Policy {
			return &fault{tried: tried, said: "something else than was asked", kind: provider.ErrRefused}
		}
		line, ours = b.of.Read(sdk.ToString(out.Policy.Content))
		return nil
	})
	return line, ours, err
}

// write puts another content in its place, once: whatever comes of it, the policy is
// looked at next.
func (b *board) write(ctx context.Context, content []byte) error {
	limited, cancel := context.WithTimeout(ctx, policyLongest)
	defer cancel()
	_, err := b.client.UpdatePolicy(limited, &organizations.UpdatePolicyInput{PolicyId: &b.id, Content: sdk.String(string(content))})
	err = judge(limited, "write the policy "+b.of.Policy, err)
	if classOf(err) == elsewhere && !errors.Is(ctx.Err(), context.Canceled) {
		_ = b.aws.Wait(ctx, settle) // it may have arrived, and arrive late
	}
	return err
}
