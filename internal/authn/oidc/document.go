package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// document is what of a discovery document is used (OpenID Connect Discovery 1.0,
// section 3).
type document struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Keys          string   `json:"jwks_uri"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
}

const discoveryPath = "/.well-known/openid-configuration"

// discover asks for the discovery document.
func (p *Provider) discover(ctx context.Context) (document, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(p.of.Issuer, "/")+discoveryPath, nil)
	if err != nil {
		return document{}, err
	}
	request.Header.Set("Accept", "application/json")
	answer, err := p.client.Do(request)
	if err != nil {
		return document{}, fmt.Errorf("%s does not answer: %w", p.of.Issuer, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return document{}, fmt.Errorf("%s answers %d to what it should say of itself", p.of.Issuer, answer.StatusCode)
	}
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return document{}, fmt.Errorf("%s does not answer: %w", p.of.Issuer, err)
	}
	d, err := readDocument(data, p.of.Issuer)
	if err == nil {
		err = p.endpoints(d)
	}
	if err != nil {
		return document{}, fmt.Errorf("what %s says of itself cannot be used: %w", p.of.Issuer, err)
	}
	return d, nil
}

// readDocument reads what a provider says of itself. Members that are not used are
// passed over; one that stands twice is refused.
func readDocument(data []byte, issuer string) (d document, err error) {
	switch err := json.Unmarshal(data, &d); {
	case err != nil:
		return document{}, errors.New("it is no JSON object, or a member of it stands twice or is of another type")
	case d.Issuer != issuer:
		return document{}, errors.New("it is of another issuer")
	case len(d.Challenges) > 0 && !slices.Contains(d.Challenges, "S256"):
		return document{}, errors.New("it offers no code challenge S256")
	}
	return d, nil
}

// endpoints demands that everything that is asked or shown lies at a host that the
// settings name. The page that browsers go to may lie elsewhere: it gets no secret of
// ours, and what it sends back is redeemed at those hosts.
func (p *Provider) endpoints(d document) error {
	for name, address := range map[string]string{"authorization_endpoint": d.Authorization, "token_endpoint": d.Token, "jwks_uri": d.Keys} {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "":
			return fmt.Errorf("its %s is no https URL", name)
		case name != "authorization_endpoint" && !p.of.knows(u):
			return fmt.Errorf("its %s lies at %q, which is not among hosts: add it to oidc.hosts in server.yaml if it is the provider's", name, u.Host)
		}
	}
	return nil
}
