package oidc

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// answerMost bounds each answer of the provider, in bytes.
const answerMost = 256 << 10

// knows tells whether a URL lies at a host that may be asked.
func (s Settings) knows(u *url.URL) bool {
	issuer, err := url.Parse(s.Issuer)
	return err == nil && (strings.EqualFold(u.Host, issuer.Host) || slices.Contains(s.Hosts, strings.ToLower(u.Host)))
}

// pinned is a client that asks the provider's hosts alone, over TLS, and takes what
// comes for the answer, a redirect too.
func pinned(s Settings) (*http.Client, error) {
	if issuer, err := url.Parse(s.Issuer); err != nil || issuer.Scheme != "https" || issuer.Host == "" {
		return nil, fmt.Errorf("cannot use %q as an issuer: it is no https URL", s.Issuer)
	}
	return &http.Client{
		Transport: guard{s, &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12},
			// A sign-in is rare: nothing stands open in between.
			DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: answerMost, TLSHandshakeTimeout: lookLongest,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       redeemLongest,
	}, nil
}

// guard asks nobody but the provider's hosts, whoever named the address.
type guard struct {
	of    Settings
	below http.RoundTripper
}

var (
	errElsewhere = errors.New("the address is none of the provider's hosts")
	errLong      = fmt.Errorf("the answer is over %d bytes", answerMost)
)

// RoundTrip does what http.RoundTripper says.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || !g.of.knows(r.URL) {
		return nil, errElsewhere
	}
	answer, err := g.below.RoundTrip(r)
	if err == nil {
		answer.Body = &bounded{answer.Body, answerMost}
	}
	return answer, err
}

// bounded is a body that fails rather than ends where it is too long.
type bounded struct {
	io.ReadCloser
	left int
}

// Read does what io.Reader says.
func (b *bounded) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.ReadCloser.Read(into[:min(len(into), b.left)])
	b.left -= n
	return n, err
}
