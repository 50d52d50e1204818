package client_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/client"
	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/seal"
)

const canaryKey = "canary-secret-access-key-41c7"

// lent is a session as an account gives it, and a link.
func lent() client.Session {
	return client.Session{Version: 1, AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: canaryKey, SessionToken: "canary-token-8e02", Expiration: "2026-11-30T03:15:00Z"}
}

func link() client.Session {
	return client.Session{Version: 1, SignInURL: "https://eu-west-1.signin.aws.amazon.com/federation?Action=login", Expiration: "2026-11-30T03:15:00Z"}
}

// sealedTo is a credential of kind aws that holds a text.
func sealedTo(t testing.TB, holder *client.Holder, plain []byte) *client.Credential {
	t.Helper()
	public, err := holder.Public()
	must(t, err)
	text, err := seal.ToHolder(plain, public.X25519)
	must(t, err)
	end, err := time.Parse(time.RFC3339, "2026-11-30T03:14:00Z")
	must(t, err)
	return &client.Credential{Kind: client.KindAWS, Target: "prod", Sealed: text, Before: canon.At(end)}
}

func TestOpenASession(t *testing.T) {
	holder, err := client.NewHolder()
	must(t, err)
	for _, want := range []client.Session{lent(), link()} {
		c := sealedTo(t, holder, canon.MustEncode(want))
		got, err := c.Open(holder)
		must(t, err)
		if got != want {
			t.Error("what was opened is not what was sealed")
		}
		if ends := c.Ends(got).String(); ends != "2026-11-30T03:14:00.000Z" {
			t.Errorf("it ends at %s, and the entry says 03:14", ends)
		}
		must(t, c.Check(canon.Sum(nil), holder))
	}
}

// TestOnlyASessionIsTaken: what is sealed to another key, or is nothing that an
// account gives, is refused, and no error says what it holds.
func TestOnlyASessionIsTaken(t *testing.T) {
	holder, err := client.NewHolder()
	must(t, err)
	other, err := client.NewHolder()
	must(t, err)
	changed := func(change func(*client.Session)) []byte {
		s := lent()
		change(&s)
		return canon.MustEncode(s)
	}
	loose, err := json.MarshalIndent(lent(), "", " ")
	must(t, err)
	for what, bad := range map[string]*client.Credential{
		"for another":       sealedTo(t, other, canon.MustEncode(lent())),
		"of another kind":   {Kind: client.KindSSH, Sealed: sealedTo(t, holder, canon.MustEncode(lent())).Sealed},
		"not canonical":     sealedTo(t, holder, loose),
		"with more":         sealedTo(t, holder, []byte(strings.Replace(string(canon.MustEncode(lent())), `"Version":1`, `"Version":1,"X":2`, 1))),
		"of version 2":      sealedTo(t, holder, changed(func(s *client.Session) { s.Version = 2 })),
		"without a token":   sealedTo(t, holder, changed(func(s *client.Session) { s.SessionToken = "" })),
		"without an end":    sealedTo(t, holder, changed(func(s *client.Session) { s.Expiration = "soon" })),
		"with a line end":   sealedTo(t, holder, changed(func(s *client.Session) { s.SessionToken = "x\nLD_PRELOAD=/tmp/x.so" })),
		"with a space":      sealedTo(t, holder, changed(func(s *client.Session) { s.SessionToken += " " })),
		"keys and a link":   sealedTo(t, holder, changed(func(s *client.Session) { s.SignInURL = link().SignInURL })),
		"a link of a file":  sealedTo(t, holder, changed(func(s *client.Session) { *s = link(); s.SignInURL = "file:///etc/passwd" })),
		"a link in clear":   sealedTo(t, holder, changed(func(s *client.Session) { *s = link(); s.SignInURL = "http://signin.example.com/" })),
		"a link of a user":  sealedTo(t, holder, changed(func(s *client.Session) { *s = link(); s.SignInURL = "https://aws.amazon.com@example.com/" })),
		"nothing":           {Kind: client.KindAWS},
		"no armor":          {Kind: client.KindAWS, Sealed: "age-encryption.org/v1"},
		"an empty document": sealedTo(t, holder, []byte("{}")),
	} {
		session, err := bad.Open(holder)
		if err == nil || session != (client.Session{}) {
			t.Errorf("a session %s is taken", what)
			continue
		}
		if strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error says %q", what, err)
		}
		if bad.Check(canon.Sum(nil), holder) == nil {
			t.Errorf("a session %s passes the check", what)
		}
	}
}

// TestSessionsDoNotPrint (T61).
func TestSessionsDoNotPrint(t *testing.T) {
	s := lent()
	text := fmt.Sprintf("%v %+v %#v %s %q", s, s, s, &s, []client.Session{s})
	if strings.Contains(text, "canary") {
		t.Errorf("printed: %s", text)
	}
	if s.Wipe(); s != (client.Session{}) {
		t.Error("it was not wiped")
	}
}

func FuzzSession(f *testing.F) {
	f.Add(canon.MustEncode(lent()))
	f.Add(canon.MustEncode(link()))
	f.Add([]byte(`{"Expiration":"","Version":1}`))
	holder, err := client.NewHolder()
	must(f, err)
	f.Fuzz(func(t *testing.T, plain []byte) {
		if len(plain) == 0 || len(plain) > seal.SecretMost {
			return
		}
		session, err := sealedTo(t, holder, plain).Open(holder)
		if (err == nil) == (session == client.Session{}) {
			t.Errorf("%v and %d bytes", err, len(session.SecretAccessKey))
		}
		if err == nil && strings.ContainsAny(session.SecretAccessKey+session.SessionToken+session.AccessKeyID+session.SignInURL, "\n\r\x00 ") {
			t.Error("a session that would be two variables of an environment")
		}
	})
}
