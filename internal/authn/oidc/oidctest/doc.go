// Package oidctest is an identity provider for tests: on loopback, over TLS, honest
// until it is told otherwise, and stopped and started again at the same address.
//
// It is not for anything else: it signs in whoever asks, as whom the test says.
//
// Invariant: what it is not told to spoil is as OpenID Connect Core 1.0 and RFC 7636
// have it: a code is redeemed once, by the client that it was given to, with the
// verifier of its challenge.
//
// Read first: provider.go.
package oidctest
