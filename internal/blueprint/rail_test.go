package blueprint_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
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
			"elasticache:Connect", "lightsail:GetInstanceAccessDetails", "memorydb:Connect", "rds-db:connect", "transfer:ImportSshPublicKey",
			"redshift-serverless:GetCredentials", "redshift:GetClusterCredentialsWithIAM", "s3:GetDataAccess", "sso-oauth:CreateTokenWithIAM",
			"sts:AssumeRole", "sts:GetServiceBearerToken", "sts:GetSessionToken",
		} {
			if !slices.ContainsFunc(denied, func(pattern string) bool { return access.Matches(pattern, strings.ToLower(action)) }) {
				t.Errorf("%s may %s, which outlives its session", r.Name, action)
			}
		}
	}
}

// TestSharingIsDenied: no role, no console role and no approved group shares anything
// by a resource's own policy, unless the scenario leaves the guard rail out; then a
// person must attest what is left.
func TestSharingIsDenied(t *testing.T) {
	c := sample()
	c.Scenarios[2].Opens[0].AWS.WithoutRails = []string{access.RailSharing}
	if needs := c.Scenarios[2].Opens[0].AWS.Needs(); !slices.Equal(needs, []access.ProofKind{access.ProofAttested}) {
		t.Errorf("a role that may share closes by %v", needs)
	}
	b, err := blueprint.Of(c, "prod")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Roles {
		if got := b.Sharing(r); (got == nil) != slices.Contains(r.WithoutRails, access.RailSharing) {
			t.Errorf("%s: %s", r.Name, got)
		}
	}
	if most := len(b.Sharing(b.Roles[0])); most > access.SharingRailLongest {
		t.Errorf("the guard rail has %d characters, lint keeps %d free for it", most, access.SharingRailLongest)
	}
	template, err := b.CloudFormation()
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, f := range template {
		text += string(f.Data)
	}
	// Two roles with one console role.
	if n := strings.Count(text, "PolicyName: halligan-no-sharing"); n != 3 {
		t.Errorf("the template has the guard rail %d times, want 3", n)
	}
}
