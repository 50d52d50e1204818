package blueprint_test

import (
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/blueprint"
)

const base = "arn:aws:iam::111122223333:role/halligan-server"

// byExternalID is the blueprint of an account of the sample without an identity provider.
func byExternalID(t *testing.T, account string) *blueprint.Blueprint {
	t.Helper()
	c := sample()
	for i := range c.Accounts {
		if c.Accounts[i].ID == account {
			c.Accounts[i].Door, c.Accounts[i].Base = access.DoorExternalID, base
		}
	}
	b, err := blueprint.Of(c, account)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExternalIDDoor: where an account takes no token, nothing in its files believes an
// issuer; each role takes the server's own credentials with the external id of its
// target, and these may take those roles and nothing else.
func TestExternalIDDoor(t *testing.T) {
	b := byExternalID(t, "prod")
	role, _ := b.Role("EmergencyDatabase")
	for _, want := range []string{
		`{"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:RequestTag/halligan-strength":["hardware","user-verified"],"sts:ExternalId":"halligan.example.com/database-locked-out/database"},"StringLike":{"aws:RequestTag/halligan-grant":"?*","aws:RequestTag/halligan-slot":"?*","sts:SourceIdentity":"hg-*"}},"Effect":"Allow","Principal":{"AWS":"` + base + `"},"Sid":"Door1"}`,
		`"Principal":{"AWS":"` + base + `"},"Sid":"Tags"}`, `"Principal":{"AWS":"` + base + `"},"Sid":"Source"}`,
	} {
		if got := string(b.TrustPolicy(role)); !strings.Contains(got, want) {
			t.Errorf("trust %s\nlacks %s", got, want)
		}
	}
	if got := string(b.StopperTrust()); !strings.Contains(got, `"sts:ExternalId":"halligan.example.com/stopper"`) || !strings.Contains(got, base) {
		t.Errorf("the stopper's trust: %s", got)
	}
	if got, want := string(b.BasePolicy()), `{"Statement":[{"Action":["sts:AssumeRole","sts:SetSourceIdentity","sts:TagSession"],"Effect":"Allow","Resource":["arn:aws:iam::123456789012:role/EmergencyAccessRole","arn:aws:iam::123456789012:role/EmergencyDatabase","arn:aws:iam::123456789012:role/EmergencyMachines","arn:aws:iam::123456789012:role/halligan-stopper"],"Sid":"TakeEmergencyRoles"}],"Version":"2012-10-17"}`; got != want {
		t.Errorf("the server's policy is\n%s\nwant\n%s", got, want)
	}
	made, err := b.CloudFormation()
	seen := false
	for _, f := range append(files(t, made, err), b.Terraform()...) {
		if text := string(f.Data); strings.Contains(text, "oidc") {
			t.Errorf("%s believes an issuer", f.Name)
		}
		seen = seen || strings.HasSuffix(f.Name, "/halligan-base.json")
	}
	if !seen {
		t.Error("nothing says what the server's credentials need")
	}
	if way := byExternalID(t, "security"); !strings.Contains(string(way.WayTrust(way.Ways[0])), `"sts:ExternalId":"halligan.example.com/bucket-locked-out/unlock"`) {
		t.Error("the way to a root user is taken by a token")
	}
}
