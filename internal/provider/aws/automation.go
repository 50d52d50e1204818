package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// ExecutorRole is the role that starts and stops executions, and can do nothing else.
const ExecutorRole = "halligan-executor"

// Tags of an execution: by them the role may read and stop its own and no other.
const (
	TagCell  = "halligan-cell"
	TagLease = "halligan-lease"
)

// Automation opens leases by executions of documents of Systems Manager, and closes
// them by cancelling those, so that the document's own step closes. It is a provider;
// its targets cannot be probed.
//
// An execution is known for a lease's by who started it: the session of the executor
// bears a name that follows from the lease. No record of ours has to say which it is.
type Automation struct{ *AWS }

// Automation is the provider of executions.
func (a *AWS) Automation() Automation { return Automation{a} }

// Times of an execution.
const (
	automationLongest = 100 * time.Second // of opening or closing one, its turn included
	listLongest       = 40 * time.Second  // of that: what is known then is ended
	executionsOnPage  = 50
	executionFirst    = 500 * time.Millisecond
	executionMost     = 4 * time.Second
	// startLives bounds when a call that starts something can still do so: the session
	// that makes it may start nothing afterwards, by the clock of AWS.
	startLives = 30 * time.Second
	// clocksApart is how far our clock may be from AWS's for that bound to be by ours.
	clocksApart = 5 * time.Second
	// noneAfter is how long after a lease was first looked for at its end no execution of
	// it can begin any more, nor be missing in a list. Both instants are AWS's, and in
	// this process: what an earlier one asked for, with whatever clock, it had asked for
	// by then.
	noneAfter = startLives + 45*time.Second
	// soughtMost is how long it is remembered when a lease was first looked for.
	soughtMost = 24 * time.Hour
)

// Open starts the execution of a lease, unless there is one, and returns when its step
// that opens has succeeded. It starts nothing but the version that was signed, with the
// content that was signed, and never a second one.
func (m Automation) Open(ctx context.Context, lease provider.Lease) error {
	return m.inTurnOf(ctx, lease, m.starting, func(ctx context.Context, x *executor) error {
		found, err := x.found(ctx)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			id, err := x.start(ctx)
			if err != nil {
				return err
			}
			found = []string{id}
		}
		return x.opened(ctx, found[0])
	})
}

// Close cancels what executions the lease has, and returns nil only when each is over
// and its step that closes has succeeded after the one that opens; or when there is
// none, was none seen to open, and none can begin any more.
func (m Automation) Close(ctx context.Context, lease provider.Lease) error {
	return m.inTurnOf(ctx, lease, m.ending, func(ctx context.Context, x *executor) error {
		found, unlisted := x.found(ctx)
		for _, id := range found { // also where not all could be listed: what is known is ended
			if err := x.end(ctx, id); err != nil {
				return err
			}
		}
		switch {
		case unlisted != nil || len(found) > 0:
			return unlisted
		case x.at.Before(m.seek(lease.KeyID, x.at).Add(noneAfter)):
			return fmt.Errorf("no execution of lease %s is listed, and one could begin still: %w", lease.KeyID, provider.ErrUnreachable)
		case x.of.Opened:
			return fmt.Errorf("no execution of lease %s is listed, and one opened it: a person must look, and close: %w", lease.KeyID, provider.ErrRefused)
		}
		m.forget(lease.KeyID)
		return nil
	})
}

// seek tells when the executions of a lease that is to be closed were first looked for,
// which is now if they were not.
func (a *AWS) seek(keyID string, now canon.Time) canon.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.sought, func(_ string, since canon.Time) bool { return now.Sub(since) > soughtMost })
	if _, known := a.sought[keyID]; !known {
		a.sought[keyID] = now
	}
	return a.sought[keyID]
}

// forget forgets that.
func (a *AWS) forget(keyID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.sought, keyID)
}

// Probe tells nothing: what a document opens, this cannot try.
func (m Automation) Probe(_ context.Context, leases []provider.Lease) []access.Round {
	rounds := make([]access.Round, len(leases))
	for i := range rounds {
		rounds[i] = silence
	}
	return rounds
}

// List gives the lease's key id if an execution of it is not over, did not close, or is
// gone.
func (m Automation) List(ctx context.Context, lease provider.Lease) ([]string, error) {
	ids := []string{}
	err := m.inTurnOf(ctx, lease, m.ending, func(ctx context.Context, x *executor) error {
		found, err := x.found(ctx)
		if err != nil {
			return err
		}
		if len(found) == 0 && x.of.Opened {
			ids = []string{lease.KeyID}
		}
		for _, id := range found {
			e, err := x.execution(ctx, id)
			if err != nil {
				return err
			}
			if x.closed(e) != nil {
				ids = []string{lease.KeyID}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

// executor is where one execution is worked on, in its turn.
type executor struct {
	aws    *AWS
	client *ssm.Client
	of     provider.Automation
	keyID  string
	by     string     // ARN of the session that starts
	at     canon.Time // by the clock of AWS
}

// policyOf is what a session of the executor may do for a lease, from an instant on.
type policyOf func(r role, of *provider.Automation, keyID string, at canon.Time) access.IAMPolicy

// inTurnOf does something about the execution of a lease when it is its turn, with a
// session that may do what a policy says.
func (m Automation) inTurnOf(ctx context.Context, lease provider.Lease, policy policyOf, do func(context.Context, *executor) error) error {
	ctx, cancel := context.WithTimeout(ctx, automationLongest)
	defer cancel()
	of := lease.Automation
	if of == nil {
		return fmt.Errorf("lease %s is not of an execution of Systems Manager: %w", lease.KeyID, provider.ErrRefused)
	}
	r, err := m.roleOf(of.Role)
	if err != nil {
		return err
	}
	acts, err := m.roleOf(of.ActsAs)
	if err != nil {
		return err
	}
	if err := checkRegions([]string{of.Region}); err != nil {
		return err
	}
	if r.name != ExecutorRole || acts.account != r.account || !access.IsDocument(of.Document) || of.Version < 1 {
		return fmt.Errorf("%s does not start %q: %w", r.arn(), of.Document, provider.ErrRefused)
	}
	leave, err := m.enter(ctx, "automation "+lease.KeyID)
	if err != nil {
		return err
	}
	defer leave()
	name := executionSession(lease)
	begin := func(at canon.Time) (keys, error) {
		return m.assume(ctx, m.own(access.Session{
			Audience: access.STSAudience, Subject: m.Cell().Origin + "/executor", RoleARN: r.arn(), Name: name, SourceIdentity: access.IdentityPrefix + lease.Request,
			Policy: string(canon.MustEncode(policy(r, of, lease.KeyID, at))), Duration: stopperLives, Regions: of.Regions, Door: of.Door,
		}))
	}
	now := m.Now()
	k, err := begin(now)
	if err == nil && k.begun(stopperLives).Sub(now).Abs() > clocksApart { // its bounds are wrong by AWS's clock, which alone counts
		k, err = begin(k.begun(stopperLives))
	}
	if err != nil {
		return err
	}
	return do(ctx, &executor{aws: m.AWS, client: m.ssm(r, of.Region, k), of: *of, keyID: lease.KeyID, by: r.session(name), at: k.begun(stopperLives)})
}

// executionSession names the executor's session for a lease, and no other.
func executionSession(lease provider.Lease) string {
	return access.IdentityPrefix + lease.Request + "-" + canon.Sum([]byte(lease.KeyID)).Short()
}

// token makes a start that is tried again the same start: a UUID that follows from
// the lease.
func (x *executor) token() string {
	text := canon.Sum([]byte("halligan execution\n" + x.aws.Cell().Origin + "\n" + x.keyID)).String()
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:32]}, "-")
}

// ending narrows the executor to seeing and stopping the executions of one lease.
func (m Automation) ending(r role, of *provider.Automation, keyID string, _ canon.Time) access.IAMPolicy {
	at := "arn:" + r.partition + ":ssm:" + of.Region + ":" + r.account + ":"
	return access.IAMPolicy{Version: access.IAMVersion, Statement: []access.IAMStatement{
		{Effect: access.IAMAllow, Action: []string{"ssm:DescribeAutomationExecutions"}, Resource: []string{"*"}},
		{
			Effect: access.IAMAllow, Action: []string{"ssm:GetAutomationExecution", "ssm:StopAutomationExecution"}, Resource: []string{at + "automation-execution/*"},
			Condition: map[string]map[string][]string{"StringEquals": {"aws:ResourceTag/" + TagLease: {keyID}}},
		},
	}}
}

// starting narrows it to that, and to starting one version of one document within the
// moments after an instant.
func (m Automation) starting(r role, of *provider.Automation, keyID string, at canon.Time) access.IAMPolicy {
	where := "arn:" + r.partition + ":ssm:" + of.Region + ":" + r.account + ":"
	policy := m.ending(r, of, keyID, at)
	over := at.Add(startLives).Std().UTC().Format("2006-01-02T15:04:05Z")
	policy.Statement = append(policy.Statement,
		access.IAMStatement{Effect: access.IAMAllow, Action: []string{"ssm:DescribeDocument", "ssm:GetDocument"}, Resource: []string{where + "document/" + of.Document}},
		access.IAMStatement{Effect: access.IAMAllow, Action: []string{"ssm:StartAutomationExecution"}, Resource: []string{
			where + "automation-definition/" + of.Document + ":" + strconv.FormatInt(of.Version, 10), where + "document/" + of.Document,
		}},
		access.IAMStatement{
			Effect: access.IAMAllow, Action: []string{"ssm:AddTagsToResource"}, Resource: []string{where + "automation-execution/*"},
			Condition: map[string]map[string][]string{"StringEquals": {"aws:RequestTag/" + TagLease: {keyID}}},
		},
		access.IAMStatement{Effect: access.IAMAllow, Action: []string{"iam:PassRole"}, Resource: []string{of.ActsAs}},
		access.IAMStatement{
			Effect: access.IAMDeny, Action: []string{"ssm:StartAutomationExecution"}, Resource: []string{"*"},
			Condition: map[string]map[string][]string{"DateGreaterThanEquals": {"aws:CurrentTime": {over}}},
		})
	return policy
}

// call asks Systems Manager something, again where that may help and can do no harm.
func (x *executor) call(ctx context.Context, tried string, once func(context.Context) error) error {
	return x.aws.inTurn(ctx, []string{x.of.Region}, func(ctx context.Context, _ string) error {
		ctx, cancel := context.WithTimeout(ctx, readLongest)
		defer cancel()
		return judge(ctx, tried, once(ctx))
	})
}

// found are the executions that the lease's session started, newest first: all of them,
// or an error and those that were listed before it.
func (x *executor) found(ctx context.Context) (ids []string, err error) {
	tried := "list the executions of " + x.of.Document
	within, cancel := context.WithTimeout(ctx, listLongest)
	defer cancel()
	var all []types.AutomationExecutionMetadata
	var next *string
	for more, pages := true, 0; more && err == nil; pages++ {
		if pages == pagesMost {
			err = silent(tried)
			break
		}
		var page *ssm.DescribeAutomationExecutionsOutput
		err = x.call(within, tried, func(ctx context.Context) (err error) {
			page, err = x.client.DescribeAutomationExecutions(ctx, &ssm.DescribeAutomationExecutionsInput{
				Filters:    []types.AutomationExecutionFilter{{Key: types.AutomationExecutionFilterKeyDocumentNamePrefix, Values: []string{x.of.Document}}},
				MaxResults: sdk.Int32(executionsOnPage), NextToken: next,
			})
			return err
		})
		if err == nil {
			all = append(all, slices.DeleteFunc(page.AutomationExecutionMetadataList, func(e types.AutomationExecutionMetadata) bool {
				return sdk.ToString(e.ExecutedBy) != x.by || sdk.ToString(e.DocumentName) != x.of.Document || e.AutomationExecutionId == nil
			})...)
			next = page.NextToken
			more = sdk.ToString(next) != ""
		}
	}
	slices.SortStableFunc(all, func(a, b types.AutomationExecutionMetadata) int {
		return sdk.ToTime(b.ExecutionStartTime).Compare(sdk.ToTime(a.ExecutionStartTime))
	})
	for _, e := range all {
		ids = append(ids, *e.AutomationExecutionId)
	}
	return ids, err
}
