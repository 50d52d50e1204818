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
            "aws:SourceAccount" = "210987654321"
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

resource "aws_cloudwatch_event_target" "halliganalarms_bus" {
  rule      = "halligan-alarms"
  target_id = "bus"
  arn       = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
  role_arn  = "arn:aws:iam::210987654321:role/halligan-forward"
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

# An emergency role, a policy of it, or the identity provider that it trusts was changed, or a stop
# slot was used.
resource "aws_cloudwatch_event_rule" "halliganchanged" {
  count       = var.global ? 1 : 0
  name        = "halligan-changed"
  description = "An emergency role, a policy of it, or the identity provider that it trusts was changed, or a stop slot was used."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    source = [
      "aws.iam",
    ]
    detail = {
      eventName = [
        {
          prefix = "Add"
        },
        {
          prefix = "Attach"
        },
        {
          prefix = "Create"
        },
        {
          prefix = "Delete"
        },
        {
          prefix = "Detach"
        },
        {
          prefix = "Put"
        },
        {
          prefix = "Remove"
        },
        {
          prefix = "Set"
        },
        {
          prefix = "Update"
        },
      ]
      requestParameters = {
        "$or" = [
          {
            roleName = [
              "halligan-denial",
              "halligan-identity-center",
            ]
          },
          {
            policyArn = [
              {
                wildcard = "*/halligan-*"
              },
            ]
          },
          {
            policyName = [
              {
                prefix = "halligan-"
              },
            ]
          },
          {
            openIDConnectProviderArn = [
              "arn:aws:iam::210987654321:oidc-provider/oidc.halligan.example.com",
              "arn:aws:iam::210987654321:oidc-provider/oidc.halligan-standby.example.net",
            ]
          },
        ]
      }
    }
  })
}

resource "aws_cloudwatch_event_target" "halliganchanged_topic" {
  count     = var.global ? 1 : 0
  rule      = "halligan-changed"
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
    input_template = "\"An emergency role, a policy of it, or the identity provider that it trusts was changed, or a stop slot was used.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, attach the policy halligan-stop-all to the role.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halliganchanged,
  ]
}

resource "aws_cloudwatch_event_target" "halliganchanged_bus" {
  count     = var.global ? 1 : 0
  rule      = "halligan-changed"
  target_id = "bus"
  arn       = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
  role_arn  = "arn:aws:iam::210987654321:role/halligan-forward"
  depends_on = [
    aws_cloudwatch_event_rule.halliganchanged,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganchangedseen" {
  count             = var.global ? 1 : 0
  alarm_name        = "halligan-changed-seen"
  alarm_description = "An emergency role, a policy of it, or the identity provider that it trusts was changed, or a stop slot was used."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-changed"
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

resource "aws_cloudwatch_metric_alarm" "halliganchangeduntold" {
  count             = var.global ? 1 : 0
  alarm_name        = "halligan-changed-untold"
  alarm_description = "The rule halligan-changed matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-changed"
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

# The access portal let somebody in by a permission set that a scenario gives. Each time must have a
# grant.
resource "aws_cloudwatch_event_rule" "halliganportal" {
  name        = "halligan-portal"
  description = "The access portal let somebody in by a permission set that a scenario gives. Each time must have a grant."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    source = [
      "aws.signin",
      "aws.sso",
    ]
    detail = {
      eventName = [
        "Federate",
      ]
      serviceEventDetails = {
        account_id = [
          "123456789012",
        ]
        role_name = [
          "EmergencyDatabase",
        ]
      }
    }
  })
}

resource "aws_cloudwatch_event_target" "halliganportal_topic" {
  rule      = "halligan-portal"
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
    input_template = "\"The access portal let somebody in by a permission set that a scenario gives. Each time must have a grant.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, delete the assignment, and deny everything to the user by a service control policy.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halliganportal,
  ]
}

resource "aws_cloudwatch_event_target" "halliganportal_bus" {
  rule      = "halligan-portal"
  target_id = "bus"
  arn       = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
  role_arn  = "arn:aws:iam::210987654321:role/halligan-forward"
  depends_on = [
    aws_cloudwatch_event_rule.halliganportal,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganportalseen" {
  alarm_name        = "halligan-portal-seen"
  alarm_description = "The access portal let somebody in by a permission set that a scenario gives. Each time must have a grant."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-portal"
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

resource "aws_cloudwatch_metric_alarm" "halliganportaluntold" {
  alarm_name        = "halligan-portal-untold"
  alarm_description = "The rule halligan-portal matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-portal"
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

resource "aws_cloudwatch_event_target" "halliganroot_bus" {
  rule      = "halligan-root"
  target_id = "bus"
  arn       = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
  role_arn  = "arn:aws:iam::210987654321:role/halligan-forward"
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

resource "aws_cloudwatch_event_target" "halliganrootsession_bus" {
  rule      = "halligan-root-session"
  target_id = "bus"
  arn       = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
  role_arn  = "arn:aws:iam::210987654321:role/halligan-forward"
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

resource "aws_cloudwatch_event_target" "halligantrail_bus" {
  rule      = "halligan-trail"
  target_id = "bus"
  arn       = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
  role_arn  = "arn:aws:iam::210987654321:role/halligan-forward"
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

# An emergency role was used, or somebody tried. Each use must have a grant.
resource "aws_cloudwatch_event_rule" "halliganuse" {
  name        = "halligan-use"
  description = "An emergency role was used, or somebody tried. Each use must have a grant."
  # Calls that only read count too: AssumeRole may be recorded as one.
  state = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({
    "$or" = [
      {
        source = [
          "aws.sts",
        ]
        detail = {
          eventName = [
            "AssumeRole",
            "AssumeRoleWithSAML",
            "AssumeRoleWithWebIdentity",
          ]
          requestParameters = {
            roleArn = [
              "arn:aws:iam::210987654321:role/halligan-denial",
              "arn:aws:iam::210987654321:role/halligan-identity-center",
            ]
          }
        }
      },
      {
        source = [
          "aws.sts",
        ]
        detail = {
          errorCode = [
            "AccessDenied",
          ]
          errorMessage = [
            {
              wildcard = "*:role/halligan-denial*"
            },
            {
              wildcard = "*:role/halligan-identity-center*"
            },
          ]
        }
      },
      {
        source = [
          "aws.signin",
        ]
        detail = {
          eventName = [
            "ConsoleLogin",
            "SwitchRole",
          ]
          userIdentity = {
            arn = [
              {
                prefix = "arn:aws:sts::210987654321:assumed-role/halligan-denial/"
              },
              {
                prefix = "arn:aws:sts::210987654321:assumed-role/halligan-identity-center/"
              },
            ]
          }
        }
      },
    ]
  })
}

resource "aws_cloudwatch_event_target" "halliganuse_topic" {
  rule      = "halligan-use"
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
    input_template = "\"An emergency role was used, or somebody tried. Each use must have a grant.\"\n\"<what> at <time> in account <account>, region <region>, by <who> from <from>. Error: <error>\"\n\"Is there a grant for it? halligan status. If not, attach the policy halligan-stop-all to the role.\""
  }
  depends_on = [
    aws_cloudwatch_event_rule.halliganuse,
  ]
}

resource "aws_cloudwatch_event_target" "halliganuse_bus" {
  rule      = "halligan-use"
  target_id = "bus"
  arn       = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
  role_arn  = "arn:aws:iam::210987654321:role/halligan-forward"
  depends_on = [
    aws_cloudwatch_event_rule.halliganuse,
  ]
}

resource "aws_cloudwatch_metric_alarm" "halliganuseseen" {
  alarm_name        = "halligan-use-seen"
  alarm_description = "An emergency role was used, or somebody tried. Each use must have a grant."
  namespace         = "AWS/Events"
  metric_name       = "TriggeredRules"
  dimensions = {
    RuleName = "halligan-use"
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

resource "aws_cloudwatch_metric_alarm" "halliganuseuntold" {
  alarm_name        = "halligan-use-untold"
  alarm_description = "The rule halligan-use matched and could tell nobody."
  namespace         = "AWS/Events"
  metric_name       = "FailedInvocations"
  dimensions = {
    RuleName = "halligan-use"
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
