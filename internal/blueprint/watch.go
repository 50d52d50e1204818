package blueprint

import "cmp"

// What of an account watches: rules in each region, a topic there that tells
// people, and a bus in the home region that keeps what was seen.

const (
	// AlarmTopic tells people, in each region by itself: one region's failure
	// silences no other.
	AlarmTopic = prefix + "alarms"
	busName    = prefix + "events"
	forwarder  = prefix + "forward"
	// topicPrefix is how the name of a topic must begin that an approval may use.
	topicPrefix    = "Automation-"
	documentPrefix = "Halligan-"
	emailParameter = "AlarmEmail"
	onlyGlobal     = "InGlobalRegion"
	onlyMail       = "HasAlarmEmail"
)

func (b *Blueprint) busARN() string {
	return "arn:" + b.Account.Partition + ":events:" + b.Home() + ":" + b.Account.Number + ":event-bus/" + busName
}

// gathering is the bus that keeps the events of all regions, and the role by
// which the rules put them there.
func (b *Blueprint) gathering() []resource {
	trust := document(statement{
		Sid: "Events", Effect: allow, Principal: principal{"Service": {"events.amazonaws.com"}}, Action: words{"sts:AssumeRole"},
		Condition: condition{"StringEquals": {"aws:SourceAccount": {b.Account.Number}}},
	})
	may := document(statement{Sid: "Forward", Effect: allow, Action: words{"events:PutEvents"}, Resource: words{b.busARN()}})
	return []resource{{
		id: "Bus", kind: kindBus, note: "Gathers what the rules of every region saw.",
		props: object{{name: "Name", value: busName}, {name: "Tags", value: b.tags()}},
	}, {
		id: "Archive", kind: kindArchive, note: "Keeps it for 400 days.", after: []string{"Bus"},
		props: object{
			{name: "ArchiveName", value: prefix + "archive"}, {name: "SourceArn", value: b.busARN()},
			{name: "Description", value: "Uses of emergency roles, and changes of what guards them."}, {name: "RetentionDays", value: 400},
		},
	}, {
		id: "Forwarder", kind: kindRole, note: "By which rules of other regions put events on the bus.",
		props: object{
			{name: "RoleName", value: forwarder}, {name: "Description", value: "EventBridge puts events of every region on the bus " + busName + "."},
			{name: "AssumeRolePolicyDocument", value: parsed(trust)}, {name: "Policies", value: list{inline("forward", may)}}, {name: "Tags", value: b.tags()},
		},
	}, b.dashboard()}
}

// dashboard shows how often each rule matched, in every region.
func (b *Blueprint) dashboard() resource {
	var metrics list
	for _, rule := range b.EventRules() {
		for _, region := range b.RuleRegions() {
			if !rule.Global || region == b.GlobalRegion() {
				metrics = append(metrics, list{"AWS/Events", "TriggeredRules", "RuleName", rule.Name, object{{name: "region", value: region}}})
			}
		}
	}
	body := object{{name: "widgets", value: list{
		object{
			{name: "type", value: "text"}, {name: "x", value: 0}, {name: "y", value: 0}, {name: "width", value: 24}, {name: "height", value: 3},
			{name: "properties", value: object{{name: "markdown", value: "# Emergency access of " + b.Cell.Origin + "\nEvery use must have a grant: `halligan status`. To end one: `halligan stop ID`."}}},
		},
		object{
			{name: "type", value: "metric"}, {name: "x", value: 0}, {name: "y", value: 3}, {name: "width", value: 24}, {name: "height", value: 9},
			{name: "properties", value: object{
				{name: "title", value: "What the rules saw"}, {name: "region", value: b.Home()}, {name: "stat", value: "Sum"}, {name: "period", value: 300},
				{name: "view", value: "timeSeries"}, {name: "metrics", value: metrics},
			}},
		},
	}}}
	return resource{
		id: "Dashboard", kind: kindDashboard, note: "All regions on one page.",
		props: object{{name: "DashboardName", value: prefix + "emergency"}, {name: "DashboardBody", value: compactJSON(body)}},
	}
}

// watching are the resources of each region.
func (b *Blueprint) watching() []resource {
	all := []resource{{
		id: "Topic", kind: kindTopic, note: "Who is told. EventBridge cannot use the key that AWS manages for SNS, so that it has none; nothing secret is sent.",
		props: object{{name: "TopicName", value: AlarmTopic}, {name: "DisplayName", value: "Emergency access"}, {name: "Tags", value: b.tags()}},
	}, {
		id: "TopicPolicy", kind: kindTopicRule,
		props: object{{name: "Topics", value: list{ref("Topic")}}, {name: "PolicyDocument", value: b.publishers("Topic")}},
	}, {
		id: "Mail", kind: kindSend, only: onlyMail, note: "Another way to be told than Halligan's own: it works when Halligan does not.",
		props: object{{name: "TopicArn", value: ref("Topic")}, {name: "Protocol", value: "email"}, {name: "Endpoint", value: ref(emailParameter)}},
	}}
	for _, rule := range b.EventRules() {
		all = append(all, b.rule(rule)...)
	}
	return all
}

// publishers may publish on a topic: rules and alarms of this account.
func (b *Blueprint) publishers(topic ref) object {
	return object{{name: "Version", value: policyVersion}, {name: "Statement", value: list{object{
		{name: "Sid", value: "RulesAndAlarms"}, {name: "Effect", value: allow},
		{name: "Principal", value: object{{name: "Service", value: texts("events.amazonaws.com", "cloudwatch.amazonaws.com")}}},
		{name: "Action", value: "sns:Publish"}, {name: "Resource", value: topic},
		{name: "Condition", value: object{{name: "StringEquals", value: object{{name: "aws:SourceAccount", value: b.Account.Number}}}}},
	}}}}
}

// rule is a rule with an alarm on it, and one for when it could tell nobody.
func (b *Blueprint) rule(r EventRule) []resource {
	id, only := idOf(r.Name), ""
	if r.Global {
		only = onlyGlobal
	}
	targets := list{object{
		{name: "Id", value: "topic"}, {name: "Arn", value: ref("Topic")},
		{name: "InputTransformer", value: object{
			{name: "InputPathsMap", value: object{
				{name: "account", value: "$.account"}, {name: "region", value: "$.region"}, {name: "time", value: "$.time"}, {name: "what", value: "$.detail.eventName"},
				{name: "who", value: "$.detail.userIdentity.arn"}, {name: "from", value: "$.detail.sourceIPAddress"}, {name: "error", value: "$.detail.errorCode"},
			}},
			{name: "InputTemplate", value: quoted(clean(r.About, 300)) + "\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n" +
				quoted("Is there a grant for it? halligan status. If not, "+cmp.Or(r.Else, "attach the policy "+StopAllName+" to the role")+".")},
		}},
	}}
	if b.opened() {
		targets = append(targets, object{{name: "Id", value: "bus"}, {name: "Arn", value: b.busARN()}, {name: "RoleArn", value: b.roleARN(forwarder)}})
	}
	alarm := func(suffix, metric, about string) resource {
		return resource{
			id: id + suffix, kind: kindAlarm, only: only,
			props: object{
				{name: "AlarmName", value: r.Name + "-" + map[string]string{"Seen": "seen", "Untold": "untold"}[suffix]}, {name: "AlarmDescription", value: clean(about, 900)},
				{name: "Namespace", value: "AWS/Events"}, {name: "MetricName", value: metric},
				{name: "Dimensions", value: list{object{{name: "Name", value: "RuleName"}, {name: "Value", value: r.Name}}}},
				{name: "Statistic", value: "Sum"}, {name: "Period", value: 60}, {name: "EvaluationPeriods", value: 1}, {name: "Threshold", value: 1},
				{name: "ComparisonOperator", value: "GreaterThanOrEqualToThreshold"}, {name: "TreatMissingData", value: "notBreaching"},
				{name: "AlarmActions", value: list{ref("Topic")}},
			},
		}
	}
	return []resource{{
		id: id, kind: kindRule, note: r.About, only: only,
		props: object{
			{name: "Name", value: r.Name}, {name: "Description", value: clean(r.About, 512)},
			{name: "State", value: r.State, note: "Calls that only read count too: AssumeRole may be recorded as one."},
			{name: "EventPattern", value: parsed(r.Pattern)}, {name: "Targets", value: targets},
		},
	}, alarm("Seen", "TriggeredRules", r.About), alarm("Untold", "FailedInvocations", "The rule "+r.Name+" matched and could tell nobody.")}
}
