package aws

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/aws/smithy-go"

	"github.com/halligan-dev/halligan/internal/provider"
)

// fault says why something could not be done. It holds what was tried, in our
// words, and the name of AWS's error, and nothing else that AWS said: that could
// quote the token.
type fault struct {
	tried string
	said  string // name of the error; empty: there was no answer
	kind  error  // provider.ErrUnreachable or provider.ErrRefused
	class class
}

type class int

const (
	final     class = iota
	elsewhere       // another region may do
	busy            // and so may the same, after a pause
	issuer          // STS cannot use the issuer
)

// Error names what was tried and what came of it.
func (f *fault) Error() string {
	switch {
	case f.said == "":
		return "cannot " + f.tried + ": AWS did not answer"
	case hints[f.said] != "":
		return "cannot " + f.tried + ": AWS says " + f.said + ": " + hints[f.said]
	}
	return "cannot " + f.tried + ": AWS says " + f.said
}

// Unwrap gives the kind.
func (f *fault) Unwrap() error { return f.kind }

// What the names of errors mean for us. STS names some of them in two ways.
var (
	throttled = []string{"Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "RequestThrottled",
		"RequestThrottledException", "TooManyRequestsException", "SlowDown", "PriorRequestNotComplete", "LimitExceededException", "BandwidthLimitExceeded",
		"AutomationExecutionLimitExceededException", "IdempotentParameterMismatch"}
	changing  = []string{"ConflictException", "ConcurrentModification", "ConcurrentModificationException", "PolicyChangesInProgressException", "EntityTemporarilyUnmodifiable", "EntityTemporarilyUnmodifiableException", "OperationAborted"}
	unusable  = []string{"IDPCommunicationError", "IDPCommunicationErrorException", "InvalidIdentityToken", "InvalidIdentityTokenException"}
	notHere   = []string{"RegionDisabled", "RegionDisabledException", "OptInRequired", "InternalFailure", "InternalError", "InternalServerError", "InternalServiceError", "ServiceUnavailable", "ServiceUnavailableException", "ServiceFailure", "ServiceFailureException", "ServiceException", "RequestTimeout"}
	denied    = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "AuthorizationErrorException"}
	codeShape = regexp.MustCompile(`^[A-Z][A-Za-z]{1,48}(\.[A-Z][A-Za-z]{1,40})?$`)
)

var hints = map[string]string{
	"IDPCommunicationError":     "STS could not read the issuer's keys; halligan issuer check shows what it publishes",
	"InvalidIdentityToken":      "STS does not accept the issuer; compare its provider in IAM, and halligan issuer check",
	"ExpiredToken":              "the token was over when it arrived; compare this server's clock, and fetch anew",
	"ExpiredTokenException":     "the token was over when it arrived; compare this server's clock, and fetch anew",
	"AccessDenied":              "the role's trust or a policy above it does not let this session in; halligan blueprint shows what should be there",
	"PackedPolicyTooLarge":      "the session's policy and tags are too large together; narrow the scenario's session_policy",
	"MalformedPolicyDocument":   "it does not take the session's policy; halligan lint checks the scenario's",
	"NoSuchEntity":              "the role or a stop slot is not there; halligan blueprint makes it",
	"NoSuchEntityException":     "the role or a stop slot is not there; halligan blueprint makes it",
	"ResourceNotFoundException": "the permission set, the user or the account is not there; compare the scenario and cell.yaml with IAM Identity Center",
	"PolicyNotFoundException":   "the policy of denials is not there; compare aws.identity_center.denial in cell.yaml",
	"LimitExceeded":             "the role has no room for its stop slot; detach policies that are not of the blueprint",
	"RegionDisabled":            "the account has this region switched off",
	"RegionDisabledException":   "the account has this region switched off",
	"IDPRejectedClaim":          "STS does not accept the token",
	"UnrecognizedClientError":   "the credentials are not known there",
	"InvalidClientTokenId":      "the credentials are not known there",

	"InvalidDocument":                               "the document is not there; compare the scenario with Systems Manager in that region",
	"InvalidDocumentVersion":                        "the document has no such version; compare the scenario with aws ssm list-document-versions",
	"AutomationDefinitionNotFoundException":         "the document is not there; compare the scenario with Systems Manager in that region",
	"AutomationDefinitionVersionNotFoundException":  "the document has no such version; compare the scenario with aws ssm list-document-versions",
	"InvalidAutomationExecutionParametersException": "the document takes other parameters than the scenario gives",
	"IdempotentParameterMismatch":                   "an execution of this lease was started before and is not listed yet",
}

// silent is the fault of a call that nobody answered.
func silent(tried string) error {
	return &fault{tried: tried, kind: provider.ErrUnreachable, class: elsewhere}
}

// said is the fault of a call that AWS answered with an error of this name.
func said(tried, code string) *fault {
	if !codeShape.MatchString(code) {
		code = "something that is no error's name"
	}
	f := &fault{tried: tried, said: code, kind: provider.ErrRefused}
	switch {
	case slices.Contains(throttled, code), slices.Contains(changing, code):
		f.kind, f.class = provider.ErrUnreachable, busy
	case slices.Contains(unusable, code):
		f.kind, f.class = provider.ErrUnreachable, issuer
	case slices.Contains(notHere, code):
		f.kind, f.class = provider.ErrUnreachable, elsewhere
	}
	return f
}

// judge makes a fault of what a client of the SDK gave.
func judge(ctx context.Context, tried string, err error) error {
	var named smithy.APIError
	var response *smithyhttp.ResponseError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled):
		return silent(tried)
	case errors.As(err, &named) && named.ErrorCode() != "" && !strings.HasPrefix(named.ErrorCode(), "Unknown"):
		f := said(tried, named.ErrorCode())
		if f.class == final && errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError {
			f.kind, f.class = provider.ErrUnreachable, elsewhere
		}
		return f
	}
	return silent(tried)
}

// classOf tells what may be done about an error.
func classOf(err error) class {
	var f *fault
	if errors.As(err, &f) {
		return f.class
	}
	return final
}

// names tells whether an error has one of these names.
func names(err error, codes ...string) bool {
	var f *fault
	return errors.As(err, &f) && slices.Contains(codes, f.said)
}
