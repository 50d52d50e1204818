// Package passkeytest is an authenticator and its browser for tests: it makes a
// passkey and signs statements with it, as WebAuthn says, without either.
//
// It is for tests of every room that takes passkeys. It is not for judging what
// it made: whatever its fields say is signed, sensible or not, so that a test can
// show what is refused. It panics where a test is wrong itself.
//
// Invariant: an Authenticator fresh from New makes registrations and assertions
// that are accepted.
//
// Read first: authenticator.go.
package passkeytest
