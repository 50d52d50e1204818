// Package passkey turns what a browser hands over of a passkey (WebAuthn, ES256)
// into what the rest of the house knows: a key line of the roster, and an SSHSIG
// under a statement.
//
// It is for two conversions: [Registration.Key] reads a new passkey's public key
// out of an attestation object, and [Assertion.SSHSig] finds which key of a
// person signed a statement and puts the signature into its one form. It is not
// for checking signatures that are kept: those are SSHSIG, which package sshsig
// checks without any of this, offline too. It speaks no HTTP and keeps nothing.
//
// Invariant: what comes out of [Assertion.SSHSig] is accepted by sshsig.Verify
// for the same statement, by a key that was given; else there is a refusal with
// a name.
//
// No attestation is checked: what kind of authenticator made a key is its own
// word. A key counts because people put it into the roster.
//
// Read first: assertion.go.
package passkey
