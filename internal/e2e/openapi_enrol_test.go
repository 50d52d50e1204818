package e2e_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/ledger"
)

// enrolPaths take bodies that are no statements.
var enrolPaths = []string{"/api/v1/invitations", "/api/v1/enrol/look", "/api/v1/enrol"}

// enrolled has an invitation signed, a passkey made with its code, and each refusal
// given that there is. It is the id of the offer.
func (s *scribe) enrolled(t *testing.T) canon.Digest {
	origin := s.wire.anchor.Origin
	var code canon.Key32
	rand.Read(code[:])
	wish := func(actor string, of canon.Digest) []byte {
		w := enrol.Wish{Cell: origin, Act: enrol.Invite, Actor: actor, Person: "ann", Of: of, Nonce: canon.Key32{1}, Expires: canon.At(time.Now().Add(5 * time.Minute))}
		data := ok[[]byte](t)(w.Encode())
		blob := ok[[]byte](t)(s.people[actor].Sign(t.Context(), "halligan.v1.invitation", data))
		return ok[[]byte](t)(json.Marshal(map[string]any{"invitation": jsontext.Value(data), "signature": ledger.Signature{SSHSig: blob}}))
	}
	id := canon.Sum(code[:])
	s.post(t, enrolPaths[0], wish("sam", id), http.StatusNoContent)
	s.post(t, enrolPaths[0], wish("ann", id), http.StatusForbidden)
	device := passkeytest.New("ann's phone", origin)
	made := func(of canon.Key32, flags byte) []byte {
		device.Flags = flags
		r := device.RegisterFor("ann", of)
		return ok[[]byte](t)(json.Marshal(map[string]any{"code": of, "attestation": r.Attestation, "client_data": r.ClientData}))
	}
	looks := ok[[]byte](t)(json.Marshal(map[string]any{"code": code}))
	s.post(t, enrolPaths[1], looks, http.StatusOK)
	s.post(t, enrolPaths[2], made(code, passkeytest.Present), http.StatusUnprocessableEntity)
	s.post(t, enrolPaths[2], made(code, passkeytest.Present|passkeytest.Verified), http.StatusCreated)
	s.post(t, enrolPaths[2], made(code, passkeytest.Present|passkeytest.Verified), http.StatusConflict)
	s.post(t, enrolPaths[1], looks, http.StatusConflict)
	s.post(t, enrolPaths[0], wish("sam", id), http.StatusConflict)
	for _, path := range enrolPaths {
		s.post(t, path, []byte("{}"), http.StatusBadRequest)
		s.post(t, path, bytes.Repeat([]byte(" "), 300<<10), http.StatusRequestEntityTooLarge)
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"text/plain"}})
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"application/json"}, "Host": {"elsewhere.example.com"}})
	}
	return enrol.IDOf("ann", device.Line())
}
