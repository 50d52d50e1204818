package meaning_test

import (
	"slices"
	"testing"
)

// TestRulesSeeRootSessions: whoever becomes a root user for a task is told of, in whichever
// region they ask, let in or not; taking another role is no such thing. The record is of
// the form that AWS documents.
func TestRulesSeeRootSessions(t *testing.T) {
	b := sampleBlueprint(t)
	const rule = "halligan-root-session"
	became := record{
		"eventVersion": "1.08", "source": "aws.sts", "eventSource": "sts.amazonaws.com", "eventName": "AssumeRoot", "eventType": "AwsApiCall", "readOnly": true, "awsRegion": "eu-west-1",
		"userIdentity":      record{"type": "AssumedRole", "arn": "arn:aws:sts::111111111111:assumed-role/John/JohnRole1", "accountId": "111111111111"},
		"requestParameters": record{"targetPrincipal": "222222222222", "taskPolicyArn": record{"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"}},
	}
	for name, r := range map[string]record{"let in": became, "refused": changed(became, map[string]any{"errorCode": "AccessDenied"}), "elsewhere": changed(became, map[string]any{"awsRegion": "us-west-2"})} {
		if got := fires(t, b, r); !slices.Contains(got, rule) {
			t.Errorf("%s: sets off %v", name, got)
		}
	}
	if got := fires(t, b, first(t, recorded(t), "AssumeRole", false)); slices.Contains(got, rule) {
		t.Errorf("taking a role sets off %v", got)
	}
}
