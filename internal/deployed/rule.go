package deployed

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// Rule is a rule of EventBridge on the default bus of a region.
type Rule struct {
	Name, State, Pattern string
	Targets              []Target
}

// Target is where a rule sends what it matched.
type Target struct {
	ARN  string
	Role string // ARN; empty: none
}

// Hearers counts who is subscribed to a topic and has confirmed it. A topic that is not
// there has none, and is not there. Where they are is not kept.
func Hearers(ctx context.Context, c aws.Config, judge Judge, topic string) (confirmed int, there bool, err error) {
	client := sns.NewFromConfig(c)
	tried := "list who is subscribed to the alarms in " + c.Region
	var next *string
	for range rulePages {
		page, err := client.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic, NextToken: next})
		var none *types.NotFoundException
		switch {
		case errors.As(err, &none):
			return 0, false, nil
		case err != nil:
			return 0, false, judge(ctx, tried, err)
		}
		for _, s := range page.Subscriptions {
			if strings.HasPrefix(aws.ToString(s.SubscriptionArn), "arn:") { // and not PendingConfirmation, or Deleted
				confirmed++
			}
		}
		if next = page.NextToken; aws.ToString(next) == "" {
			return confirmed, true, nil
		}
	}
	return confirmed, true, nil // more than anybody would count
}

const (
	rulePages = 20
	rulesMost = 100 // whose targets are read
)

// Rules are the rules of a region whose names begin so, with their targets.
func Rules(ctx context.Context, c aws.Config, judge Judge, begin string) (all []Rule, err error) {
	client := eventbridge.NewFromConfig(c)
	tried := "list the rules of EventBridge in " + c.Region
	var next *string
	for range rulePages {
		page, err := client.ListRules(ctx, &eventbridge.ListRulesInput{NamePrefix: &begin, NextToken: next})
		if err != nil {
			return nil, judge(ctx, tried, err)
		}
		for _, r := range page.Rules {
			all = append(all, Rule{Name: aws.ToString(r.Name), State: string(r.State), Pattern: aws.ToString(r.EventPattern)})
		}
		if len(all) > rulesMost {
			return nil, fmt.Errorf("cannot %s: there are over %d whose names begin with %s", tried, rulesMost, begin)
		}
		if next = page.NextToken; aws.ToString(next) == "" {
			return targets(ctx, client, judge, all)
		}
	}
	return nil, fmt.Errorf("cannot %s: there are over %d pages", tried, rulePages)
}

// targets fills in whom rules tell. A rule has five targets at most.
func targets(ctx context.Context, client *eventbridge.Client, judge Judge, all []Rule) ([]Rule, error) {
	for i := range all {
		r := &all[i]
		tried := "list the targets of rule " + r.Name + " in " + client.Options().Region
		page, err := client.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: &r.Name})
		switch {
		case err != nil:
			return nil, judge(ctx, tried, err)
		case aws.ToString(page.NextToken) != "":
			return nil, fmt.Errorf("cannot %s: there is more than a page of them", tried)
		}
		for _, t := range page.Targets {
			r.Targets = append(r.Targets, Target{aws.ToString(t.Arn), aws.ToString(t.RoleArn)})
		}
	}
	return all, nil
}
