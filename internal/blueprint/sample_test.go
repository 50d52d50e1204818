package blueprint_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The three scenarios of the sample: a database, the example of a role for
// everything, and a narrow one that leaves a guard rail out.
const (
	databasePolicy = `{"Statement":[{"Action":["rds:Describe*","rds:ModifyDBInstance","rds:RebootDBInstance","rds:RestoreDBInstanceToPointInTime","rds:StartDBInstance","rds:StopDBInstance"],"Effect":"Allow","Resource":["*"],"Sid":"Databases"}],"Version":"2012-10-17"}`
	accessPolicy   = `{"Statement":[{"Action":["cloudwatch:*","ec2:*","logs:*","rds:*","s3:*"],"Effect":"Allow","Resource":["*"],"Sid":"WhatRuns"}],"Version":"2012-10-17"}`
	machinePolicy  = `{"Statement":[{"Action":["ssm:DescribeInstanceInformation","ssm:StartSession"],"Effect":"Allow","Resource":["*"],"Sid":"Machines"}],"Version":"2012-10-17"}`
)

// sample is a cell with three accounts; through one of them a scenario becomes the
// root user of another.
func sample() blueprint.Cell {
	return blueprint.Cell{
		Origin:  "halligan.example.com",
		Issuers: []string{"https://oidc.halligan.example.com", "https://oidc.halligan-standby.example.net"},
		Accounts: []blueprint.Account{
			{ID: "prod", Number: "123456789012", Regions: []string{"eu-west-1", "eu-central-1"}, Other: "root of the account is in the envelope prod-root"},
			{ID: "security", Number: "222233334444", Regions: []string{"eu-west-1"}, Other: "root of the account is in the envelope security-root"},
			{ID: "payer", Number: "999988887777", Regions: []string{"us-east-1"}, Management: true},
		},
		Groups: map[string][]string{"on-call": {"ann", "eve", "ida"}, "security": {"ben", "dan"}, "leads": {"cara", "dan", "fay"}},
		Scenarios: []*access.Scenario{
			scenario("database-locked-out", "user-verified", access.AWS{
				Name: "database", Account: "prod", Role: "EmergencyDatabase", Policy: databasePolicy, Regions: []string{"eu-west-1"},
				Source: []string{access.FromRequest}, Probe: access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"}, Allows: "Start, stop, change and restore databases of prod",
			}),
			scenario("identity-provider-down", "", access.AWS{
				Name: "account", Account: "prod", Role: "EmergencyAccessRole", Policy: accessPolicy, Console: true,
				Probe: access.AWSProbe{Service: "ec2", Action: "DescribeInstances"}, Allows: "Everything of machines, databases, buckets, metrics and logs of prod",
			}),
			scenario("machine-stuck", "possession", access.AWS{
				Name: "machines", Account: "prod", Role: "EmergencyMachines", Policy: machinePolicy, Source: []string{"203.0.113.0/24"}, WithoutRails: []string{access.RailPersistence},
				Probe: access.AWSProbe{Service: "ssm", Action: "DescribeInstanceInformation"}, Allows: "A shell on any machine of prod",
			}),
			unlocking(),
			{ID: "federation-broken", Opens: []access.Open{
				kept("prod-key", access.Contents{AccessKey: &access.AWSUser{Account: "123456789012", User: "halligan-emergency"}}),
				kept("prod-console", access.Contents{Password: &access.AWSUser{Account: "123456789012", User: "halligan-emergency"}}),
				kept("prod-database", access.Contents{Secret: &access.AWSSecret{Account: "123456789012", Region: "eu-west-1", Name: "prod/db/root"}}),
			}},
		},
	}
}

// unlocking is a scenario that opens a root task of account prod.
func unlocking() *access.Scenario {
	s := scenario("bucket-locked-out", "user-verified", access.AWS{})
	s.Opens = []access.Open{{RootTask: &access.RootTask{Name: "unlock", Account: "prod", Task: "S3UnlockBucketPolicy", Through: "security", Role: "EmergencyUnlockBuckets"}}}
	return s
}

func kept(name string, of access.Contents) access.Open {
	return access.Open{Envelope: &access.Envelope{Name: name, Custodians: "group:leads", Threshold: 2, SealedBy: "group:leads", Contents: &of}}
}

func scenario(id, mfa string, opens access.AWS) *access.Scenario {
	return &access.Scenario{
		ID: id, Title: "The production database refuses everyone", UseWhen: []string{"Customers cannot pay"}, MayRequest: []string{"group:on-call"},
		Severities: map[access.Severity]access.Terms{
			"SEV1": {Longest: 3600, ReviewDue: 86400, Quorum: access.Quorum{{From: "group:security", Count: 1}, {From: "group:leads", Count: 1}}},
		},
		Controls: access.Controls{MFA: mfa}, Opens: []access.Open{{AWS: &opens}},
	}
}

// of is the blueprint of an account of the sample.
func of(t testing.TB, account string) *blueprint.Blueprint {
	t.Helper()
	b, err := blueprint.Of(sample(), account)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// golden compares a file with what is in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}

func goldens(t *testing.T, folder string, files []blueprint.File) {
	t.Helper()
	if len(files) == 0 {
		t.Fatalf("%s: no file came out", folder)
	}
	for _, f := range files {
		golden(t, folder+"/"+f.Name, f.Data)
	}
}
