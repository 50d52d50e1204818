package api_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/revocation"
	"github.com/halligan-dev/halligan/internal/statement"
	"github.com/halligan-dev/halligan/internal/view"
)

// TestOneEmergency goes the whole way over HTTP: asked, agreed, fetched,
// stopped, and everything readable.
func TestOneEmergency(t *testing.T) {
	h := open(t)
	body, beside := h.ask("ann", "one", "db-1", "db-2")
	asked := h.took(h.submit("ann", "ann", body, beside))
	id := asked.Digest
	var shown view.Request
	h.into(asked.Request, &shown)
	same(t, "state", shown.State, access.Pending)
	same(t, "why", shown.Why.Text, "cannot connect to one")
	if _, err := ledger.OpenCheckpoint(celltest.Origin, []string{h.genesis.Ledger}, []byte(asked.Checkpoint)); err != nil {
		t.Error(err)
	}
	h.took(h.submit("sam", "sam", approval(id)))
	agreed := h.took(h.submit("lea", "lea", approval(id)))
	same(t, "events of the last approval", len(agreed.Events), 2)
	h.opened(id)

	fetched := h.took(h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"})).Credential
	certificate := parseCertificate(t, fetched.Certificate)
	same(t, "key id", certificate.KeyId, "halligan:"+id.Short()+":db-1")
	same(t, "key id beside it", fetched.KeyID, certificate.KeyId)
	same(t, "subject", string(certificate.Key.Marshal()), string(celltest.Line("holder one").Wire()))
	same(t, "serial", fetched.Serial, access.SerialText(certificate.Serial))
	same(t, "before", fetched.Before.Std().Unix(), int64(certificate.ValidBefore))

	h.took(h.stopped("sue", id))
	same(t, "state after stop", h.state(id), access.Ended)
	list, err := revocation.OpenList(celltest.Origin, h.genesis.Revocations, h.do("GET", "/revocations", nil).Body)
	must(t, err)
	same(t, "revoked", list.Has(fetched.KeyID), true)
	same(t, "fetch after stop", h.submit("ann", "holder one", &statement.Fetch{Of: id, Target: "db-1"}).reason(), "not-live")
}

func (h *house) into(data []byte, v any) { h.Helper(); reply{Body: data}.into(h, v) }

// stopped has a person stop a request.
func (h *house) stopped(person string, id canon.Digest) reply {
	h.Helper()
	reason, beside := written(h, "enough")
	return h.submit(person, person, &statement.Stop{Of: id, Reason: reason}, beside)
}

func parseCertificate(t testing.TB, line string) *ssh.Certificate {
	t.Helper()
	_, encoded, _ := strings.Cut(line, " ")
	wire, err := base64.StdEncoding.DecodeString(encoded)
	must(t, err)
	key, err := ssh.ParsePublicKey(wire)
	must(t, err)
	certificate, ok := key.(*ssh.Certificate)
	if !ok {
		t.Fatalf("%s is no certificate", key.Type())
	}
	return certificate
}

// TestRepeating sends the same bytes again: one entry, and nothing that only
// the first answer may hold.
func TestRepeating(t *testing.T) {
	h := open(t)
	body, beside := h.ask("ann", "one", "db-1")
	data, signature := sign(t, "ann", h.statement("ann", body))
	sent := envelope(t, data, signature, beside)
	first := h.do("POST", "/api/v1/statements", sent)
	again := h.do("POST", "/api/v1/statements", sent)
	same(t, "first", first.Status, http.StatusCreated)
	same(t, "again", again.Status, http.StatusOK)
	a, b := h.took(first), h.took(again)
	same(t, "again", b.Again, true)
	same(t, "entry", b.Entry, a.Entry)
	same(t, "at", b.At, a.At)
	same(t, "stream", b.Stream, a.Stream)
	same(t, "events", string(b.Events[0]), string(a.Events[0]))
	same(t, "request shown again", string(b.Request), "")

	id := h.granted("bob", "two", "db-1")
	for _, c := range []struct {
		person, key string
		body        statement.Body
		reason      string
	}{
		{"bob", "holder two", &statement.Fetch{Of: id, Target: "db-1"}, "already-fetched"},
		{"bob", "bob", &statement.Session{For: 60}, "already-opened"},
	} {
		data, signature := sign(t, c.key, h.statement(c.person, c.body))
		sent := envelope(t, data, signature)
		h.took(h.do("POST", "/api/v1/statements", sent))
		again := h.do("POST", "/api/v1/statements", sent)
		same(t, "status", again.Status, http.StatusConflict)
		same(t, "reason", again.reason(), c.reason)
		if strings.Contains(string(again.Body), "hs1.") || strings.Contains(string(again.Body), "cert-v01") {
			t.Errorf("the second answer hands something over: %s", again.Body)
		}
	}
}
