package e2e_test

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/attestation/attestationtest"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/authn/totp/totptest"
	"github.com/halligan-dev/halligan/internal/broker"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/enrol"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/statement"
)

// enrolPaths take bodies that are no statements.
var enrolPaths = []string{"/api/v1/invitations", "/api/v1/enrol/look", "/api/v1/enrol", "/api/v1/enrol/device", "/api/v1/enrol/device/confirm", "/api/v1/codes", "/api/v1/enrol/key"}

// enrolled has an invitation signed, a passkey made with its code, and each refusal
// given that there is. It is the id of the offer.
func (s *scribe) enrolled(t *testing.T) canon.Digest {
	origin := s.wire.anchor.Origin
	var code canon.Key32
	rand.Read(code[:])
	wish := func(actor string, of canon.Digest) []byte { // of ann
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
	s.coded(t, wish)
	s.attested(t, wish)
	for _, path := range enrolPaths {
		s.post(t, path, []byte("{}"), http.StatusBadRequest)
		s.post(t, path, bytes.Repeat([]byte(" "), 300<<10), http.StatusRequestEntityTooLarge)
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"text/plain"}})
		s.do(t, http.MethodPost, path, []byte("{}"), http.Header{"Content-Type": {"application/json"}, "Host": {"elsewhere.example.com"}})
	}
	return enrol.IDOf("ann", device.Line())
}

// attested has a security key offered that a maker attests.
func (s *scribe) attested(t *testing.T, wish func(actor string, of canon.Digest) []byte) {
	var code canon.Key32
	rand.Read(code[:])
	s.post(t, enrolPaths[0], wish("sam", canon.Sum(code[:])), http.StatusNoContent)
	made := attestationtest.New("Acme").SSH("ssh:", enrol.KeyChallenge(s.wire.anchor.Origin, "ann", code))
	sends := func(file []byte) []byte {
		return ok[[]byte](t)(json.Marshal(map[string]any{"code": code, "key": made.Line(), "attestation": file}))
	}
	s.post(t, enrolPaths[6], sends([]byte{1}), http.StatusUnprocessableEntity)
	s.post(t, enrolPaths[6], sends(made.File()), http.StatusCreated)
	s.post(t, enrolPaths[6], sends(made.File()), http.StatusConflict)
}

// coded has a code device made with an invitation, agreed to, and sign.
func (s *scribe) coded(t *testing.T, wish func(actor string, of canon.Digest) []byte) {
	var code canon.Key32
	rand.Read(code[:])
	encoded := func(v any) []byte { return ok[[]byte](t)(json.Marshal(v)) }
	s.post(t, enrolPaths[0], wish("sam", canon.Sum(code[:])), http.StatusNoContent)
	looks := encoded(map[string]any{"code": code})
	made := s.post(t, enrolPaths[3], looks, http.StatusCreated)
	phone, key := ok[totptest.Phone](t)(totptest.Scan(ok[string](t)(at(made, "link")))), ok[string](t)(at(made, "key"))
	confirms := func(digits string) []byte {
		return encoded(map[string]any{"code": code, "key": key, "digits": digits})
	}
	first := time.Now()
	s.post(t, enrolPaths[4], confirms(phone.Code(first.Add(time.Hour))), http.StatusForbidden)
	s.post(t, enrolPaths[4], confirms(phone.Code(first)), http.StatusCreated)
	s.post(t, enrolPaths[4], confirms(phone.Code(first)), http.StatusConflict)
	s.post(t, enrolPaths[3], looks, http.StatusConflict)
	w := s.wire.town
	offer := enrol.IDOf("ann", "totp "+key).String()
	change := ok[string](t)(at(ok[string](t)(w.as("sid", "change", "propose", "--offer", offer, "--why", "her app", "--yes", "--json")), "change"))
	ok[string](t)(w.as("sue", "change", "sign", change, "--check", "in-person", "--yes"))
	data := ok[broker.Submission](t)(s.wire.submission("ann", s.people["ann"], &statement.Session{For: 300})).Statement
	signs := func(digits string) []byte {
		return encoded(map[string]any{"statement": jsontext.Value(data), "key": key, "code": digits})
	}
	s.post(t, enrolPaths[5], signs(phone.Code(first)), http.StatusForbidden)
	s.post(t, enrolPaths[5], signs(phone.Code(first.Add(30*time.Second))), http.StatusOK)
}
