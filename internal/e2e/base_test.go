package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

const baseSecret = "secret-of-the-servers-own-credentials"

// withBase lets the account take no token: its roles are assumed with credentials in the
// server's environment. It gives what cell.yaml says of that.
func (w *town) withBase(at *awstest.Double) string {
	at.RemoveIssuer(firstIssuer)
	at.AddUser("AKIABASE", baseSecret)
	at.AddRole(awstest.Role{ARN: emergencyRole, Sources: "hg-", Allows: []string{"rds:*"}, ExternalID: origin + "/database-locked-out/prod"})
	at.AddRole(awstest.Role{ARN: stopperRole, Sources: "hg-", Allows: []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy"}, ExternalID: origin + "/stopper"})
	w.secrets = []string{"AWS_ACCESS_KEY_ID=AKIABASE", "AWS_SECRET_ACCESS_KEY=" + baseSecret, "AWS_SESSION_TOKEN=", "AWS_PROFILE="}
	return `door: external-id, base: "arn:aws:iam::111122223333:user/halligan", `
}

// TestAccountByExternalID is an emergency at an account that takes no token: a session is
// the same as elsewhere, is stopped by its slot and proved, and the server's own
// credentials are in nothing that it writes.
func TestAccountByExternalID(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at, base: true})
	id := w.inAccount(t, "ann", 20*time.Minute)
	keys := w.keysOf(t, "ann", id)
	if !keys.works(t, at) {
		t.Error("the keys do not open the account")
	}
	w.lease(t, id, "worked", "true")
	ok[string](t)(w.as("sue", "stop", id.String(), "--why", "enough"))
	w.lease(t, id, "state", "closed")
	if kind := status(t, w, id, "leases.0.proofs.0.kind")[0]; kind != "refused" || keys.works(t, at) {
		t.Errorf("it is proved by %q", kind)
	}
	for _, s := range at.Sessions() {
		if s.Issuer != "" || s.Tags["halligan-grant"] == "" && !strings.HasSuffix(s.Role, "/halligan-stopper") {
			t.Errorf("a session began otherwise: %+v", s)
		}
	}
	if strings.Contains(text(w.path("serve.log")), baseSecret) {
		t.Error("the server wrote its credentials into its log")
	}
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("evidence")))
	if said := ok[string](t)(w.as("sue", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json"))); !strings.Contains(said, "VERIFIED") {
		t.Errorf("verify says:\n%s", said)
	}
}
