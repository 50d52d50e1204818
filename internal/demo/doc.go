// Package demo plays one emergency on this machine, with the real programs: a
// server, people with keys of their own in processes of their own, an SSH host
// where sshd is installed, a webhook that listens, and a verifier that trusts
// nobody.
//
// It is not a test of details and not for production: it runs what people run
// and prints what happened and when.
//
// The invariant: nothing in it is pretended. Every step is a command that a
// person could type, and what cannot be shown on this machine is said.
//
// Read demo.go first.
package demo
