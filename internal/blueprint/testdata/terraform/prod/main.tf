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
    "123456789012",
  ]
}

provider "aws" {
  alias  = "ap_southeast_2"
  region = "ap-southeast-2"
  allowed_account_ids = [
    "123456789012",
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
  alias  = "eu_central_1"
  region = "eu-central-1"
  allowed_account_ids = [
    "123456789012",
  ]
}

module "rules_eu_central_1" {
  source = "./rules"
  providers = {
    aws = aws.eu_central_1
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
    "123456789012",
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
    "123456789012",
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
    "123456789012",
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
    "123456789012",
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

# For whoever rotates envelope prod-console, and nobody else: it may change the console password of
# IAM user halligan-emergency of account 123456789012.
resource "aws_iam_policy" "rotateprodconsole" {
  name        = "halligan-rotate-prod-console"
  description = "Lets whoever rotates an envelope change what lies in it."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "PasswordOfTheUser"
        Effect = "Allow"
        Action = [
          "iam:CreateLoginProfile",
          "iam:GetLoginProfile",
          "iam:UpdateLoginProfile",
        ]
        Resource = "arn:aws:iam::123456789012:user/halligan-emergency"
      },
      {
        Sid    = "WhetherItWasSet"
        Effect = "Allow"
        Action = [
          "iam:GenerateCredentialReport",
          "iam:GetAccountPasswordPolicy",
          "iam:GetCredentialReport",
        ]
        Resource = "*"
      },
    ]
  })
}

# For whoever rotates envelope prod-database, and nobody else: it may change the value of secret
# prod/db/root of account 123456789012 in eu-west-1.
resource "aws_iam_policy" "rotateproddatabase" {
  name        = "halligan-rotate-prod-database"
  description = "Lets whoever rotates an envelope change what lies in it."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "ValuesOfTheSecret"
        Effect = "Allow"
        Action = [
          "secretsmanager:DescribeSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:PutSecretValue",
          "secretsmanager:UpdateSecretVersionStage",
        ]
        Resource = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db/root-??????"
      },
    ]
  })
}

# For whoever rotates envelope prod-key, and nobody else: it may change the access key of IAM user
# halligan-emergency of account 123456789012.
resource "aws_iam_policy" "rotateprodkey" {
  name        = "halligan-rotate-prod-key"
  description = "Lets whoever rotates an envelope change what lies in it."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "KeysOfTheUser"
        Effect = "Allow"
        Action = [
          "iam:CreateAccessKey",
          "iam:DeleteAccessKey",
          "iam:ListAccessKeys",
          "iam:UpdateAccessKey",
        ]
        Resource = "arn:aws:iam::123456789012:user/halligan-emergency"
      },
      {
        Sid      = "WhetherTheyWereUsed"
        Effect   = "Allow"
        Action   = "iam:GetAccessKeyLastUsed"
        Resource = "*"
      },
    ]
  })
}

# For the users whose key or password lies in an envelope: without a second factor of the last hour
# they may begin a session with one, and nothing else.
resource "aws_iam_policy" "envelopeuser" {
  name        = "halligan-envelope-user"
  description = "Denies everything without a second factor of the last hour."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "NothingWithoutSecondFactor"
        Effect = "Deny"
        NotAction = [
          "iam:GetUser",
          "iam:ListMFADevices",
          "sts:GetSessionToken",
        ]
        Resource = "*"
        Condition = {
          BoolIfExists = {
            "aws:MultiFactorAuthPresent" = "false"
          }
        }
      },
      {
        Sid    = "NothingWithAnOldOne"
        Effect = "Deny"
        NotAction = [
          "iam:GetUser",
          "iam:ListMFADevices",
          "sts:GetSessionToken",
        ]
        Resource = "*"
        Condition = {
          NumericGreaterThan = {
            "aws:MultiFactorAuthAge" = "3600"
          }
        }
      },
    ]
  })
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

# Guard rails of EmergencyAccessRole: whatever its policy allows, these hold.
resource "aws_iam_policy" "emergencyaccessroleboundary" {
  name        = "halligan-boundary-EmergencyAccessRole"
  description = "Guard rails of an emergency role."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RestIsForThePolicy"
        Effect   = "Allow"
        Action   = "*"
        Resource = "*"
      },
      {
        Sid    = "NoPersistence"
        Effect = "Deny"
        Action = [
          "account:Accept*",
          "account:Close*",
          "account:Delete*",
          "account:Disable*",
          "account:Enable*",
          "account:Put*",
          "account:Start*",
          "dsql:DbConnect*",
          "ec2-instance-connect:*",
          "ecr:GetAuthorizationToken",
          "ecs:ExecuteCommand",
          "eks:AssociateAccessPolicy",
          "eks:CreateAccessEntry",
          "eks:UpdateAccessEntry",
          "elasticache:Connect",
          "iam:Add*",
          "iam:Attach*",
          "iam:ChangePassword",
          "iam:Create*",
          "iam:Delete*PermissionsBoundary",
          "iam:Enable*",
          "iam:PassRole",
          "iam:Put*",
          "iam:Remove*",
          "iam:Reset*",
          "iam:Resync*",
          "iam:Set*",
          "iam:Update*",
          "iam:Upload*",
          "identitystore:Create*",
          "identitystore:Update*",
          "lightsail:GetInstanceAccessDetails",
          "memorydb:Connect",
          "organizations:Accept*",
          "organizations:Attach*",
          "organizations:Create*",
          "organizations:Delete*",
          "organizations:Deregister*",
          "organizations:Detach*",
          "organizations:Disable*",
          "organizations:Enable*",
          "organizations:Invite*",
          "organizations:Move*",
          "organizations:Put*",
          "organizations:Register*",
          "organizations:Update*",
          "rds-db:connect",
          "redshift-serverless:GetCredentials",
          "redshift:GetClusterCredentials*",
          "rolesanywhere:Create*",
          "rolesanywhere:Enable*",
          "rolesanywhere:Import*",
          "rolesanywhere:Put*",
          "rolesanywhere:Update*",
          "s3:GetDataAccess",
          "signin:AuthorizeOAuth2Access",
          "signin:CreateOAuth2Token",
          "ssm-guiconnect:*",
          "sso-directory:Add*",
          "sso-directory:Create*",
          "sso-directory:Update*",
          "sso-oauth:Create*",
          "sso:Associate*",
          "sso:Attach*",
          "sso:Create*",
          "sso:Provision*",
          "sso:Put*",
          "sso:Update*",
          "sts:AssumeRole*",
          "sts:AssumeRoot",
          "sts:GetFederationToken",
          "sts:GetServiceBearerToken",
          "sts:GetSessionToken",
          "sts:GetWebIdentityToken",
          "transfer:CreateUser",
          "transfer:ImportSshPublicKey",
        ]
        Resource = "*"
      },
      {
        Sid    = "NoTrailChanges"
        Effect = "Deny"
        Action = [
          "cloudtrail:Add*",
          "cloudtrail:Create*",
          "cloudtrail:Delete*",
          "cloudtrail:Deregister*",
          "cloudtrail:Disable*",
          "cloudtrail:Put*",
          "cloudtrail:Register*",
          "cloudtrail:Remove*",
          "cloudtrail:Stop*",
          "cloudtrail:Update*",
          "config:Delete*",
          "config:Put*",
          "config:Stop*",
          "ec2:DeleteFlowLogs",
          "guardduty:Delete*",
          "guardduty:Disassociate*",
          "guardduty:Stop*",
          "guardduty:Update*",
          "logs:DeleteLogGroup",
          "logs:DeleteLogStream",
          "logs:PutRetentionPolicy",
          "route53resolver:DeleteResolverQueryLogConfig",
          "route53resolver:DisassociateResolverQueryLogConfig",
          "securityhub:Delete*",
          "securityhub:Disable*",
          "securityhub:Disassociate*",
        ]
        Resource = "*"
      },
      {
        Sid    = "NoAlarmChanges"
        Effect = "Deny"
        Action = [
          "cloudwatch:Delete*",
          "cloudwatch:Disable*",
          "cloudwatch:Put*",
          "cloudwatch:Set*",
          "events:Delete*",
          "events:Disable*",
          "events:Put*",
          "events:Remove*",
          "events:Update*",
          "sns:AddPermission",
          "sns:Delete*",
          "sns:RemovePermission",
          "sns:SetTopicAttributes",
          "sns:Unsubscribe",
          "ssm:DeleteDocument",
          "ssm:ModifyDocumentPermission",
          "ssm:UpdateDocument*",
        ]
        Resource = [
          "arn:aws:cloudwatch:*:123456789012:alarm:halligan-*",
          "arn:aws:events:*:123456789012:archive/halligan-*",
          "arn:aws:events:*:123456789012:event-bus/halligan-*",
          "arn:aws:events:*:123456789012:rule/halligan-*",
          "arn:aws:sns:*:123456789012:Automation-halligan-*",
          "arn:aws:sns:*:123456789012:halligan-*",
          "arn:aws:ssm:*:123456789012:document/Halligan-*",
        ]
      },
      {
        Sid    = "NoEmergencyRoleChanges"
        Effect = "Deny"
        Action = [
          "iam:Add*",
          "iam:Attach*",
          "iam:Create*",
          "iam:Delete*",
          "iam:Detach*",
          "iam:PassRole",
          "iam:Put*",
          "iam:Remove*",
          "iam:Set*",
          "iam:Tag*",
          "iam:Untag*",
          "iam:Update*",
        ]
        Resource = [
          "arn:aws:iam::123456789012:group/halligan-*",
          "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
          "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          "arn:aws:iam::123456789012:policy/halligan-*",
          "arn:aws:iam::123456789012:role/EmergencyAccessRole",
          "arn:aws:iam::123456789012:role/EmergencyAccessRole-console",
          "arn:aws:iam::123456789012:role/EmergencyDatabase",
          "arn:aws:iam::123456789012:role/EmergencyMachines",
          "arn:aws:iam::123456789012:role/halligan-*",
        ]
      },
      {
        Sid    = "NoStackChanges"
        Effect = "Deny"
        Action = [
          "cloudformation:Cancel*",
          "cloudformation:Continue*",
          "cloudformation:Create*",
          "cloudformation:Delete*",
          "cloudformation:Execute*",
          "cloudformation:Import*",
          "cloudformation:Set*",
          "cloudformation:Update*",
        ]
        Resource = "arn:aws:cloudformation:*:123456789012:stack/halligan*"
      },
      {
        Sid    = "NoLeaveOrganization"
        Effect = "Deny"
        Action = [
          "account:CloseAccount",
          "organizations:CloseAccount",
          "organizations:DeleteOrganization",
          "organizations:LeaveOrganization",
          "organizations:RemoveAccountFromOrganization",
        ]
        Resource = "*"
      },
    ]
  })
}

# Stop slots of EmergencyAccessRole, attached to nothing on calm days: each ends the sessions of one
# grant.
resource "aws_iam_policy" "emergencyaccessrolestopslot1" {
  name        = "halligan-stop-slot-EmergencyAccessRole-1"
  description = "Denies everything to the sessions in slot 1."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot1"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "1"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencyaccessrolestopslot2" {
  name        = "halligan-stop-slot-EmergencyAccessRole-2"
  description = "Denies everything to the sessions in slot 2."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot2"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "2"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencyaccessrolestopslot3" {
  name        = "halligan-stop-slot-EmergencyAccessRole-3"
  description = "Denies everything to the sessions in slot 3."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot3"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "3"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencyaccessrolestopslot4" {
  name        = "halligan-stop-slot-EmergencyAccessRole-4"
  description = "Denies everything to the sessions in slot 4."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot4"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "4"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencyaccessrolestopslot5" {
  name        = "halligan-stop-slot-EmergencyAccessRole-5"
  description = "Denies everything to the sessions in slot 5."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot5"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "5"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencyaccessrolestopslot6" {
  name        = "halligan-stop-slot-EmergencyAccessRole-6"
  description = "Denies everything to the sessions in slot 6."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot6"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "6"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencyaccessrolestopslot7" {
  name        = "halligan-stop-slot-EmergencyAccessRole-7"
  description = "Denies everything to the sessions in slot 7."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot7"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "7"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencyaccessrolestopslot8" {
  name        = "halligan-stop-slot-EmergencyAccessRole-8"
  description = "Denies everything to the sessions in slot 8."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot8"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "8"
          }
        }
      },
    ]
  })
}

# The emergency role EmergencyAccessRole, opened by identity-provider-down/account: Everything of
# machines, databases, buckets, metrics and logs of prod
resource "aws_iam_role" "emergencyaccessrole" {
  name                 = "EmergencyAccessRole"
  description          = "Emergency: Everything of machines, databases, buckets, metrics and logs of prod"
  max_session_duration = 3600
  permissions_boundary = "arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyAccessRole"
  # Only a token for one of its scenarios, that names a grant, its slot and how the requester signed.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Door1"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "possession",
              "user-verified",
            ]
            "oidc.halligan.example.com:aud" = "sts.amazonaws.com"
            "oidc.halligan.example.com:sub" = "halligan.example.com/identity-provider-down/account"
          }
          StringLike = {
            "aws:RequestTag/halligan-grant" = "?*"
            "aws:RequestTag/halligan-slot"  = "?*"
            "sts:SourceIdentity"            = "hg-*"
          }
        }
      },
      {
        Sid    = "Door2"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "possession",
              "user-verified",
            ]
            "oidc.halligan-standby.example.net:aud" = "sts.amazonaws.com"
            "oidc.halligan-standby.example.net:sub" = "halligan.example.com/identity-provider-down/account"
          }
          StringLike = {
            "aws:RequestTag/halligan-grant" = "?*"
            "aws:RequestTag/halligan-slot"  = "?*"
            "sts:SourceIdentity"            = "hg-*"
          }
        }
      },
      {
        Sid    = "Tags"
        Effect = "Allow"
        Principal = {
          Federated = [
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          ]
        }
        Action = "sts:TagSession"
        Condition = {
          "ForAllValues:StringLike" = {
            "aws:TagKeys" = "halligan-*"
          }
          StringEquals = {
            "aws:RequestTag/halligan-slot" = [
              "1",
              "2",
              "3",
              "4",
              "5",
              "6",
              "7",
              "8",
              "control",
            ]
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "possession",
              "user-verified",
            ]
          }
        }
      },
      {
        Sid    = "Source"
        Effect = "Allow"
        Principal = {
          Federated = [
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          ]
        }
        Action = "sts:SetSourceIdentity"
        Condition = {
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
    aws_iam_policy.emergencyaccessroleboundary,
  ]
}

# The most that its scenarios allow, each session being narrower still, and what no session may share.
resource "aws_iam_role_policy" "emergencyaccessrole" {
  name = "scenario"
  role = aws_iam_role.emergencyaccessrole.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WhatRuns"
        Effect = "Allow"
        Action = [
          "cloudwatch:*",
          "ec2:*",
          "logs:*",
          "rds:*",
          "s3:*",
        ]
        Resource = [
          "*",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy" "emergencyaccessrole_2" {
  name = "halligan-no-sharing"
  role = aws_iam_role.emergencyaccessrole.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "NoSharing"
        Effect = "Deny"
        Action = [
          "acm-pca:CreatePermission",
          "acm-pca:PutPolicy",
          "aoss:CreateAccessPolicy",
          "aoss:UpdateAccessPolicy",
          "apigateway:UpdateRestApiPolicy",
          "appstream:UpdateImagePermissions",
          "backup:PutBackupVaultAccessPolicy",
          "bedrock:PutResourcePolicy",
          "codeartifact:Put*PermissionsPolicy",
          "codebuild:PutResourcePolicy",
          "dynamodb:PutResourcePolicy",
          "ec2:Disable*BlockPublicAccess",
          "ec2:ModifyFpgaImageAttribute",
          "ec2:ModifyImageAttribute",
          "ec2:ModifySnapshotAttribute",
          "ec2:ModifyVpcEndpointServicePermissions",
          "ecr-public:SetRepositoryPolicy",
          "ecr:PutRegistryPolicy",
          "ecr:SetRepositoryPolicy",
          "elasticfilesystem:PutFileSystemPolicy",
          "es:AuthorizeVpcEndpointAccess",
          "events:PutPermission",
          "glacier:SetVaultAccessPolicy",
          "glue:PutResourcePolicy",
          "imagebuilder:Put*Policy",
          "kafka:PutClusterPolicy",
          "kinesis:PutResourcePolicy",
          "kms:PutKeyPolicy",
          "lakeformation:*GrantPermissions",
          "lakeformation:PutDataLakeSettings",
          "lambda:Add*Permission",
          "logs:PutDestinationPolicy",
          "logs:PutResourcePolicy",
          "network-firewall:PutResourcePolicy",
          "ram:AssociateResourceShare",
          "ram:CreateResourceShare",
          "rds:ModifyDB*SnapshotAttribute",
          "redshift-serverless:PutResourcePolicy",
          "redshift:Authorize*Access",
          "redshift:AuthorizeDataShare",
          "redshift:PutResourcePolicy",
          "rekognition:PutProjectPolicy",
          "s3:CreateAccessGrant*",
          "s3:Put*Acl",
          "s3:Put*Policy",
          "s3:Put*PublicAccessBlock",
          "s3:PutAccessPointPolicyForObjectLambda",
          "s3:PutBucketOwnershipControls",
          "s3express:Put*Policy",
          "s3tables:Put*Policy",
          "schemas:PutResourcePolicy",
          "secretsmanager:PutResourcePolicy",
          "serverlessrepo:PutApplicationPolicy",
          "servicecatalog:CreatePortfolioShare",
          "ses:PutIdentityPolicy",
          "signer:AddProfilePermission",
          "sns:AddPermission",
          "sns:SetTopicAttributes",
          "sqs:AddPermission",
          "sqs:SetQueueAttributes",
          "ssm:ModifyDocumentPermission",
          "ssm:PutResourcePolicy",
          "vpc-lattice:Put*Policy",
          "workspaces:UpdateWorkspaceImagePermission",
        ]
        Resource = "*"
      },
      {
        Sid      = "NoGrants"
        Effect   = "Deny"
        Action   = "kms:CreateGrant"
        Resource = "*"
        Condition = {
          BoolIfExists = {
            "kms:GrantIsForAWSResource" = "false"
          }
        }
      },
    ]
  })
}

# What people fall back to when Halligan is not there: by signing in as a user of this account with a
# second factor, and switching role. No source identity can be given there, so that it cannot be the
# role above.
resource "aws_iam_role" "emergencyaccessroleconsole" {
  name                 = "EmergencyAccessRole-console"
  description          = "Fall-back in the console: Everything of machines, databases, buckets, metrics and logs of prod"
  max_session_duration = 3600
  permissions_boundary = "arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyAccessRole"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "UsersWithSecondFactor"
        Effect = "Allow"
        Principal = {
          AWS = "arn:aws:iam::123456789012:root"
        }
        Action = "sts:AssumeRole"
        Condition = {
          Bool = {
            "aws:MultiFactorAuthPresent" = "true"
          }
          NumericLessThan = {
            "aws:MultiFactorAuthAge" = "3600"
          }
          StringEquals = {
            "aws:PrincipalType" = "User"
          }
        }
      },
    ]
  })
  tags = {
    "halligan-cell" = "halligan.example.com"
  }
  depends_on = [
    aws_iam_policy.emergencyaccessroleboundary,
  ]
}

resource "aws_iam_role_policy" "emergencyaccessroleconsole" {
  name = "scenario"
  role = aws_iam_role.emergencyaccessroleconsole.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WhatRuns"
        Effect = "Allow"
        Action = [
          "cloudwatch:*",
          "ec2:*",
          "logs:*",
          "rds:*",
          "s3:*",
        ]
        Resource = [
          "*",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy" "emergencyaccessroleconsole_2" {
  name = "halligan-no-sharing"
  role = aws_iam_role.emergencyaccessroleconsole.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "NoSharing"
        Effect = "Deny"
        Action = [
          "acm-pca:CreatePermission",
          "acm-pca:PutPolicy",
          "aoss:CreateAccessPolicy",
          "aoss:UpdateAccessPolicy",
          "apigateway:UpdateRestApiPolicy",
          "appstream:UpdateImagePermissions",
          "backup:PutBackupVaultAccessPolicy",
          "bedrock:PutResourcePolicy",
          "codeartifact:Put*PermissionsPolicy",
          "codebuild:PutResourcePolicy",
          "dynamodb:PutResourcePolicy",
          "ec2:Disable*BlockPublicAccess",
          "ec2:ModifyFpgaImageAttribute",
          "ec2:ModifyImageAttribute",
          "ec2:ModifySnapshotAttribute",
          "ec2:ModifyVpcEndpointServicePermissions",
          "ecr-public:SetRepositoryPolicy",
          "ecr:PutRegistryPolicy",
          "ecr:SetRepositoryPolicy",
          "elasticfilesystem:PutFileSystemPolicy",
          "es:AuthorizeVpcEndpointAccess",
          "events:PutPermission",
          "glacier:SetVaultAccessPolicy",
          "glue:PutResourcePolicy",
          "imagebuilder:Put*Policy",
          "kafka:PutClusterPolicy",
          "kinesis:PutResourcePolicy",
          "kms:PutKeyPolicy",
          "lakeformation:*GrantPermissions",
          "lakeformation:PutDataLakeSettings",
          "lambda:Add*Permission",
          "logs:PutDestinationPolicy",
          "logs:PutResourcePolicy",
          "network-firewall:PutResourcePolicy",
          "ram:AssociateResourceShare",
          "ram:CreateResourceShare",
          "rds:ModifyDB*SnapshotAttribute",
          "redshift-serverless:PutResourcePolicy",
          "redshift:Authorize*Access",
          "redshift:AuthorizeDataShare",
          "redshift:PutResourcePolicy",
          "rekognition:PutProjectPolicy",
          "s3:CreateAccessGrant*",
          "s3:Put*Acl",
          "s3:Put*Policy",
          "s3:Put*PublicAccessBlock",
          "s3:PutAccessPointPolicyForObjectLambda",
          "s3:PutBucketOwnershipControls",
          "s3express:Put*Policy",
          "s3tables:Put*Policy",
          "schemas:PutResourcePolicy",
          "secretsmanager:PutResourcePolicy",
          "serverlessrepo:PutApplicationPolicy",
          "servicecatalog:CreatePortfolioShare",
          "ses:PutIdentityPolicy",
          "signer:AddProfilePermission",
          "sns:AddPermission",
          "sns:SetTopicAttributes",
          "sqs:AddPermission",
          "sqs:SetQueueAttributes",
          "ssm:ModifyDocumentPermission",
          "ssm:PutResourcePolicy",
          "vpc-lattice:Put*Policy",
          "workspaces:UpdateWorkspaceImagePermission",
        ]
        Resource = "*"
      },
      {
        Sid      = "NoGrants"
        Effect   = "Deny"
        Action   = "kms:CreateGrant"
        Resource = "*"
        Condition = {
          BoolIfExists = {
            "kms:GrantIsForAWSResource" = "false"
          }
        }
      },
    ]
  })
}

# Attach this to the users whose passwords are in envelopes, and to nobody else.
resource "aws_iam_policy" "emergencyaccessrolereach" {
  name        = "halligan-reach-EmergencyAccessRole-console"
  description = "Lets a user switch to EmergencyAccessRole-console."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReachConsoleRole"
        Effect   = "Allow"
        Action   = "sts:AssumeRole"
        Resource = "arn:aws:iam::123456789012:role/EmergencyAccessRole-console"
        Condition = {
          Bool = {
            "aws:MultiFactorAuthPresent" = "true"
          }
        }
      },
    ]
  })
}

# Guard rails of EmergencyDatabase: whatever its policy allows, these hold.
resource "aws_iam_policy" "emergencydatabaseboundary" {
  name        = "halligan-boundary-EmergencyDatabase"
  description = "Guard rails of an emergency role."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RestIsForThePolicy"
        Effect   = "Allow"
        Action   = "*"
        Resource = "*"
      },
      {
        Sid    = "NoPersistence"
        Effect = "Deny"
        Action = [
          "account:Accept*",
          "account:Close*",
          "account:Delete*",
          "account:Disable*",
          "account:Enable*",
          "account:Put*",
          "account:Start*",
          "dsql:DbConnect*",
          "ec2-instance-connect:*",
          "ecr:GetAuthorizationToken",
          "ecs:ExecuteCommand",
          "eks:AssociateAccessPolicy",
          "eks:CreateAccessEntry",
          "eks:UpdateAccessEntry",
          "elasticache:Connect",
          "iam:Add*",
          "iam:Attach*",
          "iam:ChangePassword",
          "iam:Create*",
          "iam:Delete*PermissionsBoundary",
          "iam:Enable*",
          "iam:PassRole",
          "iam:Put*",
          "iam:Remove*",
          "iam:Reset*",
          "iam:Resync*",
          "iam:Set*",
          "iam:Update*",
          "iam:Upload*",
          "identitystore:Create*",
          "identitystore:Update*",
          "lightsail:GetInstanceAccessDetails",
          "memorydb:Connect",
          "organizations:Accept*",
          "organizations:Attach*",
          "organizations:Create*",
          "organizations:Delete*",
          "organizations:Deregister*",
          "organizations:Detach*",
          "organizations:Disable*",
          "organizations:Enable*",
          "organizations:Invite*",
          "organizations:Move*",
          "organizations:Put*",
          "organizations:Register*",
          "organizations:Update*",
          "rds-db:connect",
          "redshift-serverless:GetCredentials",
          "redshift:GetClusterCredentials*",
          "rolesanywhere:Create*",
          "rolesanywhere:Enable*",
          "rolesanywhere:Import*",
          "rolesanywhere:Put*",
          "rolesanywhere:Update*",
          "s3:GetDataAccess",
          "signin:AuthorizeOAuth2Access",
          "signin:CreateOAuth2Token",
          "ssm-guiconnect:*",
          "sso-directory:Add*",
          "sso-directory:Create*",
          "sso-directory:Update*",
          "sso-oauth:Create*",
          "sso:Associate*",
          "sso:Attach*",
          "sso:Create*",
          "sso:Provision*",
          "sso:Put*",
          "sso:Update*",
          "sts:AssumeRole*",
          "sts:AssumeRoot",
          "sts:GetFederationToken",
          "sts:GetServiceBearerToken",
          "sts:GetSessionToken",
          "sts:GetWebIdentityToken",
          "transfer:CreateUser",
          "transfer:ImportSshPublicKey",
        ]
        Resource = "*"
      },
      {
        Sid    = "NoTrailChanges"
        Effect = "Deny"
        Action = [
          "cloudtrail:Add*",
          "cloudtrail:Create*",
          "cloudtrail:Delete*",
          "cloudtrail:Deregister*",
          "cloudtrail:Disable*",
          "cloudtrail:Put*",
          "cloudtrail:Register*",
          "cloudtrail:Remove*",
          "cloudtrail:Stop*",
          "cloudtrail:Update*",
          "config:Delete*",
          "config:Put*",
          "config:Stop*",
          "ec2:DeleteFlowLogs",
          "guardduty:Delete*",
          "guardduty:Disassociate*",
          "guardduty:Stop*",
          "guardduty:Update*",
          "logs:DeleteLogGroup",
          "logs:DeleteLogStream",
          "logs:PutRetentionPolicy",
          "route53resolver:DeleteResolverQueryLogConfig",
          "route53resolver:DisassociateResolverQueryLogConfig",
          "securityhub:Delete*",
          "securityhub:Disable*",
          "securityhub:Disassociate*",
        ]
        Resource = "*"
      },
      {
        Sid    = "NoAlarmChanges"
        Effect = "Deny"
        Action = [
          "cloudwatch:Delete*",
          "cloudwatch:Disable*",
          "cloudwatch:Put*",
          "cloudwatch:Set*",
          "events:Delete*",
          "events:Disable*",
          "events:Put*",
          "events:Remove*",
          "events:Update*",
          "sns:AddPermission",
          "sns:Delete*",
          "sns:RemovePermission",
          "sns:SetTopicAttributes",
          "sns:Unsubscribe",
          "ssm:DeleteDocument",
          "ssm:ModifyDocumentPermission",
          "ssm:UpdateDocument*",
        ]
        Resource = [
          "arn:aws:cloudwatch:*:123456789012:alarm:halligan-*",
          "arn:aws:events:*:123456789012:archive/halligan-*",
          "arn:aws:events:*:123456789012:event-bus/halligan-*",
          "arn:aws:events:*:123456789012:rule/halligan-*",
          "arn:aws:sns:*:123456789012:Automation-halligan-*",
          "arn:aws:sns:*:123456789012:halligan-*",
          "arn:aws:ssm:*:123456789012:document/Halligan-*",
        ]
      },
      {
        Sid    = "NoEmergencyRoleChanges"
        Effect = "Deny"
        Action = [
          "iam:Add*",
          "iam:Attach*",
          "iam:Create*",
          "iam:Delete*",
          "iam:Detach*",
          "iam:PassRole",
          "iam:Put*",
          "iam:Remove*",
          "iam:Set*",
          "iam:Tag*",
          "iam:Untag*",
          "iam:Update*",
        ]
        Resource = [
          "arn:aws:iam::123456789012:group/halligan-*",
          "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
          "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          "arn:aws:iam::123456789012:policy/halligan-*",
          "arn:aws:iam::123456789012:role/EmergencyAccessRole",
          "arn:aws:iam::123456789012:role/EmergencyAccessRole-console",
          "arn:aws:iam::123456789012:role/EmergencyDatabase",
          "arn:aws:iam::123456789012:role/EmergencyMachines",
          "arn:aws:iam::123456789012:role/halligan-*",
        ]
      },
      {
        Sid    = "NoStackChanges"
        Effect = "Deny"
        Action = [
          "cloudformation:Cancel*",
          "cloudformation:Continue*",
          "cloudformation:Create*",
          "cloudformation:Delete*",
          "cloudformation:Execute*",
          "cloudformation:Import*",
          "cloudformation:Set*",
          "cloudformation:Update*",
        ]
        Resource = "arn:aws:cloudformation:*:123456789012:stack/halligan*"
      },
      {
        Sid    = "NoLeaveOrganization"
        Effect = "Deny"
        Action = [
          "account:CloseAccount",
          "organizations:CloseAccount",
          "organizations:DeleteOrganization",
          "organizations:LeaveOrganization",
          "organizations:RemoveAccountFromOrganization",
        ]
        Resource = "*"
      },
      {
        Sid    = "OnlyInRegions"
        Effect = "Deny"
        NotAction = [
          "account:*",
          "budgets:*",
          "ce:*",
          "cloudfront:*",
          "globalaccelerator:*",
          "health:*",
          "iam:*",
          "organizations:*",
          "route53:*",
          "shield:*",
          "sts:*",
          "support:*",
          "waf:*",
        ]
        Resource = "*"
        Condition = {
          StringNotEquals = {
            "aws:RequestedRegion" = "eu-west-1"
          }
        }
      },
    ]
  })
}

# Stop slots of EmergencyDatabase, attached to nothing on calm days: each ends the sessions of one
# grant.
resource "aws_iam_policy" "emergencydatabasestopslot1" {
  name        = "halligan-stop-slot-EmergencyDatabase-1"
  description = "Denies everything to the sessions in slot 1."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot1"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "1"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencydatabasestopslot2" {
  name        = "halligan-stop-slot-EmergencyDatabase-2"
  description = "Denies everything to the sessions in slot 2."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot2"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "2"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencydatabasestopslot3" {
  name        = "halligan-stop-slot-EmergencyDatabase-3"
  description = "Denies everything to the sessions in slot 3."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot3"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "3"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencydatabasestopslot4" {
  name        = "halligan-stop-slot-EmergencyDatabase-4"
  description = "Denies everything to the sessions in slot 4."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot4"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "4"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencydatabasestopslot5" {
  name        = "halligan-stop-slot-EmergencyDatabase-5"
  description = "Denies everything to the sessions in slot 5."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot5"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "5"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencydatabasestopslot6" {
  name        = "halligan-stop-slot-EmergencyDatabase-6"
  description = "Denies everything to the sessions in slot 6."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot6"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "6"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencydatabasestopslot7" {
  name        = "halligan-stop-slot-EmergencyDatabase-7"
  description = "Denies everything to the sessions in slot 7."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot7"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "7"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencydatabasestopslot8" {
  name        = "halligan-stop-slot-EmergencyDatabase-8"
  description = "Denies everything to the sessions in slot 8."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot8"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "8"
          }
        }
      },
    ]
  })
}

# The emergency role EmergencyDatabase, opened by database-locked-out/database: Start, stop, change
# and restore databases of prod
resource "aws_iam_role" "emergencydatabase" {
  name                 = "EmergencyDatabase"
  description          = "Emergency: Start, stop, change and restore databases of prod"
  max_session_duration = 3600
  permissions_boundary = "arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyDatabase"
  # Only a token for one of its scenarios, that names a grant, its slot and how the requester signed.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Door1"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "user-verified",
            ]
            "oidc.halligan.example.com:aud" = "sts.amazonaws.com"
            "oidc.halligan.example.com:sub" = "halligan.example.com/database-locked-out/database"
          }
          StringLike = {
            "aws:RequestTag/halligan-grant" = "?*"
            "aws:RequestTag/halligan-slot"  = "?*"
            "sts:SourceIdentity"            = "hg-*"
          }
        }
      },
      {
        Sid    = "Door2"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "user-verified",
            ]
            "oidc.halligan-standby.example.net:aud" = "sts.amazonaws.com"
            "oidc.halligan-standby.example.net:sub" = "halligan.example.com/database-locked-out/database"
          }
          StringLike = {
            "aws:RequestTag/halligan-grant" = "?*"
            "aws:RequestTag/halligan-slot"  = "?*"
            "sts:SourceIdentity"            = "hg-*"
          }
        }
      },
      {
        Sid    = "Tags"
        Effect = "Allow"
        Principal = {
          Federated = [
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          ]
        }
        Action = "sts:TagSession"
        Condition = {
          "ForAllValues:StringLike" = {
            "aws:TagKeys" = "halligan-*"
          }
          StringEquals = {
            "aws:RequestTag/halligan-slot" = [
              "1",
              "2",
              "3",
              "4",
              "5",
              "6",
              "7",
              "8",
              "control",
            ]
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "user-verified",
            ]
          }
        }
      },
      {
        Sid    = "Source"
        Effect = "Allow"
        Principal = {
          Federated = [
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          ]
        }
        Action = "sts:SetSourceIdentity"
        Condition = {
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
    aws_iam_policy.emergencydatabaseboundary,
  ]
}

# The most that its scenarios allow, each session being narrower still, and what no session may share.
resource "aws_iam_role_policy" "emergencydatabase" {
  name = "scenario"
  role = aws_iam_role.emergencydatabase.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Databases"
        Effect = "Allow"
        Action = [
          "rds:Describe*",
          "rds:ModifyDBInstance",
          "rds:RebootDBInstance",
          "rds:RestoreDBInstanceToPointInTime",
          "rds:StartDBInstance",
          "rds:StopDBInstance",
        ]
        Resource = [
          "*",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy" "emergencydatabase_2" {
  name = "halligan-no-sharing"
  role = aws_iam_role.emergencydatabase.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "NoSharing"
        Effect = "Deny"
        Action = [
          "acm-pca:CreatePermission",
          "acm-pca:PutPolicy",
          "aoss:CreateAccessPolicy",
          "aoss:UpdateAccessPolicy",
          "apigateway:UpdateRestApiPolicy",
          "appstream:UpdateImagePermissions",
          "backup:PutBackupVaultAccessPolicy",
          "bedrock:PutResourcePolicy",
          "codeartifact:Put*PermissionsPolicy",
          "codebuild:PutResourcePolicy",
          "dynamodb:PutResourcePolicy",
          "ec2:Disable*BlockPublicAccess",
          "ec2:ModifyFpgaImageAttribute",
          "ec2:ModifyImageAttribute",
          "ec2:ModifySnapshotAttribute",
          "ec2:ModifyVpcEndpointServicePermissions",
          "ecr-public:SetRepositoryPolicy",
          "ecr:PutRegistryPolicy",
          "ecr:SetRepositoryPolicy",
          "elasticfilesystem:PutFileSystemPolicy",
          "es:AuthorizeVpcEndpointAccess",
          "events:PutPermission",
          "glacier:SetVaultAccessPolicy",
          "glue:PutResourcePolicy",
          "imagebuilder:Put*Policy",
          "kafka:PutClusterPolicy",
          "kinesis:PutResourcePolicy",
          "kms:PutKeyPolicy",
          "lakeformation:*GrantPermissions",
          "lakeformation:PutDataLakeSettings",
          "lambda:Add*Permission",
          "logs:PutDestinationPolicy",
          "logs:PutResourcePolicy",
          "network-firewall:PutResourcePolicy",
          "ram:AssociateResourceShare",
          "ram:CreateResourceShare",
          "rds:ModifyDB*SnapshotAttribute",
          "redshift-serverless:PutResourcePolicy",
          "redshift:Authorize*Access",
          "redshift:AuthorizeDataShare",
          "redshift:PutResourcePolicy",
          "rekognition:PutProjectPolicy",
          "s3:CreateAccessGrant*",
          "s3:Put*Acl",
          "s3:Put*Policy",
          "s3:Put*PublicAccessBlock",
          "s3:PutAccessPointPolicyForObjectLambda",
          "s3:PutBucketOwnershipControls",
          "s3express:Put*Policy",
          "s3tables:Put*Policy",
          "schemas:PutResourcePolicy",
          "secretsmanager:PutResourcePolicy",
          "serverlessrepo:PutApplicationPolicy",
          "servicecatalog:CreatePortfolioShare",
          "ses:PutIdentityPolicy",
          "signer:AddProfilePermission",
          "sns:AddPermission",
          "sns:SetTopicAttributes",
          "sqs:AddPermission",
          "sqs:SetQueueAttributes",
          "ssm:ModifyDocumentPermission",
          "ssm:PutResourcePolicy",
          "vpc-lattice:Put*Policy",
          "workspaces:UpdateWorkspaceImagePermission",
        ]
        Resource = "*"
      },
      {
        Sid      = "NoGrants"
        Effect   = "Deny"
        Action   = "kms:CreateGrant"
        Resource = "*"
        Condition = {
          BoolIfExists = {
            "kms:GrantIsForAWSResource" = "false"
          }
        }
      },
    ]
  })
}

# Guard rails of EmergencyMachines: whatever its policy allows, these hold, but not no-persistence,
# which its scenarios leave out.
resource "aws_iam_policy" "emergencymachinesboundary" {
  name        = "halligan-boundary-EmergencyMachines"
  description = "Guard rails of an emergency role."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "RestIsForThePolicy"
        Effect   = "Allow"
        Action   = "*"
        Resource = "*"
      },
      {
        Sid    = "NoTrailChanges"
        Effect = "Deny"
        Action = [
          "cloudtrail:Add*",
          "cloudtrail:Create*",
          "cloudtrail:Delete*",
          "cloudtrail:Deregister*",
          "cloudtrail:Disable*",
          "cloudtrail:Put*",
          "cloudtrail:Register*",
          "cloudtrail:Remove*",
          "cloudtrail:Stop*",
          "cloudtrail:Update*",
          "config:Delete*",
          "config:Put*",
          "config:Stop*",
          "ec2:DeleteFlowLogs",
          "guardduty:Delete*",
          "guardduty:Disassociate*",
          "guardduty:Stop*",
          "guardduty:Update*",
          "logs:DeleteLogGroup",
          "logs:DeleteLogStream",
          "logs:PutRetentionPolicy",
          "route53resolver:DeleteResolverQueryLogConfig",
          "route53resolver:DisassociateResolverQueryLogConfig",
          "securityhub:Delete*",
          "securityhub:Disable*",
          "securityhub:Disassociate*",
        ]
        Resource = "*"
      },
      {
        Sid    = "NoAlarmChanges"
        Effect = "Deny"
        Action = [
          "cloudwatch:Delete*",
          "cloudwatch:Disable*",
          "cloudwatch:Put*",
          "cloudwatch:Set*",
          "events:Delete*",
          "events:Disable*",
          "events:Put*",
          "events:Remove*",
          "events:Update*",
          "sns:AddPermission",
          "sns:Delete*",
          "sns:RemovePermission",
          "sns:SetTopicAttributes",
          "sns:Unsubscribe",
          "ssm:DeleteDocument",
          "ssm:ModifyDocumentPermission",
          "ssm:UpdateDocument*",
        ]
        Resource = [
          "arn:aws:cloudwatch:*:123456789012:alarm:halligan-*",
          "arn:aws:events:*:123456789012:archive/halligan-*",
          "arn:aws:events:*:123456789012:event-bus/halligan-*",
          "arn:aws:events:*:123456789012:rule/halligan-*",
          "arn:aws:sns:*:123456789012:Automation-halligan-*",
          "arn:aws:sns:*:123456789012:halligan-*",
          "arn:aws:ssm:*:123456789012:document/Halligan-*",
        ]
      },
      {
        Sid    = "NoEmergencyRoleChanges"
        Effect = "Deny"
        Action = [
          "iam:Add*",
          "iam:Attach*",
          "iam:Create*",
          "iam:Delete*",
          "iam:Detach*",
          "iam:PassRole",
          "iam:Put*",
          "iam:Remove*",
          "iam:Set*",
          "iam:Tag*",
          "iam:Untag*",
          "iam:Update*",
        ]
        Resource = [
          "arn:aws:iam::123456789012:group/halligan-*",
          "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
          "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          "arn:aws:iam::123456789012:policy/halligan-*",
          "arn:aws:iam::123456789012:role/EmergencyAccessRole",
          "arn:aws:iam::123456789012:role/EmergencyAccessRole-console",
          "arn:aws:iam::123456789012:role/EmergencyDatabase",
          "arn:aws:iam::123456789012:role/EmergencyMachines",
          "arn:aws:iam::123456789012:role/halligan-*",
        ]
      },
      {
        Sid    = "NoStackChanges"
        Effect = "Deny"
        Action = [
          "cloudformation:Cancel*",
          "cloudformation:Continue*",
          "cloudformation:Create*",
          "cloudformation:Delete*",
          "cloudformation:Execute*",
          "cloudformation:Import*",
          "cloudformation:Set*",
          "cloudformation:Update*",
        ]
        Resource = "arn:aws:cloudformation:*:123456789012:stack/halligan*"
      },
      {
        Sid    = "NoLeaveOrganization"
        Effect = "Deny"
        Action = [
          "account:CloseAccount",
          "organizations:CloseAccount",
          "organizations:DeleteOrganization",
          "organizations:LeaveOrganization",
          "organizations:RemoveAccountFromOrganization",
        ]
        Resource = "*"
      },
      {
        Sid      = "OnlyFromNetworks"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          BoolIfExists = {
            "aws:ViaAWSService" = "false"
          }
          NotIpAddress = {
            "aws:SourceIp" = "203.0.113.0/24"
          }
        }
      },
    ]
  })
}

# Stop slots of EmergencyMachines, attached to nothing on calm days: each ends the sessions of one
# grant.
resource "aws_iam_policy" "emergencymachinesstopslot1" {
  name        = "halligan-stop-slot-EmergencyMachines-1"
  description = "Denies everything to the sessions in slot 1."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot1"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "1"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencymachinesstopslot2" {
  name        = "halligan-stop-slot-EmergencyMachines-2"
  description = "Denies everything to the sessions in slot 2."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot2"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "2"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencymachinesstopslot3" {
  name        = "halligan-stop-slot-EmergencyMachines-3"
  description = "Denies everything to the sessions in slot 3."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot3"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "3"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencymachinesstopslot4" {
  name        = "halligan-stop-slot-EmergencyMachines-4"
  description = "Denies everything to the sessions in slot 4."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot4"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "4"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencymachinesstopslot5" {
  name        = "halligan-stop-slot-EmergencyMachines-5"
  description = "Denies everything to the sessions in slot 5."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot5"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "5"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencymachinesstopslot6" {
  name        = "halligan-stop-slot-EmergencyMachines-6"
  description = "Denies everything to the sessions in slot 6."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot6"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "6"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencymachinesstopslot7" {
  name        = "halligan-stop-slot-EmergencyMachines-7"
  description = "Denies everything to the sessions in slot 7."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot7"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "7"
          }
        }
      },
    ]
  })
}

resource "aws_iam_policy" "emergencymachinesstopslot8" {
  name        = "halligan-stop-slot-EmergencyMachines-8"
  description = "Denies everything to the sessions in slot 8."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "StopSlot8"
        Effect   = "Deny"
        Action   = "*"
        Resource = "*"
        Condition = {
          StringEquals = {
            "aws:PrincipalTag/halligan-slot" = "8"
          }
        }
      },
    ]
  })
}

# The emergency role EmergencyMachines, opened by machine-stuck/machines: A shell on any machine of
# prod
resource "aws_iam_role" "emergencymachines" {
  name                 = "EmergencyMachines"
  description          = "Emergency: A shell on any machine of prod"
  max_session_duration = 3600
  permissions_boundary = "arn:aws:iam::123456789012:policy/halligan-boundary-EmergencyMachines"
  # Only a token for one of its scenarios, that names a grant, its slot and how the requester signed.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Door1"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "possession",
              "user-verified",
            ]
            "oidc.halligan.example.com:aud" = "sts.amazonaws.com"
            "oidc.halligan.example.com:sub" = "halligan.example.com/machine-stuck/machines"
          }
          StringLike = {
            "aws:RequestTag/halligan-grant" = "?*"
            "aws:RequestTag/halligan-slot"  = "?*"
            "sts:SourceIdentity"            = "hg-*"
          }
        }
      },
      {
        Sid    = "Door2"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "possession",
              "user-verified",
            ]
            "oidc.halligan-standby.example.net:aud" = "sts.amazonaws.com"
            "oidc.halligan-standby.example.net:sub" = "halligan.example.com/machine-stuck/machines"
          }
          StringLike = {
            "aws:RequestTag/halligan-grant" = "?*"
            "aws:RequestTag/halligan-slot"  = "?*"
            "sts:SourceIdentity"            = "hg-*"
          }
        }
      },
      {
        Sid    = "Tags"
        Effect = "Allow"
        Principal = {
          Federated = [
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          ]
        }
        Action = "sts:TagSession"
        Condition = {
          "ForAllValues:StringLike" = {
            "aws:TagKeys" = "halligan-*"
          }
          StringEquals = {
            "aws:RequestTag/halligan-slot" = [
              "1",
              "2",
              "3",
              "4",
              "5",
              "6",
              "7",
              "8",
              "control",
            ]
            "aws:RequestTag/halligan-strength" = [
              "hardware",
              "possession",
              "user-verified",
            ]
          }
        }
      },
      {
        Sid    = "Source"
        Effect = "Allow"
        Principal = {
          Federated = [
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net",
            "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com",
          ]
        }
        Action = "sts:SetSourceIdentity"
        Condition = {
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
    aws_iam_policy.emergencymachinesboundary,
  ]
}

# The most that its scenarios allow, each session being narrower still, and what no session may share.
resource "aws_iam_role_policy" "emergencymachines" {
  name = "scenario"
  role = aws_iam_role.emergencymachines.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Machines"
        Effect = "Allow"
        Action = [
          "ssm:DescribeInstanceInformation",
          "ssm:StartSession",
        ]
        Resource = [
          "*",
        ]
      },
    ]
  })
}

resource "aws_iam_role_policy" "emergencymachines_2" {
  name = "halligan-no-sharing"
  role = aws_iam_role.emergencymachines.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "NoSharing"
        Effect = "Deny"
        Action = [
          "acm-pca:CreatePermission",
          "acm-pca:PutPolicy",
          "aoss:CreateAccessPolicy",
          "aoss:UpdateAccessPolicy",
          "apigateway:UpdateRestApiPolicy",
          "appstream:UpdateImagePermissions",
          "backup:PutBackupVaultAccessPolicy",
          "bedrock:PutResourcePolicy",
          "codeartifact:Put*PermissionsPolicy",
          "codebuild:PutResourcePolicy",
          "dynamodb:PutResourcePolicy",
          "ec2:Disable*BlockPublicAccess",
          "ec2:ModifyFpgaImageAttribute",
          "ec2:ModifyImageAttribute",
          "ec2:ModifySnapshotAttribute",
          "ec2:ModifyVpcEndpointServicePermissions",
          "ecr-public:SetRepositoryPolicy",
          "ecr:PutRegistryPolicy",
          "ecr:SetRepositoryPolicy",
          "elasticfilesystem:PutFileSystemPolicy",
          "es:AuthorizeVpcEndpointAccess",
          "events:PutPermission",
          "glacier:SetVaultAccessPolicy",
          "glue:PutResourcePolicy",
          "imagebuilder:Put*Policy",
          "kafka:PutClusterPolicy",
          "kinesis:PutResourcePolicy",
          "kms:PutKeyPolicy",
          "lakeformation:*GrantPermissions",
          "lakeformation:PutDataLakeSettings",
          "lambda:Add*Permission",
          "logs:PutDestinationPolicy",
          "logs:PutResourcePolicy",
          "network-firewall:PutResourcePolicy",
          "ram:AssociateResourceShare",
          "ram:CreateResourceShare",
          "rds:ModifyDB*SnapshotAttribute",
          "redshift-serverless:PutResourcePolicy",
          "redshift:Authorize*Access",
          "redshift:AuthorizeDataShare",
          "redshift:PutResourcePolicy",
          "rekognition:PutProjectPolicy",
          "s3:CreateAccessGrant*",
          "s3:Put*Acl",
          "s3:Put*Policy",
          "s3:Put*PublicAccessBlock",
          "s3:PutAccessPointPolicyForObjectLambda",
          "s3:PutBucketOwnershipControls",
          "s3express:Put*Policy",
          "s3tables:Put*Policy",
          "schemas:PutResourcePolicy",
          "secretsmanager:PutResourcePolicy",
          "serverlessrepo:PutApplicationPolicy",
          "servicecatalog:CreatePortfolioShare",
          "ses:PutIdentityPolicy",
          "signer:AddProfilePermission",
          "sns:AddPermission",
          "sns:SetTopicAttributes",
          "sqs:AddPermission",
          "sqs:SetQueueAttributes",
          "ssm:ModifyDocumentPermission",
          "ssm:PutResourcePolicy",
          "vpc-lattice:Put*Policy",
          "workspaces:UpdateWorkspaceImagePermission",
        ]
        Resource = "*"
      },
      {
        Sid      = "NoGrants"
        Effect   = "Deny"
        Action   = "kms:CreateGrant"
        Resource = "*"
        Condition = {
          BoolIfExists = {
            "kms:GrantIsForAWSResource" = "false"
          }
        }
      },
    ]
  })
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

# Halligan's server as the stopper: it can put stop slots on roles and take them off, and nothing
# else.
resource "aws_iam_role" "stopper" {
  name                 = "halligan-stopper"
  description          = "Halligan puts stop slots on emergency roles and takes them off."
  max_session_duration = 3600
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Server1"
        Effect = "Allow"
        Principal = {
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan.example.com"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan.example.com:aud" = "sts.amazonaws.com"
            "oidc.halligan.example.com:sub" = "halligan.example.com/stopper"
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
          Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.halligan-standby.example.net"
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
          "sts:SetSourceIdentity",
        ]
        Condition = {
          StringEquals = {
            "oidc.halligan-standby.example.net:aud" = "sts.amazonaws.com"
            "oidc.halligan-standby.example.net:sub" = "halligan.example.com/stopper"
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

resource "aws_iam_role_policy" "stopper" {
  name = "halligan-stopper"
  role = aws_iam_role.stopper.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "Stop1"
        Effect = "Allow"
        Action = [
          "iam:AttachRolePolicy",
          "iam:DetachRolePolicy",
        ]
        Resource = "arn:aws:iam::123456789012:role/EmergencyAccessRole"
        Condition = {
          ArnLike = {
            "iam:PolicyARN" = "arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyAccessRole-?"
          }
        }
      },
      {
        Sid    = "Stop2"
        Effect = "Allow"
        Action = [
          "iam:AttachRolePolicy",
          "iam:DetachRolePolicy",
        ]
        Resource = "arn:aws:iam::123456789012:role/EmergencyDatabase"
        Condition = {
          ArnLike = {
            "iam:PolicyARN" = "arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyDatabase-?"
          }
        }
      },
      {
        Sid    = "Stop3"
        Effect = "Allow"
        Action = [
          "iam:AttachRolePolicy",
          "iam:DetachRolePolicy",
        ]
        Resource = "arn:aws:iam::123456789012:role/EmergencyMachines"
        Condition = {
          ArnLike = {
            "iam:PolicyARN" = "arn:aws:iam::123456789012:policy/halligan-stop-slot-EmergencyMachines-?"
          }
        }
      },
      {
        Sid    = "See"
        Effect = "Allow"
        Action = "iam:ListAttachedRolePolicies"
        Resource = [
          "arn:aws:iam::123456789012:role/EmergencyAccessRole",
          "arn:aws:iam::123456789012:role/EmergencyDatabase",
          "arn:aws:iam::123456789012:role/EmergencyMachines",
        ]
      },
      {
        Sid      = "SeeSessions"
        Effect   = "Allow"
        Action   = "ssm:DescribeSessions"
        Resource = "*"
      },
      {
        Sid      = "EndSessions"
        Effect   = "Allow"
        Action   = "ssm:TerminateSession"
        Resource = "arn:aws:ssm:*:123456789012:session/hg-*"
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
  event_source_arn = "arn:aws:events:eu-west-1:123456789012:event-bus/halligan-events"
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
            "aws:SourceAccount" = "123456789012"
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
        Resource = "arn:aws:events:eu-west-1:123456789012:event-bus/halligan-events"
      },
    ]
  })
}

# All regions on one page.
resource "aws_cloudwatch_dashboard" "dashboard" {
  dashboard_name = "halligan-emergency"
  dashboard_body = "{\"widgets\":[{\"height\":3,\"properties\":{\"markdown\":\"# Emergency access of halligan.example.com\\nEvery use must have a grant: `halligan status`. To end one: `halligan stop ID`.\"},\"type\":\"text\",\"width\":24,\"x\":0,\"y\":0},{\"height\":9,\"properties\":{\"metrics\":[[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-central-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-alarms\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-changed\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-central-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-central-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-root-session\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-central-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-trail\",{\"region\":\"us-east-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"ap-southeast-2\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-central-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-north-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"eu-west-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"us-east-1\"}],[\"AWS/Events\",\"TriggeredRules\",\"RuleName\",\"halligan-use\",{\"region\":\"us-east-2\"}]],\"period\":300,\"region\":\"eu-west-1\",\"stat\":\"Sum\",\"title\":\"What the rules saw\",\"view\":\"timeSeries\"},\"type\":\"metric\",\"width\":24,\"x\":0,\"y\":3}]}"
}
