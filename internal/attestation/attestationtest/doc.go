// Package attestationtest is a maker of authenticators for tests: a root, and
// attestations by certificates that it signed.
//
// It is not for anything but tests: its keys are made anew each time.
//
// The invariant: what Attest gives is what a device of the maker would, but for what
// a test changed in the maker before.
//
// Read maker.go first.
package attestationtest
