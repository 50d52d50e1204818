package celltest

import (
	"encoding/base64"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// IssuerKey is a public key of a token issuer that follows from a name. Nobody
// has its private half.
func IssuerKey(name string) cell.IssuerKey {
	modulus := make([]byte, 0, 256)
	for i := byte(0); len(modulus) < 256; i++ {
		sum := canon.Sum(append([]byte("halligan test modulus "+name), i))
		modulus = append(modulus, sum[:]...)
	}
	modulus[0], modulus[255] = modulus[0]|0x80, modulus[255]|1
	n := base64.RawURLEncoding.EncodeToString(modulus)
	digest := canon.Sum(canon.MustEncode(map[string]string{"e": "AQAB", "kty": "RSA", "n": n}))
	id := base64.RawURLEncoding.EncodeToString(digest[:])
	public := canon.MustEncode(map[string]string{"alg": "RS256", "e": "AQAB", "kid": id, "kty": "RSA", "n": n, "use": "sig"})
	return cell.IssuerKey{ID: id, Public: string(public)}
}

// AWS is what AWSGenesis has to do with AWS: the accounts prod and stage.
func AWS() cell.AWS {
	return cell.AWS{
		Issuers: []string{"https://oidc.cell.example.com", "https://oidc.standby.example.net/halligan"},
		Keys:    []cell.IssuerKey{IssuerKey("current"), IssuerKey("next")},
		Accounts: []cell.Account{
			{ID: "prod", Account: "123456789012", Regions: []string{"eu-west-1", "eu-central-1"}, Other: "root of the account, in envelope prod-root"},
			{ID: "stage", Account: "210987654321", Regions: []string{"eu-west-1"}},
		},
	}
}

// AWSGenesis is Genesis with AWS.
func AWSGenesis() cell.Genesis {
	g := Genesis()
	g.AWS = AWS()
	return g
}

// IAM is the canonical policy document of some statements.
func IAM(statements ...access.IAMStatement) string {
	return string(canon.MustEncode(access.IAMPolicy{Version: access.IAMVersion, Statement: statements}))
}

// Allow allows actions on everything.
func Allow(actions ...string) access.IAMStatement {
	return access.IAMStatement{Effect: access.IAMAllow, Action: actions, Resource: []string{"*"}}
}

// Role is a role of account prod that may do something with databases.
func Role() access.AWS {
	return access.AWS{
		Name: "database", Account: "prod", Role: "EmergencyDatabase", Policy: IAM(Allow("rds:*")),
		Probe: access.AWSProbe{Service: "rds", Action: "DescribeDBInstances"}, Allows: "Start, stop and change databases",
	}
}

// AWSScenario is Scenario with five roles in front of its hosts: database; narrow,
// which is narrowed in each way; shell, with sessions that go on; rootlike, without
// the rail against persistence; console, that people sign in with.
func AWSScenario() access.Scenario {
	s := Scenario()
	role := func(name, of string, change func(*access.AWS)) access.Open {
		r := Role()
		r.Name, r.Role = name, of
		change(&r)
		return access.Open{AWS: &r}
	}
	s.Opens = append([]access.Open{
		role("database", "EmergencyDatabase", func(*access.AWS) {}),
		role("narrow", "EmergencyNarrow", func(r *access.AWS) {
			r.Session = IAM(Allow("rds:Describe*", "rds:RebootDBInstance"))
			r.Regions, r.Source = []string{"eu-west-1"}, []string{"10.0.0.0/8", access.FromRequest}
		}),
		role("shell", "EmergencyShell", func(r *access.AWS) {
			r.Policy, r.Regions = IAM(Allow("rds:*", "ssm:StartSession")), []string{"eu-west-1"}
		}),
		role("rootlike", "EmergencyRoot", func(r *access.AWS) {
			r.Policy, r.WithoutRails = IAM(Allow("*")), []string{access.RailPersistence}
		}),
		role("console", "EmergencyConsole", func(r *access.AWS) { r.Console, r.Slots = true, 2 }),
	}, s.Opens...)
	return s
}

// RootScenario is Scenario with two root tasks of account stage in front of its
// hosts, through account prod: unlock, which can leave something behind, and audit.
func RootScenario() access.Scenario {
	s := Scenario()
	task := func(name, task, role string) access.Open {
		return access.Open{RootTask: &access.RootTask{Name: name, Account: "stage", Task: task, Through: "prod", Role: role}}
	}
	s.Opens = append([]access.Open{
		task("unlock", "S3UnlockBucketPolicy", "EmergencyUnlock"), task("audit", "IAMAuditRootUserCredentials", "EmergencyAudit"),
	}, s.Opens...)
	return s
}
