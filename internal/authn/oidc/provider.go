package oidc

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Settings are what a provider is known by. All of it is required but what says
// otherwise.
type Settings struct {
	Issuer   string // an https URL, compared byte by byte
	ClientID string
	Secret   []byte // empty: a public client, for which PKCE stands alone
	Redirect string // where browsers come back to
	Name     string // as people call it
	// Hosts are those beside the issuer's that keys and tokens may come from.
	Hosts []string
	Roots *x509.CertPool   // nil: those of the system
	Now   func() time.Time // nil: time.Now
}

// Provider is one identity provider. It may be used concurrently, and speaks to
// nobody before it is asked to.
type Provider struct {
	of     Settings
	client *http.Client

	mu     sync.Mutex
	known  document
	err    error     // of the last time that it was asked; nil with a zero known: never
	asked  time.Time // when that was over
	asking chan struct{}
	keys   oidc.KeySet // of the address below
	keysAt string
}

const (
	// freshFor is how long it is believed that a provider answers because it did.
	freshFor = 10 * time.Second
	// lookLongest bounds one asking for the discovery document, and redeemLongest the
	// exchange of a code for a token, keys included.
	lookLongest   = 3 * time.Second
	redeemLongest = 8 * time.Second
	tokenMost     = 16 << 10
)

// Algorithms are those that a token may be signed with: none of them lets whoever
// knows a public key or a client's secret sign.
var Algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// Refusal says in words why what a browser brought is not taken. Every other error
// says that the provider does not answer as it should.
type Refusal struct {
	why   string
	cause error
}

// Error is for the log.
func (r *Refusal) Error() string {
	if r.cause == nil {
		return r.why
	}
	return r.why + ": " + r.cause.Error()
}

// Refused is for people. It holds nothing of the token.
func (r *Refusal) Refused() string { return r.why }

// Unwrap gives the cause.
func (r *Refusal) Unwrap() error { return r.cause }

// New makes a provider of settings that config has checked.
func New(s Settings) (*Provider, error) {
	if s.Now == nil {
		s.Now = time.Now
	}
	client, err := pinned(s)
	if err != nil {
		return nil, err
	}
	return &Provider{of: s, client: client}, nil
}

// Issuer is who it is.
func (p *Provider) Issuer() string { return p.of.Issuer }

// Name is what people call it.
func (p *Provider) Name() string { return p.of.Name }

// Answers tells whether the provider answers. It asks when that is not known of the
// last seconds, and waits for no longer than ctx.
func (p *Provider) Answers(ctx context.Context) bool {
	_, err := p.look(ctx)
	return err == nil
}

// Begin gives where a browser goes to sign in. State, nonce and verifier are the
// caller's secrets of this one sign-in, of 32 random bytes each in base64url.
func (p *Provider) Begin(ctx context.Context, state, nonce, verifier string) (string, error) {
	d, err := p.look(ctx)
	if err != nil {
		return "", err
	}
	return p.config(d).AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), nil
}

// Finish redeems a code for the subject that signed in: nonce and verifier are those
// of Begin.
func (p *Provider) Finish(ctx context.Context, code, nonce, verifier string) (subject string, err error) {
	ctx, cancel := context.WithTimeout(ctx, redeemLongest)
	defer cancel()
	d, err := p.look(ctx)
	if err != nil {
		return "", err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := p.config(d).Exchange(ctx, code, oauth2.VerifierOption(verifier))
	var no *oauth2.RetrieveError
	switch {
	case errors.As(err, &no) && no.Response != nil && no.Response.StatusCode < http.StatusInternalServerError:
		return "", &Refusal{"it does not take the code that the browser brought", errors.New(tame(no.ErrorCode))}
	case err != nil:
		return "", fmt.Errorf("cannot redeem a code at %s: %w", p.of.Issuer, hidden(err))
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" || len(raw) > tokenMost {
		return "", &Refusal{why: "it gave no ID token, or one that is too long"}
	}
	verified, err := oidc.NewVerifier(p.of.Issuer, p.keySet(d), &oidc.Config{
		ClientID: p.of.ClientID, SupportedSigningAlgs: Algorithms, Now: p.of.Now,
	}).Verify(ctx, raw)
	if err != nil {
		return "", &Refusal{"its ID token is not one for this server", err}
	}
	said, err := readClaims(raw)
	if err == nil {
		err = said.check(expected{issuer: p.of.Issuer, client: p.of.ClientID, nonce: nonce, now: p.of.Now()})
	}
	if err == nil && said.Subject != verified.Subject {
		err = errors.New("it can be read in two ways")
	}
	if err != nil {
		return "", &Refusal{"its ID token is not one for this sign-in", err}
	}
	return said.Subject, nil
}

func (p *Provider) config(d document) *oauth2.Config {
	style := oauth2.AuthStyleInParams
	if len(p.of.Secret) > 0 && (len(d.AuthMethods) == 0 || slices.Contains(d.AuthMethods, "client_secret_basic")) {
		style = oauth2.AuthStyleInHeader
	}
	return &oauth2.Config{
		ClientID: p.of.ClientID, ClientSecret: string(p.of.Secret), RedirectURL: p.of.Redirect, Scopes: []string{oidc.ScopeOpenID},
		Endpoint: oauth2.Endpoint{AuthURL: d.Authorization, TokenURL: d.Token, AuthStyle: style},
	}
}

// keySet is the provider's keys, kept until a token names one that is not there.
func (p *Provider) keySet(d document) oidc.KeySet {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keysAt != d.Keys {
		p.keys, p.keysAt = oidc.NewRemoteKeySet(oidc.ClientContext(context.Background(), p.client), d.Keys), d.Keys
	}
	return p.keys
}

// look gives the discovery document, asked for lately: once at a time, whoever waits.
func (p *Provider) look(ctx context.Context) (document, error) {
	p.mu.Lock()
	if !p.asked.IsZero() && time.Since(p.asked) < freshFor {
		defer p.mu.Unlock()
		return p.known, p.err
	}
	if p.asking == nil {
		p.asking = make(chan struct{})
		go p.ask(p.asking)
	}
	over := p.asking
	p.mu.Unlock()
	select {
	case <-over:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.known, p.err
	case <-ctx.Done():
		return document{}, fmt.Errorf("%s does not answer: %w", p.of.Issuer, ctx.Err())
	}
}

func (p *Provider) ask(over chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), lookLongest)
	defer cancel()
	d, err := p.discover(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known, p.err, p.asked, p.asking = d, err, time.Now(), nil
	close(over)
}

// tame is an error code of the provider as far as it is a word: what it says goes
// into our log.
func tame(code string) string {
	for _, r := range code {
		if (r < 'a' || r > 'z') && r != '_' {
			return "an error that is no word"
		}
	}
	if code == "" || len(code) > 40 {
		return "an error without a name"
	}
	return code
}

// hidden is an error without what a provider wrote into its answer.
func hidden(err error) error {
	var no *oauth2.RetrieveError
	if errors.As(err, &no) && no.Response != nil {
		return fmt.Errorf("it answered %d", no.Response.StatusCode)
	}
	return err
}
