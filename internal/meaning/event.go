package meaning

import "strings"

// Event is what EventBridge makes of a record of CloudTrail and hands to rules, by the
// vendor's "AWS service events delivered via CloudTrail".
func Event(record map[string]any) map[string]any {
	source, _ := record["eventSource"].(string)
	service, _, _ := strings.Cut(source, ".")
	return map[string]any{
		"version": "0", "source": "aws." + service, "detail-type": detailType(record, service),
		"account": account(record), "region": record["awsRegion"], "time": record["eventTime"],
		"resources": []any{}, "detail": record,
	}
}

// detailType goes by the record's type; records from before CloudTrail 1.02 have none.
func detailType(record map[string]any, service string) string {
	kind, _ := record["eventType"].(string)
	_, insight := record["insightType"]
	switch {
	case insight:
		return "AWS Insight via CloudTrail"
	case strings.EqualFold(kind, "AwsConsoleSignIn"), kind == "" && service == "signin":
		return "AWS Console Sign In via CloudTrail"
	case kind == "AwsServiceEvent":
		return "AWS Service Event via CloudTrail"
	}
	return "AWS API Call via CloudTrail"
}

func account(record map[string]any) any {
	if id, ok := record["recipientAccountId"]; ok {
		return id
	}
	identity, _ := record["userIdentity"].(map[string]any)
	return identity["accountId"]
}
