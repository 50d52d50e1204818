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
    "210987654321",
  ]
}

provider "aws" {
  alias  = "ap_southeast_2"
  region = "ap-southeast-2"
  allowed_account_ids = [
    "210987654321",
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
    "210987654321",
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
    "210987654321",
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
  alias  = "eu_west_3"
  region = "eu-west-3"
  allowed_account_ids = [
    "210987654321",
  ]
}

module "rules_eu_west_3" {
  source = "./rules"
  providers = {
    aws = aws.eu_west_3
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
    "210987654321",
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
    "210987654321",
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

# Halligan's server at Identity Center: it can give the permission sets of scenarios to people's own
# users and take them again, and nothing else.
resource "aws_iam_role" "identitycenter" {
  name                 = "halligan-identity-center"
  description          = "Halligan assigns permission sets of IAM Identity Center while grants live."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Server1"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::210987654321:oidc-provider/oidc.halligan.example.com"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan.example.com:aud" = "sts.amazonaws.com"
            "oidc.halligan.example.com:sub" = "halligan.example.com/identity-center"
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
          Federated = "arn:aws:iam::210987654321:oidc-provider/oidc.halligan-standby.example.net"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan-standby.example.net:aud" = "sts.amazonaws.com"
            "oidc.halligan-standby.example.net:sub" = "halligan.example.com/identity-center"
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
  ]
}

resource "aws_iam_role_policy" "identitycenter" {
  name = "halligan-identity-center"
  role = aws_iam_role.identitycenter.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Assign"
        Effect = "Allow"
        Action = [
          "sso:CreateAccountAssignment",
          "sso:DeleteAccountAssignment",
          "sso:DescribePermissionSet",
          "sso:ListAccountAssignments",
        ]
        Resource = [
          "arn:aws:sso:::account/123456789012",
          "arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11",
          "arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/ps-0011223344556677",
        ]
      },
      {
        Sid    = "SeeWhatBecame"
        Effect = "Allow"
        Action = [
          "sso:DescribeAccountAssignmentCreationStatus",
          "sso:DescribeAccountAssignmentDeletionStatus",
          "sso:ListAccountAssignmentCreationStatus",
          "sso:ListAccountAssignmentDeletionStatus",
        ]
        Resource = "arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11"
      },
    ]
  })
}

# Halligan's server at the organisation: it can read and write the one policy that denies people's
# sessions when their grants are over, and nothing else.
resource "aws_iam_role" "denial" {
  name                 = "halligan-denial"
  description          = "Halligan denies sessions of IAM Identity Center when grants are over."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Server1"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::210987654321:oidc-provider/oidc.halligan.example.com"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan.example.com:aud" = "sts.amazonaws.com"
            "oidc.halligan.example.com:sub" = "halligan.example.com/denial"
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
          Federated = "arn:aws:iam::210987654321:oidc-provider/oidc.halligan-standby.example.net"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan-standby.example.net:aud" = "sts.amazonaws.com"
            "oidc.halligan-standby.example.net:sub" = "halligan.example.com/denial"
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
  ]
}

resource "aws_iam_role_policy" "denial" {
  name = "halligan-denial"
  role = aws_iam_role.denial.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Deny"
        Effect = "Allow"
        Action = [
          "organizations:DescribePolicy",
          "organizations:UpdatePolicy",
        ]
        Resource = "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1"
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
  event_source_arn = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
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
            "aws:SourceAccount" = "210987654321"
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
        Resource = "arn:aws:events:eu-west-1:210987654321:event-bus/halligan-events"
      },
    ]
  })
}

# All regions on one page.
resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = "halligan-emergency"
  dashboard_body = "{\"widgets\":[{\"height\":3,\"properties\":{\"markdown\":\"# Emergency access of halligan.example.com\\nEvery use must have a grant: `halligan status`. To end one: `halligan stop ID`.\"},\"type\":\"text\",\"width\":24,\"x\":0,\"y\":0},{\"height\":9,\"properties\":{\"metrics\":[[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-west-3\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-changed\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-portal\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-portal\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-portal\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-portal\",{\"region\":\"eu-west-3\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-portal\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-portal\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-west-3\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-west-3\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-west-3\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-west-3\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"us-east-2\"}]],\"period\":300,\"region\":\"eu-west-1\",\"stat\":\"Sum\",\"title\":\"What the rules saw\",\"view\":\"timeSeries\"},\"type\":\"metric\",\"width\":24,\"x\":0,\"y\":3}]}"
}
