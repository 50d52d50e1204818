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
  region = "us-east-1"
  allowed_account_ids = [
    "999988887777",
  ]
}

provider "aws" {
  alias  = "ap_southeast_2"
  region = "ap-southeast-2"
  allowed_account_ids = [
    "999988887777",
  ]
}

module "rules_ap_southeast_2" {
  source = "./rules"
  providers = {
    aws = aws.ap_southeast_2
  }
  alarm_email = var.alarm_email
  global      = false
}

provider "aws" {
  alias  = "eu_north_1"
  region = "eu-north-1"
  allowed_account_ids = [
    "999988887777",
  ]
}

module "rules_eu_north_1" {
  source = "./rules"
  providers = {
    aws = aws.eu_north_1
  }
  alarm_email = var.alarm_email
  global      = false
}

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
  allowed_account_ids = [
    "999988887777",
  ]
}

module "rules_us_east_1" {
  source = "./rules"
  providers = {
    aws = aws.us_east_1
  }
  alarm_email = var.alarm_email
  global      = true
}

provider "aws" {
  alias  = "us_east_2"
  region = "us-east-2"
  allowed_account_ids = [
    "999988887777",
  ]
}

module "rules_us_east_2" {
  source = "./rules"
  providers = {
    aws = aws.us_east_2
  }
  alarm_email = var.alarm_email
  global      = false
}
