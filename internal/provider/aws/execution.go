package aws

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/provider"
)

// over are the states of an execution in which nothing of it runs any more.
var over = []types.AutomationExecutionStatus{
	types.AutomationExecutionStatusSuccess, types.AutomationExecutionStatusFailed, types.AutomationExecutionStatusTimedout,
	types.AutomationExecutionStatusCancelled, types.AutomationExecutionStatusRejected, types.AutomationExecutionStatusExited,
	types.AutomationExecutionStatusCompletedWithSuccess, types.AutomationExecutionStatusCompletedWithFailure,
}

// asSigned refuses a document that is another than was signed, or is not this account's.
func (x *executor) asSigned(ctx context.Context) error {
	version := strconv.FormatInt(x.of.Version, 10)
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("version %s of document %s %s: %w", version, x.of.Document, fmt.Sprintf(format, args...), provider.ErrChanged)
	}
	tried := "look at the document " + x.of.Document
	var about *ssm.DescribeDocumentOutput
	err := x.call(ctx, tried, func(ctx context.Context) (err error) {
		about, err = x.client.DescribeDocument(ctx, &ssm.DescribeDocumentInput{Name: &x.of.Document, DocumentVersion: &version})
		return err
	})
	if err != nil {
		return err
	}
	d := about.Document
	switch {
	case d == nil:
		return silent(tried)
	case d.DocumentType != types.DocumentTypeAutomation:
		return wrong("is no document of Automation")
	case d.Status != types.DocumentStatusActive:
		return wrong("cannot be used: it is %s", clean(string(d.Status)))
	}
	var got *ssm.GetDocumentOutput
	err = x.call(ctx, tried, func(ctx context.Context) (err error) {
		got, err = x.client.GetDocument(ctx, &ssm.GetDocumentInput{Name: &x.of.Document, DocumentVersion: &version, DocumentFormat: d.DocumentFormat})
		return err
	})
	if err != nil {
		return err
	}
	if is := canon.Sum([]byte(sdk.ToString(got.Content))); sdk.ToString(got.DocumentVersion) != version || is != x.of.Digest {
		return wrong("has the digest %s, and the scenario says %s: somebody must look what changed", is, x.of.Digest)
	}
	return nil
}

// start asks for the execution. What was asked for before is not asked for again: the
// token says so, and Systems Manager gives that execution's id.
func (x *executor) start(ctx context.Context) (id string, err error) {
	if err := x.asSigned(ctx); err != nil {
		return "", err
	}
	if x.of.Held != nil && !x.of.Held() { // it ended while this waited, and may be seen closed already
		return "", fmt.Errorf("lease %s is to be opened no more: %w", x.keyID, provider.ErrRefused)
	}
	given := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(x.of.Parameters)) {
		given[name] = []string{x.of.Parameters[name]}
	}
	token, version, origin := x.token(), strconv.FormatInt(x.of.Version, 10), x.aws.Cell().Origin
	tried := "start the document " + x.of.Document
	ctx, cancel := context.WithTimeout(ctx, readLongest)
	defer cancel()
	out, err := x.client.StartAutomationExecution(ctx, &ssm.StartAutomationExecutionInput{
		DocumentName: &x.of.Document, DocumentVersion: &version, ClientToken: &token, Parameters: given,
		Tags: []types.Tag{{Key: sdk.String(TagCell), Value: &origin}, {Key: sdk.String(TagLease), Value: &x.keyID}},
	})
	if err != nil {
		return "", judge(ctx, tried, err)
	}
	if sdk.ToString(out.AutomationExecutionId) == "" {
		return "", silent(tried)
	}
	return *out.AutomationExecutionId, nil
}

// execution is how one stands, with all its steps.
func (x *executor) execution(ctx context.Context, id string) (*types.AutomationExecution, error) {
	tried := "look at an execution of " + x.of.Document
	var out *ssm.GetAutomationExecutionOutput
	err := x.call(ctx, tried, func(ctx context.Context) (err error) {
		out, err = x.client.GetAutomationExecution(ctx, &ssm.GetAutomationExecutionInput{AutomationExecutionId: &id})
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case out.AutomationExecution == nil || sdk.ToString(out.AutomationExecution.AutomationExecutionId) != id:
		return nil, silent(tried)
	case out.AutomationExecution.StepExecutionsTruncated:
		return nil, fmt.Errorf("execution %s of %s has more steps than Systems Manager shows at once: %w", clean(id), x.of.Document, provider.ErrRefused)
	}
	return out.AutomationExecution, nil
}

// steps are what ran under a name, in order.
func steps(e *types.AutomationExecution, name string) (all []types.StepExecution) {
	for _, s := range e.StepExecutions {
		if sdk.ToString(s.StepName) == name {
			all = append(all, s)
		}
	}
	return all
}

// closes tells whether the step that closes has begun: who cancels then would cancel it.
func (x *executor) closes(e *types.AutomationExecution) bool {
	return slices.ContainsFunc(steps(e, x.of.Closes), func(s types.StepExecution) bool { return s.ExecutionStartTime != nil })
}

// opened waits until the step that opens has succeeded.
func (x *executor) opened(ctx context.Context, id string) error {
	for pause := executionFirst; ; pause = min(2*pause, executionMost) {
		e, err := x.execution(ctx, id)
		if err != nil {
			return err
		}
		if sdk.ToString(e.ExecutedBy) != x.by { // no list would show it as the lease's
			if err := x.cancel(ctx, id); err != nil {
				return err
			}
			return fmt.Errorf("execution %s of %s is not said to be by %s, so that nobody could find it at the end, and is cancelled: look that it closed: %w", clean(id), x.of.Document, x.by, provider.ErrRefused)
		}
		succeeded := slices.ContainsFunc(steps(e, x.of.Opens), func(s types.StepExecution) bool { return s.StepStatus == types.AutomationExecutionStatusSuccess })
		switch {
		case x.closes(e) || slices.Contains(over, e.AutomationExecutionStatus):
			return fmt.Errorf("execution %s of %s closes or is over (%s); an execution is started once for a grant: %w", clean(id), x.of.Document, clean(string(e.AutomationExecutionStatus)), provider.ErrRefused)
		case succeeded:
			return nil
		}
		if x.aws.Wait(ctx, pause) != nil {
			return silent("see the step " + x.of.Opens + " of " + x.of.Document + " succeed")
		}
	}
}

// end has an execution cancelled, never completed: only the cancelled one runs what
// closes. It waits until it is over, and insists on what it closed.
func (x *executor) end(ctx context.Context, id string) error {
	asked := false
	for pause := executionFirst; ; pause = min(2*pause, executionMost) {
		e, err := x.execution(ctx, id)
		if err != nil {
			return err
		}
		if slices.Contains(over, e.AutomationExecutionStatus) {
			return x.closed(e)
		}
		if !asked && !x.closes(e) && e.AutomationExecutionStatus != types.AutomationExecutionStatusCancelling {
			if err := x.cancel(ctx, id); err != nil {
				return err
			}
			asked = true
		}
		if x.aws.Wait(ctx, pause) != nil {
			return silent("see the cancelled execution of " + x.of.Document + " be over")
		}
	}
}

// cancel has an execution cancelled, and asks once: where the answer is lost its step that
// closes may have begun by now, and would be cancelled with it. Whoever tries again looks first.
func (x *executor) cancel(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, readLongest)
	defer cancel()
	_, err := x.client.StopAutomationExecution(ctx, &ssm.StopAutomationExecutionInput{AutomationExecutionId: &id, Type: types.StopTypeCancel})
	if err = judge(ctx, "cancel an execution of "+x.of.Document, err); err != nil && !names(err, "InvalidAutomationStatusUpdateException") { // that says that it is over, or being cancelled
		return err
	}
	return nil
}

// closed tells why an execution does not show that what it opened is closed. Nil: its
// last step that closes has succeeded, and began after the last that opens was over.
func (x *executor) closed(e *types.AutomationExecution) error {
	id, status := clean(sdk.ToString(e.AutomationExecutionId)), clean(string(e.AutomationExecutionStatus))
	if !slices.Contains(over, e.AutomationExecutionStatus) {
		return fmt.Errorf("execution %s of %s is %s: %w", id, x.of.Document, status, provider.ErrUnreachable)
	}
	closes := steps(e, x.of.Closes)
	if len(closes) == 0 || closes[len(closes)-1].StepStatus != types.AutomationExecutionStatusSuccess {
		return fmt.Errorf("execution %s of %s is over (%s), and its step %s has not succeeded: a person must look, and close: %w", id, x.of.Document, status, x.of.Closes, provider.ErrRefused)
	}
	began := sdk.ToTime(closes[len(closes)-1].ExecutionStartTime)
	for _, s := range steps(e, x.of.Opens) {
		if s.ExecutionStartTime != nil && (s.ExecutionEndTime == nil || began.Before(s.ExecutionEndTime.Truncate(time.Second))) {
			return fmt.Errorf("the step %s of execution %s of %s was not over before %s began: a person must look: %w", x.of.Opens, id, x.of.Document, x.of.Closes, provider.ErrRefused)
		}
	}
	return nil
}
