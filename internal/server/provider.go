package server

import (
	"fmt"
	"net"
	"time"

	"github.com/halligan-dev/halligan/internal/api"
	"github.com/halligan-dev/halligan/internal/authn/oidc"
	"github.com/halligan-dev/halligan/internal/config"
)

// provider is the identity provider that people may sign in at, to read; nil where
// server.yaml names none. Nobody is asked for it here: a server starts, and serves an
// emergency, while it is down.
func (s *Server) provider() (api.Provider, error) {
	given := s.Settings.OIDC
	if given == nil {
		return nil, nil
	}
	p, err := oidc.New(oidc.Settings{
		Issuer: given.Issuer, ClientID: given.ClientID, Secret: given.Secret.Key(), Name: given.Name, Hosts: given.Hosts, Roots: given.Roots,
		Redirect: pagesAt(s.Anchor.Origin, s.Settings) + "/sign-in/return",
		Now:      func() time.Time { return s.broker.Now().Std() },
	})
	if err != nil {
		return nil, fmt.Errorf("cannot use the identity provider of server.yaml: %w", err)
	}
	return p, nil
}

// pagesAt is where browsers reach the pages: the provider sends them back there.
func pagesAt(name string, settings config.Server) string {
	if settings.OIDC != nil && settings.OIDC.Pages != "" {
		return settings.OIDC.Pages
	}
	if _, port, err := net.SplitHostPort(settings.Listen); err == nil && port != "443" {
		return "https://" + net.JoinHostPort(name, port)
	}
	return "https://" + name
}
