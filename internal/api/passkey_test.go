package api_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/halligan-dev/halligan/internal/access"
	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/passkey"
	"github.com/halligan-dev/halligan/internal/authn/passkey/passkeytest"
	"github.com/halligan-dev/halligan/internal/authn/sshsig"
	"github.com/halligan-dev/halligan/internal/cell"
	"github.com/halligan-dev/halligan/internal/cell/celltest"
	"github.com/halligan-dev/halligan/internal/ledger"
	"github.com/halligan-dev/halligan/internal/roster"
	"github.com/halligan-dev/halligan/internal/statement"
)

// deviceOf is the passkey of a person: everybody of a house with passkeys has one.
func deviceOf(person string) *passkeytest.Authenticator {
	return passkeytest.New(person, celltest.Origin)
}

// withPasskeys gives everybody a passkey beside their key.
func withPasskeys(h *house) {
	for i := range h.genesis.People {
		p := &h.genesis.People[i]
		key, err := roster.ParseKey(deviceOf(p.ID).Line())
		must(h, err)
		p.Keys = append(p.Keys, key)
	}
}

// tapped is a submission's body with a passkey's signature.
func tapped(t testing.TB, data []byte, a passkey.Assertion, more ...string) []byte {
	t.Helper()
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, `{"statement":%s,"signature":{"passkey":{"authenticator_data":"%s","client_data":"%s","signature":"%s"}}%s}`,
		data, b64(a.AuthenticatorData), b64(a.ClientData), b64(a.Signature), strings.Join(more, ""))
}

// tap has a person sign a body with a passkey and sends it.
func (h *house) tap(device *passkeytest.Authenticator, person string, body statement.Body, more ...string) reply {
	h.Helper()
	data, err := statement.Encode(h.statement(person, body))
	must(h, err)
	return h.do("POST", "/api/v1/statements", tapped(h, data, device.Assert(string(body.Kind()), data), more...))
}

// TestPasskeysSign: a passkey asks to read, approves and stops; what is stored is
// an SSHSIG, once, and the ledger replays to the same.
func TestPasskeysSign(t *testing.T) {
	h := open(t, withPasskeys)
	token := h.took(h.tap(deviceOf("sam"), "sam", &statement.Session{For: 900})).Session.Token
	same(t, "reading", h.do("GET", "/api/v1/me", nil, "Authorization", "Bearer "+token).Status, http.StatusOK)
	id := h.asked("ann", "one", "db-1")
	data, err := statement.Encode(h.statement("sam", approval(id)))
	must(t, err)
	device := deviceOf("sam")
	device.HighS = true
	sent := tapped(t, data, device.Assert("decision", data))
	first := h.took(h.do("POST", "/api/v1/statements", sent))
	again := h.took(h.do("POST", "/api/v1/statements", sent))
	same(t, "again", again.Again, true)
	same(t, "the entry", again.Entry, first.Entry)
	h.took(h.tap(deviceOf("lea"), "lea", approval(id)))
	same(t, "state", h.state(id), access.Granted)
	bodies, err := h.store.Entries(t.Context(), first.Entry, 1)
	must(t, err)
	entry, err := ledger.DecodeEntry(bodies[0])
	must(t, err)
	who, err := sshsig.Verify(entry.Cause.Signature.SSHSig, "halligan.v1.decision", data)
	if err != nil || !who.Passkey || who.Origin != "https://"+celltest.Origin || !bytes.Equal(who.Key, device.Wire()) {
		t.Errorf("the entry has a signature by %+v, %v", who, err)
	}
	if bytes.Contains(bodies[0], []byte("authenticator_data")) {
		t.Errorf("the entry has what the browser sent: %s", bodies[0])
	}
	why, beside := written(t, "enough")
	extra := fmt.Sprintf(`,"notes":[{"salt":"%s","text":"%s"}]`, base64.StdEncoding.EncodeToString(beside.Salt), beside.Text)
	h.took(h.tap(deviceOf("sue"), "sue", &statement.Stop{Of: id, Reason: why}, extra))
	h.replayed()
}

// TestT20AssertionUsedOnce: one tap is one decision, however often and however
// many at once it is sent.
func TestT20AssertionUsedOnce(t *testing.T) {
	h := open(t, withPasskeys)
	id := h.asked("ann", "one", "db-1")
	data, err := statement.Encode(h.statement("sam", approval(id)))
	must(t, err)
	bodies := make([][]byte, 100)
	for i := range bodies {
		bodies[i] = tapped(t, data, deviceOf("sam").Assert("decision", data)) // each another signature
	}
	created := 0
	for _, r := range h.all(append(bodies, bodies...)) {
		if h.took(r); r.Status == http.StatusCreated {
			created++
		}
	}
	same(t, "taken", created, 1)
	same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 1)
	h.replayed()
}

// TestT21PasskeyForAnother: what a passkey signed for one kind, verdict, request,
// cell, person, page or purpose is nothing for another.
func TestT21PasskeyForAnother(t *testing.T) {
	h := open(t, withPasskeys)
	id, other := h.asked("ann", "one", "db-1"), h.asked("ann", "two", "db-2")
	data, err := statement.Encode(h.statement("sam", approval(id)))
	must(t, err)
	send := func(data []byte, a passkey.Assertion) string {
		return h.do("POST", "/api/v1/statements", tapped(t, data, a)).reason()
	}
	kinds := 0
	for _, kind := range statement.Kinds {
		if kind != statement.KindDecision {
			kinds++
			same(t, "signed as a "+string(kind), send(data, deviceOf("sam").Assert(string(kind), data)), "malformed")
		}
	}
	same(t, "other kinds", kinds, len(statement.Kinds)-1)

	good := deviceOf("sam").Assert("decision", data)
	for what, edited := range map[string][]byte{
		"another request": bytes.Replace(data, []byte(id.String()), []byte(other.String()), 1),
		"a denial":        bytes.Replace(data, []byte(`"verdict":"approve"`), []byte(`"verdict":"deny"`), 1),
		"another cell":    bytes.Replace(data, []byte(celltest.Origin), []byte("cell.example.org"), 1),
		"another person":  bytes.Replace(data, []byte(`"actor":"sam"`), []byte(`"actor":"sue"`), 1),
	} {
		if bytes.Equal(edited, data) {
			t.Fatalf("%s: nothing was edited", what)
		}
		same(t, what, send(edited, good), "malformed")
	}
	login, err := statement.Encode(h.statement("sam", &statement.Session{For: 900}))
	must(t, err)
	same(t, "a sign-in's tap under an approval", send(data, deviceOf("sam").Assert("session", login)), "malformed")
	same(t, "an approval's tap under a sign-in", send(login, good), "malformed")
	same(t, "another's passkey", send(data, deviceOf("sue").Assert("decision", data)), "malformed")
	same(t, "nobody's passkey", send(data, deviceOf("eve").Assert("decision", data)), "malformed")

	for what, change := range map[string]func(*passkeytest.Authenticator){
		"a page elsewhere":    func(a *passkeytest.Authenticator) { a.Origin = "https://evil.example" },
		"a subdomain":         func(a *passkeytest.Authenticator) { a.Origin = "https://www." + celltest.Origin },
		"http":                func(a *passkeytest.Authenticator) { a.Origin = "http://" + celltest.Origin },
		"a port trick":        func(a *passkeytest.Authenticator) { a.Origin = "https://" + celltest.Origin + ":443@evil.example" },
		"another RP id":       func(a *passkeytest.Authenticator) { a.RPID = "example.com" },
		"a frame":             func(a *passkeytest.Authenticator) { a.Tail = `,"crossOrigin":true}` },
		"the making of one":   func(a *passkeytest.Authenticator) { a.Ceremony = "webauthn.create" },
		"any other challenge": func(a *passkeytest.Authenticator) { a.Challenge = []byte("statement") },
		"a name twice":        func(a *passkeytest.Authenticator) { a.Tail = `,"type":"webauthn.get"}` },
		"a credential's data": func(a *passkeytest.Authenticator) { a.Flags |= passkeytest.Credential },
		"bytes after it":      func(a *passkeytest.Authenticator) { a.More = []byte{0} },
	} {
		device := deviceOf("sam")
		change(device)
		got := h.do("POST", "/api/v1/statements", tapped(t, data, device.Assert("decision", data)))
		same(t, what, got.reason(), "malformed")
		contains(t, what, string(got.Body), "signature")
	}
	absent := deviceOf("sam")
	absent.Flags = passkeytest.Verified
	same(t, "nobody there", h.tap(absent, "sam", approval(id)).reason(), string(cell.TooWeak))
	same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 0)
	same(t, "the good one", send(data, good), "")
	h.replayed()
}

// TestT15PasskeyEnvelope: exactly one signature, and nothing unknown in it.
func TestT15PasskeyEnvelope(t *testing.T) {
	h := open(t, withPasskeys)
	id := h.asked("ann", "one", "db-1")
	data, signature := sign(t, "sam", h.statement("sam", approval(id)))
	good := string(tapped(t, data, deviceOf("sam").Assert("decision", data)))
	blob := base64.StdEncoding.EncodeToString(signature.SSHSig)
	for what, body := range map[string]string{
		"both":             strings.Replace(good, `{"passkey"`, `{"sshsig":"`+blob+`","passkey"`, 1),
		"neither":          `{"statement":` + string(data) + `,"signature":{}}`,
		"null":             `{"statement":` + string(data) + `,"signature":{"passkey":null}}`,
		"empty":            `{"statement":` + string(data) + `,"signature":{"passkey":{}}}`,
		"unknown":          strings.Replace(good, `{"authenticator_data"`, `{"user_handle":"","authenticator_data"`, 1),
		"twice":            strings.Replace(good, `"client_data"`, `"client_data":"","client_data"`, 1),
		"another case":     strings.Replace(good, `"client_data"`, `"clientData"`, 1),
		"as text":          strings.Replace(good, `{"passkey":{`, `{"passkey":"{`, 1),
		"a statement less": strings.Replace(good, string(data), `{}`, 1),
		"space in it":      strings.Replace(good, string(data), strings.Replace(string(data), ",", ", ", 1), 1),
		"a stranger's":     strings.Replace(good, `"actor":"sam"`, `"actor":"eve"`, 1),
		"browser":          strings.TrimSuffix(good, "}") + `,"browser":true}`,
	} {
		if body == good {
			t.Fatalf("%s: nothing was changed", what)
		}
		same(t, what, h.do("POST", "/api/v1/statements", []byte(body)).reason(), "malformed")
	}
	same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 0)
	h.took(h.do("POST", "/api/v1/statements", []byte(good)))
}

// TestT23SessionIsNoStepUp: where a scenario wants the user verified, nothing but
// a verified signature under this very statement will do, however fresh the
// session is and whatever opened it.
func TestT23SessionIsNoStepUp(t *testing.T) {
	h := open(t, withPasskeys, func(h *house) { h.mfa = roster.UserVerified })
	ask, beside := h.ask("ann", "one", "db-1")
	extra, err := json.Marshal([]text{beside})
	must(t, err)
	id := h.took(h.tap(deviceOf("ann"), "ann", ask, `,"notes":`, string(extra))).Digest
	h.took(h.tap(deviceOf("sam"), "sam", &statement.Session{For: 900})) // verified just now
	unverified := deviceOf("sam")
	unverified.Flags = passkeytest.Present
	same(t, "a tap without PIN or finger", h.tap(unverified, "sam", approval(id)).reason(), string(cell.TooWeak))
	same(t, "a key of possession", h.submit("sam", "sam", approval(id)).reason(), string(cell.TooWeak))

	opened := h.tap(deviceOf("sam"), "sam", &statement.Session{For: 900}, `,"browser":true`)
	cookie := cookieOf(t, opened)
	data, err := statement.Encode(h.statement("sam", approval(id)))
	must(t, err)
	unsigned := jsontext.Value(fmt.Sprintf(`{"statement":%s,"signature":{}}`, data))
	same(t, "the session in place of a signature", h.do("POST", "/api/v1/statements", unsigned, "Cookie", cookieName+"="+cookie.Value, "Sec-Fetch-Site", "same-origin").reason(), "malformed")
	same(t, "an unverified tap within a session",
		h.do("POST", "/api/v1/statements", tapped(t, data, unverified.Assert("decision", data)), "Cookie", cookieName+"="+cookie.Value).reason(), string(cell.TooWeak))
	same(t, "decisions", times(h.entries(cell.StreamOf(id)), "decided"), 0)
	h.took(h.tap(deviceOf("sam"), "sam", approval(id)))
	h.took(h.tap(deviceOf("lea"), "lea", approval(id)))
	same(t, "state", h.state(id), access.Granted)
	h.replayed()
}

// TestRemovedPasskey: a key that was removed is refused by the law, by its name.
func TestRemovedPasskey(t *testing.T) {
	h := open(t, withPasskeys)
	id := h.asked("ann", "one", "db-1")
	who, err := sshsig.Inspect(deviceOf("sam").Wire())
	must(t, err)
	why, beside := written(t, "lost")
	removal := &statement.Change{Remove: statement.Removal{Person: "sam", Key: who.Fingerprint}, Reason: why}
	change := h.took(h.submit("sue", "sue", removal, beside)).Digest
	h.took(h.submit("lea", "lea", approval(change)))
	same(t, "the removed passkey", h.tap(deviceOf("sam"), "sam", approval(id)).reason(), string(cell.KeyRemovedReason))
	h.took(h.submit("sam", "sam", approval(id)))
}

// TestPasskeysOfStrangers: taps that prove nothing run their address dry, and keep
// nobody behind it from signing.
func TestPasskeysOfStrangers(t *testing.T) {
	h := open(t, withPasskeys, func(h *house) { h.rate = api.Rate{Each: 0.001, Burst: 30} })
	id := h.asked("ann", "one", "db-1")
	refusals := map[string]int{}
	for range 20 {
		refusals[h.tap(deviceOf("eve"), "eve", approval(id)).reason()]++
		refusals[h.tap(deviceOf("eve"), "sam", approval(id)).reason()]++
	}
	if refusals["too-many-attempts"] < 5 || refusals["malformed"] < 20 {
		t.Errorf("strangers' taps: %v", refusals)
	}
	// An address that had enough is told the same of everybody: whether sam has a
	// passkey, an SSH key or none, or is nobody at all.
	for range 3 {
		for _, actor := range []string{"eve", "sam", "nobody-here"} {
			same(t, "a tap in the name of "+actor, h.tap(deviceOf("eve"), actor, approval(id)).reason(), "too-many-attempts")
			data, _ := sign(t, "stranger", h.statement(actor, approval(id)))
			for _, key := range []string{"sam", "stranger"} {
				forged := signBytes(t, key, statement.KindSession, data)
				same(t, "a forgery of the key of "+key+" for "+actor, h.do("POST", "/api/v1/statements", envelope(t, data, forged)).reason(), "too-many-attempts")
			}
		}
	}
	h.took(h.tap(deviceOf("sam"), "sam", approval(id)))
}

// TestPasskeyOfAnother: who picked another person's passkey is told whose it is not
// and what to do; whoever has none, and whoever is nobody, are told the same.
func TestPasskeyOfAnother(t *testing.T) {
	for _, person := range []string{"sue", "nobody-here"} {
		h := open(t, withPasskeys)
		r := h.tap(deviceOf("sam"), person, &statement.Session{For: 900})
		same(t, person, r.reason(), "malformed")
		for _, part := range []string{
			"the passkey that signed is none of " + person + "'s in this cell",
			"when the device asks, choose the passkey of " + person,
		} {
			contains(t, person, string(r.Body), part)
		}
	}
}
