package oidc_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/halligan-dev/halligan/internal/authn/oidc"
	"github.com/halligan-dev/halligan/internal/authn/oidc/oidctest"
)

const (
	back     = "https://halligan.example.com/sign-in/return"
	state    = "c3RhdGUtb2Ytb25lLXNpZ24taW4tb2YtMzItYnl0ZXM"
	nonce    = "bm9uY2Utb2Ytb25lLXNpZ24taW4tb2YtMzItYnl0ZXM"
	verifier = "dmVyaWZpZXItb2Ytb25lLXNpZ24taW4tMzItYnl0ZXM"
)

// provided is a provider of tests and what asks it.
func provided(t *testing.T, change ...func(*oidc.Settings)) (*oidctest.Provider, *oidc.Provider) {
	t.Helper()
	double, err := oidctest.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(double.Stop)
	double.Redirect, double.Subject = back, "248289761001"
	settings := oidc.Settings{Issuer: double.Issuer(), ClientID: oidctest.ClientID, Secret: []byte(oidctest.Secret), Redirect: back, Name: "Example Login", Roots: double.Roots()}
	for _, c := range change {
		c(&settings)
	}
	p, err := oidc.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	return double, p
}

// signIn goes all the way, with the nonce and the verifier that are redeemed.
func signIn(t *testing.T, double *oidctest.Provider, p *oidc.Provider, with ...string) (string, error) {
	t.Helper()
	address, err := p.Begin(t.Context(), state, nonce, verifier)
	if err != nil {
		t.Fatal(err)
	}
	came, err := double.Visit(address)
	if err != nil {
		t.Fatal(err)
	}
	if came.Get("state") != state {
		t.Errorf("the state came back as %q", came.Get("state"))
	}
	redeemed := []string{nonce, verifier}
	copy(redeemed, with)
	return p.Finish(t.Context(), came.Get("code"), redeemed[0], redeemed[1])
}

func TestSignIn(t *testing.T) {
	double, p := provided(t)
	address, err := p.Begin(t.Context(), state, nonce, verifier)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("code_challenge") == "" || u.Query().Get("scope") != "openid" || strings.Contains(address, verifier) {
		t.Errorf("%v: %s", err, address)
	}
	for range 2 {
		if subject, err := signIn(t, double, p); err != nil || subject != double.Subject {
			t.Errorf("%q, %v", subject, err)
		}
	}
	keys, documents := 0, 0
	for _, path := range double.Asked() {
		switch path {
		case "/keys":
			keys++
		case "/.well-known/openid-configuration":
			documents++
		}
	}
	if keys != 1 || documents != 1 {
		t.Errorf("the keys were asked for %d times, the document %d times", keys, documents)
	}
}

// refusedWith demands a refusal for people that says nothing of the token.
func refusedWith(t *testing.T, subject string, err error, part string) {
	t.Helper()
	var refusal *oidc.Refusal
	if subject != "" || !errors.As(err, &refusal) || !strings.Contains(err.Error(), part) {
		t.Errorf("%q, %v; want a refusal that says %q", subject, err, part)
	}
	if refusal != nil && strings.Contains(refusal.Refused(), "248289761001") {
		t.Errorf("it tells of the token: %s", refusal.Refused())
	}
}

// TestT27TokenConfusion spoils an ID token in every way that has let somebody in
// elsewhere: each is refused.
func TestT27TokenConfusion(t *testing.T) {
	now := time.Now().Unix()
	set := func(name string, to any) func(map[string]any) { return func(m map[string]any) { m[name] = to } }
	drop := func(name string) func(map[string]any) { return func(m map[string]any) { delete(m, name) } }
	for name, c := range map[string]struct {
		claims func(map[string]any)
		says   string
	}{
		"another issuer":           {set("iss", "https://evil.example"), "for this server"},
		"an issuer with a slash":   {func(m map[string]any) { m["iss"] = m["iss"].(string) + "/" }, "for this server"},
		"no issuer":                {drop("iss"), "for this server"},
		"another audience":         {set("aud", "another"), "for this server"},
		"no audience":              {drop("aud"), "for this server"},
		"an empty audience":        {set("aud", []string{}), "for this server"},
		"a shared audience":        {set("aud", []string{oidctest.ClientID, "another"}), "another client"},
		"authorised for another":   {set("azp", "another"), "another client"},
		"over":                     {set("exp", now-1), "for this server"},
		"no end":                   {drop("exp"), "for this server"},
		"not issued":               {drop("iat"), "just now"},
		"issued long ago":          {set("iat", now-3600), "just now"},
		"issued in the future":     {set("iat", now+3600), "just now"},
		"not yet":                  {set("nbf", now+3600), "for this server"},
		"another nonce":            {set("nonce", state), "another sign-in"},
		"no nonce":                 {drop("nonce"), "another sign-in"},
		"no subject":               {drop("sub"), "subject"},
		"an empty subject":         {set("sub", ""), "subject"},
		"a subject with a space":   {set("sub", "248289761001 "), "subject"},
		"a subject in letters":     {set("sub", "２４８２８９７６１００１"), "subject"},
		"a subject that is long":   {set("sub", strings.Repeat("2", 256)), "subject"},
		"a subject that is a list": {set("sub", []string{"248289761001"}), "for this server"},
	} {
		t.Run(name, func(t *testing.T) {
			double, p := provided(t)
			double.Claims = c.claims
			subject, err := signIn(t, double, p)
			refusedWith(t, subject, err, c.says)
		})
	}
}

// TestT27Algorithms: none, a client's secret as a key, and another key are refused.
func TestT27Algorithms(t *testing.T) {
	spoil := map[string]func(*oidctest.Provider){
		"none": func(p *oidctest.Provider) {
			p.Header = func(m map[string]any) { m["alg"] = "none" }
			p.Token = func(whole string) string { return whole[:strings.LastIndex(whole, ".")+1] }
		},
		"the secret":   func(p *oidctest.Provider) { p.Header = func(m map[string]any) { m["alg"] = "HS256" } },
		"another key":  func(p *oidctest.Provider) { p.Header = func(m map[string]any) { m["kid"] = "two" } },
		"half a token": func(p *oidctest.Provider) { p.Token = func(whole string) string { return whole[:len(whole)/2] } },
		"a changed byte": func(p *oidctest.Provider) {
			p.Token = func(whole string) string { return whole[:len(whole)-8] + "AAAAAAAA" }
		},
		"two of them": func(p *oidctest.Provider) { p.Token = func(whole string) string { return whole + whole } },
		"none at all": func(p *oidctest.Provider) { p.Token = func(string) string { return "" } },
		"a long one":  func(p *oidctest.Provider) { p.Token = func(whole string) string { return strings.Repeat(whole, 100) } },
	}
	for name, how := range spoil {
		t.Run(name, func(t *testing.T) {
			double, p := provided(t)
			how(double)
			subject, err := signIn(t, double, p)
			refusedWith(t, subject, err, "")
		})
	}
}

// TestT30CodeOfAnother: a code is redeemed with the verifier and the nonce of the
// sign-in that it was given to, once.
func TestT30CodeOfAnother(t *testing.T) {
	double, p := provided(t)
	subject, err := signIn(t, double, p, nonce, state)
	refusedWith(t, subject, err, "invalid_grant")
	subject, err = signIn(t, double, p, state)
	refusedWith(t, subject, err, "another sign-in")
	address, err := p.Begin(t.Context(), state, nonce, verifier)
	if err != nil {
		t.Fatal(err)
	}
	came, err := double.Visit(address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Finish(t.Context(), came.Get("code"), nonce, verifier); err != nil {
		t.Fatal(err)
	}
	subject, err = p.Finish(t.Context(), came.Get("code"), nonce, verifier)
	refusedWith(t, subject, err, "invalid_grant")
	subject, err = p.Finish(t.Context(), "<script>alert(1)</script>", nonce, verifier)
	refusedWith(t, subject, err, "invalid_grant")
}

// TestT70OnlyTheProvidersHosts: whatever the provider says of itself, nobody but the
// hosts of the settings is asked, no redirect is followed and nothing endless read.
func TestT70OnlyTheProvidersHosts(t *testing.T) {
	reached := 0
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached++ }))
	defer inside.Close()
	for name, spoil := range map[string]func(*oidctest.Provider){
		"keys elsewhere":   func(p *oidctest.Provider) { p.Document = func(m map[string]any) { m["jwks_uri"] = inside.URL } },
		"tokens elsewhere": func(p *oidctest.Provider) { p.Document = func(m map[string]any) { m["token_endpoint"] = inside.URL } },
		"keys in the clear": func(p *oidctest.Provider) {
			p.Document = func(m map[string]any) { m["jwks_uri"] = "http://169.254.169.254/latest" }
		},
		"a file": func(p *oidctest.Provider) {
			p.Document = func(m map[string]any) { m["jwks_uri"] = "file:///etc/passwd" }
		},
		"a page in the clear": func(p *oidctest.Provider) {
			p.Document = func(m map[string]any) { m["authorization_endpoint"] = "javascript:alert(1)" }
		},
		"a user": func(p *oidctest.Provider) {
			p.Document = func(m map[string]any) { m["token_endpoint"] = strings.Replace(p.Issuer(), "https://", "https://a@", 1) }
		},
		"another issuer": func(p *oidctest.Provider) { p.Document = func(m map[string]any) { m["issuer"] = inside.URL } },
		"no S256": func(p *oidctest.Provider) {
			p.Document = func(m map[string]any) { m["code_challenge_methods_supported"] = []string{"plain"} }
		},
		"another type": func(p *oidctest.Provider) { p.Document = func(m map[string]any) { m["jwks_uri"] = 7 } },
		"endless": func(p *oidctest.Provider) {
			p.Document = func(m map[string]any) { m["x"] = strings.Repeat("x", 1<<20) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			double, p := provided(t)
			spoil(double)
			if address, err := p.Begin(t.Context(), state, nonce, verifier); err == nil {
				t.Errorf("it sends browsers to %s", address)
			}
			if p.Answers(t.Context()) {
				t.Error("it is said to answer")
			}
		})
	}
	t.Run("a redirect", func(t *testing.T) {
		double, p := provided(t)
		double.Answer = func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
		}
		if subject, err := signIn(t, double, p); err == nil {
			t.Errorf("%q", subject)
		}
	})
	if reached > 0 {
		t.Errorf("another host was asked %d times", reached)
	}
}

// TestAnotherHostThatIsNamed is asked, and trusted for keys.
func TestAnotherHostThatIsNamed(t *testing.T) {
	double, p := provided(t, func(s *oidc.Settings) {
		s.Hosts = []string{strings.Replace(strings.TrimPrefix(s.Issuer, "https://"), "127.0.0.1", "localhost", 1)}
	})
	double.Document = func(m map[string]any) { m["x_unknown"] = true }
	if subject, err := signIn(t, double, p); err != nil || subject != double.Subject {
		t.Errorf("%q, %v", subject, err)
	}
}

// TestItDoesNotAnswer: a provider that is gone is said to be, at once and without
// waiting for longer than asked; one that is back is found again.
func TestItDoesNotAnswer(t *testing.T) {
	double, p := provided(t)
	double.Stop()
	if p.Answers(t.Context()) {
		t.Error("it is said to answer")
	}
	var refusal *oidc.Refusal
	if _, err := p.Begin(t.Context(), state, nonce, verifier); err == nil || errors.As(err, &refusal) {
		t.Errorf("%v", err)
	}
	if err := double.Start(); err != nil {
		t.Fatal(err)
	}
	silent := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	slow, err := oidc.New(oidc.Settings{Issuer: silent.URL, ClientID: "x", Redirect: back})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if slow.Answers(ctx) {
		t.Error("a silent one is said to answer")
	}
}

// TestT61NoSecretInErrors: neither the client's secret nor what the provider wrote.
func TestT61NoSecretInErrors(t *testing.T) {
	for _, status := range []int{http.StatusBadRequest, http.StatusInternalServerError} {
		double, p := provided(t)
		double.Answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{"error":"CANARY-1","error_description":"CANARY-2","id_token":"CANARY-3"}`))
		}
		_, err := signIn(t, double, p)
		if err == nil || strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), oidctest.Secret) || strings.Contains(err.Error(), verifier) {
			t.Errorf("%v", err)
		}
	}
}
