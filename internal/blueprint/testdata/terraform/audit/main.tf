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
  description = "Address that is told by mail, in each region; empty for none."
}

provider "aws" {
  region = "eu-west-1"
  allowed_account_ids = [
    "321098765432",
  ]
}

provider "aws" {
  alias  = "ap_southeast_2"
  region = "ap-southeast-2"
  allowed_account_ids = [
    "321098765432",
  ]
}

module "rules_ap_southeast_2" {
  source = "./rules"
  providers = {
    aws = aws.ap_southeast_2
  }
  alarm_email = var.alarm_email
  global      = false
  depends_on = [
    aws_cloudwatch_event_bus.bus,
    aws_iam_role.forwarder,
  ]
}

provider "aws" {
  alias  = "eu_north_1"
  region = "eu-north-1"
  allowed_account_ids = [
    "321098765432",
  ]
}

module "rules_eu_north_1" {
  source = "./rules"
  providers = {
    aws = aws.eu_north_1
  }
  alarm_email = var.alarm_email
  global      = false
  depends_on = [
    aws_cloudwatch_event_bus.bus,
    aws_iam_role.forwarder,
  ]
}

provider "aws" {
  alias  = "eu_west_1"
  region = "eu-west-1"
  allowed_account_ids = [
    "321098765432",
  ]
}

module "rules_eu_west_1" {
  source = "./rules"
  providers = {
    aws = aws.eu_west_1
  }
  alarm_email = var.alarm_email
  global      = false
  depends_on = [
    aws_cloudwatch_event_bus.bus,
    aws_iam_role.forwarder,
  ]
}

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
  allowed_account_ids = [
    "321098765432",
  ]
}

module "rules_us_east_1" {
  source = "./rules"
  providers = {
    aws = aws.us_east_1
  }
  alarm_email = var.alarm_email
  global      = true
  depends_on = [
    aws_cloudwatch_event_bus.bus,
    aws_iam_role.forwarder,
  ]
}

provider "aws" {
  alias  = "us_east_2"
  region = "us-east-2"
  allowed_account_ids = [
    "321098765432",
  ]
}

module "rules_us_east_2" {
  source = "./rules"
  providers = {
    aws = aws.us_east_2
  }
  alarm_email = var.alarm_email
  global      = false
  depends_on = [
    aws_cloudwatch_event_bus.bus,
    aws_iam_role.forwarder,
  ]
}

# Whose tokens the roles believe. AWS fetches the keys from there; there is no secret of AWS on
# Halligan's side.
resource "aws_iam_openid_connect_provider" "issuer1" {
  url = "https://oidc.halligan.example.com"
  client_id_list = [
    "sts.amazonaws.com",
  ]
  tags = {
    "halligan-cell" = "halligan.example.com"
  }
}

# Whose tokens the roles believe. AWS fetches the keys from there; there is no secret of AWS on
# Halligan's side.
resource "aws_iam_openid_connect_provider" "issuer2" {
  url = "https://oidc.halligan-standby.example.net"
  client_id_list = [
    "sts.amazonaws.com",
  ]
  tags = {
    "halligan-cell" = "halligan.example.com"
  }
}

# Attached by hand to a role, it ends everything that the role is used for.
resource "aws_iam_policy" "stopall" {
  name        = "halligan-stop-all"
  description = "Denies everything. Attach it to a role to stop it by hand."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopAll"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
      },
    ]
  })
}

# What bounds the reader, whatever policy somebody gives it.
resource "aws_iam_policy" "readerboundary" {
  name        = "halligan-boundary-halligan-reader"
  description = "All that the reader may do."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Read"
        Effect = "Allow"
        Action = [
          "events:ListRules",
          "events:ListTargetsByRule",
          "iam:GenerateCredentialReport",
          "iam:GetAccountAuthorizationDetails",
          "iam:GetCredentialReport",
          "iam:GetLoginProfile",
          "iam:GetOpenIDConnectProvider",
          "iam:GetSAMLProvider",
          "iam:ListOpenIDConnectProviders",
          "iam:ListSAMLProviders",
        ]
        Resource = "*"
      },
      {
        Sid      = "Hearing"
        Effect   = "Allow"
        Action   = "sns:ListSubscriptionsByTopic"
        Resource = "arn:aws:sns:*:321098765432:halligan-alarms"
      },
    ]
  })
}

# Halligan's server when somebody asks whether all is ready: it reads what this account says of itself
# and who has subscribed to its alarms, no secret, and changes nothing.
resource "aws_iam_role" "reader" {
  name                 = "halligan-reader"
  description          = "Halligan reads IAM when somebody asks whether all is ready."
  max_session_duration = 3600
  permissions_boundary = "arn:aws:iam::321098765432:policy/halligan-boundary-halligan-reader"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Server1"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::321098765432:oidc-provider/oidc.halligan.example.com"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan.example.com:aud" = "sts.amazonaws.com"
            "oidc.halligan.example.com:sub" = "halligan.example.com/reader"
          }
          StringLike = {
            "sts:SourceIdentity" = "hg-*"
          }
        }
      },
      {
        Sid    = "Server2"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::321098765432:oidc-provider/oidc.halligan-standby.example.net"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan-standby.example.net:aud" = "sts.amazonaws.com"
            "oidc.halligan-standby.example.net:sub" = "halligan.example.com/reader"
          }
          StringLike = {
            "sts:SourceIdentity" = "hg-*"
          }
        }
      },
    ]
  })
  tags = {
    "halligan-cell" = "halligan.example.com"
  }
  depends_on = [
    aws_iam_openid_connect_provider.issuer1,
    aws_iam_openid_connect_provider.issuer2,
    aws_iam_policy.readerboundary,
  ]
}

resource "aws_iam_role_policy" "reader" {
  name = "halligan-reader"
  role = aws_iam_role.reader.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Read"
        Effect = "Allow"
        Action = [
          "events:ListRules",
          "events:ListTargetsByRule",
          "iam:GenerateCredentialReport",
          "iam:GetAccountAuthorizationDetails",
          "iam:GetCredentialReport",
          "iam:GetLoginProfile",
          "iam:GetOpenIDConnectProvider",
          "iam:GetSAMLProvider",
          "iam:ListOpenIDConnectProviders",
          "iam:ListSAMLProviders",
        ]
        Resource = "*"
      },
      {
        Sid      = "Hearing"
        Effect   = "Allow"
        Action   = "sns:ListSubscriptionsByTopic"
        Resource = "arn:aws:sns:*:321098765432:halligan-alarms"
      },
    ]
  })
}

# Gathers what the rules of every region saw.
resource "aws_cloudwatch_event_bus" "bus" {
  name = "halligan-events"
  tags = {
    "halligan-cell" = "halligan.example.com"
  }
}

# Keeps it for 400 days.
resource "aws_cloudwatch_event_archive" "archive" {
  name             = "halligan-archive"
  event_source_arn = "arn:aws:events:eu-west-1:321098765432:event-bus/halligan-events"
  description      = "Uses of emergency roles, and changes of what guards them."
  retention_days   = 400
  depends_on = [
    aws_cloudwatch_event_bus.bus,
  ]
}

# By which rules of other regions put events on the bus.
resource "aws_iam_role" "forwarder" {
  name        = "halligan-forward"
  description = "EventBridge puts events of every region on the bus halligan-events."
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Events"
        Effect = "Allow"
        Principal = {
          Service = "events.amazonaws.com"
        }
        Action = "sts:AssumeRole"
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = "321098765432"
          }
        }
      },
    ]
  })
  tags = {
    "halligan-cell" = "halligan.example.com"
  }
}

resource "aws_iam_role_policy" "forwarder" {
  name = "forward"
  role = aws_iam_role.forwarder.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Forward"
        Effect   = "Allow"
        Action   = "events:PutEvents"
        Resource = "arn:aws:events:eu-west-1:321098765432:event-bus/halligan-events"
      },
    ]
  })
}

# All regions on one page.
resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = "halligan-emergency"
  dashboard_body = "{\"widgets\":[{\"height\":3,\"properties\":{\"markdown\":\"# Emergency access of halligan.example.com\\nEvery use must have a grant: `halligan status`. To end one: `halligan stop ID`.\"},\"type\":\"text\",\"width\":24,\"x\":0,\"y\":0},{\"height\":9,\"properties\":{\"metrics\":[[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-changed\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"us-east-2\"}]],\"period\":300,\"region\":\"eu-west-1\",\"stat\":\"Sum\",\"title\":\"What the rules saw\",\"view\":\"timeSeries\"},\"type\":\"metric\",\"width\":24,\"x\":0,\"y\":3}]}"
}
