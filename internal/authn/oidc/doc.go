// Package oidc asks one identity provider (OpenID Connect) who sits at a browser:
// the authorization code flow with PKCE, for reading on ordinary days.
//
// It is for two steps: [Provider.Begin] gives the address that a browser goes to, and
// [Provider.Finish] redeems what the browser brings back for a subject of the
// provider. It is not for saying which person that is, nor for what such a person may
// do: the roster says the one, and nothing that is signed asks for it. It keeps no
// session and reads no group, name or mail address of the token: none of them is the
// provider's to say.
//
// Invariant: a subject comes out only of an ID token that the pinned issuer signed,
// with an algorithm that is named here, for this client alone, for this one sign-in,
// just now. Only hosts that the settings name are ever asked, over TLS, and no
// redirect is followed.
//
// Read first: provider.go, then claims.go.
package oidc
