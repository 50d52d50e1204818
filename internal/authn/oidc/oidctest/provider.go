package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
)

// The client that the provider knows.
const (
	ClientID = "halligan"
	Secret   = "a secret of tests, & not one of anybody's"
)

// Provider is the provider. Its fields may be set while nobody asks.
type Provider struct {
	Subject  string                    // who signs in
	Redirect string                    // the one address that codes go to
	Page     bool                      // a page with a button stands before the way back
	Document func(map[string]any)      // spoils what it says of itself
	Header   func(map[string]any)      // spoils the head of a token
	Claims   func(map[string]any)      // spoils its claims
	Token    func(whole string) string // spoils a signed token
	Answer   http.HandlerFunc          // stands in for the token endpoint
	Now      func() time.Time

	address string
	key     *ecdsa.PrivateKey
	server  *httptest.Server

	mu    sync.Mutex
	codes map[string]url.Values // what was asked for under a code that was not redeemed
	asked []string              // paths, in order
}

// New starts one that answers.
func New() (*Provider, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &Provider{Subject: "nobody", Now: time.Now, key: key, codes: map[string]url.Values{}, address: "127.0.0.1:0"}
	return p, p.Start()
}

// Start begins to answer, at the address that it had.
func (p *Provider) Start() error {
	listener, err := net.Listen("tcp", p.address)
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	p.address = listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.document)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.URL.Path)
		p.mu.Unlock()
		mux.ServeHTTP(w, r)
	})}}
	p.server.StartTLS()
	return nil
}

// Stop ends it: nobody listens at its address any more.
func (p *Provider) Stop() { p.server.Close() }

// Issuer is who it is.
func (p *Provider) Issuer() string { return "https://" + p.address }

// Certificate is the one that it shows, which signed itself.
func (p *Provider) Certificate() *x509.Certificate { return p.server.Certificate() }

// Authority is that certificate as a PEM file.
func (p *Provider) Authority() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw})
}

// Roots trust it.
func (p *Provider) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(p.Certificate())
	return pool
}

// Asked are the paths that it was asked for so far.
func (p *Provider) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

// Visit is a browser that goes to an address of Begin and comes back: it gives what
// stands in the query of the way back.
func (p *Provider) Visit(address string) (url.Values, error) {
	client := p.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	answer, err := client.Get(address)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		return nil, fmt.Errorf("it answered %d, and no way back: %w", answer.StatusCode, err)
	}
	return back.Query(), nil
}

func (p *Provider) document(w http.ResponseWriter, _ *http.Request) {
	said := map[string]any{
		"issuer": p.Issuer(), "authorization_endpoint": p.Issuer() + "/authorize", "token_endpoint": p.Issuer() + "/token", "jwks_uri": p.Issuer() + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
		"code_challenge_methods_supported": []string{"S256"}, "token_endpoint_auth_methods_supported": []string{"client_secret_basic"},
	}
	if p.Document != nil {
		p.Document(said)
	}
	answer(w, said)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "kid": "one", "use": "sig", "alg": "ES256", "x": text(point[1:33]), "y": text(point[33:]),
	}}})
}

// authorize signs in whoever asks, as Subject.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case q.Get("client_id") != ClientID || q.Get("redirect_uri") != p.Redirect:
		http.Error(w, "the client or its address is not known", http.StatusBadRequest)
		return
	case q.Get("response_type") != "code" || !slices.Contains(strings.Fields(q.Get("scope")), "openid") || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("state") == "" || q.Get("nonce") == "":
		http.Error(w, "something is missing of the request", http.StatusBadRequest)
		return
	}
	code := rand.Text()
	p.mu.Lock()
	q.Set("subject", p.Subject)
	p.codes[code] = q
	p.mu.Unlock()
	back := p.Redirect + "?" + url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.Issuer()}}.Encode()
	if p.Page {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Example Login</title><main><h1>Example Login</h1><a href="%s">Sign in as %s</a></main>`, html.EscapeString(back), html.EscapeString(p.Subject))
		return
	}
	http.Redirect(w, r, back, http.StatusFound)
}

// token redeems a code, once.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if p.Answer != nil {
		p.Answer(w, r)
		return
	}
	id, secret, ok := r.BasicAuth()
	p.mu.Lock()
	asked, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	p.mu.Unlock()
	given, _ := url.QueryUnescape(secret)
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || id != ClientID || given != Secret || !known || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") || text(proof[:]) != asked.Get("code_challenge") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
		return
	}
	signed, err := p.Signed(asked.Get("subject"), asked.Get("nonce"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"access_token": "unused", "token_type": "Bearer", "expires_in": 60, "id_token": signed})
}

// Signed is an ID token of a subject for a nonce, spoiled as the test says.
func (p *Provider) Signed(subject, nonce string) (string, error) {
	now := p.Now().Unix()
	head := map[string]any{"alg": "ES256", "kid": "one", "typ": "JWT"}
	said := map[string]any{"iss": p.Issuer(), "sub": subject, "aud": ClientID, "exp": now + 300, "iat": now, "nonce": nonce, "email": "someone.else@example.com", "groups": []string{"security", "admin"}}
	if p.Header != nil {
		p.Header(head)
	}
	if p.Claims != nil {
		p.Claims(said)
	}
	first, err := json.Marshal(head)
	if err != nil {
		return "", err
	}
	second, err := json.Marshal(said)
	if err != nil {
		return "", err
	}
	body := text(first) + "." + text(second)
	digest := sha256.Sum256([]byte(body))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, digest[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	whole := body + "." + text(signature[:])
	if p.Token != nil {
		whole = p.Token(whole)
	}
	return whole, nil
}

func text(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

func answer(w http.ResponseWriter, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data)
}
