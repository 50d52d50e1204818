package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/statement"
)

// FuzzStatements: whatever is sent, nobody but a signer changes anything, and
// the server answers with a problem of the sender's and not of its own.
func FuzzStatements(f *testing.F) {
	h := open(f, withPasskeys)
	id := h.asked("ann", "one", "db-1")
	data, signature := sign(f, "sam", h.statement("sam", approval(id)))
	good := envelope(f, data, signature)
	session, sessionSignature := sign(f, "sam", h.statement("sam", &statement.Session{For: 60}))
	f.Add(good[:len(good)-1])
	f.Add(envelope(f, session, signature))
	f.Add(envelope(f, data, sessionSignature))
	tap := deviceOf("sam").Assert("session", session)
	f.Add(tapped(f, session, deviceOf("sue").Assert("session", session), `,"browser":true`))
	tap.Signature = tap.Signature[:len(tap.Signature)-1]
	f.Add(tapped(f, session, tap))
	f.Add([]byte(`{"statement":{},"signature":{"sshsig":"AAAA"},"notes":[{"salt":"AA==","text":"x"}]}`))
	f.Add([]byte(`{"statement":[1e999],"signature":null}`))
	before := h.broker.Head().Size
	f.Fuzz(func(t *testing.T, body []byte) {
		if strings.Contains(string(body), string(data)) {
			return // it may be put together again
		}
		r, err := h.send("POST", "/api/v1/statements", body)
		must(t, err)
		if r.Status < 400 || r.Status >= 500 || r.reason() == "" {
			t.Errorf("status %d: %s", r.Status, r.Body)
		}
		if size := h.broker.Head().Size; size != before {
			t.Errorf("the ledger grew from %d to %d", before, size)
		}
	})
}

// FuzzTokens: no token but one that was given opens anything.
func FuzzTokens(f *testing.F) {
	h := open(f)
	good := h.token("sam")
	f.Add(good[:len(good)-1])
	f.Add(good + "A")
	f.Add("hs1.")
	f.Add("hs1." + strings.Repeat("A", 160))
	f.Fuzz(func(t *testing.T, token string) {
		if token == good || strings.ContainsFunc(token, func(r rune) bool { return r < ' ' || r > '~' }) {
			return
		}
		r, err := h.send("GET", "/api/v1/me", nil, "Authorization", "Bearer "+token)
		must(t, err)
		if r.Status != http.StatusUnauthorized && r.Status != http.StatusTooManyRequests {
			t.Errorf("status %d: %s", r.Status, r.Body)
		}
	})
}
