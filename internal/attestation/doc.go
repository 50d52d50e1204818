// Package attestation is what the maker of an authenticator says of a key that was
// made in one: its form as text, and whether it is true of a key (WebAuthn Level 2,
// sections 8.2 and 8.6).
//
// It is not for which makers count, nor for what a key may do by that: the document
// of a cell and its law say so. It reads nothing that browsers send (authn/passkey
// does), and knows no clock.
//
// The invariant: what Check takes was signed, over this very public key, by a key
// whose certificate the attestation carries; and what By takes has a chain of
// certificates to a root of that maker, each valid at the time that was asked for.
//
// Read attestation.go first, then check.go.
package attestation
