package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/halligan-dev/halligan/internal/provider"
)

// desk is where one assignment is worked on, in its turn.
type desk struct {
	aws    *AWS
	client *ssoadmin.Client
	of     provider.Assignment
}

// read asks something that changes nothing, again where that may help.
func (d *desk) read(ctx context.Context, tried string, once func(context.Context) error) error {
	return d.aws.inTurn(ctx, []string{d.of.Center.Region}, func(ctx context.Context, _ string) error {
		ctx, cancel := context.WithTimeout(ctx, ssoLongest)
		defer cancel()
		return judge(ctx, tried, once(ctx))
	})
}

// change asks for something that changes the assignment, again only while the
// answer is that others are at it. Where there is none, the call may have arrived:
// it is given a while before anybody else's turn, who then looks at what is so.
func (d *desk) change(ctx context.Context, tried string, once func(context.Context) error) error {
	for pause := workFirst; ; pause = min(2*pause, workMost) {
		limited, cancel := context.WithTimeout(ctx, ssoLongest)
		err := judge(limited, tried, once(limited))
		cancel()
		switch classOf(err) {
		case busy:
			if d.aws.Wait(ctx, pause) != nil {
				return err
			}
			continue
		case elsewhere:
			_ = d.aws.Wait(ctx, settle)
		}
		return err
	}
}

func isNeeded(of *provider.Assignment) bool { return of.Needed != nil && of.Needed() }

// asSigned refuses a permission set that is another than the scenario says.
func (d *desk) asSigned(ctx context.Context) error {
	set, err := d.set(ctx)
	if err != nil {
		return err
	}
	if sdk.ToString(set.Name) != d.of.Set {
		return fmt.Errorf("the permission set is not named %s, as the scenario says: %w", d.of.Set, provider.ErrRefused)
	}
	return d.shortEnough(set)
}

// asShort refuses to tell the end by the length of sessions where they may be longer
// now than was signed. A permission set that is no more begins none.
func (d *desk) asShort(ctx context.Context) error {
	set, err := d.set(ctx)
	switch {
	case names(err, "ResourceNotFoundException"):
		return nil
	case err != nil:
		return err
	}
	return d.shortEnough(set)
}

func (d *desk) shortEnough(set *types.PermissionSet) error {
	text := sdk.ToString(set.SessionDuration)
	if longest, ok := hours(text); !ok || longest > d.of.Session.Duration() {
		return fmt.Errorf("sessions of the permission set may last %q, longer than the %s of the scenario: %w", clean(text), d.of.Session, provider.ErrRefused)
	}
	return nil
}

func (d *desk) set(ctx context.Context) (*types.PermissionSet, error) {
	var out *ssoadmin.DescribePermissionSetOutput
	err := d.read(ctx, "look at the permission set", func(ctx context.Context) (err error) {
		out, err = d.client.DescribePermissionSet(ctx, &ssoadmin.DescribePermissionSetInput{InstanceArn: &d.of.Center.Instance, PermissionSetArn: &d.of.Of.Set})
		return err
	})
	if err == nil && out.PermissionSet == nil {
		return nil, silent("look at the permission set")
	}
	if err != nil {
		return nil, err
	}
	return out.PermissionSet, nil
}

// hours reads a length of ISO 8601 as a permission set can have it, such as PT1H30M.
// One that has none lives an hour.
func hours(text string) (time.Duration, bool) {
	rest, ok := strings.CutPrefix(text, "PT")
	if text == "" {
		return time.Hour, true
	}
	length, err := time.ParseDuration(strings.ToLower(rest))
	return length, ok && err == nil && length > 0 && strings.ToUpper(rest) == rest
}

// stands tells whether the assignment is listed, once nobody works on it any more: a
// server that died may have asked for something that is still to come. What then came
// of it, lists may show late.
func (d *desk) stands(ctx context.Context) (bool, error) {
	for _, w := range []work{making, deleting} {
		came, err := d.settled(ctx, w)
		if err == nil && came {
			err = d.until(ctx, w == making)
		}
		if err != nil {
			return false, err
		}
	}
	listed, err := d.listed(ctx)
	return slices.Contains(listed, d.of.Of), err
}

// work is what Identity Center does about assignments, in its own time.
type work int

const (
	making work = iota
	deleting
)

var inProgress = &types.OperationStatusFilter{Status: types.StatusValuesInProgress}

// underWay is a page of the work that is not done.
func (d *desk) underWay(ctx context.Context, w work, next *string) ([]types.AccountAssignmentOperationStatusMetadata, *string, error) {
	size := sdk.Int32(assignedOnPage)
	if w == making {
		out, err := d.client.ListAccountAssignmentCreationStatus(ctx, &ssoadmin.ListAccountAssignmentCreationStatusInput{
			InstanceArn: &d.of.Center.Instance, Filter: inProgress, MaxResults: size, NextToken: next,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.AccountAssignmentsCreationStatus, out.NextToken, nil
	}
	out, err := d.client.ListAccountAssignmentDeletionStatus(ctx, &ssoadmin.ListAccountAssignmentDeletionStatusInput{
		InstanceArn: &d.of.Center.Instance, Filter: inProgress, MaxResults: size, NextToken: next,
	})
	if err != nil {
		return nil, nil, err
	}
	return out.AccountAssignmentsDeletionStatus, out.NextToken, nil
}

// settled waits until no work of a kind is about the assignment, and tells whether some
// was, and was done.
func (d *desk) settled(ctx context.Context, w work) (came bool, err error) {
	var next *string
	for range pagesMost {
		var page []types.AccountAssignmentOperationStatusMetadata
		err := d.read(ctx, "list what Identity Center works on", func(ctx context.Context) error {
			found, after, err := d.underWay(ctx, w, next)
			if err == nil {
				page, next = found, after
			}
			return err
		})
		if err != nil {
			return came, err
		}
		for _, found := range page {
			status, err := d.status(ctx, w, found.RequestId)
			if err != nil {
				return came, err
			}
			if ours := sdk.ToString(status.TargetId) == d.of.Of.Account && sdk.ToString(status.PermissionSetArn) == d.of.Of.Set && sdk.ToString(status.PrincipalId) == d.of.Of.User; !ours {
				continue
			}
			if status, err = d.done(ctx, w, status); err != nil {
				return came, err
			}
			came = came || status.Status == types.StatusValuesSucceeded
		}
		if sdk.ToString(next) == "" {
			return came, nil
		}
	}
	return came, silent("list all that Identity Center works on")
}

// status is how a piece of work stands.
func (d *desk) status(ctx context.Context, w work, request *string) (status *types.AccountAssignmentOperationStatus, err error) {
	err = d.read(ctx, "look how an assignment stands", func(ctx context.Context) error {
		if w == making {
			out, err := d.client.DescribeAccountAssignmentCreationStatus(ctx, &ssoadmin.DescribeAccountAssignmentCreationStatusInput{
				InstanceArn: &d.of.Center.Instance, AccountAssignmentCreationRequestId: request,
			})
			if err == nil {
				status = out.AccountAssignmentCreationStatus
			}
			return err
		}
		out, err := d.client.DescribeAccountAssignmentDeletionStatus(ctx, &ssoadmin.DescribeAccountAssignmentDeletionStatusInput{
			InstanceArn: &d.of.Center.Instance, AccountAssignmentDeletionRequestId: request,
		})
		if err == nil {
			status = out.AccountAssignmentDeletionStatus
		}
		return err
	})
	if err == nil && status == nil {
		return nil, silent("look how an assignment stands")
	}
	return status, err
}

// done waits until a piece of work is done, or has failed.
func (d *desk) done(ctx context.Context, w work, status *types.AccountAssignmentOperationStatus) (*types.AccountAssignmentOperationStatus, error) {
	for pause := workFirst; status.Status == types.StatusValuesInProgress; pause = min(2*pause, workMost) {
		if d.aws.Wait(ctx, pause) != nil {
			return nil, silent("wait for Identity Center")
		}
		var err error
		if status, err = d.status(ctx, w, status.RequestId); err != nil {
			return nil, err
		}
	}
	return status, nil
}

// create asks for the assignment, and waits for what comes of it.
func (d *desk) create(ctx context.Context) error {
	tried := "assign " + d.of.Set
	var status *types.AccountAssignmentOperationStatus
	err := d.change(ctx, tried, func(ctx context.Context) error {
		out, err := d.client.CreateAccountAssignment(ctx, &ssoadmin.CreateAccountAssignmentInput{
			InstanceArn: &d.of.Center.Instance, PermissionSetArn: &d.of.Of.Set, TargetId: &d.of.Of.Account, TargetType: types.TargetTypeAwsAccount,
			PrincipalId: &d.of.Of.User, PrincipalType: types.PrincipalTypeUser,
		})
		if err == nil {
			status = out.AccountAssignmentCreationStatus
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.came(ctx, making, tried, status)
}

// delete asks for the assignment to go. That there is none is what is wanted, however
// Identity Center calls it.
func (d *desk) delete(ctx context.Context) error {
	tried := "delete the assignment of " + d.of.Set
	var status *types.AccountAssignmentOperationStatus
	err := d.change(ctx, tried, func(ctx context.Context) error {
		out, err := d.client.DeleteAccountAssignment(ctx, &ssoadmin.DeleteAccountAssignmentInput{
			InstanceArn: &d.of.Center.Instance, PermissionSetArn: &d.of.Of.Set, TargetId: &d.of.Of.Account, TargetType: types.TargetTypeAwsAccount,
			PrincipalId: &d.of.Of.User, PrincipalType: types.PrincipalTypeUser,
		})
		if err == nil {
			status = out.AccountAssignmentDeletionStatus
		}
		return err
	})
	if err == nil {
		err = d.came(ctx, deleting, tried, status)
	}
	if err == nil || names(err, "ResourceNotFoundException") {
		return nil // the list, which is asked next, says whether it is so
	}
	if listed, wrong := d.listed(ctx); wrong == nil && errors.Is(err, errFailed) && !slices.Contains(listed, d.of.Of) {
		return nil
	}
	return err
}

var errFailed = fmt.Errorf("the work failed: %w", provider.ErrRefused)

// came waits for a piece of work, and tells why it failed.
func (d *desk) came(ctx context.Context, w work, tried string, status *types.AccountAssignmentOperationStatus) error {
	if status == nil {
		return silent(tried)
	}
	status, err := d.done(ctx, w, status)
	if err == nil && status.Status == types.StatusValuesFailed {
		err = fmt.Errorf("cannot %s: Identity Center says: %s: %w", tried, clean(sdk.ToString(status.FailureReason)), errFailed)
	}
	return err
}

// until waits until the list says so too.
func (d *desk) until(ctx context.Context, stands bool) error {
	for pause := workFirst; ; pause = min(2*pause, workMost) {
		listed, err := d.listed(ctx)
		if err != nil || slices.Contains(listed, d.of.Of) == stands {
			return err
		}
		if d.aws.Wait(ctx, pause) != nil {
			return silent("see the assignment of " + d.of.Set + " in the list as it was changed")
		}
	}
}

// clean is a reason of Identity Center's, on one line and short. Nothing secret is
// sent there that it could quote.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, text)
	return text[:min(len(text), 200)]
}
