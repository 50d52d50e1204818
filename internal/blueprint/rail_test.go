package blueprint_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
)

// TestT43WhatOutlivesASession: under the guard rail no session gets anything from a
// service that works without the session: a bearer token, a login at a registry or a
// database, another role's credentials, a right of somebody else's.
func TestT43WhatOutlivesASession(t *testing.T) {
	b := of(t, "prod")
	for _, r := range b.Roles {
		if slices.Contains(r.WithoutRails, access.RailPersistence) {
			continue
		}
		var boundary struct {
			Statement []struct {
				Sid, Effect string
				Action      any
			}
		}
		if err := json.Unmarshal(b.Boundary(r), &boundary); err != nil {
			t.Fatal(err)
		}
		var denied []string
		for _, s := range boundary.Statement {
			if s.Sid == "NoPersistence" && s.Effect == access.IAMDeny {
				for _, action := range s.Action.([]any) {
					denied = append(denied, strings.ToLower(action.(string)))
				}
			}
		}
		for _, action := range []string{
			"dsql:DbConnectAdmin", "ecr:GetAuthorizationToken", "ecs:ExecuteCommand", "eks:AssociateAccessPolicy", "eks:CreateAccessEntry",
			"elasticache:Connect", "lightsail:GetInstanceAccessDetails", "memorydb:Connect", "ram:CreateResourceShare", "rds-db:connect",
			"redshift-serverless:GetCredentials", "redshift:GetClusterCredentialsWithIAM", "s3:GetDataAccess", "sso-oauth:CreateTokenWithIAM",
			"sts:AssumeRole", "sts:GetServiceBearerToken", "sts:GetSessionToken",
		} {
			if !slices.ContainsFunc(denied, func(pattern string) bool { return access.Matches(pattern, strings.ToLower(action)) }) {
				t.Errorf("%s may %s, which outlives its session", r.Name, action)
			}
		}
	}
}
