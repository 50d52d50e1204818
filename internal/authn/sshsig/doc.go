// Package sshsig makes and checks the signatures of `ssh-keygen -Y`
// (OpenSSH's PROTOCOL.sshsig) under which people sign statements.
//
// It is for three things: [Sign] with any SSH signer (file, agent, security
// key), [Verify] of exactly one form of each signature, and [Normalise], which
// brings what ssh-keygen wrote into that form. It is not for deciding whose key
// it is, whether that key may act, or whether a touch was needed: it reports
// flags and the law decides.
//
// Invariant: for each key and message a holder can make many signatures, but
// each accepted signature has one encoding only. Trailing bytes, a high S, an
// integer with needless zeros, another hash, a filled reserved field, a short
// RSA number: all refused, so that the digest of a signed entry names one
// thing and no stranger can make a second copy that differs.
//
// Accepted keys: ssh-ed25519; ecdsa-sha2-nistp256, 384, 521; ssh-rsa from 3072
// to 8192 bits with rsa-sha2-512; sk-ssh-ed25519@openssh.com and
// sk-ecdsa-sha2-nistp256@openssh.com with an application that begins "ssh:".
//
// A passkey is a key of the last type whose application is a host name: its RP
// id. It signs in a browser and nowhere else, so its signatures have the format
// webauthn-sk-ecdsa-sha2-nistp256@openssh.com (PROTOCOL.u2f), with the bytes
// that SSHSIG signs as the challenge. Only a page of exactly that host counts.
// ssh-keygen -Y verify checks them too, but compares the host with nothing.
//
// Signatures are checked with the standard library's primitives; signing goes
// through github.com/hiddeco/sshsig. The checks of x/crypto/ssh are not used
// because they refuse a security key's signature without touch as a whole,
// where this package must tell "without touch" from "wrong".
//
// Read first: verify.go, then webauthn.go.
package sshsig
