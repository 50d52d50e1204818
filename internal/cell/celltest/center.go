package celltest

import (
	"fmt"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
)

// SetARN is the ARN of a permission set of the instance of Center, 0 to 9.
func SetARN(n int) string {
	return fmt.Sprintf("arn:aws:sso:::permissionSet/ssoins-7223b02e0f3b5c11/ps-00112233445566%02d", n)
}

// Center is an Identity Center that account stage administers.
func Center() *cell.Center {
	return &cell.Center{
		Instance: "arn:aws:sso:::instance/ssoins-7223b02e0f3b5c11", Region: "eu-west-1", Store: "d-1234567890",
		Account: "stage", Portal: "https://example.awsapps.com/start",
	}
}

// CenterUser is the id of a user in the identity store that follows from a name.
func CenterUser(name string) string {
	sum := canon.Sum([]byte("identity center user " + name)).String()
	return fmt.Sprintf("%s-%s-%s-%s-%s", sum[:8], sum[8:12], sum[12:16], sum[16:20], sum[20:32])
}

// CenterTarget is a permission set of account prod, of the number n.
func CenterTarget(name string, n int) access.IdentityCenter {
	return access.IdentityCenter{
		Name: name, Account: "prod", Set: "EmergencyDatabase", ARN: SetARN(n), Session: 3600, Allows: "Start, stop and change databases",
	}
}

// CenterGenesis is AWSGenesis with an Identity Center; everybody but max has a user there.
func CenterGenesis() cell.Genesis {
	g := AWSGenesis()
	g.AWS.Center = Center()
	for i := range g.People {
		if g.People[i].ID != "max" {
			g.People[i].User = CenterUser(g.People[i].ID)
		}
	}
	return g
}

// CenterScenario is Scenario with two permission sets in front of its hosts.
func CenterScenario() access.Scenario {
	s := Scenario()
	one, two := CenterTarget("set-1", 1), CenterTarget("set-2", 2)
	s.Opens = append([]access.Open{{IdentityCenter: &one}, {IdentityCenter: &two}}, s.Opens...)
	return s
}

// DenialPolicy is the ARN of a service control policy of the organisation.
const DenialPolicy = "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-exampleid1"

// DenialGenesis is CenterGenesis with a policy that denies sessions.
func DenialGenesis() cell.Genesis {
	g := CenterGenesis()
	g.AWS.Center.Denial = DenialPolicy
	return g
}
