package aws

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// CenterRole is the role that assigns permission sets and can do nothing else.
const CenterRole = "halligan-identity-center"

// Center gives permission sets of IAM Identity Center to people's own users, and
// takes them again. It is a provider; its targets cannot be probed: a session there
// is a person's, and nobody else can begin one.
type Center struct{ *AWS }

// Center is the provider of assignments.
func (a *AWS) Center() Center { return Center{a} }

// Times of an assignment. Identity Center works on one for seconds, and takes few at
// a time.
const (
	centerLongest  = 90 * time.Second // of opening or closing one, its turn included
	ssoLongest     = 8 * time.Second
	workFirst      = 250 * time.Millisecond
	workMost       = 4 * time.Second
	settle         = 5 * time.Second // in which a call that nobody answered may still arrive
	assignedOnPage = 100
)

const centerSession = "hg-identity-center"

// Open has the assignment of a lease made, and returns when it is listed. What is
// listed already is open. Nothing is made that the ledger does not say is ours, nor
// by a permission set whose sessions are longer than was signed.
func (c Center) Open(ctx context.Context, lease provider.Lease) error {
	return c.inTurnOf(ctx, lease, func(ctx context.Context, d *desk) error {
		if !d.of.Claimed {
			return fmt.Errorf("that the assignment of lease %s is ours is not recorded: %w", lease.KeyID, provider.ErrRefused)
		}
		if err := d.asSigned(ctx); err != nil {
			return err
		}
		stands, err := d.stands(ctx)
		switch {
		case err != nil || stands:
			return err
		case d.of.Needed != nil && !d.of.Needed(): // its lease ended while this waited, and may be seen gone already
			return fmt.Errorf("no live grant needs the assignment of lease %s any more: %w", lease.KeyID, provider.ErrRefused)
		}
		if err := d.create(ctx); err != nil {
			return err
		}
		return d.until(ctx, true)
	})
}

// Close has the assignment of a lease deleted, unless a live lease needs it, and
// returns nil only when it is listed no more and nobody works on it. What the ledger
// does not say is ours is left, and an error.
func (c Center) Close(ctx context.Context, lease provider.Lease) error {
	if lease.Assignment != nil && isNeeded(lease.Assignment) {
		return provider.ErrNeeded
	}
	return c.inTurnOf(ctx, lease, func(ctx context.Context, d *desk) error {
		stands, err := d.stands(ctx)
		switch {
		case err != nil:
			return err
		case !d.of.Claimed && stands:
			return fmt.Errorf("the assignment of lease %s was there before, or its making is in lost entries: a person must look: %w", lease.KeyID, provider.ErrRefused)
		case !d.of.Claimed:
			return nil
		case isNeeded(&d.of): // asked within the turn: whoever needs it after this opens after us
			return provider.ErrNeeded
		}
		if err := d.delete(ctx); err != nil { // also if it is not listed: lists may lag
			return err
		}
		if err := d.until(ctx, false); err != nil {
			return err
		}
		return d.asShort(ctx)
	})
}

// Probe tells nothing: whether a person's session works, only the person can try.
func (c Center) Probe(_ context.Context, leases []provider.Lease) []access.Round {
	rounds := make([]access.Round, len(leases))
	for i := range rounds {
		rounds[i] = silence
	}
	return rounds
}

// List gives the lease's key id if its assignment is listed, whoever made it. While
// somebody works on the assignment there is no list.
func (c Center) List(ctx context.Context, lease provider.Lease) ([]string, error) {
	ids := []string{}
	err := c.inTurnOf(ctx, lease, func(ctx context.Context, d *desk) error {
		stands, err := d.stands(ctx)
		if stands {
			ids = append(ids, lease.KeyID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// Assigned lists everybody who has one of some permission sets, of which account and
// ARN are named. All of them or an error.
func (c Center) Assigned(ctx context.Context, center provider.Center, sets []access.Assignment) ([]access.Assignment, error) {
	ctx, cancel := context.WithTimeout(ctx, centerLongest)
	defer cancel()
	client, err := c.client(ctx, center, nil)
	if err != nil {
		return nil, err
	}
	d := &desk{aws: c.AWS, client: client}
	d.of.Center = center
	all := []access.Assignment{}
	for _, set := range sets {
		d.of.Of = set
		found, err := d.listed(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// client is one of Identity Center's, by a session that may do what one assignment
// needs; of nil that lists alone.
func (c Center) client(ctx context.Context, center provider.Center, of *access.Assignment) (*ssoadmin.Client, error) {
	return c.narrowed(ctx, center, func(partition, instance string) access.IAMPolicy {
		return centerPolicy(center.Instance, partition, instance, of)
	})
}

// narrowed is a client by a session that may do what a policy for a partition and an
// instance allows.
func (c Center) narrowed(ctx context.Context, center provider.Center, policy func(partition, instance string) access.IAMPolicy) (*ssoadmin.Client, error) {
	r, err := c.roleOf(center.Role)
	if err != nil {
		return nil, err
	}
	if err := checkRegions([]string{center.Region}); err != nil {
		return nil, err
	}
	partition, instance, ok := access.InstanceOf(center.Instance)
	if !ok || partition != r.partition || r.name != CenterRole {
		return nil, fmt.Errorf("%s does not assign at %q: %w", r.arn(), center.Instance, provider.ErrRefused)
	}
	k, err := c.assume(ctx, c.own(access.Session{
		Audience: access.STSAudience, Subject: c.Cell().Origin + "/identity-center", RoleARN: r.arn(), Name: centerSession, SourceIdentity: centerSession,
		Policy: string(canon.MustEncode(policy(partition, instance))), Duration: stopperLives, Regions: center.Regions,
	}))
	if err != nil {
		return nil, err
	}
	at := c.at("sso", r, center.Region)
	return ssoadmin.New(ssoadmin.Options{Region: at.region, BaseEndpoint: &at.url, HTTPClient: c.AWS.client, Credentials: k, Retryer: noRetry}), nil
}

// centerPolicy narrows the role to one assignment, or to listing.
func centerPolicy(arn, partition, instance string, of *access.Assignment) access.IAMPolicy {
	sso := "arn:" + partition + ":sso:::"
	where := []string{arn, sso + "permissionSet/" + instance + "/*", sso + "account/*"}
	actions := []string{"sso:ListAccountAssignments"}
	if of != nil {
		where = []string{arn, of.Set, sso + "account/" + of.Account}
		actions = append(actions, "sso:CreateAccountAssignment", "sso:DeleteAccountAssignment", "sso:DescribePermissionSet",
			"sso:DescribeAccountAssignmentCreationStatus", "sso:DescribeAccountAssignmentDeletionStatus",
			"sso:ListAccountAssignmentCreationStatus", "sso:ListAccountAssignmentDeletionStatus")
		slices.Sort(actions)
	}
	return access.IAMPolicy{Version: access.IAMVersion, Statement: []access.IAMStatement{{Effect: access.IAMAllow, Action: actions, Resource: where}}}
}

// inTurnOf does something about the assignment of a lease when it is its turn: of
// all that we do about one assignment nothing overlaps.
func (c Center) inTurnOf(ctx context.Context, lease provider.Lease, do func(context.Context, *desk) error) error {
	ctx, cancel := context.WithTimeout(ctx, centerLongest)
	defer cancel()
	of := lease.Assignment
	if of == nil {
		return fmt.Errorf("lease %s is not in Identity Center: %w", lease.KeyID, provider.ErrRefused)
	}
	_, instance, _ := access.InstanceOf(of.Center.Instance)
	_, in, ok := access.SetOf(of.Of.Set)
	if !ok || in != instance || !access.IsCenterID(of.Of.User) || of.Of.Group != "" || !slices.Contains(c.Cell().Accounts, of.Of.Account) {
		return fmt.Errorf("lease %s is not of a permission set of the instance, for a user and an account of the cell: %w", lease.KeyID, provider.ErrRefused)
	}
	leave, err := c.enter(ctx, strings.Join([]string{"assignment", of.Of.Account, of.Of.Set, of.Of.User}, " "))
	if err != nil {
		return err
	}
	defer leave()
	client, err := c.client(ctx, of.Center, &of.Of)
	if err != nil {
		return err
	}
	return do(ctx, &desk{aws: c.AWS, client: client, of: *of})
}

// listed is everybody who has the permission set in the account.
func (d *desk) listed(ctx context.Context) ([]access.Assignment, error) {
	var all []access.Assignment
	var next *string
	for range pagesMost {
		var page *ssoadmin.ListAccountAssignmentsOutput
		err := d.read(ctx, "list the assignments of a permission set", func(ctx context.Context) (err error) {
			page, err = d.client.ListAccountAssignments(ctx, &ssoadmin.ListAccountAssignmentsInput{
				InstanceArn: &d.of.Center.Instance, AccountId: &d.of.Of.Account, PermissionSetArn: &d.of.Of.Set, MaxResults: sdk.Int32(assignedOnPage), NextToken: next,
			})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, found := range page.AccountAssignments {
			a := access.Assignment{Account: d.of.Of.Account, Set: d.of.Of.Set}
			if found.PrincipalType == types.PrincipalTypeUser {
				a.User = sdk.ToString(found.PrincipalId)
			} else {
				a.Group = sdk.ToString(found.PrincipalId)
			}
			all = append(all, a)
		}
		if next = page.NextToken; sdk.ToString(next) == "" {
			return all, nil
		}
	}
	return nil, silent("list all assignments of a permission set")
}
