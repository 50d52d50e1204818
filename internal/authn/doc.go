// Package authn is the floor on which the ways of proving who acted live, one
// room each: sshsig for SSH signatures, passkey for what browsers hand over, oidc
// for identity providers, which let people read, totp for keys that the server holds
// and signs with when a code is right.
//
// It is for naming that floor. It holds no code and must never hold any that
// decides: each room answers "which key made these bytes, and how much did the
// person do for it", and the law (package cell, on the roster in the ledger)
// says what such a key may do.
//
// Invariant: nothing under this folder knows people, roles or requests.
//
// Read first: sshsig/verify.go.
package authn
