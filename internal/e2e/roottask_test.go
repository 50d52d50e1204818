package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/internal/provider/aws/awstest"
)

// TestRootTaskFromRequestToProof is a task of a member account's root user: agreed, used
// in a command, and stopped, which takes nothing back. No attestation closes it before
// the session is over, and its end does.
func TestRootTaskFromRequestToProof(t *testing.T) {
	t.Parallel()
	at := awstest.New(t)
	w := newTown(t, founding{aws: at, long: true})
	id := w.inTarget(t, "ann", "audit", 2*time.Minute)
	for _, s := range at.Sessions() {
		if s.Root != "" {
			t.Errorf("opening became a root user: %+v", s)
		}
	}
	const ask = `curl -sS -H "Authorization: $AWS_CONTAINER_AUTHORIZATION_TOKEN" "$AWS_CONTAINER_CREDENTIALS_FULL_URI"`
	var got struct{ AccessKeyId, SecretAccessKey, Token string }
	if err := json.Unmarshal([]byte(ok[string](t)(w.as("ann", "exec", id.String(), "audit", "--", "sh", "-c", ask))), &got); err != nil {
		t.Fatal(err)
	}
	var root []awstest.Session
	for _, s := range at.Sessions() {
		if s.Root != "" {
			root = append(root, s)
		}
	}
	if len(root) != 1 || root[0].Root != memberAccount || root[0].Task != "IAMAuditRootUserCredentials" || root[0].Source != "hg-"+id.Short() || root[0].Until.Sub(root[0].Begun) > 2*time.Minute {
		t.Fatalf("root users' sessions: %+v", root)
	}
	if got.AccessKeyId != root[0].Key || got.SecretAccessKey != root[0].Secret || got.Token != root[0].Token {
		t.Errorf("the command was given %+v", got)
	}
	for _, s := range at.Sessions() {
		if s.Role == wayRole && strings.Contains(got.AccessKeyId+got.Token, s.Key) {
			t.Error("the command was given the keys of the role on the way")
		}
	}
	if shown := ok[string](t)(w.as("sue", "status", id.String())); !strings.Contains(shown, "A SESSION OF A ROOT USER IS NOT CUT OFF") {
		t.Errorf("status does not say what a stop leaves:\n%s", shown)
	}
	for why, args := range map[string][]string{
		"cannot be taken back": {"credential", id.String(), "audit", "--aws-profile", "emergency"},
		"gives no sign-in":     {"console", id.String(), "audit"},
	} {
		if said, err := w.as("ann", args...); err == nil || !strings.Contains(said+err.Error(), why) {
			t.Errorf("%v: %s %v", args, said, err)
		}
	}
	ok[string](t)(w.as("sue", "stop", id.String(), "--why", "enough"))
	shown := status(t, w, id, "leases.0.state", "leases.0.known", "leases.0.task")
	if shown[0] != "closing" || !strings.Contains(shown[1], "nothing takes it back") || shown[2] != "IAMAuditRootUserCredentials" {
		t.Errorf("after the stop: %q", shown)
	}
	if said, err := w.as("sue", "attest", id.String(), "audit", "--why", "I looked"); err == nil || !strings.Contains(err.Error()+said, "can live until") {
		t.Errorf("a person attests that a living session is dead: %s %v", said, err)
	}
	if _, err := w.as("ann", "credential", id.String(), "audit", "--env"); err == nil {
		t.Error("a stopped grant gives keys")
	}
	w.lease(t, id, "state", "closed")
	if kind := status(t, w, id, "leases.0.proofs.0.kind")[0]; kind != "expired" {
		t.Errorf("it is proved by %q", kind)
	}
	if len(at.Attached(wayRole)) != 0 {
		t.Errorf("something was attached to the way: %v", at.Attached(wayRole))
	}
	ok[string](t)(w.as("sue", "evidence", "--all", "-o", w.path("evidence")))
	if said := ok[string](t)(w.as("sue", "verify", w.path("evidence"), "--anchor", w.path("cell", "anchor.json"))); !strings.Contains(said, "VERIFIED") {
		t.Errorf("verify says:\n%s", said)
	}
}
