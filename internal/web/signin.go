package web

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
)

// provider is the identity provider, as the API says that it stands.
type provider struct {
	Name    string `json:"name"`
	Answers bool   `json:"answers"`
}

// waysIn is what the page for signing in is made from.
type waysIn struct {
	To       string
	Provider *provider // nil: passkeys alone
	Problem  *Problem  // why the provider let nobody in
}

// signIn is the page for signing in. It says what still works without it.
func (p *pages) signIn(c *call) error {
	return p.showWays(c, http.StatusOK, waysIn{To: local(c.r.URL.Query().Get("to"))})
}

// showWays shows the ways in. That the API does not tell of the provider takes no
// passkey from anybody.
func (p *pages) showWays(c *call, status int, body waysIn) error {
	var ways struct {
		Provider *provider `json:"provider"`
	}
	if err := p.get(c, "/api/v1/sign-in", &ways); err != nil {
		p.Log.Warn("the ways to sign in are not known", slog.Any("error", err))
	}
	body.Provider = ways.Provider
	return p.showAs(c, status, "sign_in", shown{Title: "Sign in", Body: body})
}

// toProvider sends a browser to the identity provider. A link of another site does
// not begin a sign-in: it leads to the page where a person can.
func (p *pages) toProvider(c *call) error {
	to := local(c.r.URL.Query().Get("to"))
	if site := c.r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		p.redirect(c, "/sign-in?to="+url.QueryEscape(to))
		return nil
	}
	var goes struct {
		URL string `json:"url"`
	}
	if err := p.post(c, "/api/v1/sign-in/begin", map[string]string{"to": to}, &goes); err != nil {
		return p.notLetIn(c, to, err)
	}
	p.redirect(c, goes.URL)
	return nil
}

// fromProvider takes what the identity provider gave the browser.
func (p *pages) fromProvider(c *call) error {
	q, sent := c.r.URL.Query(), map[string]string{}
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(q[name]) > 1 {
			return p.notLetIn(c, "/", &Problem{Status: http.StatusBadRequest, Title: "What the identity provider sent cannot be read", Detail: "It says something twice.", Hint: "Begin anew."})
		}
		if q.Get(name) != "" {
			sent[name] = q.Get(name)
		}
	}
	var in struct {
		To string `json:"to"`
	}
	if err := p.post(c, "/api/v1/sign-in/finish", sent, &in); err != nil {
		return p.notLetIn(c, "/", err)
	}
	// The strict cookie stays at home on a way that began at the provider: the page
	// asks for itself once more (bounce).
	p.redirect(c, local(in.To))
	return nil
}

// notLetIn says on the page for signing in why the provider let nobody in, with the
// passkey beside it.
func (p *pages) notLetIn(c *call, to string, err error) error {
	var problem *Problem
	if !errors.As(err, &problem) {
		return err
	}
	return p.showWays(c, problem.Status, waysIn{To: to, Problem: problem})
}

// post sends something to the API in the reader's name; without anything to send it
// sends no body.
func (p *pages) post(c *call, path string, with, into any) error {
	r, err := http.NewRequestWithContext(c.r.Context(), http.MethodPost, "https://"+p.Name+path, http.NoBody)
	if err != nil {
		return err
	}
	if with != nil {
		data, err := json.Marshal(with)
		if err != nil {
			return err
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
		r.Header.Set("Content-Type", "application/json")
	}
	body, err := p.asked(c, r, path)
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(body, into)
}
