package blueprint

import (
	"strings"
)

// providerAtLeast is the first version of Terraform's AWS provider that has all
// that the files use.
const providerAtLeast = ">= 5.40.0"

// Terraform gives a root module of the account, and a module of it that stands in
// each region.
func (b *Blueprint) Terraform() []File {
	rules := []block{{head: "terraform", note: b.made(), body: requires()}, {
		head: `variable "alarm_email"`, body: object{
			{name: "type", value: expression("string")}, {name: "default", value: ""},
			{name: "description", value: "Address that is told by mail in this region; empty for none."},
		},
	}, {
		head: `variable "global"`, note: "IAM and Organizations are recorded in one region alone.", body: object{
			{name: "type", value: expression("bool")}, {name: "description", value: "Whether this is that region."},
		},
	}}
	root := append([]block{{head: "terraform", note: b.made(), body: requires()}, {
		head: `variable "alarm_email"`, body: object{
			{name: "type", value: expression("string")}, {name: "default", value: ""},
			{name: "description", value: "Address that is told by mail, in each region; empty for none."},
		},
	}, b.provider(b.Home(), "")}, b.regions()...)
	for _, r := range b.standing() {
		root = append(root, r.terraform()...)
	}
	for _, r := range b.watching() {
		rules = append(rules, r.terraform()...)
	}
	return b.foldered(append([]File{{"main.tf", []byte(hcl(root))}, {"rules/main.tf", []byte(hcl(rules))}}, b.base()...))
}

func requires() object {
	return object{{name: "required_providers", value: nested{{name: "aws", value: object{
		{name: "source", value: "hashicorp/aws"}, {name: "version", value: providerAtLeast},
	}}}}}
}

// provider is for one region, and for this account alone.
func (b *Blueprint) provider(region, alias string) block {
	body := object{{name: "region", value: region}, {name: "allowed_account_ids", value: texts(b.Account.Number)}}
	if alias != "" {
		body = append(object{{name: "alias", value: alias}}, body...)
	}
	return block{head: `provider "aws"`, body: body}
}

// regions are the rules of each region.
func (b *Blueprint) regions() (all []block) {
	for _, region := range b.RuleRegions() {
		alias := strings.ReplaceAll(region, "-", "_")
		of := block{head: `module "rules_` + alias + `"`, body: object{
			{name: "source", value: "./rules"}, {name: "providers", value: object{{name: "aws", value: expression("aws." + alias)}}},
			{name: "alarm_email", value: expression("var.alarm_email")}, {name: "global", value: region == b.GlobalRegion()},
		}}
		if b.opened() {
			of.body = append(of.body, field{name: "depends_on", value: list{expression("aws_cloudwatch_event_bus.bus"), expression("aws_iam_role.forwarder")}})
		}
		all = append(all, b.provider(region, alias), of)
	}
	return all
}

// terraformTypes are the resources of Terraform, by CloudFormation's kinds.
var terraformTypes = map[string]string{
	kindProvider: "aws_iam_openid_connect_provider", kindPolicy: "aws_iam_policy", kindRole: "aws_iam_role",
	kindTopic: "aws_sns_topic", kindTopicRule: "aws_sns_topic_policy", kindSend: "aws_sns_topic_subscription",
	kindRule: "aws_cloudwatch_event_rule", kindBus: "aws_cloudwatch_event_bus", kindArchive: "aws_cloudwatch_event_archive",
	kindAlarm: "aws_cloudwatch_metric_alarm", kindDashboard: "aws_cloudwatch_dashboard",
}

// terraform is what stands for the value behind a reference.
func (r ref) terraform() expression {
	if r == emailParameter {
		return "var.alarm_email"
	}
	return expression("aws_sns_topic." + label(string(r)) + ".arn")
}

// label is the name of a resource in Terraform's files.
func label(id string) string { return strings.ToLower(id) }

// terraformNames are how Terraform calls members of CloudFormation; a member that
// is not here is written by a case of its own.
var terraformNames = map[string]string{
	"Url": "url", "ClientIdList": "client_id_list", "ManagedPolicyName": "name", "Description": "description", "RoleName": "name",
	"MaxSessionDuration": "max_session_duration", "PermissionsBoundary": "permissions_boundary", "TopicName": "name", "DisplayName": "display_name",
	"TopicArn": "topic_arn", "Protocol": "protocol", "Endpoint": "endpoint", "Name": "name", "State": "state", "ArchiveName": "name",
	"SourceArn": "event_source_arn", "RetentionDays": "retention_days", "AlarmName": "alarm_name", "AlarmDescription": "alarm_description",
	"Namespace": "namespace", "MetricName": "metric_name", "Statistic": "statistic", "Period": "period", "EvaluationPeriods": "evaluation_periods",
	"Threshold": "threshold", "ComparisonOperator": "comparison_operator", "TreatMissingData": "treat_missing_data", "AlarmActions": "alarm_actions",
	"DashboardName": "dashboard_name", "DashboardBody": "dashboard_body",
}

// terraformDocuments are members that hold a document of AWS.
var terraformDocuments = map[string]string{
	"PolicyDocument": "policy", "AssumeRolePolicyDocument": "assume_role_policy", "EventPattern": "event_pattern",
}

// terraform gives the blocks of a resource.
func (r resource) terraform() []block {
	kind, name := terraformTypes[r.kind], label(r.id)
	main := block{head: `resource "` + kind + `" "` + name + `"`, note: r.note}
	switch r.only {
	case onlyGlobal:
		main.body = object{{name: "count", value: expression("var.global ? 1 : 0")}}
	case onlyMail:
		main.body = object{{name: "count", value: expression(`var.alarm_email == "" ? 0 : 1`)}}
	}
	var more []block
	for _, f := range r.props {
		if plainName, ok := terraformNames[f.name]; ok {
			main.body = append(main.body, field{name: plainName, value: f.value, note: f.note})
			continue
		}
		if of, ok := terraformDocuments[f.name]; ok {
			main.body = append(main.body, field{name: of, value: encoded{f.value}, note: f.note})
			continue
		}
		own, beside := r.terraformMember(f)
		main.body, more = append(main.body, own...), append(more, beside...)
	}
	if len(r.after) > 0 {
		main.body = append(main.body, field{name: "depends_on", value: dependsOn(r)})
	}
	return append([]block{main}, more...)
}

// terraformMember writes members that have another form in Terraform.
func (r resource) terraformMember(f field) (own object, beside []block) {
	switch f.name {
	case "Tags":
		tags := object{}
		for _, tag := range f.value.(list) {
			tags = append(tags, field{name: tag.(object).get("Key").(string), value: tag.(object).get("Value")})
		}
		return object{{name: "tags", value: tags}}, nil
	case "Policies":
		for i, one := range f.value.(list) {
			id, note := label(r.id), f.note
			if i > 0 {
				id, note = id+"_"+digits(i+1), ""
			}
			beside = append(beside, block{head: `resource "aws_iam_role_policy" "` + id + `"`, note: note, body: object{
				{name: "name", value: one.(object).get("PolicyName")}, {name: "role", value: expression("aws_iam_role." + label(r.id) + ".name")},
				{name: "policy", value: encoded{one.(object).get("PolicyDocument")}},
			}})
		}
		return nil, beside
	case "Topics":
		return object{{name: "arn", value: f.value.(list)[0]}}, nil
	case "Dimensions":
		dimension := f.value.(list)[0].(object)
		return object{{name: "dimensions", value: object{{name: dimension.get("Name").(string), value: dimension.get("Value")}}}}, nil
	case "Targets":
		for _, one := range f.value.(list) {
			beside = append(beside, r.target(one.(object)))
		}
	}
	return nil, beside
}

// target is whom a rule tells.
func (r resource) target(of object) block {
	id := of.get("Id").(string)
	body := object{}
	if r.only == onlyGlobal {
		body = append(body, field{name: "count", value: expression("var.global ? 1 : 0")})
	}
	body = append(body, field{name: "rule", value: r.props.get("Name")}, field{name: "target_id", value: id}, field{name: "arn", value: of.get("Arn")})
	if role := of.get("RoleArn"); role != nil {
		body = append(body, field{name: "role_arn", value: role})
	}
	if said, ok := of.get("InputTransformer").(object); ok {
		body = append(body, field{name: "input_transformer", value: nested{
			{name: "input_paths", value: said.get("InputPathsMap")}, {name: "input_template", value: said.get("InputTemplate")},
		}})
	}
	body = append(body, field{name: "depends_on", value: list{expression("aws_cloudwatch_event_rule." + label(r.id))}})
	return block{head: `resource "aws_cloudwatch_event_target" "` + label(r.id) + "_" + id + `"`, body: body}
}

// dependsOn names what must be there before: it is of the same file.
func dependsOn(r resource) list {
	var all list
	for _, id := range r.after {
		kind := "aws_iam_policy"
		switch {
		case id == "Bus":
			kind = "aws_cloudwatch_event_bus"
		case strings.HasPrefix(id, "Issuer"):
			kind = "aws_iam_openid_connect_provider"
		}
		all = append(all, expression(kind+"."+label(id)))
	}
	return all
}
