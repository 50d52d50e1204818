package e2e_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// offlineAct is a statement that a person signed with no server, an hour ago.
func (w *wire) offlineAct(t *testing.T, person, key string, body statement.Body) statement.Act {
	t.Helper()
	signer := ok[client.Signer](t)(w.signer(key))
	h := statement.Header{
		Actor: person, Ledger: origin, Offline: true, Expires: canon.At(time.Now().Add(statement.OfflineFor.Duration() - time.Hour)),
		Seen: statement.Seen{Size: 3, Root: canon.Sum([]byte("of an old look"))},
	}
	rand.Read(h.Nonce[:])
	data := ok[[]byte](t)(statement.Encode(statement.Statement{Header: h, Body: body}))
	blob := ok[[]byte](t)(signer.Sign(context.Background(), sshsig.Namespace(string(body.Kind())), data))
	return statement.Act{Signature: blob, Statement: data}
}

// asOnline posts an offline statement as if it were one for a server.
func (w *wire) asOnline(t *testing.T, act statement.Act, beside any) said {
	t.Helper()
	envelope := map[string]any{"statement": act.Statement, "signature": ledger.Signature{SSHSig: act.Signature}}
	switch beside := beside.(type) {
	case client.Noted:
		envelope["notes"] = []client.Noted{beside}
	case []byte:
		envelope["files"] = [][]byte{beside}
	}
	return ok[said](t)(w.post(ok[[]byte](t)(json.Marshal(envelope))))
}

// TestT75OfflineNeverCountsForALiveGrant: at a running server, each kind that can be
// signed with no server, to a request that waits and to one that is live; and what
// was carried back never becomes one, is not taken twice, and gives nothing.
func TestT75OfflineNeverCountsForALiveGrant(t *testing.T) {
	t.Parallel()
	w := newTown(t, founding{envelope: true})
	sealRoot(t, w)
	wr := newWire(t, w)
	reason := func(s said) string { return ok[string](t)(at(s.text, "reason")) }

	waits := ok[canon.Digest](t)(canon.ParseDigest(ok[string](t)(at(ok[string](t)(w.as("ann", "request", "cloud-root-locked-out", "--why", "x", "--only", "prod-root", "--json")), "id"))))
	live := grantRoot(t, w)
	holder := holderOf(t, w, live)
	ask, _, text, err := wr.asking(time.Hour, "prod-root")
	if err != nil {
		t.Fatal(err)
	}
	ask.Scenario, ask.ScenarioDigest = "cloud-root-locked-out", canon.Sum(wr.bundle.Scenarios["cloud-root-locked-out"])
	request := wr.offlineAct(t, "ann", "ann", ask)
	file := []byte("a share")
	for name, s := range map[string]said{
		"request": wr.asOnline(t, request, text),
		"approve": wr.asOnline(t, wr.offlineAct(t, "sam", "sam", &statement.Decision{Of: waits, Verdict: statement.Approve, Check: statement.CallBack}), nil),
		"deny":    wr.asOnline(t, wr.offlineAct(t, "sam", "sam", &statement.Decision{Of: live, Verdict: statement.Deny, Check: statement.CallBack}), nil),
		"share": wr.asOnline(t, wr.offlineAct(t, "sue", "sue", &statement.Share{
			Of: live, Envelope: "prod-root", Serial: 1, Holder: holder, Sealed: &statement.Blob{Digest: canon.Sum(file), Length: len(file)},
		}), file),
	} {
		if s.status != http.StatusForbidden || reason(s) != string(cell.OfflineOnly) {
			t.Errorf("%s: %d %s", name, s.status, s.text)
		}
	}
	for _, kind := range statement.Kinds { // no other kind can even say that it is offline
		body := map[string]any{"halligan": "v1", "kind": kind, "actor": "ann", "offline": true}
		s := ok[said](t)(wr.post(ok[[]byte](t)(json.Marshal(map[string]any{"statement": body, "signature": map[string]any{"sshsig": []byte("x")}}))))
		if s.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", kind, s.status, s.text)
		}
	}
	if got := status(t, w, waits, "state"); got[0] != "pending" {
		t.Errorf("the request that waits is %s", got)
	}
	if got := status(t, w, live, "state", "leases.target=prod-root.state"); got[0] != "granted" || got[1] != "opening" {
		t.Errorf("the live request is %s", got)
	}

	// Carried back to a request that a server has: it is of none that was offline.
	stray := wr.offlineAct(t, "sam", "sam", &statement.Decision{Of: waits, Verdict: statement.Approve, Check: statement.CallBack})
	if s := ok[said](t)(wr.send("bob", &statement.Reconcile{Of: waits, Acts: []statement.Act{stray}})); reason(s) != string(cell.UnknownSubject) {
		t.Errorf("to a request that waits: %s", s.text)
	}
	id := canon.Sum(request.Statement)
	yes := func(person, key string) statement.Act {
		return wr.offlineAct(t, person, key, &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack})
	}
	sam, lea := yes("sam", "sam"), yes("lea", "lea")
	forged := func(a statement.Act) statement.Act { a.Signature = lea.Signature; return a }
	if s := ok[said](t)(wr.send("bob", &statement.Reconcile{Of: id, Acts: []statement.Act{forged(request), forged(sam)}}, text)); reason(s) != string(cell.BadSignature) {
		t.Errorf("a forged file: %s", s.text)
	}
	if s := ok[said](t)(wr.send("bob", &statement.Reconcile{Of: id, Acts: []statement.Act{request, sam, lea}})); s.status != http.StatusBadRequest {
		t.Errorf("without the text of its reason: %s", s.text)
	}
	acts := []statement.Act{request, sam, lea, yes("leo", "sue")}
	carried := ok[said](t)(wr.send("bob", &statement.Reconcile{Of: id, Acts: acts}, text))
	if state := ok[string](t)(carried.must(nil, "request.state")); state != "reconciled" {
		t.Errorf("carried back it is %s", state)
	}
	if s := ok[said](t)(wr.send("sue", &statement.Reconcile{Of: id, Acts: acts}, text)); reason(s) != string(cell.AlreadyReconciled) {
		t.Errorf("again: %s", s.text)
	}
	for name, body := range map[string]statement.Body{
		"approve": &statement.Decision{Of: id, Verdict: statement.Approve, Check: statement.CallBack},
		"deny":    &statement.Decision{Of: id, Verdict: statement.Deny, Check: statement.CallBack},
	} {
		if s := ok[said](t)(wr.send("leo", body)); reason(s) != string(cell.NotPending) {
			t.Errorf("%s what was carried back: %s", name, s.text)
		}
	}
	if s := ok[said](t)(wr.sendFiles("sue", &statement.Share{
		Of: id, Envelope: "prod-root", Serial: 1, Holder: ask.Holder.X25519, Sealed: &statement.Blob{Digest: canon.Sum(file), Length: len(file)},
	}, [][]byte{file})); reason(s) != string(cell.NotLive) {
		t.Errorf("a share to what was carried back: %s", s.text)
	}
	// sue signed in the name of leo: that is loud, and stands in the evidence.
	if said := ok[string](t)(w.as("sam", "status", id.String())); !strings.Contains(said, "the decision in the name of leo does not count (signed by another)") {
		t.Errorf("it is not told: %s", said)
	}
	if err := until(3*patience, "the louder alarm", func() (bool, error) { return len(w.hooks["pager"].of("offline.not-agreed")) > 0, nil }); err != nil {
		t.Error(err)
	}
	ok[string](t)(w.as("sam", "evidence", "--all", "-o", w.path("all")))
	if out := ok[string](t)(output(exec.Command(w.program("halligan-kit"), "verify", w.path("all"), "--anchor", w.path("cell", "anchor.json")))); !strings.Contains(out, "DOES NOT COUNT: the decision in the name of leo") {
		t.Error(out)
	}
}
