# Made by halligan blueprint from the cell halligan.example.com. Change the scenario, not this file:
# halligan blueprint diff names what differs from it.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40.0"
    }
  }
}

variable "alarm_email" {
  type        = string
  default     = ""
  description = "Address that is told by mail in this region; empty for none."
}

# IAM and Organizations are recorded in one region alone.
variable "global" {
  type        = bool
  description = "Whether this is that region."
}

# Who is told. EventBridge cannot use the key that AWS manages for SNS, so that it has none; nothing
# secret is sent.
resource "aws_sns_topic" "topic" {
  name         = "halligan-alarms"
  display_name = "Emergency access"
  tags = {
    "halligan-cell" = "halligan.example.com"
  }
}

resource "aws_sns_topic_policy" "topicpolicy" {
  arn = aws_sns_topic.topic.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "RulesAndAlarms"
        Effect = "Allow"
        Principal = {
          Service = [
            "events.amazonaws.com",
            "cloudwatch.amazonaws.com",
          ]
        }
        Action   = "sns:Publish"
        Resource = aws_sns_topic.topic.arn
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = "999988887777"
          }
        }
      },
    ]
  })
}

# Another way to be told than Halligan's own: it works when Halligan does not.
resource "aws_sns_topic_subscription" "mail" {
  count     = var.alarm_email == "" ? 0 : 1
  topic_arn = aws_sns_topic.topic.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# What raises these alarms was changed.
resource "aws_cloudwatch_event_rule" "halliganalarms" {
  name        = "halligan-alarms"
  description = "What raises these alarms was changed."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    "$or" = [
      {
        source = [
          "aws.events",
        ]
        detail = {
          eventName = [
            "DeleteRule",
            "DisableRule",
            "PutRule",
            "PutTargets",
            "RemoveTargets",
          ]
          requestParameters = {
            "$or" = [
              {
                name = [
                  {
                    prefix = "halligan-"
                  },
                ]
              },
              {
                rule = [
                  {
                    prefix = "halligan-"
                  },
                ]
              },
            ]
          }
        }
      },
      {
        source = [
          "aws.sns",
        ]
        detail = {
          eventName = [
            "DeleteTopic",
            "SetTopicAttributes",
            "Unsubscribe",
          ]
          requestParameters = {
            topicArn = [
              {
                wildcard = "*:halligan-*"
              },
            ]
          }
        }
      },
    ]
  })
}

resource "aws_cloudwatch_event_target" "halliganalarms_topic" {
  rule      = "halligan-alarms"
  target_id = "topic"
  arn       = aws_sns_topic.topic.arn
  input_transformer {
    input_paths = {
      account = "$.account"
      region  = "$.region"
      time    = "$.time"
      what    = "$.detail.eventName"
      who     = "$.detail.userIdentity.arn"
      from    = "$.detail.sourceIPAddress"
      error   = "$.detail.errorCode"
    }
    input_template = "\"What raises these alarms was changed.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, attach the policy halligan-stop-all to the role.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halliganalarms,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganalarmsseen" {
  alarm_name        = "halligan-alarms-seen"
  alarm_description = "What raises these alarms was changed."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-alarms"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganalarmsuntold" {
  alarm_name        = "halligan-alarms-untold"
  alarm_description = "The rule halligan-alarms matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-alarms"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

# The organisation was changed: its accounts, or what binds them.
resource "aws_cloudwatch_event_rule" "halliganorganization" {
  count       = var.global ? 1 : 0
  name        = "halligan-organization"
  description = "The organisation was changed: its accounts, or what binds them."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    source = [
      "aws.organizations",
    ]
    detail = {
      eventName = [
        "CloseAccount",
        "DeletePolicy",
        "DetachPolicy",
        "DisablePolicyType",
        "LeaveOrganization",
        "MoveAccount",
        "RemoveAccountFromOrganization",
        "UpdatePolicy",
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "halliganorganization_topic" {
  count     = var.global ? 1 : 0
  rule      = "halligan-organization"
  target_id = "topic"
  arn       = aws_sns_topic.topic.arn
  input_transformer {
    input_paths = {
      account = "$.account"
      region  = "$.region"
      time    = "$.time"
      what    = "$.detail.eventName"
      who     = "$.detail.userIdentity.arn"
      from    = "$.detail.sourceIPAddress"
      error   = "$.detail.errorCode"
    }
    input_template = "\"The organisation was changed: its accounts, or what binds them.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, attach the policy halligan-stop-all to the role.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halliganorganization,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganorganizationseen" {
  count             = var.global ? 1 : 0
  alarm_name        = "halligan-organization-seen"
  alarm_description = "The organisation was changed: its accounts, or what binds them."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-organization"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganorganizationuntold" {
  count             = var.global ? 1 : 0
  alarm_name        = "halligan-organization-untold"
  alarm_description = "The rule halligan-organization matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-organization"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

# The root user of the account signed in, or did something. Nobody should, but by the scenario that
# says so.
resource "aws_cloudwatch_event_rule" "halliganroot" {
  name        = "halligan-root"
  description = "The root user of the account signed in, or did something. Nobody should, but by the scenario that says so."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    detail = {
      userIdentity = {
        type = [
          "Root",
        ]
      }
      eventType = [
        "AwsApiCall",
        "AwsConsoleSignIn",
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "halliganroot_topic" {
  rule      = "halligan-root"
  target_id = "topic"
  arn       = aws_sns_topic.topic.arn
  input_transformer {
    input_paths = {
      account = "$.account"
      region  = "$.region"
      time    = "$.time"
      what    = "$.detail.eventName"
      who     = "$.detail.userIdentity.arn"
      from    = "$.detail.sourceIPAddress"
      error   = "$.detail.errorCode"
    }
    input_template = "\"The root user of the account signed in, or did something. Nobody should, but by the scenario that says so.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, attach the policy halligan-stop-all to the role.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halliganroot,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganrootseen" {
  alarm_name        = "halligan-root-seen"
  alarm_description = "The root user of the account signed in, or did something. Nobody should, but by the scenario that says so."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-root"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganrootuntold" {
  alarm_name        = "halligan-root-untold"
  alarm_description = "The rule halligan-root matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-root"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

# Somebody became the root user of a member account for a task, or tried. Each time must have a grant.
resource "aws_cloudwatch_event_rule" "halliganrootsession" {
  name        = "halligan-root-session"
  description = "Somebody became the root user of a member account for a task, or tried. Each time must have a grant."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    source = [
      "aws.sts",
    ]
    detail = {
      eventName = [
        "AssumeRoot",
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "halliganrootsession_topic" {
  rule      = "halligan-root-session"
  target_id = "topic"
  arn       = aws_sns_topic.topic.arn
  input_transformer {
    input_paths = {
      account = "$.account"
      region  = "$.region"
      time    = "$.time"
      what    = "$.detail.eventName"
      who     = "$.detail.userIdentity.arn"
      from    = "$.detail.sourceIPAddress"
      error   = "$.detail.errorCode"
    }
    input_template = "\"Somebody became the root user of a member account for a task, or tried. Each time must have a grant.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, attach the policy halligan-stop-all to the role.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halliganrootsession,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganrootsessionseen" {
  alarm_name        = "halligan-root-session-seen"
  alarm_description = "Somebody became the root user of a member account for a task, or tried. Each time must have a grant."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-root-session"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganrootsessionuntold" {
  alarm_name        = "halligan-root-session-untold"
  alarm_description = "The rule halligan-root-session matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-root-session"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

# A trail was changed or stopped.
resource "aws_cloudwatch_event_rule" "halligantrail" {
  name        = "halligan-trail"
  description = "A trail was changed or stopped."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    source = [
      "aws.cloudtrail",
    ]
    detail = {
      eventName = [
        "DeleteEventDataStore",
        "DeleteTrail",
        "PutEventSelectors",
        "PutInsightSelectors",
        "StopEventDataStoreIngestion",
        "StopLogging",
        "UpdateTrail",
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "halligantrail_topic" {
  rule      = "halligan-trail"
  target_id = "topic"
  arn       = aws_sns_topic.topic.arn
  input_transformer {
    input_paths = {
      account = "$.account"
      region  = "$.region"
      time    = "$.time"
      what    = "$.detail.eventName"
      who     = "$.detail.userIdentity.arn"
      from    = "$.detail.sourceIPAddress"
      error   = "$.detail.errorCode"
    }
    input_template = "\"A trail was changed or stopped.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, attach the policy halligan-stop-all to the role.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halligantrail,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halligantrailseen" {
  alarm_name        = "halligan-trail-seen"
  alarm_description = "A trail was changed or stopped."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-trail"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halligantrailuntold" {
  alarm_name        = "halligan-trail-untold"
  alarm_description = "The rule halligan-trail matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-trail"
  }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions = [
    aws_sns_topic.topic.arn,
  ]
}
