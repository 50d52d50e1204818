// Package securitykey reads what ssh-keygen writes of a new security key for whoever
// asks which maker made it: a file of OpenSSH (PROTOCOL.u2f, "ssh-sk-attest-v01"), into
// the one form of package attestation.
//
// It is for that one conversion. It is not for signatures by security keys, which
// package sshsig checks, nor for which makers count, which the document of a cell
// says. It keeps nothing and knows no clock.
//
// Invariant: what Read gives was signed over this very key and this very challenge, by
// the key of the certificate in it; else there is a refusal with a name.
//
// Read first: attest.go.
package securitykey
